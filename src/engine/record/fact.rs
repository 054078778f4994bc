//! What a record can say.

use super::{ConnId, Hop, Identity, LinkId, Logged, Note, Row, Seq, State, StoredFrame, TxId};
use crate::engine::seam::Wall;
use crate::iso::message::{
    Amount, AuthCode, MerchantId, Mti, ResponseCode, Rrn, Stan, TerminalId, Text,
};
use crate::iso::spec::{KeyBlockForm, Purpose, ReversalCause};
use bytes::Bytes;
use std::sync::Arc;

/// One fact of history.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place.
    pub seq: Seq,
    /// When, by the wall clock: a label only.
    pub at: Wall,
    /// The transaction it belongs to.
    pub tx: Option<TxId>,
    /// The transaction's previous record.
    pub prev: Option<Seq>,
    /// What happened.
    pub fact: Fact,
}

impl Record {
    /// The moment that a checkpoint carries, if this record does.
    #[must_use]
    pub fn moment(&self) -> Option<Wall> {
        if let Fact::Carried(item) = &self.fact
            && let Carried::Clock(moment) = **item
        {
            return Some(moment);
        }
        None
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A gateway began to write.
    Started {
        /// The gateway's name.
        gateway: Text<24>,
        /// What the numbers of links stand for from here on; empty in journals of before that.
        links: Vec<LinkName>,
    },
    /// A gateway stopped in good order.
    Stopped,
    /// A transaction took a row of the decision table.
    Step(Box<Step>),
    /// A connection of a link came or went.
    Line(LineFact),
    /// A message of a session that the gateway itself holds with the acquirer: sign-on, echo.
    Session(Box<Logged>),
    /// An answer that no request waits for.
    Unmatched(Box<Unmatched>),
    /// Bytes that could not be read; kept as length and hash only.
    Unreadable(Box<Unreadable>),
    /// What a shadow answered otherwise than the acquirer.
    Shadow(Box<ShadowDifference>),
    /// How many answers of a shadow were compared so far.
    ShadowTally(Box<ShadowTally>),
    /// An operator did something to the gateway, or to what goes wrong on purpose.
    Operated(Box<OperatorAct>),
    /// A terminal's working keys came in.
    Keys(Box<CarriedKeys>),
    /// A reversal came before its request: the request will be refused.
    Tombstone(Identity),
    /// A checkpoint begins: what is carried up to its end is the whole state.
    CheckpointBegin,
    /// One item of a checkpoint.
    Carried(Box<Carried>),
    /// The checkpoint is whole.
    CheckpointEnd,
}

/// What the number of a link stands for in a run of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkName {
    /// The link's name.
    pub name: Text<24>,
    /// The dialect spoken there.
    pub spec: Text<32>,
}

/// A step in a transaction's life.
#[derive(Clone, Debug)]
pub struct Step {
    /// The row that was taken.
    pub row: Row,
    /// The state after it.
    pub state: State,
    /// Why, where the row alone does not say.
    pub why: Why,
    /// What else should be known.
    pub note: Note,
    /// The message that caused it, or that it sends.
    pub message: Option<Logged>,
    /// Present in a transaction's first record only.
    pub opened: Option<Arc<Opened>>,
}

