//! The links of a run: their connections, and which of them carries the next request.

use super::options::{LinkOptions, Options, RouteOptions, SignOn};
use super::reversal_queue::ReversalQueue;
use super::route::Balance;
use crate::engine::record::{ConnId, LinkId};
use crate::engine::seam::Mono;
use crate::iso::message::{FieldPath, Stan};
use crate::iso::spec::Purpose;

/// All links, those included that are configured no more.
#[derive(Debug)]
pub(super) struct Links {
    links: Vec<LinkState>,
    /// How many of them are configured; the others are parked.
    configured: usize,
    /// Whether some listener leads to some of them only.
    split: bool,
    /// Whose turn it is among equals.
    turn: usize,
}

/// A link: its connections, its reversals, and how answers over it find their requests.
#[derive(Debug, Default)]
pub(super) struct LinkState {
    pub(super) conns: Vec<LinkConn>,
    turn: usize,
    /// An operator wants nothing new to go over it; what is to be undone still goes.
    drained: bool,
    /// One of the connections signed on for all.
    pub(super) signed_on: bool,
    pub(super) reversals: ReversalQueue,
    /// The fields by which an answer over it may find its request: a list for each dialect.
    key_rules: Vec<Vec<FieldPath>>,
    /// The links over which an answer to a request on this one may come, itself first.
    neighbours: Vec<LinkId>,
}

/// One connection of a link.
#[derive(Debug)]
pub(super) struct LinkConn {
    pub(super) id: ConnId,
    /// Up, and signed on where that is wanted.
    pub(super) ready: bool,
    /// The host signed off: nothing goes out before it signs on again.
    pub(super) held: bool,
    /// The session message that waits for its answer.
    pub(super) asked: Option<SessionRequest>,
    /// Echoes in a row without answer.
    pub(super) missed: u8,
    pub(super) next_echo: Option<Mono>,
    /// Requests on it that wait for an answer.
    in_flight: usize,
}

/// A session message of the gateway's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionRequest {
    pub(super) purpose: Purpose,
    pub(super) stan: Stan,
    pub(super) until: Mono,
}

impl LinkConn {
    pub(super) const fn new(id: ConnId) -> Self {
        Self {
            id,
            ready: false,
            held: false,
            asked: None,
            missed: 0,
            next_echo: None,
            in_flight: 0,
        }
    }

    const fn carries(&self) -> bool {
        self.ready && !self.held
    }

    /// When its session wants something done: an answer is overdue, or an echo is due.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.asked.map(|asked| asked.until).or(self.next_echo)
    }
}

impl LinkState {
    pub(super) fn ready_count(&self) -> usize {
        self.conns.iter().filter(|conn| conn.carries()).count()
    }

    /// Whether a connection is signing on.
    pub(super) fn is_signing_on(&self) -> bool {
        let asked = self.conns.iter().filter_map(|conn| conn.asked);
        asked
            .into_iter()
            .any(|asked| asked.purpose == Purpose::SignOn)
    }

    /// How busy each connection is that carries traffic.
    fn loads(&self) -> impl Iterator<Item = (ConnId, usize)> + Clone {
        let carrying = self.conns.iter().filter(|conn| conn.carries());
        carrying.map(|conn| (conn.id, conn.in_flight))
    }

    /// Whether it may carry one more request.
    fn has_room(&self, most: usize) -> bool {
        self.conns.iter().map(|conn| conn.in_flight).sum::<usize>() < most
    }
}

impl Links {
    /// The links of a configuration, none of them connected.
    pub(super) fn new(options: &Options) -> Self {
        let ids = (0..options.links.len()).filter_map(|at| u16::try_from(at).ok().map(LinkId));
        let state = |link| LinkState {
            key_rules: options.key_rules(link),
            neighbours: options.neighbours(link),
            ..LinkState::default()
        };
        Self {
            links: ids.map(state).collect(),
            configured: options.links.len(),
            split: options.is_split(),
            turn: 0,
        }
    }

    /// One more link, which nothing is sent over.
    pub(super) fn add_parked(&mut self) {
        let own = u16::try_from(self.links.len()).map(LinkId);
        self.links.push(LinkState {
            neighbours: own.into_iter().collect(),
            ..LinkState::default()
        });
    }

    /// Whether some listener leads to some links only.
    pub(super) const fn is_split(&self) -> bool {
        self.split
    }

    /// Whether a link is configured no more.
    pub(super) fn is_parked(&self, link: LinkId) -> bool {
        usize::from(link.0) >= self.configured
    }

    pub(super) fn get(&self, link: LinkId) -> Option<&LinkState> {
        self.links.get(usize::from(link.0))
    }

