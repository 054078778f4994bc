//! The trace numbers that a terminal used, so that one that it did not use is known to be new
//! without asking the journal.
//!
//! Kept in stretches, since terminals count: one for each of the counters behind a terminal. Where
//! there are too many, the nearest are joined, and what lies between counts as used; that costs a
//! question, and no sale. A number comes again when all others were used, so what lies
//! [`REACH`] uses back is forgotten.

use crate::engine::record::NumberStretch;
use crate::iso::message::Stan;

/// Stretches kept of a terminal.
const MOST: usize = 16;
/// How many uses back a number counts as used: fewer than there are numbers of six digits.
const REACH: u64 = 400_000;

/// The numbers of one terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UsedNumbers {
    /// The one that grew last at the end; each one's age is what `uses` was when it grew.
    stretches: Vec<NumberStretch>,
    /// Uses so far.
    uses: u64,
}

impl UsedNumbers {
    /// As a checkpoint carries them, aged as they are there.
    pub(super) fn carried(stretches: &[NumberStretch]) -> Self {
        let uses = stretches.iter().map(|one| one.age).max().unwrap_or(0);
        let stretches = stretches.iter().map(|one| NumberStretch {
            age: uses - one.age,
            ..*one
        });
        Self {
            stretches: stretches.collect(),
            uses,
        }
    }

    /// The same, for a checkpoint.
    pub(super) fn to_carry(&self) -> Vec<NumberStretch> {
        let stretches = self.stretches.iter().map(|one| NumberStretch {
            age: self.uses - one.age,
            ..*one
        });
        stretches.collect()
    }

    /// Whether a number was used, as far as is known.
    pub(super) fn has(&self, number: Stan) -> bool {
        let mut stretches = self.stretches.iter().rev();
        stretches.any(|one| (one.from..=one.to).contains(&number))
    }

    /// A number is used.
    pub(super) fn add(&mut self, number: Stan) {
        self.uses += 1;
        let touches = |one: &NumberStretch| {
            one.from.0 <= number.0.saturating_add(1) && number.0 <= one.to.0.saturating_add(1)
        };
        let at = self.stretches.iter().rposition(touches);
        let grown = at.map(|at| self.stretches.remove(at));
        let old = grown.unwrap_or(NumberStretch {
            from: number,
            to: number,
            age: 0,
            counted: true,
        });
        let behind = old.to.0.saturating_sub(number.0);
        self.stretches.push(NumberStretch {
            from: old.from.min(number),
            to: old.to.max(number),
            age: self.uses,
            // What is used again far behind is not as old as its place says.
            counted: old.counted && behind < REACH / 2,
        });
        if self.stretches.len() > MOST {
            self.join_nearest();
        }
        self.forget_oldest();
    }

    /// Joins the two that lie nearest to each other.
    fn join_nearest(&mut self) {
        let gap = |one: &NumberStretch, other: &NumberStretch| {
            let (low, high) = if one.to <= other.from {
                (one, other)
            } else {
                (other, one)
            };
            high.from.0.saturating_sub(low.to.0)
        };
        let all = self.stretches.iter().enumerate();
        let pairs = all.flat_map(|(at, one)| {
            let later = self.stretches.iter().enumerate().skip(at + 1);
            later.map(move |(other_at, other)| (gap(one, other), at, other_at))
        });
        let Some((_, first, second)) = pairs.min() else {
            return;
        };
        let old = self.stretches.remove(first);
        if let Some(into) = self.stretches.get_mut(second - 1) {
            into.from = into.from.min(old.from);
            into.to = into.to.max(old.to);
            into.age = into.age.max(old.age);
            into.counted = false;
        }
    }

    /// Forgets what was used too long ago.
    fn forget_oldest(&mut self) {
        let uses = self.uses;
        self.stretches.retain(|one| uses - one.age < REACH);
        if let Some(last) = self.stretches.last_mut()
            && last.counted
        {
            let oldest = last.to.0.saturating_sub(REACH);
            last.from = last.from.max(Stan(oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(numbers: impl IntoIterator<Item = u64>) -> UsedNumbers {
        let mut used = UsedNumbers::default();
        for number in numbers {
            used.add(Stan(number));
        }
        used
    }

    #[test]
    fn what_was_used_is_known_and_nothing_else_while_terminals_count() {
        let used = used((1..=60).flat_map(|at| [at, 5_000 + at, 900_000 - at]));
        for at in 1..=60 {
            assert!(
                [at, 5_000 + at, 900_000 - at]
                    .map(Stan)
                    .iter()
                    .all(|at| used.has(*at))
            );
        }
        assert!(
            ![0, 61, 5_000, 5_061, 899_939, 900_000]
                .map(Stan)
                .iter()
                .any(|at| used.has(*at))
        );
        assert_eq!(
            UsedNumbers::carried(&used.to_carry()).to_carry(),
            used.to_carry()
        );
    }

    #[test]
    fn of_numbers_without_order_too_many_count_as_used_and_none_is_missed() {
        let numbers: Vec<u64> = (1..=2_000).map(|at| at * 7_919 % 999_999).collect();
        let used = used(numbers.iter().copied());
        assert!(used.stretches.len() <= MOST);
        assert!(numbers.iter().all(|at| used.has(Stan(*at))));
    }

    #[test]
    fn a_terminal_that_counts_through_all_numbers_begins_anew() {
        let mut used = used(1..=999_999);
        for number in (1..=999_999).chain(1..=5) {
            assert!(!used.has(Stan(number)), "{number}");
            used.add(Stan(number));
            assert!(used.has(Stan(number)));
        }
        assert!(used.has(Stan(999_999)));
    }
}
