//! All transactions that were looked at, each in few bytes, and what their failures share.

use super::feature::Feature;
use super::look::{LookOutcome, look_of};
use super::significance::{Factorials, FailedShare, bits_wanted};
use crate::engine::seam::Wall;
use crate::engine::trace::{Cause, Story, Verdict};
use std::collections::BTreeMap;

/// Transactions, as many as are held at once: beyond it the older ones are left out, and told.
const MOST: usize = 2_000_000;
/// Times at which a change is looked for.
const SPLITS: usize = 64;
/// Findings at most: beyond it the world is broken at large.
const FINDINGS: usize = 8;
/// So many must have failed in a group.
const FAILED_LEAST: u64 = 3;

/// Failures that share something, more than chance explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureFinding {
    /// What they share: one feature, or a second one within it.
    pub groups: Vec<Group>,
    /// How many of the group failed.
    pub share: FailedShare,
    /// How many of the others failed.
    pub rest: FailedShare,
    /// Chance would show as much with a probability below 2^-bits.
    pub bits: u64,
    /// How many groups were tried.
    pub tried: u64,
    /// The cause that most of its failures have.
    pub cause: Option<Cause>,
}

/// A value of a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The feature.
    pub feature: Feature,
    /// Its value; of a time, none.
    pub value: String,
    /// Since when, of a time.
    pub since: Option<Wall>,
}

/// One transaction.
#[derive(Clone, Copy, Debug)]
struct OneLook {
    at: Wall,
    values: [u32; Feature::VALUED.len()],
    failed: bool,
    cause: Option<Cause>,
}

/// The transactions that were looked at.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    looks: Vec<OneLook>,
    numbers: BTreeMap<(Feature, String), u32>,
    values: Vec<String>,
    left_out: u64,
}

/// A group that is tried.
#[derive(Clone, Copy, Debug)]
enum Tried {
    Value(usize, u32),
    Since(Wall),
}

impl Tried {
    fn holds(self, look: &OneLook) -> bool {
        match self {
            Self::Value(feature, value) => look.values.get(feature) == Some(&value),
            Self::Since(time) => look.at >= time,
        }
    }
}

/// What was tried, and the best of it.
struct Best {
    tried: Tried,
    share: FailedShare,
    bits: u64,
}

impl Looks {
    /// Takes a transaction; `link` names its link.
    pub fn take(&mut self, story: &Story, verdict: &Verdict, link: &str) {
        let (Some(outcome), Some(opened)) = (look_of(story), &story.opened) else {
            return;
        };
        if self.looks.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let failed = outcome == LookOutcome::Failed;
        let bin = opened.card.get(..6).unwrap_or_default();
        let told = [
            bin,
            &*opened.terminal,
            link,
            &*opened.kind,
            &*opened.merchant,
            &*opened.spec,
        ];
        let mut values = [0; Feature::VALUED.len()];
        for ((place, feature), value) in values.iter_mut().zip(Feature::VALUED).zip(told) {
            *place = self.number(feature, value);
        }
        self.looks.push(OneLook {
            at: story.began,
            values,
            failed,
            cause: failed.then_some(verdict.cause),
        });
    }

