//! `isogate diff`: two messages, or two files of them, field by field.

use super::lines::{LineAnswer, Lines, answer_each};
use super::view::{MessageSheet, printable};
use super::{Exit, Lang, input, table};
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Compare two messages, or two files of hex lines, field by field
///
/// Exit code 1 if they differ. A file with several lines of hex is compared line by line.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The dialect: a built-in name or a TOML file
    #[arg(long, default_value = "cup-pos")]
    spec: String,
    /// What may differ: fields, parts, `mti` or `header`, such as 7,11,55.9F37
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = what)]
    ignore: Vec<ComparedPlace>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Show card numbers, tracks and PIN blocks in clear
    #[arg(long)]
    reveal: bool,
    /// The length prefix is there [default: found out]
    #[arg(long)]
    framed: bool,
    /// Both are files with a message a line, in hex: print one JSON document a pair that differs,
    /// and the sum
    #[arg(long)]
    lines: bool,
    /// Hex (white space is ignored), a file with hex or bytes, or - for standard input
    #[arg(value_name = "A")]
    a: String,
    /// The same
    #[arg(value_name = "B")]
    b: String,
}

/// Something of a message that is compared, in the order of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ComparedPlace {
    Header,
    Mti,
    Field(FieldPath),
    /// What cannot be read.
    Unread,
}

fn what(text: &str) -> Result<ComparedPlace, &'static str> {
    match text {
        "header" => Ok(ComparedPlace::Header),
        "mti" => Ok(ComparedPlace::Mti),
        path => path.parse().map(ComparedPlace::Field),
    }
}

/// `Found` if anything differs that may not.
pub(crate) fn run(args: &DiffArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let spec = input::spec(&args.spec)?;
    if args.a == "-" && args.b == "-" {
        bail!("standard input can be one of the two, not both");
    }
    if args.lines {
        return compare_lines(args, &spec, out);
    }
    let (a, b) = (input::messages(&args.a)?, input::messages(&args.b)?);
    if a.len() != b.len() {
        let (first, second) = (a.len(), b.len());
        bail!(
            "{} has {first} messages, {} has {second}: they are compared in pairs",
            args.a,
            args.b
        );
    }
    let pairs = a.into_iter().zip(b);
    let pairs = pairs.map(|(a, b)| Pair::of(args, &spec, a, b));
    let pairs: Vec<Pair> = pairs.collect();
    if args.json {
        let all: Vec<Value> = pairs
            .iter()
            .enumerate()
            .map(|(at, one)| one.json(at))
            .collect();
        let same = pairs.iter().all(|pair| pair.differences.is_empty());
        let document = json!({ "spec": spec.name(), "same": same, "pairs": all });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
    } else {
        print(&pairs, lang, out)?;
    }
    let differ = pairs.iter().any(|pair| !pair.differences.is_empty());
    Ok(if differ { Exit::Found } else { Exit::Done })
}

/// Compares two files of any size, line by line.
fn compare_lines(args: &DiffArgs, spec: &Arc<Spec>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let (mut left, mut right) = (Lines::open(&args.a)?, Lines::open(&args.b)?);
    let mut pairs = 0;
    let next = || {
        let (Some((_, a)), Some((_, b))) = (match (left.next()?, right.next()?) {
            (None, Some(_)) => bail!("{} has {pairs} messages, {} has more", args.a, args.b),
            (Some(_), None) => bail!("{} has {pairs} messages, {} has more", args.b, args.a),
            both => both,
        }) else {
            return Ok(None);
        };
        pairs += 1;
        Ok(Some((pairs, [a, b])))
    };
    let differ = AtomicUsize::new(0);
    let answer = |number: usize, pair: &[Vec<u8>; 2]| {
        let [a, b] = pair.each_ref().map(|line| input::hex(line));
        let both = a.zip(b);
        let (a, b) = both.context("no hex: a message a line is wanted, in hex digits")?;
        let pair = Pair::of(args, spec, a, b);
        let fine = pair.differences.is_empty();
        let text = match fine {
            true => Vec::new(),
            false => pair.json(number - 1).to_string().into_bytes(),
        };
        differ.fetch_add(usize::from(!fine), Ordering::Relaxed);
        Ok(LineAnswer { text, fine })
    };
    let size = |pair: &[Vec<u8>; 2]| pair.iter().map(Vec::len).sum();
    let same = answer_each(next, size, answer, out)?;
    let differ = differ.into_inner();
    let sum = json!({ "spec": spec.name(), "same": same, "pairs": pairs, "differ": differ });
    writeln!(out, "{sum}")?;
    Ok(if same { Exit::Done } else { Exit::Found })
}

