//! Keeps the index up.

use super::super::cursor::RecordPosition;
use super::super::files::Files;
use super::catalog::{self, CatalogFile, GROUP, entries};
use super::join::join;
use super::lookup::{IndexError, index_from, open_behind};
use super::run::IndexRun;
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
/// And of not much more than so many, which bounds the memory that it takes.
const MOST: u64 = 2 * PIECE;
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

/// The thread's own.
#[derive(Debug)]
pub(super) struct IndexWork {
    pub(super) journal: PathBuf,
    pub(super) stop: Arc<AtomicBool>,
    /// Whether it leaves most of a core to others.
    pub(super) rests: bool,
}

/// Indexes a folder that nobody writes, now and without rest.
///
/// # Errors
/// The index cannot be written, or the journal not be read.
pub fn index_folder(journal: &Path) -> io::Result<()> {
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

    /// Removes what was being made when the last process ended, since its last segment may have
    /// lost its end, what tells of the segment that goes on growing, since that was finished once
    /// where a crash took the next one away, and what is no index that is known here.
    pub(super) fn clear(&self) -> io::Result<()> {
        std::fs::create_dir_all(catalog::folder(&self.journal))?;
        let segments = Files::read_only(&self.journal).segments();
        let newest = segments.map_err(io::Error::other)?.last().copied();
        for entry in entries(&self.journal)? {
            if newest.is_some_and(|newest| entry.covers(newest)) {
                std::fs::remove_file(entry.path)?;
            }
        }
        for entry in std::fs::read_dir(catalog::folder(&self.journal))? {
            let path = entry?.path();
            let finished = path.extension().is_some_and(|end| end == "run");
            if !finished || IndexRun::open(&path).is_err() {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Everything that is to be done now, oldest first.
    pub(super) fn pass(&self) -> Result<(), IndexError> {
        let segments = Files::read_only(&self.journal).segments()?;
        let Some(newest) = segments.last() else {
            return Ok(());
        };
        self.drop_expired(segments.first().copied())?;
        // The run before the next, whose list goes on there.
        let mut before: Option<CatalogFile> = None;
        let mut known = entries(&self.journal)?;
        for segment in &segments {
            let oldest = segments.first() == Some(segment);
            if !known.iter().any(|entry| entry.covers(*segment)) {
                let least = if segment == newest { PIECE } else { 0 };
                let pieces = self.extend(*segment, oldest, before.as_ref(), least)?;
                if segment != newest && !self.stopped() {
                    let work = Instant::now();
                    self.replace(&pieces, &CatalogFile::single(&self.journal, *segment))?;
                    self.group(&segments)?;
                    self.rest_for(work);
                }
                known = entries(&self.journal)?;
            }
            if self.stopped() {
                return Ok(());
            }
            before = known.iter().find(|entry| entry.covers(*segment)).cloned();
        }
        Ok(())
    }

    /// Indexes what came since of a segment, if it is worth it; the pieces that there are then.
    fn extend(
        &self,
        segment: SegmentNo,
        oldest: bool,
        before: Option<&CatalogFile>,
        least: u64,
    ) -> Result<Vec<CatalogFile>, IndexError> {
        let mut pieces = Vec::new();
        let mut newest = before.map(|file| IndexRun::open(&file.path)).transpose()?;
        let mut from = RecordPosition::start_of(segment);
        for piece in entries(&self.journal)? {
            if piece.first == segment && piece.piece == Some(from.offset) {
                let run = IndexRun::open(&piece.path)?;
                from = run.head.to;
                newest = Some(run);
                pieces.push(piece);
            }
        }
        let length = Files::read_only(&self.journal).length(segment)?;
        let carried = oldest && segment != SegmentNo::FIRST;
        let mut all = false;
        while !all && !self.stopped() && length.saturating_sub(from.offset) >= least {
            let work = Instant::now();
            let before = open_behind(newest.as_ref())?;
            let (run, _told) = index_from(&self.journal, (from, MOST), carried, before)?;
            all = run.head.to.offset - from.offset < MOST;
            if run.head.to > from || pieces.is_empty() {
                let piece = CatalogFile::piece(&self.journal, segment, from.offset);
                write_new(&piece.path, |path| run.write(path))?;
                pieces.push(piece);
            }
            from = run.head.to;
            newest = Some(run);
            self.rest_for(work);
        }
        Ok(pieces)
    }

    /// Several files become one, which is synced and gets its last name.
    fn replace(&self, parts: &[CatalogFile], whole: &CatalogFile) -> io::Result<()> {
        let runs = parts.iter().map(|part| IndexRun::open(&part.path));
        let runs = runs.collect::<io::Result<Vec<_>>>()?;
        write_new(&whole.path, |path| {
            join(&runs, path)?;
            File::open(path)?.sync_all()
        })?;
        remove_all(parts)
    }

    /// Sixteen finished files become one, or as many as are kept of them.
    fn group(&self, segments: &[SegmentNo]) -> io::Result<()> {
        let known = entries(&self.journal)?;
        for last in segments.iter().filter(|segment| segment.0 % GROUP == 0) {
            let group = CatalogFile::group(&self.journal, SegmentNo(last.0 + 1 - GROUP));
            let of_it = |file: &&CatalogFile| file.first == file.last && group.covers(file.first);
            let parts = known.iter().filter(|file| file.piece.is_none());
            let parts: Vec<CatalogFile> = parts.filter(of_it).cloned().collect();
            let kept = segments.iter().filter(|segment| group.covers(**segment));
            if group.path.exists() {
                // A crash came between the two.
                remove_all(&parts)?;
            } else if parts.len() == kept.count() {
                self.replace(&parts, &group)?;
            }
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

/// A file is made under another name, so that nobody reads half of it.
fn write_new(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let new = path.with_extension("new");
    write(&new)?;
    std::fs::rename(new, path)
}

fn remove_all(files: &[CatalogFile]) -> io::Result<()> {
    let mut files = files.iter();
    files.try_for_each(|file| std::fs::remove_file(&file.path))
}
