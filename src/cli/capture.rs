//! `isogate capture`: what captured traffic holds.

mod fold;
mod list;
mod macs;
mod out;
mod print;

use self::fold::FoldArgs;
use super::{Exit, Lang, ZoneArgs, input, peer};
use crate::io::capture::{self, CaptureOptions, OpenedCapture};
use crate::lab::peer::MasterKeys;
use anyhow::Context;
use clap::Args;
use list::CaptureListing;
use macs::MacCheck;
use out::CaptureCopy;
use print::CaptureReport;
use std::io::Write;
use std::path::PathBuf;

/// What is in captured traffic: connections, messages, what is missing
#[derive(Args, Debug)]
pub(crate) struct CaptureArgs {
    /// The dialect: a built-in name or a TOML file [default: the one that reads most]
    #[arg(long, value_name = "NAME|FILE")]
    spec: Option<String>,
    /// The server's port, where the opening of a connection was not captured
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Master keys of the terminals: MACs are verified under the working keys that the captured
    /// sign-ons brought
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Write the capture as a pcapng file that may be handed on: card numbers become others that
    /// look alike, tracks, PIN blocks and the like are overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Under one seed a card always becomes the same other one; keep it secret [default: random]
    #[arg(long, value_name = "TEXT", requires = "out")]
    seed: Option<String>,
    /// Write everything in clear: for test cards only
    #[arg(long, requires = "out", conflicts_with = "seed")]
    unmasked: bool,
    #[command(flatten)]
    zone: ZoneArgs,
    #[command(flatten)]
    fold: FoldArgs,
    /// pcap, pcapng, a jPOS log, hex or JSON lines, a journal's folder, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Lists what the capture holds.
pub(crate) fn run(args: &CaptureArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if let Some(journal) = &args.fold.journal {
        return fold::run(args, journal, out);
    }
    let mut capture = open(args)?;
    let macs = masters(args)?.map(MacCheck::new);
    let mut listing = CaptureListing::new(&capture.dialect.spec, macs);
    let mut copy = CaptureCopy::begin(args, &capture.dialect.spec)?;
    let end = loop {
        match capture.reader.next() {
            Ok(Some(sighting)) => {
                listing.take(&sighting);
                copy.as_mut().map_or(Ok(()), |copy| copy.write(&sighting))?;
            }
            Ok(None) => break Ok(Exit::Done),
            // What stands before it is listed all the same.
            Err(error) => break Err(error).with_context(|| named(args)),
        }
    };
    listing.finish();
    copy.map_or(Ok(()), CaptureCopy::finish)?;
    let report = CaptureReport {
        file: named(args),
        form: capture.form.name(),
        dialect: &capture.dialect,
        tally: capture.reader.tally(),
        listing: &listing,
        zone: &args.zone.it,
    };
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &report.json())?;
        writeln!(out)?;
    } else {
        report.print(lang, out)?;
    }
    end
}

fn masters(args: &CaptureArgs) -> anyhow::Result<Option<MasterKeys>> {
    let file = args.keys.as_deref();
    file.map(|file| peer::master_keys(Some(file), 0))
        .transpose()
}

fn named(args: &CaptureArgs) -> String {
    args.file.display().to_string()
}

fn open(args: &CaptureArgs) -> anyhow::Result<OpenedCapture> {
    capture::open(&args.file, &options(args)?).with_context(|| named(args))
}

fn options(args: &CaptureArgs) -> anyhow::Result<CaptureOptions> {
    let spec = args.spec.as_deref().map(input::spec).transpose()?;
    Ok(CaptureOptions {
        spec,
        server_port: args.port,
        zone: args.zone.it.clone(),
    })
}
