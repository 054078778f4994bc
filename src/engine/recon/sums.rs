//! Counts and money by class.

use super::class::ReconClass;
use std::collections::BTreeMap;

/// How many, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReconSum {
    /// How many.
    pub count: u64,
    /// As the messages say, in minor units; what gives money back counts as well.
    pub ours: u64,
    /// As the files say.
    pub theirs: u64,
}

/// By class.
#[derive(Clone, Debug, Default)]
pub(super) struct ReconSums(BTreeMap<ReconClass, ReconSum>);

impl ReconSums {
    pub(super) fn add(&mut self, class: ReconClass, ours: u64, theirs: u64) {
        let sum = self.0.entry(class).or_default();
        sum.count += 1;
        sum.ours = sum.ours.saturating_add(ours);
        sum.theirs = sum.theirs.saturating_add(theirs);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ReconClass, ReconSum)> {
        self.0.iter().map(|(class, sum)| (*class, *sum))
    }
}
