//! F05: requests queue before the acquirer, as at peak times: each takes its time, and one that
//! finds no place is refused, or not answered at all.

use super::knobs::{Count, Knobs, Length};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, ServiceQueue, Share};
use crate::engine::seam::Dice;
use crate::iso::message::ResponseCode;
use crate::iso::spec::Purpose;
use std::str::FromStr;

/// F05.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queueing {
    queue: ServiceQueue,
}

struct Overflow(Option<ResponseCode>);

impl FromStr for Overflow {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "silence" {
            return Ok(Self(None));
        }
        let code = ResponseCode::new(text).filter(|code| !code.is_empty());
        code.map(|code| Self(Some(code)))
            .ok_or("it is silence, or a response code of 4 characters at most")
    }
}

impl Listed for Queueing {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F05",
        title: "acquirer queueing at peak",
        title_zh: "收单机构高峰排队",
        side: FaultSide::Acquirer,
        knobs: "service=20ms, capacity=20, overflow=91|silence",
        share: Share::ALWAYS,
        wire: "0200, 0210 00 ..; 0210 91 or silence once full",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let (Length(service), Count(capacity)) = (knobs.own("service")?, knobs.own("capacity")?);
        let Overflow(overflow) = knobs.own("overflow")?;
        Ok(Self {
            queue: ServiceQueue {
                service,
                capacity,
                overflow,
            },
        })
    }
}

impl Mishap for Queueing {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
            || matches!(exchange.purpose, Purpose::Inquiry | Purpose::Reversal)
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.queue = Some(self.queue);
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
    fn one_that_finds_no_place_is_refused_or_not_answered() {
        let fault = fault("F05:overflow=silence");
        assert!(fault.mishap().concerns(&exchange(Purpose::Reversal)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::SignOn)));
        let fate = struck(fault.mishap());
        assert_eq!(fate.queue.unwrap().overflow, None);
        let refused = struck(self::fault("F05").mishap()).queue.unwrap();
        assert_eq!(refused.overflow, ResponseCode::new("91"));
    }
}
