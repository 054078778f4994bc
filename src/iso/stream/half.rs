//! One direction of a connection: segments in, its bytes in their order out, and the holes between.

use super::segment::TcpSegment;
use super::sighting::SeenAt;
use std::collections::{BTreeMap, VecDeque};

/// So many bytes of one direction are held while an earlier one is missing.
const HELD_BYTES: usize = 1 << 20;
/// In so many pieces.
const HELD_PIECES: usize = 1024;
/// So many of the bytes given last are kept, to see whether they come again with other contents.
const KEPT: usize = 1024;
/// A number so far from the one expected belongs to another connection between the same addresses.
const FAR: i64 = 1 << 26;

/// So many runs of bytes that are not acknowledged are told apart.
const UNHEARD: usize = 64;
/// What comes again so much later was sent again, and is no copy that the capture made.
const SENT_AGAIN_MICROS: i64 = 100_000;

/// What comes next of a direction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ByteRun<'a> {
    /// The opening was not seen: the bytes that follow may begin anywhere.
    Midway,
    /// Bytes, and when they were seen.
    Bytes(&'a [u8], SeenAt),
    /// So many bytes are missing; `None` where that is not known.
    Hole(Option<u64>),
    /// So many bytes came once more, and were others than before.
    Conflict(u64, SeenAt),
}

/// Where a direction's bytes begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    /// Nothing was seen of it.
    Unseen,
    /// Its opening was not seen: bytes may come whose packets were overtaken.
    Guessed,
    /// What comes next is certain.
    Known,
}

/// One direction of a connection. Positions count its bytes; a number of TCP, which wraps, is one
/// by its distance from the number expected next.
#[derive(Debug)]
pub(super) struct HalfConnection {
    beginning: Beginning,
    /// The number of the first byte, where the opening was seen.
    opening: Option<u32>,
    /// The number of the next byte, and its position.
    next: u32,
    position: i64,
    held: BTreeMap<i64, (Vec<u8>, SeenAt)>,
    held_bytes: usize,
    /// The bytes given last, up to the position.
    given: Vec<u8>,
    /// The position behind the last byte, once told.
    end: Option<i64>,
    /// The position up to which its receiver has everything.
    acknowledged: Option<i64>,
    /// Bytes that are not acknowledged yet: the position behind them, and when they were seen.
    unheard: VecDeque<(i64, SeenAt)>,
    /// Whether some of those were sent again.
    sent_again: bool,
}

impl HalfConnection {
    pub(super) const fn new() -> Self {
        Self {
            beginning: Beginning::Unseen,
            opening: None,
            next: 0,
            position: 0,
            held: BTreeMap::new(),
            held_bytes: 0,
            given: Vec::new(),
            end: None,
            acknowledged: None,
            unheard: VecDeque::new(),
            sent_again: false,
        }
    }

    /// Keeps nothing of its bytes: no more are read.
    pub(super) fn let_go(&mut self) {
        self.held = BTreeMap::new();
        self.given = Vec::new();
        self.unheard = VecDeque::new();
    }

