//! The gateway's own sessions with acquirers: which connections carry traffic, sign-on, echo.

use super::action::Action;
use super::core::Gateway;
use super::lifecycle::Trigger;
use super::live::Slot;
use super::request::CODE;
use crate::engine::record::{ConnId, Fact, Hop, LineFact, LinkId, Logged, Note, State, Why};
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Stan};
use crate::iso::spec::{Purpose, Script};
use std::collections::VecDeque;

/// A link: its connections, and the reversals that wait for one.
#[derive(Debug, Default)]
pub(super) struct LinkState {
    legs: Vec<Leg>,
    turn: usize,
    /// Reversals that wait for a connection or for room.
    pub(super) queue: VecDeque<Slot>,
    /// Reversals on the wire.
    pub(super) out: usize,
}

/// One connection of a link.
#[derive(Debug)]
struct Leg {
    conn: ConnId,
    /// Up, and signed on where that is wanted.
    ready: bool,
    asked: Option<Asked>,
    missed: u8,
    next_echo: Option<Mono>,
}

/// A session message that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Asked {
    purpose: Purpose,
    stan: Stan,
    until: Mono,
}

/// Echoes in a row without answer after which a connection is dead.
const MISSES: u8 = 2;

impl LinkState {
    pub(super) fn next_deadline(&self) -> Option<Mono> {
        let at = |leg: &Leg| leg.asked.map(|asked| asked.until).or(leg.next_echo);
        self.legs.iter().filter_map(at).min()
    }

    pub(super) fn ready_count(&self) -> usize {
        self.legs.iter().filter(|leg| leg.ready).count()
    }

    fn leg(&mut self, conn: ConnId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.conn == conn)
    }

    /// The next ready connection, in turn.
    fn pick(&mut self) -> Option<ConnId> {
        let ready = self.legs.iter().filter(|leg| leg.ready);
        let count = ready.clone().count();
        self.turn = self.turn.wrapping_add(1);
        ready.map(|leg| leg.conn).nth(self.turn.checked_rem(count)?)
    }
}

impl Gateway {
    /// A connection for a new request of this route: links in order of preference.
    pub(super) fn pick_leg(&mut self, route: usize) -> Option<(LinkId, ConnId)> {
        for at in 0..self.options.routes[route].to.len() {
            let link = self.options.routes[route].to[at];
            if let Some(leg) = self.pick_leg_of(link) {
                return Some((link, leg));
            }
        }
        None
    }

    pub(super) fn pick_leg_of(&mut self, link: LinkId) -> Option<ConnId> {
        self.links.get_mut(usize::from(link.0))?.pick()
    }

    pub(super) fn is_ready(&self, conn: ConnId) -> bool {
        self.links
            .iter()
            .flat_map(|link| &link.legs)
            .any(|leg| leg.conn == conn && leg.ready)
    }

    pub(super) fn link_connected(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let leg = Leg {
            conn,
            ready: false,
            asked: None,
            missed: 0,
            next_echo: None,
        };
        let Some(state) = self.links.get_mut(usize::from(link.0)) else {
            return;
        };
        state.legs.push(leg);
        let options = &self.options.links[usize::from(link.0)];
        match options.spec.flow().sign_on.clone() {
            Some(script) if options.sign_on => self.ask(now, link, conn, &script, Purpose::SignOn),
            _ => self.link_ready(now, link, conn),
        }
    }

    fn link_ready(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let interval = self.options.links[usize::from(link.0)].echo_interval;
        let Some(leg) = self.links[usize::from(link.0)].leg(conn) else {
            return;
        };
        leg.ready = true;
        leg.next_echo = (!interval.is_zero()).then(|| now.mono + interval);
        self.record(now, None, None, Fact::Line(LineFact::Up { link, conn }));
        self.pump(now, link);
    }

    /// A connection is gone: what it carried is without answer.
    pub(super) fn link_down(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let Some(state) = self.links.get_mut(usize::from(link.0)) else {
            return;
        };
        let was_ready = state.leg(conn).is_some_and(|leg| leg.ready);
        state.legs.retain(|leg| leg.conn != conn);
        if was_ready {
            self.record(now, None, None, Fact::Line(LineFact::Down { link, conn }));
        }
        for slot in self.live.slots() {
            let Some(transaction) = self.live.get(slot) else {
                continue;
            };
            let carries = transaction.leg == Some(conn);
            let waits = matches!(transaction.state, State::Forwarded | State::ForwardedGone);
            let tries = transaction
                .reversal
                .as_ref()
                .and_then(|reversal| reversal.leg)
                == Some(conn);
            if tries {
                self.try_failed(now, slot, Why::LinkLost, true);
            } else if carries && waits {
                self.no_answer(now, slot, Trigger::LinkLost, Why::LinkLost, Note::None);
            }
        }
    }

    /// Something came from a connection of a link: it lives.
    pub(super) fn heard_from(&mut self, now: Now, conn: ConnId) -> Option<LinkId> {
        let at = self
            .links
            .iter()
            .position(|link| link.legs.iter().any(|leg| leg.conn == conn))?;
        let interval = self.options.links[at].echo_interval;
        let leg = self.links[at].leg(conn)?;
        leg.missed = 0;
        if leg.next_echo.is_some() {
            leg.next_echo = Some(now.mono + interval);
        }
        u16::try_from(at).ok().map(LinkId)
    }

