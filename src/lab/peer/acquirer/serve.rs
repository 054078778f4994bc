//! One message's way through the acquirer: fate, authenticity, booking, answer.

use super::brain::{Acquirer, HeldRequest};
use super::refusal::in_dialect;
use super::reply::Reply;
use super::session::owner;
use super::settlement;
use crate::engine::record::ConnId;
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::Text;
use crate::iso::spec::{Kind, Purpose};
use crate::lab::fault::{Exchange, Fate, ResetMoment};
use crate::lab::peer::names::{as_original, batch_path, next_batch, original_of};
use crate::lab::peer::spoil::{change, wrecked};
use bytes::Bytes;
use std::sync::Arc;

impl Acquirer {
    pub(super) fn receive(&mut self, now: Now, conn: ConnId, frame: Bytes) {
        self.counts.requests += 1;
        let Ok(request) = Message::parse(&self.options.spec, frame.clone()) else {
            self.counts.unreadable += 1;
            return;
        };
        if request.mti().is_answer() {
            return;
        }
        let Some(kind) = request.kind() else {
            let code = self.options.spec.flow().answer.format;
            self.respond(
                now,
                conn,
                &request,
                None,
                &Reply::plain(code, now.wall),
                &Fate::default(),
            );
            return;
        };
        let mut fate = self.fate(now, &request, kind);
        if fate.request_lost || !self.takes_its_turn(now, &mut fate) {
            self.lose(frame);
            return;
        }
        let rule = self.options.spec.flow().reversal.as_ref();
        if let Some((wait, rule)) = fate.overtaken.zip(rule) {
            let name = as_original(&request, rule);
            self.held.push(HeldRequest {
                name,
                until: now.mono + wait,
                conn,
                request,
                fate,
            });
            return;
        }
        self.process(now, conn, &request, kind, &fate);
    }

    fn fate(&mut self, now: Now, request: &Message, kind: &Kind) -> Fate {
        let mut fate = Fate::default();
        if !self.options.faults.list().is_empty() {
            let exchange = Exchange::of(request, kind, self.tries(request, kind));
            fate = self.options.faults.fate(now, &exchange);
        }
        self.options
            .rules
            .shape(kind, request, &mut fate, &mut self.dice);
        let flow = self.options.spec.flow();
        fate.code = fate.code.map(|code| in_dialect(code, kind.purpose, flow));
        fate
    }

    /// What waited goes on its way.
    pub(super) fn release(&mut self, now: Now, held: Vec<HeldRequest>) {
        for HeldRequest {
            conn,
            request,
            fate,
            ..
        } in held
        {
            if let Some(kind) = request.kind() {
                self.process(now, conn, &request, kind, &fate);
            }
        }
    }

    fn process(&mut self, now: Now, conn: ConnId, request: &Message, kind: &Kind, fate: &Fate) {
        if fate.reset == Some(ResetMoment::Unbooked) {
            self.reset(conn);
            return;
        }
        if let Some(length) = fate.restart {
            self.restart(now, length);
            return;
        }
        let flow_answer = &self.options.spec.flow().answer;
        // A gateway's own messages name no terminal.
        let is_money = kind.purpose.moves_money() || kind.purpose == Purpose::Inquiry;
        let reply = if self.options.strict && is_money && lacks_a_field(request) {
            Reply::plain(flow_answer.format, now.wall)
        } else if self.is_authentic(request, kind) {
            self.reply(now, request, kind, fate)
        } else {
            self.counts.bad_macs += 1;
            Reply::plain(flow_answer.mac, now.wall)
        };
        self.respond(now, conn, request, Some(kind), &reply, fate);
        if kind.purpose == Purpose::Reversal {
            self.overtaken_by(now, request);
        }
    }

    fn reply(&mut self, now: Now, request: &Message, kind: &Kind, fate: &Fate) -> Reply {
        let yes = self.options.spec.flow().answer.approval(kind.purpose);
        match kind.purpose {
            Purpose::Reversal => self.reversal(now, request, kind, fate),
            Purpose::SignOn => match fate.code {
                Some(refused) => Reply::plain(refused, now.wall),
                None => self.sign_on(now, request),
            },
            Purpose::Settlement => self.settle(now, request, fate),
            Purpose::BatchUpload => self.upload(now, request, kind),
            Purpose::Debit
            | Purpose::Hold
            | Purpose::Void
            | Purpose::Refund
            | Purpose::Advice
            | Purpose::Inquiry => self.transaction(now, request, kind, fate),
            Purpose::SignOff | Purpose::Echo | Purpose::Notice | Purpose::Administration => {
                Reply::plain(yes, now.wall)
            }
        }
    }

