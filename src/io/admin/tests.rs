//! The pages, asked for over a real socket.

use super::*;
use crate::engine::seam::Zone;
use crate::iso::message::Text;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

fn fetch(address: SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

fn post(address: SocketAddr, path: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// Any free port of this machine.
fn anywhere() -> AdminConfig {
    AdminConfig {
        address: "127.0.0.1:0".to_owned(),
        tls: None,
        tokens: Vec::new(),
    }
}

/// Those of a gateway that never began.
fn views(exporter: Exporter) -> Views {
    let setup = Arc::new(GatewaySetup {
        name: Text::clipped("gw"),
        zone: Zone::CHINA,
        journal: PathBuf::from("there-is-no-such-folder"),
        listeners: Vec::new(),
        links: Vec::new(),
    });
    let (status, clock) = (Arc::new(Status::default()), Clock::new());
    Views {
        exporter,
        desk: OperatorDesk::default(),
        lab: false,
        faults: FaultDesk::default(),
        figures: LiveFigures::default(),
        started: clock.now().wall,
        clock,
        feed: Feed::start(Arc::clone(&setup), Arc::clone(&status)).unwrap(),
        turns: QueryTurns::default(),
        setup,
        status,
    }
}

#[test]
fn metrics_and_health_are_served_until_it_is_dropped() {
    let (exporter, metrics) = Exporter::new();
    metrics.turned_away.increment(3);
    let views = views(exporter);
    let admin = Admin::start(&anywhere(), views).unwrap();
    let address = admin.address();
    let answer = fetch(address, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("isogate_turned_away_total 3"), "{answer}");
    let answer = fetch(address, "/health");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with(
        r#"{"status":"no link","links":{"up":0,"wanted":0},"in_flight":0,"durable":0}"#
    ));
    let answer = fetch(address, "/terminals");
    assert!(
        answer.ends_with(r#"{"count":0,"terminals":[]}"#),
        "{answer}"
    );
    let wish = r#"{"who":"li","why":"asked by the merchant"}"#;
    let place = "/transactions/01J00000000000000000000000/reverse";
    let answer = post(address, place, wish);
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let answer = post(address, place, r#"{"who":"li","why":" "}"#);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let answer = post(
        address,
        "/transactions/01J00000000000000000000000/sing",
        wish,
    );
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    drop(admin);
    assert!(TcpStream::connect(address).is_err());
}