    fn number(&mut self, feature: Feature, value: &str) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = *self
            .numbers
            .entry((feature, value.to_owned()))
            .or_insert(next);
        if number == next {
            self.values.push(value.to_owned());
        }
        number
    }

    /// How many failed, of how many.
    #[must_use]
    pub fn share(&self) -> FailedShare {
        share(&self.looks)
    }

    /// How many were left out, since there were too many to be held.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What failures share, the surest first.
    #[must_use]
    pub fn findings(&self) -> Vec<FailureFinding> {
        let table = Factorials::up_to(self.looks.len());
        let mut looks = self.looks.clone();
        looks.sort_by_key(|look| look.at);
        let mut findings = Vec::new();
        while findings.len() < FINDINGS {
            let Some((best, tried)) = best(&looks, &table) else {
                break;
            };
            let (inside, outside): (Vec<OneLook>, Vec<OneLook>) =
                looks.into_iter().partition(|look| best.tried.holds(look));
            findings.push(self.finding(&best, tried, (&inside, &outside), &table));
            looks = outside;
        }
        findings
    }

    /// A group that stands out, and the second feature that narrows it down, if there is one.
    fn finding(
        &self,
        best_group: &Best,
        tried: u64,
        (inside, outside): (&[OneLook], &[OneLook]),
        table: &Factorials,
    ) -> FailureFinding {
        let mut groups = vec![self.group(best_group.tried)];
        let mut found = (best_group.share, inside.to_vec());
        if let Some((narrower, _)) = best(inside, table) {
            groups.push(self.group(narrower.tried));
            let narrowed = inside.iter().filter(|look| narrower.tried.holds(look));
            found = (narrower.share, narrowed.copied().collect());
        }
        let (share_of_it, looks) = found;
        let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
        for cause in looks.iter().filter_map(|look| look.cause) {
            *causes.entry(cause).or_default() += 1;
        }
        let most = causes.into_iter().max_by_key(|(_, count)| *count);
        FailureFinding {
            groups,
            share: share_of_it,
            rest: share(outside),
            bits: best_group.bits,
            tried,
            cause: most.map(|(cause, _)| cause),
        }
    }

    fn group(&self, tried: Tried) -> Group {
        match tried {
            Tried::Since(time) => Group {
                feature: Feature::Since,
                value: String::new(),
                since: Some(time),
            },
            Tried::Value(feature, value) => Group {
                feature: Feature::VALUED
                    .get(feature)
                    .copied()
                    .unwrap_or(Feature::Bin),
                value: usize::try_from(value)
                    .ok()
                    .and_then(|at| self.values.get(at))
                    .cloned()
                    .unwrap_or_default(),
                since: None,
            },
        }
    }
}

fn share(looks: &[OneLook]) -> FailedShare {
    FailedShare {
        failed: count(looks.iter().filter(|look| look.failed)),
        of: count(looks.iter()),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

/// The group that stands out most, if any does, and how many were tried. Looks stand in the order
/// of their times.
fn best(looks: &[OneLook], table: &Factorials) -> Option<(Best, u64)> {
    let all = share(looks);
    let mut groups = Vec::new();
    for feature in 0..Feature::VALUED.len() {
        let mut tally: BTreeMap<u32, FailedShare> = BTreeMap::new();
        for look in looks {
            let value = look.values.get(feature).copied().unwrap_or_default();
            let share = tally
                .entry(value)
                .or_insert(FailedShare { failed: 0, of: 0 });
            share.of += 1;
            share.failed += u64::from(look.failed);
        }
        let values = tally.into_iter();
        groups.extend(values.map(|(value, share)| (Tried::Value(feature, value), share)));
    }
    groups.extend(since(looks, all));
    let tried = count(groups.iter());
    let wanted = bits_wanted(tried);
    let mut best: Option<Best> = None;
    for (group, share) in groups {
        if share.failed < FAILED_LEAST || share.of == all.of {
            continue;
        }
        let bits = table.bits(share, all);
        if bits >= wanted && best.as_ref().is_none_or(|best| bits > best.bits) {
            best = Some(Best {
                tried: group,
                share,
                bits,
            });
        }
    }
    Some((best?, tried))
}

/// The groups that begin at a time: at most so many, as many transactions apart.
fn since(looks: &[OneLook], all: FailedShare) -> Vec<(Tried, FailedShare)> {
    let step = looks.len().div_ceil(SPLITS).max(1);
    let mut rest = all;
    let mut groups = Vec::new();
    let mut last = None;
    for (at, look) in looks.iter().enumerate() {
        // Of several at one moment the first begins the group.
        if at > 0 && at % step == 0 && last != Some(look.at) {
            groups.push((Tried::Since(look.at), rest));
        }
        last = Some(look.at);
        rest.of -= 1;
        rest.failed -= u64::from(look.failed);
    }
    groups
}
