//! The gateway's configuration in a world.

use super::chances::{Chances, SCALE};
use crate::engine::gateway::{
    Balance, Keys, Ladder, Limits, LinkOptions, ListenerOptions, Match, Options, ReversalBy,
    ReversalOptions, RouteOptions, SignOn,
};
use crate::engine::record::LinkId;
use crate::engine::seam::Zone;
use crate::iso::message::Text;
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::iso::translate::Map;
use std::sync::Arc;
use std::time::Duration;

/// The set-up of the gateway in a world.
pub(super) fn options(
    chances: &Chances,
    (spec, host): (&Arc<Spec>, &Arc<Spec>),
    keys: Vec<(String, String, Key)>,
) -> Options {
    let by = if chances.gateway_reverses {
        ReversalBy::Both
    } else {
        ReversalBy::Terminal
    };
    Options {
        name: Text::new("sim").unwrap_or_default(),
        listeners: vec![ListenerOptions::open(spec.clone())],
        links: vec![LinkOptions {
            name: Text::new("acquirer").unwrap_or_default(),
            spec: host.clone(),
            sign_on: SignOn::Nothing,
            echo_interval: Duration::from_secs(60) / SCALE,
        }],
        routes: vec![RouteOptions {
            to: vec![LinkId(0)],
            balance: Balance::default(),
            takes: Match::default(),
            rewrite_stan: chances.rewrite_stan,
            map: chances.host_spec.map(|_| Map::default()),
            key: Vec::new(),
            timeout: Duration::from_secs(45) / SCALE,
            reversal: ReversalOptions {
                by,
                tries: 6,
                expire: Duration::from_secs(24 * 3600) / SCALE,
                unproven: false,
            },
        }],
        keys: Keys {
            terminals: keys,
            default: None,
        },
        limits: Limits::default(),
        ladder: Ladder::scaled(SCALE),
        zone: Zone::CHINA,
    }
}
