//! What came of scenarios, as a JUnit report: a test each.

use super::ToldScenario;
use crate::cli::page::escaped;
use std::fmt::Write;

/// The report.
pub(super) fn report(all: &[ToldScenario]) -> anyhow::Result<String> {
    let failed = all.iter().filter(|told| !told.run.passed()).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writeln!(
        out,
        "<testsuite name=\"isogate scenario\" tests=\"{}\" failures=\"{failed}\">",
        all.len()
    )?;
    for ToldScenario { scenario, run, .. } in all {
        let name = format!("{} {}", scenario.id, scenario.title.en);
        let set = scenario.id.split(['.', '/']).next().unwrap_or_default();
        write!(
            out,
            "  <testcase classname=\"{}\" name=\"{}\"",
            escaped(set),
            escaped(&name)
        )?;
        match run.misses.first() {
            None => writeln!(out, "/>")?,
            Some(first) => {
                let all = escaped(&run.misses.join("\n"));
                let first = escaped(first);
                writeln!(
                    out,
                    "><failure message=\"{first}\">{all}</failure></testcase>"
                )?;
            }
        }
    }
    out.push_str("</testsuite>\n");
    Ok(out)
}
