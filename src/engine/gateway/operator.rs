//! An operator decides: wishes of people about one transaction, each recorded with who and why.

use super::core::{Cause, Gateway};
use super::lifecycle::Trigger;
use super::live::Slot;
use super::wish::{Act, Wish};
use crate::engine::record::{Note, Opened, State, TxId, Why};
use crate::engine::seam::Now;
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;

impl Gateway {
    /// The state of a transaction that is in memory, live or answered.
    #[must_use]
    pub fn state_of(&self, id: TxId) -> Option<State> {
        if let Some(slot) = self.live.slot_of(id) {
            return self.live.get(slot).map(|own| own.state);
        }
        self.terminals.done(id).map(|done| done.state)
    }

    /// An operator has a wish about a transaction, live or answered.
    pub(super) fn operator(&mut self, now: Now, wish: &Wish) {
        let state = self.state_of(wish.tx);
        if wish.seen.is_some_and(|seen| Some(seen) != state) {
            return;
        }
        let Some(slot) = self.revive(wish.tx, now) else {
            return;
        };
        match wish.act {
            Act::Reverse => self.operator_reverses(now, slot, wish),
            Act::Park => self.operator_parks(now, slot, wish),
            Act::Close => {
                self.step(now, slot, Trigger::OperatorCloses, cause(wish));
            }
        }
        self.forget_if_over(slot);
    }

    fn operator_reverses(&mut self, now: Now, slot: Slot, wish: &Wish) {
        // What went back in part, or may be going back, cannot be reversed as a whole.
        let whole = self
            .live
            .get(slot)
            .is_some_and(|own| own.returned == Amount(0));
        if whole && !self.may_go_back(wish.tx) && self.may_author(slot) {
            self.step(now, slot, Trigger::Operator, cause(wish));
        }
    }

    /// Whether a void or refund of a transaction is on its way, or its outcome is not known.
    pub(super) fn may_go_back(&self, id: TxId) -> bool {
        let may = |opened: &Opened, state: State| {
            opened.original == Some(id)
                && matches!(opened.purpose, Purpose::Void | Purpose::Refund)
                && state.meaning().known.is_open()
        };
        let live = self.live.slots().into_iter();
        let mut live = live.filter_map(|slot| self.live.get(slot));
        let mut done = self
            .terminals
            .iter()
            .flat_map(|terminal| terminal.done.iter());
        live.any(|own| may(&own.opened, own.state)) || done.any(|own| may(&own.opened, own.state))
    }

    fn operator_parks(&mut self, now: Now, slot: Slot, wish: &Wish) {
        let own = self.live.get(slot);
        if own.is_some_and(|own| own.state == State::ReversalPending) {
            self.step(now, slot, Trigger::Exhausted, cause(wish));
        }
    }
}

fn cause(wish: &Wish) -> Cause {
    let note = match wish.said.is_empty() {
        true => Note::None,
        false => Note::Detail(wish.said),
    };
    Cause {
        note,
        ..Cause::why(Why::Operator)
    }
}
