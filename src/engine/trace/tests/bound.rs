//! What belongs together: a sale and its voids, a request and its repeats, an authorization and its
//! completion.

use super::history::{History, opened, text};
use crate::engine::record::{Identity, Opened, State, TxId, Why};
use crate::engine::seam::Wall;
use crate::engine::trace::{Keep, Retry, Stories, Verdict};
use crate::iso::message::{Amount, Stan};
use crate::iso::spec::Purpose;

/// Transactions apart in time, so that only their names bind them.
pub(super) fn later(history: History, seconds: u128) -> History {
    let mut history = history;
    history.tx = TxId(history.tx.0 + ((seconds * 1000) << 80));
    let tx = history.tx;
    for record in &mut history.records {
        record.tx = Some(tx);
        record.seq.0 += u64::try_from(seconds).unwrap() * 1000;
    }
    history
}

pub(super) fn verdict(of: TxId, histories: &[&History]) -> Verdict {
    let mut stories = Stories::new(Keep::Everything);
    let records = histories.iter().flat_map(|history| &history.records);
    records.for_each(|record| stories.fold(record));
    let story = stories.story(of).unwrap();
    Verdict::of(story, &stories.others(story))
}

/// A void of a sale, sent.
pub(super) fn void(sale: &History) -> History {
    let names = Opened {
        original: Some(sale.tx),
        identity: Identity::EMPTY,
        ..opened(Purpose::Void)
    };
    History::new().open(names, State::Forwarded, Why::Plain, Some(()))
}

#[test]
fn a_message_without_a_name_takes_nothing_off_the_list() {
    let nameless = || Opened {
        identity: Identity::EMPTY,
        ..opened(Purpose::Refund)
    };
    let ask = || History::new().open(nameless(), State::Forwarded, Why::Plain, Some(()));
    let first = ask().after(45_000).step(State::Unanswered, Why::NoAnswer);
    let second = later(ask().delivered(), 500);
    assert!(verdict(first.tx, &[&first, &second]).open);
}

#[test]
fn a_repeat_that_stays_here_takes_nothing_off_the_list() {
    let first = History::of(Purpose::Refund);
    let first = first.after(45_000).step(State::Unanswered, Why::NoAnswer);
    let again = History::new().open(opened(Purpose::Refund), State::Received, Why::Plain, None);
    let again = later(again.step(State::NotSent, Why::NoLink), 500);
    assert!(verdict(first.tx, &[&first, &again]).open);
    let repeat = verdict(again.tx, &[&first, &again]);
    assert!(repeat.safe_to_retry < Retry::Yes);
    assert!(
        repeat.verdict.en.contains("may have been booked"),
        "{}",
        repeat.verdict.en
    );
}

#[test]
fn a_refused_repeat_of_a_booked_sale_allows_no_other() {
    let first = History::sale().delivered();
    let again = later(History::refused(Why::RequestMac, "A0"), 500);
    assert_eq!(again.verdict().safe_to_retry, Retry::Yes, "by itself");
    let verdict = verdict(again.tx, &[&first, &again]);
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert!(!verdict.next_step.en.contains("try again"));
}

#[test]
fn a_sale_follows_what_became_of_its_void() {
    let sale = History::sale().delivered();
    let says = |void: &History| verdict(sale.tx, &[&sale, void]).verdict.en;
    let asked = later(void(&sale), 500);
    assert!(says(&asked).contains("not proven"), "{}", says(&asked));
    let made = later(void(&sale).delivered(), 500);
    assert!(
        says(&made).contains("the money goes back"),
        "{}",
        says(&made)
    );
    let declined = later(void(&sale).declined("25"), 500);
    assert!(
        says(&declined).contains("answer delivered"),
        "{}",
        says(&declined)
    );
    let undone = void(&sale)
        .delivered()
        .terminal_reverses("98")
        .reverses(1)
        .reversal_answered("00", State::Reversed);
    let undone = later(undone, 500);
    assert!(
        says(&undone).contains("answer delivered"),
        "{}",
        says(&undone)
    );
    let of_void = verdict(undone.tx, &[&sale, &undone]);
    assert_eq!(of_void.safe_to_retry, Retry::Yes);
    assert_eq!(of_void.next_step.en, "the void may be tried again");
}

#[test]
fn an_authorization_follows_its_completion() {
    let hold = History::of(Purpose::Hold).delivered();
    let names = Opened {
        original: Some(hold.tx),
        identity: Identity::EMPTY,
        ..opened(Purpose::Debit)
    };
    let asked = History::new().open(names, State::Forwarded, Why::Plain, Some(()));
    let next = |completion: &History| verdict(hold.tx, &[&hold, completion]).next_step.en;
    let (asked, made) = (
        later(asked.clone(), 500),
        later(asked.clone().delivered(), 500),
    );
    assert!(
        !next(&asked).contains("send the completion or"),
        "{}",
        next(&asked)
    );
    assert!(
        !next(&made).contains("send the completion or"),
        "{}",
        next(&made)
    );
    let declined = later(made_of(&hold).declined("51"), 500);
    assert!(next(&declined).contains("send the completion or"));
    let of_it = verdict(declined.tx, &[&hold, &declined]);
    assert_eq!(of_it.safe_to_retry, Retry::Unproven);
    assert!(of_it.next_step.en.contains("send the completion again"));
}

