//! The issuer inside the acquirer: cards, PINs, balances.

use super::AcquirerOptions;
use super::refusal::HostRefusal;
use crate::engine::seam::{Dice, KeyedMap};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Pan, ResponseCode, Secret, Text};
use crate::iso::security::{WorkingKeys, decrypt_pin_block, pin_of_block};
use crate::lab::fault::PinTries;
use crate::lab::office::IssuerTerms;
use crate::lab::peer::card::has_check_digit;
use jiff::civil::Date;

#[derive(Debug)]
struct CardAccount {
    pin: Option<Secret>,
    /// What is held of its money; less than nothing after a refund to a stranger.
    held: i64,
    /// How often its PIN was wrong in a row.
    wrong_pins: u32,
    /// How often it was granted on the last day of its use.
    granted: (Date, u32),
}

impl CardAccount {
    const fn new(pin: Option<Secret>) -> Self {
        Self {
            pin,
            held: 0,
            wrong_pins: 0,
            granted: (Date::MIN, 0),
        }
    }

    /// A new day begins with new counts.
    fn turn_to(&mut self, day: Date) {
        if self.granted.0 != day {
            self.granted = (day, 0);
            self.wrong_pins = 0;
        }
    }
}

/// What is asked of an issuer.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardUse<'a> {
    pub request: &'a Message,
    pub kind: Text<24>,
    /// The keys of the terminal, for the PIN.
    pub keys: Option<&'a WorkingKeys>,
    /// In minor units.
    pub amount: u64,
    pub day: Date,
}

/// The accounts behind the cards.
#[derive(Debug)]
pub(super) struct Issuer {
    accounts: KeyedMap<String, CardAccount>,
    balance: i64,
    strangers: bool,
    /// Whether a number is looked at before its account.
    strict: bool,
    terms: Vec<IssuerTerms>,
}

impl Issuer {
    pub(super) fn new(options: &AcquirerOptions, dice: &mut Dice) -> Self {
        let mut accounts = KeyedMap::new(dice.number());
        for card in options.cards.cards() {
            let account = CardAccount::new(card.pin.clone());
            // Of two alike the first stands.
            let _twin = accounts.insert_new(card.pan.reveal().to_owned(), account);
        }
        let balance = i64::try_from(options.balance).unwrap_or(i64::MAX);
        Self {
            accounts,
            balance,
            strangers: options.strangers,
            strict: options.strict,
            terms: options.issuers.clone(),
        }
    }

    fn account(&mut self, pan: &Pan) -> Option<&mut CardAccount> {
        if self.strangers {
            let name = pan.reveal().to_owned();
            return Some(
                self.accounts
                    .or_insert_with(name, || CardAccount::new(None)),
            );
        }
        self.accounts.get_mut(pan.reveal())
    }

    /// From now on numbers are looked at before their accounts.
    pub(super) const fn be_strict(&mut self) {
        self.strict = true;
    }

    /// What the issuer of a card lets it do.
    fn terms_of(&self, pan: &Pan) -> IssuerTerms {
        let mut all = self.terms.iter();
        all.find(|one| one.issued(pan)).cloned().unwrap_or_default()
    }

    /// Whether the card may be used like this.
    pub(super) fn check(&mut self, asked: &CardUse<'_>) -> Result<(), HostRefusal> {
        let pan = asked.request.pan().ok_or(HostRefusal::InvalidCard)?;
        if self.strict && !has_check_digit(pan.reveal()) {
            // A stranger may be good for money; a number that nobody issued is not.
            return Err(HostRefusal::InvalidCard);
        }
        let terms = self.terms_of(&pan);
        let balance = terms.balance.unwrap_or(self.balance);
        let account = self.account(&pan).ok_or(HostRefusal::InvalidCard)?;
        account.turn_to(asked.day);
        if terms
            .pin_tries
            .is_some_and(|tries| account.wrong_pins >= tries)
        {
            return Err(HostRefusal::TooManyPins);
        }
        if let Some((pin, keys)) = account.pin.as_ref().zip(asked.keys)
            && !fits(pin, &pan, asked.request, keys)
        {
            account.wrong_pins = account.wrong_pins.saturating_add(1);
            return Err(HostRefusal::WrongPin);
        }
        account.wrong_pins = 0;
        let amount = i64::try_from(asked.amount).unwrap_or(i64::MAX);
        if terms.has_frozen(&pan) {
            Err(HostRefusal::Frozen)
        } else if terms.refuses.contains(&asked.kind) {
            Err(HostRefusal::NotPermittedToCard)
        } else if terms.most.is_some_and(|most| amount > most) {
            Err(HostRefusal::OverLimit)
        } else if terms.count.is_some_and(|count| account.granted.1 >= count) {
            Err(HostRefusal::TooOften)
        } else if account.held.saturating_add(amount) > balance {
            Err(HostRefusal::InsufficientFunds)
        } else {
            account.granted.1 += 1;
            Ok(())
        }
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
        let balance = self.terms_of(pan).balance.unwrap_or(self.balance);
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
