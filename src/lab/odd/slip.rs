//! What a terminal knows of each attempt: the paper in its drawer.

use crate::engine::seam::Mono;
use crate::lab::plan::Trade;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A request, for the first time.
    Request,
    /// The same once more.
    Repeat,
    /// A reversal, or a repeat of one.
    Reversal,
    /// A notice.
    Notice,
    /// A sign-in, an echo, a download, a settlement.
    Session,
    /// Anything else.
    Other,
}

/// Which attempt a frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regarding {
    /// The attempt.
    pub n: u32,
    /// What the frame is.
    pub what: Sort,
}

/// An attempt, as its terminal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperSlip {
    /// The attempt.
    pub n: u32,
    /// What was asked for.
    pub trade: Trade,
    /// The attempt that it refers to, or 0.
    pub of: u32,
    /// What the customer buys.
    pub purchase: u32,
    /// Minor units, as asked for.
    pub amount: u64,
    /// DE 41.
    pub terminal: String,
    /// DE 42.
    pub merchant: String,
    /// DE 11.
    pub stan: u32,
    /// The batch: DE 60.2 where the dialect has one.
    pub batch: String,
    /// When its request left for the first time; `None`: it never did.
    pub asked: Option<Mono>,
    /// Answers to its request that the terminal matched, usable or not.
    pub answers: Vec<HeardAnswer>,
    /// Reversals that left.
    pub undos: Vec<SentUndo>,
    /// Answers to its reversals that the terminal matched.
    pub undo_answers: Vec<HeardAnswer>,
    /// DE 37 of the approval.
    pub rrn: Option<String>,
    /// DE 38 of the approval.
    pub auth: Option<String>,
    /// What the terminal concludes.
    pub belief: SlipBelief,
}

/// An answer that a terminal matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardAnswer {
    /// When.
    pub at: Mono,
    /// On which of its connections.
    pub line: u8,
    /// The type.
    pub mti: String,
    /// DE 39; `None` if it is not there, or blank.
    pub code: Option<String>,
    /// DE 4.
    pub amount: Option<u64>,
    /// Whether its MAC is right; `None` where none is checked.
    pub mac: Option<bool>,
}

/// A reversal that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentUndo {
    /// When.
    pub at: Mono,
    /// The type.
    pub mti: String,
    /// What the customer owes after it, if it is one in part.
    pub stands: Option<u64>,
}

/// What a terminal concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlipBelief {
    /// Its request never left.
    NotSent,
    /// It waits for an answer.
    Waiting,
    /// Approved for so much: charged, held, or given back, as its trade says.
    Approved(u64),
    /// Refused.
    Declined,
    /// No usable answer came.
    Unanswered,
    /// It wants a reversal: one is on its way, or the next try is due.
    Undoing,
    /// A reversal was answered by 00, 25 or 12: the case is closed.
    Undone,
    /// No reversal was answered so: the operator is told to call the acquirer.
    UndoGivenUp,
}

/// A frame that a terminal matched with nothing, and left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayAnswer {
    /// When.
    pub at: Mono,
    /// On which of its connections.
    pub line: u8,
    /// The type; empty if it could not be read.
    pub mti: String,
    /// DE 11.
    pub stan: Option<u32>,
    /// DE 39.
    pub code: Option<String>,
}
