//! A draft as a dialect file: it extends one of ours and says only where it differs.

use super::draft::{DialectDraft, DraftContent, DraftField, DraftPart, DraftParts, DraftWire};
use super::{ImportError, Imported};
use crate::iso::spec::{
    Align, Composite, Encoding, FieldContent, FieldSpec, LengthUnit, Pad, PrefixEncoding, Spec,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// The fields that the rules of our base name: they stay as the standard has them where a file
/// lacks them.
const RULES: &[u8] = &[
    2, 3, 4, 7, 11, 12, 13, 14, 15, 18, 22, 23, 24, 25, 30, 32, 33, 35, 36, 37, 38, 39, 41, 42, 45,
    49, 52, 56, 66, 70, 74, 76, 86, 88, 90,
];

pub(super) fn write(mut draft: DialectDraft) -> Result<Imported, ImportError> {
    let base_name = base_of(&draft);
    let unknown = || ImportError::at(1, format!("there is no dialect {base_name}"));
    let base = Spec::builtin(base_name).ok_or_else(unknown)?;
    if check(&draft, &base).is_err() {
        weed(&mut draft, &base)?;
    }
    drop_left_out(&mut draft, &base);
    let (_, kept) = absent(&draft, &base);
    let left_out = |number: &u8| draft.left_out.iter().any(|(of, _)| *of == Some(*number));
    let lacking = kept.iter().filter(|number| !left_out(number));
    let lacking: Vec<String> = lacking.map(u8::to_string).collect();
    if !lacking.is_empty() {
        let all = lacking.join(", ");
        let what =
            format!("it lacks fields that the rules name; they stay as in {base_name}: {all}");
        draft.decide(1, what);
    }
    Ok(Imported {
        text: compose(&draft, &base),
        fields: draft.fields.len(),
        decided: draft.decided,
        left_out: draft.left_out.into_iter().map(|(_, note)| note).collect(),
    })
}

/// What is wrong with the file that the draft makes.
fn check(draft: &DialectDraft, base: &Arc<Spec>) -> Result<(), String> {
    let loaded = Spec::load(&draft.name, &compose(draft, base), &|_| None);
    loaded.map(|_| ()).map_err(|error| error.what)
}

/// Leaves out what makes the file unsound: the parts of a field, or the whole of it.
fn weed(draft: &mut DialectDraft, base: &Arc<Spec>) -> Result<(), ImportError> {
    let all = std::mem::take(&mut draft.fields);
    let unsound = |what| ImportError::at(1, format!("type and bitmap make no dialect: {what}"));
    check(draft, base).map_err(unsound)?;
    for (number, field) in all {
        let (line, whole) = (field.line, field.clone());
        draft.fields.insert(number, field);
        let Err(why) = check(draft, base) else {
            continue;
        };
        let parts = DraftParts::None;
        draft.fields.insert(number, DraftField { parts, ..whole });
        if check(draft, base).is_ok() {
            let what = format!("field {number}: its parts ({why}); it is taken over as a whole");
            draft.leave_out(None, line, what);
        } else {
            draft.leave_out(Some(number), line, format!("field {number}: {why}"));
        }
    }
    Ok(())
}

/// Removes the fields that were left out, and says of those that the rules need that they stay.
fn drop_left_out(draft: &mut DialectDraft, base: &Arc<Spec>) {
    let numbers: BTreeSet<u8> = draft.left_out.iter().filter_map(|(of, _)| *of).collect();
    for number in numbers {
        draft.dropped.insert(number);
        if check(draft, base).is_ok() {
            continue;
        }
        draft.dropped.remove(&number);
        let Some(known) = base.fields().find(|known| known.id.number() == number) else {
            continue;
        };
        let stays = format!(
            "; the rules need it, so it stays as {} in the file: write there how it is",
            known.notation
        );
        let notes = draft.left_out.iter_mut();
        for (_, note) in notes.filter(|(of, _)| *of == Some(number)) {
            note.what.push_str(&stays);
        }
    }
}

fn compose(draft: &DialectDraft, base: &Arc<Spec>) -> String {
    let usual = Usual::of(draft);
    let (remove, _) = absent(draft, base);
    let mut text = String::new();
    head(&mut text, draft, base_of(draft));
    if !remove.is_empty() {
        let all: Vec<String> = remove.iter().map(quoted).collect();
        text.push_str("# These the packager does not have.\n");
        line(&mut text, &format!("remove = [{}]", all.join(", ")));
    }
    body(&mut text, draft, &usual);
    let mut tables = String::new();
    for (number, field) in &draft.fields {
        let (lines, table) = field_lines(*number, field, base, &usual);
        text.push_str(&lines);
        tables.push_str(&table);
    }
    text.push_str(&tables);
    text
}

/// The dialect of ours that knows what such messages mean.
fn base_of(draft: &DialectDraft) -> &'static str {
    let max = |number| draft.fields.get(&number).map(|field| field.wire.max);
    match (max(39), max(12)) {
        (Some(3), Some(12)) => "iso8583-1993-ascii",
        _ => "iso8583-1987-ascii",
    }
}

