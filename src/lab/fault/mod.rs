//! What goes wrong on purpose: the faults of the lab, one small variant each.
//!
//! A [`Fault`] says where it sits and what it does to one exchange, by shaping its [`Fate`]; an
//! [`Aim`] says whom it strikes and how often; [`Faults`] is a set of them with its own dice. The
//! brains of [`super::peer`] ask for the fate of an exchange and live it out, so a fault works the
//! same over TCP and in virtual time. Faults of the wire (lost, reset, overtaken) are lived out by
//! the acquirer at its receiving side.
//!
//! An aim may look into a message, at its card, too; nothing here keeps or changes one, knows a
//! key, or keeps a clock.
//!
//! Start reading at [`Fate`], then any one fault, such as `answer_lost`.

mod exchange;
mod fate;
mod knobs;
mod mishap;

mod acquirer_down;
mod acquirer_gone;
mod acquirer_restart;
mod altered;
mod answer_late;
mod answer_lost;
mod answer_mac;
mod answer_slow;
mod completion_missing;
mod cut_over;
mod declined;
mod duplicate;
mod hang_up;
mod hang_up_after;
mod issuer_offline;
mod never_settled;
mod not_signed_in;
mod old_software;
mod operator_mistake;
mod operator_repeats;
mod overtaken;
mod power_loss;
mod queueing;
mod refund_refused;
mod request_lost;
mod request_mac;
mod reset;
mod reversal_refused;
mod reversal_unanswered;
mod route_down;
mod slow_terminal;
mod totals_differ;
mod upload_cut;
mod wallet_unknown;
mod wrecked;
mod wrong_pin;

mod balance_short;
mod bank_late;
mod issuer_returns;
mod merchant_found;
mod notice_lost;
mod other_payee;
mod payout_returned;
mod refund_late;
mod review;
mod taken_off;
mod view_lags;

mod aim;
mod catalogue;
mod set;

pub use aim::{Aim, MessageAim};
pub use catalogue::Fault;
pub use exchange::Exchange;
pub use fate::{
    Fate, FieldChange, Mistake, OnceMore, PinTries, ResetMoment, SentMac, ServiceQueue,
    UnclearPayment, Wreck,
};
pub use knobs::{FaultError, Share, Span};
pub use mishap::{CatalogueEntry, FaultSide, KnobEntry, OnWire, WireLeg, WireMoment};
pub use set::{Armed, FaultTally, Faults, Outage};
