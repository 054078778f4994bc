//! Sales and what follows them.

use super::pipe::Pipe;
use crate::lab::odd::SlipBelief;

const DIALECTS: [&str; 4] = [
    "cup-pos",
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-ebcdic",
];

/// A world of each dialect, with these deeds.
fn worlds(deeds: &str) -> Vec<Pipe> {
    let worlds = DIALECTS
        .iter()
        .map(|spec| Pipe::run(&format!("{{\"spec\":\"{spec}\"}}\n{deeds}")));
    worlds.collect()
}

#[test]
fn a_sale_is_approved_and_booked() {
    for world in worlds(r#"{"at":0,"do":"ask","n":1,"purchase":1,"amount":700}"#) {
        assert_eq!(world.slip(1).belief, SlipBelief::Approved(700));
        assert!(world.slip(1).rrn.is_some() && world.slip(1).auth.is_some());
        assert_eq!(world.net(1), 700);
        assert_eq!(world.host.ledger().lied(1), None);
        assert!(world.terminal.strays().is_empty());
    }
}

#[test]
fn a_reversal_takes_back_what_was_booked() {
    let deeds = r#"{"at":0,"do":"ask","n":1,"purchase":1,"amount":700}
{"at":500,"do":"undo","n":1}"#;
    for world in worlds(deeds) {
        assert_eq!(world.slip(1).belief, SlipBelief::Undone);
        assert_eq!((world.net(1), world.slip(1).undos.len()), (0, 1));
        assert_eq!(world.host.ledger().lied(1), None);
    }
}
