//! The rules that must hold in every world: watched on the wire while it runs, and counted in the
//! three books when it is healed.

use crate::engine::record::{Fact, Hop, Logged, Record, Seq, State, TxId};
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::{Class, FieldPath};
use crate::iso::spec::{Purpose, Spec};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant, as the documentation numbers them (I1 to I14).
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

/// The name of a transaction on the wire.
type Name = String;

/// What the watch knows of one transaction.
#[derive(Debug, Default)]
struct Seen {
    asked: Option<Mono>,
    /// The first approval that reached the gateway.
    approved: Option<Mono>,
    /// The gateway recorded the reversal as booked.
    reversed: bool,
}

/// Sees every frame that reaches or leaves the gateway, and every step that it records.
#[derive(Debug)]
pub(super) struct Watch {
    timeout: Duration,
    seen: BTreeMap<Name, Seen>,
    names: BTreeMap<TxId, Name>,
    /// What the acquirer calls those that it calls otherwise.
    aliases: BTreeMap<Name, Name>,
    /// The newest record that a send which left relied on.
    relied_on: Seq,
    pub(super) violations: Vec<Violation>,
}

impl Watch {
    pub(super) const fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            seen: BTreeMap::new(),
            names: BTreeMap::new(),
            aliases: BTreeMap::new(),
            relied_on: Seq(0),
            violations: Vec::new(),
        }
    }

    pub(super) fn fails(&mut self, rule: &'static str, what: String) {
        self.violations.push(Violation { rule, what });
    }

    pub(super) fn heard_terminal(&mut self, now: Now, message: &Message) {
        if let Some(name) = money_name(message) {
            self.seen
                .entry(name)
                .or_default()
                .asked
                .get_or_insert(now.mono);
        }
    }

    pub(super) fn heard_acquirer(&mut self, now: Now, message: &Message) {
        if let Some(name) = self.name_at_host(message)
            && is_approval(message)
        {
            self.seen
                .entry(name)
                .or_default()
                .approved
                .get_or_insert(now.mono);
        }
    }

    /// The terminal's name for what the acquirer speaks of, if it moves money.
    fn name_at_host(&self, message: &Message) -> Option<Name> {
        if message.mti().class() == Class::Reversal {
            return None;
        }
        let other = name_of(message).and_then(|name| self.aliases.get(&name).cloned());
        other.or_else(|| money_name(message))
    }

    /// I10 and I13: an approval for a terminal is one that the acquirer gave, in time.
    pub(super) fn said_terminal(&mut self, message: &Message) {
        let Some(name) = money_name(message) else {
            return;
        };
        if !is_approval(message) {
            return;
        }
        let seen = self.seen.entry(name.clone()).or_default();
        match (seen.asked, seen.approved) {
            (_, None) => self.fails("I13", format!("{name} was approved by nobody")),
            (Some(asked), Some(approved)) if approved - asked > self.timeout => {
                self.fails("I10", format!("the late approval of {name} was delivered"));
            }
            (_, Some(_)) => {}
        }
    }

    /// R9: what is booked as reversed is not reversed again.
    pub(super) fn said_acquirer(&mut self, message: &Message) {
        if message.mti().class() != Class::Reversal {
            return;
        }
        let Some(name) = name_of(message) else { return };
        let name = self.aliases.get(&name).cloned().unwrap_or(name);
        if self.seen.get(&name).is_some_and(|seen| seen.reversed) {
            self.fails(
                "I4",
                format!("the reversal of {name} was sent again after it was booked"),
            );
        }
    }

    pub(super) fn recorded(&mut self, records: &[Record], host: &Arc<Spec>) {
        let goes_on = |logged: &&Logged| {
            logged.hop == Hop::GatewayToAcquirer && logged.mti.class() != Class::Reversal
        };
        for record in records {
            let (Some(tx), Fact::Step(step)) = (record.tx, &record.fact) else {
                continue;
            };
            if let Some(opened) = &step.opened {
                let name = joined(
                    &opened.merchant,
                    &opened.terminal,
                    &opened.batch,
                    opened.stan.0,
                );
                self.names.insert(tx, name);
            }
            let Some(name) = self.names.get(&tx) else {
                continue;
            };
            // The request as it goes on, where that is not as it came.
            let crossed = step.message.as_ref().filter(goes_on);
            let crossed = crossed.and_then(|it| Message::parse(host, it.frame.frame.clone()).ok());
            if let Some(other) = crossed.and_then(|message| name_of(&message)) {
                self.aliases.insert(other, name.clone());
            }
            match step.row.0 {
                'l' => self.seen.entry(name.clone()).or_default().reversed = true,
                'U' | 'f' | 'Y' => self.seen.entry(name.clone()).or_default().reversed = false,
                _ => {}
            }
        }
    }

    /// A send left that relies on this record.
    pub(super) fn relies_on(&mut self, seq: Seq) {
        self.relied_on = self.relied_on.max(seq);
    }

    /// I8: after a crash, every record that a send relied on is there. What the gateway knew beyond
    /// its journal it does not know any more.
    pub(super) fn restarted(&mut self, last: Seq) {
        if self.relied_on > last {
            let (relied, last) = (self.relied_on.0, last.0);
            self.fails(
                "I8",
                format!("a send relied on record {relied}, the journal ends at {last}"),
            );
        }
        self.relied_on = self.relied_on.min(last);
        for seen in self.seen.values_mut() {
            seen.reversed = false;
        }
    }
}

