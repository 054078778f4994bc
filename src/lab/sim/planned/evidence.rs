//! What is seen of each attempt: on the wires at both ends of the gateway, with times. It knows
//! nothing that the gateway recorded.

use super::meaning;
use crate::engine::record::ConnId;
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath};
use crate::lab::judge::{
    Arrival, AttemptFacts, HostAnswer, Meant, ReversalFacts, ToldAnswer, UndoAsked,
};
use crate::lab::odd::names;
use crate::lab::plan::{Ask, Trade};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An answer to a terminal that is under way: whose it is, and its place in the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnItsWay {
    pub n: u32,
    pub at: usize,
    pub to_undo: bool,
}

/// All that was seen.
#[derive(Debug, Default)]
pub(super) struct WorldEvidence {
    facts: BTreeMap<u32, AttemptFacts>,
    /// By terminal and trace number: the attempt that used it last.
    named: BTreeMap<(u8, u32), u32>,
    /// The same for its reversals, which may have numbers of their own.
    undos: BTreeMap<(u8, u32), u32>,
    /// Numbers of reversals that name an attempt and are about other money.
    strays: BTreeSet<(u8, u32)>,
    /// By link, terminal and trace number, as its host sees them.
    named_at_host: BTreeMap<(u8, String, u32), u32>,
    /// Since when the gateway's disk is in trouble.
    trouble: Option<Mono>,
    /// So long a terminal waits for an answer.
    patience: Duration,
    /// So long a record may take to be on the disk, in µs.
    sync: u64,
    /// The last frame about each attempt that the gateway saw or sent.
    touched: BTreeMap<u32, Mono>,
    /// By connection: answers that nothing has proven read.
    unread: BTreeMap<ConnId, Vec<OnItsWay>>,
    /// Answers that a later trade of their terminal proved read, and when.
    proven: Vec<(Mono, OnItsWay)>,
}

/// A message of a terminal, as the wire shows it.
pub(super) struct FromTerminal<'a> {
    pub now: Now,
    pub conn: ConnId,
    pub t: u8,
    pub message: &'a Message,
    /// Whether all of it could be read.
    pub is_whole: bool,
    /// Whether each link has a connection.
    pub links_up: bool,
}

fn field(number: u8) -> FieldPath {
    FieldPath {
        field: FieldId::of(number),
        part: None,
    }
}

fn text(message: &Message, number: u8) -> Option<String> {
    let text = message.text(field(number))?;
    Some(text.trim().to_owned())
}

fn number(message: &Message, of: u8) -> Option<u32> {
    text(message, of)?.parse().ok()
}

/// DE 95: the first twelve digits are what stands.
fn stands(message: &Message) -> Option<u64> {
    text(message, 95)?.get(..12)?.parse().ok()
}

/// The attempt whose card a message carries: by DE 14, or the expiry on track 2.
pub(super) fn tagged(message: &Message) -> Option<u32> {
    let expiry = text(message, 14).or_else(|| {
        let track = text(message, 35)?;
        let (_, behind) = track.split_once(['=', 'D'])?;
        behind.get(..4).map(str::to_owned)
    })?;
    names::n_of(&expiry)
}

/// DE 41.
pub(super) fn terminal_of(message: &Message) -> String {
    text(message, 41).unwrap_or_default()
}

/// Whether an answer gives a terminal new working keys.
pub(super) fn gives_keys(message: &Message) -> bool {
    let mti = message.mti().to_string();
    is_cup(message) && mti == "0810" && text(message, 62).is_some()
}

/// Whether a message has a MAC.
pub(super) fn has_mac(message: &Message) -> bool {
    is_cup(message) && text(message, 64).is_some()
}

/// Whether a reversal that names an attempt is about another card or currency.
fn is_stray(facts: &AttemptFacts, reversal: &Message) -> bool {
    tells_other(reversal, 2, &names::card(facts.purchase)) || is_of_other_money(facts, reversal)
}

