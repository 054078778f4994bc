//! A case in the making: a small world of ordinary trades about one attempt, to which something
//! happens, or only seems to.

use super::{double, healthy, outside, single};
use crate::engine::seam::Dice;
use crate::lab::plan::{
    Ask, Deed, Plan, Reaction, ReversedBy, Say, Setup, SignsOn, Timed, Trade, Undo,
};

/// The attempt that a case is about.
pub(super) const CASE: u32 = 1;
/// The further attempts of a case count up from here.
pub(super) const BESIDE: u32 = 10;
/// Ordinary trades count up from here.
const PLAIN: u32 = 100;
/// When the case begins, in ms.
pub(super) const BEGINS: u64 = 4_000;
/// An answer is waited for so long, in ms (45 s of the field, scaled).
pub(super) const DEADLINE: u64 = 900;
/// A terminal waits so long (60 s of the field, scaled).
pub(super) const PATIENCE: u64 = 1_200;

/// What sort of case it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Nothing is wrong, however it looks.
    Healthy,
    /// One fault.
    Single,
    /// Two at once.
    Double,
    /// What stands in no catalogue of faults.
    Outside,
}

impl Family {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Single, Self::Double, Self::Outside];

    /// As in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Single => "single",
            Self::Double => "double",
            Self::Outside => "outside",
        }
    }
}

/// What really happened to a case. No verdict sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLabel {
    /// The attempt.
    pub n: u32,
    /// What sort of case.
    pub family: Family,
    /// What was done, in words.
    pub name: String,
    /// Words of the closed list of causes that are true because of what was done, beside those
    /// that wires and books show.
    pub also: Vec<&'static str>,
    /// Words that are false because of what was done, whatever wires show.
    pub never: Vec<&'static str>,
    /// What was done as groups of words: of each group one must be told.
    pub troubles: Vec<&'static [&'static str]>,
    /// What becomes of the pay-out, where there is a file of it.
    pub payout: Option<PayoutTwist>,
    /// How the acquirer's file is written.
    pub file: FileTwist,
}

/// How the acquirer's file is written: systems differ, and errors happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileTwist {
    /// With every name.
    Whole,
    /// Without DE 37 and 38.
    NoNumbers,
    /// Without DE 41 and 11.
    NoTerminal,
    /// Without times.
    NoTimes,
    /// The last rows first.
    Backwards,
    /// Each row of the case twice: it was booked twice.
    Twice,
    /// The row of the case is missing: it was lost behind the acquirer's switch.
    Lost,
    /// Eight hours off.
    OtherZone,
    /// Another one of another terminal bears the RRN of the case.
    SameRrn,
    /// Of another merchant alone.
    OtherMerchant,
}

impl FileTwist {
    const ODD: [Self; 9] = [
        Self::NoNumbers,
        Self::NoTerminal,
        Self::NoTimes,
        Self::Backwards,
        Self::Twice,
        Self::Lost,
        Self::OtherZone,
        Self::SameRrn,
        Self::OtherMerchant,
    ];

    /// Whether what is booked can be seen in it.
    #[must_use]
    pub fn shows_bookings(self) -> bool {
        self.tells() && self != Self::Lost
    }

    /// Whether a transaction can still be found in it by a name that is its alone, and nothing is
    /// in it that is not so.
    #[must_use]
    pub const fn tells(self) -> bool {
        matches!(
            self,
            Self::Whole
                | Self::NoNumbers
                | Self::NoTerminal
                | Self::Backwards
                | Self::Twice
                | Self::Lost
        )
    }
}

/// What a pay-out file says of the case, and the word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutTwist {
    /// Paid in full.
    Paid,
    /// Paid less a fee.
    Net,
    /// Waits for its day.
    Due,
    /// Held for review.
    Reviewed,
    /// Held since the reserve is short.
    ReserveShort,
    /// Sent back by the merchant's bank.
    Returned,
    /// Waits until the merchant asks for it.
    NotWithdrawn,
}

impl PayoutTwist {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Paid,
        Self::Net,
        Self::Due,
        Self::Reviewed,
        Self::ReserveShort,
        Self::Returned,
        Self::NotWithdrawn,
    ];

    /// The word of the closed list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Net => "paid_net",
            Self::Due => "payout_due",
            Self::Reviewed => "payout_reviewed",
            Self::ReserveShort => "reserve_short",
            Self::Returned => "payout_returned",
            Self::NotWithdrawn => "not_withdrawn",
        }
    }
}

