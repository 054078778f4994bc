//! Card numbers where nobody said that one stands.

use std::ops::{Range, RangeInclusive};

/// Where among digits (what is above nine is none) the first card number stands that has one of
/// these lengths: it begins as cards of payment schemes do, and its check digit is right. A row of
/// digits that is one as a whole goes before one within a row.
#[must_use]
pub fn card_among(digits: &[u8], lengths: RangeInclusive<usize>) -> Option<Range<usize>> {
    let mut at = 0usize;
    for run in digits.split(|digit| *digit > 9) {
        if let Some(found) = card_within(run, &lengths) {
            return Some(at.saturating_add(found.start)..at.saturating_add(found.end));
        }
        at = at.saturating_add(run.len()).saturating_add(1);
    }
    None
}

fn card_within(run: &[u8], lengths: &RangeInclusive<usize>) -> Option<Range<usize>> {
    if lengths.contains(&run.len()) && is_card(run) {
        return Some(0..run.len());
    }
    // Most cards have 16 digits, many of UnionPay 19.
    [16, 19, 18, 17, 15, 14, 13]
        .into_iter()
        .filter(|length| lengths.contains(length))
        .find_map(|length| {
            let at = run.windows(length).position(is_card)?;
            Some(at..at.saturating_add(length))
        })
}

fn is_card(digits: &[u8]) -> bool {
    // Characters that are digits, taken for packed ones, have a 3 in every second place.
    let is_text = |first: usize| {
        let mut every_second = digits.iter().skip(first).step_by(2);
        every_second.all(|digit| *digit == 3)
    };
    let begins = matches!(digits.first(), Some(3..=6));
    begins && is_luhn(digits) && !is_text(0) && !is_text(1)
}

/// Whether the check digit of a number is right (ISO/IEC 7812-1 annex B).
#[must_use]
pub fn is_luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| match digit.saturating_mul(2) {
        sum @ 10.. => sum.saturating_sub(9),
        sum => sum,
    };
    let weigh = |(at, digit): (usize, &u8)| match at % 2 {
        0 => u32::from(*digit),
        _ => doubled(u32::from(*digit)),
    };
    let sum: u32 = digits.iter().rev().enumerate().map(weigh).sum();
    sum.is_multiple_of(10)
}
