//! One record as `isogate tail` prints it, live.

use crate::cli::screen::Look;
use crate::cli::view::{kind_title, printable};
use crate::engine::record::{
    Carried, Fact, LineFact, Logged, Opened, Record, ShadowDifference, State, Step, TxId,
};
use crate::engine::seam::Zone;
use crate::engine::trace::{Code, Lang, Unconfirmed, money, notes, subject};
use serde::Serialize;
use std::collections::BTreeMap;

/// One record as JSON.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RecordView {
    seq: u64,
    at: String,
    fact: &'static str,
    tx: Option<String>,
    state: Option<&'static str>,
    row: Option<String>,
    #[serde(flatten)]
    message: Option<TailMessage>,
    note: String,
}

#[derive(Clone, Debug, Serialize)]
struct TailMessage {
    dir: &'static str,
    conn: String,
    relayed: Option<String>,
    mti: String,
    code: Option<String>,
    rrn: Option<String>,
}

impl RecordView {
    /// Of a record.
    pub(super) fn of(record: &Record, zone: &Zone) -> Self {
        let step = match &record.fact {
            Fact::Step(step) => Some(&**step),
            _ => None,
        };
        Self {
            seq: record.seq.0,
            at: record.at.rfc3339(zone),
            fact: name(&record.fact),
            tx: subject(record).map(|tx| tx.to_string()),
            state: step.map(|step| step.state.name()),
            row: step.map(|step| step.row.to_string()),
            message: message(&record.fact).map(TailMessage::of),
            note: remark(&record.fact, Lang::En),
        }
    }
}

impl TailMessage {
    fn of(message: &Logged) -> Self {
        Self {
            dir: message.hop.name(),
            conn: message.conn.to_string(),
            relayed: message.relayed.map(|conn| conn.to_string()),
            mti: message.mti.to_string(),
            code: message.code.map(|code| code.to_string()),
            rrn: message.rrn.map(|rrn| rrn.to_string()),
        }
    }
}

/// How many transactions' names a live view remembers.
const REMEMBERED: usize = 10_000;

/// Prints records as lines; remembers what the latest transactions are called.
#[derive(Clone, Debug)]
pub(super) struct TailPrinter<'a> {
    look: Look<'a>,
    names: BTreeMap<TxId, String>,
}

impl<'a> TailPrinter<'a> {
    /// For this look.
    pub(super) const fn new(look: Look<'a>) -> Self {
        Self {
            look,
            names: BTreeMap::new(),
        }
    }

    /// The line of a record; `None` for what only the journal itself needs.
    pub(super) fn line(&mut self, record: &Record) -> Option<String> {
        let at = record.at.rfc3339(self.look.zone);
        let at = at.get(11..26).unwrap_or(&at);
        let said = match &record.fact {
            Fact::CheckpointBegin | Fact::Carried(_) | Fact::CheckpointEnd => return None,
            Fact::Step(step) => self.step(record, step),
            other => {
                let leg = message(other).map(leg).unwrap_or_default();
                let remark = printable(&remark(other, self.look.lang));
                format!("{leg:<16}  {} {remark}", told(other, self.look.lang))
            }
        };
        Some(format!("{}  {}\n", self.look.dim(at), said.trim_end()))
    }

    fn step(&mut self, record: &Record, step: &Step) -> String {
        let tx = record.tx.unwrap_or(TxId(0));
        if let Some(opened) = &step.opened {
            self.names.insert(tx, called(opened, self.look.lang));
            while self.names.len() > REMEMBERED {
                self.names.pop_first();
            }
        }
        let name = self
            .names
            .get(&tx)
            .cloned()
            .unwrap_or_else(|| tx.to_string());
        let leg = step
            .message
            .as_ref()
            .map(leg)
            .unwrap_or_else(|| "·".to_owned());
        let meaning = step.message.as_ref().and_then(|message| message.code);
        let meaning = meaning.map(|code| Code::of(&code).said().in_lang(self.look.lang).to_owned());
        let remarks = [
            meaning.unwrap_or_default(),
            remark(&record.fact, self.look.lang),
        ];
        let remarks: Vec<_> = remarks
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        format!(
            "{leg:<16}  {}  {}  {}",
            printable(&name),
            self.painted(step.state),
            printable(&remarks.join(", "))
        )
    }

