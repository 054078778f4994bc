//! Cuts one direction's bytes into frames, and finds the next frame again where bytes are missing.

use super::sighting::{GapCause, SeenAt};
use crate::iso::codec::{Framer, Message};
use crate::iso::message::{Class, Mti};
use crate::iso::spec::Spec;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::sync::Arc;

/// A frame is not longer.
const MAX_FRAME: usize = 65_535;
/// So many places at which a frame may begin are kept; beyond, the first ones are given up.
const OPEN_PLACES: usize = 1024;
/// A direction in which nothing can be read for so many bytes is no traffic of this dialect.
const FOREIGN: u64 = 4 << 20;
/// Frames in sequence that cannot be read: then their lengths are not believed either.
const UNREAD_FRAMES: u8 = 2;
/// Bytes that tell whether a message begins with them, beyond the header: type and bitmap.
const TELLING: usize = 4 + 32;

/// What was cut from a direction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CutFrame {
    /// A frame, its type, and when its last byte was seen.
    Frame(Bytes, Option<Mti>, SeenAt),
    /// Bytes that are missing or cannot be read; reading went on, or ended, at that moment.
    Gap(Option<u64>, GapCause, SeenAt),
}

/// How the bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Footing {
    /// One frame begins where the last one ended.
    Firm,
    /// A frame begins somewhere.
    Searching,
    /// No traffic of this dialect: bytes are only counted.
    Foreign,
}

/// Cuts one direction's bytes into frames.
#[derive(Debug)]
pub(super) struct FrameCutter {
    footing: Footing,
    buffer: BytesMut,
    /// When the newest byte was seen.
    at: SeenAt,
    /// How many bytes have left the buffer.
    passed: u64,
    /// Up to which byte, counted from the first ever, bytes were seen at which time.
    times: VecDeque<(u64, SeenAt)>,
    /// The gap that reading has not come out of.
    gap: Option<(Option<u64>, GapCause)>,
    /// Frames in sequence that could not be read.
    unread: u8,
    /// How much of the buffer was searched in vain.
    searched: usize,
    /// Where a frame may begin of which more must come, and how long the buffer must be for that.
    open: Vec<(usize, usize)>,
    /// Whether any frame was read.
    has_read: bool,
}

/// What stands at a place that is searched.
enum Candidate {
    /// No frame.
    No,
    /// Perhaps one, once there are so many bytes from there on.
    Perhaps(usize),
    /// A frame.
    Yes,
}

impl FrameCutter {
    /// For a direction whose first byte begins a frame.
    pub(super) fn new() -> Self {
        Self {
            footing: Footing::Firm,
            buffer: BytesMut::new(),
            at: SeenAt::default(),
            passed: 0,
            times: VecDeque::new(),
            gap: None,
            unread: 0,
            searched: 0,
            open: Vec::new(),
            has_read: false,
        }
    }

    /// The direction begins within a connection, perhaps within a frame.
    pub(super) fn begin_midway(&mut self) {
        if self.footing == Footing::Firm {
            self.footing = Footing::Searching;
        }
        self.gap.get_or_insert((Some(0), GapCause::CutOff));
    }

