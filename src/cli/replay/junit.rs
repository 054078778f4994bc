//! What came of a replay, as a JUnit report: a test for each kind of request, so that a report of a
//! long capture stays short.

use super::sum::{DifferenceGroup, ReplaySum};
use super::told;
use crate::cli::Lang;
use crate::cli::page::escaped;
use crate::engine::seam::Zone;
use std::fmt::Write;

/// The report.
pub(super) fn report(sum: &ReplaySum) -> anyhow::Result<String> {
    let failures = sum.kinds.values().filter(|kind| kind.differ > 0).count();
    let strays = usize::from(sum.strays > 0);
    let errors = sum.kinds.values().filter(|kind| is_error(kind)).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writeln!(
        out,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\">",
        escaped(&format!("isogate replay {}", sum.file)),
        sum.kinds.len() + strays,
        failures + strays,
    )?;
    for (name, kind) in &sum.kinds {
        let millis = kind.micros / 1000;
        write!(
            out,
            "  <testcase classname=\"{}\" name=\"{}\" time=\"{}.{:03}\"",
            escaped(sum.spec.name()),
            escaped(name),
            millis / 1000,
            millis % 1000
        )?;
        if is_error(kind) {
            let told = format!("{} of {} were not sent", kind.skipped, kind.requests);
            writeln!(out, "><error message=\"{told}\"/></testcase>")?;
        } else if kind.differ > 0 {
            let told = format!("{} of {} answers differ", kind.differ, kind.requests);
            failure(&mut out, sum, name, &told)?;
        } else {
            writeln!(out, "/>")?;
        }
    }
    if sum.strays > 0 {
        write!(
            out,
            "  <testcase classname=\"{}\" name=\"answers to nothing\"",
            sum.spec.name()
        )?;
        writeln!(out, "><failure message=\"{}\"/></testcase>", sum.strays)?;
    }
    out.push_str("</testsuite>\n");
    Ok(out)
}

/// Whether requests of a kind were not sent, and those that were differ in nothing.
const fn is_error(kind: &super::sum::KindSum) -> bool {
    kind.skipped > 0 && kind.differ == 0
}

fn failure(out: &mut String, sum: &ReplaySum, name: &str, told: &str) -> anyhow::Result<()> {
    writeln!(out, "><failure message=\"{}\">", escaped(told))?;
    let of_kind = sum.groups.iter().filter(|((kind, _), _)| kind == name);
    for ((_, sort), group) in of_kind {
        let title = told::title(&sum.spec, sort, Lang::En);
        writeln!(
            out,
            "{}",
            escaped(&format!("{title}, {} times", group.times))
        )?;
        examples(out, group)?;
    }
    writeln!(out, "</failure></testcase>")?;
    Ok(())
}

fn examples(out: &mut String, group: &DifferenceGroup) -> anyhow::Result<()> {
    for example in &group.examples {
        let [wanted, found] =
            [&example.wanted, &example.found].map(|value| value.as_deref().unwrap_or("(absent)"));
        let place = told::place(example, &Zone::default());
        writeln!(
            out,
            "{}",
            escaped(&format!("  {wanted} -> {found}  {place}"))
        )?;
    }
    Ok(())
}
