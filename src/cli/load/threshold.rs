//! What must hold of a load: `p99<5ms`, as in k6.

use crate::io::config::parse_time;
use crate::io::drive::load::LoadReport;
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
}

/// What can be bounded: latencies in microseconds, counts, and rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    P50,
    P90,
    P99,
    P999,
    Max,
    Declined,
    Timeouts,
    Errors,
    Dropped,
    Tps,
}

const FIGURES: [(&str, Figure); 10] = [
    ("p50", Figure::P50),
    ("p90", Figure::P90),
    ("p99", Figure::P99),
    ("p999", Figure::P999),
    ("max", Figure::Max),
    ("declined", Figure::Declined),
    ("timeouts", Figure::Timeouts),
    ("errors", Figure::Errors),
    ("dropped", Figure::Dropped),
    ("tps", Figure::Tps),
];

const WANTED: &str = "a threshold is FIGURE<BOUND or FIGURE>BOUND, such as p99<5ms; figures: p50 \
                      p90 p99 p999 max declined timeouts errors dropped tps";

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
        let bound = if figure.is_time() {
            let time = parse_time(bound).ok_or("a latency is bounded by a time, such as 5ms")?;
            time.as_secs_f64() * 1e6
        } else {
            bound.parse().ok().ok_or(WANTED)?
        };
        Ok(Self {
            text: text.to_owned(),
            figure,
            below,
            or_equal,
            bound,
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

    fn of(self, report: &LoadReport) -> f64 {
        let latency = report.latency;
        let count = match self {
            Self::P50 => latency.p50,
            Self::P90 => latency.p90,
            Self::P99 => latency.p99,
            Self::P999 => latency.p999,
            Self::Max => latency.max,
            Self::Declined => report.declined,
            Self::Timeouts => report.timeouts,
            Self::Errors => report.errors,
            Self::Dropped => report.dropped,
            Self::Tps => return report.tps,
        };
        u32::try_from(count).map_or(f64::INFINITY, f64::from)
    }
}

impl Threshold {
    /// Whether it holds.
    pub(super) fn holds(&self, report: &LoadReport) -> bool {
        let measured = self.figure.of(report);
        let strictly = if self.below {
            measured < self.bound
        } else {
            measured > self.bound
        };
        strictly || (self.or_equal && (measured - self.bound).abs() < f64::EPSILON)
    }

    /// What was measured, in words.
    pub(super) fn measured(&self, report: &LoadReport) -> String {
        let measured = self.figure.of(report);
        if self.figure.is_time() {
            format!("{measured} us")
        } else {
            format!("{measured:.1}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::drive::load::Latency;

    #[test]
    fn thresholds_bound_latencies_counts_and_rates() {
        let report = LoadReport {
            offered: 100.0,
            sent: 1000,
            answered: 990,
            approved: 980,
            declined: 10,
            timeouts: 10,
            errors: 0,
            dropped: 0,
            tps: 99.0,
            latency: Latency {
                p99: 5000,
                ..Latency::default()
            },
        };
        for (text, holds) in [
            ("p99<5ms", false),
            ("p99<=5ms", true),
            ("p99 < 6ms", true),
            ("timeouts<1", false),
            ("errors<1", true),
            ("tps>98.5", true),
        ] {
            let threshold: Threshold = text.parse().unwrap();
            assert_eq!(threshold.holds(&report), holds, "{text}");
        }
        for wrong in ["p99", "p98<5ms", "p99<5", "tps>x", "<5ms"] {
            assert!(wrong.parse::<Threshold>().is_err(), "{wrong}");
        }
    }
}
