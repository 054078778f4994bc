//! Which connections are a terminal's, and which a gateway opened to a host.
//!
//! A capture may show one leg, on which what a terminal sends is what its host gets, or both legs
//! around a gateway. Who listens on one leg and sends the same requests on over another is a
//! gateway: told by its address where that is its own, and by the requests everywhere, since on one
//! machine all addresses are alike.

use crate::engine::gateway::{asked_for, identity, original_stan};
use crate::engine::record::Identity;
use crate::engine::seam::{KeyDigest, KeyDigester, KeyedMap, Wall};
use crate::iso::codec::Message;
use crate::iso::message::Text;
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowId, FlowSide, SeenFrame, Sighting};
use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// What a connection is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegRole {
    /// The whole way: a terminal on one side, its host on the other.
    #[default]
    Whole,
    /// From a terminal to a gateway.
    Terminals,
    /// From a gateway to a host.
    Hosts,
}

impl LegRole {
    /// As in the summary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "terminals to host",
            Self::Terminals => "terminals to gateway",
            Self::Hosts => "gateway to host",
        }
    }
}

/// What the connections to each server are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legs {
    /// By the address where the server listens.
    pub servers: BTreeMap<SocketAddr, LegRole>,
    /// By its port, as the user says; these count before what was found.
    pub ports: BTreeMap<u16, LegRole>,
}

impl Legs {
    /// What a connection to this server is for.
    #[must_use]
    pub fn of(&self, server: Option<SocketAddr>) -> LegRole {
        let Some(server) = server else {
            return LegRole::Whole;
        };
        let told = self.ports.get(&server.port());
        let found = told.or_else(|| self.servers.get(&server));
        match found.copied().unwrap_or_default() {
            // Of a gateway whose other leg is not there, nobody can say what it sent on.
            LegRole::Terminals if !self.are_two() => LegRole::Whole,
            role => role,
        }
    }

    /// Whether a gateway listens there whose other leg is not among them.
    #[must_use]
    pub(super) fn is_half(&self, server: Option<SocketAddr>) -> bool {
        let told = server.and_then(|server| {
            let told = self.ports.get(&server.port());
            told.or_else(|| self.servers.get(&server))
        });
        told == Some(&LegRole::Terminals) && !self.are_two()
    }

    /// Whether both legs around a gateway are among them.
    #[must_use]
    pub fn are_two(&self) -> bool {
        let all = || self.servers.values().chain(self.ports.values());
        let has = |role| all().any(|own| *own == role);
        has(LegRole::Terminals) && has(LegRole::Hosts)
    }
}

/// How long after a request on one leg the same one on another leg counts as sent on.
const SENT_ON_WITHIN: Duration = Duration::from_secs(60);
/// Requests that are looked back at.
const LOOKED_BACK_AT: usize = 65_536;
/// Connections and servers that are looked at.
const FLOWS: usize = 65_536;
const SERVERS: usize = 1024;

/// A first look at a capture, which finds its legs.
#[derive(Debug)]
pub struct LegFinder {
    spec: Arc<Spec>,
    flows: BTreeMap<FlowId, SocketAddr>,
    servers: BTreeMap<SocketAddr, ServerLook>,
    /// By the names of requests.
    named: SentOn,
    /// By what a gateway leaves as it is that gives requests names of its own.
    alike: SentOn,
}

#[derive(Debug, Default)]
struct ServerLook {
    clients: Vec<IpAddr>,
    requests: u64,
}

/// Requests that were seen at one server, and then at another.
#[derive(Debug)]
struct SentOn {
    digests: KeyDigester,
    /// Where a request was seen first.
    first: KeyedMap<KeyDigest, (SocketAddr, Wall)>,
    order: VecDeque<(Wall, KeyDigest)>,
    count: BTreeMap<(SocketAddr, SocketAddr), u64>,
}

/// Addresses of clients that are kept of a server.
const CLIENTS: usize = 256;

impl SentOn {
    fn new(seed: u64) -> Self {
        Self {
            digests: KeyDigester::new(seed),
            first: KeyedMap::new(seed),
            order: VecDeque::new(),
            count: BTreeMap::new(),
        }
    }

    /// A request of this name was seen at a server.
    fn take(&mut self, name: &Text<128>, server: SocketAddr, at: Wall) {
        let name = self.digests.of(name);
        match self.first.get(&name).copied() {
            Some((first, then)) if first != server && at - then <= SENT_ON_WITHIN => {
                let count = self.count.entry((first, server)).or_default();
                *count = count.saturating_add(1);
            }
            Some((_, then)) if at - then <= SENT_ON_WITHIN => {}
            _ => self.note(name, server, at),
        }
    }

    fn note(&mut self, name: KeyDigest, server: SocketAddr, at: Wall) {
        self.first.remove(&name);
        let _fresh = self.first.insert_new(name, (server, at));
        self.order.push_back((at, name));
        while self.order.len() > LOOKED_BACK_AT
            && let Some((then, name)) = self.order.pop_front()
        {
            if self.first.get(&name).is_some_and(|(_, at)| *at == then) {
                self.first.remove(&name);
            }
        }
    }

    fn count(&self, first: SocketAddr, second: SocketAddr) -> u64 {
        self.count.get(&(first, second)).copied().unwrap_or(0)
    }
}

