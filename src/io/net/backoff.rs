//! How long to wait before a lost peer is tried again.

use crate::engine::seam::Dice;
use std::time::Duration;

/// Pauses that double up to a longest one, each drawn from half its length to its whole, so that
/// many who lost the same peer do not come back at once.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    last: Duration,
    next: Duration,
    dice: Dice,
}

impl Backoff {
    /// From `first` to `last`.
    #[must_use]
    pub const fn new(first: Duration, last: Duration, dice: Dice) -> Self {
        Self {
            first,
            last,
            next: first,
            dice,
        }
    }

    /// Changes the first and the longest pause.
    pub fn set(&mut self, first: Duration, last: Duration) {
        if (self.first, self.last) != (first, last) {
            (self.first, self.last, self.next) = (first, last, first);
        }
    }

    /// The peer answered: the next pause is the first again.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }

    /// The next pause.
    pub fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.last);
        let micros = u64::try_from(whole.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.dice.between(micros / 2, micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_jitter_and_start_anew() {
        let [first, last] = [200, 1000].map(Duration::from_millis);
        let mut backoff = Backoff::new(first, last, Dice::new(1));
        for whole in [200, 400, 800, 1000, 1000].map(Duration::from_millis) {
            let pause = backoff.pause();
            assert!(
                whole / 2 <= pause && pause <= whole,
                "{pause:?} of {whole:?}"
            );
        }
        backoff.reset();
        assert!(backoff.pause() <= first);
    }
}
