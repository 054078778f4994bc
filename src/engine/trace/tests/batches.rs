//! What a settlement that both ends agree on tells of what is in its batch.

use super::bound::later;
use super::settled::settlement;
use super::{History, opened};
use crate::engine::record::{Fact, HostBalance, Note, Record, Seq, SettlementTotals, State, Why};
use crate::engine::trace::{Keep, Retry, Stories, Unconfirmed, Verdict};
use crate::iso::message::{Amount, Stan};
use crate::iso::spec::Purpose;

/// The stories of these records in their order, and what is counted of their batches.
fn told(records: impl Iterator<Item = Record>) -> Stories {
    let mut stories = Stories::new(Keep::Everything);
    for (at, mut record) in records.enumerate() {
        record.seq = Seq(at as u64 + 1);
        stories.fold(&record);
    }
    stories.count_batches(true);
    stories
}

/// What is said of each, in their order; one is over before the next begins.
fn verdicts(all: &[&History]) -> Vec<Verdict> {
    let stories = told(all.iter().flat_map(|one| one.records.clone()));
    all.iter().map(|one| of(&stories, one)).collect()
}

fn of(stories: &Stories, one: &History) -> Verdict {
    let story = stories.story(one.tx).unwrap();
    Verdict::of(story, &stories.others(story))
}

/// A sale with this number, whose verdict turns on no other sale.
fn sale(number: u128, amount: u64, end: fn(History) -> History) -> History {
    let mut sale = later(end(History::sale()), number);
    sale.name_first(|opened| {
        opened.stan = Stan(u64::try_from(number).unwrap());
        opened.amount = Amount(amount);
        opened.card_hash = [u8::try_from(number).unwrap(); 16];
        opened.identity = super::history::text(&format!("sale {number}"));
    });
    sale
}

/// A settlement of one debit of 888.00, in balance.
fn balanced() -> History {
    later(settlement(HostBalance::Balanced), 1_000)
}

/// The same with other totals.
fn counting(mut settlement: History, told: SettlementTotals) -> History {
    for record in &mut settlement.records {
        if let Fact::Step(step) = &mut record.fact
            && let Note::Settles { totals, .. } = &mut step.note
        {
            *totals = totals.map(|_| told);
        }
    }
    settlement
}

/// So many debits and credits with these sums.
fn totals([debits, debit_sum, credits, credit_sum]: [u64; 4]) -> SettlementTotals {
    SettlementTotals {
        debits,
        debit_sum: Amount(debit_sum),
        credits,
        credit_sum: Amount(credit_sum),
    }
}

/// A settlement in balance with these totals.
fn settles(told: [u64; 4]) -> History {
    counting(balanced(), totals(told))
}

/// What gives back a sale, or a part of it.
fn back(purpose: Purpose, number: u128, of: &History, amount: u64) -> History {
    let mut back = sale(number, amount, |sale| sale);
    back.name_first(|opened| {
        opened.purpose = purpose;
        opened.original = Some(of.tx);
        opened.kind = super::history::text("refund");
    });
    back
}

fn delivered(sale: History) -> History {
    sale.delivered()
}

fn reversed(sale: History) -> History {
    let sale = sale.timed_out().reverses(1);
    sale.reversal_answered("00", State::Reversed)
}

fn declined(sale: History) -> History {
    sale.declined("51")
}

fn unproven(sale: History) -> History {
    sale.delivered()
        .step(State::DeliveryUnproven, Why::LinkLost)
}

#[test]
fn what_both_ends_settled_is_never_to_be_tried_again_whatever_the_messages_said() {
    for end in [reversed, declined] {
        let own = sale(1, 88_800, end);
        let says = &verdicts(&[&own, &balanced()])[0];
        assert_eq!(says.safe_to_retry, Retry::No, "{says:?}");
        assert!(
            says.verdict.en.contains("counts it, in balance"),
            "{says:?}"
        );
        assert_eq!(says.class, Some(Unconfirmed::SettleMismatch), "{says:?}");
        let other = sale(2, 88_800, delivered);
        let says = &verdicts(&[&own, &other, &balanced()])[0];
        assert_eq!(says.safe_to_retry, Retry::Yes, "another one is counted");
    }
}

