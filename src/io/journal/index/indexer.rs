//! Keeps the index up.

use super::super::cursor::{Cursor, RecordPosition};
use super::super::files::Files;
use super::catalog::{self, CatalogFile, GROUP, entries};
use super::rows::Rows;
use super::table::IndexTable;
use crate::engine::journal::{SegmentNo, Storage};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A segment that still grows is indexed in pieces of at least so many bytes.
const PIECE: u64 = 4 << 20;
/// How often it is looked for work.
const EVERY: Duration = Duration::from_secs(1);
/// For each moment of work so many of rest.
const REST: u32 = 4;

/// The thread that keeps the index up. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Indexer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Indexer {
    /// Starts it over a journal's folder, from which nothing but the index is written.
    ///
    /// # Errors
    /// No thread.
    pub(crate) fn start(journal: &Path) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = IndexWork {
            journal: journal.to_owned(),
            stop: Arc::clone(&stop),
            rests: true,
        };
        let thread = std::thread::Builder::new().name("index".to_owned());
        let thread = thread.spawn(move || work.run())?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A thread that panicked told so itself.
            let _told = thread.join();
        }
    }
}

/// Why a piece of work was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Storage(#[from] crate::engine::journal::StorageError),
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct IndexWork {
    pub(super) journal: PathBuf,
    pub(super) stop: Arc<AtomicBool>,
    /// Whether it leaves most of a core to others.
    pub(super) rests: bool,
}

/// Indexes all sealed segments of a folder that nobody writes, now and without rest.
pub(crate) fn index_folder(journal: &Path) -> io::Result<()> {
    let work = IndexWork {
        journal: journal.to_owned(),
        stop: Arc::new(AtomicBool::new(false)),
        rests: false,
    };
    work.clear()?;
    work.pass().map_err(io::Error::other)
}

impl IndexWork {
    fn run(&mut self) {
        let mut told = false;
        if let Err(error) = self.clear() {
            tracing::warn!(%error, "the journal's index cannot be cleared");
        }
        while !self.stopped() {
            match self.pass() {
                Ok(()) => told = false,
                // Readers do without; say it once.
                Err(error) if !told => {
                    tracing::warn!(%error, "the journal's index lags behind");
                    told = true;
                }
                Err(_) => {}
            }
            if !self.stopped() {
                std::thread::park_timeout(EVERY);
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn rest_for(&self, work: Instant) {
        if self.rests && !self.stopped() {
            std::thread::park_timeout(work.elapsed() * REST);
        }
    }

    /// What was being made when the last process ended: its last segment may have lost its end.
    pub(super) fn clear(&self) -> io::Result<()> {
        std::fs::create_dir_all(catalog::folder(&self.journal))?;
        for entry in std::fs::read_dir(catalog::folder(&self.journal))? {
            let path = entry?.path();
            if path.extension().is_none_or(|end| end != "idx") {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Everything that is to be done now, oldest first.
    pub(super) fn pass(&self) -> Result<(), IndexError> {
        let segments = Files::read_only(&self.journal).segments()?;
        let Some((newest, sealed)) = segments.split_last() else {
            return Ok(());
        };
        self.drop_expired(segments.first().copied())?;
        for segment in sealed {
            if self.stopped() {
                return Ok(());
            }
            let known = entries(&self.journal)?;
            if !known
                .iter()
                .any(|entry| entry.finished && entry.covers(*segment))
            {
                let work = Instant::now();
                self.extend(*segment, segments.first() == Some(segment), 0)?;
                self.finish(*segment)?;
                self.rest_for(work);
            }
        }
        self.extend(*newest, segments.first() == Some(newest), PIECE)?;
        self.group()
    }

    /// Indexes what came since, if it is worth it.
    fn extend(&self, segment: SegmentNo, oldest: bool, least: u64) -> Result<(), IndexError> {
        let entry = CatalogFile::live(&self.journal, segment);
        let files = Files::read_only(&self.journal);
        let mut from = RecordPosition::start_of(segment);
        if entry.path.exists() {
            from = IndexTable::open(&entry.path)?.covers()?.unwrap_or(from);
        }
        if files.length(segment)?.saturating_sub(from.offset) < least {
            return Ok(());
        }
        let mut cursor = Cursor::within(files, from);
        let mut rows = Rows::default();
        let carried = oldest && segment != SegmentNo::FIRST;
        let mut covers = from;
        while let Some(record) = cursor.next() {
            rows.take(covers, &record?, carried);
            covers = cursor.position();
        }
        let damage = cursor.damage().iter();
        rows.damage = damage
            .map(|damage| RecordPosition {
                segment,
                offset: damage.offset,
            })
            .collect();
        IndexTable::create(&entry.path)?.add(&rows, covers)?;
        Ok(())
    }

    /// A sealed segment's file is synced, and gets its last name.
    fn finish(&self, segment: SegmentNo) -> io::Result<()> {
        let live = CatalogFile::live(&self.journal, segment).path;
        File::open(&live)?.sync_all()?;
        std::fs::rename(live, CatalogFile::single(&self.journal, segment).path)
    }

    /// Sixteen finished files become one.
    fn group(&self) -> Result<(), IndexError> {
        let known = entries(&self.journal)?;
        let singles = known.iter().filter(|e| e.finished && e.first == e.last);
        for last in singles.filter(|entry| entry.last.0 % GROUP == 0) {
            let first = SegmentNo(last.last.0 + 1 - GROUP);
            let group = CatalogFile::group(&self.journal, first);
            let parts: Vec<PathBuf> = (first.0..=last.last.0)
                .map(|segment| CatalogFile::single(&self.journal, SegmentNo(segment)).path)
                .filter(|path| path.exists())
                .collect();
            if self.stopped() {
                return Ok(());
            }
            let work = Instant::now();
            let new = group.path.with_extension("new");
            remove_if_there(&new)?;
            IndexTable::create(&new)?.merge(parts.iter().map(PathBuf::as_path))?;
            File::open(&new)?.sync_all()?;
            std::fs::rename(&new, &group.path)?;
            for part in parts {
                std::fs::remove_file(part)?;
            }
            self.rest_for(work);
        }
        Ok(())
    }

    /// Files of segments that are not kept any more.
    fn drop_expired(&self, oldest: Option<SegmentNo>) -> io::Result<()> {
        for entry in entries(&self.journal)? {
            if oldest.is_some_and(|oldest| entry.last < oldest) {
                std::fs::remove_file(entry.path)?;
            }
        }
        Ok(())
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
