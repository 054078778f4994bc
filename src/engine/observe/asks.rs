//! What terminals ask, and what of it goes on to a host.
//!
//! On the whole way both are one. Around a gateway a request of a terminal is held until it is seen
//! to go on, or to be answered by the gateway alone; what a gateway sends that no terminal asked
//! for is its own.

use super::legs::LegRole;
use super::observer::{Observer, SeenCause, SeenMessage, host_conn, key_on, logged, mono};
use super::undoing::times_told;
use super::watched::{CaseNo, Watched};
use crate::engine::gateway::{
    OriginalNames, Trigger, asked_for, identity, is_same, key_of, may_refer, settlement_note_or,
    unread_note_or,
};
use crate::engine::record::{Known, Logged, Note, Opened, State, TxId, Why};
use crate::engine::seam::Wall;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, Class, Text};
use crate::iso::spec::Purpose;
use crate::iso::stream::FlowSide;
use std::sync::Arc;
use std::time::Duration;

/// Requests held at once.
const HELD: usize = 16_384;
/// So many earlier trades of a terminal are looked at when it begins another.
const LOOKED_BACK_AT: usize = 16;
/// Times that are kept of a request and its repeats.
const TIMES_KEPT: usize = 16;
/// How long two sales of same card, amount and merchant count as twins (D0).
const TWIN: Duration = Duration::from_secs(300);

/// A request, as its terminal sent it and as its host heard it, as far as each was seen.
#[derive(Clone, Debug)]
pub(super) struct AskedTwice {
    pub(super) told: Option<SeenMessage>,
    pub(super) there: Option<SeenMessage>,
}

impl AskedTwice {
    /// What names it: what the terminal said, if that was seen.
    fn first(&self) -> Option<&SeenMessage> {
        self.told.as_ref().or(self.there.as_ref())
    }

    /// What its host heard.
    pub(super) fn heard(&self) -> Option<&SeenMessage> {
        self.there.as_ref()
    }

    /// Whether the host heard it byte for byte, headers aside.
    fn is_as_it_was(&self) -> bool {
        let body = |seen: &SeenMessage| {
            let frame = seen.message.build().ok()?;
            frame.get(seen.message.header().len()..).map(<[u8]>::to_vec)
        };
        let both = self.told.as_ref().zip(self.there.as_ref());
        both.is_some_and(|(told, there)| {
            told.flow == there.flow || body(told).is_some() && body(told) == body(there)
        })
    }

    /// The message for its record: one record for both, if the host heard it as it was.
    pub(super) fn logged(&self) -> Option<Logged> {
        let Some(told) = &self.told else {
            let there = self.there.as_ref()?;
            return Some(logged(LegRole::Hosts, FlowSide::Client, there));
        };
        let there = self.there.as_ref().filter(|_| self.is_as_it_was());
        Some(Logged {
            relayed: there.map(|there| host_conn(there.flow)),
            ..logged(LegRole::Terminals, FlowSide::Client, told)
        })
    }

    /// What its host heard, where that needs a record of its own.
    pub(super) fn logged_there(&self) -> Option<Logged> {
        let there = self.there.as_ref();
        let other = there.filter(|_| self.told.is_some() && !self.is_as_it_was())?;
        Some(logged(LegRole::Hosts, FlowSide::Client, other))
    }
}

impl Observer {
    /// A client asks.
    pub(super) fn asks(&mut self, role: LegRole, seen: SeenMessage) {
        match role {
            LegRole::Whole => {
                let there = Some(seen.clone());
                let told = Some(seen);
                self.request(AskedTwice { told, there });
            }
            LegRole::Terminals => self.terminal_asks(seen),
            LegRole::Hosts => self.goes_on(seen),
        }
    }

    /// A terminal asks a gateway. A reversal of what is known here is its wish at once, whatever
    /// becomes of it.
    fn terminal_asks(&mut self, seen: SeenMessage) {
        let opened = self.describe(&seen);
        if opened.purpose == Purpose::Reversal && self.undoes(&seen, &opened) {
            return;
        }
        self.held.push_back(seen);
        if self.held.len() > HELD {
            self.let_go_first();
        }
    }

