//! What the messages of a dialect mean to whoever carries them: kinds of transaction, the fields
//! that name one, which codes approve, how a reversal is made. All of it data.

use super::codes::Codes;
use super::kinds::Kinds;
use super::wanted::Wanted;
use crate::iso::message::{FieldId, FieldPath, Mti, ResponseCode, Text};
use serde::Deserialize;

/// One kind of transaction, recognised by its type and a few fields.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Its name, such as `sale` or `sale_void`.
    pub name: Text<24>,
    /// The name for people, in English.
    pub title: String,
    /// The name for people, in Chinese.
    pub title_zh: String,
    /// The request's type, without the repeat bit.
    pub mti: Mti,
    /// Fields that must have these values, such as `60.1 = "22"` or `3 = "00xxxx"`.
    pub when: Vec<(FieldPath, Wanted)>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether its sender must reverse it when the outcome is unknown.
    pub reverses: bool,
    /// Whether it carries a MAC.
    pub mac: bool,
    /// What a terminal puts into it besides, if it has nothing better: entry mode, function code.
    pub set: Vec<(FieldPath, String)>,
}

/// What a message is for, as far as a gateway treats it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Takes money: sale, pre-authorization completion.
    Debit,
    /// Reserves money: pre-authorization.
    Hold,
    /// Cancels an earlier one of the same batch.
    Void,
    /// Gives money back.
    Refund,
    /// Tells what happened; repeated until answered, never reversed.
    Advice,
    /// Asks only: balance, points.
    Inquiry,
    /// Undoes an unfinished one.
    Reversal,
    /// Opens a session; its answer may bring working keys.
    SignOn,
    /// Ends a session.
    SignOff,
    /// Is anybody there?
    Echo,
    /// Batch totals.
    Settlement,
    /// Batch details and their end.
    BatchUpload,
    /// Proof that the terminal has an approval: script result, electronic signature.
    Notice,
    /// Parameters, keys of card schemes, status: no money in it.
    Administration,
}

impl Purpose {
    /// Whether the request, if approved, moves or reserves money.
    #[must_use]
    pub const fn moves_money(self) -> bool {
        matches!(self, Self::Debit | Self::Hold | Self::Void | Self::Refund)
    }
}

/// The rules of a dialect for carrying its messages.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The kinds of its transactions.
    pub kinds: Kinds,
    /// The fields that together name one transaction of one merchant, in requests of class 1 and 2
    /// (`UnionPay` POS: 42, 41, 60.2, 11).
    pub identity: Vec<FieldPath>,
    /// How an answer finds its request on a link, unless the route says otherwise.
    pub match_key: Vec<FieldPath>,
    /// Where a void or refund names its original by the trace number of that (`UnionPay` POS:
    /// 61.2).
    pub original_stan: Option<FieldPath>,
    /// The batch of that number (`UnionPay` POS: 61.1).
    pub original_batch: Option<FieldPath>,
    /// Where the amount stands, in minor units: DE 4, or a part of it (2003: 4.3).
    pub amount: FieldPath,
    /// Where its currency stands (ISO 4217, digits): DE 49, or a part of DE 4 (2003: 4.1).
    pub currency: FieldPath,
    /// The fields that hold a moment, and how it is written there.
    pub stamps: Vec<(FieldId, StampForm)>,
    /// What the response codes mean.
    pub codes: Codes,
    /// How a reversal is made, if the dialect has them.
    pub reversal: Option<ReversalRule>,
    /// How an answer is made from its request.
    pub answer: AnswerRule,
    /// The codes with which a host refuses.
    pub refusal: Refusals,
    /// Where a settlement tells its totals, if the dialect has one.
    pub settlement: Option<SettlementRule>,
    /// The MAC, if the dialect has one.
    pub mac: Option<MacRule>,
    /// The working keys brought by the answer to a sign-on, if any.
    pub keys: Option<KeyRule>,
    /// The message that opens a link.
    pub sign_on: Option<Script>,
    /// The message that tests a link.
    pub echo: Option<Script>,
}

