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

#[test]
fn faults_and_scenarios_wait_for_no_search() {
    let views = views(Exporter::new().0);
    let searches = Arc::clone(&views.turns.searches);
    let most = u32::try_from(searches.available_permits()).unwrap();
    let _all = searches.try_acquire_many_owned(most).unwrap();
    let admin = Admin::start(&anywhere(), views).unwrap();
    for path in ["/api/faults", "/api/scenarios/S1.2"] {
        let answer = fetch(admin.address(), path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let run = post(admin.address(), "/api/scenarios/S1.2/run", "{}");
    assert!(run.starts_with("HTTP/1.1 200"), "{run}");
}

#[test]
fn what_cannot_be_done_now_says_when_to_ask_again() {
    let admin = Admin::start(&anywhere(), views(Exporter::new().0)).unwrap();
    let answer = fetch(admin.address(), "/api/open");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    let document: serde_json::Value = serde_json::from_str(&api_document().unwrap()).unwrap();
    for item in document["paths"].as_object().unwrap().values() {
        let answers = item.as_object().unwrap().values();
        let busy = answers.filter(|told| !told["tags"].to_string().contains("health"));
        let busy = busy.filter_map(|told| told["responses"].get("503"));
        busy.for_each(|busy| assert!(busy["headers"]["Retry-After"].is_object(), "{busy}"));
    }
}

#[test]
fn a_body_that_says_that_it_is_too_long_is_refused_at_once() {
    let admin = Admin::start(&anywhere(), views(Exporter::new().0)).unwrap();
    let mut socket = TcpStream::connect(admin.address()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(8)))
        .unwrap();
    let head = format!(
        "POST /api/faults HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 99999999999\r\n\r\n",
        admin.address()
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    socket.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}
