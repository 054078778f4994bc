//! The requests that passed, so that an answer is known by what it answers.

use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::lab::fault::WireLeg;
use std::collections::{BTreeMap, VecDeque};

/// How many requests are remembered; the oldest goes first.
const MOST: usize = 4096;

/// Requests by what finds their answers: leg, type of the answer, and the dialect's match key.
#[derive(Debug, Default)]
pub(super) struct AskedBefore {
    by_key: BTreeMap<AskedKey, WireRequest>,
    order: VecDeque<AskedKey>,
}

/// A request that passed.
#[derive(Clone, Debug)]
pub(super) struct WireRequest {
    pub message: Message,
    /// How often it came before.
    pub tries: u32,
    /// Its answer never comes: the connection is reset instead.
    pub reset: bool,
}

type AskedKey = (WireLeg, u16, Vec<String>);

impl AskedBefore {
    /// How often this request passed before.
    pub(super) fn tries(&self, leg: WireLeg, request: &Message) -> u32 {
        let asked = key(leg, request).and_then(|key| self.by_key.get(&key));
        asked.map_or(0, |asked| asked.tries.saturating_add(1))
    }

    /// Remembers a request. A message that has no answer is passed over.
    pub(super) fn note(&mut self, leg: WireLeg, asked: WireRequest) {
        let Some(key) = key(leg, &asked.message) else {
            return;
        };
        if self.by_key.insert(key.clone(), asked).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }

    /// The request that an answer answers: by its key, else by what the answer does not leave out.
    pub(super) fn of(&self, leg: WireLeg, answer: &Message) -> Option<&WireRequest> {
        let names = names(answer);
        let said = answer.mti().bcd();
        if let Some(asked) = self.by_key.get(&(leg, said, names.clone())) {
            return Some(asked);
        }
        let fits = |(its_leg, mti, named): &&AskedKey| {
            let mut pairs = named.iter().zip(&names);
            *its_leg == leg && *mti == said && pairs.all(|(its, own)| own.is_empty() || its == own)
        };
        let found = self.order.iter().rev().find(fits)?;
        self.by_key.get(found)
    }
}

fn key(leg: WireLeg, request: &Message) -> Option<AskedKey> {
    Some((leg, request.mti().answer()?.bcd(), names(request)))
}

fn names(message: &Message) -> Vec<String> {
    let text = |path: &FieldPath| {
        let text = message.text(*path).unwrap_or_default();
        text.trim().to_owned()
    };
    message.spec().flow().match_key.iter().map(text).collect()
}
