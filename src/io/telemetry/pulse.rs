//! What a running gateway does, told in small change: for whoever makes figures of it, on a thread
//! of its own.

use crate::engine::record::{Fact, Hop, LinkId, Note, Record, Row, State, TxId, Why};
use crate::engine::seam::Wall;
use crate::iso::message::ResponseCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many beats wait at most to be taken; the next ones are left out.
const MOST: usize = 1 << 16;

/// What became of a transaction, in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PulseBeat {
    /// When.
    pub at: Wall,
    /// Which.
    pub tx: TxId,
    /// The link that it goes to, in its first step.
    pub opened: Option<LinkId>,
    /// The row of the decision table.
    pub row: Row,
    /// The state after it.
    pub state: State,
    /// Why, where the row alone does not say.
    pub why: Why,
    /// Whether it came behind its deadline.
    pub late: bool,
    /// What the acquirer answered, if it did.
    pub answered: Option<ResponseCode>,
}

impl PulseBeat {
    fn of(record: &Record) -> Option<Self> {
        let Fact::Step(step) = &record.fact else {
            return None;
        };
        let answer = step.message.as_ref();
        let answer =
            answer.filter(|sent| sent.hop == Hop::AcquirerToGateway && sent.mti.is_answer());
        Some(Self {
            at: record.at,
            tx: record.tx?,
            opened: step.opened.as_ref().map(|opened| opened.link),
            row: step.row,
            state: step.state,
            why: step.why,
            late: matches!(step.note, Note::LateMs(_)) || step.why == Why::LateApproval,
            answered: answer.map(|answer| answer.code.unwrap_or_default()),
        })
    }
}

/// Where the gateway leaves what it does. Nothing is kept until somebody wants it.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<PulseState>);

#[derive(Debug, Default)]
struct PulseState {
    wanted: AtomicBool,
    beats: Mutex<Vec<PulseBeat>>,
    left_out: AtomicU64,
    /// The longest commit since it was last asked, in microseconds.
    commit: AtomicU64,
}

/// The gateway's own side: what it did since its last turn.
#[derive(Debug, Default)]
pub struct PulseTurn {
    pulse: Pulse,
    beats: Vec<PulseBeat>,
}

impl Pulse {
    /// From now on what the gateway does is kept, to be taken often.
    pub fn want(&self) {
        self.0.wanted.store(true, Ordering::Relaxed);
    }

    /// Nobody takes it any more.
    pub fn leave(&self) {
        self.0.wanted.store(false, Ordering::Relaxed);
    }

    /// What it did since this was last asked, put where `beats` was, which must be empty; and how
    /// much was left out.
    pub fn take(&self, beats: &mut Vec<PulseBeat>) -> u64 {
        let kept = self.0.beats.lock();
        std::mem::swap(&mut *kept.unwrap_or_else(PoisonError::into_inner), beats);
        self.0.left_out.swap(0, Ordering::Relaxed)
    }

    /// The longest commit since this was last asked, in microseconds.
    #[must_use]
    pub fn longest_commit(&self) -> u64 {
        self.0.commit.swap(0, Ordering::Relaxed)
    }
}

impl PulseTurn {
    /// The side of a gateway that beats there.
    #[must_use]
    pub const fn of(pulse: Pulse) -> Self {
        Self {
            pulse,
            beats: Vec::new(),
        }
    }

    /// Something was recorded.
    pub fn recorded(&mut self, record: &Record) {
        if self.pulse.0.wanted.load(Ordering::Relaxed) {
            self.beats.extend(PulseBeat::of(record));
        }
    }

    /// A commit took so long.
    pub fn committed(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.pulse.0.commit.fetch_max(took, Ordering::Relaxed);
    }

    /// A turn is over: what was done in it is left for others.
    pub fn turned(&mut self) {
        if self.beats.is_empty() {
            return;
        }
        let kept = self.pulse.0.beats.lock();
        let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(kept.len());
        let left_out = self.beats.len().saturating_sub(room);
        self.beats.truncate(room);
        kept.append(&mut self.beats);
        let left_out = u64::try_from(left_out).unwrap_or(u64::MAX);
        self.pulse.0.left_out.fetch_add(left_out, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::{Seq, Step};

    fn step(at: i64) -> Record {
        Record {
            seq: Seq(1),
            at: Wall(at),
            tx: Some(TxId(7)),
            prev: None,
            fact: Fact::Step(Box::new(Step {
                row: Row('C'),
                state: State::Forwarded,
                why: Why::Plain,
                note: Note::None,
                message: None,
                opened: None,
            })),
        }
    }

    #[test]
    fn what_nobody_wants_is_not_kept_and_what_nobody_takes_is_bounded() {
        let pulse = Pulse::default();
        let mut turn = PulseTurn::of(pulse.clone());
        let mut beats = Vec::new();
        turn.recorded(&step(1));
        turn.turned();
        assert_eq!((pulse.take(&mut beats), beats.len()), (0, 0));
        pulse.want();
        for at in 0..=MOST {
            turn.recorded(&step(i64::try_from(at).unwrap()));
            turn.turned();
        }
        assert_eq!((pulse.take(&mut beats), beats.len()), (1, MOST));
        assert_eq!(beats[1].at, Wall(1));
        turn.committed(Duration::from_micros(5));
        turn.committed(Duration::from_micros(3));
        assert_eq!((pulse.longest_commit(), pulse.longest_commit()), (5, 0));
    }
}
