//! A set of faults, each with its aim.

use super::knobs::Knobs;
use super::{Aim, Exchange, Fate, Fault, FaultError, FaultSide};
use crate::engine::seam::{Dice, Mono, Now};
use std::str::FromStr;
use std::time::Duration;

/// A fault and whom it strikes. Reads as `F03:p=0.02,delay=1s..2s`: the knobs of every
/// fault (see [`Aim`]), and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armed {
    /// The fault.
    pub fault: Fault,
    /// Whom it strikes.
    pub aim: Aim,
    healed: bool,
    since: Option<Mono>,
    concerned: u64,
    struck: u64,
}

impl Armed {
    /// A fault, aimed.
    #[must_use]
    pub const fn new(fault: Fault, aim: Aim) -> Self {
        Self {
            fault,
            aim,
            healed: false,
            since: None,
            concerned: 0,
            struck: 0,
        }
    }

    /// How often it struck.
    #[must_use]
    pub const fn struck(&self) -> u64 {
        self.struck
    }

    fn age(&mut self, now: Now) -> Duration {
        now.mono - *self.since.get_or_insert(now.mono)
    }

    fn befall(&mut self, now: Now, exchange: &Exchange<'_>, fate: &mut Fate, dice: &mut Dice) {
        let age = self.age(now);
        let mishap = self.fault.mishap();
        if self.healed
            || !self.aim.awake(age)
            || !mishap.awake(age.saturating_sub(self.aim.from))
            || !self.aim.covers(exchange)
            || !mishap.concerns(exchange)
        {
            return;
        }
        self.concerned += 1;
        if self.aim.strikes(self.concerned, dice) {
            self.struck += 1;
            mishap.befall(fate, dice);
        }
    }

    fn outage(&mut self, now: Now) -> Option<Outage> {
        let age = self.age(now);
        if self.healed {
            return None;
        }
        if !self.aim.awake(age) {
            let wakes = self
                .aim
                .from
                .checked_sub(age)
                .filter(|left| !left.is_zero());
            return wakes.map(|left| Outage {
                down: false,
                change: Some(now.mono + left),
            });
        }
        let (down, left) = self.fault.mishap().outage(age - self.aim.from)?;
        let asleep = self
            .aim
            .until
            .map(|until| until - age + Duration::from_micros(1));
        let left = [left, asleep].into_iter().flatten().min();
        Some(Outage {
            down,
            change: left.map(|left| now.mono + left),
        })
    }
}

impl FromStr for Armed {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (about, knobs) = Fault::named(text)?;
        let mut knobs = Knobs::new(about, knobs)?;
        let aim = Aim::read(&mut knobs)?;
        let fault = Fault::read(about.id, &mut knobs)?;
        knobs.done()?;
        Ok(Self::new(fault, aim))
    }
}

/// How often one fault struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultTally {
    /// The fault's number.
    pub id: &'static str,
    /// How often it struck.
    pub struck: u64,
    /// Of so many messages that it concerned.
    pub concerned: u64,
}

/// Whether the acquirer is down by the clock, and when that may change next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// It is down.
    pub down: bool,
    /// Ask again then.
    pub change: Option<Mono>,
}

/// The faults at one place, and their dice.
#[derive(Clone, Debug)]
pub struct Faults {
    all: Vec<Armed>,
    dice: Dice,
}

impl Faults {
    /// No faults yet.
    #[must_use]
    pub const fn new(dice: Dice) -> Self {
        Self {
            all: Vec::new(),
            dice,
        }
    }

    /// Those of the list that sit at this place.
    #[must_use]
    pub fn at(place: FaultSide, list: &[Armed], dice: Dice) -> Self {
        let here = list.iter().filter(|armed| place.plays(armed.fault.place()));
        Self {
            all: here.cloned().collect(),
            dice,
        }
    }

    /// One more.
    pub fn add(&mut self, armed: Armed) {
        self.all.push(armed);
    }

    /// All of a number go; how many there were.
    pub fn remove(&mut self, id: &str) -> usize {
        let before = self.all.len();
        self.all.retain(|armed| armed.fault.about().id != id);
        before - self.all.len()
    }

    /// Nothing goes wrong any more; what went wrong is still counted.
    pub fn heal(&mut self) {
        for armed in &mut self.all {
            armed.healed = true;
        }
    }

    /// Those set here, with their counts.
    #[must_use]
    pub fn list(&self) -> &[Armed] {
        &self.all
    }

