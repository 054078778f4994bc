//! Time that no jump of the wall clock moves, across restarts too.

use super::{Mono, Wall};
use std::time::Duration;

/// The most that counts between two records of one run: more is a jump, or an idle gateway.
const WITHIN: Duration = Duration::from_secs(3600);
/// The most that counts between two runs.
const ACROSS: Duration = Duration::from_secs(24 * 3600);

/// The age of things, as far as it is certain. Within a run it goes with [`Mono`]; for what came
/// before it is read from the labels of records, where each step counts between zero and a bound.
/// So it may lag behind the wall clock, which delays an expiry; nothing that the wall clock does
/// hastens one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steady {
    at: Wall,
    from: Mono,
    /// The wall clock where it was last read, while history is read.
    label: Option<Wall>,
}

impl Steady {
    /// This moment.
    #[must_use]
    pub fn at(&self, now: Mono) -> Wall {
        self.at + (now - self.from)
    }

    /// A record of the same run has this label; the moment it stands for.
    pub fn read(&mut self, label: Wall) -> Wall {
        self.step(label, WITHIN)
    }

    /// A new run begins at this label; the moment it stands for.
    pub fn read_start(&mut self, label: Wall) -> Wall {
        self.step(label, ACROSS)
    }

    /// A checkpoint says which moment its label stands for.
    pub const fn set(&mut self, moment: Wall, label: Wall) {
        self.at = moment;
        self.label = Some(label);
    }

    /// The moment of a label from shortly before the last record that was read.
    #[must_use]
    pub fn moment_of(&self, label: Wall) -> Wall {
        let before = self.label.map_or(Duration::ZERO, |last| last - label);
        let micros = u64::try_from(before.as_micros()).unwrap_or(u64::MAX);
        Wall(self.at.0.saturating_sub_unsigned(micros))
    }

    /// History is over: from here on it goes by itself.
    pub fn run(&mut self, label: Wall, now: Mono) {
        self.read_start(label);
        self.from = now;
    }

    fn step(&mut self, label: Wall, most: Duration) -> Wall {
        self.at = match self.label {
            Some(before) => self.at + (label - before).min(most),
            None => label,
        };
        self.label = Some(label);
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

    #[test]
    fn a_jump_counts_for_no_more_than_its_bound_and_back_for_nothing() {
        let mut steady = Steady::default();
        let start = Wall(1_795_313_472_000_000);
        assert_eq!(steady.read(start), start);
        assert_eq!(steady.read(start + YEAR), start + WITHIN);
        assert_eq!(steady.read(start), start + WITHIN);
        steady.run(start + YEAR, Mono(7_000_000));
        assert_eq!(steady.at(Mono(7_000_000)), start + WITHIN + ACROSS);
        assert_eq!(
            steady.at(Mono(8_000_000)),
            start + WITHIN + ACROSS + Duration::from_secs(1)
        );
    }

    #[test]
    fn a_checkpoint_says_what_its_label_stands_for() {
        let mut steady = Steady::default();
        steady.set(Wall(5), Wall(900));
        assert_eq!(steady.read(Wall(903)), Wall(8));
    }
}
