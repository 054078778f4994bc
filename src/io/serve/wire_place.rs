//! The gateway's wire, as a desk of faults reaches it.

use super::server::ServerCommand;
use crate::engine::seam::Now;
use crate::io::faults::{FaultCount, FaultPlace};
use crate::io::net::BreakableWire;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide, FaultTally, Faults};
use crate::lab::wire::FaultyWire;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Something asked of the wire, on the gateway's thread.
pub(super) struct WireAsk(WireWish);

/// What is done with the wire, once.
type WireWish = Box<dyn FnOnce(&mut FaultyWire, Now) + Send>;

impl WireAsk {
    pub(super) fn of(self, wire: &BreakableWire) {
        wire.with(self.0);
    }
}

impl fmt::Debug for WireAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireAsk")
    }
}

/// The wire of a running gateway.
#[derive(Debug)]
pub(super) struct WirePlace {
    commands: mpsc::Sender<ServerCommand>,
    specs: Vec<Arc<Spec>>,
}

impl WirePlace {
    pub(super) const fn new(commands: mpsc::Sender<ServerCommand>, specs: Vec<Arc<Spec>>) -> Self {
        Self { commands, specs }
    }

    pub(super) fn tallies(&self) -> Vec<FaultTally> {
        let tallies = self.with(|wire, _| {
            let legs = wire.leg_faults();
            legs.flat_map(Faults::tallies).collect()
        });
        tallies.unwrap_or_default()
    }

    /// Waits until it is done; `None` if nobody serves any more.
    fn with<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut FaultyWire, Now) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, told) = oneshot::channel();
        let ask = WireAsk(Box::new(move |wire, now| {
            // Whoever asked may have gone.
            let _gone = reply.send(ask(wire, now));
        }));
        self.commands.blocking_send(ServerCommand::Wire(ask)).ok()?;
        told.blocking_recv().ok()
    }
}

impl FaultPlace for WirePlace {
    fn side(&self) -> FaultSide {
        FaultSide::Wire
    }

    fn specs(&self) -> Vec<Arc<Spec>> {
        self.specs.clone()
    }

    fn switch_on(&self, armed: &Armed) {
        let armed = armed.clone();
        self.with(|wire, _| wire.switch_on(armed));
    }

    fn switch_off(&self, id: u32) {
        self.with(move |wire, now| wire.switch_off(now, id));
    }

    fn clear(&self) {
        self.with(|wire, now| wire.clear(now));
    }

    fn counts(&self) -> Vec<FaultCount> {
        let counts = self.with(|wire, _| wire.list().map(FaultCount::of).collect());
        counts.unwrap_or_default()
    }
}
