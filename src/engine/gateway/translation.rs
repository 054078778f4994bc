//! What a message becomes between a terminal and its host, where a route translates or gives trace
//! numbers of its own.
//!
//! Elsewhere a message is the same on both sides. Here there are two, and both are recorded: what
//! came in with the transaction's first record, what goes out right behind it and before it leaves.
//! All that is owed to the host later, a reversal above all, is made from the second; all that is
//! owed to the terminal from the first.

use super::core::Gateway;
use super::kept_frames::{kept, readdressed};
use super::live::{Slot, Transaction};
use super::message_facts::key_of;
use super::names;
use super::options::RouteOptions;
use super::originals::only;
use super::upstream_request::{UpstreamRequest, stan_there};
use crate::engine::record::{ConnId, Hop, LinkId, Logged, Note, Opened, State, Why};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{Bitmap, FieldId, FieldPath, Stan, Text};
use crate::iso::security::{self, Key};
use crate::iso::spec::{OriginalSource, Purpose, Spec, StampForm};
use crate::iso::translate::{self, Map, Translated};
use bytes::Bytes;
use std::sync::Arc;

const STAN: FieldId = FieldId::of(11);

/// A request about to go out otherwise than it came in.
#[derive(Debug)]
pub(super) struct UpstreamDraft {
    pub(super) there: Translated,
    pub(super) rewritten: bool,
}

impl UpstreamDraft {
    pub(super) fn note(&self) -> Note {
        Note::GoesOn {
            stan: self.there.message.stan().unwrap_or_default(),
            lost: Text::clipped(&self.there.lost_list()),
        }
    }
}

/// Why a request cannot cross, and what exactly is in the way.
type Refusal = Box<(Why, Note)>;

fn refusal(why: Why, note: Note) -> Refusal {
    Box::new((why, note))
}

/// The map by which a message of this dialect goes on to that one; `None` if it goes as it is.
fn map_between<'a>(route: &'a RouteOptions, from: &Spec, to: &Spec) -> Option<&'a Map> {
    let map = route.map.as_ref()?;
    (from.name() != to.name() || !map.is_empty()).then_some(map)
}

impl Gateway {
    /// The dialect of the link that a transaction went to.
    pub(super) fn host_spec(&self, opened: &Opened) -> Option<Arc<Spec>> {
        let link = self.options.links.get(usize::from(opened.link.0))?;
        Some(Arc::clone(&link.spec))
    }

    /// The dialect of what a transaction's host says.
    pub(super) fn heard_spec(
        &self,
        opened: &Opened,
        upstream: Option<&UpstreamRequest>,
    ) -> Option<Arc<Spec>> {
        match upstream {
            Some(_) => self.host_spec(opened),
            None => self.spec_named(&opened.spec),
        }
    }

    /// The request of a live transaction as its host knows it.
    pub(super) fn upstream_of(&self, slot: Slot) -> Option<Message> {
        let transaction = self.live.get(slot)?;
        match &transaction.upstream {
            Some(upstream) => kept(&self.host_spec(&transaction.opened)?, &upstream.frame),
            None => self.request_of(slot),
        }
    }

    /// The key of a terminal's MACs.
    fn mac_key(&self, message: &Message) -> Option<&Key> {
        let terminal = self.terminals.get(&self.terminal_of(message)?)?;
        terminal.keys.as_ref().map(|keys| &keys.mac)
    }