    /// A request goes to a host over the gateway's connection.
    fn goes_on(&mut self, seen: SeenMessage) {
        let told = self.release(&seen);
        let class = seen.message.mti().class();
        match told {
            Some(_) => self.request(AskedTwice {
                told,
                there: Some(seen),
            }),
            None if class == Class::Network => {
                self.session(LegRole::Hosts, FlowSide::Client, &seen);
            }
            None => {
                self.went_out_alone(&seen);
                self.request(AskedTwice {
                    told: None,
                    there: Some(seen),
                });
            }
        }
    }

    /// The held request of a terminal that goes on as this message: by its name, else the only one
    /// of the same terminal, type, card and amount. None goes on over the connection it came over.
    fn release(&mut self, there: &SeenMessage) -> Option<SeenMessage> {
        let name = identity(&there.message);
        let wanted = self.describe(there);
        let named = |seen: &SeenMessage| {
            let own = identity(&seen.message);
            own.is_some() && own == name && class(seen) == class(there)
        };
        let elsewhere = || {
            let held = self.held.iter().enumerate();
            held.filter(|(_, held)| held.flow != there.flow)
        };
        let at = elsewhere().find(|(_, held)| named(held)).map(|(at, _)| at);
        let at = at.or_else(|| {
            let mut alike = elsewhere().filter(|(_, held)| is_alike(held, there, &wanted));
            let (at, first) = alike.next()?;
            // A terminal that repeats itself is no other request.
            let name = identity(&first.message);
            let same = alike.all(|(_, own)| name.is_some() && identity(&own.message) == name);
            same.then_some(at)
        });
        self.held.remove(at?)
    }

    /// Nothing was seen of the first held request but that its terminal sent it.
    pub(super) fn let_go_first(&mut self) {
        let Some(told) = self.held.pop_front() else {
            return;
        };
        let told = Some(told);
        self.request(AskedTwice { told, there: None });
    }

    /// Requests that were held as long as an answer is waited for.
    pub(super) fn let_go_overdue(&mut self, now: Wall) {
        let timeout = self.options.timeout;
        while self
            .held
            .front()
            .is_some_and(|held| now - held.at > timeout)
        {
            self.let_go_first();
        }
    }

    /// A request, as far as it was seen.
    pub(super) fn request(&mut self, asked: AskedTwice) {
        let Some(first) = asked.first() else { return };
        let first = first.clone();
        let mut opened = self.describe(&first);
        if opened.purpose == Purpose::Reversal && self.reverses(&asked, &mut opened) {
            return;
        }
        if let Some(case) = self.answered_before(&asked, &opened) {
            return self.comes_after_its_answer(case, &asked);
        }
        if let Some(case) = self.repeated(&opened) {
            return self.repeats(case, &asked);
        }
        if may_refer(&first.message, opened.purpose) && opened.original.is_none() {
            let told = OriginalNames::told_by(&first.message);
            opened.original = self.table.referred(&opened, &told).original();
        }
        self.begin(&asked, opened, (Trigger::Forward, Why::Plain));
    }

    /// A transaction begins.
    pub(super) fn begin(
        &mut self,
        asked: &AskedTwice,
        mut opened: Opened,
        (trigger, why): (Trigger, Why),
    ) -> Option<CaseNo> {
        let first = asked.first()?;
        let id = self.next_id(first.at);
        opened.twin = self.twin_of(&opened, id);
        let original = opened.original;
        let opened = Arc::new(opened);
        let mut watched = Watched::new(id, Arc::clone(&opened), first.at);
        watched.terminal = asked.told.as_ref().map(|told| told.flow);
        watched.numbers_itself = original.is_none() && first.message.rrn().is_some();
        if let Some(there) = asked.heard() {
            watched.host = Some(there.flow);
            watched.mti = Some(there.message.mti());
            watched.trade = asked_for(&there.message);
            watched.stan = there.message.stan().unwrap_or_default();
        }
        let told = SeenCause::of(first, asked.logged()?);
        let names = original.is_none() && may_refer(&first.message, opened.purpose);
        let names = names.then(|| OriginalNames::told_by(&first.message));
        let either = names.map_or(Note::None, |names| {
            self.table.referred(&opened, &names).note()
        });
        let note = unread_note_or(&first.message, either);
        let note = settlement_note_or(&first.message, opened.purpose, note);
        let cause = SeenCause { why, note, ..told };
        let case = self.open(watched, trigger, cause);
        self.trades_on(first, &opened, (case, id));
        self.expect(case, asked);
        if let Some(logged) = asked.logged_there() {
            let stan = asked.heard().and_then(|there| there.message.stan());
            let note = Note::GoesOn {
                stan: stan.unwrap_or_default(),
                lost: Text::EMPTY,
            };
            self.remark(case, note, logged);
        }
        let gone = |told: &SeenMessage| !self.flows.contains_key(&told.flow);
        if opened.reverses && asked.told.as_ref().is_some_and(gone) {
            // It hung up before its request was seen to go on.
            self.step(
                case,
                Trigger::TerminalClosed,
                SeenCause::why(Why::TerminalClosed),
            );
        }
        if let Some(original) = original {
            self.later_message(&opened, original, Trigger::Proof, id);
        }
        Some(case)
    }

