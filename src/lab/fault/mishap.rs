//! What every fault of the catalogue can say and do.

use super::{Exchange, Fate, FaultError, Share, knobs::Knobs};
use crate::engine::seam::Dice;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A fault, as the catalogue lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// Its number in the catalogue, such as `F01`.
    pub id: &'static str,
    /// For people, in English.
    pub title: &'static str,
    /// For people, in Chinese.
    pub title_zh: &'static str,
    /// Where it happens, unless one of its knobs says otherwise.
    pub side: FaultSide,
    /// Its own knobs, beside those of every [`super::Aim`]: `name=default`, what else it may be
    /// behind bars: `at=either|unbooked|booked`.
    pub knobs: &'static str,
    /// The part that it strikes of what it concerns, unless it is aimed.
    pub share: Share,
    /// What is to be seen between terminal and acquirer where `UnionPay` is spoken: `x` is lost,
    /// `..` is late.
    pub wire: &'static str,
}

/// What is said of the wire, and how in Chinese; a phrase stands before those that are part of it.
const WIRE_ZH: [(&str, &str); 25] = [
    (" with a wrong DE 64", " DE 64错误"),
    (" without DE ", " 缺DE "),
    (" of another amount", " 金额不符"),
    (" or silence once full", "或无应答(队列已满)"),
    ("or no request", "或无请求"),
    (" or ", "或"),
    ("a query finds nothing yet", "查询暂无结果"),
    ("a query finds it", "查询可查到"),
    (" query", " 查询"),
    ("no notice", "无通知"),
    ("no 0", "无0"),
    ("less is paid out", "实付少于应付"),
    ("paid out by another party", "由其他机构划付"),
    ("pay-out held", "暂缓划付"),
    ("pay-out returned", "结算款退汇"),
    ("pay-out sent", "划付已发出"),
    ("returned later", "稍后退回"),
    ("posted later", "稍后入账"),
    ("unreadable", "无法解析"),
    ("refused until it expires", "被拒绝直至过期"),
    ("connection refused", "连接被拒绝"),
    (" from the gateway", "(网关应答)"),
    ("silence", "无应答"),
    ("result 2", "结果2"),
    ("others 00", "其余00"),
];

/// One knob of a fault, as the catalogue lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnobEntry {
    /// Its name.
    pub name: &'static str,
    /// Its value if it is not given; empty if there is none.
    pub default: &'static str,
    /// What else it may be.
    pub others: &'static str,
}

impl CatalogueEntry {
    /// What is to be seen on the wire, for people, in Chinese.
    #[must_use]
    pub fn wire_zh(&self) -> String {
        let step = |step: &str| match step {
            "close" => "断开".to_owned(),
            "reset" => "连接重置".to_owned(),
            _ => WIRE_ZH
                .iter()
                .fold(step.to_owned(), |said, (en, zh)| said.replace(en, zh)),
        };
        let steps: Vec<String> = self.wire.split(", ").map(step).collect();
        steps.join(", ")
    }

    /// Its own knobs.
    pub fn own_knobs(&self) -> impl Iterator<Item = KnobEntry> + use<> {
        let knobs = self.knobs.split(", ").filter(|knob| !knob.is_empty());
        knobs.map(|knob| {
            let (name, values) = knob.split_once('=').unwrap_or((knob, ""));
            let (default, others) = values.split_once('|').unwrap_or((values, ""));
            KnobEntry {
                name,
                default,
                others,
            }
        })
    }
}

/// Whose brain lives a fault out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultSide {
    /// The terminal's.
    Terminal,
    /// The wire's faults sit here, too.
    Acquirer,
    /// The acquirer's back office: lived out by the acquirer, too.
    Office,
    /// Where a gateway's frames leave and arrive, between two ends that need not be ours.
    Wire,
}

