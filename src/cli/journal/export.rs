//! `isogate journal export`: each message of a journal, and each act of an operator, as a line for
//! other programs.

#[cfg(feature = "parquet")]
mod columns;

use super::FolderArgs;
use crate::cli::{Lang, input};
use crate::engine::record::{Fact, Logged, Note, Opened, Record, State, TxId, Why};
use crate::engine::seam::Zone;
use crate::io::look::{onward, write_packets};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// How a journal is exported.
#[derive(Args, Debug)]
pub(super) struct MessageExportArgs {
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    form: MessageExportForm,
    /// The dialect of the frames, where it is not built in
    #[arg(long, value_name = "NAME|FILE", requires = "pcapng")]
    spec: Option<String>,
}

#[derive(Args, Debug, Default)]
#[group(required = true, multiple = false)]
struct MessageExportForm {
    /// One JSON object a message or act
    #[arg(long)]
    jsonl: bool,
    /// One row a message or act (RFC 4180), with a header
    #[arg(long)]
    csv: bool,
    /// Packets for Wireshark, each with its transaction and verdict as a comment
    #[arg(long)]
    pcapng: bool,
    /// A file of columns (Apache Parquet), as of the table
    #[cfg(feature = "parquet")]
    #[arg(long)]
    parquet: bool,
}

/// One message on one leg; or an act of an operator, which may have none.
#[derive(Clone, Debug, Serialize)]
struct ExportedMessage {
    at: String,
    seq: u64,
    tx: Option<String>,
    dir: &'static str,
    conn: String,
    mti: String,
    kind: Option<String>,
    terminal: Option<String>,
    merchant: Option<String>,
    stan: Option<String>,
    rrn: Option<String>,
    auth: Option<String>,
    /// Minor units.
    amount: Option<u64>,
    currency: Option<String>,
    card: Option<String>,
    code: Option<String>,
    state: Option<&'static str>,
    /// Hex; what is sensitive is overwritten with zeros.
    frame: String,
    /// Which operator did what, and why.
    operator: Option<String>,
}

impl ExportedMessage {
    /// The same with what peers wrote into it marked as text where a spreadsheet would take it for
    /// a formula.
    fn harmless(&self) -> Self {
        let text = |value: &Option<String>| {
            let value = value.as_ref()?;
            let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
            Some(format!("{}{value}", if is_formula { "'" } else { "" }))
        };
        Self {
            terminal: text(&self.terminal),
            merchant: text(&self.merchant),
            stan: text(&self.stan),
            rrn: text(&self.rrn),
            auth: text(&self.auth),
            code: text(&self.code),
            operator: text(&self.operator),
            ..self.clone()
        }
    }
}

/// Transactions whose terms are remembered, the newest: a message of an older one is exported
/// without them.
const REMEMBERED: usize = 1 << 18;

/// Writes every message and act, oldest first. Whether the journal is sound.
pub(super) fn run(
    args: &MessageExportArgs,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    if args.form.pcapng {
        let spec = args.spec.as_deref().map(input::spec).transpose()?;
        return Ok(write_packets(&args.folder.reader()?, spec, lang, out)?);
    }
    let mut records = args.folder.reader()?.records();
    let mut terms = KnownTerms::default();
    let mut sheet = Sheet::new(&args.form, out)?;
    for record in records.by_ref() {
        for message in terms.messages(&record?, args.folder.zone()) {
            sheet.write(&message)?;
        }
    }
    sheet.finish()?;
    Ok(records.damage().is_empty())
}

