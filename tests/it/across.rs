//! UnionPay terminals before an acquirer that speaks ISO 8583:1987 in characters: a gateway in a
//! process of its own translates, and what it is killed in the middle of comes out right.

use crate::rig::{self, Cup, Gateway, Home, Running, Wire, hear, isogate, json_lines, text};
use isogate::engine::record::{Fact, Hop};
use isogate::io::journal::JournalReader;
use isogate::iso::codec::Message;
use isogate::iso::security::{Key, unwrap_block};
use isogate::iso::spec::{KeyBlockForm, Spec};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::Arc;

const HOST: &str = "iso8583-1987-ascii";
const ROUTE: &str = "map = {}\nrewrite_stan = true";

fn host_spec() -> Arc<Spec> {
    Spec::builtin(HOST).unwrap()
}

/// A terminal signs in, and takes the keys that the gateway gives it.
fn sign_in(cup: &mut Cup, terminal: &mut Wire, answer: impl FnOnce()) {
    terminal.send(&cup.sign_in());
    answer();
    let answer = terminal.receive();
    assert_eq!(text(&answer, "39").as_deref(), Some("00"));
    let block = text(&answer, "62").expect("the gateway gives keys");
    let block: Vec<u8> = (0..block.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&block[at..at + 2], 16).unwrap())
        .collect();
    let tmk = Key::from_hex(cup.tmk).unwrap();
    cup.keys = unwrap_block(&tmk, KeyBlockForm::Double, &block).unwrap();
}

/// What went to the acquirer under one type, as the journal has it.
fn sent(home: &Home, mti: &str) -> Vec<Message> {
    let reader = JournalReader::open(&home.folder().join("journal"), None).unwrap();
    let messages = reader.records().filter_map(|record| {
        let Fact::Step(step) = record.unwrap().fact else {
            return None;
        };
        let logged = step.message?;
        let wanted = logged.hop == Hop::GatewayToAcquirer && logged.mti.to_string() == mti;
        wanted.then(|| Message::parse(&host_spec(), logged.frame.frame.clone()).unwrap())
    });
    messages.collect()
}

