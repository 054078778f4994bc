//! A capture folded into a journal: read twice, first to find its legs, then to follow its
//! transactions.

use super::{
    CaptureError, CaptureOptions, CaptureTally, CapturedKeys, DialectFound, OpenedCapture, open,
};
use crate::engine::journal::JournalError;
use crate::engine::observe::{LegFinder, LegRole, Legs, ObserveCounts, ObserveOptions, Observer};
use crate::engine::record::{Fact, Record};
use crate::engine::seam::Wall;
use crate::io::config::{Durability, FrameKeeping, JournalConfig};
use crate::io::journal::{JournalWriter, OpenedJournal, WriterError, WriterOptions};
use crate::iso::spec::Spec;
use crate::lab::peer::MasterKeys;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How a capture is folded.
#[derive(Clone, Debug)]
pub struct FoldOptions {
    /// How it is read.
    pub capture: CaptureOptions,
    /// The dialect of hosts, where a gateway translates; `None` for that of terminals.
    pub host_spec: Option<Arc<Spec>>,
    /// The journal's folder, made new; its keys go into a file beside it.
    pub journal: PathBuf,
    /// Ports where gateways listen for terminals.
    pub terminal_ports: Vec<u16>,
    /// Ports where hosts listen for gateways.
    pub host_ports: Vec<u16>,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Master keys of the terminals, to verify MACs with.
    pub masters: Option<MasterKeys>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct FoldReport {
    /// The dialect it was read by.
    pub dialect: DialectFound,
    /// What its connections are for.
    pub legs: Legs,
    /// What was seen.
    pub counts: ObserveCounts,
    /// What the file held, and what of it could not be used.
    pub tally: CaptureTally,
    /// The file of the journal's keys.
    pub keys: PathBuf,
    /// What stopped the reading before the end, if anything did.
    pub stopped: Option<String>,
}

/// Why a capture cannot be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CaptureError,
    },
    /// Standard input cannot be read twice.
    #[error(
        "standard input is read once, and which of its connections are whose is found by reading \
         twice: name a file, or say --terminal-port N and --host-port N"
    )]
    OnlyOnce,
    /// There is something already.
    #[error("{} is not empty: name a new folder for the journal", .0.display())]
    NotEmpty(PathBuf),
    /// The folder cannot be looked into.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The journal cannot be written.
    #[error("the journal {}: {source}", path.display())]
    Open {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: WriterError,
    },
    /// Its disk failed.
    #[error("the journal {}: {source}", path.display())]
    Write {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: JournalError,
    },
    /// No chance to make a seed of.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// Records that may wait for the disk.
const BACKLOG: usize = 8192;
/// How long to wait when so many do.
const PAUSE: Duration = Duration::from_millis(2);
/// A capture is kept as long as its folder is.
const FOR_GOOD: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Folds a capture into a new journal.
///
/// # Errors
/// [`FoldError`]. A capture that is damaged in its midst is none: what stood before is folded, and
/// the report says what stopped the reading.
pub fn fold_into(path: &Path, options: &FoldOptions) -> Result<FoldReport, FoldError> {
    must_be_empty(&options.journal)?;
    let told = !options.terminal_ports.is_empty() || !options.host_ports.is_empty();
    if path == Path::new("-") && !told {
        return Err(FoldError::OnlyOnce);
    }
    let failed = |source| FoldError::Capture {
        path: path.to_owned(),
        source,
    };
    let mut reading = options.capture.clone();
    let mut legs = Legs::default();
    if !told {
        let mut first = open(path, &reading).map_err(failed)?;
        // The second look reads by the same dialect, and need not find it again.
        reading.spec = Some(Arc::clone(&first.dialect.spec));
        legs = find_legs(&mut first);
        let dialect = first.dialect.clone();
        let second = open(path, &reading).map_err(failed)?;
        return fold(OpenedCapture { dialect, ..second }, legs, options);
    }
    let ports = |ports: &[u16], role| {
        ports
            .iter()
            .map(move |port| (*port, role))
            .collect::<Vec<_>>()
    };
    legs.ports
        .extend(ports(&options.terminal_ports, LegRole::Terminals));
    legs.ports
        .extend(ports(&options.host_ports, LegRole::Hosts));
    let capture = open(path, &reading).map_err(failed)?;
    fold(capture, legs, options)
}

