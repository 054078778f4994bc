//! One thing seen on a captured connection.

use bytes::Bytes;
use core::net::SocketAddr;

/// A captured connection, numbered from 0 as they were first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u32);

/// Microseconds since 1970-01-01T00:00:00Z, by the clock of whoever captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenAt(pub i64);

/// One of the two ends of a captured connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowSide {
    /// Who opened the connection; where that was not seen, who sent the first request.
    Client,
    /// Who listened.
    Server,
}

impl FlowSide {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How a captured connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowEnd {
    /// Both ends closed in good order.
    Closed,
    /// One end reset the connection: what was written last may not have arrived.
    Reset,
    /// The capture ends before the connection does.
    CaptureEnded,
}

/// A frame that was seen whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFrame {
    /// On which connection.
    pub flow: FlowId,
    /// Who sent the frame.
    pub from: FlowSide,
    /// When its last byte was seen.
    pub at: SeenAt,
    /// The frame without its length prefix.
    pub bytes: Bytes,
    /// Whether sensitive fields were overwritten before the capture was made: such a frame shows
    /// what happened, and cannot be sent again as it is.
    pub masked: bool,
}

/// One thing seen on a captured connection. Those of one capture are in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// A connection, seen for the first time.
    Opened {
        /// Its number.
        flow: FlowId,
        /// When.
        at: SeenAt,
        /// The address of the client; `None` where the capture knows none, as in a log.
        client: Option<SocketAddr>,
        /// The address of the server.
        server: Option<SocketAddr>,
        /// Whether the opening was not seen: the connection had begun before the capture.
        midway: bool,
    },
    /// A frame.
    Frame(SeenFrame),
    /// Bytes of one direction that are missing, or that are no frame.
    Gap {
        /// On which connection.
        flow: FlowId,
        /// Whose bytes.
        from: FlowSide,
        /// When reading went on behind the gap.
        at: SeenAt,
        /// How many bytes; `None` where that is not known.
        bytes: Option<u64>,
        /// In which words a person would be told why.
        why: GapCause,
    },
    /// What one end sent last never arrived, as far as the other end says: it went out again and
    /// again, or to somebody who had hung up, and was not acknowledged.
    Unheard {
        /// On which connection.
        flow: FlowId,
        /// When the connection was seen last.
        at: SeenAt,
        /// Whose bytes.
        from: FlowSide,
        /// When the first of them were seen.
        since: SeenAt,
    },
    /// A connection that ended.
    Ended {
        /// Which.
        flow: FlowId,
        /// When.
        at: SeenAt,
        /// How.
        how: FlowEnd,
    },
}

impl Sighting {
    /// When it was seen.
    #[must_use]
    pub const fn at(&self) -> SeenAt {
        match self {
            Self::Frame(frame) => frame.at,
            Self::Opened { at, .. }
            | Self::Gap { at, .. }
            | Self::Unheard { at, .. }
            | Self::Ended { at, .. } => *at,
        }
    }

    pub(super) const fn set_at(&mut self, seen: SeenAt) {
        match self {
            Self::Frame(frame) => frame.at = seen,
            Self::Opened { at, .. }
            | Self::Gap { at, .. }
            | Self::Unheard { at, .. }
            | Self::Ended { at, .. } => *at = seen,
        }
    }
}

/// Why bytes could not be read as frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapCause {
    /// The capture lacks packets.
    Lost,
    /// The bytes are there, and no frame of the dialect begins at them.
    Unreadable,
    /// The capture begins or ends within a frame.
    CutOff,
    /// Bytes came twice, with different contents: nobody here can say which were taken.
    Contradicted,
}
