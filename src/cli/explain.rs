//! `isogate explain`: verdicts.

mod answers;

use super::filed::FiledArgs;
use super::journal::FolderArgs;
use super::past;
use super::screen;
use super::{Exit, Lang, table};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::trace::{Cause, Query, QueryError, Story, Verdict, money};
use crate::io::journal::JournalReader;
use crate::io::look;
use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

/// One verdict: where is the money, why, and what is safe to do next
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// An id (26 characters), an RRN (12), TERMINAL/STAN or TERMINAL/STAN/DATE, an authorization
    /// code or STAN (6); several, or - for a list on the standard input
    #[arg(required_unless_present_any = ["causes", "unmatched"], value_parser = key_or_list)]
    key: Vec<String>,
    /// Print the closed list of causes
    #[arg(long)]
    causes: bool,
    /// Tell why each answer of the journal that found no request found none, and what would make it
    /// match; exit code 1 if there is any
    #[arg(long, conflicts_with_all = ["key", "causes"])]
    unmatched: bool,
    /// Write the evidence of the one transaction as a ZIP file: verdict, page, masked messages with
    /// their hashes, and an excerpt of the journal that verifies by itself
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Print one JSON object a key
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filed: FiledArgs,
    #[command(flatten)]
    journal: FolderArgs,
}

/// How many of several are named.
const NAMED: usize = 10;

/// A key, or `-` for those on the standard input.
fn key_or_list(text: &str) -> Result<String, QueryError> {
    if text == "-" {
        return Ok(text.to_owned());
    }
    past::key(text)
}

/// The keys that are asked for, those on the standard input included.
fn keys(given: &[String]) -> anyhow::Result<Vec<String>> {
    let mut keys = Vec::new();
    for key in given {
        if key != "-" {
            keys.push(key.clone());
            continue;
        }
        for line in std::io::stdin().lines() {
            keys.extend(line?.split_whitespace().map(str::to_owned));
        }
    }
    Ok(keys)
}

/// Explains transactions; `Found` (1) if there is none of a name.
pub(crate) fn run(args: &ExplainArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if args.unmatched {
        return answers::run(&args.journal.reader()?, args, lang, out);
    }
    if args.causes || args.key.is_empty() {
        return causes(args.json, lang, out);
    }
    let keys = keys(&args.key)?;
    if args.bundle.is_some() && keys.len() != 1 {
        bail!("--bundle takes the evidence of one transaction: give one key");
    }
    let reader = args.journal.reader()?;
    let evidence = args.filed.read(args.journal.zone())?;
    let index = EvidenceIndex::of(&evidence).on(args.filed.today());
    let mut exit = Exit::Done;
    for (at, key) in keys.iter().enumerate() {
        if at > 0 && !args.json {
            writeln!(out)?;
        }
        if !one(&reader, &index, (key, args, lang), out)? {
            exit = Exit::Found;
        }
    }
    Ok(exit)
}

/// Explains one transaction; whether there is one of that name.
fn one(
    reader: &JournalReader,
    index: &EvidenceIndex<'_>,
    (key, args, lang): (&str, &ExplainArgs, Lang),
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let zone = args.journal.zone();
    for query in Query::guess(key, zone)? {
        let mut found = past::find_with(reader, &query, Some(NAMED), index)?;
        if let [(story, verdict)] = found.all.as_mut_slice() {
            prove(reader, index, (story, verdict), args)?;
        }
        match found.all.as_slice() {
            [] => {}
            [(story, verdict)] if !args.json => {
                write!(
                    out,
                    "{}",
                    screen::full(story, verdict, past::look(lang, zone))
                )?;
                return Ok(true);
            }
            one @ [_] => {
                past::print_json(one, zone, out)?;
                return Ok(true);
            }
            several => {
                let named = several.iter().map(|(story, _)| {
                    let opened = story.opened.as_ref();
                    let amount = opened.map(|opened| money(opened.amount.0, &opened.currency));
                    format!(
                        "{} {} {}",
                        story.tx,
                        story.state,
                        amount.unwrap_or_default()
                    )
                });
                bail!(
                    "`{key}` names {}{} transactions: name one by its id, the newest are {}",
                    if found.more { "more than " } else { "" },
                    several.len(),
                    named.collect::<Vec<_>>().join(", "),
                );
            }
        }
    }
    if args.json {
        past::print_nothing(key, out)?;
    } else {
        writeln!(out, "{}", past::nothing(lang))?;
    }
    Ok(false)
}

/// Names the records that prove a verdict, and writes its bundle if one is wanted.
fn prove(
    reader: &JournalReader,
    index: &EvidenceIndex<'_>,
    (story, verdict): (&Story, &mut Verdict),
    args: &ExplainArgs,
) -> anyhow::Result<()> {
    let (records, proof) = look::proven_records(reader, story.tx, index)?;
    verdict.proof = proof;
    if let Some(file) = &args.bundle {
        let bundle = look::Bundle {
            story,
            verdict,
            records: &records,
            index,
            zone: args.journal.zone(),
        };
        let bytes = bundle.bytes()?;
        std::fs::write(file, bytes).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

fn causes(json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if json {
        writeln!(out, "{}", Value::Array(look::cause_entries()))?;
        return Ok(Exit::Done);
    }
    let rows = Cause::ALL.iter().map(|cause| {
        let about = cause.about();
        let text = match lang {
            Lang::En => about.text.en,
            Lang::Zh => about.text.zh,
        };
        [about.name, text, about.complaints].map(str::to_owned)
    });
    table::print(rows, out)?;
    Ok(Exit::Done)
}