fn print(pairs: &[Pair], lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
    for (at, pair) in pairs.iter().enumerate() {
        if pairs.len() > 1 && !pair.differences.is_empty() {
            writeln!(out, "{} {}:", word(lang, "pair", "第"), at + 1)?;
        }
        table::print(pair.differences.iter().map(|one| one.row(lang)), out)?;
    }
    let sides = |pair: &Pair| pair.errors.clone().into_iter().zip(["A", "B"]);
    for (error, side) in pairs.iter().flat_map(sides) {
        if let Some(error) = error {
            writeln!(out, "{side}: {error}")?;
        }
    }
    let same = pairs.iter().filter(|pair| pair.differences.is_empty());
    let (all, same) = (pairs.len(), same.count());
    let verdict = match pairs {
        [pair] if pair.identical => word(lang, "the same, byte by byte", "逐字节相同").to_owned(),
        [_] if same == 1 => {
            let en = "the same, but for what is ignored and how it is written";
            word(lang, en, "除忽略项与编码写法外相同").to_owned()
        }
        [_] => return Ok(()),
        _ => match lang {
            Lang::En => format!("{all} pairs: {same} the same, {} differ", all - same),
            Lang::Zh => format!("共{all}对: {same}对相同, {}对不同", all - same),
        },
    };
    Ok(writeln!(out, "{verdict}")?)
}

/// Two messages.
struct Pair {
    differences: Vec<Difference>,
    /// Byte by byte.
    identical: bool,
    /// What is wrong with either.
    errors: [Option<String>; 2],
}

/// One thing in which they differ.
struct Difference {
    what: ComparedPlace,
    sides: [Option<ComparedValue>; 2],
    /// The first byte that differs, counted from the first of the value.
    byte: Option<usize>,
}

/// One thing of one message.
#[derive(Clone)]
struct ComparedValue {
    titles: [String; 2],
    shown: String,
    bytes: Vec<u8>,
}

impl Pair {
    fn of(args: &DiffArgs, spec: &Arc<Spec>, a: Vec<u8>, b: Vec<u8>) -> Self {
        let [a, b] = [a, b].map(|bytes| MessageSheet::of(spec, bytes, args.framed, args.reveal));
        let (left, right) = (entries(&a), entries(&b));
        let all: BTreeSet<ComparedPlace> = left.keys().chain(right.keys()).copied().collect();
        let compare = |what: ComparedPlace| compare(what, left.get(&what), right.get(&what));
        let found: Vec<Difference> = all.into_iter().filter_map(compare).collect();
        let told = |one: &Difference| is_told(one, &found, &left, &right);
        let kept: Vec<bool> = found.iter().map(told).collect();
        let mut kept = kept.into_iter();
        let mut differences = found;
        differences.retain(|one| kept.next() == Some(true) && !is_ignored(one, &args.ignore));
        let error = |view: &MessageSheet| view.error().map(|error| error.to_string());
        Self {
            differences,
            identical: a.frame() == b.frame(),
            errors: [error(&a), error(&b)],
        }
    }

    fn json(&self, at: usize) -> Value {
        let differences: Vec<Value> = self.differences.iter().map(Difference::json).collect();
        let [a, b] = &self.errors;
        json!({ "pair": at + 1, "same": differences.is_empty(), "identical": self.identical,
                "differences": differences, "errors": { "a": a, "b": b } })
    }
}

