//! The evidence of one transaction in one file, to be handed in with a complaint.

use super::page::{escaped, page, table};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::journal::{Journal, JournalError, JournalOptions, Memory};
use crate::engine::ladder::LadderChart;
use crate::engine::record::{Fact, Logged, Patch, Record, Seq, StoredFrame, Vault, VaultKeys};
use crate::engine::seam::Zone;
use crate::engine::trace::{Lang, Names, Phrase, Said, Story, Verdict, View, money, notes};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Cursor, Write};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Why a bundle cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A part of it.
    #[error("a part of the bundle cannot be written: {0}")]
    Part(#[from] io::Error),
    /// The verdict, or a message.
    #[error("a part of the bundle cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The page.
    #[error("the page of the bundle cannot be written: {0}")]
    Page(#[from] fmt::Error),
    /// The file around them.
    #[error("the bundle cannot be written: {0}")]
    Zip(#[from] ZipError),
    /// The excerpt of the journal.
    #[error("no excerpt of the journal can be made: {0}")]
    Journal(#[from] JournalError),
}

/// What is handed in.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    /// What happened.
    pub story: &'a Story,
    /// Where the money is.
    pub verdict: &'a Verdict,
    /// Its records, and those that its verdict turns on.
    pub records: &'a [Record],
    /// What other people's files say of it.
    pub index: &'a EvidenceIndex<'a>,
    /// The zone in which moments are told.
    pub zone: &'a Zone,
}

const README: &str = "\
verdict.json     the verdict / 判定
page.html        the same as a page, in English and Chinese / 双语页面
messages.jsonl   each message, card and secrets masked, with its SHA-256 / 逐条报文(已屏蔽)及摘要
journal/         an excerpt of the journal / 流水摘录:
                 isogate journal verify --journal journal
                 isogate explain KEY --journal journal
SHA256SUMS       sha256sum -c SHA256SUMS
";

impl Bundle<'_> {
    /// Its bytes, as a ZIP file.
    ///
    /// # Errors
    /// The excerpt of the journal cannot be made.
    pub fn bytes(&self) -> Result<Vec<u8>, BundleError> {
        let mut parts: Vec<(String, Vec<u8>)> = vec![
            ("README.txt".to_owned(), README.as_bytes().to_vec()),
            ("verdict.json".to_owned(), self.verdict_json()?),
            ("page.html".to_owned(), self.page()?.into_bytes()),
            ("messages.jsonl".to_owned(), self.messages()?),
        ];
        let excerpt = excerpt(self.records)?;
        for (segment, bytes) in excerpt.contents() {
            parts.push((format!("journal/{segment}.seg"), bytes.to_vec()));
        }
        let sums = parts
            .iter()
            .map(|(name, bytes)| format!("{}  {name}\n", digest(bytes)));
        let sums: String = sums.collect();
        parts.push(("SHA256SUMS".to_owned(), sums.into_bytes()));
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        // Stored: the parts are small, and anybody can look into them.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, bytes) in parts {
            zip.start_file(name, stored)?;
            zip.write_all(&bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    }

    fn verdict_json(&self) -> Result<Vec<u8>, BundleError> {
        let view = View::of(self.story, self.verdict, self.zone);
        Ok(serde_json::to_vec_pretty(&view)?)
    }

    /// Each message with the number of its record in the whole journal.
    fn messages(&self) -> Result<Vec<u8>, BundleError> {
        let mut lines = Vec::new();
        for (record, message) in self.records.iter().filter_map(message_of) {
            let frame = &message.frame.frame;
            let line = json!({
                "record": record.seq.0, "at": record.at.rfc3339(self.zone),
                "tx": record.tx.map(|tx| tx.to_string()),
                "dir": message.hop.name(), "mti": message.mti.to_string(),
                "code": message.code.map(|code| code.to_string()),
                "frame": hex(frame), "sha256": digest(frame),
            });
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// A page with both languages, one below the other.
    fn page(&self) -> Result<String, BundleError> {
        let mut body = String::new();
        for lang in [Lang::Zh, Lang::En] {
            self.part(&mut body, lang)?;
        }
        Ok(page("调单 / evidence", &body, Lang::Zh))
    }

    fn part(&self, body: &mut String, lang: Lang) -> Result<(), BundleError> {
        let say = |en, zh| Phrase::new(en, zh).plain().in_lang(lang).to_owned();
        let verdict = escaped(self.verdict.verdict.in_lang(lang));
        let next = escaped(self.verdict.next_step.in_lang(lang));
        *body += &format!("<h2>{verdict}</h2><p>{next}</p>");
        let names = Names::of(self.story);
        let text = |value: Option<String>| value.unwrap_or_default();
        let rows = [
            [say("amount", "金额"), money(names.amount, &names.currency)],
            [say("kind", "交易"), names.kind],
            [say("card", "卡号"), names.card],
            [say("merchant", "商户号"), names.merchant],
            [say("terminal", "终端号"), names.terminal],
            [say("STAN", "凭证号"), names.stan],
            [
                say("RRN", "参考号"),
                text(self.story.rrn.map(|rrn| rrn.to_string())),
            ],
            [
                say("auth", "授权码"),
                text(self.story.auth.map(|auth| auth.to_string())),
            ],
            [say("began", "开始"), self.story.began.rfc3339(self.zone)],
            ["tx".to_owned(), self.story.tx.to_string()],
            [
                say("evidence", "证据等级"),
                self.verdict.evidence.name().to_owned(),
            ],
            [
                say("files read", "所读文件"),
                self.files().in_lang(lang).to_owned(),
            ],
        ];
        table(body, None, &rows)?;
        let header = [
            say("time", "时间"),
            say("way", "方向"),
            say("type", "类型"),
            say("code", "应答码"),
            say("note", "说明"),
        ];
        let steps = self.story.moments.iter().map(|moment| {
            let leg = moment.leg.as_ref();
            let code = leg.and_then(|leg| leg.code).map(|code| code.to_string());
            [
                moment.at.rfc3339(self.zone),
                leg.map_or("", |leg| leg.hop.name()).to_owned(),
                text(leg.map(|leg| leg.mti.to_string())),
                text(code),
                notes::of(moment).in_lang(lang).to_owned(),
            ]
        });
        let rows: Vec<_> = std::iter::once(header).chain(steps).collect();
        let drawn = LadderChart::of(self.story).picture(lang, self.zone);
        *body += &format!("<figure>{drawn}</figure>");
        Ok(table(body, None, &rows)?)
    }

    fn files(&self) -> Said {
        let evidence = self.index.evidence();
        let named = [
            (evidence.terminal.is_some(), Phrase::new("terminal", "终端")),
            (
                evidence.acquirer.is_some(),
                Phrase::new("acquirer", "收单机构"),
            ),
            (evidence.issuer.is_some(), Phrase::new("issuer", "发卡行")),
            (evidence.payout.is_some(), Phrase::new("pay-out", "划付")),
            (
                evidence.settings.is_some(),
                Phrase::new("settings", "商户设置"),
            ),
        ];
        let given = named.into_iter().filter(|(given, _)| *given);
        let given: Vec<Said> = given.map(|(_, phrase)| phrase.plain()).collect();
        let join = |of: fn(&Said) -> &str| given.iter().map(of).collect::<Vec<_>>().join(", ");
        match given.is_empty() {
            true => Phrase::new("the journal alone", "仅流水").plain(),
            false => Said {
                en: join(|said| &said.en),
                zh: join(|said| &said.zh),
            },
        }
    }
}

fn message_of(record: &Record) -> Option<(&Record, &Logged)> {
    match &record.fact {
        Fact::Step(step) => step.message.as_ref().map(|message| (record, message)),
        _ => None,
    }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A journal of these records alone, numbered anew. What was sealed is left out: nothing in it can
/// be opened, by anybody.
fn excerpt(records: &[Record]) -> Result<Memory, BundleError> {
    let (mut journal, _) = Journal::open(Memory::default(), JournalOptions::default())?;
    let mut vault = Vault::new(VaultKeys::new(&[0; 32], 0, &[0; 32]), [0; 4]);
    let mut numbers: BTreeMap<Seq, Seq> = BTreeMap::new();
    let steps = records
        .iter()
        .filter(|record| matches!(record.fact, Fact::Step(_)));
    for (record, number) in steps.zip(1..) {
        let mut record = record.clone();
        numbers.insert(record.seq, Seq(number));
        record.seq = Seq(number);
        record.prev = record.prev.and_then(|prev| numbers.get(&prev).copied());
        if let Fact::Step(step) = &mut record.fact
            && let Some(message) = &mut step.message
        {
            let hidden = message
                .frame
                .hidden
                .iter()
                .map(|(at, length, _)| (*at, *length, false));
            let hidden = hidden.collect();
            message.frame = StoredFrame::new(message.frame.frame.clone(), hidden, Patch::None);
        }
        journal.append(&record, &mut vault)?;
    }
    journal.end_well()?;
    Ok(journal.into_storage())
}
