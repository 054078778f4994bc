//! The language as it is typed: each word, how words bind, what an index serves, and errors.

use super::super::query::Which;
use super::super::tests::{History, opened};
use super::*;
use crate::engine::record::{State, Why};
use crate::engine::trace::Unconfirmed;
use crate::iso::message::{Stan, Text};
use crate::iso::spec::Purpose;

/// Half past ten on the day of the contract's example.
const NOW: Wall = Wall(1_795_313_400_000_000 + 1_200_000_000);

fn read(text: &str) -> Result<Filter, FilterError> {
    let zone = &Zone::CHINA;
    Filter::parse(text, FilterTime { now: NOW, zone })
}

fn filter(text: &str) -> Filter {
    read(text).unwrap()
}

fn asks(text: &str, history: &History) -> bool {
    filter(text).matches(&history.story(), &history.verdict())
}

fn reversed() -> History {
    History::sale()
        .timed_out()
        .reverses(1)
        .after(2_000)
        .reversal_answered("00", State::Reversed)
}

/// One of each sort that the words tell apart.
fn all() -> Vec<History> {
    let other = crate::engine::record::Opened {
        terminal: Text::new("20000001").unwrap(),
        stan: Stan(7),
        kind: Text::new("refund").unwrap(),
        ..opened(Purpose::Refund)
    };
    vec![
        History::sale().delivered(),
        History::sale().timed_out(),
        History::sale().declined("51"),
        History::refused(Why::RequestMac, "A0"),
        reversed(),
        History::new().open(other, State::Forwarded, Why::Plain, Some(())),
    ]
}

#[test]
fn each_word_s_example_is_understood() {
    for word in FilterWord::ALL {
        let (first, rest) = word.example.split_at(1);
        assert_eq!(first, "~");
        assert!(rest.starts_with(word.name), "{}", word.name);
        assert!(read(word.example).is_ok(), "{}", word.example);
        assert_eq!(
            word.values() > 0,
            !word.takes.is_empty(),
            "{}",
            word.example
        );
    }
}

#[test]
fn each_word_tells_one_transaction_from_another() {
    let (sale, declined, open, undone) = (
        History::sale().delivered(),
        History::sale().declined("51"),
        History::sale().timed_out(),
        reversed(),
    );
    for (yes, no) in [
        ("~kind sale", "~kind refund"),
        ("~kind s*", "~kind *x"),
        ("~spec cup-*", "~spec iso"),
        ("~amount 888.00", "~amount 888.01"),
        ("~amount 88800", "~amount 88801"),
        ("~amount 800.00..900.00", "~amount 800.00..887.99"),
        ("~amount 888.00..", "~amount ..887.99"),
        ("~currency CNY", "~currency usd"),
        ("~currency 156", "~currency 840"),
        ("~card 0048", "~card 0049"),
        ("~card 622609", "~card 622610"),
        ("~card 622609*0048", "~card 622609*0049"),
        ("~terminal 10421695", "~terminal 10421696"),
        ("~terminal 1042*", "~terminal 2*"),
        ("~merchant 874350357222471", "~merchant 1"),
        ("~stan 100175", "~stan 100176"),
        ("~batch 000001", "~batch 000002"),
        ("~rrn 203217491827", "~rrn 203217491828"),
        ("~rrn *1827", "~rrn *1828"),
        ("~auth 112233", "~auth 112234"),
        ("~code 00", "~code 51"),
        ("~mti 02xx", "~mti 04xx"),
        ("~mti 0210", "~mti 0110"),
        ("~de 39 00", "~de 39 98"),
        ("~de 4 888.00", "~de 4 888.01"),
        ("~de 11 100175", "~de 41 2*"),
        ("~state delivered-approved", "~state REVERSED"),
        ("~class U4", "~class u1"),
        ("~unsafe", "~safe yes"),
        ("~since 10:00", "~since 10:29"),
        ("~since 30m", "~since 1m"),
        ("~since 2026-11-22", "~since 2026-11-23"),
        ("~until 2026-11-22", "~until 2026-11-21"),
        ("!~open", "~open"),
        ("203217491827", "203217491828"),
        ("10421695/100175", "10421695/100176"),
        ("100175", "100176"),
        ("U4", "open"),
        ("delivered-approved", "REVERSED"),
    ] {
        assert!(asks(yes, &sale), "{yes}");
        assert!(!asks(no, &sale), "{no}");
        assert!(asks(&format!("!({no})"), &sale), "{no}");
    }
    assert!(asks("~safe yes & ~cause declined & ~code 5*", &declined));
    assert!(asks("~open & ~class U1 & ~unsafe & ~slower 44s", &open));
    assert!(!asks("~slower 46s", &open));
    assert!(asks(
        "~mti 04xx & ~cause answer_lost & ~state reversed",
        &undone
    ));
    let id = undone.tx.to_string();
    assert!(asks(&format!("~tx {id}"), &undone) && asks(&id, &undone));
}

