//! The gateway process: one loop that owns core, journal and clock.
//!
//! [`Server::start`] opens the journal, lets the core recover, binds the listeners and then runs
//! everything on one thread: connection tasks read messages and hand them straight to the driver
//! (no channel, no lock); what the core orders is carried out at once, records in a batch for the
//! journal, sends in an outbox until the journal is durable up to the record that explains them.
//! Each turn of the loop writes every socket once, so that many answers cost one sync and few
//! system calls.
//!
//! Nothing here decides what becomes of a message. A journal that fails is fatal: nothing more is
//! accepted or sent, and the process is to end, since what it promised to remember may be lost.
//!
//! What goes in and out, and in which order, is the [driver](crate::engine::driver)'s; here are its
//! sockets, clock and tasks. Start reading at `run`. Users start with [`Server::start`].

mod clock;

mod count;

mod notice;

mod replies;

mod roster;

mod board;

mod setup;

mod driver;

mod descriptors;

mod settings;

mod shadow;

mod recall;

mod terminals;

mod links;

mod status;

mod ends;

mod run;

mod wire_place;

mod server;

pub mod signals;

#[cfg(test)]
mod tests;

pub use board::{LinkBoard, LinkConnection};
pub use clock::Clock;
pub use roster::{HeardTerminal, Roster};
pub use server::{
    GatewayDeed, Handle, OperatorDesk, OperatorDeskError, Port, Ports, ServeError, Server,
};
pub use setup::{GatewaySetup, LinkSetup, ListenerSetup};
pub use status::Status;
