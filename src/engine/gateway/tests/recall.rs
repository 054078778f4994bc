//! What memory forgot is asked for in the journal: repeats, reversals, voids; and nothing is asked
//! that memory can tell.

use super::undoing::{answer, answered, code, dialect, restarted, reversal, sale, sold};
use super::*;
use crate::engine::record::{MaskedFrame, Patch, Sealed, StoredFrame};

/// One answer of a terminal is remembered.
fn forgetful(rewrites: bool) -> Options {
    let mut options = dialect("iso8583-1987-ascii", ReversalBy::Terminal);
    options.limits.answers = 1;
    options.limits.carried = 1;
    options.routes[0].rewrite_stan = rewrites;
    options
}

/// How the sale was forgotten.
#[derive(Clone, Copy, Debug)]
enum Forgotten {
    ForLaterOnes,
    BeforeRestart,
    BeforeCheckpoint,
    WithItsTerminal,
}

const ALL: [Forgotten; 4] = [
    Forgotten::ForLaterOnes,
    Forgotten::BeforeRestart,
    Forgotten::BeforeCheckpoint,
    Forgotten::WithItsTerminal,
];

fn of_terminal(stage: &Stage, message: &Message, terminal: &str) -> Message {
    let mut own = message.clone();
    own.set(path("41"), terminal).unwrap();
    stage.reparsed(&own)
}

/// A stage in which sale 2 is forgotten, and the number under which its host knows it.
fn forgotten(how: Forgotten, rewrites: bool) -> (Stage, String) {
    let (stage, sent) = forgotten_after(how, rewrites, "00");
    (stage, sent.text(path("11")).unwrap().into_owned())
}

/// The same, answered so; and the sale as its host knows it.
fn forgotten_after(how: Forgotten, rewrites: bool, code: &str) -> (Stage, Message) {
    let mut options = forgetful(rewrites);
    if matches!(how, Forgotten::WithItsTerminal) {
        options.limits.terminals = 1;
    }
    let mut stage = Stage::connected(options.clone());
    stage.terminal_says(sale(&stage, "000002"));
    let sent = stage.deliver(A);
    let fields = [("39", code), ("37", "R00000200000"), ("38", "A1B2C3")];
    answered(&mut stage, &sent, &fields);
    stage.deliver(T);
    for stan in ["000003", "000004", "000005"] {
        sold(&mut stage, stan);
    }
    match how {
        Forgotten::ForLaterOnes => {}
        Forgotten::BeforeRestart => stage = restarted(stage, options),
        Forgotten::BeforeCheckpoint => {
            let checkpoint = stage.gateway.checkpoint(stage.now);
            stage.records.extend(checkpoint);
            stage = restarted(stage, options);
        }
        Forgotten::WithItsTerminal => {
            stage.pass(1_000_000);
            let other = of_terminal(&stage, &sale(&stage, "000001"), "99999999");
            stage.terminal_says(other);
            let sent = stage.deliver(A);
            answered(&mut stage, &sent, &[("39", "51")]);
            stage.deliver(T);
            stage.pass(1_000_000);
        }
    }
    let first = stage.records.iter().find_map(|record| record.tx).unwrap();
    assert_eq!(stage.gateway.state_of(first), None, "{how:?}");
    (stage, sent)
}

#[test]
fn the_repeat_of_a_forgotten_sale_is_answered_as_the_sale_was() {
    for (how, rewrites) in ALL.iter().flat_map(|how| [(*how, false), (*how, true)]) {
        let (mut stage, _) = forgotten(how, rewrites);
        for _ in 0..2 {
            stage.terminal_says(sale(&stage, "000002"));
            let told = stage.deliver(T);
            assert_eq!(code(&told), "00", "{how:?}");
            assert_eq!(told.text(path("37")).unwrap(), "R00000200000");
            assert_eq!(told.text(path("11")).unwrap(), "000002");
            stage.silent();
        }
        sold(&mut stage, "000006");
    }
}

#[test]
fn the_reversal_of_a_forgotten_sale_undoes_it() {
    for (how, rewrites) in ALL.iter().flat_map(|how| [(*how, false), (*how, true)]) {
        let (mut stage, number) = forgotten(how, rewrites);
        stage.terminal_says(reversal(&stage, "000002", &[]));
        let sent = stage.deliver(A);
        assert_eq!(
            sent.text(path("90")).unwrap().get(4..10),
            Some(&*number),
            "{how:?}"
        );
        answered(&mut stage, &sent, &[("39", "00")]);
        assert_eq!(code(&stage.deliver(T)), "00");
        let first = stage.records.iter().find_map(|record| record.tx).unwrap();
        assert_eq!(stage.gateway.state_of(first), Some(State::Reversed));
    }
}

#[test]
fn the_void_of_a_forgotten_sale_is_known_to_be_one() {
    for how in ALL {
        let (mut stage, _) = forgotten(how, false);
        let mut void = sale(&stage, "000006");
        for (field, value) in [("3", "020000"), ("37", "R00000200000")] {
            void.set(path(field), value).unwrap();
        }
        stage.terminal_says(stage.reparsed(&void));
        let sent = stage.deliver(A);
        answered(&mut stage, &sent, &[("39", "00")]);
        stage.deliver(T);
        let first = stage.records.iter().find_map(|record| record.tx);
        let state = |record: &&Record| record.tx == first && step(record).is_some();
        let last = stage.records.iter().rfind(state).unwrap();
        assert_eq!(step(last).unwrap().state, State::Returned, "{how:?}");
    }
}

