//! A gateway written down as history, which a new segment of the journal begins with; and read
//! again from there.

use super::core::Gateway;
use super::live::{Reversal, Transaction};
use super::message_facts::key_of;
use super::names::TerminalKey;
use super::recover::Fold;
use super::remembered::Remembered;
use super::used_numbers::UsedNumbers;
use crate::engine::record::{
    Awaited, Carried, CarriedAnswer, CarriedTransaction, Fact, Record, State, StoredFrame,
};
use crate::engine::seam::{Now, Wall};
use crate::iso::codec::Message;
use crate::iso::message::Stan;
use crate::iso::spec::{ReversalCause, Spec};
use bytes::Bytes;
use std::sync::Arc;

impl Gateway {
    /// The whole state as records, for the start of a new segment.
    pub fn checkpoint(&mut self, now: Now) -> Vec<Record> {
        let mut items = vec![
            Carried::Clock(self.steady.at(now.mono)),
            Carried::Links(self.link_names()),
        ];
        items.extend((!self.terminals.forgot()).then_some(Carried::AllTerminals));
        for slot in self.live.slots() {
            items.extend(
                self.live
                    .get(slot)
                    .map(|own| Carried::Transaction(self.carried_transaction(own))),
            );
        }
        let most = self.options.limits.carried_of_each(self.terminals.len());
        for (key, terminal) in self.terminals.named() {
            let old = terminal.done.len().saturating_sub(most);
            let numbers = terminal.numbers().map(UsedNumbers::to_carry);
            items.extend(numbers.map(|used| Carried::Numbers {
                merchant: key.merchant,
                terminal: key.number,
                used,
                whole: old == 0 && !terminal.forgot(),
            }));
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
        let told = self.spec_of(transaction).zip(transaction.answer.clone());
        CarriedTransaction {
            answer: told.and_then(|(spec, answer)| stored(&spec, answer)),
            rrn: transaction.rrn,
            doubted: transaction.doubted,
            returned: transaction.returned,
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
            reversing: reversal.map(|reversal| reversal.since),
            of_receipt: reversal.is_some_and(|reversal| reversal.of_receipt),
            auth: transaction.auth,
            upstream: transaction
                .upstream
                .as_ref()
                .map(|upstream| upstream.frame.clone()),
        }
    }
}

impl Fold {
    /// Takes one item of a checkpoint in.
    pub(super) fn carried(&mut self, now: Now, label: Wall, item: Carried) {
        match item {
            Carried::Transaction(carried) => self.carried_transaction(now, carried),
            Carried::Answer(carried) => self.carried_answer(carried),
            Carried::Keys(keys) => self.keys(&keys),
            Carried::Tombstone { identity, at } => self.tombstone(identity, at),
            Carried::Stan(stan) => self.gateway.numbers.stan = stan,
            Carried::Links(names) => self.links(&names),
            Carried::AllTerminals => self.gateway.terminals.are_all(),
            Carried::Clock(moment) => self.gateway.steady.set(moment, label),
            Carried::Numbers {
                merchant,
                terminal: number,
                used,
                whole,
            } => {
                let terminal = self
                    .gateway
                    .terminals
                    .entry(TerminalKey { merchant, number });
                terminal.is_carried(UsedNumbers::carried(&used), whole);
            }
        }
    }

    fn carried_transaction(&mut self, now: Now, mut carried: CarriedTransaction) {
        self.known_now(&mut carried.opened, &carried.request);
        let cause = carried.cause.unwrap_or(ReversalCause::Other);
        let closed = carried.state == State::ClosedByOperator;
        let under_way = carried.state.meaning().awaited == Awaited::Reversal;
        let answer = carried.reversal_answer.and_then(|answer| answer.restore());
        let has_one = under_way || answer.is_some() || carried.reversing.is_some();
        let reversal = has_one.then(|| Reversal {
            tries: carried.tries,
            unanswered: if under_way || closed {
                carried.tries
            } else {
                0
            },
            // It began without an answer, and one came since: before a try or after, nobody knows.
            overtaken: under_way && carried.approved && cause == ReversalCause::NoAnswer,
            of_receipt: carried.of_receipt,
            answer,
            ..Reversal::new(cause, carried.reversing.unwrap_or(carried.began))
        });
        let route = self.gateway.route_to(&carried.opened, &carried.request);
        let upstream = carried.upstream;
        let upstream =
            upstream.and_then(|frame| self.gateway.upstream(&carried.opened, route, frame));
        let transaction = Transaction {
            id: carried.tx,
            state: carried.state,
            route,
            upstream,
            began: carried.began,
            since: now.mono,
            last: carried.last,
            request: carried.request,
            answer: carried.answer.and_then(|answer| answer.restore()),
            rrn: carried.rrn,
            auth: carried.auth,
            approved: carried.approved,
            doubted: carried.doubted,
            returned: carried.returned,
            cause,
            reversal,
            ..Transaction::of(Arc::new(carried.opened))
        };
        self.gateway.gauges.moved(State::Received, carried.state);
        let began = self.gateway.steady.moment_of(carried.tx.began());
        self.gateway.saw(&transaction.opened, began);
        let slot = self.gateway.live.insert(transaction);
        self.slots.insert(carried.tx, slot);
    }

    fn carried_answer(&mut self, mut carried: CarriedAnswer) {
        self.known_now(&mut carried.opened, &carried.request);
        let key = key_of(&carried.opened);
        let began = self.gateway.steady.moment_of(carried.tx.began());
        self.fresh
            .carry(&carried.opened, carried.state, (carried.tx, began));
        let restored = |stored: Option<StoredFrame>| stored.and_then(|stored| stored.restore());
        let route = self.gateway.route_to(&carried.opened, &carried.request);
        let upstream = carried.upstream;
        let upstream =
            upstream.and_then(|frame| self.gateway.upstream(&carried.opened, route, frame));
        let spec = self.gateway.spec_named(&carried.opened.spec);
        let answer = restored(carried.answer);
        let message = spec.zip(answer.clone());
        let message = message.and_then(|(spec, frame)| Message::read(&spec, frame).ok());
        let done = Remembered {
            id: carried.tx,
            state: carried.state,
            route,
            upstream,
            last: carried.last,
            rrn: message.as_ref().and_then(Message::rrn),
            auth: message.as_ref().and_then(Message::auth_code),
            request: carried.request,
            approved: carried.approved,
            returned: carried.returned,
            answer,
            tries: 0,
            reversal_answer: restored(carried.reversal_answer),
            opened: Arc::new(carried.opened),
        };
        let limits = self.gateway.options.limits;
        self.gateway.terminals.remember(key, done, &limits);
    }
}

/// A message as a journal may keep it.
fn stored(spec: &Arc<Spec>, frame: Bytes) -> Option<StoredFrame> {
    let message = Message::read(spec, frame).ok()?;
    message.redact().ok().map(StoredFrame::from)
}
