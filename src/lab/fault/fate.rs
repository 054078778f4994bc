//! What befalls one exchange.

use super::Span;
use crate::iso::message::{FieldPath, ResponseCode};
use crate::lab::office::Setback;
use std::time::Duration;

/// What befalls one exchange, in the order of its way. Several faults may shape one fate; the
/// default fate is to arrive and be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Terminal: nothing is sent at all, and the transaction ends there.
    pub not_sent: bool,
    /// Terminal: its operator types something else than was meant.
    pub mistake: Option<Mistake>,
    /// Terminal: what the MAC of the request is.
    pub request_mac: SentMac,
    /// Terminal: what of the request is changed.
    pub request_changes: Vec<FieldChange>,
    /// Terminal: what the header of the request ends with.
    pub request_header: Option<Vec<u8>>,
    /// Wire: the frame of the request is broken.
    pub request_wreck: Option<Wreck>,
    /// Terminal: a batch upload is interrupted behind so many records.
    pub upload_cut: Option<u32>,
    /// Either side: the last transaction of the batch is in no total of this side.
    pub one_uncounted: bool,
    /// Terminal: the request is sent this many times more than once.
    pub request_copies: u32,
    /// Terminal: the connection is cut this long after the request.
    pub hang_up: Option<Duration>,
    /// Wire: the request never arrives.
    pub request_lost: bool,
    /// Wire: the request waits until its own reversal has overtaken it, or this long.
    pub overtaken: Option<Duration>,
    /// Wire: the connection is reset.
    pub reset: Option<ResetMoment>,
    /// Acquirer: it restarts before it books, forgets what it has not answered, and is back after
    /// this long.
    pub restart: Option<Duration>,
    /// Acquirer: the request waits its turn.
    pub queue: Option<ServiceQueue>,
    /// Acquirer: it goes down without an answer and stays down this long.
    pub outage: Option<Duration>,
    /// Issuer: the PIN is wrong, whatever it is.
    pub wrong_pin: Option<PinTries>,
    /// Issuer: what became of the payment is not known when it is answered.
    pub unclear: Option<UnclearPayment>,
    /// Issuer: this code, whatever it would have said.
    pub code: Option<ResponseCode>,
    /// Acquirer: the answer is never sent; what it says is booked.
    pub answer_lost: bool,
    /// Acquirer: the answer is sent this much later.
    pub answer_delay: Duration,
    /// Acquirer: the answer is sent this many times more than once.
    pub answer_copies: u32,
    /// Acquirer: the MAC of the answer is wrong.
    pub answer_mac: bool,
    /// Wire: what of the answer is changed.
    pub answer_changes: Vec<FieldChange>,
    /// Wire: the frame of the answer is broken.
    pub answer_wreck: Option<Wreck>,
    /// Terminal: the answer is read this much later than it came.
    pub read_late: Duration,
    /// Terminal: its operator makes the transaction again.
    pub again: Option<OnceMore>,
    /// Terminal: power is lost with the answer in hand, before anything is saved, this long.
    pub power_loss: Option<Duration>,
    /// Terminal: the connection is cut as soon as the answer is saved.
    pub hang_up_after: bool,
    /// Back office: what goes wrong with the transaction once it is booked.
    pub setbacks: Vec<Setback>,
}

/// What an operator types wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The amount has a digit too many.
    Amount,
    /// One digit of the card's number is another one.
    Number,
    /// It is another card of the deck.
    Card,
}

/// What the MAC of a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SentMac {
    /// Right.
    #[default]
    Right,
    /// Of another key.
    Wrong,
    /// Not there.
    Missing,
}

/// One field that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Which.
    pub path: FieldPath,
    /// Its new value; none takes it away.
    pub value: Option<String>,
    /// Whether the MAC is made behind the change, and so is right.
    pub sealed: bool,
}

/// How a frame is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wreck {
    /// Bits of its bitmap are turned, so that it says other fields than it has.
    Bits,
    /// Its second half is missing.
    Cut,
}

/// A queue before the acquirer's one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceQueue {
    /// How long one request takes.
    pub service: Duration,
    /// How many may wait.
    pub capacity: u32,
    /// How one is answered that finds no place; without it, with silence.
    pub overflow: Option<ResponseCode>,
}

/// What an issuer says to wrong PINs: the dialect's own code, and at last another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinTries {
    /// At which try.
    pub times: u32,
    /// What.
    pub last: ResponseCode,
}

/// A payment whose outcome is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnclearPayment {
    /// What is said meanwhile.
    pub code: ResponseCode,
    /// Whether the money is taken in the end.
    pub paid: bool,
    /// When the end is known.
    pub after: Duration,
}

/// A transaction that its operator makes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnceMore {
    /// This long after the first one ended.
    pub gap: Span,
    /// Under the same trace number.
    pub same_trace: bool,
    /// Even if the first one was approved.
    pub always: bool,
}

/// When the acquirer's side of a connection is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMoment {
    /// Before the request is booked: the acquirer never knew of it.
    Unbooked,
    /// After it is booked, before it is answered.
    Booked,
}
