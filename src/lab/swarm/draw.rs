//! From a seed to a plan: the set-up, then purchase by purchase, then what happens to the house.

use super::around;
use super::odd;
use super::purchase;
use super::spice::{Spice, Taste};
use crate::engine::seam::Dice;
use crate::lab::plan::{Ask, Bounds, Deed, Habits, Plan, ReversedBy, Setup, SignsOn, Timed};

/// An answer is waited for so long, in ms (45 s of the field, scaled).
pub(super) const DEADLINE: u64 = 900;
/// A terminal waits so long (60 s of the field, scaled).
pub(super) const PATIENCE: u64 = 1_200;
/// A closed reversal is watched so long (24 h of the field, scaled).
pub(super) const WATCH: u64 = 24 * 3_600_000 / 50;
/// The most attempts of a plan: as many as expiry dates tell apart.
const MOST_ATTEMPTS: u32 = 1_150;

/// A plan in the making.
#[derive(Debug)]
pub(super) struct Draw {
    pub dice: Dice,
    pub taste: Taste,
    pub setup: Setup,
    pub deeds: Vec<Timed>,
    /// Attempts so far.
    pub attempts: u32,
    pub purchases: u32,
    /// When the next purchase begins.
    pub clock: u64,
    /// The moment about which most is to happen, if there is one.
    pub focus: Option<u64>,
}

/// The plan of a seed.
#[must_use]
pub fn draw(seed: u64) -> (Taste, Plan) {
    let mut dice = Dice::new(seed ^ 0x0DD5_EED5);
    let one_in = dice.between(2, 8);
    let mut late = Dice::new(seed ^ 0x1A7E);
    let taste = Taste::thrown(&mut dice, one_in, &mut late);
    let mut setup = twins(set_up(&mut dice, taste), taste);
    // A gateway that gives numbers of its own counts from 1, and so do many terminals.
    if setup.rewrite_stan && late.chance(1, 2) {
        setup.numbers_from = 1 + u32::try_from(late.below(60)).unwrap_or(0);
    }
    let mut draw = Draw {
        dice,
        taste,
        setup,
        deeds: Vec::new(),
        attempts: 0,
        purchases: 0,
        clock: 50,
        focus: None,
    };
    let purchases = draw.dice.between(10, 110);
    fill(&mut draw, purchases);
    around::add(&mut draw);
    (taste, draw.into_plan())
}

/// Adds so many purchases from the plan's clock on.
pub(super) fn fill(draw: &mut Draw, purchases: u64) {
    let haste = draw.dice.between(20, 500);
    for _ in 0..purchases {
        if draw.attempts > MOST_ATTEMPTS {
            break;
        }
        purchase::begin(draw);
        draw.clock += draw.dice.between(1, haste);
        if draw.on(Spice::Days) && draw.dice.chance(1, 12) {
            draw.clock += draw.dice.between(WATCH / 20, WATCH * 3 / 2);
        }
    }
}

impl Draw {
    /// The plan, its deeds in the order of time.
    pub(super) fn into_plan(mut self) -> Plan {
        self.deeds.sort_by_key(|timed| timed.at);
        Plan {
            setup: self.setup,
            deeds: self.deeds,
        }
    }

    pub(super) fn on(&self, spice: Spice) -> bool {
        self.taste.has(spice)
    }

    /// Whether something odd that is on strikes, one time in so many.
    pub(super) fn strikes(&mut self, spice: Spice, one_in: u64) -> bool {
        self.on(spice) && self.dice.chance(1, one_in)
    }

    pub(super) fn at(&mut self, at: u64, deed: Deed) {
        self.deeds.push(Timed { at, deed });
    }

    pub(super) fn ask(&mut self, at: u64, ask: Ask) {
        self.at(at, Deed::Ask(Box::new(ask)));
    }

    pub(super) const fn next_attempt(&mut self) -> u32 {
        self.attempts += 1;
        self.attempts
    }

    /// A moment at or soon after another: races are where moments nearly meet.
    pub(super) fn near(&mut self, at: u64) -> u64 {
        let most = match self.dice.below(8) {
            0 | 1 => 3,
            2 | 3 => 30,
            4 => 300,
            5 => DEADLINE,
            6 => PATIENCE * 2,
            _ => 10_000,
        };
        at + self.dice.below(most)
    }

    pub(super) fn terminal(&mut self) -> u8 {
        let most = u64::from(self.setup.terminals).max(1);
        u8::try_from(self.dice.below(most)).unwrap_or(0)
    }

    /// The connection that a terminal uses.
    pub(super) fn line(&mut self) -> u8 {
        u8::from(self.strikes(Spice::TwoLines, 3))
    }
}

