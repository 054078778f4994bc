//! What `decode` shows of frames that others published.

use super::*;
use crate::cli::{Lang, input};
use crate::iso::spec::Spec;

/// A reversal with its length prefix (public sample: akwei/halo-pos, `PosDomainTest`).
const REVERSAL: &str = "0053600004000060220000000004003020048002C0801300000000000100200030020302\
    100039383130343331323538383734343430333435313132353130313536000822000705000330312033424637\
    35343838";
/// A stripe sale without prefix (public teaching sample; its card number is none).
const SALE: &str = "60000300006031003107300200302004C020C098110000000000000000010003490210001230\
    62258221129963015D1511101000003536383532333134323335323134353236383539323336313536C624834D\
    367E9E9E20000000000000000013220000080005003637413232393941";

fn view(hex: &str, reveal: bool) -> MessageSheet {
    let spec = Spec::builtin("cup-pos").unwrap();
    MessageSheet::of(&spec, input::hex(hex.as_bytes()).unwrap(), false, reveal)
}

fn printed(view: &MessageSheet, lang: Lang) -> String {
    let mut out = Vec::new();
    view.print(lang, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_framed_reversal_as_json() {
    insta::assert_json_snapshot!(view(REVERSAL, false).json());
}

#[test]
fn a_sale_as_json_masked_and_revealed() {
    insta::assert_json_snapshot!("sale_masked", view(SALE, false).json());
    insta::assert_json_snapshot!("sale_revealed", view(SALE, true).json());
}

#[test]
fn a_reversal_for_people_in_both_languages() {
    insta::assert_snapshot!("reversal_en", printed(&view(REVERSAL, false), Lang::En));
    insta::assert_snapshot!("reversal_zh", printed(&view(REVERSAL, false), Lang::Zh));
}

#[test]
fn a_broken_message_shows_what_came_before_the_fault() {
    let broken = &SALE[..130];
    insta::assert_json_snapshot!("broken_json", view(broken, false).json());
    insta::assert_snapshot!("broken", printed(&view(broken, false), Lang::En));
    assert!(view("6000", false).message().is_none());
}

#[test]
fn a_length_prefix_that_does_not_fit_is_a_warning() {
    let wrong = format!("0072{}", &REVERSAL[4..]);
    let seen = view(&wrong, false);
    assert!(seen.error().is_none());
    assert_eq!(seen.json()["header"]["length"], 114);
    assert_eq!(
        seen.all_warnings().collect::<Vec<_>>(),
        ["the length prefix says 114 bytes, 83 follow"]
    );
}

#[test]
fn a_message_of_another_dialect_is_told_which_and_shows_no_card() {
    let card = "6216261000000000018";
    let document = r#"{"mti":"0200","fields":{"2":"CARD","3":"000000","4":"000000000100",
        "11":"000001","41":"T0000001","42":"874350357222471"},"subfields":{"60.1":"22"}}"#;
    let document = document.replace("CARD", card);
    let document = crate::cli::document::Document::read("it", &document).unwrap();
    let cup = Spec::builtin("cup-pos").unwrap();
    let frame = document.message(&cup).unwrap().build().unwrap();
    let packed = input::to_hex(&frame);
    for name in Spec::builtin_names() {
        let spec = Spec::builtin(name).unwrap();
        let view = MessageSheet::of(&spec, frame.to_vec(), false, false);
        let (said, json) = (printed(&view, Lang::En), view.json().to_string());
        let said_bytes = said.replace(' ', "");
        for hidden in [card, &card[6..15]] {
            let place = packed.find(&card[..18]).unwrap();
            assert!(
                !said.contains(hidden) && !json.contains(hidden),
                "{name}: {said}"
            );
            assert!(
                !said_bytes.contains(&packed[place..place + 20]),
                "{name}: {said}"
            );
        }
        assert!(
            !said.chars().any(|c| c.is_control() && c != '\n'),
            "{name}: {said}"
        );
        if view.error().is_some() {
            assert!(
                said.contains("it reads whole with --spec cup-pos"),
                "{name}: {said}"
            );
        }
    }
}
