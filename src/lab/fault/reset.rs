//! F07: the connection is reset after the request was written to it.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, ResetMoment, Share};
use crate::engine::seam::Dice;

/// F07.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    at: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always(ResetMoment),
    Either,
}

impl Listed for Reset {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F07",
        title: "connection reset after the request was written",
        title_zh: "请求发出后连接被复位",
        side: FaultSide::Acquirer,
        knobs: "at=either|unbooked|booked",
        share: Share::USUAL,
        wire: "0200, reset, 0400 98, 0410 00 or 25",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let moments = [
            ("unbooked", When::Always(ResetMoment::Unbooked)),
            ("booked", When::Always(ResetMoment::Booked)),
            ("either", When::Either),
        ];
        Ok(Self {
            at: knobs.choice("at", &moments)?,
        })
    }
}

impl Mishap for Reset {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::request(HOST_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.reset = Some(match self.at {
            When::Always(moment) => moment,
            When::Either if dice.chance(1, 2) => ResetMoment::Booked,
            When::Either => ResetMoment::Unbooked,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn the_reset_falls_on_the_side_of_the_booking_that_was_asked_for() {
        for moment in [ResetMoment::Unbooked, ResetMoment::Booked] {
            assert_eq!(
                struck(&Reset {
                    at: When::Always(moment)
                })
                .reset,
                Some(moment)
            );
        }
        assert!(struck(&Reset { at: When::Either }).reset.is_some());
    }
}
