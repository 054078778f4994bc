//! From what the files say to a checked [`Spec`]: frame, header, type, bitmap. Its fields are
//! composed in `load_field`, what its messages mean in `load_flow`.

use super::error::{SpecError, SpecFault};
use super::field::FieldSpec;
use super::file::{FieldKeys, HttpKeys, NamedValues, SpecFile};
use super::layers::Layers;
use super::layout::Encoding;
use super::load_field::{Coding, field};
use super::load_flow::{self, FieldLookup};
use super::load_usage::usages;
use super::shape::{BitmapShape, Framing, HeaderPart, Http, Spec, Title};
use super::step::FieldStep;
use crate::iso::message::{FieldId, ResponseCode, Text};
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
    let fault = match compose(&merged) {
        Ok(spec) => return Ok(spec),
        Err(fault) => fault,
    };
    Err(layers.error(&fault))
}

/// Everything that is wrong with a file: first what is so by itself, line by line, then what it
/// says together with its bases.
pub(super) fn faults(
    file: &str,
    text: &str,
    resolve: &dyn Fn(&str) -> Option<String>,
) -> Vec<SpecError> {
    let Ok(layers) = Layers::read(file, text, resolve) else {
        return Layers::faults(file, text, resolve);
    };
    let merged = match layers.merged() {
        Ok(merged) => merged,
        Err(error) => return vec![error],
    };
    let told = |fault: &SpecFault| layers.error(fault);
    let of_fields = Coding::read(&merged.coding).map(|coding| field_faults(&merged, &coding));
    let mut all: Vec<SpecError> = match of_fields {
        Ok(faults) => faults.iter().map(told).collect(),
        Err(fault) => vec![told(&fault)],
    };
    let alone = [
        framing(&merged).err(),
        header(&merged).err(),
        mti(&merged).err(),
        bitmap(&merged).err(),
        response_titles(&merged.response).err(),
    ];
    all.extend(alone.iter().flatten().map(told));
    if all.is_empty() {
        all.extend(compose(&merged).err().iter().map(told));
    }
    all.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    all
}

fn field_faults(file: &SpecFile, coding: &Coding) -> Vec<SpecFault> {
    let all = file.fields.iter();
    all.filter_map(|(number, keys)| numbered(number, keys, coding).err())
        .collect()
}

fn numbered(number: &str, keys: &FieldKeys, coding: &Coding) -> Result<FieldSpec, SpecFault> {
    let id: FieldId = number
        .parse()
        .map_err(|why: &str| SpecFault::at(["fields", number], why))?;
    field(id, keys, coding).map_err(|(key, what)| SpecFault::at(["fields", number, key], what))
}

fn compose(file: &SpecFile) -> Result<Spec, SpecFault> {
    let name = need(file.name.clone(), ["name"])?;
    let coding = Coding::read(&file.coding)?;
    let mut fields: Vec<Option<FieldSpec>> = Vec::new();
    fields.resize_with(FIELDS, || None);
    for (number, keys) in &file.fields {
        let spec = numbered(number, keys, &coding)?;
        if let Some(place) = fields.get_mut(usize::from(spec.id.number())) {
            *place = Some(spec);
        }
    }
    if let Some(Some(_)) = fields.get(65)
        && let Some(beyond) = fields
            .iter()
            .flatten()
            .find(|field| field.id.number() > 128)
    {
        let what = "field 65 is data here, so that no third bitmap is announced";
        return Err(SpecFault::at(["fields", &beyond.id.to_string()], what));
    }
    within_bitmaps(file, &fields)?;
    let flow = load_flow::flow(file, &fields)?;
    let usages = usages(&file.usage, &FieldLookup { fields: &fields })?;
    let header = header(file)?;
    Ok(Spec {
        usages,
        title: title(file.title.as_ref(), file.zh.as_ref(), &name),
        name,
        source: file.source.clone().unwrap_or_default(),
        flow,
        framing: framing(file)?,
        header_len: header
            .iter()
            .all(|part| part.absent_before.is_empty())
            .then(|| header.iter().map(|part| part.default.len()).sum()),
        header,
        mti: mti(file)?,
        bitmap: bitmap(file)?,
        steps: FieldStep::all(fields.iter().map(|field| Some(&field.as_ref()?.layout))),
        kept: fields
            .iter()
            .flatten()
            .filter_map(|field| field.is_kept().then_some(field.id))
            .collect(),
        fields,
        response_titles: response_titles(&file.response)?,
    })
}

/// What stands there, or the fault that it is missing.
pub(super) fn need<T, const N: usize>(value: Option<T>, path: [&str; N]) -> Result<T, SpecFault> {
    value.ok_or_else(|| SpecFault::at(path, "is missing"))
}

