//! The state machine: events in, actions out.

use super::TerminalOptions;
use super::outcome::Failure;
use super::receipts::{Receipts, Slip, Unfinished};
use super::workload::{Order, OrderError, is_follow_up, is_ordered};
use crate::engine::seam::{Dice, Mono, Now};
use crate::iso::codec::{BuildError, Message};
use crate::iso::message::{FieldPath, Stan, Text};
use crate::iso::security::WorkingKeys;
use crate::iso::spec::{Purpose, ReversalCause};
use crate::lab::fault::{Fate, Faults, OnceMore};
use crate::lab::peer::names::batch_path;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

/// Something happened to the terminal's connection, or time passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalEvent {
    /// The connection that it asked for is up.
    Connected,
    /// The connection that it asked for was refused.
    ConnectFailed,
    /// The other side closed the connection. Never comes after [`TerminalAction::Close`].
    Closed,
    /// A frame came, without length prefix.
    Frame(Bytes),
    /// Time passed. Every other event does that too.
    Wake,
}

/// Something to be done for the terminal, in the order given.
#[derive(Clone, Debug)]
pub enum TerminalAction {
    /// Open its connection. Answer with `Connected` or `ConnectFailed`.
    Connect,
    /// Write a frame, without length prefix, to its connection.
    Send(Bytes),
    /// Close its connection, or end the attempt to open it; what comes from it afterwards is not
    /// delivered.
    Close {
        /// By a reset, so that what was written last may be lost.
        reset: bool,
    },
    /// Show a slip.
    Print(Box<Slip>),
}

/// A terminal.
#[derive(Debug)]
pub struct TestTerminal {
    pub(super) options: TerminalOptions,
    pub(super) dice: Dice,
    /// All that survives a loss of power.
    pub(super) receipts: Receipts,
    pub(super) session: TerminalSession,
    pub(super) line: LineState,
    pub(super) doing: Doing,
    /// When to look for something to do.
    pub(super) due: Mono,
    pub(super) is_trading: bool,
    pub(super) traded: u64,
    pub(super) orders: VecDeque<Order>,
    pub(super) actions: VecDeque<TerminalAction>,
    pub(super) strays: u64,
    /// What every further request carries instead of what the terminal would write.
    pub(super) overrides: Vec<(FieldPath, String)>,
    /// What its operator will make again when the transaction of this receipt has ended.
    pub(super) again: Option<(usize, Order, OnceMore)>,
    /// The first order is such a repeat, under this trace number if it must be the same.
    pub(super) repeat: Option<Option<Stan>>,
    /// The reversal of the last request that has one, for a cashier who wants it undone.
    pub(super) undo: Option<(usize, Message)>,
}

/// What a sign-in brought; lost with the power.
#[derive(Debug, Default)]
pub(super) struct TerminalSession {
    pub signed_on: bool,
    pub keys: Option<WorkingKeys>,
    /// Somebody asked for a sign-in, whether or not there is anything to trade.
    pub asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineState {
    Down,
    Connecting,
    Up,
}

#[derive(Debug)]
pub(super) enum Doing {
    Idle,
    Waiting(Box<SentRequest>),
    /// Without power until then.
    Dark(Mono),
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct SentRequest {
    pub task: Task,
    pub request: Message,
    pub since: Mono,
    pub deadline: Mono,
    /// When a fault cuts the connection.
    pub hang_up: Option<Mono>,
    /// What came and will be read then.
    pub unread: Option<(Mono, Bytes)>,
    pub fate: Fate,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    SignOn,
    /// The transaction of this receipt, sent the first time.
    Trade(usize),
    /// What is unfinished: a reversal, a question about a payment, or an advice again.
    Finish,
    /// Records of a batch whose totals differ, or the end of them.
    Upload,
}

impl TestTerminal {
    /// A terminal that has just been switched on. It does nothing before its first event; a
    /// [`TerminalEvent::Wake`] will do.
    #[must_use]
    pub fn new(options: TerminalOptions, dice: Dice) -> Self {
        let batch = batch_path(options.spec.flow()).and_then(|_| Text::new("000001"));
        Self {
            is_trading: options.workload.count != Some(0),
            options,
            dice,
            receipts: Receipts::new(batch.unwrap_or_default()),
            session: TerminalSession::default(),
            line: LineState::Down,
            doing: Doing::Idle,
            due: Mono(0),
            traded: 0,
            orders: VecDeque::new(),
            actions: VecDeque::new(),
            strays: 0,
            overrides: Vec::new(),
            again: None,
            repeat: None,
            undo: None,
        }
    }

