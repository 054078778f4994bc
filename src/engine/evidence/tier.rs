//! How far evidence reaches beyond the journal.

/// What a verdict rests on: the journal, and perhaps a file of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The gateway's journal alone.
    E0,
    /// With the terminal's totals and batch upload.
    E1,
    /// With the settings of the merchant's account.
    E2s,
    /// With the answer to a query of the wallet.
    E2w,
    /// With the acquirer's file.
    E2,
    /// With the pay-out file.
    E2p,
    /// With the issuer's view.
    E3,
}

impl Tier {
    /// `E0`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::E0 => "E0",
            Self::E1 => "E1",
            Self::E2s => "E2s",
            Self::E2w => "E2w",
            Self::E2 => "E2",
            Self::E2p => "E2p",
            Self::E3 => "E3",
        }
    }
}
