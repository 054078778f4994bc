//! What others leave of what a story by itself would allow: repeats of the same request, other
//! attempts of the purchase, other voids and refunds, an authorization and its completions.

use super::bonds::{self, Bonds, Effect};
use super::lang::Phrase;
use super::retry::Retry;
use super::settled_otherwise::{Otherwise, SettledOtherwise};
use super::story::Story;
use super::{texts, texts_bound as bound};
use crate::engine::record::TxId;

/// Why what a story by itself would allow is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// The same request may have been booked under another record.
    Namesake,
    /// Another void or refund of the same original.
    Sibling,
    /// What it gives back was undone, or may have been, or a part of it.
    OriginalUndone,
    /// The authorization that it completes may stand.
    Hold,
    /// The authorization that it completes was voided, or may have been.
    HoldUndone,
    /// The authorization that it voids was completed, or may have been.
    HoldCompleted,
    /// A void or refund of it is not proven.
    ReturnInDoubt,
    /// A completion of it may have been booked.
    Completion,
    /// A completion of it was booked.
    Completed,
    /// It was given back once more beside its reversal.
    Returned,
    /// Another reversal of it was accepted before its own.
    ReversedBefore,
    /// An increment of it may stand.
    Increment,
    /// Another attempt of the same purchase.
    Twin,
    /// Both ends settled it all the same.
    Settled,
    /// Both ends may have settled it.
    PerhapsSettled,
    /// Both ends settled it before it was undone.
    SettledBefore,
}

impl Limit {
    /// What to do instead, of what gives money back or of what takes it.
    pub(super) const fn next_step(self, gives_back: bool) -> Phrase {
        match self {
            Self::Settled if gives_back => bound::SETTLED_RETURN_NEXT,
            Self::SettledBefore if gives_back => bound::RETURN_MAY_BE_UNDONE.next,
            Self::Namesake => bound::REPEAT_KEPT_BACK.next,
            Self::Sibling => bound::SIBLING_NEXT,
            Self::OriginalUndone => bound::ORIGINAL_UNDONE_NEXT,
            Self::Hold => bound::COMPLETE_AGAIN,
            Self::HoldUndone => bound::HOLD_UNDONE_NEXT,
            Self::HoldCompleted => bound::HOLD_COMPLETED_NEXT,
            Self::ReturnInDoubt => bound::EXCESS_IN_DOUBT.next,
            Self::Completion => bound::COMPLETION_IN_DOUBT.next,
            Self::Completed => bound::COMPLETED.next,
            Self::Returned => bound::REVERSED_AND_RETURNED.next,
            Self::ReversedBefore => bound::REVERSED_BEFORE.next,
            Self::Increment => bound::REVERSED_RAISED.next,
            Self::Twin => texts::TWIN_NEXT,
            Self::Settled => bound::SETTLED_NEXT,
            Self::PerhapsSettled => bound::REVERSED_BEFORE.next,
            Self::SettledBefore => bound::SETTLED_BEFORE_NEXT,
        }
    }
}

/// Other attempts of the same purchase, each with its story if that is at hand.
pub(super) fn attempts<'a>(
    story: &'a Story,
    others: &'a [&Story],
) -> impl Iterator<Item = (TxId, Option<&'a Story>)> {
    let at_hand = |twin: TxId| others.iter().copied().find(|other| other.tx == twin);
    let all = story.twins.iter().map(move |twin| (*twin, at_hand(*twin)));
    let all = all.filter(|(twin, _)| Some(*twin) != story.again);
    all.filter(|(_, other)| other.is_none_or(|other| other.purpose() == story.purpose()))
}

/// What a settlement leaves that contradicts the messages.
const fn by_settlement(settled: SettledOtherwise<'_>) -> (Retry, Limit) {
    match (settled.how, settled.surely) {
        (Otherwise::CountedBefore, _) => (Retry::Unproven, Limit::SettledBefore),
        (Otherwise::Counts, true) => (Retry::No, Limit::Settled),
        (Otherwise::Counts | Otherwise::Lacks, _) => (Retry::Unproven, Limit::PerhapsSettled),
    }
}

/// What others leave of what a story by itself would allow, and why.
pub(super) fn limited(
    story: &Story,
    others: &[&Story],
    bonds: &Bonds<'_>,
    alone: Retry,
) -> (Retry, Option<Limit>) {
    let mut safe = alone;
    let mut why = None;
    let mut limit = |to: Retry, by: Limit| {
        if to < safe {
            safe = to;
            why = why.or(Some(by));
        }
    };
    if let Some(settled) = bonds.settled {
        let (to, by) = by_settlement(settled);
        limit(to, by);
    }
    if let Some(namesake) = bonds.namesake {
        limit(alone.beside(Some(namesake)), Limit::Namesake);
    }
    if !bonds.siblings.is_empty() {
        limit(Retry::Unproven, Limit::Sibling);
    }
    if bonds.original_undone {
        limit(Retry::Unproven, Limit::OriginalUndone);
    }
    if bonds::gives_back(story) && bonds.torn.by.is_some() {
        limit(Retry::Unproven, Limit::HoldCompleted);
    }
    match bonds.other_completion() {
        Some(Effect::Made) => limit(Retry::No, Limit::Completed),
        Some(_) => limit(Retry::Unproven, Limit::Completion),
        None if bonds.hold.is_some() && bonds.torn.perhaps => {
            limit(Retry::Unproven, Limit::HoldUndone);
        }
        None if bonds.hold.is_some() => limit(Retry::Unproven, Limit::Hold),
        None => {}
    }
    if bonds.doubtful_completion().is_some() {
        limit(Retry::Unproven, Limit::Completion);
    } else if !bonds.completions.is_empty() {
        limit(Retry::No, Limit::Completed);
    }
    if bonds.gave_back_reversed(story) || bonds.gave_back_nothing(story) {
        limit(Retry::Unproven, Limit::Returned);
    }
    if bonds.excess(story).next().is_some() {
        limit(Retry::Unproven, Limit::ReturnInDoubt);
    }
    if bonds.was_reversed_before(story) {
        limit(Retry::Unproven, Limit::ReversedBefore);
    }
    if !bonds.increments.is_empty() {
        limit(Retry::Unproven, Limit::Increment);
    }
    // One of the same name that is not at hand may have been booked.
    let at_hand = |tx: &TxId| others.iter().any(|other| other.tx == *tx);
    if bonds::is_kept_back(story) && !story.namesakes.iter().all(at_hand) {
        limit(Retry::Unproven, Limit::Namesake);
    }
    for (_, other) in attempts(story, others) {
        limit(alone.beside(other), Limit::Twin);
    }
    if story.crowded || bonds.other_hold.is_some() {
        limit(Retry::Unproven, Limit::Twin);
    }
    // What another forbids is only told where this one alone would allow more.
    (safe, why.filter(|_| alone == Retry::Yes))
}
