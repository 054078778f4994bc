//! Many attempts of one card, and reversals, voids and approvals that came twice.

use super::bound::{later, verdict, void};
use super::history::{History, opened, text};
use crate::engine::record::{Fact, Hop, Identity, Note, Opened, Row, State, TxId, Why};
use crate::engine::trace::{Keep, Retry, Stories, Unconfirmed};
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;

/// A message of its own of this kind, of this amount.
fn of(purpose: Purpose, amount: u64, original: Option<TxId>) -> History {
    let names = Opened {
        original,
        identity: Identity::EMPTY,
        amount: Amount(amount),
        ..opened(purpose)
    };
    History::new().open(names, State::Forwarded, Why::Plain, Some(()))
}

#[test]
fn an_open_swipe_is_not_forgotten_behind_declined_ones() {
    let swipe = |at: u128| {
        let mut swipe = later(History::sale(), at);
        swipe.name_first(|opened| opened.identity = text(&format!("sale {at}")));
        swipe
    };
    let first = swipe(0).timed_out();
    let declined = (1..=20).map(|at| swipe(at).declined("51"));
    let all: Vec<History> = std::iter::once(first).chain(declined).collect();
    let all: Vec<&History> = all.iter().collect();
    let last = all.last().unwrap();
    assert_eq!(verdict(last.tx, &all).safe_to_retry, Retry::No);
    let alone: Vec<&History> = all[1..].to_vec();
    assert_eq!(verdict(last.tx, &alone).safe_to_retry, Retry::Yes);
}

#[test]
fn more_open_swipes_than_are_linked_allow_none() {
    let swipe = |at: u128| {
        let mut swipe = later(History::sale(), at);
        swipe.name_first(|opened| opened.identity = text(&format!("sale {at}")));
        swipe
    };
    // All are under way at once; those that are still linked are declined afterwards.
    let began: Vec<History> = (0..30).map(swipe).collect();
    let mut stories = Stories::new(Keep::Everything);
    began
        .iter()
        .flat_map(|one| &one.records)
        .for_each(|record| stories.fold(record));
    for one in &began[1..] {
        let declined = one.clone().declined("51");
        let rest = &declined.records[one.records.len()..];
        rest.iter().for_each(|record| stories.fold(record));
    }
    let last = stories.story(began[29].tx).unwrap();
    let says = super::super::Verdict::of(last, &stories.others(last));
    assert!(says.safe_to_retry < Retry::Yes);
}

#[test]
fn a_card_without_its_hash_is_known_by_its_digits() {
    let first = History::sale().delivered();
    let mut second = later(History::sale().declined("51"), 60);
    second.name_first(|opened| {
        opened.card_hash = [0; 16];
        opened.identity = text("second");
    });
    let says = verdict(second.tx, &[&first, &second]);
    assert_eq!(says.safe_to_retry, Retry::Unproven);
    second.name_first(|opened| opened.card_hash = [9; 16]);
    let says = verdict(second.tx, &[&first, &second]);
    assert_eq!(says.safe_to_retry, Retry::Yes, "two hashes are two cards");
}

#[test]
fn repeats_of_a_notice_are_told_under_the_last() {
    let ask = || History::of(Purpose::Refund);
    let given_up = |at: u128| {
        let asked = ask().after(900).step(State::Unanswered, Why::NoAnswer);
        later(asked, at)
    };
    let (first, second, last) = (given_up(0), given_up(1), given_up(2));
    let first = first.step(State::Unanswered, Why::Restarted);
    let all = [&first, &second, &last];
    assert!(verdict(last.tx, &all).open);
    assert!(!verdict(first.tx, &all).open);
}

#[test]
fn two_refused_under_one_name_do_not_accuse_each_other() {
    let first = History::refused(Why::DuplicateMismatch, "94");
    let second = later(History::refused(Why::DuplicateMismatch, "94"), 5);
    let says = verdict(second.tx, &[&first, &second]);
    assert_eq!(says.safe_to_retry, Retry::Yes);
}

