//! `isogate explain`: one verdict.

use super::journal::FolderArgs;
use super::past;
use super::{Exit, Lang, table};
use crate::engine::trace::{Cause, Query, full};
use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;

/// One verdict: where is the money, why, and what is safe to do next
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// An id (26 characters), an RRN (12), TERMINAL/STAN or TERMINAL/STAN/DATE, an authorization
    /// code or STAN (6)
    #[arg(required_unless_present = "causes", value_parser = past::key)]
    key: Option<String>,
    /// Print the closed list of causes
    #[arg(long)]
    causes: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    journal: FolderArgs,
}

/// How many of several are named.
const NAMED: usize = 10;

/// Explains one transaction; `Found` (1) if there is none of that name.
pub(crate) fn run(args: &ExplainArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let key = match &args.key {
        Some(key) if !args.causes => key,
        _ => return causes(args.json, lang, out),
    };
    let reader = args.journal.reader()?;
    for query in Query::guess(key)? {
        let found = past::find(&reader, &query, Some(NAMED))?;
        match found.all.as_slice() {
            [] => {}
            [(story, verdict)] if !args.json => {
                write!(out, "{}", full(story, verdict, past::look(lang)))?;
                return Ok(Exit::Done);
            }
            one @ [_] => {
                past::print_json(one, out)?;
                return Ok(Exit::Done);
            }
            several => {
                let ids = several.iter().map(|(story, _)| story.tx.to_string());
                bail!(
                    "`{key}` names {} transactions: name one by its id, the newest are {}",
                    several.len() + found.left_out,
                    ids.collect::<Vec<_>>().join(", "),
                );
            }
        }
    }
    if !args.json {
        writeln!(out, "{}", past::nothing(lang))?;
    }
    Ok(Exit::Found)
}

fn causes(json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if json {
        let all = Cause::ALL.iter().map(|cause| {
            let about = cause.about();
            let complaints: Vec<_> = about.complaints.split_whitespace().collect();
            json!({ "cause": about.name, "text": about.text.en, "text_zh": about.text.zh,
                    "complaints": complaints })
        });
        writeln!(out, "{}", Value::Array(all.collect()))?;
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
