//! A dialect as a dissector in Lua, so that a stock Wireshark shows its fields.

use super::export::{Exported, word};
use crate::iso::codec::latin_of_page;
use crate::iso::spec::{Composite, Encoding, FieldContent, FieldMeaning, FieldSpec, Layout, Spec};
use std::fmt::Write as _;

/// How every such dissector reads.
const READER: &str = include_str!("dissector.lua");

pub(super) fn write(spec: &Spec) -> Exported {
    let mut text = String::new();
    let mut cannot = Vec::new();
    let proto = proto_of(spec.name());
    let _never = writeln!(
        text,
        "-- {}: a dissector for Wireshark and tshark. Values are shown in clear.\n\
         -- tshark -X lua_script:{proto}.lua -d tcp.port==5583,{} -r capture.pcapng\n",
        spec.title().en,
        match spec.framing().http {
            Some(_) => "http",
            None => &proto,
        }
    );
    head(&mut text, spec, &proto);
    text.push_str("  fields = {\n");
    for field in spec.fields() {
        text.push_str(&field_table(field, &mut cannot));
    }
    text.push_str("  },\n}\n");
    let _never = writeln!(
        text,
        "\nlocal proto = Proto(dialect.proto, dialect.title)\n\n{READER}"
    );
    Exported { text, cannot }
}

fn head(text: &mut String, spec: &Spec, proto: &str) {
    let framing = spec.framing();
    let shape = spec.bitmap();
    let _never = writeln!(
        text,
        "local dialect = {{\n  name = {}, title = {}, proto = {}, media = {},\n  \
         frame = {{ encoding = {}, bytes = {}, counts_itself = {} }},\n  mti = {},\n  \
         bitmap = {{ encoding = {}, always_double = {}, third = {} }},",
        quoted(spec.name()),
        quoted(&spec.title().en),
        quoted(proto),
        framing.http.map_or_else(
            || "nil".to_owned(),
            |http| quoted(&http.content_type.to_ascii_lowercase())
        ),
        word(framing.encoding),
        framing.bytes,
        framing.counts_itself,
        word(spec.mti()),
        word(shape.encoding),
        shape.always_double,
        shape.third,
    );
    text.push_str("  header = {\n");
    for part in spec.header() {
        let absent = part.absent_before.iter();
        let absent: Vec<String> = absent
            .map(|byte| format!("[\"{byte:02X}\"] = true"))
            .collect();
        let _never = writeln!(
            text,
            "    {{ name = {}, bytes = {}, absent_before = {{ {} }} }},",
            quoted(&part.name),
            part.default.len(),
            absent.join(", ")
        );
    }
    text.push_str("  },\n  pages = {\n");
    for encoding in [Encoding::Cp037, Encoding::Cp500, Encoding::Cp1047] {
        let is_used =
            spec.mti() == encoding || spec.fields().any(|field| field.layout.encoding == encoding);
        if let (true, Some(page)) = (is_used, latin_of_page(encoding)) {
            let _never = write!(text, "    [{}] = {{", word(encoding));
            for (at, byte) in page.iter().enumerate() {
                let gap = if at.is_multiple_of(16) {
                    "\n      "
                } else {
                    " "
                };
                let _never = write!(text, "{gap}{byte},");
            }
            text.push_str("\n    },\n");
        }
    }
    text.push_str("  },\n");
}

fn field_table(field: &FieldSpec, cannot: &mut Vec<String>) -> String {
    let layout = &field.layout;
    let mut text = format!(
        "    [{}] = {{ title = {}, encoding = {}, packing = \"{}\", align = {}, max = {}",
        field.id,
        quoted(&field.usual_meaning().title.en),
        word(layout.encoding),
        packing(layout),
        word(layout.odd.align),
        layout.size.max()
    );
    if let Some(prefix) = layout.prefix {
        let _never = write!(
            text,
            ",\n      prefix = {{ encoding = {}, bytes = {}, counts = {}, counts_itself = {} }}",
            word(prefix.encoding),
            prefix.bytes,
            word(prefix.counts),
            prefix.counts_itself
        );
    }
    match field.usual_meaning().composite {
        Some(Composite::BerTlv(_)) => text.push_str(", ber = true"),
        Some(Composite::TextTlv { .. } | Composite::Bitmap(_)) => {
            cannot.push(format!(
                "field {}: its parts; it is shown as a whole",
                field.id
            ));
        }
        Some(Composite::Positions(_)) | None => {}
    }
    text.push_str(",\n      uses = {");
    for (types, meaning) in field.uses() {
        let masks: Vec<String> = types.iter().map(|mask| quoted(&mask.to_string())).collect();
        text.push_str(&parts_table(&masks.join(", "), meaning));
    }
    text.push_str(&parts_table("\"xxxx\"", field.usual_meaning()));
    text.push_str(" } },\n");
    text
}

fn parts_table(masks: &str, meaning: &FieldMeaning) -> String {
    let mut text = format!("\n        {{ mti = {{ {masks} }}, parts = {{");
    if let Some(Composite::Positions(parts)) = &meaning.composite {
        for part in parts {
            let _never = write!(
                text,
                "\n          {{ id = {}, title = {}, at = {}, units = {}, open = {} }},",
                quoted(part.id.as_str()),
                quoted(&part.spec.title.en),
                part.at,
                part.units,
                part.open
            );
        }
    }
    text.push_str(" } },");
    text
}

const fn packing(layout: &Layout) -> &'static str {
    match (layout.encoding, layout.content) {
        (Encoding::Bcd, FieldContent::SignedDigits) => "signed",
        (Encoding::Bcd, _) => "half",
        (encoding, _) if encoding.is_hex() => "double",
        (_, _) => "single",
    }
}

/// What Wireshark knows it by: short, and none of its own names.
fn proto_of(name: &str) -> String {
    let plain = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let plain = plain.to_ascii_lowercase();
    if plain.starts_with("iso") {
        plain
    } else {
        format!("iso_{plain}")
    }
}

/// A text of Lua.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace(|c: char| c.is_control(), " "))
}
