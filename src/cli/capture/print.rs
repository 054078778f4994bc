//! A capture's listing, for people and for programs.

use super::list::{CaptureListing, ListedConnection, ListedGap, UnansweredRequest};
use super::macs::{MacCheck, WrongMac};
use crate::cli::{Lang, table};
use crate::engine::seam::{Wall, Zone};
use crate::io::capture::{CaptureTally, DialectFound};
use crate::iso::message::{Stan, TerminalId};
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, GapCause};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::net::SocketAddr;

/// So many connections are shown one by one; --json lists them all.
const SHOWN: usize = 40;

/// All that is told of a capture.
#[derive(Debug)]
pub(super) struct CaptureReport<'a> {
    pub file: String,
    pub form: &'static str,
    pub dialect: &'a DialectFound,
    pub tally: CaptureTally,
    pub listing: &'a CaptureListing,
    pub zone: &'a Zone,
}

impl CaptureReport<'_> {
    /// One JSON document.
    pub(super) fn json(&self) -> Value {
        let (dialect, tally, all) = (self.dialect, self.tally, self.listing);
        let connections = all.connections.iter();
        let connections: Vec<Value> = connections
            .map(|(id, one)| self.connection(*id, one))
            .collect();
        let messages = all.messages.iter().map(|((mti, code), count)| {
            let code = code.map(|code| code.to_string());
            json!({ "mti": mti.to_string(), "code": code, "count": count })
        });
        let unanswered = all.unanswered.iter().map(|one| {
            json!({ "connection": one.flow.0, "at": self.time(one.at), "mti": one.mti.to_string(),
                "stan": one.stan.map(|stan| stan.to_string()),
                "terminal": one.terminal.map(|terminal| terminal.to_string()),
                "behind_gap": one.behind_gap })
        });
        json!({
            "file": self.file,
            "form": self.form,
            "spec": dialect.spec.name(),
            "dialect": { "found": dialect.sound.is_some(), "sound": dialect.sound,
                "tried": dialect.tried, "alike": dialect.alike },
            "begin": all.times.map(|(first, _)| self.time(first)),
            "end": all.times.map(|(_, last)| self.time(last)),
            "packets": { "all": tally.packets, "other": tally.other,
                "fragments": tally.fragments, "unreadable": tally.unreadable,
                "unknown_link": tally.unknown_link,
                "cut": tally.cut, "cut_short": tally.cut_short },
            "connection_count": all.connection_count,
            "connections": connections,
            "messages": messages.collect::<Vec<Value>>(),
            "unreadable": all.unreadable, "faulty": all.faulty, "masked": all.masked,
            "macs": all.macs.as_ref().map(|macs| self.macs_json(macs)),
            "gaps": { "count": all.gaps, "bytes": all.gap_bytes },
            "unanswered_count": all.unanswered_count,
            "unanswered": unanswered.collect::<Vec<Value>>(),
            "unasked_count": all.unasked,
        })
    }

    fn connection(&self, id: FlowId, one: &ListedConnection) -> Value {
        let gap = |gap: &ListedGap| {
            json!({ "from": side(gap.from), "at": self.time(gap.at), "bytes": gap.bytes,
                "why": cause(gap.why) })
        };
        json!({ "id": id.0, "client": one.client, "server": one.server,
            "begin": self.time(one.begin), "end": self.time(one.end), "midway": one.midway,
            "ended": one.how.map(end),
            "frames": { "client": one.frames[0], "server": one.frames[1] },
            "bytes": { "client": one.bytes[0], "server": one.bytes[1] },
            "gap_count": one.gap_count,
            "gaps": one.gaps.iter().map(gap).collect::<Vec<Value>>() })
    }

    fn macs_json(&self, macs: &MacCheck) -> Value {
        let wrong = macs.wrong.iter().map(|one| {
            json!({ "connection": one.flow.0, "from": side(one.from), "at": self.time(one.at),
                "mti": one.mti.to_string(), "stan": one.stan.map(|stan| stan.to_string()),
                "terminal": one.terminal.map(|terminal| terminal.to_string()) })
        });
        json!({ "right": macs.right, "wrong_count": macs.wrong_count,
            "wrong": wrong.collect::<Vec<Value>>(), "unverified": macs.unverified })
    }

    fn time(&self, at: Wall) -> String {
        at.rfc3339(self.zone)
    }

    /// The same for people.
    pub(super) fn print(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        self.head(lang, out)?;
        self.connections(lang, out)?;
        self.messages(lang, out)?;
        self.macs(lang, out)?;
        self.missing(lang, out)
    }

    fn head(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let (tally, all) = (self.tally, self.listing);
        let times = all.times.map_or_else(String::new, |(first, last)| {
            format!(", {} .. {}", self.time(first), self.time(last))
        });
        let packets = word(lang, "packets or records", "个包或记录");
        writeln!(
            out,
            "{}: {}, {} {packets}{times}",
            self.file, self.form, tally.packets
        )?;
        let name = self.dialect.spec.name();
        let label = word(lang, "dialect", "报文规范");
        let Some(sound) = self.dialect.sound else {
            return writeln!(out, "{label}: {name}");
        };
        let tried = self.dialect.tried;
        let read = match lang {
            Lang::En => format!("{sound} of the first {tried} frames read without fault"),
            Lang::Zh => format!("前{tried}帧中{sound}帧无误读出"),
        };
        let alike = match (self.dialect.alike.as_slice(), lang) {
            ([], _) => String::new(),
            (names, Lang::En) => format!("; {} as well", names.join(", ")),
            (names, Lang::Zh) => format!("; {} 同样可读", names.join(", ")),
        };
        writeln!(out, "{label}: {name} ({read}{alike})")
    }

    fn connections(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let all = self.listing;
        let count = all.connection_count;
        writeln!(out, "\n{}: {count}", word(lang, "connections", "连接"))?;
        let address =
            |end: Option<SocketAddr>| end.map_or_else(|| "-".to_owned(), |end| end.to_string());
        let head = match lang {
            Lang::En => [
                "", "client", "server", "begin", "frames", "bytes", "gaps", "",
            ],
            Lang::Zh => ["", "客户端", "服务端", "开始", "帧", "字节", "缺口", ""],
        };
        let rows = all.connections.iter().take(SHOWN).map(|(id, one)| {
            let how = one.how.map_or("", |how| end_word(how, lang));
            let midway = word(lang, "begun before", "抓包前已建连");
            [
                id.0.to_string(),
                address(one.client),
                address(one.server),
                self.time(one.begin),
                format!("{}+{}", one.frames[0], one.frames[1]),
                format!("{}+{}", one.bytes[0], one.bytes[1]),
                one.gap_count.to_string(),
                if one.midway {
                    format!("{midway}, {how}")
                } else {
                    how.to_owned()
                },
            ]
        });
        table::print(std::iter::once(head.map(str::to_owned)).chain(rows), out)?;
        let more = count.saturating_sub(SHOWN as u64);
        match (more, lang) {
            (0, _) => Ok(()),
            (more, Lang::En) => writeln!(out, "and {more} more (--json lists them)"),
            (more, Lang::Zh) => writeln!(out, "另有{more}个 (--json 全部列出)"),
        }
    }

    fn messages(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let all = self.listing;
        let count: u64 = all.messages.values().sum();
        writeln!(out, "\n{}: {count}", word(lang, "messages", "报文"))?;
        let rows = all.messages.iter().map(|((mti, code), count)| {
            let code = code.map(|code| code.to_string()).unwrap_or_default();
            let known = self.dialect.spec.response_title(&code);
            let title = known.map_or("", |title| title.of(lang == Lang::Zh));
            [
                format!("{mti}"),
                code.clone(),
                count.to_string(),
                title.to_owned(),
            ]
        });
        table::print(rows, out)?;
        let notes = [
            (
                all.unreadable,
                "of which not even type and bitmap can be read",
                "帧连类型与位图都无法读出",
            ),
            (all.faulty, "with a fault in a field", "个报文有域错误"),
            (all.masked, "masked before", "个报文此前已脱敏"),
            (
                all.unasked,
                "answers whose request was not seen",
                "个应答未见其请求",
            ),
        ];
        for (count, en, zh) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            writeln!(out, "{count} {}", word(lang, en, zh))?;
        }
        Ok(())
    }

    fn macs(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let Some(macs) = &self.listing.macs else {
            return Ok(());
        };
        let (right, wrong, unverified) = (macs.right, macs.wrong_count, macs.unverified);
        match lang {
            Lang::En => writeln!(
                out,
                "\nMACs: {right} right, {wrong} wrong, {unverified} not verified \
                 (no sign-on of their terminal under these keys, or bytes overwritten)"
            )?,
            Lang::Zh => writeln!(
                out,
                "\nMAC: {right}个正确, {wrong}个错误, {unverified}个未验 \
                 (未见其终端在这些密钥下的签到, 或字节已被覆盖)"
            )?,
        }
        let rows = macs.wrong.iter().take(SHOWN / 2);
        table::print(rows.map(|one| self.wrong_mac(one, lang)), out)
    }

    fn wrong_mac(&self, one: &WrongMac, lang: Lang) -> [String; 5] {
        [
            one.flow.0.to_string(),
            self.time(one.at),
            from_word(one.from, lang).to_owned(),
            one.mti.to_string(),
            named(one.terminal, one.stan),
        ]
    }

    fn missing(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let (all, tally) = (self.listing, self.tally);
        let count = all.unanswered_count;
        writeln!(
            out,
            "\n{}: {count}",
            word(lang, "requests without answer", "无应答的请求")
        )?;
        let shown = all.unanswered.iter().take(SHOWN / 2);
        table::print(shown.map(|one| self.unanswered(one, lang)), out)?;
        let gaps = all.connections.iter().filter(|(_, one)| one.gap_count > 0);
        let label = word(lang, "gaps", "缺口");
        let bytes = word(lang, "bytes missing or unreadable", "字节缺失或无法读出");
        writeln!(out, "\n{label}: {} ({} {bytes})", all.gaps, all.gap_bytes)?;
        let rows = gaps.flat_map(|(id, one)| one.gaps.iter().map(|gap| (*id, *gap)));
        table::print(
            rows.take(SHOWN / 2)
                .map(|(id, gap)| self.gap(id, gap, lang)),
            out,
        )?;
        let unknown = "begin with a header of an unknown kind (--json: unknown_link)";
        let notes = [
            (
                tally.cut,
                "packets were not captured whole (tcpdump -s 0 does)",
                "个包未完整捕获 (tcpdump -s 0)",
            ),
            (tally.other, "packets are no TCP", "个包不是 TCP"),
            (
                tally.fragments,
                "are pieces of packets that were cut in transit",
                "个包是不完整的 IP 分片",
            ),
            (
                tally.unreadable,
                "are damaged or cut off",
                "个包损坏或被截断",
            ),
            (tally.unknown_link, unknown, "个包的链路层类型未知"),
            (
                u64::from(tally.cut_short),
                "the file ends within a packet or record",
                "文件在一条记录中间结束",
            ),
        ];
        for (count, en, zh) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            writeln!(out, "{count} {}", word(lang, en, zh))?;
        }
        Ok(())
    }

    fn unanswered(&self, one: &UnansweredRequest, lang: Lang) -> [String; 5] {
        let behind = word(
            lang,
            "the answer may be among missing bytes",
            "应答可能在缺失字节中",
        );
        [
            one.flow.0.to_string(),
            self.time(one.at),
            one.mti.to_string(),
            named(one.terminal, one.stan),
            if one.behind_gap { behind } else { "" }.to_owned(),
        ]
    }

    fn gap(&self, id: FlowId, gap: ListedGap, lang: Lang) -> [String; 5] {
        let bytes = gap
            .bytes
            .map_or_else(|| "?".to_owned(), |bytes| bytes.to_string());
        let why = match gap.why {
            GapCause::Lost => word(lang, "packets are missing", "缺包"),
            GapCause::Unreadable => {
                word(lang, "no message of this dialect", "不是此报文规范的报文")
            }
            GapCause::Contradicted => word(lang, "came twice, differently", "两次内容不同"),
            GapCause::CutOff => word(
                lang,
                "the capture begins or ends here",
                "抓包在此开始或结束",
            ),
        };
        [
            id.0.to_string(),
            self.time(gap.at),
            from_word(gap.from, lang).to_owned(),
            bytes,
            why.to_owned(),
        ]
    }
}