impl Flow {
    /// How the moment stands in a field, if the field holds one.
    #[must_use]
    pub fn stamp(&self, field: FieldId) -> Option<&StampForm> {
        let known = self.stamps.iter().find(|(id, _)| *id == field);
        known.map(|(_, form)| form)
    }
}

/// How a moment is written: pairs out of `CC`, `YY`, `MM`, `DD`, `hh`, `mm`, `ss`, and a `Z` at the
/// end if the field holds UTC (ISO 8583:1987, DE 7) and not local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampForm {
    parts: Vec<StampPart>,
    is_utc: bool,
}

/// Two digits of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampPart {
    /// `CC`: the century.
    Century,
    /// `YY`: the year in it.
    Year,
    /// `MM`.
    Month,
    /// `DD`.
    Day,
    /// `hh`, of 24.
    Hour,
    /// `mm`.
    Minute,
    /// `ss`.
    Second,
}

impl StampForm {
    /// Reads the pattern; `None` if it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_suffix('Z');
        let (pairs, []) = digits.unwrap_or(text).as_bytes().as_chunks::<2>() else {
            return None;
        };
        let part = |pair: &[u8; 2]| {
            Some(match pair {
                b"CC" => StampPart::Century,
                b"YY" => StampPart::Year,
                b"MM" => StampPart::Month,
                b"DD" => StampPart::Day,
                b"hh" => StampPart::Hour,
                b"mm" => StampPart::Minute,
                b"ss" => StampPart::Second,
                _ => return None,
            })
        };
        let parts = pairs.iter().map(part).collect::<Option<Vec<_>>>()?;
        let is_utc = digits.is_some();
        Some(Self { parts, is_utc })
    }

    /// Its pairs of digits, in order.
    #[must_use]
    pub fn parts(&self) -> &[StampPart] {
        &self.parts
    }

    /// How many characters it takes.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.parts.len().saturating_mul(2)
    }

    /// Whether the field holds UTC; local time otherwise.
    #[must_use]
    pub const fn is_utc(&self) -> bool {
        self.is_utc
    }
}

/// How a reversal is made from its original.
#[derive(Clone, Debug)]
pub struct ReversalRule {
    /// Its type.
    pub mti: Mti,
    /// Whether a repeat carries the repeat type (0401); `UnionPay` POS repeats 0400 as 0400.
    pub repeat_mti: bool,
    /// Fields taken over from the original. Never track, PIN or card code.
    pub copy: Vec<FieldId>,
    /// Tags of DE 55 taken over; the field is left out if none is there.
    pub copy_tags: Vec<Text<8>>,
    /// Fields of the reversal that name the original, each from where: they make, and they find.
    pub original: Vec<(FieldPath, OriginalSource)>,
    /// The field of the cause, and its value per cause.
    pub cause: Option<(FieldId, Vec<(ReversalCause, ResponseCode)>)>,
}

/// Where a part that names the original comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginalSource {
    /// The original's type.
    Mti,
    /// A field of the original.
    Field(FieldPath),
    /// Always this text.
    Fixed(String),
}

/// Why a transaction is reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReversalCause {
    /// No answer in time.
    NoAnswer,
    /// The MAC of the answer was wrong.
    Mac,
    /// The approval came but could not be finished or delivered.
    NotDelivered,
    /// Anything else.
    Other,
}

/// How an answer is made from its request.
#[derive(Clone, Debug)]
pub struct AnswerRule {
    /// Fields echoed if present in the request.
    pub copy: Vec<FieldId>,
    /// No acquirer to send to (91).
    pub unavailable: ResponseCode,
    /// The gateway cannot take it now (96).
    pub malfunction: ResponseCode,
    /// The message cannot be read (30).
    pub format: ResponseCode,
    /// The MAC is wrong (A0).
    pub mac: ResponseCode,
    /// Another transaction has this name (94).
    pub duplicate: ResponseCode,
    /// The original is not there or was reversed already (12).
    pub invalid: ResponseCode,
    /// The original of a reversal is not there (25).
    pub not_found: ResponseCode,
    /// Approved, booked, done (00).
    pub approved: ResponseCode,
    /// The reversal is booked (00; 1993: 400).
    pub reversed: ResponseCode,
    /// The session is open, the line is alive (00; 1993: 800).
    pub session: ResponseCode,
    /// The totals agree (00; 1993: 500).
    pub settled: ResponseCode,
    /// The totals do not agree, where the code says so (1993: 501), otherwise as `settled`.
    pub unsettled: ResponseCode,
}

