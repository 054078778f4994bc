//! What can be counted of a journal without reading all of it: records, messages, bytes.

use super::super::cursor::RecordPosition;
use super::run::{IndexRun, RunSection};
use crate::engine::journal::{SegmentNo, SegmentReport};
use crate::engine::record::{Carried, Fact, Hop, Logged, Record, Seq, StoredFrame};
use crate::engine::seam::Wall;
use crate::iso::message::Mti;
use std::collections::BTreeMap;
use std::io;

/// What is counted over the records of a journal, or of a stretch of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalCounts {
    /// Records, by what they tell.
    pub records: BTreeMap<&'static str, u64>,
    /// Messages, by way and type.
    pub messages: BTreeMap<(Hop, Mti), u64>,
    /// Transactions that began.
    pub transactions: u64,
    /// Bytes of frames.
    pub frame_bytes: u64,
    /// When the first and the last record were written.
    pub times: Option<(Wall, Wall)>,
    /// The segments.
    pub segments: Vec<SegmentReport>,
}

/// The kinds of records, by their numbers in a run.
const KINDS: [&str; 12] = [
    "started",
    "stopped",
    "step",
    "line",
    "session",
    "unmatched",
    "unreadable",
    "keys",
    "tombstone",
    "checkpoint",
    "shadow",
    "operated",
];

/// What else a run counts, by number.
const TRANSACTIONS: u64 = 100;
const FRAME_BYTES: u64 = 101;
const FIRST: u64 = 102;
const LAST: u64 = 103;
/// Behind this come the way and the type of a message.
const MESSAGES: u64 = 1 << 32;

const WAYS: [Hop; 4] = [
    Hop::TerminalToGateway,
    Hop::GatewayToAcquirer,
    Hop::AcquirerToGateway,
    Hop::GatewayToTerminal,
];

const fn kind(fact: &Fact) -> &'static str {
    let [
        started,
        stopped,
        step,
        line,
        session,
        unmatched,
        unreadable,
        keys,
        tombstone,
        checkpoint,
        shadow,
        operated,
    ] = KINDS;
    match fact {
        Fact::Started { .. } => started,
        Fact::Stopped => stopped,
        Fact::Step(_) => step,
        Fact::Line(_) => line,
        Fact::Session(_) => session,
        Fact::Unmatched(_) => unmatched,
        Fact::Unreadable(_) => unreadable,
        Fact::Shadow(_) | Fact::ShadowTally(_) => shadow,
        Fact::Operated(_) => operated,
        Fact::Keys(_) => keys,
        Fact::Tombstone(_) => tombstone,
        Fact::CheckpointBegin | Fact::Carried(_) | Fact::CheckpointEnd => checkpoint,
    }
}

impl JournalCounts {
    /// Takes the next record, which stands in this segment.
    pub(super) fn take(&mut self, segment: SegmentNo, record: &Record) {
        *self.records.entry(kind(&record.fact)).or_default() += 1;
        let (first, _) = self.times.unwrap_or((record.at, record.at));
        self.times = Some((first, record.at));
        self.in_segment(SegmentReport {
            segment,
            bytes: 0,
            records: 1,
            ends: Some((record.seq, record.seq)),
            began: Some(record.at),
        });
        match &record.fact {
            Fact::Step(step) => {
                self.transactions += u64::from(step.opened.is_some());
                step.message.iter().for_each(|logged| self.message(logged));
            }
            Fact::Session(logged) => self.message(logged),
            Fact::Unmatched(unmatched) => self.message(&unmatched.message),
            Fact::Carried(carried) => match &**carried {
                Carried::Transaction(live) => self.frame(&live.request),
                Carried::Answer(done) => {
                    let frames = done.answer.iter().chain(&done.reversal_answer);
                    frames.for_each(|frame| self.frame(frame));
                }
                Carried::Keys(_)
                | Carried::Tombstone { .. }
                | Carried::Stan(_)
                | Carried::Links(_)
                | Carried::Clock(_)
                | Carried::Numbers { .. }
                | Carried::AllTerminals => {}
            },
            _ => {}
        }
    }

