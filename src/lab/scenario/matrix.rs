//! The truth table: every kind of transaction, and every point at which something may go wrong with
//! it; where it stands then, what is said of it, and where the money is.

use super::run::{ScenarioRun, play};
use super::story::{Happening, HappensAt, Scenario};
use crate::engine::gateway::ReversalBy;
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{Said, time};
use crate::iso::message::{Amount, Text};
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultError};
use std::sync::Arc;
use std::time::Duration;

/// A kind, and what it needs before it.
const KINDS: [(&str, &[&str]); 8] = [
    ("sale", &[]),
    ("qr_sale", &[]),
    ("sale_void", &["sale"]),
    ("refund", &["sale"]),
    ("preauth", &[]),
    ("preauth_void", &["preauth"]),
    ("completion", &["preauth"]),
    ("completion_void", &["preauth", "completion"]),
];

/// Where it goes wrong, and the faults that make it so; `KIND` stands for the kind, `SINCE` for
/// when it begins.
const POINTS: [(&str, &[&str]); 14] = [
    ("nothing goes wrong", &[]),
    (
        "no connection to the acquirer",
        &["F06:every=1h,for=1h,from=SINCEs"],
    ),
    ("request lost", &["F02:nth=1,kind=KIND"]),
    (
        "connection reset, not booked",
        &["F07:nth=1,kind=KIND,at=unbooked"],
    ),
    (
        "connection reset, booked",
        &["F07:nth=1,kind=KIND,at=booked"],
    ),
    ("answer lost", &["F01:nth=1,kind=KIND"]),
    ("answer late", &["F03:nth=1,kind=KIND,delay=65s"]),
    ("answer's MAC wrong", &["F11:nth=1,kind=KIND"]),
    ("declined", &["F16:nth=1,kind=KIND,code=51"]),
    (
        "terminal gone before the answer",
        &["F08:nth=1,kind=KIND,after=50ms"],
    ),
    ("terminal without power", &["F10:nth=1,kind=KIND,for=60s"]),
    (
        "answer lost, reversal answered late",
        &["F01:nth=1,kind=KIND", "F28:p=1,times=2"],
    ),
    (
        "answer lost, reversal refused",
        &["F01:nth=1,kind=KIND", "F29:p=1"],
    ),
    (
        "answer lost, acquirer gone for two days",
        &["F30:nth=1,kind=KIND,for=48h"],
    ),
];

/// One row of the truth table.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// The kind.
    pub kind: &'static str,
    /// Where it goes wrong.
    pub point: &'static str,
    /// What came of it; the transaction in question is the last one.
    pub run: ScenarioRun,
}

impl MatrixRow {
    /// What `explain` says of the transaction in question.
    #[must_use]
    pub fn told(&self, key: &str) -> &str {
        let last = self
            .run
            .explain
            .iter()
            .rfind(|told| told["kind"] == self.kind);
        last.and_then(|told| told[key].as_str()).unwrap_or("-")
    }

    /// Where it stands, in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let [state, class, cause, safe] =
            ["state", "class", "cause", "safe_to_retry"].map(|key| self.told(key));
        let (terminal, acquirer) = (self.run.at_terminals, self.run.at_acquirer);
        let (kind, point) = (self.kind, self.point);
        format!("{kind} | {point} | {state} | {class} | {cause} | {safe} | {terminal} | {acquirer}")
    }
}

/// The whole table.
///
/// # Errors
/// A fault cannot be aimed so.
pub fn matrix() -> Result<Vec<MatrixRow>, FaultError> {
    let mut rows = Vec::new();
    for (kind, before) in KINDS {
        for (point, faults) in POINTS {
            let Some(scenario) = cell(kind, before, faults)? else {
                continue;
            };
            let run = play(&scenario);
            // Some points are none of a kind: what is not reversed has no reversal to refuse.
            if run.never_struck.is_empty() {
                rows.push(MatrixRow { kind, point, run });
            }
        }
    }
    Ok(rows)
}

/// One story of the table.
fn cell(kind: &str, before: &[&str], faults: &[&str]) -> Result<Option<Scenario>, FaultError> {
    let Some(spec) = Spec::builtin("cup-pos") else {
        return Ok(None);
    };
    let armed = faults.iter().map(|text| {
        // What comes before it is over by then.
        let since = 600 * before.len();
        let text = text
            .replace("KIND", kind)
            .replace("SINCE", &since.to_string());
        let armed: Armed = text.parse()?;
        Ok((text, armed))
    });
    let faults = armed.collect::<Result<Vec<_>, FaultError>>()?;
    let kinds = before.iter().copied().chain([kind]);
    let start = time("2026-11-23T10:00", &Zone::CHINA).unwrap_or_default();
    let happenings = kinds.zip(0..).map(|(kind, at)| trade(start, kind, at));
    Ok(Some(story(&spec, happenings.collect(), faults)))
}

fn trade(start: Wall, kind: &str, at: usize) -> HappensAt {
    HappensAt {
        at: start + Duration::from_secs(600 * at as u64),
        what: Happening::Trade {
            terminal: 0,
            kind: Text::new(kind).unwrap_or_default(),
            amount: Amount(10_000),
            card: 0,
            of: at.checked_sub(1),
        },
    }
}

fn story(spec: &Arc<Spec>, happenings: Vec<HappensAt>, faults: Vec<(String, Armed)>) -> Scenario {
    Scenario {
        id: "matrix".to_owned(),
        title: Said::default(),
        story: Said::default(),
        class: String::new(),
        spec: Arc::clone(spec),
        reverses: ReversalBy::Both,
        merchant: None,
        faults,
        happenings,
        wire: None,
        money: None,
        verdicts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_the_truth_table_has_changed() {
        let rows = matrix().unwrap();
        let broken: Vec<&MatrixRow> = rows.iter().filter(|row| !row.run.passed()).collect();
        assert!(broken.is_empty(), "{broken:?}");
        let lines: Vec<String> = rows.iter().map(MatrixRow::line).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