/// What the base has and the draft has not: to be removed, and kept for the rules' sake.
fn absent(draft: &DialectDraft, base: &Spec) -> (Vec<String>, Vec<u8>) {
    let (mut remove, mut kept) = (Vec::new(), Vec::new());
    let mut run: Option<(u8, u8)> = None;
    let name = |(first, last): (u8, u8)| match first == last {
        true => format!("fields.{first}"),
        false => format!("fields.{first}-{last}"),
    };
    for field in base.fields().map(|field| field.id.number()) {
        let is_there = draft.fields.contains_key(&field);
        if !is_there && (!RULES.contains(&field) || draft.dropped.contains(&field)) {
            run = Some(run.map_or((field, field), |(first, _)| (first, field)));
            continue;
        }
        remove.extend(run.take().map(name));
        if !is_there {
            kept.push(field);
        }
    }
    remove.extend(run.take().map(name));
    (remove, kept)
}

/// A line and its end.
fn line(text: &mut String, words: &str) {
    text.push_str(words);
    text.push('\n');
}

fn head(text: &mut String, draft: &DialectDraft, base: &str) {
    line(text, &format!("# Imported from a {}.", draft.origin));
    line(
        text,
        &format!(
            "# What messages mean (kinds, codes, who reverses) is that of {base}: see [kinds]"
        ),
    );
    line(
        text,
        "# in `isogate spec show`, and change it here where your host differs.",
    );
    for note in &draft.decided {
        line(text, &format!("# Line {}: {}.", note.line, note.what));
    }
    for (_, note) in &draft.left_out {
        line(
            text,
            &format!("# Left out, line {}: {}.", note.line, note.what),
        );
    }
    line(text, &format!("name = {}", quoted(&draft.name)));
    line(text, &format!("title = {}", quoted(&draft.title)));
    line(text, &format!("zh = {}", quoted(&draft.title)));
    line(text, &format!("source = {}", quoted(draft.origin)));
    line(text, &format!("extends = {}", quoted(base)));
}

