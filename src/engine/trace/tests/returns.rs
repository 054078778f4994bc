//! What gives back or completes counts only as far as it is known: whole, in the currency of its
//! original, of one original, and within what was paid or held.

use super::bound::{later, verdict, void};
use super::history::{History, opened, text};
use crate::engine::record::{Fact, Hop, Identity, Note, Opened, State, TxId, Why};
use crate::engine::trace::{Retry, Unconfirmed, Verdict};
use crate::iso::message::{Amount, ResponseCode};
use crate::iso::spec::Purpose;

/// A message of its own that names an original, sent.
fn of(purpose: Purpose, original: TxId) -> History {
    let names = Opened {
        original: Some(original),
        identity: Identity::EMPTY,
        ..opened(purpose)
    };
    History::new().open(names, State::Forwarded, Why::Plain, Some(()))
}

/// The same of another amount or currency.
fn but(mut history: History, change: impl Fn(&mut Opened)) -> History {
    history.name_first(change);
    history
}

/// An approval of a part of what was asked for.
fn approved_for(history: History, amount: u64) -> History {
    let mut history = history.delivered();
    for record in &mut history.records {
        if let Fact::Step(step) = &mut record.fact
            && let Some(message) = &mut step.message
            && message.hop == Hop::AcquirerToGateway
        {
            message.amount = Some(Amount(amount));
            message.code = ResponseCode::new("10");
        }
    }
    history
}

fn is_listed(verdict: &Verdict) -> bool {
    verdict.class == Some(Unconfirmed::SettleMismatch)
}

#[test]
fn a_void_or_refund_that_was_reversed_in_part_is_not_whole() {
    for purpose in [Purpose::Void, Purpose::Refund] {
        let sale = History::sale().delivered();
        let back = later(of(purpose, sale.tx).delivered(), 30);
        let part = but(of(Purpose::Reversal, back.tx), |own| {
            own.amount = Amount(4_000)
        });
        let part = later(part.delivered(), 60);
        let all = [&sale, &back, &part];
        let of_sale = verdict(sale.tx, &all);
        let said = of_sale.verdict.en;
        assert!(said.contains("is not proven"), "{purpose:?}: {said}");
        let of_back = verdict(back.tx, &all);
        let said = &of_back.verdict.en;
        assert!(is_listed(&of_back), "{purpose:?}: {said}");
        assert!(said.contains("a reversal"), "{purpose:?}: {said}");
        assert_eq!(of_back.safe_to_retry.name(), "no");
    }
}

#[test]
fn what_failed_to_give_back_a_sale_that_was_undone_since_is_not_tried_again() {
    for purpose in [Purpose::Void, Purpose::Refund] {
        let sale = History::sale().delivered();
        let failed = later(of(purpose, sale.tx).declined("51"), 30);
        let retry = |all: &[&History]| verdict(failed.tx, all).safe_to_retry.name();
        assert_eq!(retry(&[&sale, &failed]), "yes");
        let undone = sale.clone().terminal_reverses("06");
        let undone = undone.reversal_answered("00", State::Reversed);
        assert_eq!(retry(&[&undone, &failed]), "unproven");
        let part = but(of(Purpose::Reversal, sale.tx), |own| {
            own.amount = Amount(4_000)
        });
        let part = later(part.delivered(), 60);
        assert_eq!(retry(&[&sale, &failed, &part]), "unproven");
    }
}

#[test]
fn what_was_refunded_beside_an_unproven_reversal_is_not_to_be_given_back_once_more() {
    let sale = History::sale()
        .delivered()
        .terminal_reverses("06")
        .reverses(1);
    let refused = sale.clone().reversal_answered("58", State::ReversalRefused);
    let unproven = sale.clone().reversal_answered("25", State::ClosedUnproven);
    let listed = sale.step(State::ReversalUndeliverable, Why::TriesUsedUp);
    for sale in [refused, unproven, listed] {
        let refund = later(of(Purpose::Refund, sale.tx).delivered(), 30);
        let says = verdict(sale.tx, &[&sale, &refund]);
        assert!(says.open, "{:?}", says.state);
        let next = says.next_step.en;
        assert!(!next.contains("dispute"), "{:?}: {next}", says.state);
        assert!(next.contains("any more"), "{:?}: {next}", says.state);
    }
}

