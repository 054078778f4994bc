//! What goes out: sends that wait for their record, then for their socket.

use super::Wire;
use super::tls::Tls;
use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::io::system::steps;
use crate::iso::codec::Framer;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

/// The writing side of a connection. Sends go out in the order they came in, each once the journal
/// is durable up to its record.
#[derive(Debug)]
pub struct Outbound {
    sink: Sink,
    framer: Framer,
    /// Whether the connection was let in.
    answers: bool,
    queue: VecDeque<Waiting>,
    /// Bytes of the frames in `queue`.
    bytes: usize,
    /// The rest of a frame whose beginning is written.
    rest: BytesMut,
}

/// Where bytes go.
#[derive(Clone, Debug)]
pub(super) enum Sink {
    Plain(Rc<OwnedWriteHalf>),
    Tls(Rc<Tls>),
}

impl Sink {
    /// Takes what there is room for now. Under TLS it takes all or nothing; what it took counts as
    /// written, though records of it may be unsent.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(half) => half.try_write(bytes),
            Self::Tls(tls) => tls.try_write(bytes),
        }
    }

    /// Sends what it took before, as far as there is room.
    fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(tls) => tls.try_flush(),
        }
    }

    /// Whether it took what it has not sent.
    fn has_unsent(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.has_unsent(),
        }
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(half) => half.as_ref().as_ref(),
            Self::Tls(tls) => &tls.tcp,
        }
    }
}

#[derive(Debug)]
struct Waiting {
    id: SendId,
    after: Seq,
    frame: Bytes,
}

/// How far writing came.
#[derive(Debug)]
pub enum Flushed {
    /// All that may go is written.
    Clear,
    /// The socket takes no more for now.
    Full,
    /// The socket is broken.
    Broken(io::Error),
}

/// Bytes handed to the socket at once.
const AT_ONCE: usize = 64 << 10;

impl Outbound {
    pub(super) fn new(sink: Sink, wire: &Wire) -> Self {
        Self {
            sink,
            framer: Framer::new(&wire.spec, wire.frame),
            answers: false,
            queue: VecDeque::new(),
            bytes: 0,
            rest: BytesMut::new(),
        }
    }

    /// The same on a connection that was let in: over HTTP its frames are answers.
    #[must_use]
    pub fn answering(mut self) -> Self {
        self.framer = self.framer.answering();
        self.answers = true;
        self
    }

    /// Takes a send in, to go out once the journal is durable up to `after`.
    pub fn push(&mut self, id: SendId, after: Seq, frame: Bytes) {
        self.bytes += frame.len();
        self.queue.push_back(Waiting { id, after, frame });
    }

    /// Takes a send back. False if it is not here, or partly written.
    pub fn revoke(&mut self, id: SendId) -> bool {
        let Some(at) = self.queue.iter().position(|waiting| waiting.id == id) else {
            return false;
        };
        let revoked = self.queue.remove(at);
        self.bytes -= revoked.map_or(0, |waiting| waiting.frame.len());
        true
    }

    /// Bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.bytes + self.rest.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.rest.is_empty() && !self.sink.has_unsent()
    }

    /// Writes what may go, in as few calls as possible. A send counts as written as soon as its
    /// first byte is: it is added to `written`. `scratch` is room to work in.
    pub fn flush(
        &mut self,
        durable: Seq,
        scratch: &mut BytesMut,
        written: &mut Vec<SendId>,
    ) -> Flushed {
        loop {
            scratch.clear();
            scratch.extend_from_slice(&self.rest);
            self.wrap_ready(durable, scratch);
            let wrote = if scratch.is_empty() {
                self.sink.try_flush().map(|()| 0)
            } else {
                self.sink.try_write(scratch)
            };
            match wrote {
                Ok(0) => return Flushed::Clear,
                Ok(count) => {
                    let before = written.len();
                    self.wrote(count, scratch, written);
                    steps::sent(self.answers, written.len() - before);
                    if count < scratch.len() {
                        return Flushed::Full;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Full,
                Err(error) => return Flushed::Broken(error),
            }
        }
    }

    /// Appends the frames that may go, as many as are written at once.
    fn wrap_ready(&self, durable: Seq, scratch: &mut BytesMut) {
        for waiting in &self.queue {
            if waiting.after > durable || scratch.len() >= AT_ONCE {
                break;
            }
            // A frame too long for its prefix never gets this far: it could not have been built.
            let fits = self.framer.wrap(&waiting.frame, scratch);
            debug_assert!(fits.is_ok(), "a frame too long for its length prefix");
        }
    }

    /// Takes out of the queue what the first `count` bytes of `scratch` began.
    fn wrote(&mut self, mut count: usize, scratch: &[u8], written: &mut Vec<SendId>) {
        let from_rest = count.min(self.rest.len());
        self.rest.advance(from_rest);
        let mut at = from_rest;
        count -= from_rest;
        while count > 0 {
            let Some(waiting) = self.queue.pop_front() else {
                return;
            };
            self.bytes -= waiting.frame.len();
            written.push(waiting.id);
            let whole = self.framer.wrapped_len(waiting.frame.len());
            if let Some(unwritten) = scratch.get(at + count..at + whole)
                && count < whole
            {
                self.rest.extend_from_slice(unwritten);
            }
            at += whole;
            count = count.saturating_sub(whole);
        }
    }

    /// Waits until the socket may take more.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn writable(&self) -> impl Future<Output = io::Result<()>> + use<> {
        let sink = self.sink.clone();
        async move { sink.tcp().writable().await }
    }

    /// Has the connection end with a reset once both its halves are dropped: what was written last
    /// may be lost.
    pub fn end_with_reset(&self) {
        // One that refuses is closed already.
        let _closed = self.sink.tcp().set_zero_linger();
    }

    /// What waits, in its order: none of it will be written.
    pub fn into_unwritten(self) -> impl Iterator<Item = SendId> {
        self.queue.into_iter().map(|waiting| waiting.id)
    }
}
