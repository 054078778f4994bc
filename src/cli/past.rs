//! What the commands that look back share: which journal, and the stories found in it.

use super::Lang;
use super::screen::{self, Look};
use crate::engine::record::{Carried, Fact, Note, Opened, Record, TxId};
use crate::engine::seam::Zone;
use crate::engine::trace::{Keep, Query, QueryError, Stories, Story, Verdict, View, subject};
use crate::io::journal::{JournalReader, TransactionRecords};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};

/// How many candidates are looked at more closely at most, the newest; a list that must be whole
/// takes them all.
const CLOSER_LOOK: usize = 10_000;

/// What was found, each with its verdict, oldest first.
#[derive(Debug)]
pub(super) struct FoundStories {
    pub(super) all: Vec<(Story, Verdict)>,
    /// How many older ones were left out.
    pub(super) left_out: usize,
    /// Whether something of the journal could not be read, so that more may have been there.
    pub(super) damaged: bool,
}

/// Looks for the candidates first, then reads their stories and those of others that their
/// verdicts turn on.
pub(super) fn find(
    reader: &JournalReader,
    query: &Query,
    limit: Option<usize>,
) -> anyhow::Result<FoundStories> {
    let found = reader.find(query)?;
    if let Some(first) = found.damage.first() {
        let more = found.damage.len();
        let _closed = writeln!(
            std::io::stderr(),
            "isogate: the journal is damaged in {more} places, the first is {first}: what was \
             skipped there is not known, and nothing that would rest on it is called safe"
        );
    }
    let most = limit.map_or(usize::MAX, |limit| limit.max(CLOSER_LOOK));
    let wanted: BTreeSet<TxId> = found.candidates.iter().rev().take(most).copied().collect();
    if wanted.is_empty() {
        return Ok(FoundStories {
            all: Vec::new(),
            left_out: 0,
            damaged: !found.damage.is_empty(),
        });
    }
    let told = with_related(reader, wanted.union(&found.related).copied().collect())?;
    let damaged = !found.damage.is_empty() || !told.whole;
    let mut stories = Stories::new(Keep::Everything);
    told.records.iter().for_each(|record| stories.fold(record));
    // Where only a standing is asked for, one that was read beside them may stand there, too.
    let meant = stories
        .iter()
        .filter(|story| query.asks_only_where() || wanted.contains(&story.tx));
    let judged = meant.filter_map(|story| {
        let mut story = story.clone();
        // A transaction's last record can be missing without a trace in the ones that are left.
        story.gap |= damaged;
        let verdict = Verdict::of(&story, &stories.others(&story));
        let matches = query.matches(&story, verdict.class);
        matches.then_some((story, verdict))
    });
    let mut all: Vec<_> = judged.collect();
    let left_out = limit.map_or(0, |limit| all.len().saturating_sub(limit));
    all.drain(..left_out);
    Ok(FoundStories {
        all,
        left_out,
        damaged,
    })
}

/// How often it is looked for what else belongs to what was found.
const ROUNDS: usize = 3;

/// The records of transactions, and of those that they name or that are named like them.
fn with_related(
    reader: &JournalReader,
    mut read: BTreeSet<TxId>,
) -> anyhow::Result<TransactionRecords> {
    let mut told = reader.records_of(&read)?;
    let mut newest = told.records.clone();
    for _round in 0..ROUNDS {
        let mut more: BTreeSet<TxId> = newest.iter().flat_map(named_in).collect();
        let opened = newest.iter().filter_map(opened_in);
        more.extend(reader.related(opened)?);
        more.retain(|tx| !read.contains(tx));
        if more.is_empty() {
            break;
        }
        let further = reader.records_of(&more)?;
        told.whole &= further.whole;
        read.extend(more);
        newest = further.records;
        told.records.extend(newest.iter().cloned());
    }
    told.records.sort_by_key(|record| record.seq);
    told.records.dedup_by_key(|record| record.seq);
    Ok(told)
}

/// The names with which a transaction begins in a record.
fn opened_in(record: &Record) -> Option<(TxId, &Opened)> {
    let opened = match &record.fact {
        Fact::Step(step) => step.opened.as_deref()?,
        Fact::Carried(carried) => match &**carried {
            Carried::Transaction(carried) => &carried.opened,
            Carried::Answer(carried) => &carried.opened,
            Carried::Keys(_)
            | Carried::Tombstone { .. }
            | Carried::Stan(_)
            | Carried::Links(_)
            | Carried::Clock(_) => return None,
        },
        _ => return None,
    };
    Some((subject(record)?, opened))
}

/// Other transactions that a record names.
fn named_in(record: &Record) -> impl Iterator<Item = TxId> {
    let opened = opened_in(record).map(|(_, opened)| [opened.original, opened.twin]);
    let noted = match &record.fact {
        Fact::Step(step) => match step.note {
            Note::Other(tx) => Some(tx),
            _ => None,
        },
        _ => None,
    };
    opened.into_iter().flatten().flatten().chain(noted)
}

/// What is said if there is none.
pub(super) const fn nothing(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "no request of that name reached this gateway, as far as this journal goes",
        Lang::Zh => "网关未收到请求(以本日志范围为限)",
    }
}

/// The same as JSON.
pub(super) fn print_nothing(key: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let said = serde_json::json!({
        "key": key, "found": false, "verdict": nothing(Lang::En), "verdict_zh": nothing(Lang::Zh),
    });
    Ok(writeln!(out, "{said}")?)
}

/// What is said if nothing is open.
pub(super) const fn nothing_open(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "nothing is open: every authorization is confirmed, declined or undone",
        Lang::Zh => "没有未确认的交易: 全部已确认、已拒绝或已撤回",
    }
}

/// What is said if nothing is open in what could be read of a damaged journal.
pub(super) const fn nothing_open_in_the_rest(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "nothing is open in what could be read; the journal is damaged, so more may be open"
        }
        Lang::Zh => "可读部分没有未确认的交易; 日志已损坏, 可能另有未确认的交易",
    }
}

/// A key that can name a transaction, checked before anything is read.
pub(super) fn key(text: &str) -> Result<String, QueryError> {
    Query::guess(text, &Zone::default()).map(|_| text.to_owned())
}

/// One object a line.
pub(super) fn print_json(
    all: &[(Story, Verdict)],
    zone: &Zone,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for (story, verdict) in all {
        writeln!(
            out,
            "{}",
            serde_json::to_string(&View::of(story, verdict, zone))?
        )?;
    }
    Ok(())
}

/// Many as a table.
pub(super) fn print_table(
    found: &FoundStories,
    look: Look<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let rows = found.all.iter().map(|(story, verdict)| (story, verdict));
    write!(out, "{}", screen::table(rows, look))?;
    Ok(())
}

/// How to print: in this language and zone, coloured on a terminal unless `NO_COLOR` is set.
pub(super) fn look(lang: Lang, zone: &Zone) -> Look<'_> {
    let terminal = std::io::stdout().is_terminal();
    Look {
        lang,
        zone,
        colour: terminal && std::env::var_os("NO_COLOR").is_none(),
        width: comfy_table::Table::new().width().filter(|_| terminal),
    }
}

#[cfg(test)]
mod tests;