    /// A new request as its host is to see it; `None` if that is as it came.
    pub(super) fn upstream_draft(
        &mut self,
        now: Now,
        (route, link): (usize, LinkId),
        message: &Message,
        opened: &Opened,
    ) -> Result<Option<UpstreamDraft>, Refusal> {
        let spec = Arc::clone(&self.options.link(link).spec);
        let options = &self.options.routes[route];
        let map = map_between(options, message.spec(), &spec);
        let rewrites = options.rewrite_stan && message.has(STAN);
        if map.is_none() && !rewrites {
            return Ok(None);
        }
        let renamed = opened.original.is_some() && map.is_none();
        if opened.purpose == Purpose::Reversal && !renamed {
            // By another name than the host's it might undo another one, or close this one's case.
            return Err(refusal(Why::OriginalUnknown, Note::None));
        }
        if let Some(fault) = message.fault() {
            let what = Text::clipped(&fault.to_string());
            return Err(refusal(Why::Untranslatable, Note::Detail(what)));
        }
        if is_signed(message) && self.mac_key(message).is_none() {
            // It cannot be checked, and neither of its two answers could be made.
            return Err(refusal(Why::KeyUnknown, Note::None));
        }
        let mut there = match map {
            Some(map) => {
                let moment = |form: &StampForm| now.wall.stamp(form, &self.options.zone);
                translate::request(message, &spec, map, moment).map_err(|wrong| {
                    let what = Text::clipped(&wrong.to_string());
                    refusal(Why::Untranslatable, Note::Detail(what))
                })?
            }
            None => Translated {
                message: message.clone(),
                lost: Bitmap::EMPTY,
            },
        };
        let translated = map.is_some();
        self.rename(&mut there.message, opened, rewrites)
            .and_then(|()| self.sign(&mut there.message, message, translated))
            .ok_or_else(|| refusal(Why::KeyUnknown, Note::None))?;
        Ok(Some(UpstreamDraft {
            there,
            rewritten: rewrites,
        }))
    }

    /// Records how a request goes on: before it leaves, and for all that will be owed to its host.
    pub(super) fn goes_on(
        &mut self,
        now: Now,
        slot: Slot,
        link_conn: ConnId,
        draft: &UpstreamDraft,
    ) {
        let message = &draft.there.message;
        let logged = Logged::of(message, Hop::GatewayToAcquirer, link_conn, None);
        let upstream = UpstreamRequest::of(message, logged.frame.clone(), draft.rewritten);
        self.live.set_upstream(slot, upstream);
        self.remark_live(now, slot, draft.note(), logged);
    }

    /// Gives a request the names that its host will know it by: new ones, or those that it had when
    /// it went out before and was not answered.
    fn rename(&mut self, there: &mut Message, opened: &Opened, rewrites: bool) -> Option<()> {
        let before = self.asked_before(opened, there.spec());
        if rewrites {
            let known = before.as_ref().and_then(Message::stan);
            let stan = known.unwrap_or_else(|| self.free_stan(opened));
            there.set(STAN, &stan.to_string()).ok()?;
            self.rename_original(there, opened)?;
        }
        if let Some(before) = before {
            for number in [7, 12, 13] {
                let field = FieldId::of(number);
                if !there.has(field) || there.spec().name() != &*opened.spec {
                    there.copy(field, &before);
                }
            }
        }
        Some(())
    }

    /// The trace number by which a void or refund names its original is the host's; one that is not
    /// known here is left open, as zeros, for the host to go by its own numbers.
    fn rename_original(&self, there: &mut Message, opened: &Opened) -> Option<()> {
        let spec = Arc::clone(there.spec());
        let Some(path) = names::original_stan_path(spec.flow()) else {
            return Some(());
        };
        let Some(told) = there.text(path).map(|text| text.into_owned()) else {
            return Some(());
        };
        let number = self.number_of(opened, told.parse().unwrap_or_default());
        let number = number.unwrap_or_default();
        there.set(path, &number.to_string()).ok()
    }

    /// The host's number of a terminal's earlier transaction, by the terminal's own.
    fn number_of(&self, opened: &Opened, told: u64) -> Option<Stan> {
        let number = |own: &Opened, upstream: Option<&UpstreamRequest>| {
            (own.stan == Stan(told)).then_some(stan_there(own, upstream))
        };
        if let Some(live) = opened.original.and_then(|id| self.live.slot_of(id)) {
            let own = self.live.get(live)?;
            return number(&own.opened, own.upstream.as_deref());
        }
        let terminal = self.terminals.get(&key_of(opened))?;
        let meant = |done: &&super::remembered::Remembered| {
            done.opened.purpose.moves_money()
                && opened.original.is_none_or(|original| original == done.id)
        };
        let meant = terminal.done.iter().filter(meant);
        only(meant.filter_map(|done| number(&done.opened, done.upstream.as_deref())))
    }

    /// The request as it went out before, if it did and had no answer: advices are repeated.
    fn asked_before(&self, opened: &Opened, spec: &Arc<Spec>) -> Option<Message> {
        let terminal = self.terminals.get(&key_of(opened))?;
        let done = terminal.find(&opened.identity)?;
        let upstream = done
            .upstream
            .as_deref()
            .filter(|_| done.state == State::Unanswered)?;
        Message::parse(spec, upstream.frame.frame.clone()).ok()
    }

