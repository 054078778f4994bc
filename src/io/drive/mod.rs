//! The lab's brains over TCP: [`Host`] carries an acquirer, [`Fleet`] carries terminals, each on a
//! thread of its own. What they say and when is decided by [`crate::lab::peer`]; here are sockets
//! and clocks only. [`Call`] is a connection in the hands of a person; [`load`] offers messages at
//! a rate that does not wait for answers, and measures; [`play`] sends what was captured.
//!
//! Start with [`Host::start`].

mod asks;

mod call;

mod host;

mod fleet;

mod office_files;

mod lab;

mod story;

mod replay;

mod answers;

#[cfg(test)]
mod tests;

pub mod load;

pub use answers::AnswerHost;
pub use call::{Call, CallError};
pub use fleet::{Fleet, TerminalSight};
pub use host::Host;
pub use lab::{LAB_DRAIN, Lab, LabError, LabOptions, LabProgress, LabReport, USUAL_FAULTS};
pub use office_files::OfficeReport;
pub use replay::{ReplayError, ReplayTold, play};
pub use story::SocketPlace;

/// Sleeps until a moment; for ever without one.
async fn sleep_until(due: Option<std::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
