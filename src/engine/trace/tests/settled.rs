//! A batch that is settled: what its settlement says, and what that means for its sales.

use super::{History, opened};
use crate::engine::record::{HostBalance, Note, Opened, SettlementTotals, State, Why};
use crate::engine::trace::{Cause, Keep, Stories, Unconfirmed, Verdict};
use crate::iso::message::{Amount, Stan, Text};
use crate::iso::spec::Purpose;

/// The settlement of the sale's batch, answered so; its numbers stand behind those of the sale.
fn settlement(host: HostBalance, batch: &str) -> History {
    let totals = SettlementTotals {
        debits: 1,
        debit_sum: Amount(88_800),
        ..SettlementTotals::default()
    };
    let names = Opened {
        stan: Stan(100_176),
        amount: Amount(0),
        batch: Text::clipped(batch),
        card: Text::EMPTY,
        card_hash: [0; 16],
        identity: Text::clipped("settlement"),
        ..opened(Purpose::Settlement)
    };
    let mut history = History::new();
    history.tx.0 += 60_000 << 80;
    let mut history = history
        .after(60_000)
        .open(names, State::Forwarded, Why::Plain, Some(()))
        .note(Note::Settles {
            totals: Some(totals),
            host: HostBalance::Unsaid,
        })
        .step(State::Approved, Why::Plain)
        .note(Note::Settles { totals: None, host })
        .step(State::Delivered, Why::Plain);
    for record in &mut history.records {
        record.seq.0 += 1_000;
    }
    history
}

/// What is said of a sale, and of the settlement behind it.
fn told(sale: &History, settlement: &History) -> (Verdict, Verdict) {
    let mut stories = Stories::new(Keep::Everything);
    let all = sale.records.iter().chain(&settlement.records);
    all.for_each(|record| stories.fold(record));
    let verdict = |history: &History| {
        let story = stories.story(history.tx).unwrap();
        Verdict::of(story, &stories.others(story))
    };
    (verdict(sale), verdict(settlement))
}

#[test]
fn a_batch_in_balance_settles_its_sales() {
    let balanced = settlement(HostBalance::Balanced, "000001");
    let (sale, settled) = told(&History::sale().delivered(), &balanced);
    assert_eq!((sale.state, sale.class), (State::Settled, None));
    assert!(
        sale.verdict.en.ends_with("; batch 000001 settled"),
        "{:?}",
        sale.verdict
    );
    assert!(sale.verdict.zh.ends_with("; 批次000001已结算"));
    assert_eq!((settled.class, settled.open), (None, false));
    assert_eq!(
        settled.verdict.en,
        "batch 000001 in balance at the acquirer: 1 debit 888.00 CNY, no credits"
    );
}

#[test]
fn another_batch_or_one_out_of_balance_settles_nothing() {
    let sold = History::sale().delivered();
    for other in [
        settlement(HostBalance::Balanced, "000002"),
        settlement(HostBalance::Differs, "000001"),
        settlement(HostBalance::Unsaid, "000001"),
    ] {
        let (sale, _) = told(&sold, &other);
        assert_eq!(sale.state, State::Delivered);
        assert_eq!(sale.class, Some(Unconfirmed::NotSettled));
    }
}

#[test]
fn a_sale_that_is_in_doubt_stays_so_whatever_is_in_balance() {
    let balanced = settlement(HostBalance::Balanced, "000001");
    let unread = History::sale()
        .delivered()
        .step(State::DeliveryUnproven, Why::LinkLost);
    let (sale, _) = told(&unread, &balanced);
    assert_eq!(sale.class, Some(Unconfirmed::DeliveryUnproven));
}

#[test]
fn totals_that_differ_are_listed_until_an_operator_closes_them() {
    let differs = settlement(HostBalance::Differs, "000001");
    let (_, settled) = told(&History::sale().delivered(), &differs);
    assert!(settled.open);
    assert_eq!(settled.class, Some(Unconfirmed::SettleMismatch));
    assert_eq!(settled.cause, Cause::SettleMismatch);
    assert_eq!(
        settled.verdict.zh,
        "批次000001与收单机构对账不平: 终端统计借记1笔888.00 CNY, 无贷记"
    );
    let closed = differs.step(State::ClosedByOperator, Why::Operator);
    let (_, closed) = told(&History::sale().delivered(), &closed);
    assert_eq!((closed.open, closed.cause), (false, Cause::OperatorClosed));
}
