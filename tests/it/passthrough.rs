//! A real terminal and a real host, as far as bytes go: sockets and frames of this test alone,
//! which knows nothing of isogate's own codec. What one side says, the other must hear, bit for
//! bit, be it a published sample, a message of random fields, or one whose tail makes no sense.

mod maker;
mod samples;
mod socket;

use crate::rig::{Running, files_under, isogate, json, json_lines, ports};
use maker::{Maker, SECRET};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

/// One request and the answer that the host gives to it, as they stand on the wire, without
/// length.
#[derive(Clone)]
struct Exchange {
    terminal: String,
    stan: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// A host that answers by heart: it knows each request to its last byte, and no other.
#[derive(Clone, Default)]
struct Host {
    /// The answer to each request that was not heard yet.
    answers: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    /// What came and was in no script, or came twice.
    strange: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Host {
    fn knows(&self, exchanges: &[Exchange]) {
        let mut answers = self.answers.lock().unwrap();
        for exchange in exchanges {
            let twin = answers.insert(exchange.request.clone(), exchange.answer.clone());
            assert!(twin.is_none(), "each request is its own");
        }
    }

    /// Listens, and gives its port.
    fn open(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let host = host.clone();
                thread::spawn(move || host.serve(socket::Socket::new(stream)));
            }
        });
        port
    }

    fn serve(&self, mut line: socket::Socket) {
        while let Some(request) = line.hear() {
            let answer = self.answers.lock().unwrap().remove(&request);
            match answer {
                Some(answer) => line.say(&answer),
                None => self.strange.lock().unwrap().push(request),
            }
        }
    }
}

/// A gateway without keys between any terminal and this host, its times those of the field.
fn gateway(folder: &Path, host: u16) -> (Running, u16) {
    let text = format!(
        "[admin]\naddress = \"127.0.0.1:0\"\n\
         [[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"cup-pos\"\n\
         [[link]]\naddress = \"127.0.0.1:{host}\"\nspec = \"cup-pos\"\nconnections = 3\n\
         sign_on = false\necho_interval = \"0s\"\n\
         [[route]]\nreversal = {{ by = \"terminal\" }}\n"
    );
    fs::write(folder.join("gateway.toml"), text).unwrap();
    let gateway = Running::start(folder, &["serve", "--ports", "ports.json"]);
    let document = ports(folder, "ports.json");
    let port = document["listeners"][0]["port"].as_u64().unwrap();
    (gateway, u16::try_from(port).unwrap())
}

/// Plays one terminal: each request, and the answer to it. `stays` on one connection, or comes
/// anew for each transaction. Gives what it did not hear as it should be.
fn trade(port: u16, exchanges: &[Exchange], stays: bool) -> Vec<String> {
    let mut line = None;
    let mut wrong = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let mut own = line.take().unwrap_or_else(|| socket::Socket::connect(port));
        if at % 7 == 3 {
            own.say(&[]);
        }
        own.say(&exchange.request);
        match own.hear() {
            Some(heard) if heard == exchange.answer => {}
            Some(_) => wrong.push(format!("another answer to {}", exchange.stan)),
            None => wrong.push(format!("no answer to {}", exchange.stan)),
        }
        if wrong.len() > 3 {
            break;
        }
        line = Some(own).filter(|_| stays);
    }
    wrong
}

/// Every transaction of the journal, by terminal, number and its first message, with the ways and
/// types of all its messages.
fn traced(folder: &Path) -> BTreeMap<(String, String, String), Vec<String>> {
    let output = isogate(folder, &["trace", "--json", "--limit", "0"]).output();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let story = |story: &Value| {
        let messages = story["messages"].as_array().cloned().unwrap_or_default();
        let legs = messages.iter().filter(|message| !message["mti"].is_null());
        let legs =
            legs.map(|message| format!("{} {}", text(&message["dir"]), text(&message["mti"])));
        let legs: Vec<String> = legs.collect();
        let first = legs.first().cloned().unwrap_or_default();
        let name = (text(&story["terminal"]), text(&story["stan"]), first);
        (name, legs)
    };
    json_lines(&output.unwrap()).iter().map(story).collect()
}

