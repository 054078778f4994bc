//! `isogate journal`: whether a journal is sound, and what is in it.

mod export;
mod shadow;
#[cfg(feature = "otel")]
mod traces;

use super::{Exit, Lang, ZoneArgs, table};
use crate::engine::journal::{Damage, JournalReport, SegmentReport, Torn, verify};
use crate::engine::seam::{Wall, Zone};
use crate::io::journal::{Files, JournalCounts, JournalReader, JournalSnapshot, ReadError};
use crate::lab::model::{ModelBreach, ModelCheck, ModelReport, Policy, StillOpen};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The journal itself: whether it is sound, and what is in it
#[derive(Args, Debug)]
pub(crate) struct JournalArgs {
    #[command(subcommand)]
    command: JournalCommand,
}

#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Read every byte: whether anything is damaged, torn or missing
    Verify(VerifyArgs),
    /// What is in it: segments, records, messages; told by the index, where that covers it
    Stats(ReadArgs),
    /// Each message of it, and each act of an operator, as a line for other programs
    Export(export::MessageExportArgs),
    /// Send each transaction as a trace to an OpenTelemetry collector
    #[cfg(feature = "otel")]
    Traces(traces::TraceSendArgs),
    /// What a link's shadow answered otherwise than its acquirer; exit code 1 if anything, 2 if
    /// nothing was compared
    Shadow(ReadArgs),
}

#[derive(Args, Debug)]
struct VerifyArgs {
    #[command(flatten)]
    read: ReadArgs,
    /// Also hold its messages against the rules of reversals; exit code 1 if one is broken
    #[arg(long)]
    model: bool,
}

#[derive(Args, Debug)]
struct ReadArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Which journal a command reads.
#[derive(Args, Clone, Debug)]
pub(crate) struct FolderArgs {
    /// The journal's folder [default: ./journal, else the newest ./lab-*]
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    zone: ZoneArgs,
}

impl FolderArgs {
    /// The folder that is meant.
    pub(crate) fn folder(&self) -> PathBuf {
        let default = || PathBuf::from("journal");
        match &self.journal {
            Some(folder) => folder.clone(),
            None if default().is_dir() => default(),
            None => newest_lab(Path::new(".")).unwrap_or_else(default),
        }
    }

    /// The zone in which its moments are shown.
    pub(crate) const fn zone(&self) -> &Zone {
        &self.zone.it
    }

    /// Its reader; what is sealed stays so.
    pub(crate) fn reader(&self) -> anyhow::Result<JournalReader> {
        Ok(JournalReader::open(&self.folder(), None)?)
    }
}

/// The last by name: a lab's folder is named by its time.
fn newest_lab(place: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(place).ok()?.filter_map(Result::ok);
    let labs = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("lab-") && !name.ends_with(".keys"))
            && path.is_dir()
    });
    labs.max()
}

/// Runs the subcommand; `Found` if the journal is damaged, or breaks a rule of the model.
pub(crate) fn run(args: &JournalArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let sound = match &args.command {
        JournalCommand::Verify(verify) => run_verify(verify, out)?,
        JournalCommand::Stats(read) => run_stats(read, out)?,
        JournalCommand::Export(export) => export::run(export, lang, out)?,
        #[cfg(feature = "otel")]
        JournalCommand::Traces(send) => traces::run(send, lang, out)?,
        JournalCommand::Shadow(read) => shadow::run(read, out)?,
    };
    Ok(if sound { Exit::Done } else { Exit::Found })
}

/// Whether the journal is sound, and breaks no rule that it was held against.
fn run_verify(args: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let reader = args.read.folder.reader()?;
    let report = verify(&Files::read_only(&args.read.folder.folder()))?;
    let model = args.model.then(|| held_against_model(&reader));
    let model = model.transpose()?;
    print_report(&report, model.as_ref(), &args.read, out)?;
    let kept = model.is_none_or(|model| model.breaches.is_empty());
    Ok(report.damage.is_empty() && kept)
}

