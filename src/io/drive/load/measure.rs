//! What is measured.

use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// What came of a load.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadReport {
    /// Requests a second that were meant to be sent.
    pub offered: f64,
    /// Requests that were sent.
    pub sent: u64,
    /// Of these, answered in time.
    pub answered: u64,
    /// Of these, approved.
    pub approved: u64,
    /// Not approved.
    pub declined: u64,
    /// Not answered in time.
    pub timeouts: u64,
    /// Lost with a connection, or meant for one that was not there.
    pub errors: u64,
    /// Not sent, since their terminal had too many on their way.
    pub dropped: u64,
    /// Answers a second.
    pub tps: f64,
    /// Time from when a request was meant to be sent until its answer.
    pub latency: Latency,
}

/// Quantiles in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// The median.
    pub p50: u64,
    /// Of ten, nine are at most this.
    pub p90: u64,
    /// Of a hundred, 99.
    pub p99: u64,
    /// Of a thousand, 999.
    pub p999: u64,
    /// The longest.
    pub max: u64,
}

/// Counts, as they come in.
#[derive(Debug)]
pub(super) struct Tally {
    pub offered: u64,
    pub sent: u64,
    pub approved: u64,
    pub declined: u64,
    pub timeouts: u64,
    pub errors: u64,
    pub dropped: u64,
    began: Instant,
    /// When the last request was meant to be sent.
    pub ended: Option<Instant>,
    latency: Option<Histogram<u64>>,
}

impl Tally {
    /// Begins to count.
    pub(super) fn new(began: Instant) -> Self {
        // Three digits of precision up to whatever comes; these bounds are always sound.
        let latency = Histogram::new_with_bounds(1, 3_600_000_000, 3).ok();
        Self {
            offered: 0,
            sent: 0,
            approved: 0,
            declined: 0,
            timeouts: 0,
            errors: 0,
            dropped: 0,
            began,
            ended: None,
            latency,
        }
    }

    /// An answer came so long after its request was meant to be sent.
    pub(super) fn answered(&mut self, is_approval: bool, took: Duration) {
        if is_approval {
            self.approved += 1;
        } else {
            self.declined += 1;
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(latency) = &mut self.latency {
            latency.saturating_record(micros);
        }
    }

    pub(super) fn report(&self) -> LoadReport {
        let until = self.ended.unwrap_or_else(Instant::now);
        let seconds = until.duration_since(self.began).as_secs_f64().max(1e-9);
        let answered = self.approved + self.declined;
        LoadReport {
            offered: count(self.offered) / seconds,
            sent: self.sent,
            answered,
            approved: self.approved,
            declined: self.declined,
            timeouts: self.timeouts,
            errors: self.errors,
            dropped: self.dropped,
            tps: count(answered) / seconds,
            latency: self.latency.as_ref().map(Latency::of).unwrap_or_default(),
        }
    }
}

impl Latency {
    fn of(latency: &Histogram<u64>) -> Self {
        let at = |quantile| latency.value_at_quantile(quantile);
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: latency.max(),
        }
    }
}

/// Exact up to 2^32, and rounded to it beyond.
fn count(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_all_answers_and_rates_of_the_whole_time() {
        let began = Instant::now();
        let mut tally = Tally::new(began);
        (1..=1000).for_each(|n| tally.answered(n % 10 != 0, Duration::from_micros(n)));
        tally.offered = 2000;
        tally.ended = Some(began + Duration::from_secs(2));
        let report = tally.report();
        assert_eq!(
            (report.answered, report.approved, report.declined),
            (1000, 900, 100)
        );
        assert_eq!(
            (report.offered.round(), report.tps.round()),
            (1000.0, 500.0)
        );
        let Latency { p50, p99, max, .. } = report.latency;
        assert_eq!((p50, p99, max), (500, 990, 1000));
    }
}
