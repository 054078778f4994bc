//! How a running gateway was set up, for other threads to look at.

use super::server::Ports;
use crate::engine::seam::Zone;
use crate::io::config::Config;
use crate::iso::message::Text;
use crate::iso::spec::Spec;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What people want to know of a configuration in effect.
#[derive(Clone, Debug)]
pub struct GatewaySetup {
    /// The gateway's name.
    pub name: Text<24>,
    /// The zone in which moments are shown.
    pub zone: Zone,
    /// The journal's folder.
    pub journal: PathBuf,
    /// Where terminals come in.
    pub listeners: Vec<ListenerSetup>,
    /// The links to acquirers, by number.
    pub links: Vec<LinkSetup>,
}

/// Where terminals come in.
#[derive(Clone, Debug)]
pub struct ListenerSetup {
    /// Its name.
    pub name: String,
    /// Its address, with the port that was chosen.
    pub address: Option<SocketAddr>,
    /// The dialect spoken there.
    pub spec: Arc<Spec>,
}

/// A link to an acquirer.
#[derive(Clone, Debug)]
pub struct LinkSetup {
    /// Its name.
    pub name: Text<24>,
    /// The acquirer's address.
    pub address: String,
    /// The dialect spoken there.
    pub spec: Arc<Spec>,
    /// How many connections are held.
    pub connections: u16,
}

impl GatewaySetup {
    /// Of a configuration, and where it listens.
    pub(super) fn of(config: &Config, ports: &Ports) -> Self {
        let options = &config.options;
        let listeners = config.listeners.iter().zip(&options.listeners);
        let links = config.links.iter().zip(&options.links);
        Self {
            name: options.name,
            zone: options.zone.clone(),
            journal: config.journal.path.clone(),
            listeners: listeners
                .enumerate()
                .map(|(at, (socket, options))| ListenerSetup {
                    name: socket.name.clone(),
                    address: ports.get(at).map(|port| port.address),
                    spec: Arc::clone(&options.spec),
                })
                .collect(),
            links: links
                .map(|(socket, options)| LinkSetup {
                    name: options.name,
                    address: socket.address.clone(),
                    spec: Arc::clone(&options.spec),
                    connections: socket.connections,
                })
                .collect(),
        }
    }
}
