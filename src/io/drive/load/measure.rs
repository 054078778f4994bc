//! What is measured: counts and latencies, of the whole, of each stretch, and second by second.

use super::course::Stretch;
use crate::iso::message::Text;
use hdrhistogram::Histogram;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

/// Latencies in microseconds: three digits of precision up to an hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latencies(Option<Histogram<u64>>);

/// An hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

impl Latencies {
    /// Takes one in, as often as said.
    pub fn record(&mut self, micros: u64, times: u64) {
        if self.0.is_none() {
            // These bounds are always sound.
            self.0 = Histogram::new_with_bounds(1, LONGEST, 3).ok();
        }
        if let Some(all) = &mut self.0 {
            all.saturating_record_n(micros, times);
        }
    }

    /// What a share of all, such as 0.99, does not exceed.
    #[must_use]
    pub fn at(&self, share: f64) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |all| all.value_at_quantile(share))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The distinct values, ascending, each with how often it came.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.0.iter().flat_map(Histogram::iter_recorded);
        recorded.map(|value| (value.value_iterated_to(), value.count_at_value()))
    }

    /// The usual quantiles.
    #[must_use]
    pub fn quantiles(&self) -> Latency {
        Latency {
            p50: self.at(0.5),
            p90: self.at(0.9),
            p99: self.at(0.99),
            p999: self.at(0.999),
            max: self.0.as_ref().map_or(0, Histogram::max),
        }
    }
}

impl AddAssign<&Self> for Latencies {
    fn add_assign(&mut self, other: &Self) {
        for (micros, times) in other.values() {
            self.record(micros, times);
        }
    }
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

/// Counts and latencies of some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Requests that were meant to be sent.
    pub offered: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Of these, approved in time.
    pub approved: u64,
    /// Of these, answered in time, and not approved.
    pub declined: u64,
    /// Not answered in time.
    pub timeouts: u64,
    /// Lost with a connection, or meant for one that was not there.
    pub errors: u64,
    /// Not sent, since their terminal had too many on their way, or no number left.
    pub dropped: u64,
    /// Answers that could not be read, or that answered nothing that was waited for.
    pub strays: u64,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// Times from when a request was meant to be sent until its answer; of one that was not
    /// answered in time, the time that it was waited for.
    pub latencies: Latencies,
}

impl Figures {
    /// Answered in time.
    #[must_use]
    pub const fn answered(&self) -> u64 {
        self.approved + self.declined
    }

    /// Timeouts, errors and drops.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        self.timeouts + self.errors + self.dropped
    }

    /// Answers a second.
    #[must_use]
    pub fn tps(&self) -> f64 {
        self.a_second(self.answered())
    }

    /// So many of the whole, a second.
    #[must_use]
    pub fn a_second(&self, of: u64) -> f64 {
        count(of) / (count(self.micros) / 1e6).max(1e-9)
    }
}

impl AddAssign<&Self> for Figures {
    fn add_assign(&mut self, other: &Self) {
        self.offered += other.offered;
        self.sent += other.sent;
        self.approved += other.approved;
        self.declined += other.declined;
        self.timeouts += other.timeouts;
        self.errors += other.errors;
        self.dropped += other.dropped;
        self.strays += other.strays;
        self.micros += other.micros;
        self.latencies += &other.latencies;
    }
}

/// A stretch and its figures. Those of an answer count where its request was meant to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredStretch {
    /// What was offered; in a closed loop from 0 to 0.
    pub stretch: Stretch,
    /// What came of it.
    pub figures: Figures,
}

/// What happened within a second of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasuredSecond {
    /// Requests that were sent.
    pub sent: u64,
    /// Answers that came in time.
    pub answered: u64,
    /// Timeouts, errors and drops.
    pub failed: u64,
    /// Of the answers that came.
    pub latency: Latency,
}

/// How often a kind was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredKind {
    /// Its name in the dialect.
    pub name: Text<24>,
    /// Requests that were sent.
    pub sent: u64,
    /// Of these, approved in time.
    pub approved: u64,
}

