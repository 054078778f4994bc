//! `isogate journal shadow`: what shadows answered otherwise than the acquirer.

use super::ReadArgs;
use crate::cli::table;
use crate::engine::record::{Fact, ShadowDifference};
use crate::iso::message::ResponseCode;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// Transactions that are named for each kind of difference.
const NAMED: usize = 3;

/// One kind of difference.
type DifferenceKind = (String, String, String, String);

/// Counts differences by their kind, and names the first of each; whether there are none.
pub(super) fn run(args: &ReadArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut kinds: BTreeMap<DifferenceKind, (u64, Vec<String>)> = BTreeMap::new();
    for record in args.folder.reader()?.records() {
        if let Fact::Shadow(difference) = record?.fact {
            let (count, named) = kinds.entry(kind(&difference)).or_default();
            *count += 1;
            if named.len() < NAMED {
                named.push(difference.tx.to_string());
            }
        }
    }
    if args.json {
        for ((mti, what, acquirer, shadow), (count, named)) in &kinds {
            let line = json!({ "mti": mti, "what": what, "acquirer": acquirer, "shadow": shadow,
                               "count": count, "transactions": named });
            writeln!(out, "{line}")?;
        }
        return Ok(kinds.is_empty());
    }
    if kinds.is_empty() {
        writeln!(out, "no shadow answered otherwise than the acquirer")?;
        return Ok(true);
    }
    let header = ["type", "differs", "acquirer", "shadow", "times", "such as"].map(str::to_owned);
    let rows = kinds
        .iter()
        .map(|((mti, what, acquirer, shadow), (count, named))| {
            let count = count.to_string();
            let texts = [mti, what, acquirer, shadow, &count];
            let [mti, what, acquirer, shadow, count] = texts.map(String::clone);
            [mti, what, acquirer, shadow, count, named.join(" ")]
        });
    table::print(std::iter::once(header).chain(rows), out)?;
    Ok(false)
}

fn kind(difference: &ShadowDifference) -> DifferenceKind {
    let code = |code: Option<ResponseCode>| code.map_or_else(|| "-".into(), |it| it.to_string());
    (
        difference.mti.to_string(),
        difference.what.to_string(),
        code(difference.acquirer),
        code(difference.shadow),
    )
}