/// Frame, header, type, bitmap, coding.
fn body(text: &mut String, draft: &DialectDraft, usual: &Usual) {
    text.push_str(
        "\n# How frames are told apart is not in such a file: two bytes are assumed. A listener\n\
         # or link may say otherwise in the configuration.\n\
         [frame]\nlength = \"binary\"\nbytes = 2\n",
    );
    if draft.header > 0 {
        let zeros = "00".repeat(draft.header);
        text.push_str("\n# Only its length is known: set what a message begins with.\n");
        let _never = writeln!(text, "[[header]]\nname = \"header\"\ndefault = \"{zeros}\"");
    }
    let _never = writeln!(
        text,
        "\n[message]\nmti = {}\nbitmap = {}",
        word(draft.mti),
        word(draft.bitmap.encoding)
    );
    if draft.bitmap.always_double {
        text.push_str("bitmap_always_double = true\nbitmap_announced = false\n");
    }
    let _never = writeln!(
        text,
        "\n[coding]\ndigits = {}\ntrack = {}\ntext = {}\nbinary = {}\nprefix = {}",
        word(usual.encoding(DraftContent::Digits)),
        word(usual.encoding(DraftContent::Track)),
        word(usual.encoding(DraftContent::Text)),
        word(usual.encoding(DraftContent::Binary)),
        word(usual.prefix)
    );
    let _never = writeln!(
        text,
        "align = {}\nfill = \"{:X}\"\n\n[fields]",
        word(usual.odd.0),
        usual.odd.1
    );
}

/// How most of the fields are written.
struct Usual {
    encodings: BTreeMap<DraftContent, Encoding>,
    prefix: PrefixEncoding,
    odd: (Align, u8),
}

impl Usual {
    fn of(draft: &DialectDraft) -> Self {
        let wires = || draft.fields.values().map(|field| field.wire);
        let most = |class: DraftContent| {
            most_of(
                wires()
                    .filter(|wire| class_of(wire.content) == class)
                    .map(|wire| wire.encoding),
            )
        };
        let text = most(DraftContent::Text).unwrap_or(Encoding::Ascii);
        let digits = most(DraftContent::Digits).unwrap_or(text);
        let track = most(DraftContent::Track).unwrap_or(digits);
        let binary = most(DraftContent::Binary).unwrap_or(Encoding::Raw);
        let encodings = [
            (DraftContent::Digits, digits),
            (DraftContent::Text, text),
            (DraftContent::Track, track),
            (DraftContent::Binary, binary),
        ];
        let packed = wires().filter(is_odd);
        let prefixes = wires().filter_map(|wire| wire.prefix);
        Self {
            encodings: encodings.into(),
            prefix: most_of(prefixes.map(|prefix| prefix.encoding))
                .unwrap_or(PrefixEncoding::Ascii),
            odd: most_of(packed.map(|wire| (wire.align, wire.fill))).unwrap_or((Align::Right, 0)),
        }
    }

    fn encoding(&self, content: DraftContent) -> Encoding {
        let known = self.encodings.get(&class_of(content)).copied();
        known.unwrap_or(Encoding::Ascii)
    }
}

/// The most frequent; of equals the first.
fn most_of<T: PartialEq + Copy>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for one in all {
        match counts.iter_mut().find(|(known, _)| *known == one) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counts.push((one, 1)),
        }
    }
    let best = counts.iter().map(|(_, count)| *count).max()?;
    counts
        .iter()
        .find(|(_, count)| *count == best)
        .map(|(one, _)| *one)
}

/// Signed digits are coded as digits are.
const fn class_of(content: DraftContent) -> DraftContent {
    match content {
        DraftContent::Signed => DraftContent::Digits,
        other => other,
    }
}

/// Whether a spare nibble may be in it.
fn is_odd(wire: &DraftWire) -> bool {
    wire.encoding == Encoding::Bcd && (wire.prefix.is_some() || !wire.max.is_multiple_of(2))
}

/// What the base knows better: track code, and what a text is made of where the file knows that it
/// is text and no more.
fn settle(wire: &DraftWire, base: Option<&FieldSpec>) -> DraftWire {
    let Some(base) = base.filter(|base| base.layout.size.max() == wire.max) else {
        return *wire;
    };
    let content = match (wire.content, base.layout.content) {
        (DraftContent::Digits, FieldContent::Track) => DraftContent::Track,
        (DraftContent::Text, FieldContent::Track) if wire.is_vague => DraftContent::Track,
        (DraftContent::Text, FieldContent::Digits) if wire.is_vague => DraftContent::Digits,
        (DraftContent::Text, FieldContent::SignedDigits) if wire.is_vague => DraftContent::Signed,
        (content, _) => content,
    };
    DraftWire { content, ..*wire }
}

