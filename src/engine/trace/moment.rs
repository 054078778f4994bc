//! What happened to a transaction, step by step.

use crate::engine::record::{Hop, Note, Seq, State, Why};
use crate::engine::seam::Wall;
use crate::iso::message::{Class, Mti, ResponseCode};

/// One thing that happened: a message on one hop, or a step without any.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When.
    pub at: Wall,
    /// Its record.
    pub seq: Seq,
    /// The state after it.
    pub state: State,
    /// Why.
    pub why: Why,
    /// What else.
    pub note: Note,
    /// The message.
    pub leg: Option<Leg>,
}

/// A message on one hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Which way.
    pub hop: Hop,
    /// Its type.
    pub mti: Mti,
    /// DE 39.
    pub code: Option<ResponseCode>,
}

impl Leg {
    /// Whether it belongs to the reversal.
    #[must_use]
    pub fn is_reversal(self) -> bool {
        self.mti.class() == Class::Reversal
    }

    /// Whether it went to the acquirer, or came from there.
    #[must_use]
    pub fn is_upstream(self) -> bool {
        matches!(self.hop, Hop::GatewayToAcquirer | Hop::AcquirerToGateway)
    }
}

/// The hop on which a message goes on.
pub(super) const fn onward(hop: Hop) -> Hop {
    match hop {
        Hop::TerminalToGateway => Hop::GatewayToAcquirer,
        Hop::AcquirerToGateway => Hop::GatewayToTerminal,
        Hop::GatewayToAcquirer | Hop::GatewayToTerminal => hop,
    }
}

/// States that only an approval leads to.
pub(super) const fn is_approval(state: State) -> bool {
    matches!(
        state,
        State::Approved
            | State::Delivered
            | State::DeliveryUnproven
            | State::LateApproval
            | State::TerminalGone
            | State::Returned
            | State::Settled
            | State::SettleMismatch
            | State::Confirmed
    )
}
