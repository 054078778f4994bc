//! Canaries: cards, tracks, PIN blocks and keys that are looked for afterwards, in every byte that
//! isogate wrote, in every form that a digit can take. None may be found.

use crate::rig::{Cup, Home, Wire, eventually, files_under, hear, isogate, json_lines, text};
use isogate::engine::seam::Dice;
use isogate::iso::codec::Message;
use isogate::iso::message::FieldPath;
use isogate::iso::spec::Spec;
use isogate::lab::peer::{Deck, MasterKeys};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What must not be found, with a name for whoever finds it.
#[derive(Default)]
struct Canaries {
    /// Runs of digits or hex digits.
    digits: Vec<(String, String)>,
}

impl Canaries {
    /// A card number: the digits that a mask hides, and one more on either side.
    fn card(&mut self, number: &str) {
        self.word("card", &number[5..16]);
    }

    /// What stands behind the separator of a track.
    fn track(&mut self, track: &str) {
        self.word("track", &track[track.len() - 13..]);
    }

    /// A PIN block, a key, a name: hex digits or characters.
    fn word(&mut self, what: &str, digits: &str) {
        self.digits
            .push((format!("{what} {digits}"), digits.to_uppercase()));
    }

    /// Every canary in some bytes, with the form it was found in.
    fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let text = bytes.to_ascii_uppercase();
        let nibbles = hex(bytes);
        let ebcdic = |digits: &str| -> Vec<u8> {
            let zoned = |c: u8| {
                if c.is_ascii_digit() {
                    0xC0 | c
                } else {
                    0x80 | c
                }
            };
            digits.bytes().map(zoned).collect()
        };
        let plain = |digits: &str| digits.as_bytes().to_vec();
        let mut found = self.search(&text, "characters", plain);
        found.extend(self.search(&nibbles, "nibbles", plain));
        found.extend(self.search(&text, "hex of characters", |digits| hex(digits.as_bytes())));
        found.extend(self.search(bytes, "EBCDIC", ebcdic));
        found.extend(self.search(&text, "hex of EBCDIC", |digits| hex(&ebcdic(digits))));
        found
    }

    /// Every canary that stands in a text in one form. Looks closer only where four bytes fit.
    fn search(&self, text: &[u8], form: &str, shape: impl Fn(&str) -> Vec<u8>) -> Vec<String> {
        let shaped = self
            .digits
            .iter()
            .map(|(name, digits)| (name, shape(digits)));
        let shaped: Vec<(&String, Vec<u8>)> = shaped.collect();
        let key = |b: &[u8]| {
            let fold = [b[4] ^ b[6].rotate_left(3), b[5] ^ b[7].rotate_left(5)];
            usize::from(u16::from_be_bytes(fold))
        };
        let mut may_begin = vec![false; 1 << 16];
        for (_, wanted) in &shaped {
            may_begin[key(wanted)] = true;
        }
        let windows = text.windows(8).enumerate();
        let places = windows.filter(|(_, window)| may_begin[key(window)]);
        let hits = places.flat_map(|(at, _)| {
            shaped
                .iter()
                .filter(move |(_, wanted)| text[at..].starts_with(wanted))
        });
        hits.map(|(name, _)| format!("{name} as {form}")).collect()
    }

    #[track_caller]
    fn silent_in(&self, what: &str, bytes: &[u8]) {
        assert_eq!(self.found_in(bytes), [""; 0], "in {what}");
    }

    #[track_caller]
    fn silent_in_files(&self, files: &[impl AsRef<Path>]) {
        for file in files {
            self.silent_in(
                &file.as_ref().display().to_string(),
                &fs::read(file).unwrap(),
            );
        }
    }
}