#[test]
fn a_sale_whose_reversal_was_kept_back_is_listed() {
    let sale = History::sale().delivered();
    let names = Opened {
        identity: Identity::EMPTY,
        ..opened(Purpose::Reversal)
    };
    let refused = |names, why| History::new().open(names, State::Refused, why, None);
    let does_not_fit = refused(names.clone(), Why::DuplicateMismatch);
    let does_not_fit = later(does_not_fit.note(Note::Other(sale.tx)), 30);
    let names = Opened {
        original: Some(sale.tx),
        ..names
    };
    let unread = refused(names, Why::RequestUnread);
    let undone = sale.clone().terminal_reverses("06").reverses(1);
    let undone = undone.reversal_answered("00", State::Reversed);
    let several = History::new().open(opened(Purpose::Reversal), State::Refused, Why::Plain, None);
    let several = later(several.note(Note::OneOf(vec![TxId(99), sale.tx])), 30);
    let by_name = opened(Purpose::Reversal);
    let unrecalled = later(refused(by_name, Why::Unrecalled), 30);
    for kept_back in [does_not_fit, later(unread, 30), several, unrecalled] {
        let says = verdict(sale.tx, &[&sale, &kept_back]);
        let listed = Some(Unconfirmed::ReversalFailed);
        assert_eq!(says.class, listed, "{}", says.verdict.en);
        assert!(!verdict(undone.tx, &[&undone, &kept_back]).open);
    }
}

#[test]
fn a_late_yes_to_a_reversal_that_an_operator_closed_is_listed() {
    let sale = History::sale()
        .delivered()
        .terminal_reverses("06")
        .reverses(1);
    let closed = sale.step(State::ClosedByOperator, Why::Operator);
    assert!(!verdict(closed.tx, &[&closed]).open);
    let late = closed.reversal_answered("00", State::SettleMismatch);
    let says = verdict(late.tx, &[&late]);
    assert_eq!(says.class, Some(Unconfirmed::SettleMismatch));
    assert_eq!(says.safe_to_retry, Retry::Unproven, "{}", says.verdict.en);
}

#[test]
fn what_raises_an_authorization_that_was_undone_is_not_completed() {
    let hold = || History::of(Purpose::Hold).delivered();
    let voided = hold().step(State::Returned, Why::Plain);
    let reversed = hold().terminal_reverses("06").reverses(1);
    let reversed = reversed.reversal_answered("00", State::Reversed);
    for first in [voided, reversed] {
        let void = later(of(Purpose::Void, first.tx).delivered(), 90);
        let raise = later(of(Purpose::Hold, first.tx).delivered(), 30);
        let all = match first.story().state {
            State::Returned => vec![&first, &raise, &void],
            _ => vec![&first, &raise],
        };
        let next = verdict(raise.tx, &all).next_step.en;
        assert!(!next.contains("send the completion"), "{next}");
        let says = verdict(first.tx, &all);
        assert!(is_listed(&says), "{}", says.verdict.en);
        assert!(!says.verdict.en.contains("released"), "{}", says.verdict.en);
    }
}

#[test]
fn a_second_answer_to_a_reversal_says_the_same_or_contradicts_it() {
    let sale = || History::sale().delivered().terminal_reverses("06");
    let once = || sale().reverses(1);
    let twice = || once().reverses(2);
    let accepted = |history: History| history.reversal_answered("00", State::Reversed);
    let then = |history: History, code| {
        let says = accepted(history)
            .reversal_answered(code, State::Reversed)
            .verdict();
        (says.safe_to_retry.name(), says.class)
    };
    let plain = ("yes", None);
    let unproven = ("unproven", Some(Unconfirmed::ReversalUnproven));
    for (code, behind_one, behind_two) in [
        ("00", plain, plain),
        ("25", plain, plain),
        ("12", unproven, unproven),
        ("58", unproven, unproven),
        ("96", unproven, plain),
        ("68", unproven, plain),
        ("98", unproven, plain),
    ] {
        assert_eq!(then(once(), code), behind_one, "{code}");
        assert_eq!(then(twice(), code), behind_two, "{code} to another try");
    }
    for why in [Why::AnswersDisagree, Why::AnswerMismatch] {
        let part = accepted(twice()).reversal_answered("00", State::Reversed);
        let mut part = part;
        if let Some(Fact::Step(step)) = part.records.last_mut().map(|last| &mut last.fact) {
            step.why = why;
        }
        let says = part.verdict();
        assert_eq!((says.safe_to_retry.name(), says.class), unproven, "{why:?}");
    }
}

#[test]
fn what_is_given_back_in_another_currency_is_not_the_money_that_was_paid() {
    for purpose in [Purpose::Void, Purpose::Refund] {
        for currency in ["392", "840"] {
            let sale = History::sale().delivered();
            let back = but(of(purpose, sale.tx), |own| own.currency = text(currency));
            let back = later(back.delivered(), 30);
            let says = verdict(sale.tx, &[&sale, &back]);
            assert!(
                is_listed(&says),
                "{purpose:?} {currency}: {}",
                says.verdict.en
            );
            let says = verdict(back.tx, &[&sale, &back]).verdict.en;
            assert!(says.contains("another currency"), "{purpose:?}: {says}");
        }
    }
    let sale = History::sale().delivered();
    let unnamed = but(void(&sale), |own| own.currency = text(""));
    let unnamed = later(unnamed.delivered(), 30);
    assert!(!verdict(sale.tx, &[&sale, &unnamed]).open, "as its sale");
}

