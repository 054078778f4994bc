//! Odd worlds, held against the true books.
//!
//! `tests/regressions/*.plan` are worlds that showed a fault of the gateway, each shrunk from a
//! seed (of the draw at that time); those in `by-hand/` were written by hand. As long as the fault
//! is there, its world must show it; once it shows nothing, the test fails until the file is moved
//! to `tests/regressions/mended/`, where nothing may be found again.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

use isogate::engine::journal::StorageError;
use isogate::engine::seam::planted;
use isogate::lab::plan::{self, Plan};
use isogate::lab::sim::{
    Bug, ByReading, Played, calls_of, counters, cut_power, fail_call, flip_bits, play,
};
use isogate::lab::swarm::draw;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds of the gate. More of them, by hand: `isogate sim --seeds A..B`.
const SEEDS: u64 = 2_400;
/// Power cuts of the gate.
const CUTS: u64 = 20_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions")
}

/// A kept world, and what it must show: the rule, and words of the finding.
struct Kept {
    name: String,
    path: PathBuf,
    plan: Plan,
    rule: String,
    what: String,
    indexed: bool,
}

fn kept(folder: &Path) -> Vec<Kept> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|end| end == "plan"));
    all.sort();
    all.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Kept {
    let text = fs::read_to_string(path).unwrap();
    let remark = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim().to_owned()
    };
    Kept {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        path: path.to_owned(),
        plan: plan::read(&text).unwrap(),
        rule: remark("# rule:"),
        what: remark("# words:"),
        indexed: remark("# read:") == "through the index",
    }
}

/// Plays a kept world as it was found: record by record here, through the index by the command.
fn findings(kept: &Kept) -> Vec<(String, String)> {
    if kept.indexed {
        return through_the_index(&kept.path);
    }
    let played = play(&kept.plan, &mut ByReading::default());
    let found = played.findings.into_iter();
    found
        .map(|finding| (finding.rule.to_owned(), finding.what))
        .collect()
}

fn through_the_index(path: &Path) -> Vec<(String, String)> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_isogate"))
        .args(["sim", "--with-index", "--json", "--plan"])
        .arg(path)
        .output()
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = document["violations"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    found
        .map(|found| (text(&found["rule"]), text(&found["what"])))
        .collect()
}

#[test]
fn every_kept_world_still_shows_its_fault() {
    let mut all = kept(&folder());
    all.extend(kept(&folder().join("by-hand")));
    let mended = all.iter().filter(|kept| {
        let found = findings(kept);
        !found
            .iter()
            .any(|(rule, what)| *rule == kept.rule && what.contains(&kept.what))
    });
    let mended: Vec<&str> = mended.map(|kept| kept.name.as_str()).collect();
    assert!(
        mended.is_empty(),
        "these show their fault no more: move them to tests/regressions/mended: {mended:?}"
    );
}

#[test]
fn no_mended_world_shows_anything() {
    for kept in kept(&folder().join("mended")) {
        let found = findings(&kept);
        assert!(found.is_empty(), "{}: {found:?}", kept.name);
    }
}

/// Plays seeds until they are used up.
fn seeds(next: &AtomicU64) -> Vec<(u64, Played)> {
    let mut played = Vec::new();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed > SEEDS {
            return played;
        }
        let (_, plan) = draw(seed);
        // A gateway that panics on a name taken twice is known; such a seed counts for nothing.
        let world = std::panic::catch_unwind(|| play(&plan, &mut ByReading::default()));
        played.push((seed, world.unwrap_or_default()));
    }
}

