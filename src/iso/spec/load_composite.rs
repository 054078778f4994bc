//! From what the files say of a field's parts to a checked [`Composite`].

use super::field::{
    Composite, FixedPart, Nested, NestedPart, PartSpec, Store, Tags, chip_tag, tag_number,
};
use super::file::{CompositeKind, FieldKeys, NamedValues, PartKeys};
use super::format::{FieldContent, Size};
use super::layout::{Encoding, Layout};
use super::load::title;
use super::load_field::{Coding, FieldFault, layout, missing, read_format};
use super::step::FieldStep;
use crate::iso::message::Part;

pub(super) fn composite(
    keys: &FieldKeys,
    layout: &Layout,
    coding: &Coding,
) -> Result<Option<Composite>, FieldFault> {
    let store = keys.store.unwrap_or_default();
    Ok(match keys.composite {
        None | Some(CompositeKind::None) => None,
        Some(CompositeKind::Positions) => {
            let parts = keys.parts.as_deref().unwrap_or_default();
            Some(positions(parts, store, layout.size).map_err(|what| ("parts", what))?)
        }
        Some(CompositeKind::BerTlv) => Some(Composite::BerTlv(tags(&keys.tags, chip_tag)?)),
        Some(CompositeKind::TextTlv) => Some(Composite::TextTlv {
            tag: keys.tag_size.ok_or_else(|| missing("tag_size"))?,
            length: keys.length_size.ok_or_else(|| missing("length_size"))?,
            tags: tags(&keys.tags, |tag| Some(tag_number(tag.as_bytes())))?,
        }),
        Some(CompositeKind::Bitmap) => Some(Composite::Bitmap(nested(keys, coding)?)),
    })
}

/// Parts behind a bitmap of their own, named by their bits.
fn nested(keys: &FieldKeys, coding: &Coding) -> Result<Nested, FieldFault> {
    let encoding = keys.bitmap.unwrap_or(Encoding::Raw);
    if encoding != Encoding::Raw && !encoding.is_hex() {
        return Err((
            "bitmap",
            "a bitmap is `raw`, `hex`, `hex-lower` or `hex-ebcdic`".into(),
        ));
    }
    let bytes = keys.bitmap_bytes.unwrap_or(8);
    if !(1..=16).contains(&bytes) {
        return Err(("bitmap_bytes", "a nested bitmap has 1 to 16 bytes".into()));
    }
    let extends = keys.bitmap_extends.unwrap_or(false);
    let last = u16::from(bytes).saturating_mul(if extends { 16 } else { 8 });
    let parts = keys.parts.as_deref().unwrap_or_default().iter();
    let parts = parts.map(|part| nested_part(part, keys, coding, u16::from(extends), last));
    let mut parts = parts.collect::<Result<Vec<_>, _>>()?;
    parts.sort_unstable_by_key(|part| part.bit);
    match parts
        .array_windows()
        .find(|[one, next]| one.bit == next.bit)
    {
        Some([twin, _]) => Err(("parts", format!("bit {} stands here twice", twin.bit))),
        None => Ok(Nested {
            encoding,
            bytes,
            extends,
            parts,
        }),
    }
}

fn nested_part(
    keys: &PartKeys,
    field: &FieldKeys,
    coding: &Coding,
    flag: u16,
    last: u16,
) -> Result<NestedPart, FieldFault> {
    let wrong = |what: String| ("parts", what);
    let name = keys
        .id
        .as_ref()
        .ok_or_else(|| wrong("a part has no `id`".into()))?;
    let bit = name
        .parse()
        .ok()
        .filter(|bit| (flag.saturating_add(1)..=last).contains(bit));
    let bit = bit.ok_or_else(|| wrong(format!("`{name}` is no bit of this bitmap")))?;
    let notation = keys.format.as_ref();
    let notation = notation.ok_or_else(|| wrong(format!("part {name} has no `format`")))?;
    let format = read_format(notation).map_err(wrong)?;
    let layout = layout(format, keys.layout(), coding)
        .map_err(|(key, what)| wrong(format!("part {name}: {key}: {what}")))?;
    Ok(NestedPart {
        bit,
        id: part_id(name).map_err(wrong)?,
        step: FieldStep::of(&layout),
        spec: part_spec(keys, name, field.store.unwrap_or_default()),
    })
}

/// The tags of a field, each known by the number that it has as it stands.
fn tags(
    all: &NamedValues<PartKeys>,
    number: impl Fn(&Part) -> Option<u64>,
) -> Result<Tags, FieldFault> {
    let entry = |(tag, keys): (&String, &PartKeys)| {
        let id = part_id(tag).map_err(|what| ("tags", what))?;
        let number = number(&id).ok_or_else(|| ("tags", format!("`{tag}` is no tag in hex")))?;
        // What stands in the list is known, so it may be kept unless it says otherwise.
        Ok((number, part_spec(keys, tag, Store::Clear)))
    };
    let known = all.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    Ok(Tags::new(known))
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

/// Parts at fixed places.
pub(super) fn positions(parts: &[PartKeys], store: Store, size: Size) -> Result<Composite, String> {
    let mut all: Vec<FixedPart> = Vec::new();
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
        all.push(FixedPart {
            id: part_id(name)?,
            at,
            units,
            digits: format.content == FieldContent::Digits,
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
