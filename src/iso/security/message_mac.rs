//! The MAC of a whole message, made and checked as its dialect says.

use super::{Key, mac};
use crate::iso::codec::{BuildError, Message};
use crate::iso::spec::MacRule;
use subtle::ConstantTimeEq;

/// Makes the spec's MAC over the message and sets its field. Does nothing if the spec has none.
///
/// # Errors
/// The message cannot be built.
pub fn seal(message: &mut Message, key: &Key) -> Result<(), BuildError> {
    let Some(rule) = message.spec().flow().mac else {
        return Ok(());
    };
    let value = field_text(message, rule, key)?;
    message.set(rule.field, &value)
}

/// Whether the message's MAC is right, compared in constant time; `None` if it carries none.
#[must_use]
pub fn verify(message: &Message, key: &Key) -> Option<bool> {
    let rule = message.spec().flow().mac?;
    let carried = message.text(rule.field)?;
    // What cannot be signed cannot carry a right MAC.
    let right = field_text(message, rule, key).ok();
    Some(right.is_some_and(|right| right.as_bytes().ct_eq(carried.as_bytes()).into()))
}

/// The MAC as the text of its field: a binary field's text is upper-case hex.
fn field_text(message: &Message, rule: MacRule, key: &Key) -> Result<String, BuildError> {
    let input = message.mac_input(rule.field)?;
    let value = mac(rule.algorithm, key, &input);
    Ok(format!("{:016X}", u64::from_be_bytes(value)))
}
