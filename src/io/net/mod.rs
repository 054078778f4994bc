//! Sockets: what comes in and goes out over TCP, bounded everywhere.
//!
//! A connected socket is split into [`Inbound`], which cuts frames and reads messages, and
//! [`Outbound`], which keeps sends until they may go and writes them in one piece. [`Door`] lets
//! peers in up to a limit; [`Backoff`] paces the attempts to reach one. Nothing here knows who the
//! peers are, holds a task of its own or decides what a message means.
//!
//! Bounds: a frame ([`Wire::frame`], refused by its length before anything is reserved), the time
//! from its first byte to its last, connections in all and from one address. How much may wait in
//! [`Outbound`] is the business of its owner, who asks [`Outbound::waiting`].
//!
//! Start with [`split`].

mod inbound;

mod outbound;

mod door;

mod backoff;

#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use door::{Door, Guest};
pub use inbound::{End, Inbound, Received};
pub use outbound::{Flushed, Outbound};

use crate::iso::spec::Spec;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How a connection is spoken over.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The dialect.
    pub spec: Arc<Spec>,
    /// The longest frame, in bytes.
    pub frame: usize,
    /// How long a frame may take from its first byte to its last.
    pub frame_time: Duration,
    /// Bytes read at once: more for links, which carry many frames, than for terminals.
    pub read: usize,
}

/// Splits a connected socket into its two directions.
///
/// # Errors
/// The socket refuses to send small frames at once (`TCP_NODELAY`), since it is gone already.
pub fn split(stream: TcpStream, wire: &Wire) -> std::io::Result<(Inbound, Outbound)> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    Ok((Inbound::new(read, wire), Outbound::new(write, wire)))
}