#[test]
fn not_binds_closer_than_and_and_that_closer_than_or() {
    let sale = History::sale().delivered();
    for (text, is) in [
        ("~open & ~kind sale | ~kind sale", true),
        ("~open & (~kind sale | ~kind sale)", false),
        ("!~open & ~kind sale", true),
        ("!(~open | ~kind sale)", false),
        ("~kind sale ~open", false),
        ("~kind sale !~open", true),
        ("!!~kind sale", true),
        ("~kind 'sale' && ~terminal \"10421695\" || ~open", true),
    ] {
        assert_eq!(asks(text, &sale), is, "{text}");
    }
}

/// What an index finds for a filter leaves nothing out, and the filter has the last word.
#[test]
fn the_queries_of_a_filter_find_what_it_means_and_nothing_else() {
    let texts = [
        "~open",
        "~open & ~terminal 10421695",
        "~open & ~since 2026-11-22",
        "~stan 7 | ~auth 112233",
        "100175 & ~open",
        "100175 | ~kind refund",
        "!~open",
        "~mti 04xx | ~class U1",
        "~amount 888.00 & !(~code 00 | ~stan 7)",
        "~terminal 10421695 & ~terminal 20000001",
        "~state reversed | ~state delivered-approved | ~class U1",
        "~since 10m & ~until 10:00",
        "~rrn 2032* & ~card 0048",
    ];
    for text in texts {
        let filter = filter(text);
        let [queries] = &filter.alternatives()[..] else {
            unreachable!("{text} is no bare key");
        };
        for history in all() {
            let (story, verdict) = (history.story(), history.verdict());
            let found = queries.iter().any(|query| query.matches(&story, &verdict));
            assert_eq!(found, filter.matches(&story, &verdict), "{text}");
        }
    }
}

#[test]
fn what_an_index_can_serve_is_left_to_it() {
    let one = |text: &str| {
        let [[query]] = &filter(text).alternatives()[..]
            .iter()
            .map(|all| <[Query; 1]>::try_from(all.clone()).unwrap())
            .collect::<Vec<_>>()[..]
        else {
            unreachable!("{text} is one query");
        };
        query.clone()
    };
    let query = one("~open & ~mti 02xx & ~since 10m");
    assert!(query.asks_only_where() && query.which == Some(Which::Open));
    let query = one("~terminal 10421695 & ~stan 100175 & !~open");
    assert_eq!(query.stan, Some(Stan(100_175)));
    assert!(query.terminal.is_some() && query.which.is_none());
    let query = one("~amount 888.00 & ~class U5");
    assert!(query.amount.is_some());
    assert_eq!(
        query.which,
        Some(Which::Class(Unconfirmed::ReversalPending))
    );
    let query = one("~since 10m & ~kind sale");
    assert_eq!(query.from, Some(Wall(NOW.0 - 600_000_000)));
    let keys = filter("~stan 1 | ~rrn 203217491827").alternatives();
    assert_eq!(keys[0].len(), 2);
    // A bare key is asked for in turn, as `explain` does.
    assert_eq!(filter("100175").alternatives().len(), 2);
}

#[test]
fn an_error_shows_the_place_and_the_nearest_word() {
    let told = |text: &str| read(text).unwrap_err().to_string();
    let all = [
        "~opne & ~kind sale",
        "~kind sale & ~stete reversed",
        "~state reversd",
        "~class U0",
        "~cause answer_lots",
        "~mti 2xx",
        "~de 63 x",
        "~de 39",
        "~amount ten",
        "~card 6226090000000048",
        "~since yesterday",
        "~kind 'sale",
        "(~open",
        "~open)",
        "~open &",
        "",
        "what?",
        "~kind 消费 & ~opne",
    ];
    let all: Vec<_> = all.iter().map(|text| told(text)).collect();
    insta::assert_snapshot!(all.join("\n\n"));
    let chinese = read("~opne").unwrap_err().in_lang(Lang::Zh);
    assert!(chinese.contains("是否指 `~open`?"), "{chinese}");
}

#[test]
fn no_text_is_too_much() {
    assert!(read(&"(".repeat(1_000)).is_err());
    assert!(read(&"!".repeat(1_900)).is_err());
    assert!(read(&"~open ".repeat(300)).is_ok());
    assert!(read(&"~open ".repeat(400)).is_err());
    assert!(read("\u{1b}[31m").unwrap_err().to_string().starts_with('`'));
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_parser(text in "[~!&|() a-z0-9.'\"*\u{4e00}-\u{4e10}]{0,60}") {
        if let Err(error) = read(&text) {
            proptest::prop_assert!(!error.in_lang(Lang::Zh).is_empty());
        }
    }
}
