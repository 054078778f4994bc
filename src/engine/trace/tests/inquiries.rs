//! What an acquirer that is asked says of a transaction.

use super::bound::{later, verdict};
use super::history::{History, opened};
use crate::engine::record::{Identity, Opened, State, Why};
use crate::engine::trace::{Retry, Unconfirmed};
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;

/// Its terminal asks about it, so many seconds behind it.
fn asked(sale: &History, seconds: u128) -> History {
    let names = Opened {
        original: Some(sale.tx),
        identity: Identity::EMPTY,
        amount: Amount(0),
        ..opened(Purpose::Inquiry)
    };
    let sent = History::new().open(names, State::Forwarded, Why::Plain, Some(()));
    later(sent, seconds)
}

fn unknown() -> History {
    History::sale().answer("09", State::TimedOut, Why::Plain)
}

#[test]
fn what_an_inquiry_confirms_is_kept_and_told() {
    let sale = unknown();
    let denied = asked(&sale, 10).declined("25");
    let pending = asked(&sale, 20).declined("09");
    let confirmed = asked(&sale, 30).delivered();
    for all in [
        vec![&sale, &confirmed],
        vec![&sale, &denied, &pending, &confirmed],
    ] {
        let says = verdict(sale.tx, &all);
        assert_eq!(says.class, Some(Unconfirmed::NotSettled), "{says:?}");
        assert_eq!(says.safe_to_retry, Retry::No, "{says:?}");
        let expected = format!(
            "answered 09 request in progress; not reversed; inquiry {} was answered 00: it stands \
             at the acquirer",
            confirmed.tx
        );
        assert_eq!(says.verdict.en, expected);
        assert!(says.next_step.en.starts_with("do not swipe again"));
    }
}

#[test]
fn an_inquiry_proves_nothing_that_its_terminal_was_not_told_or_that_is_contradicted() {
    let sale = unknown();
    let untold = asked(&sale, 10).answer("00", State::TerminalGone, Why::TerminalClosed);
    let confirmed = asked(&sale, 10).delivered();
    let denied = asked(&sale, 20).declined("25");
    let undone = unknown().terminal_reverses("06");
    for (sale, others) in [
        (&sale, vec![&untold]),
        (&sale, vec![&confirmed, &denied]),
        (&sale, vec![&denied]),
        (&undone, vec![&confirmed]),
    ] {
        let all: Vec<&History> = others.into_iter().chain([sale]).collect();
        let says = verdict(sale.tx, &all);
        assert!(says.open, "{says:?}");
        assert!(!says.verdict.en.contains("it stands"), "{says:?}");
        assert!(says.safe_to_retry < Retry::Yes, "{says:?}");
    }
}

#[test]
fn an_approved_sale_that_the_acquirer_s_view_lacks_is_told_as_such() {
    let sale = History::sale().delivered();
    let denied = asked(&sale, 10).declined("25");
    let says = verdict(sale.tx, &[&sale, &denied]);
    assert!(says.verdict.en.contains("view lags"), "{says:?}");
    assert!(says.verdict.zh.contains("查询结果滞后"), "{says:?}");
    assert_eq!(
        says.next_step.en,
        "do not swipe again; query the acquirer later"
    );
    assert_eq!(says.safe_to_retry, Retry::No);
    let confirmed = asked(&sale, 1_800).delivered();
    let says = verdict(sale.tx, &[&sale, &denied, &confirmed]);
    assert!(!says.verdict.en.contains("inquiry"), "{says:?}");
}
