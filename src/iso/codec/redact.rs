//! A frame fit for a journal: what must not be kept is overwritten in place, so that the frame
//! still reads by its spec; what a reversal may need is handed out apart, to be sealed.

use super::parts::{nested_bytes, tlv};
use super::{BuildError, BuildFault, Message, characters, composite, nested, tagged};
use crate::iso::message::{Bitmap, FieldId, Secret};
use crate::iso::spec::{Align, Composite, Encoding, FieldContent, Layout, Nested, Store, Tags};
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
            hidden: Vec::new(),
            patch: Vec::new(),
        };
        match whole.fault() {
            None => {
                for field in whole.fields().iter() {
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
            (Some(Composite::BerTlv(tags) | Composite::TextTlv { tags, .. }), store) => {
                let composite = meaning.composite.as_ref();
                let plain = composite.filter(|_| layout.encoding != Encoding::Bcd);
                match plain.and_then(|one| tagged_places(one, tags, store, layout, body)) {
                    Some(places) => {
                        for (place, store) in places {
                            pen.hide(layout, start, units, place, store);
                        }
                    }
                    // Parts that cannot be told apart cannot be judged one by one.
                    None => pen.hide(layout, start, units, 0..units, Store::Length),
                }
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
        let (layout, units) = (&found.part.layout, found.units);
        pen.hide(layout, own, units, 0..units, found.part.spec.store);
    }
    Some(())
}

/// The units of each tagged part's value, and what may be kept of it; unknown tags as the field.
fn tagged_places(
    composite: &Composite,
    tags: &Tags,
    unknown: Store,
    layout: &Layout,
    body: &[u8],
) -> Option<Vec<(Range<usize>, Store)>> {
    let bytes: Cow<'_, [u8]> = tagged::plain_bytes(layout, body)?;
    let parts = tlv(composite)?.parts(&bytes)?;
    let store = |tag| tags.get(tag).map_or(unknown, |known| known.store);
    Some(
        parts
            .iter()
            .map(|part| (part.value.clone(), store(&part.tag)))
            .collect(),
    )
}

/// Overwrites in place and remembers what was there.
struct Pen {
    frame: Vec<u8>,
    hidden: Vec<(u16, u16, bool)>,
    patch: Vec<u8>,
}

impl Pen {
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
        for unit in hidden {
            overwrite(
                layout,
                units,
                unit,
                self.frame.get_mut(start..).unwrap_or_default(),
            );
        }
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

/// Makes one unit zero.
fn overwrite(layout: &Layout, units: usize, unit: usize, body: &mut [u8]) {
    let at = byte_of(layout, units, unit);
    let zero = characters::zero(layout.encoding);
    match (layout.encoding, body.get_mut(at..)) {
        (Encoding::Raw, Some([byte, ..])) => *byte = 0,
        (Encoding::Bcd, Some([byte, ..])) if layout.content != FieldContent::SignedDigits => {
            let high = nibble_of(layout, units, unit).is_multiple_of(2);
            *byte &= if high { 0x0F } else { 0xF0 };
        }
        (Encoding::Bcd, Some([byte, ..])) => *byte = 0,
        (Encoding::HexEbcdic, Some([high, low, ..])) => (*high, *low) = (0xF0, 0xF0),
        (encoding, Some([high, low, ..])) if encoding.is_hex() => (*high, *low) = (b'0', b'0'),
        (_, Some([byte, ..])) => *byte = zero,
        (_, _) => {}
    }
}
