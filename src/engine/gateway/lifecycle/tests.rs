//! The table once more, row by row, as the rules of the field say it.

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
        &[T::BadAnswer, T::TakenBack],
        Some(S::TimedOut),
        E::ReverseByPolicy,
    ),
    (
        'F',
        &[S::Declined, S::DeclineDelivered, S::NotSent],
        &[T::BadAnswer, T::AnswerUnread, T::OutcomeUnknown],
        Some(S::TimedOut),
        E::ReverseByPolicy,
    ),
    (
        'F',
        &[S::ForwardedGone],
        &[T::AnswerUnread, T::OutcomeUnknown],
        Some(S::TimedOut),
        E::ReverseByPolicy,
    ),
    (
        'x',
        &[S::Forwarded],
        &[T::AnswerUnread],
        Some(S::AnswerUnread),
        E::Deliver,
    ),
    (
        'y',
        &[S::AnswerUnread],
        &[T::Approval],
        Some(S::DeliveryUnproven),
        E::None,
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
    (
        'J',
        &[S::Forwarded, S::ForwardedGone, S::Approved],
        &[T::GaveUp],
        Some(S::Unanswered),
        E::Forget,
    ),
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
        &[T::Restart, T::WrittenLate],
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
        &[
            T::Written,
            T::WrittenLate,
            T::NotWritten,
            T::TerminalClosed,
            T::Restart,
        ],
        Some(S::DeclineDelivered),
        E::Forget,
    ),
    (
        'T',
        &[S::TerminalGone, S::Unanswered],
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
            S::SettleMismatch,
            S::AnswerUnread,
            S::ClosedByOperator,
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
            S::SettleMismatch,
            S::AnswerUnread,
            S::ClosedByOperator,
        ],
        &[T::Operator],
        Some(S::ReversalPending),
        E::Reverse,
    ),
    (
        'a',
        &[S::TimedOut, S::ClosedByOperator],
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
    ('e', &[S::Unanswered], &[T::Approval], None, E::None),
    (
        'f',
        &[S::ClosedUnproven, S::Reversed],
        &[T::Approval, T::ApprovalAgain, T::OtherApproval],
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
        &[T::Decline, T::DeclineInDoubt, T::OtherApproval],
        Some(S::DeliveryUnproven),
        E::None,
    ),
    (
        'i',
        &[S::Delivered],
        &[T::Decline, T::DeclineInDoubt, T::OtherApproval],
        Some(S::DeliveryUnproven),
        E::None,
    ),
    (
        'i',
        &[S::Confirmed],
        &[T::OtherApproval],
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
        &[S::Delivered, S::DeliveryUnproven, S::AnswerUnread],
        &[T::Proof],
        Some(S::Confirmed),
        E::Forget,
    ),
    (
        'v',
        &[
            S::Delivered,
            S::DeliveryUnproven,
            S::AnswerUnread,
            S::Confirmed,
            S::TerminalGone,
            S::LateApproval,
        ],
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
    (
        '1',
        &[S::Forwarded],
        &[T::OutcomeUnknown],
        Some(S::TimedOut),
        E::ReverseAndTell,
    ),
    (
        '2',
        &[
            S::Delivered,
            S::DeliveryUnproven,
            S::AnswerUnread,
            S::Confirmed,
            S::TerminalGone,
        ],
        &[T::ReturnedInPart],
        Some(S::Confirmed),
        E::Forget,
    ),
    (
        '3',
        &[
            S::Approved,
            S::Delivered,
            S::DeliveryUnproven,
            S::AnswerUnread,
            S::Confirmed,
            S::Settled,
            S::Returned,
            S::ClosedByOperator,
        ],
        &[T::TakenBack],
        Some(S::SettleMismatch),
        E::None,
    ),
    (
        '4',
        &[
            S::Refused,
            S::Delivered,
            S::DeliveryUnproven,
            S::DeclineDelivered,
            S::TimedOut,
            S::Unanswered,
            S::NotSent,
            S::LateApproval,
            S::Reversed,
            S::ClosedUnproven,
            S::ReversalRefused,
            S::ReversalUndeliverable,
            S::Returned,
            S::SettleMismatch,
            S::Confirmed,
            S::AnswerUnread,
        ],
        &[T::OperatorCloses],
        Some(S::ClosedByOperator),
        E::Cancel,
    ),
    (
        '5',
        &[
            S::LateApproval,
            S::TerminalGone,
            S::ReversalPending,
            S::ReversalSent,
            S::ReversalUndeliverable,
            S::ReversalRefused,
            S::ClosedUnproven,
        ],
        &[T::TakenBack],
        Some(S::Reversed),
        E::Finish,
    ),
    (
        '6',
        &[
            S::ReversalPending,
            S::ReversalSent,
            S::ReversalUndeliverable,
        ],
        &[T::ReceiptReversed],
        Some(S::SettleMismatch),
        E::Finish,
    ),
    (
        '6',
        &[S::ClosedByOperator],
        &[T::ReversalAccepted, T::ReceiptReversed],
        Some(S::SettleMismatch),
        E::None,
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
    row_x 'x', row_y 'y', row_1 '1', row_2 '2', row_3 '3', row_4 '4',
    row_5 '5', row_6 '6',
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
fn an_answer_that_could_not_be_read_is_never_undone_by_the_gateway() {
    for trigger in T::ALL {
        let decision = decide(S::AnswerUnread, trigger);
        let undone = matches!(
            decision.effect,
            E::Reverse | E::ReverseByPolicy | E::ReverseAndTell | E::Grace
        );
        let asked = matches!(trigger, T::TerminalReversal | T::Operator);
        assert!(asked || !undone, "{trigger:?}");
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
