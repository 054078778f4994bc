//! A frame fit for a journal: what must not be kept is overwritten in place, so that the frame
//! still reads by its spec; what a reversal may need is handed out apart, to be sealed.

use super::parts::{nested_bytes, tlv};
use super::{BuildError, BuildFault, Message, characters, composite, nested, tagged};
use crate::iso::message::{Bitmap, FieldId, Secret};
use crate::iso::spec::{
    Align, Composite, Encoding, FieldContent, Layout, Nested, Store, Tags, tag_number,
};
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// A frame with its sensitive bytes overwritten in place, and what was there.
#[derive(Clone, Debug)]
pub struct Redacted {
    /// The frame; overwritten digits are zero.
    pub frame: Bytes,
    /// The overwritten ranges `(start, length, may be restored)`, ascending.
    pub hidden: Vec<(u16, u16, bool)>,
    /// The bytes of the restorable ranges, in order: card number and expiry, nothing else.
    pub patch: Secret,
}

impl Redacted {
    /// The whole frame again, if every hidden range can be restored.
    #[must_use]
    pub fn restore(&self) -> Option<Bytes> {
        let all = self.hidden.iter().all(|(_, _, restorable)| *restorable);
        if all { self.restore_known() } else { None }
    }

    /// The frame with all that may be restored; the rest stays overwritten. `None` if the patch is
    /// not the frame's.
    #[must_use]
    pub fn restore_known(&self) -> Option<Bytes> {
        let mut frame = self.frame.to_vec();
        let mut patch = self.patch.reveal();
        let known = self.hidden.iter().filter(|(_, _, restorable)| *restorable);
        // Backwards: where two ranges share a byte, the first one saw it whole.
        for (start, length, _) in known.rev() {
            let (start, length) = (usize::from(*start), usize::from(*length));
            let (rest, bytes) = patch.split_at_checked(patch.len().checked_sub(length)?)?;
            frame
                .get_mut(start..start.checked_add(length)?)?
                .copy_from_slice(bytes);
            patch = rest;
        }
        patch.is_empty().then(|| frame.into())
    }
}

/// How many digits of a card number stay: the first six and the last four (PCI DSS 3.4.1).
const SHOWN: (usize, usize) = (6, 4);
/// Shorter numbers would give too much away.
const SHORTEST_SHOWN: usize = 13;

/// The units to hide of a card number, or of anything kept in the same way.
pub(super) const fn middle(units: usize) -> Range<usize> {
    if units < SHORTEST_SHOWN {
        return 0..units;
    }
    SHOWN.0..units.saturating_sub(SHOWN.1)
}

/// The fields beside those of a dialect's rules that say which message this is, and what it says:
/// processing code, amount, times, numbers, code, terminal, merchant, currency.
const NAMES: [u8; 12] = [3, 4, 7, 11, 12, 13, 37, 38, 39, 41, 42, 49];

const UNREADABLE: BuildError = BuildError {
    field: None,
    kind: BuildFault::Unreadable,
};

