//! `isogate scenario`: the catalogue of complaints and faults, as stories that happen.

use super::{Exit, Lang, table};
use crate::io::look;
use crate::lab::scenario::{Scenario, ScenarioRun, ScenarioSet, builtin, matrix, play, read};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

mod junit;

mod report;

mod show;

mod sockets;

/// Let complaints of merchants and faults happen, and see each answered right
#[derive(Args, Debug)]
pub(crate) struct ScenarioArgs {
    #[command(subcommand)]
    command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
enum ScenarioCommand {
    /// List the scenarios of the catalogue
    List(ListArgs),
    /// Show what happens in a scenario, and what must be seen of it
    Show(ShowArgs),
    /// Print the truth table: every kind of transaction, and every point at which it goes wrong
    Matrix(ListArgs),
    /// Let scenarios happen in virtual time, or over real sockets with --tcp; exit code 1 if one is
    /// not as the catalogue says
    Run(RunArgs),
}

#[derive(Args, Debug)]
struct ListArgs {
    /// Print one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct ShowArgs {
    /// Names such as S1.2, sets such as S1, or files of your own
    #[arg(value_name = "ID|FILE.toml", required = true)]
    names: Vec<String>,
}

#[derive(Args, Debug)]
struct RunArgs {
    /// Names such as S1.2, sets such as S1, or files of your own
    #[arg(value_name = "ID|FILE.toml", required_unless_present = "all")]
    names: Vec<String>,
    /// Run the whole catalogue
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Over real sockets, with a gateway, its journal on disk, terminals and an acquirer for each;
    /// time goes 50 times as fast. What lasts longer than 20 minutes in its own time is played in
    /// virtual time
    #[arg(long)]
    tcp: bool,
    /// Leave the journals in this new folder, for `isogate explain --journal DIR/ID/journal`
    #[arg(long, value_name = "DIR", requires = "tcp")]
    keep: Option<PathBuf>,
    /// So many at once over sockets
    #[arg(long, value_name = "N", default_value_t = 16, requires = "tcp")]
    at_once: usize,
    /// Print one object a scenario
    #[arg(long)]
    json: bool,
    /// Write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page with a ladder of each scenario
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

/// A scenario, and what came of it.
struct ToldScenario {
    scenario: Scenario,
    run: ScenarioRun,
}

/// Lists, shows or runs them; `Found` if one is not as the catalogue says.
pub(crate) fn run(args: &ScenarioArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match &args.command {
        ScenarioCommand::List(args) => list(args, lang, out),
        ScenarioCommand::Show(args) => show::run(&named(&args.names)?, lang, out),
        ScenarioCommand::Matrix(args) => truth_table(args.json, lang, out),
        ScenarioCommand::Run(args) => run_all(args, lang, out),
    }
}

fn list(args: &ListArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let sets = builtin()?;
    let all = sets.iter().flat_map(|set| &set.scenarios);
    if args.json {
        for scenario in all {
            let line = look::scenario_entry(scenario);
            writeln!(out, "{line}")?;
        }
        return Ok(Exit::Done);
    }
    let rows = all.map(|scenario| {
        let faults = scenario
            .faults
            .iter()
            .map(|(_, armed)| armed.fault.about().id);
        let faults = faults.collect::<Vec<_>>().join(" ");
        [
            scenario.id.clone(),
            faults,
            scenario.title.in_lang(lang).to_owned(),
        ]
    });
    table::print(rows, out)?;
    Ok(Exit::Done)
}

/// Prints where each kind of transaction stands when it goes wrong at each point.
fn truth_table(json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let rows = matrix()?;
    let verdict = say(lang, "verdict", "verdict_zh");
    let keys = ["state", "class", "cause", "safe_to_retry"];
    if json {
        for row in &rows {
            let [state, class, cause, safe] = keys.map(|key| row.told(key));
            let line = json!({
                "kind": row.kind, "point": row.point, "state": state, "class": class,
                "cause": cause, "safe_to_retry": safe, "verdict": row.told("verdict"),
                "verdict_zh": row.told("verdict_zh"), "passed": row.run.passed(),
                "money": { "terminal": row.run.at_terminals, "acquirer": row.run.at_acquirer },
            });
            writeln!(out, "{line}")?;
        }
    } else {
        let told = rows.iter().map(|row| {
            let [state, class, cause, safe] = keys.map(|key| row.told(key).to_owned());
            let books = format!("{} {}", row.run.at_terminals, row.run.at_acquirer);
            let (kind, point) = (row.kind.to_owned(), row.point.to_owned());
            let text = row.told(verdict).to_owned();
            [kind, point, state, class, cause, safe, books, text]
        });
        table::print(told, out)?;
    }
    let misses = rows.iter().flat_map(|row| &row.run.misses);
    for miss in misses.clone() {
        writeln!(std::io::stderr(), "isogate: {miss}")?;
    }
    Ok(match misses.count() {
        0 => Exit::Done,
        _ => Exit::Found,
    })
}

/// The scenarios of these names, in the order asked for.
fn named(names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    let sets = builtin()?;
    let mut found = Vec::new();
    for name in names {
        if is_file(name) {
            let text = std::fs::read_to_string(name).with_context(|| format!("reading {name}"))?;
            found.extend(read(name, &text, &sets)?.scenarios);
            continue;
        }
        let before = found.len();
        found.extend(of_name(&sets, name).cloned());
        if found.len() == before {
            bail!("there is no scenario `{name}`; `isogate scenario list` shows those there are");
        }
    }
    Ok(found)
}

fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "toml")
}

