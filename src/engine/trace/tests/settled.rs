//! What is said of a settlement.

use super::{History, opened};
use crate::engine::record::{Hop, HostBalance, Note, Opened, SettlementTotals, State, Why};
use crate::engine::trace::{Cause, Unconfirmed, Verdict};
use crate::iso::message::{Amount, Stan, Text};
use crate::iso::spec::Purpose;

/// A settlement, answered so.
pub(crate) fn settlement(host: HostBalance) -> History {
    answered(host, None)
}

/// A settlement; its answer repeats these totals.
fn answered(host: HostBalance, repeated: Option<SettlementTotals>) -> History {
    let totals = SettlementTotals {
        debits: 1,
        debit_sum: Amount(88_800),
        ..SettlementTotals::default()
    };
    let names = Opened {
        stan: Stan(100_176),
        amount: Amount(0),
        card: Text::EMPTY,
        card_hash: [0; 16],
        identity: Text::clipped("settlement"),
        ..opened(Purpose::Settlement)
    };
    History::new()
        .open(names, State::Forwarded, Why::Plain, Some(()))
        .note(Note::Settles {
            totals: Some(totals),
            host: HostBalance::Unsaid,
        })
        .answer("00", State::Approved, Why::Plain)
        .note(Note::Settles {
            totals: repeated,
            host,
        })
        .step(State::Delivered, Why::Plain)
}

/// What is said of a settlement.
fn told(settlement: &History) -> Verdict {
    settlement.verdict()
}

#[test]
fn a_batch_in_balance_is_told_with_its_totals() {
    let settled = told(&settlement(HostBalance::Balanced));
    assert_eq!((settled.class, settled.open), (None, false));
    assert_eq!(
        settled.verdict.en,
        "batch 000001 in balance at the acquirer: 1 debit 888.00 CNY, no credits"
    );
}

#[test]
fn of_answers_that_contradict_each_other_the_worst_counts() {
    let hosts = [HostBalance::Differs, HostBalance::Balanced];
    for [first, second] in [hosts, [hosts[1], hosts[0]]] {
        let both = settlement(first)
            .say(Hop::AcquirerToGateway, "0510", "00")
            .note(Note::Settles {
                totals: None,
                host: second,
            });
        let settled = told(&both);
        assert_eq!(settled.class, Some(Unconfirmed::SettleMismatch));
    }
}

#[test]
fn an_answer_that_repeats_other_totals_compared_something_else() {
    let other = SettlementTotals {
        debits: 9,
        ..SettlementTotals::default()
    };
    let settled = told(&answered(HostBalance::Balanced, Some(other)));
    assert_eq!(settled.class, Some(Unconfirmed::SettleMismatch));
    assert!(
        settled
            .verdict
            .en
            .starts_with("the acquirer did not compare batch 000001")
    );
}

#[test]
fn an_answer_without_a_result_settles_nothing() {
    let settled = told(&settlement(HostBalance::Unsaid));
    assert!(
        settled
            .next_step
            .en
            .starts_with("not settled as far as is known")
    );
    assert_eq!(settled.class, None);
}

#[test]
fn totals_that_differ_are_listed_until_an_operator_closes_them() {
    let differs = settlement(HostBalance::Differs);
    let settled = told(&differs);
    assert!(settled.open);
    assert_eq!(settled.class, Some(Unconfirmed::SettleMismatch));
    assert_eq!(settled.cause, Cause::SettleMismatch);
    assert_eq!(
        settled.verdict.zh,
        "批次000001与收单机构对账不平: 终端统计借记1笔888.00 CNY, 无贷记"
    );
    let closed = differs.step(State::ClosedByOperator, Why::Operator);
    let closed = told(&closed);
    assert_eq!((closed.open, closed.cause), (false, Cause::OperatorClosed));
}
