//! A run as a document: what `--json` prints and `--save` keeps, read back.

use crate::io::drive::load::{
    Figures, Latency, LoadReport, MeasuredKind, MeasuredSecond, MeasuredStretch,
};
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// How a run was asked for, by the names of the options.
pub(super) type LoadSettings = Value;

/// The form of the document.
const FORM: u32 = 1;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptRun {
    /// The form of this document.
    isogate_load: u32,
    /// How it was asked for; of several runs, each.
    pub settings: LoadSettings,
    /// Terminals that signed on.
    pub terminals: usize,
    /// The whole.
    #[serde(flatten)]
    pub total: KeptFigures,
    /// What had to hold.
    pub thresholds: Vec<KeptThreshold>,
    /// Of a search: the highest rate that held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<u32>,
    /// Its stretches.
    pub stretches: Vec<KeptStretch>,
    /// Its kinds.
    pub kinds: Vec<KeptKind>,
    /// Its seconds.
    pub seconds: Vec<KeptSecond>,
}

/// Counts and latencies of some time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptFigures {
    /// Requests a second that were meant to be sent.
    pub offered_tps: f64,
    /// Answers a second.
    pub tps: f64,
    pub offered: u64,
    pub sent: u64,
    pub answered: u64,
    pub approved: u64,
    pub declined: u64,
    pub timeouts: u64,
    pub errors: u64,
    pub dropped: u64,
    pub strays: u64,
    /// How long it took.
    duration_us: u64,
    pub latency_us: KeptLatency,
    /// All latencies: microseconds, and how often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    latencies: Vec<(u64, u64)>,
}

/// Quantiles in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct KeptLatency {
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

/// A threshold, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptThreshold {
    /// As it was asked for.
    pub threshold: String,
    /// What was measured.
    pub measured: String,
    /// Whether that holds.
    pub holds: bool,
}

/// A rate for some time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptStretch {
    /// Requests a second at its beginning; 0 in a closed loop.
    pub from: u32,
    /// The same at its end.
    pub to: u32,
    #[serde(flatten)]
    pub figures: KeptFigures,
}

/// A kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptKind {
    pub kind: String,
    pub sent: u64,
    pub approved: u64,
}

/// A second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptSecond {
    pub sent: u64,
    pub answered: u64,
    pub failed: u64,
    pub latency_us: KeptLatency,
}

impl From<Latency> for KeptLatency {
    fn from(latency: Latency) -> Self {
        let Latency {
            p50,
            p90,
            p99,
            p999,
            max,
        } = latency;
        Self {
            p50,
            p90,
            p99,
            p999,
            max,
        }
    }
}

impl From<&Figures> for KeptFigures {
    fn from(figures: &Figures) -> Self {
        let rate = |count| (figures.a_second(count) * 10.0).round() / 10.0;
        Self {
            offered_tps: rate(figures.offered),
            tps: rate(figures.answered()),
            offered: figures.offered,
            sent: figures.sent,
            answered: figures.answered(),
            approved: figures.approved,
            declined: figures.declined,
            timeouts: figures.timeouts,
            errors: figures.errors,
            dropped: figures.dropped,
            strays: figures.strays,
            duration_us: figures.micros,
            latency_us: figures.latencies.quantiles().into(),
            latencies: figures.latencies.values().collect(),
        }
    }
}

impl KeptFigures {
    /// As they were measured.
    pub(super) fn figures(&self) -> Figures {
        let mut figures = Figures {
            offered: self.offered,
            sent: self.sent,
            approved: self.approved,
            declined: self.declined,
            timeouts: self.timeouts,
            errors: self.errors,
            dropped: self.dropped,
            strays: self.strays,
            micros: self.duration_us,
            ..Figures::default()
        };
        for (micros, times) in &self.latencies {
            figures.latencies.record(*micros, *times);
        }
        figures
    }

    /// Timeouts, errors and drops.
    pub(super) const fn failed(&self) -> u64 {
        self.timeouts + self.errors + self.dropped
    }

    fn without_latencies(&self) -> Self {
        Self {
            latencies: Vec::new(),
            ..self.clone()
        }
    }
}

impl KeptRun {
    /// Of what was measured.
    pub(super) fn new(
        settings: LoadSettings,
        thresholds: Vec<KeptThreshold>,
        report: &LoadReport,
    ) -> Self {
        let second = |second: &MeasuredSecond| KeptSecond {
            sent: second.sent,
            answered: second.answered,
            failed: second.failed,
            latency_us: second.latency.into(),
        };
        let stretch = |one: &MeasuredStretch| KeptStretch {
            from: one.stretch.from,
            to: one.stretch.to,
            figures: KeptFigures::from(&one.figures),
        };
        let kind = |kind: &MeasuredKind| KeptKind {
            kind: kind.name.to_string(),
            sent: kind.sent,
            approved: kind.approved,
        };
        Self {
            isogate_load: FORM,
            settings,
            terminals: report.terminals,
            total: KeptFigures::from(&report.total),
            thresholds,
            found: report.found,
            stretches: report.stretches.iter().map(stretch).collect(),
            kinds: report.kinds.iter().map(kind).collect(),
            seconds: report.seconds.iter().map(second).collect(),
        }
    }