/// `TERMINAL/STAN`, as far as they are known.
fn named(terminal: Option<TerminalId>, stan: Option<Stan>) -> String {
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let terminal = text(terminal.map(|id| id.to_string()));
    format!("{terminal}/{}", text(stan.map(|stan| stan.to_string())))
}

const fn from_word(from: FlowSide, lang: Lang) -> &'static str {
    match from {
        FlowSide::Client => word(lang, "client", "客户端"),
        FlowSide::Server => word(lang, "server", "服务端"),
    }
}

const fn side(side: FlowSide) -> &'static str {
    match side {
        FlowSide::Client => "client",
        FlowSide::Server => "server",
    }
}

const fn cause(why: GapCause) -> &'static str {
    match why {
        GapCause::Lost => "lost",
        GapCause::Unreadable => "unreadable",
        GapCause::CutOff => "cut_off",
        GapCause::Contradicted => "contradicted",
    }
}

const fn end(how: FlowEnd) -> &'static str {
    match how {
        FlowEnd::Closed => "closed",
        FlowEnd::Reset => "reset",
        FlowEnd::CaptureEnded => "open",
    }
}

const fn end_word(how: FlowEnd, lang: Lang) -> &'static str {
    match how {
        FlowEnd::Closed => word(lang, "closed", "已关闭"),
        FlowEnd::Reset => word(lang, "reset", "被重置"),
        FlowEnd::CaptureEnded => word(lang, "open at the end", "抓包结束时仍开着"),
    }
}

const fn word<'a>(lang: Lang, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}
