//! A host's book: what is charged, held and given back, and what an honest host would say.

use super::OddHost;
use super::lookup::OriginalName;
use crate::engine::seam::Mono;
use crate::iso::codec::Message;
use crate::lab::odd::wire::{kind_code, number, text};
use crate::lab::plan::Trade;

/// A request that came in.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub n: Option<u32>,
    pub name: OriginalName,
    pub mti: String,
    /// DE 60.1.
    pub kind: String,
    pub trade: Trade,
    pub card: String,
    pub code: String,
    /// DE 49.
    pub currency: String,
    pub terminal: String,
    pub amount: u64,
    pub rrn: String,
    pub auth: String,
    /// What it refers to.
    pub of: Option<usize>,
    /// What was booked, with its sign; `None`: nothing yet.
    pub booked: Option<i64>,
    /// What stands of that.
    pub net: i64,
    /// By how much it changed its original, as long as that stands.
    pub moved: i64,
    /// The code of the first answer, with the amount if that is another one.
    pub first: Option<(String, Option<u64>)>,
    /// A reversal of it was booked, or came before it.
    pub reversed: bool,
    /// It is in a batch that was settled.
    pub settled: bool,
}

/// A request as the host's own file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedRequest {
    /// The attempt.
    pub n: u32,
    /// What was asked for.
    pub trade: Trade,
    /// DE 42.
    pub merchant: String,
    /// DE 41.
    pub terminal: String,
    /// DE 60.2, where the dialect has it.
    pub batch: String,
    /// DE 11 as it came.
    pub stan: String,
    /// DE 2.
    pub card: String,
    /// DE 4.
    pub amount: u64,
    /// DE 49.
    pub currency: String,
    /// DE 37 of the host's own.
    pub rrn: String,
    /// DE 38 of the host's own.
    pub auth: String,
    /// DE 39 of its first answer.
    pub code: Option<String>,
    /// Whether it was ever booked.
    pub booked: bool,
}

