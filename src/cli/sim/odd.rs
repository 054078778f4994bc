//! `isogate sim --world odd`: plans of seeds, or one from a file, played by odd peers and judged.

use super::ledger::{BLOCK, Ledger};
use super::look::WithIndex;
use super::sum::{Sum, kind};
use crate::cli::Exit;
use crate::engine::seam::planted;
use crate::lab::judge::Finding;
use crate::lab::plan::{self, Plan};
use crate::lab::sim::{Bug, ByReading, Looker, Played, play};
use crate::lab::swarm::{Fork, Guide, Origin, shrink};
use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How odd worlds are played.
#[derive(Debug)]
pub(super) struct OddWorlds<'a> {
    pub seeds: (u64, u64),
    /// The plan of each seed is forked by these.
    pub forks: &'a [Fork],
    pub guided: bool,
    pub ledger: Option<&'a Path>,
    pub reading: Reading<'a>,
    pub keep: Option<&'a Path>,
    pub only: &'a str,
    pub looks: u32,
    pub sabotage: Option<Bug>,
    /// In so many worlds each counter is to be reached.
    pub at_least: Option<u64>,
    pub json: bool,
}

/// How the journals of worlds are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// Record by record.
    Records,
    /// Through an index, as `trace` and `open` do.
    WithIndex,
    /// The same, in a folder that stays.
    Into(&'a Path),
}

impl OddWorlds<'_> {
    fn play(&self, world: &Origin) -> Played {
        played(&world.plan(), self.reading)
    }

    /// The worlds of seeds, as they come.
    fn blind(&self) -> anyhow::Result<Sum> {
        let (from, to) = self.seeds;
        let ledger = self
            .ledger
            .map(|path| Ledger::open(path, self.reading == Reading::WithIndex))
            .transpose()?;
        let block = if ledger.is_some() { BLOCK } else { 1 };
        let starts = AtomicU64::new(from);
        let both = Mutex::new((Sum::default(), ledger));
        let next = || {
            let first = starts.fetch_add(block, Ordering::Relaxed);
            (first <= to).then(|| (first, to.min(first + block - 1)))
        };
        on_all_cores(self.sabotage, next, |(first, last)| {
            let lock = || {
                both.lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
            };
            let known = lock()
                .1
                .as_mut()
                .and_then(|ledger| ledger.take((first, last)));
            if let Some(known) = known {
                lock().0.add(known);
                return Ok(());
            }
            let mut sum = Sum::default();
            for seed in first..=last {
                let world = Origin {
                    seed,
                    forks: self.forks.to_vec(),
                };
                sum.add(Sum::of(&world, self.play(&world)));
            }
            let (all, ledger) = &mut *lock();
            if let Some(ledger) = ledger {
                ledger.write((first, last), &sum)?;
            }
            all.add(sum);
            Ok(())
        })?;
        let (sum, _) = both.into_inner().unwrap_or_default();
        Ok(sum)
    }

    /// As many worlds as there are seeds: by turns a fresh seed, and a fork of a world that reached
    /// what is rare.
    fn guided(&self) -> anyhow::Result<Sum> {
        let (from, to) = self.seeds;
        let played = AtomicU64::new(from);
        let both = Mutex::new((Sum::default(), Guide::from(from)));
        let lock = || {
            both.lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let next = || {
            let is_left = played.fetch_add(1, Ordering::Relaxed) <= to;
            is_left.then(|| lock().1.pick())
        };
        on_all_cores(self.sabotage, next, |world| {
            let played = self.play(&world);
            let (all, guide) = &mut *lock();
            guide.reached(&world, &played.cells);
            let sum = Sum::of(&world, played);
            all.add(sum);
            Ok(())
        })?;
        let (sum, _) = both.into_inner().unwrap_or_default();
        Ok(sum)
    }
}

/// Works on what `next` gives, on all cores; a bug may be planted.
pub(super) fn on_all_cores<T: Send>(
    sabotage: Option<Bug>,
    next: impl Fn() -> Option<T> + Sync,
    work: impl Fn(T) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work_on = || {
        let _plot = planted::plant(sabotage);
        while let Some(task) = next() {
            work(task)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work_on)).collect();
        let mut ends = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ends.try_for_each(|end| end.unwrap_or(Ok(())))
    })
}

/// Plays the plans of seeds, on all cores.
pub(super) fn run(worlds: &OddWorlds<'_>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let sum = if worlds.guided {
        worlds.guided()?
    } else {
        worlds.blind()?
    };
    if let Some(folder) = worlds.keep {
        keep(&sum, worlds, folder, out)?;
    }
    finish(&sum, worlds.at_least, worlds.json, out)
}

fn finish(
    sum: &Sum,
    at_least: Option<u64>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    sum.print(at_least, json, out)?;
    let lacks = at_least.is_some_and(|at_least| !sum.fewer(at_least).is_empty());
    Ok(if sum.is_broken() || lacks {
        Exit::Found
    } else {
        Exit::Done
    })
}

/// Plays a plan; a gateway that panics in it is a finding like any other, in builds that unwind.
fn played(plan: &Plan, reading: Reading<'_>) -> Played {
    let world = std::panic::catch_unwind(|| looked_at(plan, reading));
    world.unwrap_or_else(|_| Played {
        findings: vec![Finding {
            rule: "panic",
            n: None,
            what: "the gateway panicked; its message stands above".to_owned(),
        }],
        ..Played::default()
    })
}

fn looked_at(plan: &Plan, reading: Reading<'_>) -> Played {
    let mut by_reading = ByReading::default();
    let mut indexed = match reading {
        Reading::Records => None,
        Reading::WithIndex => WithIndex::new().ok(),
        Reading::Into(folder) => Some(WithIndex::into_folder(folder)),
    };
    let looker: &mut dyn Looker = match &mut indexed {
        Some(indexed) => indexed,
        None => &mut by_reading,
    };
    play(plan, looker)
}

/// Shrinks the first world of each kind, and writes it down.
fn keep(
    sum: &Sum,
    worlds: &OddWorlds<'_>,
    folder: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let wanted = |(kind, _): &(&String, _)| kind.contains(worlds.only);
    for (at, (wanted, (count, world))) in sum.kinds.iter().filter(wanted).enumerate() {
        let plan = world.plan();
        let shows = |plan: &Plan| {
            let played = played(plan, worlds.reading);
            played
                .findings
                .iter()
                .any(|finding| kind(finding) == *wanted)
        };
        let short = shrink(&plan, worlds.looks, &mut { shows });
        let rule = wanted.split(':').next().unwrap_or_default();
        let name = format!("{at:03}-{rule}.plan");
        let text = format!(
            "# rule: {rule}\n# what: {wanted}\n# seed: {world}, {count} findings of this kind\n{}",
            plan::write(&short)
        );
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(
            out,
            "{}: {} deeds, {wanted}",
            path.display(),
            short.deeds.len()
        )?;
    }
    Ok(())
}

/// Plays one plan from a file.
pub(super) fn run_plan(
    path: &Path,
    reading: Reading<'_>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the plan {}", path.display()))?;
    let plan = plan::read(&text).with_context(|| format!("in {}", path.display()))?;
    let played = played(&plan, reading);
    finish(&Sum::of(&Origin::default(), played), None, json, out)
}
