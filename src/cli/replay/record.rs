//! `--out`: what goes to and fro this time, as a capture against which other answers can be held.

use crate::cli::input::is_same;
use crate::io::capture::PcapngWriter;
use crate::iso::spec::Spec;
use crate::iso::stream::Sighting;
use anyhow::{Context, ensure};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

/// Writes what passes to a file, as it is: what comes of a masked capture is masked no less.
#[derive(Debug)]
pub(super) struct PassedCopy {
    file: String,
    writer: PcapngWriter<BufWriter<File>>,
}

impl PassedCopy {
    /// Begins the file.
    pub(super) fn begin(path: &Path, capture: &Path, spec: &Arc<Spec>) -> anyhow::Result<Self> {
        let file = path.display().to_string();
        ensure!(
            !is_same(path, capture),
            "--out {file}: this is the capture itself; name another file"
        );
        let begun = File::create(path).and_then(|out| {
            // Only as many may read it as may read what is played.
            if let Ok(played) = capture.metadata() {
                out.set_permissions(played.permissions())?;
            }
            PcapngWriter::new(BufWriter::new(out), spec)
        });
        let writer = begun.with_context(|| format!("cannot write {file} (--out)"))?;
        Ok(Self { file, writer })
    }

    pub(super) fn write(&mut self, passed: &Sighting) -> io::Result<()> {
        self.writer.write(passed, "")
    }

    /// Writes the file to its end.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let written = self.writer.finish().map(drop);
        written.with_context(|| format!("cannot write {} (--out)", self.file))
    }
}
