//! What goes out: the sockets that sends are written to.

use super::Wire;
use super::breakable::BreakableLine;
use super::tls::Tls;
use crate::engine::driver::{self, ByteSink, Taken};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

/// The writing side of a connection. Sends go out in the order they came in, each once the journal
/// is durable up to its record.
pub type SocketOutbound = driver::Outbound<Sink>;

/// How far writing to a socket came.
pub type SocketFlushed = driver::Flushed<io::Error>;

/// Where bytes go: a socket, plain or under TLS, on a wire that may be broken on purpose.
#[derive(Clone, Debug)]
pub struct Sink {
    half: SinkHalf,
    line: Option<Rc<BreakableLine>>,
}

#[derive(Clone, Debug)]
pub(super) enum SinkHalf {
    Plain(Rc<PlainHalf>),
    Tls(Rc<Tls>),
}

impl ByteSink for Sink {
    type Error = io::Error;

    fn take(&self, bytes: &[u8], begun: usize) -> Taken<io::Error> {
        match &self.line {
            Some(line) if line.is_awake() => line.take(bytes, begun),
            _ => self.half.take(bytes),
        }
    }

    fn flush(&self) -> Taken<io::Error> {
        match &self.line {
            Some(line) if line.is_awake() => line.write(),
            _ => self.half.flush(),
        }
    }

    fn has_unsent(&self) -> bool {
        let awake = self.line.as_ref().filter(|line| line.is_awake());
        let waits = awake.is_some_and(|line| line.has_unsent());
        waits || self.half.has_unsent()
    }
}

impl SinkHalf {
    /// Takes what there is room for now. Under TLS it takes all or nothing; what it took counts as
    /// written, though records of it may be unsent.
    pub(super) fn take(&self, bytes: &[u8]) -> Taken<io::Error> {
        taken(match self {
            Self::Plain(half) => half.try_write(bytes),
            Self::Tls(tls) => tls.try_write(bytes),
        })
    }

    pub(super) fn flush(&self) -> Taken<io::Error> {
        match self {
            Self::Plain(_) => Taken::Bytes(0),
            Self::Tls(tls) => taken(tls.try_flush().map(|()| 0)),
        }
    }

    fn has_unsent(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.has_unsent(),
        }
    }

    /// The socket, until it is dropped.
    pub(super) fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(half) => half.0.as_ref().map(AsRef::as_ref),
            Self::Tls(tls) => Some(&tls.tcp),
        }
    }
}

/// The writing half of a plain socket; none while it is dropped. Its end tells the peer that no
/// more comes, unless the connection is to be reset: then that would tell of an end in good order.
#[derive(Debug)]
pub(super) struct PlainHalf(Option<OwnedWriteHalf>);

impl PlainHalf {
    pub(super) const fn new(half: OwnedWriteHalf) -> Self {
        Self(Some(half))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let half = self.0.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        half.try_write(bytes)
    }
}

impl Drop for PlainHalf {
    fn drop(&mut self) {
        if let Some(half) = self.0.take()
            && matches!(half.as_ref().linger(), Ok(Some(Duration::ZERO)))
        {
            half.forget();
        }
    }
}

fn taken(wrote: io::Result<usize>) -> Taken<io::Error> {
    match wrote {
        Ok(count) => Taken::Bytes(count),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Taken::Full,
        Err(error) => Taken::Broken(error),
    }
}

impl Sink {
    pub(super) const fn new(half: SinkHalf, line: Option<Rc<BreakableLine>>) -> Self {
        Self { half, line }
    }

    fn tcp(&self) -> io::Result<&TcpStream> {
        let gone = io::ErrorKind::NotConnected;
        self.half.tcp().ok_or_else(|| gone.into())
    }
}

/// The writing side over a socket.
pub(super) fn outbound(sink: Sink, wire: &Wire) -> SocketOutbound {
    SocketOutbound::new(sink, wire.framer())
}

impl driver::Outbound<Sink> {
    /// Waits until the socket may take more.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn writable(&self) -> impl Future<Output = io::Result<()>> + use<> {
        let sink = self.sink().clone();
        async move { sink.tcp()?.writable().await }
    }

    /// Has the connection end with a reset once both its halves are dropped: what was written last
    /// may be lost.
    pub fn end_with_reset(&self) {
        // One that refuses is closed already.
        let _closed = self.sink().tcp().and_then(TcpStream::set_zero_linger);
    }
}
