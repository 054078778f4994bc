//! Whom a fault strikes, when, and how often.

use super::knobs::{Count, Knobs, Length, code};
use super::{Exchange, FaultError, OnWire, Share, WireLeg, WireMoment};
use crate::engine::gateway::{CardRange, MtiPattern};
use crate::engine::seam::Dice;
use crate::iso::codec::Message;
use crate::iso::message::{FieldPath, Pan, ResponseCode, TerminalId, Text};
use crate::iso::spec::{Spec, Wanted};
use std::str::FromStr;
use std::time::Duration;

/// Whom a fault strikes. Only messages that it concerns are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// This part of them.
    pub share: Share,
    /// Exactly the n-th of them, from 1, and no other.
    pub nth: Option<u32>,
    /// Each n-th of them.
    pub every: Option<u32>,
    /// Only these terminals; all if empty.
    pub terminals: Vec<TerminalId>,
    /// Only these messages.
    pub messages: MessageAim,
    /// Not before this much time after the fault was set.
    pub from: Duration,
    /// Not later than this.
    pub until: Option<Duration>,
    /// On this leg of a gateway's wire.
    pub leg: Option<WireLeg>,
    /// Only where the answer says one of these, on a gateway's wire; whatever it says if empty.
    pub answers: Vec<ResponseCode>,
}

/// Which messages a fault strikes, by what stands in them: all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageAim {
    kinds: Vec<Text<24>>,
    mti: Option<MtiPattern>,
    fields: Vec<(FieldPath, Wanted)>,
    bins: Vec<CardRange>,
    card: Option<String>,
}

impl Default for Aim {
    fn default() -> Self {
        Self {
            share: Share::USUAL,
            nth: None,
            every: None,
            terminals: Vec::new(),
            messages: MessageAim::default(),
            from: Duration::ZERO,
            until: None,
            leg: None,
            answers: Vec::new(),
        }
    }
}

impl Aim {
    /// The knobs of every fault.
    pub const KNOBS: &str =
        "p, nth, every, terminal, kind, mti, field, bin, card, from, until, leg, answer";

    /// Every time.
    #[must_use]
    pub fn always() -> Self {
        Self {
            share: Share::ALWAYS,
            ..Self::default()
        }
    }

    /// The n-th time, from 1, and no other.
    #[must_use]
    pub fn nth(nth: u32) -> Self {
        Self {
            nth: Some(nth),
            ..Self::always()
        }
    }

