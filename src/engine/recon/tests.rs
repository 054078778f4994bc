//! Days of trading held against files that were made wrong on purpose.

use super::{ReconClass, ReconRow, ReconSum, Reconciler};
use crate::engine::evidence::{
    AcquirerIs, AcquirerRow, Evidence, EvidenceIndex, PayoutIs, PayoutRow, TotalsRow,
};
use crate::engine::record::{HostBalance, Opened, SettlementTotals, State};
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::tests::{History, opened};
use crate::engine::trace::{BatchCount, Settlement, Story, Verdict};
use crate::iso::message::{Amount, Stan, Text};
use crate::iso::spec::Purpose;
use std::sync::Arc;

/// A sale of this number, made this long after the first one, and what became of it.
fn sale(number: u64, seconds: i64, end: fn(History) -> History) -> Story {
    let mut history = History::sale();
    history.tx.0 += u128::from(number) << 80;
    history.name_first(|opened| {
        opened.stan = Stan(number);
        opened.amount = Amount(10_000 + number);
    });
    let mut story = end(history).story();
    story.tx.0 += u128::from(number) << 80;
    story.began = Wall(story.began.0 + seconds * 1_000_000);
    story.rrn = story.rrn.map(|_| Text::clipped(&format!("{number:012}")));
    for moment in &mut story.moments {
        moment.seq.0 += u64::try_from(seconds).unwrap() * 100;
    }
    story
}

/// The row that an honest acquirer's file has.
fn honest(story: &Story) -> AcquirerRow {
    let keys = story.filed_keys();
    AcquirerRow {
        at: keys.at,
        terminal: keys.terminal,
        merchant: keys.merchant,
        stan: keys.stan,
        batch: Text::EMPTY,
        rrn: keys.rrn,
        auth: keys.auth,
        card: keys.card,
        amount: keys.amount,
        currency: Text::EMPTY,
        kind: Text::EMPTY,
        code: Text::clipped("00"),
        is: AcquirerIs::Booked,
        settles_on: keys.at.map(|at| at.date(&Zone::CHINA)),
    }
}

fn delivered(history: History) -> History {
    history.delivered()
}

/// The rows that differ or are in flight, and the sums.
fn held(stories: &[Story], evidence: &Evidence) -> (Vec<ReconRow>, Vec<(ReconClass, ReconSum)>) {
    let index = EvidenceIndex::of(evidence);
    let mut reconciler = Reconciler::new(&index);
    let judged = |story| Verdict::with(story, &[], &index);
    let taken = stories
        .iter()
        .flat_map(|story| reconciler.take(story, &judged(story)));
    let mut rows: Vec<ReconRow> = taken.collect();
    rows.extend(reconciler.finish());
    rows.retain(|row| row.class.differs() || row.class == ReconClass::InFlight);
    (rows, reconciler.sums().collect())
}

fn of_acquirer(rows: Vec<AcquirerRow>) -> Evidence {
    Evidence {
        acquirer: Some(rows),
        ..Evidence::default()
    }
}

/// A thousand sales, two seconds apart.
fn day() -> Vec<Story> {
    (0..1_000)
        .map(|n| sale(n, 2 * i64::try_from(n).unwrap(), delivered))
        .collect()
}

#[test]
fn an_honest_file_matches_to_the_cent() {
    let stories = day();
    let (rows, sums) = held(&stories, &of_acquirer(stories.iter().map(honest).collect()));
    assert!(rows.is_empty(), "{rows:?}");
    let total = (0..1_000).map(|number| 10_000 + number).sum();
    let sum = ReconSum {
        count: 1_000,
        ours: total,
        theirs: total,
    };
    assert_eq!(sums, [(ReconClass::Matched, sum)]);
}