    /// Takes bytes in, and gives the frames that are whole with them.
    pub(super) fn take(
        &mut self,
        spec: &Arc<Spec>,
        bytes: &[u8],
        at: SeenAt,
        out: &mut Vec<CutFrame>,
    ) {
        self.at = self.at.max(at);
        if self.footing == Footing::Foreign {
            self.widen(Some(bytes.len()));
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let end = self.passed.saturating_add(self.buffer.len() as u64);
        match self.times.back_mut() {
            Some((upto, last)) if *last == self.at => *upto = end,
            _ => self.times.push_back((end, self.at)),
        }
        self.read_on(spec, out);
    }

    /// Cuts all that can be cut now.
    fn read_on(&mut self, spec: &Arc<Spec>, out: &mut Vec<CutFrame>) {
        loop {
            let goes_on = match self.footing {
                Footing::Firm => self.cut(spec, out),
                Footing::Searching => self.search(spec, out),
                Footing::Foreign => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// So many bytes are missing behind those taken in.
    pub(super) fn hole(&mut self, bytes: Option<u64>) {
        if self.footing == Footing::Firm {
            self.lose(GapCause::Lost);
        } else {
            self.give_up_all();
            self.gap = self.gap.map(|(bytes, _)| (bytes, GapCause::Lost));
        }
        let bytes = bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        self.widen(bytes);
    }

    /// The bytes are at their end.
    pub(super) fn end(&mut self, spec: &Arc<Spec>, out: &mut Vec<CutFrame>) {
        if self.footing == Footing::Firm && !self.begins_frame(spec) && self.lose_footing() {
            self.read_on(spec, out);
        }
        if !self.buffer.is_empty() {
            match self.footing {
                Footing::Firm => self.lose(GapCause::CutOff),
                Footing::Searching | Footing::Foreign => self.give_up_all(),
            }
        }
        self.tell_gap(self.at, out);
    }

    /// Whether what is left may be the beginning of a frame.
    fn begins_frame(&self, spec: &Arc<Spec>) -> bool {
        let place = Framer::new(spec, MAX_FRAME).place(&self.buffer);
        let came = place.map(|place| place.and_then(|place| self.buffer.get(place.start..)));
        came.is_ok_and(|came| came.is_none_or(|came| begins_message(spec, came)))
    }

    /// The next frame, where the last one ended; whether there may be more.
    fn cut(&mut self, spec: &Arc<Spec>, out: &mut Vec<CutFrame>) -> bool {
        let framer = Framer::new(spec, MAX_FRAME);
        let place = match framer.place(&self.buffer) {
            Ok(Some(place)) => place,
            Ok(None) => return false,
            Err(_no_length) => return self.lose_footing(),
        };
        if self.buffer.len() < place.end {
            // A length that no message follows is none; waiting for its end could take for ever.
            let came = self.buffer.get(place.start..).unwrap_or_default();
            if came.len() >= telling(spec) && !begins_message(spec, came) {
                return self.lose_footing();
            }
            return false;
        }
        if place.is_empty() {
            self.advance(place.end);
            return !self.buffer.is_empty();
        }
        let bytes = self.buffer.get(place.clone()).unwrap_or_default();
        let frame = Bytes::copy_from_slice(bytes);
        let mti = Message::read(spec, frame.clone())
            .ok()
            .map(|message| message.mti());
        self.unread = match mti {
            Some(_) => 0,
            None => self.unread.saturating_add(1),
        };
        if self.unread >= UNREAD_FRAMES {
            self.unread = 0;
            return self.lose_footing();
        }
        let at = self.time_of(place.end);
        self.advance(place.end);
        self.has_read |= mti.is_some();
        out.push(CutFrame::Frame(frame, mti, at));
        !self.buffer.is_empty()
    }

    /// No frame begins here: one is searched for from the next byte on.
    fn lose_footing(&mut self) -> bool {
        self.step_onto(Footing::Searching);
        self.gap = Some((Some(0), GapCause::Unreadable));
        self.give_up(1);
        true
    }

    /// What was begun will not be whole.
    fn lose(&mut self, why: GapCause) {
        self.step_onto(Footing::Searching);
        self.gap = Some((Some(0), why));
        self.give_up_all();
    }

    /// The first place at which a frame begins; whether there may be more behind it.
    fn search(&mut self, spec: &Arc<Spec>, out: &mut Vec<CutFrame>) -> bool {
        let bytes = self.buffer.clone().freeze();
        let open = std::mem::take(&mut self.open);
        let fresh = (self.searched..bytes.len()).map(|at| (at, 0));
        for (at, needs) in open.into_iter().chain(fresh) {
            let found = match needs > bytes.len() {
                true => Candidate::Perhaps(needs.saturating_sub(at)),
                false => candidate(spec, &bytes.slice(at..)),
            };
            match found {
                Candidate::No => {}
                Candidate::Perhaps(needs) => self.open.push((at, at.saturating_add(needs))),
                Candidate::Yes => {
                    self.give_up(at);
                    self.tell_gap(self.time_of(1), out);
                    self.step_onto(Footing::Firm);
                    return true;
                }
            }
        }
        let many = self.open.len().saturating_sub(OPEN_PLACES);
        self.open.drain(..many);
        self.searched = bytes.len();
        let first = self.open.first().map_or(bytes.len(), |(at, _)| *at);
        self.give_up(first);
        if !self.has_read && self.gap.is_some_and(|(bytes, _)| bytes >= Some(FOREIGN)) {
            self.give_up_all();
            self.step_onto(Footing::Foreign);
        }
        false
    }

    fn step_onto(&mut self, footing: Footing) {
        (self.footing, self.searched) = (footing, 0);
        self.open.clear();
    }

    /// Leaves out what stands before a place.
    fn give_up(&mut self, count: usize) {
        self.advance(count);
        self.searched = self.searched.saturating_sub(count);
        for (at, needs) in &mut self.open {
            *at = at.saturating_sub(count);
            *needs = needs.saturating_sub(count);
        }
        self.widen(Some(count));
    }

    fn give_up_all(&mut self) {
        let count = self.buffer.len();
        self.open.clear();
        self.give_up(count);
    }

    /// Makes the gap longer.
    fn widen(&mut self, bytes: Option<usize>) {
        if let Some((length, _)) = &mut self.gap {
            *length = length.zip(bytes).map(|(a, b)| a.saturating_add(b as u64));
        }
    }

    /// Lets bytes leave the buffer.
    fn advance(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        self.buffer.advance(count);
        self.passed = self.passed.saturating_add(count as u64);
        while self
            .times
            .front()
            .is_some_and(|(upto, _)| *upto <= self.passed)
        {
            self.times.pop_front();
        }
    }

    /// When the bytes up to a place in the buffer had all been seen.
    fn time_of(&self, end: usize) -> SeenAt {
        let end = self.passed.saturating_add(end as u64);
        let found = self.times.iter().find(|(upto, _)| *upto >= end);
        found.map_or(self.at, |(_, at)| *at)
    }

    /// Tells the gap, now that reading goes on or has ended.
    fn tell_gap(&mut self, at: SeenAt, out: &mut Vec<CutFrame>) {
        match self.gap.take() {
            None | Some((Some(0), _)) => {}
            Some((bytes, why)) => out.push(CutFrame::Gap(bytes, why, at)),
        }
    }
}

/// Whether a frame begins here: its length, header, type, bitmap and fields agree, or these but
/// for a field, and the frame behind it too.
fn candidate(spec: &Arc<Spec>, bytes: &Bytes) -> Candidate {
    if spec.framing().http.is_some() && !begins_http(bytes) {
        return Candidate::No;
    }
    let more = Candidate::Perhaps(bytes.len().saturating_add(1));
    let framer = Framer::new(spec, MAX_FRAME);
    let place = match framer.place(bytes) {
        Ok(Some(place)) if !place.is_empty() => place,
        Ok(None) => return more,
        Ok(Some(_)) | Err(_) => return Candidate::No,
    };
    let came = place.start.min(bytes.len())..place.end.min(bytes.len());
    let frame = bytes.slice(came.clone());
    let is_whole = bytes.len() >= place.end;
    match Message::read(spec, frame) {
        Ok(message) if !is_sound(&message) => Candidate::No,
        Ok(_) if !is_whole => Candidate::Perhaps(place.end),
        Ok(message) => match (message.fault().is_none(), is_known(&message)) {
            (true, true) => Candidate::Yes,
            (false, false) => Candidate::No,
            _ => match follower(spec, framer, &bytes.slice(place.end..)) {
                Candidate::Perhaps(needs) => Candidate::Perhaps(place.end.saturating_add(needs)),
                found => found,
            },
        },
        Err(_) if !is_whole && came.len() < telling(spec) => more,
        Err(_) => Candidate::No,
    }
}

/// What a frame is worth that was read in part, or whose type the dialect does not know, by the
/// frame behind it.
fn follower(spec: &Arc<Spec>, framer: Framer, behind: &Bytes) -> Candidate {
    match framer.place(behind) {
        Ok(Some(next)) if behind.len() >= next.end => {
            match Message::parse(spec, behind.slice(next)) {
                Ok(message) if is_sound(&message) => Candidate::Yes,
                _ => Candidate::No,
            }
        }
        Ok(Some(next)) => Candidate::Perhaps(next.end),
        Ok(None) => Candidate::Perhaps(behind.len().saturating_add(1)),
        Err(_) => Candidate::No,
    }
}

/// Whether a message may be one by its type and its bitmap: zeros are none.
fn is_sound(message: &Message) -> bool {
    let mti = message.mti();
    // Of one that is cut off, no field may be there yet.
    let has_fields = message.fault().is_some() || !message.fields().is_empty();
    mti.version() <= 2 && mti.class() != Class::Reserved && has_fields
}

/// Whether the dialect has a kind of this type, or, without fault, of its version: any
/// digits may look like a type.
fn is_known(message: &Message) -> bool {
    let (mti, kinds) = (message.mti().original(), &message.spec().flow().kinds);
    let is_of = |kind: Mti| match message.fault() {
        None => kind.version() == mti.version(),
        Some(_) => kind == mti || kind.answer() == Some(mti),
    };
    kinds.iter().any(|kind| is_of(kind.mti)) || kinds.iter().next().is_none()
}

/// How many bytes of a message are enough to tell its header, type and bitmap.
fn telling(spec: &Spec) -> usize {
    let header = spec.header().iter().map(|part| part.default.len());
    header.sum::<usize>().saturating_add(TELLING)
}

/// Whether header, type and bitmap can be read.
fn begins_message(spec: &Arc<Spec>, bytes: &[u8]) -> bool {
    let first = bytes.get(..telling(spec)).unwrap_or(bytes);
    Message::read(spec, Bytes::copy_from_slice(first)).is_ok()
}

fn begins_http(bytes: &[u8]) -> bool {
    [&b"POST "[..], b"HTTP/"].iter().any(|word| {
        let length = word.len().min(bytes.len());
        word.get(..length) == bytes.get(..length)
    })
}
