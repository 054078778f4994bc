//! The journal in real files, with a real thread.

mod reading;
mod writing;

use super::*;
use crate::engine::record::{Fact, Record, Seq, TxId, samples};
use crate::engine::seam::Wall;
use crate::io::config::{Durability, FrameKeeping, JournalConfig};
use std::time::Duration;
use tempfile::TempDir;

fn options(folder: &TempDir, durability: Durability) -> WriterOptions {
    let config = JournalConfig {
        path: folder.path().join("journal"),
        keys: folder.path().join("journal.keys"),
        keep: FrameKeeping::Safe,
        retain: Duration::from_secs(3600),
        durability,
    };
    WriterOptions {
        segment_bytes: 64 << 10,
        reserve_bytes: 0,
        ..WriterOptions::from(config)
    }
}

fn strict(folder: &TempDir) -> WriterOptions {
    options(folder, Durability::Strict)
}

/// A transaction has four records.
fn record(seq: u64) -> Record {
    let prev = (seq % 4 != 1).then_some(seq - 1);
    samples::sale(seq, TxId(u128::from(seq.div_ceil(4))), prev)
}

/// An empty checkpoint of two records, some hours from now.
fn checkpoint(seq: u64, hours: i64) -> Vec<Record> {
    let at = Wall(commit::wall_now().0 + hours * 3_600_000_000);
    let fact = |seq, fact| Record {
        fact,
        at,
        ..samples::plain(seq)
    };
    vec![
        fact(seq, Fact::CheckpointBegin),
        fact(seq + 1, Fact::CheckpointEnd),
    ]
}

/// Waits on a current-thread runtime, as the gateway's driver does.
fn wait_for(writer: &JournalWriter, seq: u64) -> Progress {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let mut progress = writer.progress();
    let there = async {
        let there = progress.wait_for(|progress| progress.released >= Seq(seq));
        there.await.unwrap().clone()
    };
    runtime.build().unwrap().block_on(there)
}
