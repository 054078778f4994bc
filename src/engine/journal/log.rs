//! Writing: records in order, segments one after the other.

use super::recovery::{Recovery, recover};
use super::segment::{LONGEST, put_framed};
use super::{Damage, Header, SegmentNo, Storage, StorageError};
use crate::engine::record::{self, Fact, Record, Seq, Vault};
use crate::engine::seam::planted::{self, Bug};
use crate::engine::seam::{Dice, Wall};

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// When a segment is full: so many bytes behind its checkpoint, or eight times as many as the
    /// checkpoint has, if that is more, so that checkpoints are a small part of what is written.
    pub segment_bytes: u64,
    /// Whether to go on with what is left of a damaged journal.
    pub salvage: bool,
    /// What the salts of segments are thrown from; random outside of tests.
    pub seed: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            salvage: false,
            seed: 0,
        }
    }
}

/// So many times the bytes of a checkpoint stand behind it at least.
const BEHIND_CHECKPOINT: u64 = 8;

/// Why the journal did not do what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A write or a sync failed before: what is on the disk is unknown, and only opening the
    /// journal anew tells.
    #[error("the journal is fenced since its disk failed; stop, mend the disk, start again")]
    Fenced,
    /// Something in the midst is not as it was written.
    #[error(
        "the journal is damaged in {0}; `isogate journal verify` tells all of it; restore it from \
         a copy, or keep it aside and begin in an empty folder"
    )]
    Damaged(Damage),
    /// What came before cannot be known.
    #[error(
        "segment {segment} of the journal has no whole checkpoint, and the one before is missing; \
         restore it, or begin in an empty folder"
    )]
    NoCheckpoint {
        /// The segment.
        segment: SegmentNo,
    },
    /// A record that is not the next one.
    #[error("record {} was to be appended where {} belongs", found.0, expected.0)]
    OutOfOrder {
        /// The next place.
        expected: Seq,
        /// The place of the record.
        found: Seq,
    },
    /// A record that no segment takes.
    #[error("record {} is longer than {LONGEST} bytes", .0.0)]
    TooLong(Seq),
}

/// Where writing goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct WritePosition {
    pub(super) segment: SegmentNo,
    pub(super) salt: u32,
    /// The end of what is written.
    pub(super) end: u64,
    pub(super) next: Seq,
    pub(super) checkpoint_end: u64,
    /// How many records the segment has, those still to be written included.
    pub(super) records: u64,
}

/// A journal that is written to.
///
/// [`append`](Self::append) gathers, [`write`](Self::write) hands over to the storage,
/// [`sync`](Self::sync) makes durable. A record of [`Fact::CheckpointBegin`] begins a new segment;
/// [`needs_checkpoint`](Self::needs_checkpoint) says when one is due.
#[derive(Debug)]
pub struct Journal<S> {
    storage: S,
    options: JournalOptions,
    dice: Dice,
    place: WritePosition,
    gathered: Vec<u8>,
    durable: Seq,
    in_checkpoint: bool,
    fenced: bool,
}

impl<S: Storage> Journal<S> {
    /// Opens what is there, or begins anew.
    ///
    /// # Errors
    /// The storage's, and damage that [`JournalOptions::salvage`] does not allow.
    pub fn open(mut storage: S, options: JournalOptions) -> Result<(Self, Recovery), JournalError> {
        let mut dice = Dice::new(options.seed);
        let (found, recovery) = recover(&mut storage, &options)?;
        let place = match found {
            Some(place) => place,
            None => begin(&mut storage, SegmentNo::FIRST, Seq(1), &mut dice)?,
        };
        let journal = Self {
            storage,
            options,
            dice,
            place,
            gathered: Vec::new(),
            durable: Seq(place.next.0.saturating_sub(1)),
            in_checkpoint: false,
            fenced: false,
        };
        Ok((journal, recovery))
    }

