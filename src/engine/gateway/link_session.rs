//! The gateway's own sessions with acquirers: sign-on, echo, and what the host begins.

use super::action::{Action, CloseReason};
use super::core::Gateway;
use super::lifecycle::Trigger;
use super::links::{LinkConn, SessionRequest};
use super::message_facts::CODE;
use super::options::SignOn;
use crate::engine::record::{ConnId, Fact, Hop, LineFact, LinkId, Logged, Note, Why};
use crate::engine::seam::{Now, Zone};
use crate::iso::codec::Message;
use crate::iso::message::{Class, Stan};
use crate::iso::spec::{Purpose, Script};

/// Echoes in a row without answer after which a connection is dead.
const MISSES: u8 = 2;

impl Gateway {
    pub(super) fn link_connected(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let (signed_on, signing_on) = (state.signed_on, state.is_signing_on());
        state.conns.push(LinkConn::new(conn));
        match self.options.link(link).begins_with() {
            SignOn::Connection => self.begin_session(now, link, conn),
            // Another connection signs on for this one too.
            SignOn::Link if signing_on => {}
            SignOn::Link if !signed_on => self.begin_session(now, link, conn),
            SignOn::Link | SignOn::Nothing => self.link_ready(now, link, conn),
        }
    }

    fn begin_session(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let script = self.options.link(link).spec.flow().sign_on.clone();
        if let Some(script) = script {
            self.ask(now, link, conn, &script, Purpose::SignOn);
        }
    }

    /// The host took a sign-on: its connection carries traffic, or all of its link do.
    fn signed_on(&mut self, now: Now, link: LinkId, conn: ConnId) {
        if self.options.link(link).begins_with() != SignOn::Link {
            return self.link_ready(now, link, conn);
        }
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        state.signed_on = true;
        let waiting = state.conns.iter().filter(|own| !own.ready);
        let waiting: Vec<ConnId> = waiting.map(|own| own.id).collect();
        for conn in waiting {
            self.link_ready(now, link, conn);
        }
    }

