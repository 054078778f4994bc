//! Kills without warning, and what the next process makes of what the dead one left.

use crate::rig::{self, Cup, Gateway, Home, PATIENCE, Trade, Wire, hear, text};
use isogate::engine::seam::Dice;
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Longer than any timer of a gateway whose ladder is scaled by fifty has left to run, but those of
/// hours.
const QUIET: Duration = Duration::from_millis(1500);

/// A UnionPay terminal that is signed in, through a gateway, at an acquirer.
struct Counter {
    cup: Cup,
    home: Home,
    gateway: Gateway,
    terminal: Wire,
    acquirer: Wire,
    listener: TcpListener,
}

impl Counter {
    fn open() -> Self {
        let cup = Cup::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let home = Home::new("cup-pos", port, r#"{ by = "gateway" }"#);
        home.write_keys(cup.tmk);
        let gateway = home.start(0);
        let acquirer = hear(&listener, &cup.spec);
        let terminal = Wire::connect(gateway.port, &cup.spec);
        let mut counter = Self {
            cup,
            home,
            gateway,
            terminal,
            acquirer,
            listener,
        };
        let answer = |cup: &Cup, request: &_| cup.signed_in(request);
        counter.pass(&counter.cup.sign_in(), answer);
        counter
    }

    /// Passes a request through to the acquirer, and its answer back to the terminal.
    fn pass(
        &mut self,
        request: &isogate::iso::codec::Message,
        answer: impl Fn(&Cup, &isogate::iso::codec::Message) -> isogate::iso::codec::Message,
    ) {
        self.terminal.send(request);
        let arrived = self.acquirer.receive();
        self.acquirer.send(&answer(&self.cup, &arrived));
        assert_eq!(text(&self.terminal.receive(), "39").as_deref(), Some("00"));
    }

    /// Kills the gateway and starts another on the same journal; both ends connect anew.
    fn kill_and_restart(self) -> Self {
        let Self {
            cup,
            home,
            gateway,
            terminal,
            acquirer,
            listener,
        } = self;
        gateway.kill();
        drop((terminal, acquirer));
        let gateway = home.start(0);
        let acquirer = hear(&listener, &cup.spec);
        let terminal = Wire::connect(gateway.port, &cup.spec);
        Self {
            cup,
            home,
            gateway,
            terminal,
            acquirer,
            listener,
        }
    }
}

#[test]
fn a_kill_between_intent_and_answer_is_reversed_from_the_disk_alone() {
    let mut counter = Counter::open();
    let sale = counter.cup.sale("100175", "000000088800");
    counter.terminal.send(&sale);
    counter.acquirer.receive();

    let mut counter = counter.kill_and_restart();
    let reversal = counter.acquirer.receive();
    assert_eq!(reversal.mti().to_string(), "0400");
    for field in ["3", "4", "11", "22", "25", "41", "42", "49", "60"] {
        assert_eq!(text(&reversal, field), text(&sale, field), "field {field}");
    }
    assert_eq!(text(&reversal, "39").as_deref(), Some("98"));
    for never in ["35", "36", "52"] {
        assert_eq!(text(&reversal, never), None, "field {never}");
    }
    // The MAC key came through the journal too, as the cryptogram of the sign-in.
    assert!(counter.cup.trusts(&reversal));

    let pending = counter.home.open();
    assert_eq!(pending.len(), 1, "{pending:?}");
    assert_eq!(pending[0]["class"], "U5", "{pending:?}");
    counter.acquirer.send(&counter.cup.answer(&reversal, "00"));
    rig::eventually("an empty open list", || {
        counter.home.open().is_empty().then_some(())
    });
    let story = counter.home.explain("10421695/100175");
    assert_eq!(story["state"], "REVERSED", "{story}");
    counter.gateway.stop();
}

#[test]
fn a_kill_between_reply_and_its_record_reverses_nothing_and_is_listed() {
    let mut counter = Counter::open();
    let mut unproven = 0;
    for round in 1..=20 {
        let stan = format!("{:06}", 200_000 + round);
        let sale = counter.cup.sale(&stan, "000000001234");
        counter.pass(&sale, |cup, request| cup.answer(request, "00"));
        // The receipt is printed; the record that says so may be on disk by now, or not.
        counter = counter.kill_and_restart();
        let story = counter.home.explain(&format!("10421695/{stan}"));
        match story["state"].as_str() {
            Some("DELIVERED-APPROVED") => continue,
            Some("DELIVERY-UNPROVEN") => unproven += 1,
            other => panic!("{other:?} of {story}"),
        }
        assert_eq!(story["class"], "U8", "{story}");
        assert_eq!(story["safe_to_retry"], "unproven", "{story}");
        let listed = counter.home.open();
        let own = listed.iter().filter(|item| item["stan"] == stan.as_str());
        assert_eq!(own.count(), 1, "{listed:?}");
        if unproven == 3 {
            break;
        }
    }
    assert!(unproven > 0, "no kill came before the record of a reply");
    let nothing = counter.acquirer.receive_within(QUIET);
    assert!(
        nothing.is_none(),
        "a receipt that is held was touched: {nothing:?}"
    );

    // The terminal itself may still reverse what it does not hold.
    let last = counter.home.open().pop().unwrap();
    let sale = counter
        .cup
        .sale(last["stan"].as_str().unwrap(), "000000001234");
    counter.pass(&counter.cup.reversal(&sale, "98"), |cup, request| {
        cup.answer(request, "00")
    });
    assert_eq!(counter.home.open().len(), unproven - 1);
}

/// `ISOGATE_KILLS` and `ISOGATE_SEED` make a longer campaign of it, or repeat one.
#[test]
#[expect(clippy::print_stdout, reason = "the seed of a run is said first")]
fn kills_at_random_moments_under_load_lose_and_invent_no_money() {
    let kills = std::env::var("ISOGATE_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let seed = std::env::var("ISOGATE_SEED").map_or(7, |seed| seed.parse().unwrap());
    println!("seed {seed}, {kills} kills");
    let mut dice = Dice::new(seed);
    let mut trade = Trade::new();
    let home = Home::new("iso8583-1987-ascii", trade.acquirer, r#"{ by = "both" }"#);
    let mut gateway = home.start(0);
    trade.gateway.store(gateway.port, Ordering::Relaxed);
    trade.open(8);
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(dice.between(20, 400)));
        let port = gateway.port;
        gateway.kill();
        let began = Instant::now();
        gateway = home.start(port);
        assert!(
            began.elapsed() < PATIENCE / 10,
            "a restart took {:?}",
            began.elapsed()
        );
    }
    let receipts = trade.close();

    // What is still open may only be what nobody can prove: answers whose record a kill cut off.
    let open = rig::eventually("an open list with nothing but U8", || {
        let open = home.open();
        open.iter()
            .all(|item| item["class"] == "U8")
            .then_some(open)
    });
    let ledger = trade.ledger.lock().unwrap().clone();
    let name = |item: &serde_json::Value| {
        let text = |key: &str| item[key].as_str().unwrap().to_owned();
        (text("terminal"), text("stan"))
    };
    for item in &open {
        assert!(
            receipts.contains_key(&name(item)),
            "listed, but there is no receipt: {item}"
        );
    }
    for (name, entry) in &ledger {
        let receipt = receipts.get(name).copied().unwrap_or_default();
        assert_eq!(
            entry.held(),
            receipt,
            "held and receipt of {name:?}: {entry:?}"
        );
        assert!(
            entry.bookings <= 1,
            "booked more than once: {name:?} {entry:?}"
        );
    }
    assert!(receipts.keys().all(|name| ledger.contains_key(name)));
    let reversed = ledger.values().filter(|entry| entry.reversed).count();
    println!(
        "{} receipts, {reversed} reversed, {} unproven",
        receipts.len(),
        open.len()
    );
    assert!(receipts.len() > kills && reversed > 0);
    gateway.stop();
}