    /// Takes in the next record; [`Fact::CheckpointBegin`] seals the segment and begins another.
    ///
    /// # Errors
    /// [`JournalError::OutOfOrder`], [`JournalError::TooLong`]; when a segment is begun, the
    /// storage's too. The record is not taken then, and after [`StorageError::NoSpace`] may come
    /// again.
    ///
    /// # Panics
    /// Something other than [`Fact::Carried`] comes within a checkpoint: recovery takes an
    /// unfinished checkpoint away as a whole.
    pub fn append(&mut self, record: &Record, vault: &mut Vault) -> Result<(), JournalError> {
        self.check_fence()?;
        if record.seq != self.place.next {
            return Err(JournalError::OutOfOrder {
                expected: self.place.next,
                found: record.seq,
            });
        }
        let carried = matches!(record.fact, Fact::Carried(_) | Fact::CheckpointEnd);
        assert!(
            carried == self.in_checkpoint,
            "a checkpoint is carried as a whole"
        );
        if matches!(record.fact, Fact::CheckpointBegin) && self.place.records > 0 {
            self.roll(record.seq)?;
        }
        let synced = self.durable.next() == record.seq;
        put_framed(&mut self.gathered, self.place.salt, synced, |out| {
            record::encode(record, vault, out);
        })
        .ok_or(JournalError::TooLong(record.seq))?;
        self.place.next = record.seq.next();
        self.place.records += 1;
        match record.fact {
            Fact::CheckpointBegin => self.in_checkpoint = true,
            Fact::CheckpointEnd => {
                self.in_checkpoint = false;
                self.place.checkpoint_end = self.end();
            }
            Fact::Started { .. }
            | Fact::Stopped
            | Fact::Step(_)
            | Fact::Line(_)
            | Fact::Session(_)
            | Fact::Unmatched(_)
            | Fact::Unreadable(_)
            | Fact::Shadow(_)
            | Fact::ShadowTally(_)
            | Fact::Operated(_)
            | Fact::Keys(_)
            | Fact::Tombstone(_)
            | Fact::Carried(_) => {}
        }
        Ok(())
    }

