//! What a step may say beside its row and its message.

use super::{HostBalance, SettlementTotals, TxId};
use crate::iso::message::{Stan, Text};

/// What else is worth knowing about a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    #[default]
    None,
    /// A duplicate, by its rule: 0 for D0 … 12 for D12.
    Duplicate(u8),
    /// An answer came this many milliseconds after the deadline.
    LateMs(u64),
    /// This much was waited, in milliseconds.
    WaitedMs(u64),
    /// The n-th try of a reversal.
    Try(u16),
    /// Another transaction: the original, the void, the twin at another terminal.
    Other(TxId),
    /// What of a message could not be read, and where.
    Unreadable(Text<120>),
    /// What names its original is not all of one transaction, or all of several: it is one of
    /// these, or none that is known.
    OneOf(Vec<TxId>),
    /// It goes on under this trace number, without the fields listed.
    GoesOn {
        /// DE 11 as the other side sees it.
        stan: Stan,
        /// Fields that have no place in the other dialect.
        lost: Text<96>,
    },
    /// What exactly was wrong, in words.
    Detail(Text<120>),
    /// A settlement, or its answer.
    Settles {
        /// What the batch adds up to, where the message tells it whole.
        totals: Option<SettlementTotals>,
        /// Whether the host's book agrees.
        host: HostBalance,
    },
}

impl Note {
    /// The other transactions that it names.
    pub fn named(&self) -> impl Iterator<Item = TxId> {
        let named = match self {
            Self::Other(tx) => std::slice::from_ref(tx),
            Self::OneOf(all) => all,
            Self::None
            | Self::Duplicate(_)
            | Self::LateMs(_)
            | Self::WaitedMs(_)
            | Self::Try(_)
            | Self::Unreadable(_)
            | Self::GoesOn { .. }
            | Self::Detail(_)
            | Self::Settles { .. } => &[],
        };
        named.iter().copied()
    }
}
