//! A message as the journal keeps it.

use super::ConnId;
use crate::engine::seam::planted::{self, Bug};
use crate::iso::codec::{Message, Redacted};
use crate::iso::message::{
    Amount, AuthCode, Class, FieldId, FieldPath, Mti, ResponseCode, Rrn, Secret, Stan,
};
use bytes::Bytes;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// T>G
    TerminalToGateway,
    /// G>A
    GatewayToAcquirer,
    /// A>G
    AcquirerToGateway,
    /// G>T
    GatewayToTerminal,
}

impl Hop {
    /// `T>G` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TerminalToGateway => "T>G",
            Self::GatewayToAcquirer => "G>A",
            Self::AcquirerToGateway => "A>G",
            Self::GatewayToTerminal => "G>T",
        }
    }
}

/// A message in a record.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Which way it goes.
    pub hop: Hop,
    /// The connection it came from, or goes to.
    pub conn: ConnId,
    /// The connection that the same bytes go on to, unchanged: one record then stands for both.
    pub relayed: Option<ConnId>,
    /// Its type.
    pub mti: Mti,
    /// DE 39.
    pub code: Option<ResponseCode>,
    /// DE 11; not in records of before it was kept.
    pub stan: Option<Stan>,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// DE 38.
    pub auth: Option<AuthCode>,
    /// What an approval in part granted; what a reversal of the acquirer's own takes back.
    pub amount: Option<Amount>,
    /// Its bytes.
    pub frame: StoredFrame,
}

impl Logged {
    /// The message fit for the journal. One that cannot be built is kept as an empty frame: its
    /// names are still worth a record.
    #[must_use]
    pub fn of(message: &Message, hop: Hop, conn: ConnId, relayed: Option<ConnId>) -> Self {
        Self {
            hop,
            conn,
            relayed,
            mti: message.mti(),
            code: message.response_code(),
            stan: message.stan(),
            rrn: message.rrn(),
            auth: message.auth_code(),
            amount: moved(message, hop),
            frame: if planted::is(Bug::StorePan) {
                StoredFrame::in_clear(message)
            } else {
                message.redact().map(StoredFrame::from).unwrap_or_default()
            },
        }
    }
}

/// What a message of the acquirer's moves, where that need not be the amount of a request: what an
/// approval in part granted, what a reversal of its own takes back. Of the latter, DE 95 tells in
/// its first twelve digits what is to stand (ISO 8583:1987 §4.3.1).
fn moved(message: &Message, hop: Hop) -> Option<Amount> {
    const REPLACEMENT: FieldPath = FieldPath::whole(FieldId::of(95));
    if hop != Hop::AcquirerToGateway {
        return None;
    }
    let mti = message.mti();
    if mti.is_answer() {
        let code = message.response_code()?;
        let in_part = message.spec().flow().codes.in_part.contains(&code);
        return message.amount().filter(|_| in_part);
    }
    let reverses = mti.class() == Class::Reversal;
    let amount = message.amount().filter(|_| reverses)?;
    let stands = message.text(REPLACEMENT);
    let stands = stands.and_then(|amounts| amounts.get(..12)?.parse().ok());
    Some(Amount(amount.0.saturating_sub(stands.unwrap_or(0))))
}

/// A frame without length prefix, its sensitive bytes overwritten, and what may be restored aside.
/// Shared: who takes a copy takes no bytes.
#[derive(Clone, Debug)]
pub struct StoredFrame(Arc<MaskedFrame>);

/// No frame.
static EMPTY: LazyLock<StoredFrame> = LazyLock::new(|| StoredFrame(Arc::default()));

impl Default for StoredFrame {
    fn default() -> Self {
        EMPTY.clone()
    }
}

/// What is shared of a [`StoredFrame`].
#[derive(Clone, Debug, Default)]
pub struct MaskedFrame {
    /// The frame; overwritten digits are zero.
    pub frame: Bytes,
    /// The overwritten ranges `(start, length, may be restored)`, ascending.
    pub hidden: Vec<(u16, u16, bool)>,
    /// The bytes of the restorable ranges.
    pub patch: Patch,
}

impl StoredFrame {
    /// Of its parts.
    #[must_use]
    pub fn new(frame: Bytes, hidden: Vec<(u16, u16, bool)>, patch: Patch) -> Self {
        Self(Arc::new(MaskedFrame {
            frame,
            hidden,
            patch,
        }))
    }

    /// What must never be: for a bug that is planted.
    fn in_clear(message: &Message) -> Self {
        let frame = message.build().unwrap_or_default();
        Self::new(frame, Vec::new(), Patch::None)
    }

    /// Takes another patch: sealed, or opened again.
    pub(super) fn set_patch(&mut self, patch: Patch) {
        Arc::make_mut(&mut self.0).patch = patch;
    }

    /// The frame as it came, if its patch is in clear and nothing was overwritten for good.
    #[must_use]
    pub fn restore(&self) -> Option<Bytes> {
        self.with_patch()?.restore()
    }

    /// The frame with card number and expiry, if its patch is in clear; what was overwritten for
    /// good stays so.
    #[must_use]
    pub fn restore_known(&self) -> Option<Bytes> {
        self.with_patch()?.restore_known()
    }

    /// Whether it is sealed and its key is gone: its card number is known to nobody here.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        matches!(self.patch, Patch::Sealed(_))
    }

    fn with_patch(&self) -> Option<Redacted> {
        let patch = match &self.patch {
            Patch::None => Secret::new(Vec::new()),
            Patch::Clear(clear) => clear.clone(),
            Patch::Sealed(_) => return None,
        };
        Some(Redacted {
            frame: self.frame.clone(),
            hidden: self.hidden.clone(),
            patch,
        })
    }
}

impl From<Redacted> for StoredFrame {
    fn from(redacted: Redacted) -> Self {
        let patch = if redacted.patch.is_empty() {
            Patch::None
        } else {
            Patch::Clear(redacted.patch)
        };
        Self::new(redacted.frame, redacted.hidden, patch)
    }
}

impl Deref for StoredFrame {
    type Target = MaskedFrame;

    fn deref(&self) -> &MaskedFrame {
        &self.0
    }
}

/// The restorable bytes of a stored frame: card number and expiry, never more.
#[derive(Clone, Debug, Default)]
pub enum Patch {
    /// There are none.
    #[default]
    None,
    /// In memory: sealed on the way to disk, or opened again by recovery.
    Clear(Secret),
    /// As read from disk.
    Sealed(Sealed),
}

/// Bytes sealed by a [`super::Vault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The data key, by its hour.
    pub key: u32,
    /// Nonce, ciphertext and tag.
    pub bytes: Bytes,
}