#[test]
fn a_refusal_after_an_accepted_reversal_contradicts_it() {
    let undone = || {
        let sale = History::sale().timed_out().reverses(1);
        sale.reversal_answered("00", State::Reversed)
    };
    let refused = undone().reversal_answered("58", State::Reversed).verdict();
    assert_eq!(refused.safe_to_retry, Retry::Unproven);
    assert_eq!(refused.class, Some(Unconfirmed::ReversalUnproven));
    assert!(refused.verdict.en.contains("58"), "{}", refused.verdict.en);
    let gone = undone().reversal_answered("25", State::Reversed).verdict();
    assert_eq!(gone.safe_to_retry, Retry::Yes, "it is reversed already");
}

#[test]
fn the_slip_bears_the_first_of_two_approvals() {
    let mut sale = History::sale().delivered();
    sale = sale.answer("00", State::Delivered, Why::LateApproval);
    let second = sale.records.last_mut().unwrap();
    if let Fact::Step(step) = &mut second.fact {
        step.message.as_mut().unwrap().auth = Some(text("445566"));
    }
    let says = sale.verdict();
    assert!(says.open);
    for auth in ["112233", "445566"] {
        assert!(says.verdict.en.contains(auth), "{}", says.verdict.en);
    }
    assert_eq!(sale.story().auth, Some(text("112233")));
}

#[test]
fn a_copy_of_an_approval_undoes_no_reversal() {
    let sale = History::sale().delivered().terminal_reverses("98");
    let sale = sale
        .reverses(2)
        .answer("00", State::ReversalSent, Why::LateApproval)
        .reversal_answered("00", State::Reversed);
    assert_eq!(sale.verdict().safe_to_retry, Retry::Yes);
}

#[test]
fn what_was_reversed_behind_its_slip_is_open() {
    let sale = History::sale()
        .delivered()
        .step(State::DeliveryUnproven, Why::TerminalClosed);
    let sale = sale.reverses(1).reversal_answered("00", State::Reversed);
    assert_eq!(sale.verdict().class, Some(Unconfirmed::DeliveryUnproven));
    let asked = sale.step(State::Reversed, Why::TerminalAsked);
    let asked = asked.say(Hop::TerminalToGateway, "0400", "98");
    assert!(!asked.verdict().open);
}

#[test]
fn a_void_of_another_amount_gives_back_nobody_knows_what() {
    let sale = History::sale().delivered();
    let part = later(of(Purpose::Void, 80_000, Some(sale.tx)).delivered(), 30);
    let says = verdict(sale.tx, &[&sale, &part]);
    assert!(says.open);
    assert!(says.verdict.en.contains("not known"), "{}", says.verdict.en);
    let own = verdict(part.tx, &[&sale, &part]);
    assert!(
        own.verdict.en.contains("another amount"),
        "{}",
        own.verdict.en
    );
    let whole = later(void(&sale).delivered(), 30);
    assert!(!verdict(sale.tx, &[&sale, &whole]).open);
}

#[test]
fn a_void_of_what_took_nothing_is_open() {
    let sale = History::refused(Why::Overload, "96");
    let voided = later(void(&sale).delivered(), 30);
    let says = verdict(sale.tx, &[&sale, &voided]);
    assert_eq!(says.class, Some(Unconfirmed::SettleMismatch));
    assert_eq!(says.safe_to_retry, Retry::Unproven);
    let own = verdict(voided.tx, &[&sale, &voided]);
    assert!(
        own.verdict.en.contains("more was given back"),
        "{}",
        own.verdict.en
    );
}

#[test]
fn a_receipt_that_was_reversed_unseen_says_so() {
    let sale = History::sale()
        .delivered()
        .step(State::DeliveryUnproven, Why::TerminalClosed);
    let sale = sale
        .reverses(1)
        .reversal_answered("00", State::SettleMismatch);
    let says = sale.verdict();
    assert_eq!(says.class, Some(Unconfirmed::SettleMismatch));
    assert_eq!(says.safe_to_retry, Retry::Yes);
    assert!(
        says.verdict.en.contains("may show success"),
        "{}",
        says.verdict.en
    );
}

