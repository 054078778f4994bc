//! Terminals of one number at two listeners from which different acquirers are reached: each
//! acquirer gave the number to a terminal of its own, and they are two. What the one did must
//! neither answer nor undo what the other asks for; under a number that the first used, the second
//! is refused.

use super::core::Gateway;
use super::message_facts::key_of;
use super::options::Options;
use crate::engine::record::{ConnId, LinkId, ListenerId, Opened, TxId};

impl Options {
    /// Whether a request that comes in at a listener may go out on a link.
    fn leads(&self, listener: ListenerId, link: LinkId) -> bool {
        self.routes.iter().any(|route| {
            let from = &route.takes.listener;
            route.to.contains(&link) && (from.is_empty() || from.contains(&listener))
        })
    }

    /// Whether other listeners lead to a link, and this one does not.
    fn is_of_others(&self, listener: ListenerId, link: LinkId) -> bool {
        let listeners = || (0..).map(ListenerId).take(self.listeners.len());
        !self.leads(listener, link) && listeners().any(|other| self.leads(other, link))
    }

    /// Whether some listener leads to some links only, and another to others.
    pub(super) fn is_split(&self) -> bool {
        let listeners = (0..).map(ListenerId).take(self.listeners.len());
        let mut pairs = listeners.flat_map(|listener| {
            let links = (0..).map(LinkId).take(self.links.len());
            links.map(move |link| (listener, link))
        });
        pairs.any(|(listener, link)| self.is_of_others(listener, link))
    }
}

impl Gateway {
    /// Whether a transaction on this link is none of a terminal that came in here.
    pub(super) fn is_elsewhere(&self, conn: ConnId, link: LinkId) -> bool {
        let of_others = |listener| self.options.is_of_others(listener, link);
        self.links.is_split() && self.listener_of(conn).is_some_and(of_others)
    }

    /// The transaction that has the name of a new request, and went to an acquirer that is not
    /// reached from here.
    pub(super) fn name_taken_elsewhere(&self, conn: ConnId, opened: &Opened) -> Option<TxId> {
        if !self.links.is_split() {
            return None;
        }
        let live = self.live.named(&opened.identity);
        let live = live.and_then(|slot| self.live.get(slot));
        if let Some(own) = live.filter(|own| self.is_elsewhere(conn, own.opened.link)) {
            return Some(own.id);
        }
        let terminal = self.terminals.get(&key_of(opened))?;
        let done = terminal.find(&opened.identity)?;
        let taken = done.went_out() && self.is_elsewhere(conn, done.opened.link);
        taken.then_some(done.id)
    }

    /// Whether a void, refund or completion names an original that is none of its terminal.
    pub(super) fn is_of_elsewhere(&self, conn: ConnId, original: TxId) -> bool {
        let way = self.way_of(original);
        way.is_some_and(|(_, link)| self.is_elsewhere(conn, link))
    }
}
