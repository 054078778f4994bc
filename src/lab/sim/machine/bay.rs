//! What is around the driver and the journal's owner on a machine: the queue between them, and the
//! file of keys.

use super::super::plug::{Carried, Pace, Plug};
use crate::engine::driver::{JournalDoor, KeyRing, Progress, Rim, Side};
use crate::engine::gateway::{Counts, Recall, SendId};
use crate::engine::journal::JournalError;
use crate::engine::record::{ConnId, ListenerId, Record, Seq, VaultKeys};
use crate::engine::seam::{Dice, Mono, Now};
use crate::iso::message::{MerchantId, TerminalId};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use zeroize::Zeroizing;

/// What is around the driver.
#[derive(Debug)]
pub(super) struct Bay {
    pub(super) queue: Vec<Record>,
    pub(super) backlog: usize,
    pub(super) progress: Progress,
    pub(super) checkpoint_due: bool,
    pub(super) woken: bool,
    pub(super) watch: bool,
    pub(super) records: VecDeque<Record>,
    /// Sends that were ordered and not cut yet, in the order of each connection.
    pub(super) ordered: BTreeMap<ConnId, VecDeque<(SendId, Seq)>>,
    pub(super) pace: Rc<Pace>,
    /// What the core asked the journal, and was not told.
    pub(super) asked: VecDeque<Recall>,
}

impl JournalDoor for Bay {
    fn append(&mut self, records: &mut Vec<Record>) -> bool {
        self.queue.append(records);
        self.has_room()
    }

    fn has_room(&self) -> bool {
        self.queue.len() < self.backlog
    }

    fn take_checkpoint_due(&mut self) -> bool {
        std::mem::take(&mut self.checkpoint_due)
    }

    fn is_low(&self) -> bool {
        self.progress.is_low()
    }

    fn released(&self) -> Seq {
        self.progress.released
    }
}

impl Rim for Bay {
    type Sink = Plug;
    type Beside = ConnId;

    fn wake(&mut self) {
        self.woken = true;
    }

    fn has_caught_up(&mut self) {}

    fn has_drained(&mut self, _beside: &ConnId) {}

    fn heard(&mut self, _: Now, _: (ConnId, ListenerId), _: (MerchantId, TerminalId)) {}

    fn recorded(&mut self, _now: Mono, record: &Record) {
        if self.watch {
            self.records.push_back(record.clone());
        }
    }

    fn ordered(&mut self, conn: ConnId, send: SendId, after: Seq, _frame: &Bytes) {
        let own = self.ordered.entry(conn).or_default();
        own.push_back((send, after));
    }

    fn recalls(&mut self, recall: Recall) {
        self.asked.push_back(recall);
        self.woken = true;
    }

    fn revoked(&mut self, send: SendId) {
        for own in self.ordered.values_mut() {
            own.retain(|(id, _)| *id != send);
        }
    }

    fn closed(&mut self, _side: Side, beside: ConnId) {
        self.pace.carry(Carried::End(beside));
    }

    fn hands_over(&mut self, _last: Seq, _records: usize) {}

    fn turns(&mut self, _released: Seq) {}

    fn turned(&mut self, _counts: Counts, _released: Seq, _waiting: usize) {}
}

/// The file of keys.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) keys: VaultKeys,
    pub(super) dice: Dice,
}

impl KeyRing for Ring {
    fn random(&mut self) -> Option<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        self.dice.fill(&mut *key);
        Some(key)
    }

    fn keep(&mut self, keys: &VaultKeys) -> bool {
        self.keys = keys.clone();
        true
    }

    fn expired(&mut self, _segments: Result<usize, &JournalError>) {}
}
