//! Coming back: history folded into a gateway, and a gateway written down as history.
//!
//! Recovery applies each recorded step to what it belongs to, without deciding anything again; only
//! then is every live transaction told of the restart, which is a row of the table like any other.

use super::acquirer_reversal::part_taken_back;
use super::core::{Cause, Gateway};
use super::kept_frames::kept;
use super::lifecycle::Trigger;
use super::live::{Live, Reversal, Slot, Transaction};
use super::message_facts::key_of;
use super::names::TerminalKey;
use super::numbers::Gauges;
use super::options::Options;
use super::own_answers::is_vouched_for;
use super::remembered::Remembered;
use super::terminal_memory::Terminals;
use super::terminal_reversal::{is_partial, part_given_back};
use super::unread_approvals::UnreadApprovals;
use super::upstream_request::UpstreamRequest;
use crate::engine::record::{
    Awaited, CarriedKeys, Fact, Hop, LinkId, LinkName, ListenerId, Logged, Note, Opened, Record,
    Row, Seq, State, Step, StoredFrame, TxId, Vault, Why,
};
use crate::engine::seam::{Now, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{Class, MerchantId, ResponseCode, TerminalId};
use crate::iso::spec::{Purpose, ReversalCause, ReversalOutcome, Spec};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Gateway {
    /// A gateway that begins with the given history: the records since the last checkpoint, its own
    /// included, in order, their patches opened as far as the keys are there. `seed` keys its maps
    /// and throws its jitter; `vault` hashes card numbers.
    #[must_use]
    pub fn recover(
        options: Options,
        vault: Arc<Vault>,
        seed: u64,
        now: Now,
        history: impl IntoIterator<Item = Record>,
    ) -> Self {
        let name = options.name;
        let fold = Fold::over(Self::empty(options, vault, seed), now, history);
        let mut gateway = fold.gateway;
        let fresh = fold
            .fresh
            .unproven(gateway.options.ladder.unproven_after_reset);
        gateway.steady.run(now.wall, now.mono);
        let started = Fact::Started {
            gateway: name,
            links: gateway.link_names(),
        };
        gateway.record(now, None, None, started);
        for slot in gateway.live.slots() {
            gateway.restarted(now, slot);
        }
        for id in fresh {
            gateway.unproven(now, id);
        }
        gateway
    }

    /// A live transaction learns of the restart.
    fn restarted(&mut self, now: Now, slot: Slot) {
        self.expect_answer(slot);
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let waits = transaction.state.awaits_answer() || transaction.state == State::Approved;
        let trigger = if transaction.held_back && transaction.state == State::Forwarded {
            // The record that would have let it out is not there.
            Trigger::Revoked
        } else if waits && !transaction.opened.reverses {
            Trigger::GaveUp
        } else {
            Trigger::Restart
        };
        // What two answers left unproven, a restart does not.
        let was_approved = transaction.state == State::Approved;
        self.step(now, slot, trigger, Cause::why(Why::Restarted));
        if was_approved {
            self.reverse_unproven(now, slot, Why::Restarted);
        }
        self.park(now, slot);
        self.watch_on(now, slot);
        self.forget_if_over(slot);
    }

    /// What is watched for its approval is so for the rest of its time.
    fn watch_on(&mut self, now: Now, slot: Slot) {
        let own = self.live.get(slot);
        let own = own.filter(|own| own.is_watched());
        let Some(reversal) = own.and_then(|own| own.reversal.as_ref()) else {
            return;
        };
        let age = self.steady.at(now.mono) - reversal.since;
        let rest = self.options.ladder.watch.saturating_sub(age);
        let until = (!rest.is_zero()).then(|| now.mono + rest);
        self.live.set_deadline(slot, until);
    }

    /// The route that a recorded request took: the first that leads to its link and takes it. If
    /// none leads there any more, it is reversed as the one says that takes it now, over its own
    /// link.
    pub(super) fn route_to(&mut self, opened: &Opened, request: &StoredFrame) -> usize {
        let all = 0..self.options.routes.len();
        let to_link = |at: &usize| self.options.routes[*at].to.contains(&opened.link);
        let leading: Vec<usize> = all.clone().filter(to_link).collect();
        if let [only] = leading.as_slice() {
            return *only;
        }
        let spec = self.spec_named(&opened.spec);
        let request = spec.and_then(|spec| kept(&spec, request));
        let takes = |at: &usize| self.takes(*at, opened, request.as_ref());
        if let Some(first) = leading.first() {
            return leading.iter().copied().find(takes).unwrap_or(*first);
        }
        let now = all.clone().find(takes);
        let now = now.filter(|_| !self.links.is_parked(opened.link));
        self.parked_route(now)
    }

    /// Whether a route takes a recorded request, wherever it leads.
    fn takes(&self, route: usize, opened: &Opened, request: Option<&Message>) -> bool {
        let takes = &self.options.routes[route].takes;
        let speaks = |listener: &ListenerId| {
            let own = self.options.listeners.get(usize::from(listener.0));
            own.is_some_and(|own| own.spec.name() == &*opened.spec)
        };
        let listener = takes.listener.is_empty() || takes.listener.iter().any(speaks);
        listener && request.is_some_and(|request| takes.fits(request))
    }

    /// How a recorded request went out.
    pub(super) fn upstream(
        &self,
        opened: &Opened,
        route: usize,
        frame: StoredFrame,
    ) -> Option<Box<UpstreamRequest>> {
        let rewritten = self.options.routes[route].rewrite_stan;
        let spec = self.host_spec(opened)?;
        UpstreamRequest::read(&spec, frame, rewritten).map(Box::new)
    }

    /// Goes on counting after a number that was given.
    fn count_from(&mut self, slot: Slot) {
        let upstream = self.live.get(slot).and_then(|own| own.upstream.as_deref());
        if let Some(upstream) = upstream.filter(|upstream| upstream.rewritten) {
            self.numbers.stan = upstream.stan;
        }
    }
}

/// History on its way into a gateway.
pub(super) struct Fold {
    pub(super) gateway: Gateway,
    pub(super) slots: BTreeMap<TxId, Slot>,
    /// What the numbers of links stand for at this place of history; empty while no names came.
    links: Vec<LinkId>,
    pub(super) fresh: UnreadApprovals,
}

impl Fold {
    /// A gateway that has lived through a history.
    pub(super) fn over(
        gateway: Gateway,
        now: Now,
        history: impl IntoIterator<Item = Record>,
    ) -> Self {
        let mut fold = Self {
            gateway,
            slots: BTreeMap::new(),
            links: Vec::new(),
            fresh: UnreadApprovals::default(),
        };
        for record in history {
            fold.take(now, record);
        }
        fold
    }

    fn take(&mut self, now: Now, record: Record) {
        let Record {
            seq,
            at,
            tx,
            prev: _,
            fact,
        } = record;
        self.gateway.numbers.resume_after(seq);
        let steady = if matches!(fact, Fact::Started { .. }) {
            self.gateway.steady.read_start(at)
        } else {
            self.gateway.steady.read(at)
        };
        self.fresh.read(steady);
        match fact {
            Fact::Step(step) => {
                if let Some(id) = tx {
                    self.step(now, id, seq, (at, steady), *step);
                }
            }
            Fact::Keys(keys) => self.keys(&keys),
            Fact::Tombstone(identity) => self.tombstone(identity, steady),
            Fact::CheckpointBegin => self.begin_anew(),
            Fact::Carried(item) => self.carried(now, at, *item),
            Fact::Started { links, .. } => self.links(&links),
            Fact::Stopped => self.fresh.clear(),
            Fact::Line(_)
            | Fact::Session(_)
            | Fact::Unmatched(_)
            | Fact::Unreadable(_)
            | Fact::Shadow(_)
            | Fact::ShadowTally(_)
            | Fact::Operated(_)
            | Fact::CheckpointEnd => {}
        }
    }

    /// From here on, numbers of links stand for these.
    pub(super) fn links(&mut self, names: &[LinkName]) {
        let gateway = &mut self.gateway;
        self.links = names.iter().map(|name| gateway.link_named(name)).collect();
    }

    /// A recorded transaction as it is known now: by the number of its link, and by its card if the
    /// keys for that are there.
    pub(super) fn known_now(&mut self, opened: &mut Opened, request: &StoredFrame) {
        if request.is_sealed() {
            // The key of its hash is gone, too: nobody here knows the card.
            opened.card_hash = [0; 16];
        }
        let known = self.links.get(usize::from(opened.link.0)).copied();
        opened.link = known.unwrap_or_else(|| self.gateway.link_at(opened.link));
    }

    /// A checkpoint says everything again.
    fn begin_anew(&mut self) {
        let gateway = &mut self.gateway;
        gateway.live = Live::new(gateway.dice.number());
        gateway.terminals = Terminals::of_checkpoint(gateway.dice.number());
        gateway.gauges = Gauges::default();
        self.slots.clear();
    }

    /// `at` is the step's label, and the moment that stands for.
    fn step(&mut self, now: Now, id: TxId, seq: Seq, at: (Wall, Wall), mut step: Step) {
        let slot = match step.opened.take() {
            Some(opened) if step.state == State::Forwarded => {
                self.begin(now, id, at.0, opened, &step)
            }
            Some(opened) => return self.refused(id, seq, opened, &step),
            None => match self.find(now, id) {
                Some(slot) => slot,
                None => return,
            },
        };
        self.apply(slot, seq, at.1, &step);
        let Some(own) = self.gateway.live.get(slot) else {
            return;
        };
        self.fresh.step(own, at.1);
        if !own.state.is_live() && !own.is_watched() {
            self.gateway.forget(slot);
            self.slots.remove(&id);
        }
    }

    fn begin(
        &mut self,
        now: Now,
        id: TxId,
        at: Wall,
        mut opened: Arc<Opened>,
        step: &Step,
    ) -> Slot {
        let message = step.message.as_ref();
        let request = message.map(|message| message.frame.clone());
        let request = request.unwrap_or_default();
        self.known_now(Arc::make_mut(&mut opened), &request);
        // A name is free again once its transaction is over, whatever the older turn was.
        if let Some(older) = self.gateway.live.named(&opened.identity) {
            self.gateway.forget(older);
        }
        let transaction = Transaction {
            id,
            route: self.gateway.route_to(&opened, &request),
            began: at,
            since: now.mono,
            held_back: message.is_some_and(|message| message.relayed.is_none()),
            request,
            ..Transaction::of(opened)
        };
        self.gateway.merchant_is_named(key_of(&transaction.opened));
        self.gateway.saw(&transaction.opened, at);
        let slot = self.gateway.live.insert(transaction);
        self.slots.insert(id, slot);
        slot
    }

    /// Of a request that was refused here, only the first under a used name is kept: its terminal
    /// may want it reversed.
    fn refused(&mut self, id: TxId, seq: Seq, mut opened: Arc<Opened>, step: &Step) {
        let request = step.message.as_ref().map(|message| message.frame.clone());
        let request = request.unwrap_or_default();
        self.known_now(Arc::make_mut(&mut opened), &request);
        let gateway = &mut self.gateway;
        let key = key_of(&opened);
        if is_vouched_for(step.why) {
            self.fresh.traded_on(&opened);
        }
        if gateway.is_first_of_used_name(step.why, &opened) {
            let refused = Remembered {
                id,
                state: step.state,
                last: seq,
                request,
                ..Remembered::of(opened)
            };
            gateway
                .terminals
                .remember(key, refused, &gateway.options.limits);
        }
    }

    /// The transaction of a step: live, or back from its terminal's memory.
    fn find(&mut self, now: Now, id: TxId) -> Option<Slot> {
        let known = self.slots.get(&id).copied();
        if let Some(slot) = known.filter(|slot| self.gateway.live.get(*slot).is_some()) {
            return Some(slot);
        }
        let slot = self.gateway.call_back(id, now)?;
        self.slots.insert(id, slot);
        Some(slot)
    }

    fn apply(&mut self, slot: Slot, seq: Seq, at: Wall, step: &Step) {
        let spec = self
            .gateway
            .live
            .get(slot)
            .and_then(|own| self.gateway.spec_of(own));
        self.went_on(slot, step);
        self.returned(slot, step);
        self.returned_in_part(slot, step);
        let told = self.told(slot, step);
        let Some(transaction) = self.gateway.live.get_mut(slot) else {
            return;
        };
        let before = std::mem::replace(&mut transaction.state, step.state);
        transaction.last = seq;
        if step.why == Why::AnswerMac && transaction.reversal.is_none() {
            transaction.cause = ReversalCause::Mac;
        }
        transaction.doubted |= step.row.tells_doubt();
        let again = transaction.approved;
        if let Some(reversal) = transaction.reversal.as_mut() {
            reversal.overtaken |= step.row.tells_approval() && !again && reversal.unanswered > 0;
            // A yes that proved nothing, since it had been overtaken (R19).
            reversal.overtaken &= step.row.0 != 'n' || step.why != Why::LateApproval;
        }
        if step.row.tells_approval() {
            transaction.approved = true;
            transaction.cause = ReversalCause::NotDelivered;
        }
        if step.state == State::ReversalPending && transaction.reversal.is_none() {
            transaction.reversal = Some(Reversal::new(transaction.cause, at));
        }
        if before != State::Reversed
            && transaction.may_be_approved_yet()
            && let Some(reversal) = transaction.reversal.as_mut()
        {
            reversal.since = at;
        }
        if step.row.starts_anew(again)
            && let Some(reversal) = transaction.reversal.as_mut()
        {
            reversal.start_anew(at);
            // Nobody decided that: its route says so.
            reversal.of_receipt |= step.row.0 == 'Y' && step.why != Why::Operator;
        }
        if let (Note::Try(tries), Some(reversal)) = (&step.note, transaction.reversal.as_mut()) {
            reversal.tries = *tries;
            reversal.unanswered = reversal.unanswered.saturating_add(1);
        }
        if let Some(message) = &step.message {
            heard(transaction, step, message, spec);
            if transaction.upstream.is_some() && step.row.tells_answer() {
                transaction.answer = told;
            }
        }
        self.gateway.gauges.moved(before, step.state);
    }

    /// A record that says that a refund returned something, or that one was undone, or that the
    /// acquirer took a part back.
    fn returned(&mut self, slot: Slot, step: &Step) {
        let of_acquirer = |message: &&Logged| {
            let (mti, hop) = (message.mti, message.hop);
            hop == Hop::AcquirerToGateway && mti.class() == Class::Reversal && !mti.is_answer()
        };
        if let Some(message) = step.message.as_ref().filter(of_acquirer)
            && let Some(own) = self.gateway.live.get_mut(slot)
            && step.row == Row('z')
        {
            let part = part_taken_back(&own.opened, message);
            own.returned.0 = own.returned.0.saturating_add(part.0);
        }
        let Note::Other(by) = step.note else {
            return;
        };
        let gateway = &mut self.gateway;
        let live = gateway.live.slot_of(by).and_then(|by| gateway.live.get(by));
        let of = live.map(|by| &*by.opened);
        let of = of.or_else(|| gateway.terminals.done(by).map(|by| &*by.opened));
        let refunded = of.filter(|of| matches!(of.purpose, Purpose::Refund | Purpose::Reversal));
        let own = gateway.live.get(slot);
        let refunded =
            refunded.filter(|of| own.is_some_and(|own| own.opened.may_share_currency(of)));
        let amount = refunded.map_or(0, |of| of.amount.0);
        if let Some(own) = gateway.live.get_mut(slot) {
            match step.row.0 {
                'v' | '2' => own.returned.0 = own.returned.0.saturating_add(amount),
                'w' => own.returned.0 = own.returned.0.saturating_sub(amount),
                _ => {}
            }
        }
    }

    /// A record that says that a part was given back, where the whole was to be undone.
    fn returned_in_part(&mut self, slot: Slot, step: &Step) {
        let answers = |message: &&Logged| {
            let (mti, hop) = (message.mti, message.hop);
            let from_host = hop == Hop::AcquirerToGateway && mti.is_answer();
            from_host && mti.class() == Class::Reversal && step.why == Why::Plain
        };
        let own = self.gateway.live.get(slot);
        let own = own.filter(|own| own.reversal.is_some());
        let message = step.message.as_ref().filter(answers);
        let answer = own.zip(message).and_then(|(own, message)| {
            let spec = self.gateway.host_spec(&own.opened)?;
            let accepts = spec.flow().reversal_outcome(message.code) == ReversalOutcome::Accepted;
            let answer = Message::parse(&spec, message.frame.frame.clone()).ok()?;
            (accepts && is_partial(&answer)).then_some(answer)
        });
        if let Some(answer) = answer
            && let Some(own) = self.gateway.live.get_mut(slot)
        {
            let part = part_given_back(&answer, own.opened.amount);
            own.returned.0 = own.returned.0.saturating_add(part.0);
        }
    }

    /// A record that says how a request goes on.
    fn went_on(&mut self, slot: Slot, step: &Step) {
        let goes_on = matches!(step.note, Note::GoesOn { .. });
        let Some(message) = step.message.as_ref().filter(|_| goes_on) else {
            return;
        };
        let Some(own) = self.gateway.live.get(slot) else {
            return;
        };
        let frame = message.frame.clone();
        if let Some(upstream) = self.gateway.upstream(&own.opened, own.route, frame) {
            self.gateway.live.set_upstream(slot, *upstream);
            self.gateway.count_from(slot);
        }
    }

    /// What the terminal is told of a recorded answer to a translated or renumbered request. Keys
    /// that were given with it are not given twice: a sign-on is asked for anew.
    fn told(&self, slot: Slot, step: &Step) -> Option<Bytes> {
        let message = step.message.as_ref()?;
        let own = self.gateway.live.get(slot)?;
        own.upstream.as_ref()?;
        let is_answer = message.hop == Hop::AcquirerToGateway && step.row.tells_answer();
        if !is_answer || own.opened.purpose == Purpose::SignOn {
            return None;
        }
        let spec = self.gateway.host_spec(&own.opened)?;
        let host = Message::parse(&spec, message.frame.restore()?).ok()?;
        self.gateway.told_back(slot, &host)?.build().ok()
    }

    pub(super) fn keys(&mut self, keys: &CarriedKeys) {
        // Keys whose master key is gone from the configuration cannot be used, and are left.
        let _unknown = self.gateway.take_keys(keys);
    }

    pub(super) fn tombstone(&mut self, identity: crate::engine::record::Identity, at: Wall) {
        let mut parts = identity.split('|').skip(1);
        let merchant = parts.next().and_then(MerchantId::new);
        let number = parts.next().and_then(TerminalId::new);
        let (Some(merchant), Some(number)) = (merchant, number) else {
            return;
        };
        let key = TerminalKey { merchant, number };
        let limits = self.gateway.options.limits;
        self.gateway
            .terminals
            .entry(key)
            .bury(identity, at, &limits);
    }
}

/// What a recorded message tells of its transaction.
fn heard(transaction: &mut Transaction, step: &Step, message: &Logged, spec: Option<Arc<Spec>>) {
    let is_reversal = message.mti.class() == Class::Reversal;
    match message.hop {
        // A reversal of the acquirer's own tells nothing of ours.
        Hop::AcquirerToGateway if !message.mti.is_answer() => {}
        Hop::AcquirerToGateway if is_reversal && transaction.reversal.is_some() => {
            if let Some(reversal) = transaction.reversal.as_mut() {
                reversal.unanswered = reversal.unanswered.saturating_sub(1);
                let outcome = spec.map(|spec| spec.flow().reversal_outcome(message.code));
                let handed_over = outcome == Some(ReversalOutcome::Unproven)
                    && step.state.meaning().awaited == Awaited::Reversal;
                if step.row.tells_end_of_reversal() || handed_over {
                    reversal.answer = message.frame.restore();
                }
            }
        }
        Hop::AcquirerToGateway => {
            if step.row.tells_answer() {
                transaction.answer = message.frame.restore();
                transaction.code = message.code;
            }
            // The first approval is the one on the receipt.
            if step.row.tells_answer() || transaction.auth.is_none() {
                transaction.rrn = message.rrn.or(transaction.rrn);
                transaction.auth = message.auth.or(transaction.auth);
            }
        }
        Hop::TerminalToGateway if is_reversal && matches!(step.row.0, 'U' | 'W') => {
            asked(transaction, message, spec);
        }
        Hop::TerminalToGateway | Hop::GatewayToAcquirer | Hop::GatewayToTerminal => {}
    }
}

/// What the terminal's recorded reversal tells: the first cause.
fn asked(transaction: &mut Transaction, message: &Logged, spec: Option<Arc<Spec>>) {
    let Some(reversal) = transaction.reversal.as_mut() else {
        return;
    };
    let rule = spec.as_ref().and_then(|spec| spec.flow().reversal.as_ref());
    let field = rule
        .and_then(|rule| rule.cause.as_ref())
        .map(|(field, _)| *field);
    let parsed = spec
        .clone()
        .and_then(|spec| Message::parse(&spec, message.frame.restore()?).ok());
    let code = field.zip(parsed).and_then(|(field, message)| {
        message
            .text(field)
            .and_then(|text| ResponseCode::new(&text))
    });
    reversal.of_receipt = false;
    reversal.cause_code = reversal.cause_code.or(code);
}