#[test]
fn a_sale_a_void_and_a_reversal_reach_a_host_of_another_dialect() {
    let folder = tempfile::tempdir().unwrap();
    let listen = ["host", "--listen", "127.0.0.1:0", "--spec", HOST];
    let mut listen = listen.to_vec();
    listen.extend(["--ports", "host.json", "--json"]);
    let host = Running::start(folder.path(), &listen);
    let port = rig::ports(folder.path(), "host.json")["host"]["port"].as_u64();
    let port = u16::try_from(port.unwrap()).unwrap();
    let mut cup = Cup::new();
    let home = Home::new("cup-pos", port, r#"{ by = "both" }"#).across(HOST, ROUTE);
    home.write_keys(cup.tmk);
    let gateway = home.start(0);

    // The terminal of the house, its keys from the gateway.
    let to = format!("127.0.0.1:{}", gateway.port);
    let arguments = ["term", "--to", &to, "--brief", "--scale", "50"];
    let mut term = isogate(home.folder(), &arguments);
    let keys = format!(
        "[[terminal]]\nmerchant = \"874350357222471\"\nterminal = \"T0000001\"\ntmk = \"{}\"\n",
        cup.tmk
    );
    let path = home.folder().join("term.toml");
    fs::write(&path, keys).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    term.args(["--keys", "term.toml"]);
    let term = term.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut term = term.unwrap();
    let script = b"sale 8880\nsale_void of last\nsale 500\npreauth 700\ncompletion 700 of last\n";
    term.stdin.take().unwrap().write_all(script).unwrap();
    let output = term.wait_with_output().unwrap();
    let slips = String::from_utf8(output.stdout).unwrap();
    assert_eq!(slips.matches("slip: approved 00  ").count(), 5, "{slips}");

    // A terminal message by message.
    let mut terminal = Wire::connect(gateway.port, &cup.spec);
    sign_in(&mut cup, &mut terminal, || ());
    let sale = cup.sale("100175", "000000088800");
    terminal.send(&sale);
    let answer = terminal.receive();
    assert!(cup.trusts(&answer));
    assert_eq!(text(&answer, "11").as_deref(), Some("100175"));
    terminal.send(&cup.reversal(&sale, "06"));
    let answer = terminal.receive();
    assert!(cup.trusts(&answer));
    assert_eq!(answer.mti().to_string(), "0410");
    assert_eq!(text(&answer, "39").as_deref(), Some("00"));

    let sales = sent(&home, "0200");
    let sale = sales.last().unwrap();
    let reversals = sent(&home, "0420");
    let [reversal] = reversals.as_slice() else {
        panic!("one reversal should have gone out: {reversals:?}");
    };
    let named = |message: &Message, path: &str| text(message, path).unwrap();
    let names = format!("0200{}{}{:022}", named(sale, "11"), named(sale, "7"), 0);
    assert_eq!(named(reversal, "90"), names);
    assert_ne!(named(sale, "11"), "100175");
    let story = home.explain("10421695/100175");
    assert_eq!(story["state"], "REVERSED", "{story}");
    // Whoever has a number of the host's books asks by that.
    for message in [sale, reversal] {
        let stan = named(message, "11");
        for asked in [&["--stan", stan.as_str()][..], &[&format!("~stan {stan}")]] {
            let trace = [&["trace", "--json", "--journal", "journal"], asked].concat();
            let found = json_lines(&isogate(home.folder(), &trace).output().unwrap());
            let is_it = |found: &serde_json::Value| found["tx"] == story["tx"];
            assert!(found.iter().any(is_it), "{asked:?}: {found:?}");
        }
    }
    assert!(home.open().is_empty());
    gateway.stop();
    let (_, printed) = host.end("-INT");
    let books: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(books["books"]["reversed"], 88800, "{books}");
    // The second sale and the completion stand; the first was voided.
    assert_eq!(books["books"]["net"], 500 + 700, "{books}");
}

/// A terminal and an acquirer of two dialects, and the gateway between them.
struct Counter {
    cup: Cup,
    home: Home,
    gateway: Option<Gateway>,
    terminal: Wire,
    acquirer: Wire,
    listener: TcpListener,
}

impl Counter {
    fn open() -> Self {
        let mut cup = Cup::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let home = Home::new("cup-pos", port, r#"{ by = "both" }"#).across(HOST, ROUTE);
        home.write_keys(cup.tmk);
        let gateway = home.start(0);
        let mut acquirer = hear(&listener, &host_spec());
        let mut terminal = Wire::connect(gateway.port, &cup.spec);
        sign_in(&mut cup, &mut terminal, || {
            let asked = acquirer.receive();
            assert_eq!(text(&asked, "70").as_deref(), Some("001"));
            acquirer.send(&cup_answer(&asked, "00"));
        });
        Self {
            cup,
            home,
            gateway: Some(gateway),
            terminal,
            acquirer,
            listener,
        }
    }

    /// Starts a gateway anew, that dies at a step if one is named.
    fn restart_until(&mut self, step: &str) {
        if let Some(gateway) = self.gateway.take() {
            gateway.kill();
        }
        let gateway = self.home.start_until(0, step);
        self.acquirer = hear(&self.listener, &host_spec());
        self.terminal = Wire::connect(gateway.port, &self.cup.spec);
        self.gateway = Some(gateway);
    }
}

fn cup_answer(asked: &Message, code: &str) -> Message {
    let mut answer = asked.answer().unwrap();
    let path = |field: &str| field.parse::<isogate::iso::message::FieldPath>().unwrap();
    answer.set(path("39"), code).unwrap();
    answer.set(path("37"), "203217491827").unwrap();
    answer
}

/// Where the process dies, and in which state the next one finds the sale.
const DEATHS: [(&str, &str); 8] = [
    // Known upstream, or perhaps: its outcome is open, and it is reversed.
    ("synced FORWARDED=die", "REVERSAL-SENT"),
    ("sent acquirer=die", "REVERSAL-SENT"),
    ("taken APPROVED=die", "REVERSAL-SENT"),
    // The answer is on record: a receipt may be held, and only the terminal knows.
    ("written APPROVED=die", "DELIVERY-UNPROVEN"),
    ("synced APPROVED=die", "DELIVERY-UNPROVEN"),
    ("sent terminal=die", "DELIVERY-UNPROVEN"),
    ("taken DELIVERED-APPROVED=die", "DELIVERY-UNPROVEN"),
    ("written DELIVERED-APPROVED=die", "DELIVERY-UNPROVEN"),
];

#[test]
fn a_kill_between_a_request_and_its_delivery_is_undone_in_the_hosts_own_words() {
    let mut counter = Counter::open();
    for (round, (step, expected)) in (0..).zip(DEATHS) {
        let stan = format!("{:06}", 300_000 + round);
        counter.restart_until(step);
        let sale = counter.cup.sale(&stan, "000000001234");
        counter.terminal.send(&sale);
        // Nothing is asked of the acquirer if the process dies before it has asked.
        let asked = (step != "synced FORWARDED=die").then(|| counter.acquirer.receive());
        if let Some(asked) = &asked {
            counter.acquirer.send(&cup_answer(asked, "00"));
        }
        counter.gateway.take().unwrap().dies();
        counter.restart_until("");

        let key = format!("10421695/{stan}");
        if expected.starts_with("DELIVER") {
            counter.home.explain_once(&key, expected);
            // The terminal did not keep its receipt, and says so.
            counter.terminal.send(&counter.cup.reversal(&sale, "98"));
        }
        let reversal = counter.acquirer.receive();
        assert_eq!(reversal.mti().to_string(), "0420", "{step}");
        if let Some(asked) = &asked {
            let named = |path: &str| text(asked, path).unwrap();
            let names = format!("0200{}{}{:022}", named("11"), named("7"), 0);
            assert_eq!(text(&reversal, "90"), Some(names), "{step}");
            assert_eq!(text(&reversal, "4"), text(asked, "4"));
        }
        counter.acquirer.send(&cup_answer(&reversal, "00"));
        if expected.starts_with("DELIVER") {
            let told = counter.terminal.receive();
            assert!(counter.cup.trusts(&told));
            assert_eq!(text(&told, "11"), Some(stan.clone()));
            assert_eq!(told.mti().to_string(), "0410");
        }
        counter.home.explain_once(&key, "REVERSED");
    }
    assert!(counter.home.open().is_empty());
}

#[test]
fn a_kill_before_the_record_of_a_request_leaves_nothing_behind() {
    let mut counter = Counter::open();
    counter.restart_until("taken FORWARDED=die");
    let sale = counter.cup.sale("300100", "000000001234");
    counter.terminal.send(&sale);
    counter.gateway.take().unwrap().dies();
    counter.restart_until("");
    assert!(counter.home.open().is_empty());
    // The terminal tries once more, and that is the first which the acquirer sees.
    counter.terminal.send(&sale);
    let asked = counter.acquirer.receive();
    assert_eq!(asked.mti().to_string(), "0200");
    counter.acquirer.send(&cup_answer(&asked, "00"));
    let answer = counter.terminal.receive();
    assert_eq!(text(&answer, "39").as_deref(), Some("00"));
}
