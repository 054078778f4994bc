//! What comes in: bytes, cut into frames, read as messages.

use super::Wire;
use crate::engine::gateway::UnreadableFrame;
use crate::iso::codec::{FrameError, Framer, Message};
use crate::iso::spec::Spec;
use bytes::{Bytes, BytesMut};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::Instant;

/// The reading side of a connection.
#[derive(Debug)]
pub struct Inbound {
    half: OwnedReadHalf,
    spec: Arc<Spec>,
    framer: Framer,
    buffer: BytesMut,
    read: usize,
    frame_time: Duration,
    /// When the first byte of a frame came that is not whole yet.
    began: Option<Instant>,
}

/// A whole frame came in.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are messages: a box would cost each of them an allocation"
)]
pub enum Received {
    /// It is a message; perhaps one that can only be read in part.
    Message(Message),
    /// Not even type and bitmap can be read.
    Unreadable(UnreadableFrame),
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
    /// A frame took too long from its first byte to its last.
    #[error("a frame did not end within {0:?} of its first byte")]
    Slow(Duration),
}

impl End {
    /// Whether what was written last may be lost.
    #[must_use]
    pub const fn reset(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}

impl Inbound {
    pub(super) fn new(half: OwnedReadHalf, wire: &Wire) -> Self {
        Self {
            half,
            spec: wire.spec.clone(),
            framer: Framer::new(&wire.spec, wire.frame),
            buffer: BytesMut::new(),
            read: wire.read,
            frame_time: wire.frame_time,
            began: None,
        }
    }

    /// Waits until more bytes came in.
    ///
    /// # Errors
    /// Nothing more will come: [`End`].
    pub async fn fill(&mut self) -> Result<(), End> {
        self.buffer.reserve(self.read);
        let read = self.half.read_buf(&mut self.buffer);
        let count = match self.began {
            None => read.await?,
            Some(began) => tokio::time::timeout_at(began + self.frame_time, read)
                .await
                .map_err(|_elapsed| End::Slow(self.frame_time))??,
        };
        if count == 0 { Err(End::Closed) } else { Ok(()) }
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
        let Some(frame) = self.framer.next(&mut self.buffer)? else {
            let partial = !self.buffer.is_empty();
            self.began = partial.then(|| self.began.unwrap_or_else(Instant::now));
            return Ok(None);
        };
        self.began = None;
        // A frame may be remembered long after its connection is gone. As a piece of its own it
        // keeps only itself, and the buffer is free for the next read.
        Ok(Some(Bytes::copy_from_slice(&frame)))
    }

    fn received(&self, frame: Bytes) -> Received {
        match Message::read(&self.spec, frame.clone()) {
            Ok(message) => Received::Message(message),
            Err(error) => Received::Unreadable(UnreadableFrame::of(&frame, &error)),
        }
    }
}
