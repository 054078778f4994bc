//! What is agreed for a merchant's account, as a file in TOML.

use super::cells::{FileError, amount};
use super::words::PayoutMode;
use crate::iso::message::Amount;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Deserializer, de::Error as _};

/// The settings of the merchants' accounts: `[[merchant]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSettings {
    /// One for each.
    #[serde(default)]
    pub merchant: Vec<MerchantSettings>,
}

/// What is agreed for one merchant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MerchantSettings {
    /// DE 42.
    pub id: String,
    /// The name under which it was contracted.
    pub name: String,
    /// Who may pay it out; none named, none known.
    pub payers: Vec<String>,
    /// `active`, or why it may not be paid: `frozen`, `papers_expired`, `court_order`,
    /// `not_activated`, `closed`.
    pub state: String,
    /// The terminals that are bound to it; none named, none known.
    pub terminals: Vec<String>,
    /// The kinds that are permitted; none named, none known.
    pub kinds: Vec<String>,
    /// Channels of wallets for which it is registered, such as `wechat`; none named, none known.
    pub channels: Option<Vec<String>>,
    /// When it is paid.
    #[serde(deserialize_with = "mode")]
    pub mode: Option<PayoutMode>,
    /// Whether sales are cleared by the host or when the terminal settles.
    pub capture: Capture,
    /// When the acquirer's day ends, such as `23:00`.
    #[serde(deserialize_with = "clock")]
    pub cut_over: Option<Time>,
    /// The fee in hundredths of a percent.
    pub fee_bp: u64,
    /// Instant pay-out.
    pub instant: Option<InstantPayout>,
    /// Changes of the rules, each with the day from which it holds.
    pub rule: Vec<PayoutRule>,
    /// What else was taken off, once.
    pub deduction: Vec<Deduction>,
    /// A clause of the agreement that moves the pay-out, in words.
    pub agreement: String,
}

/// Who has sales cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// The host, by itself: the usual case.
    #[default]
    Host,
    /// The terminal, by settling.
    Terminal,
}

/// The hours and the limit of instant pay-out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstantPayout {
    /// From this time of day.
    #[serde(deserialize_with = "clock", default)]
    pub from: Option<Time>,
    /// Until this time of day.
    #[serde(deserialize_with = "clock", default)]
    pub until: Option<Time>,
    /// Up to this amount.
    #[serde(deserialize_with = "yuan", default)]
    pub limit: Option<Amount>,
    /// Its own fee in hundredths of a percent.
    #[serde(default)]
    pub fee_bp: u64,
}

/// A rule of pay-out that holds from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutRule {
    /// From this day on.
    #[serde(deserialize_with = "day")]
    pub from: Date,
    /// What changed, in words.
    #[serde(default)]
    pub text: String,
    /// The mode from then on.
    #[serde(deserialize_with = "mode", default)]
    pub mode: Option<PayoutMode>,
}

/// Something that is taken off a pay-out once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deduction {
    /// What for: `deposit`, `data_fee`.
    pub what: String,
    /// How much.
    #[serde(deserialize_with = "yuan")]
    pub amount: Option<Amount>,
}

impl MerchantSettings {
    /// When it is paid what it sells on a day, by the rule that holds then.
    #[must_use]
    pub fn mode_on(&self, day: Date) -> Option<PayoutMode> {
        let holding = self.rule.iter().filter(|rule| rule.from <= day);
        let ruled = holding.filter(|rule| rule.mode.is_some());
        let newest = ruled.max_by_key(|rule| rule.from);
        newest.and_then(|rule| rule.mode).or(self.mode)
    }
}

impl AccountSettings {
    /// Reads them.
    ///
    /// # Errors
    /// If the text is not such a file; with line and column.
    pub fn read(text: &str) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|error| FileError::Settings(error.to_string()))
    }

    /// Those of a merchant.
    #[must_use]
    pub fn of(&self, merchant: &str) -> Option<&MerchantSettings> {
        self.merchant
            .iter()
            .find(|settings| settings.id == merchant)
    }
}

fn read_by<'de, D, T>(
    deserializer: D,
    read: impl Fn(&str) -> Option<T>,
    wanted: &str,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    read(&text).ok_or_else(|| D::Error::custom(format!("`{text}`: give {wanted}")))
}

fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PayoutMode>, D::Error> {
    read_by(deserializer, PayoutMode::read, "t0, t1, d1 or manual").map(Some)
}

fn yuan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
    read_by(
        deserializer,
        |text| amount(text, 2),
        "an amount such as \"888.00\"",
    )
    .map(Some)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    read_by(
        deserializer,
        |text| text.parse().ok(),
        "a day such as \"2026-11-22\"",
    )
}

fn clock<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let read = |text: &str| Time::strptime("%H:%M", text).ok();
    read_by(deserializer, read, "a time of day such as \"23:00\"").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_a_wrong_one_is_told_with_its_line() {
        let text = r#"
            [[merchant]]
            id = "874350357222471"
            name = "Corner shop"
            state = "active"
            terminals = ["10421695"]
            kinds = ["sale", "void"]
            mode = "t1"
            cut_over = "23:00"
            fee_bp = 60
            instant = { from = "08:00", until = "22:00", limit = "50000.00" }
            [[merchant.rule]]
            from = "2026-11-01"
            mode = "d1"
        "#;
        let settings = AccountSettings::read(text).unwrap();
        let merchant = settings.of("874350357222471").unwrap();
        assert_eq!(merchant.mode, Some(PayoutMode::T1));
        assert_eq!(merchant.capture, Capture::Host);
        let instant = merchant.instant.as_ref().unwrap();
        assert_eq!(instant.limit, Some(Amount(5_000_000)));
        let error = AccountSettings::read(&text.replace("23:00", "23 Uhr")).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("line 9") && error.contains("23:00"),
            "{error}"
        );
    }
}
