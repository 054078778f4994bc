//! The life of a transaction: one total decision table, a letter a row.
//!
//! [`decide`] says for each state and each thing that can happen what the next state is and what is
//! owed. It knows no message, no time and no policy: those are turned into [`Trigger`]s before, and
//! [`Effect`]s are carried out after. Each row is a paragraph of ARCHITECTURE.md and a test below.

use crate::engine::record::{Row, State};

/// What can happen to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// It is refused here: format, MAC, name taken, overload.
    Refuse,
    /// There is no connection to send it on.
    NoLink,
    /// It is handed to a connection of its link.
    Forward,
    /// The deadline found it unwritten and took it back: nothing left.
    Revoked,
    /// The connection that carried it was lost.
    LinkLost,
    /// An answer came that cannot be trusted: MAC, format, other amount.
    BadAnswer,
    /// No answer by the deadline.
    Deadline,
    /// As the three above, for a kind that never reverses.
    GaveUp,
    /// An approval came.
    Approval,
    /// A decline came.
    Decline,
    /// The terminal's connection closed while its answer is due.
    TerminalClosed,
    /// The terminal is back and asks the same again.
    TerminalBack,
    /// The answer was written to the terminal.
    Written,
    /// The answer could not be written.
    NotWritten,
    /// The connection was reset soon after the answer was written.
    Reset,
    /// The time for the terminal to come back, or to reverse by itself, is over; or the policy
    /// reverses at once.
    ReverseNow,
    /// The terminal sends a reversal for it.
    TerminalReversal,
    /// An operator wants it reversed.
    Operator,
    /// A try of the reversal goes out.
    ReversalTry,
    /// The reversal is booked (00).
    ReversalAccepted,
    /// The reversal is closed by an answer that proves nothing (25, 12), and no approval was seen.
    ReversalUnproven,
    /// The try brought nothing final: a retry code, no answer, a lost connection.
    ReversalRetry,
    /// The reversal is refused for good.
    ReversalRefusal,
    /// Tries or time are used up.
    Exhausted,
    /// A later message proves that the terminal has the approval.
    Proof,
    /// A void or refund of it was approved.
    Returned,
    /// The void of it was itself reversed.
    ReturnUndone,
    /// The gateway restarted and finds it in its journal.
    Restart,
    /// The watch for a late approval is over.
    WatchOver,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 29] = [
        Self::Refuse,
        Self::NoLink,
        Self::Forward,
        Self::Revoked,
        Self::LinkLost,
        Self::BadAnswer,
        Self::Deadline,
        Self::GaveUp,
        Self::Approval,
        Self::Decline,
        Self::TerminalClosed,
        Self::TerminalBack,
        Self::Written,
        Self::NotWritten,
        Self::Reset,
        Self::ReverseNow,
        Self::TerminalReversal,
        Self::Operator,
        Self::ReversalTry,
        Self::ReversalAccepted,
        Self::ReversalUnproven,
        Self::ReversalRetry,
        Self::ReversalRefusal,
        Self::Exhausted,
        Self::Proof,
        Self::Returned,
        Self::ReturnUndone,
        Self::Restart,
        Self::WatchOver,
    ];
}

/// What a row owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing.
    None,
    /// Tell the terminal no, by ourselves; nothing was sent upstream.
    AnswerNo,
    /// Start the deadline of the answer.
    AwaitAnswer,
    /// Give the answer to the terminal.
    Deliver,
    /// Money may be held and nobody has the approval: reverse as the route's policy says.
    ReverseByPolicy,
    /// The reversal is due: send it as soon as it may go.
    Reverse,
    /// Wait for the terminal to come back before reversing.
    Grace,
    /// Wait for the answer to the reversal.
    AwaitReversal,
    /// Try again after the next step of the ladder.
    RetryLater,
    /// Put it on the list of exceptions; go on trying slowly.
    List,
    /// The reversal is over: tell the terminal if it asked.
    Finish,
    /// As `Finish`, and watch for a late approval.
    FinishAndWatch,
    /// Tell the terminal that there is nothing to reverse.
    AnswerInvalid,
    /// Give the terminal the answer its reversal had before, or let it wait for the one to come.
    AnswerReversal,
    /// Forget the reversal that was not sent yet: nothing is held.
    Cancel,
    /// Nothing more will come: out of memory with it.
    Forget,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its letter.
    pub row: Row,
    /// The state it leads to.
    pub next: State,
    /// What it owes.
    pub effect: Effect,
}

