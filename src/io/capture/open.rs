//! Opens a capture: its form is told by its content, its dialect by what reads most of it.

use super::packets::PacketFile;
use super::traffic::TrafficReader;
use super::{CaptureError, CaptureReader};
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
/// So many frames tell the dialect.
const TELLING_FRAMES: usize = 400;

/// How a capture is read.
#[derive(Clone, Debug, Default)]
pub struct CaptureOptions {
    /// The dialect; `None` to find out the built-in one that reads most frames.
    pub spec: Option<Arc<Spec>>,
    /// The server's port, where the opening of a connection was not seen.
    pub server_port: Option<u16>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureForm {
    /// pcap.
    Pcap,
    /// pcapng.
    Pcapng,
}

impl CaptureForm {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
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

/// Opens a capture; `-` is standard input.
///
/// # Errors
/// The file cannot be read, or is of no known form.
pub fn open(path: &Path, options: &CaptureOptions) -> Result<OpenedCapture, CaptureError> {
    let mut input: Box<dyn Read + Send> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(File::open(path)?),
    };
    let mut head = Vec::new();
    input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let head = Bytes::from(head);
    let form = form(&head)?;
    let dialect = match &options.spec {
        Some(spec) => DialectFound {
            spec: Arc::clone(spec),
            sound: None,
            tried: 0,
            alike: Vec::new(),
        },
        None => find_dialect(form, &head, options)?,
    };
    let whole = Cursor::new(head).chain(input);
    let reader = reader(form, whole, &dialect.spec, options)?;
    Ok(OpenedCapture {
        form,
        dialect,
        reader,
    })
}

fn form(head: &[u8]) -> Result<CaptureForm, CaptureError> {
    match head.get(..4) {
        Some([0x0A, 0x0D, 0x0D, 0x0A]) => Ok(CaptureForm::Pcapng),
        Some(
            [0xD4, 0xC3, 0xB2, 0xA1]
            | [0x4D, 0x3C, 0xB2, 0xA1]
            | [0xA1, 0xB2, 0xC3, 0xD4]
            | [0xA1, 0xB2, 0x3C, 0x4D],
        ) => Ok(CaptureForm::Pcap),
        _ => Err(CaptureError::Format {
            at: 0,
            fault: "this is no capture that is known here: it takes pcap and pcapng".to_owned(),
        }),
    }
}

fn reader(
    form: CaptureForm,
    input: impl Read + Send + 'static,
    spec: &Arc<Spec>,
    options: &CaptureOptions,
) -> Result<Box<dyn CaptureReader>, CaptureError> {
    let packets = match form {
        CaptureForm::Pcap => PacketFile::pcap(input)?,
        CaptureForm::Pcapng => PacketFile::pcapng(input)?,
    };
    Ok(Box::new(TrafficReader::new(
        packets,
        spec,
        options.server_port,
    )))
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

/// The built-in dialect by which most of the first frames read without fault.
fn find_dialect(
    form: CaptureForm,
    head: &Bytes,
    options: &CaptureOptions,
) -> Result<DialectFound, CaptureError> {
    let mut fits = Vec::new();
    for spec in Spec::builtin_names()
        .iter()
        .filter_map(|name| Spec::builtin(name))
    {
        let mut reader = reader(form, Cursor::new(head.clone()), &spec, options)?;
        fits.push((fit(&spec, &mut *reader), spec));
    }
    let best = fits.iter().map(|(fit, _)| *fit).max().unwrap_or_default();
    let mut all = fits.iter().filter(|(fit, _)| *fit == best);
    let Some((_, spec)) = all.next().filter(|_| best.sound > 0) else {
        return Err(CaptureError::Format {
            at: 0,
            fault: "no message of a built-in dialect was found in it; name the dialect with \
                    --spec NAME|FILE, or look for one with `isogate spec doctor`"
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
            Sighting::Opened { .. } | Sighting::Ended { .. } => {}
        }
        if fit.tried >= TELLING_FRAMES as u64 {
            break;
        }
    }
    fit
}
