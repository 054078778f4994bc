//! From what the files say of a field to a checked [`FieldSpec`].

use super::error::SpecFault;
use super::field::{FieldMeaning, FieldSpec, MtiMask};
use super::file::{CodingKeys, CompositeKind, FieldKeys, LayoutKeys, UseKeys};
use super::format::{FieldContent, Format, Size};
use super::layout::{Align, Encoding, Layout, LengthUnit, Odd, Pad, Prefix, PrefixEncoding};
use super::load::{need, title};
use super::load_composite::{composite, positions};
use crate::iso::message::FieldId;

/// How each class of content is written unless a field says otherwise.
pub(super) struct Coding {
    digits: Encoding,
    track: Encoding,
    text: Encoding,
    binary: Encoding,
    odd: Odd,
    prefix: PrefixEncoding,
    counts: LengthUnit,
    counts_itself: bool,
}

impl Coding {
    pub(super) fn read(keys: &CodingKeys) -> Result<Self, SpecFault> {
        let digits = need(keys.digits, ["coding", "digits"])?;
        let nibble =
            fill(keys.fill.as_deref()).map_err(|what| SpecFault::at(["coding", "fill"], what))?;
        Ok(Self {
            digits,
            track: keys.track.unwrap_or(digits),
            text: need(keys.text, ["coding", "text"])?,
            binary: need(keys.binary, ["coding", "binary"])?,
            odd: Odd {
                align: keys.align.unwrap_or(Align::Right),
                fill: nibble.unwrap_or(0),
            },
            prefix: need(keys.prefix, ["coding", "prefix"])?,
            counts: keys.prefix_counts.unwrap_or(LengthUnit::Units),
            counts_itself: keys.prefix_counts_itself.unwrap_or(false),
        })
    }

    fn of(&self, content: FieldContent) -> Encoding {
        match content {
            FieldContent::Digits | FieldContent::SignedDigits => self.digits,
            FieldContent::Track => self.track,
            FieldContent::Text(_) => self.text,
            FieldContent::Binary => self.binary,
        }
    }
}

fn fill(text: Option<&str>) -> Result<Option<u8>, &'static str> {
    match text {
        None => Ok(None),
        Some("0") => Ok(Some(0)),
        Some("F") => Ok(Some(0xF)),
        Some(_) => Err("the spare nibble is \"0\" or \"F\""),
    }
}

/// A field's fault: the key, and what is wrong.
pub(super) type FieldFault = (&'static str, String);

pub(super) fn missing(key: &'static str) -> FieldFault {
    (key, "is missing".into())
}

pub(super) fn field(
    id: FieldId,
    keys: &FieldKeys,
    coding: &Coding,
) -> Result<FieldSpec, FieldFault> {
    if id.is_bitmap_flag() {
        return Err((
            "format",
            "fields 1 and 129 announce a bitmap, they are no data".into(),
        ));
    }
    let notation = keys.format.clone().ok_or_else(|| missing("format"))?;
    let format = read_format(&notation).map_err(|what| ("format", what))?;
    let layout = layout(format, keys.layout(), coding)?;
    let name = keys.name.as_ref();
    let usual = FieldMeaning {
        title: title(name, keys.zh.as_ref(), &format!("Field {id}")),
        store: keys.store.unwrap_or_default(),
        composite: composite(keys, &layout, coding)?,
    };
    let uses = keys
        .uses
        .iter()
        .map(|one| field_use(one, &usual, format.size));
    let uses = uses.collect::<Result<_, _>>()?;
    let source = keys.source.clone().unwrap_or_default();
    Ok(FieldSpec {
        id,
        notation,
        layout,
        meaning: usual,
        uses,
        source,
    })
}

pub(super) fn read_format(notation: &str) -> Result<Format, String> {
    Format::read(notation).ok_or_else(|| {
        format!("`{notation}` is no notation of the standard; such are n6, n..19, ans...999, b64")
    })
}

/// How a value of this format is written.
pub(super) fn layout(
    format: Format,
    keys: LayoutKeys<'_>,
    coding: &Coding,
) -> Result<Layout, FieldFault> {
    let nibble = fill(keys.fill).map_err(|what| ("fill", what.to_owned()))?;
    let prefix = match format.size {
        Size::Fixed(_) => None,
        Size::Variable { digits, .. } => {
            let encoding = keys.prefix.unwrap_or(coding.prefix);
            let bytes = keys
                .prefix_bytes
                .unwrap_or_else(|| encoding.bytes_for(digits));
            let counts = keys.prefix_counts.unwrap_or(coding.counts);
            Some(Prefix {
                encoding,
                bytes,
                counts,
                counts_itself: keys.prefix_counts_itself.unwrap_or(coding.counts_itself),
            })
        }
    };
    let layout = Layout {
        content: format.content,
        size: format.size,
        encoding: keys.encoding.unwrap_or_else(|| coding.of(format.content)),
        odd: Odd {
            align: keys.align.unwrap_or(coding.odd.align),
            fill: nibble.unwrap_or(coding.odd.fill),
        },
        prefix,
        pad: keys.pad.unwrap_or_else(|| Pad::usual(format.content)),
    };
    if !layout.pad.fits(format.content) {
        return Err(("pad", "this format cannot be so padded".into()));
    }
    if !layout.is_sound() {
        return Err(("encoding", "this encoding cannot write this format".into()));
    }
    match prefix.map(|prefix| (prefix, longest_said(&layout, prefix))) {
        Some((p, longest)) if p.encoding.max(p.bytes) < longest => {
            Err(("prefix_bytes", format!("the prefix cannot say {longest}")))
        }
        _ => Ok(layout),
    }
}

/// The largest number that the prefix must say.
const fn longest_said(layout: &Layout, prefix: Prefix) -> usize {
    let units = layout.size.max() as usize;
    let counted = match prefix.counts {
        LengthUnit::Units => units,
        LengthUnit::Bytes => layout.bytes_of(units),
    };
    let own = if prefix.counts_itself {
        prefix.bytes as usize
    } else {
        0
    };
    counted.saturating_add(own)
}

fn field_use(
    keys: &UseKeys,
    usual: &FieldMeaning,
    size: Size,
) -> Result<(Vec<MtiMask>, FieldMeaning), FieldFault> {
    let wrong = |text: &String| ("uses", format!("`{text}` is no type; such are 0200, 08xx"));
    let types = keys
        .mti
        .iter()
        .map(|text| MtiMask::read(text).ok_or_else(|| wrong(text)));
    let types: Vec<_> = types.collect::<Result<_, _>>()?;
    let store = keys.store.unwrap_or(usual.store);
    let composite = match (keys.composite, &keys.parts) {
        (None, None) => usual.composite.clone(),
        (Some(CompositeKind::None), _) | (Some(_), None) => None,
        (_, Some(parts)) => Some(positions(parts, store, size).map_err(|what| ("uses", what))?),
    };
    let (en, zh) = (keys.name.as_ref(), keys.zh.as_ref());
    let named = en.map(|_| title(en, zh, ""));
    Ok((
        types,
        FieldMeaning {
            title: named.unwrap_or_else(|| usual.title.clone()),
            store,
            composite,
        },
    ))
}
