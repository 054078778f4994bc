//! The classes of unconfirmed authorizations: the log cannot prove that both ends agree.

use super::bonds::{self, Bonds};
use super::codes::{Code, Outcome};
use super::moment::Leg;
use super::retry;
use super::reversal::{By, is_refusal, is_reversal, turns_away};
use super::story::{Seen, Story};
use crate::engine::record::{Hop, HostBalance, Note, State, Step, Why};
use crate::iso::spec::Purpose;

/// U1 to U9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unconfirmed {
    /// U1: no answer, or none that tells the outcome.
    NoAnswer,
    /// U2: approved, not delivered.
    NotDelivered,
    /// U3: approved too late.
    Late,
    /// U4: delivered, not settled. Normal waiting, so not *open*.
    NotSettled,
    /// U5: the reversal is pending.
    ReversalPending,
    /// U6: the reversal is refused or undeliverable.
    ReversalFailed,
    /// U7: the batch totals differ, or what was given back does not add up.
    SettleMismatch,
    /// U8: delivery is not proven.
    DeliveryUnproven,
    /// U9: the reversal is closed, and it is not proven that no money is held.
    ReversalUnproven,
}

impl Unconfirmed {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::NoAnswer,
        Self::NotDelivered,
        Self::Late,
        Self::NotSettled,
        Self::ReversalPending,
        Self::ReversalFailed,
        Self::SettleMismatch,
        Self::DeliveryUnproven,
        Self::ReversalUnproven,
    ];

    /// The class of a story beside those that it belongs to; `None` if both ends agree, or no
    /// money is in it. Whatever a verdict calls unproven on its own evidence has a class here.
    #[must_use]
    pub(super) fn of(story: &Story, bonds: &Bonds<'_>) -> Option<Self> {
        if !story.is_money() {
            let settlement = story.settlement.as_ref();
            let differs = story.is_out_of_balance() || settlement.is_some_and(|own| own.differs());
            let open = differs && story.state != State::ClosedByOperator;
            return open.then_some(Self::SettleMismatch);
        }
        if bonds.is_proven(story) {
            return None;
        }
        if bonds.is_confirmed_by_inquiry(story) {
            return Some(Self::NotSettled);
        }
        let class = Self::by_state(story);
        let open = class.filter(|class| class.is_open());
        open.or_else(|| by_answers(story))
            .or_else(|| by_returns(story, bonds))
            .or_else(|| by_part(story, bonds))
            .or_else(|| by_settlement(bonds))
            .or(class)
    }

    fn by_state(story: &Story) -> Option<Self> {
        if story.state == State::Reversed && is_unproven(story) {
            return Some(Self::ReversalUnproven);
        }
        if story.state == State::Reversed {
            return shows_success(story).then_some(Self::DeliveryUnproven);
        }
        let class = Self::at(story.state)?;
        match (story.state, story.seen) {
            // Whatever became of it is told under the other name.
            (State::Unanswered, _) if story.again.is_some() => None,
            // An answer that came after all settles it, though nobody waits for it any more.
            (State::Unanswered, Seen::Decline) => None,
            (State::Unanswered, Seen::Approval | Seen::ApprovalAfterReversal) => Some(Self::Late),
            _ if class == Self::NotSettled && !waits(story) => None,
            _ => Some(class),
        }
    }

    /// The class of a state, if money is in it.
    #[must_use]
    pub const fn at(state: State) -> Option<Self> {
        match state {
            State::Forwarded | State::ForwardedGone | State::TimedOut | State::Unanswered => {
                Some(Self::NoAnswer)
            }
            State::Approved | State::TerminalGone => Some(Self::NotDelivered),
            State::LateApproval => Some(Self::Late),
            State::Delivered | State::Confirmed => Some(Self::NotSettled),
            State::ReversalPending | State::ReversalSent => Some(Self::ReversalPending),
            State::ReversalRefused | State::ReversalUndeliverable => Some(Self::ReversalFailed),
            State::SettleMismatch => Some(Self::SettleMismatch),
            State::DeliveryUnproven | State::AnswerUnread => Some(Self::DeliveryUnproven),
            State::ClosedUnproven => Some(Self::ReversalUnproven),
            State::Received
            | State::Refused
            | State::Declined
            | State::DeclineDelivered
            | State::NotSent
            | State::Reversed
            | State::Returned
            | State::Settled
            | State::ClosedByOperator => None,
        }
    }

    /// Whether what is in this state has a class that is open whatever others tell of it: they need
    /// not be read where only the class is asked for.
    #[must_use]
    pub fn is_told_by(state: State) -> bool {
        let turns = matches!(
            state,
            State::TimedOut | State::Unanswered | State::AnswerUnread | State::DeliveryUnproven
        );
        !turns && Self::at(state).is_some_and(Self::is_open)
    }

    /// `U1` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => "U1",
            Self::NotDelivered => "U2",
            Self::Late => "U3",
            Self::NotSettled => "U4",
            Self::ReversalPending => "U5",
            Self::ReversalFailed => "U6",
            Self::SettleMismatch => "U7",
            Self::DeliveryUnproven => "U8",
            Self::ReversalUnproven => "U9",
        }
    }

    /// Whether `isogate open` lists it without being asked for normal waiting.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::NotSettled)
    }
}