    pub(super) fn get_mut(&mut self, link: LinkId) -> Option<&mut LinkState> {
        self.links.get_mut(usize::from(link.0))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (LinkId, &LinkState)> {
        (0..).map(LinkId).zip(&self.links)
    }

    /// A connection of a link.
    pub(super) fn conn(&mut self, link: LinkId, conn: ConnId) -> Option<&mut LinkConn> {
        let mut conns = self.get_mut(link)?.conns.iter_mut();
        conns.find(|own| own.id == conn)
    }

    /// Nothing new goes over a link from now on, or requests again.
    pub(super) fn drain(&mut self, link: LinkId, drained: bool) {
        if let Some(own) = self.get_mut(link) {
            own.drained = drained;
        }
    }

    /// Whether requests may go over a link now: it is up, and not drained.
    pub(super) fn takes_requests(&self, link: LinkId) -> bool {
        self.carries(link) && self.get(link).is_some_and(|own| !own.drained)
    }

    /// The link of a connection.
    pub(super) fn link_of(&self, conn: ConnId) -> Option<LinkId> {
        let mut links = self.iter();
        let found = links.find(|(_, link)| link.conns.iter().any(|own| own.id == conn));
        found.map(|(link, _)| link)
    }

    /// The link behind this one, or the first.
    pub(super) fn behind(&self, link: LinkId) -> LinkId {
        let next = usize::from(link.0) + 1;
        LinkId(if next < self.links.len() {
            link.0 + 1
        } else {
            0
        })
    }

    /// The fields by which an answer over a link may find its request.
    pub(super) fn key_rules(&self, link: LinkId) -> &[Vec<FieldPath>] {
        self.get(link).map_or(&[], |link| &link.key_rules)
    }

    /// The links over which an answer to a request on `link` may come, itself first.
    pub(super) fn neighbours(&self, link: LinkId) -> &[LinkId] {
        self.get(link).map_or(&[], |link| &link.neighbours)
    }

    /// A connection for a new request of a route, whose links carry `most` requests each.
    pub(super) fn pick(&mut self, route: &RouteOptions, most: usize) -> Option<(LinkId, ConnId)> {
        self.turn = self.turn.wrapping_add(1);
        let with_room = |own: &LinkState| !own.drained && own.has_room(most);
        let with_room = |link: &LinkId| self.get(*link).is_some_and(with_room);
        let mut links = route.to.iter().copied().filter(with_room);
        match route.balance {
            Balance::Share => {
                let loads = links.flat_map(|link| {
                    let loads = self.get(link).into_iter().flat_map(LinkState::loads);
                    loads.map(move |(conn, busy)| ((link, conn), busy))
                });
                least_busy(loads, self.turn)
            }
            Balance::Order => {
                let ready = |link: &LinkId| self.carries(*link);
                let link = links.find(ready)?;
                Some((link, self.pick_of(link)?))
            }
        }
    }

    /// A connection of one link.
    pub(super) fn pick_of(&mut self, link: LinkId) -> Option<ConnId> {
        let state = self.get_mut(link)?;
        state.turn = state.turn.wrapping_add(1);
        least_busy(state.loads(), state.turn)
    }

    /// Whether a connection of this link is up, with room or without.
    pub(super) fn carries(&self, link: LinkId) -> bool {
        self.get(link)
            .is_some_and(|link| link.loads().next().is_some())
    }

    /// Whether a connection is up and signed on.
    pub(super) fn is_ready(&self, conn: ConnId) -> bool {
        let mut conns = self.links.iter().flat_map(|link| &link.conns);
        conns.any(|own| own.id == conn && own.carries())
    }

    /// A request went out on a connection, or waits on it no more.
    pub(super) fn load(&mut self, conn: ConnId, change: isize) {
        let mut conns = self.links.iter_mut().flat_map(|link| &mut link.conns);
        if let Some(own) = conns.find(|own| own.id == conn) {
            own.in_flight = own.in_flight.saturating_add_signed(change);
        }
    }
}

impl LinkOptions {
    /// What the link begins with, if its dialect can say it.
    pub(super) fn begins_with(&self) -> SignOn {
        match self.spec.flow().sign_on {
            Some(_) => self.sign_on,
            None => SignOn::Nothing,
        }
    }
}

/// The least busy of all; among equals each has its turn.
fn least_busy<T: Copy>(all: impl Iterator<Item = (T, usize)> + Clone, turn: usize) -> Option<T> {
    let count = all.clone().count();
    let first = turn.checked_rem(count)?;
    let turned = all.clone().skip(first).chain(all.take(first));
    turned.min_by_key(|(_, busy)| *busy).map(|(one, _)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_busy_is_next_and_equals_take_turns() {
        let three = [('a', 1), ('b', 0), ('c', 0)];
        let picked: String = (0..6)
            .filter_map(|turn| least_busy(three.iter().copied(), turn))
            .collect();
        assert_eq!(picked, "bbcbbc");
        assert_eq!(least_busy::<char>([].into_iter(), 1), None);
    }
}
