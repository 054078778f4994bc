//! When a merchant is paid, and what it costs.

use super::calendar::{Calendar, later};
use jiff::civil::{Date, Time, time};

/// How a merchant is paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutMode {
    /// At once, each sale by itself (T+0).
    Instant,
    /// On the next working day (T+1).
    NextWorkingDay,
    /// On the next calendar day (D+1).
    NextDay,
    /// When the merchant asks for it.
    ByHand,
}

impl PayoutMode {
    /// As files and profiles say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instant => "t0",
            Self::NextWorkingDay => "t1",
            Self::NextDay => "d1",
            Self::ByHand => "manual",
        }
    }

    /// When what settles on this day is due; `None`: when the merchant asks. What could not be paid
    /// at once is due on the next day.
    fn due(self, settles_on: Date, calendar: &Calendar) -> Option<Date> {
        match self {
            Self::NextWorkingDay => Some(calendar.next_worked(settles_on)),
            Self::Instant | Self::NextDay => Some(later(settles_on, 1)),
            Self::ByHand => None,
        }
    }
}

/// A rule of pay-out, and the settlement date from which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutRule {
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

impl PayoutRule {
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
        let first = self.mode.due(settles_on, calendar)?;
        self.then
            .map_or(Some(first), |then| then.due(first, calendar))
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
        let due = |mode| PayoutRule::new(friday, mode).due(friday, &china);
        assert_eq!(due(PayoutMode::NextWorkingDay), Some(date(2026, 11, 30)));
        assert_eq!(due(PayoutMode::NextDay), Some(date(2026, 11, 28)));
        assert_eq!(due(PayoutMode::ByHand), None);
    }

    #[test]
    fn a_second_cycle_begins_where_the_first_ends() {
        let eve = date(2026, 9, 29);
        let rule = PayoutRule {
            then: Some(PayoutMode::NextWorkingDay),
            ..PayoutRule::new(eve, PayoutMode::NextWorkingDay)
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
