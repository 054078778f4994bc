//! The acquirer of a capture: answers what a system under test asks as the captured one did, and
//! holds each request against the captured one.

use super::captured::{CapturedTraffic, ReplayKey};
use super::event::{JudgedExchange, LineId, ReplaySide, ReplayVerdict, UnansweredCause};
use super::hearing::told_of;
use super::session::{ReplaySessions, terminal_of};
use crate::engine::seam::{KeyedMap, Wall};
use crate::iso::codec::Message;
use crate::iso::compare::{CompareRules, ComparedPair, compare};
use crate::iso::message::{FieldId, FieldPath, Mti, ResponseCode};
use crate::iso::security::{WorkingKeys, seal};
use crate::iso::spec::{Purpose, Spec};
use crate::iso::stream::{FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use crate::lab::peer::MasterKeys;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Captured requests kept that nobody asked yet.
const KEPT: usize = 20_000;
/// Captured requests read on for one that opens or tests a line, before it is answered all the
/// same: whoever is tested has lines of its own.
const SESSION_AHEAD: u64 = 256;

/// How it is set up.
#[derive(Clone, Debug)]
pub struct AnswererOptions {
    /// The dialect.
    pub spec: Arc<Spec>,
    /// How requests are compared.
    pub rules: CompareRules,
    /// The captured acquirer's port: only connections to it count.
    pub port: Option<u16>,
    /// The master keys with which the capture was made.
    pub keys: MasterKeys,
}

/// Something to be done.
#[derive(Clone, Debug)]
pub enum AnswererAction {
    /// Write a frame, without length prefix.
    Send(LineId, Bytes),
    /// Tell what became of a captured request.
    Tell(Box<JudgedExchange>),
}

/// A captured request with its answer, if it had one.
#[derive(Debug)]
struct Kept {
    number: u64,
    flow: FlowId,
    at: SeenAt,
    masked: bool,
    request: Message,
    answer: Option<Message>,
    keys: Option<WorkingKeys>,
}

/// A request that nothing was found for yet.
#[derive(Debug)]
struct AskedMessage {
    line: LineId,
    message: Message,
    /// As far as is read for it, if it only opens or tests a line.
    until: Option<u64>,
}

/// The acquirer of a capture.
#[derive(Debug)]
pub struct Answerer {
    options: AnswererOptions,
    traffic: CapturedTraffic,
    sessions: ReplaySessions,
    ignored: BTreeSet<FlowId>,
    /// Read, and without their captured answers yet.
    open: BTreeMap<u64, Kept>,
    /// Whole, by terminal, trace number and type; a number of its own for each.
    names: KeyedMap<String, VecDeque<u64>>,
    whole: BTreeMap<u64, Kept>,
    /// Requests of the system under test that nothing was found for yet.
    asked: VecDeque<AskedMessage>,
    actions: VecDeque<AnswererAction>,
    number: u64,
    ended: bool,
}

impl Answerer {
    /// An acquirer that has read nothing yet.
    #[must_use]
    pub fn new(options: AnswererOptions) -> Self {
        Self {
            options,
            traffic: CapturedTraffic::default(),
            sessions: ReplaySessions::new(1),
            ignored: BTreeSet::new(),
            open: BTreeMap::new(),
            names: KeyedMap::new(1),
            whole: BTreeMap::new(),
            asked: VecDeque::new(),
            actions: VecDeque::new(),
            number: 0,
            ended: false,
        }
    }

    /// Whether it takes more of the capture: while somebody waits for an answer, or it has none to
    /// give.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        !self.ended && (!self.asked.is_empty() || self.whole.is_empty())
    }

    /// Whether all that was captured was asked.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended && self.open.is_empty() && self.whole.is_empty()
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<AnswererAction> {
        self.actions.pop_front()
    }

    /// Takes the next thing that the capture holds.
    pub fn seen(&mut self, sighting: Sighting) {
        match sighting {
            Sighting::Opened { flow, server, .. } => {
                let is_other = |port| server.is_some_and(|address| address.port() != port);
                if self.options.port.is_some_and(is_other) {
                    self.ignored.insert(flow);
                }
            }
            Sighting::Frame(frame) if self.ignored.contains(&frame.flow) => {}
            Sighting::Frame(frame) => self.seen_frame(&frame),
            Sighting::Gap { flow, .. } => {
                for number in self.traffic.lost(flow) {
                    self.silent(number);
                }
            }
            Sighting::Unheard { .. } => {}
            Sighting::Ended { flow, .. } => {
                self.ignored.remove(&flow);
                for number in self.traffic.ended(flow) {
                    self.silent(number);
                }
            }
        }
    }

    /// The capture holds no more: what was asked and not found is not in it.
    pub fn capture_ended(&mut self) {
        for number in self.traffic.over() {
            self.silent(number);
        }
        self.ended = true;
        for asked in std::mem::take(&mut self.asked) {
            self.not_found(asked.line, &asked.message);
        }
    }

    /// Nobody asks any more: what was captured and not asked is told as missing.
    pub fn stop(&mut self) {
        for kept in std::mem::take(&mut self.whole).into_values() {
            let verdict = ReplayVerdict::Missing(UnansweredCause::Timeout);
            self.tell(&kept, None, verdict);
        }
    }

    /// The system under test asks.
    pub fn frame(&mut self, line: LineId, frame: Bytes) {
        let spec = Arc::clone(&self.options.spec);
        let Ok(message) = Message::parse(&spec, frame) else {
            return;
        };
        if message.mti().is_answer() {
            return;
        }
        if let Some(message) = self.answered(line, message) {
            if self.ended {
                self.not_found(line, &message);
            } else {
                let until = session_code(&message).map(|_| self.number + SESSION_AHEAD);
                self.asked.push_back(AskedMessage {
                    line,
                    message,
                    until,
                });
            }
        }
    }

    fn seen_frame(&mut self, seen: &SeenFrame) {
        let Ok(message) = Message::parse(&self.options.spec, seen.bytes.clone()) else {
            return;
        };
        match seen.from {
            FlowSide::Client if !message.mti().is_answer() => {
                let Some(key) = ReplayKey::of_request(&message) else {
                    return;
                };
                self.number += 1;
                let unheard = self.traffic.asked(seen.flow, seen.at, key, self.number);
                self.open.insert(
                    self.number,
                    Kept {
                        number: self.number,
                        flow: seen.flow,
                        at: seen.at,
                        masked: seen.masked,
                        request: message,
                        answer: None,
                        keys: None,
                    },
                );
                for number in unheard {
                    self.silent(number);
                }
            }
            FlowSide::Server if message.mti().is_answer() => {
                let key = ReplayKey::of_answer(&message);
                let found = self.traffic.answered(seen.flow, &key);
                if let Some(mut kept) = found.and_then(|(number, _)| self.open.remove(&number)) {
                    let master = &self.options.keys;
                    self.sessions.captured(&message, &kept.request, master);
                    kept.keys = self.sessions.captured_keys(&kept.request);
                    kept.answer = Some(message);
                    self.keep(kept);
                }
            }
            _ => {}
        }
    }

    /// The capture has no answer to this one.
    fn silent(&mut self, number: u64) {
        if let Some(kept) = self.open.remove(&number) {
            self.keep(kept);
        }
    }

    /// Keeps an exchange until it is asked for; of too many the first is told as missing.
    fn keep(&mut self, kept: Kept) {
        let name = name_of(&kept.request);
        let number = kept.number;
        self.names
            .or_insert_with(name.clone(), VecDeque::new)
            .push_back(number);
        self.whole.insert(number, kept);
        let mut waiting = self.asked.iter();
        let waits = waiting.position(|asked| name_of(&asked.message) == name);
        if let Some(asked) = waits.and_then(|at| self.asked.remove(at)) {
            let _found = self.answered(asked.line, asked.message);
        }
        let is_due = |asked: &AskedMessage| asked.until.is_some_and(|until| until <= number);
        while let Some(at) = self.asked.iter().position(is_due)
            && let Some(asked) = self.asked.remove(at)
        {
            self.not_found(asked.line, &asked.message);
        }
        if self.whole.len() > KEPT
            && let Some((_, kept)) = self.whole.pop_first()
        {
            self.forget(&kept);
            let verdict = ReplayVerdict::Missing(UnansweredCause::Timeout);
            self.tell(&kept, None, verdict);
        }
    }

    fn forget(&mut self, kept: &Kept) {
        let name = name_of(&kept.request);
        let is_last = self.names.get_mut(&name).is_some_and(|numbers| {
            numbers.retain(|number| *number != kept.number);
            numbers.is_empty()
        });
        if is_last {
            let _empty = self.names.remove(&name);
        }
    }

    /// Answers a request as the captured one was, or gives it back if there is none.
    fn answered(&mut self, line: LineId, message: Message) -> Option<Message> {
        let first = self.names.get(&name_of(&message)).and_then(VecDeque::front);
        let Some(kept) = first.copied().and_then(|number| self.whole.remove(&number)) else {
            return Some(message);
        };
        self.forget(&kept);
        let answer = kept.answer.as_ref();
        let frame = answer.and_then(|answer| fitted(answer, &kept, &message)?.build().ok());
        if let Some(frame) = frame {
            self.actions.push_back(AnswererAction::Send(line, frame));
        }
        self.tell(&kept, Some(&message), ReplayVerdict::Compared);
        None
    }

    fn tell(&mut self, kept: &Kept, asked: Option<&Message>, verdict: ReplayVerdict) {
        let mut told = told_of(
            kept.number,
            kept.flow,
            Wall(kept.at.0),
            &kept.request,
            verdict,
        );
        told.side = ReplaySide::Acquirer;
        told.captured_code = kept.answer.as_ref().and_then(Message::response_code);
        if let Some(asked) = asked {
            // Nothing is asked before a request: what it says is compared as it stands.
            let nothing = Message::new(&self.options.spec, kept.request.mti());
            let pair = |message| ComparedPair {
                request: &nothing,
                answer: message,
            };
            told.sent_stan = asked.stan();
            let (old, new) = (pair(&kept.request), pair(asked));
            told.differences = compare(&self.options.rules, old, new, kept.masked, None);
            if session_code(asked).is_some() {
                // Whoever is tested counts the messages of its own lines by itself.
                let is_trace = |path: FieldPath| path.field == FieldId::of(11);
                told.differences
                    .retain(|one| !one.path.is_some_and(is_trace));
            }
        }
        self.actions.push_back(AnswererAction::Tell(Box::new(told)));
    }

    /// Something is asked that was not captured: a sign-on or an echo hears a yes all the same.
    fn not_found(&mut self, line: LineId, request: &Message) {
        if let Some(code) = session_code(request) {
            let answer = request.answer().and_then(|mut answer| {
                answer.set(FieldId::of(39), &code).ok()?;
                answer.build().ok()
            });
            let send = answer.map(|frame| AnswererAction::Send(line, frame));
            self.actions.extend(send);
            return;
        }
        let verdict = ReplayVerdict::Extra;
        let mut told = told_of(0, FlowId(0), Wall(0), request, verdict);
        told.side = ReplaySide::Acquirer;
        self.actions.push_back(AnswererAction::Tell(Box::new(told)));
    }
}

