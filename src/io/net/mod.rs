//! Sockets: what comes in and goes out over TCP, bounded everywhere.
//!
//! A connected socket, a [`Stream`], is plain, or comes out of a TLS handshake that [`Handshakes`]
//! made; one that came to nothing is a [`FailedHandshake`]. It is split into [`Inbound`], which
//! cuts frames and reads messages, and [`SocketOutbound`], which keeps sends until they may go and
//! writes them in one piece. [`Door`] lets peers in up to a limit; [`Backoff`] paces the attempts
//! to reach one.
//! [`BreakableWire`] does to a gateway's connections what faults demand.
//! Nothing here knows who the peers are or decides what a message means, and only handshakes have
//! a thread.
//!
//! Bounds: a frame ([`Wire::frame`], refused by its length before anything is reserved), the time
//! from its first byte to its last, connections in all and from one address. How much may wait in
//! [`SocketOutbound`] is the business of its owner, who asks [`SocketOutbound::waiting`].
//!
//! Start with [`split`].

mod socket;

mod records;

mod refusal;

mod tls;

mod handshake;

mod breakable;

mod inbound;

mod outbound;

mod door;

mod backoff;

#[cfg(test)]
mod tests;

pub use crate::engine::driver::Received;
pub use backoff::Backoff;
pub use breakable::BreakableWire;
pub use door::{ConnectionPermit, Door};
pub use handshake::{HandshakeThread, Handshakes};
pub use inbound::{End, Inbound};
pub use outbound::{Sink, SocketFlushed, SocketOutbound};
pub use refusal::FailedHandshake;

use crate::iso::codec::Framer;
use crate::iso::spec::{Framing, Spec};
use crate::lab::fault::WireLeg;
use inbound::ByteSource;
use outbound::{PlainHalf, SinkHalf};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tls::Tls;
use tokio::net::TcpStream;

/// How a connection is spoken over.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The dialect.
    pub spec: Arc<Spec>,
    /// How frames are told apart, if not as the dialect says.
    pub framing: Option<Framing>,
    /// The longest frame, in bytes.
    pub frame: usize,
    /// How long a frame may take from its first byte to its last.
    pub frame_time: Duration,
    /// Bytes read at once: more for links, which carry many frames, than for terminals.
    pub read: usize,
}

impl Wire {
    /// Cuts and wraps its frames.
    #[must_use]
    pub fn framer(&self) -> Framer {
        let framing = self.framing.unwrap_or_else(|| self.spec.framing());
        Framer::framed(framing, self.frame)
    }
}

/// A connected socket: plain, or one that came out of a TLS handshake.
#[derive(Debug)]
pub struct Stream(StreamKind);

#[derive(Debug)]
enum StreamKind {
    Plain(TcpStream),
    Tls(Rc<Tls>),
}

impl From<TcpStream> for Stream {
    fn from(tcp: TcpStream) -> Self {
        Self(StreamKind::Plain(tcp))
    }
}

/// Splits a connected socket into its two directions.
///
/// # Errors
/// The socket refuses its options, since it is gone already.
pub fn split(stream: impl Into<Stream>, wire: &Wire) -> io::Result<(Inbound, SocketOutbound)> {
    halves(stream.into(), wire, None)
}

/// The same for a connection on a leg of a gateway's wire, which may be broken on purpose.
///
/// # Errors
/// As [`split`].
pub fn split_breakable(
    stream: impl Into<Stream>,
    wire: &Wire,
    leg: (&BreakableWire, WireLeg),
) -> io::Result<(Inbound, SocketOutbound)> {
    halves(stream.into(), wire, Some(leg))
}

fn halves(
    stream: Stream,
    wire: &Wire,
    leg: Option<(&BreakableWire, WireLeg)>,
) -> io::Result<(Inbound, SocketOutbound)> {
    let (source, half) = match stream.0 {
        StreamKind::Plain(tcp) => {
            socket::tune(&tcp)?;
            let (read, write) = tcp.into_split();
            (
                ByteSource::Plain(read),
                SinkHalf::Plain(Rc::new(PlainHalf::new(write))),
            )
        }
        StreamKind::Tls(tls) => (ByteSource::Tls(Rc::clone(&tls)), SinkHalf::Tls(tls)),
    };
    let line = leg.map(|(breakable, leg)| breakable.line(leg, half.clone(), wire));
    let sink = Sink::new(half, line.clone());
    let outbound = outbound::outbound(sink, wire);
    Ok((Inbound::new(source, wire, line), outbound))
}