/// The table. Total: every state and trigger has a row.
#[must_use]
pub fn decide(state: State, trigger: Trigger) -> Decision {
    use Effect as E;
    use State as S;
    use Trigger as T;
    let (letter, next, effect) = match (state, trigger) {
        // A request comes in.
        (S::Received, T::Refuse) => ('A', S::Refused, E::AnswerNo),
        (S::Received, T::NoLink) => ('B', S::NotSent, E::AnswerNo),
        (S::Received, T::Forward) => ('C', S::Forwarded, E::AwaitAnswer),

        // It waits for its answer.
        (S::Forwarded, T::Approval) => ('D', S::Approved, E::Deliver),
        (S::Forwarded, T::Decline) => ('E', S::Declined, E::Deliver),
        (S::Forwarded | S::ForwardedGone, T::BadAnswer) => ('F', S::TimedOut, E::ReverseByPolicy),
        (S::Forwarded | S::ForwardedGone, T::LinkLost) => ('G', S::TimedOut, E::ReverseByPolicy),
        (S::Forwarded | S::ForwardedGone, T::Deadline) => ('H', S::TimedOut, E::ReverseByPolicy),
        (S::Forwarded | S::ForwardedGone, T::Revoked) => ('I', S::NotSent, E::AnswerNo),
        (S::Forwarded | S::ForwardedGone, T::GaveUp) => ('J', S::Unanswered, E::Forget),
        (S::Forwarded, T::TerminalClosed) => ('K', S::ForwardedGone, E::None),
        (S::ForwardedGone, T::TerminalBack) => ('L', S::Forwarded, E::None),
        (S::ForwardedGone, T::Approval) => ('M', S::TerminalGone, E::Grace),
        (S::ForwardedGone, T::Decline) => ('N', S::DeclineDelivered, E::Forget),
        (S::Forwarded | S::ForwardedGone, T::Restart) => ('O', S::TimedOut, E::ReverseByPolicy),

        // Its answer goes to the terminal.
        (S::Approved, T::Written) => ('P', S::Delivered, E::Forget),
        (S::Approved, T::NotWritten | T::TerminalClosed) => ('Q', S::TerminalGone, E::Grace),
        (S::Approved, T::Restart) => ('R', S::DeliveryUnproven, E::None),
        (S::Delivered, T::Reset) => ('R', S::DeliveryUnproven, E::None),
        (S::Declined, T::Written | T::NotWritten | T::TerminalClosed | T::Restart) => {
            ('S', S::DeclineDelivered, E::Forget)
        }
        (S::TerminalGone, T::TerminalBack) => ('T', S::Approved, E::Deliver),

        // The terminal asks for a reversal.
        (
            S::Forwarded
            | S::ForwardedGone
            | S::Approved
            | S::Delivered
            | S::DeliveryUnproven
            | S::TimedOut
            | S::LateApproval
            | S::TerminalGone
            | S::Confirmed,
            T::TerminalReversal,
        ) => ('U', S::ReversalPending, E::Reverse),
        (
            S::Refused | S::Declined | S::DeclineDelivered | S::NotSent | S::Returned | S::Settled,
            T::TerminalReversal,
        ) => ('V', state, E::AnswerInvalid),
        (
            S::ReversalPending
            | S::ReversalSent
            | S::Reversed
            | S::ClosedUnproven
            | S::ReversalRefused
            | S::ReversalUndeliverable,
            T::TerminalReversal,
        ) => ('W', state, E::AnswerReversal),

        // The gateway reverses by itself.
        (S::TimedOut | S::TerminalGone | S::LateApproval, T::ReverseNow) => {
            ('X', S::ReversalPending, E::Reverse)
        }
        (
            S::Delivered
            | S::DeliveryUnproven
            | S::TimedOut
            | S::LateApproval
            | S::TerminalGone
            | S::ReversalRefused
            | S::ReversalUndeliverable
            | S::ClosedUnproven
            | S::Confirmed,
            T::Operator,
        ) => ('Y', S::ReversalPending, E::Reverse),

        // Answers come when they should not.
        (S::TimedOut, T::Approval) => ('a', S::LateApproval, E::ReverseByPolicy),
        (S::TimedOut | S::LateApproval, T::Restart) => ('O', state, E::ReverseByPolicy),
        (S::TimedOut, T::Decline) => ('b', S::DeclineDelivered, E::Forget),
        (S::ReversalPending, T::Decline) => ('c', S::DeclineDelivered, E::Cancel),
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::Approval) => {
            ('d', state, E::None)
        }
        (S::Reversed | S::Unanswered, T::Approval) => ('e', state, E::None),
        (S::ClosedUnproven, T::Approval) => ('f', S::ReversalPending, E::Reverse),
        (S::Declined | S::DeclineDelivered | S::NotSent, T::Approval) => {
            ('g', S::LateApproval, E::ReverseByPolicy)
        }
        (S::Approved, T::Decline) => ('h', S::LateApproval, E::ReverseByPolicy),
        (S::Delivered, T::Decline) => ('i', S::DeliveryUnproven, E::None),

        // The reversal goes its way.
        (S::ReversalPending, T::ReversalTry) => ('j', S::ReversalSent, E::AwaitReversal),
        (S::ReversalUndeliverable, T::ReversalTry) => {
            ('k', S::ReversalUndeliverable, E::AwaitReversal)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReversalAccepted) => {
            ('l', S::Reversed, E::Finish)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReversalUnproven) => {
            ('m', S::ClosedUnproven, E::FinishAndWatch)
        }
        (S::ReversalSent, T::ReversalRetry) => ('n', S::ReversalPending, E::RetryLater),
        (S::ReversalPending, T::ReversalRetry) => ('n', S::ReversalPending, E::None),
        (S::ReversalUndeliverable, T::ReversalRetry) => {
            ('o', S::ReversalUndeliverable, E::RetryLater)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReversalRefusal) => {
            ('p', S::ReversalRefused, E::Finish)
        }
        (S::ReversalPending | S::ReversalSent, T::Exhausted) => {
            ('q', S::ReversalUndeliverable, E::List)
        }
        (S::ReversalPending | S::ReversalSent, T::Restart) => ('r', S::ReversalPending, E::Reverse),
        (S::ReversalUndeliverable, T::Restart) => ('r', S::ReversalUndeliverable, E::RetryLater),
        (S::TerminalGone, T::Restart) => ('s', S::TerminalGone, E::Grace),
        (S::ClosedUnproven, T::Restart) => ('s', S::ClosedUnproven, E::FinishAndWatch),
        (S::ClosedUnproven, T::WatchOver) => ('t', S::ClosedUnproven, E::Forget),

        // A later message speaks of it.
        (S::Delivered | S::DeliveryUnproven, T::Proof) => ('u', S::Confirmed, E::Forget),
        (S::Delivered | S::DeliveryUnproven | S::Confirmed, T::Returned) => {
            ('v', S::Returned, E::Forget)
        }
        (S::Returned, T::ReturnUndone) => ('w', S::Confirmed, E::Forget),

        // Everything else changes nothing; that it happened is still recorded.
        _ => ('z', state, E::None),
    };
    Decision {
        row: Row(letter),
        next,
        effect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Effect as E;
    use State as S;
    use Trigger as T;

    /// `(letter, states, triggers, next or None if it stays, effect)`.
    type Rule = (
        char,
        &'static [State],
        &'static [Trigger],
        Option<State>,
        Effect,
    );

    const WAITING: &[State] = &[S::Forwarded, S::ForwardedGone];
    const REVERSING: &[State] = &[
        S::ReversalPending,
        S::ReversalSent,
        S::ReversalUndeliverable,
    ];

    /// The table once more, row by row, as `domain` rules say it.
    const RULES: &[Rule] = &[
        (
            'A',
            &[S::Received],
            &[T::Refuse],
            Some(S::Refused),
            E::AnswerNo,
        ),
        (
            'B',
            &[S::Received],
            &[T::NoLink],
            Some(S::NotSent),
            E::AnswerNo,
        ),
        (
            'C',
            &[S::Received],
            &[T::Forward],
            Some(S::Forwarded),
            E::AwaitAnswer,
        ),
        (
            'D',
            &[S::Forwarded],
            &[T::Approval],
            Some(S::Approved),
            E::Deliver,
        ),
        (
            'E',
            &[S::Forwarded],
            &[T::Decline],
            Some(S::Declined),
            E::Deliver,
        ),
        (
            'F',
            WAITING,
            &[T::BadAnswer],
            Some(S::TimedOut),
            E::ReverseByPolicy,
        ),
        (
            'G',
            WAITING,
            &[T::LinkLost],
            Some(S::TimedOut),
            E::ReverseByPolicy,
        ),
        (
            'H',
            WAITING,
            &[T::Deadline],
            Some(S::TimedOut),
            E::ReverseByPolicy,
        ),
        ('I', WAITING, &[T::Revoked], Some(S::NotSent), E::AnswerNo),
        ('J', WAITING, &[T::GaveUp], Some(S::Unanswered), E::Forget),
        (
            'K',
            &[S::Forwarded],
            &[T::TerminalClosed],
            Some(S::ForwardedGone),
            E::None,
        ),
        (
            'L',
            &[S::ForwardedGone],
            &[T::TerminalBack],
            Some(S::Forwarded),
            E::None,
        ),
        (
            'M',
            &[S::ForwardedGone],
            &[T::Approval],
            Some(S::TerminalGone),
            E::Grace,
        ),
        (
            'N',
            &[S::ForwardedGone],
            &[T::Decline],
            Some(S::DeclineDelivered),
            E::Forget,
        ),
        (
            'O',
            WAITING,
            &[T::Restart],
            Some(S::TimedOut),
            E::ReverseByPolicy,
        ),
        (
            'O',
            &[S::TimedOut, S::LateApproval],
            &[T::Restart],
            None,
            E::ReverseByPolicy,
        ),
        (
            'P',
            &[S::Approved],
            &[T::Written],
            Some(S::Delivered),
            E::Forget,
        ),
        (
            'Q',
            &[S::Approved],
            &[T::NotWritten, T::TerminalClosed],
            Some(S::TerminalGone),
            E::Grace,
        ),
        (
            'R',
            &[S::Approved],
            &[T::Restart],
            Some(S::DeliveryUnproven),
            E::None,
        ),
        (
            'R',
            &[S::Delivered],
            &[T::Reset],
            Some(S::DeliveryUnproven),
            E::None,
        ),
        (
            'S',
            &[S::Declined],
            &[T::Written, T::NotWritten, T::TerminalClosed, T::Restart],
            Some(S::DeclineDelivered),
            E::Forget,
        ),
        (
            'T',
            &[S::TerminalGone],
            &[T::TerminalBack],
            Some(S::Approved),
            E::Deliver,
        ),
        (
            'U',
            &[
                S::Forwarded,
                S::ForwardedGone,
                S::Approved,
                S::Delivered,
                S::DeliveryUnproven,
                S::TimedOut,
                S::LateApproval,
                S::TerminalGone,
                S::Confirmed,
            ],
            &[T::TerminalReversal],
            Some(S::ReversalPending),
            E::Reverse,
        ),
        (
            'V',
            &[
                S::Refused,
                S::Declined,
                S::DeclineDelivered,
                S::NotSent,
                S::Returned,
                S::Settled,
            ],
            &[T::TerminalReversal],
            None,
            E::AnswerInvalid,
        ),
        (
            'W',
            &[
                S::ReversalPending,
                S::ReversalSent,
                S::Reversed,
                S::ClosedUnproven,
                S::ReversalRefused,
                S::ReversalUndeliverable,
            ],
            &[T::TerminalReversal],
            None,
            E::AnswerReversal,
        ),
        (
            'X',
            &[S::TimedOut, S::TerminalGone, S::LateApproval],
            &[T::ReverseNow],
            Some(S::ReversalPending),
            E::Reverse,
        ),
        (
            'Y',
            &[
                S::Delivered,
                S::DeliveryUnproven,
                S::TimedOut,
                S::LateApproval,
                S::TerminalGone,
                S::ReversalRefused,
                S::ReversalUndeliverable,
                S::ClosedUnproven,
                S::Confirmed,
            ],
            &[T::Operator],
            Some(S::ReversalPending),
            E::Reverse,
        ),
        (
            'a',
            &[S::TimedOut],
            &[T::Approval],
            Some(S::LateApproval),
            E::ReverseByPolicy,
        ),
        (
            'b',
            &[S::TimedOut],
            &[T::Decline],
            Some(S::DeclineDelivered),
            E::Forget,
        ),
        (
            'c',
            &[S::ReversalPending],
            &[T::Decline],
            Some(S::DeclineDelivered),
            E::Cancel,
        ),
        ('d', REVERSING, &[T::Approval], None, E::None),
        (
            'e',
            &[S::Reversed, S::Unanswered],
            &[T::Approval],
            None,
            E::None,
        ),
        (
            'f',
            &[S::ClosedUnproven],
            &[T::Approval],
            Some(S::ReversalPending),
            E::Reverse,
        ),
        (
            'g',
            &[S::Declined, S::DeclineDelivered, S::NotSent],
            &[T::Approval],
            Some(S::LateApproval),
            E::ReverseByPolicy,
        ),
        (
            'h',
            &[S::Approved],
            &[T::Decline],
            Some(S::LateApproval),
            E::ReverseByPolicy,
        ),
        (
            'i',
            &[S::Delivered],
            &[T::Decline],
            Some(S::DeliveryUnproven),
            E::None,
        ),
        (
            'j',
            &[S::ReversalPending],
            &[T::ReversalTry],
            Some(S::ReversalSent),
            E::AwaitReversal,
        ),
        (
            'k',
            &[S::ReversalUndeliverable],
            &[T::ReversalTry],
            None,
            E::AwaitReversal,
        ),
        (
            'l',
            REVERSING,
            &[T::ReversalAccepted],
            Some(S::Reversed),
            E::Finish,
        ),
        (
            'm',
            REVERSING,
            &[T::ReversalUnproven],
            Some(S::ClosedUnproven),
            E::FinishAndWatch,
        ),
        (
            'n',
            &[S::ReversalSent],
            &[T::ReversalRetry],
            Some(S::ReversalPending),
            E::RetryLater,
        ),
        (
            'n',
            &[S::ReversalPending],
            &[T::ReversalRetry],
            None,
            E::None,
        ),
        (
            'o',
            &[S::ReversalUndeliverable],
            &[T::ReversalRetry],
            None,
            E::RetryLater,
        ),
        (
            'p',
            REVERSING,
            &[T::ReversalRefusal],
            Some(S::ReversalRefused),
            E::Finish,
        ),
        (
            'q',
            &[S::ReversalPending, S::ReversalSent],
            &[T::Exhausted],
            Some(S::ReversalUndeliverable),
            E::List,
        ),
        (
            'r',
            &[S::ReversalPending, S::ReversalSent],
            &[T::Restart],
            Some(S::ReversalPending),
            E::Reverse,
        ),
        (
            'r',
            &[S::ReversalUndeliverable],
            &[T::Restart],
            None,
            E::RetryLater,
        ),
        ('s', &[S::TerminalGone], &[T::Restart], None, E::Grace),
        (
            's',
            &[S::ClosedUnproven],
            &[T::Restart],
            None,
            E::FinishAndWatch,
        ),
        ('t', &[S::ClosedUnproven], &[T::WatchOver], None, E::Forget),
        (
            'u',
            &[S::Delivered, S::DeliveryUnproven],
            &[T::Proof],
            Some(S::Confirmed),
            E::Forget,
        ),
        (
            'v',
            &[S::Delivered, S::DeliveryUnproven, S::Confirmed],
            &[T::Returned],
            Some(S::Returned),
            E::Forget,
        ),
        (
            'w',
            &[S::Returned],
            &[T::ReturnUndone],
            Some(S::Confirmed),
            E::Forget,
        ),
    ];

    fn check(letter: char) {
        let rows: Vec<&Rule> = RULES.iter().filter(|rule| rule.0 == letter).collect();
        assert!(!rows.is_empty(), "no rule for row {letter}");
        for (letter, states, triggers, next, effect) in rows {
            for state in *states {
                for trigger in *triggers {
                    let expected = Decision {
                        row: Row(*letter),
                        next: next.unwrap_or(*state),
                        effect: *effect,
                    };
                    assert_eq!(decide(*state, *trigger), expected, "{state} {trigger:?}");
                }
            }
        }
    }

    /// One test a letter, named after it.
    macro_rules! rows {
        ($($name:ident $letter:literal),* $(,)?) => { $(#[test] fn $name() { check($letter); })* };
    }

    rows! {
        row_upper_a 'A', row_upper_b 'B', row_upper_c 'C', row_upper_d 'D', row_upper_e 'E',
        row_upper_f 'F', row_upper_g 'G', row_upper_h 'H', row_upper_i 'I', row_upper_j 'J',
        row_upper_k 'K', row_upper_l 'L', row_upper_m 'M', row_upper_n 'N', row_upper_o 'O',
        row_upper_p 'P', row_upper_q 'Q', row_upper_r 'R', row_upper_s 'S', row_upper_t 'T',
        row_upper_u 'U', row_upper_v 'V', row_upper_w 'W', row_upper_x 'X', row_upper_y 'Y',
        row_a 'a', row_b 'b', row_c 'c', row_d 'd', row_e 'e', row_f 'f', row_g 'g', row_h 'h',
        row_i 'i', row_j 'j', row_k 'k', row_l 'l', row_m 'm', row_n 'n', row_o 'o', row_p 'p',
        row_q 'q', row_r 'r', row_s 's', row_t 't', row_u 'u', row_v 'v', row_w 'w',
    }

    #[test]
    fn row_z_is_every_pair_that_no_rule_names_and_changes_nothing() {
        for state in State::ALL {
            for trigger in T::ALL {
                let named = RULES
                    .iter()
                    .any(|rule| rule.1.contains(&state) && rule.2.contains(&trigger));
                let decision = decide(state, trigger);
                assert_eq!(decision.row == Row('z'), !named, "{state} {trigger:?}");
                if !named {
                    assert_eq!((decision.next, decision.effect), (state, E::None));
                }
            }
        }
    }

    #[test]
    fn a_pair_has_one_rule() {
        for state in State::ALL {
            for trigger in T::ALL {
                let rules = RULES
                    .iter()
                    .filter(|rule| rule.1.contains(&state) && rule.2.contains(&trigger));
                assert!(rules.count() <= 1, "{state} {trigger:?}");
            }
        }
    }

    #[test]
    fn nothing_that_may_hold_money_is_ever_answered_with_no() {
        for state in State::ALL {
            for trigger in T::ALL {
                if decide(state, trigger).effect == E::AnswerNo {
                    let harmless = matches!(state, S::Received | S::Forwarded | S::ForwardedGone);
                    assert!(harmless, "{state} {trigger:?}");
                    // Out of a forwarded state only what was taken back unwritten is refused.
                    assert!(state == S::Received || trigger == T::Revoked);
                }
            }
        }
    }
}