impl Message {
    /// The frame fit for a journal.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn redact(&self) -> Result<Redacted, BuildError> {
        let built = self.build()?;
        // The index must be that of the built frame: changes move what comes after them.
        let again = match self.is_as_it_came() {
            false => Some(Self::read(self.spec(), built.clone()).map_err(|_wrong| UNREADABLE)?),
            true => None,
        };
        let whole = again.as_ref().unwrap_or(self);
        let mut pen = Pen {
            frame: built.to_vec(),
            hidden: Vec::with_capacity(8),
            // Room for all from the start: a vector that grows leaves what it held behind.
            patch: Vec::with_capacity(64),
        };
        match whole.fault() {
            None => {
                for field in whole.fields().without(whole.spec().kept()).iter() {
                    whole.redact_field(field, &mut pen);
                }
            }
            Some(fault) => whole.redact_partly(fault.offset, &mut pen),
        }
        Ok(Redacted {
            frame: pen.frame.into(),
            hidden: pen.hidden,
            patch: Secret::new(pen.patch),
        })
    }

    /// Of a message that was only read in part, only the fields that name it are kept, and of what
    /// was not read only the length: what stands before a fault may have been misread, too.
    fn redact_partly(&self, unread_at: usize, pen: &mut Pen) {
        let flow = self.spec().flow();
        let named = flow.identity.iter().chain(&flow.match_key);
        let mut names: Bitmap = named.map(|path| path.field).collect();
        names.extend(NAMES.map(FieldId::of));
        for field in self.fields().iter() {
            if names.contains(field) && !self.is_suspect(field) {
                self.redact_field(field, pen);
            } else if let Some(place) = self.index.place(field)
                && let Some((_, body, _)) = self.value(field)
            {
                pen.blank(place.end.saturating_sub(body.len()), body.len());
            }
        }
        let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let unread = pen.frame.len().saturating_sub(unread_at);
        pen.frame.truncate(unread_at);
        pen.hidden.push((short(unread_at), short(unread), false));
    }

    fn redact_field(&self, field: FieldId, pen: &mut Pen) {
        let (Some(place), Some(meaning)) = (self.index.place(field), self.meaning(field)) else {
            return;
        };
        let Some((layout, body, units)) = self.value(field) else {
            return;
        };
        let start = place.end.saturating_sub(body.len());
        match (&meaning.composite, meaning.store) {
            (Some(parts @ (Composite::BerTlv(tags) | Composite::TextTlv { tags, .. })), store) => {
                let mark = pen.mark();
                if tagged_hidden((parts, tags), store, layout, body, start, pen).is_none() {
                    // Parts that cannot be told apart cannot be judged one by one.
                    pen.back_to(mark);
                    pen.hide(layout, start, units, 0..units, Store::Length);
                }
            }
            (Some(Composite::Positions(all)), store)
                if store != Store::Clear && !composite::fills(all, units) =>
            {
                // It holds something else than these parts.
                pen.hide(layout, start, units, 0..units, store);
            }
            (Some(Composite::Positions(all)), store) => {
                let known = all
                    .iter()
                    .filter_map(|one| Some((composite::place(one, units)?, one.spec.store)));
                let mut end = 0;
                for (place, store) in known {
                    end = place.end;
                    pen.hide(layout, start, units, place, store);
                }
                pen.hide(layout, start, units, end..units, store);
            }
            (Some(Composite::Bitmap(known)), _) => {
                if nested_hidden(known, layout, body, start, pen).is_none() {
                    pen.hide(layout, start, units, 0..units, Store::Length);
                }
            }
            (None, store) => pen.hide(layout, start, units, 0..units, store),
        }
    }
}

/// Hides each part behind a bitmap by itself, where they can be told apart byte for byte.
fn nested_hidden(
    known: &Nested,
    layout: &Layout,
    body: &[u8],
    start: usize,
    pen: &mut Pen,
) -> Option<()> {
    if layout.encoding.is_hex() {
        return None;
    }
    let bytes = nested_bytes(layout, body)?;
    for found in nested::parts(known, &bytes)?.1 {
        let own = start.saturating_add(found.body.start);
        let (layout, units) = (&found.part.step.layout, found.units);
        pen.hide(layout, own, units, 0..units, found.part.spec.store);
    }
    Some(())
}

/// Hides of each tagged part what may not be kept; unknown tags as their field. `None` if they
/// cannot be told apart.
fn tagged_hidden(
    (composite, tags): (&Composite, &Tags),
    unknown: Store,
    layout: &Layout,
    body: &[u8],
    start: usize,
    pen: &mut Pen,
) -> Option<()> {
    let bytes: Cow<'_, [u8]> = tagged::plain_bytes(layout, body)?;
    let (tlv, units) = (tlv(composite)?, bytes.len());
    tlv.each(&bytes, |tag, end, value| {
        let known = tags.get(tag_number(tag));
        match known.map_or(unknown, |known| known.store) {
            Store::Clear => {}
            store => pen.hide(layout, start, units, value..end, store),
        }
        Some(())
    })
}

/// Overwrites in place and remembers what was there.
struct Pen {
    frame: Vec<u8>,
    hidden: Vec<(u16, u16, bool)>,
    patch: Vec<u8>,
}

