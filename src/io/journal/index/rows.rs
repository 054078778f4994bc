//! What the index knows of a transaction, folded from its records.

use super::super::cursor::RecordPosition;
use crate::engine::record::{Carried, Fact, Opened, Record, Seq, State, Step, TxId};
use crate::engine::seam::Wall;
use crate::engine::trace::casts_doubt;
use crate::iso::message::{AuthCode, Class, Rrn};
use std::collections::BTreeMap;

/// How many records apart the places are that the index remembers.
const STRIDE: u64 = 256;

/// The rows of a piece of the journal, and the places of some of its records.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) by_tx: BTreeMap<TxId, IndexRow>,
    pub(super) places: Vec<(Seq, RecordPosition)>,
    pub(super) damage: Vec<RecordPosition>,
}

/// One transaction, as far as a piece of the journal tells.
#[derive(Debug)]
pub(super) struct IndexRow {
    pub(super) names: Option<Opened>,
    pub(super) began: Option<Wall>,
    pub(super) rrn: Option<Rrn>,
    pub(super) auth: Option<AuthCode>,
    pub(super) state: State,
    /// Whether a step of it casts doubt on what the state says.
    pub(super) doubtful: bool,
    pub(super) last: Seq,
}

impl Rows {
    /// Takes the next record. What checkpoints carry stands in earlier segments, too, and is taken
    /// only if those are not there any more.
    pub(super) fn take(&mut self, at: RecordPosition, record: &Record, carried: bool) {
        if record.seq.0.is_multiple_of(STRIDE) || self.places.is_empty() {
            self.places.push((record.seq, at));
        }
        match &record.fact {
            Fact::Step(step) => {
                if let Some(tx) = record.tx {
                    self.step(tx, record, step);
                }
            }
            Fact::Carried(item) if carried => self.carried(item),
            _ => {}
        }
    }

    fn step(&mut self, tx: TxId, record: &Record, step: &Step) {
        let row = self.row(tx, step.state, record.seq);
        row.doubtful |= casts_doubt(step);
        if let Some(opened) = &step.opened {
            row.names = Some((**opened).clone());
            row.began = Some(record.at);
        }
        if let Some(message) = &step.message {
            // The number on the slip, not that of its reversal.
            if message.mti.class() != Class::Reversal {
                row.rrn = message.rrn.or(row.rrn);
            }
            row.auth = message.auth.or(row.auth);
        }
    }

    fn carried(&mut self, item: &Carried) {
        match item {
            Carried::Transaction(live) => {
                let row = self.row(live.tx, live.state, live.last);
                row.names = Some(live.opened.clone());
                row.began = Some(live.began);
                row.auth = live.auth;
            }
            Carried::Answer(done) => {
                let row = self.row(done.tx, done.state, done.last);
                row.names = Some(done.opened.clone());
                row.began = Some(begun(done.tx));
            }
            Carried::Keys(_)
            | Carried::Tombstone { .. }
            | Carried::Stan(_)
            | Carried::Links(_)
            | Carried::Clock(_) => {}
        }
    }

    fn row(&mut self, tx: TxId, state: State, last: Seq) -> &mut IndexRow {
        let row = self.by_tx.entry(tx).or_insert(IndexRow {
            names: None,
            began: None,
            rrn: None,
            auth: None,
            state,
            doubtful: false,
            last,
        });
        row.state = state;
        row.last = last;
        row
    }
}

/// When a transaction began, told from its id, which begins with milliseconds.
fn begun(tx: TxId) -> Wall {
    Wall(i64::try_from((tx.0 >> 80) * 1000).unwrap_or(0))
}