/// A case: what is played, and what is true of it.
#[derive(Clone, Debug)]
pub struct BlindCase {
    /// Its seed.
    pub seed: u64,
    /// The world.
    pub plan: Plan,
    /// The truth, apart.
    pub label: CaseLabel,
}

/// The case of a seed.
#[must_use]
pub fn draw_case(seed: u64) -> BlindCase {
    let mut making = Making::new(seed);
    if making.dice.chance(1, 4) {
        making.of_another_trade();
    }
    match making.dice.below(20) {
        0..5 => healthy::put(&mut making),
        5..12 => single::put(&mut making),
        12..17 => double::put(&mut making),
        _ => outside::put(&mut making),
    }
    making.finish(seed)
}

/// Makes something happen to a case.
pub(super) type CasePart = fn(&mut Making);

/// A case in the making.
pub(super) struct Making {
    pub dice: Dice,
    pub setup: Setup,
    pub ask: Ask,
    pub label: CaseLabel,
    deeds: Vec<Timed>,
}

impl Making {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0xB11D_CA5E);
        let setup = set_up(&mut dice);
        let ask = Ask {
            n: CASE,
            purchase: CASE,
            amount: 100 * dice.between(1, 5_000),
            ..Ask::default()
        };
        let file = match dice.chance(1, 3) {
            true => dice.pick(&FileTwist::ODD).copied(),
            false => None,
        };
        Self {
            dice,
            setup,
            ask,
            label: CaseLabel {
                n: CASE,
                family: Family::Healthy,
                name: String::new(),
                also: Vec::new(),
                never: Vec::new(),
                troubles: Vec::new(),
                payout: None,
                file: file.unwrap_or(FileTwist::Whole),
            },
            deeds: Vec::new(),
        }
    }

    /// The case is no sale: an authorization, or a void or refund of a sale that stands.
    fn of_another_trade(&mut self) {
        let trades = [Trade::Hold, Trade::Void, Trade::Refund];
        let trade = self.dice.pick(&trades).copied().unwrap_or_default();
        self.ask.trade = trade;
        if trade == Trade::Hold {
            return;
        }
        self.ask.of = BESIDE + 50;
        let sold = Ask {
            n: BESIDE + 50,
            purchase: CASE,
            amount: self.ask.amount,
            ..Ask::default()
        };
        self.at(BEGINS - 1_500, Deed::Ask(Box::new(sold)));
    }

    /// The case is a sale, whatever was thrown.
    pub(super) fn must_sell(&mut self) {
        self.ask.trade = Trade::Sale;
        self.ask.of = 0;
        let own = |timed: &Timed| match &timed.deed {
            Deed::Ask(ask) => ask.n != BESIDE + 50,
            _ => true,
        };
        self.deeds.retain(own);
    }

    /// Names what is done, once more with a plus between.
    pub(super) fn called(&mut self, family: Family, name: &str) {
        self.label.family = family;
        if !self.label.name.is_empty() {
            self.label.name.push_str(" + ");
        }
        self.label.name.push_str(name);
    }

    /// One of these words must be told.
    pub(super) fn must_tell(&mut self, words: &'static [&'static str]) {
        self.label.troubles.push(words);
    }

    pub(super) fn at(&mut self, at: u64, deed: Deed) {
        self.deeds.push(Timed { at, deed });
    }

    /// The deed so many ms after the case began.
    pub(super) fn after(&mut self, after: u64, deed: Deed) {
        self.at(BEGINS + after, deed);
    }

    /// Another attempt so many ms after the case began.
    pub(super) fn also_asks(&mut self, after: u64, ask: Ask) {
        self.after(after, Deed::Ask(Box::new(ask)));
    }

    /// How the host takes the request.
    pub(super) fn host(&mut self, after: u64, say: Say, books: Option<bool>) {
        self.ask.host.push(Reaction {
            after,
            say,
            books,
            ..Reaction::default()
        });
    }

    /// How the host takes every reversal of it.
    pub(super) fn takes_undo(&mut self, say: &Say, books: Option<bool>) {
        let reaction = Reaction {
            after: 20,
            say: say.clone(),
            books,
            ..Reaction::default()
        };
        self.ask.undo = vec![reaction; 16];
    }

    /// The terminal reverses so many ms after the case began.
    pub(super) fn undoes(&mut self, after: u64) {
        let undo = Undo {
            n: CASE,
            ..Undo::default()
        };
        self.after(after, Deed::Undo(undo));
    }

    fn finish(mut self, seed: u64) -> BlindCase {
        let ask = self.ask.clone();
        self.after(0, Deed::Ask(Box::new(ask)));
        self.look_in();
        let before = self.dice.between(1, 3);
        let end = self.deeds.iter().map(|timed| timed.at).max().unwrap_or(0) + 30_000;
        for at in 0..before + 2 {
            let number = u32::try_from(at).unwrap_or(0);
            let plain = Ask {
                n: PLAIN + number,
                // The terminal of the case has traded before; later ones go to its neighbour.
                t: u8::from(at > 0),
                purchase: PLAIN + number,
                amount: 100 * self.dice.between(1, 5_000) + 7,
                trade: Trade::Sale,
                ..Ask::default()
            };
            let when = if at < before {
                500 + 900 * at
            } else {
                end + 900 * at
            };
            self.at(when, Deed::Ask(Box::new(plain)));
        }
        self.deeds.sort_by_key(|timed| timed.at);
        BlindCase {
            seed,
            plan: Plan {
                setup: self.setup,
                deeds: self.deeds,
            },
            label: self.label,
        }
    }
}

