//! What is left of a transaction, in minor units: what was approved, less what gave back.

use super::bonds::{Bonds, Effect, amount, given_by};
use super::story::Story;
use crate::iso::spec::Purpose;

/// What is left, at least and at most: what is not proven may have been given back, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AmountLeft {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl AmountLeft {
    /// Whether that may be this much.
    pub(super) fn may_be(self, amount: u64) -> bool {
        (self.least..=self.most).contains(&amount)
    }
}

impl Bonds<'_> {
    /// What is left of a sale or an authorization by itself, without what reversals of a part took
    /// off: that is what a settlement counts, and what a file books.
    pub(super) fn sold(&self, story: &Story) -> AmountLeft {
        self.less(story, |back| back.purpose() == Some(Purpose::Reversal))
    }

    /// The same, also without what voids and refunds gave back.
    pub(super) fn left(&self, story: &Story) -> AmountLeft {
        self.less(story, |_| true)
    }

    fn less(&self, story: &Story, counts: impl Fn(&Story) -> bool) -> AmountLeft {
        let whole = amount(story);
        let (mut least, mut most) = (whole, whole);
        for (back, effect) in self.returns.iter().filter(|(back, _)| counts(back)) {
            let given = match effect {
                Effect::Nothing => 0,
                // How much of it, is not known either.
                Effect::Doubtful => whole,
                Effect::Made => given_by(back, story),
            };
            least = least.saturating_sub(given);
            most = most.saturating_sub(if *effect == Effect::Made { given } else { 0 });
        }
        AmountLeft { least, most }
    }
}
