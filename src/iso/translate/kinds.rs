//! What the other dialect calls a message.

use super::Map;
use crate::iso::spec::{Kind, Purpose, Spec};

/// The kind of `to` that a kind of another dialect is: the one that the map names, else the one of
/// the same name, else the only one of the same purpose. A purpose alone is not enough for what
/// takes, holds or refunds money: an instalment is no plain sale. A void is a void, as long as both
/// are of one class, and both asked for or both told.
pub(super) fn counterpart<'a>(kind: &Kind, to: &'a Spec, map: &Map) -> Option<&'a Kind> {
    let kinds = &to.flow().kinds;
    let named = |name: &str| kinds.iter().find(|other| &*other.name == name);
    let mapped = map.kinds.iter().find(|(own, _)| *own == kind.name);
    if let Some((_, name)) = mapped {
        return named(name);
    }
    let namesake = named(&kind.name).filter(|other| other.purpose == kind.purpose);
    namesake.or_else(|| by_purpose(kind, kinds))
}

fn by_purpose<'a>(kind: &Kind, kinds: &'a [Kind]) -> Option<&'a Kind> {
    let by_name_only = match kind.purpose {
        Purpose::Debit
        | Purpose::Hold
        | Purpose::Refund
        | Purpose::Reversal
        | Purpose::Advice
        | Purpose::BatchUpload
        | Purpose::Notice
        | Purpose::Administration => true,
        Purpose::Void
        | Purpose::Inquiry
        | Purpose::SignOn
        | Purpose::SignOff
        | Purpose::Echo
        | Purpose::Settlement => false,
    };
    let class = |other: &Kind| other.mti.class() == kind.mti.class();
    let function = |other: &Kind| other.mti.function() == kind.mti.function();
    let alike = |other: &&Kind| other.purpose == kind.purpose && class(other) && function(other);
    let mut found = kinds.iter().filter(alike);
    let one = found.next().filter(|_| !by_name_only)?;
    // Of several, none is meant more than another.
    found.next().is_none().then_some(one)
}
