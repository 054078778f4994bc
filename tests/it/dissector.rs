//! The dissector that is made of a dialect, in stock Wireshark: it shows what `decode` shows.

use crate::rig::{isogate, json_lines};
use bytes::{Bytes, BytesMut};
use isogate::engine::seam::Dice;
use isogate::iso::codec::{Framer, Message};
use isogate::iso::message::Mti;
use isogate::iso::spec::{Composite, Encoding, FieldContent, FieldSpec, Size, Spec};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Messages of each dialect.
const MESSAGES: u64 = 500;
/// Characters of a field that may be longer.
const LONGEST: u64 = 60;

#[test]
fn wireshark_shows_the_fields_that_decode_shows() {
    if Command::new("tshark").arg("--version").output().is_err() {
        let mut told = std::io::stdout().lock();
        writeln!(told, "skipped: tshark is not installed here").unwrap();
        return;
    }
    for name in Spec::builtin_names() {
        let spec = Spec::builtin(name).unwrap();
        let mut dice = Dice::new(8583);
        let frames: Vec<Bytes> = (0..MESSAGES).map(|_| made_up(&spec, &mut dice)).collect();
        let home = tempfile::tempdir().unwrap();
        let mut decoded = decoded(home.path(), name, &frames);
        decoded
            .iter_mut()
            .for_each(|one| one.retain(|key, _| is_shown(&spec, key)));
        let shown = shown(home.path(), &spec, &frames);
        assert_eq!((decoded.len(), shown.len()), (frames.len(), frames.len()));
        for ((decoded, shown), frame) in decoded.iter().zip(&shown).zip(&frames) {
            assert_eq!(shown, decoded, "{name}: {}", hex(frame));
        }
    }
}

/// A message with some of the fields of its dialect, behind its length.
fn made_up(spec: &Arc<Spec>, dice: &mut Dice) -> Bytes {
    let kinds = &spec.flow().kinds;
    let asked = kinds[place(dice, kinds.len())].mti;
    let mti: Mti = match dice.below(2) {
        0 => asked.answer().unwrap_or(asked),
        _ => asked,
    };
    let mut message = Message::new(spec, mti);
    for field in spec.fields() {
        if dice.below(3) == 0 {
            message.set(field.id, &value(field, dice)).unwrap();
        }
    }
    let mut wire = BytesMut::new();
    let framer = Framer::new(spec, 65_535);
    framer.wrap(&message.build().unwrap(), &mut wire).unwrap();
    wire.freeze()
}

/// A value that fits the field.
fn value(field: &FieldSpec, dice: &mut Dice) -> String {
    let units = match field.layout.size {
        Size::Fixed(units) => u64::from(units),
        Size::Variable { max, .. } => 1 + dice.below(u64::from(max).min(LONGEST)),
    };
    if matches!(field.usual_meaning().composite, Some(Composite::BerTlv(_))) {
        return format!(
            "9F2608{:016X}9505{:010X}",
            dice.number(),
            dice.below(1 << 40)
        );
    }
    let mut any = |characters: &str, count: u64| -> String {
        let all: Vec<char> = characters.chars().collect();
        (0..count).map(|_| all[place(dice, all.len())]).collect()
    };
    const DIGITS: &str = "0123456789";
    match field.layout.content {
        FieldContent::Digits => any(DIGITS, units),
        FieldContent::SignedDigits => any("CD", 1) + &any(DIGITS, units - 1),
        FieldContent::Track => any("0123456789D", units),
        FieldContent::Binary => any("0123456789ABCDEF", 2 * units),
        // Of two bytes, and none of them cut by the end of a part.
        FieldContent::Text(_) if field.layout.encoding == Encoding::Gbk => {
            any("AZ", units.min(3)) + &any("\u{4e00}\u{4e01}\u{6d77}", units.saturating_sub(3) / 2)
        }
        FieldContent::Text(_) => any("ABCXYZabcxyz0189 .,:;-+/()*&%", units),
    }
}

fn place(dice: &mut Dice, below: usize) -> usize {
    usize::try_from(dice.below(below as u64)).unwrap()
}

