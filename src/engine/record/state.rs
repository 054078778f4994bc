//! The states of a transaction, as the gateway sees it.

use std::fmt;

/// Where a transaction stands (S0 … S19). What leads from one to another is the decision table in
/// the gateway's `lifecycle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// S0: read; nothing sent yet.
    Received,
    /// S1: refused here; nothing went upstream.
    Refused,
    /// S2: handed to the acquirer's connection; money unknown.
    Forwarded,
    /// S2 whose terminal went away meanwhile; money unknown.
    ForwardedGone,
    /// S3: approved, not yet with the terminal.
    Approved,
    /// S4: declined, not yet with the terminal.
    Declined,
    /// S5: the approval was written to the terminal.
    Delivered,
    /// S5 whose delivery is not proven (U8).
    DeliveryUnproven,
    /// S6: over without money: the decline was written, or came too late to matter.
    DeclineDelivered,
    /// S7: no usable answer; money unknown.
    TimedOut,
    /// S7 of a kind that never reverses: inquiries, advices, notices.
    Unanswered,
    /// S8: nothing left the gateway.
    NotSent,
    /// S9: the approval came after the deadline.
    LateApproval,
    /// S10: approved, and the terminal is not there to hear it.
    TerminalGone,
    /// S11: a reversal is due and durable.
    ReversalPending,
    /// S12: the reversal is on the wire.
    ReversalSent,
    /// S13: the reversal is booked.
    Reversed,
    /// S13u: the reversal is closed, but does not prove that no money is held.
    ClosedUnproven,
    /// S14: the reversal was refused for good.
    ReversalRefused,
    /// S15: tries or time are used up; still tried slowly.
    ReversalUndeliverable,
    /// S16: voided or refunded.
    Returned,
    /// S17: in a batch that balanced.
    Settled,
    /// S18: one side counts it, the other does not.
    SettleMismatch,
    /// S19: a later message proves that the terminal has the approval.
    Confirmed,
    /// Its answer was passed on, and its code could not be read: approved or not, it is not known.
    AnswerUnread,
    /// An operator closed it: where the money is stands in what was said of it, not in messages.
    ClosedByOperator,
}

impl State {
    /// Every state; a state's form on disk is its place here.
    pub const ALL: [Self; 26] = [
        Self::Received,
        Self::Refused,
        Self::Forwarded,
        Self::ForwardedGone,
        Self::Approved,
        Self::Declined,
        Self::Delivered,
        Self::DeliveryUnproven,
        Self::DeclineDelivered,
        Self::TimedOut,
        Self::Unanswered,
        Self::NotSent,
        Self::LateApproval,
        Self::TerminalGone,
        Self::ReversalPending,
        Self::ReversalSent,
        Self::Reversed,
        Self::ClosedUnproven,
        Self::ReversalRefused,
        Self::ReversalUndeliverable,
        Self::Returned,
        Self::Settled,
        Self::SettleMismatch,
        Self::Confirmed,
        Self::AnswerUnread,
        Self::ClosedByOperator,
    ];

    /// What the state means: the one table of it. Whoever must treat states differently asks for a
    /// column of this table.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        use Awaited as A;
        use Known as K;
        let (name, awaited, known) = match self {
            Self::Received => ("RECEIVED", A::Decision, K::NotHeld),
            Self::Refused => ("REJECTED-LOCAL", A::Nothing, K::NotHeld),
            Self::Forwarded => ("FORWARDED", A::Answer, K::Doubt),
            Self::ForwardedGone => ("FORWARDED-GONE", A::Answer, K::Doubt),
            Self::Approved => ("APPROVED", A::Delivery, K::Doubt),
            Self::Declined => ("DECLINED", A::Delivery, K::NotHeld),
            Self::Delivered => ("DELIVERED-APPROVED", A::Nothing, K::Told),
            Self::DeliveryUnproven => ("DELIVERY-UNPROVEN", A::Others, K::DoubtTold),
            Self::DeclineDelivered => ("DELIVERED-DECLINED", A::Nothing, K::NotHeld),
            Self::TimedOut => ("TIMED-OUT", A::Others, K::Doubt),
            Self::Unanswered => ("UNANSWERED", A::Nothing, K::DoubtTold),
            Self::NotSent => ("SEND-FAILED", A::Nothing, K::NotHeld),
            Self::LateApproval => ("LATE-APPROVAL", A::Others, K::Doubt),
            Self::TerminalGone => ("TERMINAL-GONE", A::Others, K::Doubt),
            Self::ReversalPending => ("REVERSAL-PENDING", A::Reversal, K::Doubt),
            Self::ReversalSent => ("REVERSAL-SENT", A::Reversal, K::Doubt),
            Self::Reversed => ("REVERSED", A::Nothing, K::Undone),
            Self::ClosedUnproven => ("CLOSED-UNPROVEN", A::Others, K::Doubt),
            Self::ReversalRefused => ("REVERSAL-REJECTED", A::Others, K::Doubt),
            Self::ReversalUndeliverable => ("REVERSAL-UNDELIVERABLE", A::Reversal, K::Doubt),
            Self::Returned => ("RETURNED", A::Nothing, K::Undone),
            Self::Settled => ("SETTLED", A::Nothing, K::Told),
            Self::SettleMismatch => ("SETTLE-MISMATCH", A::Nothing, K::Doubt),
            Self::Confirmed => ("CONFIRMED", A::Nothing, K::Told),
            Self::AnswerUnread => ("ANSWER-UNREAD", A::Nothing, K::DoubtTold),
            Self::ClosedByOperator => ("CLOSED-BY-OPERATOR", A::Nothing, K::Decided),
        };
        Meaning {
            name,
            awaited,
            known,
        }
    }

    /// The name in JSON and tables: `REVERSED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.meaning().name
    }

    /// Whether something may still happen that the gateway must act on by itself, so that the
    /// transaction stays in memory and is carried over restarts.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self.meaning().awaited, Awaited::Nothing)
    }

    /// Whether the acquirer's answer is waited for.
    #[must_use]
    pub const fn awaits_answer(self) -> bool {
        matches!(self.meaning().awaited, Awaited::Answer)
    }
}

/// A row of the table of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The name in JSON and tables.
    pub name: &'static str,
    /// What is waited for.
    pub awaited: Awaited,
    /// What is known of the money.
    pub known: Known,
}

/// What a transaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The gateway's first decision.
    Decision,
    /// The acquirer's answer.
    Answer,
    /// The writing of the answer to the terminal.
    Delivery,
    /// The end of its reversal, which the gateway brings about.
    Reversal,
    /// An act of the terminal, of an operator, or of the acquirer.
    Others,
    /// Nothing.
    Nothing,
}

/// What is known of the money of a transaction that moves some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No money is held under its name.
    NotHeld,
    /// Money may be held, or two parties may disagree; no answer to it still tells how things
    /// stand.
    Doubt,
    /// The same; the answer that its terminal was given, if it was, is still the latest.
    DoubtTold,
    /// The answer that its terminal was given still tells how things stand.
    Told,
    /// The money went back.
    Undone,
    /// What an operator found out, which no message tells.
    Decided,
}

impl Known {
    /// Whether the answer that a terminal was given still tells how things stand.
    #[must_use]
    pub const fn still_stands(self) -> bool {
        matches!(self, Self::NotHeld | Self::DoubtTold | Self::Told)
    }

    /// Whether it stands on the list of the open ones.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Doubt | Self::DoubtTold)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The letter of the row of the decision table that led to a state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub char);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}
