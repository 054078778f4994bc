//! Where terminals come in: accepting, and reading each.

use super::driver::{Driver, Shared};
use crate::engine::record::{ConnId, ListenerId};
use crate::io::net::{self, Door, End, Inbound, Wire};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

/// How long accepting pauses when the process has no file descriptors left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Lets terminals in for as long as the gateway runs.
pub(super) async fn accept(
    shared: Shared,
    socket: TcpListener,
    id: ListenerId,
    wire: Wire,
    door: Door,
) {
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => welcome(&shared, stream, peer, id, &wire, &door),
            Err(error) => {
                warn!(%error, "no terminal can be accepted for now");
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

fn welcome(
    shared: &Shared,
    stream: TcpStream,
    peer: SocketAddr,
    id: ListenerId,
    wire: &Wire,
    door: &Door,
) {
    let mut driver = shared.0.borrow_mut();
    let Some(guest) = door.enter(peer.ip()) else {
        driver.turn_away();
        debug!(%peer, "turned away: [limits] connections or per_address is reached");
        return;
    };
    let (inbound, outbound) = match net::split(stream, wire) {
        Ok(halves) => halves,
        Err(error) => {
            debug!(%peer, %error, "gone before it was let in");
            return;
        }
    };
    let conn = driver.terminal(id, guest, outbound.answering());
    debug!(%conn, %peer, "terminal connected");
    let reader = tokio::task::spawn_local(read(
        shared.clone(),
        conn,
        inbound,
        Driver::take_from_terminal,
    ));
    driver.set_reader(conn, reader.abort_handle());
}

/// Takes in a frame of one side; false if its connection takes no more.
pub(super) type TakeIn = fn(&mut Driver, ConnId, net::Received) -> bool;

/// Reads a connection until it ends.
pub(super) async fn read(shared: Shared, conn: ConnId, mut inbound: Inbound, take_in: TakeIn) {
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
    debug!(%conn, %end, "connection ended");
    shared.0.borrow_mut().lost(conn, end.reset());
}

fn take_in_all(
    shared: &Shared,
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
async fn wait_for_room(shared: &Shared, conn: ConnId) {
    loop {
        let crowded = shared.0.borrow().crowded(conn);
        match crowded {
            Some(room) => room.notified().await,
            None => return,
        }
    }
}