/// Whether a dissector can say it: of parts, those at fixed places and chip data.
fn is_shown(spec: &Spec, key: &str) -> bool {
    let Some((number, _)) = key.split_once('.') else {
        return true;
    };
    let field = spec.field(number.parse().unwrap()).unwrap();
    let told =
        |composite: &Composite| matches!(composite, Composite::Positions(_) | Composite::BerTlv(_));
    let mut all = field.uses().iter().map(|(_, meaning)| meaning);
    all.any(|own| own.composite.as_ref().is_some_and(told))
        || field.usual_meaning().composite.as_ref().is_some_and(told)
}

/// What is said of a message, by the names of `decode`: `mti`, `11`, `60.1`.
type Told = BTreeMap<String, String>;

fn decoded(folder: &Path, name: &str, frames: &[Bytes]) -> Vec<Told> {
    let lines = frames.iter().map(|frame| format!("{}\n", hex(frame)));
    fs::write(folder.join("frames.hex"), lines.collect::<String>()).unwrap();
    let arguments = [
        "decode",
        "--spec",
        name,
        "--json",
        "--reveal",
        "--lines",
        "frames.hex",
    ];
    let output = isogate(folder, &arguments).output().unwrap();
    let told = |one: &Value| {
        let mut all = Told::from([("mti".to_owned(), text(&one["mti"]))]);
        for part in ["fields", "subfields"] {
            let named = one[part].as_object().into_iter().flatten();
            all.extend(named.map(|(name, value)| (name.clone(), text(value))));
        }
        all
    };
    json_lines(&output).iter().map(told).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn shown(folder: &Path, spec: &Spec, frames: &[Bytes]) -> Vec<Told> {
    let name = spec.name();
    let arguments = ["spec", "export", name, "--to", "lua", "-o", "d.lua"];
    let exported = isogate(folder, &arguments).output().unwrap();
    assert!(exported.status.success(), "{exported:?}");
    fs::write(folder.join("all.pcap"), capture(frames)).unwrap();
    let protocol = match name.starts_with("iso") {
        true => name.replace('-', "_"),
        false => format!("iso_{}", name.replace('-', "_")),
    };
    let carrier = spec.framing().http.as_ref().map_or(&*protocol, |_| "http");
    let output = Command::new("tshark")
        .current_dir(folder)
        .args([
            "-X",
            "lua_script:d.lua",
            "-r",
            "all.pcap",
            "-T",
            "json",
            "--no-duplicate-keys",
        ])
        .args(["-d", &format!("tcp.port==5583,{carrier}")])
        .output()
        .unwrap();
    let packets: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let told = |packet: &Value| {
        let mut all = Told::new();
        gather(&packet["_source"]["layers"][&protocol], &protocol, &mut all);
        all
    };
    packets.iter().map(told).collect()
}

/// All that a layer shows, however deep.
fn gather(layer: &Value, protocol: &str, all: &mut Told) {
    for (key, value) in layer.as_object().into_iter().flatten() {
        let name = key
            .strip_prefix(protocol)
            .and_then(|key| key.strip_prefix('.'));
        match (name, value) {
            (Some(name), Value::String(text)) => tell(name, text, all),
            (Some(name), Value::Array(texts)) => {
                let texts = texts.iter().filter_map(Value::as_str);
                texts.for_each(|text| tell(name, text, all));
            }
            _ => gather(value, protocol, all),
        }
    }
}

fn tell(name: &str, text: &str, all: &mut Told) {
    let told = match name.strip_prefix('f') {
        // A tag and its value.
        Some(number) if number.ends_with(".tag") => text
            .split_once('=')
            .map(|(tag, value)| (number.replace("tag", tag), value)),
        Some(number) => Some((number.to_owned(), text)),
        None if name == "mti" => Some((name.to_owned(), text)),
        None => None,
    };
    all.extend(told.map(|(name, value)| (name, value.to_owned())));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A segment for each frame to port 5583, each on a connection of its own, as a capture of raw IP.
fn capture(frames: &[Bytes]) -> Vec<u8> {
    let mut file = vec![
        0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF,
    ];
    file.extend([0, 0, 0, 101]);
    for (client, payload) in (0xC000_u16..).zip(frames) {
        let length = u16::try_from(40 + payload.len()).unwrap();
        file.extend([0; 8]);
        file.extend([u32::from(length).to_be_bytes(); 2].concat());
        file.extend([0x45, 0]);
        file.extend(length.to_be_bytes());
        file.extend([0, 1, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        file.extend(client.to_be_bytes());
        file.extend([
            0x15, 0xCF, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0,
        ]);
        file.extend(payload);
    }
    file
}
