//! Where a field's value lies and how long it is: its length prefix is read here, and nowhere else.

use super::{ParseFault, number};
use crate::iso::spec::{FieldStep, LengthUnit};
use std::ops::Range;

/// Where a value lies.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// The bytes of the value, after its length.
    pub body: Range<usize>,
    /// Its digits, characters or bytes.
    pub units: usize,
}

impl Extent {
    /// Measures the field that begins at `at`.
    #[inline]
    pub(super) fn read(step: &FieldStep, frame: &[u8], at: usize) -> Result<Self, ParseFault> {
        let (units, bytes) = if step.prefix == 0 {
            (usize::from(step.max), usize::from(step.max_bytes))
        } else {
            Self::variable(step, frame, at)?
        };
        let start = at.wrapping_add(usize::from(step.prefix));
        let end = start.wrapping_add(bytes);
        if end > frame.len() {
            let left = frame.len().saturating_sub(start);
            return Err(ParseFault::Short {
                needed: bytes,
                left,
            });
        }
        Ok(Self {
            body: start..end,
            units,
        })
    }

    /// Only where the field that begins at `at` ends; beyond every frame if its length is at fault.
    #[inline]
    pub(super) fn end(step: &FieldStep, frame: &[u8], at: usize) -> usize {
        if step.prefix == 0 {
            return at.wrapping_add(usize::from(step.max_bytes));
        }
        Self::variable_end(step, frame, at)
    }

    #[inline(never)]
    fn variable_end(step: &FieldStep, frame: &[u8], at: usize) -> usize {
        let start = at.wrapping_add(usize::from(step.prefix));
        Self::variable(step, frame, at).map_or(usize::MAX, |(_, bytes)| start.wrapping_add(bytes))
    }

    /// Units and bytes as the length before the value says.
    #[inline]
    fn variable(step: &FieldStep, frame: &[u8], at: usize) -> Result<(usize, usize), ParseFault> {
        let digits = frame.get(at..at.wrapping_add(usize::from(step.prefix)));
        let said = digits.and_then(|digits| number::read(step.prefix_encoding, digits));
        let told = said.ok_or(ParseFault::Length)?;
        // Less than its own bytes wraps around to more than any field may have.
        let said = told.wrapping_sub(usize::from(step.own));
        let (max, max_bytes) = (usize::from(step.max), usize::from(step.max_bytes));
        match step.counts {
            LengthUnit::Units if said <= max => Ok((said, step.packing.bytes_of(said))),
            // A spare nibble at the end of the longest value is not one unit more.
            LengthUnit::Bytes if said <= max_bytes => {
                Ok((step.packing.units_in(said).min(max), said))
            }
            _ if told < usize::from(step.own) => Err(ParseFault::TooShort {
                length: told,
                own: step.own,
            }),
            LengthUnit::Units => Err(ParseFault::TooLong { length: said, max }),
            LengthUnit::Bytes => Err(ParseFault::TooLong {
                length: said,
                max: max_bytes,
            }),
        }
    }
}
