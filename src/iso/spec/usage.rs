//! Which fields a message of a type must have, and which it must not. A message that breaks this is
//! warned about and carried all the same.

use super::field::MtiMask;
use super::wanted::Wanted;
use crate::iso::message::{Bitmap, FieldPath, Mti};

/// What messages of certain types must and must not have.
#[derive(Clone, Debug)]
pub struct Usage {
    /// The types.
    pub(super) types: Vec<MtiMask>,
    /// Values that the message must have for this to be about it.
    pub when: Vec<(FieldPath, Wanted)>,
    /// The fields that must be there.
    pub mandatory: Bitmap,
    /// The fields that must not be there.
    pub forbidden: Bitmap,
}

impl Usage {
    /// Whether it is about messages of this type.
    #[must_use]
    pub fn is_about(&self, mti: Mti) -> bool {
        self.types.iter().any(|types| types.matches(mti))
    }
}
