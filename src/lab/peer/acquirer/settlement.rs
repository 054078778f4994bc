//! Batch totals: what the terminal counts against the book.

use super::book::HostBook;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, TerminalId, Text};
use crate::iso::spec::Purpose;
use crate::lab::peer::filling::field;
use crate::lab::peer::totals::BatchTotals;

/// Whether terminal and book agree, and the field of the answer that says so: DE 48 of `UnionPay`
/// terminals (62 digits, `cup-pos.md` §6.2), else DE 66 against DE 74, 76, 86, 88.
pub(super) fn judge(
    book: &HostBook,
    request: &Message,
    terminal: TerminalId,
    batch: Text<6>,
    is_one_missing: bool,
) -> (bool, (FieldPath, String)) {
    let missing = is_one_missing.then(|| last_sale(book, terminal, batch));
    let ours = count(book, terminal, batch, missing.flatten());
    let text = |number| request.text(FieldId::of(number));
    let number = |digits: Option<&str>| digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let union_pay = text(48).filter(|totals| totals.len() == 62 && totals.is_ascii());
    if let Some(totals) = union_pay {
        let part = |from: usize, length: usize| number(totals.get(from..from + length));
        let told = BatchTotals {
            debit: part(0, 12),
            debits: part(12, 3),
            credit: part(15, 12),
            credits: part(27, 3),
        };
        let domestic = told == ours;
        // No foreign card is known here.
        let foreign = part(31, 15) == 0 && part(46, 15) == 0;
        let result = |agrees| if agrees { '1' } else { '2' };
        let (head, tail) = (
            totals.get(..30).unwrap_or(""),
            totals.get(31..61).unwrap_or(""),
        );
        let answer = format!("{head}{}{tail}{}", result(domestic), result(foreign));
        return (domestic && foreign, (field(48), answer));
    }
    let told = BatchTotals {
        debit: number(text(88).as_deref()),
        debits: number(text(76).as_deref()),
        credit: number(text(86).as_deref()),
        credits: number(text(74).as_deref()),
    };
    let result = if told == ours { "1" } else { "2" };
    (told == ours, (field(66), result.to_owned()))
}

/// The last sale of the batch, by its place in the book.
pub(super) fn last_sale(book: &HostBook, terminal: TerminalId, batch: Text<6>) -> Option<usize> {
    book.entries().iter().rposition(|entry| {
        entry.is_of(terminal, batch) && entry.purpose == Purpose::Debit && entry.is_effective()
    })
}

fn count(
    book: &HostBook,
    terminal: TerminalId,
    batch: Text<6>,
    missing: Option<usize>,
) -> BatchTotals {
    let mut totals = BatchTotals::default();
    for (at, entry) in book.entries().iter().enumerate() {
        if entry.is_of(terminal, batch) && entry.is_effective() && missing != Some(at) {
            let about = entry.about.map(|about| book.entry(about).purpose);
            totals.add(entry.purpose, about, entry.amount);
        }
    }
    totals
}
