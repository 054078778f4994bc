//! Batch totals: what the terminal counts against the book.

use super::book::Book;
use super::entry::Entry;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, TerminalId, Text};
use crate::iso::spec::Purpose;
use crate::lab::peer::filling::field;

/// Sum and count, of what was taken and what was given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Batch {
    debit: (u64, u64),
    credit: (u64, u64),
}

/// The fields of the answer that say whether terminal and book agree: DE 48 of `UnionPay` terminals
/// (62 digits, `cup-pos.md` §6.2), else DE 66 against DE 74, 76, 86, 88.
pub(super) fn judge(
    book: &Book,
    request: &Message,
    terminal: TerminalId,
    batch: Text<6>,
) -> Vec<(FieldPath, String)> {
    let ours = count(book, terminal, batch);
    let text = |number| request.text(FieldId::of(number));
    if let Some(totals) = text(48).filter(|totals| totals.len() == 62 && totals.is_ascii()) {
        let told = Batch {
            debit: (digits(&totals, 0, 12), digits(&totals, 12, 3)),
            credit: (digits(&totals, 15, 12), digits(&totals, 27, 3)),
        };
        let result = if told == ours { '1' } else { '2' };
        let foreign = if totals[31..61].bytes().all(|byte| byte == b'0') {
            '1'
        } else {
            '2'
        };
        return vec![(
            field(48),
            format!("{}{result}{}{foreign}", &totals[..30], &totals[31..61]),
        )];
    }
    let number = |of| text(of).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let told = Batch {
        debit: (number(88), number(76)),
        credit: (number(86), number(74)),
    };
    vec![(
        field(66),
        if told == ours { "1".into() } else { "2".into() },
    )]
}

fn digits(text: &str, from: usize, length: usize) -> u64 {
    text.get(from..from + length)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// Debit: what took money. Credit: voids of it, and refunds. Holds and what is reversed count
/// nowhere.
fn count(book: &Book, terminal: TerminalId, batch: Text<6>) -> Batch {
    let mut sums = Batch::default();
    let of_batch = |entry: &&Entry| entry.terminal == terminal && entry.batch == batch;
    for entry in book
        .entries()
        .iter()
        .filter(of_batch)
        .filter(|entry| entry.is_effective())
    {
        let voids_debit = || {
            entry
                .about
                .is_some_and(|about| book.entry(about).purpose == Purpose::Debit)
        };
        let side = match entry.purpose {
            Purpose::Debit => &mut sums.debit,
            Purpose::Refund => &mut sums.credit,
            Purpose::Void if voids_debit() => &mut sums.credit,
            _ => continue,
        };
        *side = (side.0 + entry.amount, side.1 + 1);
    }
    sums
}
