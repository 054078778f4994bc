//! Everything the journal knows of one transaction, folded from its records.

use super::codes::{Code, Outcome};
use super::moment::{Leg, Moment, is_approval, onward};
use super::reversal::{By, Reversal, is_done, is_reversal, turns_away};
use super::settled::Settlement;
use super::waits::millis;
use crate::engine::record::{
    Carried, CarriedTransaction, Fact, Hop, Logged, Note, Opened, Record, Row, Seq, State, Step,
    TxId, Why,
};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, AuthCode, ResponseCode, Rrn, Stan, Text};
use crate::iso::spec::{Purpose, ReversalCause};
use std::sync::Arc;

/// One transaction's story. A checkpoint's snapshot can begin one, too: then it knows how things
/// stood, but not the messages before ([`Story::whole`] is false).
#[derive(Clone, Debug)]
pub struct Story {
    /// Its id.
    pub tx: TxId,
    /// Its names; `None` while only later records were seen.
    pub opened: Option<Arc<Opened>>,
    /// Where it stands.
    pub state: State,
    /// When it began, as far as seen.
    pub began: Wall,
    /// When it last changed.
    pub changed: Wall,
    /// Its last record.
    pub last: Seq,
    /// Whether it is told from its first record on.
    pub whole: bool,
    /// Whether a record in the midst of it is missing: the journal is damaged. What it said is not
    /// known, so nothing that only its absence would allow may be allowed.
    pub gap: bool,
    /// Whether it is told from captured traffic that lacks a part in which something of it may
    /// stand.
    pub unseen: bool,
    /// What happened, in order.
    pub moments: Vec<Moment>,
    /// DE 11 of its messages that bear another than its request: of its reversal, or at its host.
    pub other_stans: Vec<Stan>,
    /// DE 37, from whichever message brought it.
    pub rrn: Option<Rrn>,
    /// Whether its request bore a reference number of its own.
    pub numbers_itself: bool,
    /// DE 38 of the approval.
    pub auth: Option<AuthCode>,
    /// DE 39 of the answer to the request: the acquirer's, if it gave one.
    pub answer: Option<ResponseCode>,
    /// What the acquirer was seen to say to the request.
    pub seen: Seen,
    /// Whether answers to the request contradict each other, or an approval among them cannot be
    /// trusted (MAC, other amount).
    pub conflict: bool,
    /// Whether an answer came whose code could not be read, and no reversal was accepted since: it
    /// may have been an approval.
    pub unread_answer: bool,
    /// Whether an answer counted as an approval without a response code, or with blanks.
    pub uncoded: bool,
    /// DE 38 and DE 37 of an approval under another authorization code than the first, whose
    /// numbers are on the slip: two bookings, perhaps.
    pub second: Option<(AuthCode, Option<Rrn>)>,
    /// DE 4 of the approval, where only a part was approved.
    pub granted: Option<Amount>,
    /// Whether the acquirer reversed it by itself, and said so.
    pub taken_back: bool,
    /// Whether that was for less than the whole amount: the rest may stand, whatever is answered to
    /// a reversal of the whole.
    pub taken_back_in_part: bool,
    /// Who closed it, and what was found: an operator's words.
    pub closing: Text<120>,
    /// How long an answer was waited for in vain, in milliseconds.
    pub waited_ms: Option<u64>,
    /// How long the acquirer took to answer in time, in milliseconds.
    pub took_ms: Option<u64>,
    /// How late the answer came, in milliseconds.
    pub late_ms: Option<u64>,
    /// What became of the approval on its way to the terminal.
    pub delivery: Delivery,
    /// Its reversal.
    pub reversal: Reversal,
    /// Why a carried one is to be reversed.
    pub carried_cause: Option<ReversalCause>,
    /// Others of same card, amount and merchant, moments apart (D0).
    pub twins: Vec<TxId>,
    /// Whether there were more of those than are linked with it, and one of them may hold money.
    pub crowded: bool,
    /// Others of same card, amount and merchant, moments apart, but for another purpose: perhaps
    /// its completion or refund.
    pub kin: Vec<TxId>,
    /// DE 38 of its request: the code of the approval that it refers to.
    pub refers_to: Option<AuthCode>,
    /// Those that name it as their original: voids, refunds, completions.
    pub referring: Vec<TxId>,
    /// Transactions of which one may be its original: what names it contradicts itself.
    pub either_of: Vec<TxId>,
    /// Others of the same name: the first of a repeat that was refused, and that repeat.
    pub namesakes: Vec<TxId>,
    /// The other transaction that a step named: the void that returned it, the first of its name.
    pub other: Option<TxId>,
    /// The transaction under which the same request was asked again, once this one was given up.
    pub again: Option<TxId>,
    /// Whether it asks again what was answered, in a way that could not be believed or that
    /// approved: that it is declined says nothing of the first.
    pub repeats_doubt: bool,
    /// What a settlement, or its answer, says of its batch.
    pub settlement: Option<Settlement>,
    /// Settlements of its batch that came after it.
    pub settlements: Vec<TxId>,
    /// Whether nothing more can come: the watch for a late approval is over.
    pub over: bool,
}

