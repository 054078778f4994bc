//! The handles of all metrics.

use super::names::{self, MetricName};
use super::refused::{DisconnectReason, HandshakeFault};
use crate::engine::record::{Hop, State};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, SharedString};
use std::fmt;

/// One handle a metric and label: nothing is looked up while messages pass.
pub struct Metrics {
    messages: [Counter; 4],
    unreadable: [Counter; 4],
    states: [Counter; State::ALL.len()],
    unmatched: [Counter; 2],
    /// Requests that wait for an answer.
    pub in_flight: Gauge,
    /// Live transactions.
    pub live: Gauge,
    /// Reversals that are due or on the wire.
    pub reversals: Gauge,
    /// Terminals remembered.
    pub terminals: Gauge,
    /// Terminals that have come in since the start.
    pub terminals_seen: Gauge,
    /// Open connections of terminals.
    pub terminal_connections: Gauge,
    /// Open connections of links.
    pub acquirer_connections: Gauge,
    /// Connections refused at a limit.
    pub turned_away: Counter,
    disconnected: [Counter; DisconnectReason::ALL.len()],
    tls_refused: [Counter; HandshakeFault::ALL.len()],
    /// Requests that a shadow answered as the acquirer did.
    pub shadow_same: Counter,
    /// Those that it answered otherwise, or not.
    pub shadow_different: Counter,
    /// Messages that no shadow was sent.
    pub shadow_left_out: Counter,
    /// Sends that wait.
    pub unsent: Gauge,
    /// Sends taken back.
    pub revoked: Counter,
    /// Questions of the core to the journal.
    pub recalls: Counter,
    /// Records a batch.
    pub batch_records: Histogram,
    /// How long a commit takes.
    pub commit_seconds: Histogram,
    /// Whether the journal's disk is nearly full, or full.
    pub disk_low: Gauge,
    /// The last record on disk.
    pub durable: Gauge,
}

const HOPS: [Hop; 4] = [
    Hop::TerminalToGateway,
    Hop::GatewayToAcquirer,
    Hop::AcquirerToGateway,
    Hop::GatewayToTerminal,
];

static METADATA: Metadata<'_> = Metadata::new("isogate", Level::INFO, None);

fn key(name: MetricName, label: Option<(&'static str, &'static str)>) -> Key {
    let labels = label.map(|(label, value)| Label::from_static_parts(label, value));
    Key::from_parts(name.name, labels.into_iter().collect::<Vec<_>>())
}

/// Labels whose values are known only while a gateway runs.
type Labels = Vec<(&'static str, String)>;

fn labelled(name: MetricName, labels: Labels) -> Key {
    let labels = labels
        .into_iter()
        .map(|(label, value)| Label::new(label, value));
    Key::from_parts(name.name, labels.collect::<Vec<_>>())
}

/// Registers one metric after the other.
pub(super) struct Registry<'r>(pub &'r dyn Recorder);

impl Registry<'_> {
    pub(super) fn counter(
        &self,
        name: MetricName,
        label: Option<(&'static str, &'static str)>,
    ) -> Counter {
        let help = SharedString::const_str(name.help);
        self.0.describe_counter(name.name.into(), None, help);
        self.0.register_counter(&key(name, label), &METADATA)
    }

    pub(super) fn gauge(
        &self,
        name: MetricName,
        label: Option<(&'static str, &'static str)>,
    ) -> Gauge {
        let help = SharedString::const_str(name.help);
        self.0.describe_gauge(name.name.into(), None, help);
        self.0.register_gauge(&key(name, label), &METADATA)
    }

    pub(super) fn labelled_counter(&self, name: MetricName, labels: Labels) -> Counter {
        let help = SharedString::const_str(name.help);
        self.0.describe_counter(name.name.into(), None, help);
        self.0.register_counter(&labelled(name, labels), &METADATA)
    }

    pub(super) fn labelled_gauge(&self, name: MetricName, labels: Labels) -> Gauge {
        let help = SharedString::const_str(name.help);
        self.0.describe_gauge(name.name.into(), None, help);
        self.0.register_gauge(&labelled(name, labels), &METADATA)
    }

    pub(super) fn labelled_histogram(&self, name: MetricName, labels: Labels) -> Histogram {
        let help = SharedString::const_str(name.help);
        self.0.describe_histogram(name.name.into(), None, help);
        let key = labelled(name, labels);
        self.0.register_histogram(&key, &METADATA)
    }

    fn histogram(&self, name: MetricName) -> Histogram {
        let help = SharedString::const_str(name.help);
        self.0.describe_histogram(name.name.into(), None, help);
        self.0.register_histogram(&key(name, None), &METADATA)
    }
}

