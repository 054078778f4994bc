//! Storage in memory, as bad as a disk can be: for tests and for the simulated world.

use super::{Reserve, SegmentNo, Storage, StorageError};
use crate::engine::seam::Dice;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

/// A disk that forgets what was not synced, tears it, flips bits, fills up, and fails its n-th
/// call: all on demand, so that a run can be had again.
#[derive(Clone, Debug)]
pub struct Memory {
    segments: BTreeMap<SegmentNo, MemorySegment>,
    capacity: u64,
    /// What is to be put aside, and whether it is.
    reserve: u64,
    reserved: bool,
    calls: Cell<u64>,
    fails: Option<(u64, StorageError)>,
}

/// What a power cut leaves of what was not synced.
#[derive(Debug)]
pub enum PowerCut<'a> {
    /// Nothing.
    Nothing,
    /// The first so many bytes.
    First(usize),
    /// Any of its blocks of 512 bytes.
    Torn(&'a mut Dice),
}

/// A segment: what a reader sees, what is on the platter, and what differs.
#[derive(Clone, Debug, Default)]
struct MemorySegment {
    seen: Vec<u8>,
    durable: Vec<u8>,
    dirty: Vec<Range<usize>>,
    named: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            segments: BTreeMap::new(),
            capacity: u64::MAX,
            reserve: 0,
            reserved: false,
            calls: Cell::new(0),
            fails: None,
        }
    }
}

impl Memory {
    /// How many calls it took so far.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// Lets the n-th call from now on fail, counted from 1; a write is done half before.
    pub fn fail_call(&mut self, n: u64, error: StorageError) {
        self.fails = Some((self.calls.get().saturating_add(n), error));
    }

    /// No call is to fail any more.
    pub fn mend(&mut self) {
        self.fails = None;
    }

    /// From now on there is room for so many bytes in all.
    pub const fn set_capacity(&mut self, bytes: u64) {
        self.capacity = bytes;
    }

    /// So many bytes are to be put aside for when it is full; at once, if there is room.
    pub fn set_reserve(&mut self, bytes: u64) {
        self.reserve = bytes;
        self.reserved = false;
        self.refill_reserve();
    }

    /// How many bytes are in use.
    #[must_use]
    pub fn used(&self) -> u64 {
        let seen: usize = self.segments.values().map(|held| held.seen.len()).sum();
        let aside = if self.reserved { self.reserve } else { 0 };
        aside.saturating_add(seen as u64)
    }

    /// Each segment with what a reader would see of it; this is no call that may fail.
    pub fn contents(&self) -> impl Iterator<Item = (SegmentNo, &[u8])> {
        let held = self.segments.iter();
        held.map(|(number, held)| (*number, held.seen.as_slice()))
    }

    /// Turns one bit of a segment over, counted from 0 in its bytes.
    pub fn flip(&mut self, segment: SegmentNo, bit: usize) {
        if let Some(held) = self.segments.get_mut(&segment) {
            for bytes in [&mut held.seen, &mut held.durable] {
                if let Some(byte) = bytes.get_mut(bit / 8) {
                    *byte ^= 1 << (bit % 8);
                }
            }
        }
    }

    /// The power goes and comes back.
    pub fn power_cut(&mut self, mut cut: PowerCut<'_>) {
        self.fails = None;
        for held in self.segments.values_mut() {
            let seen = std::mem::take(&mut held.seen);
            for range in std::mem::take(&mut held.dirty) {
                for block in blocks(range) {
                    let end = block.start + cut.leaves(block.len());
                    copy(&seen, block.start..end, &mut held.durable);
                }
            }
            held.seen.clone_from(&held.durable);
        }
        self.segments
            .retain(|_, held| held.named || !held.seen.is_empty());
    }

    /// Counts a call, and fails if it is the one that shall.
    fn call(&self) -> Result<(), StorageError> {
        self.calls.set(self.calls.get().saturating_add(1));
        match &self.fails {
            Some((n, error)) if *n == self.calls.get() => Err(error.clone()),
            Some(_) | None => Ok(()),
        }
    }

