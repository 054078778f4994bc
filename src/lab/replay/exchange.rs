//! One captured request, its captured answer, and what came of it now.

use super::captured::ReplayKey;
use super::event::{LineId, SkipCause, UnansweredCause};
use crate::engine::seam::Mono;
use crate::iso::codec::Message;
use crate::iso::message::Secret;
use crate::iso::stream::{FlowId, SeenAt};
use std::time::Duration;

/// A request as it was captured.
#[derive(Clone, Debug)]
pub(super) struct CapturedRequest {
    pub number: u64,
    pub line: LineId,
    pub at: SeenAt,
    pub message: Message,
    /// Whether sensitive fields were overwritten.
    pub masked: bool,
    /// Its PIN, where the captured keys gave it away.
    pub pin: Option<Secret>,
    /// When it is due, if that is said.
    pub due: Option<Mono>,
}

/// An answer as it was captured.
#[derive(Clone, Debug)]
pub(super) struct CapturedAnswer {
    pub message: Message,
    pub at: SeenAt,
    pub masked: bool,
    /// Its place among the answers of its connection.
    pub rank: u64,
}

/// What the capture has as the answer.
#[derive(Clone, Debug)]
pub(super) enum CapturedOutcome {
    /// Nothing yet: reading goes on.
    Open,
    Answer(Box<CapturedAnswer>),
    /// None came.
    Silent,
    /// It may have come where the capture lacks bytes.
    Unknown,
}

/// What came of it now.
#[derive(Clone, Debug)]
pub(super) enum NowOutcome {
    /// It waits in its lane.
    Queued,
    Sent(Box<SentMessage>),
    Answered(Box<SentMessage>, Box<NewAnswer>),
    Unanswered(Option<Box<SentMessage>>, UnansweredCause),
    Skipped(SkipCause),
}

/// As it went out.
#[derive(Clone, Debug)]
pub(super) struct SentMessage {
    pub message: Message,
    pub line: LineId,
    pub at: Mono,
    /// By which its answer finds it.
    pub key: ReplayKey,
    /// Whether the time for its answer is over.
    pub overdue: bool,
}

/// As it came back.
#[derive(Clone, Debug)]
pub(super) struct NewAnswer {
    pub message: Message,
    pub took: Duration,
    /// Whether its MAC is right, if that is known.
    pub mac: Option<bool>,
    pub out_of_order: bool,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct ReplayedExchange {
    pub flow: FlowId,
    pub at: SeenAt,
    /// The request as captured; `None` for a sign-on of our own.
    pub captured: Option<Message>,
    pub masked: bool,
    pub outcome: CapturedOutcome,
    pub now: NowOutcome,
}

impl ReplayedExchange {
    /// The message that is on its way.
    pub(super) fn sent(&self) -> Option<&SentMessage> {
        match &self.now {
            NowOutcome::Sent(sent) => Some(sent),
            _ => None,
        }
    }

    /// Whether the lane may go on behind it.
    pub(super) fn is_settled(&self) -> bool {
        match &self.now {
            NowOutcome::Queued => false,
            NowOutcome::Sent(sent) => sent.overdue,
            NowOutcome::Answered(..) | NowOutcome::Unanswered(..) | NowOutcome::Skipped(_) => true,
        }
    }

    /// Whether nothing more can come of it.
    pub(super) fn is_final(&self) -> bool {
        let is_over = !matches!(self.now, NowOutcome::Queued | NowOutcome::Sent(_));
        let is_read = !matches!(self.outcome, CapturedOutcome::Open);
        is_over && (is_read || matches!(self.now, NowOutcome::Skipped(_)))
    }
}
