//! What a book adds up to.

use std::ops::AddAssign;

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

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.taken += other.taken;
        self.reversed += other.reversed;
        self.returned += other.returned;
    }
}
