//! The connections of the links: which of them carry traffic, and which one carries the next
//! request.

use super::core::Gateway;
use super::live::Slot;
use super::options::SignOn;
use super::route::Balance;
use crate::engine::record::{ConnId, LinkId};
use crate::engine::seam::Mono;
use crate::iso::message::Stan;
use crate::iso::spec::Purpose;
use std::collections::VecDeque;
use std::time::Duration;

/// A link: its connections, and the reversals that wait for one.
#[derive(Debug, Default)]
pub(super) struct LinkState {
    pub(super) conns: Vec<LinkConn>,
    turn: usize,
    /// One of the connections signed on for all.
    pub(super) signed_on: bool,
    /// Reversals that wait for a connection or for room.
    pub(super) queue: VecDeque<Slot>,
    /// Reversals on the wire, and since when.
    pub(super) out: Vec<(Slot, Mono)>,
}

/// One connection of a link.
#[derive(Debug)]
pub(super) struct LinkConn {
    pub(super) conn: ConnId,
    /// Up, and signed on where that is wanted.
    pub(super) ready: bool,
    /// The host signed off: nothing goes out before it signs on again.
    pub(super) held: bool,
    pub(super) asked: Option<SessionRequest>,
    /// Echoes in a row without answer.
    pub(super) missed: u8,
    pub(super) next_echo: Option<Mono>,
    /// Requests on it that wait for an answer.
    in_flight: usize,
}

/// A session message that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionRequest {
    pub(super) purpose: Purpose,
    pub(super) stan: Stan,
    pub(super) until: Mono,
}

impl LinkConn {
    pub(super) const fn new(conn: ConnId) -> Self {
        Self {
            conn,
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
}

impl LinkState {
    pub(super) fn next_deadline(&self) -> Option<Mono> {
        let at = |link_conn: &LinkConn| {
            link_conn
                .asked
                .map(|asked| asked.until)
                .or(link_conn.next_echo)
        };
        self.conns.iter().filter_map(at).min()
    }

    /// Whether one more reversal may go out. One that is silent for longer than `patience` takes
    /// nobody's place: its answer is not late because its host is busy.
    pub(super) fn has_reversal_room(&self, now: Mono, window: usize, patience: Duration) -> bool {
        let young = self.out.iter().filter(|(_, since)| now - *since < patience);
        young.count() < window
    }

    pub(super) fn ready_count(&self) -> usize {
        self.conns
            .iter()
            .filter(|link_conn| link_conn.carries())
            .count()
    }

    pub(super) fn link_conn(&mut self, conn: ConnId) -> Option<&mut LinkConn> {
        self.conns
            .iter_mut()
            .find(|link_conn| link_conn.conn == conn)
    }

    /// Whether a connection is signing on.
    pub(super) fn is_signing_on(&self) -> bool {
        let asks = |link_conn: &LinkConn| {
            link_conn.asked.map(|asked| asked.purpose) == Some(Purpose::SignOn)
        };
        self.conns.iter().any(asks)
    }

    /// How busy each connection is that carries traffic.
    fn loads(&self) -> impl Iterator<Item = (ConnId, usize)> + Clone {
        let carrying = self.conns.iter().filter(|link_conn| link_conn.carries());
        carrying.map(|link_conn| (link_conn.conn, link_conn.in_flight))
    }
}

/// The least busy of all; among equals each has its turn.
fn least_busy<T: Copy>(all: impl Iterator<Item = (T, usize)> + Clone, turn: usize) -> Option<T> {
    let count = all.clone().count();
    let first = turn.checked_rem(count)?;
    let turned = all.clone().skip(first).chain(all.take(first));
    turned.min_by_key(|(_, busy)| *busy).map(|(one, _)| one)
}

impl Gateway {
    /// A connection for a new request of this route.
    pub(super) fn pick_link_conn(&mut self, route: usize) -> Option<(LinkId, ConnId)> {
        self.turn = self.turn.wrapping_add(1);
        let route = self.options.routes.get(route)?;
        match route.balance {
            Balance::Share => {
                let with_room = route.to.iter().filter(|link| self.has_room(**link));
                let loads = with_room.flat_map(|link| {
                    let own = self.links.get(usize::from(link.0));
                    let loads = own.into_iter().flat_map(LinkState::loads);
                    loads.map(|(conn, busy)| ((*link, conn), busy))
                });
                least_busy(loads, self.turn)
            }
            Balance::Order => {
                let to = route.to.clone();
                let pick = |link| {
                    let link_conn = self
                        .has_room(link)
                        .then(|| self.pick_link_conn_of(link))??;
                    Some((link, link_conn))
                };
                to.into_iter().find_map(pick)
            }
        }
    }

    /// Whether a link may carry one more request.
    fn has_room(&self, link: LinkId) -> bool {
        let state = self.links.get(usize::from(link.0));
        let carried = |link: &LinkState| {
            link.conns
                .iter()
                .map(|link_conn| link_conn.in_flight)
                .sum::<usize>()
        };
        state.is_some_and(|link| carried(link) < self.options.limits.per_link)
    }

    /// Whether a connection of this route is up, with room or without.
    pub(super) fn has_link_conn(&self, route: usize) -> bool {
        let route = self.options.routes.get(route);
        let mut links = route.into_iter().flat_map(|route| &route.to);
        links.any(|link| {
            let state = self.links.get(usize::from(link.0));
            state.is_some_and(|link| link.loads().next().is_some())
        })
    }

    /// A connection of one link.
    pub(super) fn pick_link_conn_of(&mut self, link: LinkId) -> Option<ConnId> {
        let state = self.links.get_mut(usize::from(link.0))?;
        state.turn = state.turn.wrapping_add(1);
        least_busy(state.loads(), state.turn)
    }

    pub(super) fn is_ready(&self, conn: ConnId) -> bool {
        self.links
            .iter()
            .flat_map(|link| &link.conns)
            .any(|link_conn| link_conn.conn == conn && link_conn.carries())
    }

    /// A request went out on a connection, or waits on it no more.
    pub(super) fn load(&mut self, conn: ConnId, change: isize) {
        let mut conns = self.links.iter_mut().flat_map(|link| &mut link.conns);
        if let Some(link_conn) = conns.find(|link_conn| link_conn.conn == conn) {
            link_conn.in_flight = link_conn.in_flight.saturating_add_signed(change);
        }
    }

    /// The links over which an answer to a request on `link` may come, itself first.
    pub(super) fn neighbours(&self, link: LinkId) -> &[LinkId] {
        let all = self.neighbours.get(usize::from(link.0));
        all.map_or(&[], Vec::as_slice)
    }

    /// What a link begins with, if its dialect can say it.
    pub(super) fn signs_on(&self, link: LinkId) -> SignOn {
        let options = &self.options.links[usize::from(link.0)];
        match options.spec.flow().sign_on {
            Some(_) => options.sign_on,
            None => SignOn::Nothing,
        }
    }
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
