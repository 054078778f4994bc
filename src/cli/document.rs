//! A message as a document: what `decode --json` prints, read back.

use super::input;
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `decode --json` prints, as far as a message is made of it.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    /// The dialect's name or file.
    pub spec: Option<String>,
    #[serde(default)]
    header: Map<String, Value>,
    mti: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    subfields: BTreeMap<String, String>,
}

impl Document {
    /// Reads a document; `name` is where it came from.
    pub(super) fn read(name: &str, text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).with_context(|| format!("{name} is no message document"))
    }

    /// Whether it was made of a message with its length prefix.
    pub(super) fn is_framed(&self) -> bool {
        self.header.contains_key("length")
    }

    /// The message.
    pub(super) fn message(&self, spec: &Arc<Spec>) -> anyhow::Result<Message> {
        message(spec, self)
    }
}

fn message(spec: &Arc<Spec>, document: &Document) -> anyhow::Result<Message> {
    let mti = document
        .mti
        .parse()
        .map_err(anyhow::Error::msg)
        .context("mti")?;
    let mut message = Message::new(spec, mti);
    message.set_header(&header(spec, &document.header)?);
    for (path, text) in &document.fields {
        set_named(&mut message, path, text)?;
    }
    for (path, text) in &document.subfields {
        let known: FieldPath = path
            .parse()
            .map_err(anyhow::Error::msg)
            .context(path.clone())?;
        let whole = document.fields.contains_key(&known.field.to_string());
        if !whole {
            set_named(&mut message, path, text)?;
        } else if message.text(known).as_deref() != Some(text) {
            bail!(
                "{path}: differs from field {}; give the whole or its parts",
                known.field
            );
        }
    }
    Ok(message)
}

fn set_named(message: &mut Message, path: &str, text: &str) -> anyhow::Result<()> {
    let known: FieldPath = path
        .parse()
        .map_err(anyhow::Error::msg)
        .context(path.to_owned())?;
    set(message, known, text)
}

/// Sets a field or part; a masked value is refused.
pub(super) fn set(message: &mut Message, path: FieldPath, text: &str) -> anyhow::Result<()> {
    if message.is_masked(path, text) {
        bail!("field {path}: the value is masked; decode with --reveal, or give a value");
    }
    Ok(message.set(path, text)?)
}

/// The header's parts as the document gives them, the rest as the spec has it.
fn header(spec: &Spec, given: &Map<String, Value>) -> anyhow::Result<Vec<u8>> {
    let known = |name: &str| name == "length" || spec.header().iter().any(|part| part.name == name);
    if let Some(name) = given.keys().find(|name| !known(name)) {
        let names: Vec<_> = spec
            .header()
            .iter()
            .map(|part| part.name.as_str())
            .collect();
        bail!(
            "header.{name}: {} has no such part; it has {names:?}",
            spec.name()
        );
    }
    let mut header = Vec::new();
    for part in spec.header() {
        let bytes = match given
            .get(&part.name)
            .map(|value| value.as_str().unwrap_or_default())
        {
            None if !part.absent_before.is_empty() => Vec::new(),
            None => part.default.clone(),
            Some(hex) => input::hex(hex.as_bytes())
                .filter(|bytes| bytes.len() == part.default.len())
                .with_context(|| {
                    format!(
                        "header.{} is {} bytes, in hex",
                        part.name,
                        part.default.len()
                    )
                })?,
        };
        header.extend(bytes);
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(document: &str) -> anyhow::Result<String> {
        let document: Document = serde_json::from_str(document).unwrap();
        let spec = Spec::builtin("cup-pos").unwrap();
        Ok(input::to_hex(&message(&spec, &document)?.build()?))
    }

    #[test]
    fn a_field_is_given_whole_or_by_its_parts() {
        let whole = r#"{"mti":"0800","fields":{"60":"00000007003"}}"#;
        let parts = r#"{"mti":"0800","subfields":{"60.1":"00","60.2":"000007","60.3":"003"}}"#;
        assert_eq!(hex(whole).unwrap(), hex(parts).unwrap());
        let agreeing = r#"{"mti":"0800","fields":{"60":"00000007003"},"subfields":{"60.3":"003"}}"#;
        assert_eq!(hex(whole).unwrap(), hex(agreeing).unwrap());
        let both = r#"{"mti":"0800","fields":{"60":"00000007003"},"subfields":{"60.3":"001"}}"#;
        let error = hex(both).unwrap_err().to_string();
        assert_eq!(
            error,
            "60.3: differs from field 60; give the whole or its parts"
        );
    }

    #[test]
    fn masked_values_are_not_mistaken_for_values() {
        for masked in [r#""52":"(8 bytes)""#, r#""2":"622609******0048""#] {
            let error = hex(&format!(r#"{{"mti":"0200","fields":{{{masked}}}}}"#)).unwrap_err();
            assert!(error.to_string().contains("--reveal"), "{error}");
        }
    }

    #[test]
    fn stars_are_a_text_like_any_where_nothing_is_masked() {
        let document = |field: &str| format!(r#"{{"mti":"0200","fields":{{{field}}}}}"#);
        for plain in [r#""43":"a**b""#, r#""63":"x****""#, r#""43":"(8 bytes)""#] {
            let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
            let read: Document = serde_json::from_str(&document(plain)).unwrap();
            assert!(message(&spec, &read).is_ok(), "{plain}");
        }
    }

    #[test]
    fn unknown_header_parts_are_refused_with_those_there_are() {
        let error = hex(r#"{"mti":"0800","header":{"tdpu":"6000030000"}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"header.tdpu: cup-pos has no such part; it has ["tpdu", "cup"]"#
        );
    }
}