/// What the acquirer was seen to say to the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    #[default]
    Nothing,
    /// No approval, but another answer.
    Decline,
    /// An approval.
    Approval,
    /// An approval, after a reversal that was accepted had left: the money may be held again.
    ApprovalAfterReversal,
}

/// What became of the approval on its way to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// There is none, or it is not written yet.
    #[default]
    None,
    /// Written; not proof of reading.
    Written,
    /// Written, and something happened that casts doubt on it.
    Unproven,
    /// Could not be written.
    Failed,
    /// A later message proves it.
    Proven,
}

impl Story {
    fn new(tx: TxId, state: State, at: Wall) -> Self {
        Self {
            tx,
            opened: None,
            state,
            began: at,
            changed: at,
            last: Seq(0),
            whole: false,
            gap: false,
            unseen: false,
            moments: Vec::new(),
            other_stans: Vec::new(),
            rrn: None,
            numbers_itself: false,
            auth: None,
            answer: None,
            seen: Seen::Nothing,
            conflict: false,
            unread_answer: false,
            uncoded: false,
            second: None,
            granted: None,
            taken_back: false,
            taken_back_in_part: false,
            closing: Text::EMPTY,
            waited_ms: None,
            took_ms: None,
            late_ms: None,
            delivery: Delivery::None,
            reversal: Reversal::default(),
            carried_cause: None,
            twins: Vec::new(),
            crowded: false,
            kin: Vec::new(),
            refers_to: None,
            referring: Vec::new(),
            either_of: Vec::new(),
            namesakes: Vec::new(),
            other: None,
            again: None,
            repeats_doubt: false,
            settlement: None,
            settlements: Vec::new(),
            over: false,
        }
    }

    /// The story that a record begins; `None` if it belongs to no transaction.
    #[must_use]
    pub fn begin(record: &Record) -> Option<Self> {
        match &record.fact {
            Fact::Step(step) => {
                let mut story = Self::new(record.tx?, step.state, record.at);
                story.whole = step.opened.is_some();
                story.fold(record);
                Some(story)
            }
            Fact::Carried(carried) => match &**carried {
                Carried::Transaction(carried) => Some(Self::carry(carried)),
                Carried::Answer(carried) => {
                    let mut story = Self::new(carried.tx, carried.state, record.at);
                    story.open(&carried.opened);
                    story.last = carried.last;
                    if carried.approved {
                        story.seen = Seen::Approval;
                    }
                    story.deliver(carried.state);
                    Some(story)
                }
                Carried::Keys(_)
                | Carried::Tombstone { .. }
                | Carried::Stan(_)
                | Carried::Links(_)
                | Carried::Clock(_)
                | Carried::Numbers { .. }
                | Carried::AllTerminals => None,
            },
            _ => None,
        }
    }

    fn carry(carried: &CarriedTransaction) -> Self {
        let mut story = Self::new(carried.tx, carried.state, carried.began);
        story.open(&carried.opened);
        story.last = carried.last;
        story.auth = carried.auth;
        story.rrn = carried.rrn;
        story.carried_cause = carried.cause;
        story.reversal.tries = carried.tries;
        if carried.approved {
            story.seen = Seen::Approval;
        }
        story.deliver(carried.state);
        story
    }

    /// Takes one more record of this transaction. A snapshot tells nothing new to a story that
    /// was seen to happen.
    pub fn fold(&mut self, record: &Record) {
        let Fact::Step(step) = &record.fact else {
            return;
        };
        self.unseen |= step.why == Why::Unseen;
        self.gap |= record.prev.is_some_and(|prev| !self.knows(prev));
        if let Some(opened) = &step.opened {
            self.open(opened);
        }
        self.note(step);
        self.reverse(step);
        if let Some(message) = &step.message {
            self.hear(message, step);
        }
        self.deliver(step.state);
        self.state = step.state;
        self.changed = record.at;
        self.last = record.seq;
        self.over = step.row == WATCH_OVER;
        self.push(record, step);
        // A reversal's try can go unanswered, too; only the request's wait is told.
        let given_up = matches!(step.state, State::TimedOut | State::Unanswered);
        if given_up && step.why == Why::NoAnswer && self.waited_ms.is_none() {
            self.waited_ms = self.asked_at().map(|asked| millis(asked, record.at));
        }
    }

