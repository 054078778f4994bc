//! The shape of messages as data: a [`Spec`] is one dialect, composed from TOML, checked once at
//! load, immutable and shared afterwards. Taking `&Spec` is taking the proof that it is sound.
//!
//! What a field looks like is [`FieldSpec`]; what messages mean to a gateway (what names a
//! transaction, what answers what, how a reversal is made) is [`Flow`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod flow;
mod shape;

pub use flow::{
    AnswerRule, Codes, Flow, KeyBlockForm, KeyRule, Kind, MacAlgorithm, MacRule, OriginalSource,
    Purpose, ReversalCause, ReversalRule, Script,
};
pub use shape::{Spec, SpecError};
