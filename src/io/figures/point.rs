//! What happened in one stretch of time.

use crate::engine::record::{LinkId, State, TxId, Why};
use crate::engine::seam::Wall;
use crate::io::telemetry::PulseBeat;
use hdrhistogram::Histogram;
use std::collections::HashMap;
use std::time::Duration;

/// How many requests are remembered until they are answered.
const MOST: usize = 1 << 16;
/// How long one is, at least, while others wait to be.
const FORGOTTEN: Duration = Duration::from_secs(120);
/// How often those that wait too long are looked for.
const SWEEP: Duration = Duration::from_secs(10);
/// The longest time that is told apart, in microseconds.
const LONGEST: u64 = 600_000_000;

/// What happened in one stretch of time; its latencies are those of answers to terminals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FigurePoint {
    /// When it ended.
    pub at: Wall,
    /// Requests that came from terminals.
    pub requests: u64,
    /// Approvals that came from acquirers in time.
    pub approved: u64,
    /// Requests that were declined or refused.
    pub declined: u64,
    /// Requests that had no answer by their deadline.
    pub timeouts: u64,
    /// Reversals that became due.
    pub reversals: u64,
    /// Answers that came behind their deadline.
    pub late: u64,
    /// Half of the answers took no longer, in microseconds; `None` where there were none.
    pub p50_us: Option<u64>,
    /// 95 of a hundred took no longer.
    pub p95_us: Option<u64>,
    /// 99 of a hundred took no longer.
    pub p99_us: Option<u64>,
    /// The longest commit of the journal, in microseconds.
    pub sync_us: u64,
    /// Requests that waited for an answer at its end.
    pub in_flight: u64,
}

/// Makes points of beats.
#[derive(Debug, Default)]
pub(super) struct PointMaker {
    begun: HashMap<TxId, BegunRequest>,
    /// When those that wait too long were last looked for.
    swept: Wall,
}

#[derive(Clone, Copy, Debug)]
struct BegunRequest {
    at: Wall,
    link: LinkId,
    forwarded: Option<Wall>,
    /// Why it went as it went, if the last rows did not say it all.
    why: Why,
}

/// A point that is not over.
#[derive(Debug)]
pub(super) struct OpenPoint {
    counts: FigurePoint,
    answers: Option<Histogram<u64>>,
}

/// What a beat says that others count, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BeatTold {
    /// How long a link took to answer.
    pub answer: Option<(LinkId, Duration)>,
    /// How long a terminal waited.
    pub waited: Option<Duration>,
    /// Why, where this row or an earlier one says it.
    pub why: Why,
}

impl PointMaker {
    /// Follows a transaction by one step.
    pub(super) fn follow(&mut self, beat: &PulseBeat) -> BeatTold {
        let mut told = BeatTold::default();
        if let Some(link) = beat.opened {
            self.begin(beat, link);
        }
        if beat.answered.is_some()
            && let Some(begun) = self.begun.get_mut(&beat.tx)
            && let Some(forwarded) = begun.forwarded.take()
        {
            told.answer = Some((begun.link, beat.at - forwarded));
        }
        if beat.state == State::Forwarded
            && let Some(begun) = self.begun.get_mut(&beat.tx)
        {
            begun.forwarded.get_or_insert(beat.at);
        }
        told.why = beat.why;
        if let Some(begun) = self.begun.get_mut(&beat.tx) {
            if beat.why == Why::Plain {
                told.why = begun.why;
            }
            begun.why = told.why;
        }
        let is_over = matches!(
            beat.state,
            State::Delivered | State::DeclineDelivered | State::Refused | State::NotSent
        );
        if is_over && let Some(begun) = self.begun.remove(&beat.tx) {
            told.waited = Some(beat.at - begun.at);
        }
        told
    }

    fn begin(&mut self, beat: &PulseBeat, link: LinkId) {
        // All of them are looked through: not for each request that finds no place.
        if self.begun.len() >= MOST && beat.at - self.swept >= SWEEP {
            self.swept = beat.at;
            self.begun.retain(|_, begun| beat.at - begun.at < FORGOTTEN);
        }
        if self.begun.len() < MOST {
            let begun = BegunRequest {
                at: beat.at,
                link,
                forwarded: None,
                why: Why::Plain,
            };
            self.begun.insert(beat.tx, begun);
        }
    }
}

impl OpenPoint {
    pub(super) fn new() -> Self {
        Self {
            counts: FigurePoint::default(),
            // Bounds that cannot be refused.
            answers: Histogram::new_with_bounds(1, LONGEST, 3).ok(),
        }
    }