/// The type of a message in these bytes: behind TPDU and header, two bytes of digits.
fn mti(frame: &[u8]) -> String {
    format!("{:02X}{:02X}", frame[11], frame[12])
}

fn assert_journalled(folder: &Path, exchanges: &[Exchange]) {
    let traced = traced(folder);
    for exchange in exchanges {
        let (request, answer) = (mti(&exchange.request), mti(&exchange.answer));
        let (terminal, stan) = (exchange.terminal.clone(), exchange.stan.clone());
        let name = (terminal, stan, format!("T>G {request}"));
        let legs = traced.get(&name);
        let legs = legs.unwrap_or_else(|| panic!("{name:?} is not in the journal"));
        let expected = [
            format!("T>G {request}"),
            format!("G>A {request}"),
            format!("A>G {answer}"),
            format!("G>T {answer}"),
        ];
        // A reversal is the gateway's to repeat, and may have a try more.
        let told: Vec<&String> = legs.iter().take(4).collect();
        assert_eq!(told, expected.iter().collect::<Vec<_>>(), "{name:?}");
    }
}

#[test]
fn published_samples_pass_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let exchanges = samples::all();
    let host = Host::default();
    host.knows(&exchanges);
    let (gateway, port) = gateway(folder.path(), host.open());
    assert_eq!(trade(port, &exchanges, true), [""; 0]);
    assert_eq!(host.strange.lock().unwrap().len(), 0);
    assert_eq!(gateway.end("-TERM").0, 0);
    assert_journalled(folder.path(), &exchanges);
}

#[test]
fn ten_thousand_made_messages_pass_bit_for_bit_and_are_journalled() {
    const TERMINALS: usize = 12;
    const EACH: usize = 834;
    let folder = tempfile::tempdir().unwrap();
    let scripts: Vec<Vec<Exchange>> = (0..TERMINALS)
        .map(|terminal| {
            let mut maker = Maker::new(terminal);
            (1..=EACH).map(|stan| maker.exchange(stan)).collect()
        })
        .collect();
    let all: Vec<Exchange> = scripts.concat();
    assert!(all.len() >= 10_000);
    let host = Host::default();
    host.knows(&all);
    let (gateway, port) = gateway(folder.path(), host.open());
    let terminals: Vec<_> = scripts
        .into_iter()
        .enumerate()
        // Every third terminal connects for each transaction, as many do.
        .map(|(at, script)| thread::spawn(move || trade(port, &script, at % 3 != 0)))
        .collect();
    let wrong: Vec<String> = terminals
        .into_iter()
        .flat_map(|terminal| terminal.join().unwrap())
        .collect();
    assert_eq!(wrong, [""; 0]);
    assert_eq!(
        host.strange.lock().unwrap().len(),
        0,
        "bytes were changed on the way"
    );
    assert_eq!(host.answers.lock().unwrap().len(), 0, "each came through");
    assert_eq!(gateway.end("-TERM").0, 0);
    assert_journalled(folder.path(), &all);
    let stats = json(
        &isogate(folder.path(), &["journal", "stats", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(stats["damage"].as_array().map_or(0, Vec::len), 0, "{stats}");
    assert_secret(folder.path());
    let names: BTreeSet<_> = all.iter().map(|one| (&one.terminal, &one.stan)).collect();
    assert_eq!(names.len(), all.len());
}

/// What stood in parts that cannot be read is in no file.
fn assert_secret(folder: &Path) {
    let packed: Vec<u8> = SECRET
        .as_bytes()
        .chunks(2)
        .map(|pair| (pair[0] & 0xF) << 4 | (pair[1] & 0xF))
        .collect();
    for file in files_under(folder) {
        let bytes = fs::read(&file).unwrap();
        for form in [SECRET.as_bytes(), &packed] {
            let found = bytes.windows(form.len()).any(|window| window == form);
            assert!(!found, "{}", file.display());
        }
    }
}
