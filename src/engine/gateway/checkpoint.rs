//! A gateway written down as history: what a new segment of the journal begins with.

use super::core::Gateway;
use super::live::Transaction;
use super::remembered::Remembered;
use crate::engine::record::{
    Carried, CarriedAnswer, CarriedTransaction, Fact, Record, StoredFrame,
};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::Stan;
use crate::iso::spec::Spec;
use bytes::Bytes;
use std::sync::Arc;

impl Gateway {
    /// The whole state as records, for the start of a new segment.
    pub fn checkpoint(&mut self, now: Now) -> Vec<Record> {
        let mut items = vec![
            Carried::Clock(self.steady.at(now.mono)),
            Carried::Links(self.link_names()),
        ];
        for slot in self.live.slots() {
            items.extend(
                self.live
                    .get(slot)
                    .map(|own| Carried::Transaction(self.carried_transaction(own))),
            );
        }
        let most = self.options.limits.carried_of_each(self.terminals.len());
        for terminal in self.terminals.iter() {
            let old = terminal.done.len().saturating_sub(most);
            // Whatever is open stays on the list, however much came after it.
            let needed = |(at, done): &(usize, &Remembered)| *at >= old || done.is_open();
            let all = terminal.done.iter().enumerate();
            let answers = all.filter(needed).map(|(_, done)| done);
            items.extend(answers.map(|done| Carried::Answer(self.carried_answer(done))));
            items.extend(terminal.carried.clone().map(Carried::Keys));
            items.extend(
                terminal
                    .tombstones()
                    .map(|(identity, at)| Carried::Tombstone {
                        identity: *identity,
                        at: *at,
                    }),
            );
        }
        if self.numbers.stan != Stan(0) {
            items.push(Carried::Stan(self.numbers.stan));
        }
        let facts = std::iter::once(Fact::CheckpointBegin)
            .chain(items.into_iter().map(|item| Fact::Carried(Box::new(item))))
            .chain(std::iter::once(Fact::CheckpointEnd));
        let mut records = Vec::new();
        for fact in facts {
            let seq = self.numbers.next_seq();
            records.push(Record {
                seq,
                at: now.wall,
                tx: None,
                prev: None,
                fact,
            });
        }
        records
    }

    fn carried_answer(&self, done: &Remembered) -> CarriedAnswer {
        let spec = self.spec_named(&done.opened.spec);
        let heard = self.heard_spec(&done.opened, done.upstream.as_deref());
        let stored = |spec: &Option<Arc<Spec>>, frame: &Option<Bytes>| {
            stored(spec.as_ref()?, frame.clone()?)
        };
        CarriedAnswer {
            tx: done.id,
            opened: (*done.opened).clone(),
            state: done.state,
            request: done.request.clone(),
            approved: done.approved,
            answer: stored(&spec, &done.answer),
            reversal_answer: stored(&heard, &done.reversal_answer),
            last: done.last,
            upstream: done
                .upstream
                .as_ref()
                .map(|upstream| upstream.frame.clone()),
            returned: done.returned,
        }
    }

    fn carried_transaction(&self, transaction: &Transaction) -> CarriedTransaction {
        let reversal = transaction.reversal.as_ref();
        let answer = reversal.and_then(|reversal| reversal.answer.clone());
        let heard = self.heard_spec(&transaction.opened, transaction.upstream.as_deref());
        CarriedTransaction {
            reversal_answer: answer.and_then(|answer| stored(heard.as_ref()?, answer)),
            tx: transaction.id,
            opened: (*transaction.opened).clone(),
            state: transaction.state,
            began: transaction.began,
            last: transaction.last,
            request: transaction.request.clone(),
            cause: Some(reversal.map_or(transaction.cause, |reversal| reversal.cause)),
            tries: reversal.map_or(0, |reversal| reversal.tries),
            approved: transaction.approved,
            reversing: reversal.map(|reversal| reversal.began),
            of_receipt: reversal.is_some_and(|reversal| reversal.of_receipt),
            auth: transaction.auth,
            upstream: transaction
                .upstream
                .as_ref()
                .map(|upstream| upstream.frame.clone()),
        }
    }
}

/// A message as a journal may keep it.
fn stored(spec: &Arc<Spec>, frame: Bytes) -> Option<StoredFrame> {
    let message = Message::read(spec, frame).ok()?;
    message.redact().ok().map(StoredFrame::from)
}
