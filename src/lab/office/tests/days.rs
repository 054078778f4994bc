//! When a merchant is paid, and how much.

use super::*;
use crate::engine::evidence::{Capture, PayoutMode};
use crate::lab::office::{Fee, LateNote, OfficeRefusal, PayoutTerms, Sought};
use jiff::civil::time;

/// A shop that is paid in this way.
fn paid(mode: PayoutMode) -> Merchant {
    Merchant {
        rules: vec![PayoutTerms::new(Date::MIN, mode)],
        ..shop()
    }
}

#[test]
fn a_sale_before_national_day_is_paid_behind_it() {
    let mut desk = Desk::of(shop());
    desk.sale(at(date(2025, 9, 30), 10, 0), 88_800);
    for day in 1..=8 {
        desk.run(at(date(2025, 10, day), 12, 0));
        assert_eq!(desk.states(), [PayoutState::Waiting], "{day}");
    }
    desk.run(at(date(2025, 10, 9), 8, 59));
    assert_eq!(desk.states(), [PayoutState::Waiting]);
    desk.run(at(date(2025, 10, 9), 9, 0));
    assert_eq!(desk.states(), [PayoutState::Paid(date(2025, 10, 9))]);
    assert_eq!(desk.credited(), 88_800);
}

#[test]
fn a_make_up_working_day_is_one() {
    let mut desk = Desk::of(shop());
    // A Friday; the Saturday behind it is worked for Spring Festival.
    desk.sale(at(date(2026, 2, 13), 10, 0), 100);
    desk.run(at(date(2026, 2, 14), 9, 0));
    assert_eq!(desk.states(), [PayoutState::Paid(date(2026, 2, 14))]);
}

#[test]
fn what_comes_after_the_cut_over_belongs_to_the_next_day() {
    let mut desk = Desk::of(shop());
    let monday = date(2026, 11, 23);
    desk.sale(at(monday, 22, 59), 100);
    desk.sale(at(monday, 23, 0), 7);
    desk.run(at(date(2026, 11, 24), 12, 0));
    assert_eq!(desk.credited(), 100);
    desk.run(at(date(2026, 11, 25), 12, 0));
    assert_eq!(desk.credited(), 107);
}

#[test]
fn days_without_a_call_are_lived_through_one_by_one() {
    let mut desk = Desk::of(shop());
    desk.sale(at(date(2026, 11, 23), 10, 0), 100);
    desk.run(at(date(2027, 3, 1), 0, 0));
    assert_eq!(desk.states(), [PayoutState::Paid(date(2026, 11, 24))]);
}

#[test]
fn the_next_calendar_day_may_be_a_sunday() {
    let mut desk = Desk::of(paid(PayoutMode::D1));
    desk.sale(at(date(2026, 11, 28), 10, 0), 100);
    desk.run(at(date(2026, 11, 29), 9, 0));
    assert_eq!(desk.states(), [PayoutState::Paid(date(2026, 11, 29))]);
}

#[test]
fn fees_are_taken_and_several_sales_come_in_one_credit() {
    let mut desk = Desk::of(Merchant {
        fee: Fee {
            rate: 60,
            cap: None,
            instant: 0,
        },
        ..shop()
    });
    let day = date(2026, 11, 23);
    desk.sale(at(day, 10, 0), 88_800);
    desk.sale(at(day, 11, 0), 10_000);
    desk.run(at(date(2026, 11, 24), 12, 0));
    let payout = desk.last();
    assert_eq!(
        (payout.gross, payout.fee, payout.covers.len()),
        (98_800, 593, 2)
    );
    assert_eq!(desk.credited(), 98_207);
    assert_eq!(desk.office.ledger().balance(Account::Fees), 593);
}

