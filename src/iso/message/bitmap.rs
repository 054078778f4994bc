//! Which fields a message has.

use super::FieldId;
use std::fmt;

/// The set of fields present, 1 to 192; bit 1 of the wire is field 1.
///
/// Fields 1 and 129 are flags of the wire, never data; what they say is derived when a message is
/// built. So is field 65, but in dialects that have data in it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Bitmap([u64; 3]);

impl Bitmap {
    /// No field.
    pub const EMPTY: Self = Self([0; 3]);

    /// From the words of the wire, most significant bit first; absent words are zero.
    #[must_use]
    pub const fn from_words(words: [u64; 3]) -> Self {
        Self(words)
    }

    /// The words, most significant bit first.
    #[must_use]
    pub const fn words(&self) -> [u64; 3] {
        self.0
    }

    /// Adds a field.
    #[inline]
    pub const fn insert(&mut self, id: FieldId) {
        let (word, mask) = Self::place(id);
        self.0[word] |= mask;
    }

    /// Takes a field out.
    #[inline]
    pub const fn remove(&mut self, id: FieldId) {
        let (word, mask) = Self::place(id);
        self.0[word] &= !mask;
    }

    /// Whether the field is in the set.
    #[must_use]
    #[inline]
    pub const fn contains(&self, id: FieldId) -> bool {
        let (word, mask) = Self::place(id);
        self.0[word] & mask != 0
    }

    /// The fields of either set.
    #[must_use]
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([a | x, b | y, c | z])
    }

    /// The fields that the other set has not.
    #[must_use]
    #[inline]
    pub const fn without(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([a & !x, b & !y, c & !z])
    }

    /// How many fields come before `id`: its place among the fields present.
    #[must_use]
    #[inline]
    pub const fn rank(&self, id: FieldId) -> usize {
        let (word, mask) = Self::place(id);
        // Bits above the mask come earlier on the wire.
        let mut rank = (self.0[word] & !(mask | (mask - 1))).count_ones();
        let mut before = 0;
        while before < word {
            rank += self.0[before].count_ones();
            before += 1;
        }
        rank as usize
    }

    /// How many fields.
    #[must_use]
    pub const fn len(&self) -> usize {
        (self.0[0].count_ones() + self.0[1].count_ones() + self.0[2].count_ones()) as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields, ascending.
    #[inline]
    #[must_use]
    pub const fn iter(&self) -> BitmapFields {
        BitmapFields(*self)
    }

    /// The lowest field.
    #[inline]
    #[must_use]
    pub const fn first(&self) -> Option<FieldId> {
        let (before, word) = match self.0 {
            [0, 0, 0] => return None,
            [0, 0, word] => (128, word),
            [0, word, _] => (64, word),
            [word, ..] => (0, word),
        };
        #[expect(clippy::cast_possible_truncation, reason = "a word has 64 bits")]
        let zeros = word.leading_zeros() as u8;
        FieldId::new(before + zeros + 1)
    }

    #[inline]
    const fn place(id: FieldId) -> (usize, u64) {
        let zero_based = id.number() - 1;
        ((zero_based / 64) as usize, 1 << (63 - zero_based % 64))
    }
}

/// The fields of a [`Bitmap`], ascending.
#[derive(Clone, Debug)]
pub struct BitmapFields(Bitmap);

impl Iterator for BitmapFields {
    type Item = FieldId;

    #[inline]
    fn next(&mut self) -> Option<FieldId> {
        let first = self.0.first()?;
        self.0.remove(first);
        Some(first)
    }
}

impl IntoIterator for Bitmap {
    type Item = FieldId;
    type IntoIter = BitmapFields;

    #[inline]
    fn into_iter(self) -> BitmapFields {
        self.iter()
    }
}

impl IntoIterator for &Bitmap {
    type Item = FieldId;
    type IntoIter = BitmapFields;

    #[inline]
    fn into_iter(self) -> BitmapFields {
        self.iter()
    }
}

impl Extend<FieldId> for Bitmap {
    fn extend<I: IntoIterator<Item = FieldId>>(&mut self, ids: I) {
        ids.into_iter().for_each(|id| self.insert(id));
    }
}

impl FromIterator<FieldId> for Bitmap {
    fn from_iter<I: IntoIterator<Item = FieldId>>(ids: I) -> Self {
        let mut map = Self::EMPTY;
        ids.into_iter().for_each(|id| map.insert(id));
        map
    }
}

impl fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bit_one_is_the_most_significant_bit_of_the_first_byte() {
        let sale = Bitmap::from_words([0x3020_04C0_20C0_9811, 0, 0]);
        let fields: Vec<u8> = sale.iter().map(FieldId::number).collect();
        assert_eq!(
            fields,
            [3, 4, 11, 22, 25, 26, 35, 41, 42, 49, 52, 53, 60, 64]
        );
    }

    proptest! {
        #[test]
        fn rank_counts_the_fields_before(numbers in prop::collection::btree_set(1u8..=192, 0..60)) {
            let map: Bitmap = numbers.iter().filter_map(|n| FieldId::new(*n)).collect();
            prop_assert_eq!(map.len(), numbers.len());
            for (place, number) in numbers.iter().enumerate() {
                prop_assert_eq!(map.rank(FieldId::new(*number).unwrap()), place);
            }
            prop_assert!(map.iter().map(FieldId::number).eq(numbers.iter().copied()));
        }
    }
}