impl Making {
    /// Somebody else trades at the same time, and verdicts are read while it is under way.
    fn look_in(&mut self) {
        for number in 0..self.dice.below(3) {
            let beside = Ask {
                n: PLAIN + 20 + u32::try_from(number).unwrap_or(0),
                t: 1,
                purchase: PLAIN + 20 + u32::try_from(number).unwrap_or(0),
                amount: 100 * self.dice.between(1, 5_000) + 7,
                ..Ask::default()
            };
            let at = BEGINS - 300 + self.dice.below(1_500);
            self.at(at, Deed::Ask(Box::new(beside)));
        }
        for _ in 0..self.dice.between(1, 4) {
            let after = match self.dice.below(3) {
                0 => self.dice.below(DEADLINE),
                1 => self.dice.below(2 * PATIENCE),
                _ => self.dice.below(20_000),
            };
            self.after(after, Deed::Probe);
        }
    }
}

fn set_up(dice: &mut Dice) -> Setup {
    let (spec, host_spec) = match dice.below(10) {
        0..5 => ("cup-pos", None),
        5 | 6 => ("iso8583-1987-ascii", None),
        7 => ("iso8583-1987-binary", None),
        8 => ("iso8583-1987-ebcdic", None),
        _ => ("cup-pos", Some("iso8583-1987-ascii")),
    };
    let by = match dice.below(4) {
        0 => ReversedBy::Terminal,
        1 => ReversedBy::Gateway,
        _ => ReversedBy::Both,
    };
    Setup {
        spec: spec.to_owned(),
        host_spec: host_spec.map(str::to_owned),
        forgetful: by == ReversedBy::Gateway || dice.chance(1, 4),
        by,
        rewrite_stan: dice.chance(1, 8),
        strict: !dice.chance(1, 8),
        sign_on: match dice.below(8) {
            0 => SignsOn::Connection,
            1 => SignsOn::Link,
            _ => SignsOn::Nothing,
        },
        echo: if dice.chance(1, 4) { 2_000 } else { 0 },
        numbers_from: u32::try_from(dice.below(60)).unwrap_or(0),
        unproven: dice.chance(1, 10),
        match_fields: if dice.chance(1, 8) {
            vec![11]
        } else {
            Vec::new()
        },
        terminals: 2,
        connections: u8::try_from(dice.between(1, 3)).unwrap_or(1),
        tries: u16::try_from(dice.between(2, 4)).unwrap_or(2),
        expire: 40_000,
        latency: dice.between(50, 4_000),
        sync: dice.between(100, 4_000),
        ..Setup::default()
    }
}
