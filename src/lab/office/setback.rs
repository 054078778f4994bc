//! What goes wrong in a back office with one transaction: the words of its faults.

use super::merchant::{MerchantState, OfficeRefusal};
use super::payout::Deducted;
use std::str::FromStr;
use std::time::Duration;

/// What goes wrong in the back office with one transaction, or with the pay-out that covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setback {
    /// F18: the merchant's account is found in this state.
    Merchant(MerchantState),
    /// F18: the merchant or its terminal may not have it.
    Refused(OfficeRefusal),
    /// F19: looked at before it is paid out, for so many days.
    Review {
        /// How many days.
        days: u16,
        /// By risk control, and not because of its amount.
        risk: bool,
    },
    /// F23: the receiving bank credits so many days later.
    BankLate(u16),
    /// F23: the receiving bank's result does not come back.
    BankSilent,
    /// F24: the receiving bank returns the pay-out.
    Returned(ReturnReason),
    /// F31: the issuer takes its approval back, so many days later.
    IssuerReturns(u16),
    /// F33: the refund is posted so many days later.
    RefundLate(u16),
    /// F42: paid out to somebody who is no party to the agreement.
    OtherPayee,
    /// F43: queries do not see it for so long.
    ViewLags(Duration),
    /// F45: the merchant's balance is short for so many days.
    Short(u16),
    /// F46: so much is deducted.
    Deducted(Deducted, i64),
    /// F47: the merchant is not told.
    NoticeLost,
}

/// Why a receiving bank returns a pay-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnReason {
    /// There is no such account.
    WrongAccount,
    /// The account is closed.
    Closed,
    /// The account is somebody else's.
    NameDiffers,
    /// More than a class II account may take in a day.
    ClassTwoLimit,
}

impl FromStr for ReturnReason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|reason| reason.name() == text)
            .ok_or("a reason is wrong_account, account_closed, name_differs or class_2_limit")
    }
}

impl ReturnReason {
    /// All.
    pub const ALL: [Self; 4] = [
        Self::WrongAccount,
        Self::Closed,
        Self::NameDiffers,
        Self::ClassTwoLimit,
    ];

    /// As files and knobs say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongAccount => "wrong_account",
            Self::Closed => "account_closed",
            Self::NameDiffers => "name_differs",
            Self::ClassTwoLimit => "class_2_limit",
        }
    }
}
