//! `isogate capture`: what captured traffic holds.

use super::{Exit, input};
use crate::io::capture::{self, CaptureOptions, OpenedCapture};
use crate::iso::stream::Sighting;
use anyhow::Context;
use clap::Args;
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
    /// pcap or pcapng, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Lists what the capture holds.
pub(crate) fn run(args: &CaptureArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let mut capture = open(args)?;
    while let Some(sighting) = capture.reader.next().with_context(|| named(args))? {
        match sighting {
            Sighting::Frame(frame) => writeln!(
                out,
                "{:?} {:?} {:?} {}",
                frame.flow,
                frame.from,
                frame.at,
                input::to_hex(&frame.bytes)
            )?,
            other => writeln!(out, "{other:?}")?,
        }
    }
    Ok(Exit::Done)
}

fn named(args: &CaptureArgs) -> String {
    args.file.display().to_string()
}

fn open(args: &CaptureArgs) -> anyhow::Result<OpenedCapture> {
    let spec = args.spec.as_deref().map(input::spec).transpose()?;
    let options = CaptureOptions {
        spec,
        server_port: args.port,
    };
    capture::open(&args.file, &options).with_context(|| named(args))
}
