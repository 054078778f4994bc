//! A dialect as a jPOS GenericPackager.

use super::export::Exported;
use crate::iso::spec::{
    Align, Encoding, FieldContent, FieldSpec, Layout, LengthUnit, PrefixEncoding, Spec,
};
use std::fmt::Write as _;

pub(super) fn write(spec: &Spec) -> Exported {
    let mut cannot = vec![
        "how frames are told apart and what stands before the type: that is the channel's".into(),
        "what messages mean: kinds, codes, reversals, MACs".into(),
    ];
    let family = match spec.mti() {
        Encoding::Bcd => "IFB",
        encoding if encoding.is_ebcdic() => "IFE",
        _ => "IFA",
    };
    let bitmap = match spec.bitmap().encoding {
        Encoding::Raw => "IFB_BITMAP",
        Encoding::HexEbcdic => "IFE_BITMAP",
        _ => "IFA_BITMAP",
    };
    if spec.bitmap().always_double {
        cannot.push("a second bitmap that is always there".to_owned());
    }
    let size = if spec.fields().any(|field| field.id.number() > 128) {
        24
    } else {
        16
    };
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- {} -->\n<isopackager>\n  \
         <isofield id=\"0\" length=\"4\" name=\"Message type\" \
         class=\"org.jpos.iso.{family}_NUMERIC\" pad=\"false\"/>\n  \
         <isofield id=\"1\" length=\"{size}\" name=\"Bitmap\" class=\"org.jpos.iso.{bitmap}\"/>\n",
        escaped(&spec.title().en).replace("--", "- -")
    );
    for field in spec.fields() {
        match class(&field.layout) {
            Ok((class, pad)) => {
                text.push_str(&element(field, &class, pad));
                if field.usual_meaning().composite.is_some() {
                    cannot.push(format!(
                        "field {}: its parts; it is written whole",
                        field.id
                    ));
                }
            }
            Err(why) => cannot.push(format!("field {}: {why}", field.id)),
        }
    }
    text.push_str("</isopackager>\n");
    Exported { text, cannot }
}

fn element(field: &FieldSpec, class: &str, pad: Option<bool>) -> String {
    let mut text = format!(
        "  <isofield id=\"{}\" length=\"{}\" name=\"{}\" class=\"org.jpos.iso.{class}\"",
        field.id,
        field.layout.size.max(),
        escaped(&field.usual_meaning().title.en)
    );
    if let Some(pad) = pad {
        let _never = write!(text, " pad=\"{pad}\"");
    }
    text.push_str("/>\n");
    text
}

/// The class that writes a field so, and its `pad` if it packs digits.
fn class(layout: &Layout) -> Result<(String, Option<bool>), &'static str> {
    let encoding = layout.encoding;
    let prefix = layout.prefix;
    let lengths = prefix.map_or(0, |prefix| prefix_digits(layout, prefix.bytes));
    let ls = "L".repeat(usize::from(lengths));
    if let Some(prefix) = prefix {
        if prefix.counts_itself {
            return Err("a length that counts itself");
        }
        if prefix.counts == LengthUnit::Bytes && layout.bytes_of(2) != 2 {
            return Err("a length in bytes");
        }
    }
    let family = match (encoding, prefix.map(|prefix| prefix.encoding)) {
        (Encoding::Gbk, _) => return Err("Chinese characters in GBK"),
        (_, Some(PrefixEncoding::Hex | PrefixEncoding::BinaryLe)) => {
            return Err("a length in hexadecimal, or with its last byte first");
        }
        (_, Some(PrefixEncoding::Ascii)) => "IFA_",
        (_, Some(PrefixEncoding::Ebcdic)) => "IFE_",
        (_, Some(PrefixEncoding::Bcd | PrefixEncoding::Binary)) => "IFB_",
        (Encoding::Ascii | Encoding::Hex | Encoding::HexLower, None) => "IFA_",
        (Encoding::Bcd | Encoding::Raw, None) => "IFB_",
        (_, None) => "IFE_",
    };
    let h = match prefix.map(|prefix| prefix.encoding) {
        Some(PrefixEncoding::Binary) => "H",
        _ => "",
    };
    let pads = Some(layout.odd.align == Align::Right);
    let filled = if layout.odd.fill == 0 { "" } else { "F" };
    let (kind, pad) = match (family, layout.content, encoding) {
        ("IFB_", FieldContent::Digits | FieldContent::Track, Encoding::Bcd) if prefix.is_some() => {
            return Ok((format!("IFB_{filled}{ls}{h}NUM"), pads));
        }
        ("IFB_", FieldContent::Digits | FieldContent::Track, Encoding::Bcd) => {
            return Ok((format!("IFB_{filled}NUMERIC"), pads));
        }
        ("IFA_", FieldContent::Digits | FieldContent::Track, Encoding::Bcd) => ("BNUM", pads),
        (_, FieldContent::Digits | FieldContent::Track, Encoding::Bcd) => {
            return Err("packed digits behind a length in EBCDIC");
        }
        ("IFB_", FieldContent::Digits | FieldContent::Track, _) => ("CHAR", None),
        (_, FieldContent::Digits | FieldContent::Track, _) if prefix.is_some() => ("NUM", None),
        (_, FieldContent::Digits | FieldContent::Track, _) => ("NUMERIC", None),
        (_, FieldContent::SignedDigits, _) if prefix.is_none() => ("AMOUNT", None),
        (_, FieldContent::SignedDigits, _) => return Err("signed digits of varying length"),
        ("IFA_", FieldContent::Text(_), Encoding::Ascii) if prefix.is_none() => {
            return Ok(("IF_CHAR".to_owned(), None));
        }
        ("IFB_", FieldContent::Text(_), encoding) if encoding.is_ebcdic() => ("ECHAR", None),
        (_, FieldContent::Text(_), _) => ("CHAR", None),
        ("IFA_", FieldContent::Binary, Encoding::Hex | Encoding::HexLower) if prefix.is_some() => {
            ("ABINARY", None)
        }
        (_, FieldContent::Binary, _) => ("BINARY", None),
    };
    if kind == "ECHAR" && h.is_empty() {
        return Err("EBCDIC behind a length in BCD");
    }
    Ok((format!("{family}{ls}{h}{kind}"), pad))
}

/// How many digits a length has that takes so many bytes.
fn prefix_digits(layout: &Layout, bytes: u8) -> u8 {
    match layout.size {
        crate::iso::spec::Size::Variable { digits, .. } => digits,
        crate::iso::spec::Size::Fixed(_) => bytes,
    }
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
