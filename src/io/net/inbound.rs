//! What comes in: bytes, cut into frames, read as messages.

use super::Wire;
use super::breakable::BreakableLine;
use super::tls::{Brought, Tls};
use crate::engine::driver::Received;
use crate::engine::gateway::UnreadableFrame;
use crate::io::telemetry::DisconnectReason;
use crate::iso::codec::{FrameError, Framer, Message};
use crate::iso::spec::Spec;
use bytes::{Bytes, BytesMut};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::Instant;

/// The reading side of a connection.
#[derive(Debug)]
pub struct Inbound {
    source: ByteSource,
    spec: Arc<Spec>,
    framer: Framer,
    buffer: BytesMut,
    read: usize,
    frame_time: Duration,
    /// When the first byte of a frame came that is not whole yet.
    began: Option<Instant>,
    /// Nothing came yet that could be cut.
    fresh: bool,
    line: Option<Rc<BreakableLine>>,
}

/// Where bytes come from.
#[derive(Debug)]
pub(super) enum ByteSource {
    Plain(OwnedReadHalf),
    Tls(Rc<Tls>),
}

impl ByteSource {
    /// Waits for bytes, and appends them, `most` at once. False when no more will come.
    async fn read(&mut self, buffer: &mut BytesMut, most: usize) -> io::Result<bool> {
        match self {
            Self::Plain(half) => {
                // Room is made once there is something to put there: most of many wait.
                half.readable().await?;
                buffer.reserve(most);
                Ok(half.read_buf(buffer).await? > 0)
            }
            Self::Tls(tls) => Ok(tls.read(buffer).await? == Brought::Bytes),
        }
    }

    /// Whether the peer has begun to send what only more bytes make sense of.
    fn is_amid(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.is_amid_record(),
        }
    }
}

/// Why nothing more comes in.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// The peer closed the connection in good order.
    #[error("the peer closed the connection")]
    Closed,
    /// The connection broke; what was written last may be lost.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The stream cannot be cut into frames any more.
    #[error("a frame with an impossible length: {0}")]
    Frame(#[from] FrameError),
    /// The peer speaks TLS where none is spoken.
    #[error("the peer speaks TLS, and this port does not: give it tls, or send in the clear")]
    Tls,
    /// A frame took too long from its first byte to its last.
    #[error("a frame did not end within {0:?} of its first byte")]
    Slow(Duration),
}

impl End {
    /// A word for what the peer did wrong, if it did.
    #[must_use]
    pub const fn fault(&self) -> Option<DisconnectReason> {
        match self {
            Self::Closed | Self::Broken(_) => None,
            Self::Frame(_) => Some(DisconnectReason::Frame),
            Self::Tls => Some(DisconnectReason::Tls),
            Self::Slow(_) => Some(DisconnectReason::Slow),
        }
    }

    /// Whether what was written last may be lost.
    #[must_use]
    pub const fn reset(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}

impl Inbound {
    pub(super) fn new(source: ByteSource, wire: &Wire, line: Option<Rc<BreakableLine>>) -> Self {
        Self {
            source,
            spec: wire.spec.clone(),
            framer: wire.framer(),
            buffer: BytesMut::new(),
            read: wire.read,
            frame_time: wire.frame_time,
            began: None,
            fresh: true,
            line,
        }
    }

    /// Waits until more bytes came in.
    ///
    /// # Errors
    /// Nothing more will come: [`End`].
    pub async fn fill(&mut self) -> Result<(), End> {
        let Some(line) = self.awake_line() else {
            return self.fill_from_source().await;
        };
        tokio::select! {
            biased;
            () = line.stirs() => Ok(()),
            filled = self.fill_from_source() => filled,
        }
    }

    async fn fill_from_source(&mut self) -> Result<(), End> {
        let read = self.source.read(&mut self.buffer, self.read);
        let more = match self.began {
            None => read.await?,
            Some(began) => tokio::time::timeout_at(began + self.frame_time, read)
                .await
                .map_err(|_elapsed| End::Slow(self.frame_time))??,
        };
        if more { Ok(()) } else { Err(End::Closed) }
    }

    /// The next whole frame of the bytes at hand, read as a message; `None` until more came in.
    ///
    /// # Errors
    /// [`End::Frame`]: the connection is of no use any more.
    pub fn receive(&mut self) -> Result<Option<Received>, End> {
        Ok(self.frame()?.map(|frame| self.received(frame)))
    }

    /// The next whole frame of the bytes at hand, unread; `None` until more came in.
    ///
    /// # Errors
    /// As [`Inbound::receive`].
    pub fn frame(&mut self) -> Result<Option<Bytes>, End> {
        let Some(line) = self.awake_line() else {
            return self.cut();
        };
        loop {
            if let Some(frame) = line.next()? {
                return Ok(Some(frame));
            }
            match self.cut()? {
                Some(frame) => line.arrives(frame),
                None => return Ok(None),
            }
        }
    }

    fn awake_line(&self) -> Option<Rc<BreakableLine>> {
        let line = self.line.as_ref().filter(|line| line.is_awake());
        line.map(Rc::clone)
    }

    fn cut(&mut self) -> Result<Option<Bytes>, End> {
        if self.fresh && is_tls(&self.buffer) {
            return Err(End::Tls);
        }
        let Some(frame) = self.framer.next(&mut self.buffer)? else {
            let partial = !self.buffer.is_empty() || self.source.is_amid();
            self.began = partial.then(|| self.began.unwrap_or_else(Instant::now));
            return Ok(None);
        };
        self.began = None;
        self.fresh = false;
        Ok(Some(frame))
    }

    fn received(&self, frame: Bytes) -> Received {
        match Message::read(&self.spec, frame.clone()) {
            Ok(message) => Received::Message(message),
            Err(error) => Received::Unreadable(UnreadableFrame::of(&frame, &error)),
        }
    }
}

/// Whether a stream begins as TLS does: with a client's hello whose two lengths agree, or with
/// nothing but an alert. No message begins so: it would have to be of just that length.
const fn is_tls(begin: &[u8]) -> bool {
    match begin {
        [22, 3, 0..=4, high, low, 1, 0, inner_high, inner_low, ..] => {
            let outer = u16::from_be_bytes([*high, *low]);
            let inner = u16::from_be_bytes([*inner_high, *inner_low]);
            outer.wrapping_sub(inner) == 4
        }
        [21, 3, 0..=4, 0, 2, 1 | 2, _] => true,
        _ => false,
    }
}
