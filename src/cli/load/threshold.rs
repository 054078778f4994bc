//! What must hold of a load: `p99<5ms` or `errors<1%`, as in k6.

use super::figure;
use super::kept::KeptThreshold;
use crate::engine::seam::duration;
use crate::io::drive::load::Figures;
use std::fmt;
use std::str::FromStr;

/// A figure, a comparison, a bound.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Threshold {
    text: String,
    figure: Figure,
    below: bool,
    or_equal: bool,
    bound: f64,
    /// The bound is a share of the requests that were meant to be sent, in percent.
    is_share: bool,
}

/// What can be bounded: latencies in microseconds, counts, and rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    P50,
    P90,
    P99,
    P999,
    Max,
    Approved,
    Declined,
    Timeouts,
    Errors,
    Dropped,
    Strays,
    Failed,
    Tps,
}

const FIGURES: [(&str, Figure); 13] = [
    ("p50", Figure::P50),
    ("p90", Figure::P90),
    ("p99", Figure::P99),
    ("p999", Figure::P999),
    ("max", Figure::Max),
    ("approved", Figure::Approved),
    ("declined", Figure::Declined),
    ("timeouts", Figure::Timeouts),
    ("errors", Figure::Errors),
    ("dropped", Figure::Dropped),
    ("strays", Figure::Strays),
    ("failed", Figure::Failed),
    ("tps", Figure::Tps),
];

const WANTED: &str = "a threshold is FIGURE<BOUND or FIGURE>BOUND, such as p99<5ms or errors<1%; \
                      figures: p50 p90 p99 p999 max (a time), tps (a number), approved declined \
                      timeouts errors dropped strays, failed for timeouts, errors and dropped \
                      together (a number, or a share in %)";

impl FromStr for Threshold {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = text.find(['<', '>']).ok_or(WANTED)?;
        let (name, rest) = text.split_at(at);
        let below = rest.starts_with('<');
        let rest = rest.get(1..).unwrap_or_default();
        let (or_equal, bound) = match rest.strip_prefix('=') {
            Some(bound) => (true, bound),
            None => (false, rest),
        };
        let known = FIGURES.iter().find(|(known, _)| *known == name.trim());
        let figure = known.ok_or(WANTED)?.1;
        let bound = bound.trim();
        let share = bound.strip_suffix('%').filter(|_| figure.is_count());
        let number = |text: &str| text.trim().parse().ok().ok_or(WANTED);
        let bound = match share {
            Some(share) => number(share)?,
            None if figure.is_time() => {
                let time = duration(bound).ok_or("a latency is bounded by a time, such as 5ms")?;
                time.as_secs_f64() * 1e6
            }
            None => number(bound)?,
        };
        Ok(Self {
            text: text.to_owned(),
            figure,
            below,
            or_equal,
            bound,
            is_share: share.is_some(),
        })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Figure {
    const fn is_time(self) -> bool {
        matches!(
            self,
            Self::P50 | Self::P90 | Self::P99 | Self::P999 | Self::Max
        )
    }

    const fn is_count(self) -> bool {
        !self.is_time() && !matches!(self, Self::Tps)
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn of(self, figures: &Figures) -> f64 {
        let latency = figures.latencies.quantiles();
        let count = match self {
            Self::P50 => latency.p50,
            Self::P90 => latency.p90,
            Self::P99 => latency.p99,
            Self::P999 => latency.p999,
            Self::Max => latency.max,
            Self::Approved => figures.approved,
            Self::Declined => figures.declined,
            Self::Timeouts => figures.timeouts,
            Self::Errors => figures.errors,
            Self::Dropped => figures.dropped,
            Self::Strays => figures.strays,
            Self::Failed => figures.failed(),
            Self::Tps => return figures.tps(),
        };
        count as f64
    }
}

impl Threshold {
    /// What was measured, and whether that holds.
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a latency is a whole number of microseconds"
    )]
    pub(super) fn judge(&self, figures: &Figures) -> KeptThreshold {
        let mut measured = self.figure.of(figures);
        if self.is_share {
            measured *= 100.0 / (figures.offered as f64).max(1.0);
        }
        let strictly = if self.below {
            measured < self.bound
        } else {
            measured > self.bound
        };
        let equal = self.or_equal && (measured - self.bound).abs() < f64::EPSILON;
        // Without a single answer no latency was measured.
        let is_measured = !self.figure.is_time() || figures.latencies.count() > 0;
        let told = match self.is_share {
            true => format!("{measured:.2}%"),
            false if !is_measured => "-".to_owned(),
            false if self.figure.is_time() => figure::time(measured as u64),
            false if self.figure.is_count() => format!("{measured:.0}"),
            false => figure::mean(measured),
        };
        KeptThreshold {
            threshold: self.text.clone(),
            measured: told,
            holds: is_measured && (strictly || equal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let mut figures = Figures {
            offered: 1000,
            sent: 1000,
            approved: 980,
            declined: 10,
            timeouts: 10,
            micros: 10_000_000,
            ..Figures::default()
        };
        figures.latencies.record(900, 980);
        figures.latencies.record(5000, 20);
        figures
    }

    #[test]
    fn thresholds_bound_latencies_counts_shares_and_rates() {
        let figures = figures();
        for (text, holds, measured) in [
            ("p50<1ms", true, "900 us"),
            ("p99<5ms", false, "5.00 ms"),
            ("p99 < 6ms", true, "5.00 ms"),
            ("timeouts<1", false, "10"),
            ("timeouts<=1%", true, "1.00%"),
            ("failed<1%", false, "1.00%"),
            ("errors<1", true, "0"),
            ("approved>97.5%", true, "98.00%"),
            ("tps>98.5", true, "99.0"),
        ] {
            let threshold: Threshold = text.parse().unwrap();
            let judged = threshold.judge(&figures);
            assert_eq!(
                (judged.holds, judged.measured.as_str()),
                (holds, measured),
                "{text}"
            );
        }
    }

    #[test]
    fn a_latency_that_was_never_measured_does_not_hold() {
        let threshold: Threshold = "p99<5ms".parse().unwrap();
        assert!(!threshold.judge(&Figures::default()).holds);
    }

    #[test]
    fn a_wrong_threshold_is_told_what_is_wanted() {
        for wrong in [
            "p99", "p98<5ms", "p99<5", "tps>x", "<5ms", "p99<1%", "tps>1%",
        ] {
            assert!(wrong.parse::<Threshold>().is_err(), "{wrong}");
        }
    }
}
