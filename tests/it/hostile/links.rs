//! Acquirers that come and go, or are there and silent.

use super::{bank, bank_at, config, dialect, honest, opens, sell, sized, terminal};
use crate::rig::{House, Wire, eventually, text};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[test]
fn an_acquirer_that_hangs_up_at_once_is_tried_ever_more_slowly() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let count = Arc::clone(&attempts);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
            count.lock().unwrap().push(Instant::now());
        }
    });
    // The pauses of the default: 200 ms, doubled up to 30 s.
    // No sale falls between the connection and its end, since it would be signed on first.
    let text = config(port, "").replace("sign_on = false", "sign_on = true");
    let text = text.replace("reconnect = { first = \"10ms\", max = \"50ms\" }", "");
    let house = House::start(TempDir::new().unwrap(), &text);
    let mut wire = terminal(&house);
    let mut stan = 0;
    eventually("five attempts", || {
        stan += 1;
        let code = sell(&mut wire, 1, stan);
        assert!(
            code.is_some_and(|code| code != "00"),
            "declined at once, never left waiting"
        );
        (attempts.lock().unwrap().len() >= 5).then_some(())
    });
    // Each pause is at least half of its whole. What a slow machine adds to one that was seen late
    // may be missing from the next: so the time since the first attempt is held.
    let attempts = attempts.lock().unwrap();
    for (attempt, least) in attempts.iter().zip([0, 100, 300, 700, 1500]) {
        let since = attempt.duration_since(attempts[0]);
        let late = Duration::from_millis(100);
        assert!(
            since + late >= Duration::from_millis(least),
            "{since:?}, not {least} ms"
        );
    }
}

/// One who flaps: each connection is signed on anew before it carries anything.
#[test]
fn each_connection_is_signed_on_before_it_carries_traffic() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let gateway = config(port, "").replace("sign_on = false", "sign_on = true");
    let gateway = gateway.replace("scale = 50", "scale = 50\nsession_answer = \"10s\"");
    let house = House::start(TempDir::new().unwrap(), &gateway);
    let mut wire = terminal(&house);
    let mut stan = 0;
    for _ in 0..10 {
        let mut acquirer = crate::rig::hear(&listener, &dialect());
        stan += 1;
        // Asked before the sign-on is answered: declined, and not seen here.
        assert_ne!(sell(&mut wire, 1, stan).as_deref(), Some("00"));
        let first = acquirer.receive();
        assert_eq!(first.mti().to_string(), "0800");
        acquirer.send(&super::approval(&first));
        let approved = eventually("traffic", || {
            stan += 1;
            wire.send(&super::sale(1, stan));
            let request = acquirer.receive_within(Duration::from_secs(2));
            if let Some(request) = &request {
                acquirer.send(&super::approval(request));
            }
            let answer = wire.receive();
            request.map(|_| text(&answer, "39"))
        });
        assert_eq!(approved.as_deref(), Some("00"));
    }
}

/// Half-open: the connection stands, and nobody answers on it. Two echoes without answer end it.
#[test]
fn an_acquirer_that_answers_no_echo_is_dead() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = config(port, "").replace("echo_interval = \"0s\"", "echo_interval = \"200ms\"");
    let house = House::start(TempDir::new().unwrap(), &text);
    for _ in 0..2 {
        let mut silent = crate::rig::hear(&listener, &dialect());
        let mut echoes = 0;
        while let Some(message) = silent.receive_within(Duration::from_secs(5)) {
            assert_eq!(message.mti().to_string(), "0800");
            echoes += 1;
        }
        assert_eq!(echoes, 2, "then it was given up");
    }
    drop(house);
}

/// Nobody answers, and then nobody is there; the reversals that queue up meanwhile drain once
/// somebody is, sixteen at once, and leave room for what is sold meanwhile.
#[test]
fn reversals_that_queued_up_drain_beside_live_traffic() {
    let sales = sized(600, 10_000);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let more = "[limits]\nper_link = 20000\n[[route]]\nreversal = { by = \"gateway\" }\n\
                timeout = \"5s\"";
    let house = super::house(port, more);
    let mut acquirer = crate::rig::hear(&silent, &dialect());
    let terminals: Vec<Wire> = (0..sales.div_ceil(20))
        .zip(100..)
        .map(|(_, number)| {
            let mut wire = terminal(&house);
            (1..=20).for_each(|stan| wire.send(&super::sale(number, stan)));
            wire
        })
        .collect();
    for _ in 0..sales {
        acquirer.receive();
    }
    drop((acquirer, silent));
    let began = Instant::now();
    let booked = Arc::new(AtomicUsize::new(0));
    let book = Arc::clone(&booked);
    bank_at(port, move |request| {
        if request.mti().to_string().starts_with("04") {
            book.fetch_add(1, Ordering::Relaxed);
        }
        honest(request)
    });
    let mut live = opens(&house);
    let mut stan = 0;
    let reversals = || house.figure("isogate_reversals");
    while reversals() > 0 || booked.load(Ordering::Relaxed) < usize::try_from(sales).unwrap() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} are left",
            reversals()
        );
        stan += 1;
        assert_eq!(sell(&mut live, 2, stan).as_deref(), Some("00"));
    }
    let figure = format!("{sales} in {:?}, {stan} sales beside", began.elapsed());
    super::told("reversals drained", &figure);
    assert_eq!(
        booked.load(Ordering::Relaxed),
        usize::try_from(sales).unwrap(),
        "once each"
    );
    drop(terminals);
}

/// What the operating system was told about each socket.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_vanishes_is_found_out_by_the_system() {
    let house = super::house(bank(honest), "");
    let wire: Wire = opens(&house);
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X} ", house.listener());
    let established = table.lines().find(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns
            .get(1)
            .is_some_and(|local| format!("{local} ").ends_with(&port))
            && columns.get(3) == Some(&"01")
    });
    // The timer that is active: 02 is that of keep-alive.
    let timer = established
        .and_then(|line| line.split_whitespace().nth(5))
        .unwrap();
    assert!(timer.starts_with("02:"), "{timer}");
    drop(wire);
}
