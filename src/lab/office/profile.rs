//! A trade as data: dialect, kinds, cards, merchants and office of one system that people name.

use super::calendar::Calendar;
use super::issuers::IssuerTerms;
use super::merchant::{Merchant, MerchantState};
use super::open::OfficeTerms;
use super::terms::{Fee, PayoutTerms};
use crate::engine::evidence::{Capture, PayoutMode, amount};
use crate::iso::message::{MerchantId, TerminalId, Text};
use jiff::civil::{Date, Time};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

macro_rules! profiles {
    ($($name:literal),* $(,)?) => {
        const PROFILES: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../proto-specs/profiles/", $name, ".toml")),
        )),*];
    };
}

profiles!(
    "lakala",
    "lakala-qr",
    "icbc",
    "zhifutong",
    "unionpay-returns"
);

/// A trade as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// For people, in English.
    pub title: String,
    /// For people, in Chinese.
    pub title_zh: String,
    /// The dialect of terminals and acquirer.
    pub spec: String,
    /// Kinds by their names in the dialect, each with its weight.
    pub mix: Vec<(Text<24>, u64)>,
    /// Amounts, in minor units.
    pub amounts: RangeInclusive<u64>,
    /// What goes wrong beside what is asked for, as faults are written.
    pub faults: Vec<String>,
    /// The issuers of the cards.
    pub issuers: Vec<IssuerTerms>,
    /// The back office.
    pub office: OfficeTerms,
}

/// Why a profile is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// None of that name.
    #[error("there is no profile `{0}`; there are {1}")]
    Unknown(String, String),
    /// Not TOML, or a key or value that cannot be; with its line.
    #[error("profile: {0}")]
    Toml(String),
}

