//! The issuer inside the acquirer: cards, PINs, balances.

use super::AcquirerOptions;
use super::refusal::HostRefusal;
use crate::engine::seam::{Dice, KeyedMap};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Pan, ResponseCode, Secret};
use crate::iso::security::{WorkingKeys, decrypt_pin_block, pin_of_block};
use crate::lab::fault::PinTries;
use crate::lab::peer::card::has_check_digit;

#[derive(Debug)]
struct CardAccount {
    pin: Option<Secret>,
    /// What is held of its money; less than nothing after a refund to a stranger.
    held: i64,
    /// How often its PIN was wrong in a row, by a fault.
    wrong_pins: u32,
}

/// The accounts behind the cards.
#[derive(Debug)]
pub(super) struct Issuer {
    accounts: KeyedMap<String, CardAccount>,
    balance: i64,
    strangers: bool,
    /// Whether a number is looked at before its account.
    strict: bool,
}

impl Issuer {
    pub(super) fn new(options: &AcquirerOptions, dice: &mut Dice) -> Self {
        let mut accounts = KeyedMap::new(dice.number());
        for card in options.cards.cards() {
            let account = CardAccount {
                pin: card.pin.clone(),
                held: 0,
                wrong_pins: 0,
            };
            // Of two alike the first stands.
            let _twin = accounts.insert_new(card.pan.reveal().to_owned(), account);
        }
        let balance = i64::try_from(options.balance).unwrap_or(i64::MAX);
        Self {
            accounts,
            balance,
            strangers: options.strangers,
            strict: options.strict,
        }
    }

    fn account(&mut self, pan: &Pan) -> Option<&mut CardAccount> {
        if self.strangers {
            let stranger = || CardAccount {
                pin: None,
                held: 0,
                wrong_pins: 0,
            };
            return Some(
                self.accounts
                    .or_insert_with(pan.reveal().to_owned(), stranger),
            );
        }
        self.accounts.get_mut(pan.reveal())
    }

    /// Whether the card may be used like this for this amount.
    pub(super) fn check(
        &mut self,
        request: &Message,
        keys: Option<&WorkingKeys>,
        amount: u64,
    ) -> Result<(), HostRefusal> {
        let balance = self.balance;
        let pan = request.pan().ok_or(HostRefusal::InvalidCard)?;
        if self.strict && !has_check_digit(pan.reveal()) {
            // A stranger may be good for money; a number that nobody issued is not.
            return Err(HostRefusal::InvalidCard);
        }
        let account = self.account(&pan).ok_or(HostRefusal::InvalidCard)?;
        if let Some((pin, keys)) = account.pin.as_ref().zip(keys)
            && !fits(pin, &pan, request, keys)
        {
            return Err(HostRefusal::WrongPin);
        }
        account.wrong_pins = 0;
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        if account.held.saturating_add(amount) > balance {
            return Err(HostRefusal::InsufficientFunds);
        }
        Ok(())
    }

    /// The PIN is wrong once more, whatever it is: the usual code, or the last.
    pub(super) fn wrong_pin(
        &mut self,
        pan: &Pan,
        tries: PinTries,
        usual: ResponseCode,
    ) -> ResponseCode {
        let Some(account) = self.account(pan) else {
            return usual;
        };
        account.wrong_pins = account.wrong_pins.saturating_add(1);
        if account.wrong_pins >= tries.times {
            tries.last
        } else {
            usual
        }
    }

    /// What is left to spend.
    pub(super) fn available(&mut self, pan: &Pan) -> i64 {
        let balance = self.balance;
        self.account(pan)
            .map_or(0, |account| balance.saturating_sub(account.held))
    }

    /// More or less of its money is held.
    pub(super) fn hold(&mut self, pan: &Pan, change: i64) {
        if let Some(account) = self.account(pan) {
            account.held = account.held.saturating_add(change);
        }
    }
}

/// A message without a PIN block passes: the card was used without its PIN.
fn fits(pin: &Secret, pan: &Pan, request: &Message, keys: &WorkingKeys) -> bool {
    let Some(block) = request.text(FieldId::of(52)) else {
        return true;
    };
    let Some(block) = Secret::from_hex(&block) else {
        return false;
    };
    let Ok(block) = <[u8; 8]>::try_from(block.reveal()) else {
        return false;
    };
    let clear = decrypt_pin_block(&keys.pin, block);
    pin_of_block(clear, Some(pan.reveal())).is_some_and(|given| given == *pin)
}