    pub(super) fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        // A fault that comes and goes by the clock has an `every` of its own.
        let by_clock = knobs.about().own_knobs().any(|knob| knob.name == "every");
        let every = match by_clock {
            true => None,
            false => knobs.optional("every")?.map(|Count(every)| every),
        };
        let terminals = knobs.optional("terminal")?;
        let nth = knobs.optional("nth")?.map(|Count(nth)| nth);
        let share = knobs.optional::<Share>("p")?;
        let id = knobs.about().id;
        let both = |knob, value: String, other| FaultError::Value {
            id,
            knob,
            value,
            wanted: format!("{other} says which ones already: leave one of them out"),
        };
        match (share, nth, every) {
            (Some(share), Some(_), _) => return Err(both("p", share.to_string(), "nth")),
            (Some(share), None, Some(_)) => return Err(both("p", share.to_string(), "every")),
            (None, Some(nth), Some(_)) => return Err(both("nth", nth.to_string(), "every")),
            _ => {}
        }
        Ok(Self {
            share: share.unwrap_or_else(|| knobs.about().share),
            nth,
            every,
            terminals: terminals.map_or_else(Vec::new, |TerminalList(all)| all),
            messages: MessageAim::read(knobs)?,
            from: knobs.value("from", Length(Duration::ZERO))?.0,
            until: knobs.optional("until")?.map(|Length(until)| until),
            leg: knobs.optional("leg")?,
            answers: knobs
                .optional("answer")?
                .map_or_else(Vec::new, |AnswerList(all)| all),
        })
    }

    /// Refuses an aim that can never be met.
    pub(super) fn makes_sense(&self, id: &'static str) -> Result<(), FaultError> {
        let Some(until) = self.until.filter(|until| *until <= self.from) else {
            return Ok(());
        };
        Err(FaultError::Value {
            id,
            knob: "until",
            value: format!("{until:?}"),
            wanted: format!("it is over before it begins, from={:?}", self.from),
        })
    }

    /// Whether it picks its messages by their cards.
    pub(super) const fn is_about_cards(&self) -> bool {
        !self.messages.bins.is_empty() || self.messages.card.is_some()
    }

    /// Whether it says something that only a gateway's wire can live out.
    pub(super) const fn is_on_wire(&self) -> bool {
        self.leg.is_some() || !self.answers.is_empty()
    }

    /// Whether a fault that can do this much on a gateway's wire can be aimed so.
    pub(super) fn fits_wire(
        &self,
        id: &'static str,
        can: Option<OnWire>,
    ) -> Result<(), FaultError> {
        let can = can.ok_or(FaultError::NotOnWire { id })?;
        let wrong = |knob, value: String, wanted: &str| FaultError::Value {
            id,
            knob,
            value,
            wanted: wanted.to_owned(),
        };
        if let Some(leg) = self.leg
            && !can.legs.contains(&leg)
        {
            return Err(wrong(
                "leg",
                leg.name().to_owned(),
                "this fault strikes the other leg only",
            ));
        }
        if let Some(answer) = self.answers.first()
            && can.moment != WireMoment::Answer
        {
            let wanted = "this fault strikes before there is an answer";
            return Err(wrong("answer", answer.to_string(), wanted));
        }
        Ok(())
    }

    /// Whether it strikes where the answer says this.
    pub(super) fn hears(&self, code: Option<ResponseCode>) -> bool {
        self.answers.is_empty() || code.is_some_and(|code| self.answers.contains(&code))
    }

    /// Whether the fault is awake this long after it was set.
    pub(super) fn awake(&self, since: Duration) -> bool {
        since >= self.from && self.until.is_none_or(|until| since <= until)
    }

    pub(super) fn covers(&self, exchange: &Exchange<'_>) -> bool {
        let is_at = self.terminals.is_empty() || self.terminals.contains(&exchange.terminal);
        is_at && self.messages.covers(exchange.message)
    }

    /// Whether it strikes the `count`-th message that it concerns, from 1.
    pub(super) fn strikes(&self, count: u64, dice: &mut Dice) -> bool {
        match (self.nth, self.every) {
            (Some(nth), _) => u64::from(nth) == count,
            (None, Some(every)) => count.is_multiple_of(every.into()),
            (None, None) => self.share.throws(dice),
        }
    }
}

impl MessageAim {
    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            kinds: knobs
                .optional("kind")?
                .map_or_else(Vec::new, |KindList(all)| all),
            mti: knobs.optional("mti")?,
            fields: knobs
                .optional("field")?
                .map_or_else(Vec::new, |FieldList(all)| all),
            bins: knobs
                .optional("bin")?
                .map_or_else(Vec::new, |BinList(all)| all),
            card: knobs.optional("card")?.map(|CardEnd(end)| end),
        })
    }

    /// Whether messages of a dialect can meet it.
    pub(super) fn fits(&self, id: &'static str, spec: &Spec) -> Result<(), FaultError> {
        let flow = spec.flow();
        let known = |kind: &&Text<24>| flow.kinds.iter().any(|own| own.name == **kind);
        let wrong = |knob, value: String, wanted: String| FaultError::Value {
            id,
            knob,
            value,
            wanted,
        };
        if let Some(kind) = self.kinds.iter().find(|kind| !known(kind)) {
            let names: Vec<&str> = flow.kinds.iter().map(|kind| &*kind.name).collect();
            let wanted = format!("{} has {}", spec.name(), names.join(", "));
            return Err(wrong("kind", kind.to_string(), wanted));
        }
        let unknown = |(path, _): &&(FieldPath, Wanted)| spec.field(path.field).is_none();
        if let Some((path, _)) = self.fields.iter().find(unknown) {
            let wanted = format!("{} has no field {}", spec.name(), path.field);
            return Err(wrong("field", path.to_string(), wanted));
        }
        Ok(())
    }

    fn covers(&self, message: &Message) -> bool {
        let is_of_kind = |kinds: &[Text<24>]| {
            let kind = message.kind();
            kind.is_some_and(|kind| kinds.contains(&kind.name))
        };
        let has = |(path, wanted): &(FieldPath, Wanted)| {
            let text = message.text(*path);
            text.is_some_and(|text| wanted.matches(&text))
        };
        let is_of_card = |fits: &dyn Fn(&Pan) -> bool| message.pan().is_some_and(|pan| fits(&pan));
        let ranges = |pan: &Pan| self.bins.iter().any(|range| range.holds(pan));
        let end = |end: &String| is_of_card(&|pan| pan.ends_with(end));
        (self.kinds.is_empty() || is_of_kind(&self.kinds))
            && self.mti.is_none_or(|mti| mti.fits(message.mti()))
            && self.fields.iter().all(has)
            && (self.bins.is_empty() || is_of_card(&ranges))
            && self.card.as_ref().is_none_or(end)
    }
}