impl Metrics {
    /// Registers every metric, so that all are shown from the start, at zero.
    pub(super) fn new(recorder: &dyn Recorder) -> Self {
        let registry = Registry(recorder);
        let by_hop = |name| HOPS.map(|hop| registry.counter(name, Some(("hop", hop.name()))));
        let connections = |side| registry.gauge(names::CONNECTIONS, Some(("side", side)));
        Self {
            messages: by_hop(names::MESSAGES),
            unreadable: by_hop(names::UNREADABLE),
            states: State::ALL
                .map(|state| registry.counter(names::STATES, Some(("state", state.name())))),
            unmatched: ["no_request", "several_fit"]
                .map(|reason| registry.counter(names::UNMATCHED, Some(("reason", reason)))),
            in_flight: registry.gauge(names::IN_FLIGHT, None),
            live: registry.gauge(names::LIVE, None),
            reversals: registry.gauge(names::REVERSALS, None),
            terminals: registry.gauge(names::TERMINALS, None),
            terminals_seen: registry.gauge(names::TERMINALS_SEEN, None),
            terminal_connections: connections("terminal"),
            acquirer_connections: connections("acquirer"),
            turned_away: registry.counter(names::TURNED_AWAY, None),
            disconnected: DisconnectReason::ALL
                .map(|fault| registry.counter(names::DISCONNECTED, Some(("fault", fault.name())))),
            tls_refused: HandshakeFault::ALL.map(|reason| {
                registry.counter(names::TLS_REFUSED, Some(("reason", reason.name())))
            }),
            shadow_same: registry.counter(names::SHADOW, Some(("answer", "same"))),
            shadow_different: registry.counter(names::SHADOW, Some(("answer", "different"))),
            shadow_left_out: registry.counter(names::SHADOW_LEFT_OUT, None),
            unsent: registry.gauge(names::UNSENT, None),
            revoked: registry.counter(names::REVOKED, None),
            recalls: registry.counter(names::RECALLS, None),
            batch_records: registry.histogram(names::BATCH),
            commit_seconds: registry.histogram(names::COMMIT),
            disk_low: registry.gauge(names::DISK_LOW, None),
            durable: registry.gauge(names::DURABLE, None),
        }
    }

    /// A message went this way.
    pub fn message(&self, hop: Hop) {
        count(&self.messages, hop);
    }

    /// A frame that came this way could not be read.
    pub fn unreadable(&self, hop: Hop) {
        count(&self.unreadable, hop);
    }

    /// A message answered no request, or could answer several.
    pub fn unmatched(&self, several: bool) {
        if let Some(counter) = self.unmatched.get(usize::from(several)) {
            counter.increment(1);
        }
    }

    /// A peer was disconnected.
    pub fn disconnected(&self, fault: DisconnectReason) {
        if let Some(counter) = self.disconnected.get(fault as usize) {
            counter.increment(1);
        }
    }

    /// A TLS handshake came to nothing.
    pub fn tls_refused(&self, reason: HandshakeFault) {
        if let Some(counter) = self.tls_refused.get(reason as usize) {
            counter.increment(1);
        }
    }

    /// A transaction entered a state.
    pub fn state(&self, state: State) {
        if let Some(counter) = self.states.get(state as usize) {
            counter.increment(1);
        }
    }
}

fn count(counters: &[Counter; 4], hop: Hop) {
    if let Some(counter) = counters.get(hop as usize) {
        counter.increment(1);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
