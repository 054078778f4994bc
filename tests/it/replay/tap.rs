//! Between a terminal and its host: passes bytes on, and keeps them as a capture file would.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// Some bytes of one direction, as they passed.
struct Passed {
    at: u128,
    /// The server's port, and the client's.
    ports: (u16, u16),
    from_client: bool,
    bytes: Vec<u8>,
}

/// A tap.
pub(super) struct Tap {
    address: String,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Tap {
    /// Listens, and passes each connection on to `host`, captured as one to `port`.
    pub(super) fn start(host: &str, port: u16) -> Self {
        Self::beside(Arc::default(), host, port)
    }

    /// Another one, whose bytes go into the same capture.
    pub(super) fn and(&self, host: &str, port: u16) -> Self {
        Self::beside(Arc::clone(&self.passed), host, port)
    }

    fn beside(passed: Arc<Mutex<Vec<Passed>>>, host: &str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (host, kept) = (host.to_owned(), Arc::clone(&passed));
        std::thread::spawn(move || {
            for (own, client) in (40_000..).zip(listener.incoming()) {
                let client = client.unwrap();
                let server = TcpStream::connect(&host).unwrap();
                let ends = [(&client, &server, true), (&server, &client, false)];
                for (from, to, from_client) in ends {
                    let [from, to] = [from, to].map(|end| end.try_clone().unwrap());
                    let kept = Arc::clone(&kept);
                    std::thread::spawn(move || pass(from, to, (port, own), from_client, &kept));
                }
            }
        });
        Self { address, passed }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// What passed, as a pcap file of raw IP packets.
    pub(super) fn pcap(&self) -> Vec<u8> {
        let mut file = 0xA1B2_C3D4_u32.to_le_bytes().to_vec();
        for half in [2_u16, 4, 0, 0, 0, 0, 0xFFFF, 0, 101, 0] {
            file.extend(half.to_le_bytes());
        }
        // The next byte of each direction of each connection.
        let mut next = std::collections::BTreeMap::<((u16, u16), bool), u32>::new();
        for passed in self.passed.lock().unwrap().iter() {
            let is_new = !next.keys().any(|(ports, _)| *ports == passed.ports);
            if is_new {
                for (from_client, flags) in [(true, 0x02), (false, 0x12), (true, 0x10)] {
                    let seq = u32::from(flags == 0x10);
                    let ack = u32::from(flags != 0x02);
                    packet(&mut file, passed, from_client, flags, [seq, ack], &[]);
                }
            }
            let own = next
                .get(&(passed.ports, passed.from_client))
                .copied()
                .unwrap_or(1);
            let other = next
                .get(&(passed.ports, !passed.from_client))
                .copied()
                .unwrap_or(1);
            packet(
                &mut file,
                passed,
                passed.from_client,
                0x18,
                [own, other],
                &passed.bytes,
            );
            let after = own + u32::try_from(passed.bytes.len()).unwrap();
            next.insert((passed.ports, passed.from_client), after);
        }
        file
    }
}

fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    ports: (u16, u16),
    from_client: bool,
    kept: &Mutex<Vec<Passed>>,
) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = buffer[..count].to_vec();
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        // Kept before it goes on: what answers it is kept after it.
        kept.lock().unwrap().push(Passed {
            at: at.as_micros(),
            ports,
            from_client,
            bytes: bytes.clone(),
        });
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _gone = to.shutdown(Shutdown::Write);
}

/// A packet of IPv4 and TCP; nobody checks its sums.
fn packet(
    file: &mut Vec<u8>,
    passed: &Passed,
    from_client: bool,
    flags: u8,
    [seq, ack]: [u32; 2],
    bytes: &[u8],
) {
    let length = u16::try_from(40 + bytes.len()).unwrap();
    let micros = u32::try_from(passed.at % 1_000_000).unwrap();
    let seconds = u32::try_from(passed.at / 1_000_000).unwrap();
    for word in [seconds, micros, length.into(), length.into()] {
        file.extend(word.to_le_bytes());
    }
    let ports = [passed.ports.1, passed.ports.0];
    let (from, to) = if from_client { (0, 1) } else { (1, 0) };
    file.extend([0x45, 0]);
    file.extend(length.to_be_bytes());
    file.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    let addresses = [[10, 0, 0, 1], [10, 0, 0, 2]];
    file.extend(addresses[from]);
    file.extend(addresses[to]);
    file.extend(ports[from].to_be_bytes());
    file.extend(ports[to].to_be_bytes());
    file.extend(seq.to_be_bytes());
    file.extend(ack.to_be_bytes());
    file.extend([0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    file.extend(bytes);
}
