//! A run: what the index knows of a stretch of the journal, as arrays of words; in a file, or in
//! memory for a stretch that nobody has indexed yet. Both are asked in the same way.
//!
//! A file is a page of head and pages of words. Each page ends with a check sum, so that what a
//! disk spoiled is told, and read from the segments instead.

use super::key::ROW_BITS;
use crate::engine::journal::SegmentNo;
use crate::engine::record::{Seq, TxId};
use crate::engine::seam::Wall;
use crate::io::system;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use super::super::cursor::RecordPosition;

const MAGIC: u64 = u64::from_le_bytes(*b"isoindex");
const VERSION: u64 = 4;

/// How many words a page holds beside its check sum.
const PAGE: u64 = 511;
const PAGE_BYTES: usize = 4096;
/// How many pages of a file are held: those that were asked for last.
const CACHED: usize = 64;

/// How many pages of a file are read together where all are.
const AT_ONCE: usize = 64;

/// How often it is guessed where an entry stands, before the rest is halved.
const GUESSES: u32 = 8;

/// How many records apart the places are that a run remembers.
pub(super) const STRIDE: u64 = 16;

/// What a run consists of, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunSection {
    /// Four words a transaction: its id, the places of its first record and of its last. One that
    /// was taken over from several runs may have several rows; the last is the newest.
    Rows,
    /// A word each, sorted: the hash of a key, and the number of a row.
    Entries,
    /// Two words for some of the records: number and place.
    Places,
    /// Places of what could not be read.
    Damage,
    /// Four words for each transaction that is in an open state at the end of the run: its id, the
    /// place of its last record, and the state.
    List,
    /// Two words each: what is counted, and how many.
    Counts,
    /// Six words a segment: its number, its end, how many records, the time of the first; the
    /// first and the last record.
    Segments,
}

pub(super) const SECTIONS: [RunSection; 7] = [
    RunSection::Rows,
    RunSection::Entries,
    RunSection::Places,
    RunSection::Damage,
    RunSection::List,
    RunSection::Counts,
    RunSection::Segments,
];

/// What a run says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunHead {
    /// Where it begins in the journal.
    pub(super) from: RecordPosition,
    /// Where it ends: the segment is the last that it tells of.
    pub(super) to: RecordPosition,
    /// The first record.
    pub(super) first: Seq,
    /// When its transactions began, at the earliest and at the latest.
    pub(super) began: (Wall, Wall),
    /// The least and the greatest id of its rows: of those, too, that began before it.
    pub(super) ids: (TxId, TxId),
    /// How many words each section has.
    pub(super) lengths: [u64; SECTIONS.len()],
}

impl RunHead {
    /// Of no rows.
    pub(super) const NO_IDS: (TxId, TxId) = (TxId(u128::MAX), TxId(0));

    const WORDS: usize = 13 + SECTIONS.len();

    fn words(&self) -> Vec<u64> {
        let (from, to) = (self.from, self.to);
        let (began, until) = self.began;
        let mut words = vec![
            MAGIC,
            VERSION,
            from.segment.0,
            from.offset,
            to.segment.0,
            to.offset,
            self.first.0,
            began.0.cast_unsigned(),
            until.0.cast_unsigned(),
        ];
        words.extend([self.ids.0, self.ids.1].into_iter().flat_map(id_words));
        words.extend(self.lengths);
        words
    }

    fn of(words: &[u64]) -> Option<Self> {
        let (told, lengths) = words.get(..Self::WORDS)?.split_first_chunk::<13>()?;
        let [magic, version, segment, from, last, to, first, ..] = *told;
        let [.., began, until, least, low, greatest, high] = *told;
        let at = |segment, offset| RecordPosition {
            segment: SegmentNo(segment),
            offset,
        };
        (magic == MAGIC && version == VERSION).then_some(Self {
            from: at(segment, from),
            to: at(last, to),
            first: Seq(first),
            began: (Wall(began.cast_signed()), Wall(until.cast_signed())),
            ids: (id_of(least, low), id_of(greatest, high)),
            lengths: *lengths.first_chunk()?,
        })
    }

    /// Whether a transaction may have a row.
    pub(super) fn may_have(&self, tx: TxId) -> bool {
        (self.ids.0..=self.ids.1).contains(&tx)
    }

    /// Where a section begins and ends among the words.
    fn range(&self, section: RunSection) -> Range<u64> {
        let before = self.lengths.iter().take(section as usize).sum();
        let length = self.lengths.get(section as usize).copied();
        before..before + length.unwrap_or(0)
    }
}

