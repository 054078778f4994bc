//! A request comes in from a terminal: is it new, whose is it, and where does it go?

use super::action::Action;
use super::core::{Cause, Gateway, Sent};
use super::kept_frames::kept;
use super::lifecycle::Trigger;
use super::live::{Slot, Transaction, Waiter};
use super::message_facts::{asked_for, digest, key_of};
use super::names::{self, TerminalKey};
use super::own_answers::Reason;
use super::partly_read;
use super::recall::JournalAsked;
use crate::engine::record::{
    ConnId, Fact, Hop, Identity, LinkId, ListenerId, Logged, Note, Opened, State, StoredFrame,
    TxId, Unmatched, Why,
};
use crate::engine::seam::planted::{self, Bug};
use crate::engine::seam::{Now, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{MerchantId, TerminalId};
use crate::iso::security;
use crate::iso::spec::Purpose;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

impl Gateway {
    /// A terminal says something, of which the journal may have to be asked first.
    pub(super) fn terminal_message(
        &mut self,
        now: Now,
        conn: ConnId,
        message: Message,
        asked: JournalAsked,
    ) {
        if self.conns.get(&conn).is_none() || !self.is_named(now, conn, &message) {
            return;
        }
        let terminal = self.terminal_of(&message);
        if let Some(named) = terminal {
            self.merchant_is_named(named);
        }
        let Some(at) = self.conns.get_mut(&conn) else {
            return;
        };
        at.terminal = terminal.or(at.terminal);
        if message.mti().is_answer() {
            return self.stray(now, conn, &message, Hop::TerminalToGateway);
        }
        let mut opened = self.describe(&message);
        if asked == JournalAsked::InVain {
            if opened.purpose == Purpose::Reversal {
                // The name of its original is all that tells what its terminal does not hold.
                let names = names::originals(&message, &opened.merchant);
                opened.identity = names.first().copied().unwrap_or(opened.identity);
            }
            return self.refuse(now, conn, &message, opened, Why::Unrecalled);
        }
        if asked == JournalAsked::NotYet && self.asks_journal(now, conn, &message, &opened) {
            return;
        }
        if opened.purpose == Purpose::Reversal {
            self.terminal_reversal(now, conn, message, opened);
        } else {
            self.request(now, conn, message, opened);
        }
    }

    /// The merchant that a message names; of one that leaves DE 42 out, the only merchant who is
    /// known to have its terminal.
    pub(super) fn merchant_of(&self, message: &Message) -> MerchantId {
        let known = || self.terminals.merchant_of(&message.terminal()?);
        message.merchant().or_else(known).unwrap_or_default()
    }

    /// A terminal names its merchant. If it had left that out so far, what it did is known by the
    /// whole name from now on.
    pub(super) fn merchant_is_named(&mut self, named: TerminalKey) {
        if self.terminals.get(&named).is_some() {
            return;
        }
        let TerminalKey { merchant, number } = named;
        if merchant.is_empty() {
            return;
        }
        let Some(unnamed) = self.terminals.unnamed(&number) else {
            return;
        };
        let old = TerminalKey {
            merchant: MerchantId::EMPTY,
            number,
        };
        let done = unnamed.done.iter();
        let name = |opened: &Opened, request: &StoredFrame| {
            let spec = self.spec_named(&opened.spec)?;
            names::identity_at(&kept(&spec, request)?, &merchant)
        };
        let done = done.filter_map(|done| Some((done.id, name(&done.opened, &done.request)?)));
        let done: Vec<(TxId, Identity)> = done.collect();
        let live = self.live.slots().into_iter().filter_map(|slot| {
            let own = self.live.get(slot)?;
            let is_its = key_of(&own.opened) == old;
            is_its.then(|| Some((slot, name(&own.opened, &own.request)?)))?
        });
        let live: Vec<(Slot, Identity)> = live.collect();
        self.terminals.rename((&old, named), merchant, &done);
        for (slot, name) in live {
            self.live.rename(slot, merchant, name);
        }
    }

    /// The terminal that a message names.
    pub(super) fn terminal_of(&self, message: &Message) -> Option<TerminalKey> {
        Some(TerminalKey {
            merchant: self.merchant_of(message),
            number: message.terminal()?,
        })
    }

    /// Records a message that belongs to nothing here.
    pub(super) fn stray(&mut self, now: Now, conn: ConnId, message: &Message, hop: Hop) {
        let wanted = names::match_key(message, LinkId(0), &[]).map(|key| key.values);
        let unmatched = Unmatched {
            message: Logged::of(message, hop, conn, None),
            wanted: wanted.unwrap_or_default(),
            ambiguous: false,
        };
        self.record(now, None, None, Fact::Unmatched(Box::new(unmatched)));
    }

    fn request(&mut self, now: Now, conn: ConnId, message: Message, mut opened: Opened) {
        let original = opened.original;
        opened.original = original.filter(|original| !self.is_of_elsewhere(conn, *original));
        if let Some(first) = self.name_taken_elsewhere(conn, &opened) {
            self.refuse(now, conn, &message, opened, Reason::taken_by(first));
        } else if let Some(why) = self.mac_is_wrong(&message, &opened) {
            self.refuse(now, conn, &message, opened, why);
        } else if self.is_repeat(now, conn, &message, &opened) {
            // It has been dealt with: no limit may answer for what is under way.
        } else if !self.admits(conn, &opened) {
            self.refuse(now, conn, &message, opened, Why::UnknownTerminal);
        } else if let Some(original) = self.undoes_already(&message, &opened) {
            self.refuse(now, conn, &message, opened, Reason::undoing(original));
        } else if let Some(why) = self.objection(now, conn, &opened) {
            self.refuse(now, conn, &message, opened, why);
        } else {
            self.forward(now, conn, message, opened);
        }
    }

    /// Whether the terminal may begin a transaction where it came in. A reversal is never asked: it
    /// can only give money back.
    fn admits(&self, conn: ConnId, opened: &Opened) -> bool {
        let listener = self.listener_of(conn);
        let options = listener.and_then(|id| self.options.listeners.get(usize::from(id.0)));
        let Some(known) = options.and_then(|options| options.known.as_ref()) else {
            return true;
        };
        known.contains(&opened.terminal)
            || self.options.keys.names(&opened.merchant, &opened.terminal)
    }

    /// Where a connection of a terminal came in, and the two names of the terminal that spoke last
    /// on it (DE 42, empty if none is known, and DE 41).
    #[must_use]
    pub fn terminal_at(&self, conn: ConnId) -> Option<(ListenerId, (MerchantId, TerminalId))> {
        let at = self.conns.get(&conn)?;
        let terminal = at.terminal?;
        Some((at.listener, (terminal.merchant, terminal.number)))
    }

    /// Where a terminal came in.
    #[must_use]
    pub(super) fn listener_of(&self, conn: ConnId) -> Option<ListenerId> {
        self.conns.get(&conn).map(|conn| conn.listener)
    }

    /// Why a new request is refused.
    fn objection(&mut self, now: Now, conn: ConnId, opened: &Opened) -> Option<Why> {
        let room = self.has_room_for(now, &key_of(opened));
        let limits = &self.options.limits;
        let terminal = self.terminals.get(&key_of(opened));
        let since = ago(self.steady.at(now.mono), self.options.ladder.tombstone);
        let buried = terminal.is_some_and(|terminal| terminal.is_buried(&opened.identity, since));
        let waiting = self.conns.get(&conn).map_or(0, |conn| conn.waiting.len());
        if buried {
            Some(Why::OvertakenByReversal)
        } else if self.draining {
            Some(Why::Draining)
        } else if self.disk_low
            || !room
            || !planted::is(Bug::Unbounded)
                && (self.gauges.in_flight >= limits.in_flight
                    || self.live.len() + self.terminals.open() >= limits.live
                    || waiting >= limits.per_terminal)
        {
            Some(Why::Overload)
        } else {
            None
        }
    }

    /// What is wrong if the message should carry a MAC that we can check, and does not carry the
    /// right one.
    pub(super) fn mac_is_wrong(&self, message: &Message, opened: &Opened) -> Option<Why> {
        let keys = self.terminals.get(&key_of(opened))?.keys.as_ref()?;
        if partly_read::lacks_mac(message, &keys.mac) {
            return Some(Why::RequestUnread);
        }
        let wanted = message.kind().is_some_and(|kind| kind.mac) && !planted::is(Bug::NoMacCheck);
        let wrong = wanted && security::verify(message, &keys.mac) != Some(true);
        wrong.then_some(Why::RequestMac)
    }

    /// Lets a connection wait for the answer of a transaction.
    pub(super) fn wait(&mut self, slot: Slot, waiter: Waiter) {
        if let Some(conn) = self.conns.get_mut(&waiter.conn) {
            conn.waiting.push(slot);
        }
        if let Some(transaction) = self.live.get_mut(slot) {
            transaction.waiting.push(waiter);
        }
    }

    /// Sends a new request on its way, or says no if there is none.
    pub(super) fn forward(&mut self, now: Now, conn: ConnId, message: Message, mut opened: Opened) {
        let route = match self.route_by_original(conn, &message, &opened) {
            Ok(Some(route)) => route,
            Ok(None) => return self.refuse(now, conn, &message, opened, Why::NoRoute),
            Err(one) => return self.refuse(now, conn, &message, opened, Reason::taken_by(one)),
        };
        let own = &self.options.routes[route];
        let Some((link, link_conn)) = self.links.pick(own, self.options.limits.per_link) else {
            let full = own.to.iter().any(|link| self.links.takes_requests(*link));
            let why = if full { Why::Overload } else { Why::NoLink };
            return self.refuse(now, conn, &message, opened, why);
        };
        let draft = match self.upstream_draft(now, (route, link), &message, &opened) {
            Ok(draft) => draft,
            Err(reason) => {
                let note = self.note_of_request(&message, &opened);
                let reason = Reason::from(*reason).noting(note);
                return self.refuse(now, conn, &message, opened, reason);
            }
        };
        let there = draft
            .as_ref()
            .map_or(&message, |draft| &draft.there.message);
        let key = names::match_key(there, link, &self.options.routes[route].key);
        if let Some(Err(holder)) = key.as_ref().map(|key| self.free_key(key)) {
            let reason = Reason::taken_by(holder);
            return self.refuse(now, conn, &message, opened, reason);
        }
        let Ok(frame) = there.build() else {
            return self.refuse(now, conn, &message, opened, Why::NoRoute);
        };
        let id = self.numbers.next_tx(now);
        opened.link = link;
        opened.twin = self.twin_of(now, &opened, id);
        let opened = Arc::new(opened);
        let relayed = Some(link_conn).filter(|_| draft.is_none());
        let logged = Logged::of(&message, Hop::TerminalToGateway, conn, relayed);
        let transaction = Transaction {
            id,
            route,
            began: now.wall,
            since: now.mono,
            request: logged.frame.clone(),
            link_conn: Some(link_conn),
            mti: Some(there.mti()),
            asked_for: asked_for(there),
            digest: digest(&message, &opened),
            ..Transaction::of(Arc::clone(&opened))
        };
        let cause = Cause {
            message: Some(logged),
            note: self.note_of_request(&message, &opened),
            ..Cause::default()
        };
        let (slot, _) = self.open(now, transaction, Trigger::Forward, cause);
        if let Some(draft) = draft {
            self.goes_on(now, slot, link_conn, &draft);
        }
        if let Some(key) = key {
            self.live.add_key(slot, key);
        }
        self.uses_number(now, &opened);
        self.trades_on(conn, &opened);
        self.wait(slot, Waiter::new(conn, message.header()));
        self.sets_out(slot, link_conn, frame);
        // A void or refund that names an approval by its number proves that the terminal has it.
        self.refers(now, &opened, Trigger::Proof, id);
    }

    /// A request is sent, and its answer waited for.
    fn sets_out(&mut self, slot: Slot, link_conn: ConnId, frame: Bytes) {
        self.live.set_deadline(slot, self.answer_deadline(slot));
        self.links.load(link_conn, 1);
        let send = self.send(link_conn, frame, Some(Sent::Request(slot)));
        if let Some(transaction) = self.live.get_mut(slot) {
            transaction.unwritten = Some(send);
        }
    }

    /// The other swipe of the same purchase, if there was one moments ago (D0).
    fn twin_of(&mut self, now: Now, opened: &Opened, id: TxId) -> Option<TxId> {
        let until = now.mono + self.options.ladder.twin;
        let moves = opened.purpose.moves_money();
        moves.then(|| self.twins.meet(opened, id, now.mono, until))?
    }

    /// The terminal of a request that goes out uses its number; it is remembered if there is room.
    fn uses_number(&mut self, now: Now, opened: &Opened) {
        if self.has_room_for(now, &key_of(opened)) {
            self.saw(opened, self.steady.at(now.mono));
        }
    }

    /// The terminal of a request has used its number.
    pub(super) fn saw(&mut self, opened: &Opened, at: Wall) {
        self.terminals.entry(key_of(opened)).saw(opened, at);
    }

    /// Whether the terminal is remembered, or there is room for it.
    pub(super) fn has_room_for(&mut self, now: Now, key: &TerminalKey) -> bool {
        let since = ago(self.steady.at(now.mono), self.options.ladder.watch);
        self.terminals.has_room(key, since, &self.options.limits)
    }

    /// A terminal that waits for nothing and begins another trade has dealt with the answer written
    /// last, or would have reversed it first. That proves nothing, but a reset that comes now has
    /// cut off what is said from here on.
    pub(super) fn trades_on(&mut self, conn: ConnId, opened: &Opened) {
        let Some(at) = self.conns.get_mut(&conn) else {
            return;
        };
        if opened.purpose.moves_money() && at.waiting.is_empty() {
            let own = key_of(opened);
            at.delivered.retain(|(terminal, ..)| *terminal != own);
        }
    }

    /// Makes sure that a key may be used once more; else gives the one that holds it. What is
    /// watched for its approval keeps it beside: an answer that may be of both goes to none.
    pub(super) fn free_key(&mut self, key: &names::MatchKey) -> Result<(), TxId> {
        let watched = [State::ClosedUnproven, State::Reversed];
        // Their answer came; another one would be found by the transaction's own name.
        let answered = [
            State::TerminalGone,
            State::DeliveryUnproven,
            State::LateApproval,
        ];
        let holders: Vec<Slot> = self.live.holders(key).collect();
        for holder in holders {
            let Some(own) = self.live.get(holder) else {
                continue;
            };
            if answered.contains(&own.state) {
                self.live.release_key(holder, key);
            } else if !watched.contains(&own.state) {
                return Err(own.id);
            }
        }
        Ok(())
    }

    /// A later message speaks of an answered transaction.
    pub(super) fn later_message(
        &mut self,
        now: Now,
        of: &Opened,
        original: TxId,
        trigger: Trigger,
        by: TxId,
    ) {
        let Some(slot) = self.revive(original, now) else {
            return;
        };
        let trigger = self.returned(slot, of, trigger);
        let cause = Cause {
            note: Note::Other(by),
            ..Cause::default()
        };
        self.step(now, slot, trigger, cause);
        self.forget_if_over(slot);
    }

    /// Counts what goes back of an original, or comes again, and says what that makes of it: a
    /// completion returns nothing, a refund may return a part.
    fn returned(&mut self, slot: Slot, of: &Opened, trigger: Trigger) -> Trigger {
        let Some(own) = self.live.get_mut(slot) else {
            return trigger;
        };
        match (trigger, of.purpose) {
            (Trigger::Returned | Trigger::ReturnUndone, Purpose::Debit | Purpose::Hold) => {
                Trigger::Proof
            }
            // How much of it that is, nobody here knows.
            (Trigger::Returned, _) if !of.may_share_currency(&own.opened) => {
                Trigger::ReturnedInPart
            }
            (Trigger::Returned, Purpose::Refund | Purpose::Reversal) => {
                own.returned.0 = own.returned.0.saturating_add(of.amount.0);
                let whole = own.returned >= own.opened.amount;
                if whole {
                    trigger
                } else {
                    Trigger::ReturnedInPart
                }
            }
            (Trigger::ReturnUndone, Purpose::Refund) if of.may_share_currency(&own.opened) => {
                own.returned.0 = own.returned.0.saturating_sub(of.amount.0);
                trigger
            }
            (same, _) => same,
        }
    }

    /// The deadline of an answer passed.
    pub(super) fn answer_overdue(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let timeout = self.options.routes[transaction.route].timeout;
        if planted::is(Bug::WallClock) && now.wall - transaction.began < timeout {
            let later = now.mono + timeout / 16;
            self.live.set_deadline(slot, Some(later));
        } else if let Some(send) = transaction.unwritten {
            // It may never have left: take it back, and decide when that is known.
            transaction.revoking = true;
            self.order(Action::Revoke(send));
        } else {
            self.no_answer(now, slot, Trigger::Deadline, Why::NoAnswer, Note::None);
        }
    }

    /// No usable answer: as the table says, or given up if the kind never reverses.
    pub(super) fn no_answer(
        &mut self,
        now: Now,
        slot: Slot,
        trigger: Trigger,
        why: Why,
        note: Note,
    ) {
        let reverses = self
            .live
            .get(slot)
            .is_some_and(|transaction| transaction.opened.reverses);
        let trigger = if reverses { trigger } else { Trigger::GaveUp };
        self.step(
            now,
            slot,
            trigger,
            Cause {
                why,
                note,
                message: None,
            },
        );
    }

    pub(super) fn answer_deadline(&self, slot: Slot) -> Option<crate::engine::seam::Mono> {
        let transaction = self.live.get(slot)?;
        Some(transaction.since + self.options.routes[transaction.route].timeout)
    }

    /// The route of a request. What names an earlier transaction goes to the acquirer that has
    /// that, whatever the message itself leaves out; what may mean several, to which no one route
    /// leads, goes nowhere: it gives one of them.
    fn route_by_original(
        &self,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
    ) -> Result<Option<usize>, TxId> {
        let own = self.route_of(conn, message);
        let meant = self.meant_by(message, opened);
        let mut ways = Vec::new();
        for id in meant.all() {
            if !self.is_of_elsewhere(conn, *id)
                && let Some((route, link)) = self.way_of(*id)
            {
                ways.push((*id, route, link));
            }
        }
        let leads = |route: &usize| {
            let to = &self.options.routes[*route].to;
            ways.iter().all(|(_, _, link)| to.contains(link))
        };
        let Some((first, theirs, link)) = ways.first() else {
            return Ok(own);
        };
        let of_one = ways.iter().all(|(_, _, other)| other == link);
        match own.filter(leads) {
            Some(own) => Ok(Some(own)),
            // No route may lead there any more: then it is refused for that.
            None if of_one || leads(theirs) => Ok(Some(*theirs)),
            None => Err(*first),
        }
    }

    /// The first route that takes a message.
    pub(super) fn route_of(&self, conn: ConnId, message: &Message) -> Option<usize> {
        let listener = self.conns.get(&conn)?.listener;
        let takes = |route: &super::RouteOptions| route.takes.takes(listener, message);
        self.options.routes.iter().position(takes)
    }
}

/// The moment so long before another one.
pub(super) fn ago(moment: Wall, long: Duration) -> Wall {
    let micros = u64::try_from(long.as_micros()).unwrap_or(0);
    Wall(moment.0.saturating_sub_unsigned(micros))
}
