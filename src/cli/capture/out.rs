//! `--out`: the capture written as a pcapng file that may be handed on.

use super::CaptureArgs;
use crate::cli::input::is_same;
use crate::io::capture::PcapngWriter;
use crate::iso::codec::Message;
use crate::iso::spec::Spec;
use crate::iso::stream::{FrameMask, SeenFrame, Sighting};
use anyhow::{Context, bail};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

/// What a masked file says of itself.
const MASKED: &str = "masked: card numbers are others that look alike; tracks, PIN blocks and \
    other secrets are overwritten";

/// Writes sightings to a file, masked unless the user wants them as they are.
#[derive(Debug)]
pub(super) struct CaptureCopy {
    file: String,
    spec: Arc<Spec>,
    mask: Option<FrameMask>,
    writer: PcapngWriter<BufWriter<File>>,
}

impl CaptureCopy {
    /// Begins the file of `--out`, if it is wanted.
    pub(super) fn begin(args: &CaptureArgs, spec: &Arc<Spec>) -> anyhow::Result<Option<Self>> {
        let Some(path) = &args.out else {
            return Ok(None);
        };
        let file = path.display().to_string();
        if is_same(path, &args.file) {
            bail!("--out {file}: this is the capture itself; name another file");
        }
        let mask = match (args.unmasked, &args.seed) {
            (true, _) => {
                let warning = "isogate: --unmasked: card numbers, tracks and PIN blocks are \
                               written as they were; keep the file where only test cards are";
                let _closed = writeln!(std::io::stderr(), "{warning}");
                None
            }
            (false, Some(seed)) => Some(FrameMask::new(seed.as_bytes())),
            (false, None) => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).context("no random seed for the mask")?;
                Some(FrameMask::new(&seed))
            }
        };
        let out = File::create(path).with_context(|| format!("cannot write {file}"))?;
        let note = if mask.is_some() { MASKED } else { "" };
        let writer = PcapngWriter::with_note(BufWriter::new(out), spec, note);
        Ok(Some(Self {
            writer: writer.with_context(|| format!("cannot write {file}"))?,
            file,
            spec: Arc::clone(spec),
            mask,
        }))
    }

    /// Writes a sighting.
    pub(super) fn write(&mut self, sighting: &Sighting) -> anyhow::Result<()> {
        let written = match sighting {
            Sighting::Frame(frame) => {
                let comment = comment(&self.spec, frame);
                let bytes = match &self.mask {
                    Some(mask) => mask.mask(&self.spec, &frame.bytes),
                    None => frame.bytes.clone(),
                };
                let frame = SeenFrame {
                    bytes,
                    ..frame.clone()
                };
                self.writer.write(&Sighting::Frame(frame), &comment)
            }
            other => self.writer.write(other, ""),
        };
        written.with_context(|| format!("cannot write {}", self.file))
    }

    /// Writes the file to its end.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let written = self.writer.finish();
        written
            .map(drop)
            .with_context(|| format!("cannot write {}", self.file))
    }
}

/// What the frame is: type, kind, terminal and trace number, code.
fn comment(spec: &Arc<Spec>, frame: &SeenFrame) -> String {
    let Ok(message) = Message::read(spec, frame.bytes.clone()) else {
        return format!("not readable as {}", spec.name());
    };
    let names = [
        Some(message.mti().to_string()),
        message.kind().map(|kind| kind.name.to_string()),
        message.terminal().map(|terminal| terminal.to_string()),
        message.stan().map(|stan| stan.to_string()),
        message.response_code().map(|code| format!("code {code}")),
        frame.masked.then(|| "masked before".to_owned()),
    ];
    names.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
