//! What files of other people make of a verdict.

use super::bound::{later, void};
use super::history::{History, text};
use crate::engine::evidence::{
    AccountSettings, AcquirerIs, ColumnMap, Evidence, EvidenceIndex, IssuerIs, PayoutIs,
    TerminalIs, Tier, read,
};
use crate::engine::record::{State, Why};
use crate::engine::seam::Zone;
use crate::engine::trace::{Basis, Cause, Retry, Verdict};
use crate::iso::message::Stan;
use crate::iso::spec::Purpose;

/// A transaction's RRN, where the host gave one.
const RRN: &str = "203217491827";

fn judged(history: &History, evidence: &Evidence) -> Verdict {
    let index = EvidenceIndex::of(evidence).on(jiff::civil::date(2026, 11, 24));
    Verdict::with(&history.story(), &[], &index)
}

/// Of a file's rows, its header first.
macro_rules! file {
    ($of:ident, $lines:expr) => {
        Evidence {
            $of: Some(read($lines, &ColumnMap::default(), &Zone::CHINA).unwrap()),
            ..Evidence::default()
        }
    };
}

fn payout(line: &str) -> Evidence {
    let header = "due_on,paid_on,merchant,account_name,gross,fee,deducted,reason_of_deduction,\
                  net,is,reason,covers";
    file!(payout, &format!("{header}\n{line}\n"))
}

fn acquirer(is: &str, amount: &str) -> Evidence {
    let line = format!("rrn,amount,is,settles_on\n{RRN},{amount},{is},2026-11-22\n");
    file!(acquirer, &line)
}

fn issuer(lines: &str) -> Evidence {
    let lines = lines.replace("RRN", RRN);
    file!(issuer, &format!("at,rrn,amount,is,reason\n{lines}"))
}

/// Rows of a pay-out file, and what is said for each.
const PAYOUTS: &[(&str, Cause, &str, &str)] = &[
    (
        ",,,,,,,,888.00,returned,name_differs,RRN",
        Cause::PayoutReturned,
        "pay-out returned: name differs",
        "结算款被退汇: 户名不符",
    ),
    (
        "2026-11-25,,,,,,,,888.00,waiting,,RRN",
        Cause::PayoutDue,
        "pay-out due 2026-11-25",
        "预计2026-11-25到账",
    ),
    (
        "2026-11-23,,,,,,,,888.00,waiting,,RRN",
        Cause::PayoutLate,
        "past its pay-out date 2026-11-23",
        "已过预计到账日2026-11-23",
    ),
    (
        "2026-11-25,,,,,,,,888.00,waiting,holiday,RRN",
        Cause::PayoutMoved,
        "pay-out moved to 2026-11-25",
        "遇节假日, 到账顺延至2026-11-25",
    ),
    (
        "2026-11-25,,,,,,,,888.00,waiting,after_hours 22:00,RRN",
        Cause::InstantClosed,
        "after 22:00 instant pay-out is closed; due 2026-11-25",
        "22:00后不支持实时到账, 转2026-11-25到账",
    ),
    (
        ",,,,,,,,888.00,held,review,RRN",
        Cause::PayoutReviewed,
        "pay-out held for review (amount 888.00 CNY)",
        "大额888.00元审核中, 款项暂缓结算",
    ),
    (
        ",,,,,,,,888.00,held,risk_control 2026-11-30,RRN",
        Cause::PayoutReviewed,
        "pay-out delayed by risk control until 2026-11-30",
        "风控延迟结算至2026-11-30",
    ),
    (
        ",,,,,,,,888.00,held,frozen,RRN",
        Cause::MerchantBlocked,
        "pay-out held: merchant account frozen",
        "商户账户已冻结, 款项暂缓结算",
    ),
    (
        ",,,,,,,,888.00,asked,,RRN",
        Cause::NotWithdrawn,
        "not withdrawn; balance 888.00 CNY",
        "未发起提现(余额888.00元)",
    ),
    (
        ",2026-11-23,,,888.00,5.33,,,882.67,paid,,RRN",
        Cause::PaidNet,
        "paid 882.67 CNY = 888.00 CNY - fee 5.33 CNY on 2026-11-23",
        "2026-11-23到账882.67元 = 交易888.00元 - 手续费5.33元",
    ),
    (
        ",2026-11-23,,,888.00,,100.00,chargeback 2026-11-20,788.00,paid,,RRN",
        Cause::PaidNet,
        "less chargeback 100.00 CNY of 2026-11-20",
        "结算款抵扣2026-11-20退单100.00元",
    ),
    (
        ",2026-11-23,,,,,,,1000.00,paid,,RRN+203217491828+203217491829",
        Cause::PaidTogether,
        "credited together with 2 others on 2026-11-23",
        "与其他2笔合并于2026-11-23到账",
    ),
    (
        ",2026-11-23,999999999999999,,,,,,888.00,paid,,RRN",
        Cause::PaidToAnother,
        "paid out to merchant 999999999999999",
        "已支付给商户999999999999999",
    ),
    (
        ",2026-11-23,,,,,,,888.00,paid,result_not_returned,RRN",
        Cause::PaidUnconfirmed,
        "the receiving bank's result has not come back",
        "收款行入账结果未返回",
    ),
];

