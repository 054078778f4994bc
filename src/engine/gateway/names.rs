//! The names of a transaction: who it is, and how its answer finds it.

use crate::engine::record::{Identity, LinkId};
use crate::iso::codec::Message;
use crate::iso::message::{Class, FieldId, FieldPath, MerchantId, Mti, Stan, TerminalId, Text};
use crate::iso::spec::{FieldContent, Flow, OriginalSource, ReversalRule, Size, Spec};

/// DE 42: with DE 41 it names a terminal.
pub(super) const MERCHANT: FieldId = FieldId::of(42);
/// DE 11.
const STAN: FieldId = FieldId::of(11);

/// What an answer is looked up by: link, class of message, values of the route's key fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MatchKey {
    pub(crate) link: LinkId,
    pub(crate) class: Class,
    pub(crate) values: Identity,
}

/// A terminal: DE 42 and DE 41.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TerminalKey {
    /// DE 42; empty while no merchant was named.
    pub(crate) merchant: MerchantId,
    /// DE 41.
    pub(crate) number: TerminalId,
}

/// How long a name may be.
const LONGEST: usize = 96;

/// A value that is part of a name.
type NamePart = Text<LONGEST>;

/// Text written into a fixed space; too long is an error, never a cut.
struct Joined {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Joined {
    const EMPTY: Self = Self {
        bytes: [0; LONGEST],
        len: 0,
    };

    fn push(&mut self, text: &str) -> Option<()> {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Some(())
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.len)?).ok()
    }
}

/// Joins values by `|` behind a head; `None` if one is missing or all are too long for a name.
fn join(head: &str, values: impl Iterator<Item = Option<NamePart>>) -> Option<Identity> {
    let mut joined = Joined::EMPTY;
    joined.push(head)?;
    for value in values {
        joined.push("|")?;
        // Blank padding differs between the two directions of some hosts.
        joined.push(value?.trim())?;
    }
    Identity::new(joined.text()?)
}

const fn class_digit(mti: Mti) -> &'static str {
    match mti.class() {
        Class::Authorization => "1",
        Class::Financial => "2",
        Class::File => "3",
        Class::Reversal => "4",
        Class::Reconciliation => "5",
        Class::Administrative => "6",
        Class::Fee => "7",
        Class::Network => "8",
        Class::Reserved => "9",
    }
}

/// The name of the transaction that a message speaks of; `None` if the message lacks one of the
/// fields that name one, so that no two can be told apart.
pub(crate) fn identity(message: &Message) -> Option<Identity> {
    let spec = message.spec();
    let paths = spec.flow().identity.iter();
    join(
        class_digit(message.mti()),
        paths.map(|path| Some(plain(spec, *path, message.short(*path)?))),
    )
}

/// The name of the transaction that a request of this merchant begins, who may have been left out.
pub(super) fn identity_at(message: &Message, merchant: &str) -> Option<Identity> {
    let spec = message.spec();
    let paths = spec.flow().identity.iter();
    let value = |path: &FieldPath| Some(plain(spec, *path, told_at(message, path, merchant)?));
    join(class_digit(message.mti()), paths.map(value))
}

/// A field of a message of this merchant, who may have been left out of it.
fn told_at(message: &Message, path: &FieldPath, merchant: &str) -> Option<NamePart> {
    match *path == FieldPath::whole(MERCHANT) {
        true => Text::new(merchant),
        false => message.short(*path),
    }
}

/// The value of a naming field without leading zeros, where its length may vary: original data
/// elements (DE 90) hold an institution's number filled up with them (ISO 8583:1987 §4.3.3).
fn plain(spec: &Spec, path: FieldPath, value: NamePart) -> NamePart {
    let layout = spec.field(path.field).map(|field| &field.layout);
    let varies = layout.is_some_and(|layout| {
        layout.content == FieldContent::Digits && matches!(layout.size, Size::Variable { .. })
    });
    if !varies || path.part.is_some() {
        return value;
    }
    Text::clipped(value.trim_start_matches('0'))
}

