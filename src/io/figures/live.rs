//! The thread that makes the figures.

use super::point::{OpenPoint, PointMaker, becomes_due};
use super::series::KeptPoints;
use super::{FigurePoint, FigureSeries, OpenMoney, open_money};
use crate::engine::seam::Wall;
use crate::io::serve::{Clock, GatewaySetup, Handle, Status};
use crate::io::system;
use crate::io::telemetry::{FigureMeters, Pulse, PulseBeat};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often what the gateway left is taken.
const LOOK: Duration = Duration::from_millis(100);
/// How long a point is.
const SECOND: Duration = Duration::from_secs(1);
/// How often the journal is looked into for what is open.
const OPEN_LOOK: Duration = Duration::from_secs(2);
/// How much longer than it takes itself the next look waits.
const OPEN_REST: u32 = 4;

/// The figures of a running gateway, from whichever thread; clones show the same. The thread that
/// makes them ends with the last of them.
#[derive(Clone, Debug, Default)]
pub struct LiveFigures {
    kept: Arc<Mutex<FiguresSoFar>>,
    _running: Arc<FiguresWanted>,
}

#[derive(Debug, Default)]
struct FiguresSoFar {
    points: KeptPoints,
    open: Vec<OpenMoney>,
    /// The moment at which that was so.
    open_at: Option<Wall>,
}

/// What figures are made of.
#[derive(Debug)]
pub struct FigureSources {
    pulse: Pulse,
    status: Arc<Status>,
    setup: Arc<GatewaySetup>,
    meters: FigureMeters,
}

/// Tells the thread to end when it is dropped.
#[derive(Debug, Default)]
struct FiguresWanted(Arc<AtomicBool>);

impl Drop for FiguresWanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl FigureSources {
    /// Those of a gateway.
    #[must_use]
    pub fn of(gateway: &Handle) -> Self {
        let setup = gateway.setup();
        let links = setup.links.iter().map(|link| link.name.to_string());
        let links: Vec<String> = links.collect();
        Self {
            pulse: gateway.pulse(),
            status: gateway.status(),
            meters: gateway.exporter().figure_meters(&links),
            setup,
        }
    }
}

impl LiveFigures {
    /// Begins to make them; `told` hears each second's point, on a thread of its own.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        sources: FigureSources,
        told: impl Fn(&FigurePoint) + Send + 'static,
    ) -> io::Result<Self> {
        let kept = Arc::new(Mutex::new(FiguresSoFar::default()));
        let ended = Arc::new(AtomicBool::new(false));
        let maker = FigureMaker {
            sources,
            kept: Arc::clone(&kept),
            told: Box::new(told),
            clock: Clock::new(),
            beats: Vec::new(),
            points: PointMaker::default(),
            second: OpenPoint::new(),
            ten_seconds: OpenPoint::new(),
            seconds: 0,
        };
        let looker = OpenLooker {
            clock: maker.clock,
            journal: maker.sources.setup.journal.clone(),
            status: Arc::clone(&maker.sources.status),
            kept: Arc::clone(&kept),
            ended: Arc::clone(&ended),
            seen: None,
        };
        let when = Arc::clone(&ended);
        thread::Builder::new()
            .name("figures".to_owned())
            .spawn(move || maker.run(&when))?;
        thread::Builder::new()
            .name("open".to_owned())
            .spawn(move || looker.run())?;
        Ok(Self {
            kept,
            _running: Arc::new(FiguresWanted(ended)),
        })
    }

    /// As far back as is asked for and known, two hours at most.
    #[must_use]
    pub fn last(&self, last: Duration) -> FigureSeries {
        self.kept().points.last(last)
    }

    /// The last second.
    #[must_use]
    pub fn latest(&self) -> Option<FigurePoint> {
        self.kept().points.latest()
    }

    /// What is open, and the moment at which it was: some seconds ago, unless the journal is very
    /// large; `None` while nobody has looked yet.
    #[must_use]
    pub fn open_money(&self) -> (Vec<OpenMoney>, Option<Wall>) {
        let kept = self.kept();
        (kept.open.clone(), kept.open_at)
    }

    fn kept(&self) -> MutexGuard<'_, FiguresSoFar> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct FigureMaker {
    sources: FigureSources,
    kept: Arc<Mutex<FiguresSoFar>>,
    told: Box<dyn Fn(&FigurePoint) + Send>,
    clock: Clock,
    beats: Vec<PulseBeat>,
    points: PointMaker,
    second: OpenPoint,
    ten_seconds: OpenPoint,
    seconds: u64,
}

impl fmt::Debug for FigureMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FigureMaker")
    }
}

