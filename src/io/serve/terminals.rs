//! Where terminals come in: accepting, and reading each.

use super::driver::{ServeDriver, SharedDriver};
use super::settings::Settings;
use crate::engine::record::{ConnId, ListenerId};
use crate::io::net::{self, BreakableWire, ConnectionPermit, End, Handshakes, Inbound};
use crate::io::net::{Stream, Wire};
use crate::iso::spec::{Framing, Spec};
use crate::lab::fault::WireLeg;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, info, warn};

/// How long accepting pauses when the process has no file descriptors left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);
/// Bytes read at once from a terminal: a few messages.
const READ: usize = 2 << 10;

/// One listener, and what its connections need.
#[derive(Clone, Debug)]
pub(super) struct Entrance {
    pub shared: SharedDriver,
    pub settings: Settings,
    pub handshakes: Handshakes,
    pub wire: BreakableWire,
    pub id: ListenerId,
    pub spec: Arc<Spec>,
    pub framing: Framing,
}

impl Entrance {
    /// Lets terminals in for as long as the gateway runs.
    pub(super) async fn accept(self, socket: TcpListener) {
        loop {
            match socket.accept().await {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => {
                    warn!(%error, "no terminal can be accepted for now");
                    tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
                }
            }
        }
    }

    /// Lets one in, if it may; under TLS once that is made, in a task of its own.
    fn admit(&self, tcp: TcpStream, peer: SocketAddr) {
        if self.wire.is_down(WireLeg::Terminal) {
            // One that is gone by itself needs no reset.
            let _gone = tcp.set_zero_linger();
            return;
        }
        let looked =
            |at: &crate::io::config::ListenerConfig| (at.allow.lets_in(peer.ip()), at.tls.clone());
        let Some((true, tls)) = self.settings.listener(self.id.0, looked) else {
            self.shared.0.borrow().turn_away();
            info!(%peer, "turned away: its address is not in the listener's allow");
            return;
        };
        let Some(permit) = self.settings.door.enter(peer.ip()) else {
            self.shared.0.borrow().turn_away();
            debug!(%peer, "turned away: [limits] connections or per_address is reached");
            return;
        };
        let Some(tls) = tls else {
            self.welcome(tcp.into(), peer, permit);
            return;
        };
        let entrance = self.clone();
        let within = self.settings.limits().handshake_time;
        let _made = tokio::task::spawn_local(async move {
            match entrance.handshakes.accept(tcp, tls, within).await {
                Ok(stream) => entrance.welcome(stream, peer, permit),
                Err(refusal) => {
                    entrance.shared.0.borrow().refused(refusal.reason);
                    info!(%peer, "turned away: {refusal}");
                }
            }
        });
    }

    fn welcome(&self, stream: Stream, peer: SocketAddr, permit: ConnectionPermit) {
        let limits = self.settings.limits();
        let wire = Wire {
            spec: Arc::clone(&self.spec),
            framing: Some(self.framing),
            frame: limits.frame,
            frame_time: limits.frame_time,
            read: READ,
        };
        let (inbound, outbound) =
            match net::split_breakable(stream, &wire, (&self.wire, WireLeg::Terminal)) {
                Ok(halves) => halves,
                Err(error) => {
                    debug!(%peer, %error, "gone before it was let in");
                    return;
                }
            };
        let mut driver = self.shared.0.borrow_mut();
        let conn = driver.terminal(self.id, permit, outbound.answering());
        debug!(%conn, %peer, "terminal connected");
        let reading = read(
            self.shared.clone(),
            conn,
            inbound,
            ServeDriver::take_from_terminal,
        );
        let reader = tokio::task::spawn_local(reading);
        driver.set_reader(conn, reader.abort_handle());
    }
}

/// Takes in a frame of one side; false if its connection takes no more.
pub(super) type TakeIn = fn(&mut ServeDriver, ConnId, net::Received) -> bool;

/// Reads a connection until it ends.
pub(super) async fn read(
    shared: SharedDriver,
    conn: ConnId,
    mut inbound: Inbound,
    take_in: TakeIn,
) {
    let end = loop {
        if let Err(end) = inbound.fill().await {
            break end;
        }
        match take_in_all(&shared, conn, &mut inbound, take_in) {
            Ok(true) => wait_for_room(&shared, conn).await,
            Ok(false) => return,
            Err(end) => break end,
        }
    };
    let mut driver = shared.0.borrow_mut();
    match end.fault() {
        Some(fault) => {
            driver.disconnect(fault);
            info!(%conn, fault = fault.name(), "disconnected: {end}");
        }
        None => debug!(%conn, %end, "connection ended"),
    }
    driver.lost(conn, end.reset());
}

fn take_in_all(
    shared: &SharedDriver,
    conn: ConnId,
    inbound: &mut Inbound,
    take_in: TakeIn,
) -> Result<bool, End> {
    let mut driver = shared.0.borrow_mut();
    driver.read_clock();
    while let Some(received) = inbound.receive()? {
        if !take_in(&mut driver, conn, received) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Does not read on while the peer does not read either, or the journal is far behind.
async fn wait_for_room(shared: &SharedDriver, conn: ConnId) {
    loop {
        let crowded = shared.0.borrow_mut().crowded(conn);
        match crowded {
            Some(room) => room.notified().await,
            None => return,
        }
    }
}
