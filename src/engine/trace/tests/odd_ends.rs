//! Troubles beside a transaction: what they do not tell of it, and what each party believes.

use super::history::History;
use super::verdicts::{C, S, Unproven, Yes, case, check};
use crate::engine::record::Why;
use crate::engine::trace::{Basis, Is};

/// A try of the reversal that goes unanswered is no reason why the sale was reversed.
#[test]
fn the_reversal_s_own_troubles_are_not_the_cause() {
    let verdict = History::sale()
        .answer("00", S::Approved, Why::Plain)
        .step(S::TerminalGone, Why::WriteFailed)
        .reverses(1)
        .after(10_000)
        .step(S::ReversalPending, Why::NoAnswer)
        .reverses(2)
        .reversal_answered("00", S::Reversed)
        .verdict();
    assert_eq!(verdict.causes, [C::TerminalGone]);
}

/// D6: the answer was in time for the gateway; the terminal had not the patience.
#[test]
fn an_answer_to_an_impatient_terminal_is_not_late() {
    let history = History::sale()
        .terminal_reverses("98")
        .after(200)
        .late_approval(0, S::ReversalPending)
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    check(vec![case(
        history,
        (S::Reversed, None),
        C::TerminalReversed,
        Yes,
        "terminal reversed before an answer reached it; first cause 98; reversal accepted (00); \
         any debit is returned",
        "终端未收到应答即发起冲正(首次原因码98), 冲正成功(00); 如已扣款将原路退回",
    )]);
}

#[test]
fn an_approval_that_cannot_be_trusted_still_forbids_a_new_sale() {
    let doubtful = History::sale().answer("00", S::TimedOut, Why::AnswerMac);
    let declined = doubtful
        .clone()
        .answer("05", S::DeclineDelivered, Why::Plain);
    assert_eq!(declined.verdict().safe_to_retry, Unproven);
    assert_eq!(declined.verdict().cause, C::AnswersDisagree);
    let reversed = doubtful.reverses(1).reversal_answered("00", S::Reversed);
    assert_eq!(reversed.verdict().safe_to_retry, Yes);
    assert_eq!(reversed.verdict().cause, C::AnswerMacWrong);
}

/// What a damaged record said could have been a late approval.
#[test]
fn a_missing_record_allows_nothing() {
    let mut history = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    history.chain();
    assert_eq!(history.verdict().safe_to_retry, Yes);
    history.records.remove(3);
    let verdict = history.verdict();
    assert_eq!(verdict.safe_to_retry, Unproven);
    assert!(
        !verdict.next_step.en.contains("allowed"),
        "{}",
        verdict.next_step.en
    );
}

#[test]
fn beliefs_say_how_they_are_known() {
    let reversed = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    let beliefs = reversed.verdict().beliefs;
    assert_eq!(
        (beliefs.terminal.is, beliefs.terminal.basis),
        (Is::Failed, Basis::Inferred)
    );
    assert_eq!(
        (beliefs.gateway.is, beliefs.gateway.basis),
        (Is::Reversed, Basis::Observed)
    );
    assert_eq!(
        (beliefs.acquirer.is, beliefs.acquirer.basis),
        (Is::Reversed, Basis::Observed)
    );
    let delivered = History::sale().delivered().verdict().beliefs;
    assert_eq!(
        (delivered.terminal.is, delivered.terminal.basis),
        (Is::Approved, Basis::Inferred)
    );
    let refused = History::refused(Why::RequestMac, "A0").verdict().beliefs;
    assert_eq!(
        (refused.acquirer.is, refused.acquirer.basis),
        (Is::Nothing, Basis::Observed)
    );
}

#[test]
fn a_decline_by_a_code_that_approves_elsewhere_is_not_proven_by_another_one() {
    let declined = || History::sale().answer("10", S::Declined, Why::Plain);
    let again = declined().answer("51", S::Declined, Why::Plain);
    for answered in [declined(), again] {
        let says = answered.verdict();
        assert_eq!(says.safe_to_retry, Unproven, "{says:?}");
    }
}