    /// A trace number that no open transaction has, nor a remembered one of this terminal.
    fn free_stan(&mut self, opened: &Opened) -> Stan {
        let terminal = self.terminals.get(&key_of(opened));
        // More are free than can be live or remembered.
        loop {
            let stan = self.numbers.next_stan();
            let remembered = terminal.is_some_and(|terminal| terminal.has_given(stan));
            if !remembered && !self.live.has_given(stan) {
                return stan;
            }
        }
    }

    /// Makes the MAC that the host wants: anew where there was one, or where its dialect has one
    /// and the terminal's has not.
    fn sign(&self, there: &mut Message, message: &Message, translated: bool) -> Option<()> {
        let wanted = there.kind().is_some_and(|kind| kind.mac) && there.spec().flow().mac.is_some();
        if wanted && (translated || is_signed(message)) {
            security::seal(there, self.mac_key(message)?).ok()?;
        }
        Some(())
    }

    /// The host's answer as the terminal that asked expects it, and what was left behind.
    pub(super) fn answer_back(
        &self,
        route: usize,
        asked: &Message,
        host: &Message,
    ) -> Option<Translated> {
        let map = map_between(&self.options.routes[route], asked.spec(), host.spec());
        let mut back = match map {
            Some(map) => translate::answer(host, asked, map).ok()?,
            // A route that was set up otherwise when the request went out.
            None if host.spec().name() != asked.spec().name() => return None,
            None if host.fault().is_some() => return None,
            None => Translated {
                message: renamed(host, asked)?,
                lost: Bitmap::EMPTY,
            },
        };
        let signs = map.is_some() || is_signed(host);
        let wanted = asked.kind().is_some_and(|kind| kind.mac);
        if wanted
            && signs
            && let Some(key) = self.mac_key(asked)
        {
            security::seal(&mut back.message, key).ok()?;
        }
        Some(back)
    }

    /// The answer to a terminal's reversal, from what the host said: of the type that belongs to
    /// what the terminal sent, with its own number and echo fields, whatever was sent to the host.
    pub(super) fn reversal_reply(
        &self,
        transaction: &Transaction,
        asked: &Message,
        answer: &Bytes,
    ) -> Option<Message> {
        let upstream = transaction.upstream.as_deref();
        let spec = self.heard_spec(&transaction.opened, upstream)?;
        let host = Message::read(&spec, answer.clone()).ok()?;
        if upstream.is_some() {
            let back = self.answer_back(transaction.route, asked, &host)?.message;
            if back.mti().answers(asked.mti()) {
                return Some(back);
            }
            return self.authored(asked, back.response_code()?);
        }
        if answers_as_it_is(&host, asked) {
            return readdressed(&spec, asked.header(), answer);
        }
        self.authored(asked, host.response_code()?)
    }

    /// The host's answer to a translated or renumbered request, as its terminal is told it.
    pub(super) fn told_back(&self, slot: Slot, host: &Message) -> Option<Message> {
        let transaction = self.live.get(slot)?;
        let asked = self.request_of(slot)?;
        let back = self.answer_back(transaction.route, &asked, host)?;
        Some(back.message)
    }
}

/// Whether what a host said to a reversal answers this message of the terminal, byte for byte.
pub(super) fn answers_as_it_is(host: &Message, asked: &Message) -> bool {
    host.mti().answers(asked.mti()) && host.stan().is_none_or(|own| asked.stan() == Some(own))
}

/// Whether a message carries a MAC.
fn is_signed(message: &Message) -> bool {
    let flow = message.spec().flow();
    flow.mac.is_some_and(|rule| message.has(rule.field))
        && message.kind().is_some_and(|kind| kind.mac)
}

/// An answer in its own dialect, under the numbers that the terminal knows.
fn renamed(host: &Message, asked: &Message) -> Option<Message> {
    let mut back = host.clone();
    let flow = asked.spec().flow();
    let own = FieldPath::whole(STAN);
    let originals = flow.reversal.iter().flat_map(|rule| &rule.original);
    let originals = originals
        .filter(|(_, source)| *source == OriginalSource::Field(own))
        .map(|(path, _)| *path);
    for path in originals.chain(flow.original_stan).chain([own]) {
        if back.text(path).is_some()
            && let Some(text) = asked.text(path)
        {
            back.set(path, &text).ok()?;
        }
    }
    Some(back)
}
