//! A set-up as the gateway's options.

use crate::engine::gateway::{
    Balance, Keys, Ladder, Limits, LinkOptions, ListenerOptions, Match, Options, ReversalBy,
    ReversalOptions, RouteOptions, SignOn,
};
use crate::engine::record::{LinkId, ListenerId};
use crate::engine::seam::Zone;
use crate::iso::message::{FieldId, FieldPath, Text};
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::iso::translate::Map;
use crate::lab::plan::{Bounds, ReversedBy, Setup, SignsOn};
use std::sync::Arc;
use std::time::Duration;

/// Both dialects of a set-up, and its terminals' keys.
pub(super) struct Dialects {
    pub terminals: Arc<Spec>,
    pub hosts: Arc<Spec>,
    pub keys: Vec<(String, String, Key)>,
}

/// The gateway's options; `reordered` has the links stand the other way round.
pub(super) fn options(setup: &Setup, dialects: &Dialects, reordered: bool) -> Options {
    let links = u16::from(setup.links);
    let place = |link: u16| LinkId(if reordered { links - 1 - link } else { link });
    let mut names: Vec<u16> = (0..links).collect();
    names.sort_by_key(|link| place(*link).0);
    Options {
        name: Text::new("planned").unwrap_or_default(),
        listeners: (0..setup.listeners)
            .map(|_| ListenerOptions::open(dialects.terminals.clone()))
            .collect(),
        links: names
            .into_iter()
            .map(|link| link_options(setup, dialects, link))
            .collect(),
        routes: routes(setup, place),
        keys: Keys {
            terminals: if setup.keys {
                dialects.keys.clone()
            } else {
                Vec::new()
            },
            default: None,
        },
        limits: limits(setup.bounds),
        ladder: Ladder::scaled(setup.scale),
        zone: Zone::CHINA,
    }
}

fn link_options(setup: &Setup, dialects: &Dialects, link: u16) -> LinkOptions {
    LinkOptions {
        name: Text::new(&format!("acquirer-{link}")).unwrap_or_default(),
        spec: dialects.hosts.clone(),
        sign_on: match setup.sign_on {
            SignsOn::Nothing => SignOn::Nothing,
            SignsOn::Connection => SignOn::Connection,
            SignsOn::Link => SignOn::Link,
        },
        echo_interval: Duration::from_millis(setup.echo),
    }
}

/// One route over all links in their order, or a route a listener to a link of its own.
fn routes(setup: &Setup, place: impl Fn(u16) -> LinkId) -> Vec<RouteOptions> {
    let links = u16::from(setup.links);
    if setup.in_order || links == 1 {
        let mut route = route(setup, (0..links).map(place).collect());
        route.balance = Balance::Order;
        return vec![route];
    }
    let of_listener = |listener: u8| {
        let link = u16::from(listener) % links;
        let mut route = route(setup, vec![place(link)]);
        route.takes = Match {
            listener: vec![ListenerId(u16::from(listener))],
            ..Match::default()
        };
        route
    };
    (0..setup.listeners).map(of_listener).collect()
}

fn route(setup: &Setup, to: Vec<LinkId>) -> RouteOptions {
    let field = |number: &u8| FieldPath {
        field: FieldId::of(*number),
        part: None,
    };
    RouteOptions {
        to,
        balance: Balance::default(),
        takes: Match::default(),
        rewrite_stan: setup.rewrite_stan,
        map: setup.host_spec.as_ref().map(|_| Map::default()),
        key: setup.match_fields.iter().map(field).collect(),
        timeout: Duration::from_secs(45) / setup.scale,
        reversal: ReversalOptions {
            by: match setup.by {
                ReversedBy::Terminal => ReversalBy::Terminal,
                ReversedBy::Gateway => ReversalBy::Gateway,
                ReversedBy::Both => ReversalBy::Both,
            },
            tries: setup.tries,
            expire: Duration::from_millis(setup.expire),
            unproven: setup.unproven,
        },
    }
}

/// The gateway's limits, where a plan sets some.
pub(super) fn limits(bounds: Bounds) -> Limits {
    let usual = Limits::default();
    Limits {
        in_flight: bounds.in_flight.unwrap_or(usual.in_flight),
        per_terminal: bounds.per_terminal.unwrap_or(usual.per_terminal),
        per_link: bounds.per_link.unwrap_or(usual.per_link),
        live: bounds.live.unwrap_or(usual.live),
        terminals: bounds.known_terminals.unwrap_or(usual.terminals),
        answers: bounds.answers.unwrap_or(usual.answers),
        carried: bounds.carried.unwrap_or(usual.carried),
        tombstones: bounds.tombstones.unwrap_or(usual.tombstones),
        reversal_window: bounds.window.unwrap_or(usual.reversal_window),
    }
}
