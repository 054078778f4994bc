//! Fuzzing that is kept: what was once found is replayed, and a few thousand fresh inputs of each
//! target are tried. `README.md` beside this file tells how to make a campaign of it.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod known;

mod mutate;

#[allow(
    dead_code,
    unused_imports,
    reason = "the black box needs little of what the other tests hold in their hands"
)]
#[path = "../it/rig/mod.rs"]
mod rig;

mod targets;

mod wire;

use isogate::engine::seam::Dice;
use known::KNOWN;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use targets::{Find, Outcome, TARGETS, Target};

/// No input takes longer.
const SLOW: Duration = Duration::from_secs(5);
/// How many fresh inputs of a target the gate tries; fewer where each takes long.
const RUNS: u64 = 20_000;
const FEW_RUNS: u64 = 6_000;

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

fn folder(kind: &str, target: &Target) -> PathBuf {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    top.join("tests/fuzz").join(kind).join(target.name)
}

/// The inputs that are kept for a target, with their names.
fn kept(kind: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder(kind, target)).into_iter().flatten();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    };
    paths.iter().map(named).collect()
}

/// Runs an input; a panic and a hang are finds too.
fn run(target: &Target, input: &[u8]) -> Outcome {
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let outcome = outcome.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Err(Find {
            class: "panic",
            detail: said.unwrap_or_default(),
        })
    });
    let took = began.elapsed();
    if took > SLOW {
        return Err(Find {
            class: "slow",
            detail: format!("{took:?}"),
        });
    }
    outcome
}

fn is_known(target: &Target, find: &Find) -> bool {
    KNOWN.contains(&(target.name, find.class))
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// `ISOGATE_FUZZ_RUNS` and `ISOGATE_SEED` make a longer campaign of it, or repeat one.
#[expect(clippy::print_stdout, reason = "what a campaign was, for its ledger")]
fn fresh(name: &str) {
    let target = target(name);
    let is_slow = matches!(name, "document" | "journal" | "capture" | "packager");
    let runs = number("ISOGATE_FUZZ_RUNS", if is_slow { FEW_RUNS } else { RUNS });
    let seed = number("ISOGATE_SEED", 7);
    let mut inputs = (target.seeds)();
    inputs.extend(kept("corpus", target).into_iter().map(|(_, input)| input));
    let mut ways = BTreeSet::new();
    let mut finds: Vec<(&'static str, String)> = Vec::new();
    let mut known = 0;
    let mut dice = Dice::new(seed);
    let mut began = Instant::now();
    for at in 0..runs + inputs.len() as u64 {
        let own = usize::try_from(at)
            .ok()
            .and_then(|at| inputs.get(at))
            .filter(|_| at < inputs.len() as u64);
        let input = own
            .cloned()
            .unwrap_or_else(|| mutate::mutated(&inputs, target.is_text, &mut dice));
        if at == 0 {
            began = Instant::now();
        }
        match run(target, &input) {
            Ok(way) => {
                // A new way is a place to go on from.
                if ways.insert(way) && own.is_none() && inputs.len() < 4000 {
                    inputs.push(input);
                }
            }
            Err(find) if is_known(target, &find) => known += 1,
            Err(find) if finds.iter().any(|(class, _)| *class == find.class) => {}
            Err(find) => {
                let path =
                    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", find.class));
                fs::write(&path, &input).unwrap();
                finds.push((
                    find.class,
                    format!("{}, kept in {}", find.detail, path.display()),
                ));
            }
        }
    }
    println!(
        "{name}: {runs} runs, seed {seed}, {} ways, {known} known finds, {:?}",
        ways.len(),
        began.elapsed()
    );
    assert!(finds.is_empty(), "{name}: {finds:#?}");
}

/// What was found once is found no more, or is known.
fn replayed(name: &str) {
    let target = target(name);
    for (file, input) in kept("corpus", target) {
        // One that reaches something may run into what is known, too.
        if let Err(find) = run(target, &input)
            && !is_known(target, &find)
        {
            panic!("corpus/{name}/{file}: {}: {}", find.class, find.detail);
        }
    }
    for (file, input) in kept("found", target) {
        let class = file.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        assert!(
            KNOWN.contains(&(name, class)),
            "found/{name}/{file} is on no list"
        );
        match run(target, &input) {
            Err(find) => assert_eq!(find.class, class, "found/{name}/{file}: {}", find.detail),
            Ok(_) => panic!("found/{name}/{file} is mended: move it to corpus/{name}"),
        }
    }
    for (_, class) in KNOWN.iter().filter(|(known, _)| *known == name) {
        let files = kept("found", target);
        let has = files.iter().any(|(file, _)| file.starts_with(class));
        assert!(
            has,
            "{name}: {class} is on the list, and has no input in found/{name}"
        );
    }
}

macro_rules! targets {
    ($($name:ident),*) => {$(
        mod $name {
            #[test]
            fn what_is_kept_is_as_it_was() {
                super::replayed(stringify!($name));
            }

            #[test]
            fn fresh_inputs_break_no_promise() {
                super::fresh(stringify!($name));
            }
        }
    )*};
}

targets!(
    message, document, framer, journal, record, spec, config, capture, packager
);

#[test]
fn every_target_is_tried() {
    let names = TARGETS.map(|target| target.name);
    assert_eq!(
        names,
        [
            "message", "document", "framer", "journal", "record", "spec", "config", "capture",
            "packager"
        ]
    );
    let find = run(&TARGETS[0], b"").unwrap();
    assert_eq!(find, "nothing");
}