    /// Judges the totals of a batch; if both sides agree, the next batch begins.
    fn settle(&mut self, now: Now, request: &Message, fate: &Fate) -> Reply {
        let owner = owner(request).unwrap_or_default();
        let batch = batch_path(self.options.spec.flow()).and_then(|path| request.text(path));
        let batch = batch
            .and_then(|batch| Text::new(&batch))
            .unwrap_or_default();
        let (agrees, result) =
            settlement::judge(&self.book, request, owner.1, batch, fate.one_uncounted);
        if let Some(session) = self.sessions.get_mut(&owner)
            && agrees
            && session.batch == batch
        {
            session.batch = next_batch(batch);
        }
        if let Some(office) = self.office.as_mut().filter(|_| agrees) {
            office.capture(owner.1, batch, now.wall);
        }
        let spec = Arc::clone(&self.options.spec);
        let answer = &spec.flow().answer;
        let code = if agrees {
            answer.settled
        } else {
            answer.unsettled
        };
        Reply {
            rrn: Some(self.next_rrn(now)),
            // Where the code says it, no field has to.
            extra: Vec::from_iter((answer.settled == answer.unsettled).then_some(result)),
            ..Reply::plain(code, now.wall)
        }
    }

    /// A reversal has gone by: the request that it overtook may follow now.
    fn overtaken_by(&mut self, now: Now, reversal: &Message) {
        let spec = Arc::clone(&self.options.spec);
        if let Some(rule) = spec
            .flow()
            .reversal
            .as_ref()
            .filter(|_| !self.held.is_empty())
        {
            let name = original_of(reversal, rule);
            let freed = self.held.extract_if(.., |held| held.name == name).collect();
            self.release(now, freed);
        }
    }

    fn respond(
        &mut self,
        now: Now,
        conn: ConnId,
        request: &Message,
        kind: Option<&Kind>,
        reply: &Reply,
        fate: &Fate,
    ) {
        let purpose = kind.map_or(Purpose::Administration, |kind| kind.purpose);
        self.tally(purpose, reply);
        let Some(mut answer) = request.answer() else {
            return;
        };
        reply.fill(&mut answer, request, purpose, &self.options.institution);
        let flow = self.options.spec.flow();
        change(&mut answer, &fate.answer_changes, true);
        if kind.is_some_and(|kind| kind.mac) && reply.code != flow.answer.mac {
            self.authenticate(&mut answer, fate.answer_mac);
        }
        change(&mut answer, &fate.answer_changes, false);
        if let Some(length) = fate.outage {
            self.gone_until = Some(now.mono + length);
            self.switch(true);
        } else if fate.reset.is_some() {
            self.reset(conn);
        } else if let Ok(frame) = answer.build() {
            if fate.answer_lost {
                self.lose(frame);
            } else {
                let frame = wrecked(&self.options.spec, frame, fate.answer_wreck);
                self.emit(now, conn, &frame, fate);
            }
        }
    }

    fn emit(&mut self, now: Now, conn: ConnId, frame: &Bytes, fate: &Fate) {
        let delay = self.options.latency.draw(&mut self.dice) + fate.answer_delay;
        for _ in 0..=fate.answer_copies {
            if delay.is_zero() {
                self.send(conn, frame.clone());
            } else {
                self.serial += 1;
                self.later
                    .insert((now.mono + delay, self.serial), (conn, frame.clone()));
            }
        }
    }

    fn tally(&mut self, purpose: Purpose, reply: &Reply) {
        if !purpose.moves_money() && purpose != Purpose::Inquiry {
            return;
        }
        if self
            .options
            .spec
            .flow()
            .codes
            .approved
            .contains(&reply.code)
        {
            self.counts.approved += 1;
        } else {
            self.counts.declined += 1;
        }
    }
}

/// Whether the dialect says that such a message must have a field that it has not.
fn lacks_a_field(request: &Message) -> bool {
    let usages = request.spec().usages().iter();
    let mut about = usages.filter(|usage| usage.is_about(request.mti()));
    about.any(|usage| {
        let fits = usage.when.iter().all(|(path, wanted)| {
            let text = request.text(*path);
            text.is_some_and(|text| wanted.matches(&text))
        });
        fits && usage.mandatory.iter().any(|field| !request.has(field))
    })
}
