//! What the options make of a message.

use super::*;
use clap::Parser;

#[derive(Parser)]
struct SendCommandLine {
    #[command(flatten)]
    args: SendArgs,
}

fn draft(options: &[&str]) -> anyhow::Result<Message> {
    let all = ["send", "--to", "127.0.0.1:1"]
        .into_iter()
        .chain(options.iter().copied());
    let args = SendCommandLine::try_parse_from(all)?.args;
    let mut draft = Draft::read(&args)?;
    draft.change(&args)?;
    Ok(draft.message?)
}

const DOCUMENT: &str = r#"{"spec":"iso8583-1987-ascii","mti":"0200","fields":{"3":"000000",
    "4":"000000000001","7":"0101000000","11":"000349","12":"000000","13":"0101","41":"T1"}}"#;

#[test]
fn a_document_brings_its_dialect_and_options_change_it() {
    let message = draft(&[
        DOCUMENT, "--set", "4=8880", "--set", "3=200000", "--remove", "13",
    ]);
    let message = message.unwrap();
    assert_eq!(message.spec().name(), "iso8583-1987-ascii");
    assert_eq!(message.amount().unwrap().0, 8880);
    assert_eq!(message.text(FieldId::of(3)).unwrap(), "200000");
    assert!(!message.has(FieldId::of(13)));
    assert_eq!(message.stan(), Some(Stan(349)), "nobody asked for another");
}

#[test]
fn this_moment_is_written_into_the_fields_that_are_there() {
    let message = draft(&[DOCUMENT, "--now", "--set", "12=235959"]).unwrap();
    let text = |number| message.text(FieldId::of(number)).unwrap().into_owned();
    assert_ne!(text(13), "0101000000"[..4].to_owned());
    // DE 7 is in UTC, DE 13 is the date at a terminal in China, eight hours ahead.
    let hour: u8 = text(7)[4..6].parse().unwrap();
    assert_eq!(text(7)[..4] == text(13), hour < 16, "month and day agree");
    assert_eq!(text(12), "235959", "what is set stands");
    assert_ne!(text(11), "000349");
    let cup = draft(&["6000030000603100310730080000200000000000000003 49", "--now"]);
    assert!(
        !cup.unwrap().has(FieldId::of(12)),
        "what is not there does not come"
    );
}

#[test]
fn a_trace_number_of_the_clock_lies_in_its_range() {
    let stans = [0, 100_000, i64::MAX].map(|at| stan_of(Wall(at)).0);
    assert_eq!(stans[..2], [1, 2]);
    assert!(stans.iter().all(|stan| (1..=999_999).contains(stan)));
}

#[test]
fn a_broken_message_is_sent_as_it_is_or_not_at_all() {
    let error = draft(&["6000", "--now"]).unwrap_err().to_string();
    assert!(error.contains("sent as it is"), "{error}");
    let all = ["send", "--to", "127.0.0.1:1", "6000"];
    let args = SendCommandLine::try_parse_from(all).unwrap().args;
    assert_eq!(Draft::read(&args).unwrap().frame().unwrap()[..], [0x60, 0]);
}

#[test]
fn a_wrong_change_is_told_with_its_mend() {
    for (options, wanted) in [
        (["--set", "4"], "wants FIELD=VALUE"),
        (["--set", "193=1"], "a field number is 1 to 192"),
        (["--set", "4=x"], "cannot stand in this field"),
        (["--set", "52=(8 bytes)"], "--reveal"),
        (["--stan", "soon"], "six digits, or auto"),
    ] {
        let error = draft(&[DOCUMENT, options[0], options[1]]).unwrap_err();
        assert!(format!("{error:#}").contains(wanted), "{error:#}");
    }
}
