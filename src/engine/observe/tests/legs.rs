//! Who listens for terminals, and who for gateways.

use super::{answer, sale, spec, with};
use crate::engine::observe::{LegFinder, LegRole, Legs};
use crate::iso::codec::Message;
use crate::iso::stream::{FlowId, FlowSide, SeenAt, SeenFrame, Sighting};

/// Requests at servers, in their order, a second apart; the roles of the servers then.
fn legs(all: &[(&str, Message)]) -> Vec<LegRole> {
    let mut finder = LegFinder::new(spec());
    let mut servers: Vec<&str> = Vec::new();
    for (at, (server, message)) in (0_i64..).zip(all) {
        let known = servers.iter().position(|own| own == server);
        let place = known.unwrap_or(servers.len());
        let flow = FlowId(u32::try_from(place).unwrap());
        if known.is_none() {
            servers.push(server);
            finder.take(&Sighting::Opened {
                flow,
                at: SeenAt(at * 1_000_000),
                client: "127.0.0.1:50000".parse().ok(),
                server: server.parse().ok(),
                midway: false,
            });
        }
        finder.take(&Sighting::Frame(SeenFrame {
            flow,
            from: match message.mti().is_answer() {
                true => FlowSide::Server,
                false => FlowSide::Client,
            },
            at: SeenAt(at * 1_000_000),
            bytes: message.build().unwrap(),
            masked: false,
        }));
    }
    let found = finder.finish();
    let roles = servers.iter().map(|server| found.of(server.parse().ok()));
    roles.collect()
}

const ONE: &str = "127.0.0.1:5583";
const TWO: &str = "127.0.0.1:6583";

#[test]
fn a_request_that_is_seen_at_one_server_and_then_at_another_was_sent_on() {
    let sale = sale("000001");
    let seen = [
        (ONE, sale.clone()),
        (TWO, sale.clone()),
        (TWO, answer(&sale, "00")),
    ];
    assert_eq!(legs(&seen), [LegRole::Terminals, LegRole::Hosts]);
}

#[test]
fn so_was_one_that_got_another_number_on_the_way() {
    let sale = sale("000001");
    let there = with(&sale, &[("11", "000777"), ("7", "1122021113")]);
    let seen = [(ONE, sale), (TWO, there)];
    assert_eq!(legs(&seen), [LegRole::Terminals, LegRole::Hosts]);
}

#[test]
fn two_hosts_with_terminals_of_their_own_are_no_gateway() {
    let other = with(
        &sale("000002"),
        &[("41", "TERM0002"), ("4", "000000000900")],
    );
    let seen = [(ONE, sale("000001")), (TWO, other)];
    assert_eq!(legs(&seen), [LegRole::Whole, LegRole::Whole]);
}

#[test]
fn a_gateway_whose_other_leg_was_not_captured_is_taken_for_the_host() {
    let mut told = Legs::default();
    told.ports.insert(5583, LegRole::Terminals);
    assert_eq!(told.of(ONE.parse().ok()), LegRole::Whole);
    told.ports.insert(6583, LegRole::Hosts);
    assert_eq!(told.of(ONE.parse().ok()), LegRole::Terminals);
}

#[test]
fn a_machine_that_alone_asks_another_is_a_gateway_whatever_names_it_gives() {
    let mut finder = LegFinder::new(spec());
    let there = with(
        &sale("000777"),
        &[("41", "GATEWAY1"), ("4", "000000000900")],
    );
    let seen = [
        ("10.0.0.9:40001", "10.0.2.1:5583", sale("000001")),
        ("10.0.2.1:40001", "10.0.3.1:6583", there),
    ];
    for (flow, (client, server, message)) in (0_u32..).zip(&seen) {
        finder.take(&Sighting::Opened {
            flow: FlowId(flow),
            at: SeenAt(0),
            client: client.parse().ok(),
            server: server.parse().ok(),
            midway: false,
        });
        finder.take(&Sighting::Frame(SeenFrame {
            flow: FlowId(flow),
            from: FlowSide::Client,
            at: SeenAt(0),
            bytes: message.build().unwrap(),
            masked: false,
        }));
    }
    let found = finder.finish();
    let roles = seen.map(|(_, server, _)| found.of(server.parse().ok()));
    assert_eq!(roles, [LegRole::Terminals, LegRole::Hosts]);
}
