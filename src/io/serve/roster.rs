//! Which terminals have come in since the start, for people to look at. It decides nothing.

use crate::engine::record::{ConnId, ListenerId};
use crate::engine::seam::Wall;
use crate::iso::message::{MerchantId, TerminalId};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Terminals listed at once; beyond, the one that came first is left out.
const MOST: usize = 20_000;

/// A terminal's two names: DE 42 and DE 41.
type TerminalName = (MerchantId, TerminalId);

/// A terminal that has come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardTerminal {
    /// DE 42; empty if it names none.
    pub merchant: MerchantId,
    /// DE 41.
    pub terminal: TerminalId,
    /// Where it came in last.
    pub listener: ListenerId,
    /// When it was heard first.
    pub first: Wall,
    /// When it was heard last.
    pub last: Wall,
    /// Messages from it.
    pub messages: u64,
    /// Its connection, if it has one.
    pub conn: Option<ConnId>,
}

/// The terminals that have come in, bounded.
#[derive(Debug, Default)]
pub struct Roster(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_name: HashMap<TerminalName, HeardTerminal>,
    /// In the order they came first.
    order: VecDeque<TerminalName>,
    /// The connections that are up, of those that somebody spoke on.
    up: HashSet<ConnId>,
}

impl Roster {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // What is listed is sound after each step: a panic elsewhere leaves it so.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message; gives the terminal if it was not on the list.
    pub(super) fn note(
        &self,
        now: Wall,
        (conn, listener): (ConnId, ListenerId),
        name: TerminalName,
    ) -> Option<HeardTerminal> {
        let mut inner = self.inner();
        let Inner { by_name, up, .. } = &mut *inner;
        if let Some(heard) = by_name.get_mut(&name) {
            heard.last = now;
            heard.listener = listener;
            heard.messages += 1;
            if heard.conn != Some(conn) {
                heard.conn = Some(conn);
                up.insert(conn);
            }
            return None;
        }
        while inner.order.len() >= MOST {
            if let Some(first) = inner.order.pop_front() {
                inner.by_name.remove(&first);
            }
        }
        let heard = HeardTerminal {
            merchant: name.0,
            terminal: name.1,
            listener,
            first: now,
            last: now,
            messages: 1,
            conn: Some(conn),
        };
        inner.up.insert(conn);
        inner.order.push_back(name);
        inner.by_name.insert(name, heard.clone());
        Some(heard)
    }

    /// A connection is over.
    pub(super) fn left(&self, conn: ConnId) {
        self.inner().up.remove(&conn);
    }

    /// How many are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner().order.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in the order they came first.
    #[must_use]
    pub fn all(&self) -> Vec<HeardTerminal> {
        let inner = self.inner();
        let all = inner
            .order
            .iter()
            .filter_map(|name| inner.by_name.get(name));
        let now = |heard: &HeardTerminal| HeardTerminal {
            conn: heard.conn.filter(|conn| inner.up.contains(conn)),
            ..heard.clone()
        };
        all.map(now).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(terminal: usize) -> TerminalName {
        let number = TerminalId::new(&format!("{terminal:08}")).unwrap();
        (MerchantId::EMPTY, number)
    }

    #[test]
    fn a_terminal_is_new_once_and_the_list_is_bounded() {
        let roster = Roster::default();
        let conn = |n: usize| ConnId(n as u64);
        let note = |n, at| roster.note(Wall(at), (conn(n), ListenerId(0)), named(n));
        assert!(note(7, 1).is_some());
        assert!(note(7, 2).is_none());
        let known = roster.all();
        assert_eq!(
            (known[0].first, known[0].last, known[0].messages),
            (Wall(1), Wall(2), 2)
        );
        assert_eq!(known[0].conn, Some(conn(7)));
        roster.left(conn(7));
        assert_eq!(roster.all()[0].conn, None);
        for n in 100..100 + MOST {
            note(n, 3);
        }
        assert_eq!(roster.len(), MOST);
        assert!(
            note(7, 4).is_some(),
            "the first was left out, and is new again"
        );
    }
}