#[test]
fn a_pay_out_says_where_the_money_of_an_approved_sale_is() {
    let sale = History::sale().delivered();
    for (line, cause, en, zh) in PAYOUTS {
        let verdict = judged(&sale, &payout(&line.replace("RRN", RRN)));
        assert_eq!(
            (verdict.cause, verdict.evidence),
            (*cause, Tier::E2p),
            "{line}"
        );
        assert!(verdict.verdict.en.contains(en), "{}", verdict.verdict.en);
        assert!(verdict.verdict.zh.contains(zh), "{}", verdict.verdict.zh);
        assert!(!verdict.verdict.en.contains("outside the message log"));
        assert!(!verdict.causes.contains(&Cause::OutsideLog));
        assert_eq!(verdict.safe_to_retry, Retry::No);
    }
}

#[test]
fn a_file_without_its_row_changes_nothing() {
    let sale = History::sale().delivered();
    let alone = sale.verdict();
    let other = payout(",,,,,,,,888.00,returned,name_differs,203217491828");
    let same = |evidence: &Evidence| {
        let verdict = judged(&sale, evidence);
        assert_eq!(verdict.causes, alone.causes);
        assert_eq!(verdict.evidence, Tier::E0);
        assert_eq!(verdict.next_step, alone.next_step);
        let said = format!("{}; no row of the pay-out file fits", alone.verdict.en);
        assert_eq!(verdict.verdict.en, said);
    };
    same(&other);
    assert_eq!(judged(&sale, &Evidence::default()), alone);
    // The number of a pay-out before the sale is that of an older one.
    let older = payout(&format!(",2026-11-21,,,,,,,888.00,paid,,{RRN}"));
    same(&older);
}

#[test]
fn what_the_acquirer_approved_and_did_not_book_is_missing_though_its_delivery_is_not_proven() {
    let rows = "at,terminal,stan,amount\n\
                2026-11-22 10:00:00,10421695,1,1.00\n\
                2026-11-22 11:00:00,10421695,2,1.00\n";
    let evidence = file!(acquirer, rows);
    let delivered = History::sale().delivered();
    let unproven = delivered
        .clone()
        .step(State::DeliveryUnproven, Why::TerminalClosed);
    for history in [delivered, unproven] {
        let says = judged(&history, &evidence);
        assert_eq!(says.cause, Cause::MissingAtAcquirer, "{}", says.verdict.en);
        assert!(says.open);
    }
}

#[test]
fn what_the_acquirer_books_after_all_is_not_safe() {
    let reversed = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", State::Reversed);
    assert_eq!(reversed.verdict().safe_to_retry, Retry::Yes);
    for (history, evidence) in [
        (reversed.clone(), named(&reversed, "booked")),
        (History::sale().declined("51"), acquirer("booked", "888.00")),
    ] {
        let verdict = judged(&history, &evidence);
        assert_eq!(verdict.cause, Cause::BookedAtAcquirer);
        assert_eq!((verdict.safe_to_retry, verdict.open), (Retry::No, true));
        assert_eq!(verdict.evidence, Tier::E2);
        assert_eq!(verdict.beliefs.acquirer.basis, Basis::File);
        assert!(verdict.next_step.en.starts_with("do not swipe again"));
    }
}

