//! What a message tells that the gateway goes by, and whether two tell the same.

use super::names::TerminalKey;
use crate::engine::record::Opened;
use crate::iso::codec::Message;
use crate::iso::message::{Class, FieldId, FieldPath, Function, Text};
use crate::iso::spec::{Kind, Purpose};

/// DE 4.
pub(super) const AMOUNT: FieldId = FieldId::of(4);

/// DE 39.
pub(super) const CODE: FieldId = FieldId::of(39);

/// The terminal of a transaction.
pub(super) const fn key_of(opened: &Opened) -> TerminalKey {
    TerminalKey {
        merchant: opened.merchant,
        number: opened.terminal,
    }
}

/// What a message is for. A kind that the dialect does not know, or that stands in what could not
/// be read, counts by its class: where money may be in it, it is.
pub(super) fn purpose_of(message: &Message, kind: Option<&Kind>) -> Purpose {
    if let Some(kind) = kind {
        return kind.purpose;
    }
    match (message.mti().class(), message.mti().function()) {
        (Class::Authorization, Function::Request) => Purpose::Hold,
        (Class::Financial, Function::Request) => Purpose::Debit,
        (Class::Authorization | Class::Financial, _) => Purpose::Advice,
        (Class::Reversal, _) => Purpose::Reversal,
        (
            Class::File
            | Class::Reconciliation
            | Class::Administrative
            | Class::Fee
            | Class::Network
            | Class::Reserved,
            _,
        ) => Purpose::Administration,
    }
}

/// A field as text; empty if it is absent, or too long.
pub(super) fn text_of<const N: usize>(message: &Message, path: FieldPath) -> Text<N> {
    message
        .text(path)
        .and_then(|text| Text::new(&text))
        .unwrap_or_default()
}

/// The batch: the part of the identity that is no whole field (60.2 at `UnionPay` terminals).
pub(super) fn batch_of(message: &Message) -> Text<6> {
    let part = message
        .spec()
        .flow()
        .identity
        .iter()
        .find(|path| path.part.is_some());
    part.map(|path| text_of(message, *path)).unwrap_or_default()
}

/// The first two digits of DE 3: what is asked for. The other four are account types, which hosts
/// may tell (ISO 8583:1987 §4.3.2).
pub(super) fn asked_for(message: &Message) -> Text<2> {
    const PROCESSING: FieldId = FieldId::of(3);
    let code = message.text(FieldPath::whole(PROCESSING));
    code.and_then(|code| Text::new(code.get(..2)?))
        .unwrap_or_default()
}

/// Whether an answer speaks of the kind of trade that was asked for, as far as both say.
pub(super) fn is_of_trade(asked: &Text<2>, answer: &Message) -> bool {
    let told = asked_for(answer);
    answer.fault().is_some() || asked.is_empty() || told.is_empty() || told == *asked
}

/// Whether the answer to a reversal ends it, proven or not.
pub(super) fn is_closed(answer: &Message, opened: &Opened) -> bool {
    let flow = answer.spec().flow();
    let outcome = flow.reversal_outcome(answer.response_code());
    opened.purpose == Purpose::Reversal && outcome.is_final()
}

/// The digest of a message without money, its header aside: parts of a batch upload may share their
/// number and all that names a transaction. Zero if there is money in it.
pub(super) fn digest(message: &Message, opened: &Opened) -> u32 {
    if opened.touches_money() {
        return 0;
    }
    let frame = message.build().unwrap_or_default();
    crc32fast::hash(frame.get(message.header().len()..).unwrap_or_default())
}

/// Whether a request with a known name is the same one: kind, amount and card agree.
pub(super) fn is_same(new: &Opened, first: &Opened) -> bool {
    new.kind == first.kind
        && new.amount == first.amount
        && new.currency == first.currency
        && first.may_share_card(new)
}
