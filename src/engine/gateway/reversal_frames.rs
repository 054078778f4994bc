//! A reversal as it goes out: the terminal's own frame, or one built from what was kept of the
//! request.

use super::core::Gateway;
use super::live::Slot;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::security;
use crate::iso::spec::{Flow, OriginalSource, ReversalRule};

impl Gateway {
    /// The reversal as it goes out now: the terminal's own frame, or one of ours under the key of
    /// the moment.
    pub(super) fn reversal_message(&self, slot: Slot) -> Option<Message> {
        let transaction = self.live.get(slot)?;
        let reversal = transaction.reversal.as_ref()?;
        if let Some(frame) = &reversal.frame {
            return Message::read(&self.spec_of(transaction)?, frame.clone()).ok();
        }
        // Without its card number no host could find what it reverses.
        let sealed = transaction.request.is_sealed()
            || (transaction.upstream.as_ref()).is_some_and(|upstream| upstream.frame.is_sealed());
        if sealed || transaction.opened.partly {
            return None;
        }
        let request = self.upstream_of(slot)?;
        let flow = request.spec().flow();
        let rule = flow.reversal.as_ref()?;
        let mut message = template(&request, rule)?;
        if reversal.tries > 0 && rule.repeat_mti {
            message.set_mti(rule.mti.repeat());
        }
        if let Some((field, codes)) = &rule.cause {
            let of_cause = codes.iter().find(|(cause, _)| *cause == reversal.cause);
            // The terminal's own word for it, where the host knows it.
            let told = reversal
                .cause_code
                .filter(|_| request.spec().name() == &*transaction.opened.spec);
            let code = told.or_else(|| of_cause.map(|(_, code)| *code));
            message.set(*field, code?.as_str()).ok()?;
        }
        self.sealed(message, flow)
    }

    /// Whether the link of a transaction speaks the dialect of a message.
    pub(super) fn is_spoken(&self, slot: Slot, message: &Message) -> bool {
        let own = self.live.get(slot);
        let spec = own.and_then(|own| self.host_spec(&own.opened));
        spec.is_some_and(|spec| spec.name() == message.spec().name())
    }

    fn sealed(&self, mut message: Message, flow: &Flow) -> Option<Message> {
        if flow.mac.is_some() {
            let key = self.terminal_of(&message)?;
            let keys = self.terminals.get(&key)?.keys.as_ref()?;
            security::seal(&mut message, &keys.mac).ok()?;
        }
        Some(message)
    }
}

/// The reversal of a request, without cause and MAC: the fields that the rule names and no other,
/// so that track, PIN and card code have no way in.
fn template(request: &Message, rule: &ReversalRule) -> Option<Message> {
    let mut message = Message::new(request.spec(), rule.mti);
    message.set_header(request.header());
    for field in &rule.copy {
        if request.has(*field) {
            message.copy(*field, request);
        }
    }
    const CHIP: FieldId = FieldId::of(55);
    for tag in &rule.copy_tags {
        let path = FieldPath {
            field: CHIP,
            part: Some(*tag),
        };
        if let Some(value) = request.text(path) {
            message.set(path, &value).ok()?;
        }
    }
    for (path, source) in &rule.original {
        let value = match source {
            OriginalSource::Mti => Some(request.mti().to_string()),
            OriginalSource::Field(field) => request.text(*field).map(|text| text.into_owned()),
            OriginalSource::Fixed(text) => Some(text.clone()),
        };
        if let Some(value) = value {
            message.set(*path, &value).ok()?;
        }
    }
    Some(message)
}