    /// Hands over to the storage what was appended; other processes see it from now on.
    ///
    /// # Errors
    /// After [`StorageError::NoSpace`] nothing is lost: try again. Any other error fences.
    pub fn write(&mut self) -> Result<(), JournalError> {
        self.check_fence()?;
        if self.gathered.is_empty() {
            return Ok(());
        }
        let WritePosition { segment, end, .. } = self.place;
        let written = self.storage.write(segment, end, &self.gathered);
        self.fenced = matches!(written, Err(StorageError::Failed(_)));
        written?;
        self.place.end += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// Writes, and makes durable, all that was appended; the last record of it.
    ///
    /// # Errors
    /// As of [`write`](Self::write); when the sync itself fails, the journal is fenced: a second
    /// one may succeed although the bytes are lost.
    pub fn sync(&mut self) -> Result<Seq, JournalError> {
        self.write()?;
        if self.durable != self.last() {
            let synced = match planted::is(Bug::SkipSync) {
                true => Ok(()),
                false => self.storage.sync(self.place.segment),
            };
            self.fenced = synced.is_err();
            synced?;
            self.durable = self.last();
        }
        Ok(self.durable)
    }

    /// Makes all durable and gives back the room ahead; the last record.
    ///
    /// # Errors
    /// As of [`sync`](Self::sync).
    pub fn close(mut self) -> Result<Seq, JournalError> {
        self.end_well()
    }

    /// As [`close`](Self::close), of one that will be taken apart.
    ///
    /// # Errors
    /// As of [`sync`](Self::sync).
    pub fn end_well(&mut self) -> Result<Seq, JournalError> {
        let last = self.sync()?;
        self.storage.truncate(self.place.segment, self.place.end)?;
        Ok(last)
    }

    /// Removes the oldest segments while all of their records are from before `before`, on the
    /// clock that their checkpoints carry; by the label of the first record where there is none.
    /// What came since the newest checkpoint is never removed. The segments that are gone.
    ///
    /// # Errors
    /// The storage's; nothing is fenced.
    pub fn expire(&mut self, before: Wall) -> Result<Vec<SegmentNo>, JournalError> {
        let mut gone = Vec::new();
        let no_checkpoint = self.place.checkpoint_end == Header::LENGTH as u64;
        if self.in_checkpoint || no_checkpoint || self.durable != self.last() {
            return Ok(gone);
        }
        let segments = self.storage.segments()?;
        for (oldest, next) in segments.iter().zip(segments.iter().skip(1)) {
            let ended = super::verify::moment(&self.storage, *next)?;
            if ended.is_none_or(|ended| ended >= before) {
                break;
            }
            self.storage.remove(*oldest)?;
            gone.push(*oldest);
        }
        Ok(gone)
    }

    /// Whether the segment is full, so that a checkpoint should come.
    #[must_use]
    pub fn needs_checkpoint(&self) -> bool {
        let behind = self.end().saturating_sub(self.place.checkpoint_end);
        let enough = self.place.checkpoint_end.saturating_mul(BEHIND_CHECKPOINT);
        let full = self.options.segment_bytes.max(enough);
        !self.in_checkpoint && behind >= full
    }

    /// The last durable record; 0 if there is none.
    #[must_use]
    pub const fn durable(&self) -> Seq {
        self.durable
    }

    /// The last record that was appended; 0 if there is none.
    #[must_use]
    pub const fn last(&self) -> Seq {
        Seq(self.place.next.0.saturating_sub(1))
    }

    /// How many bytes were appended but not written.
    #[must_use]
    pub const fn gathered(&self) -> usize {
        self.gathered.len()
    }

    /// The segment that is written to.
    #[must_use]
    pub const fn segment(&self) -> SegmentNo {
        self.place.segment
    }

    /// What it stands on.
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// What it stands on, to be changed by a test's world.
    pub const fn storage_mut(&mut self) -> &mut S {
        &mut self.storage
    }

    /// Gives back what it stands on, as a crash does: what was gathered is lost.
    pub fn into_storage(self) -> S {
        self.storage
    }

    pub(super) fn end(&self) -> u64 {
        self.place.end + self.gathered.len() as u64
    }

    fn roll(&mut self, first: Seq) -> Result<(), JournalError> {
        self.sync()?;
        let spare = self.storage.truncate(self.place.segment, self.place.end);
        self.fenced = spare.is_err();
        spare?;
        let next = self.place.segment.next();
        let begun = begin(&mut self.storage, next, first, &mut self.dice);
        self.fenced = matches!(begun, Err(StorageError::Failed(_)));
        self.place = begun?;
        Ok(())
    }

    const fn check_fence(&self) -> Result<(), JournalError> {
        if self.fenced {
            return Err(JournalError::Fenced);
        }
        Ok(())
    }
}

/// Begins a segment: nothing but its header, which is durable before anything follows it, so that
/// a header that is not sound is either damage or has nothing behind it.
fn begin<S: Storage>(
    storage: &mut S,
    segment: SegmentNo,
    first: Seq,
    dice: &mut Dice,
) -> Result<WritePosition, StorageError> {
    let salt = u32::try_from(dice.number() >> 32).unwrap_or(0);
    let header = Header {
        segment,
        first,
        salt,
    };
    let mut bytes = Vec::with_capacity(Header::LENGTH);
    header.put(&mut bytes);
    storage.create(segment)?;
    storage.write(segment, 0, &bytes)?;
    storage.sync(segment)?;
    Ok(WritePosition {
        segment,
        salt,
        end: bytes.len() as u64,
        next: first,
        checkpoint_end: bytes.len() as u64,
        records: 0,
    })
}