/// What a message is made of, by its place.
fn entries(view: &MessageSheet) -> BTreeMap<ComparedPlace, ComparedValue> {
    let mut all = BTreeMap::new();
    let plain = |titles: [&str; 2], shown: String, bytes: &[u8]| ComparedValue {
        titles: titles.map(str::to_owned),
        shown,
        bytes: bytes.to_vec(),
    };
    if let Some(message) = view.message() {
        let header = message.header();
        let titles = ["Header", "报文头"];
        all.insert(
            ComparedPlace::Header,
            plain(titles, input::to_hex(header), header),
        );
        let mti = message.mti().to_string();
        let entry = plain(["Message type", "消息类型"], mti.clone(), mti.as_bytes());
        all.insert(ComparedPlace::Mti, entry);
        for path in MessageSheet::paths(message) {
            // As text: what is the same digit by digit is the same, however it is written.
            let bytes = message.text(path).unwrap_or_default().into_owned();
            let titles = [Lang::En, Lang::Zh].map(|lang| view.title(message, path, lang));
            let entry = plain(titles, view.text(message, path), bytes.as_bytes());
            all.insert(ComparedPlace::Field(path), entry);
        }
    }
    let unread = view.unread();
    if !unread.is_empty() {
        let shown = format!("({} bytes)", unread.len());
        all.insert(
            ComparedPlace::Unread,
            plain(["Not read", "无法解析"], shown, unread),
        );
    }
    all
}

fn compare(
    what: ComparedPlace,
    a: Option<&ComparedValue>,
    b: Option<&ComparedValue>,
) -> Option<Difference> {
    let byte = match (a, b) {
        (Some(a), Some(b)) if a.bytes == b.bytes => return None,
        (Some(a), Some(b)) => {
            let pairs = a.bytes.iter().zip(&b.bytes);
            let same = pairs.take_while(|(a, b)| a == b).count();
            Some(same)
        }
        _ => None,
    };
    Some(Difference {
        what,
        sides: [a.cloned(), b.cloned()],
        byte,
    })
}

/// A field that differs in its parts is told by those; parts of a field that only one has are not
/// told one by one.
fn is_told(
    one: &Difference,
    found: &[Difference],
    left: &BTreeMap<ComparedPlace, ComparedValue>,
    right: &BTreeMap<ComparedPlace, ComparedValue>,
) -> bool {
    let ComparedPlace::Field(path) = one.what else {
        return true;
    };
    let whole = ComparedPlace::Field(FieldPath::whole(path.field));
    let is_in_both = left.contains_key(&whole) && right.contains_key(&whole);
    if path.part.is_some() {
        return is_in_both;
    }
    let is_part = |other: &Difference| match other.what {
        ComparedPlace::Field(other) => other.part.is_some() && other.field == path.field,
        _ => false,
    };
    !is_in_both || !found.iter().any(is_part)
}

fn is_ignored(one: &Difference, ignore: &[ComparedPlace]) -> bool {
    let whole = match one.what {
        ComparedPlace::Field(path) => ComparedPlace::Field(FieldPath::whole(path.field)),
        other => other,
    };
    ignore.contains(&one.what) || ignore.contains(&whole)
}

impl Difference {
    fn title(&self, lang: Lang) -> &str {
        let entry = self.sides.iter().flatten().next();
        let [en, zh] = entry.map_or(["", ""], |entry| {
            [entry.titles[0].as_str(), entry.titles[1].as_str()]
        });
        word(lang, en, zh)
    }

    fn shown(&self, side: usize) -> Option<&str> {
        let entry = self.sides.get(side)?.as_ref()?;
        Some(&entry.shown)
    }

    fn json(&self) -> Value {
        json!({ "field": self.what.to_string(), "name": self.title(Lang::En),
                "a": self.shown(0), "b": self.shown(1), "at": self.byte })
    }

    fn row(&self, lang: Lang) -> [String; 5] {
        let missing = word(lang, "(absent)", "(无)");
        let shown = |side| printable(self.shown(side).unwrap_or(missing));
        let at = self.byte.map_or_else(String::new, |at| match lang {
            Lang::En => format!("from character {at} on"),
            Lang::Zh => format!("自第{at}字符起"),
        });
        [
            self.what.to_string(),
            self.title(lang).to_owned(),
            shown(0),
            shown(1),
            at,
        ]
    }
}

impl fmt::Display for ComparedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header"),
            Self::Mti => f.write_str("mti"),
            Self::Field(path) => path.fmt(f),
            Self::Unread => f.write_str("?"),
        }
    }
}

const fn word<'a>(lang: Lang, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

#[cfg(test)]
mod tests;
