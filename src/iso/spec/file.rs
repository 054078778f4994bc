//! What a spec file may say, key by key. Every key is optional here, since an overlay says only
//! what it changes; what a whole dialect needs is checked in `load`.

use super::field::Store;
use super::flow::{KeyBlockForm, MacAlgorithm, Purpose};
use super::layout::{Align, Encoding, LengthUnit, Pad, PrefixEncoding};
use super::shape::HeaderAnswer;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A list of values by name; TOML tables have no order that means anything.
pub(super) type NamedValues<T> = BTreeMap<String, T>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SpecFile {
    pub name: Option<String>,
    pub title: Option<String>,
    pub zh: Option<String>,
    pub source: Option<String>,
    pub extends: Option<String>,
    /// Paths of keys that the base has and this dialect has not: `fields.5-10`, `kinds.refund`.
    pub remove: Vec<String>,
    pub frame: FrameKeys,
    pub header: Vec<HeaderKeys>,
    pub message: MessageKeys,
    pub coding: CodingKeys,
    pub fields: NamedValues<FieldKeys>,
    pub usage: Vec<UsageKeys>,
    pub flow: FlowKeys,
    pub kinds: NamedValues<KindKeys>,
    pub codes: CodeKeys,
    pub response: NamedValues<[String; 2]>,
    pub reversal: Option<ReversalKeys>,
    pub answer: AnswerKeys,
    pub refusal: RefusalKeys,
    pub stamps: NamedValues<String>,
    pub settlement: Option<SettlementKeys>,
    pub mac: Option<MacKeys>,
    pub keys: Option<KeyKeys>,
    pub sign_on: Option<ScriptKeys>,
    pub echo: Option<ScriptKeys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FrameKeys {
    pub length: Option<PrefixEncoding>,
    pub bytes: Option<u8>,
    pub counts_itself: Option<bool>,
    pub http: Option<HttpKeys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpKeys {
    pub path: Option<String>,
    pub host: Option<String>,
    pub content_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HeaderKeys {
    pub name: String,
    pub default: String,
    pub answer: HeaderAnswer,
    pub length: Option<PrefixEncoding>,
    pub absent_before: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MessageKeys {
    pub mti: Option<Encoding>,
    pub bitmap: Option<Encoding>,
    pub bitmap_always_double: Option<bool>,
    pub bitmap_announced: Option<bool>,
    pub bitmaps: Option<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CodingKeys {
    pub digits: Option<Encoding>,
    pub track: Option<Encoding>,
    pub text: Option<Encoding>,
    pub binary: Option<Encoding>,
    pub align: Option<Align>,
    pub fill: Option<String>,
    pub prefix: Option<PrefixEncoding>,
    pub prefix_counts: Option<LengthUnit>,
    pub prefix_counts_itself: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FieldKeys {
    pub format: Option<String>,
    pub name: Option<String>,
    pub zh: Option<String>,
    pub source: Option<String>,
    pub store: Option<Store>,
    pub encoding: Option<Encoding>,
    pub align: Option<Align>,
    pub fill: Option<String>,
    pub pad: Option<Pad>,
    pub prefix: Option<PrefixEncoding>,
    pub prefix_bytes: Option<u8>,
    pub prefix_counts: Option<LengthUnit>,
    pub prefix_counts_itself: Option<bool>,
    pub composite: Option<CompositeKind>,
    pub parts: Option<Vec<PartKeys>>,
    pub tag_size: Option<u8>,
    pub length_size: Option<u8>,
    pub tags: NamedValues<PartKeys>,
    pub bitmap: Option<Encoding>,
    pub bitmap_bytes: Option<u8>,
    pub bitmap_extends: Option<bool>,
    pub uses: Vec<UseKeys>,
}

/// What the field means in messages of certain types.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UseKeys {
    pub mti: Vec<String>,
    pub name: Option<String>,
    pub zh: Option<String>,
    pub store: Option<Store>,
    pub composite: Option<CompositeKind>,
    pub parts: Option<Vec<PartKeys>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CompositeKind {
    /// No parts, where the base has them.
    None,
    Positions,
    BerTlv,
    TextTlv,
    Bitmap,
}

#[derive(Debug, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "the keys of a part, such as { name = \"Order id\", format = \"ans..20\" }"
)]
pub(super) struct PartKeys {
    pub id: Option<String>,
    pub format: Option<String>,
    pub name: Option<String>,
    pub zh: Option<String>,
    pub store: Option<Store>,
    pub encoding: Option<Encoding>,
    pub align: Option<Align>,
    pub fill: Option<String>,
    pub pad: Option<Pad>,
    pub prefix: Option<PrefixEncoding>,
    pub prefix_bytes: Option<u8>,
    pub prefix_counts: Option<LengthUnit>,
    pub prefix_counts_itself: Option<bool>,
}

/// How a value is written where that differs from its dialect.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayoutKeys<'a> {
    pub encoding: Option<Encoding>,
    pub align: Option<Align>,
    pub fill: Option<&'a str>,
    pub pad: Option<Pad>,
    pub prefix: Option<PrefixEncoding>,
    pub prefix_bytes: Option<u8>,
    pub prefix_counts: Option<LengthUnit>,
    pub prefix_counts_itself: Option<bool>,
}

impl FieldKeys {
    pub(super) fn layout(&self) -> LayoutKeys<'_> {
        LayoutKeys {
            encoding: self.encoding,
            align: self.align,
            fill: self.fill.as_deref(),
            pad: self.pad,
            prefix: self.prefix,
            prefix_bytes: self.prefix_bytes,
            prefix_counts: self.prefix_counts,
            prefix_counts_itself: self.prefix_counts_itself,
        }
    }
}

impl PartKeys {
    pub(super) fn layout(&self) -> LayoutKeys<'_> {
        LayoutKeys {
            encoding: self.encoding,
            align: self.align,
            fill: self.fill.as_deref(),
            pad: self.pad,
            prefix: self.prefix,
            prefix_bytes: self.prefix_bytes,
            prefix_counts: self.prefix_counts,
            prefix_counts_itself: self.prefix_counts_itself,
        }
    }
}

/// Which fields messages of certain types must and must not have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UsageKeys {
    pub mti: Vec<String>,
    pub when: NamedValues<String>,
    pub mandatory: Vec<u8>,
    pub conditional: Option<Vec<u8>>,
    pub forbidden: Vec<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FlowKeys {
    pub identity: Vec<String>,
    pub match_key: Vec<String>,
    pub original_stan: Option<String>,
    pub original_batch: Option<String>,
    pub amount: Option<String>,
    pub currency: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SettlementKeys {
    pub debit_amount: Vec<String>,
    pub debit_count: Vec<String>,
    pub credit_amount: Vec<String>,
    pub credit_count: Vec<String>,
    pub debit_reversal_amount: Vec<String>,
    pub debit_reversal_count: Vec<String>,
    pub credit_reversal_amount: Vec<String>,
    pub credit_reversal_count: Vec<String>,
    pub result: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KindKeys {
    pub title: Option<String>,
    pub zh: Option<String>,
    pub mti: Option<String>,
    pub when: NamedValues<String>,
    pub purpose: Option<Purpose>,
    pub reverses: bool,
    pub mac: bool,
    pub set: NamedValues<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CodeKeys {
    pub approved: Vec<String>,
    pub in_part: Vec<String>,
    pub declined: Vec<String>,
    pub unknown: Vec<String>,
    /// Purposes whose answers may come without a code.
    pub without: Vec<Purpose>,
    pub reversal_accepted: Vec<String>,
    pub reversal_unproven: Vec<String>,
    pub reversal_refused: Vec<String>,
    pub reversal_later: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReversalKeys {
    pub mti: Option<String>,
    pub repeat_mti: bool,
    pub copy: Vec<u8>,
    pub copy_tags: Vec<String>,
    /// `"@mti"`, `"@11"` (a field of the original) or a fixed text.
    pub original: NamedValues<String>,
    pub cause: Option<CauseKeys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CauseKeys {
    pub field: Option<u8>,
    pub no_answer: Option<String>,
    pub mac: Option<String>,
    pub not_delivered: Option<String>,
    pub other: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AnswerKeys {
    pub copy: Vec<u8>,
    pub approved: Option<String>,
    pub unavailable: Option<String>,
    pub malfunction: Option<String>,
    pub format: Option<String>,
    pub mac: Option<String>,
    pub duplicate: Option<String>,
    pub invalid: Option<String>,
    pub not_found: Option<String>,
    pub reversed: Option<String>,
    pub session: Option<String>,
    pub settled: Option<String>,
    pub unsettled: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RefusalKeys {
    pub invalid_card: Option<String>,
    pub insufficient_funds: Option<String>,
    pub wrong_pin: Option<String>,
    pub unknown_terminal: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MacKeys {
    pub field: Option<u8>,
    pub algorithm: Option<MacAlgorithm>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KeyKeys {
    pub field: Option<u8>,
    pub by: Option<String>,
    pub forms: NamedValues<KeyBlockForm>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ScriptKeys {
    pub mti: Option<String>,
    pub set: NamedValues<String>,
    pub stamp: Vec<u8>,
}
