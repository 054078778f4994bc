//! What the commands that play one end of the wire have in common: dialect, keys, cards, ending.

use super::{Lang, input};
use crate::engine::seam::{Dice, duration};
use crate::io::config::read_keys;
use crate::io::net::Wire;
use crate::io::system::Signals;
use crate::iso::message::{MerchantId, TerminalId};
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide, FaultTally, Faults};
use crate::lab::peer::{Deck, MasterKeys};
use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The longest frame that a simulated peer takes.
const FRAME: usize = 8 << 10;
/// How many test cards there are.
pub(super) const CARDS: usize = 20;

/// How an end of the wire speaks, and with which keys.
#[derive(Args, Debug)]
pub(super) struct PeerArgs {
    /// The dialect: a built-in name or a TOML file
    #[arg(long, default_value = "cup-pos")]
    spec: String,
    /// Master keys of the terminals; without it they are derived from the seed
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Where keys, cards and chance come from: the same at both ends
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What goes wrong here, such as F07:p=0.1; see `isogate fault list`
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<String>,
}

impl PeerArgs {
    pub(super) fn spec(&self) -> anyhow::Result<Arc<Spec>> {
        input::spec(&self.spec)
    }

    pub(super) fn keys(&self) -> anyhow::Result<MasterKeys> {
        master_keys(self.keys.as_deref(), self.seed)
    }

    /// The terminals that the file of keys lists, by DE 42 and DE 41.
    pub(super) fn listed(&self) -> anyhow::Result<Vec<(MerchantId, TerminalId)>> {
        let Some(file) = &self.keys else {
            return Ok(Vec::new());
        };
        let terminals = read_keys(file)?.0.terminals.into_iter();
        let names = terminals.filter_map(|(merchant, terminal, _)| {
            Some((MerchantId::new(&merchant)?, TerminalId::new(&terminal)?))
        });
        Ok(names.collect())
    }

    pub(super) fn cards(&self) -> Deck {
        Deck::new(self.seed, CARDS)
    }

    pub(super) fn dice(&self) -> Dice {
        Dice::new(self.seed)
    }

    /// The dialect as it was asked for.
    pub(super) fn spec_name(&self) -> &str {
        &self.spec
    }

    /// Whether any fault was asked for.
    pub(super) const fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The faults that strike at a place; those of another place are refused.
    pub(super) fn faults(&self, place: FaultSide) -> anyhow::Result<Faults> {
        let read = |text: &String| {
            let armed = text.parse::<Armed>();
            let armed = armed.with_context(|| format!("--fault {text}"))?;
            let (there, id) = (armed.place(), armed.fault.about().id);
            if !place.plays(there) {
                bail!(
                    "--fault {text}: {id} happens at the {}: give it to `{}` or to `isogate lab`",
                    there.name(),
                    there.command()
                );
            }
            armed
                .fits_one(&[self.spec()?])
                .with_context(|| format!("--fault {text}"))?;
            Ok(armed)
        };
        let list = self.faults.iter().map(read);
        let list: Vec<Armed> = list.collect::<anyhow::Result<_>>()?;
        Ok(Faults::at(place, &list, self.dice()))
    }
}

/// The master keys of a file; without one, those derived from the seed.
pub(super) fn master_keys(file: Option<&Path>, seed: u64) -> anyhow::Result<MasterKeys> {
    let Some(file) = file else {
        return Ok(MasterKeys::derived(seed));
    };
    let (keys, warning) = read_keys(file)?;
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    Ok(MasterKeys::listed(keys.terminals, keys.default))
}

/// How frames of a dialect are cut and wrapped.
pub(super) fn wire(spec: &Arc<Spec>) -> Wire {
    Wire {
        spec: Arc::clone(spec),
        framing: None,
        frame: FRAME,
        frame_time: Duration::from_secs(5),
        read: 16 << 10,
    }
}

/// How often each fault struck, as JSON.
pub(super) fn struck_json(tallies: &[FaultTally]) -> Value {
    let each = tallies.iter().map(
        |tally| json!({ "id": tally.id, "struck": tally.struck, "concerned": tally.concerned }),
    );
    each.collect()
}

/// Says how often each fault struck.
pub(super) fn tell_struck(
    tallies: &[FaultTally],
    lang: Lang,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for tally in tallies {
        let (id, struck, all) = (tally.id, tally.struck, tally.concerned);
        match lang {
            Lang::En => writeln!(out, "{id} struck {struck} of {all}")?,
            Lang::Zh => writeln!(out, "{id} 命中{struck}次, 涉及报文{all}条")?,
        }
    }
    Ok(())
}

/// Warns of faults that never struck: what ran without them proves nothing about them.
pub(super) fn warn_of_unstruck(tallies: &[FaultTally], lang: Lang) {
    for never in tallies.iter().filter(|tally| tally.struck == 0) {
        let id = never.id;
        let why = match (never.concerned, lang) {
            (0, Lang::En) => "no message came that it concerns: look at its aim and its times",
            (0, Lang::Zh) => "没有涉及的报文, 请检查其条件与时间",
            (_, Lang::En) => "raise p, or name a message with nth",
            (_, Lang::Zh) => "请提高p, 或用nth指定",
        };
        let line = match lang {
            Lang::En => format!("warning: {id} never struck: {why}"),
            Lang::Zh => format!("警告: {id}未命中: {why}"),
        };
        let _closed = writeln!(std::io::stderr(), "{line}");
    }
}

/// Minor units as yuan: `1234.50`.
pub(super) fn yuan(sum: i64) -> String {
    let sign = if sum < 0 { "-" } else { "" };
    let sum = sum.unsigned_abs();
    format!("{sign}{}.{:02}", sum / 100, sum % 100)
}

/// A time on the command line.
pub(super) fn time(text: &str) -> Result<Duration, &'static str> {
    duration(text).ok_or("wants a time such as 45s, 200ms or 1m30s")
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) fn wait_until_told(out: &mut dyn Write) -> anyhow::Result<()> {
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        // It has no files to read again: a hang-up ends it, too.
        let _any = signals.next().await;
        Ok(())
    })
}
