//! What two messages are said to differ in.

use super::*;
use clap::Parser;

#[derive(Parser)]
struct DiffCommandLine {
    #[command(flatten)]
    args: DiffArgs,
}

/// A reversal with its length prefix (public sample: akwei/halo-pos, `PosDomainTest`).
const A: &str = "0053600004000060220000000004003020048002C0801300000000000100200030020302\
    100039383130343331323538383734343430333435313132353130313536000822000705000330312033424637\
    35343838";
/// A stripe sale (public teaching sample; its card number is none).
const SALE: &str = "60000300006031003107300200302004C020C098110000000000000000010003490210001230\
    62258221129963015D1511101000003536383532333134323335323134353236383539323336313536C624834D\
    367E9E9E20000000000000000013220000080005003637413232393941";

fn pair(a: &str, b: &str, options: &[&str]) -> Pair {
    let all = ["diff", a, b].into_iter().chain(options.iter().copied());
    let args = DiffCommandLine::try_parse_from(all).unwrap().args;
    let spec = Spec::builtin("cup-pos").unwrap();
    let [a, b] = [a, b].map(|hex| input::hex(hex.as_bytes()).unwrap());
    Pair::of(&args, &spec, a, b)
}

fn told(pair: Pair, lang: Lang) -> String {
    let mut out = Vec::new();
    print(&[pair], lang, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_message_is_like_itself_with_or_without_its_prefix() {
    assert_eq!(
        told(pair(A, &A[4..], &[]), Lang::En),
        "the same, byte by byte\n"
    );
}

#[test]
fn a_field_of_parts_is_told_by_the_parts_that_differ() {
    let other = A
        .replace("300203", "300204")
        .replace("22000705", "22000706");
    insta::assert_snapshot!("parts", told(pair(A, &other, &[]), Lang::En));
    insta::assert_snapshot!("parts_zh", told(pair(A, &other, &[]), Lang::Zh));
    let ignored = told(pair(A, &other, &["--ignore", "11,60.2"]), Lang::En);
    assert!(
        ignored.starts_with("the same, but for what is ignored"),
        "{ignored}"
    );
    assert!(!pair(A, &other, &["--ignore", "60"]).differences.is_empty());
}

#[test]
fn secrets_differ_by_their_place_and_are_not_shown() {
    let other = SALE
        .replace("62258221129963015D", "62258221129963016D")
        .replace("C624", "C625");
    let hidden = told(pair(SALE, &other, &[]), Lang::En);
    insta::assert_snapshot!("secrets", hidden);
    assert!(!hidden.contains("62258221129963"), "{hidden}");
    let shown = told(pair(SALE, &other, &["--reveal"]), Lang::En);
    assert!(shown.contains("62258221129963016D"), "{shown}");
}

#[test]
fn what_only_one_has_is_absent_in_the_other() {
    insta::assert_json_snapshot!("absent", pair(A, &SALE[..130], &[]).json(0));
}