/// What a message asks for, by its type, DE 3 and DE 60.1.
pub(super) fn trade_of(message: &Message, cup: bool) -> Trade {
    let (digits, code) = (message.mti().digits(), text(message, 3));
    let (class, advice) = (digits[1], digits[2] == b'2');
    if cup {
        return match kind_code(message).as_str() {
            "10" => Trade::Hold,
            "11" => Trade::CancelHold,
            "20" | "24" => Trade::Completion,
            "21" | "23" => Trade::Void,
            "25" => Trade::Refund,
            "01" => Trade::Balance,
            _ => Trade::Sale,
        };
    }
    match (class, code.get(..2).unwrap_or_default()) {
        (b'1', "02") => Trade::CancelHold,
        (b'1', _) => Trade::Hold,
        (_, _) if advice => Trade::Completion,
        (_, "02") => Trade::Void,
        (_, "20") => Trade::Refund,
        (_, "31" | "30") => Trade::Balance,
        _ => Trade::Sale,
    }
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

impl Entry {
    fn filed(&self) -> Option<BookedRequest> {
        let [merchant, terminal, batch, stan] = self.name.place().map(str::to_owned);
        Some(BookedRequest {
            n: self.n?,
            trade: self.trade,
            merchant,
            terminal,
            batch,
            stan,
            card: self.card.clone(),
            amount: self.amount,
            currency: self.currency.clone(),
            rrn: self.rrn.clone(),
            auth: self.auth.clone(),
            code: self.first.as_ref().map(|(code, _)| code.clone()),
            booked: self.booked.is_some(),
        })
    }
}

impl OddHost {
    /// The requests in its book, in the order in which they came.
    pub fn requests(&self) -> impl Iterator<Item = BookedRequest> + '_ {
        self.book.iter().filter_map(Entry::filed)
    }

    /// Enters a request that was not seen before.
    pub(super) fn enter(&mut self, n: Option<u32>, message: &Message) -> usize {
        let cup = self.speech.cup;
        let trade = trade_of(message, cup);
        let refers = !matches!(trade, Trade::Sale | Trade::Hold | Trade::Balance);
        let of = if refers {
            self.referred(message, trade)
        } else {
            None
        };
        let at = self.book.len();
        let name = OriginalName::of(message, cup);
        self.book.push(Entry {
            n,
            name: name.clone(),
            mti: message.mti().original().to_string(),
            kind: kind_code(message),
            trade,
            card: text(message, 2),
            code: text(message, 3),
            currency: text(message, 49),
            terminal: text(message, 41),
            amount: number(message, 4).unwrap_or(0),
            rrn: format!("{:02}{:010}", self.link % 100, at + 1),
            auth: format!("{:02}{:04}", self.link % 100, (at + 1) % 10_000),
            of,
            booked: None,
            net: 0,
            moved: 0,
            first: None,
            reversed: self.tombstones.contains(&name),
            settled: false,
        });
        self.by_name.insert(name, at);
        if let Some(n) = n {
            let of = of.and_then(|of| self.book.get(of)?.n);
            let cancelled = self.tombstones.contains(&self.book[at].name);
            let entry = self.ledger.entry(n);
            entry.of = of;
            entry.cancelled |= cancelled;
        }
        at
    }

    /// What an honest host says to a request now.
    pub(super) fn honest(&self, at: usize) -> &'static str {
        let Some(entry) = self.book.get(at) else {
            return "96";
        };
        if entry.booked.is_some() {
            return "00";
        }
        if entry.reversed {
            return "12";
        }
        if entry.amount == 0 && entry.trade != Trade::Balance {
            return "13";
        }
        if matches!(entry.trade, Trade::Sale | Trade::Hold | Trade::Balance) {
            return "00";
        }
        let Some(of) = entry.of.and_then(|of| self.book.get(of)) else {
            return "25";
        };
        let (wanted, left) = (signed(entry.amount), of.net);
        if !of.card.is_empty() && !entry.card.is_empty() && of.card != entry.card {
            return "25";
        }
        match entry.trade {
            _ if left <= 0 => "12",
            Trade::Refund | Trade::Completion if wanted > left => "61",
            Trade::Void | Trade::CancelHold if wanted != left => "64",
            _ => "00",
        }
    }

    /// Books an entry for so much. It is done once: whatever comes later finds it done.
    pub(super) fn book(&mut self, now: Mono, at: usize, amount: u64) {
        let Some(entry) = self.book.get(at).cloned() else {
            return;
        };
        if entry.booked.is_some() || entry.trade == Trade::Balance {
            return;
        }
        let amount = signed(amount);
        let gives_back = matches!(entry.trade, Trade::Void | Trade::CancelHold | Trade::Refund);
        let of_net = entry
            .of
            .and_then(|of| self.book.get(of))
            .map_or(0, |of| of.net);
        let (own, on_original, why) = match entry.trade {
            Trade::Sale | Trade::Hold | Trade::Balance => (amount, 0, ""),
            Trade::Completion => (amount, -of_net, "completed"),
            Trade::Void => (-amount, -amount, "voided"),
            Trade::CancelHold => (-amount, -amount, "cancelled"),
            Trade::Refund => (-amount, -amount, "refunded"),
        };
        self.change(now, at, own, "booked");
        if let (Some(of), false) = (entry.of, on_original == 0) {
            self.change(now, of, on_original, why);
        }
        if let Some(entry) = self.book.get_mut(at) {
            entry.booked = Some(own);
            // Whatever reversal came before: one that comes now finds it booked (R19).
            entry.reversed = false;
            entry.moved = on_original;
            if let Some(n) = entry.n {
                let kept = self.ledger.entry(n);
                kept.effect = own;
                kept.overgiven = gives_back && amount > of_net;
                kept.booked = Some(now);
            }
        }
    }

    /// Changes what stands of an entry.
    fn change(&mut self, now: Mono, at: usize, by: i64, why: &'static str) {
        let Some(entry) = self.book.get_mut(at) else {
            return;
        };
        entry.net += by;
        if let Some(n) = entry.n {
            self.ledger.entry(n).changes.push((now, by, why));
        }
    }

    /// What an honest host says to a reversal of an original now.
    pub(super) fn honest_undo(&self, original: Option<usize>, reversal: &Message) -> &'static str {
        let unknown = if self.habits.zero_to_unknown {
            "00"
        } else {
            "25"
        };
        let Some(entry) = original.and_then(|at| self.book.get(at)) else {
            return unknown;
        };
        let card = text(reversal, 2);
        if !card.is_empty() && !entry.card.is_empty() && card != entry.card {
            return "25";
        }
        if number(reversal, 4).is_some_and(|amount| amount != entry.amount) {
            return "64";
        }
        let declined = entry
            .first
            .as_ref()
            .is_some_and(|(code, _)| !self.yes(code));
        match entry.booked {
            _ if entry.reversed => "00",
            Some(_) if entry.net == 0 => "12",
            Some(_) => "00",
            None if self.habits.no_tombstones => unknown,
            None if declined => "12",
            None => "00",
        }
    }

    /// Undoes an original, or sees to it that it is never booked. `stands` is what the customer
    /// owes afterwards.
    pub(super) fn take_back(
        &mut self,
        now: Mono,
        original: Option<usize>,
        reversal: Option<&Message>,
        stands: u64,
        why: &'static str,
    ) {
        let (cup, keeps) = (self.speech.cup, !self.habits.no_tombstones);
        let Some(at) = original else {
            if let Some(reversal) = reversal.filter(|_| keeps) {
                self.tombstones
                    .insert(OriginalName::of_original(reversal, cup));
            }
            return;
        };
        let Some(entry) = self.book.get(at).cloned() else {
            return;
        };
        if entry.booked.is_none() {
            if keeps && let Some(entry) = self.book.get_mut(at) {
                entry.reversed = true;
                if let Some(n) = entry.n {
                    self.ledger.entry(n).cancelled = true;
                }
            }
            return;
        }
        if entry.reversed {
            return;
        }
        let stands = signed(stands).min(entry.net.abs());
        let by = if entry.net < 0 {
            -entry.net - stands
        } else {
            stands - entry.net
        };
        self.change(now, at, by, why);
        if let (Some(of), 0, false) = (entry.of, stands, entry.moved == 0) {
            self.change(now, of, -entry.moved, why);
        }
        if let Some(entry) = self.book.get_mut(at) {
            entry.reversed = true;
            entry.moved = if stands == 0 { 0 } else { entry.moved };
            if let Some(n) = entry.n {
                self.ledger.entry(n).undone += by.abs();
            }
        }
    }
}
