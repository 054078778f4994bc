//! The form of a record on disk: compact, versioned, and safe to read whatever the bytes are.
//!
//! A head (see [`Head`]), then what the fact needs and no more. What can be told from something
//! that stands there already is not written twice: the time in a transaction's id is a difference
//! to the record's own, a masked card number is its ten digits, an identity is a list of the names
//! it is made of. Numbers grow with their size, digits take half a byte.
//!
//! Patches are sealed on the way out and stay sealed on the way in, until somebody who holds the
//! keys calls [`Record::open_patches`]. Deliberately not here: lengths, check sums and the order
//! of records, which are the journal's.

mod carried;
mod message;
mod step;
mod wire;

use super::{Carried, Fact, Patch, Record, Seq, Step, StoredFrame, TxId, Vault};
use crate::engine::seam::Wall;
use wire::{Form, In, Out};

/// The form's version, in the two high bits of a record's first byte. The next form is 2.
const VERSION: u8 = 1;

/// Why bytes are not a record. Holds none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a record that this isogate knows: {what}, at byte {offset}")]
pub struct FormError {
    /// Where, counted from the record's first byte.
    pub offset: usize,
    /// What was wrong.
    pub what: &'static str,
}

/// What every record begins with; enough to find a transaction's records without reading the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Wall,
    /// The transaction it belongs to.
    pub tx: Option<TxId>,
    /// The transaction's previous record.
    pub prev: Option<Seq>,
}

/// Appends a record's form. Patches in clear are sealed.
pub fn encode(record: &Record, vault: &mut Vault, bytes: &mut Vec<u8>) {
    let head = Head {
        seq: record.seq,
        at: record.at,
        tx: record.tx,
        prev: record.prev,
    };
    let out = &mut Out {
        bytes,
        vault,
        seq: record.seq,
    };
    put_head(&head, kind(&record.fact), out);
    match &record.fact {
        Fact::Started { gateway, links } => {
            gateway.put(out);
            if !links.is_empty() {
                links.put(out);
            }
        }
        Fact::Stopped | Fact::CheckpointBegin | Fact::CheckpointEnd => {}
        Fact::Step(step) => step.put(out),
        Fact::Line(line) => line.put(out),
        Fact::Session(logged) => logged.put(out),
        Fact::Unmatched(unmatched) => unmatched.put(out),
        Fact::Unreadable(unreadable) => unreadable.put(out),
        Fact::Shadow(difference) => difference.put(out),
        Fact::ShadowTally(tally) => tally.put(out),
        Fact::Operated(act) => {
            out.byte(OPERATED);
            act.put(out);
        }
        Fact::Keys(keys) => keys.put(out),
        Fact::Tombstone(identity) => identity.put(out),
        Fact::Carried(carried) => carried.put(out),
    }
}

/// Reads a record's form. Patches stay sealed.
///
/// # Errors
/// The bytes are not one whole record.
pub fn decode(bytes: &[u8]) -> Result<Record, FormError> {
    take_record(&mut In::new(bytes))
}

/// As [`decode`], for whoever asks for names and states only: of each frame its length is true, and
/// its bytes are zeros.
///
/// # Errors
/// The bytes are not one whole record.
pub fn decode_without_frames(bytes: &[u8]) -> Result<Record, FormError> {
    let mut from = In::new(bytes);
    from.with_frames = false;
    take_record(&mut from)
}

fn take_record(from: &mut In<'_>) -> Result<Record, FormError> {
    let (head, kind) = take_head(from)?;
    let fact = take_fact(kind, from)?;
    if !from.rest.is_empty() {
        return Err(from.wrong("something follows its end"));
    }
    Ok(Record {
        seq: head.seq,
        at: head.at,
        tx: head.tx,
        prev: head.prev,
        fact,
    })
}

/// Reads no more than a record's head.
///
/// # Errors
/// The bytes do not begin like a record.
pub fn decode_head(bytes: &[u8]) -> Result<Head, FormError> {
    take_head(&mut In::new(bytes)).map(|(head, _)| head)
}

impl Record {
    /// Opens the patches whose keys are still there; the others stay sealed.
    pub fn open_patches(&mut self, vault: &Vault) {
        let seq = self.seq;
        for frame in self.frames_mut() {
            if let Patch::Sealed(sealed) = &frame.patch
                && let Some(clear) = vault.open(seq, sealed)
            {
                frame.set_patch(Patch::Clear(clear));
            }
        }
    }

    fn frames_mut(&mut self) -> impl Iterator<Item = &mut StoredFrame> {
        let frames = match &mut self.fact {
            Fact::Step(step) => [
                step.message.as_mut().map(|logged| &mut logged.frame),
                None,
                None,
                None,
            ],
            Fact::Session(logged) => [Some(&mut logged.frame), None, None, None],
            Fact::Unmatched(unmatched) => [Some(&mut unmatched.message.frame), None, None, None],
            Fact::Carried(carried) => match &mut **carried {
                Carried::Transaction(live) => {
                    [Some(&mut live.request), live.upstream.as_mut(), None, None]
                }
                Carried::Answer(done) => [
                    Some(&mut done.request),
                    done.answer.as_mut(),
                    done.reversal_answer.as_mut(),
                    done.upstream.as_mut(),
                ],
                Carried::Keys(_)
                | Carried::Tombstone { .. }
                | Carried::Stan(_)
                | Carried::Links(_)
                | Carried::Clock(_)
                | Carried::Numbers { .. }
                | Carried::AllTerminals => [const { None }; 4],
            },
            Fact::Started { .. }
            | Fact::Stopped
            | Fact::Line(_)
            | Fact::Unreadable(_)
            | Fact::Shadow(_)
            | Fact::ShadowTally(_)
            | Fact::Operated(_)
            | Fact::Keys(_)
            | Fact::Tombstone(_)
            | Fact::CheckpointBegin
            | Fact::CheckpointEnd => [const { None }; 4],
        };
        frames.into_iter().flatten()
    }
}

