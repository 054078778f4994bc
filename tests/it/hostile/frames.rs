//! Frames too long, too slow, or not read.

use super::{bank, dialect, honest, house, opens, sale, sell, sized, terminal, told};
use crate::rig::{House, PATIENCE, Wire, eventually};
use isogate::iso::codec::Framer;
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

#[test]
fn a_frame_over_the_cap_is_refused_by_its_length_before_a_byte_of_it_came() {
    let house = house(bank(honest), "");
    let mut honest = opens(&house);
    // What a frame of this length is announced by, in this dialect.
    let announce = |length: usize| {
        let mut framed = bytes::BytesMut::new();
        let framer = Framer::new(&dialect(), 64 << 10);
        framer.wrap(&vec![b'0'; length], &mut framed).unwrap();
        framed.truncate(framer.prefix_len());
        framed
    };
    let before = house.memory();
    let over: Vec<Wire> = (0..800)
        .map(|at| {
            let mut wire = terminal(&house);
            wire.send_bytes(&announce(if at == 0 { 8193 } else { 65_000 }));
            wire
        })
        .collect();
    for mut wire in over {
        assert!(wire.closes_within(PATIENCE));
    }
    let grown = house.memory().saturating_sub(before);
    assert!(
        // A connection costs some 15 KiB, and whoever looks for open money some MiB; what was
        // announced is 52 MiB in all.
        grown < 24 << 10,
        "nothing is reserved for what was announced: {grown} KiB"
    );
    eventually("the count", || {
        let count = house.figure("isogate_disconnected_total{fault=\"frame\"}");
        (count == 800).then_some(())
    });
    // One of just the cap is waited for.
    let mut just = terminal(&house);
    just.send_bytes(&announce(8192));
    assert!(!just.closes_within(Duration::from_millis(300)));
    assert_eq!(sell(&mut honest, 1, 1).as_deref(), Some("00"));
}

#[test]
fn five_hundred_that_send_a_byte_a_second_are_gone_in_time_and_the_honest_are_served() {
    let slow = sized(500, 5000);
    let house = house(bank(honest), "[limits]\nframe_time = \"2s\"");
    let mut honest = opens(&house);
    let mut sockets: Vec<TcpStream> = (0..slow)
        .map(|_| {
            let socket = TcpStream::connect(("127.0.0.1", house.listener())).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        })
        .collect();
    let began = Instant::now();
    let mut stan = 0;
    while !sockets.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{} are left", sockets.len());
        sockets.retain_mut(|socket| {
            // One that is closed says so by the next read.
            let _closed = socket.write_all(&[1]);
            let read = socket.read(&mut [0]);
            read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        });
        for _ in 0..20 {
            stan += 1;
            assert_eq!(sell(&mut honest, 1, stan).as_deref(), Some("00"));
        }
        // The pace of the slow: nothing is asserted on it.
        std::thread::sleep(Duration::from_millis(200));
    }
    told(
        "slow ones",
        &format!("{slow} gone in {:?}", began.elapsed()),
    );
    eventually("the count", || {
        let count = house.figure("isogate_disconnected_total{fault=\"slow\"}");
        (count == u64::from(slow)).then_some(())
    });
}

/// Sends the same sale again and again, each of which is answered, and reads no answer; until no
/// more is taken from it, and then until it is disconnected.
fn be_deaf(house: &House, times: u64) {
    let mut deaf = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Little room for what is not read, so that it is soon full.
    deaf.set_recv_buffer_size(4 << 10).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], house.listener()));
    deaf.connect(&address.into()).unwrap();
    let patience = Duration::from_millis(200);
    deaf.set_write_timeout(Some(patience)).unwrap();
    let mut framed = bytes::BytesMut::new();
    let frame = sale(2, 1).build().unwrap();
    let framer = Framer::new(&dialect(), 8 << 10);
    framer.wrap(&frame, &mut framed).unwrap();
    let repeats = framed.repeat(100);
    let mut at = 0;
    eventually("the end of the deaf", || {
        // As long as it is heard it goes on; a write that nobody takes is given up for now.
        while let Ok(count) = deaf.write(&repeats[at..]) {
            at = (at + count) % repeats.len();
        }
        let count = house.figure("isogate_disconnected_total{fault=\"stuck\"}");
        (count == times).then_some(())
    });
}

#[test]
fn one_that_never_reads_is_read_no_more_and_then_disconnected() {
    let house = house(bank(honest), "[limits]\nstuck = \"1s\"");
    let mut honest = opens(&house);
    // The first one warms up what any trade would.
    be_deaf(&house, 1);
    let before = house.memory();
    be_deaf(&house, 2);
    let grown = house.memory().saturating_sub(before);
    told(
        "memory grown by one that never reads",
        &format!("{grown} KiB"),
    );
    assert!(
        // The journal of what the deaf one asked is read meanwhile, for what is open in it: that
        // takes some tens of MiB, and no more, however long it lasts.
        grown < 96 << 10,
        "what waits for one peer is bounded: {grown} KiB"
    );
    assert_eq!(sell(&mut honest, 1, 1).as_deref(), Some("00"));
}