    fn message(&mut self, logged: &Logged) {
        *self.messages.entry((logged.hop, logged.mti)).or_default() += 1;
        self.frame(&logged.frame);
    }

    fn frame(&mut self, frame: &StoredFrame) {
        self.frame_bytes += frame.frame.len() as u64;
    }

    /// More of a segment, that follows what is counted.
    fn in_segment(&mut self, more: SegmentReport) {
        match self.segments.last_mut() {
            Some(last) if last.segment == more.segment => {
                last.bytes = last.bytes.max(more.bytes);
                last.records += more.records;
                let (first, end) = (last.ends.or(more.ends), more.ends.or(last.ends));
                last.ends = first.zip(end).map(|((first, _), (_, end))| (first, end));
                last.began = last.began.or(more.began);
            }
            Some(_) | None => self.segments.push(more),
        }
    }

    /// It ends at this place.
    pub(super) fn end(&mut self, to: RecordPosition) {
        self.in_segment(SegmentReport {
            segment: to.segment,
            bytes: to.offset,
            records: 0,
            ends: None,
            began: None,
        });
    }

    /// As the words of [`RunSection::Counts`].
    pub(super) fn words(&self) -> Vec<u64> {
        let number = |name: &str| KINDS.iter().position(|known| *known == name);
        let kinds = self.records.iter();
        let kinds = kinds.filter_map(|(name, count)| Some([number(name)? as u64, *count]));
        let messages = self.messages.iter().map(|((way, mti), count)| {
            [
                MESSAGES | (*way as u64) << 16 | u64::from(mti.bcd()),
                *count,
            ]
        });
        let (first, last) = self.times.unwrap_or_default();
        let others = [
            [TRANSACTIONS, self.transactions],
            [FRAME_BYTES, self.frame_bytes],
            [FIRST, first.0.cast_unsigned()],
            [LAST, last.0.cast_unsigned()],
        ];
        kinds.chain(messages).chain(others).flatten().collect()
    }

    /// As the words of [`RunSection::Segments`].
    pub(super) fn segment_words(&self) -> Vec<u64> {
        let words = self.segments.iter().map(|told| {
            let (first, last) = told.ends.unwrap_or_default();
            let began = told.began.unwrap_or_default().0.cast_unsigned();
            [
                told.segment.0,
                told.bytes,
                told.records,
                began,
                first.0,
                last.0,
            ]
        });
        words.flatten().collect()
    }

    /// Adds what a run counted, that follows what is counted.
    pub(super) fn add(&mut self, run: &IndexRun) -> io::Result<()> {
        let mut times = (0, 0);
        let all: Vec<[u64; 2]> = run.all(RunSection::Counts)?;
        for [what, count] in all {
            match what {
                TRANSACTIONS => self.transactions += count,
                FRAME_BYTES => self.frame_bytes += count,
                FIRST => times.0 = count.cast_signed(),
                LAST => times.1 = count.cast_signed(),
                _ if what < MESSAGES => {
                    let at = usize::try_from(what).unwrap_or(usize::MAX);
                    if let Some(name) = KINDS.get(at) {
                        *self.records.entry(name).or_default() += count;
                    }
                }
                _ => {
                    let way = usize::try_from((what - MESSAGES) >> 16).ok();
                    let way = way.and_then(|way| WAYS.get(way));
                    let mti = u16::try_from(what & 0xFFFF).ok().and_then(Mti::from_bcd);
                    if let Some((way, mti)) = way.zip(mti) {
                        *self.messages.entry((*way, mti)).or_default() += count;
                    }
                }
            }
        }
        if !self.records.is_empty() {
            let (first, last) = (Wall(times.0), Wall(times.1));
            self.times = Some((self.times.map_or(first, |(first, _)| first), last));
        }
        let all: Vec<[u64; 6]> = run.all(RunSection::Segments)?;
        for [segment, bytes, records, began, first, last] in all {
            self.in_segment(SegmentReport {
                segment: SegmentNo(segment),
                bytes,
                records,
                ends: (records > 0).then_some((Seq(first), Seq(last))),
                began: (records > 0).then_some(Wall(began.cast_signed())),
            });
        }
        Ok(())
    }
}
