//! Trials of the disk: the power is cut at every step of a plan, or its n-th call fails.

use super::house::power_cut;
use super::look::ByReading;
use super::options::options;
use super::stage::{Played, Stage};
use crate::engine::journal::{Memory, Storage, StorageError};
use crate::engine::seam::Dice;
use crate::lab::plan::{Plan, Power};
use crate::lab::sim::machine::{Left, Machine, read_all};
use std::collections::BTreeSet;

/// What is tried while a plan is played.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    /// At each step the power is cut in so many ways, each on a copy of the disk.
    pub cuts: u32,
    /// The call of the disk that fails, counted from the first start, and how.
    pub fails: Option<(u64, StorageError)>,
    /// Cuts so far.
    pub done: u64,
    /// The step of the machine at the last cut.
    pub at_step: u64,
}

/// Cuts the power at every step of a plan, in so many ways; gives how the plan went, and how many
/// cuts that were.
pub fn cut_power(plan: &Plan, ways: u32) -> (Played, u64) {
    let trial = Trial {
        cuts: ways,
        ..Trial::default()
    };
    let mut looker = ByReading::default();
    match Stage::new(plan, &mut looker) {
        Ok(mut stage) => {
            stage.trial = trial;
            stage.run_and_count()
        }
        Err(what) => (Played::broken(what), 0),
    }
}

/// Plays a plan while the n-th call of the disk fails.
pub fn fail_call(plan: &Plan, n: u64, error: &StorageError) -> Played {
    let mut looker = ByReading::default();
    match Stage::new(plan, &mut looker) {
        Ok(mut stage) => {
            stage.trial.fails = Some((n, error.clone()));
            stage.arm();
            stage.run_and_count().0
        }
        Err(what) => Played::broken(what),
    }
}

/// How many calls of the disk a plan makes.
pub fn calls_of(plan: &Plan) -> u64 {
    let mut looker = ByReading::default();
    Stage::new(plan, &mut looker).map_or(0, Stage::count_calls)
}

impl Stage<'_> {
    fn arm(&mut self) {
        if let (Some(machine), Some((n, error))) = (&mut self.machine, &self.trial.fails) {
            machine.disk_mut().fail_call(*n, error.clone());
        }
    }

    /// After a step: what would a power cut leave now?
    pub(super) fn try_cuts(&mut self) {
        let Some(machine) = self.machine.as_ref().filter(|_| self.trial.cuts > 0) else {
            return;
        };
        if machine.steps() == self.trial.at_step {
            return;
        }
        self.trial.at_step = machine.steps();
        let disk = machine.disk().clone();
        for way in 0..self.trial.cuts {
            let mut after = disk.clone();
            let bytes = way.wrapping_mul(97) % 4096;
            power_cut(
                &mut after,
                match way % 3 {
                    0 => Power::Torn(way),
                    1 => Power::First(bytes),
                    _ => Power::Cut,
                },
            );
            self.trial.done += 1;
            if let Some(what) = self.cut_breaks(after) {
                self.finds("I8", what);
            }
        }
    }

    /// What a start on this disk breaks, if anything.
    fn cut_breaks(&self, disk: Memory) -> Option<String> {
        let before = numbers(&disk);
        let whole = before.windows(2).all(|pair| pair[1] == pair[0] + 1);
        if !whole {
            return Some("a number is missing among the records of the disk".to_owned());
        }
        let set_up = options(&self.plan.setup, &self.dialects, self.reordered);
        let own = self.machine_options();
        let left = Left {
            disk,
            keys: self.machine.as_ref()?.keys().clone(),
        };
        match Machine::start(set_up, &own, left, self.run + 1, 1, self.now) {
            Err(error) => Some(format!(
                "the gateway does not start after a power cut: {error}"
            )),
            Ok(machine) if self.plan.setup.strict && machine.durable() < self.relied => {
                Some(format!(
                    "a send relied on record {}, the journal ends at {}",
                    self.relied.0,
                    machine.durable().0
                ))
            }
            Ok(_) => None,
        }
    }
}

/// The sequence numbers on a disk that do not only carry others over.
fn numbers(disk: &Memory) -> Vec<u64> {
    let mut numbers: Vec<u64> = read_all(disk).iter().map(|record| record.seq.0).collect();
    numbers.dedup();
    numbers
}

/// Turns single bits of a plan's journal over, so many one after the other, each on a copy; gives
/// what was read that was never written.
pub fn flip_bits(plan: &Plan, flips: u32) -> Vec<String> {
    let mut looker = ByReading::default();
    let Ok(mut stage) = Stage::new(plan, &mut looker) else {
        return vec!["the world does not begin".to_owned()];
    };
    stage.run_to_its_end();
    let Some(disk) = stage.readable() else {
        return Vec::new();
    };
    let told = |disk: &Memory| -> Vec<String> {
        let records = read_all(disk);
        records.iter().map(|record| format!("{record:?}")).collect()
    };
    let written: BTreeSet<String> = told(&disk).into_iter().collect();
    let segments = disk.segments().unwrap_or_default();
    let mut dice = Dice::new(u64::from(flips));
    let mut false_records = Vec::new();
    for _ in 0..flips {
        let Some(segment) = dice.pick(&segments).copied() else {
            break;
        };
        let bytes = disk.read(segment, 0, usize::MAX).unwrap_or_default().len();
        let bit = usize::try_from(dice.below(8 * bytes.max(1) as u64)).unwrap_or(0);
        let mut damaged = disk.clone();
        damaged.flip(segment, bit);
        let strange = told(&damaged)
            .into_iter()
            .find(|own| !written.contains(own));
        if strange.is_some() {
            false_records.push(format!(
                "bit {bit} of segment {segment} made another record"
            ));
        }
    }
    false_records
}