    /// Whether the message belongs to the gateway's own session, in which case it has been dealt
    /// with.
    pub(super) fn session_message(
        &mut self,
        now: Now,
        link: LinkId,
        conn: ConnId,
        message: &Message,
    ) -> bool {
        if !message.mti().is_answer() {
            return self.host_asks(now, conn, message);
        }
        let spec = message.spec();
        let Some(asked) = self.links[usize::from(link.0)]
            .leg(conn)
            .and_then(|leg| leg.asked)
        else {
            return false;
        };
        let script = script_of(spec, asked.purpose);
        if !script.is_some_and(|script| answers(message, &script, asked.stan)) {
            return false;
        }
        let approved = spec.flow().answer.approved;
        let fine = message.response_code().is_none_or(|code| code == approved);
        self.record_session(now, message, Hop::AcquirerToGateway, conn);
        if let Some(leg) = self.links[usize::from(link.0)].leg(conn) {
            leg.asked = None;
        }
        if asked.purpose == Purpose::SignOn {
            if fine {
                self.link_ready(now, link, conn);
            } else {
                self.order(Action::Close(conn));
            }
        }
        true
    }

    /// The host begins: an echo or sign-on of its own is answered here (I13 allows that 00).
    fn host_asks(&mut self, now: Now, conn: ConnId, message: &Message) -> bool {
        let purpose = message.kind().map(|kind| kind.purpose);
        if !matches!(
            purpose,
            Some(Purpose::Echo | Purpose::SignOn | Purpose::SignOff)
        ) {
            return false;
        }
        self.record_session(now, message, Hop::AcquirerToGateway, conn);
        let approved = message.spec().flow().answer.approved;
        let Some(mut answer) = message.answer() else {
            return true;
        };
        if answer.set(CODE, approved.as_str()).is_ok()
            && let Ok(frame) = answer.build()
        {
            self.record_session(now, &answer, Hop::GatewayToAcquirer, conn);
            self.send(conn, frame, None);
        }
        true
    }

    fn record_session(&mut self, now: Now, message: &Message, hop: Hop, conn: ConnId) {
        let logged = Logged::of(message, hop, conn, None);
        self.record(now, None, None, Fact::Session(Box::new(logged)));
    }

    /// Begins a dialogue of the gateway's own.
    fn ask(&mut self, now: Now, link: LinkId, conn: ConnId, script: &Script, purpose: Purpose) {
        self.stan = self.stan.next();
        let stan = self.stan;
        let until = now.mono + self.options.ladder.session_answer;
        if let Some(leg) = self.links[usize::from(link.0)].leg(conn) {
            leg.asked = Some(Asked {
                purpose,
                stan,
                until,
            });
        }
        let spec = self.options.links[usize::from(link.0)].spec.clone();
        let Some(message) = scripted(&spec, script, stan, now) else {
            return;
        };
        let Ok(frame) = message.build() else { return };
        self.record_session(now, &message, Hop::GatewayToAcquirer, conn);
        self.send(conn, frame, None);
    }

    /// Echoes that are due, and answers that did not come.
    pub(super) fn sessions_due(&mut self, now: Now) {
        for at in 0..self.links.len() {
            let due: Vec<ConnId> = self.links[at]
                .legs
                .iter()
                .filter(|leg| {
                    let when = leg.asked.map(|asked| asked.until).or(leg.next_echo);
                    when.is_some_and(|when| when <= now.mono)
                })
                .map(|leg| leg.conn)
                .collect();
            let Ok(link) = u16::try_from(at).map(LinkId) else {
                return;
            };
            for conn in due {
                self.leg_due(now, link, conn);
            }
        }
    }

    fn leg_due(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let options = &self.options.links[usize::from(link.0)];
        let (interval, echo) = (options.echo_interval, options.spec.flow().echo.clone());
        let Some(leg) = self.links[usize::from(link.0)].leg(conn) else {
            return;
        };
        if leg.asked.take().is_some() {
            leg.missed = leg.missed.saturating_add(1);
        }
        leg.next_echo = leg.ready.then(|| now.mono + interval);
        if !leg.ready || leg.missed >= MISSES {
            // Not asked again before it is gone.
            leg.next_echo = None;
            self.order(Action::Close(conn));
        } else if let Some(script) = echo {
            self.ask(now, link, conn, &script, Purpose::Echo);
        }
    }
}

fn script_of(spec: &crate::iso::spec::Spec, purpose: Purpose) -> Option<Script> {
    let flow = spec.flow();
    if purpose == Purpose::SignOn {
        flow.sign_on.clone()
    } else {
        flow.echo.clone()
    }
}

/// Whether an answer is that of the script: its type, its trace number, and what the script fixed,
/// as far as the answer repeats it.
fn answers(message: &Message, script: &Script, stan: Stan) -> bool {
    Some(message.mti()) == script.mti.answer()
        && message.stan().is_none_or(|own| own == stan)
        && script.set.iter().all(|(path, value)| {
            message
                .text(*path)
                .is_none_or(|own| own.trim() == value.trim())
        })
}

/// The message of a script, its moving fields filled.
fn scripted(
    spec: &std::sync::Arc<crate::iso::spec::Spec>,
    script: &Script,
    stan: Stan,
    now: Now,
) -> Option<Message> {
    let mut message = Message::new(spec, script.mti);
    for (path, value) in &script.set {
        message.set(*path, value).ok()?;
    }
    for field in &script.stamp {
        let value = stamp(*field, stan, now)?;
        message.set(*field, &value).ok()?;
    }
    Some(message)
}

fn stamp(field: FieldId, stan: Stan, now: Now) -> Option<String> {
    match field.number() {
        7 => Some(format!("{}{}", now.wall.mmdd(), now.wall.hhmmss())),
        11 => Some(stan.to_string()),
        12 => Some(now.wall.hhmmss()),
        13 => Some(now.wall.mmdd()),
        _ => None,
    }
}
