//! How a gateway is at one moment, as its API tells.

use crate::cli::control::AdminArgs;
use crate::engine::trace::{Lang, money};
use serde_json::Value;
use ureq::http::Method;

/// How many transactions are asked for.
const MOST: usize = 100;

/// One moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Glance {
    pub state: Value,
    pub points: Vec<Value>,
    pub open_money: Vec<Value>,
    /// The newest first.
    pub payments: Vec<PaymentLine>,
    /// What is open, the oldest first.
    pub open: Vec<PaymentLine>,
    /// Those that are on.
    pub faults: Vec<FaultLine>,
    /// Those there are.
    pub catalogue: Vec<FaultLine>,
}

/// A transaction in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PaymentLine {
    pub tx: String,
    /// `10:11:12`
    pub began: String,
    /// Terminal and trace number.
    pub key: String,
    pub kind: String,
    pub money: String,
    pub state: String,
    pub class: String,
    pub verdict: [String; 2],
    pub next_step: [String; 2],
}

/// A fault in a list; those that are not on have no number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FaultLine {
    pub id: Option<u64>,
    /// `F01:p=0.1`, or `F01`.
    pub text: String,
    pub title: [String; 2],
    pub side: String,
    pub knobs: String,
    pub struck: u64,
    pub concerned: u64,
}

impl Glance {
    /// Asks for all of it.
    pub(super) fn look(admin: &AdminArgs) -> anyhow::Result<Self> {
        let get = |path: &str| -> anyhow::Result<Value> {
            Ok(admin.ask(&Method::GET, path, None)?.fine()?.document)
        };
        let figures = get("/api/figures?last=2m")?;
        // A journal that has only begun cannot be looked into yet.
        let list = |path: &str| get(path).unwrap_or_default();
        let faults = list("/api/faults");
        Ok(Self {
            state: get("/api/state")?,
            points: items(&figures["points"]),
            open_money: items(&figures["open_money"]),
            payments: payments(&list(&format!("/api/transactions?limit={MOST}"))),
            open: payments(&list(&format!("/api/open?limit={MOST}"))),
            faults: items(&faults["active"]).iter().map(active).collect(),
            catalogue: items(&faults["catalogue"]).iter().map(listed).collect(),
        })
    }
}

fn items(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}

/// A text of strangers: what steers a terminal, or turns its writing around, is taken out.
pub(super) fn plain(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let turns = |c: char| {
        let marks = [
            '\u{200b}'..='\u{200f}',
            '\u{2028}'..='\u{202e}',
            '\u{2066}'..='\u{2069}',
        ];
        c == '\u{feff}' || marks.iter().any(|range| range.contains(&c))
    };
    let steers = |c: char| c.is_control() || turns(c);
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

/// One text for each language.
fn both(item: &Value, name: &str) -> [String; 2] {
    [plain(&item[name]), plain(&item[format!("{name}_zh")])]
}

/// The one of a language.
pub(super) fn said(both: &[String; 2], lang: Lang) -> &str {
    let [en, zh] = both;
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// `10:11:12` of a moment.
pub(super) fn clock(moment: &Value) -> String {
    let text = plain(moment);
    text.get(11..19).unwrap_or_default().to_owned()
}

fn payments(page: &Value) -> Vec<PaymentLine> {
    items(&page["items"]).iter().map(payment).collect()
}

fn payment(item: &Value) -> PaymentLine {
    let amount = item["amount"].as_u64().unwrap_or_default();
    PaymentLine {
        tx: plain(&item["tx"]),
        began: clock(&item["began"]),
        key: format!("{}/{}", plain(&item["terminal"]), plain(&item["stan"])),
        kind: plain(&item["kind"]),
        money: money(amount, &plain(&item["currency"])),
        state: plain(&item["state"]),
        class: plain(&item["class"]),
        verdict: both(item, "verdict"),
        next_step: both(item, "next_step"),
    }
}

fn active(item: &Value) -> FaultLine {
    FaultLine {
        id: item["id"].as_u64(),
        text: plain(&item["fault"]),
        title: both(item, "title"),
        side: plain(&item["side"]),
        knobs: String::new(),
        struck: item["struck"].as_u64().unwrap_or_default(),
        concerned: item["concerned"].as_u64().unwrap_or_default(),
    }
}

fn listed(item: &Value) -> FaultLine {
    let knobs = items(&item["knobs"]);
    let knobs = knobs.iter().map(|knob| {
        let (name, default) = (plain(&knob["name"]), plain(&knob["default"]));
        format!("{name}={default}")
    });
    FaultLine {
        text: plain(&item["id"]),
        title: both(item, "title"),
        side: plain(&item["side"]),
        knobs: knobs.collect::<Vec<_>>().join(","),
        ..FaultLine::default()
    }
}