#[test]
fn at_once_within_hours_and_limit_else_the_next_day() {
    let rule = PayoutTerms {
        limit: Some(1_000),
        hours: (time(8, 0, 0, 0), time(22, 0, 0, 0)),
        ..PayoutTerms::new(Date::MIN, PayoutMode::T0)
    };
    let fee = Fee {
        rate: 0,
        cap: None,
        instant: 200,
    };
    let mut desk = Desk::of(Merchant {
        rules: vec![rule],
        fee,
        ..shop()
    });
    let saturday = date(2026, 11, 28);
    desk.sale(at(saturday, 10, 0), 900);
    assert_eq!(desk.states(), [PayoutState::Paid(saturday)]);
    assert_eq!(desk.credited(), 700);
    desk.sale(at(saturday, 11, 0), 101);
    desk.sale(at(saturday, 22, 1), 50);
    desk.run(at(saturday, 23, 30));
    let notes: Vec<_> = desk.office.payouts().iter().map(|one| one.note).collect();
    let late = [
        None,
        Some(LateNote::OverLimit),
        Some(LateNote::OutsideHours),
    ];
    assert_eq!(notes, late);
    // A new day has a new limit.
    desk.sale(at(date(2026, 11, 29), 8, 0), 1_000);
    desk.run(at(date(2026, 11, 29), 9, 0));
    assert_eq!(desk.credited(), 700 + 101 + 50 + 800);
}

#[test]
fn by_hand_when_asked_and_not_below_the_least() {
    let mut desk = Desk::of(Merchant {
        rules: vec![PayoutTerms {
            least: 1_000,
            ..PayoutTerms::new(Date::MIN, PayoutMode::Manual)
        }],
        ..shop()
    });
    desk.sale(at(date(2026, 11, 23), 10, 0), 600);
    desk.run(at(date(2026, 12, 23), 10, 0));
    assert_eq!(desk.states(), [PayoutState::Waiting]);
    assert_eq!(
        desk.office
            .pay_by_hand(shop().id, at(date(2026, 12, 24), 10, 0)),
        0
    );
    assert_eq!(desk.last().note, Some(LateNote::BelowLeast));
    desk.sale(at(date(2026, 12, 24), 11, 0), 500);
    desk.run(at(date(2026, 12, 25), 1, 0));
    let asked = desk
        .office
        .pay_by_hand(shop().id, at(date(2026, 12, 25), 10, 0));
    desk.check();
    assert_eq!((asked, desk.credited()), (1_100, 1_100));
}

#[test]
fn a_rule_holds_from_its_day() {
    let mut desk = Desk::of(Merchant {
        rules: vec![
            PayoutTerms::new(Date::MIN, PayoutMode::D1),
            PayoutTerms::new(date(2026, 11, 28), PayoutMode::T1),
        ],
        ..shop()
    });
    desk.sale(at(date(2026, 11, 27), 10, 0), 1);
    desk.sale(at(date(2026, 11, 28), 10, 0), 2);
    desk.run(at(date(2026, 12, 5), 10, 0));
    assert_eq!(
        desk.states(),
        [
            PayoutState::Paid(date(2026, 11, 28)),
            PayoutState::Paid(date(2026, 11, 30))
        ]
    );
}

#[test]
fn a_void_before_the_cut_over_strikes_off_and_its_reversal_puts_back() {
    let mut desk = Desk::of(shop());
    let day = date(2026, 11, 23);
    let sale = desk.sale(at(day, 10, 0), 500);
    let void = desk.book(at(day, 10, 5), Purpose::Void, 500, Some(sale), &[]);
    assert_eq!(
        desk.office.ledger().balance(Account::Merchant(shop().id)),
        0
    );
    desk.office.reverse(void, at(day, 10, 6));
    desk.office.reverse(void, at(day, 10, 7));
    desk.check();
    desk.run(at(date(2026, 11, 24), 12, 0));
    assert_eq!(desk.credited(), 500);
}

#[test]
fn a_reversal_behind_the_pay_out_is_deducted_less_its_fee() {
    let mut desk = Desk::of(Merchant {
        fee: Fee {
            rate: 100,
            cap: None,
            instant: 0,
        },
        ..shop()
    });
    let sale = desk.sale(at(date(2026, 11, 23), 10, 0), 500);
    desk.run(at(date(2026, 11, 24), 12, 0));
    assert_eq!(desk.credited(), 495);
    desk.office.reverse(sale, at(date(2026, 11, 24), 13, 0));
    desk.check();
    desk.sale(at(date(2026, 11, 24), 14, 0), 1_000);
    desk.run(at(date(2026, 11, 25), 12, 0));
    assert_eq!(desk.last().deducted(), 495);
    assert_eq!(desk.credited(), 990);
    assert_eq!(desk.office.ledger().balance(Account::Fees), 10);
}

