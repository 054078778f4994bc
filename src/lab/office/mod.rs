//! The acquirer's back office: what becomes of a transaction once it is booked. It knows the
//! merchants and the calendar, closes a settlement date at each cut-over, pays out, and writes the
//! files that merchants and acquirers hold against each other.
//!
//! Told, never asking: the acquirer's brain [asks](Office::ask) before it grants, and
//! [tells](Office::book) what it booked; time comes with each call, and [`Office::run`] does what
//! was due until then. Every fen moves from one account to another in one [`GeneralLedger`], so
//! that none is lost or invented.
//!
//! It knows no message, no wire and no dialect.
//!
//! Start reading at [`Office`].

mod calendar;
mod ledger;
mod setback;
mod terms;

mod booking;
mod merchant;
mod payout;

mod open;

mod day;
mod pay;
mod reconcile;

mod evidence;

mod issuers;
mod profile;

#[cfg(test)]
mod tests;

pub use booking::{Booking, BookingId};
pub use calendar::{Calendar, CalendarError};
pub use issuers::IssuerTerms;
pub use ledger::{Account, GeneralLedger};
pub use merchant::{Merchant, MerchantState, OfficeRefusal};
pub use open::{Office, OfficeTerms, Sought};
pub use payout::{Charge, Deducted, HoldReason, LateNote, Payout, PayoutState};
pub use profile::{Profile, ProfileError};
pub use reconcile::Unexplained;
pub use setback::{ReturnReason, Setback};
pub use terms::{Fee, PayoutTerms};