    /// A connection of a link that signs on as a whole is gone: another one signs on for the rest
    /// if that was its task, and the next one does if it was the last.
    fn pass_on_sign_on(&mut self, now: Now, link: LinkId) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        state.signed_on &= !state.conns.is_empty();
        let heir = state.conns.first().map(|own| own.id);
        let heir = heir.filter(|_| !state.signed_on && !state.is_signing_on());
        if let Some(conn) = heir {
            self.begin_session(now, link, conn);
        }
    }

    fn link_ready(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let interval = self.options.link(link).echo_interval;
        let Some(own) = self.links.conn(link, conn) else {
            return;
        };
        own.ready = true;
        own.next_echo = (!interval.is_zero()).then(|| now.mono + interval);
        self.record(now, None, None, Fact::Line(LineFact::Up { link, conn }));
        self.pump(now, link);
    }

    /// A connection is gone: what it carried is without answer.
    pub(super) fn link_down(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let was_ready = state.conns.iter().any(|own| own.id == conn && own.ready);
        state.conns.retain(|own| own.id != conn);
        if was_ready {
            self.record(now, None, None, Fact::Line(LineFact::Down { link, conn }));
        }
        if self.options.link(link).begins_with() == SignOn::Link {
            self.pass_on_sign_on(now, link);
        }
        for slot in self.live.slots() {
            let Some(transaction) = self.live.get(slot) else {
                continue;
            };
            let carries = transaction.link_conn == Some(conn);
            let waits = transaction.state.awaits_answer();
            let tries = transaction
                .reversal
                .as_ref()
                .and_then(|reversal| reversal.link_conn)
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
        let link = self.links.link_of(conn)?;
        let interval = self.options.link(link).echo_interval;
        let own = self.links.conn(link, conn)?;
        own.missed = 0;
        if own.next_echo.is_some() {
            own.next_echo = Some(now.mono + interval);
        }
        Some(link)
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
            return self.host_asks(now, link, conn, message);
        }
        let spec = message.spec();
        let Some(asked) = self.links.conn(link, conn).and_then(|own| own.asked) else {
            return false;
        };
        let script = script_of(spec, asked.purpose);
        if !script.is_some_and(|script| answers(message, &script, asked.stan)) {
            return false;
        }
        let code = message.response_code();
        let fine = code.is_none_or(|code| code == spec.flow().answer.approval(asked.purpose));
        self.record_session(now, message, Hop::AcquirerToGateway, conn);
        if let Some(own) = self.links.conn(link, conn) {
            own.asked = None;
        }
        if asked.purpose == Purpose::SignOn {
            if fine {
                self.signed_on(now, link, conn);
            } else {
                self.order(Action::Close(conn, CloseReason::SignOnRefused));
            }
        }
        true
    }

    /// The host begins: an echo, a sign-on, a cut-over is answered here (I13 allows that 00). What
    /// is not known might ask for something that would not be done, so it is refused.
    fn host_asks(&mut self, now: Now, link: LinkId, conn: ConnId, message: &Message) -> bool {
        if message.mti().class() != Class::Network {
            return false;
        }
        self.record_session(now, message, Hop::AcquirerToGateway, conn);
        let rule = &message.spec().flow().answer;
        let purpose = message.kind().map(|kind| kind.purpose);
        let code = match purpose {
            Some(
                known @ (Purpose::Echo
                | Purpose::SignOn
                | Purpose::SignOff
                | Purpose::Administration),
            ) => rule.approval(known),
            Some(_) | None => rule.invalid,
        };
        if let Some(mut answer) = message.answer()
            && answer.set(CODE, code.as_str()).is_ok()
            && let Ok(frame) = answer.build()
        {
            self.record_session(now, &answer, Hop::GatewayToAcquirer, conn);
            self.send(conn, frame, None);
        }
        match purpose {
            Some(Purpose::SignOff) => self.hold(now, link, conn, true),
            Some(Purpose::SignOn) => self.hold(now, link, conn, false),
            _ => {}
        }
        true
    }

    /// The host signed off, or on again: of the connection, or of the whole link.
    fn hold(&mut self, now: Now, link: LinkId, conn: ConnId, held: bool) {
        let whole = self.options.link(link).begins_with() == SignOn::Link;
        let conns = self.links.get_mut(link).map(|own| &mut own.conns);
        let conns = conns.into_iter().flatten();
        for own in conns.filter(|own| whole || own.id == conn) {
            own.held = held;
        }
        if !held {
            self.pump(now, link);
        }
    }

    pub(super) fn record_session(&mut self, now: Now, message: &Message, hop: Hop, conn: ConnId) {
        let logged = Logged::of(message, hop, conn, None);
        self.record(now, None, None, Fact::Session(Box::new(logged)));
    }

    /// Begins a dialogue of the gateway's own.
    fn ask(&mut self, now: Now, link: LinkId, conn: ConnId, script: &Script, purpose: Purpose) {
        let stan = self.numbers.next_stan();
        let until = now.mono + self.options.ladder.session_answer;
        if let Some(own) = self.links.conn(link, conn) {
            own.asked = Some(SessionRequest {
                purpose,
                stan,
                until,
            });
        }
        let spec = self.options.link(link).spec.clone();
        let Some(message) = scripted(&spec, script, stan, now, &self.options.zone) else {
            return;
        };
        let Ok(frame) = message.build() else { return };
        self.record_session(now, &message, Hop::GatewayToAcquirer, conn);
        self.send(conn, frame, None);
    }

    /// Echoes that are due, and answers that did not come.
    pub(super) fn sessions_due(&mut self, now: Now) {
        let is_due = |own: &&LinkConn| own.deadline().is_some_and(|at| at <= now.mono);
        let links = self.links.iter();
        let due = links.flat_map(|(link, state)| {
            let due = state.conns.iter().filter(is_due);
            due.map(move |own| (link, own.id))
        });
        for (link, conn) in due.collect::<Vec<_>>() {
            self.session_due(now, link, conn);
        }
    }

    fn session_due(&mut self, now: Now, link: LinkId, conn: ConnId) {
        let options = self.options.link(link);
        let (interval, echo) = (options.echo_interval, options.spec.flow().echo.clone());
        let Some(own) = self.links.conn(link, conn) else {
            return;
        };
        if own.asked.take().is_some() {
            own.missed = own.missed.saturating_add(1);
        }
        own.next_echo = own.ready.then(|| now.mono + interval);
        if !own.ready || own.missed >= MISSES {
            // Not asked again before it is gone.
            own.next_echo = None;
            let reason = match own.ready {
                true => CloseReason::EchoUnanswered,
                false => CloseReason::SignOnUnanswered,
            };
            self.order(Action::Close(conn, reason));
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
    zone: &Zone,
) -> Option<Message> {
    let mut message = Message::new(spec, script.mti);
    for (path, value) in &script.set {
        message.set(*path, value).ok()?;
    }
    for field in &script.stamp {
        let value = match spec.flow().stamp(*field) {
            Some(form) => now.wall.stamp(form, zone),
            None => stan.to_string(),
        };
        message.set(*field, &value).ok()?;
    }
    Some(message)
}
