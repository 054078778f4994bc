//! The connections to acquirers: made, read, and made again when lost.

use super::driver::{Driver, Shared};
use super::terminals::read;
use crate::engine::record::LinkId;
use crate::engine::seam::Dice;
use crate::io::config::LinkConfig;
use crate::io::net::{self, Backoff, Wire};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tracing::{info, warn};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Holds one connection of a link for as long as the gateway runs.
pub(super) async fn hold(shared: Shared, id: LinkId, link: LinkConfig, wire: Wire, dice: Dice) {
    let mut backoff = Backoff::new(link.first_pause, link.last_pause, dice);
    loop {
        match connect(&link.address, &wire).await {
            Ok((inbound, outbound)) => {
                let conn = shared.0.borrow_mut().link_up(id, outbound);
                info!(link = id.0, address = link.address, %conn, "link connected");
                let reading = read(shared.clone(), conn, inbound, Driver::take_from_acquirer);
                let reader = tokio::task::spawn_local(reading);
                shared
                    .0
                    .borrow_mut()
                    .set_reader(conn, reader.abort_handle());
                let up = tokio::time::Instant::now();
                // It ends by itself, or is stopped when the core closes the connection.
                let _ended = reader.await;
                if up.elapsed() > link.last_pause.min(Duration::from_secs(5)) {
                    backoff.reset();
                }
                warn!(link = id.0, address = link.address, %conn, "link lost");
            }
            Err(error) => warn!(link = id.0, address = link.address, %error, "link not connected"),
        }
        tokio::time::sleep(backoff.pause()).await;
    }
}

async fn connect(address: &str, wire: &Wire) -> io::Result<(net::Inbound, net::Outbound)> {
    let connecting = TcpStream::connect(address);
    let stream = tokio::time::timeout(CONNECT, connecting).await??;
    net::split(stream, wire)
}
