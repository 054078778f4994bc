//! F18: the merchant's account, or its terminal, is not as it should be.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::{MerchantState, OfficeRefusal, Setback};
use std::str::FromStr;

/// F18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantFound {
    state: FoundState,
}

/// How the merchant's account is found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FoundState(Setback);

impl FromStr for FoundState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let state = MerchantState::ALL.iter().find(|state| state.name() == text);
        let setback = match (text, state) {
            ("unbound", _) => Setback::Refused(OfficeRefusal::NoTerminal),
            ("not_permitted", _) => Setback::Refused(OfficeRefusal::NotPermitted),
            (_, Some(state)) if *state != MerchantState::Active => Setback::Merchant(*state),
            _ => {
                return Err(
                    "a state is frozen, not_activated, papers_expired, court_order, \
                            not_registered, unknown, closed, unbound or not_permitted",
                );
            }
        };
        Ok(Self(setback))
    }
}

impl Listed for MerchantFound {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F18",
        title: "merchant's account stopped, or not permitted",
        title_zh: "商户状态或权限异常",
        side: FaultSide::Office,
        knobs: "state=frozen|not_activated|papers_expired|court_order|not_registered|\
                unknown|closed|unbound|not_permitted",
        share: Share::USUAL,
        wire: "0200, 0210 00, pay-out held; unknown, closed: 0210 03; \
               unbound: 0210 97; not_permitted: 0210 58",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            state: knobs.value(
                "state",
                FoundState(Setback::Merchant(MerchantState::Frozen)),
            )?,
        })
    }
}

impl Mishap for MerchantFound {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        matches!(exchange.purpose, Purpose::Debit | Purpose::Hold)
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(self.state.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn each_state_is_found_and_an_active_one_is_no_fault() {
        let found = |state: &str| {
            let state = state.parse()?;
            Ok::<_, &str>(struck(&MerchantFound { state }).setbacks)
        };
        assert_eq!(
            found("papers_expired"),
            Ok(vec![Setback::Merchant(MerchantState::PapersExpired)])
        );
        assert_eq!(
            found("unbound"),
            Ok(vec![Setback::Refused(OfficeRefusal::NoTerminal)])
        );
        assert!(found("active").is_err());
        let fault = MerchantFound {
            state: "frozen".parse().unwrap(),
        };
        assert!(fault.concerns(&exchange(Purpose::Hold)));
        assert!(!fault.concerns(&exchange(Purpose::Refund)));
    }
}