impl Profile {
    /// The names of those that come with the house.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PROFILES.iter().map(|(name, _)| *name)
    }

    /// One that comes with the house.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn builtin(name: &str) -> Result<Self, ProfileError> {
        let found = PROFILES.iter().find(|(known, _)| *known == name);
        let (_, text) = found.ok_or_else(|| {
            let names: Vec<&str> = Self::names().collect();
            ProfileError::Unknown(name.to_owned(), names.join(", "))
        })?;
        Self::read(text)
    }

    /// From TOML, as in `proto-specs/profiles`.
    ///
    /// # Errors
    /// [`ProfileError`], with the line.
    pub fn read(text: &str) -> Result<Self, ProfileError> {
        let file: ProfileFile =
            toml::from_str(text).map_err(|wrong| ProfileError::Toml(wrong.to_string()))?;
        let mut mix = Vec::new();
        for (name, weight) in file.mix {
            let long = || ProfileError::Toml(format!("`mix`: `{name}` is no kind: too long"));
            mix.push((Text::new(&name).ok_or_else(long)?, weight));
        }
        let [least, most] = file.amounts.map(|YuanText(minor)| minor.unsigned_abs());
        let merchants = file.merchant.into_iter().map(MerchantFile::merchant);
        let (strangers, merchants) = merchants.partition(|one: &Merchant| one.id.is_empty());
        let strangers: Vec<Merchant> = strangers;
        let bound = file.office.bound.into_iter();
        let bound = bound.map(|one| (one.terminal.0, one.merchant.0)).collect();
        Ok(Self {
            title: file.title,
            title_zh: file.zh,
            spec: file.spec,
            mix,
            amounts: least..=most.max(least),
            faults: file.faults,
            issuers: file.issuer.into_iter().map(IssuerFile::terms).collect(),
            office: OfficeTerms {
                calendar: Calendar::china(),
                cut_over: file.office.cut_over.0,
                pays_at: file.office.pays_at.0,
                payer: file.office.payer,
                merchants,
                stranger: strangers.into_iter().next(),
                bound,
                ..OfficeTerms::default()
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    title: String,
    zh: String,
    spec: String,
    mix: BTreeMap<String, u64>,
    amounts: [YuanText; 2],
    #[serde(default)]
    faults: Vec<String>,
    #[serde(default)]
    issuer: Vec<IssuerFile>,
    office: OfficeFile,
    /// One without `id` is what all others are like.
    merchant: Vec<MerchantFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerFile {
    name: String,
    zh: String,
    bins: Vec<String>,
    #[serde(default)]
    refuses: Vec<KindText>,
    most: Option<YuanText>,
    count: Option<u32>,
    balance: Option<YuanText>,
    #[serde(default)]
    frozen: Vec<String>,
    pin_tries: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeFile {
    cut_over: ClockText,
    pays_at: ClockText,
    payer: String,
    /// Terminals that are bound to another merchant than they name.
    #[serde(default)]
    bound: Vec<BoundFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundFile {
    terminal: TerminalText,
    merchant: MerchantText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantFile {
    id: Option<MerchantText>,
    account_name: Option<String>,
    state: Option<StateText>,
    #[serde(default)]
    terminals: Vec<TerminalText>,
    #[serde(default)]
    kinds: Vec<KindText>,
    most: Option<YuanText>,
    fee: FeeFile,
    deposit: Option<YuanText>,
    data_fee: Option<YuanText>,
    #[serde(default)]
    bank_days: u16,
    #[serde(default)]
    capture: Capture,
    #[serde(default)]
    agreement: String,
    rule: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeFile {
    rate: u32,
    cap: Option<YuanText>,
    instant: Option<YuanText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    from: DayText,
    mode: ModeText,
    then: Option<ModeText>,
    limit: Option<YuanText>,
    hours: Option<[ClockText; 2]>,
    least: Option<YuanText>,
}

impl IssuerFile {
    fn terms(self) -> IssuerTerms {
        IssuerTerms {
            name: self.name,
            name_zh: self.zh,
            bins: self.bins,
            refuses: self
                .refuses
                .into_iter()
                .map(|KindText(kind)| kind)
                .collect(),
            most: self.most.map(|YuanText(minor)| minor),
            count: self.count,
            balance: self.balance.map(|YuanText(minor)| minor),
            frozen: self.frozen,
            pin_tries: self.pin_tries,
        }
    }
}

impl MerchantFile {
    fn merchant(self) -> Merchant {
        let id = self.id.map_or(MerchantId::EMPTY, |MerchantText(id)| id);
        let plain = Merchant::new(id);
        Merchant {
            state: self
                .state
                .map_or(MerchantState::Active, |StateText(state)| state),
            terminals: self
                .terminals
                .into_iter()
                .map(|TerminalText(id)| id)
                .collect(),
            kinds: self.kinds.into_iter().map(|KindText(kind)| kind).collect(),
            most: self.most.map(|YuanText(minor)| minor),
            account_name: self.account_name.unwrap_or(plain.account_name),
            rules: self.rule.into_iter().map(RuleFile::terms).collect(),
            fee: Fee {
                rate: self.fee.rate,
                cap: self.fee.cap.map(|YuanText(minor)| minor),
                instant: minor(self.fee.instant),
            },
            deposit: minor(self.deposit),
            data_fee: minor(self.data_fee),
            bank_days: self.bank_days,
            capture: self.capture,
            agreement: self.agreement,
            id,
        }
    }
}

impl RuleFile {
    fn terms(self) -> PayoutTerms {
        let plain = PayoutTerms::new(self.from.0, self.mode.0);
        PayoutTerms {
            then: self.then.map(|ModeText(mode)| mode),
            limit: self.limit.map(|YuanText(minor)| minor),
            hours: self
                .hours
                .map_or(plain.hours, |[ClockText(from), ClockText(until)]| {
                    (from, until)
                }),
            least: minor(self.least),
            ..plain
        }
    }
}

/// In minor units; nothing if it is not said.
fn minor(text: Option<YuanText>) -> i64 {
    text.map_or(0, |YuanText(minor)| minor)
}

/// A value that a profile writes as a text, and what is said of a text that is none.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $wanted:literal, $read:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        struct $name($inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let read: fn(&str) -> Option<$inner> = $read;
                let wrong = || D::Error::custom(format!("`{text}`: give {}", $wanted));
                read(&text).map(Self).ok_or_else(wrong)
            }
        }
    )*};
}

texts! {
    /// An amount in yuan, held in fen.
    YuanText(i64) = "an amount such as \"888.00\"",
        |text| i64::try_from(amount(text, 2)?.0).ok();
    KindText(Text<24>) = "a kind of the dialect, such as \"sale\"", Text::new;
    ModeText(PayoutMode) = "t0, t1, d1 or manual", PayoutMode::read;
    ClockText(Time) = "a time of day such as \"23:00\"",
        |text| Time::strptime("%H:%M", text).ok();
    DayText(Date) = "a day such as \"2026-11-22\"", |text| text.parse().ok();
    StateText(MerchantState) = "active, frozen, not_activated, papers_expired, court_order, \
        not_registered, closed or unknown",
        |text| MerchantState::ALL.into_iter().find(|state| state.name() == text);
    MerchantText(MerchantId) = "a merchant of at most 35 characters", MerchantId::new;
    TerminalText(TerminalId) = "a terminal of at most 16 characters", TerminalId::new;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Spec;
    use jiff::civil::date;

    #[test]
    fn every_profile_is_sound_and_its_dialect_has_its_kinds() {
        for name in Profile::names() {
            let profile = Profile::builtin(name).unwrap();
            let spec = Spec::builtin(&profile.spec).unwrap();
            let has = |kind: &Text<24>| spec.flow().kinds.iter().any(|one| one.name == *kind);
            for (kind, _) in &profile.mix {
                assert!(has(kind), "{name}: {kind}");
            }
            for kind in profile.issuers.iter().flat_map(|one| &one.refuses) {
                assert!(has(kind), "{name}: {kind}");
            }
            assert!(profile.office.stranger.is_some(), "{name}");
        }
        let wrong = Profile::builtin("lakal").unwrap_err().to_string();
        assert!(
            wrong.starts_with("there is no profile `lakal`; there are lakala, "),
            "{wrong}"
        );
    }

    #[test]
    fn a_profile_says_when_it_is_paid_and_what_it_costs() {
        let lakala = Profile::builtin("lakala").unwrap().office.stranger.unwrap();
        let (before, after) = (date(2025, 5, 31), date(2025, 6, 1));
        assert_eq!(lakala.rule(before).mode, PayoutMode::D1);
        assert_eq!(lakala.rule(after).limit, Some(5_000_000));
        assert_eq!((lakala.fee.rate, lakala.fee.instant), (60, 200));
    }

    #[test]
    fn a_wrong_profile_names_line_and_mend() {
        let text = PROFILES[0].1;
        for (good, bad, says) in [
            (
                "mode = \"d1\"",
                "mode = \"d2\"",
                "`d2`: give t0, t1, d1 or manual",
            ),
            ("\"23:00\"", "\"23 Uhr\"", "`23 Uhr`: give a time of day"),
            ("\"2.00\"", "\"-2\"", "`-2`: give an amount"),
            ("payer =", "payr =", "unknown field `payr`"),
        ] {
            let wrong = Profile::read(&text.replace(good, bad))
                .unwrap_err()
                .to_string();
            assert!(wrong.contains(says) && wrong.contains("line"), "{wrong}");
        }
    }

    #[test]
    fn a_merchant_of_its_own_stands_beside_the_others() {
        let own = "\n[[merchant]]\nid = \"M1\"\nstate = \"frozen\"\nfee = { rate = 1 }\n\
                   terminals = [\"T1\"]\nrule = [{ from = \"2026-01-01\", mode = \"t1\" }]";
        let profile = Profile::read(&format!("{}{own}", PROFILES[1].1)).unwrap();
        assert_eq!(profile.office.merchants[0].state, MerchantState::Frozen);
        assert!(profile.office.stranger.is_some());
    }
}