#[test]
fn a_completion_in_another_currency_is_listed() {
    let hold = History::of(Purpose::Hold).delivered();
    let completion = but(of(Purpose::Debit, hold.tx), |own| {
        own.currency = text("840")
    });
    let completion = later(completion.delivered(), 30);
    let says = verdict(hold.tx, &[&hold, &completion]);
    assert!(is_listed(&says), "{}", says.verdict.en);
}

#[test]
fn a_void_of_more_than_was_approved_is_told_alike_of_both() {
    let sale = approved_for(History::sale(), 60_000);
    let whole = later(void(&sale).delivered(), 30);
    let of_sale = verdict(sale.tx, &[&sale, &whole]);
    assert!(is_listed(&of_sale), "{}", of_sale.verdict.en);
    let says = verdict(whole.tx, &[&sale, &whole]).verdict.en;
    assert!(says.contains("another amount"), "{says}");
    let granted = but(void(&sale), |own| own.amount = Amount(60_000));
    let granted = later(granted.delivered(), 30);
    let says = verdict(sale.tx, &[&sale, &granted]);
    assert!(!says.open, "{}", says.verdict.en);
}

#[test]
fn completions_of_more_than_is_held_are_listed() {
    let hold = History::of(Purpose::Hold).delivered();
    let first = later(of(Purpose::Debit, hold.tx).delivered(), 30);
    let second = later(of(Purpose::Debit, hold.tx).delivered(), 60);
    let all = [&hold, &first, &second];
    let says = verdict(hold.tx, &all);
    assert!(is_listed(&says), "{}", says.verdict.en);
    for completion in [&first, &second] {
        let tx = completion.tx.to_string();
        assert!(says.verdict.en.contains(&tx), "{}", says.verdict.en);
    }
    let says = verdict(second.tx, &all).verdict.en;
    assert!(says.contains("another completion"), "{says}");
    assert!(!verdict(hold.tx, &[&hold, &first]).open);
    let halves = [&first, &second].map(|half| {
        let half = half.clone();
        but(half, |own| own.amount = Amount(44_400))
    });
    let says = verdict(hold.tx, &[&hold, &halves[0], &halves[1]]);
    assert!(!says.open, "no more than is held: {}", says.verdict.en);
}

#[test]
fn a_completion_that_was_voided_takes_nothing_beside_another() {
    let hold = History::of(Purpose::Hold).delivered();
    let first = of(Purpose::Debit, hold.tx).delivered();
    let first = later(first.step(State::Returned, Why::Plain), 30);
    let voided = later(of(Purpose::Void, first.tx).delivered(), 60);
    let second = later(of(Purpose::Debit, hold.tx).delivered(), 90);
    let says = verdict(hold.tx, &[&hold, &first, &voided, &second]);
    assert!(!says.open, "{}", says.verdict.en);
    let undone = of(Purpose::Void, first.tx)
        .delivered()
        .terminal_reverses("98");
    let undone = undone.reverses(1).reversal_answered("00", State::Reversed);
    let undone = later(undone, 60);
    let says = verdict(hold.tx, &[&hold, &first, &undone, &second]);
    assert!(is_listed(&says), "{}", says.verdict.en);
}

#[test]
fn a_declined_completion_is_not_sent_again_beside_one_that_stands() {
    let hold = History::of(Purpose::Hold).delivered();
    let first = later(of(Purpose::Debit, hold.tx).delivered(), 30);
    // Of another amount, so that it is no other attempt of the same purchase.
    let second = but(of(Purpose::Debit, hold.tx), |own| {
        own.amount = Amount(80_000)
    });
    let second = later(second.declined("51"), 60);
    let says = verdict(second.tx, &[&hold, &first, &second]);
    let next = says.next_step.en;
    assert!(!next.contains("send the completion again"), "{next}");
}

/// Names its original by the reference number on the slip.
fn by_reference(history: History) -> History {
    let mut history = but(history, |own| own.original = None);
    if let Fact::Step(step) = &mut history.records[0].fact {
        let message = step.message.as_mut().unwrap();
        message.rrn = Some(text("203217491827"));
    }
    history
}