/// The names that the original of a reversal of this merchant may have: one per class of original
/// that the reversal does not tell apart.
pub(crate) fn originals(reversal: &Message, merchant: &str) -> Vec<Identity> {
    let flow = reversal.spec().flow();
    let Some(rule) = &flow.reversal else {
        return Vec::new();
    };
    let told = rule
        .original
        .iter()
        .find(|(_, source)| *source == OriginalSource::Mti);
    let told = told
        .and_then(|(path, _)| reversal.text(*path))
        .and_then(|mti| mti.parse().ok());
    let classes: &[&str] = match told {
        Some(mti) => &[class_digit(mti)],
        None => &["2", "1"],
    };
    classes
        .iter()
        .filter_map(|class| original_identity((reversal, merchant), flow, rule, class))
        .collect()
}

fn original_identity(
    (reversal, merchant): (&Message, &str),
    flow: &Flow,
    rule: &ReversalRule,
    class: &str,
) -> Option<Identity> {
    let value = |path: &FieldPath| {
        let told = named_by(rule, path).and_then(|own| reversal.short(own));
        let told = told.filter(|value: &NamePart| !is_zero(value));
        let value = told.or_else(|| told_at(reversal, path, merchant))?;
        Some(plain(reversal.spec(), *path, value))
    };
    join(class, flow.identity.iter().map(value))
}

/// Where a reversal tells the value that a field of its original had.
fn named_by(rule: &ReversalRule, path: &FieldPath) -> Option<FieldPath> {
    let source = OriginalSource::Field(*path);
    let mut named = rule.original.iter();
    named.find(|(_, own)| *own == source).map(|(own, _)| *own)
}

/// What a terminal fills in that does not know better.
pub(super) fn is_zero(value: &str) -> bool {
    value.bytes().all(|digit| matches!(digit, b'0' | b' '))
}

/// Whether a reversal tells all that names its original. Some terminals leave the original data
/// elements out, or fill parts of them with zeros (ISO 8583:1987 §4.3.3); then a trace number, with
/// amount and card, may still find the original.
pub(super) fn names_original_wholly(reversal: &Message) -> bool {
    let flow = reversal.spec().flow();
    let Some(rule) = &flow.reversal else {
        return true;
    };
    flow.identity.iter().all(|path| {
        let own = named_by(rule, path).unwrap_or(*path);
        reversal.text(own).is_some_and(|value| !is_zero(&value))
    })
}

/// Where a message may name its original by the trace number of that: where the dialect says so
/// for voids and refunds, else where its reversals do.
pub(super) fn original_stan_path(flow: &Flow) -> Option<FieldPath> {
    let own = OriginalSource::Field(FieldPath::whole(STAN));
    let of_reversal = || {
        let named = flow.reversal.as_ref()?.original.iter();
        let mut numbers = named.filter(|(path, source)| *source == own && path.field != STAN);
        numbers.next().map(|(path, _)| *path)
    };
    flow.original_stan.or_else(of_reversal)
}

/// The trace number of the original that a void, refund or completion names, if it names one.
pub(crate) fn original_stan(message: &Message) -> Option<Stan> {
    let path = original_stan_path(message.spec().flow())?;
    let stan = message.text(path)?.trim().parse().ok().map(Stan)?;
    (stan != Stan(0)).then_some(stan)
}

/// The batch of that trace number, where the dialect has one; empty if none is told.
pub(super) fn original_batch(message: &Message) -> Text<6> {
    let told = message.spec().flow().original_batch;
    let told = told.and_then(|path| message.short(path));
    told.filter(|batch: &Text<6>| !is_zero(batch))
        .unwrap_or_default()
}

/// The key of the answer to a message that goes out on a link.
pub(crate) fn match_key(message: &Message, link: LinkId, fields: &[FieldPath]) -> Option<MatchKey> {
    let fields = if fields.is_empty() {
        &message.spec().flow().match_key
    } else {
        fields
    };
    let values = join("", fields.iter().map(|path| message.short(*path)))?;
    Some(MatchKey {
        link,
        class: message.mti().class(),
        values,
    })
}
