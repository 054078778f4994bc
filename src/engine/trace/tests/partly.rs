//! What may be said of messages that could only be read in part.

use super::history::{History, opened, text};
use crate::engine::record::{Hop, Note, Opened, State, Why};
use crate::engine::trace::{Cause, Is, Retry, Unconfirmed};
use crate::iso::spec::Purpose;

/// Where the reading of a message ended.
fn fault() -> Note {
    Note::Unreadable(text(
        "field 62, byte 98: here should be the length of the field",
    ))
}

/// A sale whose answer was passed on, its code unread.
fn unread() -> History {
    History::sale()
        .after(350)
        .answer("", State::AnswerUnread, Why::AnswerUnreadable)
        .note(fault())
}

#[test]
fn an_answer_whose_code_was_not_read_is_listed_and_never_safe_to_retry() {
    let verdict = unread().verdict();
    assert_eq!(verdict.class, Some(Unconfirmed::DeliveryUnproven));
    assert!(verdict.open);
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert_eq!(verdict.causes, [Cause::AnswerUnreadable]);
    let said = verdict.verdict.en;
    assert!(said.contains("approved or not is not known"), "{said}");
    assert!(
        said.contains("answer could be read (field 62, byte 98: "),
        "{said}"
    );
    assert!(
        verdict
            .verdict
            .zh
            .contains("未能全部解析(field 62, byte 98")
    );
    assert_eq!(verdict.beliefs.terminal.is, Is::Unknown);
    assert_eq!(verdict.beliefs.gateway.is, Is::Unknown);
    assert_eq!(verdict.beliefs.acquirer.is, Is::Unknown);
}

#[test]
fn an_accepted_reversal_settles_it_but_not_one_that_came_before() {
    let reversed = unread()
        .terminal_reverses("06")
        .reversal_answered("00", State::Reversed);
    assert_eq!(reversed.verdict().safe_to_retry, Retry::Yes);
    let after = reversed.answer("", State::Reversed, Why::AnswerUnreadable);
    assert_eq!(after.verdict().safe_to_retry, Retry::Unproven);
    let unproven = unread()
        .terminal_reverses("06")
        .reversal_answered("25", State::ClosedUnproven);
    assert_eq!(unproven.verdict().safe_to_retry, Retry::Unproven);
}

#[test]
fn a_decline_beside_an_unread_answer_proves_nothing() {
    let declined = History::sale().declined("51");
    assert_eq!(declined.verdict().safe_to_retry, Retry::Yes);
    let and_then = declined.answer("", State::DeclineDelivered, Why::AnswerUnreadable);
    assert_eq!(and_then.verdict().safe_to_retry, Retry::Unproven);
    assert_eq!(
        unread().declined("51").verdict().safe_to_retry,
        Retry::Unproven
    );
}

#[test]
fn a_request_read_in_part_says_where_beside_whatever_became_of_it() {
    let asked = Opened {
        partly: true,
        ..opened(Purpose::Debit)
    };
    let mut history = History::new().open(asked, State::Forwarded, Why::Plain, Some(()));
    history = history.note(fault());
    let verdict = history.delivered().verdict();
    assert_eq!(verdict.state, State::Delivered);
    let said = verdict.verdict.en;
    assert!(said.contains("approved 112233"), "{said}");
    assert!(
        said.contains("not all of the request could be read (field 62, byte 98"),
        "{said}"
    );
}

#[test]
fn without_money_in_it_an_unread_answer_is_over() {
    let verdict = History::of(Purpose::Inquiry)
        .answer("", State::AnswerUnread, Why::AnswerUnreadable)
        .say(Hop::AcquirerToGateway, "0210", "")
        .verdict();
    assert!(!verdict.open);
    assert_eq!(verdict.safe_to_retry, Retry::Yes);
}
