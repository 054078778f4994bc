//! What honest peers do not do.

use super::pipe::Pipe;
use super::trades::Outcome;
use crate::lab::odd::SlipBelief;
use crate::lab::odd::SlipBelief::{Approved, Declined, Unanswered, UndoGivenUp, Undone};
use crate::lab::odd::wire::{Speech, text};

const CUP: &str = "cup-pos";
const ASCII: &str = "iso8583-1987-ascii";

fn world(setup: &str, deeds: &[&str]) -> Pipe {
    Pipe::run(&format!("{{{setup}}}\n{}", deeds.join("\n")))
}

/// A sale of 700 in a world whose terminals do not undo by themselves.
fn sale(spec: &str, more: &str) -> Pipe {
    let ask = format!("{{\"at\":0,\"do\":\"ask\",\"n\":1,\"purchase\":1,\"amount\":700{more}}}");
    world(&format!("\"spec\":\"{spec}\",\"forgetful\":true"), &[&ask])
}

fn holds(world: &Pipe, (n, belief, net): Outcome, about: &str) {
    assert_eq!(
        (world.slip(n).belief, world.net(n)),
        (belief, net),
        "{about}"
    );
}

#[test]
fn each_saying_has_its_effect() {
    let sayings: [(&str, SlipBelief, i64); 9] = [
        (r#"{"say":"yes"}"#, Approved(700), 700),
        (r#"{"say":"yes","books":false}"#, Approved(700), 0),
        (r#"{"say":"nothing"}"#, Unanswered, 0),
        (r#"{"say":"nothing","books":true}"#, Unanswered, 700),
        (r#"{"say":{"code":"51"}}"#, Declined, 0),
        (r#"{"say":{"code":"51"},"books":true}"#, Declined, 700),
        (r#"{"say":"no-code"}"#, Unanswered, 0),
        (r#"{"say":"blanks"}"#, Unanswered, 0),
        (r#"{"say":{"part":300}}"#, Approved(300), 300),
    ];
    for spec in [CUP, ASCII] {
        for (saying, belief, net) in sayings {
            let world = sale(spec, &format!(",\"host\":[{saying}]"));
            holds(&world, (1, belief, net), &format!("{spec} {saying}"));
        }
    }
}

#[test]
fn each_form_has_its_effect() {
    let forms = [
        (r#""omits":[39]"#, Unanswered, Unanswered, 0),
        (r#""omits":[41,42,37]"#, Approved(700), Approved(700), 0),
        (r#""omits":[11]"#, Unanswered, Unanswered, 1),
        (r#""amount":500"#, Unanswered, Approved(700), 0),
        (r#""mti":"0230""#, Unanswered, Unanswered, 1),
        (r#""broken-mac":true"#, Unanswered, Approved(700), 0),
        (r#""broken-tail":true"#, Approved(700), Approved(700), 0),
    ];
    for (form, cup, ascii, strays) in forms {
        for (spec, belief) in [(CUP, cup), (ASCII, ascii)] {
            let world = sale(spec, &format!(",\"host\":[{{\"form\":{{{form}}}}}]"));
            holds(&world, (1, belief, 700), &format!("{spec} {form}"));
            assert_eq!(world.terminal.strays().len(), strays, "{spec} {form}");
        }
    }
}

#[test]
fn an_answer_on_another_line_is_a_stray() {
    let first = r#"{"at":0,"do":"ask","n":1,"line":1,"purchase":1}"#;
    let other = r#"{"at":500,"do":"ask","n":2,"purchase":2,"host":[{"form":{"other-line":true}}]}"#;
    for spec in [CUP, ASCII] {
        let world = world(
            &format!("\"spec\":\"{spec}\",\"forgetful\":true"),
            &[first, other],
        );
        holds(&world, (2, Unanswered, 10_000), spec);
        assert_eq!(world.terminal.strays().len(), 1, "{spec}");
    }
}

#[test]
fn a_wrong_mac_of_a_request_is_refused_and_the_terminal_signs_in_again() {
    for mac in ["broken", "stale", "missing"] {
        let ask = format!("{{\"at\":0,\"do\":\"ask\",\"n\":1,\"purchase\":1,\"mac\":\"{mac}\"}}");
        let next = r#"{"at":900,"do":"ask","n":2,"purchase":2,"amount":100}"#;
        let world = world("\"spec\":\"cup-pos\"", &[&ask, next]);
        holds(&world, (1, Declined, 0), mac);
        holds(&world, (2, Approved(100), 100), mac);
        assert_eq!(world.slip(1).answers[0].code.as_deref(), Some("A0"));
        assert_eq!(
            types(&world, CUP),
            ["0800", "0200", "0800", "0200"],
            "{mac}"
        );
    }
}

fn types(world: &Pipe, spec: &str) -> Vec<String> {
    let speech = Speech::new(spec);
    let up = world
        .up
        .iter()
        .filter_map(|frame| speech.read(frame.clone()));
    up.map(|message| message.mti().to_string()).collect()
}

#[test]
fn a_wrong_mac_of_an_answer_is_the_cause_of_its_reversal() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"host":[{"form":{"broken-mac":true}}]}"#;
    let world = world("\"spec\":\"cup-pos\"", &[ask]);
    holds(&world, (1, Undone, 0), "");
    let speech = Speech::new(CUP);
    let reversal = speech.read(world.up.last().unwrap().clone()).unwrap();
    assert_eq!(reversal.mti().to_string(), "0400");
    assert_eq!(text(&reversal, 39), "A0");
}

#[test]
fn a_reversal_is_sent_three_times_and_then_given_up() {
    let quiet = r#"{"say":"nothing"},{"say":{"code":"96"}},{"say":"blanks"}"#;
    let ask = format!(
        "{{\"at\":0,\"do\":\"ask\",\"n\":1,\"purchase\":1,\"host\":[{{\"say\":\"nothing\",\
         \"books\":true}}],\"undo\":[{quiet}]}}"
    );
    for spec in [CUP, ASCII] {
        let world = world(&format!("\"spec\":\"{spec}\""), &[&ask]);
        holds(&world, (1, UndoGivenUp, 10_000), spec);
        let sent: Vec<&str> = world.slip(1).undos.iter().map(|undo| &*undo.mti).collect();
        let repeat = if spec == CUP { "0400" } else { "0401" };
        assert_eq!(sent, ["0400", repeat, repeat], "{spec}");
    }
}

#[test]
fn a_request_overtaken_by_its_reversal_is_refused_unless_the_plan_books_it() {
    for spec in [CUP, ASCII] {
        let late = |more: &str| {
            let ask = format!(
                "{{\"at\":0,\"do\":\"ask\",\"n\":1,\"purchase\":1,\
                 \"host\":[{{\"after\":3000{more}}}]}}"
            );
            world(&format!("\"spec\":\"{spec}\""), &[&ask])
        };
        let honest = late("");
        holds(&honest, (1, Undone, 0), spec);
        assert_eq!(
            honest.terminal.strays()[0].code.as_deref(),
            Some("12"),
            "{spec}"
        );
        assert_eq!(honest.host.ledger().lied(1), None, "{spec}");
        let liar = late(",\"books\":true");
        holds(&liar, (1, Undone, 10_000), spec);
        assert!(liar.host.ledger().lied(1).is_some(), "{spec}");
    }
}

#[test]
fn contradictions_come_in_their_order_and_are_lies_only_where_they_are() {
    let host =
        r#"[{"say":{"code":"96"}},{"after":40,"say":"yes"},{"after":60,"say":{"code":"51"}}]"#;
    for spec in [CUP, ASCII] {
        let world = sale(spec, &format!(",\"host\":{host}"));
        holds(&world, (1, Declined, 700), spec);
        let given = &world.host.ledger().entries[&1].given;
        let codes: Vec<_> = given
            .iter()
            .filter_map(|given| given.code.as_deref())
            .collect();
        assert_eq!(codes, ["96", "00", "51"], "{spec}");
        let lie = world.host.ledger().lied(1);
        assert_eq!(
            lie.map(|(_, how)| how),
            Some("refused for good what is booked")
        );
        assert_eq!(world.terminal.strays().len(), 2, "{spec}");
    }
}

#[test]
fn a_reversal_that_is_said_to_be_done_and_is_not_is_a_lie() {
    let undo = r#"{"at":500,"do":"undo","n":1}"#;
    for spec in [CUP, ASCII] {
        let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"undo":[{"books":false}]}"#;
        let world = world(&format!("\"spec\":\"{spec}\""), &[ask, undo]);
        holds(&world, (1, Undone, 10_000), spec);
        let lie = world.host.ledger().lied(1).map(|(_, how)| how);
        assert_eq!(
            lie,
            Some("answered 00 to a reversal that was not made"),
            "{spec}"
        );
    }
}

#[test]
fn a_reversal_that_names_nothing_is_answered_as_the_habit_is() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1}"#;
    for (spec, field) in [(CUP, 60), (ASCII, 90)] {
        let undo = format!("{{\"at\":500,\"do\":\"undo\",\"n\":1,\"drop\":[{field},37]}}");
        for (habit, code) in [("{}", "25"), ("{\"zero-to-unknown\":true}", "00")] {
            let setup = format!("\"spec\":\"{spec}\",\"habits\":{habit}");
            let world = world(&setup, &[ask, &undo]);
            holds(&world, (1, Undone, 10_000), spec);
            let heard = &world.slip(1).undo_answers[0];
            assert_eq!(heard.code.as_deref(), Some(code), "{spec}");
            assert_eq!(
                world.host.ledger().arrivals.last().unwrap().names,
                None,
                "{spec}"
            );
        }
    }
}

#[test]
fn a_reversal_in_part_leaves_what_is_owed() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1}"#;
    let undo = r#"{"at":500,"do":"undo","n":1,"stands":4000}"#;
    holds(
        &world("\"spec\":\"iso8583-1987-ascii\"", &[ask, undo]),
        (1, Approved(4000), 4000),
        "",
    );
    holds(
        &world("\"spec\":\"cup-pos\"", &[ask, undo]),
        (1, Approved(10_000), 10_000),
        "",
    );
}

#[test]
fn an_answer_that_finds_no_line_waits_for_the_next() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"host":[{"after":200}]}"#;
    let down = r#"{"at":100,"do":"link-down","link":0,"lasts":300}"#;
    for spec in [CUP, ASCII] {
        let world = world(&format!("\"spec\":\"{spec}\""), &[ask, down]);
        holds(&world, (1, Undone, 0), spec);
        assert_eq!(world.terminal.strays().len(), 1, "{spec}");
    }
}

#[test]
fn what_never_left_is_not_undone() {
    for spec in [CUP, ASCII] {
        let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1}"#;
        let undo = r#"{"at":500,"do":"undo","n":1}"#;
        let mut world = Pipe::new(&format!("{{\"spec\":\"{spec}\"}}\n{ask}\n{undo}"));
        world.refuses = true;
        world.until(u64::MAX);
        holds(&world, (1, SlipBelief::NotSent, 0), spec);
        assert!(world.up.is_empty() && world.terminal.is_idle(), "{spec}");
    }
}

#[test]
fn an_issuer_reverses_by_itself_until_it_is_heard() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1}"#;
    let undo = r#"{"at":500,"do":"issuer-undo","n":1}"#;
    for spec in [CUP, ASCII] {
        let world = world(&format!("\"spec\":\"{spec}\""), &[ask, undo]);
        holds(&world, (1, Approved(10_000), 0), spec);
        let heard = world.terminal.strays().iter().map(|stray| &*stray.mti);
        assert_eq!(
            heard.collect::<Vec<_>>(),
            ["0420", "0421", "0421"],
            "{spec}"
        );
    }
}

#[test]
fn notices_chatter_and_sign_ins_are_answered() {
    let deeds = [
        r#"{"at":0,"do":"ask","n":1,"purchase":1}"#,
        r#"{"at":500,"do":"notice","n":1}"#,
        r#"{"at":600,"do":"chatter","t":0,"times":5}"#,
        r#"{"at":700,"do":"chatter","t":0,"times":5,"downloads":true}"#,
        r#"{"at":800,"do":"sign-in","t":0}"#,
        r#"{"at":900,"do":"hang-up","t":0}"#,
    ];
    for spec in [CUP, ASCII] {
        let world = world(&format!("\"spec\":\"{spec}\""), &deeds);
        holds(&world, (1, Approved(10_000), 10_000), spec);
        assert!(
            world.terminal.strays().is_empty() && world.terminal.is_idle(),
            "{spec}"
        );
        let answers = world.down.len();
        assert_eq!(answers, world.up.len(), "{spec}");
        assert!(answers >= 13, "{spec}");
    }
}

#[test]
fn a_request_is_booked_once_whatever_is_said_and_known_to_be_booked_later() {
    for spec in [CUP, ASCII] {
        let world = sale(spec, ",\"host\":[{},{\"after\":40,\"books\":true}]");
        holds(&world, (1, Approved(700), 700), spec);
        let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"host":[{"after":3000,"books":true}]}"#;
        let mut late = Pipe::new(&format!("{{\"spec\":\"{spec}\"}}\n{ask}"));
        late.until(2_500);
        assert!(late.host.ledger().may_still_book(1), "{spec}");
        late.until(u64::MAX);
        assert!(!late.host.ledger().may_still_book(1), "{spec}");
    }
}

#[test]
fn an_answer_on_a_line_that_was_opened_again_is_a_stray() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"host":[{"after":200}]}"#;
    let down = r#"{"at":100,"do":"link-down","link":0,"lasts":300}"#;
    let settle = r#"{"at":600,"do":"settle","t":0}"#;
    for spec in [CUP, ASCII] {
        let setup = format!("\"spec\":\"{spec}\",\"forgetful\":true");
        let world = world(&setup, &[ask, down, settle]);
        holds(&world, (1, Unanswered, 10_000), spec);
        assert_eq!(world.terminal.strays().len(), 1, "{spec}");
    }
}
