//! What happens to a replay, what it wants done, and what it found.

use crate::engine::seam::Wall;
use crate::iso::compare::FieldDifference;
use crate::iso::message::{FieldId, MerchantId, Mti, ResponseCode, Rrn, Stan, TerminalId, Text};
use crate::iso::stream::{FlowId, Sighting};
use bytes::Bytes;
use std::fmt;
use std::time::Duration;

/// A connection to the system under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u32);

/// Something happened.
#[derive(Clone, Debug)]
pub enum ReplayEvent {
    /// The next thing that the capture holds.
    Seen(Sighting),
    /// The capture holds no more.
    CaptureEnded,
    /// A connection that was asked for is up.
    Connected(LineId),
    /// A connection that was asked for was refused.
    ConnectFailed(LineId),
    /// The system under test closed a connection.
    Closed(LineId),
    /// A frame came, without length prefix.
    Frame(LineId, Bytes),
    /// Time passed. Every other event does that too.
    Wake,
}

/// Something to be done, in the order given.
#[derive(Clone, Debug)]
pub enum ReplayAction {
    /// Open a connection. Answer with `Connected` or `ConnectFailed`.
    Connect(LineId),
    /// Write a frame, without length prefix.
    Send(LineId, Bytes),
    /// Close a connection; what comes from it afterwards is not delivered.
    Close(LineId),
    /// Tell what became of a captured request.
    Tell(Box<JudgedExchange>),
    /// Tell of a frame that nothing had asked for.
    Stray(StrayFrame),
}

/// A frame that answers nothing that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayFrame {
    /// On which connection it came.
    pub line: LineId,
    /// Its type; `None` if it cannot be read.
    pub mti: Option<Mti>,
    /// Its trace number.
    pub stan: Option<Stan>,
    /// Its terminal.
    pub terminal: Option<TerminalId>,
}

impl StrayFrame {
    /// Whether it is a request of the system's own, and no answer.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.mti.is_some_and(|mti| !mti.is_answer())
    }
}

/// Which side of the captured traffic is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplaySide {
    /// The terminals: answers are judged.
    #[default]
    Terminals,
    /// The acquirer: requests are judged.
    Acquirer,
}

/// What became of one captured request.
#[derive(Clone, Debug)]
pub struct JudgedExchange {
    /// On which side it was played.
    pub side: ReplaySide,
    /// Its number among the requests of the capture, from 1.
    pub number: u64,
    /// The captured connection.
    pub flow: FlowId,
    /// When it was captured.
    pub at: Wall,
    /// Its kind, by the dialect.
    pub kind: Option<Text<24>>,
    /// Its type, if it could be read.
    pub mti: Option<Mti>,
    /// DE 42 as captured.
    pub merchant: Option<MerchantId>,
    /// DE 41 as captured.
    pub terminal: Option<TerminalId>,
    /// DE 11 as captured.
    pub stan: Option<Stan>,
    /// DE 11 as sent.
    pub sent_stan: Option<Stan>,
    /// DE 37 of the captured answer.
    pub rrn: Option<Rrn>,
    /// What it came to.
    pub verdict: ReplayVerdict,
    /// Where the answers differ, if there are two.
    pub differences: Vec<FieldDifference>,
    /// Whether the answer came before one that the capture has before it.
    pub out_of_order: bool,
    /// Whether that makes a difference.
    pub order_counts: bool,
    /// DE 39 of the captured answer.
    pub captured_code: Option<ResponseCode>,
    /// DE 39 of the new one.
    pub code: Option<ResponseCode>,
    /// How long the captured answer took.
    pub captured_took: Option<Duration>,
    /// How long the new one took.
    pub took: Option<Duration>,
}

/// What a captured request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayVerdict {
    /// Both answers are there: their fields are compared.
    Compared,
    /// The same, but the answer came after its time.
    Late,
    /// The capture has an answer, and none came.
    Missing(UnansweredCause),
    /// An answer came, and the capture has none.
    Extra,
    /// No answer in the capture, and none came.
    Silent,
    /// The capture lacks bytes where the answer would stand, or ends before it: nothing to compare
    /// with.
    Unknown,
    /// It was not sent.
    Skipped(SkipCause),
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnansweredCause {
    /// It was waited for in vain.
    Timeout,
    /// The connection ended first.
    Closed,
    /// No connection could be had.
    NoConnection,
    /// What came as its answer cannot be read.
    Unreadable,
}

impl fmt::Display for UnansweredCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no answer in time",
            Self::Closed => "the connection ended before the answer",
            Self::NoConnection => "no connection",
            Self::Unreadable => "the answer cannot be read",
        })
    }
}

/// Why a captured request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipCause {
    /// It cannot be read by the dialect.
    Unreadable,
    /// A field was overwritten before the capture was made, and nothing can stand in for it.
    Masked(FieldId),
    /// Its PIN block cannot be made anew: the PIN is not known.
    NoPin,
    /// Its terminal has no working keys: the sign-on before it brought none.
    NoKeys,
    /// A field names an earlier one by what its captured answer gave, and no answer gives now.
    NotNamed(FieldId),
    /// It reverses what was not sent.
    OriginalNotSent,
    /// A value does not fit into a field.
    DoesNotFit(FieldId),
    /// The message cannot be built.
    NotBuilt,
}

impl fmt::Display for SkipCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("not a message of this dialect (--spec)"),
            Self::Masked(field) => {
                write!(
                    f,
                    "field {field} was overwritten before the capture was made"
                )
            }
            Self::NoPin => f.write_str(
                "the PIN is not known, so its block cannot be made anew (--pin, --captured-keys)",
            ),
            Self::NoKeys => f.write_str("the sign-on brought no keys that fit (--keys, --seed)"),
            Self::NotNamed(field) => write!(
                f,
                "field {field} came with an answer, and the one to the same request gives none now"
            ),
            Self::OriginalNotSent => f.write_str("what it reverses was not sent"),
            Self::DoesNotFit(field) => write!(f, "the new value of field {field} does not fit"),
            Self::NotBuilt => f.write_str("the message cannot be built"),
        }
    }
}
