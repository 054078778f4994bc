//! The kinds of a dialect, sorted at load by the types of message that they may be seen under.

use super::{Kind, Wanted};
use crate::iso::message::{FieldPath, Mti};
use std::ops::Deref;

/// The kinds, the more specific first: the first match wins.
#[derive(Clone, Debug)]
pub struct Kinds {
    all: Vec<Kind>,
    by_type: Vec<KindsOfType>,
}

/// The kinds that messages of one type may be of, and what tells them apart.
#[derive(Clone, Debug)]
pub(crate) struct KindsOfType {
    mti: Mti,
    /// The conditions of all of them, each once: the values that a field is compared with, and the
    /// bit of each.
    pub(crate) conditions: Vec<(FieldPath, Vec<(Wanted, u128)>)>,
    /// The place of a kind among all, and the bits of its conditions.
    pub(crate) kinds: Vec<(usize, u128)>,
    /// The next bit.
    bit: u128,
}

/// The kinds of one type have more conditions than there are bits.
#[derive(Debug)]
pub(super) struct TooManyConditions;

impl Kinds {
    pub(super) fn new(all: Vec<Kind>) -> Result<Self, TooManyConditions> {
        let mut by_type: Vec<KindsOfType> = Vec::new();
        for (at, kind) in all.iter().enumerate() {
            for mti in [Some(kind.mti), kind.mti.answer()].into_iter().flatten() {
                match by_type.iter_mut().find(|own| own.mti == mti) {
                    Some(own) => own.take(at, kind)?,
                    None => by_type.push(KindsOfType::of(mti, at, kind)?),
                }
            }
        }
        Ok(Self { all, by_type })
    }

    /// The kinds of requests of a type, or of those that a type answers.
    pub(crate) fn of_type(&self, mti: Mti) -> Option<&KindsOfType> {
        self.by_type.iter().find(|own| own.mti == mti)
    }
}

impl KindsOfType {
    fn of(mti: Mti, at: usize, kind: &Kind) -> Result<Self, TooManyConditions> {
        let mut only = Self {
            mti,
            conditions: Vec::new(),
            kinds: Vec::new(),
            bit: 1,
        };
        only.take(at, kind)?;
        Ok(only)
    }

    fn take(&mut self, at: usize, kind: &Kind) -> Result<(), TooManyConditions> {
        let mut bits = 0;
        for (path, wanted) in &kind.when {
            bits |= self.bit_of(*path, wanted)?;
        }
        self.kinds.push((at, bits));
        Ok(())
    }

    /// The bit of a condition, new or known.
    fn bit_of(&mut self, path: FieldPath, wanted: &Wanted) -> Result<u128, TooManyConditions> {
        let known = self.conditions.iter_mut().find(|(own, _)| *own == path);
        if let Some((_, values)) = &known
            && let Some((_, bit)) = values.iter().find(|(own, _)| own == wanted)
        {
            return Ok(*bit);
        }
        let bit = self.bit;
        self.bit = bit.checked_mul(2).ok_or(TooManyConditions)?;
        let condition = (wanted.clone(), bit);
        match known {
            Some((_, values)) => values.push(condition),
            None => self.conditions.push((path, vec![condition])),
        }
        Ok(bit)
    }
}

impl Deref for Kinds {
    type Target = [Kind];

    fn deref(&self) -> &[Kind] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::message::{FieldId, Text};
    use crate::iso::spec::Purpose;

    fn kind(value: &str) -> Kind {
        Kind {
            name: Text::EMPTY,
            title: String::new(),
            title_zh: String::new(),
            mti: "0200".parse().unwrap(),
            when: vec![(FieldPath::whole(FieldId::of(3)), Wanted::new(value))],
            purpose: Purpose::Debit,
            reverses: true,
            mac: false,
            set: Vec::new(),
        }
    }

    #[test]
    fn a_condition_of_several_kinds_is_kept_once_and_too_many_are_refused() {
        let many = |count: usize| (0..count).map(|at| kind(&at.to_string())).collect();
        let kinds = Kinds::new(many(127)).unwrap();
        let of_answers = kinds.of_type("0210".parse().unwrap()).unwrap();
        assert_eq!(of_answers.kinds.len(), 127);
        assert!(Kinds::new(many(128)).is_err());
        let twice = Kinds::new(vec![kind("1"), kind("1")]).unwrap();
        let bits = &twice.of_type("0200".parse().unwrap()).unwrap().kinds;
        assert_eq!(*bits, [(0, 1), (1, 1)]);
    }
}