#[test]
fn a_thousand_across_the_cut_over_and_the_one_that_is_missing_is_named() {
    let stories = day();
    // The file ends at the cut-over; the last hundred seconds were booked into the next day.
    let mut rows: Vec<AcquirerRow> = stories[..950].iter().map(honest).collect();
    rows.remove(945);
    rows.remove(300);
    rows[500].amount = Amount(1);
    let mut strange = rows[10].clone();
    strange.rrn = Text::clipped("999999999999");
    strange.stan = Some(Stan(999_999));
    rows.push(strange);
    let (rows, sums) = held(&stories, &of_acquirer(rows));
    let of = |class| rows.iter().filter(move |row| row.class == class);
    let named = |class| {
        of(class)
            .map(|row| row.keys.stan.unwrap().0)
            .collect::<Vec<_>>()
    };
    assert_eq!(named(ReconClass::Short), [300, 945]);
    assert_eq!(named(ReconClass::OtherAmount), [501]);
    assert_eq!(named(ReconClass::Long), [999_999]);
    assert_eq!(
        named(ReconClass::InFlight),
        (950..1_000).collect::<Vec<_>>()
    );
    let matched = sums.iter().find(|(class, _)| *class == ReconClass::Matched);
    assert_eq!(matched.unwrap().1.count, 947);
    assert!(of(ReconClass::Short).all(|row| row.tx.is_some()));
}

#[test]
fn rows_that_stand_twice_or_say_something_else_do_not_agree() {
    let refund = |mut story: Story| {
        let mut opened = Opened::clone(story.opened.as_ref().unwrap());
        opened.purpose = Purpose::Refund;
        story.opened = Some(Arc::new(opened));
        story
    };
    let stories = [sale(1, 0, delivered), refund(sale(2, 10, delivered))];
    let rows = || stories.iter().map(honest).collect::<Vec<_>>();
    let is_told = |rows: Vec<AcquirerRow>, of: usize| {
        let (differing, _) = held(&stories, &of_acquirer(rows));
        differing.iter().any(|row| row.tx == Some(stories[of].tx))
    };
    let changed = |of: usize, change: &dyn Fn(&mut AcquirerRow)| {
        let mut rows = rows();
        change(&mut rows[of]);
        is_told(rows, of)
    };
    assert!(!changed(0, &|_| {}) && !changed(1, &|_| {}), "they agree");
    let mut twice = rows();
    twice.push(rows()[0].clone());
    let (differing, sums) = held(&stories, &of_acquirer(twice));
    assert_eq!(differing[0].theirs, Some(Amount(20_002)), "{differing:?}");
    let sum = sums.iter().find(|(class, _)| *class == ReconClass::Long);
    assert_eq!(sum.unwrap().1.theirs, 20_002);
    for of in [0, 1] {
        let mut twice = rows();
        twice.push(twice[of].clone());
        assert!(is_told(twice, of), "{of} stands twice");
        let currency = |row: &mut AcquirerRow| row.currency = Text::clipped("840");
        assert!(changed(of, &currency), "{of} in another currency");
        let code = |row: &mut AcquirerRow| row.code = Text::clipped("51");
        assert!(changed(of, &code), "{of} with the code of a decline");
        let amount = |row: &mut AcquirerRow| row.amount = Amount(1);
        assert!(changed(of, &amount), "{of} of another amount");
        let kind = |row: &mut AcquirerRow| row.kind = Text::clipped(["preauth", "sale"][of]);
        assert!(changed(of, &kind), "{of} of another kind");
        let own = |row: &mut AcquirerRow| row.kind = Text::clipped(["sale", "refund"][of]);
        assert!(!changed(of, &own), "{of} of its kind");
    }
}

#[test]
fn what_was_reversed_here_and_booked_there_is_long() {
    let undone = |history: History| {
        history
            .timed_out()
            .reverses(1)
            .reversal_answered("00", State::Reversed)
    };
    let stories = [
        sale(1, 0, delivered),
        sale(2, 10, undone),
        sale(3, 20, delivered),
    ];
    let (rows, _) = held(&stories, &of_acquirer(stories.iter().map(honest).collect()));
    let classes: Vec<_> = rows.iter().map(|row| (row.class, row.tx)).collect();
    assert_eq!(classes, [(ReconClass::Long, Some(stories[1].tx))]);
}

