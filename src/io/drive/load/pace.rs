//! When each request is meant to be sent, and the loop that sends it.

use super::caller::{self, Caller, Common, SharedCaller};
use super::course::{Course, Stretch};
use super::measure::{LoadReport, Tally};
use super::metronome::Metronome;
use super::{LoadError, LoadOptions};
use crate::io::drive::asks::Asked;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Terminals that connect and sign on at once.
const AT_ONCE: usize = 64;
/// How often it is looked whether answers are still waited for.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How often a closed loop looks for terminals that wait for nothing.
const BEGIN_EVERY: Duration = Duration::from_millis(100);

/// A load under way.
struct UnderWay {
    common: Rc<Common>,
    callers: Vec<SharedCaller>,
    /// Whose turn is next.
    turn: usize,
    metronome: Metronome,
}

/// Connects, offers, waits for what is under way, and reports.
pub(super) async fn run(
    options: LoadOptions,
    asked: Asked<Rc<Common>>,
) -> Result<LoadReport, LoadError> {
    let names = options.mix.kinds().iter().map(|kind| kind.name);
    let tally = |terminals| Tally::new(Instant::now(), terminals, names.clone().collect());
    let common = Rc::new(Common::new(&options, tally(0)));
    let callers = connect(&options, &common).await?;
    if callers.is_empty() {
        return Err(LoadError::Nobody { to: options.to });
    }
    *common.tally.borrow_mut() = tally(callers.len());
    let answering = tokio::task::spawn_local(answer(asked, Rc::clone(&common)));
    let mut load = UnderWay {
        common,
        callers,
        turn: 0,
        metronome: Metronome::new()?,
    };
    let found = load.course(options.course).await?;
    answering.abort();
    let end = Tally::new(Instant::now(), 0, Vec::new());
    let tally = load.common.tally.replace(end);
    Ok(tally.into_report(found))
}

/// Lets others look at what was measured so far.
async fn answer(mut asked: Asked<Rc<Common>>, mut common: Rc<Common>) {
    while let Some(ask) = asked.next().await {
        ask(&mut common);
    }
}

async fn connect(
    options: &LoadOptions,
    common: &Rc<Common>,
) -> Result<Vec<SharedCaller>, LoadError> {
    let mut callers = Vec::new();
    let numbered: Vec<_> = options.terminals.iter().copied().enumerate().collect();
    for some in numbered.chunks(AT_ONCE) {
        let connecting = some.iter().map(|(number, names)| {
            let (options, number, names) = (options.clone(), *number, *names);
            let common = Rc::clone(common);
            tokio::task::spawn_local(async move {
                Caller::connect(&options, number, names, common).await
            })
        });
        for connecting in connecting.collect::<Vec<JoinHandle<_>>>() {
            let Ok(connected) = connecting.await else {
                continue;
            };
            if let Some(caller) = connected? {
                let _listening = tokio::task::spawn_local(caller::listen(Rc::clone(&caller)));
                callers.push(caller);
            }
        }
    }
    Ok(callers)
}

impl UnderWay {
    /// Goes the whole course; gives the rate that was searched for.
    async fn course(&mut self, course: Course) -> Result<Option<u32>, LoadError> {
        match course {
            Course::Open(stretches) => {
                for stretch in stretches {
                    self.open(stretch).await?;
                }
                self.settle().await;
                Ok(None)
            }
            Course::Closed(length) => {
                self.closed(length).await?;
                self.settle().await;
                Ok(None)
            }
            Course::Search(mut search) => {
                while let Some(stretch) = search.next() {
                    let place = self.open(stretch).await?;
                    self.settle().await;
                    if let Some(figures) = self.common.tally.borrow().of(place) {
                        search.tried(stretch.from, figures);
                    }
                }
                Ok(search.found())
            }
        }
    }

    /// Offers each request at its moment, or as soon after it as this machine manages; the moment
    /// is what counts.
    async fn open(&mut self, stretch: Stretch) -> Result<usize, LoadError> {
        let place = self.common.tally.borrow_mut().begin(stretch);
        let began = Instant::now();
        let all = stretch.requests();
        let mut number = 0;
        while number < all {
            let now = Instant::now();
            self.common.tally.borrow_mut().pass(now);
            let (first, before) = (self.turn, number);
            while number < all
                && let meant = began + stretch.due(number)
                && meant <= now
            {
                if let Some(caller) = self.callers.get(self.turn) {
                    caller.borrow_mut().offer(place, meant);
                }
                self.turn = (self.turn + 1) % self.callers.len();
                number += 1;
            }
            let offered = usize::try_from(number - before).unwrap_or(usize::MAX);
            let touched = self.callers.iter().cycle().skip(first);
            touched
                .take(offered.min(self.callers.len()))
                .for_each(caller::flush);
            self.metronome.wait(began + stretch.due(number)).await?;
        }
        self.metronome.wait(began + stretch.length).await?;
        self.end(place, began);
        Ok(place)
    }

    /// Keeps as many on their way as may be.
    async fn closed(&mut self, length: Duration) -> Result<(), LoadError> {
        let place = self
            .common
            .tally
            .borrow_mut()
            .begin(Stretch::even(0, length));
        let began = Instant::now();
        self.common.closed_loop.set(Some(place));
        while began.elapsed() < length {
            let now = Instant::now();
            self.common.tally.borrow_mut().pass(now);
            for caller in &self.callers {
                // Here those begin that wait for nothing, also since it was lost.
                caller.borrow_mut().fill(place, now);
                caller::flush(caller);
            }
            let next = (now + BEGIN_EVERY).min(began + length);
            self.metronome.wait(next).await?;
        }
        self.common.closed_loop.set(None);
        self.end(place, began);
        Ok(())
    }

    fn end(&self, place: usize, began: Instant) {
        self.common.tally.borrow_mut().end(place, began.elapsed());
    }

    /// Waits until nothing is waited for.
    async fn settle(&self) {
        loop {
            let now = Instant::now();
            self.common.tally.borrow_mut().pass(now);
            if !self
                .callers
                .iter()
                .any(|caller| caller.borrow_mut().waits(now))
            {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
