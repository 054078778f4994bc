//! A plan as text: one JSON document a line, the set-up first, then each deed. Lines that begin
//! with `#` are remarks.

use super::{Plan, Setup, Timed};
use thiserror::Error;

/// Why a text is no plan.
#[derive(Debug, Error)]
#[error("line {line} is no {wanted} of a plan: {error}")]
pub struct PlanError {
    line: usize,
    wanted: &'static str,
    error: serde_json::Error,
}

/// Reads a plan.
///
/// # Errors
/// With the line that cannot be read, and why.
pub fn read(text: &str) -> Result<Plan, PlanError> {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let setup = match lines.next() {
        Some((at, line)) => parsed::<Setup>(at, line, "set-up")?,
        None => Setup::default(),
    };
    let deeds = lines.map(|(at, line)| parsed::<Timed>(at, line, "deed"));
    Ok(Plan {
        setup,
        deeds: deeds.collect::<Result<_, _>>()?,
    })
}

fn parsed<T: serde::de::DeserializeOwned>(
    at: usize,
    line: &str,
    wanted: &'static str,
) -> Result<T, PlanError> {
    serde_json::from_str(line).map_err(|error| PlanError {
        line: at + 1,
        wanted,
        error,
    })
}

/// Writes a plan; what is as usual is left out.
#[must_use]
pub fn write(plan: &Plan) -> String {
    let usual = serde_json::to_value(Setup::default()).unwrap_or_default();
    let mut text = line(&plan.setup, &usual);
    for deed in &plan.deeds {
        text.push_str(&line(deed, &serde_json::Value::Null));
    }
    text
}

fn line<T: serde::Serialize>(what: &T, usual: &serde_json::Value) -> String {
    let mut value = serde_json::to_value(what).unwrap_or_default();
    strip(&mut value, usual);
    format!("{value}\n")
}

/// Leaves out what is empty, or as usual. `books` may be `false`: an acquirer that does not book is
/// another than one that books as it answers.
fn strip(value: &mut serde_json::Value, usual: &serde_json::Value) {
    use serde_json::Value;
    let Value::Object(map) = value else { return };
    map.retain(|name, own| {
        if let Value::Array(items) = &mut *own {
            items.iter_mut().for_each(|item| strip(item, &Value::Null));
        }
        let as_usual = usual.get(name).unwrap_or(&Value::Null);
        strip(own, as_usual);
        let is_usual = usual.get(name) == Some(own);
        let is_empty = usual.is_null()
            && match own {
                Value::Null => true,
                Value::Bool(false) => name != "books",
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty(),
                Value::Object(parts) => parts.is_empty(),
                Value::Number(_) | Value::Bool(true) => false,
            };
        let is_bare = own.as_object().is_some_and(serde_json::Map::is_empty);
        !(is_usual || is_empty || is_bare)
    });
}