#[test]
fn a_number_that_was_not_used_is_asked_of_nobody() {
    for how in [
        Forgotten::ForLaterOnes,
        Forgotten::BeforeRestart,
        Forgotten::BeforeCheckpoint,
    ] {
        let (mut stage, _) = forgotten(how, true);
        stage.answers = false;
        for stan in ["000006", "000007", "000001", "900000"] {
            sold(&mut stage, stan);
        }
        stage.terminal_says(reversal(&stage, "700000", &[]));
        assert_eq!(
            code(&stage.deliver(T)),
            "96",
            "its original never came here"
        );
        assert!(stage.asked.is_empty(), "{how:?}");
    }
}

#[test]
fn a_terminal_that_the_journal_does_not_know_is_asked_for_once() {
    let (mut stage, _) = forgotten(Forgotten::BeforeCheckpoint, true);
    for stan in ["000002", "000003"] {
        let own = of_terminal(&stage, &sale(&stage, stan), "99999999");
        stage.terminal_says(own);
        let sent = stage.deliver(A);
        answered(&mut stage, &sent, &[("39", "51")]);
        stage.deliver(T);
        stage.answers = false;
    }
}

#[test]
fn what_the_journal_does_not_say_in_time_is_refused_and_nothing_goes_out() {
    for message in [sale, |stage: &Stage, stan: &str| reversal(stage, stan, &[])] {
        let (mut stage, _) = forgotten(Forgotten::ForLaterOnes, true);
        stage.answers = false;
        stage.terminal_says(message(&stage, "000002"));
        stage.silent();
        stage.pass(5);
        assert_eq!(code(&stage.deliver(T)), "96");
        stage.silent();
        let names = stage
            .records
            .iter()
            .filter_map(|record| step(record)?.opened.clone());
        let names: Vec<_> = names.collect();
        let [first, .., refused] = names.as_slice() else {
            panic!("{names:?}")
        };
        assert_eq!(first.identity, refused.identity, "that names the sale");
        // A late answer moves nothing, and the next question is answered for itself.
        stage.answers = true;
        stage.happen(Event::Tick);
        stage.silent();
        stage.terminal_says(sale(&stage, "000002"));
        assert_eq!(code(&stage.deliver(T)), "00");
    }
}

#[test]
fn what_comes_behind_a_question_waits_for_it() {
    let (mut stage, _) = forgotten(Forgotten::ForLaterOnes, false);
    stage.answers = false;
    stage.terminal_says(sale(&stage, "000002"));
    stage.terminal_says(sale(&stage, "000006"));
    stage.terminal_says(reversal(&stage, "000006", &[]));
    let closed = Event::TerminalClosed {
        conn: T,
        reset: false,
    };
    stage.happen(closed);
    stage.silent();
    assert_eq!(stage.gateway.counts().in_flight, 4);
    stage.answers = true;
    stage.happen(Event::Tick);
    assert_eq!(code(&stage.deliver(T)), "00");
    let sent = stage.deliver(A);
    assert_eq!(sent.mti(), mti("0200"));
    let late = answer(&stage, &sent, &[("39", "51")]);
    let undone = stage.deliver(A);
    assert_eq!(undone.mti(), mti("0400"));
    stage.acquirer_says(late);
    assert_eq!(stage.gateway.counts().in_flight, 0);
}

#[test]
fn what_the_acquirer_takes_back_of_what_was_forgotten_is_heard() {
    for how in ALL {
        let (mut stage, _) = forgotten(how, false);
        let mut taken = reversal(&stage, "000002", &[]);
        taken.set_mti(mti("0420"));
        stage.acquirer_says(stage.reparsed(&taken));
        let said = stage.deliver(A);
        assert_eq!(
            (said.mti(), code(&said).as_str()),
            (mti("0430"), "00"),
            "{how:?}"
        );
        let first = stage.records.iter().find_map(|record| record.tx).unwrap();
        assert_eq!(stage.gateway.state_of(first), Some(State::SettleMismatch));
    }
}

#[test]
fn the_reversal_of_a_sale_whose_card_was_sealed_for_good_tells_the_card() {
    let (mut stage, _) = forgotten(Forgotten::BeforeCheckpoint, true);
    for record in &mut stage.records {
        if let Fact::Step(step) = &mut record.fact
            && let Some(message) = &mut step.message
            && matches!(message.frame.patch, Patch::Clear(_))
        {
            let MaskedFrame { frame, hidden, .. } = (*message.frame).clone();
            let (key, bytes) = (1, Bytes::new());
            message.frame = StoredFrame::new(frame, hidden, Patch::Sealed(Sealed { key, bytes }));
        }
    }
    let asked = reversal(&stage, "000002", &[]);
    stage.terminal_says(asked.clone());
    let sent = stage.deliver(A);
    assert_eq!(sent.text(path("2")), asked.text(path("2")));
}

#[test]
fn a_late_approval_of_what_was_forgotten_is_reversed() {
    for (how, rewrites) in ALL.iter().flat_map(|how| [(*how, false), (*how, true)]) {
        for code in ["51", "00"] {
            let (mut stage, sent) = forgotten_after(how, rewrites, code);
            answered(&mut stage, &sent, &[("39", "00"), ("38", "D4E5F6")]);
            let first = stage.records.iter().find_map(|record| record.tx).unwrap();
            let expected = match code {
                "00" => State::DeliveryUnproven,
                _ => State::LateApproval,
            };
            assert_eq!(
                stage.gateway.state_of(first),
                Some(expected),
                "{how:?} {rewrites}"
            );
        }
    }
}
