//! What records and counts mean for the metrics.

use crate::engine::record::{Fact, Hop, Logged, Record};
use crate::io::telemetry::Metrics;

/// Counts what a record says.
pub(super) fn record(metrics: &Metrics, record: &Record) {
    match &record.fact {
        Fact::Step(step) => {
            metrics.state(step.state);
            if let Some(logged) = &step.message {
                message(metrics, logged);
            }
        }
        Fact::Session(logged) => message(metrics, logged),
        Fact::Unmatched(unmatched) => {
            metrics.unmatched(unmatched.ambiguous);
            message(metrics, &unmatched.message);
        }
        Fact::Unreadable(unreadable) => metrics.unreadable(unreadable.hop),
        Fact::Started { .. }
        | Fact::Stopped
        | Fact::Line(_)
        | Fact::Shadow(_)
        | Fact::ShadowTally(_)
        | Fact::Operated(_)
        | Fact::Keys(_)
        | Fact::Tombstone(_)
        | Fact::CheckpointBegin
        | Fact::Carried(_)
        | Fact::CheckpointEnd => {}
    }
}

fn message(metrics: &Metrics, logged: &Logged) {
    metrics.message(logged.hop);
    let onward = match logged.hop {
        Hop::TerminalToGateway => Hop::GatewayToAcquirer,
        Hop::AcquirerToGateway => Hop::GatewayToTerminal,
        Hop::GatewayToAcquirer | Hop::GatewayToTerminal => return,
    };
    // Passed on unchanged: one record stands for both hops.
    if logged.relayed.is_some() {
        metrics.message(onward);
    }
}

/// A count as metrics want it; exact up to 2^32, and none comes near.
pub(super) fn as_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