    /// Green where money was taken for good, yellow where it is unconfirmed, red where that will
    /// not mend by itself.
    fn painted(&self, state: State) -> String {
        let code = match Unconfirmed::at(state) {
            Some(Unconfirmed::NotSettled) => 32,
            Some(Unconfirmed::ReversalFailed | Unconfirmed::SettleMismatch) => 31,
            Some(_) => 33,
            None => return state.to_string(),
        };
        match self.look.colour {
            true => format!("\x1b[{code}m{state}\x1b[0m"),
            false => state.to_string(),
        }
    }
}

fn called(opened: &Opened, lang: Lang) -> String {
    let (terminal, stan) = (opened.terminal, opened.stan);
    let kind = kind_title(&opened.spec, &opened.kind, lang);
    let money = match opened.amount.0 {
        0 => String::new(),
        some => format!(" {}", money(some, &opened.currency)),
    };
    format!("{terminal}/{stan} {kind}{money}")
}

/// `T>G>A 0200`, `A>G 0210 00`.
fn leg(message: &Logged) -> String {
    let way = match (message.hop.name(), message.relayed.is_some()) {
        ("T>G", true) => "T>G>A",
        ("A>G", true) => "A>G>T",
        (way, _) => way,
    };
    let code = message.code.map(|code| format!(" {code}"));
    format!("{way:<5} {}{}", message.mti, code.unwrap_or_default())
}

const fn name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Started { .. } => "started",
        Fact::Stopped => "stopped",
        Fact::Step(_) => "step",
        Fact::Line(LineFact::Up { .. }) => "line_up",
        Fact::Line(LineFact::Down { .. }) => "line_down",
        Fact::Session(_) => "session",
        Fact::Unmatched(_) => "unmatched",
        Fact::Unreadable(_) => "unreadable",
        Fact::Shadow(_) => "shadow",
        Fact::ShadowTally(_) => "shadow_tally",
        Fact::Operated(_) => "operated",
        Fact::Keys(_) => "keys",
        Fact::Tombstone(_) => "tombstone",
        Fact::CheckpointBegin => "checkpoint_begin",
        Fact::Carried(_) => "carried",
        Fact::CheckpointEnd => "checkpoint_end",
    }
}

/// The name of a fact for people.
const fn told(fact: &Fact, lang: Lang) -> &'static str {
    if matches!(lang, Lang::En) {
        return name(fact);
    }
    match fact {
        Fact::Started { .. } => "网关启动",
        Fact::Stopped => "网关停止",
        Fact::Line(LineFact::Up { .. }) => "链路连通",
        Fact::Line(LineFact::Down { .. }) => "链路中断",
        Fact::Session(_) => "签到",
        Fact::Unmatched(_) => "无匹配应答",
        Fact::Unreadable(_) => "无法解析",
        Fact::Shadow(_) => "影子差异",
        Fact::ShadowTally(_) => "影子小计",
        Fact::Keys(_) => "密钥",
        Fact::Operated(_) => "操作",
        Fact::Tombstone(_) => "拒绝标记",
        Fact::Step(_) | Fact::CheckpointBegin | Fact::Carried(_) | Fact::CheckpointEnd => {
            name(fact)
        }
    }
}

const fn message(fact: &Fact) -> Option<&Logged> {
    match fact {
        Fact::Step(step) => step.message.as_ref(),
        Fact::Session(message) => Some(message),
        Fact::Unmatched(unmatched) => Some(&unmatched.message),
        _ => None,
    }
}

