//! What a terminal writes: requests, reversals, notices, and what keeps its session.

use super::{Case, OddTerminal};
use crate::engine::seam::{Now, Zone};
use crate::iso::codec::Message;
use crate::lab::odd::names;
use crate::lab::odd::slip::PaperSlip;
use crate::lab::odd::wire::{carry, gmt, put, text};
use crate::lab::plan::{Ask, NamesOriginal, Trade, Undo};

/// The card of a stranger is that of a purchase so far away.
const STRANGER: u32 = 50_000;

/// Type, DE 3, DE 25, DE 60.1 of a request. A void is one of a completion, if that is its original.
fn codes(cup: bool, trade: Trade, of: Option<Trade>) -> [&'static str; 4] {
    match (cup, trade) {
        (true, Trade::Sale) => ["0200", "000000", "00", "22"],
        (true, Trade::Hold) => ["0100", "030000", "06", "10"],
        (true, Trade::Completion) => ["0200", "000000", "06", "20"],
        (true, Trade::CancelHold) => ["0100", "200000", "06", "11"],
        (true, Trade::Void) if of == Some(Trade::Completion) => ["0200", "200000", "06", "21"],
        (true, Trade::Void) => ["0200", "200000", "00", "23"],
        (true, Trade::Refund) => ["0220", "200000", "00", "25"],
        (true, Trade::Balance) => ["0200", "310000", "00", "01"],
        (false, Trade::Sale) => ["0200", "000000", "00", ""],
        (false, Trade::Hold) => ["0100", "000000", "00", ""],
        (false, Trade::Completion) => ["0220", "000000", "00", ""],
        (false, Trade::CancelHold) => ["0100", "020000", "00", ""],
        (false, Trade::Void) => ["0200", "020000", "00", ""],
        (false, Trade::Refund) => ["0200", "200000", "00", ""],
        (false, Trade::Balance) => ["0200", "310000", "00", ""],
    }
}

/// Whether a terminal undoes a request of which it hears nothing. Inquiries are forgotten, and
/// advices are sent again.
pub(super) fn undoes(cup: bool, trade: Trade) -> bool {
    trade != Trade::Balance && !is_advice(cup, trade)
}

/// Whether a request is an advice.
pub(super) fn is_advice(cup: bool, trade: Trade) -> bool {
    codes(cup, trade, None)[0] == "0220"
}

impl OddTerminal {
    /// The names of this terminal in a message.
    fn named(&self, message: &mut Message) {
        put(message, 41, &self.id);
        put(message, 42, &self.merchant);
    }

    /// DE 60 of a batch.
    fn private(&self, kind: &str, batch: u32, management: &str) -> String {
        format!("{kind}{batch:06}{management}")
    }

    /// DE 7, 12 and 13, where terminals of the dialect send them.
    fn stamped(&self, message: &mut Message, now: Now) {
        if !self.speech.cup {
            put(message, 7, &gmt(now.wall));
            put(message, 12, &now.wall.hhmmss(&Zone::CHINA));
            put(message, 13, &now.wall.mmdd(&Zone::CHINA));
        }
    }

    /// A request, with nothing left out.
    pub(super) fn request(&self, now: Now, ask: &Ask, stan: u32) -> Option<Message> {
        let of = self.slips.get(&ask.of);
        let [mti, code, condition, kind] = codes(self.speech.cup, ask.trade, of.map(|of| of.trade));
        let or = |given: &str, usual: &str| {
            if given.is_empty() {
                usual.to_owned()
            } else {
                given.to_owned()
            }
        };
        let mut message = self.speech.draft(&or(&ask.mti, mti))?;
        put(&mut message, 2, &names::card(ask.purchase));
        put(&mut message, 3, &or(&ask.code, code));
        if ask.trade != Trade::Balance {
            put(&mut message, 4, &format!("{:012}", ask.amount));
        }
        put(&mut message, 11, &format!("{stan:06}"));
        self.stamped(&mut message, now);
        put(&mut message, 14, &names::tag(ask.n));
        put(&mut message, 22, "012");
        put(&mut message, 25, condition);
        self.named(&mut message);
        put(&mut message, 49, &or(&ask.currency, "156"));
        if self.speech.cup {
            put(&mut message, 60, &self.private(kind, self.batch, "000"));
        }
        if let Some(of) = of {
            self.refer(&mut message, ask.trade, of);
        } else if ask.trade == Trade::Refund {
            self.refer_elsewhere(&mut message);
        }
        Some(message)
    }

    /// What a dependent request says of its original: DE 37 and 38 of its slip, DE 61 or 90.
    fn refer(&self, message: &mut Message, trade: Trade, of: &PaperSlip) {
        let by_approval = matches!(trade, Trade::Completion | Trade::CancelHold);
        if let Some(rrn) = of.rrn.as_ref().filter(|_| !by_approval || !self.speech.cup) {
            put(message, 37, rrn);
        }
        if let Some(auth) = &of.auth {
            put(message, 38, auth);
        }
        let case = self.cases.get(&of.n);
        if self.speech.cup {
            let date = case.map(|case| case.date.as_str()).unwrap_or_default();
            put(
                message,
                61,
                &format!("{}{:06}{date:0>4}", of.batch, of.stan),
            );
            if trade == Trade::Refund {
                put(message, 63, "000");
            }
        } else if let Some(case) = case {
            put(message, 90, &originals(&case.message));
        }
    }

