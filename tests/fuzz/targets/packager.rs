//! A text as the packager of another system: refused with a line, or a dialect that can be loaded,
//! and that is read again from the form of the other system.

use super::{Outcome, holds, without_digits};
use isogate::iso::foreign::{DialectForm, PackagerKind, export, import};
use isogate::iso::spec::Spec;

const JPOS: &str = include_str!("../../../proto-specs/vectors/foreign/jpos-iso87ascii.xml");
const BINARY: &str = include_str!("../../../proto-specs/vectors/foreign/jpos-iso87binary.xml");
const MOOV: &str = include_str!("../../../proto-specs/vectors/foreign/moov-spec87ascii.json");
const NESTED: &str = "<!DOCTYPE isopackager [<!ENTITY a \"b\">]>\n<isopackager>\n\
    <isofield id=\"0\" length=\"4\" name=\"type\" class=\"org.jpos.iso.IFA_NUMERIC\"/>\n\
    <isofield id=\"1\" length=\"16\" name=\"map\" class=\"org.jpos.iso.IFA_BITMAP\"/>\n\
    <isofieldpackager id=\"48\" length=\"99\" class=\"org.jpos.iso.IFA_LLLCHAR\" \
    packager=\"org.jpos.iso.packager.GenericSubFieldPackager\">\n\
    <isofield id=\"1\" length=\"3\" class=\"org.jpos.iso.IF_CHAR\" pad=\"true\"/>\n\
    </isofieldpackager>\n</isopackager>\n";
const GUIDES: &str = "<j8583-config>\n<header type=\"0200\">ISO01</header>\n\
    <template type=\"0200\"><field num=\"3\" type=\"NUMERIC\" length=\"6\">0</field></template>\n\
    <parse type=\"0210\">\n<field num=\"3\" type=\"NUMERIC\" length=\"6\"/>\n\
    <field num=\"4\" type=\"AMOUNT\"/>\n<field num=\"35\" type=\"LLVAR\"/>\n\
    <field num=\"48\" type=\"LLLBIN\"/>\n</parse>\n</j8583-config>\n";
const YAML: &str = "name: a\nfields:\n  \"0\": &type\n    type: String\n    length: 4\n\
    \u{20}   enc: ASCII\n    prefix: ASCII.Fixed\n  1:\n    type: Bitmap\n    length: 8\n\
    \u{20}   enc: HexToASCII\n    prefix: Hex.Fixed\n  2: # a card\n    type: String\n\
    \u{20}   length: 19\n    enc: 'BCD'\n    prefix: BCD.LL\n\
    \u{20}   padding: {type: Left, pad: \"0\"}\n";

pub(super) fn seeds() -> Vec<Vec<u8>> {
    // The first lines of a long file, which a mutation reaches everywhere.
    let begun = |text: &str, lines: usize, end: &str| {
        let begun: Vec<&str> = text.lines().take(lines).collect();
        format!("{}\n{end}", begun.join("\n"))
    };
    let texts = [
        begun(JPOS, 12, "</isopackager>"),
        begun(BINARY, 30, "</isopackager>"),
        MOOV.to_owned(),
        NESTED.to_owned(),
        GUIDES.to_owned(),
        YAML.to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(input);
    let Some(kind) = PackagerKind::of(&text) else {
        return Ok("like none".to_owned());
    };
    let lines = text.lines().count() + 1;
    let stands = |line: usize| (1..=lines).contains(&line);
    let imported = match import(kind, "fuzzed", &text) {
        Ok(imported) => imported,
        Err(error) => {
            holds(stands(error.line), "fault-without-place", || {
                error.to_string()
            })?;
            let told = without_digits(&error.what);
            return Ok(told.chars().filter(char::is_ascii).take(60).collect());
        }
    };
    let mut notes = imported.decided.iter().chain(&imported.left_out);
    holds(
        notes.all(|note| stands(note.line)),
        "note-without-place",
        || format!("{notes:?}"),
    )?;
    let most = 64 * (text.len() + 1024);
    holds(imported.text.len() <= most, "grows", || {
        imported.text.len().to_string()
    })?;
    let spec = Spec::load("fuzzed", &imported.text, &|_| None);
    let spec = match spec {
        Ok(spec) => spec,
        Err(error) => {
            holds(false, "no-dialect", || format!("{error}"))?;
            return Ok(String::new());
        }
    };
    for (form, kind) in [
        (DialectForm::Jpos, Some(PackagerKind::Jpos)),
        (DialectForm::Moov, Some(PackagerKind::Moov)),
        (DialectForm::Lua, None),
        (DialectForm::Page, None),
    ] {
        let exported = export(&spec, form);
        let again = kind.map(|kind| import(kind, "again", &exported.text));
        let refused = again.and_then(Result::err);
        holds(refused.is_none(), "not-read-again", || {
            format!("{form:?}: {refused:?}")
        })?;
    }
    let left_out = imported.left_out.len().min(3);
    Ok(format!(
        "{} {} {left_out}",
        kind.name(),
        imported.fields.min(9)
    ))
}