    /// The answer will be known by what it carries, and by what connections it may come over.
    pub(super) fn expect(&mut self, case: CaseNo, asked: &AskedTwice) {
        let both = [asked.told.as_ref(), asked.there.as_ref()];
        if let Some(own) = self.table.get_mut(case) {
            for time in both
                .into_iter()
                .flatten()
                .flat_map(|own| times_told(&own.message))
            {
                if own.times.len() < TIMES_KEPT && !own.times.contains(&time) {
                    own.times.push(time);
                }
            }
        }
        if let Some(told) = &asked.told {
            self.touch(told.flow, case);
            if let Some(key) = key_on(LegRole::Terminals, &told.message) {
                self.table.add_key(case, key);
            }
        }
        if let Some(there) = &asked.there {
            if asked.told.as_ref().is_none_or(|own| own.flow != there.flow) {
                self.touch(there.flow, case);
            }
            if let Some(key) = key_on(LegRole::Hosts, &there.message) {
                self.table.add_key(case, key);
                if self.has_orphan(&key) {
                    self.note_unseen(case);
                }
            }
            if let Some(name) = identity(&there.message) {
                self.table.add_name(case, name);
            }
        }
    }

    fn twin_of(&mut self, opened: &Opened, id: TxId) -> Option<TxId> {
        let now = self.now();
        let moves = opened.purpose.moves_money();
        let until = mono(now + TWIN);
        moves.then(|| self.twins.meet(opened, id, mono(now), until))?
    }

    /// The transaction that a request repeats: of its name, kind, amount and card, not long ago,
    /// and not over in a way that lets the number be used again.
    fn repeated(&self, opened: &Opened) -> Option<CaseNo> {
        let mut named = self.table.named(&opened.identity);
        let (case, own) = named.find(|(_, own)| own.opened.identity == opened.identity)?;
        let waits = own.state.awaits_answer();
        let known = own.state.meaning().known;
        let stands = matches!(known, Known::Told | Known::Doubt | Known::DoubtTold);
        let unheard = own.state == State::Unanswered && !own.approved;
        let asks_again = unheard || !opened.touches_money();
        let soon = self.now() - own.began <= self.same_trade();
        let repeats = soon && (waits || (stands && !asks_again));
        (repeats && is_same(opened, &own.opened)).then_some(case)
    }

    /// A request came before: it changes nothing, but that its terminal is there.
    pub(super) fn repeats(&mut self, case: CaseNo, asked: &AskedTwice) {
        let (Some(own), Some(logged)) = (self.table.get_mut(case), asked.logged()) else {
            return;
        };
        let gone = matches!(
            own.state,
            State::ForwardedGone | State::TerminalGone | State::Unanswered
        );
        own.terminal = asked
            .told
            .as_ref()
            .map_or(own.terminal, |told| Some(told.flow));
        own.host = asked.heard().map_or(own.host, |there| Some(there.flow));
        // Its host heard it twice: a no to the second says nothing of the first.
        own.doubted |= asked.heard().is_some() && own.opened.touches_money();
        if let Some(there) = asked.heard() {
            own.stan = there.message.stan().unwrap_or(own.stan);
        }
        let note = Note::Duplicate(if own.state == State::Forwarded { 1 } else { 2 });
        if gone && asked.told.is_some() {
            let message = Some(logged);
            let cause = SeenCause {
                note,
                message,
                ..SeenCause::default()
            };
            self.step(case, Trigger::TerminalBack, cause);
        } else {
            self.remark(case, note, logged);
        }
        self.expect(case, asked);
        if let Some(logged) = asked.logged_there() {
            self.remark(case, Note::None, logged);
        }
    }

