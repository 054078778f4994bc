//! The shape of messages as data: a [`Spec`] is one dialect, composed from TOML, checked once at
//! load, immutable and shared afterwards. Taking `&Spec` is taking the proof that it is sound.
//!
//! What a field looks like is [`FieldSpec`]; what messages mean to a gateway (what names a
//! transaction, what answers what, how a reversal is made) is [`Flow`]. The file format is
//! described in `proto-specs/README.md`; its keys stand in `file`.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod builtin;
mod codes;
mod error;
mod field;
mod file;
mod flow;
mod format;
mod kinds;
mod layers;
mod layout;
mod load;
mod load_codes;
mod load_composite;
mod load_field;
mod load_flow;
mod load_usage;
mod shape;
mod step;
mod usage;
mod wanted;

pub use codes::{CodeSet, Codes, RequestOutcome, ReversalOutcome};
pub use error::{SpecError, nearest};
pub use field::{
    Composite, FieldMeaning, FieldSpec, FixedPart, MtiMask, Nested, NestedPart, PartSpec, Store,
    Tags, tag_number,
};
pub use flow::{
    AnswerRule, Flow, KeyBlockForm, KeyRule, Kind, MacAlgorithm, MacRule, OriginalSource, Purpose,
    Refusals, ReversalCause, ReversalRule, Script, SettlementRule, StampForm, StampPart,
};
pub use format::{Charset, FieldContent, Format, Size};
pub use kinds::Kinds;
pub use layout::{Align, Encoding, Layout, LengthUnit, Odd, Pad, Prefix, PrefixEncoding};
pub use shape::{BitmapShape, Framing, HeaderAnswer, HeaderPart, Http, Spec, Title};
pub use step::{Check, FieldStep, Packing};
pub use usage::Usage;
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