#[test]
fn what_took_no_money_and_stands_in_no_file_adds_to_no_sum() {
    let stories = [
        sale(1, 0, |history| history.declined("51")),
        sale(2, 10, |history| history.timed_out()),
        sale(3, 20, delivered),
    ];
    let (_, sums) = held(&stories, &of_acquirer(vec![honest(&stories[2])]));
    let sum = |ours, theirs| ReconSum {
        count: 1,
        ours,
        theirs,
    };
    let expected = [
        (ReconClass::Matched, sum(10_003, 10_003)),
        (ReconClass::Nothing, sum(0, 0)),
        (ReconClass::Doubtful, sum(10_002, 0)),
    ];
    assert_eq!(sums, expected);
}

#[test]
fn pay_outs_are_held_against_what_they_cover() {
    let stories = [sale(1, 0, delivered), sale(2, 10, delivered)];
    let payout = |gross: u64, fee: u64, net: u64| PayoutRow {
        paid_on: Some(jiff::civil::date(2026, 11, 23)),
        due_on: None,
        merchant: Text::EMPTY,
        account_name: String::new(),
        payer: String::new(),
        gross: Amount(gross),
        fee: Amount(fee),
        deducted: Amount(0),
        reason_of_deduction: String::new(),
        net: Amount(net),
        is: PayoutIs::Paid,
        reason: String::new(),
        covers: stories.iter().map(|story| story.rrn.unwrap()).collect(),
        mode: None,
    };
    let with = |row: PayoutRow| Evidence {
        payout: Some(vec![row]),
        ..Evidence::default()
    };
    let (rows, sums) = held(&stories, &with(payout(20_003, 3, 20_000)));
    assert!(rows.is_empty(), "{rows:?}");
    assert_eq!((sums[0].0, sums[0].1.count), (ReconClass::PaidTogether, 2));
    let (rows, _) = held(&stories, &with(payout(20_003, 3, 19_000)));
    assert_eq!(
        rows[0].class,
        ReconClass::OtherAmount,
        "net and fee are not the gross"
    );
    let (rows, _) = held(&stories, &with(payout(20_000, 0, 20_000)));
    assert_eq!(
        rows[0].ours,
        Some(Amount(20_003)),
        "it covers more than it pays"
    );
}

#[test]
fn a_batch_that_counts_one_more_is_told() {
    let stories = [sale(1, 0, delivered), sale(2, 10, delivered)];
    let names = opened(Purpose::Debit);
    let totals = |count, sum| Evidence {
        totals: Some(vec![TotalsRow {
            terminal: names.terminal,
            merchant: names.merchant,
            batch: names.batch,
            debit_count: count,
            debit_sum: Amount(sum),
            credit_count: 0,
            credit_sum: Amount(0),
        }]),
        ..Evidence::default()
    };
    assert!(held(&stories, &totals(2, 20_003)).0.is_empty());
    let (rows, _) = held(&stories, &totals(3, 30_003));
    assert_eq!(rows[0].class, ReconClass::Totals);
    assert_eq!(
        (rows[0].ours, rows[0].theirs),
        (Some(Amount(20_003)), Some(Amount(30_003)))
    );
}

/// The settlement of a batch, so long after the first sale, as its host answered it.
fn settlement(seconds: i64, totals: SettlementTotals, host: HostBalance) -> Story {
    let mut story = sale(
        900_000 + u64::try_from(seconds).unwrap(),
        seconds,
        delivered,
    );
    let mut opened = Opened::clone(story.opened.as_ref().unwrap());
    opened.purpose = Purpose::Settlement;
    opened.amount = Amount(0);
    story.opened = Some(Arc::new(opened));
    story.settlement = Some(Settlement {
        totals: Some(totals),
        host,
        own: None,
    });
    story
}

