//! The faults there are.

use super::acquirer_down::AcquirerDown;
use super::acquirer_gone::AcquirerGone;
use super::acquirer_restart::AcquirerRestart;
use super::altered::Altered;
use super::answer_late::AnswerLate;
use super::answer_lost::AnswerLost;
use super::answer_mac::AnswerMac;
use super::answer_slow::AnswerSlow;
use super::balance_short::BalanceShort;
use super::bank_late::BankLate;
use super::completion_missing::CompletionMissing;
use super::cut_over::CutOver;
use super::declined::Declined;
use super::duplicate::Duplicate;
use super::hang_up::HangUp;
use super::hang_up_after::HangUpAfter;
use super::issuer_offline::IssuerOffline;
use super::issuer_returns::IssuerReturns;
use super::knobs::Knobs;
use super::merchant_found::MerchantFound;
use super::mishap::{Listed, Mishap};
use super::never_settled::NeverSettled;
use super::not_signed_in::NotSignedIn;
use super::notice_lost::NoticeLost;
use super::old_software::OldSoftware;
use super::operator_mistake::OperatorMistake;
use super::operator_repeats::OperatorRepeats;
use super::other_payee::OtherPayee;
use super::overtaken::Overtaken;
use super::payout_returned::PayoutReturned;
use super::power_loss::PowerLoss;
use super::queueing::Queueing;
use super::refund_late::RefundLate;
use super::refund_refused::RefundRefused;
use super::request_lost::RequestLost;
use super::request_mac::RequestMac;
use super::reset::Reset;
use super::reversal_refused::ReversalRefused;
use super::reversal_unanswered::ReversalUnanswered;
use super::review::Review;
use super::route_down::RouteDown;
use super::slow_terminal::SlowTerminal;
use super::taken_off::TakenOff;
use super::totals_differ::TotalsDiffer;
use super::upload_cut::UploadCut;
use super::view_lags::ViewLags;
use super::wallet_unknown::WalletUnknown;
use super::wrecked::Wrecked;
use super::wrong_pin::WrongPin;
use super::{CatalogueEntry, Fate, FaultError, FaultSide, OnWire};
use crate::engine::seam::Dice;
use std::str::FromStr;

/// One line a fault, by its number: the enum, the list, and the reader of its knobs agree by
/// construction.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $fault:ident,)+) => {
        /// A fault of the catalogue, with its own knobs.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[$doc])* $fault($fault),)+
        }

        impl Fault {
            /// The catalogue, by number.
            pub const ALL: &'static [CatalogueEntry] = &[$($fault::ABOUT,)+];

            /// As the catalogue lists it.
            #[must_use]
            pub const fn about(&self) -> CatalogueEntry {
                match self {
                    $(Self::$fault(_) => $fault::ABOUT,)+
                }
            }

            pub(super) fn mishap(&self) -> &dyn Mishap {
                match self {
                    $(Self::$fault(fault) => fault,)+
                }
            }

            /// The fault of a number, from its knobs.
            pub(super) fn read(id: &str, knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
                match id {
                    $(id if id == $fault::ABOUT.id => $fault::read(knobs).map(Self::$fault),)+
                    _ => Err(FaultError::Unknown(id.to_owned())),
                }
            }
        }
    };
}

