//! How a terminal does its deeds: what goes out, on which connection, and what is waited for.

use super::form::is_advice;
use super::{AwaitedAnswer, Case, OddLine, OddTerminal, OddTerminalAction, Outgoing};
use crate::engine::seam::{Now, Zone};
use crate::iso::codec::Message;
use crate::iso::security::Key;
use crate::lab::odd::slip::{PaperSlip, Regarding, SlipBelief, Sort};
use crate::lab::odd::wire::{Finish, stan};
use crate::lab::plan::{Again, Ask, Deed, MacIs, Trade};
use bytes::Bytes;

/// How often an advice is repeated that nobody answers.
const REPEATS: u8 = 2;

impl OddTerminal {
    /// A request of the plan.
    pub(super) fn ask(&mut self, now: Now, ask: &Ask) {
        let refers = matches!(
            ask.trade,
            Trade::Completion | Trade::CancelHold | Trade::Void | Trade::Refund
        );
        let known = self.slips.get(&ask.of).is_some_and(|of| of.asked.is_some());
        // A refund may be one of a sale that nobody here has seen.
        let foreign = ask.of == 0 && ask.trade == Trade::Refund;
        if (refers && !known && !foreign) || self.slips.contains_key(&ask.n) {
            return;
        }
        let number = if ask.stan == 0 {
            self.next_stan()
        } else {
            ask.stan
        };
        self.slips.insert(ask.n, self.blank_slip(ask, number));
        let Some(message) = self.request(now, ask, number) else {
            return;
        };
        let case = Case {
            ask: ask.clone(),
            message: message.clone(),
            date: now.wall.mmdd(&Zone::CHINA),
            cause: "98",
            wait_until: None,
            repeats: if is_advice(self.speech.cup, ask.trade) {
                REPEATS
            } else {
                0
            },
            undo: None,
        };
        self.cases.insert(ask.n, case);
        let Some(frame) = self.finished(&message, ask.drop.clone(), ask.mac, ask.broken_tail)
        else {
            return;
        };
        self.send(now, ask.line, frame, ask.n, Sort::Request, Some(&message));
    }

    fn blank_slip(&self, ask: &Ask, stan: u32) -> PaperSlip {
        PaperSlip {
            n: ask.n,
            trade: ask.trade,
            of: ask.of,
            purchase: ask.purchase,
            amount: ask.amount,
            terminal: self.id.clone(),
            merchant: self.merchant.clone(),
            stan,
            batch: format!("{:06}", self.batch),
            asked: None,
            answers: Vec::new(),
            undos: Vec::new(),
            undo_answers: Vec::new(),
            rrn: None,
            auth: None,
            belief: SlipBelief::NotSent,
        }
    }

    /// A request once more.
    pub(super) fn again(&mut self, now: Now, again: &Again) {
        let Some(case) = self.cases.get(&again.n) else {
            return;
        };
        let slip = self.slips.get(&again.n);
        let answered = slip.is_some_and(|slip| !slip.answers.is_empty());
        if again.if_unanswered && answered {
            return;
        }
        let mut message = case.message.clone();
        if again.marked {
            message.set_mti(message.mti().repeat());
        }
        if again.fresh {
            self.refresh(&mut message, now);
        }
        let drop = case.ask.drop.clone();
        let Some(frame) = self.finished(&message, drop, again.mac, false) else {
            return;
        };
        self.send(
            now,
            again.line,
            frame,
            again.n,
            Sort::Repeat,
            Some(&message),
        );
    }

    /// A notice of who has the approval.
    pub(super) fn tell(&mut self, now: Now, n: u32) {
        let slip = self.slips.get(&n).cloned();
        let approved = |slip: &PaperSlip| matches!(slip.belief, SlipBelief::Approved(_));
        let Some(slip) = slip.filter(approved) else {
            return;
        };
        let number = self.next_stan();
        let line = self.cases.get(&n).map_or(0, |case| case.ask.line);
        let message = self.notice(now, &slip, number);
        let Some(message) = message else { return };
        if let Some(frame) = self.finished(&message, Vec::new(), MacIs::Right, false) {
            self.send(now, line, frame, n, Sort::Notice, Some(&message));
        }
    }

    /// An echo or a download.
    pub(super) fn chat(&mut self, now: Now, downloads: bool) {
        let (mti, what) = match (self.speech.cup, downloads) {
            (true, true) => ("0800", "360"),
            (true, false) => ("0820", "301"),
            (false, _) => ("0800", "301"),
        };
        let number = if self.speech.cup { 0 } else { self.next_stan() };
        let Some(message) = self.session(now, mti, what, number) else {
            return;
        };
        if let Some(frame) = self.speech.frame(&message, &Finish::default()) {
            self.send(now, 0, frame, 0, Sort::Session, Some(&message));
        }
    }

    /// New working keys are asked for.
    pub(super) fn sign_in(&mut self, now: Now) {
        let number = self.next_stan();
        let what = if self.speech.cup { "003" } else { "001" };
        let Some(message) = self.session(now, "0800", what, number) else {
            return;
        };
        if let Some(frame) = self.speech.frame(&message, &Finish::default()) {
            self.keys.asked_until = Some(now.mono + self.wait);
            self.send(now, 0, frame, 0, Sort::Session, Some(&message));
        }
    }

