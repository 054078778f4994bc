//! `isogate sim --blind`: verdicts held against the truth of cases that were drawn by seed.

use super::Exit;
use super::odd::on_all_cores;
use crate::lab::blind::{BlindScore, draw_case};
use crate::lab::judge::Finding;
use crate::lab::plan;
use crate::lab::sim::play_blind;
use anyhow::Context;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Draws the cases of these seeds, plays them, and prints what was right; `Found` if a verdict was
/// unsafe.
pub(super) fn run(
    (from, to): (u64, u64),
    (as_json, wrong): (bool, bool),
    keep: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let seeds = AtomicU64::new(from);
    let kept = Mutex::new((BlindScore::default(), BTreeMap::new()));
    let next = || {
        let seed = seeds.fetch_add(1, Ordering::Relaxed);
        (seed <= to).then_some(seed)
    };
    on_all_cores(None, next, |seed| {
        let case = draw_case(seed);
        let (mark, findings) = play_blind(&case);
        let mut lines = lines(&mark, &findings);
        let (score, all) = &mut *kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        score.add(&mark);
        if from == to {
            lines.push(format!("the acquirer's file: {:?}", case.label.file));
            lines.extend(
                mark.said
                    .iter()
                    .map(|(tier, said)| format!("{tier}: {said}")),
            );
        }
        if !lines.is_empty() {
            all.insert(seed, (mark.name, lines));
        }
        Ok(())
    })?;
    let (score, all) = kept.into_inner().unwrap_or_default();
    if let Some(folder) = keep {
        for seed in all.keys() {
            write_plan(folder, *seed)?;
        }
    }
    if wrong {
        for (seed, (name, lines)) in &all {
            for line in lines {
                writeln!(out, "{seed}  {name}: {line}")?;
            }
        }
    }
    if as_json {
        writeln!(out, "{}", score.json())?;
    } else {
        print(&score, out)?;
    }
    Ok(if score.unsafe_verdicts() == 0 {
        Exit::Done
    } else {
        Exit::Found
    })
}

/// Leaves the world of a case, for `sim --plan`.
fn write_plan(folder: &Path, seed: u64) -> anyhow::Result<()> {
    let path = folder.join(format!("{seed}.plan"));
    let case = draw_case(seed);
    let text = format!(
        "# blind case {seed}: {}\n{}",
        case.label.name,
        plan::write(&case.plan)
    );
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn lines(mark: &crate::lab::blind::CaseMark, findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    let told = mark.told.join(", ");
    lines.extend(mark.wrong.iter().map(|what| format!("told {told}: {what}")));
    if mark.false_alarm {
        lines.push(format!("false alarm: told {told}"));
    }
    if let Some(filed) = mark.filed.as_ref().filter(|filed| !filed.right) {
        let (told, wanted) = (filed.told.join(", "), filed.wanted);
        lines.push(format!("with files told {told}, and it is {wanted}"));
    }
    for (tier, what) in &mark.unsafe_at {
        lines.push(format!("unsafe at {tier}: {what}"));
    }
    for (tier, what) in &mark.lied_at {
        lines.push(format!("led by a lie at {tier}: {what}"));
    }
    lines.extend(mark.proof.iter().map(|what| format!("proof: {what}")));
    for finding in findings {
        lines.push(format!("judge: {}: {}", finding.rule, finding.what));
    }
    lines
}

fn print(score: &BlindScore, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{} cases", score.cases)?;
    let (class, cause) = (score.class_right, score.cause_right);
    writeln!(
        out,
        "class right at E0: {} ({} of {})",
        class.shown(),
        class.right,
        class.of
    )?;
    for (family, share) in &score.by_family {
        writeln!(
            out,
            "  {family}: {} ({} of {})",
            share.shown(),
            share.right,
            share.of
        )?;
    }
    writeln!(
        out,
        "cause right with files, where files tell more: {} ({} of {})",
        cause.shown(),
        cause.right,
        cause.of
    )?;
    writeln!(
        out,
        "abstentions {}, false alarms {}, proofs that do not hold {}",
        score.abstentions, score.false_alarms, score.proofs_wrong
    )?;
    writeln!(
        out,
        "unsafe {:?}, led by a lie {:?}",
        score.unsafe_at, score.lied_at
    )?;
    Ok(())
}
