//! The gateway's state, the one way in and out, and the one way to take a step.

use super::action::{Action, SendId};
use super::event::{Event, UnreadableFrame};
use super::lifecycle::{Decision, Effect, Trigger, decide};
use super::links::{LinkConn, Links};
use super::live::{Live, Slot, Transaction, Waiter};
use super::message_facts::key_of;
use super::names::TerminalKey;
use super::numbers::{Gauges, Numbers};
use super::options::{Limits, Options};
use super::recall::HeldBack;
use super::remembered::Remembered;
use super::terminal_memory::{Terminals, Twins};
use crate::engine::record::{
    Awaited, ConnId, Fact, Hop, ListenerId, Logged, Note, Opened, Record, Seq, State, Step, TxId,
    Unreadable, Vault, Why,
};
use crate::engine::seam::{Dice, KeyedMap, Mono, Now, Steady};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;

/// What can be counted of a gateway at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that wait for an answer, and answers that wait to be written.
    pub in_flight: usize,
    /// Live transactions, exceptions and watches included.
    pub live: usize,
    /// Reversals due or on the wire.
    pub reversals: usize,
    /// Terminals remembered.
    pub terminals: usize,
    /// Connections of links that are up and signed on.
    pub links_up: usize,
}

/// The core.
#[derive(Debug)]
pub struct Gateway {
    pub(super) options: Options,
    pub(super) vault: Arc<Vault>,
    pub(super) dice: Dice,
    pub(super) live: Live,
    pub(super) terminals: Terminals,
    pub(super) twins: Twins,
    pub(super) conns: KeyedMap<ConnId, TerminalConn>,
    pub(super) links: Links,
    pub(super) sends: KeyedMap<SendId, Sent>,
    pub(super) numbers: Numbers,
    pub(super) gauges: Gauges,
    pub(super) draining: bool,
    /// The journal's disk is nearly full: what is new is refused.
    pub(super) disk_low: bool,
    /// What waits for the journal.
    pub(super) held_back: HeldBack,
    /// What the age of tombstones and reversals counts on.
    pub(super) steady: Steady,
    actions: VecDeque<Action>,
}

/// A terminal's connection.
#[derive(Debug)]
pub(super) struct TerminalConn {
    pub(super) listener: ListenerId,
    /// The terminal that spoke last on it.
    pub(super) terminal: Option<TerminalKey>,
    /// What waits for an answer to it.
    pub(super) waiting: Vec<Slot>,
    /// The last approval written to it, of each terminal until that trades on.
    pub(super) delivered: VecDeque<(TerminalKey, TxId, Mono)>,
}

/// What a send was for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    /// A request, to the acquirer.
    Request(Slot),
    /// An answer, to the terminal that asked first.
    Answer(Slot, ConnId),
    /// A try of a reversal, to the acquirer.
    Try(Slot),
}