#[test]
fn a_refund_by_the_number_of_a_sale_for_another_card_gives_its_money_back_to_nobody_known() {
    for purpose in [Purpose::Void, Purpose::Refund] {
        let sale = History::sale().delivered();
        let other = but(of(purpose, sale.tx), |own| {
            own.card = text("499999******9990");
            own.card_hash = [9; 16];
        });
        let other = later(by_reference(other).delivered(), 30);
        let says = verdict(sale.tx, &[&sale, &other]);
        assert!(is_listed(&says), "{purpose:?}: {}", says.verdict.en);
        let says = verdict(other.tx, &[&sale, &other]).verdict.en;
        assert!(says.contains("contradict"), "{purpose:?}: {says}");
        let own = later(by_reference(of(purpose, sale.tx)).delivered(), 30);
        let says = verdict(sale.tx, &[&sale, &own]);
        assert!(!says.open, "of its card: {}", says.verdict.en);
    }
}

#[test]
fn a_void_whose_numbers_are_of_two_sales_is_sure_of_neither() {
    let first = History::sale().delivered();
    let second = but(History::sale(), |own| {
        own.card_hash = [9; 16];
        own.card = text("499999******9990");
    });
    let second = later(second.delivered(), 30);
    let either = by_reference(void(&first)).note(Note::OneOf(vec![first.tx, second.tx]));
    let either = later(either.delivered(), 60);
    let all = [&first, &second, &either];
    for sale in [&first, &second] {
        let says = verdict(sale.tx, &all);
        assert!(is_listed(&says), "{}", says.verdict.en);
        assert!(
            says.verdict.en.contains("not proven"),
            "{}",
            says.verdict.en
        );
    }
    let says = verdict(either.tx, &all).verdict.en;
    assert!(says.contains("contradict"), "{says}");
}

#[test]
fn a_declined_sale_beside_an_authorization_completes_nothing() {
    let hold = History::of(Purpose::Hold).delivered();
    let sale = later(History::sale().declined("51"), 60);
    let sale = but(sale, |own| own.identity = text("another"));
    let says = verdict(sale.tx, &[&hold, &sale]);
    let next = says.next_step.en;
    assert!(!next.contains("completion"), "{next}");
    assert!(next.contains("look at the other attempt"), "{next}");
    assert_eq!(says.safe_to_retry.name(), "unproven");
    let completion = later(History::of(Purpose::Debit).declined("51"), 60);
    let completion = but(completion, |own| {
        own.identity = text("another");
        own.kind = text("preauth_completion");
    });
    let says = verdict(completion.tx, &[&hold, &completion]);
    let next = says.next_step.en;
    assert!(next.contains("send the completion again"), "{next}");
}

#[test]
fn what_was_declined_and_taken_back_all_the_same_may_have_been_booked() {
    for purpose in [Purpose::Debit, Purpose::Refund] {
        let names = opened(purpose);
        let asked = History::new().open(names, State::Forwarded, Why::Plain, Some(()));
        let declined = asked.declined("51");
        assert_eq!(declined.verdict().safe_to_retry.name(), "yes");
        let says = declined.say(Hop::AcquirerToGateway, "0420", "").verdict();
        assert_eq!(says.safe_to_retry.name(), "unproven");
        assert_eq!(says.class, Some(Unconfirmed::NoAnswer));
        assert!(!says.verdict.en.contains("nothing"), "{}", says.verdict.en);
    }
}

/// A refund that was refused while this was being reversed.
fn refused_for(undoing: &History, names: Opened) -> History {
    let refused = History::new().open(names, State::Received, Why::Plain, None);
    let refused = refused.step(State::Refused, Why::OriginalUndoing);
    later(refused.note(Note::Other(undoing.tx)), 30)
}

#[test]
fn a_refund_that_was_refused_for_a_reversal_follows_what_became_of_it() {
    let asked = || History::sale().delivered().terminal_reverses("06");
    let accepted = asked().reversal_answered("00", State::Reversed);
    let sent = asked().reverses(2);
    let unknown = Opened {
        merchant: text("999999999999999"),
        identity: Identity::EMPTY,
        ..opened(Purpose::Refund)
    };
    for sale in [asked(), sent, accepted] {
        let of_it = Opened {
            original: Some(sale.tx),
            ..unknown.clone()
        };
        for names in [unknown.clone(), of_it] {
            let refund = refused_for(&sale, names);
            let says = verdict(refund.tx, &[&sale, &refund]);
            assert_eq!(says.safe_to_retry, Retry::Unproven, "{says:?}");
            let next = &says.next_step.en;
            assert!(next.contains("look at the original first"), "{says:?}");
        }
    }
    let elsewhere = refused_for(&asked(), unknown);
    let says = verdict(elsewhere.tx, &[&elsewhere]);
    assert_eq!(says.safe_to_retry, Retry::Unproven, "not at hand: {says:?}");
}
