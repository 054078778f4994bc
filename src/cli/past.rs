//! What the commands that look back share: which journal, and the stories found in it.

use super::Lang;
use super::screen::{self, Look};
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::record::{Carried, Fact, Note, Opened, Record, State, TxId};
use crate::engine::seam::Zone;
use crate::engine::trace::{Keep, Query, QueryError, Stories, Story, Verdict, View, subject};
use crate::io::journal::{
    JournalReader, JournalSnapshot, ReadError, RelativesReach, TransactionRecords,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};

/// How many candidates are looked at more closely at once.
const AT_ONCE: usize = 4096;

/// What was found, each with its verdict, oldest first.
#[derive(Debug, Default)]
pub(super) struct FoundStories {
    pub(super) all: Vec<(Story, Verdict)>,
    /// Whether older ones were left out.
    pub(super) more: bool,
    /// Whether something of the journal could not be read, so that more may have been there.
    pub(super) damaged: bool,
}

/// Looks for the newest ones, so many at most; judged by the journal alone.
pub(super) fn find(
    reader: &JournalReader,
    query: &Query,
    limit: Option<usize>,
) -> anyhow::Result<FoundStories> {
    find_with(
        reader,
        query,
        limit,
        &EvidenceIndex::of(&Evidence::default()),
    )
}

/// The same, judged by what other people's files say as well.
pub(super) fn find_with(
    reader: &JournalReader,
    query: &Query,
    limit: Option<usize>,
    index: &EvidenceIndex<'_>,
) -> anyhow::Result<FoundStories> {
    let found = match find_in(&reader.snapshot()?, query, limit, index) {
        // An index that cannot be used is as good as none.
        Err(ReadError::Index(_)) => {
            find_in(&reader.snapshot_without_index()?, query, limit, index)?
        }
        found => found?,
    };
    Ok(found)
}