/// A place in the journal as a word: 24 bits of the segment, 40 of the byte.
pub(super) const fn place_word(at: RecordPosition) -> u64 {
    (at.segment.0 << 40) | (at.offset & ((1 << 40) - 1))
}

/// A place from its word.
pub(super) const fn place_of(word: u64) -> RecordPosition {
    RecordPosition {
        segment: SegmentNo(word >> 40),
        offset: word & ((1 << 40) - 1),
    }
}

/// A transaction's id as two words.
pub(super) fn id_words(tx: TxId) -> [u64; 2] {
    let (high, low) = (tx.0 >> 64, tx.0 & u128::from(u64::MAX));
    [high, low].map(|half| u64::try_from(half).unwrap_or(u64::MAX))
}

fn id_of(high: u64, low: u64) -> TxId {
    TxId(u128::from(high) << 64 | u128::from(low))
}

/// A transaction in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io::journal) struct RunRow {
    pub(in crate::io::journal) tx: TxId,
    pub(in crate::io::journal) first: RecordPosition,
    pub(super) last: RecordPosition,
}

/// A transaction in an open state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io::journal) struct Standing {
    /// Its last record.
    pub(in crate::io::journal) last: RecordPosition,
    /// The number of its state.
    pub(in crate::io::journal) state: u64,
}

/// What the index knows of a stretch of the journal.
#[derive(Debug)]
pub(super) struct IndexRun {
    pub(super) head: RunHead,
    words: RunWords,
}

#[derive(Debug)]
enum RunWords {
    Memory(Vec<Rc<[u64]>>),
    /// A file, and the pages that were read last, by number.
    File(File, RefCell<VecDeque<(u64, Rc<[u64]>)>>),
}

impl IndexRun {
    /// A run in memory, of its sections.
    pub(super) fn new(mut head: RunHead, sections: [Vec<u64>; SECTIONS.len()]) -> Self {
        head.lengths = sections.each_ref().map(|section| section.len() as u64);
        let mut words = sections.into_iter().flatten();
        let pages = std::iter::from_fn(|| {
            let page: Rc<[u64]> = words.by_ref().take(index(PAGE)).collect();
            (!page.is_empty()).then_some(page)
        });
        Self {
            head,
            words: RunWords::Memory(pages.collect()),
        }
    }