/// Whether it is about another currency.
fn is_of_other_money(facts: &AttemptFacts, reversal: &Message) -> bool {
    let own = Some(facts.currency.as_str()).filter(|own| !own.is_empty());
    tells_other(reversal, 49, own.unwrap_or("156"))
}

fn tells_other(message: &Message, field: u8, own: &str) -> bool {
    let said = text(message, field).filter(|said| !said.is_empty());
    said.is_some_and(|said| said != own)
}

fn is_cup(message: &Message) -> bool {
    message.spec().name() == "cup-pos"
}

/// Whether a type is that of a reversal.
pub(super) fn is_reversal(message: &Message) -> bool {
    message.mti().digits()[1] == b'4'
}

/// Whether a type is that of a request for money, or of its answer.
fn is_request(message: &Message) -> bool {
    matches!(message.mti().digits()[1], b'1' | b'2')
}

impl WorldEvidence {
    /// Of a world whose terminals wait so long for an answer, and whose disk takes so many
    /// microseconds for a record.
    pub(super) fn of_world(patience: Duration, sync: u64) -> Self {
        Self {
            patience,
            sync,
            ..Self::default()
        }
    }

    /// An attempt is about to be sent; a verdict may have allowed it just now.
    pub(super) fn begins(&mut self, now: Mono, ask: &Ask, named: u8, allowed_by: u32) {
        let (merchant, terminal) = names::terminal(named);
        let fresh = AttemptFacts {
            n: ask.n,
            purchase: ask.purchase,
            trade: ask.trade,
            no_kind: is_of_no_kind(ask),
            of: ask.of,
            amount: ask.amount,
            t: ask.t,
            terminal,
            merchant,
            allowed_by,
            allowed_at: now,
            currency: ask.currency.clone(),
            ..AttemptFacts::default()
        };
        self.facts.entry(ask.n).or_insert(fresh);
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut AttemptFacts> {
        self.facts.values_mut()
    }

    pub(super) fn all(&self) -> Vec<AttemptFacts> {
        self.facts.values().cloned().collect()
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &AttemptFacts> {
        self.facts.values()
    }

    pub(super) fn of(&self, n: u32) -> Option<&AttemptFacts> {
        self.facts.get(&n)
    }

    fn touch(&mut self, n: u32, at: Mono) {
        self.touched.insert(n, at);
    }

    /// A terminal's message reached the gateway; gives the attempt that it is about.
    pub(super) fn of_terminal(&mut self, from: &FromTerminal<'_>) -> Option<u32> {
        let FromTerminal {
            now,
            conn,
            t,
            message,
            is_whole,
            links_up,
        } = from;
        if self.trades_on(*conn, message) {
            let read = self.unread.remove(conn).unwrap_or_default();
            self.proven
                .extend(read.into_iter().map(|way| (now.mono, way)));
        }
        let stan = number(message, 11)?;
        let known = self.named.get(&(*t, stan)).copied();
        if is_reversal(message) {
            let n = tagged(message).or(known)?;
            self.touch(n, now.mono);
            let facts = self.facts.get_mut(&n)?;
            if is_stray(facts, message) {
                facts.strayed = true;
                self.strays.insert((*t, stan));
                return Some(n);
            }
            let undo = UndoAsked {
                now: *now,
                mti: message.mti().to_string(),
                stands: stands(message),
                stan,
                conn: Some(*conn),
                there: true,
                well: *links_up && self.trouble.is_none(),
            };
            facts.undos.push(undo);
            self.undos.insert((*t, stan), n);
            return Some(n);
        }
        let n = tagged(message)?;
        self.touch(n, now.mono);
        self.named.insert((*t, stan), n);
        let facts = self.facts.get_mut(&n)?;
        facts.stan = stan;
        if is_request(message) {
            facts.asked = message.mti().to_string();
        }
        facts.partly_read |= !is_whole;
        facts.notice = message.mti().digits()[2] == b'2';
        if facts.reached.is_empty() {
            facts.asker_there = true;
            facts.well = self.trouble.is_none();
        }
        facts.reached.push(Arrival {
            now: *now,
            conn: Some(*conn),
        });
        Some(n)
    }

    /// Whether a message begins another trade that moves money, on a connection on which its
    /// terminal waits for nothing: it has dealt with what it was told before, or would have
    /// reversed it first.
    fn trades_on(&self, conn: ConnId, message: &Message) -> bool {
        let own = tagged(message);
        let waits = |facts: &AttemptFacts| {
            let last = facts.reached.last();
            let asked = last.filter(|came| came.conn == Some(conn));
            let answered = |at: Mono| facts.told.iter().any(|told| told.at >= at);
            own != Some(facts.n) && asked.is_some_and(|came| !answered(came.now.mono))
        };
        let moves = own
            .and_then(|n| self.facts.get(&n))
            .is_some_and(AttemptFacts::is_money);
        is_request(message) && moves && !self.facts.values().any(waits)
    }

    /// A message left the gateway for a host; gives the attempt that it is about.
    pub(super) fn for_host(&mut self, at: Mono, link: u8, message: &Message) -> Option<u32> {
        // The gateway answers what its hosts begin.
        if message.mti().is_answer() {
            return None;
        }
        let stan = number(message, 11).unwrap_or_default();
        let terminal = text(message, 41).unwrap_or_default();
        if is_reversal(message) {
            let original = text(message, 90).and_then(|de90| de90.get(4..10)?.parse().ok());
            let by_name = original
                .into_iter()
                .chain([stan])
                .find_map(|stan| self.named_at_host.get(&(link, terminal.clone(), stan)));
            let n = tagged(message).or_else(|| by_name.copied())?;
            self.touch(n, at);
            let facts = self.facts.get_mut(&n)?;
            if is_stray(facts, message) {
                return None;
            }
            let bare = text(message, 2).is_none() && facts.card_sent;
            let asked = |undo: &UndoAsked| undo.now.mono <= at;
            let waits_since = self.trouble.unwrap_or(at).min(at);
            facts.reversals.push(ReversalFacts {
                left: at,
                decided: Mono(waits_since.0.saturating_sub(self.sync)),
                stands: stands(message),
                wished: !facts.undos.is_empty(),
                cardless: bare && !facts.undos.iter().any(asked),
                ..ReversalFacts::default()
            });
            return Some(n);
        }
        let n = tagged(message)?;
        self.touch(n, at);
        self.named_at_host.insert((link, terminal, stan), n);
        let facts = self.facts.get_mut(&n)?;
        facts.card_sent |= text(message, 2).is_some();
        facts.sent.push(at);
        Some(n)
    }

    /// The keys of the gateway's journal are lost: card numbers in it stay sealed.
    pub(super) fn keys_lost(&mut self) {
        for facts in self.facts.values_mut() {
            facts.keys_lost = true;
        }
    }

    /// A message of the gateway reached a host.
    pub(super) fn reached_host(&mut self, at: Mono, n: u32, is_reversal: bool) {
        let Some(facts) = self.facts.get_mut(&n) else {
            return;
        };
        if is_reversal {
            let waiting = facts.reversals.iter_mut();
            if let Some(reversal) = waiting.into_iter().find(|own| own.at_host.is_none()) {
                reversal.at_host = Some(at);
            }
        } else {
            facts.arrived += 1;
        }
    }

    /// A host's answer to a request reached the gateway. `sound`: nothing is wrong with it.
    pub(super) fn answered(&mut self, at: Mono, n: u32, message: Option<&Message>, sound: bool) {
        self.touch(n, at);
        let Some(facts) = self.facts.get_mut(&n) else {
            return;
        };
        let Some(message) = message.filter(|_| sound) else {
            facts.doubtful.push(at);
            return;
        };
        let code = text(message, 39).unwrap_or_default();
        let amount = text(message, 4).and_then(|amount| amount.parse().ok());
        let means = meaning::of(&code, is_cup(message));
        let answer = HostAnswer {
            at,
            amount: amount.unwrap_or(facts.amount),
            auth: text(message, 38).unwrap_or_default(),
            code,
        };
        match means {
            Meant::Approved => facts.approvals.push(answer),
            Meant::Declined => facts.declines.push(answer),
            Meant::Unknown => facts.unknowns.push(answer),
        }
        if means == Meant::Approved && facts.lied_since.is_some_and(|since| since <= at) {
            facts.contradicted.get_or_insert(at);
        }
    }

    /// An approval reached the gateway that speaks of other money than was asked for.
    pub(super) fn misfit(&mut self, at: Mono, n: u32) {
        if let Some(facts) = self.facts.get_mut(&n) {
            facts.misfits.push(at);
        }
    }

    /// A host's answer to a reversal reached the gateway.
    pub(super) fn undo_answered(&mut self, at: Mono, n: u32, code: Option<&str>) {
        self.touch(n, at);
        let Some(facts) = self.facts.get_mut(&n) else {
            return;
        };
        let open = |own: &&mut ReversalFacts| own.at_host.is_some() && own.answered.is_none();
        if let Some(reversal) = facts.reversals.iter_mut().find(open) {
            reversal.answered = Some((at, meaning::of_undo(code.unwrap_or_default())));
        }
    }

    /// An issuer's own reversal reached the gateway.
    pub(super) fn undone_above(&mut self, at: Mono, reversal: &Message) {
        let facts = tagged(reversal).and_then(|n| self.facts.get_mut(&n));
        // Another card may be a token of its own: nobody at the gateway can tell.
        if let Some(facts) = facts.filter(|facts| !is_of_other_money(facts, reversal)) {
            facts.undone_above.get_or_insert(at);
        }
    }

    /// A message left the gateway for a terminal.
    pub(super) fn for_terminal(
        &mut self,
        at: Mono,
        conn: ConnId,
        t: u8,
        message: &Message,
    ) -> Option<OnItsWay> {
        let to_undo = is_reversal(message);
        // An echo, a settlement or a notice may go by the number of an attempt, and answers none.
        if !to_undo && !is_request(message) {
            return None;
        }
        let stan = number(message, 11).unwrap_or_default();
        let names = if to_undo { &self.undos } else { &self.named };
        let named = names.get(&(t, stan)).copied();
        let n = tagged(message).or(named)?;
        self.touch(n, at);
        let to_stray = to_undo && self.strays.contains(&(t, stan));
        if to_stray && named != Some(n) {
            return None;
        }
        let facts = self.facts.get_mut(&n)?;
        let request = Some(&facts.asked).filter(|_| !to_undo);
        // The newest reversal that this type answers; else the newest.
        let answers = |undo: &&UndoAsked| {
            let asked = undo.mti.as_bytes().get(2).copied();
            asked.is_some_and(|asked| asked + 1 == message.mti().digits()[2])
        };
        let mut undos = facts.undos.iter().filter(|_| to_undo);
        let fitting = undos.clone().rev().find(answers);
        let fitting = fitting.or_else(|| undos.next_back());
        let asked = fitting
            .map(|undo| undo.mti.clone())
            .or_else(|| request.cloned());
        let code = text(message, 39);
        let answer = ToldAnswer {
            at,
            asked: asked.unwrap_or_default(),
            mti: message.mti().to_string(),
            means: code
                .as_deref()
                .map_or(Meant::Unknown, |code| meaning::of(code, is_cup(message))),
            code,
            stan,
            unheard: false,
            own_stan: named == Some(n),
            own_line: to_undo || facts.reached.iter().any(|came| came.conn == Some(conn)),
            delivered: false,
            doubted: false,
            doubted_soon: false,
        };
        let list = if to_undo {
            &mut facts.undo_told
        } else {
            &mut facts.told
        };
        list.push(answer);
        let way = OnItsWay {
            n,
            at: list.len() - 1,
            to_undo,
        };
        self.unread.entry(conn).or_default().push(way);
        Some(way)
    }

    fn told_mut(&mut self, way: OnItsWay) -> Option<&mut ToldAnswer> {
        let facts = self.facts.get_mut(&way.n)?;
        let list = if way.to_undo {
            &mut facts.undo_told
        } else {
            &mut facts.told
        };
        list.get_mut(way.at)
    }

    /// The terminal has it.
    pub(super) fn delivered(&mut self, way: OnItsWay) {
        if let Some(told) = self.told_mut(way) {
            told.delivered = true;
        }
    }

    /// It went to a far end that was gone.
    pub(super) fn unheard(&mut self, way: OnItsWay) {
        if let Some(told) = self.told_mut(way) {
            told.unheard = true;
        }
    }

    /// Nobody waits for answers on this connection any more.
    pub(super) fn asker_left(&mut self, conn: ConnId) {
        for facts in self.facts.values_mut() {
            let on_it = facts.reached.iter().any(|came| came.conn == Some(conn));
            facts.asker_there &= !on_it;
            for undo in &mut facts.undos {
                undo.there &= undo.conn != Some(conn);
            }
        }
    }

    /// A terminal's connection ended at the gateway.
    pub(super) fn line_ended(&mut self, now: Mono, conn: ConnId, reset: bool) {
        let unread = self.unread.remove(&conn).unwrap_or_default();
        for way in unread.into_iter().filter(|_| reset) {
            let traded_on = self.traded_on(way);
            let patience = self.patience;
            if let Some(told) = self.told_mut(way) {
                told.doubted = true;
                told.doubted_soon |= !traded_on && now - told.at <= patience;
            }
        }
        self.asker_left(conn);
    }

    /// Whether the terminal of an answer asked for other money since, on any connection.
    fn traded_on(&self, way: OnItsWay) -> bool {
        let Some(own) = self.facts.get(&way.n) else {
            return false;
        };
        let list = if way.to_undo {
            &own.undo_told
        } else {
            &own.told
        };
        let told = list.get(way.at).map(|told| told.at);
        self.facts.values().any(|other| {
            let last = other.reached.last().map(|came| came.now.mono);
            let is_other = other.n != own.n && other.t == own.t;
            is_other && other.is_money() && last > told
        })
    }

    /// The gateway ended: in good order its connections are closed behind what was written. If it
    /// died, what nothing proved is in doubt, and what it saw since then may be lost.
    pub(super) fn gateway_ended(&mut self, now: Mono, unsure: Duration, in_order: bool) {
        let conns: Vec<ConnId> = self.unread.keys().copied().collect();
        for conn in conns {
            self.line_ended(now, conn, !in_order);
        }
        // What the gateway had from a frame that it did not write down, is lost with it.
        for (at, way) in std::mem::take(&mut self.proven) {
            if let Some(told) = self.told_mut(way).filter(|_| now - at <= unsure) {
                told.doubted = true;
            }
        }
        for (n, facts) in &mut self.facts {
            facts.asker_there = false;
            facts.interrupted |=
                !facts.reached.is_empty() && facts.sent.is_empty() && facts.told.is_empty();
            for undo in &mut facts.undos {
                undo.there = false;
            }
            let touched = self.touched.get(n).copied();
            facts.blurred |= touched.is_some_and(|at| now - at <= unsure);
        }
    }

    /// The gateway's disk is in trouble since then, or well again.
    pub(super) fn trouble(&mut self, since: Option<Mono>) {
        self.trouble = since;
        for facts in self.facts.values_mut() {
            facts.well &= since.is_none();
            for undo in &mut facts.undos {
                undo.well &= since.is_none();
            }
        }
    }

    /// A link lost a connection: answers to what was sent may be lost with it.
    pub(super) fn link_ended(&mut self) {
        for facts in self.facts.values_mut() {
            facts.asker_there &= facts.sent.is_empty();
            for undo in &mut facts.undos {
                undo.well = false;
            }
        }
    }
}

/// Whether the processing code of a sale is none of a sale's, whatever its account types (R25).
fn is_of_no_kind(ask: &Ask) -> bool {
    let sales = ["00", "09"];
    ask.trade == Trade::Sale
        && !ask.code.is_empty()
        && !sales.iter().any(|sale| ask.code.starts_with(sale))
}
