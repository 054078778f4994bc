//! What the commands that look back share: what they find, and how it is printed.

use super::Lang;
use super::screen::{self, Look};
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::seam::Zone;
use crate::engine::trace::{Query, QueryError, Story, Verdict, View};
use crate::io::journal::{JournalReader, ReadError};
use crate::io::look::{self, FoundStories, StorySearch};
use std::io::{IsTerminal, Write};

/// Looks for the newest ones, so many at most; judged by the journal alone.
pub(super) fn find(
    reader: &JournalReader,
    query: &Query,
    limit: Option<usize>,
) -> Result<FoundStories, ReadError> {
    let nothing = Evidence::default();
    find_with(reader, query, limit, &EvidenceIndex::of(&nothing))
}

/// The same, judged by what other people's files say as well.
pub(super) fn find_with(
    reader: &JournalReader,
    query: &Query,
    limit: Option<usize>,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    find_asked(reader, &[vec![query.clone()]], limit, index)
}

/// Looks for what queries find, as [`look::search_asked`] does; says so if the journal is damaged.
pub(super) fn find_asked(
    reader: &JournalReader,
    asked: &[Vec<Query>],
    limit: Option<usize>,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    let wanted = StorySearch {
        limit,
        ..StorySearch::default()
    };
    let found = look::search_asked(reader, asked, wanted, index)?;
    if let Some(first) = found.damage.first() {
        let more = found.damage.len();
        let _closed = writeln!(
            std::io::stderr(),
            "isogate: the journal is damaged in {more} places, the first is {first}: what was \
             skipped there is not known, and nothing that would rest on it is called safe"
        );
    }
    Ok(found)
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