/// What names a request: type, terminal and trace number; of one that opens or tests a line, its
/// kind.
fn name_of(request: &Message) -> String {
    let mti: Mti = request.mti();
    let terminal = terminal_of(request);
    match request.kind() {
        Some(kind) if session_code(request).is_some() => format!("{mti}|{terminal}|{}", kind.name),
        _ => {
            let stan = request.text(FieldId::of(11)).unwrap_or_default();
            format!("{mti}|{terminal}|{stan}")
        }
    }
}

/// The code that says yes to a request that opens, closes or tests a line.
fn session_code(request: &Message) -> Option<ResponseCode> {
    let purpose = request.kind()?.purpose;
    let is_session = matches!(purpose, Purpose::SignOn | Purpose::SignOff | Purpose::Echo);
    is_session.then(|| request.spec().flow().answer.session)
}

/// The captured answer as it fits a request: what it repeated, it repeats; its MAC is made anew.
fn fitted(captured: &Message, kept: &Kept, request: &Message) -> Option<Message> {
    let mut answer = captured.clone();
    answer.set_header(request.answer()?.header());
    for field in captured.fields().iter() {
        let was_repeated = captured.text(field) == kept.request.text(field);
        if was_repeated && request.has(field) {
            answer.copy(field, request);
        }
    }
    let mac = captured
        .spec()
        .flow()
        .mac
        .filter(|rule| captured.has(rule.field));
    if let (Some(_), Some(keys)) = (mac, &kept.keys) {
        seal(&mut answer, &keys.mac).ok()?;
    }
    Some(answer)
}