fn made_of(hold: &History) -> History {
    let names = Opened {
        original: Some(hold.tx),
        identity: Identity::EMPTY,
        ..opened(Purpose::Debit)
    };
    History::new().open(names, State::Forwarded, Why::Plain, Some(()))
}

#[test]
fn an_answer_without_a_known_code_allows_nothing() {
    for code in ["Q1", "ZZ", "98"] {
        let verdict = History::sale().declined(code).verdict();
        assert_eq!(verdict.safe_to_retry, Retry::Unproven, "{code}");
        assert!(verdict.next_step.zh.contains("先向收单机构查询"), "{code}");
    }
    let uncoded = History::sale().answer("", State::Approved, Why::Plain);
    let uncoded = uncoded.step(State::Delivered, Why::Plain).verdict();
    assert_eq!(uncoded.safe_to_retry, Retry::Unproven);
    assert!(uncoded.verdict.en.contains("approved or not is not known"));
}

#[test]
fn an_attempt_that_names_no_merchant_is_of_the_purchase() {
    let unnamed = Opened {
        merchant: text(""),
        ..opened(Purpose::Debit)
    };
    let paid = History::new().open(unnamed, State::Forwarded, Why::Plain, Some(()));
    let paid = later(paid.delivered(), 60);
    let declined = numbered(History::sale().declined("51"), 7);
    let verdict = verdict(declined.tx, &[&declined, &paid]);
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert!(verdict.next_step.en.contains("look at the other attempt"));
}

#[test]
fn a_wall_clock_that_jumps_parts_no_attempts() {
    let declined = History::sale().declined("51");
    for days in [-1, 100] {
        let paid = numbered(History::sale().delivered(), 8);
        let mut paid = later(paid, 60);
        for record in &mut paid.records {
            record.at = Wall(record.at.0 + days * 24 * 3_600_000_000);
        }
        let verdict = verdict(declined.tx, &[&declined, &paid]);
        assert_eq!(verdict.safe_to_retry, Retry::Unproven, "{days}");
    }
}

#[test]
fn a_declined_repeat_of_a_booked_sale_says_nothing_of_the_money() {
    let paid = History::sale().delivered();
    let repeat = later(History::sale().declined("A0"), 5);
    let verdict = verdict(repeat.tx, &[&paid, &repeat]);
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    assert!(
        verdict.verdict.en.contains("the same request"),
        "{}",
        verdict.verdict.en
    );
    assert!(
        !verdict.verdict.zh.contains("未扣款"),
        "{}",
        verdict.verdict.zh
    );
}

#[test]
fn a_reversed_authorization_waits_for_its_completion() {
    let unheard = History::of(Purpose::Hold).timed_out().reverses(1);
    let unheard = unheard.reversal_answered("00", State::Reversed);
    let shown = History::of(Purpose::Hold).delivered().reverses(1);
    let shown = shown.reversal_answered("00", State::SettleMismatch);
    for hold in [unheard, shown] {
        assert_eq!(hold.verdict().safe_to_retry, Retry::Yes, "by itself");
        let completion = later(made_of(&hold), 60);
        let verdict = verdict(hold.tx, &[&hold, &completion]);
        assert_eq!(verdict.safe_to_retry, Retry::Unproven);
        let says = verdict.verdict.en;
        assert!(!says.contains("released"), "{says}");
    }
}

#[test]
fn a_refund_that_names_no_original_looks_at_the_void_of_its_card() {
    let sale = History::sale().delivered();
    let voided = later(void(&sale).delivered(), 30);
    let part = Opened {
        amount: Amount(10_000),
        identity: Identity::EMPTY,
        ..opened(Purpose::Refund)
    };
    let refund = History::new().open(part, State::Forwarded, Why::Plain, Some(()));
    let refund = later(refund.declined("25"), 60);
    let verdict = verdict(refund.tx, &[&sale, &voided, &refund]);
    assert_eq!(verdict.safe_to_retry, Retry::Unproven);
}

#[test]
fn more_given_back_than_paid_is_open() {
    let sale = History::sale().delivered();
    let refund = |at: u128| {
        let names = Opened {
            original: Some(sale.tx),
            identity: Identity::EMPTY,
            ..opened(Purpose::Refund)
        };
        let refund = History::new().open(names, State::Forwarded, Why::Plain, Some(()));
        later(refund.delivered(), at)
    };
    let (first, second) = (refund(30), refund(60));
    assert!(!verdict(sale.tx, &[&sale, &first]).open);
    assert!(verdict(sale.tx, &[&sale, &first, &second]).open);
}

