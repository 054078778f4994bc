//! What can be seen of a running gateway from outside: metrics and logs.
//!
//! [`names`] holds the name of every metric and span with what it means. [`Metrics`] holds their
//! handles, looked up once, so that counting a message costs an addition. [`Exporter`] keeps what
//! was counted and prints it for Prometheus; it runs no server, and there is no global recorder, so
//! several gateways in one process do not mix. [`log`] sets up the log.
//! `TraceSender` sends transactions to a tracing system (feature `otel`).
//!
//! Nothing here ever holds bytes of a message.

pub mod names;

mod exporter;

mod refused;

mod meters;

mod figure_meters;

mod pulse;

pub mod log;

#[cfg(feature = "otel")]
mod traces;

pub use exporter::Exporter;
pub use figure_meters::FigureMeters;
pub use meters::Metrics;
pub use pulse::{Pulse, PulseBeat, PulseTurn};
pub use refused::{DisconnectReason, HandshakeFault};
#[cfg(feature = "otel")]
pub use traces::{TraceError, TraceSender};
