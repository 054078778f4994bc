//! One journalled fact, and its form on disk.
//!
//! Trace, metrics, reconciliation and recovery are folds over [`Record`]s, so they cannot disagree.
//! This room decides nothing and reads no disk: segments and their order belong to the journal.
//!
//! Start with [`Record`], then [`State`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![deny(clippy::wildcard_enum_match_arm)]

mod fact;
mod ids;
mod message;
mod note;
mod opening;
mod state;
mod vault;

mod form;

pub use fact::{
    Carried, CarriedAnswer, CarriedKeys, CarriedTransaction, Fact, HostBalance, LineFact, LinkName,
    NumberStretch, Opened, OperatorAct, OperatorDid, Record, SettlementTotals, ShadowDifference,
    ShadowTally, Step, Unmatched, Unreadable, Why,
};
#[cfg(test)]
pub(crate) use form::samples;
pub use form::{FormError, Head, decode, decode_head, decode_without_frames, encode};
pub use ids::{ConnId, Identity, LinkId, ListenerId, Seq, TxId};
pub use message::{Hop, Logged, MaskedFrame, Patch, Sealed, StoredFrame};
pub use note::Note;
pub use state::{Awaited, Known, Meaning, Row, State};
pub use vault::{Vault, VaultKeys, VaultKeysError};
