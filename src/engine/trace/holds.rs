//! Authorizations, their completions, and what gives either back: whether these go together.

use super::bonds::{Bonds, Effect, amount, left_of};
use super::story::Story;
use crate::engine::record::TxId;
use crate::iso::spec::Purpose;

/// How much of an authorization a completion may take, in percent (UnionPay).
const MOST: u128 = 115;

/// What speaks against a completion, its authorization, or a void of that.
#[derive(Clone, Debug, Default)]
pub(super) struct HoldConflict<'a> {
    /// What undid the authorization that it completes; or what completed what it voids, or may
    /// have.
    pub(super) by: Option<&'a Story>,
    /// Whether a void may have undone the authorization that it completes.
    pub(super) perhaps: bool,
    /// Whether it is an authorization that was completed, and undone or given back as well.
    pub(super) hold: bool,
    /// Whether it takes more than its authorization holds, and than the field allows.
    pub(super) overdraws: bool,
}

impl<'a> HoldConflict<'a> {
    pub(super) fn of(
        story: &Story,
        (original, bonds): (Option<&'a Story>, &Bonds<'a>),
        others: &[&'a Story],
    ) -> Self {
        let hold = original.filter(|of| of.purpose() == Some(Purpose::Hold));
        let stands = |one: &Story| left_of(one, others) > 0;
        let mut torn = Self::default();
        match (story.purpose(), hold) {
            (Some(Purpose::Hold), _) => {
                // One that is not proven is listed by itself.
                let made = |(_, effect): &&(&Story, Effect)| *effect == Effect::Made;
                let undone = is_undone(story) || bonds.returns.iter().any(|one| made(&one));
                let mut completions = bonds.completions.iter().filter(made);
                torn.hold = undone && completions.any(|(one, _)| stands(one));
            }
            (Some(Purpose::Void), Some(hold)) => {
                let of_hold = |one: &&Story| completes(one, hold.tx) && stands(one);
                torn.by = others.iter().copied().find(of_hold);
            }
            (Some(Purpose::Debit | Purpose::Advice), Some(hold)) => {
                let voids = |one: &&Story, effect: Effect| {
                    let void = one.purpose() == Some(Purpose::Void);
                    void && one.original() == Some(hold.tx) && Effect::of(one) == effect
                };
                let find = |effect| others.iter().copied().find(|one| voids(one, effect));
                let undone = is_undone(hold).then_some(hold);
                let stands = bonds.given_back(story) < amount(story);
                let by = undone.or_else(|| find(Effect::Made));
                torn.perhaps = by.or_else(|| find(Effect::Doubtful)).is_some();
                torn.by = by.filter(|_| stands);
                let held = Bonds::linked(hold, others).held(hold);
                torn.overdraws = is_too_much(amount(story), held);
            }
            _ => {}
        }
        torn
    }
}

/// Whether completions take more than an authorization holds, and than the field allows.
pub(super) fn is_too_much(taken: u64, held: u64) -> bool {
    held > 0 && u128::from(taken) * 100 > u128::from(held) * MOST
}

/// The transaction that one gives back or completes. A refund that names an authorization is of
/// its only completion: nothing else was paid.
pub(super) fn original_of(story: &Story, all: &[&Story]) -> Option<TxId> {
    let named = story.original()?;
    let hold = |one: &Story| one.tx == named && one.purpose() == Some(Purpose::Hold);
    if story.purpose() != Some(Purpose::Refund) || !all.iter().any(|one| hold(one)) {
        return Some(named);
    }
    let mut completions = all.iter().filter(|one| completes(one, named));
    let only = completions.next().filter(|_| completions.next().is_none());
    Some(only.map_or(named, |only| only.tx))
}

/// Whether one completes an authorization, or may do so.
fn completes(story: &Story, hold: TxId) -> bool {
    let takes = matches!(story.purpose(), Some(Purpose::Debit | Purpose::Advice));
    takes && story.original() == Some(hold) && Effect::of(story) != Effect::Nothing
}

/// Whether an authorization was undone by a reversal.
pub(super) fn is_undone(hold: &Story) -> bool {
    hold.is_reversed() || hold.taken_back
}
