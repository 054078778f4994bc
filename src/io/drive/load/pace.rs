//! When each request is meant to be sent, and the loop that sends it.

use super::caller::{self, Caller};
use super::measure::Tally;
use super::{LoadError, LoadOptions, LoadReport};
use crate::io::drive::asks::Asked;
use bytes::BytesMut;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Terminals that connect and sign on at once.
const AT_ONCE: usize = 64;

type Callers = Vec<Rc<RefCell<Caller>>>;

/// Connects, offers, waits for what is under way, and reports.
pub(super) async fn run(
    options: LoadOptions,
    asked: Asked<Rc<RefCell<Tally>>>,
) -> Result<LoadReport, LoadError> {
    let tally = Rc::new(RefCell::new(Tally::new(Instant::now())));
    let callers = connect(&options, &tally).await?;
    if callers.is_empty() {
        return Err(LoadError::Nobody { to: options.to });
    }
    let began = Instant::now();
    *tally.borrow_mut() = Tally::new(began);
    let answering = tokio::task::spawn_local(answer(asked, Rc::clone(&tally)));
    offer(&options, &callers, began).await;
    tally.borrow_mut().ended = Some(Instant::now());
    while callers
        .iter()
        .any(|caller| caller.borrow().waits(Instant::now()))
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    callers
        .iter()
        .for_each(|caller| caller.borrow_mut().give_up());
    answering.abort();
    let report = tally.borrow().report();
    Ok(report)
}

/// Lets others look at what was measured so far.
async fn answer(mut asked: Asked<Rc<RefCell<Tally>>>, mut tally: Rc<RefCell<Tally>>) {
    while let Some(ask) = asked.next().await {
        ask(&mut tally);
    }
}

async fn connect(options: &LoadOptions, tally: &Rc<RefCell<Tally>>) -> Result<Callers, LoadError> {
    let mut callers = Callers::new();
    for some in options.terminals.chunks(AT_ONCE) {
        let connecting: Vec<JoinHandle<_>> = some
            .iter()
            .map(|names| {
                let (options, names, tally) = (options.clone(), *names, Rc::clone(tally));
                tokio::task::spawn_local(
                    async move { Caller::connect(&options, names, tally).await },
                )
            })
            .collect();
        for connecting in connecting {
            let Ok(connected) = connecting.await else {
                continue;
            };
            if let Some((caller, inbound)) = connected? {
                let caller = Rc::new(RefCell::new(caller));
                let reading = caller::read(Rc::clone(&caller), inbound);
                let _reading = tokio::task::spawn_local(reading);
                callers.push(caller);
            }
        }
    }
    Ok(callers)
}

/// Offers each request at its moment, or as soon after it as this machine manages; the moment is
/// what counts.
async fn offer(options: &LoadOptions, callers: &Callers, began: Instant) {
    let gap = Duration::from_secs(1) / options.rate.max(1);
    let metronome = Metronome::start();
    let mut scratch = BytesMut::new();
    let mut turn = callers.iter().cycle();
    let mut due = began;
    let end = began + options.length;
    while due < end {
        let now = Instant::now();
        let mut offered = Vec::new();
        while due <= now && due < end {
            if let Some(caller) = turn.next() {
                caller.borrow_mut().offer(due);
                offered.push(caller);
            }
            due += gap;
        }
        for caller in offered.into_iter().take(callers.len()) {
            flush(caller, &mut scratch);
        }
        metronome.wait(due).await;
    }
}

fn flush(caller: &Rc<RefCell<Caller>>, scratch: &mut BytesMut) {
    if !caller.borrow_mut().flush(scratch) {
        return;
    }
    let waiting = caller.borrow().writable();
    let Some(writable) = waiting else { return };
    let caller = Rc::clone(caller);
    let _waiting = tokio::task::spawn_local(async move {
        // A socket that broke is found so by the write.
        let _broken = writable.await;
        flush(&caller, &mut BytesMut::new());
    });
}

/// Wakes a task at a moment, to some ten microseconds: the timers of the runtime count whole
/// milliseconds, which is more than many an answer takes.
struct Metronome {
    moments: Sender<Instant>,
    tick: Arc<Notify>,
}

impl Metronome {
    fn start() -> Self {
        let (moments, waiting) = mpsc::channel::<Instant>();
        let tick = Arc::new(Notify::new());
        let ticking = Arc::clone(&tick);
        let _ends_with_its_sender = thread::spawn(move || {
            while let Ok(moment) = waiting.recv() {
                thread::sleep(moment.saturating_duration_since(Instant::now()));
                ticking.notify_one();
            }
        });
        Self { moments, tick }
    }

    async fn wait(&self, moment: Instant) {
        if moment <= Instant::now() {
            // Behind already: let answers in between.
            return tokio::task::yield_now().await;
        }
        // The other end lives as long as this one.
        let _sent = self.moments.send(moment);
        self.tick.notified().await;
    }
}
