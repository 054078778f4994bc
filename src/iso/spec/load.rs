//! From what the files say to a checked [`Spec`]: frame, header, fields and their parts. What the
//! messages mean is composed in `load_flow`.

use super::error::{Fault, SpecError};
use super::file::{CodingKeys, CompositeKind, FieldKeys, PartKeys, SpecFile, Table, UseKeys};
use super::format::{Content, Format, Size};
use super::layers::Layers;
use super::layout::{Align, Counts, Encoding, Layout, Odd, Prefix, PrefixEncoding};
use super::load_flow;
use super::shape::{
    BitmapShape, Composite, FieldSpec, Framing, HeaderPart, Meaning, MtiPattern, PartSpec,
    Position, Spec, Store, Tags, Title,
};
use crate::iso::message::{FieldId, Part, ResponseCode};
use std::collections::BTreeMap;

/// Field numbers run to 192; a table by number has one place more.
const FIELDS: usize = 193;

pub(super) fn load(
    file: &str,
    text: &str,
    resolve: &dyn Fn(&str) -> Option<String>,
) -> Result<Spec, SpecError> {
    let layers = Layers::read(file, text, resolve)?;
    let merged = layers.merged()?;
    compose(&merged).map_err(|fault| layers.error(&fault))
}

fn compose(file: &SpecFile) -> Result<Spec, Fault> {
    let name = need(file.name.clone(), ["name"])?;
    let coding = Coding::read(&file.coding)?;
    let mut fields: Vec<Option<FieldSpec>> = Vec::new();
    fields.resize_with(FIELDS, || None);
    for (number, keys) in &file.fields {
        let id: FieldId = number
            .parse()
            .map_err(|why: &str| Fault::at(["fields", number], why))?;
        let spec = field(id, keys, &coding)
            .map_err(|(key, what)| Fault::at(["fields", number, key], what))?;
        if let Some(place) = fields.get_mut(usize::from(id.number())) {
            *place = Some(spec);
        }
    }
    let flow = load_flow::flow(file, &fields)?;
    Ok(Spec {
        title: title(file.title.as_ref(), file.zh.as_ref(), &name),
        name,
        source: file.source.clone().unwrap_or_default(),
        flow,
        framing: framing(file)?,
        header: header(file)?,
        mti: mti(file)?,
        bitmap: bitmap(file)?,
        fields,
        response_titles: response_titles(&file.response)?,
    })
}

/// What stands there, or the fault that it is missing.
pub(super) fn need<T, const N: usize>(value: Option<T>, path: [&str; N]) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::at(path, "is missing"))
}

pub(super) fn title(en: Option<&String>, zh: Option<&String>, fallback: &str) -> Title {
    let en = en.map_or(fallback, String::as_str);
    Title {
        en: en.to_owned(),
        zh: zh.map_or(en, String::as_str).to_owned(),
    }
}

fn framing(file: &SpecFile) -> Result<Framing, Fault> {
    let encoding = need(file.frame.length, ["frame", "length"])?;
    let bytes = file.frame.bytes.unwrap_or(2);
    if !(1..=8).contains(&bytes) {
        return Err(Fault::at(["frame", "bytes"], "a length has 1 to 8 bytes"));
    }
    Ok(Framing {
        encoding,
        bytes,
        counts_itself: file.frame.counts_itself.unwrap_or(false),
    })
}

fn header(file: &SpecFile) -> Result<Vec<HeaderPart>, Fault> {
    let part = |keys: &super::file::HeaderKeys| {
        let default = hex(&keys.default).ok_or_else(|| {
            Fault::at(
                ["header"],
                format!("the default of `{}` is not hex", keys.name),
            )
        })?;
        Ok(HeaderPart {
            name: keys.name.clone(),
            default,
            answer: keys.answer,
        })
    };
    file.header.iter().map(part).collect()
}

fn mti(file: &SpecFile) -> Result<Encoding, Fault> {
    match need(file.message.mti, ["message", "mti"])? {
        known @ (Encoding::Ascii | Encoding::Bcd) => Ok(known),
        _ => Err(Fault::at(
            ["message", "mti"],
            "a type is written `ascii` or `bcd`",
        )),
    }
}

fn bitmap(file: &SpecFile) -> Result<BitmapShape, Fault> {
    let always_double = file.message.bitmap_always_double.unwrap_or(false);
    match need(file.message.bitmap, ["message", "bitmap"])? {
        encoding @ (Encoding::Raw | Encoding::Hex | Encoding::HexLower) => Ok(BitmapShape {
            encoding,
            always_double,
        }),
        _ => Err(Fault::at(
            ["message", "bitmap"],
            "a bitmap is `raw`, `hex` or `hex-lower`",
        )),
    }
}

fn response_titles(all: &Table<[String; 2]>) -> Result<BTreeMap<ResponseCode, Title>, Fault> {
    let entry = |(code, [en, zh]): (&String, &[String; 2])| {
        let known = ResponseCode::new(code)
            .ok_or_else(|| Fault::at(["response", code], "a code has 4 characters at most"))?;
        Ok((
            known,
            Title {
                en: en.clone(),
                zh: zh.clone(),
            },
        ))
    };
    all.iter().map(entry).collect()
}

/// How each class of content is written unless a field says otherwise.
struct Coding {
    digits: Encoding,
    track: Encoding,
    text: Encoding,
    binary: Encoding,
    odd: Odd,
    prefix: PrefixEncoding,
    counts: Counts,
}

impl Coding {
    fn read(keys: &CodingKeys) -> Result<Self, Fault> {
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
type Wrong = (&'static str, String);

fn missing(key: &'static str) -> Wrong {
    (key, "is missing".into())
}

fn field(id: FieldId, keys: &FieldKeys, coding: &Coding) -> Result<FieldSpec, Wrong> {
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
        composite: composite(keys, format.size.max())?,
    };
    let uses = keys
        .uses
        .iter()
        .map(|one| field_use(one, &usual, format.size.max()));
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
    longest: u16,
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
        (_, Some(parts)) => Some(positions(parts, store, longest).map_err(|what| ("uses", what))?),
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

fn composite(keys: &FieldKeys, longest: u16) -> Result<Option<Composite>, Wrong> {
    let store = keys.store.unwrap_or_default();
    Ok(match keys.composite {
        None | Some(CompositeKind::None) => None,
        Some(CompositeKind::Positions) => {
            let parts = keys.parts.as_deref().unwrap_or_default();
            Some(positions(parts, store, longest).map_err(|what| ("parts", what))?)
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

fn positions(parts: &[PartKeys], store: Store, longest: u16) -> Result<Composite, String> {
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
    if at > usize::from(longest) {
        return Err(format!(
            "the parts take {at}, the field has {longest} at most"
        ));
    }
    Ok(Composite::Positions(all))
}

pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect()
}