    /// What a refund says of a sale of another day, in another place.
    fn refer_elsewhere(&self, message: &mut Message) {
        put(message, 37, "990000000777");
        put(message, 38, "987654");
        if self.speech.cup {
            put(message, 61, "0007770043211001");
            put(message, 63, "000");
        } else {
            put(message, 90, &format!("02000043211001120000{:022}", 0));
        }
    }

    /// A reversal of a case, with nothing left out.
    pub(super) fn reversal(
        &self,
        now: Now,
        case: &Case,
        mti: &str,
        stands: Option<u64>,
        stan: u32,
    ) -> Option<Message> {
        let mti = if mti.is_empty() { "0400" } else { mti };
        let mut message = self.speech.draft(mti)?;
        let slip = self.slips.get(&case.ask.n);
        if let Some(auth) = slip.and_then(|slip| slip.auth.as_ref()) {
            put(&mut message, 38, auth);
        }
        if self.speech.cup {
            carry(
                &mut message,
                &case.message,
                &[2, 3, 4, 11, 14, 22, 25, 38, 41, 42, 49, 60, 61],
            );
            put(&mut message, 39, case.cause);
            return Some(message);
        }
        carry(
            &mut message,
            &case.message,
            &[2, 3, 4, 12, 13, 14, 22, 25, 41, 42, 49],
        );
        put(&mut message, 7, &gmt(now.wall));
        put(&mut message, 11, &format!("{stan:06}"));
        put(&mut message, 90, &originals(&case.message));
        if let Some(rrn) = slip.and_then(|slip| slip.rrn.as_ref()) {
            put(&mut message, 37, rrn);
        }
        if let Some(stands) = stands {
            put(
                &mut message,
                95,
                &format!("{stands:012}{:012}D00000000D00000000", 0),
            );
        }
        Some(message)
    }

    /// Makes a reversal as odd as its deed wants it.
    pub(super) fn bend(&self, reversal: &mut Message, case: &Case, undo: &Undo) {
        if undo.same_number && !self.speech.cup {
            carry(reversal, &case.message, &[7, 11]);
        }
        let named = text(reversal, 90);
        let mti = match undo.names {
            NamesOriginal::Fully => None,
            NamesOriginal::WithoutMoment => named.get(..4),
            NamesOriginal::ByNumber => Some("0000"),
        };
        if let (Some(mti), Some(number)) = (mti, named.get(4..10)) {
            put(reversal, 90, &format!("{mti}{number}{:032}", 0));
        }
        if undo.other_card {
            put(reversal, 2, &names::card(case.ask.purchase + STRANGER));
        }
        if !undo.currency.is_empty() {
            put(reversal, 49, &undo.currency);
        }
    }

    /// A message that goes out with the moment of now, where the dialect has one.
    pub(super) fn refresh(&self, message: &mut Message, now: Now) {
        if !self.speech.cup {
            put(message, 7, &gmt(now.wall));
        }
    }

    /// A notice that only who has the approval can send: the result of a chip's script.
    pub(super) fn notice(&self, now: Now, slip: &PaperSlip, stan: u32) -> Option<Message> {
        let mut message = self.speech.draft("0620")?;
        let case = self.cases.get(&slip.n)?;
        carry(&mut message, &case.message, &[2, 3, 4, 14, 22, 25, 49]);
        put(&mut message, 11, &format!("{stan:06}"));
        self.stamped(&mut message, now);
        self.named(&mut message);
        if self.speech.cup {
            put(&mut message, 60, &self.private("00", self.batch, "951"));
        }
        self.refer(&mut message, Trade::Void, slip);
        Some(message)
    }

    /// A sign-in, an echo or a download; `what` is DE 60.3, or DE 70.
    pub(super) fn session(&self, now: Now, mti: &str, what: &str, stan: u32) -> Option<Message> {
        let mut message = self.speech.draft(mti)?;
        self.named(&mut message);
        if self.speech.cup {
            put(&mut message, 60, &self.private("00", self.batch, what));
            if what == "003" {
                put(&mut message, 11, &format!("{stan:06}"));
                put(&mut message, 63, "01 ");
            }
        } else {
            put(&mut message, 11, &format!("{stan:06}"));
            self.stamped(&mut message, now);
            put(&mut message, 70, what);
        }
        Some(message)
    }

    /// A settlement of the batch, with these debits and credits: amount and count of each.
    pub(super) fn settlement(&self, now: Now, stan: u32, sums: [(u64, u64); 2]) -> Option<Message> {
        let mut message = self.speech.draft("0500")?;
        let [(debit, debits), (credit, credits)] = sums;
        self.named(&mut message);
        put(&mut message, 11, &format!("{stan:06}"));
        if self.speech.cup {
            let own = format!("{debit:012}{debits:03}{credit:012}{credits:03}0");
            put(&mut message, 48, &format!("{own}{:031}", 0));
            put(&mut message, 49, "156");
            put(&mut message, 60, &self.private("00", self.batch, "201"));
            put(&mut message, 63, "01 ");
        } else {
            self.stamped(&mut message, now);
            put(&mut message, 74, &format!("{credits:010}"));
            put(&mut message, 76, &format!("{debits:010}"));
            put(&mut message, 86, &format!("{credit:016}"));
            put(&mut message, 88, &format!("{debit:016}"));
        }
        Some(message)
    }
}

/// DE 90: type, trace number and DE 7 of the original, no institutions.
fn originals(message: &Message) -> String {
    let mti = message.mti().original();
    format!(
        "{mti}{:0>6}{:0>10}{:022}",
        text(message, 11),
        text(message, 7),
        0
    )
}
