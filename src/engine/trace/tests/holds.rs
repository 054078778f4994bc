//! An authorization, its completions, and what gives either back.

use super::bound::{later, verdict};
use super::history::{History, opened, text};
use crate::engine::record::{Identity, Opened, State, Why};
use crate::engine::trace::{Retry, Unconfirmed, Verdict};
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;

/// A message that names an original, sent so many seconds behind it.
fn of(purpose: Purpose, original: &History, seconds: u128) -> History {
    let names = Opened {
        original: Some(original.tx),
        identity: Identity::EMPTY,
        kind: text(match purpose {
            Purpose::Void => "preauth_void",
            Purpose::Refund => "refund",
            _ => "completion",
        }),
        ..opened(purpose)
    };
    let sent = History::new().open(names, State::Forwarded, Why::Plain, Some(()));
    later(sent, seconds)
}

fn hold() -> History {
    History::of(Purpose::Hold).delivered()
}

fn reversed(history: History) -> History {
    let history = history.terminal_reverses("06");
    history.reversal_answered("00", State::Reversed)
}

fn is_listed(says: &Verdict) -> bool {
    says.class == Some(Unconfirmed::SettleMismatch)
}

#[test]
fn a_refund_that_names_the_authorization_is_of_its_completion() {
    let hold = hold();
    let completion = of(Purpose::Debit, &hold, 600).delivered();
    let by_hold = of(Purpose::Refund, &hold, 1_200).delivered();
    let by_itself = of(Purpose::Refund, &completion, 1_800).delivered();
    let one = [&hold, &completion, &by_hold];
    let says = verdict(completion.tx, &one);
    assert!(says.verdict.en.contains("the money goes back"), "{says:?}");
    for own in one {
        assert!(!verdict(own.tx, &one).open);
    }
    let both = [&hold, &completion, &by_hold, &by_itself];
    let says = verdict(completion.tx, &both);
    assert!(is_listed(&says), "{says:?}");
    assert!(says.verdict.en.contains("more given back than was paid"));
    for back in [&by_hold, &by_itself] {
        let says = verdict(back.tx, &both).verdict.en;
        assert!(says.contains("more was given back than was paid"), "{says}");
    }
}

#[test]
fn an_authorization_that_was_completed_and_undone_is_listed_with_its_completion() {
    let hold = hold();
    let completion = of(Purpose::Debit, &hold, 600).delivered();
    let void = of(Purpose::Void, &hold, 1_200).delivered();
    let undone = reversed(hold.clone());
    for all in [vec![&hold, &completion, &void], vec![&undone, &completion]] {
        for own in [all[0], &completion] {
            let says = verdict(own.tx, &all);
            assert!(is_listed(&says), "{says:?}");
            assert!(says.verdict.en.contains("not known"), "{says:?}");
        }
    }
    let says = verdict(void.tx, &[&hold, &completion, &void]);
    assert!(
        says.verdict.en.contains("its original was completed"),
        "{says:?}"
    );
    assert!(!says.next_step.en.contains("nothing"), "{says:?}");
    let failed = of(Purpose::Debit, &hold, 600).declined("51");
    for own in [&hold, &void, &failed] {
        assert!(!verdict(own.tx, &[&hold, &failed, &void]).open);
    }
}

#[test]
fn a_completion_is_not_sent_again_once_its_authorization_was_voided() {
    let hold = hold();
    let failed = of(Purpose::Debit, &hold, 600).declined("51");
    let says = verdict(failed.tx, &[&hold, &failed]);
    assert!(says.next_step.en.contains("send the completion again, or"));
    let void = of(Purpose::Void, &hold, 1_200).delivered();
    let says = verdict(failed.tx, &[&hold, &failed, &void]);
    assert_eq!(says.safe_to_retry, Retry::Unproven);
    assert!(
        says.next_step.en.contains("do not send the completion"),
        "{says:?}"
    );
}

#[test]
fn a_completion_may_take_as_much_more_than_its_authorization_as_the_field_allows() {
    let hold = hold();
    for (amount, open) in [(88_800, false), (102_120, false), (102_121, true)] {
        let mut completion = of(Purpose::Debit, &hold, 600).delivered();
        completion.name_first(|own| own.amount = Amount(amount));
        for own in [&hold, &completion] {
            let says = verdict(own.tx, &[&hold, &completion]);
            assert_eq!(says.open, open, "{amount}: {says:?}");
        }
    }
}

#[test]
fn what_may_give_back_a_reversed_sale_once_more_keeps_it_open() {
    let sale = reversed(History::sale().delivered());
    for purpose in [Purpose::Void, Purpose::Refund] {
        let mut nameless = of(purpose, &sale, 60).delivered();
        nameless.name_first(|own| own.original = None);
        let says = verdict(sale.tx, &[&sale, &nameless]);
        assert_eq!(says.safe_to_retry, Retry::Unproven, "{says:?}");
        assert!(is_listed(&says), "{says:?}");
        nameless.name_first(|own| own.amount = Amount(99_900));
        let says = verdict(sale.tx, &[&sale, &nameless]);
        assert_eq!(says.safe_to_retry, Retry::Yes, "of another sale: {says:?}");
        let failed = History::sale().declined("51");
        let says = verdict(failed.tx, &[&failed, &nameless]);
        assert_eq!(says.safe_to_retry, Retry::Yes, "it took nothing: {says:?}");
        let asked = of(purpose, &sale, 60);
        let says = verdict(sale.tx, &[&sale, &asked]);
        assert_eq!(says.safe_to_retry, Retry::Unproven, "{says:?}");
        let failed = of(purpose, &sale, 60).declined("25");
        let says = verdict(sale.tx, &[&sale, &failed]);
        assert_eq!(says.safe_to_retry, Retry::Yes, "{says:?}");
    }
}

#[test]
fn a_completion_is_not_sent_again_once_its_authorization_was_reversed() {
    let hold = reversed(hold());
    for code in ["96", "51", "A0"] {
        let failed = of(Purpose::Debit, &hold, 600).declined(code);
        let says = verdict(failed.tx, &[&hold, &failed]);
        assert_eq!(says.safe_to_retry, Retry::Unproven, "{says:?}");
        let next = &says.next_step.en;
        assert!(next.contains("do not send the completion"), "{says:?}");
    }
}

#[test]
fn a_void_that_took_nothing_is_not_tried_again_once_its_authorization_was_completed() {
    let hold = hold();
    let completion = of(Purpose::Debit, &hold, 600).delivered();
    let asked = of(Purpose::Debit, &hold, 600);
    let void = || of(Purpose::Void, &hold, 300);
    for void in [reversed(void().delivered()), void().declined("96")] {
        let says = verdict(void.tx, &[&hold, &void]);
        assert_eq!(says.safe_to_retry, Retry::Yes, "by itself: {says:?}");
        for completion in [&completion, &asked] {
            let says = verdict(void.tx, &[&hold, &void, completion]);
            assert_eq!(says.safe_to_retry, Retry::Unproven, "{says:?}");
            let next = &says.next_step.en;
            assert!(next.contains("look at the completion"), "{says:?}");
        }
    }
}
