//! What is no trade: sign-ins, echoes, downloads, notices, settlements.

use super::OddHost;
use crate::engine::record::ConnId;
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::lab::odd::slip::Sort;
use crate::lab::odd::wire::{batch, kind_code, management, number, piece, text, wrap_keys};
use crate::lab::plan::Trade;

impl OddHost {
    /// A message of the session, or a notice.
    pub(super) fn desk(&mut self, now: Now, conn: ConnId, message: Message) {
        let digit = message.mti().digits()[1];
        let what = match digit {
            b'6' => Sort::Notice,
            b'8' | b'5' | b'3' => Sort::Session,
            _ => Sort::Other,
        };
        self.arrived(now, conn, Some(&message), what, None);
        let extra = match digit {
            b'5' => self.settled(&message),
            b'8' => self.signed_in(&message),
            _ => Vec::new(),
        };
        self.reply(now, conn, message, "00", extra, None);
    }

    /// New keys for a terminal that signs in.
    fn signed_in(&mut self, message: &Message) -> Vec<(u8, String)> {
        let asks = self.speech.cup
            && message.mti().to_string() == "0800"
            && kind_code(message) == "00"
            && management(message) == "003";
        let terminal = text(message, 41);
        let Some(master) = self.masters.get(&terminal).filter(|_| asks) else {
            return Vec::new();
        };
        self.signed += 1;
        let keys = wrap_keys(master, &terminal, self.link, self.signed);
        let Some((key, block)) = keys else {
            return Vec::new();
        };
        self.keys.insert(terminal, key);
        vec![(62, block)]
    }

    /// The totals of a terminal against the book.
    fn settled(&mut self, message: &Message) -> Vec<(u8, String)> {
        let cup = self.speech.cup;
        let (terminal, of_batch) = (text(message, 41), batch(message));
        let mut own = [(0_u64, 0_u64); 2];
        for at in 0..self.book.len() {
            let Some(entry) = self.book.get(at) else {
                continue;
            };
            let fits = !cup || entry.name.is_in(&of_batch);
            if entry.terminal != terminal || entry.settled || !fits {
                continue;
            }
            let of = entry.of.and_then(|of| self.book.get(of)).map(|of| of.trade);
            let place = match entry.trade {
                Trade::Sale | Trade::Completion => Some(0),
                Trade::Refund => Some(1),
                Trade::Void if of != Some(Trade::Hold) => Some(1),
                Trade::Void | Trade::Hold | Trade::CancelHold | Trade::Balance => None,
            };
            if let (Some(place), Some(booked), false) = (place, entry.booked, entry.reversed) {
                own[place].0 += booked.unsigned_abs();
                own[place].1 += 1;
            }
            if let Some(entry) = self.book.get_mut(at) {
                entry.settled = true;
            }
        }
        let theirs = if cup {
            let part = |from, to| piece(message, 48, from, to).parse().unwrap_or(0);
            [(part(0, 12), part(12, 15)), (part(15, 27), part(27, 30))]
        } else {
            let part = |field| number(message, field).unwrap_or(0);
            [(part(88), part(76)), (part(86), part(74))]
        };
        let result = if own == theirs { 1 } else { 2 };
        if cup {
            let told = text(message, 48);
            let (front, back) = (told.get(..30), told.get(31..61));
            let (front, back) = (front.unwrap_or_default(), back.unwrap_or_default());
            vec![(48, format!("{front}{result}{back}{result}"))]
        } else {
            vec![(66, result.to_string())]
        }
    }
}