    /// A terminal that begins another trade has dealt with what was before: an answer that has not
    /// come is waited for no longer, and one that came late, and was not reversed, was taken.
    fn trades_on(&mut self, first: &SeenMessage, opened: &Opened, (begun, id): (CaseNo, TxId)) {
        if !opened.purpose.moves_money() {
            return;
        }
        let key = key_of(opened);
        let others = self.table.of_terminal(key).take(LOOKED_BACK_AT);
        let others = others.map(|(case, _)| case).filter(|case| *case != begun);
        for case in others.collect::<Vec<_>>() {
            self.is_no_longer_waited_for(case);
            let Some(own) = self.table.get_mut(case) else {
                continue;
            };
            own.dealt_with |= own.state == State::Delivered && own.terminal == Some(first.flow);
            if own.overdue && own.state == State::DeliveryUnproven {
                own.overdue = false;
                let cause = SeenCause {
                    note: Note::Other(id),
                    ..SeenCause::default()
                };
                self.step(case, Trigger::Proof, cause);
            }
        }
    }

    /// A later message speaks of an answered transaction.
    pub(super) fn later_message(
        &mut self,
        of: &Opened,
        original: TxId,
        trigger: Trigger,
        by: TxId,
    ) {
        let Some(case) = self.table.of_id(key_of(of), original) else {
            return;
        };
        let trigger = self.returned(case, of, trigger);
        let cause = || SeenCause {
            note: Note::Other(by),
            ..SeenCause::default()
        };
        let goes_back = matches!(trigger, Trigger::Returned | Trigger::ReturnedInPart);
        let own = self.table.get_mut(case);
        if let Some(own) = own
            && own.state == State::Forwarded
            && goes_back
        {
            // Its host gives back only what it approved, and only its terminal knows by which name.
            own.approved = true;
            let unseen = SeenCause {
                why: Why::Unseen,
                ..cause()
            };
            self.step(case, Trigger::Approval, unseen);
            self.step(case, Trigger::Written, SeenCause::why(Why::Unseen));
        }
        self.step(case, trigger, cause());
    }

    /// Counts what goes back of an original, or comes again, and says what that makes of it.
    fn returned(&mut self, case: CaseNo, of: &Opened, trigger: Trigger) -> Trigger {
        let Some(own) = self.table.get_mut(case) else {
            return trigger;
        };
        match (trigger, of.purpose) {
            (Trigger::Returned | Trigger::ReturnUndone, Purpose::Debit | Purpose::Hold) => {
                Trigger::Proof
            }
            (Trigger::Returned, _) if !of.may_share_currency(&own.opened) => {
                Trigger::ReturnedInPart
            }
            (Trigger::Returned, Purpose::Refund | Purpose::Reversal) => {
                own.returned.0 = own.returned.0.saturating_add(of.amount.0);
                if own.returned >= own.opened.amount {
                    trigger
                } else {
                    Trigger::ReturnedInPart
                }
            }
            (Trigger::ReturnUndone, Purpose::Refund) if of.may_share_currency(&own.opened) => {
                own.returned = Amount(own.returned.0.saturating_sub(of.amount.0));
                trigger
            }
            (same, _) => same,
        }
    }
}

fn class(seen: &SeenMessage) -> Class {
    seen.message.mti().class()
}

/// Whether a held request may be the one that goes on under another name.
fn is_alike(held: &SeenMessage, there: &SeenMessage, wanted: &Opened) -> bool {
    let own: &Message = &held.message;
    let card = |message: &Message| message.pan().map(|pan| pan.masked());
    let (mine, theirs) = (card(own), card(&there.message));
    // A gateway may put a request into another type: what it is for stays.
    let purpose = |message: &Message| message.kind().map(|kind| kind.purpose);
    let same = match (purpose(own), purpose(&there.message)) {
        (Some(mine), Some(theirs)) => mine == theirs,
        _ => own.mti().original() == there.message.mti().original(),
    };
    class(held) == class(there)
        && same
        && own.terminal().unwrap_or_default() == wanted.terminal
        && own.amount().unwrap_or_default() == wanted.amount
        && (mine == theirs || held.masked || there.masked)
}
