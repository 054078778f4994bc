//! What stands in the office's files.

use super::*;
use crate::engine::evidence::{
    AccountSettings, AcquirerIs, Evidence, FiledRow, IssuerIs, PayoutIs, PayoutMode, read, write,
};
use crate::iso::message::Amount;
use crate::lab::office::{Fee, PayoutTerms, ReturnReason};

const MONDAY: Date = date(2026, 11, 23);

fn files(desk: &Desk, day: Date) -> Evidence {
    desk.office.evidence(at(day, 12, 0))
}

fn payouts(desk: &Desk, day: Date) -> Vec<(PayoutIs, String, String)> {
    let rows = files(desk, day).payout.unwrap();
    let told = rows.into_iter();
    told.map(|row| (row.is, row.reason, row.reason_of_deduction))
        .collect()
}

#[test]
fn a_sale_and_its_pay_out_stand_in_the_files() {
    let mut desk = Desk::of(Merchant {
        fee: Fee {
            rate: 60,
            cap: None,
            instant: 0,
        },
        ..shop()
    });
    desk.sale(at(MONDAY, 10, 0), 88_800);
    desk.run(at(date(2026, 11, 24), 12, 0));
    let files = files(&desk, date(2026, 11, 24));
    let sale = &files.acquirer.unwrap()[0];
    assert_eq!(
        (sale.is, sale.settles_on),
        (AcquirerIs::Booked, Some(MONDAY))
    );
    let payout = &files.payout.unwrap()[0];
    assert_eq!(payout.is, PayoutIs::Paid);
    assert_eq!(payout.paid_on, Some(date(2026, 11, 24)));
    assert_eq!(
        (payout.gross, payout.fee, payout.net),
        (Amount(88_800), Amount(533), Amount(88_267))
    );
    assert_eq!(payout.covers, [Rrn::new("000000000001").unwrap()]);
    let settings = files.settings.unwrap();
    assert_eq!(settings.of("874350357222471").unwrap().fee_bp, 60);
}

#[test]
fn what_became_of_a_sale_stands_at_both_ends() {
    let mut desk = Desk::of(shop());
    let ids: Vec<BookingId> = (0..4).map(|_| desk.sale(at(MONDAY, 10, 0), 100)).collect();
    desk.office.reverse(ids[0], at(MONDAY, 10, 1));
    desk.book(at(MONDAY, 10, 2), Purpose::Void, 100, Some(ids[1]), &[]);
    let late = Setback::RefundLate(5);
    desk.book(
        at(MONDAY, 10, 3),
        Purpose::Refund,
        100,
        Some(ids[2]),
        &[late],
    );
    let both = |day| {
        let files = files(&desk, day);
        let acquirer: Vec<_> = files.acquirer.unwrap().iter().map(|row| row.is).collect();
        let issuer = files.issuer.unwrap().into_iter();
        (
            acquirer,
            issuer.map(|row| (row.is, row.reason)).collect::<Vec<_>>(),
        )
    };
    let (acquirer, issuer) = both(MONDAY);
    use AcquirerIs::{Booked, Refunded, Reversed, Voided};
    assert_eq!(
        acquirer,
        [Reversed, Voided, Refunded, Booked, Booked, Booked]
    );
    let row = |is, reason: &str| (is, reason.to_owned());
    let early = [
        row(IssuerIs::Returned, "reversal"),
        row(IssuerIs::Returned, "void"),
        row(IssuerIs::Debited, ""),
        row(IssuerIs::Debited, ""),
    ];
    assert_eq!(issuer, early);
    // The refund is posted on its day, and waits for it in the file of pay-outs.
    let waits = payouts(&desk, date(2026, 11, 27));
    let refund = (PayoutIs::Waiting, "refund".to_owned(), String::new());
    assert_eq!(waits.last(), Some(&refund));
    assert!(!payouts(&desk, date(2026, 11, 28)).contains(&refund));
    assert_eq!(both(date(2026, 11, 27)).1, early);
    assert_eq!(
        both(date(2026, 11, 28)).1[4],
        row(IssuerIs::Returned, "refund")
    );
}

#[test]
fn a_pay_out_says_why_it_is_late() {
    let mut desk = Desk::of(shop());
    desk.sale(at(date(2026, 9, 30), 10, 0), 100);
    desk.run(at(date(2026, 9, 30), 23, 30));
    let waits = (PayoutIs::Waiting, "holiday".to_owned(), String::new());
    assert_eq!(payouts(&desk, date(2026, 10, 3)), [waits]);
    let friday = date(2026, 11, 27);
    let mut desk = Desk::of(Merchant {
        rules: vec![
            PayoutTerms::new(Date::MIN, PayoutMode::D1),
            PayoutTerms::new(date(2026, 11, 20), PayoutMode::T1),
        ],
        deposit: 7,
        ..shop()
    });
    desk.sale(at(friday, 10, 0), 100);
    desk.run(at(friday, 23, 30));
    let ruled = (
        PayoutIs::Waiting,
        "rule 2026-11-20".to_owned(),
        "deposit".to_owned(),
    );
    assert_eq!(payouts(&desk, friday), [ruled]);
}

#[test]
fn what_stops_a_pay_out_is_told_in_one_word_and_a_day() {
    let told = |setback: Setback, until: Date| {
        let mut desk = Desk::of(shop());
        desk.book(at(MONDAY, 10, 0), Purpose::Debit, 900, None, &[setback]);
        desk.run(at(until, 12, 0));
        payouts(&desk, until).remove(0)
    };
    let wednesday = date(2026, 11, 25);
    let row = |is, reason: &str| (is, reason.to_owned(), String::new());
    let risk = Setback::Review {
        days: 9,
        risk: true,
    };
    let held = row(PayoutIs::Held, "risk_control 2026-12-02");
    assert_eq!(told(risk, wednesday), held);
    let returned = Setback::Returned(ReturnReason::ClassTwoLimit);
    assert_eq!(
        told(returned, wednesday),
        row(PayoutIs::Returned, "class_2_limit")
    );
    let silent = row(PayoutIs::Paid, "result_not_returned");
    assert_eq!(told(Setback::BankSilent, wednesday), silent);
    let late = row(PayoutIs::Paid, "credited 2026-11-25");
    assert_eq!(told(Setback::BankLate(1), wednesday), late);
}

/// As text and back.
fn again<R: FiledRow>(rows: &[R]) -> Vec<R> {
    let text = write(rows, &Zone::CHINA);
    read(&text, &Default::default(), &Zone::CHINA).unwrap()
}

#[test]
fn the_files_read_as_they_were_written() {
    let mut desk = Desk::of(Merchant {
        deposit: 500,
        agreement: "as agreed".to_owned(),
        rules: vec![PayoutTerms::new(date(2026, 1, 1), PayoutMode::T0)],
        ..shop()
    });
    let sale = desk.sale(at(MONDAY, 10, 0), 88_800);
    desk.book(at(MONDAY, 11, 0), Purpose::Refund, 100, Some(sale), &[]);
    desk.run(at(date(2026, 11, 24), 12, 0));
    let files = files(&desk, date(2026, 11, 24));
    let (acquirer, payout) = (files.acquirer.unwrap(), files.payout.unwrap());
    assert_eq!(again(&acquirer), acquirer);
    assert_eq!(again(&payout), payout);
    let settings = desk.office.settings_text(at(date(2026, 11, 24), 12, 0));
    assert_eq!(
        AccountSettings::read(&settings),
        Ok(files.settings.unwrap())
    );
}
