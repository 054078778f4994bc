//! What is asked for on the command line.

use crate::iso::message::{FieldPath, Secret};
use crate::lab::replay::{FreshNames, ReplayOrder, ReplayPace};
use anyhow::ensure;
use clap::ValueEnum;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct PaceArg {
    pub it: ReplayPace,
}

impl FromStr for PaceArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let times = |text: &str| {
            text.strip_prefix('x')?
                .parse()
                .ok()
                .filter(|times| *times > 0)
        };
        let it = match text {
            "real" => ReplayPace::Scaled(1),
            "max" => ReplayPace::Max,
            scaled => ReplayPace::Scaled(times(scaled).ok_or("wants real, x10 or max")?),
        };
        Ok(Self { it })
    }
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum OrderArg {
    /// All answers that the capture has before it
    Captured,
    /// The answers of its own terminal
    Terminal,
    /// The answers to all requests before it: one at a time, so that two runs cannot differ by what
    /// overtakes what
    Single,
}

impl From<OrderArg> for ReplayOrder {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Captured => Self::Captured,
            OrderArg::Terminal => Self::Terminal,
            OrderArg::Single => Self::Single,
        }
    }
}

/// What is made new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FreshArg {
    /// DE 11
    Stan,
    /// A DE 37 that no answer gave
    Rrn,
    /// Dates and times
    Time,
}

pub(super) fn fresh(wanted: &[FreshArg]) -> FreshNames {
    FreshNames {
        stan: wanted.contains(&FreshArg::Stan),
        rrn: wanted.contains(&FreshArg::Rrn),
        time: wanted.contains(&FreshArg::Time),
    }
}

/// Which side is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PlayArg {
    /// The terminals: answers are judged
    Terminals,
    /// The acquirer: it answers as captured, and requests are judged
    Acquirer,
    /// Terminals and acquirer, around a gateway
    Both,
}

impl PlayArg {
    pub(super) const fn has_terminals(self) -> bool {
        matches!(self, Self::Terminals | Self::Both)
    }

    pub(super) const fn has_acquirer(self) -> bool {
        matches!(self, Self::Acquirer | Self::Both)
    }
}

/// What is played against, if all that is needed for it was said.
pub(super) fn ends(
    play: PlayArg,
    to: Option<&str>,
    listen: Option<SocketAddr>,
) -> anyhow::Result<String> {
    ensure!(
        to.is_some() || !play.has_terminals(),
        "the terminals need the address that they call: give --to HOST:PORT, or --play acquirer"
    );
    ensure!(
        listen.is_some() == play.has_acquirer(),
        "--listen HOST:PORT is where the captured acquirer listens: it belongs to --play acquirer \
         and --play both"
    );
    let ends = [
        to.filter(|_| play.has_terminals()).map(str::to_owned),
        listen.map(|address| format!("what calls {address}")),
    ];
    Ok(ends.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// How MACs and PIN blocks come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MacArg {
    /// With the keys of a sign-on
    Auto,
    /// As captured
    Keep,
}

/// An old name and a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Renaming {
    old: String,
    new: String,
}

impl Renaming {
    pub(super) fn pair(&self) -> (String, String) {
        (self.old.clone(), self.new.clone())
    }
}

impl FromStr for Renaming {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (old, new) = text.split_once('=').ok_or("wants OLD=NEW")?;
        if old.is_empty() || new.is_empty() {
            return Err("wants OLD=NEW");
        }
        Ok(Self {
            old: old.to_owned(),
            new: new.to_owned(),
        })
    }
}

impl fmt::Display for Renaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.old, self.new)
    }
}

pub(super) fn change(text: &str) -> Result<(FieldPath, String), String> {
    let (path, value) = text
        .split_once('=')
        .ok_or("wants FIELD=VALUE, such as 49=156")?;
    Ok((path.parse()?, value.to_owned()))
}

pub(super) fn pin(text: &str) -> Result<Secret, &'static str> {
    let is_pin = (4..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_pin {
        return Err("a PIN has 4 to 12 digits");
    }
    Ok(Secret::new(text.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_real_scaled_or_as_fast_as_can_be() {
        let pace = |text: &str| text.parse::<PaceArg>().map(|pace| pace.it);
        assert_eq!(pace("real"), Ok(ReplayPace::Scaled(1)));
        assert_eq!(pace("x10"), Ok(ReplayPace::Scaled(10)));
        assert_eq!(pace("max"), Ok(ReplayPace::Max));
        for wrong in ["", "x", "x0", "10", "fast", "x-1"] {
            assert!(pace(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_renaming_has_two_names() {
        let renaming: Renaming = "T1=T2".parse().unwrap();
        assert_eq!(renaming.pair(), ("T1".to_owned(), "T2".to_owned()));
        for wrong in ["T1", "=T2", "T1="] {
            assert!(wrong.parse::<Renaming>().is_err(), "{wrong}");
        }
    }
}