fn must_be_empty(folder: &Path) -> Result<(), FoldError> {
    let failed = |source| FoldError::Folder {
        path: folder.to_owned(),
        source,
    };
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(FoldError::NotEmpty(folder.to_owned())),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        Ok(false) | Err(_) => Ok(()),
    }
}

fn find_legs(capture: &mut OpenedCapture) -> Legs {
    let mut finder = LegFinder::new(Arc::clone(&capture.dialect.spec));
    // What stops the reading is told by the second look.
    while let Ok(Some(sighting)) = capture.reader.next() {
        finder.take(&sighting);
    }
    finder.finish()
}

fn fold(
    mut capture: OpenedCapture,
    legs: Legs,
    options: &FoldOptions,
) -> Result<FoldReport, FoldError> {
    let keys = key_file(&options.journal);
    let opened = open_journal(options, keys.clone())?;
    let spec = Arc::clone(&capture.dialect.spec);
    let observing = ObserveOptions {
        host_spec: options
            .host_spec
            .clone()
            .unwrap_or_else(|| Arc::clone(&spec)),
        spec,
        legs: legs.clone(),
        timeout: options.timeout,
        seed: getrandom::u64().map_err(FoldError::Random)?,
    };
    let mut observer = Observer::new(observing, opened.vault);
    if let Some(masters) = &options.masters {
        observer.verify_macs(Box::new(CapturedKeys::new(masters.clone())));
    }
    let mut records = Vec::new();
    let mut stopped = None;
    loop {
        match capture.reader.next() {
            Ok(Some(sighting)) => observer.take(&sighting),
            Ok(None) => break,
            Err(error) => {
                stopped = Some(error.to_string());
                break;
            }
        }
        if opened.writer.take_checkpoint_due() {
            observer.checkpoint();
        }
        hand_over(&mut observer, &opened.writer, &mut records);
    }
    observer.finish();
    hand_over(&mut observer, &opened.writer, &mut records);
    let failed = |source| FoldError::Write {
        path: options.journal.clone(),
        source,
    };
    opened.writer.close().map_err(failed)?;
    Ok(FoldReport {
        dialect: capture.dialect,
        legs,
        counts: observer.counts(),
        tally: capture.reader.tally(),
        keys,
        stopped,
    })
}

/// Gives the journal what there is, no faster than it is written.
fn hand_over(observer: &mut Observer, writer: &JournalWriter, records: &mut Vec<Record>) {
    while let Some(mut record) = observer.poll_record() {
        if matches!(record.fact, Fact::CheckpointBegin) {
            // A new segment is sealed by a key of the hour in which it is written.
            record.at = wall_now();
        }
        records.push(record);
    }
    if !writer.append(records) {
        while !writer.has_room() && !writer.has_failed() {
            std::thread::sleep(PAUSE);
        }
    }
}

fn wall_now() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    Wall(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn open_journal(options: &FoldOptions, keys: PathBuf) -> Result<OpenedJournal, FoldError> {
    let config = JournalConfig {
        path: options.journal.clone(),
        keys,
        keep: FrameKeeping::Safe,
        retain: FOR_GOOD,
        durability: Durability::Async,
    };
    let writing = WriterOptions {
        reserve_bytes: 0,
        backlog: BACKLOG,
        ..WriterOptions::from(config)
    };
    JournalWriter::open(&writing).map_err(|source| FoldError::Open {
        path: options.journal.clone(),
        source,
    })
}

/// Beside the folder: `DIR.keys`.
fn key_file(folder: &Path) -> PathBuf {
    let mut name = folder.components().as_path().as_os_str().to_owned();
    name.push(".keys");
    PathBuf::from(name)
}