    /// Counts a step.
    pub(super) fn take(&mut self, beat: &PulseBeat, told: BeatTold) {
        let counts = &mut self.counts;
        counts.requests += u64::from(beat.opened.is_some());
        match beat.state {
            State::Approved | State::TerminalGone if matches!(beat.row.0, 'D' | 'M') => {
                counts.approved += 1;
            }
            State::Declined | State::Refused | State::NotSent => counts.declined += 1,
            State::DeclineDelivered if beat.row.0 == 'N' => counts.declined += 1,
            State::TimedOut | State::Unanswered if beat.why == Why::NoAnswer => {
                counts.timeouts += 1;
            }
            State::ReversalPending if becomes_due(beat) => counts.reversals += 1,
            _ => {}
        }
        counts.late += u64::from(beat.late);
        if let (Some(answers), Some(waited)) = (&mut self.answers, told.waited) {
            let micros = u64::try_from(waited.as_micros()).unwrap_or(LONGEST);
            answers.saturating_record(micros.clamp(1, LONGEST));
        }
    }

    /// Notes how long a commit took, and how much is in flight.
    pub(super) fn note(&mut self, sync_us: u64, in_flight: u64) {
        self.counts.sync_us = self.counts.sync_us.max(sync_us);
        self.counts.in_flight = in_flight;
    }

    /// It is over; the next one begins.
    pub(super) fn close(&mut self, at: Wall) -> FigurePoint {
        let mut point = std::mem::take(&mut self.counts);
        point.at = at;
        if let Some(answers) = &mut self.answers {
            if !answers.is_empty() {
                let of = |quantile| Some(answers.value_at_quantile(quantile));
                (point.p50_us, point.p95_us, point.p99_us) = (of(0.5), of(0.95), of(0.99));
            }
            answers.reset();
        }
        point
    }
}

/// Whether a reversal becomes due that was not before: by policy, or because a terminal or an
/// operator wants it, or an approval came too late, or behind its reversal.
pub(super) const fn becomes_due(beat: &PulseBeat) -> bool {
    matches!(beat.row.0, 'U' | 'X' | 'Y' | 'a' | 'f')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::record::Row;

    /// A step of a transaction, so many microseconds after the beginning.
    pub(in super::super) fn beat(tx: u128, row: char, state: State, at: i64) -> PulseBeat {
        PulseBeat {
            at: Wall(at),
            tx: TxId(tx),
            opened: (row == 'C').then_some(LinkId(0)),
            row: Row(row),
            state,
            why: Why::Plain,
            late: false,
            answered: matches!(row, 'D' | 'E').then(Default::default),
        }
    }

    #[test]
    fn a_second_counts_what_happened_in_it_and_how_long_terminals_waited() {
        let (mut maker, mut point) = (PointMaker::default(), OpenPoint::new());
        let late = PulseBeat {
            late: true,
            ..beat(3, 'a', State::ReversalPending, 900)
        };
        let timeout = PulseBeat {
            why: Why::NoAnswer,
            ..beat(3, 'H', State::TimedOut, 700)
        };
        let mut answers = Vec::new();
        for beat in [
            beat(1, 'C', State::Forwarded, 0),
            beat(2, 'C', State::Forwarded, 10),
            beat(3, 'C', State::Forwarded, 20),
            beat(1, 'D', State::Approved, 300),
            beat(2, 'E', State::Declined, 310),
            beat(1, 'P', State::Delivered, 400),
            beat(2, 'S', State::DeclineDelivered, 610),
            timeout,
            late,
        ] {
            let told = maker.follow(&beat);
            answers.extend(told.answer);
            point.take(&beat, told);
        }
        point.note(40, 2);
        let closed = point.close(Wall(1_000_000));
        let expected = FigurePoint {
            at: Wall(1_000_000),
            requests: 3,
            approved: 1,
            declined: 1,
            timeouts: 1,
            reversals: 1,
            late: 1,
            p50_us: Some(400),
            p95_us: Some(600),
            p99_us: Some(600),
            sync_us: 40,
            in_flight: 2,
        };
        assert_eq!(closed, expected);
        let micros = Duration::from_micros;
        assert_eq!(
            answers,
            [(LinkId(0), micros(300)), (LinkId(0), micros(300))]
        );
        // The next second begins with nothing.
        let empty = FigurePoint {
            at: Wall(2),
            ..FigurePoint::default()
        };
        assert_eq!(point.close(Wall(2)), empty);
    }

    #[test]
    fn what_is_never_answered_is_forgotten() {
        let mut maker = PointMaker::default();
        for tx in 0..100_000 {
            maker.follow(&beat(tx, 'C', State::Forwarded, 0));
        }
        assert_eq!(maker.begun.len(), MOST);
        maker.follow(&beat(1 << 40, 'C', State::Forwarded, 200_000_000));
        assert_eq!(maker.begun.len(), 1);
    }
}