/// A step that may leave its transaction open, whatever the state says: an answer to the request
/// that moved nothing, cannot be trusted, does not tell the outcome, or contradicts another; a
/// void, refund, reversal or completion, of which more may be given back than was paid, or taken
/// than was held; a reversal that went nowhere, that the acquirer sent by itself, or that it
/// answered once more; or totals that differ, from those of the acquirer or of this journal.
#[must_use]
pub fn casts_doubt(step: &Step) -> bool {
    let answers = step
        .message
        .as_ref()
        .filter(|message| message.hop == Hop::AcquirerToGateway && !is_reversal(message));
    let odd = answers.is_some_and(|message| {
        let code = message.code.unwrap_or_default();
        step.row.0 == 'z'
            || Code::of(&code).outcome() == Outcome::Unknown
            || matches!(
                step.why,
                Why::AnswerMac
                    | Why::AnswerMismatch
                    | Why::AnswerUnreadable
                    | Why::AnswersDisagree
                    | Why::LateApproval
            )
    });
    // Of an authorization more may be completed than it holds.
    let undoes = step
        .opened
        .as_ref()
        .is_some_and(|opened| match opened.purpose {
            Purpose::Void | Purpose::Refund | Purpose::Reversal => true,
            Purpose::Debit | Purpose::Advice => opened.original.is_some(),
            _ => false,
        });
    // An acquirer that answers a reversal once more may contradict itself.
    let again = step.message.as_ref().is_some_and(|message| {
        let answers = is_reversal(message) && message.mti.is_answer();
        answers && message.hop == Hop::AcquirerToGateway && step.state == State::Reversed
    });
    let differs = matches!(
        step.note,
        Note::Settles {
            host: HostBalance::Differs | HostBalance::Failed | HostBalance::Balanced,
            ..
        }
    );
    let takes_back = step.message.as_ref().is_some_and(|message| {
        let reverses = is_reversal(message) && !message.mti.is_answer();
        message.hop == Hop::AcquirerToGateway && reverses
    });
    odd || undoes || differs || takes_back || again && step.row.0 == 'z' || turns_away(step)
}

/// The answers leave the outcome open, though the state is one that ends the case.
fn by_answers(story: &Story) -> Option<Unconfirmed> {
    let code = story.answer.unwrap_or_default();
    let untold = story.seen == Seen::Decline && Code::of(&code).outcome() == Outcome::Unknown;
    let approved = !matches!(story.seen, Seen::Nothing | Seen::Decline);
    let unknown = story.conflict || story.unread_answer || story.uncoded || untold;
    match story.state {
        State::Refused if retry::was_sent(story) => Some(Unconfirmed::NoAnswer),
        State::NotSent if retry::was_answered(story) => Some(Unconfirmed::NoAnswer),
        State::Refused | State::NotSent if story.unseen => Some(Unconfirmed::NoAnswer),
        State::Declined | State::DeclineDelivered
            if unknown || approved || story.unseen || story.repeats_doubt || story.taken_back =>
        {
            Some(Unconfirmed::NoAnswer)
        }
        State::Unanswered if (unknown || story.unseen) && story.again.is_none() => {
            Some(Unconfirmed::NoAnswer)
        }
        // Given back twice, perhaps.
        State::Returned if story.taken_back => Some(Unconfirmed::SettleMismatch),
        State::Delivered | State::Confirmed if unknown => Some(Unconfirmed::DeliveryUnproven),
        // What it was turned away for was undone since.
        State::Delivered | State::Confirmed if story.reversal.turned_away => {
            Some(Unconfirmed::ReversalFailed)
        }
        State::Delivered | State::Confirmed | State::Returned if story.second.is_some() => {
            Some(Unconfirmed::DeliveryUnproven)
        }
        _ => None,
    }
}

