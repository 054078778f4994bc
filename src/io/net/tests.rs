//! Both directions over real sockets on loopback.

mod secured;

use super::*;
use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::iso::codec::Message;
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn wire() -> Wire {
    Wire {
        spec: Spec::builtin("cup-pos").unwrap(),
        framing: None,
        frame: 1024,
        frame_time: Duration::from_millis(50),
        read: 256,
    }
}

/// A connection, and the socket of its peer.
async fn connected() -> (Inbound, SocketOutbound, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (inbound, outbound) = split(listener.accept().await.unwrap().0, &wire()).unwrap();
    (inbound, outbound, peer)
}

fn on_one_thread<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// A sign-on with its length prefix.
fn sign_on() -> Vec<u8> {
    let mut message = Message::new(&wire().spec, "0800".parse().unwrap());
    let stan: crate::iso::message::FieldPath = "11".parse().unwrap();
    message.set(stan, "000123").unwrap();
    framed(&message.build().unwrap())
}

fn framed(frame: &[u8]) -> Vec<u8> {
    let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
    [&length, frame].concat()
}

/// What comes next.
async fn next(inbound: &mut Inbound) -> Result<Received, End> {
    loop {
        match inbound.receive()? {
            Some(received) => return Ok(received),
            None => inbound.fill().await?,
        }
    }
}

#[test]
fn a_message_arrives_whole_however_it_was_cut() {
    on_one_thread(async {
        let (mut inbound, _outbound, mut peer) = connected().await;
        let bytes = sign_on();
        let writer = tokio::spawn(async move {
            for half in bytes.chunks(bytes.len() / 2 + 1) {
                peer.write_all(half).await.unwrap();
                tokio::task::yield_now().await;
            }
            peer
        });
        let Ok(Received::Message(message)) = next(&mut inbound).await else {
            panic!("no message");
        };
        assert_eq!(message.stan().unwrap().0, 123);
        drop(writer.await.unwrap());
        assert!(matches!(next(&mut inbound).await, Err(End::Closed)));
    });
}

#[test]
fn what_cannot_be_read_is_kept_as_length_and_hash_and_the_connection_lives() {
    on_one_thread(async {
        let (mut inbound, _outbound, mut peer) = connected().await;
        peer.write_all(&framed(b"4111111111111111")).await.unwrap();
        peer.write_all(&sign_on()).await.unwrap();
        let Ok(Received::Unreadable(frame)) = next(&mut inbound).await else {
            panic!("this cannot be read");
        };
        assert_eq!((frame.length, frame.hash[0]), (16, 0x9B));
        assert!(!frame.what.is_empty() && !frame.what.contains("4111"));
        assert!(matches!(next(&mut inbound).await, Ok(Received::Message(_))));
    });
}

#[test]
fn an_impossible_length_ends_the_connection() {
    on_one_thread(async {
        let (mut inbound, _outbound, mut peer) = connected().await;
        peer.write_all(&[0xFF, 0xFF, 0]).await.unwrap();
        assert!(matches!(next(&mut inbound).await, Err(End::Frame(_))));
    });
}

#[test]
fn a_frame_that_trickles_in_ends_the_connection_and_an_idle_one_does_not() {
    on_one_thread(async {
        let (mut inbound, _outbound, mut peer) = connected().await;
        let idle = tokio::time::timeout(Duration::from_millis(120), next(&mut inbound)).await;
        assert!(idle.is_err(), "nothing came, and nothing ended");
        peer.write_all(&[0]).await.unwrap();
        assert!(matches!(next(&mut inbound).await, Err(End::Slow(_))));
    });
}

/// Numbered sends of 500 bytes.
fn push(outbound: &mut SocketOutbound, id: u64, after: u64) {
    let frame = Bytes::from(vec![u8::try_from(id % 251).unwrap(); 500]);
    outbound.push(SendId(id), Seq(after), frame);
}

fn ids(range: std::ops::RangeInclusive<u64>) -> Vec<SendId> {
    range.map(SendId).collect()
}