catalogue! {
    /// F01.
    AnswerLost,
    /// F02.
    RequestLost,
    /// F03.
    AnswerLate,
    /// F04.
    AnswerSlow,
    /// F05.
    Queueing,
    /// F06.
    AcquirerDown,
    /// F07.
    Reset,
    /// F08.
    HangUp,
    /// F09.
    HangUpAfter,
    /// F10.
    PowerLoss,
    /// F11.
    AnswerMac,
    /// F12.
    RequestMac,
    /// F13.
    Wrecked,
    /// F14.
    Overtaken,
    /// F15.
    Duplicate,
    /// F16.
    Declined,
    /// F17.
    WrongPin,
    /// F18.
    MerchantFound,
    /// F19.
    Review,
    /// F20.
    NeverSettled,
    /// F21.
    TotalsDiffer,
    /// F22.
    UploadCut,
    /// F23.
    BankLate,
    /// F24.
    PayoutReturned,
    /// F25.
    CutOver,
    /// F26.
    IssuerOffline,
    /// F27.
    AcquirerRestart,
    /// F28.
    ReversalUnanswered,
    /// F29.
    ReversalRefused,
    /// F30.
    AcquirerGone,
    /// F31.
    IssuerReturns,
    /// F32.
    CompletionMissing,
    /// F33.
    RefundLate,
    /// F34.
    RefundRefused,
    /// F35.
    WalletUnknown,
    /// F36.
    RouteDown,
    /// F37.
    OperatorMistake,
    /// F38.
    OperatorRepeats,
    /// F39.
    NotSignedIn,
    /// F40.
    OldSoftware,
    /// F41.
    SlowTerminal,
    /// F42.
    OtherPayee,
    /// F43.
    ViewLags,
    /// F44.
    Altered,
    /// F45.
    BalanceShort,
    /// F46.
    TakenOff,
    /// F47.
    NoticeLost,
}

impl Fault {
    /// Whose brain lives it out.
    #[must_use]
    pub fn place(&self) -> FaultSide {
        self.mishap().place().unwrap_or_else(|| self.about().side)
    }

    /// What of it a gateway's wire can do by itself, between two ends that need not be ours.
    #[must_use]
    pub fn on_wire(&self) -> Option<OnWire> {
        self.mishap().on_wire()
    }

    /// Whether it is seen only by an acquirer that looks closely: one that takes everything takes a
    /// message of old software, or a mistyped number, too.
    #[must_use]
    pub const fn needs_strict_acquirer(&self) -> bool {
        matches!(self, Self::OperatorMistake(_) | Self::OldSoftware(_))
    }

    /// Refuses one that is meant for some of the cards or channels, and would strike all.
    pub(super) fn is_aimed(&self, by_card: bool) -> Result<(), FaultError> {
        match self {
            Self::RouteDown(route) if !by_card && !route.has_channel() => {
                Err(FaultError::Unaimed {
                    id: self.about().id,
                })
            }
            _ => Ok(()),
        }
    }

    /// Strikes without aiming.
    pub fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        self.mishap().befall(fate, dice);
    }

    /// The fault that `text` names, with the knobs that the caller has not taken.
    pub(super) fn named(text: &str) -> Result<(CatalogueEntry, &str), FaultError> {
        let (id, knobs) = text.split_once(':').unwrap_or((text, ""));
        let id = id.trim().to_ascii_uppercase();
        let about = Self::ALL.iter().find(|about| about.id == id);
        about
            .map(|about| (*about, knobs))
            .ok_or(FaultError::Unknown(id))
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    /// With its own knobs only, such as `F03:delay=1s..2s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (about, knobs) = Self::named(text)?;
        let mut knobs = Knobs::new(about, knobs)?;
        let fault = Self::read(about.id, &mut knobs)?;
        knobs.done()?;
        Ok(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_each_reads_by_its_number() {
        assert!(Fault::ALL.is_sorted_by(|a, b| a.id < b.id));
        for about in Fault::ALL {
            let mut knobs = Knobs::new(*about, "").unwrap();
            let fault = Fault::read(about.id, &mut knobs).unwrap();
            assert_eq!(fault.about(), *about);
        }
    }

    #[test]
    fn the_defaults_that_are_listed_are_those_that_hold() {
        for about in Fault::ALL {
            let bare: Fault = about.id.parse().unwrap();
            for knob in about.own_knobs().filter(|knob| !knob.default.is_empty()) {
                let text = |value| format!("{}:{}={value}", about.id, knob.name);
                assert_eq!(text(knob.default).parse(), Ok(bare.clone()));
                for other in knob.others.split('|').filter(|other| !other.is_empty()) {
                    assert_ne!(text(other).parse::<Fault>().unwrap(), bare, "{other}");
                }
            }
        }
    }
}
