//! Keeps what was counted, and prints it.

use super::meters::Metrics;
use super::names;
use metrics::Recorder;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt;

/// The counts of one gateway. Clones show the same counts.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

/// Commits take from a tenth of a millisecond to the stalls of tired disks.
const COMMIT_SECONDS: &[f64] = &[
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
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
        (Self(recorder.handle()), metrics)
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
    fn two_gateways_do_not_mix() {
        let (exporter, _metrics) = Exporter::new();
        let (_, other) = Exporter::new();
        other.turned_away.increment(1);
        assert!(exporter.render().contains("isogate_turned_away_total 0"));
    }
}