/// `S1.2` with its variants, and `S1` for all that begin with it.
fn of_name<'a>(sets: &'a [ScenarioSet], name: &str) -> impl Iterator<Item = &'a Scenario> {
    let name = name.to_ascii_uppercase();
    let all = sets.iter().flat_map(|set| &set.scenarios);
    all.filter(move |scenario| {
        let id = scenario.id.to_ascii_uppercase();
        let rest = id.strip_prefix(&name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    })
}

fn run_all(args: &RunArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let scenarios = if args.all {
        builtin()?
            .into_iter()
            .flat_map(|set| set.scenarios)
            .collect()
    } else {
        named(&args.names)?
    };
    let mut all = Vec::new();
    let mut take = |told: ToldScenario| {
        if args.json {
            writeln!(out, "{}", look::scenario_document(&told.run))?;
        } else {
            tell(&told, lang, out)?;
        }
        all.push(told);
        anyhow::Ok(())
    };
    if args.tcp {
        let settings = (args.keep.as_deref(), args.at_once);
        sockets::play_all(scenarios, settings, &mut take)?;
    } else {
        for scenario in scenarios {
            take(ToldScenario {
                run: play(&scenario),
                scenario,
            })?;
        }
    }
    let failed = all.iter().filter(|told| !told.run.passed()).count();
    if !args.json {
        writeln!(out, "{}", count(all.len(), failed, lang))?;
        let sockets = all.iter().filter(|told| told.run.place == "tcp").count();
        if args.tcp {
            writeln!(out, "{}", over(sockets, all.len() - sockets, lang))?;
        }
    }
    if let Some(path) = &args.junit {
        keep(path, &junit::report(&all)?)?;
    }
    if let Some(path) = &args.report {
        keep(path, &report::report(&all, lang)?)?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Found })
}

fn keep(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn count(all: usize, failed: usize, lang: Lang) -> String {
    let passed = all - failed;
    match lang {
        Lang::En => format!("{all} scenarios: {passed} passed, {failed} failed"),
        Lang::Zh => format!("共{all}个场景: {passed}个通过, {failed}个未通过"),
    }
}

fn over(sockets: usize, others: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{sockets} over sockets, {others} in virtual time"),
        Lang::Zh => format!("其中真实连接{sockets}个, 虚拟时间{others}个"),
    }
}

const fn say(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

const fn result(run: &ScenarioRun, lang: Lang) -> &'static str {
    match run.passed() {
        true => say(lang, "passed", "通过"),
        false => say(lang, "FAILED", "未通过"),
    }
}

fn tell(told: &ToldScenario, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    let ToldScenario { scenario, run } = told;
    let how = result(run, lang);
    writeln!(out, "{}  {how}  {}", run.id, scenario.title.in_lang(lang))?;
    for miss in &run.misses {
        writeln!(out, "    {miss}")?;
    }
    Ok(())
}
