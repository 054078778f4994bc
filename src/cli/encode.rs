//! `isogate encode`: the document that `decode` prints, back to hex.

use super::{Exit, input};
use crate::iso::codec::{Framer, Message};
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use anyhow::{Context, bail};
use bytes::BytesMut;
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// Build a message from the JSON that decode prints
#[derive(Args, Debug)]
pub(crate) struct EncodeArgs {
    /// The dialect: a built-in name or a TOML file [default: as the document says]
    #[arg(long)]
    spec: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Put the length prefix before it [default: if the document has a length]
    #[arg(long)]
    framed: bool,
    /// A file with the document, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    document: String,
}

/// What `decode --json` prints, as far as a message is made of it.
#[derive(Debug, Deserialize)]
struct Document {
    spec: Option<String>,
    #[serde(default)]
    header: Map<String, Value>,
    mti: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    subfields: BTreeMap<String, String>,
}

/// Prints the message as hex.
pub(crate) fn run(args: &EncodeArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let text = input::text(&args.document)?;
    let document: Document = serde_json::from_str(&text)
        .with_context(|| format!("{} is no message document", args.document))?;
    let name = args.spec.as_ref().or(document.spec.as_ref());
    let spec = input::spec(name.map_or("cup-pos", String::as_str))?;
    let frame = message(&spec, &document)?.build()?;
    let mut bytes = BytesMut::new();
    if args.framed || document.header.contains_key("length") {
        Framer::new(&spec, usize::from(u16::MAX)).wrap(&frame, &mut bytes)?;
    } else {
        bytes.extend_from_slice(&frame);
    }
    let hex = input::to_hex(&bytes);
    if args.json {
        serde_json::to_writer(&mut *out, &json!({ "spec": spec.name(), "hex": hex }))?;
        writeln!(out)?;
    } else {
        writeln!(out, "{hex}")?;
    }
    Ok(Exit::Done)
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
        set(&mut message, path, text)?;
    }
    for (path, text) in &document.subfields {
        let known: FieldPath = path
            .parse()
            .map_err(anyhow::Error::msg)
            .context(path.clone())?;
        let whole = document.fields.contains_key(&known.field.to_string());
        if !whole {
            set(&mut message, path, text)?;
        } else if message.text(known).as_deref() != Some(text) {
            bail!(
                "{path}: differs from field {}; give the whole or its parts",
                known.field
            );
        }
    }
    Ok(message)
}

fn set(message: &mut Message, path: &str, text: &str) -> anyhow::Result<()> {
    let units = [
        "byte)",
        "bytes)",
        "digit)",
        "digits)",
        "character)",
        "characters)",
    ];
    let is_length = text.starts_with('(') && units.iter().any(|unit| text.ends_with(unit));
    if is_length || text.contains("**") {
        bail!("field {path}: the value is masked; decode with --reveal, or give a value");
    }
    let known: FieldPath = path
        .parse()
        .map_err(anyhow::Error::msg)
        .context(path.to_owned())?;
    Ok(message.set(known, text)?)
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
    fn unknown_header_parts_are_refused_with_those_there_are() {
        let error = hex(r#"{"mti":"0800","header":{"tdpu":"6000030000"}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"header.tdpu: cup-pos has no such part; it has ["tpdu", "cup"]"#
        );
    }
}
