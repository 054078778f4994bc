//! A run, folded from the records of a stretch of the journal.

use super::super::cursor::RecordPosition;
use super::counts::JournalCounts;
use super::key::{IndexKey, number_of};
use super::run::{
    IndexRun, RunHead, SECTIONS, STRIDE, Standing, id_words, place_word, standing_words,
};
use crate::engine::record::{Carried, Fact, Note, Opened, Record, Seq, State, Step, TxId};
use crate::engine::seam::{KeyedMap, Wall};
use crate::engine::trace::{Unconfirmed, Which, casts_doubt};
use crate::iso::message::{AuthCode, Class, Rrn, Stan};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;

/// A fold over the records of a stretch of the journal.
#[derive(Debug)]
pub(super) struct Rows {
    from: RecordPosition,
    /// Whether what checkpoints carry is taken, too: it stands in earlier segments, and is taken
    /// only if those are not there any more.
    carried: bool,
    first: Option<Seq>,
    rows: Vec<IndexRow>,
    by_tx: KeyedMap<TxId, usize>,
    entries: Vec<u64>,
    places: Vec<u64>,
    /// What was in an open state at the end of the stretch before.
    before: BTreeMap<TxId, Standing>,
    began: Option<(Wall, Wall)>,
    counts: JournalCounts,
}

/// One transaction, as far as a stretch of the journal tells.
#[derive(Debug)]
struct IndexRow {
    tx: TxId,
    first: RecordPosition,
    last: RecordPosition,
    /// DE 11 of its request, and the other one that was seen last.
    stan: Option<Stan>,
    other_stan: Option<Stan>,
    rrn: Option<Rrn>,
    auth: Option<AuthCode>,
    state: State,
    doubtful: bool,
}

impl Rows {
    /// None yet, behind a stretch at whose end these were in an open state.
    pub(super) fn new(
        from: RecordPosition,
        carried: bool,
        before: BTreeMap<TxId, Standing>,
    ) -> Self {
        Self {
            from,
            carried,
            first: None,
            rows: Vec::new(),
            by_tx: KeyedMap::new(0),
            entries: Vec::new(),
            places: Vec::new(),
            before,
            began: None,
            counts: JournalCounts::default(),
        }
    }

    /// Takes the next record.
    pub(super) fn take(&mut self, at: RecordPosition, record: &Record) {
        if record.seq.0.is_multiple_of(STRIDE) || self.first.is_none() {
            self.places.extend([record.seq.0, place_word(at)]);
        }
        self.first.get_or_insert(record.seq);
        self.counts.take(at.segment, record);
        match &record.fact {
            Fact::Step(step) => {
                if let Some(tx) = record.tx {
                    self.step(at, tx, record, step);
                }
            }
            Fact::Carried(item) if self.carried => self.carried(at, item),
            _ => {}
        }
    }

    fn step(&mut self, at: RecordPosition, tx: TxId, record: &Record, step: &Step) {
        let row = self.row(tx, step.state, at);
        if let Some(opened) = &step.opened {
            self.opened(row, opened, record.at);
        }
        let Some(own) = self.rows.get_mut(row) else {
            return;
        };
        own.doubtful |= casts_doubt(step);
        let opened = step.opened.as_ref();
        let undoes = opened.is_some_and(|opened| opened.purpose == Purpose::Reversal);
        if undoes || matches!(step.note, Note::OneOf(_)) {
            let named = step.note.named();
            let entries = named.map(|tx| entry(IndexKey::Refers(tx), row));
            self.entries.extend(entries);
        }
        let Some(message) = &step.message else { return };
        let other = message.stan.filter(|_| message.stan != own.stan);
        if other.is_some() && own.other_stan != other {
            own.other_stan = other;
            let entries = other.map(|stan| entry(IndexKey::OtherStan(stan.0), row));
            self.entries.extend(entries);
        }
        // The number on the slip, not that of its reversal.
        let rrn = message
            .rrn
            .filter(|_| message.mti.class() != Class::Reversal);
        if rrn.is_some() && own.rrn != rrn {
            own.rrn = rrn;
            let entries = rrn.map(|rrn| entry(IndexKey::Rrn(&rrn), row));
            self.entries.extend(entries);
        }
        if message.auth.is_some() && own.auth != message.auth {
            own.auth = message.auth;
            let entries = message.auth.map(|auth| entry(IndexKey::Auth(&auth), row));
            self.entries.extend(entries);
        }
    }

