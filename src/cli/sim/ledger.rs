//! The ledger of a campaign: a line of JSON for each block of seeds that was played. A campaign
//! that was stopped goes on behind what its ledger holds.

use super::sum::Sum;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

/// Seeds of a line.
pub(super) const BLOCK: u64 = 20;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
struct LedgerLine {
    /// The program that played: another one plays other worlds, or judges them otherwise.
    build: String,
    /// How its journals were read.
    with_index: bool,
    seeds: (u64, u64),
    sum: Sum,
}

/// What was played before, and where what is played now is written.
#[derive(Debug)]
pub(super) struct Ledger {
    file: File,
    build: String,
    with_index: bool,
    known: BTreeMap<(u64, u64), Sum>,
}

impl Ledger {
    /// Reads a ledger, or begins one.
    pub(super) fn open(path: &Path, with_index: bool) -> anyhow::Result<Self> {
        let failed = || format!("cannot open the ledger {}", path.display());
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        let file = options.open(path).with_context(failed)?;
        let build = build()?;
        let mut known = BTreeMap::new();
        for line in BufReader::new(&file).lines() {
            let line = line.with_context(failed)?;
            // The last line may be torn: its block is played once more.
            let Ok(line) = serde_json::from_str::<LedgerLine>(&line) else {
                continue;
            };
            if line.build == build && line.with_index == with_index {
                known.insert(line.seeds, line.sum);
            }
        }
        Ok(Self {
            file,
            build,
            with_index,
            known,
        })
    }

    /// What came of a block, if it was played before.
    pub(super) fn take(&mut self, seeds: (u64, u64)) -> Option<Sum> {
        self.known.remove(&seeds)
    }

    /// Writes down what came of a block.
    pub(super) fn write(&mut self, seeds: (u64, u64), sum: &Sum) -> anyhow::Result<()> {
        let line = LedgerLine {
            build: self.build.clone(),
            with_index: self.with_index,
            seeds,
            sum: sum.clone(),
        };
        // A line that a crash tore must not spoil the next one.
        let line = format!("\n{}", serde_json::to_string(&line)?);
        self.file
            .write_all(line.as_bytes())
            .context("cannot write the ledger")
    }
}

/// The program that runs: its version, and the beginning of a hash of its file.
fn build() -> anyhow::Result<String> {
    let path = std::env::current_exe().context("cannot find this program's own file")?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let hash = Sha256::digest(bytes);
    let hash: String = hash
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("{} {hash}", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::sim::Played;
    use crate::lab::swarm::Origin;

    #[test]
    fn what_a_ledger_holds_is_not_played_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let sum = Sum::of(&Origin::seed(7), Played::default());
        let mut ledger = Ledger::open(&path, false).unwrap();
        assert!(ledger.take((1, 20)).is_none());
        ledger.write((1, 20), &sum).unwrap();
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"\n{\"build\":").unwrap();
        ledger.write((21, 40), &sum).unwrap();
        let mut again = Ledger::open(&path, false).unwrap();
        assert_eq!(again.take((1, 20)).map(|sum| sum.worlds), Some(1));
        assert!(again.take((1, 20)).is_none());
        assert!(again.take((21, 40)).is_some());
        assert!(Ledger::open(&path, true).unwrap().take((1, 20)).is_none());
    }
}