    /// Reads a file that `--save` wrote.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        let run: Self = serde_json::from_str(&text)
            .with_context(|| format!("{name} is no run that `isogate load --save` kept"))?;
        let form = run.isogate_load;
        ensure!(
            form == FORM,
            "{name} was kept in form {form}; this isogate reads form {FORM}"
        );
        Ok(run)
    }

    /// Reads several as one.
    pub(super) fn read_all(files: &[PathBuf]) -> anyhow::Result<Self> {
        let runs = files.iter().map(|file| Self::read(file));
        let mut runs = runs.collect::<anyhow::Result<Vec<_>>>()?.into_iter();
        let first = runs.next().context("no run is named")?;
        Ok(runs.fold(first, Self::merged))
    }

    /// Two runs of the same time, as if one generator had made them: counts and rates add up, and
    /// so do latencies. What had to hold of each of them is not judged again.
    fn merged(self, other: Self) -> Self {
        let (mut total, beside) = (self.total.figures(), other.total.figures());
        let micros = total.micros.max(beside.micros);
        total += &beside;
        total.micros = micros;
        let settings = match self.settings {
            Value::Array(mut all) => {
                all.push(other.settings);
                Value::Array(all)
            }
            one => Value::Array(vec![one, other.settings]),
        };
        let mut kinds = self.kinds;
        for kind in other.kinds {
            match kinds.iter_mut().find(|own| own.kind == kind.kind) {
                Some(own) => {
                    own.sent += kind.sent;
                    own.approved += kind.approved;
                }
                None => kinds.push(kind),
            }
        }
        Self {
            isogate_load: FORM,
            settings,
            terminals: self.terminals + other.terminals,
            total: KeptFigures::from(&total),
            thresholds: Vec::new(),
            found: None,
            stretches: Vec::new(),
            kinds,
            // Quantiles of a second cannot be added up.
            seconds: Vec::new(),
        }
    }

    /// Keeps it in a file.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string(self)?;
        std::fs::write(file, format!("{text}\n"))
            .with_context(|| format!("cannot write {} (--save)", file.display()))
    }

    /// The document that is printed: all but every single latency and second.
    pub(super) fn document(&self) -> String {
        let stretches = self.stretches.iter().map(|one| KeptStretch {
            figures: one.figures.without_latencies(),
            ..*one
        });
        let printed = Self {
            settings: self.settings.clone(),
            total: self.total.without_latencies(),
            thresholds: self.thresholds.clone(),
            stretches: stretches.collect(),
            kinds: self.kinds.clone(),
            seconds: Vec::new(),
            ..*self
        };
        serde_json::to_string(&printed).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::drive::load::Stretch;
    use crate::iso::message::Text;
    use serde_json::json;
    use std::time::Duration;

    fn run(latency: u64, sent: u64) -> KeptRun {
        let mut report = LoadReport {
            terminals: 5,
            ..LoadReport::default()
        };
        report.total.offered = sent;
        report.total.sent = sent;
        report.total.approved = sent;
        report.total.micros = 2_000_000;
        report.total.latencies.record(latency, sent);
        report.stretches.push(MeasuredStretch {
            stretch: Stretch::even(50, Duration::from_secs(2)),
            figures: report.total.clone(),
        });
        report.kinds.push(MeasuredKind {
            name: Text::new("sale").unwrap(),
            sent,
            approved: sent,
        });
        KeptRun::new(json!({ "rate": "50" }), Vec::new(), &report)
    }

    #[test]
    fn what_is_kept_is_read_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.json");
        let kept = run(1234, 100);
        kept.write(&file).unwrap();
        let read = KeptRun::read(&file).unwrap();
        assert_eq!(read.total.figures(), kept.total.figures());
        assert_eq!(
            serde_json::to_value(&read).unwrap(),
            serde_json::to_value(&kept).unwrap()
        );
        std::fs::write(&file, "{}").unwrap();
        let error = KeptRun::read(&file).unwrap_err().to_string();
        assert!(
            error.ends_with("is no run that `isogate load --save` kept"),
            "{error}"
        );
    }

    #[test]
    fn runs_merge_as_if_one_generator_had_made_them() {
        let both = run(1000, 100).merged(run(9000, 100));
        assert_eq!(
            (both.terminals, both.total.sent, both.kinds[0].sent),
            (10, 200, 200)
        );
        assert!((both.total.tps - 100.0).abs() < 0.01, "{}", both.total.tps);
        let KeptLatency { p50, p99, .. } = both.total.latency_us;
        assert!((999..=1001).contains(&p50) && (8990..=9010).contains(&p99));
    }

    #[test]
    fn the_printed_document_has_its_settings_and_no_single_latencies() {
        let document: Value = serde_json::from_str(&run(1234, 100).document()).unwrap();
        assert_eq!(document["settings"]["rate"], "50");
        assert_eq!(
            (&document["approved"], &document["tps"]),
            (&json!(100), &json!(50.0))
        );
        assert_eq!(document["latencies"], Value::Null);
        assert_eq!(document["stretches"][0]["latencies"], Value::Null);
    }
}