/// What is written.
enum Sheet<'a> {
    Objects(&'a mut dyn Write),
    Table(Box<csv::Writer<&'a mut dyn Write>>),
    #[cfg(feature = "parquet")]
    Columns(Box<columns::ColumnSheet<'a>>),
}

impl<'a> Sheet<'a> {
    fn new(form: &MessageExportForm, out: &'a mut dyn Write) -> anyhow::Result<Self> {
        #[cfg(feature = "parquet")]
        if form.parquet {
            return Ok(Self::Columns(Box::new(columns::ColumnSheet::new(out)?)));
        }
        Ok(match form.csv {
            true => Self::Table(Box::new(csv::Writer::from_writer(out))),
            false => Self::Objects(out),
        })
    }

    fn write(&mut self, message: &ExportedMessage) -> anyhow::Result<()> {
        match self {
            Self::Table(table) => table.serialize(message.harmless())?,
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => columns.write(message)?,
            Self::Objects(out) => {
                serde_json::to_writer(&mut *out, message)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Table(mut table) => table.flush()?,
            Self::Objects(out) => out.flush()?,
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => columns.finish()?,
        }
        Ok(())
    }
}

/// The terms of transactions, as far as they are remembered.
#[derive(Default)]
struct KnownTerms(BTreeMap<TxId, Arc<Opened>>);

impl KnownTerms {
    /// The messages of a record, one for each leg; else the act that it tells of.
    fn messages(&mut self, record: &Record, zone: &Zone) -> Vec<ExportedMessage> {
        let (message, state) = match &record.fact {
            Fact::Step(step) => {
                if let Some((tx, opened)) = record.tx.zip(step.opened.as_ref()) {
                    self.0.insert(tx, Arc::clone(opened));
                    if self.0.len() > REMEMBERED {
                        self.0.pop_first();
                    }
                }
                (step.message.as_ref(), Some(step.state))
            }
            Fact::Session(message) => (Some(&**message), None),
            Fact::Unmatched(unmatched) => (Some(&unmatched.message), None),
            _ => (None, None),
        };
        if message.is_none() && act(record).is_none() {
            return Vec::new();
        }
        let opened = record.tx.and_then(|tx| self.0.get(&tx));
        let opened = opened.map(|opened| &**opened);
        let own = exported(record, (message, state), opened, zone);
        let relayed = message.and_then(|message| Some((message.hop, message.relayed?)));
        let relayed = relayed.map(|(hop, conn)| ExportedMessage {
            dir: onward(hop).name(),
            conn: conn.to_string(),
            ..own.clone()
        });
        std::iter::once(own).chain(relayed).collect()
    }
}

/// Which operator did what, where one did.
fn act(record: &Record) -> Option<String> {
    match &record.fact {
        Fact::Operated(act) => Some(format!("{} {}: {}", act.who, act.did.name(), act.what)),
        Fact::Step(step) if step.why == Why::Operator => Some(match step.note {
            Note::Detail(said) => said.to_string(),
            _ => String::new(),
        }),
        _ => None,
    }
}

fn exported(
    record: &Record,
    (message, state): (Option<&Logged>, Option<State>),
    opened: Option<&Opened>,
    zone: &Zone,
) -> ExportedMessage {
    let of = |value: fn(&Opened) -> String| opened.map(value).filter(|text| !text.is_empty());
    let told = |value: fn(&Logged) -> String| message.map(value).unwrap_or_default();
    ExportedMessage {
        at: record.at.rfc3339(zone),
        seq: record.seq.0,
        tx: record.tx.map(|tx| tx.to_string()),
        dir: message.map_or("", |message| message.hop.name()),
        conn: told(|message| message.conn.to_string()),
        mti: told(|message| message.mti.to_string()),
        kind: of(|opened| opened.kind.to_string()),
        terminal: of(|opened| opened.terminal.to_string()),
        merchant: of(|opened| opened.merchant.to_string()),
        stan: of(|opened| opened.stan.to_string()),
        rrn: message.and_then(|message| Some(message.rrn?.to_string())),
        auth: message.and_then(|message| Some(message.auth?.to_string())),
        amount: opened.map(|opened| opened.amount.0),
        currency: of(|opened| opened.currency.to_string()),
        card: of(|opened| opened.card.to_string()),
        code: message.and_then(|message| Some(message.code?.to_string())),
        state: state.map(State::name),
        frame: told(|message| input::to_hex(&message.frame.frame)),
        operator: act(record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::{OperatorAct, OperatorDid, samples};
    use crate::engine::trace::tests::History;
    use crate::iso::message::Text;

    fn rows(records: &[Record], csv: bool) -> String {
        let mut out = Vec::new();
        let form = MessageExportForm {
            jsonl: !csv,
            csv,
            ..MessageExportForm::default()
        };
        let mut sheet = Sheet::new(&form, &mut out).unwrap();
        let mut terms = KnownTerms::default();
        for record in records {
            for message in terms.messages(record, &Zone::CHINA) {
                sheet.write(&message).unwrap();
            }
        }
        sheet.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[cfg(feature = "parquet")]
    pub(super) fn messages() -> Vec<ExportedMessage> {
        let mut terms = KnownTerms::default();
        let history = History::sale().declined("51");
        let all = history.records.iter();
        all.flat_map(|record| terms.messages(record, &Zone::CHINA))
            .collect()
    }

    #[test]
    fn each_message_is_a_line_for_each_leg_with_the_terms_of_its_transaction() {
        let history = History::sale().declined("51");
        let text = rows(&history.records, false);
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let ways: Vec<_> = lines
            .iter()
            .map(|line| line["dir"].as_str().unwrap())
            .collect();
        assert_eq!(ways, ["T>G", "G>A", "A>G", "G>T"]);
        assert!(lines.iter().all(|line| line["stan"] == lines[0]["stan"]));
        assert_eq!(lines[2]["code"], "51");
    }

    #[test]
    fn what_operators_did_is_a_line_each() {
        let act = OperatorAct {
            who: Text::clipped("li"),
            did: OperatorDid::AddFault,
            what: Text::clipped("1 F01:p=0.1"),
        };
        let mut records = vec![Record {
            fact: Fact::Operated(Box::new(act)),
            ..samples::plain(1)
        }];
        let closed = History::sale().step(State::ClosedByOperator, Why::Operator);
        records.extend(closed.records);
        let text = rows(&records, false);
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let acts = lines.iter().filter(|line| line["operator"].is_string());
        let [fault, close] = acts.collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert_eq!(fault["operator"], "li fault_added: 1 F01:p=0.1");
        assert_eq!(close["state"], "CLOSED-BY-OPERATOR");
        assert_eq!(close["stan"], lines[1]["stan"]);
    }

    #[test]
    fn no_cell_of_a_table_is_a_formula() {
        let mut history = History::sale().declined("51");
        let Fact::Step(step) = &mut history.records[0].fact else {
            panic!("a sale begins with a step");
        };
        let opened = Arc::make_mut(step.opened.as_mut().unwrap());
        opened.terminal = "=1+1+1+1".parse().unwrap();
        assert!(rows(&history.records, true).contains(",'=1+1+1+1,"));
        assert!(rows(&history.records, false).contains("\"=1+1+1+1\""));
    }

    #[test]
    fn a_table_has_a_header_and_a_row_a_message() {
        let history = History::sale().declined("51");
        let text = rows(&history.records, true);
        assert!(text.starts_with("at,seq,tx,dir,conn,mti,kind,"), "{text}");
        assert_eq!(text.lines().count(), 5);
    }
}