fn set_up(dice: &mut Dice, taste: Taste) -> Setup {
    let (spec, host_spec) = dialects(dice);
    let by = match dice.below(4) {
        0 => ReversedBy::Terminal,
        1 => ReversedBy::Gateway,
        _ => ReversedBy::Both,
    };
    let links = if dice.chance(1, 4) { 2 } else { 1 };
    let many = host_spec.is_some() || taste.has(Spice::LeanVoids);
    let rewrite_stan = dice.chance(1, if many { 3 } else { 12 });
    Setup {
        keys: host_spec.is_some() || rewrite_stan || !dice.chance(1, 8),
        match_fields: match_fields(dice, spec),
        spec: spec.to_owned(),
        host_spec: host_spec.map(str::to_owned),
        by,
        rewrite_stan,
        strict: !dice.chance(1, 6),
        terminals: if taste.has(Spice::SickIssuers) {
            odd::SICK
        } else {
            small(dice, 1, 5)
        },
        listeners: if links > 1 { 2 } else { 1 },
        links,
        connections: small(dice, 1, 3),
        in_order: links > 1 && dice.chance(1, 3),
        sign_on: match dice.below(6) {
            0 => SignsOn::Connection,
            1 => SignsOn::Link,
            _ => SignsOn::Nothing,
        },
        tries: u16::from(small(dice, 2, 6)),
        expire: dice.between(5_000, WATCH),
        unproven: dice.chance(1, 10),
        echo: if dice.chance(1, 3) {
            dice.between(1_000, 60_000)
        } else {
            0
        },
        segment: dice.between(8, 128),
        latency: dice.between(50, 6_000),
        sync: sync(dice, taste),
        bounds: bounds(dice, taste),
        habits: habits(dice, taste),
        forgetful: taste.has(Spice::ForgetfulTerminals)
            || taste.has(Spice::DeadLines) && dice.chance(1, 2),
        ..Setup::default()
    }
}

/// Two listeners, each with an acquirer of its own and terminals of the same names.
fn twins(setup: Setup, taste: Taste) -> Setup {
    // Where a name has keys, only one terminal of that name can sign in.
    if !taste.has(Spice::Twins) || setup.spec == "cup-pos" {
        return setup;
    }
    Setup {
        twins: true,
        listeners: 2,
        links: 2,
        in_order: false,
        terminals: setup.terminals.max(2),
        ..setup
    }
}

fn small(dice: &mut Dice, low: u64, high: u64) -> u8 {
    u8::try_from(dice.between(low, high)).unwrap_or(1)
}

fn dialects(dice: &mut Dice) -> (&'static str, Option<&'static str>) {
    match dice.below(20) {
        0..8 => ("cup-pos", None),
        8..13 => ("iso8583-1987-ascii", None),
        13..16 => ("iso8583-1987-binary", None),
        16 => ("iso8583-1987-ebcdic", None),
        _ => ("cup-pos", Some("iso8583-1987-ascii")),
    }
}

/// Labs shorten the key of a route when a host leaves fields out.
fn match_fields(dice: &mut Dice, spec: &str) -> Vec<u8> {
    match dice.below(6) {
        0 => vec![11],
        1 if spec == "cup-pos" => vec![41, 11],
        _ => Vec::new(),
    }
}

fn sync(dice: &mut Dice, taste: Taste) -> u64 {
    let most = if taste.has(Spice::SlowSyncs) {
        400_000
    } else {
        8_000
    };
    dice.between(100, most)
}

fn habits(dice: &mut Dice, taste: Taste) -> Habits {
    let loose = taste.has(Spice::LooseHosts);
    let mut omits = Vec::new();
    if taste.has(Spice::OmittedFields) && dice.chance(1, 3) {
        omits.extend(dice.pick(&[42_u8, 41, 37]).copied());
    }
    Habits {
        no_tombstones: loose && dice.chance(2, 3),
        zero_to_unknown: loose && dice.chance(2, 3),
        omits,
    }
}

/// Limits small enough to be hit.
pub(super) fn bounds(dice: &mut Dice, taste: Taste) -> Bounds {
    if !taste.has(Spice::Limits) {
        return Bounds::default();
    }
    let mut some = |low: u64, high: u64| {
        let is_set = dice.chance(1, 3);
        is_set.then(|| usize::try_from(dice.between(low, high)).unwrap_or(1))
    };
    Bounds {
        in_flight: some(1, 8),
        per_terminal: some(1, 4),
        per_link: some(1, 6),
        live: some(3, 30),
        known_terminals: some(1, 4),
        answers: some(2, 16),
        carried: some(1, 4),
        tombstones: some(1, 4),
        window: some(1, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::lab::plan::{read, write};

    #[test]
    fn a_plan_that_was_written_down_is_read_as_drawn() -> Result<(), Box<dyn std::error::Error>> {
        for seed in 1..=200 {
            let (_, plan) = draw(seed);
            let again = read(&write(&plan))?;
            assert_eq!(again.setup, plan.setup, "seed {seed}");
            for (read, drawn) in again.deeds.iter().zip(&plan.deeds) {
                assert_eq!(read, drawn, "seed {seed}");
            }
            assert_eq!(again.deeds.len(), plan.deeds.len(), "seed {seed}");
        }
        Ok(())
    }
}