/// Why a step was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The row says it all.
    #[default]
    Plain,
    /// No answer by the deadline.
    NoAnswer,
    /// The answer could not be read.
    AnswerUnreadable,
    /// The answer's MAC was wrong.
    AnswerMac,
    /// The answer names another amount, terminal or number than its request.
    AnswerMismatch,
    /// The connection to the acquirer was lost after the request was handed to it.
    LinkLost,
    /// No connection to the acquirer.
    NoLink,
    /// The deadline found the request still unwritten.
    NeverWritten,
    /// The terminal's connection closed.
    TerminalClosed,
    /// Writing to the terminal failed.
    WriteFailed,
    /// The gateway restarted.
    Restarted,
    /// The terminal asked for it with a reversal.
    TerminalAsked,
    /// The approval came late.
    LateApproval,
    /// Two answers disagree.
    AnswersDisagree,
    /// An operator asked for it.
    Operator,
    /// The request's MAC was wrong.
    RequestMac,
    /// The name is taken by another transaction (D3).
    DuplicateMismatch,
    /// A reversal came before its request (D5).
    OvertakenByReversal,
    /// A limit of the gateway is reached.
    Overload,
    /// The gateway is going down.
    Draining,
    /// No route takes it.
    NoRoute,
    /// Tries are used up.
    TriesUsedUp,
    /// Its time is over.
    Expired,
    /// The terminal is not among those that may come in here.
    UnknownTerminal,
    /// The request carries its MAC where it could not be read.
    RequestUnread,
    /// It cannot be put into the words of its host.
    Untranslatable,
    /// The original that it names is not known here, and the host knows it by another name.
    OriginalUnknown,
    /// Its MAC would have to be made anew, and the key is not known.
    KeyUnknown,
    /// Captured traffic lacks what would tell: it has a gap there, or ends.
    Unseen,
    /// The answer came in time and was written late: its terminal may not have waited for it.
    WrittenLate,
    /// It would give back what a reversal under way gives back.
    OriginalUndoing,
    /// Whether it came before, or what it speaks of, is not in memory, and the journal did not say.
    Unrecalled,
}

/// What a batch adds up to, in minor units. Holds, and what is reversed, count nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettlementTotals {
    /// Sales and completions.
    pub debits: u64,
    /// Their sum.
    pub debit_sum: Amount,
    /// Voids and refunds.
    pub credits: u64,
    /// Their sum.
    pub credit_sum: Amount,
}

/// What a host says of the totals of a batch, from good to bad (ISO 8583:1987, DE 66).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostBalance {
    /// In balance.
    Balanced,
    /// Nothing, or nothing that is known here.
    #[default]
    Unsaid,
    /// It could not compare them.
    Failed,
    /// Out of balance.
    Differs,
}

/// What names a transaction: present in its first record.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The dialect.
    pub spec: Text<32>,
    /// The kind, such as `sale`; empty if unknown to the dialect.
    pub kind: Text<24>,
    /// What the kind is for.
    pub purpose: Purpose,
    /// Whether it must be reversed when its outcome is unknown.
    pub reverses: bool,
    /// Whether the request could only be read in part: then nothing is ever authored from it.
    pub partly: bool,
    /// The values that name it.
    pub identity: Identity,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 11.
    pub stan: Stan,
    /// The batch, where the dialect has one.
    pub batch: Text<6>,
    /// DE 4, minor units.
    pub amount: Amount,
    /// DE 49.
    pub currency: Text<3>,
    /// First six, stars, last four; empty if no card is in the message.
    pub card: Text<19>,
    /// Keyed hash of the card number; zero if none.
    pub card_hash: [u8; 16],
    /// The link it goes to.
    pub link: LinkId,
    /// The transaction it refers to: the sale of a void.
    pub original: Option<TxId>,
    /// Another of same card, amount and merchant, moments ago (D0).
    pub twin: Option<TxId>,
}

impl Opened {
    /// Whether enough is known of it to author a message from it: it was read to its end, and is
    /// of a kind that the dialect knows.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        !self.partly && !self.kind.is_empty()
    }

    /// Whether its outcome may concern money.
    #[must_use]
    pub const fn touches_money(&self) -> bool {
        self.purpose.moves_money() || matches!(self.purpose, Purpose::Advice | Purpose::Reversal)
    }

    /// Whether the card of this hash may be its card: it is, or one of both is not known.
    #[must_use]
    pub fn is_of_card(&self, hash: &[u8; 16]) -> bool {
        const UNKNOWN: [u8; 16] = [0; 16];
        self.card_hash == *hash || self.card_hash == UNKNOWN || *hash == UNKNOWN
    }

    /// Whether both may be of one card, as far as it is known: the hash of one is not, if its key
    /// is gone or the card was not read.
    #[must_use]
    pub fn may_share_card(&self, other: &Self) -> bool {
        let masks = self.card == other.card || self.card.is_empty() || other.card.is_empty();
        masks && self.is_of_card(&other.card_hash)
    }

    /// Whether both are of one currency, as far as both name it.
    #[must_use]
    pub fn may_share_currency(&self, other: &Self) -> bool {
        let untold = self.currency.is_empty() || other.currency.is_empty();
        untold || self.currency == other.currency
    }

    /// Nothing named.
    #[must_use]
    pub const fn blank() -> Self {
        Self {
            spec: Text::EMPTY,
            kind: Text::EMPTY,
            purpose: Purpose::Administration,
            reverses: false,
            partly: false,
            identity: Identity::EMPTY,
            terminal: TerminalId::EMPTY,
            merchant: MerchantId::EMPTY,
            stan: Stan(0),
            batch: Text::EMPTY,
            amount: Amount(0),
            currency: Text::EMPTY,
            card: Text::EMPTY,
            card_hash: [0; 16],
            link: LinkId(0),
            original: None,
            twin: None,
        }
    }
}

