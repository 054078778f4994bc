//! `isogate journal traces`: each transaction sent to an OpenTelemetry collector.

use super::FolderArgs;
use crate::cli::follow::{PAUSE, RecordStart};
use crate::cli::{Lang, UsageError};
use crate::engine::record::{Fact, Record, Seq, TxId};
use crate::engine::trace::{Story, subject};
use crate::io::telemetry::{TraceError, TraceSender};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// Where transactions are sent, and which.
#[derive(Args, Debug)]
pub(super) struct TraceSendArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The collector, where it takes OTLP over HTTP
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:4318/v1/traces"
    )]
    to: String,
    /// Begin at `now`, at the `beginning` of what is kept, or at a time such as 10:15,
    /// 2026-11-22T10:15 or 10m (ten minutes ago)
    #[arg(long, value_name = "TIME", default_value = "now")]
    from: String,
    /// Stop at the end instead of waiting for more
    #[arg(long)]
    once: bool,
}

/// How long a transaction that rests is left alone before it is sent: something may follow at once.
const REST: Duration = Duration::from_secs(2);

/// How long an answer or a reversal is waited for before the transaction is sent without.
const WAIT: Duration = Duration::from_mins(2);

/// How often a collector that takes nothing is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How many transactions are remembered: of older ones that go on, no more is sent than what
/// follows.
const REMEMBERED: usize = 10_000;

/// Sends until interrupted, or once what there is. Whether the journal is sound.
pub(super) fn run(args: &TraceSendArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<bool> {
    let start = RecordStart::read(&args.from, args.folder.zone())
        .map_err(|error| UsageError(error.said().in_lang(lang).to_owned()))?;
    let mut sender = TraceSender::to(&args.to)?;
    let mut records = start.records(&args.folder.reader()?, true)?;
    let mut rests = RestingStories::default();
    let mut behind_start = matches!(start, RecordStart::Now);
    let mut sent = 0;
    let mut tried: Option<Instant> = None;
    loop {
        for record in records.by_ref() {
            let record = record?;
            let earlier = match start {
                RecordStart::Now => behind_start,
                start => start.is_behind(&record),
            };
            rests.hear(&record, earlier, Instant::now(), &mut sender);
            if args.once && sender.is_full() {
                sent += sender.send()?;
            }
        }
        behind_start = false;
        if args.once {
            rests.send_all(&mut sender);
            sent += sender.send()?;
            writeln!(out, "{sent} spans sent to {}", args.to)?;
            return Ok(records.damage().is_empty());
        }
        rests.send_due(Instant::now(), &mut sender);
        if tried.is_none_or(|tried| tried.elapsed() >= AGAIN) {
            tried = follow_up(&mut sender, tried.is_some());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Sends what waits; when it was tried in vain, if it was.
fn follow_up(sender: &mut TraceSender, failed: bool) -> Option<Instant> {
    match sender.send() {
        Ok(0) if failed => None,
        Ok(spans) => {
            if failed {
                info!(spans, "the collector takes spans again");
            }
            None
        }
        Err(TraceError::Collector(error)) => {
            let left_out = sender.left_out();
            warn!(%error, left_out, again_in = ?AGAIN, "the collector takes nothing");
            Some(Instant::now())
        }
        Err(error) => {
            warn!(%error, "nothing was sent");
            Some(Instant::now())
        }
    }
}

/// Transactions until they rest.
#[derive(Debug, Default)]
struct RestingStories {
    stories: BTreeMap<TxId, HeardStory>,
    due: BTreeSet<(Instant, TxId)>,
}

/// A transaction, and what of it was sent.
#[derive(Debug)]
struct HeardStory {
    story: Story,
    sent: Option<Seq>,
    heard: Instant,
    /// When it is to be sent, if something of it was not.
    due: Option<Instant>,
}

impl RestingStories {
    /// Takes the next record. What is earlier than what is to be sent only tells of it.
    fn hear(&mut self, record: &Record, earlier: bool, now: Instant, sender: &mut TraceSender) {
        let Some(tx) = subject(record) else {
            return;
        };
        if let Some(heard) = self.stories.get_mut(&tx) {
            heard.story.fold(record);
        } else if let Some(story) = Story::begin(record) {
            let heard = HeardStory {
                story,
                sent: None,
                heard: now,
                due: None,
            };
            self.stories.insert(tx, heard);
        }
        // A checkpoint says again what was said.
        let is_new = !earlier && !matches!(record.fact, Fact::Carried(_));
        if is_new && let Some(heard) = self.stories.get_mut(&tx) {
            heard.heard = now;
            let due = now + REST;
            if let Some(before) = heard.due.replace(due) {
                self.due.remove(&(before, tx));
            }
            self.due.insert((due, tx));
        }
        while self.stories.len() > REMEMBERED
            && let Some((tx, mut oldest)) = self.stories.pop_first()
            && let Some(due) = oldest.due
        {
            self.due.remove(&(due, tx));
            oldest.send(sender);
        }
    }

    /// Sends what rests, or was waited for long enough.
    fn send_due(&mut self, now: Instant, sender: &mut TraceSender) {
        while let Some((due, tx)) = self.due.pop_first() {
            if due > now {
                self.due.insert((due, tx));
                break;
            }
            let Some(heard) = self.stories.get_mut(&tx) else {
                continue;
            };
            if heard.story.rests() || now >= heard.heard + WAIT {
                heard.send(sender);
            } else {
                let due = heard.heard + WAIT;
                heard.due = Some(due);
                self.due.insert((due, tx));
            }
        }
    }

    /// Sends everything, whether it rests or not.
    fn send_all(&mut self, sender: &mut TraceSender) {
        for (_, tx) in std::mem::take(&mut self.due) {
            if let Some(heard) = self.stories.get_mut(&tx) {
                heard.send(sender);
            }
        }
    }
}

impl HeardStory {
    fn send(&mut self, sender: &mut TraceSender) {
        self.due = None;
        sender.take(&self.story, self.sent);
        self.sent = Some(self.story.last);
    }
}