/// The acquirer's row of a transaction that is known by terminal, STAN and day.
fn named(history: &History, is: &str) -> Evidence {
    let story = history.story();
    let opened = story.opened.as_ref().unwrap();
    let (terminal, stan) = (opened.terminal, opened.stan);
    let line = format!("2026-11-22 10:11:13,{terminal},{stan},888.00,{is}");
    file!(acquirer, &format!("at,terminal,stan,amount,is\n{line}\n"))
}

#[test]
fn another_amount_at_the_acquirer_is_told() {
    let verdict = judged(&History::sale().delivered(), &acquirer("booked", "88.00"));
    assert_eq!(verdict.cause, Cause::OtherAmount);
    let said = "the acquirer's file has 88.00 CNY, the messages 888.00 CNY";
    assert!(verdict.verdict.en.contains(said), "{}", verdict.verdict.en);
}

#[test]
fn the_issuer_s_view_tells_what_became_of_a_debit() {
    let unknown = History::sale().timed_out();
    let back = issuer(
        "2026-11-22 10:11:13,RRN,888.00,debited,\n2026-11-22 10:12:28,RRN,888.00,returned,\n",
    );
    let rrn = |history: &History| {
        let mut story = history.story();
        story.rrn = Some(text(RRN));
        story
    };
    let judge = |history: &History, evidence: &Evidence| {
        Verdict::with(&rrn(history), &[], &EvidenceIndex::of(evidence))
    };
    let verdict = judge(&unknown, &back);
    assert_eq!(
        (verdict.cause, verdict.evidence),
        (Cause::DebitReturned, Tier::E3)
    );
    assert!(
        verdict.verdict.zh.contains("已扣款, 75秒后冲正退回"),
        "{}",
        verdict.verdict.zh
    );
    assert_eq!(verdict.safe_to_retry, Retry::No, "a file allows nothing");
    let stands = issuer("2026-11-22 10:11:13,RRN,888.00,debited,\n");
    let verdict = judge(&unknown, &stands);
    assert_eq!(verdict.cause, Cause::DebitStands);
    let later = judge(&History::sale().delivered(), &back);
    assert_eq!(later.cause, Cause::ReturnedLater);
}

#[test]
fn a_batch_that_counts_what_was_undone_is_told() {
    let reversed = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", State::Reversed);
    let line = "terminal,stan,at,amount,is\n10421695,100175,2026-11-22 10:11:12,888.00,approved\n";
    let verdict = judged(&reversed, &file!(terminal, line));
    assert_eq!(
        (verdict.cause, verdict.evidence),
        (Cause::SlipStands, Tier::E1)
    );
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert_eq!(verdict.beliefs.terminal.basis, Basis::File);
}

#[test]
fn what_was_declined_and_is_booked_under_that_code_is_booked() {
    let line = format!("rrn,amount,is,code\n{RRN},888.00,booked,51\n");
    let file = file!(acquirer, &line);
    let says = judged(&History::sale().declined("51"), &file);
    assert_eq!(says.cause, Cause::BookedAtAcquirer, "{says:?}");
    assert_eq!((says.safe_to_retry, says.open), (Retry::No, true));
    let says = judged(&History::sale().delivered(), &file);
    assert_eq!(says.cause, Cause::AnswersDisagree, "{says:?}");
}

