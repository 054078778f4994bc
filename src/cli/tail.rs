//! `isogate tail`: follows the journal live.

use super::journal::FolderArgs;
use super::past;
use super::{Exit, Lang};
use clap::Args;
use std::io::Write;
use std::time::Duration;

mod line;

use line::{RecordView, TailPrinter};

/// Follow the journal live: a line, or an object, for each record
#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    /// Begin with the oldest record that is kept, not with the next one
    #[arg(long)]
    all: bool,
    /// Stop at the end instead of waiting for more
    #[arg(long)]
    once: bool,
    /// Print one JSON object a record
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    journal: FolderArgs,
}

/// How often it is looked for more: often enough to seem live, seldom enough to cost nothing.
const PAUSE: Duration = Duration::from_millis(50);

/// Follows until interrupted.
pub(crate) fn run(args: &TailArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let reader = args.journal.reader()?;
    let mut records = if args.all {
        reader.records()
    } else {
        reader.records_from_now()?
    };
    let mut live = TailPrinter::new(past::look(lang, args.journal.zone()));
    loop {
        for record in records.by_ref() {
            let record = record?;
            if args.json {
                writeln!(
                    out,
                    "{}",
                    serde_json::to_string(&RecordView::of(&record, args.journal.zone()))?
                )?;
            } else if let Some(line) = live.line(&record) {
                write!(out, "{line}")?;
            }
        }
        out.flush()?;
        if args.once {
            return Ok(Exit::Done);
        }
        std::thread::sleep(PAUSE);
    }
}