/// A connection of a link came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFact {
    /// It is up and signed on.
    Up {
        /// The link.
        link: LinkId,
        /// Its connection.
        conn: ConnId,
    },
    /// It went down.
    Down {
        /// The link.
        link: LinkId,
        /// Its connection.
        conn: ConnId,
    },
}

/// An answer that no request waits for.
#[derive(Clone, Debug)]
pub struct Unmatched {
    /// The message.
    pub message: Logged,
    /// The key that was looked for.
    pub wanted: Identity,
    /// Whether more than one request would fit.
    pub ambiguous: bool,
}

/// Bytes that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which way they came.
    pub hop: Hop,
    /// From where.
    pub conn: ConnId,
    /// How many.
    pub length: u32,
    /// The first 16 bytes of their SHA-256.
    pub hash: [u8; 16],
    /// What was wrong, with field and byte; no bytes of the message.
    pub what: Text<120>,
}

/// What a shadow, which is sent copies of a link's requests, answered otherwise than the acquirer
/// behind that link. Says nothing of the transaction: no terminal ever hears a shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowDifference {
    /// The transaction whose request was copied.
    pub tx: TxId,
    /// The link whose requests are copied.
    pub link: LinkId,
    /// The type of the request.
    pub mti: Mti,
    /// DE 39 of the acquirer's answer; `None` if it has none, or there was no answer.
    pub acquirer: Option<ResponseCode>,
    /// DE 39 of the shadow's answer.
    pub shadow: Option<ResponseCode>,
    /// What differs: the places of fields, or which answer is missing.
    pub what: Text<96>,
}

/// What became of the requests of a link that has a shadow, since the gateway started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShadowTally {
    /// The link whose requests are copied.
    pub link: LinkId,
    /// Answered alike.
    pub same: u64,
    /// Answered otherwise, or by one of both alone.
    pub different: u64,
    /// Not copied, or copied to a shadow that answered nothing at all.
    pub left_out: u64,
}

/// What an operator did to the gateway itself. What is decided of one transaction is a step of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorAct {
    /// Who.
    pub who: Text<48>,
    /// Did what.
    pub did: OperatorDid,
    /// To what, and why where that was said.
    pub what: Text<120>,
}

/// What operators do to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorDid {
    /// Something goes wrong on purpose from now on.
    AddFault,
    /// It goes wrong otherwise.
    ChangeFault,
    /// It goes wrong no more.
    RemoveFault,
    /// Nothing goes wrong on purpose any more.
    ResetFaults,
    /// The connection of a terminal was closed.
    CloseTerminal,
    /// The connections of a link were closed; they are made again.
    CloseLink,
    /// Nothing new goes over a link.
    DrainLink,
    /// A link carries requests again.
    ResumeLink,
    /// The gateway takes no new requests, and ends when it has finished.
    Drain,
    /// The configuration was read anew.
    Reload,
    /// A scenario was run.
    RunScenario,
}

impl OperatorDid {
    /// All of them, by their number on disk: none is ever taken out.
    pub const ALL: [Self; 11] = [
        Self::AddFault,
        Self::ChangeFault,
        Self::RemoveFault,
        Self::ResetFaults,
        Self::CloseTerminal,
        Self::CloseLink,
        Self::DrainLink,
        Self::ResumeLink,
        Self::Drain,
        Self::Reload,
        Self::RunScenario,
    ];

    /// How it is told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddFault => "fault_added",
            Self::ChangeFault => "fault_changed",
            Self::RemoveFault => "fault_removed",
            Self::ResetFaults => "faults_reset",
            Self::CloseTerminal => "terminal_closed",
            Self::CloseLink => "link_closed",
            Self::DrainLink => "link_drained",
            Self::ResumeLink => "link_resumed",
            Self::Drain => "drained",
            Self::Reload => "reloaded",
            Self::RunScenario => "scenario_run",
        }
    }
}

