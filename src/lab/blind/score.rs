//! The sum of many marks.

use super::mark::{CaseMark, TIERS};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How often something was so, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HitRate {
    /// So many were.
    pub right: u64,
    /// Of so many.
    pub of: u64,
}

impl HitRate {
    fn count(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
    }

    /// In tenths of a percent, rounded down.
    #[must_use]
    pub const fn permille(self) -> u64 {
        match (self.right * 1000).checked_div(self.of) {
            Some(share) => share,
            None => 1000,
        }
    }

    /// As people read it: `98.4 %`.
    #[must_use]
    pub fn shown(self) -> String {
        let share = self.permille();
        format!("{}.{} %", share / 10, share % 10)
    }
}

/// The figures of a blind test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlindScore {
    /// Cases.
    pub cases: u64,
    /// The causes told by the journal alone are all true, and none is left out.
    pub class_right: HitRate,
    /// The same by family.
    pub by_family: BTreeMap<&'static str, HitRate>,
    /// The first cause is right, where files tell more than messages.
    pub cause_right: HitRate,
    /// Verdicts that do not tell causes apart, or leave the outcome open.
    pub abstentions: u64,
    /// Healthy cases, and those of them that were called wrong.
    pub false_alarms: u64,
    /// Unsafe verdicts by tier.
    pub unsafe_at: BTreeMap<&'static str, u64>,
    /// Those that a host's lie led to, which no file at hand shows.
    pub lied_at: BTreeMap<&'static str, u64>,
    /// Proofs that do not hold.
    pub proofs_wrong: u64,
    /// By case and first cause told, at E0.
    pub told: BTreeMap<(String, String), u64>,
    /// By the first cause that is right and the one that is told, with files.
    pub filed: BTreeMap<(String, String), u64>,
}

impl BlindScore {
    /// Adds a mark.
    pub fn add(&mut self, mark: &CaseMark) {
        self.cases += 1;
        let right = mark.wrong.is_none();
        self.class_right.count(right);
        self.by_family.entry(mark.family).or_default().count(right);
        self.abstentions += u64::from(mark.abstains);
        self.false_alarms += u64::from(mark.false_alarm);
        self.proofs_wrong += u64::from(mark.proof.is_some());
        for tier in mark.unsafe_at.keys() {
            *self.unsafe_at.entry(tier).or_default() += 1;
        }
        for tier in mark.lied_at.keys() {
            *self.lied_at.entry(tier).or_default() += 1;
        }
        let first = mark.told.first().cloned().unwrap_or_default();
        *self.told.entry((mark.name.clone(), first)).or_default() += 1;
        if let Some(filed) = &mark.filed {
            self.cause_right.count(filed.right);
            let cell = (filed.wanted.to_owned(), filed.told.join(" "));
            *self.filed.entry(cell).or_default() += 1;
        }
    }

    /// Adds another sum.
    pub fn join(&mut self, other: &Self) {
        let add = |own: &mut HitRate, more: HitRate| {
            own.right += more.right;
            own.of += more.of;
        };
        self.cases += other.cases;
        add(&mut self.class_right, other.class_right);
        add(&mut self.cause_right, other.cause_right);
        for (family, share) in &other.by_family {
            add(self.by_family.entry(family).or_default(), *share);
        }
        self.abstentions += other.abstentions;
        self.false_alarms += other.false_alarms;
        self.proofs_wrong += other.proofs_wrong;
        let sums = [
            (&mut self.unsafe_at, &other.unsafe_at),
            (&mut self.lied_at, &other.lied_at),
        ];
        for (own, more) in sums {
            for (tier, count) in more {
                *own.entry(tier).or_default() += count;
            }
        }
        let matrices = [
            (&mut self.told, &other.told),
            (&mut self.filed, &other.filed),
        ];
        for (own, more) in matrices {
            for (cell, count) in more {
                *own.entry(cell.clone()).or_default() += count;
            }
        }
    }

    /// Unsafe verdicts at every tier.
    #[must_use]
    pub fn unsafe_verdicts(&self) -> u64 {
        self.unsafe_at.values().sum()
    }

    /// As one JSON document.
    #[must_use]
    pub fn json(&self) -> Value {
        let share = |share: HitRate| json!({"right": share.right, "of": share.of});
        let families: BTreeMap<_, _> = self
            .by_family
            .iter()
            .map(|(k, v)| (*k, share(*v)))
            .collect();
        let tiers = |counts: &BTreeMap<&'static str, u64>| -> BTreeMap<&'static str, u64> {
            let of = |name| counts.get(name).copied().unwrap_or(0);
            TIERS
                .iter()
                .map(|tier| (tier.name(), of(tier.name())))
                .collect()
        };
        let matrix = |cells: &BTreeMap<(String, String), u64>| -> Vec<Value> {
            let cells = cells.iter();
            cells
                .map(|((is, told), count)| json!({"true": is, "told": told, "count": count}))
                .collect()
        };
        json!({
            "cases": self.cases,
            "class_right_e0": share(self.class_right),
            "by_family": families,
            "cause_right_e2": share(self.cause_right),
            "abstentions": self.abstentions,
            "false_alarms": self.false_alarms,
            "unsafe": tiers(&self.unsafe_at),
            "unsafe_by_a_lie": tiers(&self.lied_at),
            "proofs_wrong": self.proofs_wrong,
            "told": matrix(&self.told),
            "filed": matrix(&self.filed),
        })
    }
}
