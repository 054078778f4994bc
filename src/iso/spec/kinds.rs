//! The kinds of a dialect, sorted at load by the types of message that they may be seen under.

use super::Kind;
use crate::iso::message::{FieldPath, Mti};
use std::ops::Deref;

/// The kinds, the more specific first: the first match wins.
#[derive(Clone, Debug)]
pub struct Kinds {
    all: Vec<Kind>,
    by_type: Vec<KindsOfType>,
}

/// The kinds that messages of one type may be of, and the fields that tell them apart.
#[derive(Clone, Debug)]
pub(in crate::iso) struct KindsOfType {
    mti: Mti,
    /// The fields that any of them asks for, each once.
    pub(in crate::iso) paths: Vec<FieldPath>,
    /// The place of a kind among all, and of its conditions' fields among `paths`.
    pub(in crate::iso) kinds: Vec<(usize, Vec<usize>)>,
}

impl Kinds {
    pub(super) fn new(all: Vec<Kind>) -> Self {
        let mut by_type: Vec<KindsOfType> = Vec::new();
        for (at, kind) in all.iter().enumerate() {
            for mti in [Some(kind.mti), kind.mti.answer()].into_iter().flatten() {
                match by_type.iter_mut().find(|own| own.mti == mti) {
                    Some(own) => own.take(at, kind),
                    None => by_type.push(KindsOfType::of(mti, at, kind)),
                }
            }
        }
        Self { all, by_type }
    }

    /// The kinds of requests of a type, or of those that a type answers.
    pub(in crate::iso) fn of_type(&self, mti: Mti) -> Option<&KindsOfType> {
        self.by_type.iter().find(|own| own.mti == mti)
    }
}

impl KindsOfType {
    fn of(mti: Mti, at: usize, kind: &Kind) -> Self {
        let mut only = Self {
            mti,
            paths: Vec::new(),
            kinds: Vec::new(),
        };
        only.take(at, kind);
        only
    }

    fn take(&mut self, at: usize, kind: &Kind) {
        let mut fields = Vec::new();
        for (path, _) in &kind.when {
            let known = self.paths.iter().position(|own| own == path);
            fields.push(known.unwrap_or(self.paths.len()));
            if known.is_none() {
                self.paths.push(*path);
            }
        }
        self.kinds.push((at, fields));
    }
}

impl Deref for Kinds {
    type Target = [Kind];

    fn deref(&self) -> &[Kind] {
        &self.all
    }
}