/// What a field says: in one line, or as a table of its own.
fn field_lines(
    number: u8,
    field: &DraftField,
    base: &Arc<Spec>,
    usual: &Usual,
) -> (String, String) {
    let known = base.fields().find(|known| known.id.number() == number);
    let wire = settle(&field.wire, known);
    let mut keys = Vec::new();
    let notation = wire.notation();
    if known.is_none_or(|known| known.notation != notation) {
        keys.push(format!("format = {}", quoted(&notation)));
    }
    let is_known = known.is_some_and(|known| {
        means_the_same(known, &wire)
            || known
                .usual_meaning()
                .title
                .en
                .eq_ignore_ascii_case(&field.name)
    });
    if !field.name.is_empty() && !is_known {
        let name = quoted(&field.name);
        keys.push(format!("name = {name}"));
        keys.push(format!("zh = {name}"));
    }
    let is_special = known.is_some_and(|known| has_own_encoding(known, base));
    layout_keys(&wire, usual, is_special, &mut keys);
    let parts = part_keys(field, &wire, known, usual, &mut keys);
    match (keys.is_empty(), parts.is_empty()) {
        (true, true) => (String::new(), String::new()),
        (_, true) => (
            format!("{number} = {{ {} }}\n", keys.join(", ")),
            String::new(),
        ),
        (_, false) => {
            let keys = keys.iter().flat_map(|key| [key.as_str(), "\n"]);
            let keys: String = keys.collect();
            (
                String::new(),
                format!("\n[fields.{number}]\n{keys}parts = [\n{parts}]\n"),
            )
        }
    }
}

/// Whether the field is the standard's under this number: as long, and of the same kind.
fn means_the_same(known: &FieldSpec, wire: &DraftWire) -> bool {
    let is_binary = known.layout.content == FieldContent::Binary;
    let is_free = known.usual_meaning().title.en.starts_with("Reserved");
    let alike = is_binary == (wire.content == DraftContent::Binary);
    alike && !is_free && known.layout.size.max() == wire.max
}

/// Whether a value of the base fits, part by part.
fn is_alike(known: &FieldSpec, wire: &DraftWire) -> bool {
    let content = match known.layout.content {
        FieldContent::Digits => DraftContent::Digits,
        FieldContent::SignedDigits => DraftContent::Signed,
        FieldContent::Text(_) => DraftContent::Text,
        FieldContent::Track => DraftContent::Track,
        FieldContent::Binary => DraftContent::Binary,
    };
    let fixed = |is_fixed: bool| is_fixed == known.layout.prefix.is_none();
    // Digits in a text stand at the same places.
    let is_text = content == DraftContent::Digits && wire.content == DraftContent::Text;
    let same = content == wire.content || is_text;
    same && known.layout.size.max() == wire.max && fixed(wire.prefix.is_none())
}

/// Whether the base writes it otherwise than its other fields of this kind.
fn has_own_encoding(known: &FieldSpec, base: &Spec) -> bool {
    let alike = |other: &&FieldSpec| {
        std::mem::discriminant(&other.layout.content)
            == std::mem::discriminant(&known.layout.content)
    };
    let most = most_of(
        base.fields()
            .filter(alike)
            .map(|other| other.layout.encoding),
    );
    most != Some(known.layout.encoding)
}

