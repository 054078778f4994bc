//! What may be odd in a world. Each seed turns a few of these on and the others off, since rare
//! meetings need room (swarm testing).

use crate::engine::seam::Dice;
use std::fmt;

macro_rules! spices {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal),* $(,)?) => {
        /// One oddity.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Spice {
            $($(#[doc = $doc])* $name,)*
        }

        impl Spice {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is printed.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

spices! {
    /// Answers whose outcome is unknown: 98, 68, 09, 08, or a code that no table has.
    UnknownCodes = "unknown-codes",
    /// Requests without an answer, booked or not.
    Silence = "silence",
    /// Answers after the deadline.
    LateAnswers = "late-answers",
    /// Two or three answers to one request, in any order.
    SeveralAnswers = "several-answers",
    /// Answers without DE 42, 41, 37.
    OmittedFields = "omitted-fields",
    /// Answers without DE 39, or with blanks there.
    NoCodes = "no-codes",
    /// Approvals of a part.
    PartialApprovals = "partial-approvals",
    /// Answers with a wrong MAC, a wrong amount, or bytes behind their end.
    BrokenAnswers = "broken-answers",
    /// Answers over another connection.
    OtherLines = "other-lines",
    /// Requests sent again.
    Repeats = "repeats",
    /// Terminals with two connections.
    TwoLines = "two-lines",
    /// Requests and reversals with a broken or stale MAC.
    BrokenMacs = "broken-macs",
    /// Processing codes with account types.
    AccountTypes = "account-types",
    /// Requests that can be read in part only.
    BrokenTails = "broken-tails",
    /// Terminals that ask for reversals.
    Undos = "undos",
    /// Reversals of a part (DE 95).
    PartialUndos = "partial-undos",
    /// Reversals of every legal type, without DE 4, sent twice.
    UndoForms = "undo-forms",
    /// Reversals that are answered 96, or not at all.
    StubbornUndos = "stubborn-undos",
    /// Reversals that are refused for good.
    RefusedUndos = "refused-undos",
    /// Reversals that are answered 25 or 12, or 00 without being booked.
    EmptyUndos = "empty-undos",
    /// Voids of sales.
    Voids = "voids",
    /// Refunds, whole and in part.
    Refunds = "refunds",
    /// Authorizations with completions and cancellations.
    Holds = "holds",
    /// Several swipes for one purchase.
    Swipes = "swipes",
    /// The same trace number for another purchase, and in a new batch.
    SameNumbers = "same-numbers",
    /// Echoes and downloads by the hundred.
    Chatter = "chatter",
    /// New working keys in the midst.
    NewKeys = "new-keys",
    /// Settlements, balanced or not.
    Settlements = "settlements",
    /// Notices that prove an approval.
    Notices = "notices",
    /// Reversals from above.
    IssuerUndos = "issuer-undos",
    /// Terminals that hang up.
    HangUps = "hang-ups",
    /// Crashes of the gateway.
    Crashes = "crashes",
    /// Crashes that take the power with them.
    PowerCuts = "power-cuts",
    /// Acquirers that are away for a while.
    LinkDowns = "link-downs",
    /// Connections of links that are cut.
    Cuts = "cuts",
    /// Full and low disks, syncs that fail.
    Disks = "disks",
    /// Syncs that take long.
    SlowSyncs = "slow-syncs",
    /// A wall clock that jumps.
    Clocks = "clocks",
    /// Restarts in good order, with links in another order.
    Restarts = "restarts",
    /// Other limits while it runs, and small ones.
    Limits = "limits",
    /// Days without much trade.
    Days = "days",
    /// Acquirers that answer 00 to every reversal, or leave no tombstone.
    LooseHosts = "loose-hosts",
    /// Cashiers who do what they are told.
    Cashiers = "cashiers",
    /// Terminals that never reverse by themselves.
    ForgetfulTerminals = "forgetful-terminals",
    /// Answers that speak of another card, currency, kind or original.
    OtherMoney = "other-money",
    /// The same few authorization codes for everything.
    SameApprovals = "same-approvals",
    /// Answers to voids that echo the number of the sale, and voids made twice.
    EchoedNumbers = "echoed-numbers",
    /// Repeats with a moment of their own.
    FreshRepeats = "fresh-repeats",
    /// Reversals without DE 90, or with zeros in it, under the number of their request.
    BareUndos = "bare-undos",
    /// Reversals that name a request and another card or currency.
    StrayUndos = "stray-undos",
    /// Answers of another type.
    WrongTypes = "wrong-types",
    /// Terminals that are dead before their answer comes, and nobody knows.
    DeadLines = "dead-lines",
    /// Starts without the keys of the journal.
    LostKeys = "lost-keys",
    /// An acquirer that answers to none of many reversals.
    SickIssuers = "sick-issuers",
    /// The same number for another currency.
    Currencies = "currencies",
    /// Voids that name their sale by its number alone.
    LeanVoids = "lean-voids",
    /// Processing codes of no kind that the dialect names.
    OddKinds = "odd-kinds",
    /// Reversals from above before their answer, in part, or of other money.
    EarlyUndos = "early-undos",
    /// Refunds of sales that nobody here has seen.
    ForeignRefunds = "foreign-refunds",
    /// Two acquirers' terminals under the same names.
    Twins = "twins",
    /// A dozen swipes for one purchase.
    ManySwipes = "many-swipes",
}

/// The oddities of one world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taste(u64);

impl Taste {
    /// Thrown: each oddity is on in one world of so many. Those that came late have dice of their
    /// own, so that the other worlds stay as they were.
    pub(super) fn thrown(dice: &mut Dice, one_in: u64, late: &mut Dice) -> Self {
        let on = Spice::ALL.iter().filter(|spice| {
            let dice = if **spice < Spice::OddKinds {
                &mut *dice
            } else {
                &mut *late
            };
            dice.chance(1, one_in)
        });
        on.fold(Self::default(), |taste, spice| taste.with(*spice))
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, spice: Spice) -> Self {
        Self(self.0 | 1 << spice as u64)
    }

    /// Whether an oddity is on.
    #[must_use]
    pub const fn has(self, spice: Spice) -> bool {
        self.0 >> (spice as u64) & 1 == 1
    }
}

impl fmt::Display for Taste {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = Spice::ALL.iter().filter(|spice| self.has(**spice));
        let names: Vec<&str> = on.map(|spice| spice.name()).collect();
        f.write_str(&names.join(" "))
    }
}
