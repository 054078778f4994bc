//! `isogate journal shadow`: what shadows answered otherwise than the acquirer.

use super::ReadArgs;
use crate::cli::table;
use crate::engine::record::{Fact, LinkId, ShadowDifference, ShadowTally};
use crate::iso::message::ResponseCode;
use anyhow::bail;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

/// Transactions that are named for each kind of difference.
const NAMED: usize = 3;

/// One kind of difference.
type DifferenceKind = (String, String, String, String);

/// Counts differences by their kind, and names the first of each; whether there are none.
///
/// # Errors
/// Nothing was compared: that nothing differs would say nothing.
pub(super) fn run(args: &ReadArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut kinds: BTreeMap<DifferenceKind, (u64, Vec<String>)> = BTreeMap::new();
    let mut tallies = Tallies::default();
    for record in args.folder.reader()?.records() {
        match record?.fact {
            Fact::Started { .. } => tallies.begin_anew(),
            Fact::ShadowTally(tally) => tallies.take(&tally),
            Fact::Shadow(difference) => {
                let (count, named) = kinds.entry(kind(&difference)).or_default();
                *count += 1;
                if named.len() < NAMED {
                    named.push(difference.tx.to_string());
                }
            }
            _ => {}
        }
    }
    let [same, different, left_out] = tallies.sum();
    if args.json {
        for ((mti, what, acquirer, shadow), (count, named)) in &kinds {
            let line = json!({ "mti": mti, "what": what, "acquirer": acquirer, "shadow": shadow,
                               "count": count, "transactions": named });
            writeln!(out, "{line}")?;
        }
        let sum = json!({ "same": same, "different": different, "left_out": left_out });
        writeln!(out, "{sum}")?;
    } else {
        print(&kinds, out)?;
        writeln!(
            out,
            "answers compared: {}; {same} the same, {different} different; messages left out: \
             {left_out}",
            same + different
        )?;
    }
    if same + different + u64::try_from(kinds.len()).unwrap_or(u64::MAX) == 0 {
        bail!("nothing was compared: no shadow answered while this journal was written");
    }
    Ok(kinds.is_empty() && different == 0)
}

/// What shadows were counted to have done, each by its last count in a run.
#[derive(Default)]
struct Tallies {
    of_run: BTreeMap<LinkId, [u64; 3]>,
    before: [u64; 3],
}

impl Tallies {
    fn begin_anew(&mut self) {
        self.before = self.sum();
        self.of_run.clear();
    }

    fn take(&mut self, tally: &ShadowTally) {
        let counts = [tally.same, tally.different, tally.left_out];
        self.of_run.insert(tally.link, counts);
    }

    fn sum(&self) -> [u64; 3] {
        let all = self.of_run.values().chain([&self.before]);
        all.fold([0; 3], |sum, counts| {
            let mut counts = counts.iter();
            sum.map(|one| one + counts.next().copied().unwrap_or(0))
        })
    }
}

fn print(
    kinds: &BTreeMap<DifferenceKind, (u64, Vec<String>)>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if kinds.is_empty() {
        return Ok(());
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
    Ok(())
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
