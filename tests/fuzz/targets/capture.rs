//! A capture in any form: what is seen in it is in the order of its times, on connections that were
//! opened and have not ended, in frames that may be; and it comes to an end.
//!
//! The first byte chooses the dialect; the file follows.

use super::{Outcome, bytes, dialect, dialects, holds, samples};
use isogate::io::capture::{CaptureOptions, PcapngWriter, open_stream};
use isogate::iso::stream::{FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use std::collections::BTreeSet;
use std::io::Cursor;

/// So much of an input is read.
const MOST: usize = 1 << 16;

/// The samples of a dialect as a talk on one connection.
fn talk(place: u8) -> Vec<Sighting> {
    let flow = FlowId(0);
    let opened = Sighting::Opened {
        flow,
        at: SeenAt(1),
        client: "10.0.0.1:40000".parse().ok(),
        server: "10.0.0.2:8583".parse().ok(),
        midway: false,
    };
    let own = samples()
        .into_iter()
        .filter(|(of, _, framed)| *of == place && !framed);
    let frame = |(at, (_, frame, _)): (i64, (u8, Vec<u8>, bool))| {
        Sighting::Frame(SeenFrame {
            flow,
            from: if at % 2 == 0 {
                FlowSide::Client
            } else {
                FlowSide::Server
            },
            at: SeenAt(at),
            bytes: frame.into(),
            masked: false,
        })
    };
    std::iter::once(opened)
        .chain((1..).zip(own.take(6)).map(frame))
        .collect()
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (place, spec) in (0..).zip(dialects()) {
        let talk = talk(place);
        let mut writer = PcapngWriter::new(Vec::new(), spec).unwrap();
        let mut lines = String::new();
        for sighting in &talk {
            let _too_long = writer.write(sighting, "a comment");
            if let Sighting::Frame(frame) = sighting {
                lines.push_str(&format!(
                    "2026-08-22 10:11:12 SEND: {}\n",
                    super::hex(&frame.bytes)
                ));
            }
        }
        let pcapng = writer.finish().unwrap();
        for file in [pcapng, lines.into_bytes()] {
            all.push([&[place], &file[..]].concat());
        }
    }
    let texts = [
        "<logger>\n<log realm=\"a/1\" at=\"2026-08-22T10:11:12.345\">\n<send>\n\
         <isomsg direction=\"outgoing\">\n<header>6000030000</header>\n\
         <field id=\"0\" value=\"0800\"/>\n\
         <field id=\"11\" value=\"000001\"/>\n<field id=\"48\"><![CDATA[a]]></field>\n\
         <isomsg id=\"60\"><field id=\"1\" value=\"00\"/></isomsg>\n</isomsg>\n</send>\n</log>\n",
        "{\"mti\":\"0800\",\"header\":{\"tpdu\":\"6000030000\"},\"fields\":{\"11\":\"000001\",\
         \"52\":\"(8 bytes)\"},\"subfields\":{\"60.1\":\"00\"},\"at\":\"2026-08-22T10:11:12Z\"}\n",
        "{\"ts\":\"2026-08-22T10:11:12Z\",\"kind\":\"send\",\"tags\":{\"realm\":\"a\"},\"payload\":\
         [{\"m\":\"<isomsg><field id='0' value='0800'/></isomsg>\"}]}\n",
        "0x0000:  0800 2020 0000 0080 0000 9200 0049 6000  ..........\n\t0x0010:  0102 03  ...\n",
    ];
    all.extend(texts.iter().map(|text| [&[0], text.as_bytes()].concat()));
    let mut pcap = bytes("D4C3B2A1 02000400 00000000 00000000 FFFF0000 65000000");
    let packet = bytes(
        "4500003C000040004006000A0A0000010A0000029C40218700000001000000025018FFFF00000000\
         0800202000000080000092000000000000000049",
    );
    for at in [0_u32, 1] {
        let length = u32::try_from(packet.len()).unwrap();
        for number in [at, 0, length, length] {
            pcap.extend(number.to_le_bytes());
        }
        pcap.extend(&packet);
    }
    all.push([&[1], &pcap[..]].concat());
    let mut log = vec![0, 0, 0, 252, 0, 1, 0, 0];
    log.resize(256, 0);
    log.extend([0, 0, 0, 2, 8, 0]);
    all.push([&[2], &log[..]].concat());
    all
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let Some((spec, file)) = dialect(input) else {
        return Ok("nothing".to_owned());
    };
    let file = file.get(..MOST).unwrap_or(file);
    let options = CaptureOptions {
        spec: Some(spec.clone()),
        ..CaptureOptions::default()
    };
    let Ok(mut capture) = open_stream(Box::new(Cursor::new(file.to_vec())), &options) else {
        return Ok("no form".to_owned());
    };
    let mut open = BTreeSet::new();
    let (mut last, mut frames, mut gaps, mut ended) = (SeenAt(i64::MIN), 0, 0, 0);
    let fault = loop {
        let sighting = match capture.reader.next() {
            Ok(Some(sighting)) => sighting,
            Ok(None) => break false,
            Err(_) => break true,
        };
        holds(sighting.at() >= last, "out-of-order", || {
            format!("{sighting:?}")
        })?;
        last = sighting.at();
        let (flow, is_first) = match &sighting {
            Sighting::Opened { flow, .. } => (*flow, open.insert(*flow)),
            Sighting::Frame(frame) => {
                frames += 1;
                let fits = frame.bytes.len() <= file.len().max(70_000);
                holds(fits, "frame-too-long", || frame.bytes.len().to_string())?;
                (frame.flow, true)
            }
            Sighting::Gap { flow, .. } => {
                gaps += 1;
                (*flow, true)
            }
            Sighting::Unheard { flow, .. } => (*flow, true),
            Sighting::Ended { flow, .. } => {
                ended += 1;
                (*flow, true)
            }
        };
        holds(is_first && open.contains(&flow), "not-opened", || {
            format!("{sighting:?}")
        })?;
    };
    holds(ended == open.len(), "not-ended", || {
        format!("{ended} of {}", open.len())
    })?;
    let after = matches!(capture.reader.next(), Ok(None));
    holds(after, "goes-on-after-its-end", String::new)?;
    let (frames, gaps) = (frames.min(5), gaps.min(3));
    let form = capture.form.name();
    Ok(format!(
        "{form} {frames} {gaps} {} {fault}",
        open.len().min(3)
    ))
}
