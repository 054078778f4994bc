//! What befalls one exchange.

use crate::iso::message::ResponseCode;
use crate::lab::office::Setback;
use std::time::Duration;

/// What befalls one exchange, in the order of its way. Several faults may shape one fate; the
/// default fate is to arrive and be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
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
    /// Acquirer: it goes down without an answer and stays down this long.
    pub outage: Option<Duration>,
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
    /// Terminal: power is lost with the answer in hand, before anything is saved, this long.
    pub power_loss: Option<Duration>,
    /// Terminal: the connection is cut as soon as the answer is saved.
    pub hang_up_after: bool,
    /// Back office: what goes wrong with the transaction once it is booked.
    pub setbacks: Vec<Setback>,
}

/// When the acquirer's side of a connection is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMoment {
    /// Before the request is booked: the acquirer never knew of it.
    Unbooked,
    /// After it is booked, before it is answered.
    Booked,
}
