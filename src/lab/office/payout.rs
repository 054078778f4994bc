//! A pay-out: what a merchant gets in one credit, and what became of it.

use super::booking::BookingId;
use super::merchant::MerchantState;
use super::setback::ReturnReason;
use crate::engine::evidence::PayoutMode;
use crate::iso::message::MerchantId;
use jiff::civil::Date;
use std::str::FromStr;

/// A pay-out's place in the office's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PayoutId(pub usize);

/// What a merchant gets in one credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Who.
    pub merchant: MerchantId,
    /// The settlement date of the newest that it covers.
    pub settles_on: Date,
    /// When it should be credited; `None`: when the merchant asks.
    pub due_on: Option<Date>,
    /// How.
    pub mode: PayoutMode,
    /// The sales that it covers.
    pub covers: Vec<BookingId>,
    /// Their sum.
    pub gross: i64,
    /// The fees for them, with that for paying at once.
    pub fee: i64,
    /// Of the fees, that for paying at once.
    pub at_once_fee: i64,
    /// What was deducted besides, or given back.
    pub charges: Vec<Charge>,
    /// Who pays.
    pub payer: String,
    /// Whose name the account has that is paid.
    pub account_name: String,
    /// When it left.
    pub sent_on: Option<Date>,
    /// What became of it.
    pub state: PayoutState,
    /// Why it is later than the merchant might think.
    pub note: Option<LateNote>,
}

impl Payout {
    /// All charges together.
    #[must_use]
    pub fn deducted(&self) -> i64 {
        self.charges.iter().map(|one| one.amount).sum()
    }

    /// What is left to be paid.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.gross - self.fee - self.deducted()
    }

    /// Whether nothing becomes of it any more by itself.
    pub(super) const fn is_over(&self) -> bool {
        matches!(
            self.state,
            PayoutState::Paid(_) | PayoutState::Returned(..) | PayoutState::Replaced(..)
        )
    }
}

/// What became of a pay-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutState {
    /// Its day is still to come.
    Waiting,
    /// It is stopped, and until when if that is known.
    Held(HoldReason, Option<Date>),
    /// It left, and the receiving bank has not said what became of it.
    Asked,
    /// It was credited on this day.
    Paid(Date),
    /// It came back on this day.
    Returned(Date, ReturnReason),
    /// It came back, and another pay-out took its place.
    Replaced(Date, ReturnReason),
}

/// Why a pay-out is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// The state of the merchant's account.
    State(MerchantState),
    /// A large amount is looked at.
    Review,
    /// Risk control looks at it.
    Risk,
    /// The merchant's balance is short.
    Short,
}

/// Why a pay-out is later than the merchant might think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateNote {
    /// More than is paid at once on a day.
    OverLimit,
    /// Not in the hours in which it is paid at once.
    OutsideHours,
    /// Less than the least that is paid when asked for.
    BelowLeast,
}

/// What is taken from a pay-out, besides fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deducted {
    /// A refund.
    Refund,
    /// A void or reversal of what an earlier pay-out covers, less its fee.
    Undone,
    /// A sale that its issuer took back.
    IssuerReturn,
    /// A chargeback.
    Chargeback,
    /// The deposit.
    Deposit,
    /// The fee for the terminal's line.
    DataFee,
}

impl FromStr for Deducted {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "chargeback" => Ok(Self::Chargeback),
            "deposit" => Ok(Self::Deposit),
            "data_fee" => Ok(Self::DataFee),
            _ => Err("what is deducted is chargeback, deposit or data_fee"),
        }
    }
}

impl Deducted {
    /// As files and knobs say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Undone => "undone",
            Self::IssuerReturn => "issuer_return",
            Self::Chargeback => "chargeback",
            Self::Deposit => "deposit",
            Self::DataFee => "data_fee",
        }
    }

    /// Whether files tell its day.
    pub(super) const fn has_day(self) -> bool {
        matches!(self, Self::IssuerReturn | Self::Chargeback)
    }
}

/// One amount that is taken from pay-outs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What for.
    pub what: Deducted,
    /// How much of it; less than nothing is given back.
    pub amount: i64,
    /// Since when.
    pub of: Date,
    /// Which transaction.
    pub booking: Option<BookingId>,
}
