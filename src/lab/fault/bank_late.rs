//! F23: the receiving bank credits a pay-out late, or does not say what became of it.

use super::knobs::Days;
use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;
use std::str::FromStr;

/// F23.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankLate {
    bank: BankCourse,
    days: Days,
}

/// What the receiving bank does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BankCourse {
    /// Credits so many days later.
    Late,
    /// Does not say.
    Silent,
}

impl FromStr for BankCourse {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "late" => Ok(Self::Late),
            "silent" => Ok(Self::Silent),
            _ => Err("a bank is late or silent"),
        }
    }
}

impl Listed for BankLate {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F23",
        title: "receiving bank credits late, or its result does not come back",
        title_zh: "收款行延迟入账或结果未返回",
        side: FaultSide::Office,
        knobs: "bank=late|silent, days=2",
        share: Share::USUAL,
        wire: "0200, 0210 00, pay-out sent",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            bank: knobs.value("bank", BankCourse::Late)?,
            days: knobs.value("days", Days(2))?,
        })
    }
}

impl Mishap for BankLate {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(match self.bank {
            BankCourse::Late => Setback::BankLate(self.days.0),
            BankCourse::Silent => Setback::BankSilent,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn a_bank_is_late_or_silent() {
        let fault: BankLate = BankLate {
            bank: "silent".parse().unwrap(),
            days: Days(2),
        };
        assert_eq!(struck(&fault).setbacks, [Setback::BankSilent]);
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
