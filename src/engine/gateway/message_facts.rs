//! What a message tells that the gateway goes by, and whether two tell the same.

use super::lifecycle::Trigger;
use super::names::{self, TerminalKey};
use crate::engine::record::{Identity, LinkId, Opened, Vault};
use crate::iso::codec::Message;
use crate::iso::message::{AuthCode, Class, FieldId, FieldPath, Function, MerchantId, Text};
use crate::iso::spec::{Kind, Purpose, RequestOutcome};

/// DE 4.
pub(super) const AMOUNT: FieldId = FieldId::of(4);

/// DE 39.
pub(super) const CODE: FieldId = FieldId::of(39);

/// The terminal of a transaction.
pub(crate) const fn key_of(opened: &Opened) -> TerminalKey {
    TerminalKey {
        merchant: opened.merchant,
        number: opened.terminal,
    }
}

/// What a message is for. A kind that the dialect does not know, or that stands in what could not
/// be read, counts by its class: where money may be in it, it is.
fn purpose_of(message: &Message, kind: Option<&Kind>) -> Purpose {
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

/// What names the transaction that a message begins or speaks of, without those that it refers to.
/// `merchant` is whose terminal it is, who may have been left out.
pub(crate) fn opened_of(message: &Message, merchant: MerchantId, vault: &Vault) -> Opened {
    let kind = message.kind();
    let pan = message.pan();
    let purpose = purpose_of(message, kind);
    let partly = message.fault().is_some();
    Opened {
        spec: Text::new(message.spec().name()).unwrap_or_default(),
        kind: kind.map(|kind| kind.name).unwrap_or_default(),
        purpose,
        reverses: kind.map_or_else(|| purpose.moves_money(), |kind| kind.reverses),
        partly,
        identity: names::identity_at(message, &merchant).unwrap_or(Identity::EMPTY),
        terminal: message.terminal().unwrap_or_default(),
        merchant,
        stan: message.stan().unwrap_or_default(),
        batch: batch_of(message),
        amount: message.amount().unwrap_or_default(),
        currency: text_of(message, message.spec().flow().currency),
        card: pan
            .as_ref()
            // What was misread may show other digits than a mask would.
            .filter(|_| !partly)
            .and_then(|pan| Text::new(&pan.masked()))
            .unwrap_or_default(),
        card_hash: pan.map_or([0; 16], |pan| vault.card_hash(&pan)),
        link: LinkId(0),
        original: None,
        twin: None,
    }
}

/// Whether a message of this purpose may name an earlier transaction by the names of its answer. A
/// completion or increment names its authorization by the code of its approval, or by its trace
/// number; one that only asks may name what it asks about.
pub(crate) fn may_refer(message: &Message, purpose: Purpose) -> bool {
    let of_hold = matches!(purpose, Purpose::Debit | Purpose::Hold);
    let asks = purpose == Purpose::Inquiry;
    let names_one = || message.auth_code().is_some() || names::original_stan(message).is_some();
    (of_hold || asks) && names_one()
        || asks && message.rrn().is_some()
        || matches!(purpose, Purpose::Void | Purpose::Refund)
}

/// A field as text; empty if it is absent, or too long.
pub(super) fn text_of<const N: usize>(message: &Message, path: FieldPath) -> Text<N> {
    message.short(path).unwrap_or_default()
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
pub(crate) fn asked_for(message: &Message) -> Text<2> {
    const PROCESSING: FieldId = FieldId::of(3);
    let code = message.short::<12>(FieldPath::whole(PROCESSING));
    code.and_then(|code| Text::new(code.get(..2)?))
        .unwrap_or_default()
}

/// Whether an answer speaks of the kind of trade that was asked for, as far as both say.
pub(crate) fn is_of_trade(asked: &Text<2>, answer: &Message) -> bool {
    let told = asked_for(answer);
    answer.fault().is_some() || asked.is_empty() || told.is_empty() || told == *asked
}

/// What an answer says of the outcome of its request.
pub(crate) fn outcome_of(message: &Message, opened: &Opened) -> Trigger {
    let flow = message.spec().flow();
    let money = opened.touches_money();
    match flow.outcome(opened.purpose, message.response_code()) {
        RequestOutcome::Approved | RequestOutcome::ApprovedInPart => Trigger::Approval,
        RequestOutcome::Declined => Trigger::Decline,
        // 25 or 12 to a reversal of what is not known here: closed for whoever sent it.
        RequestOutcome::Unknown if is_closed(message, opened) => Trigger::Decline,
        RequestOutcome::Unknown if opened.reverses => Trigger::OutcomeUnknown,
        // Nothing will undo it: whoever asked may read more in the answer.
        RequestOutcome::Unknown if money => Trigger::AnswerUnread,
        RequestOutcome::Unknown => Trigger::Decline,
    }
}

/// What was heard of a transaction before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeardBefore {
    /// An approval was seen.
    pub(crate) approved: bool,
    /// An answer came that could not be believed, or left the outcome open.
    pub(crate) doubted: bool,
    /// A try of its reversal has left.
    pub(crate) tried: bool,
    /// DE 38 of the approval.
    pub(crate) auth: Option<AuthCode>,
}

impl HeardBefore {
    /// What an answer says, in view of this.
    pub(crate) fn and_now(&self, message: &Message, outcome: Trigger) -> Trigger {
        let auth = message.auth_code();
        let other = auth.is_some() && self.auth.is_some() && auth != self.auth;
        if outcome == Trigger::Approval && self.approved {
            if other {
                Trigger::OtherApproval
            } else {
                Trigger::ApprovalAgain
            }
        } else if outcome == Trigger::Decline && (self.approved || self.doubted || self.tried) {
            Trigger::DeclineInDoubt
        } else {
            outcome
        }
    }
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
pub(crate) fn is_same(new: &Opened, first: &Opened) -> bool {
    new.kind == first.kind
        && new.amount == first.amount
        && new.currency == first.currency
        && first.may_share_card(new)
}