    /// The sign-in came to nothing: a request that waited for it is never sent.
    pub(super) fn sign_in_failed(&mut self) {
        self.keys.asked_until = None;
        if !self.lacks_keys() {
            return;
        }
        if let Some(Deed::Ask(ask)) = self.held.pop_front() {
            let slip = self.blank_slip(&ask, 0);
            self.slips.entry(ask.n).or_insert(slip);
        }
    }

    /// The batch is settled, and the next begins.
    pub(super) fn settle(&mut self, now: Now, wrong: bool, restart_numbers: bool) {
        let number = self.next_stan();
        let mut sums = self.sums();
        if wrong {
            sums[0].0 += 1;
        }
        let message = self.settlement(now, number, sums);
        let frame = message
            .as_ref()
            .and_then(|message| self.speech.frame(message, &Finish::default()));
        if let Some(frame) = frame {
            self.send(now, 0, frame, 0, Sort::Session, message.as_ref());
        }
        self.batch = self.batch % 999_999 + 1;
        if restart_numbers {
            self.stan = 0;
        }
    }

    /// Debits and credits of the batch, as the slips tell them: amount and count of each.
    fn sums(&self) -> [(u64, u64); 2] {
        let mut sums = [(0, 0); 2];
        let batch = format!("{:06}", self.batch);
        for slip in self.slips.values().filter(|slip| slip.batch == batch) {
            let SlipBelief::Approved(amount) = slip.belief else {
                continue;
            };
            let of = self.slips.get(&slip.of).map(|of| of.trade);
            let at = match slip.trade {
                Trade::Sale | Trade::Completion => 0,
                Trade::Refund => 1,
                Trade::Void if of != Some(Trade::Hold) => 1,
                Trade::Void | Trade::Hold | Trade::CancelHold | Trade::Balance => continue,
            };
            sums[at].0 += amount;
            sums[at].1 += 1;
        }
        sums
    }

    /// The frame of a message, its MAC as wanted.
    pub(super) fn finished(
        &self,
        message: &Message,
        omits: Vec<u8>,
        mac: MacIs,
        broken_tail: bool,
    ) -> Option<Bytes> {
        let keys = &self.keys;
        // A terminal that never signed in twice has no stale key: a strange one is as wrong.
        let strange = Key::new(b"no key!!").ok();
        let stale = keys.previous.as_ref().or(strange.as_ref());
        let finish = Finish {
            omits,
            key: match (mac, &keys.current) {
                (MacIs::Missing, _) | (_, None) => None,
                (MacIs::Stale, Some(_)) => stale,
                (MacIs::Right | MacIs::Broken, Some(key)) => Some(key),
            },
            broken_mac: mac == MacIs::Broken,
            broken_tail,
        };
        self.speech.frame(message, &finish)
    }

    /// Trace numbers count up, and begin again after 999999.
    pub(super) fn next_stan(&mut self) -> u32 {
        self.stan = self.stan % 999_999 + 1;
        self.stan
    }

    /// A frame is to go out on a line, which is opened if it is not there.
    pub(super) fn send(
        &mut self,
        now: Now,
        line: u8,
        frame: Bytes,
        n: u32,
        what: Sort,
        message: Option<&Message>,
    ) {
        let awaits = message.and_then(|message| {
            Some(AwaitedAnswer {
                line,
                mti: message.mti().answer()?.to_string(),
                stan: stan(message),
                n,
                what,
            })
        });
        let outgoing = Outgoing {
            frame,
            about: (n > 0).then_some(Regarding { n, what }),
            awaits,
        };
        match self.lines.get_mut(&line) {
            Some(OddLine::Open) => self.leave(now, line, outgoing),
            Some(OddLine::Opening(first)) => first.push(outgoing),
            None => {
                self.lines.insert(line, OddLine::Opening(vec![outgoing]));
                self.actions.push_back(OddTerminalAction::Connect { line });
            }
        }
    }

    /// A frame leaves: the waits begin.
    pub(super) fn leave(&mut self, now: Now, line: u8, outgoing: Outgoing) {
        let Outgoing {
            frame,
            about,
            awaits,
        } = outgoing;
        if let Some(Regarding { n, what }) = about {
            self.left(now, n, what);
        }
        self.slots.extend(awaits);
        self.actions
            .push_back(OddTerminalAction::Send { line, frame, about });
    }

    fn left(&mut self, now: Now, n: u32, what: Sort) {
        let until = now.mono + self.wait;
        let (Some(slip), Some(case)) = (self.slips.get_mut(&n), self.cases.get_mut(&n)) else {
            return;
        };
        match what {
            Sort::Request | Sort::Repeat => {
                slip.asked.get_or_insert(now.mono);
                let begins_again = matches!(
                    slip.belief,
                    SlipBelief::NotSent | SlipBelief::Unanswered | SlipBelief::Declined
                );
                if begins_again {
                    slip.belief = SlipBelief::Waiting;
                    case.wait_until = Some(until);
                }
            }
            Sort::Reversal => self.undo_left(now, n),
            Sort::Notice | Sort::Session | Sort::Other => {}
        }
    }

    /// A frame never left, since its connection did not come about.
    pub(super) fn unsent(&mut self, now: Now, outgoing: &Outgoing) {
        match outgoing.about {
            Some(Regarding {
                n,
                what: Sort::Reversal,
            }) => self.undo_unsent(now, n),
            Some(_) => {}
            None => {
                if outgoing
                    .awaits
                    .as_ref()
                    .is_some_and(|awaits| awaits.mti == "0810")
                    && self.keys.asked_until.is_some()
                {
                    self.sign_in_failed();
                }
            }
        }
    }
}