/// States in which nothing may be left once all is healed and drained (I3, I6).
pub(super) const fn is_loose(state: State) -> bool {
    matches!(
        state,
        State::Received
            | State::Forwarded
            | State::ForwardedGone
            | State::Approved
            | State::Declined
            | State::TimedOut
            | State::LateApproval
            | State::TerminalGone
            | State::ReversalPending
            | State::ReversalSent
            | State::ReversalUndeliverable
    )
}

fn is_approval(message: &Message) -> bool {
    let codes = &message.spec().flow().codes.approved;
    message.mti().is_answer()
        && message
            .response_code()
            .is_some_and(|code| codes.contains(&code))
}

/// The name of a transaction that moves money and may be reversed; none for anything else.
fn money_name(message: &Message) -> Option<Name> {
    let kind = message.kind()?;
    let counts = kind.reverses && kind.purpose != Purpose::Reversal;
    if counts { name_of(message) } else { None }
}

/// The batch stands in `UnionPay`'s 60.2.
const BATCH: &str = "60.2";

fn name_of(message: &Message) -> Option<Name> {
    let has_batch = message
        .spec()
        .flow()
        .identity
        .iter()
        .any(|path| path.part.is_some());
    let path = BATCH.parse::<FieldPath>().ok().filter(|_| has_batch);
    let batch = path.and_then(|path| message.text(path)).unwrap_or_default();
    Some(joined(
        &message.merchant()?,
        &message.terminal()?,
        &batch,
        message.stan()?.0,
    ))
}

fn joined(merchant: &str, terminal: &str, batch: &str, stan: u64) -> Name {
    format!("{merchant}|{terminal}|{batch}|{stan:06}")
}

/// I12: no card number anywhere on the disk, as text or as packed digits.
pub(super) fn leaks<'a>(bytes: &[u8], pans: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut wanted: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
    for pan in pans {
        wanted.insert(pan.as_bytes().to_vec(), pan);
        wanted.insert(packed(pan), pan);
    }
    let lengths: BTreeSet<usize> = wanted.keys().map(Vec::len).collect();
    // Few bytes begin a card number: only there is more looked at.
    let mut begins = [false; 256];
    for first in wanted.keys().filter_map(|number| number.first()) {
        begins[usize::from(*first)] = true;
    }
    let mut found = BTreeSet::new();
    for at in (0..bytes.len()).filter(|at| begins[usize::from(bytes[*at])]) {
        let here = lengths.iter().filter_map(|len| bytes.get(at..at + len));
        found.extend(here.filter_map(|piece| wanted.get(piece)));
    }
    let ending = |pan: &str| pan.get(pan.len() - 4..).unwrap_or_default().to_owned();
    found
        .into_iter()
        .map(|pan| format!("card ending {}", ending(pan)))
        .collect()
}

/// A number as packed digits, two a byte.
fn packed(pan: &str) -> Vec<u8> {
    let nibble = |c: u8| c.wrapping_sub(b'0') & 0xF;
    let pairs = pan.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| nibble(pair[0]) << 4 | nibble(pair[1]))
        .collect()
}
