//! The merchant of a story, as the acquirer's back office has it.

use super::file::{WANTS_YUAN, yuan};
use crate::engine::evidence::PayoutMode;
use crate::iso::message::MerchantId;
use crate::lab::office::{Fee, Merchant, MerchantState, PayoutTerms};
use jiff::civil::{Date, Time};
use serde::Deserialize;

/// What is agreed with it. What is not named is as usual: paid on the next working day, nothing
/// deducted.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MerchantKeys {
    name: Option<String>,
    state: Option<String>,
    mode: Option<String>,
    then: Option<String>,
    limit: Option<String>,
    hours: Option<String>,
    least: Option<String>,
    rules: Vec<AgreedRule>,
    fee: Option<u32>,
    instant_fee: Option<String>,
    deposit: Option<String>,
    data_fee: Option<String>,
    bank_days: Option<u16>,
    terminals: Vec<String>,
    agreement: Option<String>,
}

/// A rule that holds from a day on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreedRule {
    from: String,
    mode: String,
}

/// The merchant of these keys.
pub(super) fn merchant(id: MerchantId, keys: &MerchantKeys) -> Result<Merchant, String> {
    let usual = Merchant::new(id);
    let minor = |key: &str, text: &Option<String>| {
        let sum = text.as_deref().map(|text| {
            let sum = yuan(text).and_then(|amount| i64::try_from(amount.0).ok());
            sum.ok_or_else(|| format!("`merchant.{key}`: {WANTS_YUAN}"))
        });
        sum.transpose()
    };
    let first = PayoutTerms {
        then: keys.then.as_deref().map(mode).transpose()?,
        limit: minor("limit", &keys.limit)?,
        hours: hours(keys.hours.as_deref())?,
        least: minor("least", &keys.least)?.unwrap_or(0),
        ..PayoutTerms::new(Date::MIN, mode(keys.mode.as_deref().unwrap_or("t1"))?)
    };
    let later = keys.rules.iter().map(|rule| {
        let from: Date = rule.from.parse().map_err(|_no_day| {
            format!(
                "`merchant.rules`: `{}` is no day, such as 2026-11-01",
                rule.from
            )
        })?;
        Ok(PayoutTerms {
            from,
            mode: mode(&rule.mode)?,
            ..first.clone()
        })
    });
    let later = later.collect::<Result<Vec<_>, String>>()?;
    let terminals = keys.terminals.iter().map(|name| {
        let terminal = crate::iso::message::TerminalId::new(name);
        terminal.ok_or_else(|| format!("`merchant.terminals`: `{name}` is too long"))
    });
    Ok(Merchant {
        state: state(keys.state.as_deref())?,
        terminals: terminals.collect::<Result<_, String>>()?,
        account_name: keys.name.clone().unwrap_or(usual.account_name),
        rules: std::iter::once(first).chain(later).collect(),
        fee: Fee {
            rate: keys.fee.unwrap_or(0),
            cap: None,
            instant: minor("instant_fee", &keys.instant_fee)?.unwrap_or(0),
        },
        deposit: minor("deposit", &keys.deposit)?.unwrap_or(0),
        data_fee: minor("data_fee", &keys.data_fee)?.unwrap_or(0),
        bank_days: keys.bank_days.unwrap_or(0),
        agreement: keys.agreement.clone().unwrap_or_default(),
        ..Merchant::new(id)
    })
}

fn mode(text: &str) -> Result<PayoutMode, String> {
    let modes = [
        PayoutMode::T0,
        PayoutMode::T1,
        PayoutMode::D1,
        PayoutMode::Manual,
    ];
    let found = modes.into_iter().find(|mode| mode.name() == text);
    found.ok_or_else(|| format!("`merchant.mode`: `{text}` is none; write t0, t1, d1 or manual"))
}

fn state(text: Option<&str>) -> Result<MerchantState, String> {
    let Some(text) = text else {
        return Ok(MerchantState::Active);
    };
    let found = MerchantState::ALL
        .into_iter()
        .find(|state| state.name() == text);
    found.ok_or_else(|| {
        let names = MerchantState::ALL.map(MerchantState::name).join(", ");
        format!("`merchant.state`: `{text}` is none; there are {names}")
    })
}

/// `08:00-22:00`.
fn hours(text: Option<&str>) -> Result<(Time, Time), String> {
    let Some(text) = text else {
        return Ok(PayoutTerms::new(Date::MIN, PayoutMode::T0).hours);
    };
    let read = || {
        let (from, until) = text.split_once('-')?;
        Some((from.parse().ok()?, until.parse().ok()?))
    };
    read().ok_or_else(|| format!("`merchant.hours`: write `{text}` as 08:00-22:00"))
}
