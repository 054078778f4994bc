//! F17: the PIN of a card is wrong, time after time, until the issuer has enough.

use super::knobs::{CodeChoice, Count, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, PinTries, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F17.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongPin {
    times: u32,
    last: CodeChoice,
}

impl Listed for WrongPin {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F17",
        title: "PIN wrong, at last too often",
        title_zh: "密码错, 直至超过次数",
        side: FaultSide::Acquirer,
        knobs: "times=3, last=75",
        share: Share::USUAL,
        wire: "0200, 0210 55, 0200, 0210 55, 0200, 0210 75",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Count(times) = knobs.own("times")?;
        Ok(Self {
            times,
            last: knobs.own("last")?,
        })
    }
}

impl Mishap for WrongPin {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        matches!(exchange.purpose, Purpose::Debit | Purpose::Hold) && exchange.reverses
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        let times = self.times;
        let last = self.last.pick(dice);
        fate.wrong_pin = last.map(|last| PinTries { times, last });
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
    fn the_last_try_has_a_code_of_its_own() {
        let fault = fault("F17:times=2,last=38");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Refund)));
        let fate = struck(fault.mishap());
        let tries = fate.wrong_pin.unwrap();
        assert_eq!((tries.times, &*tries.last), (2, "38"));
    }
}