    /// Takes one event in.
    pub fn handle(&mut self, now: Now, event: TerminalEvent) {
        match event {
            TerminalEvent::Connected if self.line == LineState::Connecting => {
                self.line = LineState::Up;
                self.due = self.due.min(now.mono);
            }
            TerminalEvent::ConnectFailed if self.line == LineState::Connecting => {
                // Nothing left the terminal, so there is nothing to reverse.
                self.line = LineState::Down;
                self.pause(now);
            }
            TerminalEvent::Closed if self.line == LineState::Up => {
                self.line = LineState::Down;
                self.fail(now, Failure::NoAnswer);
            }
            TerminalEvent::Frame(frame) if self.line == LineState::Up => self.receive(now, frame),
            // What belongs to a connection that is no longer ours.
            TerminalEvent::Connected
            | TerminalEvent::ConnectFailed
            | TerminalEvent::Closed
            | TerminalEvent::Frame(_)
            | TerminalEvent::Wake => {}
        }
        self.tick(now);
    }

    /// The next thing to do, until there is none.
    pub fn poll_action(&mut self) -> Option<TerminalAction> {
        self.actions.pop_front()
    }

    /// When to wake it at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        match &self.doing {
            Doing::Dark(until) => Some(*until),
            Doing::Waiting(waiting) => {
                let unread = waiting.unread.as_ref().map(|(at, _)| *at);
                let earlier = [waiting.hang_up, unread].into_iter().flatten();
                Some(earlier.fold(waiting.deadline, Mono::min))
            }
            Doing::Idle => {
                (self.line != LineState::Connecting && self.has_work()).then_some(self.due)
            }
        }
    }

    fn tick(&mut self, now: Now) {
        match &self.doing {
            Doing::Dark(until) if *until <= now.mono => {
                self.doing = Doing::Idle;
                self.due = now.mono;
            }
            Doing::Waiting(waiting) => {
                if waiting.hang_up.is_some_and(|at| at <= now.mono) {
                    self.close(false);
                    self.fail(now, Failure::NoAnswer);
                } else if waiting.deadline <= now.mono {
                    self.fail(now, Failure::NoAnswer);
                } else {
                    self.read_unread(now);
                }
            }
            Doing::Dark(_) | Doing::Idle => {}
        }
        if matches!(self.doing, Doing::Idle) && self.due <= now.mono {
            self.act(now);
        }
    }

    pub(super) fn close(&mut self, reset: bool) {
        if self.line != LineState::Down {
            self.line = LineState::Down;
            self.actions.push_back(TerminalAction::Close { reset });
        }
    }

    /// Waits a little before it tries again.
    pub(super) fn pause(&mut self, now: Now) {
        self.due = now.mono + self.options.patience.pause.draw(&mut self.dice);
    }

    /// One transaction to be made, as soon as what is unfinished allows. Wake the terminal then.
    ///
    /// # Errors
    /// The order names what this terminal does not have.
    pub fn order(&mut self, now: Now, order: Order) -> Result<(), OrderError> {
        let spec = &self.options.spec;
        let cards = self.options.workload.cards.cards().len();
        let mut ordered = spec.flow().kinds.iter().filter(|kind| is_ordered(kind));
        let Some(kind) = ordered.find(|kind| kind.name == order.kind) else {
            return Err(OrderError::unknown(&order.kind, spec));
        };
        if order.card >= cards {
            return Err(OrderError::Card(order.card, cards));
        }
        let takes_amount = kind.purpose.moves_money() && kind.purpose != Purpose::Void;
        if takes_amount && order.amount.0 == 0 {
            return Err(OrderError::Amount(order.kind.to_string()));
        }
        if is_follow_up(kind, spec.flow()) && self.original_of(kind, &order).is_none() {
            return Err(OrderError::Original(order.kind.to_string()));
        }
        self.orders.push_back(order);
        if self.receipts.unfinished.is_none() {
            self.due = self.due.min(now.mono);
        }
        Ok(())
    }