fn layout_keys(wire: &DraftWire, usual: &Usual, is_special: bool, keys: &mut Vec<String>) {
    if is_special || wire.encoding != usual.encoding(wire.content) {
        keys.push(format!("encoding = {}", word(wire.encoding)));
    }
    if is_odd(wire) && wire.align != usual.odd.0 {
        keys.push(format!("align = {}", word(wire.align)));
    }
    if is_odd(wire) && wire.fill != usual.odd.1 {
        keys.push(format!("fill = \"{:X}\"", wire.fill));
    }
    let usual_pad = match wire.content {
        DraftContent::Digits => Some(Pad::LeftZeros),
        DraftContent::Text => Some(Pad::RightBlanks),
        DraftContent::Signed | DraftContent::Track | DraftContent::Binary => None,
    };
    let pad = wire
        .pad
        .filter(|pad| usual_pad.is_some_and(|usual| usual != *pad));
    // Digits are never padded with blanks.
    let is_blank = matches!(pad, Some(Pad::LeftBlanks | Pad::RightBlanks));
    if let Some(pad) = pad.filter(|_| !(is_blank && wire.content == DraftContent::Digits)) {
        keys.push(format!("pad = {}", word(pad)));
    }
    let Some(prefix) = wire.prefix else { return };
    if prefix.encoding != usual.prefix {
        keys.push(format!("prefix = {}", word(prefix.encoding)));
    }
    if prefix.bytes != prefix.encoding.bytes_for(prefix.digits) {
        keys.push(format!("prefix_bytes = {}", prefix.bytes));
    }
    if prefix.counts == LengthUnit::Bytes {
        keys.push("prefix_counts = \"bytes\"".to_owned());
    }
}

/// The keys of what has parts, and the lines of the parts.
fn part_keys(
    field: &DraftField,
    wire: &DraftWire,
    known: Option<&FieldSpec>,
    usual: &Usual,
    keys: &mut Vec<String>,
) -> String {
    let of_base = known.and_then(|known| known.usual_meaning().composite.as_ref());
    match (&field.parts, of_base) {
        (DraftParts::None, None) => {}
        (DraftParts::None, Some(composite)) => {
            let fits = match composite {
                Composite::BerTlv(_) => wire.content == DraftContent::Binary,
                _ => known.is_some_and(|known| is_alike(known, wire)),
            };
            if !fits {
                keys.push("composite = \"none\"".to_owned());
            }
        }
        (DraftParts::BerTlv, Some(Composite::BerTlv(_))) => {}
        (DraftParts::BerTlv, _) => keys.push("composite = \"ber-tlv\"".to_owned()),
        (DraftParts::TextTlv { tag, length }, _) => {
            keys.push(format!(
                "composite = \"text-tlv\", tag_size = {tag}, length_size = {length}, tags = {{}}"
            ));
        }
        (DraftParts::Positions(parts), _) => {
            keys.push("composite = \"positions\"".to_owned());
            return parts.iter().map(|part| part_line(part, None)).collect();
        }
        (
            DraftParts::Bitmap {
                encoding,
                bytes,
                extends,
                parts,
            },
            _,
        ) => {
            keys.push("composite = \"bitmap\"".to_owned());
            keys.push(format!("bitmap = {}", word(*encoding)));
            keys.push(format!("bitmap_bytes = {bytes}"));
            if *extends {
                keys.push("bitmap_extends = true".to_owned());
            }
            return parts
                .iter()
                .map(|part| part_line(part, Some(usual)))
                .collect();
        }
    }
    String::new()
}

/// A part; with its own way of being written where it may have one.
fn part_line(part: &DraftPart, usual: Option<&Usual>) -> String {
    let mut keys = vec![
        format!("id = {}", quoted(&part.id)),
        format!("format = {}", quoted(part.wire.notation())),
    ];
    if !part.name.is_empty() {
        keys.push(format!("name = {}", quoted(&part.name)));
    }
    if let Some(usual) = usual {
        layout_keys(&part.wire, usual, false, &mut keys);
    }
    format!("  {{ {} }},\n", keys.join(", "))
}

/// A word of the form, in quotes.
fn word(of: impl Serialize) -> String {
    toml::Value::try_from(of).map_or_else(|_| String::new(), |value| value.to_string())
}

/// A text in quotes, control characters taken out.
fn quoted(text: impl AsRef<str>) -> String {
    let plain: String = text.as_ref().chars().filter(|c| !c.is_control()).collect();
    toml::Value::String(plain).to_string()
}
