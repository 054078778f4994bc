//! More than can be carried, and the same thing over and over.

use super::{bank, honest, house, opens, sale, terminal};
use crate::rig::{PATIENCE, Wire, json_lines, text};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many of these answers are what.
fn count(wire: &mut Wire, answers: usize) -> (usize, usize) {
    let codes = (0..answers).map(|_| {
        let answer = wire.receive_within(PATIENCE).expect("an answer");
        text(&answer, "39").unwrap()
    });
    let approved = codes.filter(|code| code == "00").count();
    (approved, answers - approved)
}

#[test]
fn what_is_beyond_a_limit_is_declined_at_once_and_journalled() {
    // It answers nothing while the test holds this.
    let counter = Arc::new(Mutex::new(()));
    let closed = Arc::clone(&counter);
    let slow = move |request: &isogate::iso::codec::Message| {
        drop(closed.lock().unwrap());
        honest(request)
    };
    let limits = "[limits]\nper_terminal = 8\nper_link = 12\n[[route]]\ntimeout = \"30s\"";
    let house = house(bank(slow), limits);
    let mut first = opens(&house);
    let before = json_lines(&house.ask(&["trace", "--json", "--limit", "0"])).len();
    let mut second = terminal(&house);
    let held = counter.lock().unwrap();
    let began = Instant::now();
    for stan in 1..=20 {
        first.send(&sale(1, stan));
    }
    for stan in 1..=20 {
        second.send(&sale(2, stan));
    }
    // All but those that may be in flight are declined while nothing is answered.
    let mut declined = [0, 0];
    while declined.iter().sum::<usize>() < 40 - 12 {
        for (wire, declined) in [&mut first, &mut second].into_iter().zip(&mut declined) {
            if let Some(answer) = wire.receive_within(Duration::from_millis(20)) {
                assert_ne!(text(&answer, "39").as_deref(), Some("00"));
                *declined += 1;
            }
        }
        assert!(began.elapsed() < PATIENCE, "{declined:?} declined");
    }
    drop(held);
    for (wire, declined) in [&mut first, &mut second].into_iter().zip(declined) {
        let left = 20 - declined;
        assert!((4..=8).contains(&left), "each carries what it may: {left}");
        assert_eq!(count(wire, left), (left, 0));
    }
    let stories = json_lines(&house.ask(&["trace", "--json", "--limit", "0"]));
    assert_eq!(
        stories.len() - before,
        40,
        "every decline is in the journal"
    );
}

#[test]
fn a_sale_that_comes_a_hundred_times_from_ten_terminals_is_booked_once() {
    let booked = Arc::new(AtomicUsize::new(0));
    let book = Arc::clone(&booked);
    let house = house(
        bank(move |request| {
            if text(request, "41").as_deref() == Some("00000007") {
                book.fetch_add(1, Ordering::Relaxed);
                // So that repeats come meanwhile; those that come later are answered alike.
                std::thread::sleep(Duration::from_millis(200));
            }
            honest(request)
        }),
        "",
    );
    opens(&house);
    let mut wires: Vec<Wire> = (0..10).map(|_| terminal(&house)).collect();
    for _ in 0..10 {
        for wire in &mut wires {
            wire.send(&sale(7, 1));
        }
    }
    let mut frames = std::collections::BTreeSet::new();
    for wire in &mut wires {
        // Repeats on one connection, while the first is in flight, share its one answer.
        let mut answers = 0;
        let mut patience = PATIENCE;
        while let Some(answer) = wire.receive_within(patience) {
            patience = Duration::from_millis(300);
            assert_eq!(text(&answer, "39").as_deref(), Some("00"));
            frames.insert(answer.build().unwrap().to_vec());
            answers += 1;
        }
        assert!(answers >= 1, "each gets its answer");
    }
    assert_eq!(frames.len(), 1, "the same answer to all");
    assert_eq!(booked.load(Ordering::Relaxed), 1, "one authorization");
}
