//! `isogate tail`: follows the journal live.

use super::asked::FilterArgs;
use super::follow::{PAUSE, RecordStart};
use super::journal::FolderArgs;
use super::past;
use super::{Exit, Lang, UsageError};
use crate::engine::record::Record;
use crate::engine::seam::Zone;
use clap::Args;
use std::io::Write;

mod line;
mod watch;

use line::{RecordView, TailPrinter};
use watch::FilteredStories;

/// Follow the journal live: a line, or an object, for each record
#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    asked: FilterArgs,
    /// Begin at `now`, at the `beginning` of what is kept, or at a time such as 10:15,
    /// 2026-11-22T10:15 or 10m (ten minutes ago)
    #[arg(long, value_name = "TIME", default_value = "now")]
    from: String,
    /// As --from beginning
    #[arg(long, conflicts_with = "from")]
    all: bool,
    /// Wait for more at the end: what it does unless --once is given
    #[arg(short, long, conflicts_with = "once")]
    follow: bool,
    /// Stop at the end instead of waiting for more
    #[arg(long)]
    once: bool,
    /// Print one JSON object a record
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Follows until interrupted.
pub(crate) fn run(args: &TailArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let zone = args.journal.zone();
    let filter = args.asked.read(zone, lang)?;
    let mut start = match args.all {
        true => RecordStart::Beginning,
        false => RecordStart::read(&args.from, zone)
            .map_err(|error| UsageError(error.said().in_lang(lang).to_owned()))?,
    };
    let mut records = start.records(&args.journal.reader()?, filter.is_some())?;
    // Without a filter the reader begins at the end.
    if matches!(start, RecordStart::Now) && filter.is_none() {
        start = RecordStart::Beginning;
    }
    let mut tail = Tail {
        live: TailPrinter::new(past::look(lang, zone)),
        watched: filter.map(FilteredStories::new),
        json: args.json,
        zone,
    };
    loop {
        for record in records.by_ref() {
            let record = record?;
            tail.take(&record, start.is_behind(&record), out)?;
        }
        // From here on everything is new.
        if matches!(start, RecordStart::Now) {
            start = RecordStart::Beginning;
        }
        out.flush()?;
        if args.once {
            return Ok(Exit::Done);
        }
        std::thread::sleep(PAUSE);
    }
}

struct Tail<'a> {
    live: TailPrinter<'a>,
    watched: Option<FilteredStories>,
    json: bool,
    zone: &'a Zone,
}

impl Tail<'_> {
    /// Prints a record, if it is asked for and not earlier than that.
    fn take(&mut self, record: &Record, earlier: bool, out: &mut dyn Write) -> anyhow::Result<()> {
        let line = self.live.line(record);
        let wanted = match &mut self.watched {
            Some(watched) => watched.takes(record, earlier),
            None => !earlier,
        };
        if !wanted {
            return Ok(());
        }
        if self.json {
            let view = RecordView::of(record, self.zone);
            writeln!(out, "{}", serde_json::to_string(&view)?)?;
        } else if let Some(line) = line {
            write!(out, "{line}")?;
        }
        Ok(())
    }
}
