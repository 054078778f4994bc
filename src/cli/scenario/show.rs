//! A scenario as its reader sees it: the story, then what happens on the wire and what is said.

use crate::cli::{Exit, Lang};
use crate::engine::seam::Zone;
use crate::lab::scenario::{Scenario, ScenarioRun, play};
use std::io::Write;

/// Shows scenarios, one after the other.
pub(super) fn run(scenarios: &[Scenario], lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    for (at, scenario) in scenarios.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        show(scenario, &play(scenario), lang, out)?;
    }
    Ok(Exit::Done)
}

fn show(
    scenario: &Scenario,
    run: &ScenarioRun,
    lang: Lang,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out, "{}  {}", scenario.id, scenario.title.in_lang(lang))?;
    writeln!(out, "{}", scenario.story.in_lang(lang))?;
    for (text, armed) in &scenario.faults {
        let about = armed.fault.about();
        let title = match lang {
            Lang::En => about.title,
            Lang::Zh => about.title_zh,
        };
        writeln!(out, "{text}  {title}")?;
    }
    writeln!(out)?;
    for line in &run.ladder {
        let moment = line.at.rfc3339(&Zone::CHINA);
        let clock = moment.get(11..23).unwrap_or_default();
        let (hop, mti, terminal) = (line.hop.name(), &line.mti, &line.terminal);
        let end = if line.lost { "x" } else { line.code.as_str() };
        writeln!(out, "  {clock}  {terminal:8}  {hop}  {mti} {end}")?;
    }
    let keys = match lang {
        Lang::En => ["verdict", "next_step"],
        Lang::Zh => ["verdict_zh", "next_step_zh"],
    };
    for verdict in &run.explain {
        let text = |key: &str| verdict[key].as_str().unwrap_or_default();
        writeln!(out)?;
        writeln!(
            out,
            "  {} {} {} {}: {}",
            text("terminal"),
            text("stan"),
            text("kind"),
            text("state"),
            text("cause")
        )?;
        for key in keys {
            writeln!(out, "    {}", text(key))?;
        }
        writeln!(
            out,
            "    safe_to_retry: {} ({})",
            text("safe_to_retry"),
            text("evidence")
        )?;
    }
    Ok(())
}