impl LegFinder {
    /// One that reads frames by this dialect.
    #[must_use]
    pub fn new(spec: Arc<Spec>) -> Self {
        Self {
            spec,
            flows: BTreeMap::new(),
            servers: BTreeMap::new(),
            named: SentOn::new(0x6C65_6773),
            alike: SentOn::new(0x7367_656C),
        }
    }

    /// Takes the next sighting.
    pub fn take(&mut self, sighting: &Sighting) {
        match sighting {
            Sighting::Opened {
                flow,
                client,
                server: Some(server),
                ..
            } if self.flows.len() < FLOWS => {
                self.flows.insert(*flow, *server);
                if self.servers.len() < SERVERS || self.servers.contains_key(server) {
                    let look = self.servers.entry(*server).or_default();
                    let client = client.map(|client| client.ip());
                    let client = client.filter(|client| !look.clients.contains(client));
                    let room = look.clients.len() < CLIENTS;
                    look.clients.extend(client.filter(|_| room));
                }
            }
            Sighting::Frame(frame) if frame.from == FlowSide::Client => self.frame(frame),
            Sighting::Ended { flow, .. } => {
                self.flows.remove(flow);
            }
            Sighting::Opened { .. }
            | Sighting::Frame(_)
            | Sighting::Gap { .. }
            | Sighting::Unheard { .. } => {}
        }
    }

    fn frame(&mut self, frame: &SeenFrame) {
        let Some(server) = self.flows.get(&frame.flow).copied() else {
            return;
        };
        let Ok(message) = Message::read(&self.spec, frame.bytes.clone()) else {
            return;
        };
        let Some(look) = self.servers.get_mut(&server) else {
            return;
        };
        if message.mti().is_answer() {
            return;
        }
        let at = Wall(frame.at.0);
        look.requests = look.requests.saturating_add(1);
        if let Some(name) = name(&message) {
            self.named.take(&name, server, at);
        }
        if let Some(likeness) = likeness(&message) {
            self.alike.take(&likeness, server, at);
        }
    }

    /// The legs, as far as they were found. Of three in a row, the one in the middle is told as a
    /// host's: nothing of the last is lost by it.
    #[must_use]
    pub fn finish(self) -> Legs {
        let all = self.servers.keys().map(|server| (*server, LegRole::Whole));
        let mut servers: BTreeMap<SocketAddr, LegRole> = all.collect();
        for sent_on in [&self.named, &self.alike] {
            if servers.values().any(|role| *role != LegRole::Whole) {
                break;
            }
            for (first, second) in sent_on.count.keys().copied() {
                if self.is_sent_on(sent_on, first, second) {
                    servers.insert(second, LegRole::Hosts);
                    let role = servers.entry(first).or_default();
                    if *role == LegRole::Whole {
                        *role = LegRole::Terminals;
                    }
                }
            }
        }
        if servers.values().all(|role| *role == LegRole::Whole) {
            self.found_by_address(&mut servers);
        }
        Legs {
            servers,
            ports: BTreeMap::new(),
        }
    }

    /// A gateway that maps all that names a request: a machine that listens for requests, and is
    /// the only one that opens connections to another server.
    fn found_by_address(&self, servers: &mut BTreeMap<SocketAddr, LegRole>) {
        let asked = |look: &ServerLook| look.requests > 0 && !look.clients.is_empty();
        let all = || self.servers.iter().filter(|(_, look)| asked(look));
        for (first, _) in all() {
            for (second, _) in all().filter(|(second, _)| self.opens_itself(*first, **second)) {
                servers.insert(*second, LegRole::Hosts);
                let role = servers.entry(*first).or_default();
                if *role == LegRole::Whole {
                    *role = LegRole::Terminals;
                }
            }
        }
    }

    /// Whether what comes to one server goes on to another: many of the same name, not by chance,
    /// and more than come back.
    fn is_sent_on(&self, sent_on: &SentOn, first: SocketAddr, second: SocketAddr) -> bool {
        let asked = self.servers.get(&first).map_or(0, |look| look.requests);
        let count = sent_on.count(first, second);
        let often = count.saturating_mul(8) >= asked;
        count > sent_on.count(second, first) && (often || self.opens_itself(first, second))
    }

    /// Whether the machine of one server is the only one that opens connections to another's.
    fn opens_itself(&self, first: SocketAddr, second: SocketAddr) -> bool {
        let look = self.servers.get(&second);
        look.is_some_and(|look| {
            first.ip() != second.ip() && look.clients.iter().all(|client| *client == first.ip())
        })
    }
}

/// What names a request on both legs: as its dialect names it, and which message of it this is.
fn name(message: &Message) -> Option<Text<128>> {
    let of: Identity = identity(message)?;
    let original = original_stan(message).unwrap_or_default();
    Text::new(&format!("{}|{of}|{original}", message.mti()))
}

/// What a request of money asks, by whom, and of which card.
fn likeness(message: &Message) -> Option<Text<128>> {
    let (terminal, card) = (message.terminal()?, message.pan()?.masked());
    let amount = message.amount()?.0;
    let class = message.mti().original();
    let asked = asked_for(message);
    Text::new(&format!("{class}|{terminal}|{card}|{amount}|{asked}"))
}
