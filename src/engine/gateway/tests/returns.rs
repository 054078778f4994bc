//! What voids and refunds say of their originals: which one, how much, in which currency.

use super::undoing::later;
use super::*;
use crate::engine::record::TxId;

impl Stage {
    /// An approved sale whose answer bears this reference number, and a code of its own; its
    /// transaction.
    fn sold(&mut self, stan: u32, rrn: &str) -> Option<TxId> {
        self.terminal_says(self.sale(stan));
        let sent = self.deliver(A);
        let tx = self.records.last().and_then(|record| record.tx);
        let mut answer = self.answer(&sent, "00");
        answer.set(path("37"), rrn).unwrap();
        answer.set(path("38"), &format!("A0000{stan}")).unwrap();
        security::seal(&mut answer, &self.mac).unwrap();
        self.acquirer_says(self.reparsed(&answer));
        self.deliver(T);
        tx
    }

    /// A void with these fields, approved.
    fn voided(&mut self, stan: u32, fields: &[(&str, &str)]) {
        let mut void = self.sale(stan);
        let kind = [("3", "200000"), ("60", "23000001000")];
        for (field, value) in kind.iter().chain(fields) {
            void.set(path(field), value).unwrap();
        }
        security::seal(&mut void, &self.mac).unwrap();
        self.terminal_says(self.reparsed(&void));
        let sent = self.deliver(A);
        self.acquirer_says(self.answer(&sent, "00"));
        self.deliver(T);
    }
}

#[test]
fn a_void_that_names_two_sales_moves_neither() {
    // By trace number, and by authorization code: that of the other sale, then its own.
    let second_names = [
        [("61", "000001000003"), ("61", "000001000002")],
        [("38", "A00003"), ("38", "A00002")],
    ];
    for [of_other, own] in second_names {
        let mut stage = Stage::new();
        let first = stage.sold(2, "203217491827");
        let second = stage.sold(3, "203217491828");
        stage.voided(4, &[("37", "203217491827"), of_other]);
        assert_eq!(stage.rows_of(first), "CDP", "{of_other:?}");
        assert_eq!(stage.rows_of(second), "CDP", "{of_other:?}");
        let either = Note::OneOf(vec![first.unwrap(), second.unwrap()]);
        let mut steps = stage.records.iter().filter_map(step);
        assert!(steps.any(|step| step.note == either), "{of_other:?}");
        stage.voided(5, &[("37", "203217491827"), own]);
        assert_eq!(stage.rows_of(first), "CDPuv", "{own:?}: both are its own");
    }
}

#[test]
fn a_void_names_one_of_several_sales_of_one_reference_by_its_trace_number() {
    let mut stage = Stage::new();
    let first = stage.sold(2, "203217491827");
    let second = stage.sold(3, "203217491827");
    let names = [("37", "203217491827"), ("61", "000001000002")];
    stage.voided(4, &names);
    assert_eq!(stage.rows_of(first), "CDPuv");
    assert_eq!(stage.rows_of(second), "CDP");
}

#[test]
fn a_sale_that_is_voided_in_another_currency_may_still_be_reversed() {
    let mut stage = Stage::new();
    let first = stage.sold(2, "203217491827");
    let names = [
        ("37", "203217491827"),
        ("61", "000001000002"),
        ("49", "840"),
    ];
    stage.voided(3, &names);
    assert_eq!(stage.rows_of(first), "CDPu2");
    let history = stage.records.clone();
    let again = Stage::recovered(options(ReversalBy::Both, true), history);
    let state = again.gateway.state_of(first.unwrap());
    assert_eq!(state, Some(State::Confirmed));
    stage.terminal_says(stage.reversal(2, "98"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

/// How a gateway comes back.
#[derive(Clone, Copy, Debug)]
enum Back {
    /// It never went.
    Stays,
    FromHistory,
    FromCheckpoint,
}

/// The same gateway, come back in this way.
fn back(mut stage: Stage, way: Back, options: Options) -> Stage {
    let history = match way {
        Back::Stays => return stage,
        Back::FromHistory => std::mem::take(&mut stage.records),
        Back::FromCheckpoint => stage.gateway.checkpoint(stage.now),
    };
    let mut again = Stage::recovered_at(options, history, later(stage.now));
    again.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    again.connect(T);
    again.sends.clear();
    again
}

const WAYS: [Back; 3] = [Back::Stays, Back::FromHistory, Back::FromCheckpoint];

#[test]
fn what_a_reversal_gives_back_no_void_or_refund_gives_back_as_well() {
    for by in [ReversalBy::Terminal, ReversalBy::Both] {
        for way in WAYS {
            let mut stage = Stage::with(options(by, true));
            let sale = stage.sold(2, "203217491827").unwrap();
            stage.terminal_says(stage.reversal(2, "98"));
            stage.deliver(A);
            let mut stage = back(stage, way, options(by, true));
            let mut void = stage.sale(4);
            for (field, value) in [
                ("3", "200000"),
                ("37", "203217491827"),
                ("60", "23000001000"),
            ] {
                void.set(path(field), value).unwrap();
            }
            security::seal(&mut void, &stage.mac).unwrap();
            stage.terminal_says(stage.reparsed(&void));
            let told = stage.deliver(T).response_code().unwrap();
            assert_eq!(told.as_str(), "96", "{by:?} {way:?}");
            stage.silent();
            let mut steps = stage.records.iter().filter_map(step);
            let refused = steps.find(|step| step.why == Why::OriginalUndoing);
            assert_eq!(refused.unwrap().note, Note::Other(sale));
        }
    }
}

/// A sale that was approved when its terminal was gone, and a void of it that names its number;
/// gives the sale, and the void as it went out.
fn voided_unseen(stage: &mut Stage) -> (TxId, Message) {
    stage.terminal_says(stage.sale(2));
    let sale = stage.records.last().and_then(|record| record.tx).unwrap();
    let sent = stage.deliver(A);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: false,
    });
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(stage.gateway.state_of(sale), Some(State::TerminalGone));
    stage.connect(T);
    let mut void = stage.sale(4);
    let fields = [
        ("3", "200000"),
        ("61", "000001000002"),
        ("60", "23000001000"),
    ];
    for (field, value) in fields {
        void.set(path(field), value).unwrap();
    }
    security::seal(&mut void, &stage.mac).unwrap();
    stage.terminal_says(stage.reparsed(&void));
    let sent = stage.deliver(A);
    (sale, sent)
}

#[test]
fn what_was_voided_while_its_terminal_was_waited_for_is_not_reversed_as_well() {
    for late in [false, true] {
        let mut stage = Stage::new();
        let (sale, void) = voided_unseen(&mut stage);
        if late {
            // While the void is not answered, nothing else gives back.
            let grace = stage.gateway.options.ladder.grace;
            stage.pass(grace.as_secs() + 1);
            stage.silent();
        }
        stage.acquirer_says(stage.answer(&void, "00"));
        stage.deliver(T);
        assert_eq!(
            stage.gateway.state_of(sale),
            Some(State::Returned),
            "{late}"
        );
        stage.pass(600);
        stage.silent();
    }
}

#[test]
fn a_settlement_without_answer_is_given_up_by_a_restart() {
    let mut stage = Stage::new();
    let mut request = stage.message("0500");
    for (field, value) in [("11", "000009"), ("49", "156"), ("60", "00000001201")] {
        request.set(path(field), value).unwrap();
    }
    stage.terminal_says(request);
    stage.deliver(A);
    let again = Stage::recovered(options(ReversalBy::Both, true), stage.records);
    assert_eq!(again.last_state(), State::Unanswered);
}
