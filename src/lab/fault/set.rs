//! A set of faults, each with its aim.

use super::knobs::Knobs;
use super::{Aim, Exchange, Fate, Fault, FaultError, FaultSide, WireLeg, WireMoment};
use crate::engine::seam::{Dice, Mono, Now};
use crate::iso::message::ResponseCode;
use crate::iso::spec::Spec;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A fault and whom it strikes. Reads as `F03:p=0.02,delay=1s..2s`: the knobs of every
/// fault (see [`Aim`]), and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armed {
    /// The fault.
    pub fault: Fault,
    /// Whom it strikes.
    pub aim: Aim,
    /// The number by which whoever switches it on and off names it; 0 if nobody does.
    pub id: u32,
    /// As it was asked for.
    text: String,
    healed: bool,
    since: Option<Mono>,
    concerned: u64,
    struck: u64,
}

impl Armed {
    /// A fault, aimed.
    #[must_use]
    pub fn new(fault: Fault, aim: Aim) -> Self {
        Self {
            text: fault.about().id.to_owned(),
            fault,
            aim,
            id: 0,
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

    /// Of how many messages that it concerned.
    #[must_use]
    pub const fn concerned(&self) -> u64 {
        self.concerned
    }

    /// Where it is lived out: on a gateway's wire if its aim says so.
    #[must_use]
    pub fn place(&self) -> FaultSide {
        if self.aim.is_on_wire() {
            FaultSide::Wire
        } else {
            self.fault.place()
        }
    }

    /// The leg that it strikes if it is lived out on a gateway's wire; `None` if it cannot be.
    #[must_use]
    pub fn leg(&self) -> Option<WireLeg> {
        let first = self.fault.on_wire()?.legs.first().copied();
        self.aim.leg.or(first)
    }

    /// Whether its aim can be met by messages of one of these dialects.
    ///
    /// # Errors
    /// It names a kind of transaction, or a field, that none of them has.
    pub fn fits_one(&self, specs: &[Arc<Spec>]) -> Result<(), FaultError> {
        let fits = |spec: &Arc<Spec>| self.aim.messages.fits(self.fault.about().id, spec);
        let mut all = specs.iter().map(fits);
        let first = all.next().unwrap_or(Ok(()));
        first.or_else(|wrong| match all.any(|fits| fits.is_ok()) {
            true => Ok(()),
            false => Err(wrong),
        })
    }

    fn counts(&self) -> bool {
        self.fault.mishap().outage(Duration::ZERO).is_none()
    }

    fn tally(&self) -> FaultTally {
        FaultTally {
            id: self.fault.about().id,
            struck: self.struck,
            concerned: self.concerned,
        }
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
        aim.makes_sense(about.id)?;
        fault.is_aimed(aim.is_about_cards())?;
        if aim.is_on_wire() {
            aim.fits_wire(about.id, fault.on_wire())?;
        }
        Ok(Self {
            text: text.trim().to_owned(),
            ..Self::new(fault, aim)
        })
    }
}

impl fmt::Display for Armed {
    /// As it was asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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

/// Adds what one fault did to what others of its number did.
fn add_tally(sums: &mut Vec<FaultTally>, tally: FaultTally) {
    match sums.iter_mut().find(|sum| sum.id == tally.id) {
        Some(sum) => {
            sum.struck += tally.struck;
            sum.concerned += tally.concerned;
        }
        None => sums.push(tally),
    }
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
    /// What those did that were taken away, one entry a fault of the catalogue.
    past: Vec<FaultTally>,
    dice: Dice,
}

impl Faults {
    /// No faults yet.
    #[must_use]
    pub const fn new(dice: Dice) -> Self {
        Self {
            all: Vec::new(),
            past: Vec::new(),
            dice,
        }
    }

    /// Those of the list that sit at this place.
    #[must_use]
    pub fn at(place: FaultSide, list: &[Armed], dice: Dice) -> Self {
        let here = list.iter().filter(|armed| place.plays(armed.place()));
        Self {
            all: here.cloned().collect(),
            ..Self::new(dice)
        }
    }

    /// One more.
    pub fn add(&mut self, armed: Armed) {
        self.all.push(armed);
    }

    /// All of a number go; how many there were.
    pub fn remove(&mut self, id: &str) -> usize {
        self.take_away(|armed| armed.fault.about().id == id)
    }

    /// The one of this name goes; whether it was here.
    pub fn switch_off(&mut self, id: u32) -> bool {
        self.take_away(|armed| armed.id == id) > 0
    }

    /// All go; what they did is still counted.
    pub fn clear(&mut self) {
        self.take_away(|_| true);
    }

    /// Whether nothing can go wrong here.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn take_away(&mut self, goes: impl Fn(&Armed) -> bool) -> usize {
        let gone: Vec<Armed> = self.all.extract_if(.., |armed| goes(armed)).collect();
        for armed in gone.iter().filter(|armed| armed.counts()) {
            add_tally(&mut self.past, armed.tally());
        }
        gone.len()
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

    /// How often each struck, those that were taken away too, but for those that go by the clock
    /// alone and count nothing.
    pub fn tallies(&self) -> impl Iterator<Item = FaultTally> {
        let counted = self.all.iter().filter(|armed| armed.counts());
        self.past.iter().copied().chain(counted.map(Armed::tally))
    }

    /// How often faults struck, those that were taken away too.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.tallies().map(|tally| tally.struck).sum()
    }

    /// What befalls this exchange.
    pub fn fate(&mut self, now: Now, exchange: &Exchange<'_>) -> Fate {
        let mut fate = Fate::default();
        for armed in &mut self.all {
            armed.befall(now, exchange, &mut fate, &mut self.dice);
        }
        fate
    }

    /// What befalls this exchange on a gateway's wire, as its request passes or its answer, which
    /// then says this code.
    pub fn fate_on_wire(
        &mut self,
        now: Now,
        exchange: &Exchange<'_>,
        (moment, code): (WireMoment, Option<ResponseCode>),
    ) -> Fate {
        let mut fate = Fate::default();
        for armed in &mut self.all {
            let can = armed.fault.on_wire();
            if can.is_some_and(|can| can.moment == moment) && armed.aim.hears(code) {
                armed.befall(now, exchange, &mut fate, &mut self.dice);
            }
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
    fn one_that_is_switched_off_strikes_no_more_and_is_still_counted() {
        let mut faults = faults(&["F01:p=1"]);
        for (at, id) in [(0, 7), (1, 8)] {
            let mut late: Armed = "F02:p=1".parse().unwrap();
            late.id = id;
            faults.add(late);
            assert_eq!(hits(&mut faults, at + 1), at + 1);
        }
        assert!(faults.switch_off(7) && !faults.switch_off(7));
        let tallies = |faults: &Faults| {
            let all = faults.tallies().map(|tally| (tally.id, tally.struck));
            all.collect::<Vec<_>>()
        };
        assert_eq!(tallies(&faults), [("F02", 3), ("F01", 3), ("F02", 2)]);
        faults.clear();
        assert_eq!(hits(&mut faults, 5), 0);
        assert_eq!(tallies(&faults), [("F02", 5), ("F01", 3)]);
        assert_eq!(faults.struck(), 8);
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
                 field, bin, card, from, until, leg, answer, delay=1s..3s",
            ),
            (
                "F06:every=1s,for=2s",
                "F06: `for=2s` cannot be: it is the part of each `every` (1s) at whose end it is \
                 down; the same for always",
            ),
            (
                "F16:code=00/5",
                "F16: `code=00/5` cannot be: a response code is 1 to 4 letters and digits; join \
                 several with +",
            ),
            (
                "F36",
                "F36 is about some cards or one channel: aim it with bin, card or channel, such \
                 as F36:bin=62162611",
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
