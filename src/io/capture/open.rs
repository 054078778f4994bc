//! Opens a capture: its form is told by its content, its dialect by what reads most of it.

use super::binlog::{BinaryLog, is_binary_log};
use super::documents::JsonLines;
use super::hex_lines::{HexLines, is_hex};
use super::jpos_log::JposLog;
use super::lines::TextLines;
use super::log::{LogReader, LogSource};
use super::own_journal::OwnJournal;
use super::packet_text::{PacketText, is_packet_text};
use super::packets::{PacketFile, PacketSource};
use super::traffic::TrafficReader;
use super::{CaptureError, CaptureReader};
use crate::engine::seam::Zone;
use crate::iso::codec::Message;
use crate::iso::spec::Spec;
use crate::iso::stream::Sighting;
use bytes::Bytes;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

/// So much of a capture is looked at before it is read.
const HEAD: usize = 4 << 20;
/// So much of it tells its form.
const TOLD_BY: usize = 256 << 10;
/// So many frames tell the dialect.
const TELLING_FRAMES: usize = 400;
/// As much of a capture as is tried to find the dialect, one after the other: a dialect that is not
/// the right one searches all of it for frames, byte by byte.
const TRIED: [usize; 3] = [128 << 10, 1 << 20, HEAD];
/// So many sound frames end the trial.
const ENOUGH_SOUND: u64 = 40;

/// How a capture is read.
#[derive(Clone, Debug, Default)]
pub struct CaptureOptions {
    /// The dialect; `None` to find out the built-in one that reads most frames.
    pub spec: Option<Arc<Spec>>,
    /// The server's port, where the opening of a connection was not seen.
    pub server_port: Option<u16>,
    /// The zone of the times that a log tells without one.
    pub zone: Zone,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureForm {
    /// pcap.
    Pcap,
    /// pcapng.
    Pcapng,
    /// The text log of jPOS.
    JposLog,
    /// The binary log of jPOS-EE.
    BinaryLog,
    /// JSON, a document a line: messages, or events of jPOS.
    Documents,
    /// Packets as tcpdump prints them.
    PacketText,
    /// Hex, a message a line, or dumps.
    Hex,
    /// The folder of a journal of our own.
    OwnJournal,
}

impl CaptureForm {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::JposLog => "jPOS log",
            Self::BinaryLog => "jPOS-EE binlog",
            Self::Documents => "JSON lines",
            Self::PacketText => "printed packets",
            Self::Hex => "hex",
            Self::OwnJournal => "journal",
        }
    }

    /// What a file is that begins so.
    fn of(head: &[u8]) -> Option<Self> {
        match head.get(..4) {
            Some([0x0A, 0x0D, 0x0D, 0x0A]) => return Some(Self::Pcapng),
            Some(
                [0xD4, 0xC3, 0xB2, 0xA1]
                | [0x4D, 0x3C, 0xB2, 0xA1]
                | [0xA1, 0xB2, 0xC3, 0xD4]
                | [0xA1, 0xB2, 0x3C, 0x4D],
            ) => return Some(Self::Pcap),
            _ => {}
        }
        if is_binary_log(head) {
            return Some(Self::BinaryLog);
        }
        let text = String::from_utf8_lossy(head.get(..TOLD_BY).unwrap_or(head));
        if text.trim_start().starts_with('{') {
            return Some(Self::Documents);
        }
        if text.contains("<isomsg") || text.contains("<logger") {
            return Some(Self::JposLog);
        }
        if is_packet_text(&text) {
            return Some(Self::PacketText);
        }
        text.lines().any(is_hex).then_some(Self::Hex)
    }
}

/// The dialect that a capture is read by, and how sure that is.
#[derive(Clone, Debug)]
pub struct DialectFound {
    /// The dialect.
    pub spec: Arc<Spec>,
    /// How many of the first frames read without fault; `None` where the dialect was given.
    pub sound: Option<u64>,
    /// How many frames that is of, gaps included.
    pub tried: u64,
    /// Other dialects that read as many.
    pub alike: Vec<String>,
}

impl DialectFound {
    fn given(spec: &Arc<Spec>) -> Self {
        Self {
            spec: Arc::clone(spec),
            sound: None,
            tried: 0,
            alike: Vec::new(),
        }
    }
}

/// A capture, ready to be read.
pub struct OpenedCapture {
    /// What the file is.
    pub form: CaptureForm,
    /// Its dialect.
    pub dialect: DialectFound,
    /// Its sightings.
    pub reader: Box<dyn CaptureReader>,
}

impl std::fmt::Debug for OpenedCapture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedCapture")
            .field("form", &self.form)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

/// Opens a capture: a file, `-` for standard input, or the folder of a journal of our own.
///
/// # Errors
/// The file cannot be read, or is of no known form.
pub fn open(path: &Path, options: &CaptureOptions) -> Result<OpenedCapture, CaptureError> {
    if path.is_dir() {
        return open_journal(path, options);
    }
    match path.to_str() {
        Some("-") => open_stream(Box::new(std::io::stdin()), options),
        _ => open_stream(Box::new(File::open(path)?), options),
    }
}

/// Opens a capture that is read from anywhere.
///
/// # Errors
/// It cannot be read, or is of no known form.
pub fn open_stream(
    mut input: Box<dyn Read + Send>,
    options: &CaptureOptions,
) -> Result<OpenedCapture, CaptureError> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let head = Bytes::from(head);
    let form = CaptureForm::of(&head).ok_or_else(unknown_form)?;
    let dialect = match &options.spec {
        Some(spec) => DialectFound::given(spec),
        None => find_dialect(form, &head, options)?,
    };
    let whole = Box::new(Cursor::new(head).chain(input));
    let reader = reader(form, whole, &dialect.spec, options)?;
    Ok(OpenedCapture {
        form,
        dialect,
        reader,
    })
}

