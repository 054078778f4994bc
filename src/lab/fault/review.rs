//! F19: a sale is looked at before it is paid out.

use super::knobs::Knobs;
use super::knobs::{Days, Yuan};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;
use std::str::FromStr;

/// F19.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    by: ReviewBy,
    least: Yuan,
    days: Days,
}

/// Why it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReviewBy {
    /// Its amount.
    Amount,
    /// Risk control, whatever the amount.
    Risk,
}

impl FromStr for ReviewBy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "amount" => Ok(Self::Amount),
            "risk" => Ok(Self::Risk),
            _ => Err("a sale is looked at by=amount or by=risk"),
        }
    }
}

impl Listed for Review {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F19",
        title: "review before the pay-out: a large amount, or risk control",
        title_zh: "大额审核或风控延迟结算",
        side: FaultSide::Office,
        knobs: "by=amount|risk, least=50000.00, days=2",
        share: Share::ALWAYS,
        wire: "0200, 0210 00, pay-out held",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            by: knobs.value("by", ReviewBy::Amount)?,
            least: knobs.value("least", Yuan(5_000_000))?,
            days: knobs.value("days", Days(2))?,
        })
    }
}

impl Mishap for Review {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        let amount = exchange.message.amount().map_or(0, |amount| amount.0);
        let reaches = self.by == ReviewBy::Risk || amount >= self.least.0;
        exchange.purpose == Purpose::Debit && reaches
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::Review {
            days: self.days.0,
            risk: self.by == ReviewBy::Risk,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn small_ones_are_looked_at_by_risk_control_only() {
        let by = |by| Review {
            by,
            least: Yuan(1),
            days: Days(3),
        };
        let risk = Setback::Review {
            days: 3,
            risk: true,
        };
        assert_eq!(struck(&by(ReviewBy::Risk)).setbacks, [risk]);
        // The message of the tests has no amount.
        assert!(by(ReviewBy::Risk).concerns(&exchange(Purpose::Debit)));
        assert!(!by(ReviewBy::Amount).concerns(&exchange(Purpose::Debit)));
    }
}
