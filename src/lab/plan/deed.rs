//! What is done in a world, and when. All times are virtual milliseconds.

use super::setup::Bounds;
use serde::{Deserialize, Serialize};

/// A deed and its moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// Since the world began.
    pub at: u64,
    /// What is done.
    #[serde(flatten)]
    pub deed: Deed,
}

/// One deed. A deed that cannot be done (a void of what nobody sent) is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Deed {
    /// A terminal sends a request.
    Ask(Box<Ask>),
    /// A terminal sends a request once more.
    Again(Again),
    /// A terminal asks for a reversal.
    Undo(Undo),
    /// A connection of a terminal ends.
    HangUp {
        /// The terminal.
        t: u8,
        /// Which of its connections.
        #[serde(default)]
        line: u8,
        /// By a reset.
        #[serde(default)]
        reset: bool,
        /// Without a word: the device is dead, and its network tells nobody.
        #[serde(default)]
        quiet: bool,
    },
    /// A terminal signs in: new working keys where the dialect has them.
    SignIn {
        /// The terminal.
        t: u8,
    },
    /// A terminal sends echoes or downloads, one every millisecond.
    Chatter {
        /// The terminal.
        t: u8,
        /// How many.
        times: u16,
        /// Downloads instead of echoes.
        #[serde(default)]
        downloads: bool,
    },
    /// A terminal settles its batch and begins the next.
    Settle {
        /// The terminal.
        t: u8,
        /// With totals that do not balance.
        #[serde(default)]
        wrong: bool,
        /// The trace number goes on from 1 in the new batch.
        #[serde(default)]
        restart_numbers: bool,
    },
    /// A terminal sends a notice that only one with the approval can send.
    Notice {
        /// The attempt that was approved.
        n: u32,
    },
    /// A cashier looks up what is said of an attempt and does what it says.
    Cashier(Cashier),
    /// The acquirer reverses by itself: an issuer's 0420 from above.
    IssuerUndo(IssuerUndo),
    /// The gateway dies and is started again.
    Crash(Crash),
    /// The gateway is stopped in good order and started again.
    Restart {
        /// So long before its end it takes no new requests.
        #[serde(default)]
        drain: u64,
        /// How long it is away.
        down: u64,
        /// Whether the links stand in another order in its configuration.
        #[serde(default)]
        reorder_links: bool,
    },
    /// A connection of a link is cut.
    Cut {
        /// The link.
        link: u8,
        /// Which of its connections that are up.
        #[serde(default)]
        line: u8,
    },
    /// An acquirer takes no connections, and cuts those it has.
    LinkDown {
        /// The link.
        link: u8,
        /// For how long.
        lasts: u64,
    },
    /// The disk is as said, for a while.
    Disk {
        /// How it is.
        is: DiskIs,
        /// For how long.
        lasts: u64,
    },
    /// The wall clock of the gateway's machine jumps.
    Clock {
        /// By so much, in ms.
        by: i64,
    },
    /// The configuration is read anew, with other limits.
    Reload {
        /// The limits.
        bounds: Bounds,
    },
    /// Every verdict and the list of open ones are held against the books now.
    Probe,
}

impl Deed {
    /// The request of a deed, also of one that only may follow.
    #[must_use]
    pub fn request(&self) -> Option<&Ask> {
        match self {
            Self::Ask(ask) => Some(ask),
            Self::Cashier(cashier) => cashier.then.as_deref(),
            _ => None,
        }
    }
}

/// A request of a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ask {
    /// The attempt's number, from 1, once in a plan. It travels as the expiry date of the card
    /// (`n` as YYMM digits), so that both ends know an attempt without trusting anything else.
    pub n: u32,
    /// The terminal.
    pub t: u8,
    /// Which of the terminal's connections, opened if it is not there.
    pub line: u8,
    /// What is asked for.
    pub trade: Trade,
    /// The attempt that it refers to: of a void, a refund, a completion, a cancellation.
    pub of: u32,
    /// What the customer buys: attempts of one purchase have one card, merchant and amount.
    pub purchase: u32,
    /// Minor units.
    pub amount: u64,
    /// The trace number; 0 for the terminal's next.
    pub stan: u32,
    /// DE 3 in place of the usual one, such as `003000`.
    pub code: String,
    /// DE 49 in place of 156.
    pub currency: String,
    /// Data elements left out.
    pub drop: Vec<u8>,
    /// How the MAC is.
    pub mac: MacIs,
    /// The request has bytes behind its end: it can be read in part only.
    pub broken_tail: bool,
    /// The message type in place of the usual one, such as `0201`.
    pub mti: String,
    /// What the acquirer does when the request comes; empty: it books and approves after 20 ms.
    pub host: Vec<Reaction>,
    /// What the acquirer does at the first, second… reversal of it; beyond the end it is honest.
    pub undo: Vec<Reaction>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            n: 0,
            t: 0,
            line: 0,
            trade: Trade::Sale,
            of: 0,
            purchase: 0,
            amount: 10_000,
            stan: 0,
            code: String::new(),
            currency: String::new(),
            drop: Vec::new(),
            mac: MacIs::Right,
            broken_tail: false,
            mti: String::new(),
            host: Vec::new(),
            undo: Vec::new(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trade {
    /// A sale: 消费.
    #[default]
    Sale,
    /// An authorization that holds money: 预授权.
    Hold,
    /// The completion of one: 预授权完成.
    Completion,
    /// The cancellation of one: 预授权撤销.
    CancelHold,
    /// The void of a sale: 消费撤销.
    Void,
    /// A refund, whole or in part: 退货.
    Refund,
    /// A balance inquiry: 余额查询.
    Balance,
}

/// How a MAC is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacIs {
    /// As it must be, where the dialect has one.
    #[default]
    Right,
    /// Wrong in its last digit.
    Broken,
    /// Made with the keys before the last sign-in.
    Stale,
    /// Left out.
    Missing,
}

