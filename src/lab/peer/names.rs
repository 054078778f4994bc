//! The names of a transaction: what makes a request the same, and what a reversal points at.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Part, Text};
use crate::iso::spec::{Flow, OriginalSource, ReversalRule};
use std::fmt::Write;

/// What names a request, by the dialect's identity.
pub(super) fn identity(message: &Message) -> String {
    let paths = message.spec().flow().identity.iter();
    joined(paths.map(|path| message.text(*path)))
}

/// Whether a request names an earlier one by the numbers of that: DE 37, or batch and trace number.
pub(super) fn is_about_another(request: &Message, flow: &Flow) -> bool {
    let stan = flow.original_stan.and_then(|path| request.text(path));
    request.rrn().is_some() || stan.is_some()
}

/// The name of the earlier request that a request is about, where the dialect gives its trace
/// number and, beside it, its batch.
pub(super) fn original_identity(request: &Message) -> Option<String> {
    let flow = request.spec().flow();
    let stan = flow.original_stan?;
    let batch = FieldPath {
        field: stan.field,
        part: Part::new("1"),
    };
    request.text(stan)?;
    let place = |path: &FieldPath| match path.field.number() {
        11 => stan,
        _ if path.part.is_some() => batch,
        _ => *path,
    };
    let paths = flow.identity.iter().map(place);
    Some(joined(paths.map(|path| request.text(path))))
}

/// The name under which a reversal will point at this request.
#[must_use]
pub fn as_original(request: &Message, rule: &ReversalRule) -> String {
    let parts = rule.original.iter().filter_map(|(_, source)| match source {
        OriginalSource::Mti => Some(Some(request.mti().original().to_string().into())),
        OriginalSource::Field(path) => Some(request.text(*path)),
        OriginalSource::Fixed(_) => None,
    });
    joined(whose(request).into_iter().chain(parts))
}

/// The name of the request that this reversal points at.
#[must_use]
pub fn original_of(reversal: &Message, rule: &ReversalRule) -> String {
    let named = rule
        .original
        .iter()
        .filter(|(_, source)| !matches!(source, OriginalSource::Fixed(_)));
    let parts = named.map(|(path, _)| reversal.text(*path));
    joined(whose(reversal).into_iter().chain(parts))
}

/// Merchant and terminal belong to every name, whether the dialect says so or not.
fn whose(message: &Message) -> [Option<std::borrow::Cow<'_, str>>; 2] {
    [42, 41].map(|number| message.text(FieldId::of(number)))
}

/// Blanks and leading zeros carry no meaning in a name: a part that is absent in a request is
/// filled with zeros in its reversal.
fn joined<'a>(parts: impl Iterator<Item = Option<std::borrow::Cow<'a, str>>>) -> String {
    parts.fold(String::with_capacity(48), |mut name, text| {
        let text = text
            .as_deref()
            .unwrap_or_default()
            .trim()
            .trim_start_matches('0');
        // Writing to a string cannot fail.
        let _written = write!(name, "{text}|");
        name
    })
}

/// Where the batch stands: the only name of a request that is a part of a field.
pub(super) fn batch_path(flow: &Flow) -> Option<FieldPath> {
    flow.identity
        .iter()
        .find(|path| path.part.is_some())
        .copied()
}

/// The batch after this one; after 999999 comes 1.
pub(super) fn next_batch(batch: Text<6>) -> Text<6> {
    let next = batch
        .parse::<u32>()
        .map_or(1, |number| number % 999_999 + 1);
    Text::new(&format!("{next:06}")).unwrap_or(batch)
}
