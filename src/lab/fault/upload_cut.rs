//! F22: the terminal is cut off within a batch upload, and goes on with it later.

use super::knobs::{Count, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F22.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadCut {
    after: u32,
}

impl Listed for UploadCut {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F22",
        title: "batch upload interrupted",
        title_zh: "批上送中断",
        side: FaultSide::Terminal,
        knobs: "after=1",
        share: Share::ALWAYS,
        wire: "0500, 0510 result 2, 0320 201, 0330, close, 0320 201, .., 0320 202",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Count(after) = knobs.own("after")?;
        Ok(Self { after })
    }
}

impl Mishap for UploadCut {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::BatchUpload && exchange.tries == 0
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.upload_cut = Some(self.after);
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
    fn an_upload_is_cut_behind_as_many_records_as_the_knob_says() {
        let fault = fault("F22:after=3");
        assert!(fault.mishap().concerns(&exchange(Purpose::BatchUpload)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Settlement)));
        let fate = struck(fault.mishap());
        assert_eq!(fate.upload_cut, Some(3));
    }
}
