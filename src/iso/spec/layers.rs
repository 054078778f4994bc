//! A spec file upon its bases: reads each, lays one over the other key by key, and finds the line
//! of a key again when something is wrong with it.

use super::builtin;
use super::error::{self, SpecError, SpecFault};
use super::file::SpecFile;
use toml::Table;
use toml::de::{DeTable, DeValue};

/// Bases may be stacked so high; more is a circle.
const MAX_LAYERS: usize = 8;

/// So many faults are told at once.
const MOST_FAULTS: usize = 50;

/// The files, the topmost first.
pub(super) struct Layers(Vec<Layer>);

struct Layer {
    file: String,
    text: String,
    table: Table,
}

impl Layers {
    pub(super) fn read(
        file: &str,
        text: &str,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SpecError> {
        let mut layers = Self(vec![Layer::read(file, text)?]);
        while let Some(base) = layers.base() {
            let fault = |what: String| layers.error(&SpecFault::at(["extends"], what));
            if layers.0.len() >= MAX_LAYERS {
                return Err(fault(format!(
                    "`{base}` and its bases extend one another in a circle"
                )));
            }
            let found = resolve(&base).or_else(|| builtin::text(&base).map(str::to_owned));
            let text = found.ok_or_else(|| {
                let known = builtin::nearest(&base);
                fault(format!(
                    "there is no spec `{base}` to extend; did you mean `{known}`?"
                ))
            })?;
            layers.0.push(Layer::read(&format!("{base}.toml"), &text)?);
        }
        Ok(layers)
    }

    /// Every line of a file that is at fault by itself: each is taken out, and the rest read again.
    pub(super) fn faults(
        file: &str,
        text: &str,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<SpecError> {
        let mut all: Vec<SpecError> = Vec::new();
        let mut text = text.to_owned();
        while let Err(fault) = Self::read(file, &text, resolve) {
            let number = fault.line;
            let is_own = fault.file == file;
            all.push(fault);
            let without = |(at, line): (usize, &str)| {
                if at.saturating_add(1) == number {
                    "\n".to_owned()
                } else {
                    format!("{line}\n")
                }
            };
            let rest: String = text.lines().enumerate().map(without).collect();
            if !is_own || rest == text || DeTable::parse(&rest).is_err() || all.len() >= MOST_FAULTS
            {
                break;
            }
            text = rest;
        }
        all.sort_by_key(|fault| fault.line);
        all
    }

    fn base(&self) -> Option<String> {
        self.0
            .last()?
            .table
            .get("extends")?
            .as_str()
            .map(str::to_owned)
    }

    /// All layers as one.
    pub(super) fn merged(&self) -> Result<SpecFile, SpecError> {
        let mut merged = Table::new();
        for layer in self.0.iter().rev() {
            layer
                .take_out(&mut merged)
                .map_err(|fault| self.error(&fault))?;
            overlay(&mut merged, &layer.table);
        }
        let top = self
            .0
            .first()
            .map(|layer| layer.file.clone())
            .unwrap_or_default();
        if self
            .0
            .first()
            .is_some_and(|top| !top.table.contains_key("name"))
        {
            // One without a name is called as its file is, not as its base.
            let name = top.rsplit(['/', '\\']).next().unwrap_or(&top);
            let name = name.strip_suffix(".toml").unwrap_or(name).to_owned();
            merged.insert("name".to_owned(), toml::Value::String(name));
        }
        merged
            .try_into()
            .map_err(|e| error::from_toml(&top, "", &e))
    }

    /// The fault with the line of the topmost file that says something there.
    pub(super) fn error(&self, fault: &SpecFault) -> SpecError {
        let place = (0..fault.path.len()).rev().find_map(|cut| {
            let path = fault.path.get(..=cut)?;
            self.0
                .iter()
                .find_map(|layer| Some((layer, layer.line(path)?)))
        });
        let (file, line) = match (place, self.0.first()) {
            (Some((layer, line)), _) => (layer.file.clone(), line),
            (None, top) => (top.map(|layer| layer.file.clone()).unwrap_or_default(), 1),
        };
        SpecError {
            file,
            line,
            what: format!("{}: {}", fault.path.join("."), fault.what),
        }
    }
}

impl Layer {
    fn read(file: &str, text: &str) -> Result<Self, SpecError> {
        let wrong = |e: toml::de::Error| error::from_toml(file, text, &e);
        // Each file is checked by itself first: only so does an error know its line.
        toml::from_str::<SpecFile>(text).map_err(wrong)?;
        let mut table = text.parse::<Table>().map_err(wrong)?;
        cite(&mut table);
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            table,
        })
    }

    /// Takes out of `base` what this layer removes.
    fn take_out(&self, base: &mut Table) -> Result<(), SpecFault> {
        let paths = self.table.get("remove").and_then(toml::Value::as_array);
        for path in paths.into_iter().flatten().filter_map(toml::Value::as_str) {
            let absent = || SpecFault::at(["remove"], format!("the base has no `{path}`"));
            let (section, key) = path.split_once('.').ok_or_else(absent)?;
            let section = base.get_mut(section).and_then(toml::Value::as_table_mut);
            let section = section.ok_or_else(absent)?;
            let before = section.len();
            match range(key) {
                Some((first, last)) => section
                    .retain(|key, _| !key.parse().is_ok_and(|n: u16| (first..=last).contains(&n))),
                None => section.retain(|name, _| name != key),
            }
            if section.len() == before {
                return Err(absent());
            }
        }
        Ok(())
    }

    /// The line of the key at a path.
    fn line(&self, path: &[String]) -> Option<usize> {
        let root = DeTable::parse(&self.text).ok()?;
        let mut table = root.get_ref();
        let mut at = None;
        for key in path {
            let (found, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
            at = Some(found.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        Some(error::line_of(&self.text, at?))
    }
}

/// Each field cites the source of the file that speaks of it last, unless it has its own.
fn cite(file: &mut Table) {
    let Some(source) = file.get("source").cloned() else {
        return;
    };
    let fields = file.get_mut("fields").and_then(toml::Value::as_table_mut);
    let fields = fields.into_iter().flat_map(|all| all.iter_mut());
    for field in fields.filter_map(|(_, field)| field.as_table_mut()) {
        field.entry("source").or_insert_with(|| source.clone());
    }
}

/// `5-10` as its ends.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn overlay(base: &mut Table, top: &Table) {
    for (key, value) in top {
        match (base.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(over)) => overlay(inner, over),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}
