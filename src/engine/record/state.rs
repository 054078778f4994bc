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
}

impl State {
    /// Every state; a state's form on disk is its place here.
    pub const ALL: [Self; 25] = [
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
    ];

    /// The name in JSON and tables: `REVERSED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Refused => "REJECTED-LOCAL",
            Self::Forwarded => "FORWARDED",
            Self::ForwardedGone => "FORWARDED-GONE",
            Self::Approved => "APPROVED",
            Self::Declined => "DECLINED",
            Self::Delivered => "DELIVERED-APPROVED",
            Self::DeliveryUnproven => "DELIVERY-UNPROVEN",
            Self::DeclineDelivered => "DELIVERED-DECLINED",
            Self::TimedOut => "TIMED-OUT",
            Self::Unanswered => "UNANSWERED",
            Self::NotSent => "SEND-FAILED",
            Self::LateApproval => "LATE-APPROVAL",
            Self::TerminalGone => "TERMINAL-GONE",
            Self::ReversalPending => "REVERSAL-PENDING",
            Self::ReversalSent => "REVERSAL-SENT",
            Self::Reversed => "REVERSED",
            Self::ClosedUnproven => "CLOSED-UNPROVEN",
            Self::ReversalRefused => "REVERSAL-REJECTED",
            Self::ReversalUndeliverable => "REVERSAL-UNDELIVERABLE",
            Self::Returned => "RETURNED",
            Self::Settled => "SETTLED",
            Self::SettleMismatch => "SETTLE-MISMATCH",
            Self::Confirmed => "CONFIRMED",
            Self::AnswerUnread => "ANSWER-UNREAD",
        }
    }

    /// Whether something may still happen that the gateway must act on by itself, so that the
    /// transaction stays in memory and is carried over restarts.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Received
                | Self::Forwarded
                | Self::ForwardedGone
                | Self::Approved
                | Self::Declined
                | Self::DeliveryUnproven
                | Self::TimedOut
                | Self::LateApproval
                | Self::TerminalGone
                | Self::ReversalPending
                | Self::ReversalSent
                | Self::ClosedUnproven
                | Self::ReversalRefused
                | Self::ReversalUndeliverable
        )
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
