//! TLS handshakes: on a thread of their own, bounded in time and number.
//!
//! They are the dearest thing that a stranger can ask for. On their own thread a storm of them
//! delays no message; a peer that is slow to say hello costs no place among those at work.

use super::records::TlsRecords;
use super::refusal::FailedHandshake;
use super::tls::{Raw, Tls};
use super::{Stream, StreamKind, socket};
use crate::io::config::{ClientTls, ServerTls};
use crate::io::telemetry::HandshakeFault;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{ClientConnection, Connection};

/// The thread on which handshakes are made; ends when dropped.
#[derive(Debug)]
pub struct HandshakeThread {
    /// Taken out when dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    slots: Arc<Semaphore>,
}

/// The way to that thread.
#[derive(Clone, Debug)]
pub struct Handshakes {
    runtime: Handle,
    slots: Arc<Semaphore>,
}

impl HandshakeThread {
    /// Makes at most `at_once` handshakes at a time.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn new(at_once: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("tls")
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
            slots: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// The way to it.
    #[must_use]
    pub fn handshakes(&self) -> Handshakes {
        Handshakes {
            runtime: self.handle.clone(),
            slots: Arc::clone(&self.slots),
        }
    }
}

impl Drop for HandshakeThread {
    fn drop(&mut self) {
        // Nobody waits any more for what is under way.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection on its way through a handshake.
struct HandshakeSocket {
    tcp: TcpStream,
    records: TlsRecords,
}

impl Handshakes {
    /// With a peer that connected to us.
    ///
    /// # Errors
    /// Why there is no TLS with it.
    pub async fn accept(
        &self,
        tcp: TcpStream,
        tls: ServerTls,
        within: Duration,
    ) -> Result<Stream, FailedHandshake> {
        let slots = Arc::clone(&self.slots);
        self.make(tcp, within, |half| welcome(half, tls, slots))
            .await
    }

    /// With a peer that we connected to.
    ///
    /// # Errors
    /// Why there is no TLS with it.
    pub async fn connect(
        &self,
        tcp: TcpStream,
        tls: ClientTls,
        within: Duration,
    ) -> Result<Stream, FailedHandshake> {
        self.make(tcp, within, |half| greet(half, tls)).await
    }

    async fn make<F>(
        &self,
        tcp: TcpStream,
        within: Duration,
        shake: impl FnOnce(HandshakeSocket) -> F + Send + 'static,
    ) -> Result<Stream, FailedHandshake>
    where
        F: Future<Output = Result<(HandshakeSocket, Connection), FailedHandshake>> + Send,
    {
        // Its small flights are not to wait for one another.
        socket::tune(&tcp)?;
        // A socket belongs to the runtime that watches it: it moves there, and back.
        let tcp = tcp.into_std()?;
        let done = self.runtime.spawn(async move {
            let half = HandshakeSocket {
                tcp: TcpStream::from_std(tcp)?,
                records: TlsRecords::default(),
            };
            let late = || {
                FailedHandshake::new(HandshakeFault::Slow, format!("not done within {within:?}"))
            };
            let shaken = tokio::time::timeout(within, shake(half)).await;
            let (half, session) = shaken.map_err(|_elapsed| late())??;
            Ok::<_, FailedHandshake>((half.tcp.into_std()?, half.records, session))
        });
        let (tcp, records, session) = done.await.map_err(io::Error::other)??;
        let tcp = TcpStream::from_std(tcp)?;
        let tls = Tls::new(tcp, session, records);
        Ok(Stream(StreamKind::Tls(Rc::new(tls))))
    }
}

/// Hears the peer's hello, then waits for a place, then does the costly part.
async fn welcome(
    mut half: HandshakeSocket,
    tls: ServerTls,
    slots: Arc<Semaphore>,
) -> Result<(HandshakeSocket, Connection), FailedHandshake> {
    let mut acceptor = Acceptor::default();
    let accepted = loop {
        half.read(|raw| acceptor.read_tls(raw)).await?;
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => break accepted,
            Err((error, mut alert)) => {
                let HandshakeSocket { tcp, records } = &mut half;
                // Told if the socket takes it: the peer is gone, or is told by the closing.
                let _gone = alert.write_all(&mut Raw { tcp, records });
                return Err(error.into());
            }
        }
    };
    let _place = slots.acquire().await;
    let session = match accepted.into_connection(tls.config) {
        Ok(session) => session,
        Err((error, mut alert)) => {
            let HandshakeSocket { tcp, records } = &mut half;
            let _gone = alert.write_all(&mut Raw { tcp, records });
            return Err(error.into());
        }
    };
    shake(half, session.into()).await
}

async fn greet(
    half: HandshakeSocket,
    tls: ClientTls,
) -> Result<(HandshakeSocket, Connection), FailedHandshake> {
    let session = ClientConnection::new(tls.config, tls.name)?;
    shake(half, session.into()).await
}

/// Flight by flight, to the end.
async fn shake(
    mut half: HandshakeSocket,
    mut session: Connection,
) -> Result<(HandshakeSocket, Connection), FailedHandshake> {
    loop {
        while session.wants_write() {
            half.write(|raw| session.write_tls(raw)).await?;
        }
        if !session.is_handshaking() {
            return Ok((half, session));
        }
        half.read(|raw| session.read_tls(raw)).await?;
        if let Err(error) = session.process_new_packets() {
            // The alert tells the peer why.
            while session.wants_write() {
                half.write(|raw| session.write_tls(raw)).await?;
            }
            return Err(error.into());
        }
    }
}

impl HandshakeSocket {
    async fn read(
        &mut self,
        mut read: impl FnMut(&mut Raw<'_>) -> io::Result<usize>,
    ) -> io::Result<()> {
        loop {
            self.tcp.readable().await?;
            let Self { tcp, records } = self;
            match read(&mut Raw { tcp, records }) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn write(
        &mut self,
        mut write: impl FnMut(&mut Raw<'_>) -> io::Result<usize>,
    ) -> io::Result<()> {
        loop {
            self.tcp.writable().await?;
            let Self { tcp, records } = self;
            match write(&mut Raw { tcp, records }) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}
