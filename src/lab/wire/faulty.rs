//! What becomes of each frame.

use super::asked::{AskedBefore, WireRequest};
use crate::engine::seam::{Dice, Mono, Now};
use crate::iso::codec::Message;
use crate::iso::spec::{Purpose, Spec};
use crate::lab::fault::{Armed, Exchange, Fate, Faults, Outage, ResetMoment, SentMac, WireLeg};
use crate::lab::fault::{WireMoment, Wreck};
use crate::lab::peer::{as_original, change, original_of, spoil_mac, wrecked};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How many frames may be on their way at once; the next ones pass as if nothing were wrong.
const MOST: usize = 4096;

/// A connection of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireLine {
    /// The leg that it belongs to.
    pub leg: WireLeg,
    /// Its number, never given twice.
    pub number: u64,
}

/// Which way a frame goes, as the gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// It arrives.
    In,
    /// It leaves.
    Out,
}

/// What becomes of a frame at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinePassage {
    /// What goes on in its place, in this order; nothing if it is lost, or comes later.
    pub frames: Vec<Bytes>,
    /// The connection ends behind them.
    pub end: Option<LineEnd>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// In good order: what was written arrives.
    Closed,
    /// By a reset: what was written last may be lost.
    Reset,
}

/// What is due on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireDeed {
    /// A frame goes on.
    Frame(Heading, Bytes),
    /// The connection ends.
    End(LineEnd),
}

/// Both legs of a gateway, and what goes wrong on them.
#[derive(Debug)]
pub struct FaultyWire {
    terminal: Faults,
    host: Faults,
    asked: AskedBefore,
    /// What is on its way, by when it is due; the number keeps the order.
    later: BTreeMap<(Mono, u64), (WireLine, WireDeed)>,
    /// Requests that wait until their reversals have overtaken them.
    held: Vec<OvertakenFrame>,
    /// Acquirers are out of reach until then.
    gone_until: Option<Mono>,
    serial: u64,
}

#[derive(Debug)]
struct OvertakenFrame {
    /// What its reversal will name.
    name: String,
    until: Mono,
    line: WireLine,
    heading: Heading,
    frame: Bytes,
}

impl FaultyWire {
    /// Nothing goes wrong yet.
    #[must_use]
    pub fn new(mut dice: Dice) -> Self {
        Self {
            terminal: Faults::new(dice.split()),
            host: Faults::new(dice.split()),
            asked: AskedBefore::default(),
            later: BTreeMap::new(),
            held: Vec::new(),
            gone_until: None,
            serial: 0,
        }
    }

    /// From now on this may go wrong; false if a wire cannot do it.
    pub fn switch_on(&mut self, armed: Armed) -> bool {
        let leg = armed.leg();
        if let Some(leg) = leg {
            self.leg_mut(leg).add(armed);
        }
        leg.is_some()
    }

    /// One goes, by its name; whether it was here.
    pub fn switch_off(&mut self, now: Now, id: u32) -> bool {
        let gone = WireLeg::ALL.map(|leg| self.leg_mut(leg).switch_off(id));
        if self.host.is_empty() {
            self.gone_until = None;
        }
        if self.leg_faults().all(Faults::is_empty) {
            self.let_go(now);
        }
        gone.contains(&true)
    }

    /// All go, and what they held back goes on.
    pub fn clear(&mut self, now: Now) {
        self.terminal.clear();
        self.host.clear();
        self.gone_until = None;
        self.let_go(now);
    }

    /// What goes wrong on both legs.
    pub fn list(&self) -> impl Iterator<Item = &Armed> {
        self.leg_faults().flat_map(|faults| faults.list())
    }

    /// What goes wrong on each leg, with what did.
    pub fn leg_faults(&self) -> impl Iterator<Item = &Faults> {
        [&self.terminal, &self.host].into_iter()
    }

