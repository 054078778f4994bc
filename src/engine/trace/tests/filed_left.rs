//! The acquirer's file beside what the messages leave of a transaction.

use super::bound::later;
use super::history::{History, opened, text};
use crate::engine::evidence::{ColumnMap, Evidence, EvidenceIndex, read};
use crate::engine::record::{Identity, Opened, State, Why};
use crate::engine::seam::Zone;
use crate::engine::trace::{Story, Unconfirmed, Verdict};
use crate::iso::message::{Amount, Stan};
use crate::iso::spec::Purpose;

/// What gives back a sale, or a part of it, under numbers of its own.
fn back(purpose: Purpose, sale: &History, amount: u64) -> Story {
    let names = Opened {
        original: Some(sale.tx),
        identity: Identity::EMPTY,
        amount: Amount(amount),
        stan: Stan(100_176),
        ..opened(purpose)
    };
    let asked = History::new().open(names, State::Forwarded, Why::Plain, Some(()));
    let mut story = later(asked.delivered(), 60).story();
    story.rrn = Some(text("203217491828"));
    story
}

/// What is said of one beside these rows: time, kind, what it is, amount, last digit of the RRN.
fn told(story: &Story, other: &Story, rows: &[&str]) -> Verdict {
    let mut file = "at,kind,is,amount,rrn,terminal\n".to_owned();
    for row in rows {
        let (row, number) = row.rsplit_once(',').unwrap();
        file += &format!("2026-11-22 {row},20321749182{number},10421695\n");
    }
    let evidence = Evidence {
        acquirer: Some(read(&file, &ColumnMap::default(), &Zone::CHINA).unwrap()),
        ..Evidence::default()
    };
    Verdict::with(story, &[other], &EvidenceIndex::of(&evidence))
}

fn is_listed(says: &Verdict) -> bool {
    says.class == Some(Unconfirmed::SettleMismatch)
}

const BOOKED: &str = "10:11:00,sale,booked,888.00,7";
const LAST: &str = "23:00:00,sale,booked,1.00,0";

#[test]
fn a_file_is_held_against_what_a_reversal_of_a_part_left() {
    let sale = History::sale().delivered();
    let (part, sale) = (back(Purpose::Reversal, &sale, 4_000), sale.story());
    let says = told(&sale, &part, &[BOOKED]);
    assert!(is_listed(&says), "{says:?}");
    assert!(
        !says
            .verdict
            .en
            .contains("40.00 CNY of 888.00 CNY goes back")
    );
    for rows in [
        &["10:11:13,sale,booked,848.00,7"][..],
        &[BOOKED, "10:12:13,sale,reversed,40.00,7"],
    ] {
        let says = told(&sale, &part, rows);
        assert!(!says.open, "{says:?}");
    }
}

#[test]
fn a_void_that_the_file_lacks_is_not_made() {
    let sale = History::sale().delivered();
    let void = back(Purpose::Void, &sale, 88_800);
    let sale = sale.step(State::Returned, Why::Plain).story();
    for rows in [&[BOOKED][..], &[BOOKED, LAST]] {
        let says = told(&sale, &void, rows);
        assert!(is_listed(&says), "{says:?}");
        assert!(!says.next_step.en.contains("nothing to do"), "{says:?}");
        assert!(!says.verdict.en.contains("the money goes back"));
        let says = told(&void, &sale, rows);
        assert!(is_listed(&says), "{says:?}");
        assert!(!says.verdict.en.contains("is cancelled"), "{says:?}");
    }
    let made = "10:12:13,sale_void,booked,888.00,8";
    let same = "10:12:13,sale_void,booked,888.00,7";
    for rows in [&[BOOKED, made][..], &[BOOKED, same], &[LAST]] {
        assert!(!told(&sale, &void, rows).open, "{rows:?}");
        assert!(!told(&void, &sale, rows).open, "{rows:?}");
    }
}

#[test]
fn a_refund_that_the_file_of_its_time_lacks_is_not_made() {
    let sale = History::sale().delivered();
    let (refund, sale) = (back(Purpose::Refund, &sale, 4_000), sale.story());
    for one in [[&sale, &refund], [&refund, &sale]] {
        let says = told(one[0], one[1], &[BOOKED, LAST]);
        assert!(is_listed(&says), "{says:?}");
        let says = told(one[0], one[1], &[BOOKED]);
        assert!(!says.open, "it may be of another day: {says:?}");
        let made = "10:12:13,refund,booked,40.00,8";
        let says = told(one[0], one[1], &[BOOKED, made, LAST]);
        assert!(!says.open, "{says:?}");
    }
}

#[test]
fn a_file_that_gives_back_more_than_it_books_is_told() {
    let reversed = History::sale().delivered().terminal_reverses("06");
    let reversed = reversed.reversal_answered("00", State::Reversed).story();
    let twice = "10:12:13,sale,reversed,888.00,7";
    let says = told(&reversed, &reversed, &[BOOKED, twice]);
    assert!(!says.open, "{says:?}");
    let says = told(&reversed, &reversed, &[BOOKED, twice, twice]);
    assert!(is_listed(&says), "{says:?}");
    assert!(
        says.verdict.en.contains("(1776.00 CNY of 888.00 CNY)"),
        "{says:?}"
    );
}
