//! Captured traffic told as a journal: what a capture of both legs shows, beside what the gateway
//! itself wrote down. The test listens on both legs, and writes what it heard as packets.

use crate::rig::{Running, eventually, isogate, json_lines, ports};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// Something that was heard on a connection.
enum Heard {
    Opened { client: u16, server: u16 },
    Said { by_client: bool, bytes: Vec<u8> },
    Closed,
}

/// What was heard on all connections: when, on which, what.
#[derive(Clone)]
struct Ear {
    began: Instant,
    all: Arc<Mutex<Vec<(u64, usize, Heard)>>>,
}

impl Ear {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            all: Arc::default(),
        }
    }

    fn hear(&self, conn: usize, heard: Heard) {
        let mut all = self.all.lock().unwrap();
        let at = u64::try_from(self.began.elapsed().as_micros()).unwrap();
        all.push((at, conn, heard));
    }

    /// Stands before a server, and gives the address where it does.
    fn before(&self, server: SocketAddr, first: usize) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ear = self.clone();
        thread::spawn(move || {
            for (conn, client) in (first..).zip(listener.incoming().flatten()) {
                let Ok(onward) = TcpStream::connect(server) else {
                    continue;
                };
                let client_port = client.peer_addr().unwrap().port();
                ear.hear(
                    conn,
                    Heard::Opened {
                        client: client_port,
                        server: address.port(),
                    },
                );
                let (back, forth) = (onward.try_clone().unwrap(), client.try_clone().unwrap());
                ear.carry(conn, true, client, onward);
                ear.carry(conn, false, back, forth);
            }
        });
        address
    }

    fn carry(&self, conn: usize, by_client: bool, mut from: TcpStream, mut to: TcpStream) {
        let ear = self.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut piece) {
                let bytes = piece[..read].to_vec();
                ear.hear(conn, Heard::Said { by_client, bytes });
                if to.write_all(&piece[..read]).is_err() {
                    break;
                }
            }
            // The other side may have closed first.
            let _closed = to.shutdown(Shutdown::Write);
            if by_client {
                ear.hear(conn, Heard::Closed);
            }
        });
    }

    /// What was heard, as packets in a pcap file. `skips` says which of those with data are left
    /// out, by their number.
    fn write(&self, file: &Path, skips: impl Fn(usize) -> bool) {
        let mut pcap = Pcap::new();
        let mut number = 0;
        for (at, conn, heard) in self.all.lock().unwrap().iter() {
            pcap.at = *at;
            match heard {
                Heard::Opened { client, server } => {
                    pcap.ends.insert(*conn, [(*client, 1000), (*server, 2000)]);
                    pcap.packet(*conn, true, SYN, &[], false);
                    pcap.packet(*conn, false, SYN | ACK, &[], false);
                }
                Heard::Said { by_client, bytes } => {
                    pcap.packet(*conn, *by_client, ACK, bytes, skips(number));
                    number += 1;
                }
                Heard::Closed => {
                    pcap.packet(*conn, true, FIN | ACK, &[], false);
                    pcap.packet(*conn, false, FIN | ACK, &[], false);
                }
            }
        }
        fs::write(file, pcap.bytes).unwrap();
    }
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A pcap file of packets without link header (link type 101).
struct Pcap {
    bytes: Vec<u8>,
    at: u64,
    /// Port and next sequence number of client and server, by connection.
    ends: BTreeMap<usize, [(u16, u32); 2]>,
}

impl Pcap {
    fn new() -> Self {
        let mut bytes = vec![0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0];
        bytes.extend([0; 8]);
        bytes.extend(65_535_u32.to_le_bytes());
        bytes.extend(101_u32.to_le_bytes());
        Self {
            bytes,
            at: 0,
            ends: BTreeMap::new(),
        }
    }

    fn packet(&mut self, conn: usize, by_client: bool, flags: u8, data: &[u8], skip: bool) {
        let ends = self.ends.get_mut(&conn).unwrap();
        let [mut from, mut to] = *ends;
        if !by_client {
            std::mem::swap(&mut from, &mut to);
        }
        let takes = u32::try_from(data.len()).unwrap() + u32::from(flags & (SYN | FIN) != 0);
        ends[usize::from(!by_client)].1 += takes;
        if skip {
            return;
        }
        let packet = ip(from, to, flags, data);
        let micros = 1_795_313_472_000_000 + self.at;
        let length = packet.len() as u64;
        for word in [micros / 1_000_000, micros % 1_000_000, length, length] {
            self.bytes
                .extend(u32::try_from(word).unwrap().to_le_bytes());
        }
        self.bytes.extend(packet);
    }
}

