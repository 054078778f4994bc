//! What the acquirer books, and what the office remembers of it.

use super::payout::PayoutId;
use super::setback::Setback;
use crate::engine::seam::Wall;
use crate::iso::message::{AuthCode, MerchantId, Pan, ResponseCode, Rrn, Stan, TerminalId, Text};
use crate::iso::spec::Purpose;
use jiff::civil::Date;

/// One transaction as the acquirer's brain booked or declined it.
#[derive(Clone, Debug)]
pub struct Booking {
    /// When.
    pub at: Wall,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 11.
    pub stan: Stan,
    /// The terminal's batch.
    pub batch: Text<6>,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// DE 38.
    pub auth: Option<AuthCode>,
    /// DE 2.
    pub card: Option<Pan>,
    /// DE 4, in minor units.
    pub amount: i64,
    /// DE 49.
    pub currency: Text<3>,
    /// What it is, such as `sale`.
    pub kind: Text<24>,
    /// What it is for.
    pub purpose: Purpose,
    /// DE 39.
    pub code: ResponseCode,
    /// Whether the code is an approval.
    pub approved: bool,
    /// The earlier one that this void, refund or completion is about.
    pub about: Option<BookingId>,
    /// What goes wrong with it.
    pub setbacks: Vec<Setback>,
}

/// A booking's place in the office's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookingId(pub(super) usize);

/// A booking, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct KeptBooking {
    pub booking: Booking,
    /// Its settlement date.
    pub settles_on: Date,
    /// Who is paid for it.
    pub payee: MerchantId,
    /// Reversed, by whomever.
    pub reversed: bool,
    /// The void or completion that undid it.
    pub undone_by: Option<BookingId>,
    /// What stands of refunds.
    pub refunded: i64,
    /// How much of it the issuer took back later.
    pub returned: Option<i64>,
    /// The terminal settled the batch that it is in.
    pub captured: bool,
    /// The pay-out that covers it.
    pub paid_by: Option<PayoutId>,
}

impl KeptBooking {
    /// Whether the merchant is owed its amount.
    pub(super) fn is_owed(&self) -> bool {
        self.booking.purpose == Purpose::Debit
            && self.booking.approved
            && !self.reversed
            && self.undone_by.is_none()
            && self.returned.is_none()
    }
}
