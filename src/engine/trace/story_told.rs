//! What a story tells of itself, by what was folded into it.

use super::moment::Leg;
use super::story::{Delivery, Story};
use crate::engine::record::{Note, State, TxId, Why};
use crate::iso::spec::Purpose;
use std::cmp::Ordering;

impl Story {
    /// The reasons that its steps gave, in order.
    pub fn whys(&self) -> impl Iterator<Item = (State, Why)> + '_ {
        self.moments.iter().map(|moment| (moment.state, moment.why))
    }

    /// Whether the gateway may still act on it.
    #[must_use]
    pub const fn may_move(&self) -> bool {
        self.state.is_live() && !self.over
    }

    /// What of its messages could not be read, and where, in their order.
    pub fn unread_parts(&self) -> impl Iterator<Item = (Option<Leg>, &str)> + '_ {
        self.moments.iter().filter_map(|moment| match &moment.note {
            Note::Unreadable(what) => Some((moment.leg, &**what)),
            _ => None,
        })
    }

    /// The transaction that it names as its original.
    #[must_use]
    pub fn original(&self) -> Option<TxId> {
        self.opened.as_ref().and_then(|opened| opened.original)
    }

    /// The transaction for whose reversal it was refused here.
    #[must_use]
    pub fn refused_for(&self) -> Option<TxId> {
        let refused = self.whys().any(|(_, why)| why == Why::OriginalUndoing);
        self.other.filter(|_| refused)
    }

    /// Whether it began after another: by their records, since a wall clock may be set back.
    #[must_use]
    pub fn follows(&self, other: &Self) -> bool {
        let first = |story: &Self| story.moments.first().map(|moment| moment.seq);
        let both = first(self).zip(first(other));
        let order = both.map_or(Ordering::Equal, |(own, other)| own.cmp(&other));
        order.then(self.tx.cmp(&other.tx)) == Ordering::Greater
    }

    /// Whether only a part of what was asked for was approved, by the codes of the dialects.
    #[must_use]
    pub fn is_approved_in_part(&self) -> bool {
        let codes = ["10", "002", "006", "0002", "0006"];
        self.answer.is_some_and(|code| codes.contains(&&*code))
    }

    /// Whether a reversal of all of it was accepted; its terminal may show success for it.
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        let shown = self.state == State::SettleMismatch && self.reversal.accepted;
        self.state == State::Reversed || shown
    }

    /// Whether the terminal was given an approval, read or not.
    #[must_use]
    pub const fn was_shown(&self) -> bool {
        matches!(
            self.delivery,
            Delivery::Written | Delivery::Unproven | Delivery::Proven
        )
    }

    /// What it is for, if its names are known.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        self.opened.as_ref().map(|opened| opened.purpose)
    }

    /// Whether money may be in it. One whose names are not known counts as such.
    #[must_use]
    pub fn is_money(&self) -> bool {
        self.purpose().is_none_or(|purpose| {
            purpose.moves_money() || matches!(purpose, Purpose::Advice | Purpose::Reversal)
        })
    }
}
