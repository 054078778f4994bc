//! Both directions under TLS, with a peer of tokio-rustls.

use super::{framed, ids, next, on_one_thread, push, sign_on, wire};
use crate::engine::record::Seq;
use crate::io::config::ServerTls;
use crate::io::net::{
    End, HandshakeThread, Inbound, Received, SocketFlushed, SocketOutbound, split,
};
use bytes::BytesMut;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A connection under TLS, and its peer.
async fn connected(thread: &HandshakeThread) -> (Inbound, SocketOutbound, TlsStream<TcpStream>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["gateway.test".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots);
    let connector = TlsConnector::from(Arc::new(client.with_no_client_auth()));
    let own = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let server = ServerConfig::builder().with_no_client_auth();
    let tls = ServerTls {
        config: Arc::new(server.with_single_cert(vec![certificate], own).unwrap()),
        mutual: false,
    };

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let name = "gateway.test".try_into().unwrap();
    let peer = tokio::spawn(async move { connector.connect(name, tcp).await.unwrap() });
    let (tcp, _) = listener.accept().await.unwrap();
    let handshakes = thread.handshakes();
    let stream = handshakes.accept(tcp, tls, Duration::from_secs(10)).await;
    let (inbound, outbound) = split(stream.unwrap(), &wire()).unwrap();
    (inbound, outbound, peer.await.unwrap())
}

#[test]
fn a_message_arrives_and_a_farewell_ends_it() {
    let thread = HandshakeThread::new(4).unwrap();
    on_one_thread(async {
        let (mut inbound, _outbound, mut peer) = connected(&thread).await;
        for _ in 0..3 {
            peer.write_all(&sign_on().repeat(2)).await.unwrap();
            for _ in 0..2 {
                assert!(matches!(next(&mut inbound).await, Ok(Received::Message(_))));
            }
        }
        peer.shutdown().await.unwrap();
        assert!(matches!(next(&mut inbound).await, Err(End::Closed)));
    });
}

#[test]
fn a_record_that_trickles_in_ends_the_connection_and_an_idle_one_does_not() {
    let thread = HandshakeThread::new(4).unwrap();
    on_one_thread(async {
        let (mut inbound, _outbound, peer) = connected(&thread).await;
        let idle = tokio::time::timeout(Duration::from_millis(120), next(&mut inbound)).await;
        assert!(idle.is_err(), "nothing came, and nothing ended");
        let (mut tcp, _session) = peer.into_inner();
        tcp.write_all(&[23, 3, 3]).await.unwrap();
        assert!(matches!(next(&mut inbound).await, Err(End::Slow(_))));
    });
}

#[test]
fn bytes_that_are_no_record_break_the_connection() {
    let thread = HandshakeThread::new(4).unwrap();
    on_one_thread(async {
        let (mut inbound, _outbound, peer) = connected(&thread).await;
        let (mut tcp, _session) = peer.into_inner();
        tcp.write_all(&sign_on()).await.unwrap();
        assert!(matches!(next(&mut inbound).await, Err(End::Broken(_))));
    });
}

#[test]
fn a_peer_that_does_not_read_gets_every_byte_in_order_once_it_does() {
    let thread = HandshakeThread::new(4).unwrap();
    on_one_thread(async {
        const SENDS: u64 = 20_000;
        let (_inbound, mut outbound, mut peer) = connected(&thread).await;
        (1..=SENDS).for_each(|id| push(&mut outbound, id, 0));
        let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
        let flushed = outbound.flush(Seq(0), &mut scratch, &mut written);
        assert!(matches!(flushed, SocketFlushed::Full), "{flushed:?}");
        assert!(!outbound.is_empty() && u64::try_from(written.len()).unwrap() < SENDS);

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
        for (frame, id) in all.chunks(502).zip(1_u64..) {
            let byte = u8::try_from(id % 251).unwrap();
            assert_eq!(frame, framed(&[byte; 500]));
        }
    });
}