pub(super) fn title(en: Option<&String>, zh: Option<&String>, fallback: &str) -> Title {
    let en = en.map_or(fallback, String::as_str);
    Title {
        en: en.to_owned(),
        zh: zh.map_or(en, String::as_str).to_owned(),
    }
}

fn framing(file: &SpecFile) -> Result<Framing, SpecFault> {
    let keys = &file.frame;
    let encoding = need(keys.length, ["frame", "length"])?;
    let bytes = keys.bytes.unwrap_or(2);
    let least = if keys.http.is_some() { 0 } else { 1 };
    if !(least..=8).contains(&bytes) {
        let what = "a length has 1 to 8 bytes, or over HTTP none";
        return Err(SpecFault::at(["frame", "bytes"], what));
    }
    Ok(Framing {
        encoding,
        bytes,
        counts_itself: keys.counts_itself.unwrap_or(false),
        http: keys.http.as_ref().map(http).transpose()?,
    })
}

fn http(keys: &HttpKeys) -> Result<Http, SpecFault> {
    fn word<const N: usize>(
        key: &str,
        given: Option<&String>,
        usual: &str,
    ) -> Result<Text<N>, SpecFault> {
        let text = given.map_or(usual, String::as_str);
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let word = Text::new(text).filter(|_| fits);
        let what = || format!("a word of printable ASCII, {N} characters at most, no blanks");
        word.ok_or_else(|| SpecFault::at(["frame", "http", key], what()))
    }
    Ok(Http {
        path: word("path", keys.path.as_ref(), "/")?,
        host: word("host", keys.host.as_ref(), "localhost")?,
        content_type: word(
            "content_type",
            keys.content_type.as_ref(),
            "x-ISO-TPDU/x-auth",
        )?,
    })
}

fn header(file: &SpecFile) -> Result<Vec<HeaderPart>, SpecFault> {
    let part = |keys: &super::file::HeaderKeys| {
        let default = hex(&keys.default).ok_or_else(|| {
            SpecFault::at(
                ["header"],
                format!("the default of `{}` is not hex", keys.name),
            )
        })?;
        let absent = keys
            .absent_before
            .iter()
            .map(|byte| match hex(byte).as_deref() {
                Some([byte]) => Ok(*byte),
                _ => Err(SpecFault::at(
                    ["header"],
                    format!("`{byte}` is not one byte in hex"),
                )),
            });
        Ok(HeaderPart {
            name: keys.name.clone(),
            default,
            answer: keys.answer,
            length: keys.length,
            absent_before: absent.collect::<Result<_, _>>()?,
        })
    };
    file.header.iter().map(part).collect()
}

/// Where a dialect says how many bitmaps it has, no field stands behind the last one.
fn within_bitmaps(file: &SpecFile, fields: &[Option<FieldSpec>]) -> Result<(), SpecFault> {
    let bitmaps = file.message.bitmaps.unwrap_or(3);
    if !(1..=3).contains(&bitmaps) {
        let what = "a dialect has 1 to 3 bitmaps, of 64 fields each";
        return Err(SpecFault::at(["message", "bitmaps"], what));
    }
    let last = u16::from(bitmaps) * 64;
    let mut all = fields.iter().flatten();
    match all.find(|field| u16::from(field.id.number()) > last) {
        None => Ok(()),
        Some(beyond) => {
            let what = format!(
                "this dialect ends with field {last}; if it has a third bitmap, say [message] \
                 bitmaps = 3"
            );
            Err(SpecFault::at(["fields", &beyond.id.to_string()], what))
        }
    }
}

fn mti(file: &SpecFile) -> Result<Encoding, SpecFault> {
    match need(file.message.mti, ["message", "mti"])? {
        known if known.is_single() || known == Encoding::Bcd => Ok(known),
        _ => Err(SpecFault::at(
            ["message", "mti"],
            "a type is written `ascii`, `bcd` or in an EBCDIC page",
        )),
    }
}

fn bitmap(file: &SpecFile) -> Result<BitmapShape, SpecFault> {
    let always_double = file.message.bitmap_always_double.unwrap_or(false);
    match need(file.message.bitmap, ["message", "bitmap"])? {
        encoding if encoding.is_hex() || encoding == Encoding::Raw => Ok(BitmapShape {
            encoding,
            always_double,
            announced: file.message.bitmap_announced.unwrap_or(true),
            third: !file.fields.contains_key("65"),
        }),
        _ => Err(SpecFault::at(
            ["message", "bitmap"],
            "a bitmap is `raw`, `hex`, `hex-lower` or `hex-ebcdic`",
        )),
    }
}

fn response_titles(
    all: &NamedValues<[String; 2]>,
) -> Result<BTreeMap<ResponseCode, Title>, SpecFault> {
    let entry = |(code, [en, zh]): (&String, &[String; 2])| {
        let known = ResponseCode::new(code)
            .ok_or_else(|| SpecFault::at(["response", code], "a code has 4 characters at most"))?;
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
