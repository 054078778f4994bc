//! Terminals that come and go: one connection a transaction, and terminals that nobody knows.

use super::*;
use crate::iso::message::TerminalId;

/// A connection of its own for one exchange; gives what the terminal heard.
fn visit(stage: &mut Stage, number: u64, message: Message, code: &str) -> Message {
    let conn = ConnId(1000 + number);
    stage.connect(conn);
    stage.happen(Event::TerminalMessage { conn, message });
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, code));
    let heard = stage.deliver(conn);
    stage.happen(Event::TerminalClosed { conn, reset: false });
    heard
}

#[test]
fn terminals_that_connect_for_each_transaction_leave_nothing_behind() {
    let mut stage = Stage::new();
    let before = stage.gateway.conns.len();
    for stan in 1..=200 {
        let sale = stage.sale(stan);
        let heard = visit(&mut stage, u64::from(stan), sale, "00");
        assert_eq!(heard.response_code().as_deref(), Some("00"));
    }
    assert_eq!(stage.gateway.conns.len(), before);
    assert_eq!(stage.gateway.sends.len(), 0);
    assert_eq!(
        (
            stage.gateway.counts().in_flight,
            stage.gateway.counts().live
        ),
        (0, 0)
    );
    // The reversal comes on a connection of its own as well, and finds its sale.
    let reversal = stage.reversal(200, "98");
    let heard = visit(&mut stage, 999, reversal, "00");
    assert_eq!(heard.mti(), mti("0410"));
    assert_eq!(stage.rows(), "CDPUjl");
    assert_eq!(stage.gateway.conns.len(), before);
}

#[test]
fn a_terminal_that_comes_back_on_another_connection_gets_its_answer_there() {
    let mut stage = Stage::new();
    stage.connect(ConnId(7));
    let sale = stage.sale(5);
    stage.happen(Event::TerminalMessage {
        conn: ConnId(7),
        message: sale.clone(),
    });
    let sent = stage.deliver(A);
    stage.happen(Event::TerminalClosed {
        conn: ConnId(7),
        reset: false,
    });
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.silent();
    stage.connect(ConnId(8));
    stage.happen(Event::TerminalMessage {
        conn: ConnId(8),
        message: sale,
    });
    assert_eq!(stage.deliver(ConnId(8)).mti(), mti("0210"));
    assert_eq!(stage.rows(), "CKMTP");
}

fn known(terminals: &[&str]) -> Stage {
    let mut options = options(ReversalBy::Terminal, false);
    let known = terminals.iter().map(|id| TerminalId::new(id).unwrap());
    options.listeners[0].known = Some(known.collect());
    Stage::connected(options)
}

#[test]
fn a_terminal_that_is_not_known_is_told_so_and_nothing_goes_upstream() {
    let mut stage = known(&["99999999"]);
    stage.terminal_says(stage.sale(7));
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("97"));
    stage.silent();
    assert_eq!(stage.rows(), "A");
    let mut stage = known(&["10421695"]);
    stage.terminal_says(stage.sale(7));
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
}

#[test]
fn a_reversal_passes_whoever_sends_it() {
    let mut stage = known(&[]);
    stage.terminal_says(stage.reversal(7, "98"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}