fn open_journal(folder: &Path, options: &CaptureOptions) -> Result<OpenedCapture, CaptureError> {
    let spec = match &options.spec {
        Some(spec) => Some(Arc::clone(spec)),
        None => OwnJournal::dialect(folder)?,
    };
    let spec = spec.ok_or_else(|| CaptureError::Format {
        at: 0,
        fault: "the journal names no built-in dialect; name its own with --spec FILE".to_owned(),
    })?;
    let source = Box::new(OwnJournal::open(folder)?);
    Ok(OpenedCapture {
        form: CaptureForm::OwnJournal,
        reader: Box::new(LogReader::new(source, &spec)),
        dialect: DialectFound::given(&spec),
    })
}

fn unknown_form() -> CaptureError {
    CaptureError::Format {
        at: 0,
        fault: "this is no capture that is known here: it takes pcap and pcapng, a log of jPOS \
                (text, JSON lines, binary), messages in hex, a line each, documents of `decode \
                --json`, a line each, and the folder of a journal"
            .to_owned(),
    }
}

fn reader(
    form: CaptureForm,
    input: Box<dyn Read + Send>,
    spec: &Arc<Spec>,
    options: &CaptureOptions,
) -> Result<Box<dyn CaptureReader>, CaptureError> {
    let zone = options.zone.clone();
    let traffic = |packets: Box<dyn PacketSource>| {
        Box::new(TrafficReader::new(packets, spec, options.server_port))
    };
    let source: Box<dyn LogSource> = match form {
        CaptureForm::Pcap => return Ok(traffic(Box::new(PacketFile::pcap(input)?))),
        CaptureForm::Pcapng => return Ok(traffic(Box::new(PacketFile::pcapng(input)?))),
        CaptureForm::PacketText => {
            let packets = PacketText::new(TextLines::new(input), zone);
            return Ok(traffic(Box::new(packets)));
        }
        CaptureForm::JposLog => Box::new(JposLog::new(TextLines::new(input), zone)),
        CaptureForm::BinaryLog => Box::new(BinaryLog::new(input)),
        CaptureForm::Documents => Box::new(JsonLines::new(TextLines::new(input), zone)),
        CaptureForm::Hex | CaptureForm::OwnJournal => {
            Box::new(HexLines::new(TextLines::new(input), zone))
        }
    };
    Ok(Box::new(LogReader::new(source, spec)))
}

/// How well a dialect reads a capture; more is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct DialectFit {
    /// Frames without fault.
    sound: u64,
    /// Those of a known kind.
    known: u64,
    /// Those without a warning.
    clean: u64,
    /// Frames and gaps in all.
    tried: u64,
}

/// How each built-in dialect reads the first frames.
fn try_dialects(
    form: CaptureForm,
    head: &Bytes,
    options: &CaptureOptions,
) -> Result<Vec<(DialectFit, Arc<Spec>)>, CaptureError> {
    let names = Spec::builtin_names().iter();
    let tried = names.filter_map(|name| Spec::builtin(name)).map(|spec| {
        let input = Box::new(Cursor::new(head.clone()));
        let mut reader = reader(form, input, &spec, options)?;
        Ok((fit(&spec, &mut *reader), spec))
    });
    tried.collect()
}

/// The built-in dialect by which most of the first frames read without fault.
fn find_dialect(
    form: CaptureForm,
    head: &Bytes,
    options: &CaptureOptions,
) -> Result<DialectFound, CaptureError> {
    let mut fits = Vec::new();
    for tried in TRIED {
        fits = try_dialects(form, &head.slice(..tried.min(head.len())), options)?;
        let told = fits.iter().any(|(fit, _)| fit.sound >= ENOUGH_SOUND);
        if told || tried >= head.len() {
            break;
        }
    }
    let best = fits.iter().map(|(fit, _)| *fit).max().unwrap_or_default();
    let mut all = fits.iter().filter(|(fit, _)| *fit == best);
    let Some((_, spec)) = all.next().filter(|_| best.sound > 0) else {
        return Err(CaptureError::Format {
            at: 0,
            fault: "no whole message of a built-in dialect was found in it; name the dialect with \
                    --spec NAME|FILE, or look for one with `isogate spec doctor`; were packets \
                    captured whole (tcpdump -s 0)?"
                .to_owned(),
        });
    };
    Ok(DialectFound {
        spec: Arc::clone(spec),
        sound: Some(best.sound),
        tried: best.tried,
        alike: all.map(|(_, spec)| spec.name().to_owned()).collect(),
    })
}

fn fit(spec: &Arc<Spec>, reader: &mut dyn CaptureReader) -> DialectFit {
    let mut fit = DialectFit::default();
    // The head may end within a packet.
    while let Ok(Some(sighting)) = reader.next() {
        match sighting {
            Sighting::Frame(frame) => {
                fit.tried = fit.tried.saturating_add(1);
                if let Ok(message) = Message::parse(spec, frame.bytes) {
                    let is_known = message.kind().is_some();
                    fit.sound = fit.sound.saturating_add(1);
                    fit.known = fit.known.saturating_add(u64::from(is_known));
                    let is_clean = message.warnings().is_empty();
                    fit.clean = fit.clean.saturating_add(u64::from(is_clean));
                }
            }
            Sighting::Gap { .. } => fit.tried = fit.tried.saturating_add(1),
            Sighting::Opened { .. } | Sighting::Unheard { .. } | Sighting::Ended { .. } => {}
        }
        if fit.tried >= TELLING_FRAMES as u64 {
            break;
        }
    }
    fit
}