impl Gateway {
    /// An empty gateway; [`Gateway::recover`] fills it.
    pub(super) fn empty(options: Options, vault: Arc<Vault>, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            vault,
            live: Live::new(dice.number()),
            terminals: Terminals::new(dice.number()),
            twins: Twins::new(dice.number()),
            conns: KeyedMap::new(dice.number()),
            sends: KeyedMap::new(dice.number()),
            numbers: Numbers::new(u32::try_from(dice.below(1 << 32)).unwrap_or_default()),
            links: Links::new(&options),
            options,
            dice,
            gauges: Gauges::default(),
            draining: false,
            disk_low: false,
            held_back: HeldBack::default(),
            steady: Steady::default(),
            actions: VecDeque::new(),
        }
    }

    /// Takes in what happened, and does what is due.
    ///
    /// # Panics
    /// On a bug: a connection's id used twice, a name taken twice. The journal is sound then, and
    /// the next process reads it.
    pub fn handle(&mut self, now: Now, event: Event) {
        match event {
            Event::TerminalConnected { conn, listener } => {
                let fresh = TerminalConn {
                    listener,
                    terminal: None,
                    waiting: vec![],
                    delivered: VecDeque::new(),
                };
                let taken = self.conns.insert_new(conn, fresh).is_err();
                assert!(!taken, "a connection id is used once");
            }
            Event::TerminalMessage { conn, message } => self.terminal_says(now, conn, message),
            Event::TerminalUnreadable { conn, frame } => {
                self.unreadable(now, conn, Hop::TerminalToGateway, frame);
            }
            Event::TerminalClosed { conn, reset } => self.terminal_ends(now, conn, reset),
            Event::Recalled(recalled) => self.recalled(now, *recalled),
            Event::LinkUp { link, conn } => self.link_connected(now, link, conn),
            Event::LinkDown { link, conn } => self.link_down(now, link, conn),
            Event::AcquirerMessage { conn, message } => self.acquirer_message(now, conn, &message),
            Event::AcquirerUnreadable { conn, frame } => {
                self.unreadable(now, conn, Hop::AcquirerToGateway, frame);
            }
            Event::Written(send) => self.written(now, send),
            Event::NotWritten(send) => self.not_written(now, send),
            Event::Tick => {}
            Event::Operator(wish) => self.operator(now, &wish),
            Event::Drain => self.draining = true,
            Event::DiskLow(low) => self.disk_low = low,
            Event::ShadowDiffers(difference) => {
                self.record(now, None, None, Fact::Shadow(difference));
            }
            Event::LinkDrained(link, drained) => self.links.drain(link, drained),
            Event::Operated(act) => {
                self.record(now, None, None, Fact::Operated(act));
            }
            Event::ShadowCounted(tally) => {
                self.record(now, None, None, Fact::ShadowTally(tally));
            }
        }
        self.do_what_is_due(now);
    }

    /// It ends in good order: what was written to terminals is on its way, as after a plain close.
    pub fn stop(&mut self, now: Now) {
        self.record(now, None, None, Fact::Stopped);
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call again with [`Event::Tick`] at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let conns = self.links.iter().flat_map(|(_, link)| &link.conns);
        let sessions = conns.filter_map(LinkConn::deadline);
        let held = self.held_back.deadline();
        let live = self.live.next_deadline().into_iter();
        live.chain(held).chain(sessions).min()
    }

    /// Changes what is bounded, for what comes from now on.
    pub const fn limit(&mut self, limits: Limits) {
        self.options.limits = limits;
    }

    /// What can be counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            in_flight: self.gauges.in_flight + self.held_back.len(),
            live: self.live.len(),
            reversals: self.gauges.reversing,
            terminals: self.terminals.len(),
            links_up: self.links.iter().map(|(_, link)| link.ready_count()).sum(),
        }
    }

    fn do_what_is_due(&mut self, now: Now) {
        while let Some(slot) = self.live.pop_due(now.mono) {
            self.transaction_due(now, slot);
        }
        self.sessions_due(now);
        self.held_due(now);
    }

    /// What the deadline of a live transaction means, by its state.
    fn transaction_due(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        match transaction.state {
            State::Forwarded | State::ForwardedGone => self.answer_overdue(now, slot),
            State::TerminalGone => self.grace_over(now, slot),
            State::ReversalPending => self.reversal_due(now, slot),
            State::ReversalSent => self.try_overdue(now, slot),
            State::ReversalUndeliverable => self.slow_try_due(now, slot),
            State::ClosedUnproven => {
                self.step(now, slot, Trigger::WatchOver, Cause::default());
            }
            // Nobody is owed anything by the gateway any more.
            State::Reversed
            | State::ClosedByOperator
            | State::DeliveryUnproven
            | State::TimedOut
            | State::LateApproval
            | State::ReversalRefused => self.forget(slot),
            State::Received
            | State::Refused
            | State::Approved
            | State::Declined
            | State::Delivered
            | State::DeclineDelivered
            | State::Unanswered
            | State::NotSent
            | State::Returned
            | State::Settled
            | State::SettleMismatch
            | State::Confirmed
            | State::AnswerUnread => {}
        }
    }

    /// Takes the row of the table, records it, and carries out what it owes.
    pub(super) fn step(
        &mut self,
        now: Now,
        slot: Slot,
        trigger: Trigger,
        cause: Cause,
    ) -> Option<Decision> {
        let transaction = self.live.get_mut(slot)?;
        let decision = decide(transaction.state, trigger);
        let silent = decision.row.0 == 'z' && cause.message.is_none();
        if silent {
            return Some(decision);
        }
        let before = std::mem::replace(&mut transaction.state, decision.next);
        let (id, prev) = (transaction.id, transaction.last);
        let link_conn = transaction.link_conn;
        self.gauges.moved(before, decision.next);
        if let Some(link_conn) = link_conn
            && before.awaits_answer()
            && !decision.next.awaits_answer()
        {
            self.links.load(link_conn, -1);
        }
        if !decision.next.awaits_answer() {
            self.unwait(slot);
        }
        let step = cause.into_step(decision, None);
        let seq = self.record(now, Some(id), Some(prev), Fact::Step(Box::new(step)));
        if let Some(transaction) = self.live.get_mut(slot) {
            transaction.last = seq;
        }
        self.carry_out(now, slot, trigger, decision.effect);
        self.watch_over(now, slot);
        Some(decision)
    }

    /// Nothing is kept for ever: what waits for somebody else's act, and not for a moment of its
    /// own, leaves the table after the time of a watch. Its terminal's memory still knows it, and
    /// the journal lists it as open.
    fn watch_over(&mut self, now: Now, slot: Slot) {
        let waits = self.live.get(slot).is_some_and(|transaction| {
            transaction.deadline.is_none() && transaction.state.meaning().awaited == Awaited::Others
        });
        if waits {
            let until = now.mono + self.options.ladder.watch;
            self.live.set_deadline(slot, Some(until));
        }
    }

    /// The answer is no longer waited for: its terminals have room for another request.
    fn unwait(&mut self, slot: Slot) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        for waiter in &transaction.waiting {
            if let Some(conn) = self.conns.get_mut(&waiter.conn) {
                conn.waiting.retain(|own| *own != slot);
            }
        }
    }

    /// Begins a transaction with its first step.
    pub(super) fn open(
        &mut self,
        now: Now,
        transaction: Transaction,
        trigger: Trigger,
        cause: Cause,
    ) -> (Slot, Decision) {
        let decision = decide(State::Received, trigger);
        let id = transaction.id;
        let step = cause.into_step(decision, Some(transaction.opened.clone()));
        let seq = self.record(now, Some(id), None, Fact::Step(Box::new(step)));
        self.gauges.moved(State::Received, decision.next);
        let slot = self.live.insert(Transaction {
            state: decision.next,
            last: seq,
            ..transaction
        });
        (slot, decision)
    }

    /// Carries out what a row owes. What is delivered was put into the transaction before.
    fn carry_out(&mut self, now: Now, slot: Slot, trigger: Trigger, effect: Effect) {
        match effect {
            Effect::None | Effect::AwaitReversal => {}
            Effect::AnswerNo => self.answer_no(now, slot),
            Effect::AwaitAnswer => {}
            Effect::Deliver => self.deliver(now, slot, trigger != Trigger::TerminalBack),
            Effect::ReverseByPolicy => self.reverse_by_policy(now, slot),
            Effect::ReverseAndTell => {
                self.reverse_by_policy(now, slot);
                self.deliver(now, slot, true);
            }
            Effect::Reverse => {
                // A host that repeats its approval for each reversal uses the tries up.
                let goes_on = matches!(
                    trigger,
                    Trigger::Restart | Trigger::ApprovalAgain | Trigger::OtherApproval
                );
                self.begin_reversal(now, slot, !goes_on);
            }
            Effect::Grace => {
                let until = now.mono + self.options.ladder.grace;
                self.live.set_deadline(slot, Some(until));
            }
            Effect::RetryLater => self.retry_later(now, slot),
            Effect::List => {
                let until = now.mono + self.options.ladder.slow_pause;
                self.live.set_deadline(slot, Some(until));
            }
            Effect::Finish => self.finish_reversal(now, slot, false),
            Effect::FinishAndWatch => self.finish_reversal(now, slot, true),
            Effect::AnswerInvalid | Effect::AnswerReversal => {
                // The terminal's reversal itself is needed for these: see `terminal_reversal`.
            }
            Effect::Cancel => self.cancel_reversal(now, slot),
            Effect::Forget => self.forget(slot),
        }
    }

    /// Moves a transaction out of the table and into its terminal's memory.
    pub(super) fn forget(&mut self, slot: Slot) {
        let Some(transaction) = self.live.remove(slot) else {
            return;
        };
        self.gauges.moved(transaction.state, State::Received);
        let key = key_of(&transaction.opened);
        let answer = transaction.answer;
        let tries = transaction.reversal.as_ref().map_or(0, |own| own.tries);
        let reversal_answer = transaction.reversal.and_then(|reversal| reversal.answer);
        let done = Remembered {
            id: transaction.id,
            state: transaction.state,
            route: transaction.route,
            last: transaction.last,
            rrn: transaction.rrn,
            auth: transaction.auth,
            approved: transaction.approved,
            returned: transaction.returned,
            request: transaction.request,
            upstream: transaction.upstream,
            opened: transaction.opened,
            answer,
            tries,
            reversal_answer,
        };
        self.terminals.remember(key, done, &self.options.limits);
    }

    /// Appends a record, and gives its place.
    pub(super) fn record(
        &mut self,
        now: Now,
        tx: Option<TxId>,
        prev: Option<Seq>,
        fact: Fact,
    ) -> Seq {
        let seq = self.numbers.next_seq();
        self.actions.push_back(Action::Append(Record {
            seq,
            at: now.wall,
            tx,
            prev,
            fact,
        }));
        seq
    }

    /// Orders a send behind everything recorded so far.
    pub(super) fn send(&mut self, conn: ConnId, frame: Bytes, sent: Option<Sent>) -> SendId {
        let id = self.numbers.next_send();
        if let Some(sent) = sent {
            let taken = self.sends.insert_new(id, sent).is_err();
            debug_assert!(!taken, "send ids are counted");
        }
        self.actions.push_back(Action::Send {
            id,
            after: self.numbers.seq(),
            conn,
            frame,
        });
        id
    }

    pub(super) fn order(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Records a frame that cannot be read, or not so far that it could be told whose it is.
    pub(super) fn unreadable(&mut self, now: Now, conn: ConnId, hop: Hop, frame: UnreadableFrame) {
        let UnreadableFrame { length, hash, what } = frame;
        let fact = Unreadable {
            hop,
            conn,
            length,
            hash,
            what,
        };
        self.record(now, None, None, Fact::Unreadable(Box::new(fact)));
    }
}

/// What a step should say besides its row.
#[derive(Debug, Default)]
pub(super) struct Cause {
    pub(super) why: Why,
    pub(super) note: Note,
    pub(super) message: Option<Logged>,
}

impl Cause {
    pub(super) fn why(why: Why) -> Self {
        Self {
            why,
            ..Self::default()
        }
    }

    fn into_step(self, decision: Decision, opened: Option<Arc<Opened>>) -> Step {
        let Decision {
            row, next: state, ..
        } = decision;
        Step {
            row,
            state,
            why: self.why,
            note: self.note,
            message: self.message,
            opened,
        }
    }
}

impl Waiter {
    pub(super) fn new(conn: ConnId, header: &[u8]) -> Self {
        Self {
            conn,
            header: Bytes::copy_from_slice(header),
        }
    }
}