    /// The run in a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let head = RunHead::of(&read_page(&file, 0)?).ok_or_else(spoiled)?;
        Ok(Self {
            head,
            words: RunWords::File(file, RefCell::default()),
        })
    }

    /// Whether each of its pages is as it was written. Asked of a file that was not synced: a
    /// crash, or a copy made meanwhile, may have left any part of it out.
    pub(super) fn is_sound(&self) -> bool {
        match &self.words {
            RunWords::Memory(_) => true,
            RunWords::File(file, _) => {
                let words: u64 = self.head.lengths.iter().sum();
                let end = words.div_ceil(PAGE) + 1;
                let mut stretches = (1..end).step_by(AT_ONCE);
                stretches.all(|first| are_sound(file, first..end.min(first + AT_ONCE as u64)))
            }
        }
    }

    /// Writes it into a file.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = RunWriter::create(path)?;
        let all: u64 = self.head.lengths.iter().sum();
        let mut at = 0;
        while at < all {
            let (first, page) = self.page(at)?;
            page.iter().try_for_each(|word| file.put(*word))?;
            at = first + page.len() as u64;
        }
        file.finish(&self.head)
    }

    /// How many pages of its file are held.
    #[cfg(test)]
    pub(super) fn pages_read(&self) -> usize {
        match &self.words {
            RunWords::Memory(_) => 0,
            RunWords::File(_, cached) => cached.borrow().len(),
        }
    }

    /// How many words a section has.
    pub(super) fn len(&self, section: RunSection) -> u64 {
        let range = self.head.range(section);
        range.end - range.start
    }

    /// The page in which a word stands, and the number of its first word.
    fn page(&self, word: u64) -> io::Result<(u64, Rc<[u64]>)> {
        let number = word / PAGE;
        let first = number * PAGE;
        match &self.words {
            RunWords::Memory(pages) => {
                let page = pages.get(index(number)).map(Rc::clone);
                Ok((first, page.unwrap_or_default()))
            }
            RunWords::File(file, cached) => {
                let mut cached = cached.borrow_mut();
                let known = cached.iter().position(|(known, _)| *known == number);
                let known = known.and_then(|at| cached.remove(at));
                let page = match known {
                    Some((_, page)) => page,
                    None => read_page(file, number + 1)?.into(),
                };
                cached.truncate(CACHED - 1);
                cached.push_front((number, Rc::clone(&page)));
                Ok((first, page))
            }
        }
    }

    /// RunWords of a section.
    pub(super) fn words(&self, section: RunSection, range: Range<u64>) -> io::Result<Vec<u64>> {
        let start = self.head.range(section).start;
        let (mut at, end) = (start + range.start, start + range.end);
        let mut words = Vec::with_capacity(index(end.saturating_sub(at)));
        while at < end {
            let (first, page) = self.page(at)?;
            let there = page.get(index(at - first)..).ok_or_else(spoiled)?;
            let there = there.get(..index(end - at)).unwrap_or(there);
            if there.is_empty() {
                return Err(spoiled());
            }
            words.extend_from_slice(there);
            at += there.len() as u64;
        }
        Ok(words)
    }

    fn some<const N: usize>(&self, section: RunSection, at: u64) -> io::Result<[u64; N]> {
        self.some_at(section, at * N as u64)
    }

    fn some_at<const N: usize>(&self, section: RunSection, word: u64) -> io::Result<[u64; N]> {
        let words = self.words(section, word..word + N as u64)?;
        words.first_chunk().copied().ok_or_else(spoiled)
    }

    /// All of a section, in groups of words.
    pub(super) fn all<const N: usize>(&self, section: RunSection) -> io::Result<Vec<[u64; N]>> {
        let words = self.words(section, 0..self.len(section))?;
        Ok(words.as_chunks().0.to_vec())
    }

    /// A transaction by the number of its row.
    pub(super) fn row(&self, row: u64) -> io::Result<RunRow> {
        let [high, low, first, last] = self.some(RunSection::Rows, row)?;
        Ok(RunRow {
            tx: id_of(high, low),
            first: place_of(first),
            last: place_of(last),
        })
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.len(RunSection::Rows) / 4
    }

    /// The row of an entry.
    pub(super) fn row_at(&self, entry: u64) -> io::Result<u64> {
        let [word] = self.some(RunSection::Entries, entry)?;
        Ok(word & ((1 << ROW_BITS) - 1))
    }

    /// The entries of a key, of which the first possible one is given: rows in their order.
    pub(super) fn entries(&self, first: u64) -> io::Result<Range<u64>> {
        let last = first | ((1 << ROW_BITS) - 1);
        let start = self.bound(first)?;
        // Most keys have few entries: the next word tells.
        if start == self.len(RunSection::Entries)
            || self.some::<1>(RunSection::Entries, start)? > [last]
        {
            return Ok(start..start);
        }
        let end = match last.checked_add(1) {
            Some(next) => self.bound(next)?,
            None => self.len(RunSection::Entries),
        };
        Ok(start..end)
    }

    /// The first entry that is not below a word. Hashes are spread evenly but for the few keys that
    /// many rows have: each guess is made between the entries that are known by then.
    fn bound(&self, word: u64) -> io::Result<u64> {
        let range = self.head.range(RunSection::Entries);
        let (mut low, mut high) = (range.start, range.end);
        let (mut least, mut most) = (0, u64::MAX);
        for attempt in 0.. {
            if low == high {
                break;
            }
            let guess = match attempt {
                0..GUESSES => low + share(word - least, most - least, high - low),
                _ => low.midpoint(high),
            };
            let (first, page) = self.page(guess.min(high - 1))?;
            let from = first.max(range.start);
            let to = (first + page.len() as u64).min(range.end);
            let there = page.get(index(from - first)..index(to - first));
            let there = there.ok_or_else(spoiled)?;
            let (Some(lowest), Some(highest)) = (there.first(), there.last()) else {
                return Err(spoiled());
            };
            let below = there.partition_point(|entry| *entry < word) as u64;
            if below == 0 {
                (high, most) = (from, *lowest);
            } else if below == there.len() as u64 {
                (low, least) = (to, *highest);
            } else {
                return Ok(from + below - range.start);
            }
        }
        Ok(low - range.start)
    }

    /// The last known place at or before a record.
    pub(super) fn place(&self, seq: Seq) -> io::Result<Option<RecordPosition>> {
        let (mut low, mut high) = (0, self.len(RunSection::Places) / 2);
        // Where nothing is damaged they stand at even distances.
        let even = (seq.0 / STRIDE).saturating_sub(self.head.first.0 / STRIDE);
        if even + 1 < high {
            let [told, place, next, _] = self.some_at(RunSection::Places, even * 2)?;
            if (told..next).contains(&seq.0) {
                return Ok(Some(place_of(place)));
            }
        }
        while low < high {
            let middle = low.midpoint(high);
            let [told, _] = self.some(RunSection::Places, middle)?;
            if told <= seq.0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(at) = low.checked_sub(1) else {
            return Ok(None);
        };
        let [_, place] = self.some(RunSection::Places, at)?;
        Ok(Some(place_of(place)))
    }

    /// What could not be read.
    pub(super) fn damage(&self) -> io::Result<Vec<RecordPosition>> {
        let all = self.all(RunSection::Damage)?;
        Ok(all.into_iter().map(|[word]| place_of(word)).collect())
    }

    /// What is in an open state at its end.
    pub(super) fn list(&self) -> io::Result<Vec<(TxId, Standing)>> {
        let all = self.all(RunSection::List)?.into_iter();
        let standing = |[high, low, last, state]: [u64; 4]| {
            let standing = Standing {
                last: place_of(last),
                state,
            };
            (id_of(high, low), standing)
        };
        Ok(all.map(standing).collect())
    }
}

