//! Where a stream may be cut into frames, by its lengths alone: what no length leads to the end of
//! the stream from need not be read by any dialect.

use super::chain::LONGEST;
use crate::iso::codec::Framer;
use crate::iso::spec::Framing;

/// So far into a stream a first frame is looked for.
const FURTHEST: usize = 4096;
/// What is shorter proves nothing.
const SHORTEST: usize = 9;
/// So many places are tried; the first frame of a stream is among the first of them.
const MOST: usize = 512;

/// For each framing, the places behind the first byte where the frames of a stream may begin.
pub(super) struct Cuts(Vec<(Framing, Vec<usize>)>);

impl Cuts {
    /// Of several pieces each is a message or a frame by itself, and nothing is cut.
    pub(super) fn of(pieces: &[&[u8]], framings: impl Iterator<Item = Framing>) -> Self {
        let [stream] = pieces else {
            return Self(Vec::new());
        };
        let mut all: Vec<(Framing, Vec<usize>)> = Vec::new();
        for framing in framings {
            if all.iter().all(|(known, _)| *known != framing) {
                let framer = Framer::framed(framing, LONGEST);
                all.push((framing, starts(framer, stream)));
            }
        }
        Self(all)
    }

    pub(super) fn by(&self, framing: Framing) -> &[usize] {
        let known = self.0.iter().find(|(known, _)| *known == framing);
        known.map_or(&[], |(_, starts)| starts)
    }
}

/// What the lengths from one place on come to.
#[derive(Clone, Copy)]
struct WayToEnd {
    frames: usize,
    /// Whether the last frame is cut off.
    is_cut: bool,
}

/// The places from which the lengths lead to the end of the stream: looked for from there back,
/// so that none is followed twice.
fn starts(framer: Framer, stream: &[u8]) -> Vec<usize> {
    let mut ways: Vec<Option<WayToEnd>> = vec![None; stream.len()];
    let mut found = Vec::new();
    for at in (0..stream.len()).rev() {
        let rest = stream.get(at..).unwrap_or_default();
        let Ok(place) = framer.place(rest) else {
            continue;
        };
        let Some(place) = place.filter(|place| place.end <= rest.len()) else {
            let (frames, is_cut) = (0, true);
            set(&mut ways, at, WayToEnd { frames, is_cut });
            continue;
        };
        let next = at.saturating_add(place.end.max(1));
        let end = WayToEnd {
            frames: 0,
            is_cut: false,
        };
        let way = match next == stream.len() {
            true => Some(end),
            false => ways.get(next).copied().flatten(),
        };
        let Some(way) = way else {
            continue;
        };
        let frames = way.frames.saturating_add(usize::from(!place.is_empty()));
        set(&mut ways, at, WayToEnd { frames, ..way });
        // One frame by itself may be chance, unless it ends where the stream does.
        let is_enough = frames > 1 || (frames == 1 && !way.is_cut);
        if is_enough && (1..FURTHEST).contains(&at) && place.len() >= SHORTEST {
            found.push(at);
        }
    }
    found.reverse();
    found.truncate(MOST);
    found
}

fn set(ways: &mut [Option<WayToEnd>], at: usize, way: WayToEnd) {
    if let Some(place) = ways.get_mut(at) {
        *place = Some(way);
    }
}
