//! `isogate tail`: follows the journal live.

use super::asked::{FilterArgs, now};
use super::journal::FolderArgs;
use super::past;
use super::{Exit, Lang, UsageError};
use crate::engine::record::Record;
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{QueryError, moment, time};
use crate::io::journal::{JournalReader, RecordReader};
use clap::Args;
use std::io::Write;
use std::time::Duration;

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

/// How often it is looked for more: often enough to seem live, seldom enough to cost nothing.
const PAUSE: Duration = Duration::from_millis(50);

/// Where it begins.
#[derive(Clone, Copy, Debug)]
enum Start {
    Beginning,
    Now,
    At(Wall),
}

impl Start {
    fn read(text: &str, zone: &Zone) -> Result<Self, QueryError> {
        match text {
            "beginning" => Ok(Self::Beginning),
            "now" => Ok(Self::Now),
            text => moment(text, (now(), zone), time).map(Self::At),
        }
    }

    /// The records; where a filter asks for it, with the earlier ones that tell what is under way.
    fn records(self, reader: &JournalReader, filtered: bool) -> anyhow::Result<RecordReader> {
        Ok(match self {
            Self::Beginning => reader.records(),
            Self::Now if filtered => reader.records_since_checkpoint()?,
            Self::Now => reader.records_from_now()?,
            Self::At(moment) => reader.records_around(moment)?,
        })
    }

    /// Whether a record is earlier.
    fn is_behind(self, record: &Record) -> bool {
        match self {
            Self::Beginning => false,
            Self::Now => true,
            Self::At(moment) => record.at < moment,
        }
    }
}

/// Follows until interrupted.
pub(crate) fn run(args: &TailArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let zone = args.journal.zone();
    let filter = args.asked.read(zone, lang)?;
    let mut start = match args.all {
        true => Start::Beginning,
        false => Start::read(&args.from, zone)
            .map_err(|error| UsageError(error.said().in_lang(lang).to_owned()))?,
    };
    let mut records = start.records(&args.journal.reader()?, filter.is_some())?;
    // Without a filter the reader begins at the end.
    if matches!(start, Start::Now) && filter.is_none() {
        start = Start::Beginning;
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
        if matches!(start, Start::Now) {
            start = Start::Beginning;
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