    /// How often each struck, but for those that go by the clock alone and count nothing.
    pub fn tallies(&self) -> impl Iterator<Item = FaultTally> {
        let counted = |armed: &&Armed| armed.fault.mishap().outage(Duration::ZERO).is_none();
        self.all.iter().filter(counted).map(|armed| FaultTally {
            id: armed.fault.about().id,
            struck: armed.struck,
            concerned: armed.concerned,
        })
    }

    /// What befalls this exchange.
    pub fn fate(&mut self, now: Now, exchange: &Exchange<'_>) -> Fate {
        let mut fate = Fate::default();
        for armed in &mut self.all {
            armed.befall(now, exchange, &mut fate, &mut self.dice);
        }
        fate
    }

    /// Whether the acquirer is down by the clock.
    pub fn outage(&mut self, now: Now) -> Outage {
        let each = self.all.iter_mut().filter_map(|armed| armed.outage(now));
        each.fold(Outage::default(), |sum, next| Outage {
            down: sum.down || next.down,
            change: [sum.change, next.change].into_iter().flatten().min(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange::tests::exchange;
    use super::*;
    use crate::iso::spec::Purpose;

    fn at(millis: u64) -> Now {
        Now {
            mono: Mono(millis * 1000),
            ..Now::default()
        }
    }

    fn faults(texts: &[&str]) -> Faults {
        let list: Vec<Armed> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Faults::at(FaultSide::Acquirer, &list, Dice::new(1))
    }

    fn hits(faults: &mut Faults, times: u64) -> u64 {
        let sale = exchange(Purpose::Debit);
        (0..times)
            .map(|ms| u64::from(faults.fate(at(ms), &sale) != Fate::default()))
            .sum()
    }

    #[test]
    fn the_nth_and_no_other() {
        let mut faults = faults(&["F01:nth=3"]);
        let sale = exchange(Purpose::Debit);
        let lost: Vec<bool> = (0..5)
            .map(|_| faults.fate(at(0), &sale).answer_lost)
            .collect();
        assert_eq!(lost, [false, false, true, false, false]);
        assert_eq!(faults.list()[0].struck(), 1);
    }

    #[test]
    fn a_share_strikes_about_as_often_as_it_says() {
        let count = hits(&mut faults(&["F02:p=0.1"]), 1000);
        assert!((70..130).contains(&count), "{count}");
    }

    #[test]
    fn other_terminals_and_other_times_are_spared() {
        assert_eq!(
            hits(&mut faults(&["F01:p=1,terminal=T0000002+T0000003"]), 10),
            0
        );
        assert_eq!(hits(&mut faults(&["F01:p=1,from=4ms,until=6ms"]), 10), 3);
    }

    #[test]
    fn healed_faults_strike_no_more_and_keep_their_count() {
        let mut faults = faults(&["F01:p=1", "F06:every=2ms,for=1ms"]);
        assert_eq!(hits(&mut faults, 5), 5);
        faults.heal();
        assert_eq!(hits(&mut faults, 5), 0);
        assert_eq!(faults.list()[0].struck(), 5);
        assert_eq!(faults.outage(at(1)), Outage::default());
    }

    #[test]
    fn an_outage_follows_the_clock_and_its_window() {
        let mut faults = faults(&["F06:every=10ms,for=4ms,from=5ms,until=20ms"]);
        let down: Vec<u64> = (0..40).filter(|ms| faults.outage(at(*ms)).down).collect();
        assert_eq!(down, [11, 12, 13, 14]);
        assert_eq!(faults.outage(at(5)).change, Some(Mono(11_000)));
    }

    #[test]
    fn faults_sit_at_their_own_place() {
        let list: Vec<Armed> = ["F08", "F01"].map(|id| id.parse().unwrap()).into();
        let ids = |place| {
            let here = Faults::at(place, &list, Dice::new(1));
            here.list()
                .iter()
                .map(|armed| armed.fault.about().id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(FaultSide::Terminal), ["F08"]);
        assert_eq!(ids(FaultSide::Acquirer), ["F01"]);
    }

    #[test]
    fn a_wrong_text_says_how_to_mend_it() {
        for (text, mend) in [
            (
                "F99",
                "there is no fault `F99` here; `isogate fault list` shows those there are",
            ),
            (
                "F01:p",
                "F01: `p` is no knob: write knob=value, such as p=0.02",
            ),
            (
                "F03:dely=1s",
                "F03 has no knob `dely`; it has p, nth, every, terminal, kind, mti, \
                 field, bin, card, from, until, delay=1s..3s",
            ),
            (
                "F01:p=7",
                "F01: `p=7` cannot be: a share is a number from 0 to 1, such as 0.02",
            ),
        ] {
            assert_eq!(text.parse::<Armed>().unwrap_err().to_string(), mend);
        }
    }
}