fn debits(debits: u64, sum: u64) -> SettlementTotals {
    SettlementTotals {
        debits,
        debit_sum: Amount(sum),
        ..SettlementTotals::default()
    }
}

/// Rows and sums of stories that are given oldest first.
fn without_files(stories: &[Story]) -> Vec<(ReconClass, String)> {
    let counted = stories.iter().map(|story| {
        let mut story = story.clone();
        let count = BatchCount::of(&story, stories.iter(), true);
        if let Some(told) = &mut story.settlement {
            told.own = count.map(Arc::new);
        }
        story
    });
    let newest_first: Vec<Story> = counted.rev().collect();
    let evidence = Evidence::default();
    let index = EvidenceIndex::of(&evidence);
    let mut reconciler = Reconciler::new(&index);
    let taken = newest_first
        .iter()
        .flat_map(|story| reconciler.take(story, &Verdict::of(story, &[])));
    let rows: Vec<ReconRow> = taken.collect();
    rows.into_iter()
        .map(|row| (row.class, row.said.en))
        .collect()
}

#[test]
fn a_batch_is_held_against_what_this_journal_saw_it_sell() {
    let sales = [sale(1, 0, delivered), sale(2, 10, delivered)];
    let sum = 10_001 + 10_002;
    let agrees = settlement(20, debits(2, sum), HostBalance::Balanced);
    let [first, second] = sales.clone();
    let rows = without_files(&[first, second, agrees]);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, ReconClass::Matched, "{rows:?}");
    let [first, second] = sales;
    let lacks = settlement(20, debits(1, 10_001), HostBalance::Balanced);
    let missing = second.tx;
    let rows = without_files(&[first, second, lacks]);
    assert_eq!(rows[0].0, ReconClass::Totals);
    let alone = format!("; {missing} alone makes the difference");
    assert!(rows[0].1.ends_with(&alone), "{rows:?}");
}

#[test]
fn a_batch_that_its_host_finds_out_of_balance_differs_though_terminal_and_journal_agree() {
    let first = sale(1, 0, delivered);
    let differs = settlement(20, debits(1, 10_001), HostBalance::Differs);
    let rows = without_files(&[first, differs]);
    assert_eq!(rows[0].0, ReconClass::Totals);
    assert!(
        rows[0]
            .1
            .contains("terminal and journal count 1 debit 100.01 CNY")
    );
    assert!(rows[0].1.ends_with("acquirer: out of balance"), "{rows:?}");
}

#[test]
fn one_out_of_balance_ends_nothing_and_both_are_told() {
    let rows = without_files(&[
        sale(1, 0, delivered),
        settlement(20, debits(1, 10_001), HostBalance::Differs),
        sale(2, 30, delivered),
        settlement(50, debits(1, 10_002), HostBalance::Balanced),
    ]);
    let classes: Vec<_> = rows.iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, [ReconClass::Totals; 2], "{rows:?}");
    assert!(
        rows[0].1.contains("this journal 2 debits 200.03 CNY"),
        "{rows:?}"
    );
}

#[test]
fn two_that_are_alike_by_chance_are_told_apart_by_the_sale_between() {
    let rows = without_files(&[
        sale(1, 0, delivered),
        settlement(20, debits(1, 10_001), HostBalance::Balanced),
        settlement(25, debits(1, 10_001), HostBalance::Balanced),
        sale(1, 30, delivered),
        settlement(50, debits(1, 10_001), HostBalance::Balanced),
    ]);
    let classes: Vec<_> = rows.iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, [ReconClass::Matched; 3], "{rows:?}");
    assert!(rows[1].1.contains("settled once more"), "{rows:?}");
}

