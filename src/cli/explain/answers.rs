//! `isogate explain --unmatched`: answers that no request was found for.

use super::ExplainArgs;
use crate::cli::{Exit, Lang, input};
use crate::engine::trace::{UnmatchedAnswer, UnmatchedFinder};
use crate::io::journal::JournalReader;
use crate::iso::spec::Spec;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::Arc;

/// Answers that are told, the newest.
const TOLD: usize = 50;

/// Tells why each answer matched nothing; `Found` (1) if there is any.
pub(super) fn run(
    reader: &JournalReader,
    args: &ExplainArgs,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let mut finder = UnmatchedFinder::default();
    let mut specs: BTreeMap<String, Option<Arc<Spec>>> = BTreeMap::new();
    let mut newest: VecDeque<UnmatchedAnswer> = VecDeque::new();
    let mut all: u64 = 0;
    for record in reader.records() {
        let record = record?;
        let spec = std::cell::RefCell::new(&mut specs);
        let by_name = |name: &str| {
            let mut specs = spec.borrow_mut();
            let known = specs.entry(name.to_owned());
            known.or_insert_with(|| input::spec(name).ok()).clone()
        };
        if let Some(answer) = finder.hear(&record, &by_name) {
            all += 1;
            newest.push_back(answer);
            if newest.len() > TOLD {
                newest.pop_front();
            }
        }
    }
    for answer in &newest {
        match args.json {
            true => writeln!(out, "{}", document(answer, args))?,
            false => {
                let zone = args.journal.zone();
                writeln!(out, "{} record {}", answer.at.rfc3339(zone), answer.seq.0)?;
                for line in answer.said() {
                    writeln!(out, "    {}", line.in_lang(lang))?;
                }
            }
        }
    }
    if newest.is_empty() && !args.json {
        let nothing = match lang {
            Lang::En => "each answer found its request",
            Lang::Zh => "每个应答都找到了请求",
        };
        writeln!(out, "{nothing}")?;
    } else if all > TOLD as u64 {
        let more = match lang {
            Lang::En => "older ones are not shown",
            Lang::Zh => "较早的未显示",
        };
        let _closed = writeln!(std::io::stderr(), "{more}: {}", all - TOLD as u64);
    }
    Ok(match newest.is_empty() {
        true => Exit::Done,
        false => Exit::Found,
    })
}

fn document(answer: &UnmatchedAnswer, args: &ExplainArgs) -> Value {
    let zone = args.journal.zone();
    let key = answer
        .key
        .iter()
        .map(|(path, value)| (path.to_string(), json!(value)));
    let key: serde_json::Map<String, Value> = key.collect();
    let near = answer.near.iter().map(|near| {
        let differs = near.differs.iter().map(|one| {
            json!({ "field": one.field.to_string(), "asked": one.asked,
                    "answered": one.answered, "in_key": one.in_key })
        });
        json!({ "record": near.seq.0, "tx": near.tx.map(|tx| tx.to_string()),
                "at": near.at.rfc3339(zone), "answered": near.answered.map(|seq| seq.0),
                "differs": differs.collect::<Vec<_>>() })
    });
    let said = answer.said();
    json!({
        "record": answer.seq.0, "at": answer.at.rfc3339(zone), "mti": answer.mti.to_string(),
        "link": answer.link.map(|link| link.name.to_string()), "key": key,
        "ambiguous": answer.ambiguous, "near": near.collect::<Vec<_>>(),
        "set_key": answer.mend.as_ref().map(|key| {
            key.iter().map(ToString::to_string).collect::<Vec<_>>()
        }),
        "text": said.iter().map(|one| &*one.en).collect::<Vec<_>>(),
        "text_zh": said.iter().map(|one| &*one.zh).collect::<Vec<_>>(),
    })
}