/// The words of one in an open state.
pub(super) fn standing_words(tx: TxId, standing: &Standing) -> [u64; 4] {
    let [high, low] = id_words(tx);
    [high, low, place_word(standing.last), standing.state]
}

/// The same share of a length as a part is of a whole.
fn share(part: u64, whole: u64, length: u64) -> u64 {
    let share = u128::from(part) * u128::from(length);
    let share = share.checked_div(u128::from(whole)).unwrap_or(0);
    u64::try_from(share).unwrap_or(length)
}

fn index(word: u64) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX)
}

fn spoiled() -> io::Error {
    let what = "a file in the journal's folder index/ is spoiled: remove that folder, which the \
                gateway makes anew from the segments";
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn checksum(number: u64, words: &[u8]) -> u64 {
    let start = u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(words);
    u64::from(hasher.finalize())
}

/// The words of a page, without its check sum.
fn read_page(file: &File, number: u64) -> io::Result<Vec<u64>> {
    let bytes = system::read_up_to(file, PAGE_BYTES, number * PAGE_BYTES as u64)?;
    let words = words_of(number, &bytes)?.as_chunks().0.iter();
    Ok(words.map(|word| u64::from_le_bytes(*word)).collect())
}

/// The bytes of a page without its check sum, if that is right.
fn words_of(number: u64, page: &[u8]) -> io::Result<&[u8]> {
    let (words, told) = page.split_last_chunk::<8>().ok_or_else(spoiled)?;
    let right = u64::from_le_bytes(*told) == checksum(number, words);
    right.then_some(words).ok_or_else(spoiled)
}

/// Whether each of some pages is as it was written.
fn are_sound(file: &File, pages: Range<u64>) -> bool {
    let size = PAGE_BYTES as u64;
    let most = index((pages.end - pages.start) * size);
    let bytes = system::read_up_to(file, most, pages.start * size);
    bytes.is_ok_and(|bytes| {
        let there = bytes.as_chunks::<PAGE_BYTES>().0;
        let mut numbered = pages.clone().zip(there);
        bytes.len() == most && numbered.all(|(number, page)| words_of(number, page).is_ok())
    })
}

/// Writes a run's words in their order, and its head last.
#[derive(Debug)]
pub(super) struct RunWriter {
    file: BufWriter<File>,
    page: Vec<u8>,
    number: u64,
}

impl RunWriter {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(16 * PAGE_BYTES, File::create(path)?);
        // The head's page.
        file.write_all(&[0; PAGE_BYTES])?;
        Ok(Self {
            file,
            page: Vec::with_capacity(PAGE_BYTES),
            number: 1,
        })
    }

    pub(super) fn put(&mut self, word: u64) -> io::Result<()> {
        self.page.extend(word.to_le_bytes());
        if self.page.len() as u64 == PAGE * 8 {
            self.end_page()?;
        }
        Ok(())
    }

    fn end_page(&mut self) -> io::Result<()> {
        let page = sealed(self.number, &mut self.page);
        self.file.write_all(page)?;
        self.page.clear();
        self.number += 1;
        Ok(())
    }

    /// The last page, and the head.
    pub(super) fn finish(mut self, head: &RunHead) -> io::Result<()> {
        if !self.page.is_empty() {
            self.end_page()?;
        }
        self.file.flush()?;
        let mut page = Vec::with_capacity(PAGE_BYTES);
        let words = head.words().into_iter();
        page.extend(words.flat_map(u64::to_le_bytes));
        system::write_all_at(self.file.get_ref(), sealed(0, &mut page), 0)
    }
}

/// A whole page, filled up, with its check sum.
fn sealed(number: u64, page: &mut Vec<u8>) -> &[u8] {
    page.resize(index(PAGE * 8), 0);
    let sum = checksum(number, page);
    page.extend(sum.to_le_bytes());
    page
}