impl FigureMaker {
    fn run(mut self, ended: &AtomicBool) {
        system::give_way();
        self.sources.pulse.want();
        let mut second_ends = Instant::now() + SECOND;
        while !ended.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
            self.take();
            let now = Instant::now();
            if now >= second_ends {
                self.close_second();
                // After a stall the clock goes on from here: a point is a second at least.
                second_ends = (second_ends + SECOND).max(now);
            }
        }
        self.sources.pulse.leave();
    }

    fn take(&mut self) {
        self.beats.clear();
        let mut beats = std::mem::take(&mut self.beats);
        let left_out = self.sources.pulse.take(&mut beats);
        let meters = &mut self.sources.meters;
        meters.left_out(left_out);
        for beat in &beats {
            let told = self.points.follow(beat);
            self.second.take(beat, told);
            self.ten_seconds.take(beat, told);
            if let Some((link, took)) = told.answer {
                meters.answered(link, took);
            }
            if let Some(waited) = told.waited {
                meters.waited(waited);
            }
            if let Some(code) = &beat.answered {
                meters.code(code);
            }
            if becomes_due(beat) {
                meters.reversal_due(beat.row, told.why);
            }
            if beat.late {
                meters.late();
            }
            meters.reversal_ended(beat.row);
        }
        self.beats = beats;
    }

    fn close_second(&mut self) {
        let at = self.clock.now().wall;
        let sync_us = self.sources.pulse.longest_commit();
        let in_flight = self.sources.status.health().in_flight;
        let in_flight = u64::try_from(in_flight).unwrap_or(u64::MAX);
        self.second.note(sync_us, in_flight);
        self.ten_seconds.note(sync_us, in_flight);
        self.seconds += 1;
        let point = self.second.close(at);
        if let Some(free) = system::free_bytes(&self.sources.setup.journal) {
            self.sources.meters.disk_free(free);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<_> = kept.open.iter().map(|open| as_metric(open, at)).collect();
        kept.points.second(point);
        if self.seconds.is_multiple_of(10) {
            kept.points.ten_seconds(self.ten_seconds.close(at));
        }
        drop(kept);
        self.sources.meters.open(&open);
        (self.told)(&point);
    }
}

/// Looks for what is open, on a thread of its own: in a large journal it takes its time.
struct OpenLooker {
    clock: Clock,
    journal: PathBuf,
    status: Arc<Status>,
    kept: Arc<Mutex<FiguresSoFar>>,
    ended: Arc<AtomicBool>,
    /// The last record on disk before the last look.
    seen: Option<u64>,
}

impl OpenLooker {
    fn run(mut self) {
        system::give_way();
        let mut next = Instant::now();
        while !self.ended.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
            let began = Instant::now();
            if began < next {
                continue;
            }
            // Read before the journal: what comes meanwhile is looked at the next time.
            let durable = self.status.health().durable;
            self.look(self.clock.now().wall, durable);
            let rest = began.elapsed().saturating_mul(OPEN_REST);
            next = Instant::now() + OPEN_LOOK.max(rest);
        }
    }

    /// What is open at a moment. A journal that did not grow says what it said before.
    fn look(&mut self, at: Wall, durable: u64) {
        if self.seen != Some(durable) {
            // One that cannot be read now may be read later: it has only begun, or goes away.
            let Ok(open) = open_money::look(&self.journal) else {
                return;
            };
            self.seen = Some(durable);
            self.kept().open = open;
        }
        self.kept().open_at = Some(at);
    }

    fn kept(&self) -> MutexGuard<'_, FiguresSoFar> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn as_metric(open: &OpenMoney, now: Wall) -> (&'static str, String, [u64; 3]) {
    let age = (now - open.oldest_at).as_secs();
    let values = [open.count, open.amount, age];
    (open.class, open.currency.clone(), values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::journal::{Journal, JournalOptions};
    use crate::io::journal::Files;

    #[test]
    fn a_journal_that_did_not_grow_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), 0).unwrap();
        drop(Journal::open(files, JournalOptions::default()).unwrap());
        let mut looker = OpenLooker {
            clock: Clock::new(),
            journal: folder.path().to_owned(),
            status: Arc::default(),
            kept: Arc::default(),
            ended: Arc::default(),
            seen: None,
        };
        let kept = Arc::clone(&looker.kept);
        let open_at = || kept.lock().unwrap().open_at;
        looker.look(Wall(1), 7);
        assert_eq!(open_at(), Some(Wall(1)));
        // Whoever read it now would find nothing to read.
        folder.close().unwrap();
        looker.look(Wall(2), 7);
        assert_eq!(open_at(), Some(Wall(2)), "nothing came: it is still so");
        looker.look(Wall(3), 8);
        assert_eq!(open_at(), Some(Wall(2)), "something came, and was not seen");
    }
}
