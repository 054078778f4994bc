//! `isogate spec import`: a packager of another system as a dialect file of ours.

use super::super::{Exit, input};
use crate::iso::foreign::{self, ImportNote, Imported, PackagerKind};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The packager: a file, or - for standard input
    file: String,
    /// The system that it was written for [default: found out by itself]
    #[arg(long, value_enum)]
    from: Option<OriginChoice>,
    /// Write the dialect to this file, named after it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON document of what was decided and left out
    #[arg(long, requires = "out")]
    json: bool,
}

/// A system, as `--from` names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OriginChoice {
    /// jPOS GenericPackager, XML
    Jpos,
    /// moov-io iso8583, JSON or YAML
    Moov,
    /// j8583 parse guides, XML
    J8583,
}

impl From<OriginChoice> for PackagerKind {
    fn from(choice: OriginChoice) -> Self {
        match choice {
            OriginChoice::Jpos => Self::Jpos,
            OriginChoice::Moov => Self::Moov,
            OriginChoice::J8583 => Self::J8583,
        }
    }
}

/// Writes the dialect; `Found` if something could not be said.
pub(super) fn run(args: &ImportArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let bytes = input::read(&args.file)?;
    let text = foreign::text_of(&bytes).with_context(|| args.file.clone())?;
    let origin = args
        .from
        .map(PackagerKind::from)
        .or_else(|| PackagerKind::of(&text));
    let Some(origin) = origin else {
        bail!(
            "{} looks like no packager that is known; say which with --from",
            args.file
        );
    };
    let stem = |path: &Path| Some(path.file_stem()?.to_string_lossy().into_owned());
    let named = args.out.as_deref().unwrap_or_else(|| Path::new(&args.file));
    let name = stem(named).filter(|name| name != "-");
    let name = name.unwrap_or_else(|| "imported".to_owned());
    let imported = foreign::import(origin, &name, &text).with_context(|| args.file.clone())?;
    let found = if imported.left_out.is_empty() {
        Exit::Done
    } else {
        Exit::Found
    };
    let Some(file) = &args.out else {
        out.write_all(imported.text.as_bytes())?;
        return Ok(found);
    };
    std::fs::write(file, &imported.text)
        .with_context(|| format!("cannot write {}", file.display()))?;
    if args.json {
        serde_json::to_writer(&mut *out, &document(origin, file, &imported))?;
        writeln!(out)?;
    } else {
        tell(args, origin, file, &imported, out)?;
    }
    Ok(found)
}

fn tell(
    args: &ImportArgs,
    origin: PackagerKind,
    file: &Path,
    imported: &Imported,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(
        out,
        "{}: {}, {} fields, written to {}",
        args.file,
        origin.name(),
        imported.fields,
        file.display()
    )?;
    for note in &imported.decided {
        writeln!(out, "{}:{}: {}", args.file, note.line, note.what)?;
    }
    for note in &imported.left_out {
        writeln!(out, "{}:{}: left out: {}", args.file, note.line, note.what)?;
    }
    Ok(())
}

fn document(origin: PackagerKind, file: &Path, imported: &Imported) -> Value {
    let notes = |all: &[ImportNote]| -> Value {
        let one = |note: &ImportNote| json!({ "line": note.line, "message": note.what });
        all.iter().map(one).collect()
    };
    json!({ "from": origin.name(), "file": file, "fields": imported.fields,
            "decided": notes(&imported.decided), "left_out": notes(&imported.left_out) })
}