#[test]
fn nothing_is_written_before_its_record_is_durable() {
    on_one_thread(async {
        let (_inbound, mut outbound, mut peer) = connected().await;
        outbound.writable().await.unwrap();
        let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
        push(&mut outbound, 1, 10);
        push(&mut outbound, 2, 11);
        push(&mut outbound, 3, 12);
        let flushed = outbound.flush(Seq(9), &mut scratch, &mut written);
        assert!(matches!(flushed, SocketFlushed::Clear) && written.is_empty());
        assert!(outbound.revoke(SendId(2)), "it is still here");
        outbound.flush(Seq(11), &mut scratch, &mut written);
        assert_eq!(written, [SendId(1)]);
        assert!(!outbound.revoke(SendId(1)), "it is gone");
        let mut got = vec![0; 502];
        peer.read_exact(&mut got).await.unwrap();
        assert_eq!(got, framed(&[1; 500]));
        assert_eq!(outbound.into_unwritten().collect::<Vec<_>>(), [SendId(3)]);
    });
}

#[test]
fn a_peer_that_does_not_read_gets_every_byte_in_order_once_it_does() {
    on_one_thread(async {
        const SENDS: u64 = 20_000;
        let (_inbound, mut outbound, mut peer) = connected().await;
        (1..=SENDS).for_each(|id| push(&mut outbound, id, 0));
        outbound.writable().await.unwrap();
        let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
        let flushed = outbound.flush(Seq(0), &mut scratch, &mut written);
        assert!(matches!(flushed, SocketFlushed::Full), "{flushed:?}");
        let begun = u64::try_from(written.len()).unwrap();
        assert!(0 < begun && begun < SENDS);
        assert!(outbound.waiting() > 0 && outbound.waiting() < 500 * 20_000);

        let reader = tokio::spawn(async move {
            let mut all = vec![0; 502 * 20_000];
            peer.read_exact(&mut all).await.unwrap();
            all
        });
        while !outbound.is_empty() {
            outbound.writable().await.unwrap();
            outbound.flush(Seq(0), &mut scratch, &mut written);
        }
        assert_eq!(written, ids(1..=SENDS));
        let all = reader.await.unwrap();
        for (frame, id) in all.chunks(502).zip(1..) {
            assert_eq!(frame[..2], [1, 244]);
            assert!(frame[2..].iter().all(|byte| u64::from(*byte) == id % 251));
        }
    });
}

#[test]
fn a_socket_whose_peer_is_gone_is_broken() {
    on_one_thread(async {
        let (mut inbound, mut outbound, peer) = connected().await;
        peer.set_zero_linger().unwrap();
        drop(peer);
        let end = next(&mut inbound).await.unwrap_err();
        assert!(end.reset(), "{end}");
        push(&mut outbound, 1, 0);
        let flushed = outbound.flush(Seq(0), &mut BytesMut::new(), &mut Vec::new());
        assert!(matches!(flushed, SocketFlushed::Broken(_)), "{flushed:?}");
        assert_eq!(outbound.into_unwritten().collect::<Vec<_>>(), [SendId(1)]);
    });
}

#[test]
fn a_socket_is_told_to_find_out_a_peer_that_vanished() {
    on_one_thread(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        let stream = stream.unwrap();
        socket::tune(&stream).unwrap();
        let socket = socket2::SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && stream.nodelay().unwrap());
        assert_eq!(
            socket.tcp_keepalive_time().unwrap(),
            Duration::from_secs(30)
        );
        assert_eq!(
            socket.tcp_keepalive_interval().unwrap(),
            Duration::from_secs(5)
        );
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        #[cfg(target_os = "linux")]
        assert_eq!(
            socket.tcp_user_timeout().unwrap(),
            Some(Duration::from_secs(10))
        );
    });
}

#[test]
fn a_connection_that_ends_with_a_reset_is_reset_at_its_peer() {
    on_one_thread(async {
        let (inbound, outbound, mut peer) = connected().await;
        outbound.end_with_reset();
        drop((inbound, outbound));
        let ended = peer.read(&mut [0; 16]).await;
        let kind = ended.map_err(|error| error.kind());
        assert_eq!(kind, Err(io::ErrorKind::ConnectionReset));
    });
}