/// What came of a load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadReport {
    /// Terminals that connected and signed on.
    pub terminals: usize,
    /// The whole.
    pub total: Figures,
    /// Its stretches, in their order.
    pub stretches: Vec<MeasuredStretch>,
    /// Its seconds.
    pub seconds: Vec<MeasuredSecond>,
    /// Its kinds.
    pub kinds: Vec<MeasuredKind>,
    /// Of a search: the highest rate that held.
    pub found: Option<u32>,
}

/// Counts, as they come in.
#[derive(Debug)]
pub(super) struct Tally {
    began: Instant,
    report: LoadReport,
    second: MeasuredSecond,
    second_latencies: Latencies,
}

/// What became of a request, or of what was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoadEvent {
    Sent,
    Approved(Duration),
    Declined(Duration),
    Timeout(Duration),
    Error,
    Dropped,
    Stray,
}

/// WhichRequest request: of which stretch and which kind, by their places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct WhichRequest {
    pub stretch: usize,
    pub kind: usize,
}

impl Tally {
    /// Begins to count.
    pub(super) fn new(began: Instant, terminals: usize, kinds: Vec<Text<24>>) -> Self {
        let kinds = kinds.into_iter().map(|name| MeasuredKind {
            name,
            sent: 0,
            approved: 0,
        });
        Self {
            began,
            report: LoadReport {
                terminals,
                kinds: kinds.collect(),
                ..LoadReport::default()
            },
            second: MeasuredSecond::default(),
            second_latencies: Latencies::default(),
        }
    }

    /// A stretch begins; gives its place.
    pub(super) fn begin(&mut self, stretch: Stretch) -> usize {
        let figures = Figures::default();
        self.report
            .stretches
            .push(MeasuredStretch { stretch, figures });
        self.report.stretches.len() - 1
    }

    /// A stretch took so long.
    pub(super) fn end(&mut self, stretch: usize, took: Duration) {
        if let Some(measured) = self.report.stretches.get_mut(stretch) {
            measured.figures.micros = micros(took);
        }
    }

    /// A request was meant to be sent.
    pub(super) fn offered(&mut self, stretch: usize) {
        if let Some(measured) = self.report.stretches.get_mut(stretch) {
            measured.figures.offered += 1;
        }
    }

    /// The figures of a stretch.
    pub(super) fn of(&self, stretch: usize) -> Option<&Figures> {
        Some(&self.report.stretches.get(stretch)?.figures)
    }

    /// Something became of a request.
    pub(super) fn came(&mut self, which: WhichRequest, came: LoadEvent) {
        let Some(measured) = self.report.stretches.get_mut(which.stretch) else {
            return;
        };
        let figures = &mut measured.figures;
        let kind = self.report.kinds.get_mut(which.kind);
        match came {
            LoadEvent::Sent => {
                figures.sent += 1;
                self.second.sent += 1;
                kind.into_iter().for_each(|kind| kind.sent += 1);
            }
            LoadEvent::Approved(took) | LoadEvent::Declined(took) => {
                if matches!(came, LoadEvent::Approved(_)) {
                    figures.approved += 1;
                    kind.into_iter().for_each(|kind| kind.approved += 1);
                } else {
                    figures.declined += 1;
                }
                figures.latencies.record(micros(took), 1);
                self.second.answered += 1;
                self.second_latencies.record(micros(took), 1);
            }
            LoadEvent::Timeout(waited) => {
                figures.timeouts += 1;
                figures.latencies.record(micros(waited), 1);
                self.second.failed += 1;
            }
            LoadEvent::Error => {
                figures.errors += 1;
                self.second.failed += 1;
            }
            LoadEvent::Dropped => {
                figures.dropped += 1;
                self.second.failed += 1;
            }
            LoadEvent::Stray => figures.strays += 1,
        }
    }

    /// Time passes: a second that is over is closed.
    pub(super) fn pass(&mut self, now: Instant) {
        let over = now.saturating_duration_since(self.began).as_secs();
        while u64::try_from(self.report.seconds.len()).is_ok_and(|closed| closed < over) {
            self.close_second();
        }
    }

