//! F31: the issuer takes its approval back.

use super::knobs::Days;
use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;

/// F31.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerReturns {
    days: Days,
}

impl Listed for IssuerReturns {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F31",
        title: "issuer returns the money later",
        title_zh: "发卡行事后退回",
        side: FaultSide::Office,
        knobs: "days=1",
        share: Share::USUAL,
        wire: "0200, 0210 00, returned later",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            days: knobs.value("days", Days(1))?,
        })
    }
}

impl Mishap for IssuerReturns {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::IssuerReturns(self.days.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn it_is_returned_so_many_days_later() {
        let fault: IssuerReturns = IssuerReturns { days: Days(3) };
        assert_eq!(struck(&fault).setbacks, [Setback::IssuerReturns(3)]);
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