    /// Whether a record of it was seen, or stands before what was seen first.
    fn knows(&self, seq: Seq) -> bool {
        let Some(first) = self.moments.first() else {
            return true;
        };
        let seen = self.moments.iter().rev().any(|moment| moment.seq == seq);
        seen || !self.whole && seq < first.seq
    }

    fn open(&mut self, opened: &Opened) {
        // A void is no second attempt of the sale that it voids.
        let twin = opened.twin.filter(|twin| Some(*twin) != opened.original);
        let known = twin.is_some_and(|twin| self.twins.contains(&twin));
        self.twins.extend(twin.filter(|_| !known));
        self.opened = Some(Arc::new(opened.clone()));
    }

    fn note(&mut self, step: &Step) {
        match step.note {
            Note::LateMs(late) => self.late_ms = Some(late),
            Note::WaitedMs(waited) if step.message.is_some() => self.took_ms = Some(waited),
            Note::WaitedMs(waited) => self.waited_ms = Some(waited),
            Note::Try(n) => self.reversal.tries = self.reversal.tries.max(n),
            Note::Other(tx) => self.other = Some(tx),
            Note::Detail(said) if step.state == State::ClosedByOperator => self.closing = said,
            Note::Settles { .. } => self.settlement.get_or_insert_default().hear(step),
            Note::OneOf(_) => self.either_of.extend(step.note.named()),
            Note::None
            | Note::Duplicate(_)
            | Note::Unreadable(_)
            | Note::GoesOn { .. }
            | Note::Detail(_) => {}
        }
    }

    /// Who began the reversal: the first that asked.
    fn reverse(&mut self, step: &Step) {
        let from_terminal = step
            .message
            .as_ref()
            .is_some_and(|m| m.hop == Hop::TerminalToGateway && is_reversal(m));
        let by = match (step.why, step.state) {
            (Why::TerminalAsked, _) => By::Terminal,
            _ if from_terminal => By::Terminal,
            (_, State::ClosedByOperator) => return,
            (Why::Operator, _) => By::Operator,
            (_, State::ReversalPending | State::ReversalSent) => By::Gateway,
            _ => return,
        };
        self.reversal.by.get_or_insert(by);
    }

    fn hear(&mut self, message: &Logged, step: &Step) {
        let own = self.opened.as_ref().map(|opened| opened.stan);
        let other = message
            .stan
            .filter(|stan| Some(*stan) != own && !self.other_stans.contains(stan));
        self.other_stans.extend(other);
        let asks = message.hop == Hop::TerminalToGateway && self.original().is_none();
        self.numbers_itself |= asks && step.opened.is_some() && message.rrn.is_some();
        // The number on the slip is that of the first approval, not that of its reversal.
        let keeps = is_reversal(message) || self.seen == Seen::Approval;
        self.rrn = match keeps {
            true => self.rrn.or(message.rrn),
            false => message.rrn.or(self.rrn),
        };
        match (is_reversal(message), message.mti.is_answer(), message.hop) {
            (true, false, Hop::AcquirerToGateway) => {
                let whole = self.opened.as_ref().map(|opened| opened.amount);
                self.taken_back = true;
                self.taken_back_in_part |= message.amount < whole && message.amount.is_some();
            }
            (true, false, hop) => {
                self.reversal.turned_away = turns_away(step);
                self.reversal.cause = self.reversal.cause.or(message.code);
                let leaves = hop == Hop::GatewayToAcquirer || message.relayed.is_some();
                self.reversal.overtaken &= !leaves;
                if leaves && !matches!(step.note, Note::Try(_)) {
                    self.reversal.tries = self.reversal.tries.saturating_add(1);
                }
            }
            (true, true, Hop::AcquirerToGateway) => self.reversal_answered(message, step),
            (true, true, Hop::GatewayToTerminal) => {
                self.reversal.told = is_done(message);
                if self.purpose() == Some(Purpose::Reversal) {
                    self.answer = message.code;
                }
            }
            (false, true, Hop::AcquirerToGateway) => self.answered(message, step),
            (false, true, Hop::GatewayToTerminal) if self.seen == Seen::Nothing => {
                self.answer = message.code.or(self.answer);
            }
            _ => {}
        }
    }