fn remark(fact: &Fact, lang: Lang) -> String {
    match fact {
        Fact::Started { gateway, .. } => gateway.to_string(),
        Fact::Step(step) => {
            let said = notes::of_step(step.why, &step.note);
            said.in_lang(lang).to_owned()
        }
        Fact::Line(LineFact::Up { link, conn } | LineFact::Down { link, conn }) => {
            let link = link.0;
            spoken(
                lang,
                format!("link {link} {conn}"),
                format!("链路 {link} {conn}"),
            )
        }
        Fact::Unmatched(unmatched) => {
            let wanted = unmatched.wanted;
            match unmatched.ambiguous {
                true => spoken(
                    lang,
                    format!("ambiguous, wanted {wanted}"),
                    format!("对应多笔, 查找 {wanted}"),
                ),
                false => spoken(lang, format!("wanted {wanted}"), format!("查找 {wanted}")),
            }
        }
        Fact::Unreadable(bytes) => {
            let (way, conn, length, what) =
                (bytes.hop.name(), bytes.conn, bytes.length, bytes.what);
            spoken(
                lang,
                format!("{way} {conn}: {length} bytes, {what}"),
                format!("{way} {conn}: {length} 字节, {what}"),
            )
        }
        Fact::Shadow(difference) => {
            let [acquirer, shadow] = [difference.acquirer, difference.shadow]
                .map(|code| code.map_or_else(|| "-".to_owned(), |code| code.to_string()));
            let ShadowDifference { tx, mti, what, .. } = &**difference;
            spoken(
                lang,
                format!("{tx} {mti}: acquirer {acquirer}, shadow {shadow}: {what}"),
                format!("{tx} {mti}: 收单机构 {acquirer}, 影子 {shadow}: {what}"),
            )
        }
        Fact::ShadowTally(tally) => {
            let [same, different, left_out] = [tally.same, tally.different, tally.left_out];
            let link = tally.link.0;
            spoken(
                lang,
                format!("link {link}: {same} the same, {different} different, {left_out} left out"),
                format!("链路 {link}: 相同 {same}, 不同 {different}, 未比较 {left_out}"),
            )
        }
        Fact::Keys(keys) => {
            let terminal = keys.terminal;
            spoken(
                lang,
                format!("terminal {terminal}"),
                format!("终端 {terminal}"),
            )
        }
        Fact::Operated(act) => format!("{} {}: {}", act.who, act.did.name(), act.what),
        Fact::Tombstone(identity) => identity.to_string(),
        Fact::Carried(carried) => carried_name(carried).to_owned(),
        Fact::Stopped | Fact::Session(_) | Fact::CheckpointBegin | Fact::CheckpointEnd => {
            String::new()
        }
    }
}

fn spoken(lang: Lang, en: String, zh: String) -> String {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

const fn carried_name(carried: &Carried) -> &'static str {
    match carried {
        Carried::Transaction(_) => "transaction",
        Carried::Answer(_) => "answer",
        Carried::Keys(_) => "keys",
        Carried::Tombstone { .. } => "tombstone",
        Carried::Stan(_) => "stan",
        Carried::Links(_) => "links",
        Carried::Clock(_) => "clock",
        Carried::Numbers { .. } => "numbers",
        Carried::AllTerminals => "all_terminals",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trace::tests::History;

    static CHINA: Zone = Zone::CHINA;

    fn look() -> Look<'static> {
        Look {
            lang: Lang::En,
            zone: &CHINA,
            colour: false,
            width: None,
        }
    }

    #[test]
    fn a_transaction_keeps_its_name_from_line_to_line() {
        let history = History::sale().timed_out().reverses(1);
        let mut live = TailPrinter::new(look());
        let lines: String = history
            .records
            .iter()
            .filter_map(|r| live.line(r))
            .collect();
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn a_record_is_one_object() {
        let history = History::sale().declined("51");
        let view = RecordView::of(&history.records[1], &Zone::CHINA);
        insta::assert_snapshot!(serde_json::to_string_pretty(&view).unwrap());
    }

    /// What strangers write may not move the cursor, or turn the direction of the line.
    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        let mut record = History::sale().records.remove(0);
        if let Fact::Step(step) = &mut record.fact {
            let opened = step.opened.as_mut().map(std::sync::Arc::make_mut);
            opened.unwrap().terminal = crate::iso::message::Text::new("\x1b[2J\u{202e}").unwrap();
        }
        let line = TailPrinter::new(look()).line(&record).unwrap();
        assert!(line.contains("[2J·/100175"), "{line}");
        assert!(!line.trim_end().contains(char::is_control), "{line}");
    }

    #[test]
    fn a_terminal_is_shown_colours_and_chinese() {
        let history = History::sale().timed_out();
        let colour = true;
        let mut live = TailPrinter::new(Look {
            colour,
            lang: Lang::Zh,
            ..look()
        });
        let lines: String = history
            .records
            .iter()
            .filter_map(|r| live.line(r))
            .collect();
        assert!(
            lines.contains("\x1b[33mTIMED-OUT\x1b[0m  到期无应答"),
            "{lines}"
        );
    }

    #[test]
    fn names_are_forgotten_before_they_fill_the_memory() {
        let mut live = TailPrinter::new(look());
        let mut record = History::sale().records.remove(0);
        for n in 0..REMEMBERED as u128 + 5 {
            record.tx = Some(TxId(n));
            live.line(&record);
        }
        assert_eq!(live.names.len(), REMEMBERED);
        assert!(live.names.contains_key(&TxId(REMEMBERED as u128 + 4)));
    }
}