/// An IPv4 packet from one port and sequence number to another.
fn ip(from: (u16, u32), to: (u16, u32), flags: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(40 + data.len()).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    let sum: u32 = packet
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
        .sum();
    let sum = !u16::try_from((sum & 0xFFFF) + (sum >> 16)).unwrap();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(from.0.to_be_bytes());
    packet.extend(to.0.to_be_bytes());
    packet.extend(from.1.to_be_bytes());
    packet.extend(to.1.to_be_bytes());
    packet.extend([0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    packet.extend(data);
    packet
}

/// How long the gateway waits for an answer.
const TIMEOUT: &str = "400ms";

/// A terminal with sales of amounts that no other has.
fn term(folder: &Path, to: &str, number: u32) -> Child {
    let name = format!("TERM000{number}");
    let arguments = [
        "term",
        "--to",
        to,
        "--spec",
        "iso8583-1987-ascii",
        "--terminal",
        &name,
        "--scale",
        "50",
        "--brief",
    ];
    let mut term = isogate(folder, &arguments);
    let term = term.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut term = term.stderr(Stdio::null()).spawn().unwrap();
    let sales = (0..30).map(|sale| format!("sale {}\n", 1000 + number * 100 + sale));
    let script: String = sales.collect();
    let mut input = term.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    term
}

/// A gateway between both ends, some of whose answers are lost or decline, until nothing is under
/// way any more. What was heard on its legs is written to `legs.pcap`, and with packets missing to
/// `holes.pcap`.
fn trade(folder: &Path) {
    let spec = "iso8583-1987-ascii";
    let host = [
        "host",
        "--listen",
        "127.0.0.1:0",
        "--ports",
        "host.json",
        "--spec",
        spec,
        "--fault",
        "F01:p=0.08",
        "--fault",
        "F02:p=0.08",
        "--fault",
        "F16:p=0.15",
    ];
    let _host = Running::start(folder, &host);
    let address = |value: &Value| value.as_str().unwrap().parse::<SocketAddr>().unwrap();
    let ear = Ear::new();
    let upstream = ear.before(
        address(&ports(folder, "host.json")["host"]["address"]),
        1000,
    );
    let text = format!(
        "[admin]\naddress = \"127.0.0.1:0\"\n\
         [[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"{spec}\"\n\
         [[link]]\nname = \"host\"\naddress = \"{upstream}\"\nspec = \"{spec}\"\n\
         [[route]]\nto = [\"host\"]\ntimeout = \"{TIMEOUT}\"\nreversal = {{ by = \"both\" }}\n"
    );
    fs::write(folder.join("gateway.toml"), text).unwrap();
    let gateway = Running::start(folder, &["serve", "--ports", "gateway.json"]);
    let terminals = address(&ports(folder, "gateway.json")["listeners"][0]["address"]);
    let to = ear.before(terminals, 0).to_string();
    let terms: Vec<Child> = (0..4).map(|number| term(folder, &to, number)).collect();
    for mut term in terms {
        // What it says of its slips is no matter here.
        let _status = term.wait().unwrap();
    }
    eventually("the reversals", || {
        let open = isogate(folder, &["open", "--json", "--journal", "journal"]);
        let open = json_lines(&{ open }.output().unwrap());
        let under_way = |one: &Value| !matches!(one["class"].as_str(), Some("U9" | "U4"));
        (!open.iter().any(under_way)).then_some(())
    });
    assert_eq!(gateway.end("-TERM").0, 0);
    ear.write(&folder.join("legs.pcap"), |_| false);
    ear.write(&folder.join("holes.pcap"), |packet| {
        packet > 20 && packet % 9 == 0
    });
}

/// Folds a capture, and gives what was said of it.
#[track_caller]
fn fold(folder: &Path, capture: &str, journal: &str) -> String {
    let arguments = [
        "capture",
        capture,
        "--journal",
        journal,
        "--timeout",
        TIMEOUT,
        "--spec",
        "iso8583-1987-ascii",
    ];
    let output = isogate(folder, &arguments).output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    told
}

/// State, class and safety of a new payment, of every transaction by terminal and trace number.
fn told(folder: &Path, journal: &str) -> BTreeMap<String, [String; 3]> {
    let trace = isogate(folder, &["trace", "--json", "--journal", journal]).output();
    let all = json_lines(&trace.unwrap());
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let named = all.iter().map(|one| {
        let name = format!("{}/{}", text(&one["terminal"]), text(&one["stan"]));
        let told = ["state", "class", "safe_to_retry"].map(|key| text(&one[key]));
        (name, told)
    });
    named.collect()
}

#[test]
fn a_capture_of_both_legs_tells_what_the_gateways_own_journal_tells() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    trade(folder);
    let said = fold(folder, "legs.pcap", "captured");
    assert!(said.contains("terminals to gateway 127.0.0.1:"), "{said}");
    assert!(said.contains("gateway to host 127.0.0.1:"), "{said}");
    let (own, captured) = (told(folder, "journal"), told(folder, "captured"));
    assert!(own.len() > 100, "{own:?}");
    assert_eq!(own, captured);
    for state in ["REVERSED", "CLOSED-UNPROVEN", "DELIVERED-DECLINED"] {
        assert!(own.values().any(|[own, ..]| own == state), "no {state}");
    }
    let verify = ["journal", "verify", "--model", "--journal", "captured"];
    let verified = isogate(folder, &verify).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");

    // Where packets are missing, nothing is safer than it was.
    let said = fold(folder, "holes.pcap", "holes");
    assert!(!said.contains(" 0 gaps"), "{said}");
    let holes = told(folder, "holes");
    let safe: Vec<_> = holes
        .iter()
        .filter(|(_, [.., safe])| safe == "yes")
        .collect();
    for (name, _) in &safe {
        assert_eq!(own[*name][2], "yes", "{name}");
    }
    let less = own.values().filter(|[.., safe]| safe == "yes").count();
    assert!(safe.len() < less, "{} of {less}", safe.len());
}

#[test]
fn a_journal_is_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("legs.pcap"), Pcap::new().bytes).unwrap();
    fs::create_dir(home.path().join("there")).unwrap();
    fs::write(home.path().join("there/file"), "mine").unwrap();
    let arguments = ["capture", "legs.pcap", "--journal", "there"];
    let output = isogate(home.path(), &arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("there is not empty"), "{said}");
}
