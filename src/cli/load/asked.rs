//! What is asked for on the command line: rates and mixes.

use crate::engine::seam::duration;
use crate::io::drive::load::Stretch;
use crate::iso::spec::Spec;
use crate::lab::peer::Mix;
use anyhow::Context;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A rate, or one that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RateArg {
    text: String,
    from: u32,
    to: u32,
    /// For how long it changes; all the time without.
    within: Option<Duration>,
}

const RATE: &str = "a rate is 500, 500..20000 or 500..20000/60s: requests a second, 1 or more";

impl FromStr for RateArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rates, within) = match text.split_once('/') {
            Some((rates, time)) => (rates, Some(duration(time).ok_or(RATE)?)),
            None => (text, None),
        };
        let (from, to) = rates.split_once("..").unwrap_or((rates, rates));
        let rate = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|rate| *rate > 0)
                .ok_or(RATE)
        };
        let (from, to) = (rate(from)?, rate(to)?);
        if within.is_some() && from == to {
            return Err(RATE);
        }
        Ok(Self {
            text: text.to_owned(),
            from,
            to,
            within,
        })
    }
}

impl fmt::Display for RateArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl RateArg {
    /// The rate that it begins with.
    pub(super) const fn first(&self) -> u32 {
        self.from
    }

    /// What is offered within a time.
    pub(super) fn stretches(&self, length: Duration) -> Vec<Stretch> {
        let within = self.within.unwrap_or(length).min(length);
        let ramp = Stretch {
            from: self.from,
            to: self.to,
            length: within,
        };
        let rest = length.saturating_sub(within);
        let after = (!rest.is_zero()).then(|| Stretch::even(self.to, rest));
        [ramp].into_iter().chain(after).collect()
    }
}

/// A kind with its weight, or `shop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MixArg {
    kind: String,
    weight: Option<u64>,
}

impl FromStr for MixArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, weight) = match text.split_once('=') {
            Some((kind, weight)) => {
                let weight = weight.parse().ok().filter(|weight| *weight > 0);
                (
                    kind,
                    Some(weight.ok_or("a weight is a number of 1 or more, as in sale=70")?),
                )
            }
            None => (text, None),
        };
        Ok(Self {
            kind: kind.to_owned(),
            weight,
        })
    }
}

impl fmt::Display for MixArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        self.weight.map_or(Ok(()), |weight| write!(f, "={weight}"))
    }
}

/// The mix that is asked for.
pub(super) fn mix(spec: &Spec, wanted: &[MixArg]) -> anyhow::Result<Mix> {
    let is_shop = |one: &MixArg| one.kind == "shop" && one.weight.is_none();
    let mix = if wanted.iter().any(is_shop) {
        Mix::shop(spec)
    } else {
        let weights = wanted
            .iter()
            .map(|one| (one.kind.as_str(), one.weight.unwrap_or(1)));
        Mix::new(spec, &weights.collect::<Vec<_>>())
    };
    mix.context("--mix")
}

/// A time as it is written on the command line.
pub(super) fn time_text(time: Duration) -> String {
    let millis = time.as_millis();
    match millis % 1000 {
        0 => format!("{}s", millis / 1000),
        _ => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_may_change_and_then_stay() {
        let second = Duration::from_secs(1);
        let stretches = |text: &str| text.parse::<RateArg>().unwrap().stretches(90 * second);
        assert_eq!(stretches("500"), [Stretch::even(500, 90 * second)]);
        let ramp = |length| Stretch {
            from: 500,
            to: 900,
            length,
        };
        assert_eq!(stretches("500..900"), [ramp(90 * second)]);
        assert_eq!(
            stretches("500..900/60s"),
            [ramp(60 * second), Stretch::even(900, 30 * second)]
        );
        for wrong in ["", "0", "x", "500..", "500/60s", "500..900/x", "-1"] {
            assert!(wrong.parse::<RateArg>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mix_is_read_with_and_without_weights() {
        let spec = Spec::builtin("cup-pos").unwrap();
        let read = |texts: &[&str]| {
            let wanted: Vec<MixArg> = texts.iter().map(|text| text.parse().unwrap()).collect();
            mix(&spec, &wanted).map(|mix| mix.kinds().len())
        };
        assert_eq!(read(&["sale"]).unwrap(), 1);
        assert_eq!(read(&["sale=70", "sale_void=3", "balance"]).unwrap(), 3);
        assert_eq!(read(&["shop"]).unwrap(), 8);
        let error = format!("{:#}", read(&["slae"]).unwrap_err());
        assert!(
            error.starts_with("--mix: `slae` is nothing to order"),
            "{error}"
        );
        assert!("sale=0".parse::<MixArg>().is_err());
    }
}