/// A terminal's working keys, as the cryptograms that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedKeys {
    /// DE 42 of the terminal.
    pub merchant: MerchantId,
    /// DE 41 of the terminal.
    pub terminal: TerminalId,
    /// The form of the block.
    pub form: KeyBlockForm,
    /// The block, under the terminal's master key.
    pub block: Bytes,
}

/// One item of a checkpoint.
#[derive(Clone, Debug)]
pub enum Carried {
    /// A live transaction.
    Transaction(CarriedTransaction),
    /// An answered one that a terminal may repeat, void or reverse.
    Answer(CarriedAnswer),
    /// Working keys.
    Keys(CarriedKeys),
    /// A reversal that came before its request: refuse the request if it comes.
    Tombstone {
        /// The name of the request.
        identity: Identity,
        /// Since when.
        at: Wall,
    },
    /// The trace number that the gateway gave last.
    Stan(Stan),
    /// What the numbers of links stand for, in their order; before every item that has one.
    Links(Vec<LinkName>),
    /// The moment of the checkpoint, on a clock that no jump of the wall clock moves.
    Clock(Wall),
    /// The trace numbers that a terminal used, those of answers that were forgotten included.
    Numbers {
        /// DE 42.
        merchant: MerchantId,
        /// DE 41.
        terminal: TerminalId,
        /// In stretches.
        used: Vec<NumberStretch>,
        /// Whether all that it did about money is carried, too.
        whole: bool,
    },
    /// No terminal but those that are carried stands in the journal.
    AllTerminals,
}

/// Trace numbers of a terminal that are next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberStretch {
    /// The first.
    pub from: Stan,
    /// The last.
    pub to: Stan,
    /// So many others of the terminal were used since the stretch grew.
    pub age: u64,
    /// Whether the terminal counted through it; else there may be some that were not used.
    pub counted: bool,
}

/// A live transaction in a checkpoint.
#[derive(Clone, Debug)]
pub struct CarriedTransaction {
    /// Its id.
    pub tx: TxId,
    /// Its names.
    pub opened: Opened,
    /// Its state.
    pub state: State,
    /// When it began.
    pub began: Wall,
    /// Its last record before the checkpoint.
    pub last: Seq,
    /// The request as received.
    pub request: StoredFrame,
    /// Why it is to be reversed.
    pub cause: Option<ReversalCause>,
    /// Tries of its reversal.
    pub tries: u16,
    /// Whether an approval was seen.
    pub approved: bool,
    /// DE 38 of the approval.
    pub auth: Option<AuthCode>,
    /// The request as it went out, where that is not as it came in.
    pub upstream: Option<StoredFrame>,
    /// The answer to its reversal, as given.
    pub reversal_answer: Option<StoredFrame>,
    /// Since when it is being reversed, on the clock of [`Carried::Clock`].
    pub reversing: Option<Wall>,
    /// Whether its terminal may hold the receipt of what is reversed without being asked for.
    pub of_receipt: bool,
    /// The answer as given.
    pub answer: Option<StoredFrame>,
    /// DE 37 of the answer, in time or late.
    pub rrn: Option<Rrn>,
    /// Whether an answer came that could not be believed, or left the outcome open.
    pub doubted: bool,
    /// What went back of it by voids, refunds and reversals of parts.
    pub returned: Amount,
}

/// An answered transaction in a checkpoint.
#[derive(Clone, Debug)]
pub struct CarriedAnswer {
    /// The transaction.
    pub tx: TxId,
    /// Its names.
    pub opened: Opened,
    /// Its state.
    pub state: State,
    /// The request as received.
    pub request: StoredFrame,
    /// Whether an approval was seen.
    pub approved: bool,
    /// The answer as given.
    pub answer: Option<StoredFrame>,
    /// The answer to its reversal, as given.
    pub reversal_answer: Option<StoredFrame>,
    /// Its last record.
    pub last: Seq,
    /// The request as it went out, where that is not as it came in.
    pub upstream: Option<StoredFrame>,
    /// What went back of it by voids and refunds.
    pub returned: Amount,
}