    fn carried(&mut self, at: RecordPosition, item: &Carried) {
        let (tx, opened, state, auth) = match item {
            Carried::Transaction(live) => (live.tx, &live.opened, live.state, live.auth),
            Carried::Answer(done) => (done.tx, &done.opened, done.state, None),
            Carried::Keys(_)
            | Carried::Tombstone { .. }
            | Carried::Stan(_)
            | Carried::Links(_)
            | Carried::Clock(_)
            | Carried::Numbers { .. }
            | Carried::AllTerminals => return,
        };
        let row = self.row(tx, state, at);
        self.opened(row, opened, tx.began());
        let entries = auth.map(|auth| entry(IndexKey::Auth(&auth), row));
        self.entries.extend(entries);
    }

    fn opened(&mut self, row: usize, opened: &Opened, at: Wall) {
        let (from, until) = self.began.unwrap_or((at, at));
        self.began = Some((from.min(at), until.max(at)));
        if let Some(row) = self.rows.get_mut(row) {
            row.stan = Some(opened.stan);
        }
        IndexKey::of_opened(opened, |key| self.entries.push(entry(key, row)));
    }

    fn row(&mut self, tx: TxId, state: State, at: RecordPosition) -> usize {
        let next = self.rows.len();
        let row = *self.by_tx.or_insert_with(tx, || next);
        if row == next {
            self.rows.push(IndexRow {
                tx,
                first: at,
                last: at,
                stan: None,
                other_stan: None,
                rrn: None,
                auth: None,
                state,
                doubtful: false,
            });
            self.entries.push(entry(IndexKey::Transaction(tx), row));
        }
        if let Some(row) = self.rows.get_mut(row) {
            row.state = state;
            row.last = at;
        }
        row
    }

    /// The run, which ends before `to`.
    pub(super) fn finish(mut self, to: RecordPosition, damage: &[RecordPosition]) -> IndexRun {
        let mut rows = Vec::with_capacity(self.rows.len() * 4);
        for (at, row) in self.rows.iter().enumerate() {
            self.entries.push(entry(IndexKey::State(row.state), at));
            rows.extend(id_words(row.tx));
            rows.extend([place_word(row.first), place_word(row.last)]);
            let open = Unconfirmed::at(row.state).is_some_and(Unconfirmed::is_open);
            if open {
                let (last, state) = (row.last, number_of(row.state));
                self.before.insert(row.tx, Standing { last, state });
            } else {
                self.before.remove(&row.tx);
            }
            if row.doubtful || !open && Which::Open.admits(row.state) {
                self.entries.push(entry(IndexKey::Doubt, at));
            }
        }
        self.entries.sort_unstable();
        self.counts.end(to);
        let list = self.before.iter();
        let list = list.flat_map(|(tx, standing)| standing_words(*tx, standing));
        let ids = || self.rows.iter().map(|row| row.tx);
        let head = RunHead {
            ids: ids().min().zip(ids().max()).unwrap_or(RunHead::NO_IDS),
            from: self.from,
            to,
            first: self.first.unwrap_or_default(),
            began: self.began.unwrap_or_default(),
            lengths: [0; SECTIONS.len()],
        };
        let sections = [
            rows,
            self.entries,
            self.places,
            damage.iter().copied().map(place_word).collect(),
            list.collect(),
            self.counts.words(),
            self.counts.segment_words(),
        ];
        IndexRun::new(head, sections)
    }
}

/// The entry of a key for a row. Runs are far shorter than the bits of a row's number allow.
fn entry(key: IndexKey<'_>, row: usize) -> u64 {
    key.entry() | row as u64
}
