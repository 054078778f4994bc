//! Keeps what was counted, and prints it.

use super::figure_meters::FigureMeters;
use super::meters::Metrics;
use super::names;
use metrics::Recorder;
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use std::fmt;
use std::sync::Arc;

/// The counts of one gateway. Clones show the same counts.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle, Arc<PrometheusRecorder>);

/// Commits take from a tenth of a millisecond to the stalls of tired disks.
const COMMIT_SECONDS: &[f64] = &[
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];
/// Answers take from a millisecond to the patience of terminals.
const ANSWER_SECONDS: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 45.0, 60.0,
];
const BATCH_RECORDS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 2000.0, 10_000.0,
];

impl Exporter {
    /// An exporter, and the metrics whose counts it shows.
    #[must_use]
    pub fn new() -> (Self, Metrics) {
        let buckets = [
            (names::COMMIT, COMMIT_SECONDS),
            (names::BATCH, BATCH_RECORDS),
            (names::ANSWER, ANSWER_SECONDS),
            (names::WAIT, ANSWER_SECONDS),
        ];
        let builder =
            buckets
                .into_iter()
                .fold(PrometheusBuilder::new(), |builder, (name, bounds)| {
                    let matcher = Matcher::Full(name.name.to_owned());
                    builder
                        .set_buckets_for_metric(matcher, bounds)
                        .unwrap_or_default()
                });
        let recorder = builder.build_recorder();
        let metrics = Metrics::new(&recorder as &dyn Recorder);
        (Self(recorder.handle(), Arc::new(recorder)), metrics)
    }

    /// Handles of those metrics that are made of a gateway's beats, for links of these names.
    #[must_use]
    pub fn figure_meters(&self, links: &[String]) -> FigureMeters {
        let recorder: Arc<PrometheusRecorder> = Arc::clone(&self.1);
        FigureMeters::new(recorder, links)
    }

    /// Everything counted so far, in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what was measured since the last call into its buckets; to be called now and then, or
    /// measurements that nobody fetches pile up.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::{Hop, State};

    #[test]
    fn what_is_counted_is_shown_with_its_meaning() {
        let (exporter, metrics) = Exporter::new();
        metrics.message(Hop::TerminalToGateway);
        metrics.message(Hop::TerminalToGateway);
        metrics.state(State::Reversed);
        metrics.commit_seconds.record(0.0003);
        let text = exporter.render();
        for line in [
            "# HELP isogate_messages_total Messages in and out, by hop: T>G, G>A, A>G, G>T.",
            "isogate_messages_total{hop=\"T>G\"} 2",
            "isogate_states_entered_total{state=\"REVERSED\"} 1",
            "isogate_commit_seconds_bucket{le=\"0.0005\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn labels_that_strangers_choose_are_few_and_harmless() {
        let (exporter, _metrics) = Exporter::new();
        let mut meters = exporter.figure_meters(&["acquirer-a".to_owned()]);
        for code in ["00", "", "\"}\n", "A0"] {
            meters.code(code);
        }
        for code in 0..1000 {
            meters.code(&format!("{code:04}"));
        }
        meters.open(&[("U2", "156".to_owned(), [1, 888, 5])]);
        meters.open(&[("U5", "156".to_owned(), [2, 999, 6])]);
        let text = exporter.render();
        for line in [
            "isogate_answers_total{code=\"00\"} 1",
            "isogate_answers_total{code=\"none\"} 1",
            "isogate_answers_total{code=\"other\"} 877",
            "isogate_open{class=\"U2\",currency=\"156\"} 0",
            "isogate_open_minor_units{class=\"U5\",currency=\"156\"} 999",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn two_gateways_do_not_mix() {
        let (exporter, _metrics) = Exporter::new();
        let (_, other) = Exporter::new();
        other.turned_away.increment(1);
        assert!(exporter.render().contains("isogate_turned_away_total 0"));
    }
}