#[test]
fn a_slip_that_its_batch_holds_twice_is_told_and_one_that_was_undone_since_is_not() {
    let sale = History::sale().delivered();
    let batch = |lines: &str| {
        let lines = lines.replace("RRN", RRN);
        file!(terminal, &format!("at,rrn,amount,is\n{lines}"))
    };
    let (first, second) = ("2026-11-22 10:11:12", "2026-11-22 10:11:14");
    let slip = |at: &str, is: &str| format!("{at},RRN,888.00,{is}\n");
    let once = batch(&slip(first, "approved"));
    assert!(!judged(&sale, &once).open);
    for undated in ["", second] {
        let twice = batch(&(slip(first, "approved") + &slip(undated, "approved")));
        let says = judged(&sale, &twice);
        assert_eq!((says.cause, says.open), (Cause::BookedTwice, true));
        assert_eq!(says.evidence, Tier::E1);
        assert_eq!(says.safe_to_retry, Retry::No);
        assert!(
            says.verdict
                .en
                .contains("the terminal's batch has it twice")
        );
        assert!(says.verdict.zh.contains("终端批次重复记录"));
    }
    let undone = batch(&(slip(first, "approved") + &slip(second, "reversed")));
    assert!(judged(&sale, &undone).cause != Cause::BookedTwice);
}

#[test]
fn settings_tell_the_class_and_never_one_of_it() {
    let settings = |text: &str| Evidence {
        settings: Some(AccountSettings::read(text).unwrap()),
        ..Evidence::default()
    };
    let merchant = "[[merchant]]\nid = \"874350357222471\"\n";
    let sale = History::sale().delivered();
    let both = format!("{merchant}mode = \"t1\"\nagreement = \"T+2 in the first month\"\n");
    let verdict = judged(&sale, &settings(&both));
    assert_eq!(verdict.causes, [Cause::Agreement, Cause::PayoutMode]);
    assert_eq!(verdict.evidence, Tier::E2s);
    let frozen = judged(&sale, &settings(&format!("{merchant}state = \"frozen\"\n")));
    assert_eq!(frozen.causes, [Cause::MerchantBlocked]);
    let elsewhere = "[[merchant]]\nid = \"1\"\nterminals = [\"10421695\"]\n";
    let bound = format!("{merchant}terminals = [\"10421696\"]\n{elsewhere}");
    let verdict = judged(&sale, &settings(&bound));
    assert!(
        verdict.verdict.en.contains("terminal bound to merchant 1"),
        "{}",
        verdict.verdict.en
    );
}

/// The rule that must never break: no file makes anything safer.
#[test]
fn no_file_makes_a_verdict_safer() {
    let sale = History::sale;
    let histories = [
        sale(),
        sale().timed_out(),
        sale().delivered(),
        sale().declined("51"),
        sale().declined("98"),
        sale().timed_out().reverses(1),
        sale()
            .timed_out()
            .reverses(1)
            .reversal_answered("00", State::Reversed),
        sale()
            .timed_out()
            .reverses(1)
            .reversal_answered("25", State::ClosedUnproven),
        History::of(Purpose::Hold).delivered(),
        History::of(Purpose::Refund).delivered(),
        History::refused(Why::RequestMac, "A0"),
    ];
    let mut files = Vec::new();
    for is in AcquirerIs::ALL {
        files.push(named(&histories[0], is.name()));
        files.push(acquirer(is.name(), "888.00"));
        files.push(acquirer(is.name(), "8.00"));
    }
    for is in IssuerIs::ALL {
        files.push(issuer(&format!(",RRN,888.00,{},\n", is.name())));
    }
    for is in PayoutIs::ALL {
        files.push(payout(&format!(",,,,,,,,888.00,{},,{RRN}", is.name())));
    }
    for is in TerminalIs::ALL {
        let line = format!("10421695,100175,2026-11-22 10:11:12,888.00,{}", is.name());
        files.push(file!(
            terminal,
            &format!("terminal,stan,at,amount,is\n{line}\n")
        ));
    }
    for history in &histories {
        let alone = history.verdict();
        for evidence in &files {
            let verdict = judged(history, evidence);
            assert!(verdict.safe_to_retry <= alone.safe_to_retry, "{evidence:?}");
            assert!(!verdict.open || verdict.class.is_some());
            if verdict.safe_to_retry < alone.safe_to_retry {
                assert_ne!(verdict.evidence, Tier::E0);
                assert!(
                    !verdict.next_step.en.contains("allowed"),
                    "{}",
                    verdict.next_step.en
                );
            }
        }
    }
}

