//! A whole gateway between a terminal and an acquirer, over real sockets on loopback.

mod broken;
mod order;

use super::*;
use crate::io::config::Config;
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long anything may take here before a test gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway with one listener and one link, and the acquirer's end of that.
struct TestGateway {
    gateway: Handle,
    acquirer: TcpStream,
    socket: TcpListener,
    _folder: tempfile::TempDir,
}

impl TestGateway {
    fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "[journal]\npath = {:?}\n[admin]\naddress = \"\"\n\
             [[listener]]\naddress = \"127.0.0.1:0\"\n\
             [[link]]\naddress = \"{}\"\nconnections = 1\nsign_on = false\n{more}",
            folder.path().join("journal"),
            socket.local_addr().unwrap(),
        );
        let config = Config::parse("test.toml", &text, Path::new("")).unwrap();
        let gateway = Server::start(config, 7).unwrap();
        let (acquirer, _) = socket.accept().unwrap();
        acquirer.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            gateway,
            acquirer,
            socket,
            _folder: folder,
        }
    }

    fn terminal(&self) -> TcpStream {
        let terminal = TcpStream::connect(self.gateway.ports()[0].address).unwrap();
        terminal.set_read_timeout(Some(PATIENCE)).unwrap();
        terminal
    }
}

fn spec() -> Arc<Spec> {
    Spec::builtin("cup-pos").unwrap()
}

/// A sale of one fen.
fn sale(stan: u64) -> Message {
    let mut sale = Message::new(&spec(), "0200".parse().unwrap());
    for (path, value) in [
        ("2", "6226090000000048"),
        ("3", "000000"),
        ("4", "000000000001"),
        ("11", &format!("{stan:06}")),
        ("22", "012"),
        ("25", "00"),
        ("41", "10421695"),
        ("42", "874350357222471"),
        ("49", "156"),
        ("60", "22000001"),
    ] {
        sale.set(path.parse::<FieldPath>().unwrap(), value).unwrap();
    }
    sale
}

/// Its approval.
fn approval(request: &Message) -> Message {
    let mut answer = request.answer().unwrap();
    for (path, value) in [("37", "203217491827"), ("39", "00")] {
        answer
            .set(path.parse::<FieldPath>().unwrap(), value)
            .unwrap();
    }
    answer
}

fn framed(message: &Message) -> Vec<u8> {
    let frame = message.build().unwrap();
    let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
    [&length, &frame[..]].concat()
}

fn send(socket: &mut TcpStream, message: &Message) {
    socket.write_all(&framed(message)).unwrap();
}

fn receive(socket: &mut TcpStream) -> Message {
    let mut length = [0; 2];
    socket.read_exact(&mut length).unwrap();
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    socket.read_exact(&mut frame).unwrap();
    Message::parse(&spec(), frame.into()).unwrap()
}

/// Whether the peer closed the connection.
fn is_closed(socket: &mut TcpStream) -> bool {
    !matches!(socket.read(&mut [0]), Ok(1..))
}

#[test]
fn a_sale_goes_to_the_acquirer_and_its_answer_comes_back() {
    let mut test = TestGateway::start("");
    let mut terminal = test.terminal();
    for stan in 1..=20 {
        send(&mut terminal, &sale(stan));
        let request = receive(&mut test.acquirer);
        assert_eq!(request.build().unwrap(), sale(stan).build().unwrap());
        send(&mut test.acquirer, &approval(&request));
        let answer = receive(&mut terminal);
        assert_eq!(answer.stan().unwrap().0, stan);
        assert_eq!(&*answer.response_code().unwrap(), "00");
    }
    let metrics = test.gateway.exporter().render();
    assert!(
        metrics.contains("isogate_messages_total{hop=\"G>A\"} 20"),
        "{metrics}"
    );
}

#[test]
fn a_gateway_that_drains_finishes_what_is_in_flight_and_lets_nobody_in() {
    let mut test = TestGateway::start("");
    let mut terminal = test.terminal();
    send(&mut terminal, &sale(1));
    let request = receive(&mut test.acquirer);
    test.gateway.drain();
    let began = Instant::now();
    while !test.gateway.status().health().draining && began.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    send(&mut terminal, &sale(2));
    assert_ne!(&*receive(&mut terminal).response_code().unwrap(), "00");
    send(&mut test.acquirer, &approval(&request));
    assert_eq!(&*receive(&mut terminal).response_code().unwrap(), "00");
    assert!(is_closed(&mut terminal) && is_closed(&mut test.acquirer));
    test.gateway.join().unwrap();
}

#[test]
fn a_second_order_to_stop_stops_at_once() {
    let mut test = TestGateway::start("");
    let mut terminal = test.terminal();
    send(&mut terminal, &sale(1));
    receive(&mut test.acquirer);
    test.gateway.drain();
    test.gateway.stop();
    let began = Instant::now();
    test.gateway.join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_link_that_is_lost_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "[journal]\npath = {:?}\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
         [[link]]\naddress = \"{}\"\nconnections = 1\nsign_on = false\n\
         reconnect = {{ first = \"1ms\", max = \"5ms\" }}",
        folder.path().join("journal"),
        socket.local_addr().unwrap(),
    );
    let config = Config::parse("test.toml", &text, Path::new("")).unwrap();
    let gateway = Server::start(config, 7).unwrap();
    for _ in 0..5 {
        drop(socket.accept().unwrap());
    }
    gateway.stop();
    gateway.join().unwrap();
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let text = format!("[journal]\npath = {journal:?}\n[[listener]]\naddress = \"{address}\"");
    let config = Config::parse("test.toml", &text, Path::new("")).unwrap();
    let error = Server::start(config, 7).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen on {address} (listener-1): ")),
        "{error}"
    );
}