    /// A sign-in, now, though nothing is ordered; the keys of an earlier one are forgotten. Asked
    /// once: a refusal ends it. Wake the terminal then.
    pub fn sign_in(&mut self, now: Now) {
        self.session = TerminalSession {
            asked: true,
            ..TerminalSession::default()
        };
        self.due = self.due.min(now.mono);
    }

    /// Whether a sign-in was approved since the power came, and brought the keys it should.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        self.session.signed_on
    }

    /// Trace numbers go on after this one: what another run of this terminal used is not used
    /// again.
    pub fn number_after(&mut self, stan: Stan) {
        self.receipts.last = stan;
    }

    /// From now on requests carry this value, or no longer any of one's own.
    ///
    /// # Errors
    /// The dialect cannot write it.
    pub fn overrule(&mut self, path: FieldPath, value: Option<&str>) -> Result<(), BuildError> {
        if let Some(value) = value {
            let kinds = &self.options.spec.flow().kinds;
            let debit = kinds.iter().find(|kind| kind.purpose == Purpose::Debit);
            if let Some(mti) = debit.map(|kind| kind.mti) {
                Message::new(&self.options.spec, mti).set(path, value)?;
            }
        }
        self.overrides.retain(|(known, _)| *known != path);
        self.overrides
            .extend(value.map(|value| (path, value.to_owned())));
        Ok(())
    }

    /// Reverses its last transaction, approved as it is; its slip says what came of it.
    ///
    /// # Errors
    /// There is none to reverse.
    pub fn reverse_last(&mut self, now: Now) -> Result<(), OrderError> {
        let idle = matches!(self.doing, Doing::Idle) && self.receipts.unfinished.is_none();
        let undo = self.undo.take().filter(|_| idle);
        let reopened = undo.filter(|(at, _)| self.receipts.reopen(*at));
        let (receipt, message) = reopened.ok_or(OrderError::Undo)?;
        self.receipts.unfinished = Some(Unfinished {
            receipt,
            message,
            cause: Some(ReversalCause::Other),
            tries: 0,
            asks: None,
        });
        self.due = self.due.min(now.mono);
        Ok(())
    }

    /// Forgets what is ordered and not begun. What is begun is finished.
    pub fn cancel_orders(&mut self) {
        self.orders.clear();
        self.session.asked = false;
    }

    /// No more transactions of its own accord; what is begun is finished.
    pub fn stop_trading(&mut self) {
        self.is_trading = false;
    }

    /// The power goes, and comes back after `down`. What is not in [`Receipts`] is lost.
    pub fn power_loss(&mut self, now: Now, down: Duration) {
        self.close(true);
        self.session = TerminalSession::default();
        self.receipts.abandon();
        self.doing = Doing::Dark(now.mono + down);
    }

    /// Nothing under way, nothing unfinished, nothing ordered.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.doing, Doing::Idle) && !self.has_work()
    }

    /// Its own book.
    #[must_use]
    pub const fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    /// Nothing goes wrong at it any more.
    pub fn heal(&mut self) {
        self.options.faults.heal();
    }

    /// What goes wrong at it.
    pub const fn faults(&mut self) -> &mut Faults {
        &mut self.options.faults
    }

    /// Frames that answered nothing it waited for.
    #[must_use]
    pub const fn strays(&self) -> u64 {
        self.strays
    }

    /// How it is set up.
    #[must_use]
    pub const fn options(&self) -> &TerminalOptions {
        &self.options
    }
}
