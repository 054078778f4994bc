//! From what the files say of a field to a checked [`FieldSpec`].

use super::error::Fault;
use super::field::{Composite, FieldSpec, Meaning, MtiPattern, PartSpec, Position, Store, Tags};
use super::file::{CodingKeys, CompositeKind, FieldKeys, PartKeys, Table, UseKeys};
use super::format::{Content, Format, Size};
use super::layout::{Align, Counts, Encoding, Layout, Odd, Prefix, PrefixEncoding};
use super::load::{need, title};
use crate::iso::message::{FieldId, Part};

/// How each class of content is written unless a field says otherwise.
pub(super) struct Coding {
    digits: Encoding,
    track: Encoding,
    text: Encoding,
    binary: Encoding,
    odd: Odd,
    prefix: PrefixEncoding,
    counts: Counts,
}

impl Coding {
    pub(super) fn read(keys: &CodingKeys) -> Result<Self, Fault> {
        let digits = need(keys.digits, ["coding", "digits"])?;
        let nibble =
            fill(keys.fill.as_deref()).map_err(|what| Fault::at(["coding", "fill"], what))?;
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
            counts: keys.prefix_counts.unwrap_or(Counts::Units),
        })
    }

    fn of(&self, content: Content) -> Encoding {
        match content {
            Content::Digits | Content::SignedDigits => self.digits,
            Content::Track => self.track,
            Content::Text(_) => self.text,
            Content::Binary => self.binary,
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
pub(super) type Wrong = (&'static str, String);

fn missing(key: &'static str) -> Wrong {
    (key, "is missing".into())
}

pub(super) fn field(id: FieldId, keys: &FieldKeys, coding: &Coding) -> Result<FieldSpec, Wrong> {
    if id.is_bitmap_flag() {
        return Err((
            "format",
            "fields 1, 65 and 129 announce a bitmap, they are no data".into(),
        ));
    }
    let notation = keys.format.clone().ok_or_else(|| missing("format"))?;
    let format = read_format(&notation).map_err(|what| ("format", what))?;
    let layout = layout(format, keys, coding)?;
    let name = keys.name.as_ref();
    let usual = Meaning {
        title: title(name, keys.zh.as_ref(), &format!("Field {id}")),
        store: keys.store.unwrap_or_default(),
        composite: composite(keys, format.size)?,
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

fn read_format(notation: &str) -> Result<Format, String> {
    Format::read(notation).ok_or_else(|| {
        format!("`{notation}` is no notation of the standard; such are n6, n..19, ans...999, b64")
    })
}

fn layout(format: Format, keys: &FieldKeys, coding: &Coding) -> Result<Layout, Wrong> {
    let nibble = fill(keys.fill.as_deref()).map_err(|what| ("fill", what.to_owned()))?;
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
    };
    if !layout.is_sound() {
        return Err(("encoding", "this encoding cannot write this format".into()));
    }
    let longest = usize::from(format.size.max());
    match prefix {
        Some(p) if p.encoding.max(p.bytes) < longest => {
            Err(("prefix_bytes", format!("the prefix cannot say {longest}")))
        }
        _ => Ok(layout),
    }
}

fn field_use(
    keys: &UseKeys,
    usual: &Meaning,
    size: Size,
) -> Result<(Vec<MtiPattern>, Meaning), Wrong> {
    let wrong = |text: &String| ("uses", format!("`{text}` is no type; such are 0200, 08xx"));
    let types = keys
        .mti
        .iter()
        .map(|text| MtiPattern::read(text).ok_or_else(|| wrong(text)));
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
        Meaning {
            title: named.unwrap_or_else(|| usual.title.clone()),
            store,
            composite,
        },
    ))
}

fn composite(keys: &FieldKeys, size: Size) -> Result<Option<Composite>, Wrong> {
    let store = keys.store.unwrap_or_default();
    Ok(match keys.composite {
        None | Some(CompositeKind::None) => None,
        Some(CompositeKind::Positions) => {
            let parts = keys.parts.as_deref().unwrap_or_default();
            Some(positions(parts, store, size).map_err(|what| ("parts", what))?)
        }
        Some(CompositeKind::BerTlv) => Some(Composite::BerTlv(tags(&keys.tags)?)),
        Some(CompositeKind::TextTlv) => Some(Composite::TextTlv {
            tag: keys.tag_size.ok_or_else(|| missing("tag_size"))?,
            length: keys.length_size.ok_or_else(|| missing("length_size"))?,
            tags: tags(&keys.tags)?,
        }),
    })
}

fn tags(all: &Table<PartKeys>) -> Result<Tags, Wrong> {
    let entry = |(tag, keys): (&String, &PartKeys)| {
        let id = part_id(tag).map_err(|what| ("tags", what))?;
        // What stands in the list is known, so it may be kept unless it says otherwise.
        Ok((id, part_spec(keys, tag, Store::Clear)))
    };
    all.iter().map(entry).collect()
}

fn part_id(name: &str) -> Result<Part, String> {
    let upper = !name.is_empty() && !name.contains(|c: char| c.is_ascii_lowercase());
    let wrong = || format!("`{name}`: a part's name has up to 8 characters, in upper case");
    Part::new(name).filter(|_| upper).ok_or_else(wrong)
}

fn part_spec(keys: &PartKeys, name: &str, store: Store) -> PartSpec {
    PartSpec {
        title: title(keys.name.as_ref(), keys.zh.as_ref(), name),
        store: keys.store.unwrap_or(store),
    }
}

fn positions(parts: &[PartKeys], store: Store, size: Size) -> Result<Composite, String> {
    let mut all: Vec<Position> = Vec::new();
    let mut at = 0usize;
    for keys in parts {
        let name = keys.id.as_ref().ok_or("a part has no `id`")?;
        let notation = keys
            .format
            .as_ref()
            .ok_or_else(|| format!("part {name} has no `format`"))?;
        let format = read_format(notation)?;
        if all.last().is_some_and(|before| before.open) {
            return Err(format!("part {name} comes after one of open length"));
        }
        let units = usize::from(format.size.max());
        all.push(Position {
            id: part_id(name)?,
            at,
            units,
            digits: format.content == Content::Digits,
            open: matches!(format.size, Size::Variable { .. }),
            spec: part_spec(keys, name, store),
        });
        at = at.saturating_add(units);
    }
    let longest = usize::from(size.max());
    if at > longest {
        return Err(format!(
            "the parts take {at}, the field has {longest} at most"
        ));
    }
    if matches!(size, Size::Fixed(_)) && at < longest {
        return Err(format!(
            "the parts take {at} of {longest}; a fixed field is all parts"
        ));
    }
    Ok(Composite::Positions(all))
}
