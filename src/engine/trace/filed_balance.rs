//! What a book holds of one transaction by all of its rows: bookings less returns.
//!
//! Whatever is not certain counts as held: a return of a part, a return of no known order, a
//! refusal beside a booking.

use super::bonds;
use super::filed_rows;
use super::story::Story;
use crate::engine::evidence::{AcquirerIs, AcquirerRow, IssuerIs, IssuerRow};
use crate::engine::seam::Wall;
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;

/// What a book holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holding {
    /// It says nothing of it.
    Nothing,
    /// It was refused.
    Refused,
    /// It holds this much, in minor units.
    Holds(u64),
    /// All was given back.
    GivenBack,
    /// More was given back than was booked: so much of so much.
    MoreBack(u64, u64),
    /// As much was given back as was booked, but nobody knows which came last.
    Unordered,
}

/// The two sides of a book.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    taken: u64,
    given: u64,
    last_taken: Option<Wall>,
    first_given: Option<Wall>,
    undated: bool,
    refused: bool,
    takes: u32,
    gives: u32,
}

impl Sides {
    fn take(&mut self, amount: u64, at: Option<Wall>) {
        self.takes += 1;
        self.taken = self.taken.saturating_add(amount);
        self.last_taken = self.last_taken.max(at);
        self.undated |= at.is_none();
    }

    fn give(&mut self, amount: u64, at: Option<Wall>) {
        self.gives += 1;
        self.given = self.given.saturating_add(amount);
        self.first_given = match (self.first_given, at) {
            (Some(first), Some(at)) => Some(first.min(at)),
            (first, at) => first.or(at),
        };
        self.undated |= at.is_none();
    }

    /// `ours` is what the messages ask for: a row that tells of a return alone implies as much.
    fn holding(self, ours: u64) -> Holding {
        let alone = self.takes == 0 && self.gives > 0;
        let taken = if alone { ours } else { self.taken };
        match taken.checked_sub(self.given) {
            Some(rest) if rest > 0 => Holding::Holds(rest),
            _ if self.gives == 0 && self.refused => Holding::Refused,
            _ if self.gives == 0 => Holding::Nothing,
            _ if alone => Holding::GivenBack,
            None => Holding::MoreBack(taken, self.given),
            _ if self.undated || self.refused => Holding::Unordered,
            _ if self.last_taken <= self.first_given => Holding::GivenBack,
            _ => Holding::Unordered,
        }
    }
}

/// Whether a row is of the void, refund or reversal of a transaction, by its kind.
fn undoes(kind: &str) -> bool {
    let purpose = filed_rows::purpose_of(kind);
    matches!(
        purpose,
        Some(Purpose::Void | Purpose::Refund | Purpose::Reversal)
    )
}

/// What the acquirer's file has of a transaction: what is booked less what is given back, or what
/// one that gives back gives.
#[must_use]
pub fn filed_amount(story: &Story, rows: &[(usize, &AcquirerRow)]) -> Option<Amount> {
    let amounts = |rows: Vec<&AcquirerRow>| {
        rows.iter()
            .fold(0, |sum: u64, row| sum.saturating_add(row.amount.0))
    };
    let last = rows.last().map(|(_, row)| row.amount)?;
    Some(match of_acquirer(rows, bonds::amount(story)) {
        _ if bonds::gives_back(story) => Amount(amounts(filed_rows::own_rows(story, rows))),
        Holding::Holds(amount) => Amount(amount),
        _ => last,
    })
}

/// What the acquirer's file holds of a sale or an authorization.
pub(super) fn of_acquirer(rows: &[(usize, &AcquirerRow)], ours: u64) -> Holding {
    let mut sides = Sides::default();
    for (_, row) in rows {
        match (row.is, undoes(&row.kind)) {
            (AcquirerIs::Booked, false) => sides.take(row.amount.0, row.at),
            (AcquirerIs::Booked, true)
            | (AcquirerIs::Reversed | AcquirerIs::Voided | AcquirerIs::Refunded, false) => {
                sides.give(row.amount.0, row.at);
            }
            (AcquirerIs::Declined, false) => sides.refused = true,
            // A void that failed leaves what it was to void.
            (
                AcquirerIs::Declined
                | AcquirerIs::Reversed
                | AcquirerIs::Voided
                | AcquirerIs::Refunded,
                true,
            ) => {}
        }
    }
    sides.holding(ours)
}

