//! What a person, or a run against the same system, says about single fields, as TOML.

use super::rules::Comparison;
use crate::iso::message::{FieldPath, Mti};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// How fields are compared that are not compared as the dialect says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompareFile {
    fields: BTreeMap<FieldPath, Comparison>,
    types: BTreeMap<Mti, BTreeMap<FieldPath, Comparison>>,
    order_counts: bool,
}

/// Why a file of comparisons cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CompareError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    types: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    answers: WrittenAnswers,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnswers {
    order: Option<String>,
}

impl CompareFile {
    /// Reads it.
    ///
    /// # Errors
    /// It is no TOML, or names something that is not there.
    pub fn read(text: &str) -> Result<Self, CompareError> {
        let written: Written = toml::from_str(text)
            .map_err(|error| CompareError(error.to_string().trim_end().to_owned()))?;
        let mut file = Self {
            fields: table("fields", &written.fields)?,
            ..Self::default()
        };
        for (name, fields) in &written.types {
            let mti: Mti = name.parse().map_err(|_none| {
                CompareError(format!(
                    "[types.{name}]: a type has four digits, such as [types.0210]"
                ))
            })?;
            let _none = file
                .types
                .insert(mti, table(&format!("types.{name}"), fields)?);
        }
        file.order_counts = match written.answers.order.as_deref() {
            None | Some("free") => false,
            Some("equal") => true,
            Some(other) => {
                let told = format!("[answers] order = \"{other}\": it is \"equal\" or \"free\"");
                return Err(CompareError(told));
            }
        };
        Ok(file)
    }

    /// What it says about a field or part of an answer; of a part that it does not name, what it
    /// says about the whole.
    #[must_use]
    pub(super) fn of(&self, answer: Mti, path: FieldPath) -> Option<Comparison> {
        let own = self.types.get(&answer);
        let paths = [path, FieldPath::whole(path.field)];
        paths.iter().find_map(|path| {
            let told = own.and_then(|own| own.get(path));
            told.or_else(|| self.fields.get(path)).copied()
        })
    }

    /// Whether answers that come in another order than was captured count as different: on a line
    /// with many on their way, they do not.
    pub(super) const fn order_counts(&self) -> bool {
        self.order_counts
    }

    /// Says how a field of answers of this type is compared.
    pub fn set(&mut self, answer: Mti, path: FieldPath, comparison: Comparison) {
        let own = self.types.entry(answer).or_default();
        let _was = own.insert(path, comparison);
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.types.is_empty() && !self.order_counts
    }

    /// As [`CompareFile::read`] takes it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let mut table = |title: &str, fields: &BTreeMap<FieldPath, Comparison>| {
            let _written = writeln!(out, "\n[{title}]");
            for (path, comparison) in fields {
                let _written = writeln!(out, "\"{path}\" = \"{comparison}\"");
            }
        };
        if !self.fields.is_empty() {
            table("fields", &self.fields);
        }
        for (mti, fields) in &self.types {
            table(&format!("types.{mti}"), fields);
        }
        if self.order_counts {
            out.push_str("\n[answers]\norder = \"equal\"\n");
        }
        out
    }
}

fn table(
    title: &str,
    written: &BTreeMap<String, String>,
) -> Result<BTreeMap<FieldPath, Comparison>, CompareError> {
    let entry = |(name, value): (&String, &String)| {
        let path: FieldPath = name.parse().map_err(|_none| {
            CompareError(format!(
                "[{title}] {name}: this is no field; write 63 or \"63.2\""
            ))
        })?;
        let known = Comparison::ALL.into_iter().find(|one| one.name() == value);
        let comparison = known.ok_or_else(|| {
            CompareError(format!(
                "[{title}] {name} = \"{value}\": it is equal, new, echo, recomputed, any or free"
            ))
        })?;
        Ok((path, comparison))
    };
    written.iter().map(entry).collect()
}
