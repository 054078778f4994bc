//! The connections to acquirers: made, read, and made again when lost.

use super::driver::{ServeDriver, SharedDriver};
use super::settings::Settings;
use super::terminals::read;
use crate::engine::record::LinkId;
use crate::engine::seam::Dice;
use crate::io::config::LinkConfig;
use crate::io::net::{self, Backoff, BreakableWire, FailedHandshake, Handshakes, Stream, Wire};
use crate::iso::spec::{Framing, Spec};
use crate::lab::fault::WireLeg;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tracing::{info, warn};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes read at once: many messages.
const READ: usize = 64 << 10;

/// One connection of a link.
#[derive(Debug)]
pub(super) struct Hold {
    pub shared: SharedDriver,
    pub settings: Settings,
    pub handshakes: Handshakes,
    pub wire: BreakableWire,
    pub id: LinkId,
    pub address: String,
    pub spec: Arc<Spec>,
    pub framing: Framing,
}

/// Why a connection was not made.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error(transparent)]
    Socket(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] FailedHandshake),
}

impl Hold {
    /// Holds it for as long as the gateway runs.
    pub(super) async fn run(self, dice: Dice) {
        let Self { id, address, .. } = &self;
        let mut backoff = Backoff::new(CONNECT, CONNECT, dice);
        loop {
            let pauses = |link: &LinkConfig| (link.first_pause, link.last_pause);
            let (first, last) = self
                .settings
                .link(id.0, pauses)
                .unwrap_or((CONNECT, CONNECT));
            backoff.set(first, last);
            match self.connect().await {
                Ok((inbound, outbound)) => {
                    let conn = self.shared.0.borrow_mut().link_up(*id, outbound);
                    info!(link = id.0, address, %conn, "link connected");
                    let up = tokio::time::Instant::now();
                    self.read(conn, inbound).await;
                    if up.elapsed() > last.min(Duration::from_secs(5)) {
                        backoff.reset();
                    }
                    warn!(link = id.0, address, %conn, "link lost");
                }
                Err(error) => {
                    if let Unmade::Tls(refusal) = &error {
                        self.shared.0.borrow().refused(refusal.reason);
                    }
                    warn!(link = id.0, address, %error, "link not connected");
                }
            }
            tokio::time::sleep(backoff.pause()).await;
        }
    }

    /// Reads until it ends by itself, or is stopped when the core closes the connection.
    async fn read(&self, conn: crate::engine::record::ConnId, inbound: net::Inbound) {
        let reading = read(
            self.shared.clone(),
            conn,
            inbound,
            ServeDriver::take_from_acquirer,
        );
        let reader = tokio::task::spawn_local(reading);
        let stop = reader.abort_handle();
        self.shared.0.borrow_mut().set_reader(conn, stop);
        let _ended = reader.await;
    }

    async fn connect(&self) -> Result<(net::Inbound, net::SocketOutbound), Unmade> {
        if self.wire.is_down(WireLeg::Host) {
            return Err(io::Error::from(io::ErrorKind::ConnectionRefused).into());
        }
        let connecting = TcpStream::connect(&self.address);
        let tcp = tokio::time::timeout(CONNECT, connecting)
            .await
            .map_err(io::Error::from)??;
        let limits = self.settings.limits();
        let tls = self.settings.link(self.id.0, |link| link.tls.clone());
        let stream: Stream = match tls.flatten() {
            Some(tls) => {
                self.handshakes
                    .connect(tcp, tls, limits.handshake_time)
                    .await?
            }
            None => tcp.into(),
        };
        let wire = Wire {
            spec: Arc::clone(&self.spec),
            framing: Some(self.framing),
            frame: limits.frame,
            frame_time: limits.frame_time,
            read: READ,
        };
        let leg = (&self.wire, WireLeg::Host);
        Ok(net::split_breakable(stream, &wire, leg)?)
    }
}