    /// Whether frames need to be shown to it: something may go wrong, or something is on its way.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        let is_clear = self.leg_faults().all(Faults::is_empty);
        !is_clear || !self.later.is_empty() || !self.held.is_empty() || self.gone_until.is_some()
    }

    /// A frame comes by, without its prefix: what becomes of it at once. What becomes of it later,
    /// [`Self::due`] tells.
    pub fn passes(
        &mut self,
        now: Now,
        (line, heading): (WireLine, Heading),
        spec: &Arc<Spec>,
        frame: Bytes,
    ) -> LinePassage {
        let whole = |frame| LinePassage {
            frames: vec![frame],
            end: None,
        };
        let crowded = self.later.len() + self.held.len() >= MOST;
        let is_clear = self.leg(line.leg).is_empty() && self.held.is_empty();
        if is_clear || crowded {
            return whole(frame);
        }
        let Ok(message) = Message::parse(spec, frame.clone()) else {
            return whole(frame);
        };
        if message.mti().is_answer() {
            let fate = self.fate_of_answer(now, line.leg, &message);
            return self.answer(now, (line, heading), (message, frame), &fate);
        }
        let Some(fate) = self.fate_of_request(now, line.leg, &message) else {
            return whole(frame);
        };
        self.request(now, (line, heading), (message, frame), &fate)
    }

    /// What is due, until there is nothing more.
    pub fn due(&mut self, now: Now) -> Option<(WireLine, WireDeed)> {
        self.gone_until.take_if(|until| *until <= now.mono);
        for held in self.held.extract_if(.., |held| held.until <= now.mono) {
            let deed = WireDeed::Frame(held.heading, held.frame);
            self.serial += 1;
            self.later
                .insert((held.until, self.serial), (held.line, deed));
        }
        let first = self.later.first_entry()?;
        (first.key().0 <= now.mono).then(|| first.remove())
    }

    /// When to ask for what is due, and how the legs are, at the latest.
    pub fn next(&mut self, now: Now) -> Option<Mono> {
        let first = self.later.keys().next().map(|(at, _)| *at);
        let held = self.held.iter().map(|held| held.until).min();
        let legs = WireLeg::ALL.map(|leg| self.leg_mut(leg).outage(now).change);
        let times = [first, held, self.gone_until].into_iter().chain(legs);
        times.flatten().min()
    }

    /// Whether a leg is down by now: its connections end, and none can be made.
    pub fn is_down(&mut self, now: Now, leg: WireLeg) -> bool {
        let Outage { down, .. } = self.leg_mut(leg).outage(now);
        let gone = self.gone_until.is_some_and(|until| now.mono < until);
        down || (leg == WireLeg::Host && gone)
    }

    /// A connection is over: what was on its way there is lost.
    pub fn closed(&mut self, line: WireLine) {
        self.later.retain(|_, (on, _)| *on != line);
        self.held.retain(|held| held.line != line);
    }

    const fn leg(&self, leg: WireLeg) -> &Faults {
        match leg {
            WireLeg::Terminal => &self.terminal,
            WireLeg::Host => &self.host,
        }
    }

    const fn leg_mut(&mut self, leg: WireLeg) -> &mut Faults {
        match leg {
            WireLeg::Terminal => &mut self.terminal,
            WireLeg::Host => &mut self.host,
        }
    }

    /// Nothing goes wrong any more: what is on its way arrives now, and what was remembered is not.
    fn let_go(&mut self, now: Now) {
        self.asked = AskedBefore::default();
        for held in &mut self.held {
            held.until = now.mono;
        }
        let on_its_way = std::mem::take(&mut self.later);
        let at_once = on_its_way
            .into_iter()
            .map(|((at, serial), deed)| ((at.min(now.mono), serial), deed));
        self.later = at_once.collect();
    }

    /// `None` for a message whose kind the dialect does not tell: nothing can be aimed at it.
    fn fate_of_request(&mut self, now: Now, leg: WireLeg, request: &Message) -> Option<Fate> {
        let kind = request.kind()?;
        let tries = self.asked.tries(leg, request);
        let exchange = Exchange::of(request, kind, tries);
        let moment = (WireMoment::Request, None);
        let fate = self.leg_mut(leg).fate_on_wire(now, &exchange, moment);
        let asked = WireRequest {
            message: request.clone(),
            tries,
            reset: fate.reset == Some(ResetMoment::Booked),
        };
        self.asked.note(leg, asked);
        Some(fate)
    }

    fn fate_of_answer(&mut self, now: Now, leg: WireLeg, answer: &Message) -> Fate {
        let Some(asked) = self.asked.of(leg, answer).cloned() else {
            return Fate::default();
        };
        let Some(kind) = asked.message.kind() else {
            return Fate::default();
        };
        let exchange = Exchange::of(&asked.message, kind, asked.tries);
        let moment = (WireMoment::Answer, answer.response_code());
        let mut fate = self.leg_mut(leg).fate_on_wire(now, &exchange, moment);
        if asked.reset {
            fate.reset = Some(ResetMoment::Booked);
        }
        fate
    }

    fn request(
        &mut self,
        now: Now,
        way: (WireLine, Heading),
        (mut message, frame): (Message, Bytes),
        fate: &Fate,
    ) -> LinePassage {
        if fate.reset == Some(ResetMoment::Unbooked) {
            return LinePassage {
                frames: Vec::new(),
                end: Some(LineEnd::Reset),
            };
        }
        self.free_overtaken(now, way.0.leg, &message);
        if fate.request_lost {
            return LinePassage::default();
        }
        let rule = message.spec().flow().reversal.as_ref();
        if let Some((wait, rule)) = fate.overtaken.zip(rule) {
            self.held.push(OvertakenFrame {
                name: as_original(&message, rule),
                until: now.mono + wait,
                line: way.0,
                heading: way.1,
                frame,
            });
            return LinePassage::default();
        }
        if let Some(after) = fate.hang_up {
            self.put(now, after, way.0, WireDeed::End(LineEnd::Closed));
        }
        if let Some(length) = fate.outage {
            self.gone_until = Some(now.mono + length);
        }
        let changed = change(&mut message, &fate.request_changes, false) > 0;
        spoil_mac(&mut message, fate.request_mac);
        let touched = changed || fate.request_mac != SentMac::Right;
        LinePassage {
            frames: copies(
                spoilt((message, frame), touched, fate.request_wreck),
                fate.request_copies,
            ),
            end: fate.outage.map(|_| LineEnd::Closed),
        }
    }

    fn answer(
        &mut self,
        now: Now,
        (line, heading): (WireLine, Heading),
        (mut message, frame): (Message, Bytes),
        fate: &Fate,
    ) -> LinePassage {
        if fate.reset.is_some() {
            return LinePassage {
                frames: Vec::new(),
                end: Some(LineEnd::Reset),
            };
        }
        if fate.answer_lost {
            return LinePassage::default();
        }
        let changed = change(&mut message, &fate.answer_changes, false) > 0;
        if fate.answer_mac {
            spoil_mac(&mut message, SentMac::Wrong);
        }
        let touched = changed || fate.answer_mac;
        let frames = copies(
            spoilt((message, frame), touched, fate.answer_wreck),
            fate.answer_copies,
        );
        let end = fate.hang_up_after.then_some(LineEnd::Closed);
        let delay = fate.answer_delay.max(fate.read_late);
        if delay.is_zero() {
            return LinePassage { frames, end };
        }
        for frame in frames {
            self.put(now, delay, line, WireDeed::Frame(heading, frame));
        }
        if let Some(end) = end {
            self.put(now, delay, line, WireDeed::End(end));
        }
        LinePassage::default()
    }

    /// A reversal comes by: the request that it overtook may follow it.
    fn free_overtaken(&mut self, now: Now, leg: WireLeg, request: &Message) {
        let of = |message: &Message| message.kind().map(|kind| kind.purpose);
        let rule = request.spec().flow().reversal.as_ref();
        if let Some(rule) = rule.filter(|_| of(request) == Some(Purpose::Reversal)) {
            let name = original_of(request, rule);
            let is_it = |held: &&mut OvertakenFrame| held.line.leg == leg && held.name == name;
            for held in self.held.iter_mut().filter(is_it) {
                held.until = now.mono;
            }
        }
    }

    fn put(&mut self, now: Now, after: Duration, line: WireLine, deed: WireDeed) {
        self.serial += 1;
        self.later
            .insert((now.mono + after, self.serial), (line, deed));
    }
}

/// The frame as it goes on: as it came, unless the message was touched, and then broken if it must
/// be. One that can no longer be written goes on as it came.
fn spoilt((message, frame): (Message, Bytes), touched: bool, wreck: Option<Wreck>) -> Bytes {
    let frame = match touched {
        true => message.build().unwrap_or(frame),
        false => frame,
    };
    wrecked(message.spec(), frame, wreck)
}

fn copies(frame: Bytes, more: u32) -> Vec<Bytes> {
    let most = usize::try_from(more).unwrap_or(MOST).min(MOST);
    vec![frame; most + 1]
}
