//! What every fault of the catalogue can say and do.

use super::{Exchange, Fate, FaultError, knobs::Knobs};
use crate::engine::seam::Dice;
use std::fmt;
use std::time::Duration;

/// A fault, as the catalogue lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// Its number in the catalogue, such as `F01`.
    pub id: &'static str,
    /// For people, in English.
    pub title: &'static str,
    /// For people, in Chinese.
    pub title_zh: &'static str,
    /// Its own knobs with their defaults, beside those of every [`super::Aim`].
    pub knobs: &'static str,
}

/// Whose brain lives a fault out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultSide {
    /// The terminal's.
    Terminal,
    /// The wire's faults sit here, too.
    Acquirer,
}

/// One fault.
pub(super) trait Mishap: fmt::Debug {
    /// Where it sits.
    fn place(&self) -> FaultSide {
        FaultSide::Acquirer
    }

    /// Whether it can strike such a message at all; what it cannot strike is not counted.
    fn concerns(&self, exchange: &Exchange) -> bool;

    /// Strikes.
    fn befall(&self, fate: &mut Fate, dice: &mut Dice);

    /// For a fault of the clock rather than of messages: whether the acquirer is down this long
    /// after the fault began, and for how long it stays so; no end means for good.
    fn outage(&self, _since: Duration) -> Option<(bool, Option<Duration>)> {
        None
    }
}

/// How a fault is listed and read from its knobs.
pub(super) trait Listed: Mishap + Sized {
    /// As the catalogue lists it.
    const ABOUT: CatalogueEntry;

    /// From its knobs; those left over are refused by the caller.
    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError>;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The fate of an exchange that one fault strikes.
    pub(in super::super) fn struck(mishap: &dyn Mishap) -> Fate {
        let mut fate = Fate::default();
        mishap.befall(&mut fate, &mut Dice::new(1));
        fate
    }
}
