//! What goes wrong behind the switch, and what becomes of the money.

use super::*;
use crate::lab::office::{
    Deducted, HoldReason, MerchantState, OfficeRefusal, ReturnReason, Sought,
};

const MONDAY: Date = date(2026, 11, 23);
const TUESDAY: Date = date(2026, 11, 24);
const WEDNESDAY: Date = date(2026, 11, 25);
const THURSDAY: Date = date(2026, 11, 26);

/// A shop with one sale on Monday that a setback befell, and one that none did.
fn befallen(setback: Setback) -> Desk {
    let mut desk = Desk::of(shop());
    desk.book(at(MONDAY, 10, 0), Purpose::Debit, 900, None, &[setback]);
    desk.sale(at(MONDAY, 11, 0), 50);
    desk
}

#[test]
fn a_state_that_stops_pay_outs_does_so_until_it_changes() {
    let mut desk = befallen(Setback::NoticeLost);
    desk.office
        .set_state(shop().id, MerchantState::PapersExpired, at(MONDAY, 12, 0));
    desk.run(at(WEDNESDAY, 12, 0));
    let held = PayoutState::Held(HoldReason::State(MerchantState::PapersExpired), None);
    assert_eq!((desk.states(), desk.credited()), (vec![held], 0));
    desk.office
        .set_state(shop().id, MerchantState::Active, at(WEDNESDAY, 13, 0));
    desk.run(at(THURSDAY, 12, 0));
    assert_eq!(desk.states(), [PayoutState::Paid(THURSDAY)]);
    assert_eq!(desk.credited(), 950);
}

#[test]
fn what_is_looked_at_is_paid_alone_and_later() {
    let mut desk = befallen(Setback::Review {
        days: 3,
        risk: false,
    });
    desk.run(at(TUESDAY, 12, 0));
    let until = Some(date(2026, 11, 26));
    let held = PayoutState::Held(HoldReason::Review, until);
    assert_eq!(desk.states(), [held, PayoutState::Paid(TUESDAY)]);
    assert_eq!(desk.credited(), 50);
    desk.run(at(THURSDAY, 12, 0));
    assert_eq!(desk.credited(), 950);
}

#[test]
fn what_was_held_over_a_weekend_is_paid_on_the_next_working_day() {
    let mut desk = befallen(Setback::Short(5));
    desk.run(at(date(2026, 11, 29), 12, 0));
    assert_eq!(desk.credited(), 50);
    desk.run(at(date(2026, 11, 30), 12, 0));
    assert_eq!(desk.credited(), 950);
}

#[test]
fn a_pay_out_that_comes_back_is_owed_until_it_is_paid_again() {
    let mut desk = befallen(Setback::Returned(ReturnReason::NameDiffers));
    desk.run(at(TUESDAY, 12, 0));
    assert_eq!(desk.states(), [PayoutState::Asked]);
    desk.run(at(THURSDAY, 12, 0));
    let back = PayoutState::Returned(WEDNESDAY, ReturnReason::NameDiffers);
    assert_eq!((desk.states(), desk.credited()), (vec![back], 0));
    assert_eq!(desk.office.pay_again(shop().id, at(THURSDAY, 13, 0)), 1);
    assert_eq!(desk.office.pay_again(shop().id, at(THURSDAY, 13, 0)), 0);
    desk.run(at(date(2026, 11, 27), 12, 0));
    assert_eq!(desk.credited(), 950);
    // What undoes a sale afterwards is deducted, as ever.
    desk.office
        .reverse(BookingId(0), at(date(2026, 11, 27), 13, 0));
    desk.check();
}

#[test]
fn a_bank_is_late_or_silent() {
    let mut late = befallen(Setback::BankLate(2));
    late.run(at(TUESDAY, 12, 0));
    assert_eq!(
        (late.states(), late.credited()),
        (vec![PayoutState::Asked], 0)
    );
    late.run(at(THURSDAY, 12, 0));
    assert_eq!(late.states(), [PayoutState::Paid(THURSDAY)]);
    let mut silent = befallen(Setback::BankSilent);
    silent.run(at(date(2026, 12, 31), 12, 0));
    assert_eq!(silent.states(), [PayoutState::Asked]);
    assert_eq!(
        silent.office.ledger().balance(Account::Transit(shop().id)),
        950
    );
}

#[test]
fn what_an_issuer_takes_back_is_deducted_once() {
    let mut desk = befallen(Setback::IssuerReturns(2));
    desk.run(at(WEDNESDAY, 12, 0));
    assert_eq!(desk.credited(), 950);
    desk.sale(at(WEDNESDAY, 13, 0), 2_000);
    // It is undone already: a reversal finds nothing to undo.
    desk.office.reverse(BookingId(0), at(WEDNESDAY, 14, 0));
    desk.run(at(date(2026, 11, 27), 12, 0));
    assert_eq!(desk.credited(), 950 + 2_000 - 900);
}

#[test]
fn an_issuer_takes_back_what_was_not_refunded() {
    let mut desk = befallen(Setback::IssuerReturns(2));
    desk.book(
        at(TUESDAY, 10, 0),
        Purpose::Refund,
        300,
        Some(BookingId(0)),
        &[],
    );
    desk.sale(at(WEDNESDAY, 13, 0), 2_000);
    desk.run(at(date(2026, 11, 27), 12, 0));
    assert_eq!(desk.credited(), 950 + 2_000 - 900);
}

#[test]
fn a_chargeback_is_offset_and_somebody_else_is_paid_apart() {
    let mut desk = befallen(Setback::Deducted(Deducted::Chargeback, 120));
    desk.run(at(TUESDAY, 12, 0));
    assert_eq!(desk.credited(), 950 - 120);
    let mut other = befallen(Setback::OtherPayee);
    other.run(at(TUESDAY, 12, 0));
    assert_eq!(other.credited(), 50);
    assert_eq!(other.office.ledger().balance(Account::Diverted), 900);
}

#[test]
fn a_terminal_that_is_bound_to_another_merchant_pays_that_one() {
    let other = MerchantId::new("874350357222472").unwrap();
    let mut desk = Desk {
        office: Office::new(OfficeTerms {
            bound: [(TerminalId::new("10421695").unwrap(), other)].into(),
            ..OfficeTerms::default()
        }),
        stan: 0,
        merchant: shop().id,
    };
    desk.sale(at(MONDAY, 10, 0), 500);
    desk.run(at(TUESDAY, 12, 0));
    assert_eq!(desk.credited(), 0);
    assert_eq!(desk.office.ledger().balance(Account::Credited(other)), 500);
}

#[test]
fn a_found_state_refuses_or_holds() {
    let setbacks = |setback| [setback];
    let mut desk = Desk::of(shop());
    let mut ask = |setback| {
        desk.office.ask(&Sought {
            merchant: shop().id,
            terminal: TerminalId::EMPTY,
            kind: Text::EMPTY,
            amount: 1,
            setbacks: &setbacks(setback),
        })
    };
    let closed = Setback::Merchant(MerchantState::Closed);
    assert_eq!(ask(closed), Err(OfficeRefusal::NoMerchant));
    let refused = Setback::Refused(OfficeRefusal::NotPermitted);
    assert_eq!(ask(refused), Err(OfficeRefusal::NotPermitted));
    let frozen = Setback::Merchant(MerchantState::Frozen);
    assert_eq!(ask(frozen.clone()), Ok(()));
    let mut desk = befallen(frozen);
    desk.run(at(THURSDAY, 12, 0));
    assert_eq!(desk.credited(), 50);
}
