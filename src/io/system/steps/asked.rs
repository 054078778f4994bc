//! Steps in a build for tests: each is counted, and the one that was asked for is the last.

use crate::engine::record::{Fact, Note, Record};
use rustix::process::{Signal, getpid, kill_process};
use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// What a test asks for.
#[derive(Debug)]
struct AskedStep {
    step: String,
    /// How often the step is still to be reached.
    left: AtomicU32,
    deed: Signal,
}

impl AskedStep {
    /// From `STEP=DEED` or `STEP:N=DEED`.
    fn read(text: &str) -> Option<Self> {
        let (step, deed) = text.trim().split_once('=')?;
        let (step, times) = step.split_once(':').unwrap_or((step, "1"));
        let deed = match deed {
            "die" => Signal::KILL,
            "stop" => Signal::STOP,
            _ => return None,
        };
        Some(Self {
            step: step.to_owned(),
            left: AtomicU32::new(times.parse().ok().filter(|times| *times > 0)?),
            deed,
        })
    }
}

/// What is asked for. A process that cannot make sense of it must not run as if nothing was.
fn asks() -> &'static [AskedStep] {
    static ASKS: OnceLock<Vec<AskedStep>> = OnceLock::new();
    ASKS.get_or_init(|| {
        let text = std::env::var("ISOGATE_STEP").unwrap_or_default();
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        let asks: Option<Vec<AskedStep>> = parts.map(AskedStep::read).collect();
        asks.unwrap_or_else(|| {
            tracing::error!("ISOGATE_STEP is not understood: {text}");
            std::process::abort()
        })
    })
}

/// A step is reached.
fn at(step: &str) {
    for ask in asks().iter().filter(|ask| ask.step == step) {
        // Beyond the one that was asked for it wraps, and is not reached again in a test's life.
        if ask.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            tracing::info!("at `{step}`, as a test wants");
            if ask.deed == Signal::STOP {
                stand_still();
            } else {
                // A process may always signal itself.
                let _sent = kill_process(getpid(), ask.deed);
            }
        }
    }
}

/// Stops the process. The stop may be seen by another thread first: this one goes no step further
/// until the process is told to go on. That is waited for in a thread without a runtime.
fn stand_still() {
    let told = std::thread::spawn(|| -> std::io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            // Listened for before there is anything to go on from.
            let mut told = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
            kill_process(getpid(), Signal::STOP)?;
            told.recv().await;
            Ok(())
        })
    });
    if !matches!(told.join(), Ok(Ok(()))) {
        tracing::error!("the process cannot stop as a test wants");
        std::process::abort();
    }
}

thread_local! {
    /// Names of records that this thread took and did not write; of those it did not sync.
    static UNWRITTEN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    static UNSYNCED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// What a record is called.
fn names(record: &Record) -> impl Iterator<Item = &'static str> {
    let (name, crossed) = match &record.fact {
        Fact::Step(step) => {
            let crossed = matches!(step.note, Note::GoesOn { .. });
            (Some(step.state.name()), crossed.then_some("CROSSED"))
        }
        Fact::CheckpointBegin => (Some("CHECKPOINT-BEGIN"), None),
        Fact::CheckpointEnd => (Some("CHECKPOINT-END"), None),
        Fact::Started { .. } => (Some("STARTED"), None),
        _ => (None, None),
    };
    name.into_iter().chain(crossed)
}

/// A record was handed to the journal.
pub fn taken(record: &Record) {
    if asks().is_empty() {
        return;
    }
    for name in names(record) {
        at(&format!("taken {name}"));
        UNWRITTEN.with_borrow_mut(|all| all.push(name));
    }
}

/// What was taken is written.
pub fn written() {
    let names = UNWRITTEN.take();
    for name in &names {
        at(&format!("written {name}"));
    }
    UNSYNCED.with_borrow_mut(|all| all.extend(names));
}

/// What was written is durable.
pub fn synced() {
    for name in UNSYNCED.take() {
        at(&format!("synced {name}"));
    }
}

/// A new segment was made.
pub fn segment() {
    at("segment");
}

/// So many frames were handed to a socket, of a terminal or of the acquirer.
pub fn sent(to_terminal: bool, frames: usize) {
    let step = if to_terminal {
        "sent terminal"
    } else {
        "sent acquirer"
    };
    for _ in 0..frames {
        at(step);
    }
}

/// The gateway listens.
pub fn ready() {
    at("ready");
}

/// The size of a segment.
#[must_use]
pub fn segment_bytes(usual: u64) -> u64 {
    let asked = std::env::var("ISOGATE_SEGMENT").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ask_is_a_step_its_time_and_a_deed() {
        let ask = AskedStep::read(" synced APPROVED:3=die").unwrap();
        assert_eq!(
            (ask.step.as_str(), ask.deed),
            ("synced APPROVED", Signal::KILL)
        );
        assert_eq!(ask.left.load(Ordering::Relaxed), 3);
        assert_eq!(AskedStep::read("ready=stop").unwrap().deed, Signal::STOP);
        for wrong in ["ready", "ready=sleep", "ready:0=die", "ready:x=die"] {
            assert!(AskedStep::read(wrong).is_none(), "{wrong}");
        }
    }
}
