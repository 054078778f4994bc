//! What an operator may want of a transaction.

use crate::engine::record::{State, TxId};
use crate::iso::message::Text;

/// What an operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The transaction.
    pub tx: TxId,
    /// What is to become of it.
    pub act: Act,
    /// Who wants it, and why.
    pub said: Text<120>,
    /// The state in which it was seen by whoever decided; if it is another one by now, nothing
    /// happens.
    pub seen: Option<State>,
}

/// What an operator can do about a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Reverse it, from the first try on, whatever was tried before.
    Reverse,
    /// Put its pending reversal on the list of exceptions, where it is tried slowly.
    Park,
    /// Take it off the list of open ones: it was found out elsewhere where the money is.
    Close,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 3] = [Self::Reverse, Self::Park, Self::Close];

    /// As people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reverse => "reverse",
            Self::Park => "park",
            Self::Close => "close",
        }
    }
}
