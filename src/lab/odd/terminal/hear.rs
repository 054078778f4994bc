//! What a terminal concludes from what it hears.
//!
//! It matches as multiplexers of the field do: an answer has the type of what was sent plus 10, its
//! trace number, and this terminal's name if it has any. All else is left alone.

use super::OddTerminal;
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::lab::odd::slip::{HeardAnswer, SlipBelief, Sort, StrayAnswer};
use crate::lab::odd::wire::{
    approves, code, get, mac_is_right, number, piece, stan, text, unwrap_keys,
};
use crate::lab::plan::Trade;
use bytes::Bytes;

/// Codes upon which a terminal signs in again before it goes on.
const SIGN_IN_AGAIN: [&str; 3] = ["A0", "77", "99"];

impl OddTerminal {
    /// A frame came in.
    pub fn frame(&mut self, now: Now, line: u8, frame: Bytes) {
        let message = self.speech.read(frame);
        let at = message
            .as_ref()
            .and_then(|message| self.slot_of(line, message));
        match (message, at) {
            (Some(message), Some(at)) => self.matched(now, line, at, &message),
            (message, _) => self.stray(now, line, message.as_ref()),
        }
        self.go_on(now);
    }

    fn stray(&mut self, now: Now, line: u8, message: Option<&Message>) {
        self.strays.push(StrayAnswer {
            at: now.mono,
            line,
            mti: message
                .map(|message| message.mti().to_string())
                .unwrap_or_default(),
            stan: message.and_then(stan),
            code: message.and_then(code),
        });
    }

    /// The place of the slot that an answer belongs to.
    fn slot_of(&self, line: u8, message: &Message) -> Option<usize> {
        if get(message, 41).is_some_and(|id| id != self.id) {
            return None;
        }
        let (mti, stan) = (message.mti().to_string(), stan(message));
        self.slots.iter().position(|slot| {
            let same = slot.stan == stan || slot.stan.is_none();
            slot.line == line && slot.mti == mti && same
        })
    }

    fn matched(&mut self, now: Now, line: u8, at: usize, message: &Message) {
        let Some(slot) = self.slots.get(at).cloned() else {
            return;
        };
        let mac = self.mac_of(message);
        let heard = HeardAnswer {
            at: now.mono,
            line,
            mti: slot.mti.clone(),
            code: code(message),
            amount: number(message, 4),
            mac,
        };
        let concluded = match slot.what {
            Sort::Request | Sort::Repeat => self.answered(slot.n, heard, message),
            Sort::Reversal => self.undo_answered(slot.n, heard),
            Sort::Session => {
                self.session_answered(&slot.mti, message);
                true
            }
            Sort::Notice | Sort::Other => true,
        };
        if concluded {
            // Where a request was repeated, each was waiting: one answer is enough.
            self.slots
                .retain(|other| slot.n == 0 || other.n != slot.n || other.mti != slot.mti);
            if slot.n == 0 && at < self.slots.len() {
                self.slots.remove(at);
            }
        }
    }

    /// Whether the MAC of an answer is right; `None` where there are no keys, and on the refusals
    /// that may come without one.
    fn mac_of(&self, message: &Message) -> Option<bool> {
        let key = self.keys.current.as_ref()?;
        let right = mac_is_right(message, key);
        let may_lack = code(message).is_none_or(|code| !approves(true, &code));
        if right.is_none() && may_lack {
            None
        } else {
            Some(right == Some(true))
        }
    }

    /// An answer to a request; whether it ends the wait for one.
    fn answered(&mut self, n: u32, heard: HeardAnswer, message: &Message) -> bool {
        let cup = self.speech.cup;
        let (Some(slip), Some(case)) = (self.slips.get_mut(&n), self.cases.get_mut(&n)) else {
            return true;
        };
        let (mac, code) = (heard.mac, heard.code.clone());
        slip.answers.push(heard);
        if mac == Some(false) {
            case.cause = "A0";
            return false;
        }
        let Some(code) = code else {
            case.cause = "06";
            return false;
        };
        if SIGN_IN_AGAIN.contains(&code.as_str()) {
            self.keys.doubted = true;
        }
        let belief = if approves(cup, &code) {
            let amount = approved_amount(&code, message, slip.amount);
            let told = number(message, 4);
            if cup
                && code != "10"
                && slip.trade != Trade::Balance
                && told.is_some_and(|told| told != slip.amount)
            {
                // It does not fit the request: a terminal of UnionPay cannot finish it.
                case.cause = "06";
                return false;
            }
            slip.rrn = get(message, 37).filter(|rrn| !rrn.is_empty());
            slip.auth = get(message, 38).filter(|auth| !auth.is_empty());
            SlipBelief::Approved(amount)
        } else {
            SlipBelief::Declined
        };
        case.wait_until = None;
        if slip.belief == SlipBelief::Waiting {
            slip.belief = belief;
        }
        true
    }

    /// An answer to a reversal; whether it ends the wait for one.
    fn undo_answered(&mut self, n: u32, heard: HeardAnswer) -> bool {
        let (Some(slip), Some(case)) = (self.slips.get_mut(&n), self.cases.get_mut(&n)) else {
            return true;
        };
        let (mac, code) = (heard.mac, heard.code.clone().unwrap_or_default());
        slip.undo_answers.push(heard);
        let Some(undo) = case.undo.as_mut() else {
            return true;
        };
        let closes = mac != Some(false) && ["00", "25", "12"].contains(&code.as_str());
        if !closes {
            if code == "A0" {
                self.keys.doubted = true;
            }
            case.cause = if mac == Some(false) { "A0" } else { "06" };
            return false;
        }
        undo.wait_until = None;
        undo.tries = 0;
        slip.belief = match undo.stands {
            Some(stands) if code == "00" => SlipBelief::Approved(stands),
            _ => SlipBelief::Undone,
        };
        true
    }

    fn session_answered(&mut self, mti: &str, message: &Message) {
        if mti != "0810" || self.keys.asked_until.is_none() {
            return;
        }
        let keys = self
            .keys
            .master
            .as_ref()
            .map(|master| unwrap_keys(master, &text(message, 62)));
        match (code(message).as_deref(), keys) {
            (Some("00"), Some(Some(key))) => {
                self.keys.previous = self.keys.current.replace(key);
                self.keys.doubted = false;
                self.keys.asked_until = None;
                // The batch in the answer overrides the terminal's.
                if let Ok(batch) = piece(message, 60, 2, 8).parse() {
                    self.batch = batch;
                }
            }
            (Some("00"), None) => self.keys.asked_until = None,
            _ => self.sign_in_failed(),
        }
    }
}

/// What an approval is for: of a part (10), DE 4 tells, or DE 54.
fn approved_amount(code: &str, message: &Message, asked: u64) -> u64 {
    if code != "10" {
        return asked;
    }
    let extra = text(message, 54);
    let told = extra
        .len()
        .checked_sub(12)
        .and_then(|at| extra.get(at..)?.parse().ok());
    number(message, 4)
        .filter(|amount| *amount != asked)
        .or(told)
        .unwrap_or(asked)
}