#[test]
fn a_refund_too_many_says_so_itself() {
    let sale = History::sale().delivered();
    let refund = |at: u128| later(of(Purpose::Refund, 88_800, Some(sale.tx)).delivered(), at);
    let (first, second) = (refund(30), refund(60));
    let says = verdict(second.tx, &[&sale, &first, &second]);
    assert!(
        says.verdict.en.contains("more was given back"),
        "{}",
        says.verdict.en
    );
}

#[test]
fn a_void_that_a_reversal_may_have_undone_is_open() {
    let sale = History::sale().delivered();
    let mut voided = later(void(&sale).delivered(), 30);
    voided.name_first(|opened| opened.stan = crate::iso::message::Stan(7));
    let mut undo = later(of(Purpose::Reversal, 88_800, None).delivered(), 60);
    undo.name_first(|opened| opened.stan = crate::iso::message::Stan(7));
    let all = [&sale, &voided, &undo];
    assert!(verdict(voided.tx, &all).open);
    let of_sale = verdict(sale.tx, &all);
    assert!(
        of_sale.verdict.en.contains("not known"),
        "{}",
        of_sale.verdict.en
    );
    assert!(!of_sale.open, "the void is listed for it");
}

#[test]
fn a_reversal_of_a_part_that_was_accepted_before_leaves_the_rest_unknown() {
    let sale = || History::sale().terminal_reverses("22").reverses(2);
    let sale = later(sale(), 0);
    let part = later(of(Purpose::Reversal, 20_000, Some(sale.tx)).delivered(), 1);
    let mut sale = sale.reversal_answered("00", State::Reversed);
    sale.records.last_mut().unwrap().seq.0 += 1_000_000;
    let says = verdict(sale.tx, &[&sale, &part]);
    assert_eq!(says.safe_to_retry, Retry::Unproven);
    assert!(says.open);
}

#[test]
fn what_the_acquirer_took_back_in_part_leaves_the_rest_unknown() {
    let taken_back = |amount: u64| {
        let mut sale = History::sale().timed_out();
        sale = sale.say(Hop::AcquirerToGateway, "0420", "");
        let own = sale.records.last_mut().unwrap();
        if let Fact::Step(step) = &mut own.fact {
            step.message.as_mut().unwrap().amount = Some(Amount(amount));
        }
        sale.reverses(1).reversal_answered("00", State::Reversed)
    };
    assert_eq!(taken_back(88_800).verdict().safe_to_retry, Retry::Yes);
    let in_part = taken_back(20_000).verdict();
    assert_eq!(in_part.safe_to_retry, Retry::Unproven);
    assert!(in_part.open);
}

#[test]
fn an_increment_outlives_the_reversal_of_its_authorization() {
    let hold = History::of(Purpose::Hold).delivered();
    let raise = later(of(Purpose::Hold, 5_000, Some(hold.tx)).delivered(), 30);
    let hold = hold.terminal_reverses("06").reverses(2);
    let hold = hold.reversal_answered("00", State::Reversed);
    let says = verdict(hold.tx, &[&hold, &raise]);
    assert_eq!(says.safe_to_retry, Retry::Unproven);
    assert!(says.verdict.en.contains("increment"), "{}", says.verdict.en);
}

#[test]
fn a_refund_that_names_another_approval_is_not_of_this_sale() {
    let sale = History::sale().delivered();
    let mut refund = later(of(Purpose::Refund, 88_800, None).delivered(), 30);
    assert!(verdict(sale.tx, &[&sale, &refund]).open);
    if let Fact::Step(step) = &mut refund.records[0].fact {
        step.message.as_mut().unwrap().auth = Some(text("987654"));
    }
    assert!(!verdict(sale.tx, &[&sale, &refund]).open);
}