#[test]
fn where_one_of_two_was_settled_neither_may_be_tried_again() {
    let both = [sale(1, 88_800, reversed), sale(2, 88_800, declined)];
    let says = verdicts(&[&both[0], &both[1], &balanced()]);
    assert_eq!(says[0].safe_to_retry, Retry::Unproven);
    assert_eq!(says[1].safe_to_retry, Retry::Unproven);
    assert!(says[0].open && says[1].open, "{says:?}");
    assert!(says[0].verdict.en.contains("may count it"), "{says:?}");
}

#[test]
fn what_no_known_set_explains_leaves_all_that_was_undone_unproven() {
    let own = sale(1, 5, reversed);
    let says = &verdicts(&[&own, &balanced()])[0];
    assert_eq!(says.safe_to_retry, Retry::Unproven);
}

#[test]
fn a_batch_out_of_balance_settles_nothing() {
    let own = sale(1, 88_800, reversed);
    let differs = later(settlement(HostBalance::Differs), 1_000);
    let says = &verdicts(&[&own, &differs])[0];
    assert_eq!(says.safe_to_retry, Retry::Yes);
}

#[test]
fn a_sale_that_is_reversed_after_its_settlement_stays_open() {
    let sold = sale(1, 88_800, delivered);
    let undone = sale(1, 88_800, |sale| {
        let sale = sale.delivered().terminal_reverses("98").reverses(2);
        sale.reversal_answered("00", State::Reversed)
    });
    let rest = undone.records[sold.records.len()..].iter().cloned();
    let settled = balanced().records;
    let stories = told(sold.records.iter().cloned().chain(settled).chain(rest));
    let says = of(&stories, &undone);
    assert_eq!(says.safe_to_retry, Retry::Unproven);
    assert_eq!(says.class, Some(Unconfirmed::SettleMismatch));
    assert!(says.open);
    assert!(says.next_step.en.contains("refund it"), "{says:?}");
    let says = of(&stories, &balanced());
    assert!(
        says.verdict.en.starts_with("batch 000001 in balance"),
        "{says:?}"
    );
}

#[test]
fn a_settlement_that_is_right_only_with_it_proves_a_delivery() {
    let own = sale(1, 88_800, unproven);
    let says = &verdicts(&[&own, &balanced()])[0];
    assert_eq!((says.class, says.open), (None, false), "{says:?}");
    assert_eq!(says.safe_to_retry, Retry::No);
    assert!(says.verdict.en.starts_with("approved 112233 and settled"));
    let other = sale(2, 88_800, delivered);
    let says = &verdicts(&[&own, &other, &balanced()])[0];
    assert_eq!(says.class, Some(Unconfirmed::DeliveryUnproven), "{says:?}");
}

#[test]
fn a_settlement_in_balance_tells_that_this_journal_counts_otherwise() {
    let sold = [sale(1, 88_800, delivered), sale(2, 500, delivered)];
    let says = &verdicts(&[&sold[0], &sold[1], &balanced()])[2];
    let expected = format!(
        "batch 000001 in balance at the acquirer: 1 debit 888.00 CNY, no credits; this journal \
         counts 2 debits 893.00 CNY, no credits; {} alone makes the difference",
        sold[1].tx
    );
    assert_eq!(says.verdict.en, expected);
    let says = &verdicts(&[&sold[0], &balanced()])[1];
    assert_eq!(says.next_step.en, "nothing to do");
}

