//! The configuration in effect, as a file that says the same: every key with its value, the ones
//! that the file leaves to their defaults marked so.

use std::fmt::Write;
use toml::de::DeValue;

/// Sections in the order in which they were read.
#[derive(Debug, Default)]
pub(super) struct Settled(Vec<SettledTable>);

/// One table.
#[derive(Debug)]
struct SettledTable {
    header: String,
    /// Whether the file has this table, be it empty.
    is_written: bool,
    lines: Vec<SettledKey>,
}

/// One key.
#[derive(Debug)]
struct SettledKey {
    key: String,
    value: String,
    is_default: bool,
}

impl Settled {
    /// Begins a table; the number by which its keys are added.
    pub(super) fn begin(&mut self, header: String, is_written: bool) -> usize {
        self.0.push(SettledTable {
            header,
            is_written,
            lines: Vec::new(),
        });
        self.0.len() - 1
    }

    /// What a key is; what was said of it last holds.
    pub(super) fn say(&mut self, part: usize, key: &str, value: String, is_default: bool) {
        let Some(part) = self.0.get_mut(part) else {
            return;
        };
        part.lines.retain(|line| line.key != key);
        part.lines.push(SettledKey {
            key: key.to_owned(),
            value,
            is_default,
        });
    }

    /// A key turns out to be a table, which is told by itself.
    pub(super) fn unsay(&mut self, part: usize, key: &str) {
        if let Some(part) = self.0.get_mut(part) {
            part.lines.retain(|line| line.key != key);
        }
    }

    /// As a file.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let told = |part: &&SettledTable| part.is_written || !part.lines.is_empty();
        for part in self.0.iter().filter(told) {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _infallible = writeln!(text, "{gap}{}", part.header);
            for line in &part.lines {
                let mark = if line.is_default { "  # default" } else { "" };
                let key = name(&line.key);
                let _infallible = writeln!(text, "{key} = {}{mark}", line.value);
            }
        }
        text
    }
}

/// A key as TOML wants it: quoted unless it is plain.
fn name(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(plain) {
        return key.to_owned();
    }
    quoted(key)
}

/// A text as TOML wants it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A list of values, each as TOML wants it.
pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A value of a file, written again.
pub(super) fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(items) => list(items.iter().map(|item| written(item.get_ref()))),
        DeValue::Table(table) => {
            let pair = |(key, value): (
                &toml::Spanned<std::borrow::Cow<'_, str>>,
                &toml::Spanned<DeValue<'_>>,
            )| {
                format!("{} = {}", name(key.get_ref()), written(value.get_ref()))
            };
            let pairs: Vec<String> = table.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
