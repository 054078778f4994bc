//! Both ends of the wires: listeners bound, links held.

use super::driver::SharedDriver;
use super::links::Hold;
use super::server::{Port, Ports, ServeError};
use super::settings::Settings;
use super::terminals::Entrance;
use crate::engine::record::{LinkId, ListenerId};
use crate::engine::seam::Dice;
use crate::io::config::Config;
use crate::io::net::{BreakableWire, Handshakes};
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// Connections of terminals that the system may hold before they are accepted.
const BACKLOG: u32 = 4096;

/// What all connections share.
pub(super) struct ConnectionContext {
    pub shared: SharedDriver,
    pub settings: Settings,
    pub handshakes: Handshakes,
    pub wire: BreakableWire,
}

/// Binds all listeners, then begins to accept.
pub(super) async fn listen(
    config: &Config,
    context: &ConnectionContext,
) -> Result<(Ports, Vec<JoinHandle<()>>), ServeError> {
    let mut sockets = Vec::new();
    for listener in &config.listeners {
        let bound = bind(&listener.address).await;
        let listening = |error| ServeError::Listen {
            name: listener.name.clone(),
            address: listener.address.clone(),
            error,
        };
        sockets.push(bound.map_err(listening)?);
    }
    let (mut ports, mut tasks) = (Ports::new(), Vec::new());
    let set_up = config.listeners.iter().zip(&config.options.listeners);
    for (((listener, options), socket), id) in set_up.zip(sockets).zip(0..) {
        ports.push(Port {
            name: listener.name.clone(),
            address: socket.local_addr()?,
        });
        let entrance = Entrance {
            shared: context.shared.clone(),
            settings: context.settings.clone(),
            handshakes: context.handshakes.clone(),
            wire: context.wire.clone(),
            id: ListenerId(id),
            spec: Arc::clone(&options.spec),
            framing: listener.framing,
        };
        tasks.push(tokio::task::spawn_local(entrance.accept(socket)));
    }
    Ok((ports, tasks))
}

async fn bind(address: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in tokio::net::lookup_host(address).await? {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Begins to hold every connection of every link.
pub(super) fn connect(config: &Config, context: &ConnectionContext, dice: &mut Dice) {
    let set_up = config.links.iter().zip(&config.options.links);
    for ((link, options), id) in set_up.zip(0..) {
        for _ in 0..link.connections {
            let hold = Hold {
                shared: context.shared.clone(),
                settings: context.settings.clone(),
                handshakes: context.handshakes.clone(),
                wire: context.wire.clone(),
                id: LinkId(id),
                address: link.address.clone(),
                spec: Arc::clone(&options.spec),
                framing: link.framing,
            };
            let _held = tokio::task::spawn_local(hold.run(dice.split()));
        }
    }
}
