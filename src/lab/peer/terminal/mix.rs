//! What a load offers: kinds by weights, follow-ups only where there is something to follow.

use super::workload::{OrderError, SHOP, is_follow_up, is_ordered, refers_to};
use crate::engine::seam::Dice;
use crate::iso::message::Text;
use crate::iso::spec::{Kind, Spec};

/// Kinds of transactions, each with its weight.
#[derive(Clone, Debug)]
pub struct Mix {
    kinds: Vec<MixedKind>,
}

/// A kind of a mix.
#[derive(Clone, Debug)]
pub struct MixedKind {
    /// Its name in the dialect.
    pub name: Text<24>,
    /// How often it comes, beside the weights of the others.
    weight: u64,
    /// The kind that it refers to, by its place in the mix.
    pub original: Option<usize>,
}

impl Mix {
    /// Of these kinds by their names in the dialect. What they refer to is in the mix as well,
    /// for when there is none to refer to.
    ///
    /// # Errors
    /// The dialect has no such kind, or nobody orders it.
    pub fn new(spec: &Spec, weights: &[(&str, u64)]) -> Result<Self, OrderError> {
        let mut mix = Self { kinds: Vec::new() };
        for (name, weight) in weights {
            let mut ordered = spec.flow().kinds.iter().filter(|kind| is_ordered(kind));
            let kind = ordered.find(|kind| kind.name.as_str() == *name);
            let at = mix.place(spec, kind.ok_or_else(|| OrderError::unknown(name, spec))?)?;
            if let Some(kind) = mix.kinds.get_mut(at) {
                kind.weight = kind.weight.saturating_add(*weight);
            }
        }
        Ok(mix)
    }

    /// The everyday mix of a shop, as far as the dialect has it.
    ///
    /// # Errors
    /// The dialect has a kind that refers to none of its own.
    pub fn shop(spec: &Spec) -> Result<Self, OrderError> {
        let known = |name: &str| spec.flow().kinds.iter().any(|kind| &*kind.name == name);
        let weights: Vec<(&str, u64)> = SHOP.into_iter().filter(|(name, _)| known(name)).collect();
        Self::new(spec, &weights)
    }

    /// The place of a kind, which is taken in with all that it refers to.
    fn place(&mut self, spec: &Spec, kind: &Kind) -> Result<usize, OrderError> {
        if let Some(at) = self.kinds.iter().position(|own| own.name == kind.name) {
            return Ok(at);
        }
        let original = match refers_to(kind, spec.flow()) {
            Some(original) if is_follow_up(kind, spec.flow()) => Some(self.place(spec, original)?),
            None if is_follow_up(kind, spec.flow()) => {
                return Err(OrderError::unknown(&kind.name, spec));
            }
            Some(_) | None => None,
        };
        self.kinds.push(MixedKind {
            name: kind.name,
            weight: 0,
            original,
        });
        Ok(self.kinds.len() - 1)
    }

    /// Its kinds.
    #[must_use]
    pub fn kinds(&self) -> &[MixedKind] {
        &self.kinds
    }

    /// The next kind, by its place: one that follows an earlier transaction only if there is one
    /// of the kind with the place that is asked about.
    pub fn pick(&self, dice: &mut Dice, has: impl Fn(usize) -> bool) -> usize {
        if self.kinds.len() == 1 {
            return 0;
        }
        let all = self.kinds.iter().map(|kind| kind.weight);
        let mut thrown = dice.below(all.fold(0, u64::saturating_add));
        let chosen = self.kinds.iter().position(|kind| {
            let rest = thrown.checked_sub(kind.weight);
            thrown = rest.unwrap_or(thrown);
            rest.is_none()
        });
        let mut at = chosen.unwrap_or(0);
        while let Some(original) = self.kinds.get(at).and_then(|kind| kind.original)
            && !has(original)
        {
            at = original;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_nothing_becomes_what_it_would_follow() {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mix = Mix::new(&spec, &[("completion_void", 1)]).unwrap();
        let names: Vec<&str> = mix.kinds().iter().map(|kind| kind.name.as_str()).collect();
        assert_eq!(names, ["preauth", "completion", "completion_void"]);
        let mut dice = Dice::new(1);
        assert_eq!(mix.pick(&mut dice, |_| false), 0);
        assert_eq!(mix.pick(&mut dice, |at| at == 0), 1);
        assert_eq!(mix.pick(&mut dice, |_| true), 2);
    }

    #[test]
    fn kinds_come_by_their_weights() {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mix = Mix::new(&spec, &[("sale", 3), ("balance", 1)]).unwrap();
        let mut dice = Dice::new(1);
        let picked = (0..4000).map(|_| mix.pick(&mut dice, |_| false));
        let sales = picked.filter(|at| *at == 0).count();
        assert!((2900..3100).contains(&sales), "{sales}");
    }

    #[test]
    fn every_dialect_has_a_shop_and_no_wrong_kind() {
        for name in ["cup-pos", "iso8583-1987-ascii", "iso8583-1987-binary"] {
            let spec = Spec::builtin(name).unwrap();
            assert!(!Mix::shop(&spec).unwrap().kinds().is_empty(), "{name}");
        }
        let spec = Spec::builtin("cup-pos").unwrap();
        let error = Mix::new(&spec, &[("slae", 1)]).unwrap_err().to_string();
        assert!(
            error.starts_with("`slae` is nothing to order in cup-pos"),
            "{error}"
        );
    }
}
