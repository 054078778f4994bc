//! One record as `isogate tail` prints it, live.

use crate::cli::screen::Look;
use crate::engine::record::{
    Carried, Fact, LineFact, Logged, Opened, Record, ShadowDifference, Step, TxId,
};
use crate::engine::seam::Zone;
use crate::engine::trace::{Code, Lang, money, notes, subject};
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
                let remark = remark(other, self.look.lang);
                format!("{leg:<16}  {} {remark}", name(other))
            }
        };
        Some(format!("{at}  {}\n", said.trim_end()))
    }

    fn step(&mut self, record: &Record, step: &Step) -> String {
        let tx = record.tx.unwrap_or(TxId(0));
        if let Some(opened) = &step.opened {
            self.names.insert(tx, called(opened));
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
        format!("{leg:<16}  {name}  {}  {}", step.state, remarks.join(", "))
    }
}

fn called(opened: &Opened) -> String {
    let money = money(opened.amount.0, &opened.currency);
    format!(
        "{}/{} {} {money}",
        opened.terminal, opened.stan, opened.kind
    )
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
            format!("link {} {conn}", link.0)
        }
        Fact::Unmatched(unmatched) if unmatched.ambiguous => {
            format!("ambiguous, wanted {}", unmatched.wanted)
        }
        Fact::Unmatched(unmatched) => format!("wanted {}", unmatched.wanted),
        Fact::Unreadable(bytes) => {
            let way = bytes.hop.name();
            format!(
                "{way} {}: {} bytes, {}",
                bytes.conn, bytes.length, bytes.what
            )
        }
        Fact::Shadow(difference) => {
            let [acquirer, shadow] = [difference.acquirer, difference.shadow]
                .map(|code| code.map_or_else(|| "-".to_owned(), |code| code.to_string()));
            let ShadowDifference { tx, mti, what, .. } = &**difference;
            format!("{tx} {mti}: acquirer {acquirer}, shadow {shadow}: {what}")
        }
        Fact::ShadowTally(tally) => {
            let [same, different, left_out] = [tally.same, tally.different, tally.left_out];
            let link = tally.link.0;
            format!("link {link}: {same} the same, {different} different, {left_out} left out")
        }
        Fact::Operated(act) => format!("{} {}: {}", act.who, act.did.name(), act.what),
        Fact::Keys(keys) => format!("terminal {}", keys.terminal),
        Fact::Tombstone(identity) => identity.to_string(),
        Fact::Carried(carried) => carried_name(carried).to_owned(),
        Fact::Stopped | Fact::Session(_) | Fact::CheckpointBegin | Fact::CheckpointEnd => {
            String::new()
        }
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