#[test]
fn what_was_under_way_at_a_settlement_may_be_in_it_or_in_the_next() {
    let under_way = sale(1, 88_800, delivered);
    let (asked, rest) = under_way.records.split_at(1);
    let none = counting(balanced(), SettlementTotals::default());
    let next = later(balanced(), 2_000);
    let in_first = asked.iter().chain(&next.records).chain(rest).cloned();
    let says = of(&told(in_first), &next);
    assert_eq!(says.next_step.en, "nothing to do", "{says:?}");
    let in_second = asked.iter().chain(&none.records).chain(rest);
    let stories = told(in_second.chain(&next.records).cloned());
    for settled in [&none, &next] {
        let says = of(&stories, settled);
        assert_eq!(says.next_step.en, "nothing to do", "{says:?}");
    }
    assert_eq!(
        opened(Purpose::Settlement).batch,
        opened(Purpose::Debit).batch
    );
}

#[test]
fn what_gives_back_and_is_missing_in_a_balanced_settlement_is_not_proven() {
    let sold = sale(1, 88_800, delivered);
    for purpose in [Purpose::Void, Purpose::Refund] {
        let made = back(purpose, 2, &sold, 88_800).delivered();
        let told = |totals| verdicts(&[&sold, &made, &settles(totals)]);
        for (says, said) in told([1, 88_800, 0, 0]).iter().zip([
            "a void or refund of it is not proven",
            "does not count it",
            "this journal counts",
        ]) {
            assert!(says.verdict.en.contains(said), "{says:?}");
            assert!(says.open, "{says:?}");
            assert!(!says.next_step.en.contains("nothing to do"), "{says:?}");
        }
        let says = told([1, 88_800, 1, 88_800]);
        assert!(says.iter().all(|says| !says.open), "{says:?}");
        // A terminal may take what was voided out of its debits.
        let says = told([0, 0, 0, 0]);
        let netted = purpose == Purpose::Void;
        assert!(says.iter().all(|says| says.open != netted), "{says:?}");
    }
}

#[test]
fn a_declined_refund_that_was_settled_is_not_given_back_once_more() {
    let sold = sale(1, 88_800, delivered);
    let failed = back(Purpose::Refund, 2, &sold, 88_800).declined("51");
    let settled = settles([1, 88_800, 1, 88_800]);
    let says = &verdicts(&[&sold, &failed, &settled])[1];
    assert!(says.open, "{says:?}");
    assert!(
        says.next_step.en.contains("do not refund again"),
        "{says:?}"
    );
    assert!(!says.next_step.en.contains("by refund"), "{says:?}");
}

#[test]
fn a_sale_that_is_missing_in_a_balanced_settlement_is_listed() {
    let sold = [sale(1, 88_800, delivered), sale(2, 500, delivered)];
    let says = verdicts(&[&sold[0], &sold[1], &settles([1, 500, 0, 0])]);
    assert!(says[0].verdict.en.contains("does not count it"), "{says:?}");
    assert_eq!(
        [says[0].open, says[1].open, says[2].open],
        [true, false, true]
    );
    let same = sale(3, 88_800, delivered);
    let says = verdicts(&[&sold[0], &same, &settles([1, 88_800, 0, 0])]);
    assert!(says[0].verdict.en.contains("may not count it"), "{says:?}");
    assert!(says[0].open && says[1].open);
}

#[test]
fn a_sale_that_was_reversed_in_part_is_settled_with_what_stands() {
    let sold = sale(1, 10_000, delivered);
    let part = back(Purpose::Reversal, 2, &sold, 4_000).delivered();
    let says = verdicts(&[&sold, &part, &settles([1, 6_000, 0, 0])]);
    assert!(says.iter().all(|says| !says.open), "{says:?}");
    assert_eq!(says[2].next_step.en, "nothing to do", "{says:?}");
    let whole = settles([1, 10_000, 0, 0]);
    for order in [[&sold, &part, &whole], [&sold, &whole, &part]] {
        let stories = told(order.iter().flat_map(|one| one.records.clone()));
        let says = of(&stories, &sold);
        assert_eq!(says.class, Some(Unconfirmed::SettleMismatch), "{says:?}");
        assert!(says.verdict.en.contains("says otherwise"), "{says:?}");
        assert!(of(&stories, &part).open);
    }
}
