//! How a terminal undoes: at the wish of a deed, or by itself when its patience ends.

use super::form::undoes;
use super::{OddTerminal, UndoCase};
use crate::engine::seam::Now;
use crate::lab::odd::slip::{SentUndo, SlipBelief, Sort};
use crate::lab::plan::{Again, MacIs, Undo};

/// How often a reversal is sent in all.
const TRIES: u8 = 3;

impl OddTerminal {
    /// A reversal that a deed asks for.
    pub(super) fn undo(&mut self, now: Now, undo: &Undo) {
        let Some(slip) = self.slips.get(&undo.n) else {
            return;
        };
        // The dialect of UnionPay terminals has no reversals in part.
        let cannot = self.speech.cup && undo.stands.is_some();
        let answered = undo.if_unanswered && !slip.answers.is_empty();
        if slip.asked.is_none() || cannot || answered {
            return;
        }
        let approved = matches!(slip.belief, SlipBelief::Approved(_));
        let own = approved && !undo.is_stray();
        if let Some(case) = self.cases.get_mut(&undo.n).filter(|_| own) {
            case.cause = "96";
        }
        if undo.is_stray() {
            self.send_stray(now, undo);
        } else {
            self.begin_undo(now, undo);
        }
    }

    /// A reversal that names a request and is about other money: nothing here waits for it.
    fn send_stray(&mut self, now: Now, undo: &Undo) {
        let number = if self.speech.cup { 0 } else { self.next_stan() };
        let Some(case) = self.cases.get(&undo.n) else {
            return;
        };
        let Some(mut message) = self.reversal(now, case, &undo.mti, undo.stands, number) else {
            return;
        };
        self.bend(&mut message, case, undo);
        if let Some(frame) = self.finished(&message, undo.drop.clone(), undo.mac, false) {
            self.send(now, undo.line, frame, undo.n, Sort::Other, None);
        }
    }

    /// A wait has ended: the request's, or that of its reversal.
    pub(super) fn out_of_patience(&mut self, now: Now, n: u32) {
        let Some(case) = self.cases.get_mut(&n) else {
            return;
        };
        if let Some(undo) = case
            .undo
            .as_mut()
            .filter(|undo| undo.wait_until.is_some_and(|until| until <= now.mono))
        {
            undo.wait_until = None;
            self.slots
                .retain(|slot| slot.n != n || slot.what != Sort::Reversal);
            self.try_undo(now, n);
        }
        let Some(case) = self.cases.get_mut(&n) else {
            return;
        };
        if case.wait_until.is_none_or(|until| until > now.mono) {
            return;
        }
        case.wait_until = None;
        let (line, trade) = (case.ask.line, case.ask.trade);
        let repeats = case.repeats > 0 && !self.forgetful;
        case.repeats = case.repeats.saturating_sub(1);
        self.give_up_waiting(n);
        if let Some(slip) = self.slips.get_mut(&n) {
            slip.belief = SlipBelief::Unanswered;
        }
        if repeats {
            let again = Again {
                n,
                line,
                marked: !self.speech.cup,
                ..Again::default()
            };
            self.again(now, &again);
        } else if !self.forgetful && undoes(self.speech.cup, trade) {
            self.begin_undo(
                now,
                &Undo {
                    n,
                    line,
                    ..Undo::default()
                },
            );
        }
    }

    /// An answer to the request is no longer taken.
    fn give_up_waiting(&mut self, n: u32) {
        let asks = |what: Sort| matches!(what, Sort::Request | Sort::Repeat);
        self.slots.retain(|slot| slot.n != n || !asks(slot.what));
    }

    fn begin_undo(&mut self, now: Now, undo: &Undo) {
        self.give_up_waiting(undo.n);
        let number = if self.speech.cup { 0 } else { self.next_stan() };
        let Some(case) = self.cases.get(&undo.n) else {
            return;
        };
        let mut drop = undo.drop.clone();
        drop.extend(case.ask.drop.iter().filter(|field| **field != 4));
        let Some(mut message) = self.reversal(now, case, &undo.mti, undo.stands, number) else {
            return;
        };
        self.bend(&mut message, case, undo);
        let case = UndoCase {
            line: undo.line,
            drop,
            mac: undo.mac,
            stands: undo.stands,
            sent: message.mti().to_string(),
            message,
            tries: if self.forgetful { 1 } else { TRIES },
            wait_until: None,
        };
        if let Some(open) = self.cases.get_mut(&undo.n) {
            open.wait_until = None;
            open.undo = Some(case);
        }
        self.try_undo(now, undo.n);
    }

    /// Sends the reversal, for the first time or once more, or gives up.
    fn try_undo(&mut self, now: Now, n: u32) {
        let (cup, slips) = (self.speech.cup, &mut self.slips);
        let Some(case) = self.cases.get_mut(&n) else {
            return;
        };
        let cause = case.cause;
        let Some(undo) = case.undo.as_mut() else {
            return;
        };
        if undo.tries == 0 {
            if let Some(slip) = slips.get_mut(&n) {
                slip.belief = SlipBelief::UndoGivenUp;
            }
            return;
        }
        undo.tries -= 1;
        if cup {
            super::super::wire::put(&mut undo.message, 39, cause);
        }
        // A repeat is marked as one where terminals do so, and has a right MAC.
        let UndoCase {
            line,
            drop,
            mac,
            message,
            ..
        } = undo.clone();
        undo.mac = MacIs::Right;
        undo.sent = message.mti().to_string();
        if !cup {
            undo.message.set_mti(undo.message.mti().repeat());
        }
        // Until it is known whether it left.
        undo.wait_until = Some(now.mono + self.wait);
        if let Some(slip) = slips.get_mut(&n) {
            slip.belief = SlipBelief::Undoing;
        }
        if let Some(frame) = self.finished(&message, drop, mac, false) {
            self.send(now, line, frame, n, Sort::Reversal, Some(&message));
        }
    }

    /// A reversal left.
    pub(super) fn undo_left(&mut self, now: Now, n: u32) {
        let wait_until = now.mono + self.wait;
        let (Some(slip), Some(case)) = (self.slips.get_mut(&n), self.cases.get_mut(&n)) else {
            return;
        };
        let Some(undo) = case.undo.as_mut() else {
            return;
        };
        undo.wait_until = Some(wait_until);
        slip.undos.push(SentUndo {
            at: now.mono,
            mti: undo.sent.clone(),
            stands: undo.stands,
        });
    }

    /// A reversal could not be sent: the try is lost, the next comes after the wait.
    pub(super) fn undo_unsent(&mut self, now: Now, n: u32) {
        let wait_until = Some(now.mono + self.wait);
        if let Some(undo) = self.cases.get_mut(&n).and_then(|case| case.undo.as_mut()) {
            undo.wait_until = wait_until;
        }
    }
}
