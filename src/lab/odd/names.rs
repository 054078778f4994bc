//! The names of a plan's terminals, cards and attempts on the wire.

/// Merchant (DE 42) and terminal (DE 41). Four terminals stand at one merchant.
#[must_use]
pub fn terminal(t: u8) -> (String, String) {
    let merchant = format!("898310058{:06}", 120_001 + u32::from(t / 4));
    (merchant, format!("{:08}", 10_000_001 + u32::from(t)))
}

/// The card of a purchase (DE 2): Luhn-valid, one for each, without a zero between its first six
/// digits and its last four, so that a search for them finds a leak and nothing else.
#[must_use]
pub fn card(purchase: u32) -> String {
    let mut digits = [0_u32; 12];
    let mut rest = purchase;
    for digit in digits.iter_mut().rev() {
        *digit = rest % 9 + 1;
        rest /= 9;
    }
    let mut number = String::from("621626");
    number.extend(
        digits
            .iter()
            .filter_map(|digit| char::from_digit(*digit, 10)),
    );
    number.push(check_digit(&number));
    number
}

/// The Luhn digit that completes a number (ISO/IEC 7812-1 annex B).
fn check_digit(number: &str) -> char {
    let digits = number.chars().rev().filter_map(|c| c.to_digit(10));
    let weighed = digits.enumerate().map(|(at, digit)| {
        let value = if at % 2 == 0 { digit * 2 } else { digit };
        value / 10 + value % 10
    });
    let sum: u32 = weighed.sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

/// An attempt as the expiry date of its card (DE 14, `YYMM`), for attempts from 1 to 1199.
#[must_use]
pub fn tag(n: u32) -> String {
    format!("{:02}{:02}", n / 12 % 100, n % 12 + 1)
}

/// The attempt that an expiry date stands for.
#[must_use]
pub fn n_of(tag: &str) -> Option<u32> {
    if tag.len() != 4 || !tag.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: u32 = tag.parse().ok()?;
    let (year, month) = (digits / 100, digits % 100);
    let n = year * 12 + month.checked_sub(1)?;
    ((1..=12).contains(&month) && n > 0).then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_attempt_comes_back_from_its_tag() {
        for n in 1..1200 {
            assert_eq!(n_of(&tag(n)), Some(n));
        }
        for wrong in ["", "0000", "0001", "0113", "01a2", "00100"] {
            assert_eq!(n_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_purchase_has_a_card_and_each_terminal_a_name() {
        let cards: BTreeSet<String> = (0..2000).map(card).collect();
        assert_eq!(cards.len(), 2000);
        for number in &cards {
            let (body, check) = number.split_at(18);
            assert_eq!(check_digit(body).to_string(), check);
            assert!(!number[6..15].contains('0'), "{number}");
        }
        let names: BTreeSet<(String, String)> = (0..=255).map(terminal).collect();
        assert_eq!(names.len(), 256);
        assert!(names.iter().all(|(m, t)| m.len() == 15 && t.len() == 8));
    }
}
