//! What stands between the core and the outside: one body, driven by sockets and threads in a
//! gateway that runs, and by virtual time in a simulated world.
//!
//! [`Driver`] owns the core. It takes in what happened, hands records over to the journal, holds
//! each send back until the record that explains it is safe, takes sends back, and tells the core
//! what became of them. [`Committer`] owns the journal: it appends, says when to sync, how the
//! disk is, when a checkpoint is due, which keys and segments may go. Neither waits: time is handed
//! in, and that there is something to do is told to the [`Rim`]. What has a socket, a file, a
//! thread or a clock is deliberately the rim's.
//!
//! Start with [`Driver::happened`], the way in, and [`Driver::turn`], the way out.
#![deny(clippy::wildcard_enum_match_arm)]

mod outbound;

mod rim;

mod outbox;

mod body;

mod connections;

mod commit;

mod shadow;

pub use body::Driver;
pub use commit::{CommitRules, Committer, Disk, KeyRing, Next, Progress, Woken, hour};
pub use connections::{Crowded, Received};
pub use outbound::{ByteSink, Flushed, Outbound, Taken};
pub use outbox::{Side, Trouble};
pub use rim::{JournalDoor, Rim};
pub use shadow::{ShadowOutcome, ShadowPairs};

#[cfg(test)]
mod tests;
