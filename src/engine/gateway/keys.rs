//! Working keys: a terminal's sign-on brings them, wrapped under its master key.

use super::core::Gateway;
use super::names;
use crate::engine::record::{CarriedKeys, Fact};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::Secret;
use crate::iso::security;
use crate::iso::spec::{KeyBlockForm, Purpose};
use bytes::Bytes;

impl Gateway {
    /// Takes the working keys out of an approved sign-on, and says what is wrong with them, if
    /// anything: the old ones then stay.
    pub(super) fn learn_keys(
        &mut self,
        now: Now,
        message: &Message,
        approved: bool,
    ) -> Option<crate::iso::message::Text<120>> {
        let is_sign_on = message
            .kind()
            .is_some_and(|kind| kind.purpose == Purpose::SignOn);
        if !approved || !is_sign_on {
            return None;
        }
        let (form, block) = key_block(message)?;
        let carried = CarriedKeys {
            merchant: message.merchant().unwrap_or_default(),
            terminal: message.terminal().unwrap_or_default(),
            form,
            block,
        };
        let result = self.take_keys(&carried)?;
        match result {
            Ok(()) => {
                self.record(now, None, None, Fact::Keys(Box::new(carried)));
                None
            }
            Err(error) => crate::iso::message::Text::new(&error.to_string()),
        }
    }

    /// Unwraps a terminal's working keys, if its master key is known.
    pub(super) fn take_keys(
        &mut self,
        carried: &CarriedKeys,
    ) -> Option<Result<(), security::KeyError>> {
        let tmk = self.options.keys.of(&carried.merchant, &carried.terminal)?;
        let keys = match security::unwrap_block(tmk, carried.form, &carried.block) {
            Ok(keys) => keys,
            Err(error) => return Some(Err(error)),
        };
        let key = names::TerminalKey::new(&format!("{}|{}", carried.merchant, carried.terminal))?;
        let terminal = self.terminals.entry(key, &self.options.limits);
        terminal.keys = Some(keys);
        terminal.carried = Some(carried.clone());
        Some(Ok(()))
    }
}

/// The key block of a sign-on's answer, and its form.
fn key_block(message: &Message) -> Option<(KeyBlockForm, Bytes)> {
    let rule = message.spec().flow().keys.as_ref()?;
    let block = Secret::from_hex(&message.text(rule.field)?)?;
    let told = |(path, value, _): &&(_, String, _)| {
        message
            .text(*path)
            .is_some_and(|text| text == value.as_str())
    };
    let (_, _, form) = rule.forms.iter().find(told)?;
    Some((*form, Bytes::copy_from_slice(block.reveal())))
}