/// Counted by the index, which read the journal once; whether that found it sound.
fn run_stats(args: &ReadArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let reader = args.folder.reader()?;
    let counted = |snapshot: JournalSnapshot| {
        let counts = snapshot.counts()?;
        Ok((counts, snapshot.damage().is_empty()))
    };
    let (counts, sound) = match reader.snapshot().and_then(counted) {
        Err(ReadError::Index(_)) => reader.snapshot_without_index().and_then(counted)?,
        told => told?,
    };
    print_stats(&counts, args, out)?;
    Ok(sound)
}

/// What the messages of a journal show of the rules of reversals. Who reverses on a route stands in
/// no journal, so only what a terminal asked for is demanded.
fn held_against_model(reader: &JournalReader) -> anyhow::Result<ModelReport> {
    let mut check = ModelCheck::new(Policy::Terminal);
    for record in reader.records() {
        check.take(&record?);
    }
    Ok(check.finish())
}

/// What can be done about damage.
const MEND: &str = "mend: restore the damaged segments from a copy of the journal. Without a copy: \
    keep this folder aside, start the gateway with an empty one, and settle by hand what `isogate \
    open --journal` lists for the old one; what stood in the damaged places is on no list";

fn print_report(
    report: &JournalReport,
    model: Option<&ModelReport>,
    read: &ReadArgs,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if read.json {
        let mut document = report_document(report);
        if let (Some(model), Some(fields)) = (model, document.as_object_mut()) {
            fields.insert(
                "model".to_owned(),
                model_document(model, read.folder.zone()),
            );
        }
        writeln!(out, "{document}")?;
        return Ok(());
    }
    let segments = report.segments.len();
    let records = total(report, |segment| segment.records);
    let bytes = total(report, |segment| segment.bytes);
    let plural = if segments == 1 { "" } else { "s" };
    write!(out, "{segments} segment{plural}, {records} records")?;
    if let Some((first, last)) = ends(report) {
        write!(out, " ({first} to {last})")?;
    }
    writeln!(out, ", {bytes} bytes")?;
    for damage in &report.damage {
        writeln!(out, "damaged: {damage}")?;
    }
    if let Some(torn) = &report.torn {
        let Torn {
            segment,
            offset,
            bytes,
        } = torn;
        writeln!(
            out,
            "torn: segment {segment}, byte {offset}: {bytes} bytes of a write that was not \
             finished; the next start cuts them off, nothing relied on them"
        )?;
    }
    if report.damage.is_empty() {
        writeln!(out, "sound: no record is damaged or missing")?;
    } else {
        writeln!(out, "{MEND}")?;
    }
    match model {
        Some(model) => print_model(model, out),
        None => Ok(()),
    }
}

fn print_model(model: &ModelReport, out: &mut dyn Write) -> anyhow::Result<()> {
    for breach in &model.breaches {
        let ModelBreach {
            rule, seq, what, ..
        } = breach;
        let tx = breach.tx.map(|tx| tx.to_string()).unwrap_or_default();
        writeln!(
            out,
            "against {rule}: record {}, transaction {tx}: {what}",
            seq.0
        )?;
    }
    let (followed, open) = (model.transactions, model.open.len());
    match model.breaches.len() {
        0 => write!(out, "model: no rule is broken")?,
        1 => write!(out, "model: a rule is broken once")?,
        times => write!(out, "model: rules are broken {times} times")?,
    }
    writeln!(out, " ({followed} transactions, {open} of them open)")?;
    Ok(())
}

fn model_document(model: &ModelReport, zone: &Zone) -> Value {
    let breach = |breach: &ModelBreach| {
        let tx = breach.tx.map(|tx| tx.to_string());
        json!({ "rule": breach.rule, "seq": breach.seq.0, "tx": tx, "what": breach.what })
    };
    let open = |open: &StillOpen| {
        json!({ "tx": open.tx.to_string(), "class": open.class.name(), "seq": open.seq.0,
                "at": open.at.rfc3339(zone), "owes_reversal": open.owes_reversal })
    };
    json!({
        "transactions": model.transactions,
        "breaches": model.breaches.iter().map(breach).collect::<Vec<_>>(),
        "open": model.open.iter().map(open).collect::<Vec<_>>(),
    })
}

