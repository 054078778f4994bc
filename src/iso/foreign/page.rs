//! A dialect as a page for people.

use super::export::Exported;
use crate::iso::spec::{Composite, Spec};
use std::fmt::Write as _;

pub(super) fn write(spec: &Spec) -> Exported {
    let mut text = format!(
        "# {}\n\n`{}`. Source: {}.\n\n",
        cell(&spec.title().en),
        spec.name(),
        cell(spec.source())
    );
    let framing = spec.framing();
    let itself = if framing.counts_itself {
        ", counting itself"
    } else {
        ""
    };
    let _never = writeln!(
        text,
        "A length of {} bytes ({}{itself}) stands before each message.",
        framing.bytes,
        super::export::word(framing.encoding).trim_matches('"')
    );
    for part in spec.header() {
        let _never = writeln!(text, "Then `{}`, {} bytes.", part.name, part.default.len());
    }
    text.push_str("\n| field | format | name | 名称 |\n|---|---|---|---|\n");
    for field in spec.fields() {
        let title = &field.usual_meaning().title;
        let (number, notation) = (field.id, &field.notation);
        let (en, zh) = (cell(&title.en), cell(&title.zh));
        let _never = writeln!(text, "| {number} | {notation} | {en} | {zh} |");
        if let Some(Composite::Positions(parts)) = &field.usual_meaning().composite {
            for part in parts {
                let (id, units) = (part.id.as_str(), part.units);
                let (en, zh) = (cell(&part.spec.title.en), cell(&part.spec.title.zh));
                let _never = writeln!(text, "| {number}.{id} | {units} | {en} | {zh} |");
            }
        }
    }
    text.push_str("\n| type | when | kind | 种类 |\n|---|---|---|---|\n");
    for kind in spec.flow().kinds.iter() {
        let when = kind.when.iter();
        let when = when.map(|(path, value)| format!("{path} = {}", value.as_str()));
        let when: Vec<String> = when.collect();
        let _never = writeln!(
            text,
            "| {} | {} | {} | {} |",
            kind.mti,
            when.join(", "),
            cell(&kind.title),
            cell(&kind.title_zh)
        );
    }
    Exported {
        text,
        cannot: Vec::new(),
    }
}

/// A text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
