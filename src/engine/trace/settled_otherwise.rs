//! Settlements that contradict the messages: both ends agree on totals that count what was undone
//! or declined, or do not count what stands. Whether money moves by the messages or by the
//! settlement, no message tells.

use super::batch::{Counted, stands, stood_before};
use super::bonds::{self, gives_back};
use super::retry::Retry;
use super::story::Story;
use crate::engine::record::{HostBalance, State};
use crate::iso::spec::Purpose;

/// How a settlement contradicts the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// It counts what was undone or declined before.
    Counts,
    /// It counts what was undone only afterwards.
    CountedBefore,
    /// It does not count what stands.
    Lacks,
}

/// A settlement in balance that contradicts the messages of a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct SettledOtherwise<'a> {
    pub(super) settlement: &'a Story,
    /// Whether its totals are right in no other way.
    pub(super) surely: bool,
    pub(super) how: Otherwise,
}

impl<'a> SettledOtherwise<'a> {
    /// The first that does for sure, else the first that may. `original` is what a reversal of a
    /// part is of.
    pub(super) fn of(
        story: &Story,
        original: Option<&Story>,
        others: &[&'a Story],
    ) -> Option<Self> {
        let mut found: Option<Self> = None;
        for settlement in others.iter().copied() {
            let own = match story.purpose() {
                Some(Purpose::Reversal) => against_part(story, original?, settlement),
                _ => against(story, settlement),
            };
            let surely = own.is_some_and(|(_, surely)| surely);
            if let Some((how, _)) = own.filter(|_| found.is_none_or(|it| surely && !it.surely)) {
                found = Some(Self {
                    settlement,
                    surely,
                    how,
                });
            }
        }
        found
    }
}

/// How a settlement contradicts what is told of a transaction, and whether surely.
fn against(story: &Story, settlement: &Story) -> Option<(Otherwise, bool)> {
    let counted = counted(story, settlement)?;
    let doubted = story.state == State::DeliveryUnproven;
    match (stood_at(story, settlement), stands(story.state)) {
        // A settlement proves that its terminal has the approval, and is no proof that it has not.
        (true, true) if doubted => None,
        (true, true) => match counted {
            Counted::No => Some((Otherwise::Lacks, true)),
            Counted::Perhaps => Some((Otherwise::Lacks, false)),
            // Of many sales the settlement is listed; what gives back must be proven.
            Counted::Unexplained => gives_back(story).then_some((Otherwise::Lacks, false)),
            Counted::Surely | Counted::Untold => None,
        },
        _ if Retry::of(story) != Retry::Yes || counted == Counted::No => None,
        (true, false) => Some((Otherwise::CountedBefore, counted == Counted::Surely)),
        (false, _) => Some((Otherwise::Counts, counted == Counted::Surely)),
    }
}

/// How a settlement contradicts that a part of a transaction was reversed.
fn against_part(
    reversal: &Story,
    original: &Story,
    settlement: &Story,
) -> Option<(Otherwise, bool)> {
    let is_part = bonds::is_reversal_in_part(reversal, original);
    if !is_part || !stands(reversal.state) || !stood_at(original, settlement) {
        return None;
    }
    if stood_at(reversal, settlement) {
        let counted = counted(reversal, settlement)?;
        let told = ![Counted::No, Counted::Untold].contains(&counted);
        return told.then_some((Otherwise::Counts, counted == Counted::Surely));
    }
    let counted = counted(original, settlement)?;
    let surely = counted == Counted::Surely;
    (counted != Counted::No).then_some((Otherwise::CountedBefore, surely))
}

/// Whether an approval stood when a settlement was asked for.
fn stood_at(story: &Story, settlement: &Story) -> bool {
    let settled = settlement.first();
    settled.is_some_and(|settled| stood_before(story, settled))
}

/// What a settlement in balance says of a transaction of its batch; `None` if it is none, or says
/// nothing. Without both totals that of what stood is not told, and nothing speaks for the rest.
fn counted(story: &Story, settlement: &Story) -> Option<Counted> {
    let told = settlement.settlement.as_ref()?;
    let of_batch = told.host == HostBalance::Balanced && story.settlements.contains(&settlement.tx);
    let countable = story.opened.as_ref().is_some_and(|opened| {
        let released = opened.purpose == Purpose::Void && opened.kind.contains("preauth");
        !released && bonds::amount(story) > 0
    });
    match &told.own {
        _ if !of_batch || !countable => None,
        Some(own) => Some(own.counts(story.tx)),
        None => stood_at(story, settlement).then_some(Counted::Untold),
    }
}

/// Whether a settlement that both ends agree on is right only with it.
pub(super) fn is_counted(story: &Story, others: &[&Story]) -> bool {
    let mut others = others.iter();
    others.any(|settlement| counted(story, settlement) == Some(Counted::Surely))
}