    fn close_second(&mut self) {
        let mut second = std::mem::take(&mut self.second);
        second.latency = std::mem::take(&mut self.second_latencies).quantiles();
        self.report.seconds.push(second);
    }

    /// What was measured so far.
    pub(super) fn report(&self) -> LoadReport {
        let mut report = self.report.clone();
        for measured in &report.stretches {
            report.total += &measured.figures;
        }
        if report.total.micros == 0 {
            report.total.micros = micros(self.began.elapsed());
        }
        report
    }

    /// What was measured, when all is over.
    pub(super) fn into_report(mut self, found: Option<u32>) -> LoadReport {
        if self.second != MeasuredSecond::default() {
            self.close_second();
        }
        self.report.found = found;
        self.report()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Exact up to 2^53, which counts reach in no lifetime.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) const fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(began: Instant) -> Tally {
        let mut tally = Tally::new(began, 1, vec![Text::new("sale").unwrap()]);
        tally.begin(Stretch::even(500, Duration::from_secs(2)));
        tally
    }

    #[test]
    fn quantiles_are_of_all_answers_and_rates_of_the_whole_time() {
        let mut tally = tally(Instant::now());
        let which = WhichRequest::default();
        for n in 1..=1000 {
            tally.came(which, LoadEvent::Sent);
            let took = Duration::from_micros(n);
            tally.came(
                which,
                if n % 10 == 0 {
                    LoadEvent::Declined(took)
                } else {
                    LoadEvent::Approved(took)
                },
            );
        }
        tally.end(0, Duration::from_secs(2));
        let report = tally.into_report(None);
        let total = &report.total;
        assert_eq!(
            (total.answered(), total.approved, total.declined),
            (1000, 900, 100)
        );
        assert_eq!(total.tps().round(), 500.0);
        let Latency { p50, p99, max, .. } = total.latencies.quantiles();
        assert_eq!((p50, p99, max), (500, 990, 1000));
        assert_eq!(
            (report.kinds[0].sent, report.kinds[0].approved),
            (1000, 900)
        );
    }

    #[test]
    fn a_request_that_is_not_answered_counts_with_all_the_time_that_it_was_waited_for() {
        let mut tally = tally(Instant::now());
        for _ in 0..98 {
            tally.came(
                WhichRequest::default(),
                LoadEvent::Approved(Duration::from_millis(1)),
            );
        }
        for _ in 0..2 {
            tally.came(
                WhichRequest::default(),
                LoadEvent::Timeout(Duration::from_secs(10)),
            );
        }
        let latency = tally.into_report(None).total.latencies.quantiles();
        assert_eq!(latency.p50, 1000);
        assert!(latency.p99 >= 9_990_000, "{}", latency.p99);
    }

    #[test]
    fn latencies_merge_without_loss() {
        let (mut one, mut both) = (Latencies::default(), Latencies::default());
        let mut other = Latencies::default();
        for n in 1..2000_u64 {
            let part = if n % 3 == 0 { &mut one } else { &mut other };
            part.record(n * n, 1);
            both.record(n * n, 1);
        }
        one += &other;
        assert_eq!(one.quantiles(), both.quantiles());
        assert_eq!(
            one.values().collect::<Vec<_>>(),
            both.values().collect::<Vec<_>>()
        );
    }

    #[test]
    fn seconds_are_closed_as_time_passes_empty_ones_too() {
        let began = Instant::now();
        let mut tally = tally(began);
        tally.came(WhichRequest::default(), LoadEvent::Sent);
        tally.pass(began + Duration::from_millis(2500));
        tally.came(
            WhichRequest::default(),
            LoadEvent::Approved(Duration::from_millis(3)),
        );
        let seconds = tally.into_report(None).seconds;
        let counts: Vec<_> = seconds.iter().map(|one| (one.sent, one.answered)).collect();
        assert_eq!(counts, [(1, 0), (0, 0), (0, 1)]);
    }
}
