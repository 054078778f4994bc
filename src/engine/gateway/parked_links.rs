//! Links by name: what the numbers of an earlier run stand for now, and the links that are
//! configured no more. Such a link stays as a name without connections: what belongs to it is
//! parked there and listed, never sent to another acquirer, and goes on when the link is back.

use super::core::{Cause, Gateway};
use super::lifecycle::Trigger;
use super::live::Slot;
use super::options::{LinkOptions, ReversalBy, ReversalOptions, RouteOptions, SignOn};
use super::route::{Balance, Match};
use crate::engine::record::{LinkId, LinkName, ListenerId, State, Why};
use crate::engine::seam::Now;
use crate::iso::message::Text;
use crate::iso::spec::Spec;
use std::sync::Arc;
use std::time::Duration;

/// A listener that no configuration can have: a route for it takes no request.
const NOWHERE: ListenerId = ListenerId(u16::MAX);

impl Gateway {
    /// What the numbers of links stand for in this run, those of parked ones included.
    pub(super) fn link_names(&self) -> Vec<LinkName> {
        let links = self.options.links.iter();
        let named = |link: &LinkOptions| LinkName {
            name: link.name,
            spec: Text::new(link.spec.name()).unwrap_or_default(),
        };
        links.map(named).collect()
    }

    /// The number of a link in this run, by its name; a new one if it is configured no more.
    pub(super) fn link_named(&mut self, link: &LinkName) -> LinkId {
        let mut links = self.options.links.iter();
        match links.position(|own| own.name == link.name) {
            Some(at) => LinkId(u16::try_from(at).unwrap_or(u16::MAX)),
            None => self.park_link(link),
        }
    }

    /// The link of a number that no name was recorded for: its place in the configuration, as it
    /// was meant then.
    pub(super) fn link_at(&mut self, at: LinkId) -> LinkId {
        if usize::from(at.0) < self.options.links.len() {
            return at;
        }
        let name = Text::new(&format!("link {} of before", at.0 + 1)).unwrap_or_default();
        let spec = Text::EMPTY;
        self.link_named(&LinkName { name, spec })
    }

    fn park_link(&mut self, link: &LinkName) -> LinkId {
        let id = LinkId(u16::try_from(self.options.links.len()).unwrap_or(u16::MAX));
        let Some(spec) = self.spec_of_parked(&link.spec) else {
            return id;
        };
        self.options.links.push(LinkOptions {
            name: link.name,
            spec,
            sign_on: SignOn::Nothing,
            echo_interval: Duration::ZERO,
        });
        self.links.add_parked();
        id
    }

    /// The dialect of a parked link; if that is gone too, any: nothing is sent in it.
    fn spec_of_parked(&self, name: &str) -> Option<Arc<Spec>> {
        let builtin = || Spec::builtin(name);
        let any = || Spec::builtin(Spec::builtin_names().first()?);
        self.spec_named(name).or_else(builtin).or_else(any)
    }

    /// A route for what no route of the configuration leads to. It is reversed as by the route that
    /// takes it now; if there is none, who reverses is not known, so the gateway does not begin to
    /// by itself.
    pub(super) fn parked_route(&mut self, takes_it: Option<usize>) -> usize {
        let usual = self.options.routes.first().map(|route| route.reversal);
        let takes_it = takes_it.map(|at| &self.options.routes[at]);
        let reversal = takes_it.map_or_else(
            || ReversalOptions {
                by: ReversalBy::Terminal,
                tries: usual.map_or(6, |usual| usual.tries),
                expire: usual.map_or(Duration::from_secs(24 * 3600), |usual| usual.expire),
                unproven: false,
            },
            |route| route.reversal,
        );
        let mut routes = self.options.routes.iter();
        let same =
            |route: &RouteOptions| route.takes.listener == [NOWHERE] && route.reversal == reversal;
        if let Some(at) = routes.position(same) {
            return at;
        }
        let timeout = takes_it.map_or(Duration::from_secs(45), |route| route.timeout);
        self.options.routes.push(RouteOptions {
            to: Vec::new(),
            balance: Balance::default(),
            takes: Match {
                listener: vec![NOWHERE],
                ..Match::default()
            },
            rewrite_stan: false,
            map: None,
            key: Vec::new(),
            timeout,
            reversal,
        });
        self.options.routes.len() - 1
    }

    /// A reversal whose link is configured no more is an exception at once: it is listed, and
    /// nobody else is sent it.
    pub(super) fn park(&mut self, now: Now, slot: Slot) {
        let own = self.live.get(slot);
        let pending = own.filter(|own| own.state == State::ReversalPending);
        if pending.is_some_and(|own| self.links.is_parked(own.opened.link)) {
            self.step(now, slot, Trigger::Exhausted, Cause::why(Why::NoLink));
        }
    }
}
