//! Two at one door, and going when told.

use super::{approval, bank, config, dialect, honest, house, opens, sale};
use crate::rig::{House, eventually, hear, isogate, json_lines, text};
use std::net::TcpListener;
use tempfile::TempDir;

#[test]
fn a_second_gateway_on_one_journal_does_not_start() {
    let house = house(bank(honest), "");
    let output = isogate(house.folder(), &["serve"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("journal"), "{said}");
    opens(&house);
}

#[test]
fn told_once_it_finishes_and_told_twice_it_stops_and_forgets_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let gateway = config(
        port,
        "[[route]]\ntimeout = \"20s\"\nreversal = { by = \"gateway\" }",
    );
    let mut house = House::start(TempDir::new().unwrap(), &gateway);
    let mut acquirer = hear(&listener, &dialect());
    let mut wire = super::terminal(&house);
    wire.send(&sale(1, 1));
    let request = acquirer.receive();
    house.signal("-TERM");
    eventually("the gateway to heed it", || {
        house.log().contains("draining").then_some(())
    });
    wire.send(&sale(1, 2));
    assert_ne!(
        text(&wire.receive(), "39").as_deref(),
        Some("00"),
        "nothing new is begun"
    );
    acquirer.send(&approval(&request));
    assert_eq!(
        text(&wire.receive(), "39").as_deref(),
        Some("00"),
        "what was begun is finished"
    );
    assert!(house.ended().success());

    let mut house = House::start(TempDir::new().unwrap(), &gateway);
    let mut acquirer = hear(&listener, &dialect());
    let mut wire = super::terminal(&house);
    wire.send(&sale(1, 1));
    acquirer.receive();
    house.signal("-TERM");
    house.signal("-TERM");
    assert!(house.ended().success());
    let open = json_lines(&house.ask(&["open", "--json"]));
    assert_eq!(
        open.len(),
        1,
        "its outcome is unknown, and that is known: {open:?}"
    );
}