    /// Takes a segment in, and gives what can be read on.
    pub(super) fn take(&mut self, segment: &TcpSegment<'_>, sink: &mut dyn FnMut(ByteRun<'_>)) {
        self.begin(segment, sink);
        let start = self.place(segment.start());
        if segment.fin {
            self.end = Some(self.place(segment.end()));
        }
        if segment.payload.is_empty() {
            return;
        }
        let (bytes, at) = (segment.payload, segment.at);
        if self.beginning == Beginning::Known && start <= self.position {
            self.pass(start, bytes, at, sink);
            self.drain(sink);
        } else {
            self.hold(start, bytes, at, sink);
            while self.held_bytes > HELD_BYTES || self.held.len() > HELD_PIECES {
                self.skip(sink);
            }
        }
    }

    /// Learns where the bytes begin.
    fn begin(&mut self, segment: &TcpSegment<'_>, sink: &mut dyn FnMut(ByteRun<'_>)) {
        let start = segment.start();
        let is_far = self.place(start).saturating_sub(self.position).abs() > FAR;
        if self.beginning == Beginning::Known && is_far {
            while self.is_waiting() {
                self.skip(sink);
            }
            sink(ByteRun::Hole(None));
            (self.beginning, self.end) = (Beginning::Unseen, None);
            self.acknowledged = None;
            self.unheard.clear();
        }
        if segment.syn {
            self.opening = Some(start);
        }
        match (self.beginning, segment.syn) {
            (Beginning::Unseen, syn) => {
                self.next = start;
                self.beginning = match syn {
                    true => Beginning::Known,
                    false => Beginning::Guessed,
                };
            }
            (Beginning::Guessed, true) => {
                self.position = self.place(start);
                self.next = start;
                self.beginning = Beginning::Known;
                self.drain(sink);
            }
            (Beginning::Guessed, false) | (Beginning::Known, _) => {}
        }
    }

    /// The position of a number.
    fn place(&self, number: u32) -> i64 {
        let distance = number.wrapping_sub(self.next).cast_signed();
        self.position.saturating_add(i64::from(distance))
    }

    /// Gives bytes that begin at or before the next position, without what was given before.
    fn pass(&mut self, start: i64, bytes: &[u8], at: SeenAt, sink: &mut dyn FnMut(ByteRun<'_>)) {
        let known = usize::try_from(self.position.saturating_sub(start)).unwrap_or(usize::MAX);
        let (again, fresh) = bytes.split_at(known.min(bytes.len()));
        self.compare(start, again, at, sink);
        let first = self.unheard.front();
        self.sent_again |= again.len() > 1
            && first.is_some_and(|(end, then)| {
                start < *end && at.0.saturating_sub(then.0) >= SENT_AGAIN_MICROS
            });
        if !fresh.is_empty() {
            self.given.extend_from_slice(fresh);
            let many = self.given.len().saturating_sub(KEPT);
            if many > KEPT {
                self.given.drain(..many);
            }
            self.advance(fresh.len());
            self.note_unheard(at);
            sink(ByteRun::Bytes(fresh, at));
        }
    }

    /// Holds bytes that were given before against those that were given. A probe that a connection
    /// is alive repeats one byte, of any value.
    fn compare(&self, start: i64, again: &[u8], at: SeenAt, sink: &mut dyn FnMut(ByteRun<'_>)) {
        let kept = i64::try_from(self.given.len()).unwrap_or(0);
        let first = start.saturating_sub(self.position.saturating_sub(kept));
        let skipped = usize::try_from(first.saturating_neg()).unwrap_or(0);
        let from = usize::try_from(first).unwrap_or(0);
        let before = self.given.get(from..).unwrap_or_default();
        let pairs = again.get(skipped..).unwrap_or_default().iter().zip(before);
        let others = pairs.filter(|(one, other)| one != other).count();
        if others > 0 && again.len() > 1 {
            sink(ByteRun::Conflict(others as u64, at));
        }
    }

    fn advance(&mut self, count: usize) {
        self.position = self.position.saturating_add_unsigned(count as u64);
        // A number of TCP wraps.
        let low = u64::from(u32::MAX) & count as u64;
        self.next = self.next.wrapping_add(u32::try_from(low).unwrap_or(0));
    }

    /// Bytes up to the position were given: their receiver has yet to acknowledge them.
    fn note_unheard(&mut self, at: SeenAt) {
        if self.acknowledged >= Some(self.position) {
            return;
        }
        let is_full = self.unheard.len() >= UNHEARD;
        match self.unheard.back_mut() {
            Some((end, _)) if is_full => *end = self.position,
            _ => self.unheard.push_back((self.position, at)),
        }
    }

    fn hold(&mut self, start: i64, bytes: &[u8], at: SeenAt, sink: &mut dyn FnMut(ByteRun<'_>)) {
        let held = self.held.get(&start).map(|(held, _)| held.as_slice());
        let held = held.unwrap_or_default();
        let others = held.iter().zip(bytes).filter(|(a, b)| a != b).count();
        if others > 0 {
            sink(ByteRun::Conflict(others as u64, at));
        }
        let known = held.len();
        if bytes.len() > known {
            self.held.insert(start, (bytes.to_vec(), at));
            self.held_bytes = self.held_bytes.saturating_sub(known);
            self.held_bytes = self.held_bytes.saturating_add(bytes.len());
        }
    }

    /// Gives what was held for what has now come.
    fn drain(&mut self, sink: &mut dyn FnMut(ByteRun<'_>)) {
        while let Some(first) = self.held.first_entry() {
            if *first.key() > self.position {
                return;
            }
            let (start, (bytes, at)) = first.remove_entry();
            self.held_bytes = self.held_bytes.saturating_sub(bytes.len());
            self.pass(start, &bytes, at, sink);
        }
    }

    /// Waits no longer for what is missing first, and reads on behind it.
    pub(super) fn skip(&mut self, sink: &mut dyn FnMut(ByteRun<'_>)) {
        let Some(first) = self.held.keys().next().copied() else {
            return;
        };
        let hole = first.saturating_sub(self.position);
        self.given.clear();
        match self.beginning {
            Beginning::Known => sink(ByteRun::Hole(u64::try_from(hole).ok())),
            Beginning::Unseen | Beginning::Guessed => sink(ByteRun::Midway),
        }
        // In two steps, as a hole may be longer than a number of TCP is wide.
        self.next = u32::try_from(i64::from(self.next).saturating_add(hole) & 0xFFFF_FFFF)
            .unwrap_or(self.next);
        self.position = first;
        self.beginning = Beginning::Known;
        self.drain(sink);
    }

    /// Whether bytes are held for others that are missing.
    pub(super) fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Its receiver has everything up to a number.
    pub(super) fn acknowledge(&mut self, number: u32) {
        let place = self.place(number);
        let is_near = place.saturating_sub(self.position).abs() <= FAR;
        if is_near && self.beginning != Beginning::Unseen {
            self.acknowledged = self.acknowledged.max(Some(place));
            while self.unheard.front().is_some_and(|(end, _)| *end <= place) {
                self.unheard.pop_front();
                self.sent_again = false;
            }
        }
    }

    /// Since when bytes wait to be acknowledged; `None` too where no acknowledgement was ever seen.
    pub(super) fn unheard_since(&self) -> Option<SeenAt> {
        let since = self.unheard.front().map(|(_, at)| *at);
        since.filter(|_| self.acknowledged.is_some())
    }

    /// Whether bytes that wait to be acknowledged were sent again.
    pub(super) const fn is_sent_again(&self) -> bool {
        self.sent_again
    }

    /// Whether its end was seen.
    pub(super) const fn has_end(&self) -> bool {
        self.end.is_some()
    }

    /// Whether what is waited for will hardly come, as its receiver has it, or as it may not be.
    pub(super) fn is_lost(&self) -> bool {
        let has_it = self.acknowledged > Some(self.position);
        self.is_waiting() && (has_it || self.beginning != Beginning::Known)
    }

    /// Gives what is known to be missing behind all that was given.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(ByteRun<'_>)) {
        // An end counts as one byte where it is acknowledged, and may itself be missing.
        let acknowledged = self.acknowledged.map(|place| place.saturating_sub(1));
        let told = self.end.or(acknowledged);
        let missing = told.map(|told| told.saturating_sub(self.position));
        let missing = missing.and_then(|missing| u64::try_from(missing).ok());
        if let Some(missing) = missing.filter(|missing| *missing > 0)
            && self.beginning == Beginning::Known
        {
            sink(ByteRun::Hole(Some(missing)));
        }
    }

    /// Whether all its bytes were given.
    pub(super) fn is_finished(&self) -> bool {
        self.end.is_some_and(|end| end <= self.position)
    }

    /// How many bytes are held.
    pub(super) const fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Whether bytes that begin with this number come behind all that it had.
    pub(super) fn is_over_before(&self, start: u32) -> bool {
        let place = self.place(start);
        let last = self.end.unwrap_or(self.position).max(self.position);
        place > last || place.saturating_sub(last).abs() > FAR
    }

    /// Whether an opening whose bytes begin with this number is that of another connection.
    pub(super) fn is_reopened_by(&self, start: u32) -> bool {
        let first = self.held.keys().next();
        match self.beginning {
            Beginning::Unseen => false,
            Beginning::Guessed => first.is_some_and(|first| self.place(start) > *first),
            Beginning::Known => self.opening != Some(start),
        }
    }
}