/// What an acquirer does about a request or a reversal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reaction {
    /// So many ms after the message came.
    pub after: u64,
    /// What it answers.
    pub say: Say,
    /// Whether it books (or, at a reversal, undoes) at that moment; `None`: as `say` promises.
    pub books: Option<bool>,
    /// How the answer is built.
    pub form: Form,
}

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Say {
    /// Yes: 00; a reversal: what an honest host would say.
    #[default]
    Yes,
    /// Nothing at all.
    Nothing,
    /// This code in DE 39.
    Code(String),
    /// No DE 39.
    NoCode,
    /// Blanks in DE 39.
    Blanks,
    /// Yes, for this amount only (DE 39 is 10).
    Part(u64),
}

/// How an answer is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Form {
    /// Data elements left out.
    pub omits: Vec<u8>,
    /// The amount in DE 4 instead of the request's.
    pub amount: Option<u64>,
    /// The type instead of the usual one, such as `0430`.
    pub mti: String,
    /// The MAC is wrong.
    pub broken_mac: bool,
    /// It goes over another connection of the acquirer, if there is one.
    pub other_line: bool,
    /// Bytes behind the end: it can be read in part only.
    pub broken_tail: bool,
    /// DE 38 in place of the host's own.
    pub auth: String,
    /// DE 37 is that of the request, if the request has one.
    pub echoes_rrn: bool,
    /// DE 2 is another card.
    pub other_card: bool,
    /// DE 49 in place of the request's.
    pub currency: String,
    /// DE 3 in place of the request's.
    pub code: String,
    /// DE 90 names another original, if the request has one.
    pub other_original: bool,
}

/// A repeat of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Again {
    /// The attempt.
    pub n: u32,
    /// Over which of the terminal's connections.
    pub line: u8,
    /// How its MAC is.
    pub mac: MacIs,
    /// With the type of a repeat (0201).
    pub marked: bool,
    /// With the moment of the repeat in DE 7, where the dialect has one.
    pub fresh: bool,
    /// Only if the terminal has no answer.
    pub if_unanswered: bool,
}

/// A reversal by a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Undo {
    /// The attempt.
    pub n: u32,
    /// Over which of the terminal's connections.
    pub line: u8,
    /// The type in place of the dialect's usual one, such as `0400`, `0401`, `0420`.
    pub mti: String,
    /// DE 95: what the customer owes after it; `None` for all of it undone.
    pub stands: Option<u64>,
    /// Data elements left out.
    pub drop: Vec<u8>,
    /// How its MAC is.
    pub mac: MacIs,
    /// Only if the terminal has no answer to the request.
    pub if_unanswered: bool,
    /// Under the trace number and the moment of the request (DE 11, 7), where the dialect gives
    /// reversals their own.
    pub same_number: bool,
    /// How DE 90 names the original.
    pub names: NamesOriginal,
    /// DE 2 is another card: not this terminal's wish, and its slip stays as it is.
    pub other_card: bool,
    /// DE 49 in place of the request's: the same.
    pub currency: String,
}

impl Undo {
    /// Whether it is about other money than the request that it names.
    #[must_use]
    pub const fn is_stray(&self) -> bool {
        self.other_card || !self.currency.is_empty()
    }
}

/// A reversal of the acquirer's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct IssuerUndo {
    /// The attempt.
    pub n: u32,
    /// What stands after it: DE 95, where the dialect has it.
    pub stands: u64,
    /// DE 2 is another card: nothing of this attempt is undone.
    pub other_card: bool,
}

/// How DE 90 of a reversal names its original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamesOriginal {
    /// By type, trace number and moment.
    #[default]
    Fully,
    /// Zeros stand for the moment.
    WithoutMoment,
    /// Zeros stand for type and moment.
    ByNumber,
}

/// A cashier who asks where the money is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cashier {
    /// The attempt asked for.
    pub n: u32,
    /// The language that is read.
    pub reads: Words,
    /// What is tried, if it is said that it may be.
    pub then: Option<Box<Ask>>,
}

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Words {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// A crash of the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Crash {
    /// How long it is away.
    pub down: u64,
    /// What becomes of the disk.
    pub power: Power,
    /// It dies at the so-manieth step from now on (an event handled, a write, a sync); 0: now.
    pub step: u32,
    /// What was written last to the far ends is lost with it.
    pub swallows: bool,
    /// The keys that seal the journal are not there at the next start; a start that is refused is
    /// tried again with them.
    pub loses_keys: bool,
}

/// What a crash does to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// The power stays: all that was written is there.
    #[default]
    Stays,
    /// What was not synced is gone.
    Cut,
    /// Of what was not synced, so many bytes are there.
    First(u32),
    /// Of what was not synced, some blocks are there; chosen by this number.
    Torn(u32),
}

/// How a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskIs {
    /// Without any room.
    Full,
    /// With little room: what was put aside is used up.
    Low,
    /// A sync takes as long as this lasts.
    Slow,
    /// The next sync fails; the gateway must end, and is started again.
    Failing,
}