/// Looks for what queries find together, the newest ones; the next list is asked only if the one
/// before finds nothing.
pub(super) fn find_asked(
    reader: &JournalReader,
    asked: &[Vec<Query>],
    limit: Option<usize>,
    index: &EvidenceIndex<'_>,
) -> anyhow::Result<FoundStories> {
    let mut found = FoundStories::default();
    for together in asked {
        found = find_together(reader, together, limit, index)?;
        if !found.all.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// Looks for what several queries find together.
fn find_together(
    reader: &JournalReader,
    together: &[Query],
    limit: Option<usize>,
    index: &EvidenceIndex<'_>,
) -> anyhow::Result<FoundStories> {
    if let [only] = together {
        return find_with(reader, only, limit, index);
    }
    let mut all = BTreeMap::new();
    let (mut more, mut damaged) = (false, false);
    for query in together {
        let found = find_with(reader, query, limit, index)?;
        more |= found.more;
        damaged |= found.damaged;
        let found = found.all.into_iter();
        all.extend(found.map(|(story, verdict)| (story.tx, (story, verdict))));
    }
    let left_out = all.len().saturating_sub(limit.unwrap_or(usize::MAX));
    Ok(FoundStories {
        all: all.into_values().skip(left_out).collect(),
        more: more || left_out > 0,
        damaged,
    })
}

/// Hands each transaction that a query means over with its verdict, some at a time, the newest ones
/// first; whether the journal could be read as a whole.
pub(super) fn each(
    reader: &JournalReader,
    query: &Query,
    index: &EvidenceIndex<'_>,
    take: &mut dyn FnMut(&Story, &Verdict) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let snapshot = match reader.snapshot() {
        Err(ReadError::Index(_)) => reader.snapshot_without_index()?,
        snapshot => snapshot?,
    };
    let mut damaged = !snapshot.damage().is_empty();
    let mut search = snapshot.search(query)?;
    loop {
        let wanted = search.take(AT_ONCE)?;
        if wanted.is_empty() {
            return Ok(!damaged);
        }
        let mut found = JudgedStories {
            damaged,
            ..JudgedStories::default()
        };
        found.judge(&snapshot, query, &wanted, index)?;
        damaged |= found.damaged;
        for (story, verdict) in found.matching.values().rev() {
            take(story, verdict)?;
        }
    }
}

/// These transactions, each with its verdict.
pub(super) fn told_of(
    reader: &JournalReader,
    wanted: &BTreeSet<TxId>,
) -> anyhow::Result<BTreeMap<TxId, (Story, Verdict)>> {
    let nothing = Evidence::default();
    let index = EvidenceIndex::of(&nothing);
    let judged = |snapshot: JournalSnapshot| {
        let mut found = JudgedStories {
            damaged: !snapshot.damage().is_empty(),
            ..JudgedStories::default()
        };
        found.judge(&snapshot, &Query::default(), wanted, &index)?;
        Ok(found.matching)
    };
    let told = match reader.snapshot().and_then(judged) {
        Err(ReadError::Index(_)) => reader.snapshot_without_index().and_then(judged)?,
        told => told?,
    };
    Ok(told)
}

/// Looks for candidates first, some at a time, then reads their stories and those of others that
/// their verdicts turn on.
fn find_in(
    snapshot: &JournalSnapshot,
    query: &Query,
    limit: Option<usize>,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    let damage = snapshot.damage();
    if let Some(first) = damage.first() {
        let more = damage.len();
        let _closed = writeln!(
            std::io::stderr(),
            "isogate: the journal is damaged in {more} places, the first is {first}: what was \
             skipped there is not known, and nothing that would rest on it is called safe"
        );
    }
    let mut found = JudgedStories {
        damaged: !damage.is_empty(),
        ..JudgedStories::default()
    };
    let mut search = snapshot.search(query)?;
    let most = limit.unwrap_or(usize::MAX);
    while found.matching.len() <= most {
        let wanted = search.take(AT_ONCE.min(most.saturating_add(1)))?;
        if wanted.is_empty() {
            break;
        }
        found.judge(snapshot, query, &wanted, index)?;
    }
    let left_out = found.matching.len().saturating_sub(most);
    Ok(FoundStories {
        all: found.matching.into_values().skip(left_out).collect(),
        more: left_out > 0,
        damaged: found.damaged,
    })
}

/// Those that match, and whether what was read of them is damaged.
#[derive(Debug, Default)]
struct JudgedStories {
    matching: BTreeMap<TxId, (Story, Verdict)>,
    judged: BTreeSet<TxId>,
    damaged: bool,
}

impl JudgedStories {
    fn judge(
        &mut self,
        snapshot: &JournalSnapshot,
        query: &Query,
        wanted: &BTreeSet<TxId>,
        index: &EvidenceIndex<'_>,
    ) -> Result<(), ReadError> {
        let told = with_relatives(snapshot, wanted)?;
        self.damaged |= !told.whole;
        self.judged.extend(wanted);
        let mut stories = Stories::new(Keep::Everything);
        told.records.iter().for_each(|record| stories.fold(record));
        for story in stories.iter() {
            // Where only a standing is asked for, one that was read beside them may stand there,
            // too.
            let beside = query.asks_only_where() && !self.judged.contains(&story.tx);
            if !beside && !wanted.contains(&story.tx) {
                continue;
            }
            let mut story = story.clone();
            // A transaction's last record can be missing without a trace in the ones that are left.
            story.gap |= self.damaged;
            let verdict = Verdict::with(&story, &stories.others(&story), index);
            if query.matches(&story, &verdict) {
                self.matching.insert(story.tx, (story, verdict));
            } else {
                self.matching.remove(&story.tx);
            }
        }
        Ok(())
    }
}

/// The records of a transaction, and of those that its verdict turns on.
pub(super) fn records(reader: &JournalReader, tx: TxId) -> anyhow::Result<Vec<Record>> {
    let snapshot = match reader.snapshot() {
        Err(ReadError::Index(_)) => reader.snapshot_without_index()?,
        snapshot => snapshot?,
    };
    Ok(with_relatives(&snapshot, &BTreeSet::from([tx]))?.records)
}

/// How often it is looked for what else belongs to what was found.
const ROUNDS: usize = 3;

/// The records of transactions, and of those that they name or that are named like them.
fn with_relatives(
    snapshot: &JournalSnapshot,
    wanted: &BTreeSet<TxId>,
) -> Result<TransactionRecords, ReadError> {
    let mut told = snapshot.records_of(wanted)?;
    let mut read = wanted.clone();
    // Of these all relatives are looked for; of others only whether they were asked for again.
    let mut central = wanted.clone();
    let mut newest = told.records.clone();
    for _round in 0..ROUNDS {
        let mut more = BTreeSet::new();
        for record in &newest {
            let named = named_in(record).collect::<Vec<_>>();
            central.extend(&named);
            more.extend(named);
        }
        let given_up = given_up(&newest);
        for (tx, opened) in newest.iter().filter_map(opened_in) {
            more.extend(opened.twin);
            if central.contains(&tx) {
                snapshot.relatives((tx, opened), RelativesReach::All, &mut more)?;
            } else if given_up.contains(&tx) {
                snapshot.relatives((tx, opened), RelativesReach::Name, &mut more)?;
            }
        }
        more.retain(|tx| !read.contains(tx));
        if more.is_empty() {
            break;
        }
        let further = snapshot.records_of(&more)?;
        told.whole &= further.whole;
        read.extend(more);
        newest = further.records;
        told.records.extend(newest.iter().cloned());
    }
    told.records.sort_by_key(|record| record.seq);
    told.records.dedup_by_key(|record| record.seq);
    Ok(told)
}

/// Those to which no answer came that settles them.
fn given_up(records: &[Record]) -> BTreeSet<TxId> {
    let unanswered = |record: &&Record| match &record.fact {
        Fact::Step(step) => step.state == State::Unanswered,
        Fact::Carried(_) => true,
        _ => false,
    };
    records
        .iter()
        .filter(unanswered)
        .filter_map(subject)
        .collect()
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

/// Other transactions that a record names, but for attempts of the same purchase.
fn named_in(record: &Record) -> impl Iterator<Item = TxId> {
    let original = opened_in(record).and_then(|(_, opened)| opened.original);
    let noted = match &record.fact {
        Fact::Step(step) => match step.note {
            Note::Other(tx) => Some(tx),
            _ => None,
        },
        _ => None,
    };
    original.into_iter().chain(noted)
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
