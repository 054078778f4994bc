//! A dialect as a moov-io message spec.

use super::export::Exported;
use crate::iso::spec::{
    Align, Encoding, FieldContent, Layout, LengthUnit, PrefixEncoding, Size, Spec,
};
use serde_json::{Map, Value, json};

pub(super) fn write(spec: &Spec) -> Exported {
    let mut cannot = vec![
        "how frames are told apart and what stands before the type".to_owned(),
        "what messages mean: kinds, codes, reversals, MACs".to_owned(),
    ];
    let mut fields = Map::new();
    let mti = encoding(spec.mti()).unwrap_or("ASCII");
    fields.insert(
        "0".to_owned(),
        json!({ "type": "String", "length": 4, "description": "Message type",
                "enc": mti, "prefix": format!("{mti}.Fixed") }),
    );
    let shape = spec.bitmap();
    let (enc, prefix) = match shape.encoding {
        Encoding::Raw => ("Binary", "Binary.Fixed"),
        Encoding::Hex => ("HexToASCII", "Hex.Fixed"),
        _ => {
            cannot.push("a bitmap in EBCDIC or in lower case".to_owned());
            ("HexToASCII", "Hex.Fixed")
        }
    };
    let length = if shape.always_double { 16 } else { 8 };
    fields.insert(
        "1".to_owned(),
        json!({ "type": "Bitmap", "length": length, "description": "Bitmap", "enc": enc,
                "prefix": prefix }),
    );
    for field in spec.fields() {
        match keys(&field.layout) {
            Ok(mut keys) => {
                let title = field.usual_meaning().title.en.clone();
                keys.insert("description".to_owned(), title.into());
                fields.insert(field.id.to_string(), keys.into());
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
    let document = json!({ "name": spec.title().en, "fields": fields });
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    Exported {
        text: format!("{text}\n"),
        cannot,
    }
}

const fn encoding(of: Encoding) -> Result<&'static str, &'static str> {
    Ok(match of {
        Encoding::Ascii => "ASCII",
        Encoding::Bcd => "BCD",
        Encoding::Cp037 => "EBCDIC",
        Encoding::Cp1047 => "EBCDIC1047",
        Encoding::Raw => "Binary",
        Encoding::Hex => "HexToASCII",
        Encoding::Cp500 => return Err("EBCDIC page 500"),
        Encoding::Gbk => return Err("Chinese characters in GBK"),
        Encoding::HexLower | Encoding::HexEbcdic => {
            return Err("hexadecimal characters in lower case or in EBCDIC");
        }
    })
}

fn keys(layout: &Layout) -> Result<Map<String, Value>, &'static str> {
    let is_packed = layout.encoding == Encoding::Bcd;
    let enc = match (encoding(layout.encoding)?, layout.odd.align) {
        ("BCD", Align::Left) => "LBCD",
        (enc, _) => enc,
    };
    if is_packed && layout.odd.fill != 0 {
        return Err("packed digits with the spare nibble F");
    }
    let kind = match layout.content {
        FieldContent::SignedDigits if is_packed => return Err("a sign before packed digits"),
        FieldContent::Binary => "Binary",
        _ => "String",
    };
    let mut keys = Map::new();
    keys.insert("type".to_owned(), kind.into());
    keys.insert("length".to_owned(), layout.size.max().into());
    keys.insert("enc".to_owned(), enc.into());
    keys.insert("prefix".to_owned(), prefix(layout)?.into());
    let pad = match (layout.content, layout.size) {
        (FieldContent::Digits, Size::Fixed(_)) => Some(("Left", "0")),
        (FieldContent::Text(_), Size::Fixed(_)) => Some(("Right", " ")),
        _ => None,
    };
    if let Some((side, with)) = pad {
        keys.insert("padding".to_owned(), json!({ "type": side, "pad": with }));
    }
    Ok(keys)
}

fn prefix(layout: &Layout) -> Result<String, &'static str> {
    let Some(prefix) = layout.prefix else {
        let code = match layout.encoding {
            Encoding::Raw => "Binary",
            Encoding::Bcd => "BCD",
            Encoding::Hex => "Hex",
            encoding if encoding.is_ebcdic() => "EBCDIC",
            _ => "ASCII",
        };
        return Ok(format!("{code}.Fixed"));
    };
    if prefix.counts_itself {
        return Err("a length that counts itself");
    }
    if prefix.counts == LengthUnit::Bytes && layout.bytes_of(2) != 2 {
        return Err("a length in bytes");
    }
    let Size::Variable { digits, .. } = layout.size else {
        return Err("a length before a fixed value");
    };
    let (code, count) = match prefix.encoding {
        PrefixEncoding::Ascii => ("ASCII", digits),
        PrefixEncoding::Ebcdic => ("EBCDIC", digits),
        PrefixEncoding::Bcd => ("BCD", digits),
        PrefixEncoding::Binary => ("Binary", prefix.bytes),
        PrefixEncoding::Hex | PrefixEncoding::BinaryLe => {
            return Err("a length in hexadecimal, or with its last byte first");
        }
    };
    Ok(format!("{code}.{}", "L".repeat(usize::from(count))))
}
