//! Working keys: a terminal's sign-on brings them, wrapped under its master key.

use super::core::Gateway;
use super::names::TerminalKey;
use crate::engine::record::{CarriedKeys, Fact};
use crate::engine::seam::{Dice, Now};
use crate::iso::codec::Message;
use crate::iso::message::{MerchantId, Secret, TerminalId};
use crate::iso::security::{self, Key, WorkingKeys};
use crate::iso::spec::{KeyBlockForm, KeyRule, Purpose};
use bytes::Bytes;

impl Gateway {
    /// Takes the working keys out of an approved sign-on of a terminal, whom the answer may leave
    /// out, and says what is wrong with them, if anything: the old ones then stay.
    pub(super) fn learn_keys(
        &mut self,
        now: Now,
        (merchant, terminal): (MerchantId, TerminalId),
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
            merchant: message.merchant().unwrap_or(merchant),
            terminal: message.terminal().unwrap_or(terminal),
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

    /// A terminal whose host has no keys to give gets them from the gateway, with the answer that
    /// opens its session: what the gateway translates, it must also sign.
    pub(super) fn with_keys(
        &mut self,
        now: Now,
        told: Message,
        host: &Message,
        approved: bool,
    ) -> Message {
        let is_sign_on = told
            .kind()
            .is_some_and(|kind| kind.purpose == Purpose::SignOn);
        if !approved || !is_sign_on || host.spec().flow().keys.is_some() {
            return told;
        }
        let mut with = told.clone();
        self.give_keys(now, &mut with).map_or(told, |()| with)
    }

    fn give_keys(&mut self, now: Now, told: &mut Message) -> Option<()> {
        let rule = told.spec().flow().keys.clone()?;
        let form = form_of(&rule, told)?;
        let (merchant, terminal) = (told.merchant()?, told.terminal()?);
        let tmk = self.options.keys.of(&merchant, &terminal)?.clone();
        let keys = fresh_keys(form, &mut self.dice)?;
        let block = security::wrap_block(&tmk, form, &keys);
        let text = Secret::new(block.clone()).reveal_hex();
        told.set(rule.field, text.as_str()).ok()?;
        let carried = CarriedKeys {
            merchant,
            terminal,
            form,
            block: block.into(),
        };
        self.take_keys(&carried)?.ok()?;
        self.record(now, None, None, Fact::Keys(Box::new(carried)));
        Some(())
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
        let key = TerminalKey {
            merchant: carried.merchant,
            number: carried.terminal,
        };
        let terminal = self.terminals.entry(key);
        terminal.keys = Some(keys);
        terminal.carried = Some(carried.clone());
        Some(Ok(()))
    }
}

/// The key block of a sign-on's answer, and its form.
fn key_block(message: &Message) -> Option<(KeyBlockForm, Bytes)> {
    let rule = message.spec().flow().keys.as_ref()?;
    let block = Secret::from_hex(&message.text(rule.field)?)?;
    let form = form_of(rule, message)?;
    Some((form, Bytes::copy_from_slice(block.reveal())))
}

/// The form of key block that a message speaks of.
fn form_of(rule: &KeyRule, message: &Message) -> Option<KeyBlockForm> {
    let told = |(path, value, _): &&(_, String, _)| {
        message
            .text(*path)
            .is_some_and(|text| text == value.as_str())
    };
    let (_, _, form) = rule.forms.iter().find(told)?;
    Some(*form)
}

/// Keys as long as their places take them; the MAC key single, as terminals expect.
fn fresh_keys(form: KeyBlockForm, dice: &mut Dice) -> Option<WorkingKeys> {
    let mut key = |length: usize| {
        let mut bytes = zeroize::Zeroizing::new(vec![0; length]);
        dice.fill(&mut bytes);
        Key::new(&bytes).ok()
    };
    let long = if form == KeyBlockForm::Single { 8 } else { 16 };
    Some(WorkingKeys {
        pin: key(long)?,
        mac: key(8)?,
        track: match form {
            KeyBlockForm::DoubleWithTrack => Some(key(16)?),
            KeyBlockForm::Single | KeyBlockForm::Double => None,
        },
    })
}