impl FaultSide {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Acquirer => "acquirer",
            Self::Office => "office",
            Self::Wire => "wire",
        }
    }

    /// For people, in Chinese.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Terminal => "终端",
            Self::Acquirer => "收单机构",
            Self::Office => "收单后台",
            Self::Wire => "线路",
        }
    }

    /// The command that plays this side alone.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Terminal => "isogate term",
            Self::Acquirer | Self::Office => "isogate host",
            Self::Wire => "isogate serve",
        }
    }

    /// Whether whoever plays this place lives out what happens on a side.
    #[must_use]
    pub fn plays(self, side: Self) -> bool {
        self == side || (self == Self::Acquirer && side == Self::Office)
    }
}

/// One of a gateway's two legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WireLeg {
    /// Between terminals and the gateway.
    Terminal,
    /// Between the gateway and its acquirers.
    Host,
}

impl WireLeg {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Terminal, Self::Host];

    /// As the knob takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Host => "host",
        }
    }
}

impl FromStr for WireLeg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|leg| leg.name() == text);
        named.ok_or("a leg is terminal (before the gateway) or host (behind it)")
    }
}

/// What of a fault can be lived out on a gateway's wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnWire {
    /// When it strikes.
    pub moment: WireMoment,
    /// The legs that it can strike; the first unless its aim says otherwise.
    pub legs: &'static [WireLeg],
}

/// When a fault strikes on a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireMoment {
    /// As the request passes.
    Request,
    /// As its answer passes.
    Answer,
    /// By the clock.
    Clock,
}

impl OnWire {
    /// As a request passes.
    pub(super) const fn request(legs: &'static [WireLeg]) -> Option<Self> {
        let moment = WireMoment::Request;
        Some(Self { moment, legs })
    }

    /// As an answer passes.
    pub(super) const fn answer(legs: &'static [WireLeg]) -> Option<Self> {
        let moment = WireMoment::Answer;
        Some(Self { moment, legs })
    }
}

/// The leg to the acquirer, else the one to terminals.
pub(super) const HOST_FIRST: &[WireLeg] = &[WireLeg::Host, WireLeg::Terminal];
/// The leg to terminals, else the one to the acquirer.
pub(super) const TERMINAL_FIRST: &[WireLeg] = &[WireLeg::Terminal, WireLeg::Host];

/// One fault.
pub(super) trait Mishap: fmt::Debug {
    /// Where it sits, if one of its knobs says so.
    fn place(&self) -> Option<FaultSide> {
        None
    }

    /// What of it a gateway's wire can do by itself; most is done inside the ends.
    fn on_wire(&self) -> Option<OnWire> {
        None
    }

    /// Whether it is awake this long after it was set, within its aim's times.
    fn awake(&self, _since: Duration) -> bool {
        true
    }

    /// Whether it can strike such a message at all; what it cannot strike is not counted.
    fn concerns(&self, exchange: &Exchange<'_>) -> bool;

    /// Strikes.
    fn befall(&self, fate: &mut Fate, dice: &mut Dice);

    /// For a fault of the clock rather than of messages: whether the acquirer is down this long
    /// after the fault began, and for how long it stays so; no end means for good.
    fn outage(&self, _since: Duration) -> Option<(bool, Option<Duration>)> {
        None
    }
}

/// How a fault is listed and read from its knobs.
pub(super) trait Listed: Mishap + Sized {
    /// As the catalogue lists it.
    const ABOUT: CatalogueEntry;

    /// From its knobs; those left over are refused by the caller.
    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError>;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lab::fault::Fault;

    /// The fate of an exchange that one fault strikes.
    pub(in super::super) fn struck(mishap: &dyn Mishap) -> Fate {
        let mut fate = Fate::default();
        mishap.befall(&mut fate, &mut Dice::new(1));
        fate
    }

    #[test]
    fn what_is_seen_on_the_wire_is_told_in_chinese_but_for_names() {
        let names = [
            "x",
            "DE",
            "A",
            "unknown",
            "closed",
            "unbound",
            "not_permitted",
        ];
        for about in Fault::ALL {
            let said = about.wire_zh();
            let mut words = said.split(|c: char| !c.is_ascii_alphabetic() && c != '_');
            let english = words.find(|word| !word.is_empty() && !names.contains(word));
            assert_eq!(english, None, "{}: {said}", about.id);
        }
    }
}
