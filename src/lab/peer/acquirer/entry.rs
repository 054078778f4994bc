//! One transaction in the acquirer's book.

use super::reply::Reply;
use crate::engine::seam::Mono;
use crate::iso::message::{MerchantId, Mti, Pan, Stan, TerminalId, Text};
use crate::iso::spec::Purpose;
use crate::lab::office::BookingId;

/// A place in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryId(pub usize);

/// One transaction, whatever number of repeats named it.
#[derive(Clone, Debug)]
pub(super) struct HostEntry {
    /// Such as `sale`.
    pub kind: Text<24>,
    pub purpose: Purpose,
    /// The request's type without its repeat bit, DE 3 and DE 4: a repeat must agree in them (D3).
    pub mti: Mti,
    pub code: String,
    pub amount: u64,
    pub merchant: MerchantId,
    pub terminal: TerminalId,
    pub batch: Text<6>,
    pub stan: Stan,
    pub currency: Text<3>,
    pub card: Option<Pan>,
    /// The answer as first given; none while only a reversal of it is known (tombstone).
    pub answer: Option<Reply>,
    /// The answer to its reversal as first given.
    pub reversal: Option<Reply>,
    pub requests: u32,
    pub reversals: u32,
    pub approved: bool,
    pub reversed: bool,
    /// Answered, and its outcome not known yet.
    pub unclear: bool,
    /// When queries see it, where their view lags behind.
    pub seen_from: Option<Mono>,
    /// The earlier one that this void, refund or completion is about.
    pub about: Option<EntryId>,
    /// The void or completion that undid this one.
    pub undone_by: Option<EntryId>,
    /// The back office's own name for it.
    pub booking: Option<BookingId>,
    /// What refunds gave back of it.
    pub refunded: u64,
}

impl HostEntry {
    /// Of this terminal's batch.
    pub(super) fn is_of(&self, terminal: TerminalId, batch: Text<6>) -> bool {
        self.terminal == terminal && self.batch == batch
    }

    /// Approved and not reversed.
    pub(super) const fn is_effective(&self) -> bool {
        self.approved && !self.reversed
    }

    /// Takes money, or reserves it.
    pub(super) const fn takes(&self) -> bool {
        matches!(self.purpose, Purpose::Debit | Purpose::Hold)
    }

    /// What it holds of the cardholder's money now; refunds hold less than nothing.
    pub(super) fn holds(&self) -> i64 {
        let amount = i64::try_from(self.amount).unwrap_or(i64::MAX);
        match self.purpose {
            Purpose::Debit | Purpose::Hold if self.is_effective() && self.undone_by.is_none() => {
                amount
            }
            Purpose::Refund if self.is_effective() => -amount,
            _ => 0,
        }
    }
}