/// Bytes as upper-case hex.
fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    nibbles.map(|nibble| DIGITS[usize::from(nibble)]).collect()
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn a_canary_is_found_in_every_form() {
    let mut canaries = Canaries::default();
    canaries.card("6216261839475162738");
    let digits = "61839475162";
    for (form, bytes) in [
        ("characters", format!("pan=62162{digits}738").into_bytes()),
        ("nibbles", b"\x26\x18\x39\x47\x51\x62\x73".to_vec()),
        ("nibbles", b"\x02\x61\x83\x94\x75\x16\x27".to_vec()),
        ("hex of characters", b"xx3631383339343735313632".to_vec()),
        ("EBCDIC", digits.bytes().map(|c| c | 0xF0).collect()),
        ("hex of EBCDIC", b"f6f1f8f3f9f4f7f5f1f6f2".to_vec()),
    ] {
        let found = canaries.found_in(&bytes);
        assert!(
            found.iter().any(|hit| hit.ends_with(form)),
            "{form}: {found:?}"
        );
    }
    assert_eq!(
        canaries.found_in(b"622609******0048 0000000000000000000"),
        [""; 0]
    );
}

/// A card number of its own for each path, with no zero in what a mask hides.
fn card(path: u32) -> String {
    format!(
        "621626{}738",
        1_839_475_162_u64 + u64::from(path) * 11_111_111
    )
}

/// Puts card, track, PIN block and their like into each field of a message that takes them.
fn fill(message: &mut Message, canaries: &mut Canaries, path: u32) {
    let number = card(path);
    let track = format!(
        "{number}D3012{}",
        2_011_947_361_528_u64 + u64::from(path) * 13
    );
    let pin = format!("A9C7E5D3B1F2{:04X}", 0x8461 + path);
    let chip = format!("5713{track}0F5A0A{number}F");
    canaries.card(&number);
    canaries.track(&track);
    canaries.word("name", "CANARY/BIRD");
    canaries.word("PIN block", &pin);
    let track_1 = format!("B{number}^CANARY/BIRD^3012201{number}");
    for (field, value) in [
        ("2", number.as_str()),
        ("14", "3012"),
        ("35", track.as_str()),
        ("36", &format!("59{number}=1568{number}")),
        ("45", &track_1),
        ("46", &number),
        ("47", &number),
        ("48", &number),
        ("52", &pin),
        ("55", &chip),
        ("59", &number),
        ("62", &number),
        ("120", &number),
        ("123", &number),
        ("127", &number),
    ] {
        // Not each dialect has each of them, or in this form.
        let _taken = message.set(field.parse::<FieldPath>().unwrap(), value);
    }
    assert!(
        text(message, "52").is_some(),
        "the dialect takes a PIN block"
    );
}

/// A sale that carries canaries, in a dialect without keys.
fn sale(spec: &Arc<Spec>, canaries: &mut Canaries, path: u32) -> Message {
    let mut message = Message::new(spec, "0200".parse().unwrap());
    fill(&mut message, canaries, path);
    for (field, value) in [
        ("3", "000000"),
        ("4", "000000000100"),
        ("7", "1122101112"),
        ("11", &format!("{path:06}")),
        ("41", "10421695"),
        ("42", "874350357222471"),
        ("60", "22000001"),
        ("49", "156"),
    ] {
        let _taken = message.set(field.parse::<FieldPath>().unwrap(), value);
    }
    message
}