    fn reversal_answered(&mut self, message: &Logged, step: &Step) {
        if self.reversal.answered(message, (self.state, step)) {
            self.unread_answer = false;
            // Whatever was approved before it left is undone by it.
            self.seen = match self.seen {
                Seen::Approval | Seen::ApprovalAfterReversal if self.reversal.overtaken => {
                    Seen::ApprovalAfterReversal
                }
                Seen::ApprovalAfterReversal => Seen::Approval,
                seen => seen,
            };
        }
    }

    /// An answer to the request. An approval once seen stays seen, whatever comes after.
    fn answered(&mut self, message: &Logged, step: &Step) {
        // The gateway's state says what the dialect makes of a code; the code speaks for itself
        // where the state was moved on by something else, such as a reversal under way.
        let by_code = message.code.map(|code| Code::of(&code).outcome());
        if self.is_copy(message) {
            return;
        }
        let first = matches!(self.seen, Seen::Nothing | Seen::Decline);
        let approves = by_code == Some(Outcome::Approved);
        let tried = self.reversal.tries > 0;
        self.reversal.overtaken |= tried && (approves || first && is_approval(step.state));
        // A dialect may decline by a code that approves in others.
        let declines = matches!(step.state, State::Declined | State::DeclineDelivered);
        if matches!(
            step.why,
            Why::AnswerMac | Why::AnswerMismatch | Why::AnswerUnreadable
        ) {
            // One whose code could not be read may say anything.
            let unread = step.why == Why::AnswerUnreadable && message.code.is_none();
            self.conflict |= approves;
            self.unread_answer |= unread;
            if approves && self.reversal.accepted {
                self.seen = Seen::ApprovalAfterReversal;
            }
        } else if self.seen == Seen::Nothing && declines {
            self.seen = Seen::Decline;
            self.answer = message.code;
        } else if approves || first && is_approval(step.state) {
            self.conflict |= self.seen == Seen::Decline;
            self.uncoded |= message.code.is_none_or(|code| code.trim().is_empty());
            self.auth = self.auth.or(message.auth);
            self.granted = self.granted.or(message.amount);
            let other = message.auth.filter(|auth| Some(*auth) != self.auth);
            let other = other.map(|auth| (auth, message.rrn));
            self.second = self.second.or(other);
            self.answer = message.code;
            self.seen = if self.reversal.accepted {
                Seen::ApprovalAfterReversal
            } else {
                Seen::Approval
            };
        } else if first {
            self.seen = Seen::Decline;
            // No other code takes back one that approves in other dialects.
            let approving = |code: &ResponseCode| Code::of(code).outcome() == Outcome::Approved;
            self.answer = self.answer.filter(approving).or(message.code);
        } else {
            self.conflict = true;
        }
    }

    /// Whether an approval is the one that was seen already (D10): whatever happened since, it
    /// tells nothing new.
    fn is_copy(&self, message: &Logged) -> bool {
        let approves = message
            .code
            .is_some_and(|code| Code::of(&code).outcome() == Outcome::Approved);
        let approved = matches!(self.seen, Seen::Approval | Seen::ApprovalAfterReversal);
        approves && approved && self.auth.is_some() && message.auth == self.auth
    }

    fn deliver(&mut self, state: State) {
        match state {
            State::Delivered => self.delivery = Delivery::Written,
            State::DeliveryUnproven => self.delivery = Delivery::Unproven,
            State::TerminalGone => self.delivery = Delivery::Failed,
            State::Confirmed | State::Settled => self.delivery = Delivery::Proven,
            _ => {}
        }
        if is_approval(state) && self.seen != Seen::ApprovalAfterReversal {
            self.seen = Seen::Approval;
        }
    }

    fn push(&mut self, record: &Record, step: &Step) {
        let moment = |leg| Moment {
            at: record.at,
            seq: record.seq,
            state: step.state,
            why: step.why,
            note: step.note.clone(),
            leg,
        };
        let Some(message) = &step.message else {
            self.moments.push(moment(None));
            return;
        };
        let leg = |hop| Leg {
            hop,
            mti: message.mti,
            code: message.code,
        };
        self.moments.push(moment(Some(leg(message.hop))));
        if message.relayed.is_some() {
            self.moments.push(Moment {
                why: Why::Plain,
                note: Note::None,
                ..moment(Some(leg(onward(message.hop))))
            });
        }
    }
}

/// The row of the decision table that ends the watch for a late approval.
const WATCH_OVER: Row = Row('t');
