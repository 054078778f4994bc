//! When a merchant is paid, and what it costs.

use super::calendar::{Calendar, later};
use crate::engine::evidence::PayoutMode;
use jiff::civil::{Date, Time, time};

/// When what settles on a day is due; `None`: when the merchant asks. What could not be paid at
/// once is due on the next day.
fn due(mode: PayoutMode, settles_on: Date, calendar: &Calendar) -> Option<Date> {
    match mode {
        PayoutMode::T1 => Some(calendar.next_worked(settles_on)),
        PayoutMode::T0 | PayoutMode::D1 => Some(later(settles_on, 1)),
        PayoutMode::Manual => None,
    }
}

/// A rule of pay-out, and the settlement date from which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutTerms {
    /// The first settlement date that it is for.
    pub from: Date,
    /// From the acquirer to the merchant, or to the merchant's bank where a second cycle follows.
    pub mode: PayoutMode,
    /// From the merchant's bank to the merchant, where that is a cycle of its own.
    pub then: Option<PayoutMode>,
    /// The most that is paid at once on a day.
    pub limit: Option<i64>,
    /// From when to when it is paid at once.
    pub hours: (Time, Time),
    /// The least that is paid when the merchant asks.
    pub least: i64,
}

impl PayoutTerms {
    /// A rule without limits.
    #[must_use]
    pub const fn new(from: Date, mode: PayoutMode) -> Self {
        Self {
            from,
            mode,
            then: None,
            limit: None,
            hours: (Time::MIN, time(23, 59, 59, 999_999_999)),
            least: 0,
        }
    }

    /// When what settles on this day is due to the merchant.
    pub(super) fn due(&self, settles_on: Date, calendar: &Calendar) -> Option<Date> {
        let first = due(self.mode, settles_on, calendar)?;
        self.then
            .map_or(Some(first), |then| due(then, first, calendar))
    }
}

/// What a merchant pays for the acquirer's service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// Of each sale, in hundredths of a percent.
    pub rate: u32,
    /// The most for one sale.
    pub cap: Option<i64>,
    /// For each pay-out at once, on top.
    pub instant: i64,
}

impl Fee {
    /// For one sale, rounded to the nearest fen.
    pub(super) fn of(&self, amount: i64) -> i64 {
        let fee = (amount
            .saturating_mul(i64::from(self.rate))
            .saturating_add(5_000))
            / 10_000;
        self.cap.map_or(fee, |cap| fee.min(cap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_cycle_counts_its_own_days() {
        let china = Calendar::china();
        let friday = date(2026, 11, 27);
        let due = |mode| PayoutTerms::new(friday, mode).due(friday, &china);
        assert_eq!(due(PayoutMode::T1), Some(date(2026, 11, 30)));
        assert_eq!(due(PayoutMode::D1), Some(date(2026, 11, 28)));
        assert_eq!(due(PayoutMode::Manual), None);
    }

    #[test]
    fn a_second_cycle_begins_where_the_first_ends() {
        let eve = date(2026, 9, 29);
        let rule = PayoutTerms {
            then: Some(PayoutMode::T1),
            ..PayoutTerms::new(eve, PayoutMode::T1)
        };
        // On the 30th at the bank, behind National Day at the merchant.
        assert_eq!(rule.due(eve, &Calendar::china()), Some(date(2026, 10, 8)));
    }

    #[test]
    fn a_fee_is_rounded_and_capped() {
        let fee = Fee {
            rate: 60,
            cap: Some(2_000),
            instant: 0,
        };
        assert_eq!(fee.of(88_800), 533);
        assert_eq!(fee.of(83), 0);
        assert_eq!(fee.of(84), 1);
        assert_eq!(fee.of(10_000_000), 2_000);
    }
}
