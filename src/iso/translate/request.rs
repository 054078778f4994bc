//! A terminal's request in the dialect of its host.

use super::Map;
use super::carry::carry;
use super::kinds::counterpart;
use super::money::{elsewhere, put_money, same_money};
use crate::iso::codec::Message;
use crate::iso::message::{Bitmap, Class, FieldId, FieldPath};
use crate::iso::spec::{Flow, Kind, Purpose, Spec, StampForm};
use std::sync::Arc;

/// A translated message, and what was left behind.
#[derive(Clone, Debug)]
pub struct Translated {
    /// In the other dialect.
    pub message: Message,
    /// Fields that had no place there, and were not dropped on purpose.
    pub lost: Bitmap,
}

/// Why a message cannot be translated. Holds no values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// It was read only in part.
    #[error("it cannot be read from field {0} on")]
    Partial(FieldPath),
    /// Its own dialect has no name for it.
    #[error("a {0} of no kind that its dialect knows")]
    Unknown(crate::iso::message::Mti),
    /// The other dialect has nothing like it.
    #[error("{1} has no kind for {0}: name one in kinds of the map")]
    Kind(String, String),
    /// A field that moves money, or names the card, has no place there.
    #[error("field {0} would not arrive as it is")]
    Money(FieldId),
    /// A field that the other dialect cannot do without.
    #[error("{1} wants field {0}, which the message has not")]
    Missing(FieldPath, String),
}

/// The request as the host wants it: its kind's type and values, every field that fits, and the
/// date and time by which the host's dialect names transactions, as `moment` writes them.
///
/// # Errors
/// It has no counterpart there, or would change what it is about.
pub fn request(
    from: &Message,
    to: &Arc<Spec>,
    map: &Map,
    moment: impl Fn(&StampForm) -> String,
) -> Result<Translated, Untranslatable> {
    if let Some(fault) = from.fault() {
        let field = fault.field.unwrap_or(FieldPath::whole(FieldId::of(1)));
        return Err(Untranslatable::Partial(field));
    }
    let own = from
        .kind()
        .ok_or_else(|| Untranslatable::Unknown(from.mti()))?;
    let kind = counterpart(own, to, map)
        .ok_or_else(|| Untranslatable::Kind(own.name.to_string(), to.name().to_owned()))?;
    let mti = if from.mti() == from.mti().original() {
        kind.mti
    } else {
        kind.mti.repeat()
    };
    let mut message = Message::new(to, mti);
    let elsewhere = elsewhere(from.spec(), to);
    let lost = carry(from, &mut message, &map.request, elsewhere);
    if !elsewhere.is_empty() {
        put_money(from, &mut message);
    }
    name(&mut message, kind);
    put_moment(&mut message, moment);
    if own.purpose.moves_money() || own.purpose == Purpose::Advice {
        same_money(from, &message)?;
    }
    named(&message)?;
    Ok(Translated { message, lost })
}

/// What the host's dialect knows its kind by. Digits that it leaves open, such as account types,
/// stay as they came.
fn name(message: &mut Message, kind: &Kind) {
    for (path, wanted) in &kind.when {
        let present = message.text(*path).map(std::borrow::Cow::into_owned);
        // The spec was checked: a kind's values fit their fields.
        let _set = message.set(*path, &wanted.fill(present.as_deref()));
    }
}

/// The moment, where the dialect names transactions by it and the message has none.
fn put_moment(message: &mut Message, moment: impl Fn(&StampForm) -> String) {
    let spec = Arc::clone(message.spec());
    for (field, form) in &spec.flow().stamps {
        if is_stamped(spec.flow(), *field) && !message.has(*field) {
            // The spec was checked: a moment fits its field.
            let _set = message.set(*field, &moment(form));
        }
    }
}

fn is_stamped(flow: &Flow, field: FieldId) -> bool {
    let mut names = flow.identity.iter().chain(&flow.match_key);
    let copied = flow
        .reversal
        .as_ref()
        .is_some_and(|rule| rule.copy.contains(&field));
    names.any(|path| path.field == field) || copied
}

/// The host can tell the transaction from any other.
fn named(message: &Message) -> Result<(), Untranslatable> {
    let flow = message.spec().flow();
    let classes = [Class::Authorization, Class::Financial, Class::Reversal];
    let names: &[FieldPath] = if classes.contains(&message.mti().class()) {
        &flow.identity
    } else {
        &[]
    };
    match names.iter().find(|path| message.text(**path).is_none()) {
        None => Ok(()),
        Some(path) => {
            let spec = message.spec().name().to_owned();
            Err(Untranslatable::Missing(*path, spec))
        }
    }
}
