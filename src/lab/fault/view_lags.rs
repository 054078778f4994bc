//! F43: what queries see is older than what the switch did.

use super::knobs::Knobs;
use super::knobs::Length;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::lab::office::Setback;
use std::time::Duration;

/// F43.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewLags {
    lag: Length,
}

impl Listed for ViewLags {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F43",
        title: "query view lags behind the switch",
        title_zh: "查询数据同步滞后",
        side: FaultSide::Office,
        knobs: "lag=30m",
        share: Share::USUAL,
        wire: "0200, 0210 00, a query finds nothing yet",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            lag: knobs.value("lag", Length(Duration::from_secs(1800)))?,
        })
    }
}

impl Mishap for ViewLags {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::ViewLags(self.lag.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn it_lags_so_long() {
        let fault: ViewLags = ViewLags {
            lag: "5m".parse().unwrap(),
        };
        assert_eq!(
            struck(&fault).setbacks,
            [Setback::ViewLags(Duration::from_secs(300))]
        );
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::SignOn)));
    }
}