#[test]
fn what_cannot_be_compared_is_called_so() {
    let mut foreign = sale(2, 10, delivered);
    let mut opened = Opened::clone(foreign.opened.as_ref().unwrap());
    opened.currency = Text::clipped("840");
    foreign.opened = Some(Arc::new(opened));
    let balanced = settlement(20, debits(1, 10_001), HostBalance::Balanced);
    let rows = without_files(&[sale(1, 0, delivered), foreign, balanced]);
    assert_eq!(rows[0].0, ReconClass::NotCompared, "{rows:?}");
    let silent = settlement(20, debits(1, 10_001), HostBalance::Unsaid);
    let rows = without_files(&[sale(1, 0, delivered), silent]);
    assert_eq!(rows[0].0, ReconClass::NotCompared, "{rows:?}");
    let silent = settlement(20, debits(9, 99), HostBalance::Unsaid);
    let rows = without_files(&[sale(1, 0, delivered), silent]);
    assert_eq!(rows[0].0, ReconClass::Totals, "{rows:?}");
}

#[test]
fn a_settlement_that_names_no_currency_counts_in_that_of_its_sales() {
    let mut silent = settlement(20, debits(1, 10_001), HostBalance::Balanced);
    let mut opened = Opened::clone(silent.opened.as_ref().unwrap());
    opened.currency = Text::EMPTY;
    silent.opened = Some(Arc::new(opened));
    let rows = without_files(&[sale(1, 0, delivered), silent]);
    assert_eq!(rows[0].0, ReconClass::Matched, "{rows:?}");
}

#[test]
fn a_result_that_never_reached_the_terminal_ends_no_batch() {
    let mut unheard = settlement(20, debits(1, 10_001), HostBalance::Balanced);
    unheard.state = State::Unanswered;
    let rows = without_files(&[
        sale(1, 0, delivered),
        unheard,
        sale(2, 30, delivered),
        settlement(50, debits(2, 20_003), HostBalance::Balanced),
    ]);
    assert_eq!(rows[0].0, ReconClass::Matched, "{rows:?}");
}

#[test]
fn the_batches_of_a_long_time_are_all_compared() {
    let numbered = |mut story: Story, batch: i64| {
        let mut opened = Opened::clone(story.opened.as_ref().unwrap());
        opened.batch = Text::clipped(&format!("{batch:06}"));
        story.opened = Some(Arc::new(opened));
        story
    };
    let days = (0..30).flat_map(|day| {
        let sold = sale(u64::try_from(day).unwrap(), day * 100, delivered);
        let sum = 10_000 + u64::try_from(day).unwrap();
        let settled = settlement(day * 100 + 50, debits(1, sum), HostBalance::Balanced);
        [numbered(sold, day), numbered(settled, day)]
    });
    let rows = without_files(&days.collect::<Vec<_>>());
    assert_eq!(rows.len(), 30);
    assert!(
        rows.iter().all(|(class, _)| *class == ReconClass::Matched),
        "{rows:?}"
    );
}

#[test]
fn a_sale_that_is_reversed_after_its_batch_was_settled_is_named() {
    let mut reversed = sale(1, 0, |history| {
        let history = history.delivered().after(60_000).reverses(1);
        history.reversal_answered("00", State::Reversed)
    });
    let sold = [State::Forwarded, State::Approved, State::Delivered];
    for moment in &mut reversed.moments {
        moment.seq.0 += u64::from(!sold.contains(&moment.state)) * 10_000;
    }
    let name = reversed.tx;
    let balanced = settlement(20, debits(1, 10_001), HostBalance::Balanced);
    let rows = without_files(&[reversed, balanced]);
    assert_eq!(rows[0].0, ReconClass::Totals, "{rows:?}");
    assert!(
        rows[0]
            .1
            .ends_with(&format!("{name} was reversed after it")),
        "{rows:?}"
    );
}

#[test]
fn of_two_settlements_each_counts_the_sales_since_the_one_before() {
    let rows = without_files(&[
        sale(1, 0, delivered),
        settlement(20, debits(1, 10_001), HostBalance::Balanced),
        sale(2, 30, delivered),
        sale(3, 40, delivered),
        settlement(50, debits(2, 20_005), HostBalance::Balanced),
    ]);
    let classes: Vec<_> = rows.iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, [ReconClass::Matched; 2], "{rows:?}");
}