#[test]
fn more_given_back_than_was_granted_is_open() {
    let mut sale = History::sale().delivered();
    for record in &mut sale.records {
        if let Fact::Step(step) = &mut record.fact
            && let Some(message) = &mut step.message
            && message.hop == Hop::AcquirerToGateway
        {
            message.code = Some(text("10"));
            message.amount = Some(Amount(40_000));
        }
    }
    let says = verdict(sale.tx, &[&sale]).verdict.en;
    assert!(says.contains("400.00 CNY of 888.00 CNY"), "{says}");
    let refund = later(of(Purpose::Refund, 88_800, Some(sale.tx)).delivered(), 30);
    assert!(verdict(sale.tx, &[&sale, &refund]).open);
}

#[test]
fn a_notice_offers_no_other_means_of_payment() {
    let notice = || {
        History::new()
            .open(opened(Purpose::Notice), State::Received, Why::Plain, None)
            .step(State::Refused, Why::Untranslatable)
            .say(Hop::GatewayToTerminal, "0630", "12")
    };
    let says = notice().verdict().next_step.en;
    assert!(!says.contains("payment"), "{says}");
}

#[test]
fn what_was_refunded_of_a_part_is_told_without_the_amount_asked_for() {
    let mut sale = History::sale().delivered();
    for record in &mut sale.records {
        if let Fact::Step(step) = &mut record.fact
            && let Some(message) = &mut step.message
            && message.hop == Hop::AcquirerToGateway
        {
            message.code = Some(text("10"));
        }
    }
    let refund = later(of(Purpose::Refund, 10_000, Some(sale.tx)).delivered(), 30);
    let says = verdict(sale.tx, &[&sale, &refund]).verdict.en;
    assert!(says.contains("in part"), "{says}");
    assert!(!says.contains("the rest stands"), "{says}");
}

#[test]
fn a_reversal_of_a_part_that_was_not_made_is_listed_while_its_sale_stands() {
    let sale = later(History::sale().delivered(), 0);
    for (code, class) in [
        ("25", Unconfirmed::ReversalUnproven),
        ("12", Unconfirmed::ReversalUnproven),
        ("58", Unconfirmed::ReversalFailed),
    ] {
        let part = of(Purpose::Reversal, 40_000, Some(sale.tx));
        let part = part.reversal_answered(code, State::Declined);
        let part = later(part.step(State::DeclineDelivered, Why::Plain), 1);
        let says = verdict(part.tx, &[&sale, &part]);
        assert_eq!(says.class, Some(class), "{code}");
        let undone = sale.clone().terminal_reverses("06");
        let undone = undone.reversal_answered("00", State::Reversed);
        assert!(!verdict(part.tx, &[&undone, &part]).open, "{code}");
    }
}

#[test]
fn a_reversal_that_was_turned_away_for_a_void_is_listed_once_the_void_is_undone() {
    let turned_away = |note: bool| {
        let sale = History::sale().delivered();
        let returned = sale.step(State::Returned, Why::Plain);
        let asked = returned.step(State::Returned, Why::Plain);
        let mut asked = asked.say(Hop::TerminalToGateway, "0400", "06");
        let last = &mut asked.records.last_mut().unwrap().fact;
        if let Fact::Step(step) = last {
            step.row = Row(if note { 'z' } else { 'V' });
        }
        match note {
            true => asked.note(Note::Other(TxId(9))),
            false => asked,
        }
    };
    for note in [false, true] {
        assert!(!turned_away(note).verdict().open, "{note}");
        let stands = turned_away(note).step(State::Confirmed, Why::Plain);
        let says = stands.verdict();
        assert_eq!(says.class, Some(Unconfirmed::ReversalFailed), "{note}");
        let asked = stands.terminal_reverses("06");
        let undone = asked.reversal_answered("00", State::Reversed);
        assert!(!undone.verdict().open, "{note}");
    }
}
