//! Which connections of links there are, for people to look at. It decides nothing.

use crate::engine::record::{ConnId, Fact, LineFact, LinkId, Record};
use crate::engine::seam::Wall;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A connection of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConnection {
    /// Its link.
    pub link: LinkId,
    /// Its number.
    pub conn: ConnId,
    /// Whether it is signed on, and carries requests.
    pub ready: bool,
    /// Since when it is as it is.
    pub since: Wall,
}

/// The connections of all links: as many as are configured.
#[derive(Debug, Default)]
pub struct LinkBoard {
    conns: Mutex<BTreeMap<ConnId, LinkConnection>>,
    drained: Mutex<BTreeSet<LinkId>>,
}

impl LinkBoard {
    fn inner(&self) -> MutexGuard<'_, BTreeMap<ConnId, LinkConnection>> {
        // What is listed is sound after each step: a panic elsewhere leaves it so.
        self.conns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One was made.
    pub(super) fn made(&self, link: LinkId, conn: ConnId, since: Wall) {
        let ready = false;
        let made = LinkConnection {
            link,
            conn,
            ready,
            since,
        };
        self.inner().insert(conn, made);
    }

    /// One was lost.
    pub(super) fn lost(&self, conn: ConnId) {
        self.inner().remove(&conn);
    }

    /// One may have come up, or gone down.
    pub(super) fn recorded(&self, record: &Record) {
        let Fact::Line(line) = record.fact else {
            return;
        };
        let (conn, ready) = match line {
            LineFact::Up { conn, .. } => (conn, true),
            LineFact::Down { conn, .. } => (conn, false),
        };
        if let Some(known) = self.inner().get_mut(&conn) {
            (known.ready, known.since) = (ready, record.at);
        }
    }

    /// Nothing new goes over a link, or requests again.
    pub(super) fn drained(&self, link: LinkId, drained: bool) {
        let mut all = self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        match drained {
            true => all.insert(link),
            false => all.remove(&link),
        };
    }

    /// Whether an operator lets nothing new go over a link.
    #[must_use]
    pub fn is_drained(&self, link: LinkId) -> bool {
        let all = self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        all.contains(&link)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<LinkConnection> {
        self.inner().values().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::Seq;

    #[test]
    fn a_connection_is_listed_from_its_making_to_its_loss() {
        let board = LinkBoard::default();
        let (link, conn) = (LinkId(1), ConnId(7));
        board.made(link, conn, Wall(5));
        let line = |line| Record {
            seq: Seq(1),
            at: Wall(9),
            tx: None,
            prev: None,
            fact: Fact::Line(line),
        };
        board.recorded(&line(LineFact::Up { link, conn }));
        let up = LinkConnection {
            link,
            conn,
            ready: true,
            since: Wall(9),
        };
        assert_eq!(board.all(), [up]);
        board.recorded(&line(LineFact::Down { link, conn }));
        assert!(!board.all()[0].ready);
        board.lost(conn);
        assert_eq!(board.all(), []);
    }
}