impl Pen {
    /// How many ranges and bytes are hidden.
    const fn mark(&self) -> (usize, usize) {
        (self.hidden.len(), self.patch.len())
    }

    /// Forgets what was hidden since; all of it is to be hidden again.
    fn back_to(&mut self, (hidden, patch): (usize, usize)) {
        self.hidden.truncate(hidden);
        self.patch.truncate(patch);
    }

    /// Hides so many bytes, for good.
    fn blank(&mut self, start: usize, length: usize) {
        if let Some(bytes) = self.frame.get_mut(start..start.saturating_add(length))
            && !bytes.is_empty()
        {
            bytes.fill(0);
            let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
            self.hidden.push((short(start), short(length), false));
        }
    }

    /// Hides of `range` of a value what `store` does not keep.
    fn hide(
        &mut self,
        layout: &Layout,
        start: usize,
        units: usize,
        range: Range<usize>,
        store: Store,
    ) {
        let hidden = match store {
            Store::Clear => return,
            Store::Length => range,
            Store::Masked | Store::Restorable => {
                let middle = middle(range.len());
                let from = range.start;
                from.saturating_add(middle.start)..from.saturating_add(middle.end)
            }
        };
        if hidden.is_empty() {
            return;
        }
        let bytes = bytes_of(layout, units, &hidden);
        let span = start.saturating_add(bytes.start)..start.saturating_add(bytes.end);
        let Some(old) = self.frame.get(span.clone()) else {
            return;
        };
        let restorable = store == Store::Restorable;
        if restorable {
            self.patch.extend_from_slice(old);
        }
        let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.hidden
            .push((short(span.start), short(span.len()), restorable));
        wipe(
            layout,
            units,
            &hidden,
            self.frame.get_mut(span).unwrap_or_default(),
        );
    }
}

/// The bytes of a body that hold these units.
fn bytes_of(layout: &Layout, units: usize, range: &Range<usize>) -> Range<usize> {
    let first = byte_of(layout, units, range.start);
    let last = byte_of(layout, units, range.end.saturating_sub(1));
    let width = if layout.encoding.is_hex() { 2 } else { 1 };
    first..last.saturating_add(width)
}

fn nibble_of(layout: &Layout, units: usize, unit: usize) -> usize {
    let spare = layout.odd.align == Align::Right && !units.is_multiple_of(2);
    unit.saturating_add(usize::from(spare))
}

fn byte_of(layout: &Layout, units: usize, unit: usize) -> usize {
    match (layout.encoding, layout.content) {
        (Encoding::Bcd, FieldContent::SignedDigits) => match unit.checked_sub(1) {
            None => 0,
            Some(digit) => nibble_of(layout, units.saturating_sub(1), digit)
                .saturating_div(2)
                .saturating_add(1),
        },
        (Encoding::Bcd, _) => nibble_of(layout, units, unit) / 2,
        (encoding, _) if encoding.is_hex() => unit.saturating_mul(2),
        (_, _) => unit,
    }
}

/// Makes units zero; `bytes` are those that hold them.
fn wipe(layout: &Layout, units: usize, range: &Range<usize>, bytes: &mut [u8]) {
    let zero = match layout.encoding {
        Encoding::Raw | Encoding::Bcd => 0,
        Encoding::HexEbcdic => 0xF0,
        encoding => characters::zero(encoding),
    };
    if layout.encoding != Encoding::Bcd || layout.content == FieldContent::SignedDigits {
        return bytes.fill(zero);
    }
    // A digit that shares its byte with one of them stays.
    let starts_low = !nibble_of(layout, units, range.start).is_multiple_of(2);
    let ends_high = !nibble_of(layout, units, range.end).is_multiple_of(2);
    let high = bytes
        .first()
        .filter(|_| starts_low)
        .map_or(0, |byte| byte & 0xF0);
    let low = bytes
        .last()
        .filter(|_| ends_high)
        .map_or(0, |byte| byte & 0x0F);
    bytes.fill(zero);
    bytes.first_mut().into_iter().for_each(|byte| *byte |= high);
    bytes.last_mut().into_iter().for_each(|byte| *byte |= low);
}
