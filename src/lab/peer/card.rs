//! Test cards.

use crate::engine::seam::Dice;
use crate::iso::message::{Pan, Secret, Text};
use std::sync::Arc;

/// A test card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCard {
    /// Its number.
    pub pan: Pan,
    /// `YYMM`.
    pub expiry: Text<4>,
    /// Its PIN, if it is used with one.
    pub pin: Option<Secret>,
    /// How it is read.
    pub entry: CardEntry,
}

/// How a card is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardEntry {
    /// Its stripe: track 2 (DE 35).
    Stripe,
    /// Its number is keyed in (DE 2, 14).
    Keyed,
}

/// Test cards that terminals swipe and an issuer knows. Shared, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deck(Arc<[TestCard]>);

/// A range that `UnionPay` uses in its test systems (6216261000000000018 is its best known card).
pub const TEST_BIN: &str = "621626";

impl Deck {
    /// Cards of a lab, from its seed: 19 digits, Luhn-valid, half of them with a PIN, half read by
    /// their stripe. No digit between the first six and the last four is zero, so that a search for
    /// them finds a leak and nothing else.
    #[must_use]
    pub fn new(seed: u64, count: usize) -> Self {
        Self::of_bins(seed, count, &[TEST_BIN])
    }

    /// The same, their numbers beginning with each of these in turn.
    #[must_use]
    pub fn of_bins(seed: u64, count: usize, bins: &[&str]) -> Self {
        let mut dice = Dice::new(seed ^ 0xCA4D);
        let bins = bins.iter().cycle().zip(0..count);
        bins.map(|(bin, at)| lab_card(&mut dice, bin, at)).collect()
    }

    /// The cards.
    #[must_use]
    pub fn cards(&self) -> &[TestCard] {
        &self.0
    }
}

impl FromIterator<TestCard> for Deck {
    fn from_iter<I: IntoIterator<Item = TestCard>>(cards: I) -> Self {
        Self(cards.into_iter().collect())
    }
}

fn lab_card(dice: &mut Dice, bin: &str, at: usize) -> TestCard {
    let mut number = String::from(bin);
    number.extend((bin.len()..15).map(|_| digit(dice.between(1, 9))));
    number.push_str(&format!("{:03}", at % 1000));
    number.push(check_digit(&number));
    let pin = (0..6).map(|_| digit(dice.below(10))).collect::<String>();
    TestCard {
        pan: Pan::new(number),
        expiry: Text::new("3012").unwrap_or_default(),
        pin: at.is_multiple_of(2).then(|| Secret::new(pin.into_bytes())),
        entry: if at % 4 < 2 {
            CardEntry::Stripe
        } else {
            CardEntry::Keyed
        },
    }
}

fn digit(value: u64) -> char {
    u32::try_from(value)
        .ok()
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or('0')
}

/// Whether the last digit of a number is its check digit.
pub(super) fn has_check_digit(number: &str) -> bool {
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (body, last) = number.split_at(number.len().saturating_sub(1));
    last.chars().eq([check_digit(body)])
}

/// The Luhn digit that completes a number (ISO/IEC 7812-1 annex B).
fn check_digit(number: &str) -> char {
    let sum: u64 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let value = u64::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    digit((10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_test_card_has_its_check_digit() {
        assert_eq!(check_digit("621626100000000001"), '8');
        assert!(has_check_digit("6216261000000000018"));
        assert!(!has_check_digit("6216261000000000028"));
        assert!(!has_check_digit("62162610000000000x8") && !has_check_digit("é"));
    }

    #[test]
    fn a_seed_deals_the_same_cards_and_no_two_alike() {
        let deck = Deck::new(7, 100);
        assert_eq!(deck, Deck::new(7, 100));
        let mut numbers: Vec<&str> = deck.cards().iter().map(|card| card.pan.reveal()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
        assert!(numbers.iter().all(|number| number.len() == 19));
        assert!(numbers.iter().all(|number| !number[6..15].contains('0')));
    }
}
