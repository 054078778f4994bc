//! Particular answers to particular requests, as TOML.

use crate::engine::seam::Dice;
use crate::engine::trace::{QueryError, amount};
use crate::iso::codec::Message;
use crate::iso::message::ResponseCode;
use crate::iso::spec::{Kind, Purpose};
use crate::lab::fault::{Fate, Fault, FaultSide, Span};
use serde::Deserialize;
use std::ops::RangeInclusive;

/// Rules; the first match wins. One that names no kind is for money and inquiries, not for the
/// reversals of the same amounts.
///
/// ```toml
/// [[rule]]
/// match = { kind = "sale", terminal = "T0000001", card = "0048", amount = "10.00..50.00" }
/// code = "51"
///
/// [[rule]]
/// match = { amount = "666.00" }
/// delay = "300ms"
/// fault = "F07:at=booked"
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<HostRule>);

/// Why rules cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The text is no TOML, or has other keys.
    #[error("{0}")]
    Toml(String),
    /// A value cannot be.
    #[error("rule {number}: `{key}`: {wrong}")]
    Value {
        /// Which rule, from 1.
        number: usize,
        /// Its key.
        key: &'static str,
        /// What is wanted.
        wrong: String,
    },
}

#[derive(Clone, Debug)]
struct HostRule {
    kind: Option<String>,
    terminal: Option<String>,
    card: Option<String>,
    amount: Option<RangeInclusive<u64>>,
    code: Option<ResponseCode>,
    delay: Span,
    fault: Option<Fault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    rule: Vec<RuleKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleKeys {
    #[serde(default, rename = "match")]
    when: MatchKeys,
    code: Option<String>,
    delay: Option<String>,
    fault: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MatchKeys {
    kind: Option<String>,
    terminal: Option<String>,
    card: Option<String>,
    amount: Option<String>,
}

impl Rules {
    /// From TOML.
    ///
    /// # Errors
    /// [`RulesError`], with the rule's number and key.
    pub fn read(text: &str) -> Result<Self, RulesError> {
        let file: RulesFile =
            toml::from_str(text).map_err(|wrong| RulesError::Toml(wrong.to_string()))?;
        let rules = file
            .rule
            .into_iter()
            .zip(1..)
            .map(|(keys, number)| HostRule::read(keys, number));
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of them needs a back office.
    pub(super) fn need_office(&self) -> bool {
        let mut faults = self.0.iter().filter_map(|rule| rule.fault.as_ref());
        faults.any(|fault| fault.place() == FaultSide::Office)
    }

    /// Shapes the fate of a request that a rule matches.
    pub(super) fn shape(&self, kind: &Kind, request: &Message, fate: &mut Fate, dice: &mut Dice) {
        let Some(rule) = self.0.iter().find(|rule| rule.matches(kind, request)) else {
            return;
        };
        if rule.code.is_some() {
            fate.code = rule.code;
        }
        fate.answer_delay = fate.answer_delay.max(rule.delay.draw(dice));
        if let Some(fault) = &rule.fault {
            fault.befall(fate, dice);
        }
    }
}

impl HostRule {
    fn read(keys: RuleKeys, number: usize) -> Result<Self, RulesError> {
        let wrong = |key, wrong: String| RulesError::Value { number, key, wrong };
        let code = keys.code.map(|text| {
            let code = ResponseCode::new(&text);
            code.ok_or_else(|| wrong("code", "a response code has 4 characters at most".into()))
        });
        let delay = keys
            .delay
            .map(|text| text.parse().map_err(|why: &str| wrong("delay", why.into())));
        let fault = keys.fault.map(|text| {
            text.parse()
                .map_err(|why: crate::lab::fault::FaultError| wrong("fault", why.to_string()))
        });
        let amount = keys
            .when
            .amount
            .map(|text| amounts(&text).map_err(|why| wrong("amount", why.to_string())));
        Ok(Self {
            kind: keys.when.kind,
            terminal: keys.when.terminal,
            card: keys.when.card,
            amount: amount.transpose()?,
            code: code.transpose()?,
            delay: delay.transpose()?.unwrap_or_default(),
            fault: fault.transpose()?,
        })
    }

    fn matches(&self, kind: &Kind, request: &Message) -> bool {
        let amount = || request.amount().map_or(0, |amount| amount.0);
        let ends = |suffix: &String| request.pan().is_some_and(|pan| pan.ends_with(suffix));
        let is_of_kind = match &self.kind {
            Some(name) => *name == *kind.name,
            // What declines a sale must not by accident refuse its reversal.
            None => kind.purpose.moves_money() || kind.purpose == Purpose::Inquiry,
        };
        is_of_kind
            && self.terminal.as_ref().is_none_or(|id| {
                request
                    .terminal()
                    .is_some_and(|terminal| &*terminal == id.as_str())
            })
            && self.card.as_ref().is_none_or(ends)
            && self
                .amount
                .as_ref()
                .is_none_or(|range| range.contains(&amount()))
    }
}

/// `10.00`, `10.00..50.00`, `..50.00`, or as much in minor units.
fn amounts(text: &str) -> Result<RangeInclusive<u64>, QueryError> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let one = |text: &str, without: u64| match text.trim() {
        "" => Ok(without),
        text => amount(text).map(|amount| amount.0),
    };
    Ok(one(low, 0)?..=one(high, u64::MAX)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_write_them() {
        assert_eq!(amounts("10.00..50.00"), Ok(1_000..=5_000));
        assert_eq!(amounts("1000..5000"), Ok(1_000..=5_000));
        assert_eq!(amounts("666.00"), Ok(66_600..=66_600));
        assert_eq!(amounts("..0.50"), Ok(0..=50));
        assert!(amounts("5").is_err());
    }

    #[test]
    fn a_wrong_rule_says_which_and_why() {
        for (text, says) in [
            (
                "[[rule]]\ncode = \"51\"\n[[rule]]\ncode = \"51234\"",
                "rule 2: `code`: a response code has 4",
            ),
            (
                "[[rule]]\nmatch = { amount = \"x\" }",
                "rule 1: `amount`: `x` is no amount",
            ),
            (
                "[[rule]]\ndelay = \"5\"",
                "rule 1: `delay`: a length of time has a unit",
            ),
            (
                "[[rule]]\nfault = \"F99\"",
                "rule 1: `fault`: there is no fault `F99`",
            ),
            ("[[rule]]\nmatch = { pan = \"1\" }", "unknown field `pan`"),
        ] {
            let wrong = Rules::read(text).unwrap_err().to_string();
            assert!(wrong.contains(says), "{wrong}");
        }
    }
}
