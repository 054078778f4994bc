//! A dialect of ours in the words of another system, as far as those can say it.

use super::{lua, page, to_jpos, to_moov};
use crate::iso::spec::Spec;
use serde::Serialize;

/// What a dialect is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialectForm {
    /// A jPOS GenericPackager, in XML.
    Jpos,
    /// A moov-io message spec, in JSON.
    Moov,
    /// A dissector for Wireshark, in Lua.
    Lua,
    /// A page for people, in Markdown.
    Page,
}

/// A dialect in other words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub text: String,
    /// What the other form cannot say, and is not in it.
    pub cannot: Vec<String>,
}

/// Writes a dialect in another form.
#[must_use]
pub fn export(spec: &Spec, form: DialectForm) -> Exported {
    match form {
        DialectForm::Jpos => to_jpos::write(spec),
        DialectForm::Moov => to_moov::write(spec),
        DialectForm::Lua => lua::write(spec),
        DialectForm::Page => page::write(spec),
    }
}

/// A word of our form, in quotes.
pub(super) fn word(of: impl Serialize) -> String {
    toml::Value::try_from(of).map_or_else(|_| String::new(), |value| value.to_string())
}
