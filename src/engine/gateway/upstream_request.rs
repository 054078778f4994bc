//! A request as its host knows it, where that is not as its terminal sent it.

use super::names;
use crate::engine::record::{Identity, Opened, StoredFrame};
use crate::iso::codec::Message;
use crate::iso::message::{Stan, Text};
use crate::iso::spec::Spec;
use std::sync::Arc;

/// The request as it went out, where that is not as it came in.
#[derive(Clone, Debug)]
pub(super) struct UpstreamRequest {
    /// Its trace number there.
    pub(super) stan: Stan,
    /// In which currency, if it says so.
    pub(super) currency: Option<Text<8>>,
    /// What an answer to it is named by.
    pub(super) identity: Identity,
    /// Whether the number is the gateway's own.
    pub(super) rewritten: bool,
    pub(super) frame: StoredFrame,
}

impl UpstreamRequest {
    pub(super) fn of(message: &Message, frame: StoredFrame, rewritten: bool) -> Self {
        Self {
            stan: message.stan().unwrap_or_default(),
            identity: names::identity(message).unwrap_or(Identity::EMPTY),
            currency: message.currency().and_then(|text| Text::new(&text)),
            rewritten,
            frame,
        }
    }

    /// As a stored frame tells it.
    pub(super) fn read(spec: &Arc<Spec>, frame: StoredFrame, rewritten: bool) -> Option<Self> {
        let message = Message::parse(spec, frame.frame.clone()).ok()?;
        Some(Self::of(&message, frame, rewritten))
    }
}

/// The trace number under which a request went out.
pub(super) fn stan_there(own: &Opened, upstream: Option<&UpstreamRequest>) -> Stan {
    upstream.map_or(own.stan, |upstream| upstream.stan)
}
