//! From the configuration file to a checked [`Config`].
//!
//! Every key has a default, so an empty file is a gateway; every unknown key is refused with the
//! nearest known one; every problem of a file is reported at once, with its line. What comes out
//! is sound: names resolve, dialects are loaded, sizes are within bounds. Nothing is opened, bound
//! or connected here.
//!
//! Paths to keys and dialects are relative to the file's folder; the journal's is relative to the
//! working directory, where `isogate trace` looks for it.
//!
//! Start with [`Config::load`]; what each key means is said at the structs below.

mod problem;

mod setting;

mod settled;

mod section;

mod specs;

mod keys;

mod pem;

mod group;

mod tls;

mod token;

mod allow;

mod translation;

mod ends;

mod faults;

mod load;

#[cfg(test)]
mod tests;

pub use allow::Allow;
pub use keys::read as read_keys;
pub use load::is_loopback;
pub use problem::{ConfigError, Problem};
pub use tls::{ClientTls, ServerTls};
pub use token::{AdminToken, TokenRole};

use crate::engine::gateway::Options;
use crate::iso::spec::Framing;
use crate::lab::fault::Armed;
use std::path::PathBuf;
use std::time::Duration;

/// A whole, sound set-up.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the core is told.
    pub options: Options,
    /// Where terminals come in, as `options.listeners`.
    pub listeners: Vec<ListenerConfig>,
    /// Links to acquirers, as `options.links`.
    pub links: Vec<LinkConfig>,
    /// What goes wrong on the wire, on purpose; numbered.
    pub faults: Vec<Armed>,
    /// What the sockets are held to.
    pub limits: SocketLimits,
    /// The journal.
    pub journal: JournalConfig,
    /// Where metrics and health are served, if at all.
    pub admin: Option<AdminConfig>,
    /// The level of the log, where nothing else says it.
    pub log: Option<&'static str>,
    /// How long a gateway that is told to stop finishes what is in flight.
    pub drain: Duration,
    /// What is allowed, but should be looked at.
    pub warnings: Vec<String>,
    /// Every key and its value, defaults too, as a file that says the same.
    pub settled: String,
}

/// A listener's socket.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// The name that routes know it by.
    pub name: String,
    /// `host:port`; port 0 for any free one.
    pub address: String,
    /// How frames are told apart there.
    pub framing: Framing,
    /// From where terminals may come.
    pub allow: Allow,
    /// How TLS is spoken there; plain without.
    pub tls: Option<ServerTls>,
}

/// A link's sockets.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// `host:port`.
    pub address: String,
    /// How frames are told apart there.
    pub framing: Framing,
    /// How many connections are held.
    pub connections: u16,
    /// The first pause before a lost connection is tried again; doubled up to `last_pause`.
    pub first_pause: Duration,
    /// The longest pause.
    pub last_pause: Duration,
    /// How TLS is spoken; plain without.
    pub tls: Option<ClientTls>,
    /// Who is sent copies.
    pub shadow: Option<ShadowConfig>,
}

/// A host that is sent copies of a link's requests; its answers are compared and go nowhere.
#[derive(Clone, Debug)]
pub struct ShadowConfig {
    /// `host:port`.
    pub address: String,
    /// How TLS is spoken; plain without.
    pub tls: Option<ClientTls>,
    /// How long an answer is waited for.
    pub wait: Duration,
}

/// The administrator's socket.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// `host:port`; port 0 for any free one.
    pub address: String,
    /// How TLS is spoken there; plain without.
    pub tls: Option<ServerTls>,
    /// Who may come; without any, whoever reaches the address may do everything.
    pub tokens: Vec<AdminToken>,
}

/// What sockets are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketLimits {
    /// Connections of terminals, in all.
    pub connections: usize,
    /// The same from one address; loopback is exempt.
    pub per_address: usize,
    /// The longest frame in bytes, length prefix not counted.
    pub frame: usize,
    /// How long a frame may take from its first byte to its last.
    pub frame_time: Duration,
    /// How long a TLS handshake may take.
    pub handshake_time: Duration,
    /// TLS handshakes that are made at once.
    pub handshakes: usize,
    /// Bytes that may wait to be written to a terminal before no more is read from it.
    pub unwritten: usize,
    /// How long a peer may take nothing of what waits before it is disconnected.
    pub stuck: Duration,
}

/// The journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Its folder.
    pub path: PathBuf,
    /// The file of the keys that seal it, outside of its folder.
    pub keys: PathBuf,
    /// What of a frame is kept.
    pub keep: FrameKeeping,
    /// How long it is kept.
    pub retain: Duration,
    /// Whether a send waits for the record that explains it to be on disk.
    pub durability: Durability,
}

/// What of a frame the journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKeeping {
    /// Masked, and sealed while a reversal may need it.
    Safe,
    /// Whole frames, sealed: test cards only.
    All,
}

/// What a send waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The record that explains it is on disk.
    Strict,
    /// Nothing: a crash may lose what was sent last.
    Async,
}