/// Several values joined by `+`.
fn several<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split('+').map(|one| read(one.trim())).collect()
}

/// `T0000001+T0000002`.
struct TerminalList(Vec<TerminalId>);

impl FromStr for TerminalList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        several(text, TerminalId::new)
            .map(Self)
            .ok_or("a terminal has 16 characters at most; join several with +")
    }
}

/// `sale+refund`.
struct KindList(Vec<Text<24>>);

impl FromStr for KindList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        several(text, Text::new)
            .map(Self)
            .ok_or("a kind is a name such as sale (`isogate spec show`); join several with +")
    }
}

/// `60.1:22+25:00`.
struct FieldList(Vec<(FieldPath, Wanted)>);

impl FromStr for FieldList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        several(text, |one| {
            let (path, value) = one.split_once(':')?;
            Some((path.parse().ok()?, Wanted::new(value)))
        })
        .map(Self)
        .ok_or("a field and its value are as 60.1:22, x for any digit; join several with +")
    }
}

/// `00+05`.
struct AnswerList(Vec<ResponseCode>);

impl FromStr for AnswerList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        several(text, code)
            .map(Self)
            .ok_or("the code of an answer is 1 to 4 letters and digits; join several with +")
    }
}

/// `621626`, `6225..6229`.
struct BinList(Vec<CardRange>);

impl FromStr for BinList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        several(text, |one| one.replace("..", "-").parse().ok())
            .map(Self)
            .ok_or("the first digits of a card are as 621626, or a range as 6225..6229")
    }
}

/// The last digits of a card.
struct CardEnd(String);

impl FromStr for CardEnd {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("a card is named by its last digits, four at most, such as 0048");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::Armed;
    use crate::lab::fault::exchange::tests::exchange;

    #[test]
    fn a_message_is_struck_only_if_all_that_is_said_of_it_holds() {
        let sale = exchange(Purpose::Debit);
        for (aim, covered) in [
            ("kind=sale", true),
            ("kind=refund+sale", true),
            ("kind=refund", false),
            ("mti=02xx", true),
            ("mti=0400", false),
            ("field=60.1:22+25:00", true),
            ("field=60.1:2x", true),
            ("field=60.1:22+25:06", false),
            ("field=38:123456", false),
            ("bin=621626", true),
            ("bin=6215..6217", true),
            ("bin=6225..6229", false),
            ("bin=95588+6216", true),
            ("card=0018", true),
            ("card=0019", false),
            ("kind=sale,card=0019", false),
            ("terminal=T0000001", true),
            ("terminal=T0000002", false),
        ] {
            let armed: Armed = format!("F01:{aim}").parse().unwrap();
            assert_eq!(armed.aim.covers(&sale), covered, "{aim}");
        }
    }

    #[test]
    fn a_wrong_aim_is_told_what_is_wanted() {
        for (aim, wanted) in [
            ("mti=200", "a type pattern is four characters"),
            ("field=60.1", "a field and its value are as 60.1:22"),
            ("bin=6229..6225", "a range as 6225..6229"),
            ("bin=x", "the first digits of a card"),
            ("card=", "a card is named by its last digits"),
            ("every=0", "a count is a whole number from 1"),
            (
                "p=0.1,nth=3",
                "`p=0.1` cannot be: nth says which ones already",
            ),
            ("nth=3,every=2", "every says which ones already"),
            ("from=5s,until=5s", "it is over before it begins, from=5s"),
            (
                "answer=0/5",
                "the code of an answer is 1 to 4 letters and digits",
            ),
        ] {
            let error = format!("F01:{aim}")
                .parse::<Armed>()
                .unwrap_err()
                .to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn each_nth_is_struck() {
        let armed: Armed = "F01:every=3".parse().unwrap();
        let mut dice = Dice::new(1);
        let struck: Vec<u64> = (1..=7)
            .filter(|count| armed.aim.strikes(*count, &mut dice))
            .collect();
        assert_eq!(struck, [3, 6]);
    }
}
