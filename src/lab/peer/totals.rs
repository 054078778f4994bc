//! What a book adds up to.

use crate::iso::spec::Purpose;

/// Sums of a book, in minor units. Both ends count by the same rules, so that after all is healed
/// and answered their [`Totals::net`] must be equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Approved debits and holds.
    pub taken: u64,
    /// Of these, reversed.
    pub reversed: u64,
    /// Of the rest, given back: voided, refunded, holds released by their completion.
    pub returned: u64,
}

impl Totals {
    /// What is held of the cardholders' money.
    #[must_use]
    pub fn net(&self) -> i64 {
        let signed = |sum| i64::try_from(sum).unwrap_or(i64::MAX);
        signed(self.taken) - signed(self.reversed) - signed(self.returned)
    }
}

/// Sums and counts of one batch, in minor units, as a settlement tells them. Holds, and what is
/// reversed, count nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BatchTotals {
    pub debit: u64,
    pub debits: u64,
    pub credit: u64,
    pub credits: u64,
}

impl BatchTotals {
    /// Counts one that stands; `about` is what the one was for that it gives back.
    pub(super) fn add(&mut self, purpose: Purpose, about: Option<Purpose>, amount: u64) {
        let gives_back = match purpose {
            Purpose::Debit => false,
            Purpose::Refund => true,
            Purpose::Void if about == Some(Purpose::Debit) => true,
            _ => return,
        };
        let (sum, count) = if gives_back {
            (&mut self.credit, &mut self.credits)
        } else {
            (&mut self.debit, &mut self.debits)
        };
        *sum += amount;
        *count += 1;
    }
}
