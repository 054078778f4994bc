//! Where is the money, why, and what is safe to do next: one transaction's verdict.

use super::belief::Beliefs;
use super::bonds::Bonds;
use super::cause::Cause;
use super::lang::Said;
use super::retry::Retry;
use super::story::Story;
use super::unconfirmed::Unconfirmed;
use super::{diagnosis, filed, limit, texts, wording};
use crate::engine::evidence::{EvidenceIndex, Tier};
use crate::engine::record::{Seq, State};
use crate::iso::message::Amount;

/// What may be said of a transaction on the evidence of the gateway's journal, and of the files
/// that were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where it stands.
    pub state: State,
    /// Whether `isogate open` lists it: U1-U3 and U5-U9.
    pub open: bool,
    /// Its class, while both ends are not proven to agree.
    pub class: Option<Unconfirmed>,
    /// The likeliest cause.
    pub cause: Cause,
    /// All causes that fit, the likeliest first.
    pub causes: Vec<Cause>,
    /// One line: where the money is, and why.
    pub verdict: Said,
    /// What to do.
    pub next_step: Said,
    /// Whether a new transaction in its place is safe.
    pub safe_to_retry: Retry,
    /// The tier of the evidence.
    pub evidence: Tier,
    /// What each party believes.
    pub beliefs: Beliefs,
    /// What of it stood, in minor units: what was approved, or asked for, less what reversals of a
    /// part took off.
    pub amount: Amount,
    /// The records without which it would be another one, where that was looked for.
    pub proof: Vec<Seq>,
}

impl Verdict {
    /// The same, and what other people's files say beside the journal.
    #[must_use]
    pub fn with(story: &Story, others: &[&Story], index: &EvidenceIndex<'_>) -> Self {
        let mut verdict = Self::of(story, others);
        filed::raise(&mut verdict, story, others, index);
        verdict
    }

    /// Judges a story. `others` are those it may turn on, as far as they are at hand: its voids,
    /// refunds and completions, its original, its namesakes, and other attempts of the same
    /// purchase (D0), which may forbid what this one alone would allow.
    #[must_use]
    pub fn of(story: &Story, others: &[&Story]) -> Self {
        let bonds = Bonds::of(story, others);
        let (causes, alone) = match bonds.is_proven(story) {
            true => (vec![Cause::OutsideLog], Retry::No),
            false => (diagnosis::causes(story), Retry::of(story)),
        };
        let class = Unconfirmed::of(story, &bonds);
        let (safe_to_retry, limit) = limit::limited(story, others, &bonds, alone);
        let (mut verdict, next_step) = wording::say(story, &bonds, &causes, (alone, limit));
        if story.gap {
            verdict = verdict.and(&texts::GAP.plain());
        }
        if story.unseen {
            verdict = verdict.and(&texts::UNSEEN.plain());
        }
        for part in wording::unread(story) {
            verdict = verdict.and(&part);
        }
        for (twin, other) in limit::attempts(story, others) {
            let tx = ("tx", Said::same(twin.to_string()));
            verdict = verdict.and(&match other {
                Some(other) => texts::TWIN.fill(&[tx, ("state", Said::same(other.state.name()))]),
                None => texts::TWIN_UNKNOWN.fill(&[tx]),
            });
        }
        Self {
            state: story.state,
            open: class.is_some_and(Unconfirmed::is_open),
            class,
            cause: causes.first().copied().unwrap_or(Cause::InProgress),
            causes,
            verdict,
            next_step,
            safe_to_retry,
            evidence: Tier::E0,
            beliefs: Beliefs::of(story),
            amount: Amount(bonds.sold(story).most),
            proof: Vec::new(),
        }
    }
}
