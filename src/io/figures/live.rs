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
            kept: Arc::clone(&kept),
            ended: Arc::clone(&ended),
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
    kept: Arc<Mutex<FiguresSoFar>>,
    ended: Arc<AtomicBool>,
}

impl OpenLooker {
    fn run(self) {
        system::give_way();
        let mut next = Instant::now();
        while !self.ended.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
            let (began, at) = (Instant::now(), self.clock.now().wall);
            if began < next {
                continue;
            }
            // One that cannot be read now may be read later: it has only begun, or goes away.
            if let Ok(open) = open_money::look(&self.journal) {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.open = open;
                kept.open_at = Some(at);
            }
            let rest = began.elapsed().saturating_mul(OPEN_REST);
            next = Instant::now() + OPEN_LOOK.max(rest);
        }
    }
}

fn as_metric(open: &OpenMoney, now: Wall) -> (&'static str, String, [u64; 3]) {
    let age = (now - open.oldest_at).as_secs();
    let values = [open.count, open.amount, age];
    (open.class, open.currency.clone(), values)
}
