//! What goes out over one connection: sends that wait for their record, then for room.

use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::iso::codec::Framer;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;

/// Where the bytes of a connection go.
pub trait ByteSink {
    /// Why it takes nothing any more.
    type Error;

    /// Takes what there is room for now. What it took counts as written, though it may be unsent.
    /// The first `begun` bytes are the rest of a frame whose beginning it took; whole frames
    /// follow.
    fn take(&self, bytes: &[u8], begun: usize) -> Taken<Self::Error>;

    /// Sends what it took before, as far as there is room.
    fn flush(&self) -> Taken<Self::Error> {
        Taken::Bytes(0)
    }

    /// Whether it took what it has not sent.
    fn has_unsent(&self) -> bool {
        false
    }
}

/// What became of bytes that a sink was given.
#[derive(Debug)]
pub enum Taken<E> {
    /// So many were taken.
    Bytes(usize),
    /// There is no room for now.
    Full,
    /// It is broken.
    Broken(E),
}

/// The writing side of a connection. Sends go out in the order they came in, each once the journal
/// is durable up to its record.
#[derive(Debug)]
pub struct Outbound<S> {
    sink: S,
    framer: Framer,
    queue: VecDeque<QueuedFrame>,
    /// Bytes of the frames in `queue`.
    bytes: usize,
    /// The rest of a frame whose beginning is written.
    rest: BytesMut,
}

#[derive(Debug)]
struct QueuedFrame {
    id: SendId,
    after: Seq,
    frame: Bytes,
}

/// How far writing came.
#[derive(Debug)]
pub enum Flushed<E> {
    /// All that may go is written.
    Clear,
    /// There is no room for now.
    Full,
    /// The connection is broken.
    Broken(E),
}

/// Bytes handed over at once.
const AT_ONCE: usize = 64 << 10;

impl<S: ByteSink> Outbound<S> {
    /// Nothing waits yet.
    pub fn new(sink: S, framer: Framer) -> Self {
        Self {
            sink,
            framer,
            queue: VecDeque::new(),
            bytes: 0,
            rest: BytesMut::new(),
        }
    }

    /// The same on a connection that was let in: over HTTP its frames are answers.
    #[must_use]
    pub fn answering(mut self) -> Self {
        self.framer = self.framer.answering();
        self
    }

    /// Takes a send in, to go out once the journal is durable up to `after`.
    pub fn push(&mut self, id: SendId, after: Seq, frame: Bytes) {
        self.bytes += frame.len();
        self.queue.push_back(QueuedFrame { id, after, frame });
    }

    /// The frame that was taken in last, if it still waits.
    pub fn last(&self) -> Option<&Bytes> {
        self.queue.back().map(|waiting| &waiting.frame)
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
    ) -> Flushed<S::Error> {
        loop {
            scratch.clear();
            scratch.extend_from_slice(&self.rest);
            self.wrap_ready(durable, scratch);
            let taken = if scratch.is_empty() {
                self.sink.flush()
            } else {
                self.sink.take(scratch, self.rest.len())
            };
            match taken {
                Taken::Bytes(0) => return Flushed::Clear,
                Taken::Bytes(count) => {
                    self.wrote(count, scratch, written);
                    if count < scratch.len() {
                        return Flushed::Full;
                    }
                }
                Taken::Full => return Flushed::Full,
                Taken::Broken(error) => return Flushed::Broken(error),
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

    /// Where its bytes go.
    pub const fn sink(&self) -> &S {
        &self.sink
    }

    /// What waits, in its order: none of it will be written.
    pub fn into_unwritten(self) -> impl Iterator<Item = SendId> {
        self.queue.into_iter().map(|waiting| waiting.id)
    }
}
