//! What of the configuration may change while the gateway runs.

use super::descriptors::room_for_terminals;
use super::driver::SharedDriver;
use crate::io::config::{Config, LinkConfig, ListenerConfig, ShadowConfig, SocketLimits};
use crate::io::net::Door;
use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;
use tracing::info;

/// The settings of this moment, shared by the tasks of one thread. Whoever makes a connection looks
/// them up anew; one that is made keeps what it was made with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    config: Rc<RefCell<Config>>,
    pub door: Door,
}

impl Settings {
    pub(super) fn new(config: Config) -> Self {
        let door = Door::new(room_for_terminals(&config), config.limits.per_address);
        Self {
            config: Rc::new(RefCell::new(config)),
            door,
        }
    }

    pub(super) fn limits(&self) -> SocketLimits {
        self.config.borrow().limits
    }

    /// Looks at a listener, by its place.
    pub(super) fn listener<T>(&self, at: u16, look: impl Fn(&ListenerConfig) -> T) -> Option<T> {
        let config = self.config.borrow();
        config.listeners.get(usize::from(at)).map(look)
    }

    /// Looks at a link, by its place.
    pub(super) fn link<T>(&self, at: u16, look: impl Fn(&LinkConfig) -> T) -> Option<T> {
        let config = self.config.borrow();
        config.links.get(usize::from(at)).map(look)
    }

    /// Takes over what may change: certificates, allow-lists, limits, pauses. Says so, and what it
    /// would take a restart to change.
    pub(super) fn reload(&self, shared: &SharedDriver, new: Config) {
        let mut old = self.config.borrow_mut();
        let later = after_restart(&old, &new);
        for listener in &mut old.listeners {
            let same = |new: &&ListenerConfig| new.name == listener.name;
            if let Some(new) = new.listeners.iter().find(same) {
                listener.allow = new.allow.clone();
                listener.tls = new.tls.clone();
            }
        }
        let names = new.options.links.iter().map(|link| link.name);
        let new_links: Vec<_> = names.zip(&new.links).collect();
        let Config { options, links, .. } = &mut *old;
        for (name, link) in options.links.iter().map(|link| link.name).zip(links) {
            if let Some((_, new)) = new_links.iter().find(|(new, _)| *new == name) {
                link.tls = new.tls.clone();
                (link.first_pause, link.last_pause) = (new.first_pause, new.last_pause);
            }
        }
        old.limits = new.limits;
        let per_address = new.limits.per_address;
        self.door.limit(room_for_terminals(&new), per_address);
        shared.0.borrow_mut().limit(new.limits, new.options.limits);
        let now =
            "certificates, allow-lists, limits, pauses, for new connections; the level of the log";
        if later.is_empty() {
            info!("reloaded: {now}");
        } else {
            info!(
                "reloaded: {now}. Changed too, but only by a restart: {}",
                later.join(", ")
            );
        }
    }
}

/// Where a link leads, over how many connections; who is sent copies, and for how long it is heard.
type LinkPlace = (String, u16, Option<(String, Duration)>);

/// The parts of a configuration that differ, and stay as they were.
fn after_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let places = |config: &Config| -> Vec<(String, String)> {
        let listeners = config.listeners.iter();
        listeners
            .map(|at| (at.name.clone(), at.address.clone()))
            .collect()
    };
    let links = |config: &Config| -> Vec<LinkPlace> {
        let shadow = |at: &ShadowConfig| (at.address.clone(), at.wait);
        let place = |at: &LinkConfig| {
            let shadow = at.shadow.as_ref().map(shadow);
            (at.address.clone(), at.connections, shadow)
        };
        config.links.iter().map(place).collect()
    };
    let admin = |config: &Config| config.admin.as_ref().map(|admin| admin.address.clone());
    let keys = |config: &Config| {
        let keys = &config.options.keys;
        (keys.terminals.clone(), keys.default.clone())
    };
    let told = [
        (
            "gateway",
            (old.options.name, &old.options.zone, old.drain)
                != (new.options.name, &new.options.zone, new.drain),
        ),
        ("master keys", keys(old) != keys(new)),
        (
            "listeners",
            places(old) != places(new) || differ(&old.options.listeners, &new.options.listeners),
        ),
        (
            "links",
            links(old) != links(new) || differ(&old.options.links, &new.options.links),
        ),
        ("routes", differ(&old.options.routes, &new.options.routes)),
        ("ladder", differ(old.options.ladder, new.options.ladder)),
        ("journal", old.journal != new.journal),
        ("admin address", admin(old) != admin(new)),
    ];
    let told = told.into_iter().filter(|(_, differs)| *differs);
    told.map(|(name, _)| name).collect()
}

/// Whether two things show differently; for what has no better notion of being equal.
fn differ<T: Debug>(old: T, new: T) -> bool {
    format!("{old:?}") != format!("{new:?}")
}
