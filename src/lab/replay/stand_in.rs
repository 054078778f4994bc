//! Test cards in place of those that were masked before the capture was made.

use super::event::SkipCause;
use crate::engine::seam::Dice;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Pan, Part, Secret, Text};
use crate::lab::peer::Deck;
use sha2::{Digest, Sha256};

const NUMBER: FieldId = FieldId::of(2);
const EXPIRY: FieldId = FieldId::of(14);
const TRACK_2: FieldId = FieldId::of(35);
const TRACK_3: FieldId = FieldId::of(36);
const TRACK_1: FieldId = FieldId::of(45);
const PIN: FieldId = FieldId::of(52);
const CHIP: FieldId = FieldId::of(55);

/// What stands in for a masked card.
#[derive(Debug)]
pub(super) struct StandIn {
    pan: Pan,
    expiry: Text<4>,
    /// Its PIN, if it is a card of the deck that has one.
    pub pin: Option<Secret>,
}

impl StandIn {
    /// The card of the deck with these first six and last four digits; without one, a number with
    /// the same ones that passes the check of Luhn, the same each time.
    fn of(masked: &Pan, deck: &Deck, seed: u64) -> Option<Self> {
        let digits = masked.reveal();
        let (first, last) = (
            digits.get(..6)?,
            digits.get(digits.len().checked_sub(4)?..)?,
        );
        let fits =
            |pan: &str| pan.len() == digits.len() && pan.starts_with(first) && pan.ends_with(last);
        let mut cards = deck.cards().iter();
        if let Some(card) = cards.find(|card| fits(card.pan.reveal())) {
            return Some(Self {
                pan: card.pan.clone(),
                expiry: card.expiry,
                pin: card.pin.clone(),
            });
        }
        let middle = digits.len().checked_sub(10).filter(|middle| *middle > 0)?;
        let digest = Sha256::digest(format!("{seed}|{first}|{last}|{middle}").as_bytes());
        let start = digest
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let mut dice = Dice::new(start);
        let mut drawn: String = (1..middle).map(|_| digit(dice.between(1, 9))).collect();
        let mut checks = (0..10).map(|value| format!("{first}{drawn}{}{last}", digit(value)));
        let number = checks.find(|number| passes_check(number))?;
        drawn.clear();
        Some(Self {
            pan: Pan::new(number),
            expiry: Text::new("3012")?,
            pin: None,
        })
    }
}

fn digit(value: u64) -> char {
    let value = u32::try_from(value).ok();
    value
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or('0')
}

/// The check of Luhn (ISO/IEC 7812-1 annex B).
fn passes_check(number: &str) -> bool {
    let digits = number.chars().rev().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit } else { digit * 2 })
        .map(|value| value / 10 + value % 10)
        .sum();
    sum.is_multiple_of(10)
}

/// Puts a test card, wherever a masked message has one. What was overwritten besides, and is
/// needed, keeps the message from being sent.
pub(super) fn put_stand_in(
    message: &mut Message,
    deck: &Deck,
    seed: u64,
) -> Result<Option<StandIn>, SkipCause> {
    let card = message.pan().and_then(|pan| StandIn::of(&pan, deck, seed));
    let spec = message.spec().clone();
    let mac = spec.flow().mac.map(|rule| rule.field);
    for field in message.fields().without(spec.kept()).iter() {
        let card = card.as_ref().ok_or(SkipCause::Masked(field));
        match field {
            NUMBER => put(message, NUMBER, card?.pan.reveal())?,
            EXPIRY => put(message, EXPIRY, &card?.expiry)?,
            TRACK_2 => {
                let card = card?;
                let track = format!("{}={}1010000", card.pan.reveal(), card.expiry);
                put(message, TRACK_2, &track)?;
            }
            TRACK_1 | TRACK_3 => message.remove(field),
            // Made anew behind this, or the message does not go.
            PIN => {}
            CHIP => put_chip(message, card?)?,
            field if Some(field) == mac => {}
            // Nothing in it, or all of it may be kept.
            field if !has_hidden(message, field) => {}
            field => return Err(SkipCause::Masked(field)),
        }
    }
    Ok(card)
}

/// The card in chip data: its number (5A), track 2 (57) and expiry (5F24).
fn put_chip(message: &mut Message, card: &StandIn) -> Result<(), SkipCause> {
    let number = card.pan.reveal();
    let even = |text: String| {
        if text.len().is_multiple_of(2) {
            text
        } else {
            format!("{text}F")
        }
    };
    let track = even(format!("{number}D{}1010000", card.expiry));
    let values = [
        ("5A", even(number.to_owned())),
        ("57", track),
        ("5F24", format!("{}31", card.expiry)),
    ];
    for (tag, value) in values {
        let path = FieldPath {
            field: CHIP,
            part: Part::new(tag),
        };
        if message.text(path).is_some() {
            let set = message.set(path, &value);
            set.map_err(|_wrong| SkipCause::DoesNotFit(CHIP))?;
        }
    }
    Ok(())
}

/// Whether some of a field may not be kept, by what is shown of it.
fn has_hidden(message: &Message, field: FieldId) -> bool {
    let text = message.text(field);
    text.as_deref().is_some_and(|text| !text.is_empty())
        && message.shown(field).as_deref() != text.as_deref()
}

fn put(message: &mut Message, field: FieldId, value: &str) -> Result<(), SkipCause> {
    let set = message.set(field, value);
    set.map_err(|_wrong| SkipCause::DoesNotFit(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_of_the_deck_stands_in_where_its_ends_fit() {
        let deck = Deck::new(7, 4);
        let card = &deck.cards()[1];
        let number = card.pan.reveal();
        let masked = format!("{}000000000{}", &number[..6], &number[15..]);
        let found = StandIn::of(&Pan::new(masked), &deck, 1).unwrap();
        assert_eq!(found.pan, card.pan);
    }

    #[test]
    fn a_strange_card_keeps_its_ends_and_passes_the_check() {
        let deck = Deck::new(7, 0);
        for masked in ["6226090000000048", "6226090000000000048", "4111110001111"] {
            let one = StandIn::of(&Pan::new(masked.into()), &deck, 1).unwrap();
            let number = one.pan.reveal();
            assert!(passes_check(number), "{number}");
            assert_eq!(number.len(), masked.len());
            assert_eq!(&number[..6], &masked[..6]);
            assert!(number.ends_with(&masked[masked.len() - 4..]));
            let again = StandIn::of(&Pan::new(masked.into()), &deck, 1).unwrap();
            assert_eq!(again.pan, one.pan);
        }
    }
}