impl AnswerRule {
    /// The code that says yes to a message of this purpose.
    #[must_use]
    pub const fn approval(&self, purpose: Purpose) -> ResponseCode {
        match purpose {
            Purpose::Reversal => self.reversed,
            Purpose::SignOn | Purpose::SignOff | Purpose::Echo | Purpose::Administration => {
                self.session
            }
            Purpose::Settlement | Purpose::BatchUpload => self.settled,
            _ => self.approved,
        }
    }
}

/// The codes with which a host refuses; where a file has none, what it says for `invalid`.
#[derive(Clone, Copy, Debug)]
pub struct Refusals {
    /// No such card (14).
    pub invalid_card: ResponseCode,
    /// Not enough money (51).
    pub insufficient_funds: ResponseCode,
    /// The PIN is wrong (55).
    pub wrong_pin: ResponseCode,
    /// The terminal is not known (97).
    pub unknown_terminal: ResponseCode,
}

/// Where a settlement tells what its batch adds up to, and its answer whether the host's book
/// agrees (`UnionPay` POS: parts of DE 48; ISO 8583:1987: DE 74, 76, 86, 88 and 66). Several fields
/// of one sort, such as domestic and foreign cards, count together.
#[derive(Clone, Debug)]
pub struct SettlementRule {
    /// Sums of debits, in minor units.
    pub debit_amount: Vec<FieldPath>,
    /// Numbers of debits.
    pub debit_count: Vec<FieldPath>,
    /// Sums of credits, in minor units.
    pub credit_amount: Vec<FieldPath>,
    /// Numbers of credits.
    pub credit_count: Vec<FieldPath>,
    /// Sums and numbers of debits that were reversed, to be taken off.
    pub debit_reversals: [Vec<FieldPath>; 2],
    /// The same of credits.
    pub credit_reversals: [Vec<FieldPath>; 2],
    /// What the host found: 1 in balance, 2 out of balance, 3 error (ISO 8583:1987, DE 66). Where
    /// there is none, the response code says it.
    pub result: Vec<FieldPath>,
}

/// The MAC of a dialect.
#[derive(Clone, Copy, Debug)]
pub struct MacRule {
    /// The field that holds it.
    pub field: FieldId,
    /// How it is made.
    pub algorithm: MacAlgorithm,
}

/// The MAC algorithms known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum MacAlgorithm {
    /// `UnionPay` POS ECB: XOR of blocks, two encryptions over hex text, first 8 hex characters.
    #[serde(rename = "unionpay-ecb")]
    UnionPayEcb,
    /// ANSI X9.9: DES CBC, zero padded, 8 bytes.
    #[serde(rename = "x9.9")]
    X99,
    /// ANSI X9.19 (ISO 9797-1 algorithm 3), zero padded, 8 bytes.
    #[serde(rename = "x9.19")]
    X919,
}

/// Working keys in the answer to a sign-on.
#[derive(Clone, Debug)]
pub struct KeyRule {
    /// The field that holds the block.
    pub field: FieldId,
    /// Which form, told by a field of the answer, such as `60.3 = "003"`.
    pub forms: Vec<(FieldPath, String, KeyBlockForm)>,
}

/// The layouts of a `UnionPay` POS key block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyBlockForm {
    /// 24 bytes: PIK 8 + check value 4, MAK 8 + check value 4.
    Single,
    /// 40 bytes: PIK 16 + 4, MAK 8 + 8 zero bytes + 4.
    Double,
    /// 60 bytes: as `Double`, then TDK 16 + 4.
    DoubleWithTrack,
}

/// A message that the gateway itself begins.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its type.
    pub mti: Mti,
    /// Its fixed fields. DE 7, 11, 12, 13 are filled from clock and counter if the spec's type
    /// needs them.
    pub set: Vec<(FieldPath, String)>,
    /// Fields filled by the sender: any of 7, 11, 12, 13.
    pub stamp: Vec<FieldId>,
}
