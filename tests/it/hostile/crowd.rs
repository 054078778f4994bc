//! Too many at once.

use super::{bank, config, honest, house, opens, sell, sized, terminal, told};
use crate::rig::{House, PATIENCE, Wire, eventually};
use std::net::TcpStream;
use std::time::Instant;
use tempfile::TempDir;

fn turned_away(house: &House) -> u64 {
    house.figure("isogate_turned_away_total")
}

#[test]
fn beyond_the_cap_nobody_comes_in_until_somebody_leaves() {
    let house = house(bank(honest), "[limits]\nconnections = 50");
    let mut first = opens(&house);
    let others: Vec<Wire> = (0..49).map(|_| terminal(&house)).collect();
    let mut late = terminal(&house);
    assert!(late.closes_within(PATIENCE));
    assert_eq!(turned_away(&house), 1);
    assert_eq!(sell(&mut first, 1, 1).as_deref(), Some("00"));
    drop(others);
    eventually("room", || {
        let mut wire = terminal(&house);
        sell(&mut wire, 2, 1)
    });
}

#[test]
fn a_process_with_256_descriptors_keeps_those_of_acquirer_and_administrator() {
    let text = config(bank(honest), "");
    let shell = "ulimit -n 256 && exec \"$0\" \"$@\"";
    let house = House::start_by(TempDir::new().unwrap(), &text, shell);
    let mut first = opens(&house);
    let crowd: Vec<TcpStream> = (0..600)
        .map(|_| TcpStream::connect(("127.0.0.1", house.listener())).unwrap())
        .collect();
    eventually("a full house", || (turned_away(&house) > 300).then_some(()));
    let held = std::fs::read_dir(format!("/proc/{}/fd", house.id()))
        .unwrap()
        .count();
    assert!(held < 256 - 32, "{held} descriptors are in use");
    assert_eq!(sell(&mut first, 1, 1).as_deref(), Some("00"));
    assert!(house.fetch("/health").starts_with("HTTP/1.1 200"));
    assert!(house.log().contains("ulimit -n"), "said at the start");
    assert!(
        !house.log().contains("can be accepted for now"),
        "and it never came to that"
    );
    drop(crowd);
    eventually("room", || {
        let mut wire = terminal(&house);
        sell(&mut wire, 2, 1)
    });
}

#[test]
fn whoever_is_not_on_the_list_is_turned_away() {
    let text =
        config(bank(honest), "").replacen("[[link]]", "allow = [\"192.0.2.0/24\"]\n[[link]]", 1);
    let house = House::start(TempDir::new().unwrap(), &text);
    assert!(terminal(&house).closes_within(PATIENCE));
    eventually("the count", || (turned_away(&house) == 1).then_some(()));
    house.reload(&text.replace("192.0.2.0/24", "127.0.0.0/8"));
    eventually("the reload", || {
        house.log().contains("reloaded").then_some(())
    });
    opens(&house);
}

/// A storm of reconnects: all terminals come at once, each sells, and all are answered.
#[test]
fn a_thousand_that_come_back_at_once_are_all_served() {
    let terminals = sized(1000, 5000);
    let house = house(bank(honest), "[limits]\nper_link = 5000");
    let mut first = opens(&house);
    let began = Instant::now();
    let mut wires: Vec<Wire> = (0..terminals).map(|_| terminal(&house)).collect();
    for (wire, number) in wires.iter_mut().zip(100..) {
        wire.send(&super::sale(number, 1));
    }
    for wire in &mut wires {
        let answer = wire.receive_within(PATIENCE).expect("an answer");
        assert_eq!(crate::rig::text(&answer, "39").as_deref(), Some("00"));
    }
    told(
        "a storm of reconnects",
        &format!("{terminals} served in {:?}", began.elapsed()),
    );
    assert_eq!(sell(&mut first, 1, 1).as_deref(), Some("00"));
}

/// What an idle connection costs: asserted against its cap, 12 KiB, with as much again for noise.
#[test]
fn an_idle_connection_costs_little() {
    let many = u64::from(sized(1000, 10_000) - 1);
    let house = house(bank(honest), "");
    let mut first = opens(&house);
    let before = house.memory();
    let idle: Vec<Wire> = (0..many).map(|_| terminal(&house)).collect();
    eventually("all of them in", || {
        let open = house.figure("isogate_connections{side=\"terminal\"}");
        (open > many).then_some(())
    });
    let each = (house.memory() - before) * 1024 / many;
    told(
        "memory of an idle connection",
        &format!("{each} bytes, of {many}"),
    );
    assert!(each < 24 << 10, "{each} bytes each");
    assert_eq!(sell(&mut first, 1, 1).as_deref(), Some("00"));
    drop(idle);
}