    fn put(&mut self, segment: SegmentNo, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let fate = self.call();
        let used = place(self.used());
        let capacity = place(self.capacity);
        let held = self.held(segment)?;
        let at = place(at);
        assert!(at <= held.seen.len(), "a hole in segment {segment}");
        let grows = (at + bytes.len()).saturating_sub(held.seen.len());
        let lacks = used.saturating_add(grows).saturating_sub(capacity);
        let room = bytes.len() - lacks.min(bytes.len());
        let done = if fate.is_err() { room / 2 } else { room };
        held.seen.resize(held.seen.len().max(at + done), 0);
        for (place, byte) in held.seen.iter_mut().skip(at).zip(bytes.iter().take(done)) {
            *place = *byte;
        }
        held.dirty.push(at..at + done);
        fate?;
        if room < bytes.len() {
            return Err(StorageError::NoSpace);
        }
        Ok(())
    }

    fn held(&mut self, segment: SegmentNo) -> Result<&mut MemorySegment, StorageError> {
        self.segments
            .get_mut(&segment)
            .ok_or_else(|| StorageError::Failed(format!("there is no segment {segment}")))
    }
}

impl PowerCut<'_> {
    /// How much it leaves of the next block of so many bytes.
    fn leaves(&mut self, bytes: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::First(left) => {
                let there = bytes.min(*left);
                *left -= there;
                there
            }
            Self::Torn(dice) => {
                if dice.chance(1, 2) {
                    bytes
                } else {
                    0
                }
            }
        }
    }
}

/// A range by the blocks of 512 bytes that a disk writes as a whole.
fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let first = range.start - range.start % 512;
    (first..range.end)
        .step_by(512)
        .map(move |block| block.max(range.start)..range.end.min(block + 512))
}

/// Copies a range, growing the target with zeros.
fn copy(from: &[u8], range: Range<usize>, to: &mut Vec<u8>) {
    if range.is_empty() {
        return;
    }
    to.resize(to.len().max(range.end), 0);
    if let (Some(from), Some(to)) = (from.get(range.clone()), to.get_mut(range)) {
        to.copy_from_slice(from);
    }
}

fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

impl Storage for Memory {
    fn segments(&self) -> Result<Vec<SegmentNo>, StorageError> {
        self.call()?;
        Ok(self.segments.keys().copied().collect())
    }

    fn create(&mut self, segment: SegmentNo) -> Result<(), StorageError> {
        self.call()?;
        self.segments.insert(segment, MemorySegment::default());
        Ok(())
    }

    fn write(&mut self, segment: SegmentNo, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let written = self.put(segment, at, bytes);
        if written == Err(StorageError::NoSpace) && self.release_reserve() {
            return self.put(segment, at, bytes);
        }
        written
    }

    fn truncate(&mut self, segment: SegmentNo, at: u64) -> Result<(), StorageError> {
        self.call()?;
        let held = self.held(segment)?;
        held.seen.truncate(place(at));
        let end = held.seen.len();
        for range in &mut held.dirty {
            range.end = range.end.min(end);
            range.start = range.start.min(end);
        }
        Ok(())
    }

    fn sync(&mut self, segment: SegmentNo) -> Result<(), StorageError> {
        let fate = self.call();
        let held = self.held(segment)?;
        // As a kernel does: a failed sync drops what was dirty, and the next one succeeds.
        let dirty = std::mem::take(&mut held.dirty);
        fate?;
        for range in dirty {
            copy(&held.seen, range, &mut held.durable);
        }
        held.durable.truncate(held.seen.len());
        held.named = true;
        Ok(())
    }

    fn read(&self, segment: SegmentNo, at: u64, most: usize) -> Result<Vec<u8>, StorageError> {
        self.call()?;
        let held = self.segments.get(&segment);
        let held = held.ok_or_else(|| StorageError::Failed(format!("no segment {segment}")))?;
        Ok(held
            .seen
            .iter()
            .skip(place(at))
            .take(most)
            .copied()
            .collect())
    }

    fn remove(&mut self, segment: SegmentNo) -> Result<(), StorageError> {
        self.call()?;
        self.segments.remove(&segment);
        Ok(())
    }
}

impl Reserve for Memory {
    fn has_reserve(&self) -> bool {
        self.reserve == 0 || self.reserved
    }

    fn refill_reserve(&mut self) -> bool {
        let room = self.capacity.saturating_sub(self.used());
        self.reserved = self.reserved || (self.reserve > 0 && room >= self.reserve);
        self.has_reserve()
    }

    fn release_reserve(&mut self) -> bool {
        std::mem::take(&mut self.reserved)
    }
}