/// What the issuer holds. What was set aside counts until it is debited.
pub(super) fn of_issuer(rows: &[(usize, &IssuerRow)], ours: u64) -> Holding {
    let (mut debit, mut hold) = (Sides::default(), Sides::default());
    for (_, row) in rows {
        match row.is {
            IssuerIs::Debited => debit.take(row.amount.0, row.at),
            IssuerIs::Returned => debit.give(row.amount.0, row.at),
            IssuerIs::Held => hold.take(row.amount.0, row.at),
            IssuerIs::Released => hold.give(row.amount.0, row.at),
            IssuerIs::Refused => debit.refused = true,
        }
    }
    let held = hold.holding(ours);
    match (debit.takes + debit.gives, debit.refused) {
        (0, _) if held != Holding::Nothing => held,
        _ => debit.holding(ours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::evidence::{ColumnMap, read};
    use crate::engine::seam::Zone;

    fn acquirer(lines: &str) -> Holding {
        let text = format!("at,kind,is,amount,rrn\n{}", lines.replace('\n', ",1\n"));
        let rows: Vec<AcquirerRow> = read(&text, &ColumnMap::default(), &Zone::CHINA).unwrap();
        of_acquirer(&rows.iter().enumerate().collect::<Vec<_>>(), 100)
    }

    fn issuer(lines: &str) -> Holding {
        let text = format!("at,is,amount,rrn\n{}", lines.replace('\n', ",1\n"));
        let rows: Vec<IssuerRow> = read(&text, &ColumnMap::default(), &Zone::CHINA).unwrap();
        of_issuer(&rows.iter().enumerate().collect::<Vec<_>>(), 100)
    }

    #[test]
    fn only_what_was_given_back_in_full_and_last_is_given_back() {
        let (first, second) = ("2026-11-22 07:01:00", "2026-11-22 07:05:00");
        for (lines, holding) in [
            (
                format!("{first},,booked,1.00\n{second},,reversed,1.00\n{second},,reversed,1.00\n"),
                Holding::MoreBack(100, 200),
            ),
            (",,booked,1.00\n".to_owned(), Holding::Holds(100)),
            (",,reversed,1.00\n".to_owned(), Holding::GivenBack),
            (",,reversed,0.01\n".to_owned(), Holding::Holds(99)),
            (
                ",,booked,1.00\n,,reversed,0.01\n".to_owned(),
                Holding::Holds(99),
            ),
            (
                ",,booked,1.00\n,,booked,1.00\n,,reversed,1.00\n".to_owned(),
                Holding::Holds(100),
            ),
            (
                ",,booked,1.00\n,,reversed,1.00\n".to_owned(),
                Holding::Unordered,
            ),
            (
                format!("{first},,booked,1.00\n{second},,reversed,1.00\n"),
                Holding::GivenBack,
            ),
            (
                format!("{second},,reversed,1.00\n{first},,booked,1.00\n"),
                Holding::GivenBack,
            ),
            (
                format!("{second},,booked,1.00\n{first},,reversed,1.00\n"),
                Holding::Unordered,
            ),
            (
                ",,booked,1.00\n,,declined,1.00\n".to_owned(),
                Holding::Holds(100),
            ),
            (",,declined,1.00\n".to_owned(), Holding::Refused),
            (
                ",,booked,1.00\n,sale_void,declined,1.00\n".to_owned(),
                Holding::Holds(100),
            ),
            (
                ",,booked,1.00\n,sale_void,reversed,1.00\n".to_owned(),
                Holding::Holds(100),
            ),
            (",sale_void,declined,1.00\n".to_owned(), Holding::Nothing),
        ] {
            assert_eq!(acquirer(&lines), holding, "{lines}");
        }
    }

    #[test]
    fn an_issuer_s_debit_is_returned_by_as_much_and_afterwards() {
        let (first, second) = ("2026-11-22 07:01:00", "2026-11-22 07:05:00");
        for (lines, holding) in [
            (
                format!("{first},debited,1.00\n{second},returned,1.00\n"),
                Holding::GivenBack,
            ),
            (
                format!("{first},debited,1.00\n{second},returned,0.01\n"),
                Holding::Holds(99),
            ),
            (
                format!("{first},debited,1.00\n{second},debited,1.00\n{second},returned,1.00\n"),
                Holding::Holds(100),
            ),
            (
                format!("{first},debited,1.00\n{second},refused,1.00\n"),
                Holding::Holds(100),
            ),
            (
                format!("{first},held,1.00\n{second},released,1.00\n"),
                Holding::GivenBack,
            ),
            (
                format!("{first},held,1.00\n{second},debited,1.00\n"),
                Holding::Holds(100),
            ),
            (format!("{first},held,1.00\n"), Holding::Holds(100)),
            (format!("{first},refused,1.00\n"), Holding::Refused),
        ] {
            assert_eq!(issuer(&lines), holding, "{lines}");
        }
    }
}