/// More was given back than was paid, or whether something was is not known, and no other
/// transaction is listed for it.
fn by_returns(story: &Story, bonds: &Bonds<'_>) -> Option<Unconfirmed> {
    let stood = matches!(
        story.state,
        State::Delivered | State::Confirmed | State::Returned
    );
    let sold = story.purpose() == Some(Purpose::Debit);
    // Its terminal wants it undone, and that went nowhere.
    if stood && story.state != State::Returned && bonds.kept_back.is_some() {
        return Some(Unconfirmed::ReversalFailed);
    }
    let undone = matches!(story.state, State::Reversed | State::Returned);
    if undone && !bonds.increments.is_empty() {
        return Some(Unconfirmed::SettleMismatch);
    }
    let too_much = sold && bonds.given_back(story) > bonds::amount(story);
    let beside = bonds.gave_back_reversed(story) || bonds.was_reversed_before(story);
    if beside || bonds.gave_back_nothing(story) {
        return Some(Unconfirmed::SettleMismatch);
    }
    let undone = story.state == State::Reversed;
    let is_untold = |back: &Story| {
        let listed = Unconfirmed::of(back, &Bonds::default());
        let undone = bonds.undone.contains(&back.tx);
        !back.may_move() && !undone && !listed.is_some_and(Unconfirmed::is_open)
    };
    let untold = match undone {
        true => bonds.excess(story).any(is_untold),
        false => bonds.doubtful_returns().any(is_untold),
    };
    // Its terminal believes that a part of it stands.
    let declined = matches!(story.state, State::Declined | State::DeclineDelivered);
    let part = declined && bonds.was_reversed_in_part(story);
    let torn = &bonds.torn;
    let torn = torn.by.is_some() && sold && stood || torn.hold || torn.overdraws && stood;
    let open = too_much || bonds.overdrawn;
    (stood && open || (stood || undone) && (untold || torn) || part)
        .then_some(Unconfirmed::SettleMismatch)
}

/// It would have undone a part of what stands: for its terminal it did.
fn by_part(story: &Story, bonds: &Bonds<'_>) -> Option<Unconfirmed> {
    let refused = is_refusal(story.reversal.last_code);
    bonds.undoes_nothing.then_some(match refused {
        true => Unconfirmed::ReversalFailed,
        false => Unconfirmed::ReversalUnproven,
    })
}

/// Both ends settled it otherwise than the messages tell: which of both moved the money, no message
/// tells.
fn by_settlement(bonds: &Bonds<'_>) -> Option<Unconfirmed> {
    let settled = bonds.settled?;
    let closed = settled.settlement.state == State::ClosedByOperator;
    (!closed).then_some(Unconfirmed::SettleMismatch)
}

/// Whether what was accepted proves nothing: an approval came after it, and which of them the
/// acquirer booked last is not known; or no answer that was seen is one that accepts.
fn is_unproven(story: &Story) -> bool {
    let told = !story.whole || retry::is_reversed(story);
    story.seen == Seen::ApprovalAfterReversal || !told || story.unseen
}

/// Whether a terminal may still show success for what was reversed without its asking.
fn shows_success(story: &Story) -> bool {
    let asks = |leg: Leg| leg.hop == Hop::TerminalToGateway && leg.is_reversal();
    let asked = || {
        story
            .moments
            .iter()
            .any(|moment| moment.leg.is_some_and(asks))
    };
    story.was_shown() && story.reversal.by != Some(By::Terminal) && !asked()
}

/// Whether a settlement is still to come: for what takes or reserves money.
fn waits(story: &Story) -> bool {
    story
        .purpose()
        .is_none_or(|purpose| matches!(purpose, Purpose::Debit | Purpose::Hold))
}
