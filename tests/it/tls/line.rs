//! One end of a connection under TLS, blocking: the test's own, at either end of the gateway.

use super::pki::{Identity, certificates};
use crate::hostile::sale;
use crate::rig::PATIENCE;
use bytes::BytesMut;
use isogate::iso::codec::{Framer, Message};
use isogate::iso::spec::Spec;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection,
};

pub(super) fn spec() -> Arc<Spec> {
    Spec::builtin("iso8583-1987-ascii").unwrap()
}

fn roots(pem: &str) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates(pem));
    assert!(added > 0);
    Arc::new(roots)
}

/// A terminal that trusts `ca`, and shows a certificate or none.
pub(super) fn terminal(ca: &str, own: Option<&Identity>) -> Arc<ClientConfig> {
    let config = ClientConfig::builder().with_root_certificates(roots(ca));
    Arc::new(match own.map(Identity::der) {
        Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        None => config.with_no_client_auth(),
    })
}

/// An acquirer that shows a certificate, and wants one that `ca` vouches for.
pub(super) fn acquirer(own: &Identity, ca: &str) -> Arc<ServerConfig> {
    let clients = WebPkiClientVerifier::builder(roots(ca)).build().unwrap();
    let config = ServerConfig::builder().with_client_cert_verifier(clients);
    let (chain, key) = own.der();
    Arc::new(config.with_single_cert(chain, key).unwrap())
}

/// A connection, its handshake to be done by the first exchange.
pub(super) struct Line {
    tcp: TcpStream,
    pub(super) tls: Connection,
    framer: Framer,
    unread: BytesMut,
}

impl Line {
    fn new(tcp: TcpStream, tls: Connection) -> Self {
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            tcp,
            tls,
            framer: Framer::new(&spec(), 8 << 10),
            unread: BytesMut::new(),
        }
    }

    pub(super) fn to_gateway(port: u16, config: &Arc<ClientConfig>) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let name = "gateway.test".try_into().unwrap();
        let tls = ClientConnection::new(Arc::clone(config), name).unwrap();
        Self::new(tcp, tls.into())
    }

    pub(super) fn from_gateway(tcp: TcpStream, config: &Arc<ServerConfig>) -> Self {
        let tls = ServerConnection::new(Arc::clone(config)).unwrap();
        Self::new(tcp, tls.into())
    }

    /// Does the handshake, and no more.
    pub(super) fn shake(&mut self) -> io::Result<()> {
        while self.tls.wants_write() || self.tls.is_handshaking() {
            self.tls.complete_io(&mut self.tcp)?;
        }
        Ok(())
    }

    pub(super) fn send(&mut self, message: &Message) -> io::Result<()> {
        let mut framed = BytesMut::new();
        self.framer
            .wrap(&message.build().unwrap(), &mut framed)
            .unwrap();
        self.tls.writer().write_all(&framed)?;
        self.shake()
    }

    pub(super) fn receive(&mut self) -> io::Result<Message> {
        loop {
            if let Some(frame) = self.framer.next(&mut self.unread).unwrap() {
                return Ok(Message::parse(&spec(), frame).unwrap());
            }
            let mut bytes = [0; 4096];
            match self.tls.reader().read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.unread.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.tls.complete_io(&mut self.tcp)? == (0, 0) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The code of the answer to a sale.
    pub(super) fn sell(&mut self, stan: u32) -> io::Result<String> {
        self.send(&sale(70_000_001, stan))?;
        let code = self.receive()?.response_code().unwrap();
        Ok(code.to_string())
    }
}
