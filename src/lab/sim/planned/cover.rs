//! The space of states that a world can be in, as far as an attempt sees it, and which of its
//! cells were reached. It is told from the wires alone.

use crate::engine::seam::Mono;
use crate::lab::judge::{AttemptFacts, Meant, UndoMeant};
use std::collections::BTreeMap;

/// How far a request is: asked, sent, approved and not told, told and not read, read, declined,
/// answered with an unknown outcome, approved too late.
const STAGES: u16 = 8;
/// How far its reversal is: none, wished, sent, not final, accepted, proving nothing, refused.
const REVERSALS: u16 = 7;
/// What is around it: link up or down; terminal there or gone; the same life of the gateway or a
/// later one; the journal idle, syncing, or in trouble.
const AROUND: u16 = 2 * 2 * 2 * 3;

/// All cells that are declared.
pub const DECLARED: usize = (STAGES * REVERSALS * AROUND) as usize;

/// What is around an attempt at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around {
    pub link_up: bool,
    pub terminal_there: bool,
    pub later_life: bool,
    /// 0 idle, 1 syncing, 2 in trouble.
    pub journal: u16,
}

/// The cells that were reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    /// Each with the moment of the first time, in virtual milliseconds.
    pub reached: BTreeMap<u16, u64>,
}

impl Cells {
    pub(super) fn note(&mut self, at: u64, facts: &AttemptFacts, deadline: Mono, around: Around) {
        let flags = u16::from(around.link_up)
            + 2 * u16::from(around.terminal_there)
            + 4 * u16::from(around.later_life)
            + 8 * around.journal;
        let cell = (stage(facts, deadline) * REVERSALS + reversal(facts)) * AROUND + flags;
        self.reached.entry(cell).or_insert(at);
    }
}

fn stage(facts: &AttemptFacts, deadline: Mono) -> u16 {
    let approved = facts.approvals.first();
    let told = |means: Meant| facts.told.iter().filter(move |told| told.means == means);
    if told(Meant::Approved).any(|told| told.delivered) {
        4
    } else if told(Meant::Approved).next().is_some() {
        3
    } else if approved.is_some_and(|answer| answer.at > deadline) {
        7
    } else if approved.is_some() {
        2
    } else if !facts.declines.is_empty() {
        5
    } else if !facts.unknowns.is_empty() || !facts.doubtful.is_empty() {
        6
    } else {
        u16::from(facts.was_sent())
    }
}

fn reversal(facts: &AttemptFacts) -> u16 {
    let Some(last) = facts.reversals.last() else {
        return u16::from(!facts.undos.is_empty());
    };
    match last.answered {
        None => 2,
        Some((_, UndoMeant::Undone)) => 4,
        Some((_, UndoMeant::Closed)) => 5,
        Some((_, UndoMeant::Refused)) => 6,
        Some((_, UndoMeant::Again)) => 3,
    }
}