#[test]
fn a_refund_that_is_larger_than_the_pay_out_waits_for_the_next() {
    let mut desk = Desk::of(shop());
    let sale = desk.sale(at(date(2026, 11, 23), 10, 0), 900);
    desk.run(at(date(2026, 11, 24), 12, 0));
    desk.book(
        at(date(2026, 11, 24), 13, 0),
        Purpose::Refund,
        700,
        Some(sale),
        &[],
    );
    desk.sale(at(date(2026, 11, 24), 14, 0), 300);
    desk.sale(at(date(2026, 11, 25), 14, 0), 1_000);
    desk.run(at(date(2026, 11, 26), 12, 0));
    let nets: Vec<i64> = desk.office.payouts().iter().map(Payout::net).collect();
    assert_eq!(nets, [900, 0, 600]);
    assert_eq!(desk.credited(), 1_500);
}

#[test]
fn a_refund_that_is_reversed_comes_back() {
    let mut desk = Desk::of(shop());
    let sale = desk.sale(at(date(2026, 11, 23), 10, 0), 900);
    let refund = desk.book(
        at(date(2026, 11, 23), 11, 0),
        Purpose::Refund,
        400,
        Some(sale),
        &[],
    );
    desk.run(at(date(2026, 11, 24), 12, 0));
    assert_eq!(desk.credited(), 500);
    desk.office.reverse(refund, at(date(2026, 11, 24), 13, 0));
    desk.run(at(date(2026, 11, 26), 12, 0));
    assert_eq!(desk.credited(), 900);
}

#[test]
fn the_deposit_and_the_data_fee_are_taken_once() {
    let mut desk = Desk::of(Merchant {
        deposit: 200,
        data_fee: 60,
        ..shop()
    });
    desk.sale(at(date(2026, 11, 23), 10, 0), 220);
    desk.sale(at(date(2026, 11, 24), 10, 0), 500);
    desk.run(at(date(2026, 11, 25), 12, 0));
    assert_eq!(desk.credited(), 460);
    assert_eq!(desk.office.ledger().balance(Account::Deposits), 200);
}

#[test]
fn where_the_terminal_captures_nothing_is_paid_before_it_settles() {
    let mut desk = Desk::of(Merchant {
        capture: Capture::Terminal,
        ..shop()
    });
    desk.sale(at(date(2026, 11, 23), 10, 0), 100);
    desk.run(at(date(2026, 11, 25), 12, 0));
    assert!(desk.states().is_empty());
    let terminal = TerminalId::new("10421695").unwrap();
    let batch = Text::new("000001").unwrap();
    let now = at(date(2026, 11, 25), 13, 0);
    desk.office.capture(terminal, batch, now);
    desk.run(at(date(2026, 11, 26), 12, 0));
    assert_eq!(desk.states(), [PayoutState::Paid(date(2026, 11, 26))]);
}

#[test]
fn whom_and_what_the_office_refuses() {
    let mut desk = Desk::of(Merchant {
        terminals: [TerminalId::new("10421695").unwrap()].into(),
        kinds: [Text::new("sale").unwrap()].into(),
        most: Some(5_000),
        ..shop()
    });
    let sale = Sought {
        merchant: shop().id,
        terminal: TerminalId::new("10421695").unwrap(),
        kind: Text::new("sale").unwrap(),
        amount: 5_000,
        setbacks: &[],
    };
    let mut ask = |sought: Sought<'_>| desk.office.ask(&sought);
    assert_eq!(ask(sale), Ok(()));
    let amount = 5_001;
    assert_eq!(
        ask(Sought { amount, ..sale }),
        Err(OfficeRefusal::OverLimit)
    );
    let kind = Text::new("refund").unwrap();
    assert_eq!(
        ask(Sought { kind, ..sale }),
        Err(OfficeRefusal::NotPermitted)
    );
    let terminal = TerminalId::new("99999999").unwrap();
    assert_eq!(
        ask(Sought { terminal, ..sale }),
        Err(OfficeRefusal::NoTerminal)
    );
    let mut closed = Office::new(OfficeTerms {
        stranger: None,
        ..OfficeTerms::default()
    });
    assert_eq!(closed.ask(&sale), Err(OfficeRefusal::NoMerchant));
}