#[test]
fn a_decline_that_another_answer_contradicts_is_open() {
    let answered = |code: &str, why: Why| {
        History::sale()
            .declined("91")
            .answer(code, State::DeclineDelivered, why)
    };
    for (code, why) in [
        ("68", Why::Plain),
        ("ZZ", Why::Plain),
        ("00", Why::AnswerMismatch),
    ] {
        let verdict = answered(code, why).verdict();
        assert!(verdict.open, "{code}: {}", verdict.verdict.en);
        assert_eq!(verdict.safe_to_retry, Retry::Unproven);
    }
    assert!(!answered("51", Why::Plain).verdict().open);
}

#[test]
fn a_number_that_is_taken_matters_where_the_other_has_the_same_name() {
    let booked = History::sale().delivered();
    let mut other = later(History::refused(Why::DuplicateMismatch, "94"), 5);
    other.name_first(|opened| {
        opened.amount = Amount(99_900);
        opened.card_hash = [9; 16];
    });
    let refused = verdict(other.tx, &[&booked, &other]);
    assert_eq!(refused.safe_to_retry, Retry::Unproven);
    other.name_first(|opened| opened.identity = text("of another terminal"));
    let refused = verdict(other.tx, &[&booked, &other]);
    assert_eq!(refused.safe_to_retry, Retry::Yes);
}

#[test]
fn a_completed_authorization_that_is_reversed_allows_no_other() {
    let hold = History::of(Purpose::Hold).delivered();
    let completion = later(made_of(&hold).delivered(), 60);
    let hold = hold.terminal_reverses("06").reverses(2);
    let hold = hold.reversal_answered("00", State::Reversed);
    let verdict = verdict(hold.tx, &[&hold, &completion]);
    assert_eq!(verdict.safe_to_retry, Retry::No);
    assert!(!verdict.next_step.en.contains("collect again"));
    assert!(
        verdict.verdict.en.contains("its completion"),
        "{}",
        verdict.verdict.en
    );
}

#[test]
fn an_increment_follows_the_completion_of_its_authorization() {
    let hold = History::of(Purpose::Hold).delivered();
    let raise = Opened {
        original: Some(hold.tx),
        identity: Identity::EMPTY,
        amount: Amount(5_000),
        ..opened(Purpose::Hold)
    };
    let raise = History::new().open(raise, State::Forwarded, Why::Plain, Some(()));
    let raise = later(raise.delivered(), 30);
    let completion = later(made_of(&hold).delivered(), 60);
    let says = verdict(raise.tx, &[&hold, &raise, &completion]);
    assert!(
        says.verdict.en.contains("then completed"),
        "{}",
        says.verdict.en
    );
    assert!(!says.next_step.en.contains("send the completion"));
}

#[test]
fn a_reversal_that_names_its_sale_in_part_is_told_of_it() {
    let sale = History::sale().delivered();
    let undo = Opened {
        identity: Identity::EMPTY,
        ..opened(Purpose::Reversal)
    };
    let undo = History::new().open(undo, State::Forwarded, Why::Plain, Some(()));
    let undo = numbered(later(undo.delivered(), 30), 9);
    let says = verdict(sale.tx, &[&sale, &undo]);
    assert!(says.verdict.en.contains("not known"), "{}", says.verdict.en);
    assert!(says.open);
}

/// The same under another trace number.
fn numbered(history: History, stan: u64) -> History {
    let mut history = history;
    history.name_first(|opened| {
        opened.stan = Stan(stan);
        opened.identity = text(&format!("sale {stan}"));
    });
    history
}

#[test]
fn a_sale_follows_the_answered_repeat_of_its_refund() {
    let sale = History::sale().delivered();
    let names = || Opened {
        original: Some(sale.tx),
        ..opened(Purpose::Refund)
    };
    let ask = || History::new().open(names(), State::Forwarded, Why::Plain, Some(()));
    let first = ask().after(45_000).step(State::Unanswered, Why::NoAnswer);
    let first = later(first, 30);
    let repeat = later(ask().delivered(), 90);
    let mut all = [first, repeat];
    for refund in &mut all {
        refund.name_first(|opened| opened.identity = text("refund"));
    }
    let [first, repeat] = &all;
    let says = verdict(sale.tx, &[&sale, first, repeat]);
    assert!(
        says.verdict.en.contains("the money goes back"),
        "{}",
        says.verdict.en
    );
    assert!(!says.open);
}

#[test]
fn a_void_beside_a_reversal_is_open() {
    let sale = History::sale()
        .delivered()
        .terminal_reverses("06")
        .reverses(2);
    let sale = sale.reversal_answered("00", State::Reversed);
    let voided = later(void(&sale).delivered(), 60);
    let says = verdict(sale.tx, &[&sale, &voided]);
    assert!(says.open);
    assert_eq!(says.safe_to_retry, Retry::Unproven);
}
