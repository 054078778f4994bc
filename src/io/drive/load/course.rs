//! What a load offers over time: at a rate that is even or changes, as fast as answers come, or at
//! ever other rates in search of the highest that holds.

use super::measure::{Figures, count};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A rate for some time, changing evenly from its first value to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Requests a second at its beginning.
    pub from: u32,
    /// The same at its end.
    pub to: u32,
    /// For how long.
    pub length: Duration,
}

impl Stretch {
    /// At an even rate.
    #[must_use]
    pub const fn even(rate: u32, length: Duration) -> Self {
        Self {
            from: rate,
            to: rate,
            length,
        }
    }

    /// How many requests it offers.
    #[must_use]
    pub fn requests(self) -> u64 {
        let both = u128::from(self.from) + u128::from(self.to);
        u64::try_from(both * self.length.as_micros() / 2_000_000).unwrap_or(u64::MAX)
    }

    /// When the request with this number is due, counted from the beginning; 0 is at once.
    pub(super) fn due(self, number: u64) -> Duration {
        let (from, to) = (f64::from(self.from), f64::from(self.to));
        let growth = (to - from) / self.length.as_secs_f64().max(1e-9);
        let number = count(number);
        let seconds = if growth == 0.0 {
            number / from.max(1e-9)
        } else {
            // number = from * t + growth * t^2 / 2; beyond a falling ramp's last there is none.
            let root = from.mul_add(from, 2.0 * growth * number);
            (root.sqrt() - from) / growth
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

/// What a load offers.
#[derive(Clone, Debug)]
pub enum Course {
    /// One stretch after another.
    Open(Vec<Stretch>),
    /// As many as may be on their way at any time, for so long: a terminal sends when an answer
    /// came.
    Closed(Duration),
    /// The highest rate that holds.
    Search(RateSearch),
}

impl Course {
    /// Requests that it offers, as far as that is known before.
    pub(super) fn requests(&self) -> Option<u64> {
        match self {
            Self::Open(stretches) => Some(stretches.iter().map(|one| one.requests()).sum()),
            Self::Closed(_) | Self::Search(_) => None,
        }
    }

    /// The highest rate, as far as it is known before.
    pub(super) fn peak(&self) -> Option<u32> {
        match self {
            Self::Open(stretches) => stretches.iter().map(|one| one.from.max(one.to)).max(),
            Self::Search(search) => Some(search.from),
            Self::Closed(_) => None,
        }
    }
}

/// Whether figures are good enough.
#[derive(Clone)]
pub struct RateCriterion(Arc<dyn Fn(&Figures) -> bool + Send + Sync>);

impl RateCriterion {
    /// By a function.
    pub fn new(holds: impl Fn(&Figures) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }
}

impl fmt::Debug for RateCriterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateCriterion")
    }
}

/// A search for the highest rate that holds: doubled until one does not, then halved between the
/// highest that did and the lowest that did not, until they are a twentieth apart.
#[derive(Clone, Debug)]
pub struct RateSearch {
    /// The first rate to try.
    pub from: u32,
    /// For how long each is tried.
    pub length: Duration,
    /// Whether a rate held.
    pub holds: RateCriterion,
    good: Option<u32>,
    bad: Option<u32>,
}

impl RateSearch {
    /// One that begins at `from`.
    #[must_use]
    pub const fn new(from: u32, length: Duration, holds: RateCriterion) -> Self {
        Self {
            from,
            length,
            holds,
            good: None,
            bad: None,
        }
    }

    /// The highest rate that held.
    pub(super) const fn found(&self) -> Option<u32> {
        self.good
    }

    /// Takes in how a rate did.
    pub(super) fn tried(&mut self, rate: u32, figures: &Figures) {
        // A rate that was not offered in full was not held.
        if figures.dropped == 0 && (self.holds.0)(figures) {
            self.good = Some(rate);
        } else {
            self.bad = Some(rate);
        }
    }

    /// The next rate to try.
    pub(super) fn next(&self) -> Option<Stretch> {
        let rate = match (self.good, self.bad) {
            (None, None) => self.from,
            (Some(good), None) => good.checked_mul(2)?,
            // The first was too much already.
            (None, Some(bad)) => bad / 2,
            (Some(good), Some(bad)) if bad - good > (good / 20).max(1) => good + (bad - good) / 2,
            (Some(_), Some(_)) => return None,
        };
        (rate > 0).then(|| Stretch::even(rate, self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_stretch_is_due_in_even_steps() {
        let stretch = Stretch::even(500, Duration::from_secs(2));
        assert_eq!(stretch.requests(), 1000);
        assert_eq!(stretch.due(0), Duration::ZERO);
        assert_eq!(stretch.due(250), Duration::from_millis(500));
    }

    #[test]
    fn a_ramp_offers_the_mean_of_both_ends() {
        for (from, to) in [(0, 1000), (1000, 0), (200, 800)] {
            let length = Duration::from_secs(10);
            let ramp = Stretch { from, to, length };
            assert_eq!(ramp.requests(), 5000);
            let last = ramp.due(4999).as_secs_f64();
            assert!((9.0..=10.0).contains(&last), "{from}..{to}: {last}");
            let half = ramp.due(2500).as_secs_f64();
            assert_eq!(half > 5.0, to > from, "{from}..{to}: {half}");
        }
    }

    #[test]
    fn a_search_closes_in_on_the_highest_rate_that_holds() {
        for limit in [3, 90, 100, 101, 777, 12_345] {
            let holds = RateCriterion::new(move |figures| figures.sent <= limit);
            let mut search = RateSearch::new(100, Duration::from_secs(1), holds);
            let mut tries = 0;
            while let Some(stretch) = search.next() {
                let figures = Figures {
                    sent: stretch.requests(),
                    ..Figures::default()
                };
                search.tried(stretch.from, &figures);
                tries += 1;
                assert!(tries < 30, "it never ends");
            }
            let found = u64::from(search.found().unwrap());
            assert!(
                found <= limit && limit <= found + found / 20 + 1,
                "{found} of {limit}"
            );
        }
    }
}