/// Walks canaries through a gateway on every path that goes wrong.
fn walk(spec_name: &'static str) {
    let spec = Spec::builtin(spec_name).unwrap();
    let mut canaries = Canaries::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = Home::new(spec_name, port, r#"{ by = "terminal" }"#);
    let gateway = home.start(0);
    let mut acquirer = hear(&listener, &spec);
    let mut next = 0;
    let mut sale = |canaries: &mut Canaries| {
        next += 1;
        sale(&spec, canaries, next)
    };
    let frame = |message: &Message| {
        let frame = message.build().unwrap();
        let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
        [&length[..], &frame[..]].concat()
    };
    let mut terminal = Wire::connect(gateway.port, &spec);
    let answer = |request: &Message, code: &str| {
        let mut answer = request.answer().unwrap();
        answer
            .set("39".parse::<FieldPath>().unwrap(), code)
            .unwrap();
        answer
    };

    // Approved, declined, asked again, asked again with other content.
    let first = sale(&mut canaries);
    terminal.send(&first);
    let arrived = acquirer.receive();
    acquirer.send(&answer(&arrived, "00"));
    terminal.receive();
    terminal.send(&first);
    terminal.receive();
    let mut other = sale(&mut canaries);
    other.copy("11".parse::<FieldPath>().unwrap().field, &first);
    terminal.send(&other);
    let declined = sale(&mut canaries);
    terminal.send(&declined);
    let arrived = acquirer.receive();
    acquirer.send(&answer(&arrived, "05"));

    // An answer cut short, one for nobody, and a request from where answers come.
    let cut = sale(&mut canaries);
    terminal.send(&cut);
    let arrived = acquirer.receive();
    let whole = frame(&answer(&arrived, "00"));
    let short = whole.len() - 3;
    let length = u16::try_from(short - 2).unwrap().to_be_bytes();
    acquirer.send_bytes(&[&length[..], &whole[2..short]].concat());
    acquirer.send(&answer(&sale(&mut canaries), "00"));
    acquirer.send(&sale(&mut canaries));

    // A reversal of an unknown sale, and one of the first.
    let mut reversal = sale(&mut canaries);
    reversal.set_mti("0400".parse().unwrap());
    terminal.send(&reversal);
    let mut reversal = first.clone();
    reversal.set_mti("0400".parse().unwrap());
    terminal.send(&reversal);

    // Frames that break off, in each field; then bytes that are no message, and lengths that lie.
    let whole = frame(&sale(&mut canaries));
    for end in (10..whole.len()).step_by(7) {
        let mut terminal = Wire::connect(gateway.port, &spec);
        let length = u16::try_from(end - 2).unwrap().to_be_bytes();
        terminal.send_bytes(&[&length[..], &whole[2..end]].concat());
        let mut terminal = Wire::connect(gateway.port, &spec);
        terminal.send_bytes(&whole[..end]);
    }
    for lie in [[0xFF, 0xFF], [0, 3], [0x20, 0x00]] {
        let mut terminal = Wire::connect(gateway.port, &spec);
        terminal.send_bytes(&[&lie[..], &whole[2..]].concat());
        terminal.closes_within(Duration::from_millis(50));
    }
    let digits = format!("\0\u{30}{0}{0}{0}", &card(1)[..16]);
    Wire::connect(gateway.port, &spec).send_bytes(digits.as_bytes());

    // A sale under way when the power goes, and the pages that people look at.
    terminal = Wire::connect(gateway.port, &spec);
    terminal.send(&sale(&mut canaries));
    eventually("the last sale", || {
        let next = acquirer.receive();
        (text(&next, "11") == Some(format!("{:06}", 9))).then_some(())
    });
    canaries.silent_in("the admin pages", &pages(gateway.admin));
    gateway.kill();
    let gateway = home.start(0);
    hear(&listener, &spec).receive_within(Duration::from_millis(300));
    gateway.stop();

    // Whoever asks afterwards is told nothing either.
    for arguments in [&["open"][..], &["trace"], &["explain", "10421695/000003"]] {
        for form in [&["--json"][..], &[]] {
            let output = home.ask(&[arguments, form].concat());
            assert!(
                output.status.code().is_some_and(|code| code < 2),
                "{arguments:?} {output:?}"
            );
            canaries.silent_in(&format!("{arguments:?}"), &output.stdout);
            canaries.silent_in(&format!("{arguments:?}"), &output.stderr);
        }
    }
    canaries.silent_in_files(&home.written());
    let names: BTreeSet<_> = home
        .written()
        .iter()
        .map(|path| path.extension().map(|e| e.to_owned()))
        .collect();
    assert!(
        names.len() > 2,
        "journal, logs and ports were there to be searched: {names:?}"
    );
}

/// What the admin port serves.
fn pages(port: u16) -> Vec<u8> {
    let mut pages = Vec::new();
    for path in ["/metrics", "/status", "/health", "/", "/open"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_end(&mut pages).unwrap();
    }
    assert!(contains(&pages, b"isogate"), "the pages are there");
    pages
}

#[test]
fn nothing_of_a_card_is_written_in_cup_pos() {
    walk("cup-pos");
}

#[test]
fn nothing_of_a_card_is_written_in_ascii() {
    walk("iso8583-1987-ascii");
}

#[test]
fn no_key_of_a_session_is_written() {
    let cup = Cup::new();
    let mut canaries = Canaries::default();
    canaries.word("TMK", cup.tmk);
    for key in [&cup.keys.pin, &cup.keys.mac] {
        let hex = String::from_utf8(hex(key.reveal())).unwrap();
        canaries.word("working key", &hex);
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::new(
        "cup-pos",
        listener.local_addr().unwrap().port(),
        r#"{ by = "gateway" }"#,
    );
    home.write_keys(cup.tmk);
    let gateway = home.start(0);
    let mut acquirer = hear(&listener, &cup.spec);
    let mut terminal = Wire::connect(gateway.port, &cup.spec);
    terminal.send(&cup.sign_in());
    let request = acquirer.receive();
    acquirer.send(&cup.signed_in(&request));
    terminal.receive();

    // A sale under a broken MAC is refused; a sign-in whose keys do not fit teaches nothing.
    let mut broken = cup.sale("000002", "000000000100");
    broken
        .set("4".parse::<FieldPath>().unwrap(), "000000000101")
        .unwrap();
    terminal.send(&broken);
    assert_eq!(text(&terminal.receive(), "39").as_deref(), Some("A0"));
    terminal.send(&cup.sign_in());
    if let Some(request) = acquirer.receive_within(Duration::from_secs(1)) {
        let mut answer = cup.signed_in(&request);
        let block = text(&answer, "62").unwrap();
        let broken = format!("{}{}", &block[..60], block[60..].replace(|_| true, "7"));
        answer
            .set("62".parse::<FieldPath>().unwrap(), &broken)
            .unwrap();
        acquirer.send(&answer);
        terminal.receive();
    }
    gateway.stop();
    canaries.silent_in_files(&home.written());
}

#[test]
fn nothing_of_a_lab_is_written() {
    const SEED: u64 = 7;
    // What the lab throws first: its master keys, and its cards.
    let mut dice = Dice::new(SEED);
    let masters = MasterKeys::derived(dice.number());
    let deck = Deck::new(dice.number(), 200);
    let mut canaries = Canaries::default();
    for card in deck.cards() {
        canaries.card(card.pan.reveal());
    }
    let folder = tempfile::TempDir::new().unwrap();
    let arguments = [
        "lab",
        "--seed",
        "7",
        "--duration",
        "4",
        "--json",
        "--folder",
        "lab-canary",
    ];
    let lab = isogate(folder.path(), &arguments)
        .args(["--log-level", "trace"])
        .output()
        .unwrap();
    canaries.silent_in("what the lab printed", &lab.stdout);
    canaries.silent_in("what the lab logged", &lab.stderr);
    let trace = isogate(folder.path(), &["trace", "--json", "--limit", "0"])
        .output()
        .unwrap();
    canaries.silent_in("trace", &trace.stdout);

    // These were the cards, and these the keys: the shown ends of the one are in the journal, and
    // the other in the file that is made for them.
    let tails: BTreeSet<&str> = deck
        .cards()
        .iter()
        .map(|card| &card.pan.reveal()[15..])
        .collect();
    let stories = json_lines(&trace);
    let cards = stories
        .iter()
        .filter_map(|story| story["card"].as_str())
        .filter(|card| !card.is_empty());
    let unknown: Vec<&str> = cards
        .clone()
        .filter(|card| !tails.contains(&card[15..]))
        .collect();
    assert!(unknown.is_empty() && cards.count() > 50, "{unknown:?}");
    let keys = fs::read_to_string(folder.path().join("lab-canary.keys/terminals.toml")).unwrap();
    for story in &stories {
        let name = |key: &str| story[key].as_str().unwrap();
        let key = masters.of(name("merchant"), name("terminal")).unwrap();
        let hex = String::from_utf8(hex(key.reveal())).unwrap();
        assert!(keys.contains(&hex), "not the key of {story}");
        canaries.word("TMK", &hex);
    }
    canaries.digits.sort();
    canaries.digits.dedup();
    canaries.silent_in_files(&files_under(&folder.path().join("lab-canary")));
}
