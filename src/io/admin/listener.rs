//! Connections of administrators: few, and under TLS where it is spoken.

use crate::io::config::ServerTls;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{info, warn};

/// Connections at once; whoever comes then waits.
const MOST: usize = 32;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a connection may say and hear nothing. Whoever follows events hears from them twice as
/// often.
const IDLE: Duration = Duration::from_secs(30);
/// How long accepting pauses when the process has no file descriptors left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Where they come in. Handshakes are made beside accepting, so that a slow one holds up nobody.
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    tls: watch::Receiver<Option<ServerTls>>,
    places: Arc<Semaphore>,
    shaking: JoinSet<io::Result<(Socket, SocketAddr)>>,
}

/// A connection, and its place, which it loses when nothing passes for too long.
#[derive(Debug)]
pub(super) struct Socket {
    kind: AdminStreamKind,
    idle: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Socket {
    fn new(kind: AdminStreamKind, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            kind,
            idle: Box::pin(tokio::time::sleep(IDLE)),
            _place: place,
        }
    }

    /// Something passed.
    fn is_used(&mut self) {
        self.idle.as_mut().reset(Instant::now() + IDLE);
    }
}

#[derive(Debug)]
enum AdminStreamKind {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Whose request it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAddress(pub SocketAddr);

impl Connected<IncomingStream<'_, Listener>> for PeerAddress {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Listener {
    pub(super) fn new(socket: TcpListener, tls: watch::Receiver<Option<ServerTls>>) -> Self {
        Self {
            socket,
            tls,
            places: Arc::new(Semaphore::new(MOST)),
            shaking: JoinSet::new(),
        }
    }
}

/// The next connection, once there is a place for it.
async fn connection(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Never closed, so there is always a place some time.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match socket.accept().await {
            Ok((tcp, peer)) => return (tcp, peer, place),
            Err(error) => {
                warn!(%error, "no administrator can be accepted for now");
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (tcp, peer, place) = tokio::select! {
                connection = connection(&self.socket, &self.places) => connection,
                Some(shaken) = join(&mut self.shaking) => match shaken {
                    Ok(done) => return done,
                    Err(error) => {
                        info!(%error, "an administrator was turned away: no TLS with this peer");
                        continue;
                    }
                },
            };
            let Some(tls) = self.tls.borrow().clone() else {
                let kind = AdminStreamKind::Plain(tcp);
                return (Socket::new(kind, place), peer);
            };
            self.shaking.spawn(async move {
                let shaking = TlsAcceptor::from(tls.config).accept(tcp);
                let tls = tokio::time::timeout(HANDSHAKE, shaking).await??;
                let kind = AdminStreamKind::Tls(Box::new(tls));
                Ok((Socket::new(kind, place), peer))
            });
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// The next that is done, if any is under way; else this is no branch to wait for.
async fn join<T: 'static>(set: &mut JoinSet<io::Result<T>>) -> Option<io::Result<T>> {
    let joined = set.join_next().await?;
    Some(joined.unwrap_or_else(|error| Err(io::Error::other(error))))
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        let read = match &mut own.kind {
            AdminStreamKind::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            AdminStreamKind::Tls(tls) => Pin::new(tls).poll_read(context, buffer),
        };
        if read.is_ready() {
            own.is_used();
        } else if own.idle.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let own = self.get_mut();
        let written = match &mut own.kind {
            AdminStreamKind::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            AdminStreamKind::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        };
        if written.is_ready() {
            own.is_used();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().kind {
            AdminStreamKind::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            AdminStreamKind::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().kind {
            AdminStreamKind::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            AdminStreamKind::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}