#[test]
fn a_reversed_sale_that_is_paid_out_is_not_safe() {
    let reversed = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", State::Reversed);
    let mut story = reversed.story();
    story.rrn = Some(text(RRN));
    for is in ["paid", "held", "waiting"] {
        let evidence = payout(&format!("2026-11-23,2026-11-23,,,,,,,888.00,{is},,{RRN}"));
        let verdict = Verdict::with(&story, &[], &EvidenceIndex::of(&evidence));
        assert_eq!(
            (verdict.safe_to_retry, verdict.evidence),
            (Retry::No, Tier::E2p),
            "{is}"
        );
        assert_eq!(verdict.cause, Cause::BookedAtAcquirer);
    }
}

#[test]
fn a_pay_out_that_is_not_right_is_not_called_paid() {
    let sale = History::sale().delivered();
    for (line, cause) in [
        (",2026-11-23,,,,,,,1.00,paid,,RRN", Cause::OtherAmount),
        (
            ",2026-11-23,,,888.00,1.00,,,1.00,paid,,RRN",
            Cause::OtherAmount,
        ),
        (",2026-11-30,,,,,,,888.00,paid,,RRN", Cause::PayoutDue),
        (
            ",2026-11-24,,,,,,,888.00,returned,,RRN\n,2026-11-23,,,,,,,888.00,paid,,RRN",
            Cause::PayoutReturned,
        ),
        (
            ",,,,,,,,888.00,returned,,RRN\n,,,,,,,,888.00,paid,,RRN",
            Cause::OutsideLog,
        ),
    ] {
        let verdict = judged(&sale, &payout(&line.replace("RRN", RRN)));
        assert_eq!(verdict.cause, cause, "{line}");
    }
}

#[test]
fn what_was_debited_is_never_called_not_debited() {
    let declined = History::sale().declined("51");
    for evidence in [
        issuer(",RRN,888.00,debited,\n"),
        issuer(
            "2026-11-22 10:11:13,RRN,888.00,debited,\n2026-11-22 10:12:28,RRN,888.00,returned,\n",
        ),
        acquirer("booked", "888.00"),
        acquirer("booked", "8.00"),
    ] {
        let verdict = judged(&declined, &evidence);
        assert!(
            !verdict.verdict.en.contains("nothing debited"),
            "{}",
            verdict.verdict.en
        );
        assert!(
            !verdict.verdict.zh.contains("未扣款"),
            "{}",
            verdict.verdict.zh
        );
        assert!(verdict.evidence > Tier::E0);
    }
}

#[test]
fn a_row_of_its_number_at_another_terminal_takes_a_yes_away() {
    let declined = History::sale().declined("51");
    let line = format!("rrn,terminal,amount,is\n{RRN},99999999,888.00,booked\n");
    let verdict = judged(&declined, &file!(acquirer, &line));
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert!(
        verdict.verdict.en.contains("but another terminal"),
        "{}",
        verdict.verdict.en
    );
}

#[test]
fn a_row_of_another_beside_its_own_takes_a_yes_away() {
    let declined = History::sale().declined("51");
    let lines = format!(
        "rrn,terminal,amount,is\n{RRN},10421695,888.00,declined\n{RRN},99999999,888.00,booked\n"
    );
    let verdict = judged(&declined, &file!(acquirer, &lines));
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert!(!verdict.verdict.en.contains("nothing debited"));
}

#[test]
fn a_void_that_the_acquirer_refused_leaves_its_sale_booked() {
    let sale = History::sale()
        .delivered()
        .step(State::Returned, Why::Plain);
    let mut voiding = later(void(&sale), 60);
    voiding.name_first(|opened| opened.stan = Stan(100_176));
    let voiding = voiding.delivered();
    let (story, mut back) = (sale.story(), voiding.story());
    back.rrn = Some(text("203217491828"));
    let told = |is: &str| {
        let line = format!("rrn,amount,is\n203217491828,888.00,{is}\n");
        let evidence = file!(acquirer, &line);
        Verdict::with(&story, &[&back], &EvidenceIndex::of(&evidence))
    };
    let failed = told("declined");
    assert_eq!(
        (failed.cause, failed.evidence),
        (Cause::BookedAtAcquirer, Tier::E2)
    );
    assert!(failed.open);
    assert!(!told("booked").open);
}
