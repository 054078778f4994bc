//! What is open, written down anew: what a new segment of the journal begins with.

use super::observer::Observer;
use super::watched::Watched;
use crate::engine::record::{
    Carried, CarriedAnswer, CarriedTransaction, Fact, LinkName, StoredFrame,
};

impl Observer {
    /// Begins a new segment: call it when the journal says that it is time.
    pub fn checkpoint(&mut self) {
        let clock = Carried::Clock(self.now());
        let links = Carried::Links(vec![self.link_name()]);
        let open = self.table.carried().map(carried);
        let items: Vec<Carried> = [clock, links].into_iter().chain(open).collect();
        self.record(None, None, Fact::CheckpointBegin);
        for item in items {
            self.record(None, None, Fact::Carried(Box::new(item)));
        }
        self.record(None, None, Fact::CheckpointEnd);
    }

    /// What the number of the host's link stands for.
    pub(super) fn link_name(&self) -> LinkName {
        let (name, spec) = self.names();
        LinkName { name, spec }
    }
}

/// Without the frame of its request: nothing is ever built from it.
fn carried(own: &Watched) -> Carried {
    let undoing = own.undoing.as_ref();
    if !own.state.is_live() {
        return Carried::Answer(CarriedAnswer {
            tx: own.id,
            opened: (*own.opened).clone(),
            state: own.state,
            request: StoredFrame::default(),
            approved: own.approved,
            answer: None,
            reversal_answer: None,
            last: own.last,
            upstream: None,
            returned: own.returned,
        });
    }
    Carried::Transaction(CarriedTransaction {
        tx: own.id,
        opened: (*own.opened).clone(),
        state: own.state,
        began: own.began,
        last: own.last,
        request: StoredFrame::default(),
        cause: None,
        tries: undoing.map_or(0, |undoing| undoing.tries),
        approved: own.approved,
        auth: own.auth,
        upstream: None,
        reversal_answer: None,
        reversing: None,
        of_receipt: undoing.is_some_and(|undoing| undoing.of_receipt),
        answer: None,
        rrn: own.rrn,
        doubted: own.doubted,
        returned: own.returned,
    })
}
