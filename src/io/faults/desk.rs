//! The desk at which faults are switched on and off.

use super::{FaultCount, FaultPlace};
use crate::engine::seam::Wall;
use crate::lab::fault::{Armed, CatalogueEntry, FaultError, FaultSide};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many faults may be on at once.
const MOST: usize = 64;
/// How many characters of a name are kept.
const NAME: usize = 64;

/// Where faults are switched on and off, from whichever thread; clones are the same desk.
///
/// Its calls wait for those who live the faults out, for moments: a task of an async runtime makes
/// them on a thread for blocking work.
#[derive(Clone, Debug, Default)]
pub struct FaultDesk(Arc<DeskRoom>);

#[derive(Debug, Default)]
struct DeskRoom {
    places: Vec<Box<dyn FaultPlace>>,
    board: Mutex<Board>,
}

#[derive(Debug, Default)]
struct Board {
    last: u32,
    on: Vec<SwitchedOn>,
}

#[derive(Clone, Debug)]
struct SwitchedOn {
    armed: Armed,
    place: usize,
    side: FaultSide,
    since: Wall,
    by: String,
}

/// A fault that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    /// The number that the desk gave it.
    pub id: u32,
    /// As it was asked for: `F01:p=0.1`.
    pub text: String,
    /// What it is.
    pub about: CatalogueEntry,
    /// Where it strikes.
    pub side: FaultSide,
    /// How often it struck since it was switched on.
    pub struck: u64,
    /// Of so many messages that it concerned.
    pub concerned: u64,
    /// When it was switched on, or changed.
    pub since: Wall,
    /// Who did it.
    pub by: String,
}

/// Why a desk does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultDeskError {
    /// The text is none of a fault.
    #[error(transparent)]
    Text(#[from] FaultError),
    /// It happens where nobody in this process can live it out.
    #[error(
        "{id} happens at the {}: switch it on in `{}` or in `isogate lab`{wire}",
        side.name(), side.command()
    )]
    Elsewhere {
        /// The fault.
        id: &'static str,
        /// Where it happens.
        side: FaultSide,
        /// What can be done here instead, if anything.
        wire: &'static str,
    },
    /// It cannot be switched on while everything runs.
    #[error("{id}: {why}")]
    Refused {
        /// The fault.
        id: &'static str,
        /// Why.
        why: &'static str,
    },
    /// No fault of this number is on.
    #[error("no fault {0} is on; GET /api/faults lists those that are")]
    Unknown(u32),
    /// As many are on as can be.
    #[error("{MOST} faults are on, more cannot be: switch some off")]
    Full,
}

impl FaultDesk {
    /// A desk for these places, at which nothing is on but what they were started with.
    #[must_use]
    pub fn new(places: Vec<Box<dyn FaultPlace>>, begun: &[Armed], by: &str) -> Self {
        let desk = Self(Arc::new(DeskRoom {
            places,
            board: Mutex::default(),
        }));
        let mut board = desk.board();
        for armed in begun {
            // What was refused at the start is not on.
            if let Ok(place) = desk.place_of(armed) {
                board.last = board.last.max(armed.id);
                board.on.push(desk.noted(armed.clone(), place, by));
            }
        }
        drop(board);
        desk
    }

    /// Gives faults that something is started with their numbers.
    pub fn number(begun: &mut [Armed]) {
        for (armed, id) in begun.iter_mut().zip(1..) {
            armed.id = id;
        }
    }

    /// Switches a fault on.
    ///
    /// # Errors
    /// The text is wrong, or the fault cannot strike here.
    pub fn add(&self, text: &str, by: &str) -> Result<ActiveFault, FaultDeskError> {
        self.add_armed(text.parse()?, by)
    }

    fn add_armed(&self, armed: Armed, by: &str) -> Result<ActiveFault, FaultDeskError> {
        let place = self.live_place_of(&armed)?;
        let mut board = self.board();
        if board.on.len() >= MOST {
            return Err(FaultDeskError::Full);
        }
        board.last += 1;
        let id = board.last;
        let on = self.switch_on(armed, (id, place), by);
        board.on.push(on.clone());
        Ok(on.told(&[]))
    }

    /// Another fault, or other knobs, in place of one that is on; it keeps its number and begins
    /// anew.
    ///
    /// # Errors
    /// As [`Self::add`]; or none of this number is on. Then all stays as it was.
    pub fn change(&self, id: u32, text: &str, by: &str) -> Result<ActiveFault, FaultDeskError> {
        let armed: Armed = text.parse()?;
        let place = self.live_place_of(&armed)?;
        let mut board = self.board();
        let mut all = board.on.iter_mut();
        let old = all.find(|on| on.armed.id == id);
        let old = old.ok_or(FaultDeskError::Unknown(id))?;
        self.switch_off(old);
        *old = self.switch_on(armed, (id, place), by);
        Ok(old.told(&[]))
    }

