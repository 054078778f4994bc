//! F21: the totals of a batch differ, since one transaction is counted on one side only.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F21.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotalsDiffer {
    missing_at: FaultSide,
}

impl Listed for TotalsDiffer {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F21",
        title: "settlement totals differ by one transaction",
        title_zh: "批总计不符(一方少一笔)",
        side: FaultSide::Terminal,
        knobs: "missing_at=terminal|acquirer",
        share: Share::ALWAYS,
        wire: "0500, 0510 result 2, 0320 201, 0330 00, 0320 202, 0330 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let sides = [FaultSide::Terminal, FaultSide::Acquirer].map(|side| (side.name(), side));
        Ok(Self {
            missing_at: knobs.choice("missing_at", &sides)?,
        })
    }
}

impl Mishap for TotalsDiffer {
    fn place(&self) -> Option<FaultSide> {
        Some(self.missing_at)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Settlement
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.one_uncounted = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::Fault;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn the_side_that_misses_one_is_where_it_happens() {
        let fault = fault("F21:missing_at=acquirer");
        assert!(fault.mishap().concerns(&exchange(Purpose::Settlement)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Debit)));
        let fate = struck(fault.mishap());
        assert!(fate.one_uncounted);
        assert_eq!(fault.place(), FaultSide::Acquirer);
    }
}