/// The last number below 16: what fact it is stands in the next byte.
const FURTHER: u8 = 15;
/// The first of those.
const OPERATED: u8 = 0;

/// The number of a fact on disk, below 16.
const fn kind(fact: &Fact) -> u8 {
    match fact {
        Fact::Started { links, .. } => match links.as_slice() {
            [] => 0,
            _ => 12,
        },
        Fact::Stopped => 1,
        Fact::Step(_) => 2,
        Fact::Line(_) => 3,
        Fact::Session(_) => 4,
        Fact::Unmatched(_) => 5,
        Fact::Unreadable(_) => 6,
        Fact::Keys(_) => 7,
        Fact::Tombstone(_) => 8,
        Fact::CheckpointBegin => 9,
        Fact::Carried(_) => 10,
        Fact::CheckpointEnd => 11,
        Fact::Shadow(_) => 13,
        Fact::ShadowTally(_) => 14,
        Fact::Operated(_) => FURTHER,
    }
}

fn take_fact(kind: u8, from: &mut In<'_>) -> Result<Fact, FormError> {
    Ok(match kind {
        0 => Fact::Started {
            gateway: Form::take(from)?,
            links: Vec::new(),
        },
        1 => Fact::Stopped,
        2 => Fact::Step(Box::new(Step::take(from)?)),
        3 => Fact::Line(Form::take(from)?),
        4 => Fact::Session(Box::new(Form::take(from)?)),
        5 => Fact::Unmatched(Box::new(Form::take(from)?)),
        6 => Fact::Unreadable(Box::new(Form::take(from)?)),
        7 => Fact::Keys(Box::new(Form::take(from)?)),
        8 => Fact::Tombstone(Form::take(from)?),
        9 => Fact::CheckpointBegin,
        10 => Fact::Carried(Box::new(Form::take(from)?)),
        11 => Fact::CheckpointEnd,
        // The same as 0, with what the numbers of links stand for behind it.
        12 => Fact::Started {
            gateway: Form::take(from)?,
            links: Form::take(from)?,
        },
        13 => Fact::Shadow(Box::new(Form::take(from)?)),
        14 => Fact::ShadowTally(Box::new(Form::take(from)?)),
        FURTHER => match from.byte()? {
            OPERATED => Fact::Operated(Box::new(Form::take(from)?)),
            _ => return Err(from.wrong("a kind of fact not known here")),
        },
        _ => return Err(from.wrong("a kind of fact not known here")),
    })
}

/// A byte of version (2 bits), transaction there, previous there, kind of fact (4 bits); then the
/// place, the time, and for a transaction its id and how many places back its previous record is.
fn put_head(head: &Head, kind: u8, out: &mut Out<'_>) {
    let there = (u8::from(head.tx.is_some()) << 5) | (u8::from(head.prev.is_some()) << 4);
    out.byte((VERSION << 6) | there | kind);
    head.seq.put(out);
    out.signed(head.at.0);
    if let Some(tx) = head.tx {
        let (millis, own) = split(tx);
        out.signed(head.at.0.div_euclid(1000).wrapping_sub(millis));
        out.raw(&own);
    }
    if let Some(prev) = head.prev {
        out.number(head.seq.0.wrapping_sub(prev.0));
    }
}

fn take_head(from: &mut In<'_>) -> Result<(Head, u8), FormError> {
    let first = from.byte()?;
    if first >> 6 != VERSION {
        return Err(from.wrong("a version not known here"));
    }
    let seq = Seq::take(from)?;
    let at = Wall(from.signed()?);
    let mut tx = None;
    if first & 0x20 != 0 {
        let millis = at.0.div_euclid(1000).wrapping_sub(from.signed()?);
        tx = Some(join(millis, from.array()?));
    }
    let mut prev = None;
    if first & 0x10 != 0 {
        prev = Some(Seq(seq.0.wrapping_sub(from.number()?)));
    }
    let head = Head { seq, at, tx, prev };
    Ok((head, first & 0x0F))
}

/// A transaction id's milliseconds (48 bits) and what is its own (80 bits).
fn split(tx: TxId) -> (i64, [u8; 10]) {
    let bytes = tx.0.to_be_bytes();
    let millis = i64::try_from(tx.0 >> 80).unwrap_or(0);
    (millis, *bytes.last_chunk().unwrap_or(&[0; 10]))
}

fn join(millis: i64, own: [u8; 10]) -> TxId {
    let mut low = [0; 16];
    if let Some(place) = low.last_chunk_mut() {
        *place = own;
    }
    TxId((u128::from(millis.cast_unsigned()) << 80) | u128::from_be_bytes(low))
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests;