fn report_document(report: &JournalReport) -> Value {
    let damage = |damage: &Damage| {
        let (segment, what) = (damage.segment.0, damage.to_string());
        json!({ "segment": segment, "offset": damage.offset, "what": what })
    };
    let torn = report.torn.map(
        |torn| json!({ "segment": torn.segment.0, "offset": torn.offset, "bytes": torn.bytes }),
    );
    json!({
        "segments": report.segments.len(),
        "records": total(report, |segment| segment.records),
        "first": ends(report).map(|(first, _)| first),
        "last": ends(report).map(|(_, last)| last),
        "bytes": total(report, |segment| segment.bytes),
        "sound": report.damage.is_empty(),
        "damage": report.damage.iter().map(damage).collect::<Vec<_>>(),
        "torn": torn,
    })
}

fn total(report: &JournalReport, of: impl Fn(&SegmentReport) -> u64) -> u64 {
    report.segments.iter().map(of).sum()
}

fn ends(report: &JournalReport) -> Option<(u64, u64)> {
    let mut ends = report.segments.iter().filter_map(|segment| segment.ends);
    let (first, last) = ends.next()?;
    Some((first.0, ends.next_back().map_or(last.0, |(_, last)| last.0)))
}

fn print_stats(stats: &JournalCounts, read: &ReadArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let zone = read.folder.zone();
    let time = |wall: Option<Wall>| wall.map(|wall| wall.rfc3339(zone));
    let bytes: u64 = stats.segments.iter().map(|segment| segment.bytes).sum();
    let messages = stats.messages.iter();
    let messages: BTreeMap<String, u64> = messages
        .map(|((way, mti), count)| (format!("{} {mti}", way.name()), *count))
        .collect();
    let (from, to) = (stats.times.map(|t| t.0), stats.times.map(|t| t.1));
    if read.json {
        let segments = stats.segments.iter().map(|segment| {
            json!({ "segment": segment.segment.0, "bytes": segment.bytes,
                    "records": segment.records, "began": time(segment.began) })
        });
        let document = json!({
            "from": time(from), "to": time(to),
            "transactions": stats.transactions,
            "bytes": bytes,
            "frame_bytes": stats.frame_bytes,
            "records": stats.records, "messages": messages,
            "segments": segments.collect::<Vec<_>>(),
        });
        writeln!(out, "{document}")?;
        return Ok(());
    }
    if let (Some(from), Some(to)) = (from, to) {
        writeln!(out, "{from} to {to}")?;
    }
    writeln!(
        out,
        "{} transactions; {bytes} bytes, {} of them frames\n",
        stats.transactions, stats.frame_bytes
    )?;
    let records = stats.records.iter().map(|(name, count)| (*name, count));
    let messages = messages.iter().map(|(name, count)| (&**name, count));
    let rows = records.chain(messages);
    table::print(
        rows.map(|(name, count)| [name.to_owned(), count.to_string()]),
        out,
    )?;
    writeln!(out)?;
    let rows = stats.segments.iter().map(|segment| {
        [
            segment.segment.to_string(),
            time(segment.began).unwrap_or_default(),
            format!("{} records", segment.records),
            format!("{} bytes", segment.bytes),
        ]
    });
    table::print(rows, out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::journal::{Journal, JournalOptions, SegmentNo};
    use crate::engine::record::{TxId, samples};

    fn journal(folder: &Path) {
        let files = Files::open(folder, 0).unwrap();
        let (mut journal, _) = Journal::open(files, JournalOptions::default()).unwrap();
        let vault = &mut samples::vault();
        for seq in 1..=3 {
            let record = samples::sale(seq, TxId(1), (seq > 1).then(|| seq - 1));
            journal.append(&record, vault).unwrap();
            journal.sync().unwrap();
        }
        journal.close().unwrap();
    }

    fn printed(
        command: fn(ReadArgs) -> JournalCommand,
        folder: &Path,
        json: bool,
    ) -> (Exit, String) {
        let folder = FolderArgs {
            journal: Some(folder.to_owned()),
            zone: ZoneArgs::default(),
        };
        let args = JournalArgs {
            command: command(ReadArgs { folder, json }),
        };
        let mut out = Vec::new();
        let exit = run(&args, Lang::En, &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    fn verify_only(read: ReadArgs) -> JournalCommand {
        let model = false;
        JournalCommand::Verify(VerifyArgs { read, model })
    }

    fn verify_by_model(read: ReadArgs) -> JournalCommand {
        let model = true;
        JournalCommand::Verify(VerifyArgs { read, model })
    }

    #[test]
    fn a_journal_is_held_against_the_model_where_that_is_asked_for() {
        let folder = tempfile::TempDir::new().unwrap();
        journal(folder.path());
        let (_, text) = printed(verify_only, folder.path(), false);
        assert!(!text.contains("model"), "{text}");
        // The samples say 0210 on the way of a request: no rule speaks of that.
        let (exit, text) = printed(verify_by_model, folder.path(), false);
        assert_eq!(exit, Exit::Done);
        assert!(text.contains("\nmodel: no rule is broken (1 "), "{text}");
        let (_, text) = printed(verify_by_model, folder.path(), true);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["model"]["breaches"], json!([]));
    }

    #[test]
    fn a_sound_journal_is_told_sound() {
        let folder = tempfile::TempDir::new().unwrap();
        journal(folder.path());
        let (exit, text) = printed(verify_only, folder.path(), false);
        assert_eq!(exit, Exit::Done);
        assert!(
            text.starts_with("1 segment, 3 records (1 to 3), "),
            "{text}"
        );
        assert!(
            text.ends_with("\nsound: no record is damaged or missing\n"),
            "{text}"
        );
    }

    #[test]
    fn damage_is_found_with_its_place() {
        let folder = tempfile::TempDir::new().unwrap();
        journal(folder.path());
        let path = folder.path().join(format!("{}.seg", SegmentNo::FIRST));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let (exit, text) = printed(verify_only, folder.path(), true);
        assert_eq!(exit, Exit::Found);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["sound"], false);
        assert_eq!(document["damage"][0]["offset"], 36);
        assert_eq!(document["records"], 2);
    }

    #[test]
    fn a_damaged_header_of_the_newest_segment_is_told_by_all() {
        let folder = tempfile::TempDir::new().unwrap();
        journal(folder.path());
        let path = folder.path().join(format!("{}.seg", SegmentNo::FIRST));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let (exit, text) = printed(verify_only, folder.path(), false);
        assert_eq!(exit, Exit::Found, "{text}");
        assert!(
            text.contains("byte 0: the segment's header is damaged"),
            "{text}"
        );
        assert!(
            text.contains("\nmend: restore ") && !text.contains("sound"),
            "{text}"
        );
        let mut records = JournalReader::open(folder.path(), None).unwrap().records();
        assert!(records.next().is_none() && records.next().is_none());
        assert_eq!(records.damage().len(), 1);
        let files = Files::open(folder.path(), 0).unwrap();
        assert!(Journal::open(files, JournalOptions::default()).is_err());
    }

    #[test]
    fn readers_tell_damage_in_the_newest_segment_and_read_on() {
        let folder = tempfile::TempDir::new().unwrap();
        journal(folder.path());
        let path = folder.path().join(format!("{}.seg", SegmentNo::FIRST));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let mut records = JournalReader::open(folder.path(), None).unwrap().records();
        assert_eq!(records.by_ref().count(), 2);
        assert_eq!(records.damage().len(), 1);
    }

    #[test]
    fn stats_count_records_messages_and_frames() {
        let folder = tempfile::TempDir::new().unwrap();
        journal(folder.path());
        let (exit, text) = printed(JournalCommand::Stats, folder.path(), true);
        assert_eq!(exit, Exit::Done);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["transactions"], 1);
        assert_eq!(document["frame_bytes"], 3 * 313);
        assert_eq!(document["records"], json!({ "step": 3 }));
        assert_eq!(
            document["messages"],
            json!({ "T>G 0200": 1, "T>G 0210": 2 })
        );
        let (_, text) = printed(JournalCommand::Stats, folder.path(), false);
        assert!(text.contains("1 transactions; "), "{text}");
    }

    #[test]
    fn the_newest_lab_is_the_last_by_name() {
        let folder = tempfile::TempDir::new().unwrap();
        for name in [
            "lab-20261122-101112",
            "lab-20261122-101113",
            "lab-20261122-101113.keys",
        ] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let newest = newest_lab(folder.path()).unwrap();
        assert!(newest.ends_with("lab-20261122-101113"));
    }
}
