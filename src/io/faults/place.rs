//! Where faults strike.

use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide};
use std::fmt::Debug;
use std::sync::Arc;

/// Somebody in this process who lives faults out, on a thread of his own. Each call waits until it
/// is done there; one that has ended does nothing and counts nothing.
pub trait FaultPlace: Debug + Send + Sync {
    /// Which faults are lived out here.
    fn side(&self) -> FaultSide;

    /// The dialects of the messages that are struck here: an aim fits one of them.
    fn specs(&self) -> Vec<Arc<Spec>>;

    /// Why a fault of this side cannot be switched on here while everything runs, if it cannot.
    fn refuses(&self, _armed: &Armed) -> Option<&'static str> {
        None
    }

    /// From now on this may go wrong.
    fn switch_on(&self, armed: &Armed);

    /// The fault of this number strikes no more.
    fn switch_off(&self, id: u32);

    /// Nothing goes wrong any more; what was broken is whole again.
    fn clear(&self);

    /// A fault elsewhere is seen only by who looks closely at what comes in.
    fn look_closely(&self) {}

    /// How often each fault struck.
    fn counts(&self) -> Vec<FaultCount>;
}

/// How often a fault struck at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultCount {
    /// The number by which it was switched on.
    pub id: u32,
    /// How often it struck.
    pub struck: u64,
    /// Of so many messages that it concerned.
    pub concerned: u64,
}

impl FaultCount {
    /// Of one fault.
    #[must_use]
    pub const fn of(armed: &Armed) -> Self {
        Self {
            id: armed.id,
            struck: armed.struck(),
            concerned: armed.concerned(),
        }
    }
}