    /// Switches a fault off; as it was.
    ///
    /// # Errors
    /// None of this number is on.
    pub fn remove(&self, id: u32) -> Result<ActiveFault, FaultDeskError> {
        let mut board = self.board();
        let at = board.on.iter().position(|on| on.armed.id == id);
        let at = at.ok_or(FaultDeskError::Unknown(id))?;
        let counts = self.counts();
        let gone = board.on.remove(at);
        self.switch_off(&gone);
        Ok(gone.told(&counts))
    }

    /// Has exactly these on, of all that this one switched on: the others go, the missing come.
    ///
    /// # Errors
    /// One of them cannot strike here; the others are on.
    pub fn follow(&self, wanted: &[Armed], by: &str) -> Result<(), FaultDeskError> {
        let texts: Vec<String> = wanted.iter().map(Armed::to_string).collect();
        let own = self.list().into_iter().filter(|on| on.by == by);
        let (stay, go): (Vec<_>, Vec<_>) = own.partition(|on| texts.contains(&on.text));
        for on in go {
            // Somebody else may have been faster.
            let _gone = self.remove(on.id);
        }
        let is_on = |text: &String| stay.iter().any(|on| on.text == *text);
        let missing = wanted.iter().zip(&texts).filter(|(_, text)| !is_on(text));
        let added = missing.map(|(armed, _)| self.add_armed(armed.clone(), by).map(drop));
        added.fold(Ok(()), Result::and)
    }

    /// Heals everything: all that is on is switched off, and what it broke is whole again. How many
    /// faults were on.
    pub fn reset(&self) -> usize {
        let mut board = self.board();
        for place in &self.0.places {
            place.clear();
        }
        std::mem::take(&mut board.on).len()
    }

    /// Those that are on, in the order in which they were switched on.
    #[must_use]
    pub fn list(&self) -> Vec<ActiveFault> {
        let board = self.board();
        let counts = self.counts();
        board.on.iter().map(|on| on.told(&counts)).collect()
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // Whoever panicked left a list that is whole.
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a fault strikes that is switched on while everything runs.
    fn live_place_of(&self, armed: &Armed) -> Result<usize, FaultDeskError> {
        let at = self.place_of(armed)?;
        let place = self.0.places.get(at);
        match place.and_then(|place| place.refuses(armed)) {
            Some(why) => Err(FaultDeskError::Refused {
                id: armed.fault.about().id,
                why,
            }),
            None => Ok(at),
        }
    }

    /// Where a fault strikes: where it happens, else on the wire if that can do the same.
    fn place_of(&self, armed: &Armed) -> Result<usize, FaultDeskError> {
        let (id, side) = (armed.fault.about().id, armed.place());
        let places = &self.0.places;
        let at = |fits: &dyn Fn(FaultSide) -> bool| places.iter().position(|at| fits(at.side()));
        let on_wire = || at(&|own| own == FaultSide::Wire);
        let place = at(&|own| own.plays(side))
            .or_else(|| armed.leg().and_then(|_| on_wire()))
            .ok_or_else(|| FaultDeskError::Elsewhere {
                id,
                side,
                wire: match on_wire() {
                    Some(_) if id == "F44" => {
                        "; a wire has no keys: F44 with mac=wrong can be here"
                    }
                    Some(_) => "; what a wire cannot do itself, F44:set=39:05,mac=wrong may feign",
                    None => "",
                },
            })?;
        if let Some(chosen) = places.get(place) {
            armed.fits_one(&chosen.specs())?;
        }
        Ok(place)
    }

    fn switch_on(&self, mut armed: Armed, (id, place): (u32, usize), by: &str) -> SwitchedOn {
        armed.id = id;
        if let Some(there) = self.0.places.get(place) {
            there.switch_on(&armed);
        }
        if armed.fault.needs_strict_acquirer() {
            self.0.places.iter().for_each(|place| place.look_closely());
        }
        self.noted(armed, place, by)
    }

    fn noted(&self, armed: Armed, place: usize, by: &str) -> SwitchedOn {
        let there = self.0.places.get(place).map(|place| place.side());
        let side = match there {
            Some(FaultSide::Wire) => FaultSide::Wire,
            _ => armed.place(),
        };
        SwitchedOn {
            armed,
            place,
            side,
            since: Wall(jiff::Timestamp::now().as_microsecond()),
            by: by.trim().chars().take(NAME).collect(),
        }
    }

    fn switch_off(&self, on: &SwitchedOn) {
        if let Some(there) = self.0.places.get(on.place) {
            there.switch_off(on.armed.id);
        }
    }

    fn counts(&self) -> Vec<FaultCount> {
        let places = self.0.places.iter();
        places.flat_map(|place| place.counts()).collect()
    }
}

impl SwitchedOn {
    fn told(&self, counts: &[FaultCount]) -> ActiveFault {
        let id = self.armed.id;
        let own = || counts.iter().filter(|count| count.id == id);
        let about = self.armed.fault.about();
        ActiveFault {
            id,
            text: self.armed.to_string(),
            about,
            side: self.side,
            struck: own().map(|count| count.struck).sum(),
            concerned: own().map(|count| count.concerned).sum(),
            since: self.since,
            by: self.by.clone(),
        }
    }
}