fn on_all_cores<T: Send>(work: impl Fn() -> Vec<T> + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Faults are known and kept, so a world may show some; that it comes to rest, that the gateway
/// starts again and loses no record that it relied on, holds in all.
#[test]
fn blind_seeds_come_to_rest_and_reach_what_they_must() {
    let next = AtomicU64::new(1);
    let all = on_all_cores(|| seeds(&next));
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    let mut cells: BTreeSet<u16> = BTreeSet::new();
    let (mut attempts, mut verdicts, mut crashes) = (0, 0, 0);
    let mut broken = Vec::new();
    let panicked = all
        .iter()
        .filter(|(_, played)| played.attempts == 0)
        .count();
    assert!(panicked < 60, "{panicked} worlds without a transaction");
    for (seed, played) in &all {
        attempts += played.attempts;
        verdicts += played.verdicts;
        crashes += played.crashes;
        cells.extend(played.cells.keys());
        for name in &played.reached {
            *reached.entry(name).or_default() += 1;
        }
        let never = ["start", "endless", "I8", "words", "languages"];
        let found = played.findings.iter();
        broken.extend(
            found
                .filter(|finding| never.contains(&finding.rule))
                .map(|finding| format!("seed {seed}: {}: {}", finding.rule, finding.what)),
        );
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let missed: Vec<_> = counters()
        .into_iter()
        .filter(|name| !reached.contains_key(name.as_str()))
        .collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
    assert!(attempts >= 190_000, "{attempts} transactions");
    assert!(verdicts > attempts && crashes > SEEDS / 2 && cells.len() > 600);
}

/// A plan of some purchases without crashes, for trials of the disk.
fn calm(seed: u64, deeds: usize) -> Plan {
    let (_, mut plan) = draw(seed);
    plan.deeds.retain(|timed| {
        use plan::Deed::{Clock, Crash, Disk, Probe, Restart};
        !matches!(
            timed.deed,
            Crash(_) | Disk { .. } | Restart { .. } | Clock { .. } | Probe
        )
    });
    plan.deeds.truncate(deeds);
    plan.setup.strict = true;
    plan
}

#[test]
fn no_power_cut_takes_what_a_send_relied_on() {
    let next = AtomicU64::new(1);
    let cuts = AtomicU64::new(0);
    let broken = on_all_cores(|| {
        let mut broken = Vec::new();
        while cuts.load(Ordering::Relaxed) < CUTS {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let (played, done) = cut_power(&calm(seed, 25), 6);
            cuts.fetch_add(done, Ordering::Relaxed);
            let found = played.findings.into_iter();
            let found = found.filter(|finding| finding.rule == "I8");
            broken.extend(found.map(|finding| format!("seed {seed}: {}", finding.what)));
        }
        broken
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_call_of_the_disk_may_fail() {
    let plan = calm(6, 200);
    let calls = calls_of(&plan);
    assert!(calls > 200, "only {calls} calls");
    let errors = [
        StorageError::NoSpace,
        StorageError::Failed("broken".to_owned()),
    ];
    let next = AtomicU64::new(1);
    let broken = on_all_cores(|| {
        let mut broken = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n > calls {
                return broken;
            }
            for error in &errors {
                let played = fail_call(&plan, n, error);
                let never = ["start", "endless", "I8"];
                let found = played.findings.into_iter();
                let found = found.filter(|finding| never.contains(&finding.rule));
                broken.extend(found.map(|finding| format!("call {n}, {error}: {}", finding.what)));
            }
        }
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The rules of which one must catch a planted bug.
const fn catches(bug: Bug) -> &'static [&'static str] {
    match bug {
        Bug::SkipSync => &["I8"],
        Bug::NoReversal => &["pending-at-end"],
        Bug::ReverseTwice => &["R9"],
        Bug::DropDedupe => &["K5", "panic"],
        Bug::WrongLink => &["link"],
        Bug::IgnoreCrc => &["false record"],
        Bug::StorePan => &["I12"],
        Bug::NoMacCheck => &["K7"],
        Bug::WallClock => &["I10", "silence"],
        Bug::Unbounded => &["limit"],
        Bug::LostWakeUp => &["silence"],
        Bug::AckBeforeWrite => &["open-missing"],
    }
}

/// What a seed shows with a bug, as rule and attempt.
fn shown(seed: u64, bug: Option<Bug>) -> BTreeSet<(String, Option<u32>)> {
    let (_, plan) = draw(seed);
    let play_it = || {
        let _plot = planted::plant(bug);
        let mut shown: BTreeSet<_> = play(&plan, &mut ByReading::default())
            .findings
            .into_iter()
            .map(|finding| (finding.rule.to_owned(), finding.n))
            .collect();
        if bug.is_none_or(|bug| bug == Bug::IgnoreCrc) {
            let flipped = flip_bits(&calm(seed, 25), 40);
            shown.extend(flipped.first().map(|_| ("false record".to_owned(), None)));
        }
        shown
    };
    let played = std::panic::catch_unwind(play_it);
    played.unwrap_or_else(|_| BTreeSet::from([("panic".to_owned(), None)]))
}

#[test]
fn every_planted_bug_is_caught() {
    let next = AtomicU64::new(0);
    let missed = on_all_cores(|| {
        let mut missed = Vec::new();
        loop {
            let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
            let Some(bug) = Bug::ALL.get(at).copied() else {
                return missed;
            };
            let caught = (1..=250).any(|seed| {
                let with = shown(seed, Some(bug));
                let caught = |shown: &BTreeSet<(String, Option<u32>)>| {
                    let by_rule = shown
                        .iter()
                        .filter(|(rule, _)| catches(bug).contains(&rule.as_str()));
                    by_rule.cloned().collect::<BTreeSet<_>>()
                };
                let with = caught(&with);
                !with.is_empty() && !with.is_subset(&caught(&shown(seed, None)))
            });
            if !caught {
                missed.push(bug.name());
            }
        }
    });
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
