//! Why peers were refused or disconnected: the words of logs and metrics.

/// Why we disconnect a peer, in a word of a short list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// Its frame has an impossible length.
    Frame,
    /// It speaks TLS where none is spoken.
    Tls,
    /// Its frame does not end.
    Slow,
    /// It takes nothing of what waits for it.
    Stuck,
}

impl DisconnectReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Frame, Self::Tls, Self::Slow, Self::Stuck];

    /// As logs and metrics know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Tls => "tls",
            Self::Slow => "slow",
            Self::Stuck => "stuck",
        }
    }
}

/// Why a TLS handshake came to nothing, in a word of a short list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFault {
    /// The certificate is not valid any more.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is made out to another name, or in its subject only.
    WrongName,
    /// Nobody whom we trust vouches for the certificate, or part of its chain is missing.
    UnknownIssuer,
    /// The certificate is for another use.
    WrongPurpose,
    /// The certificate was revoked.
    Revoked,
    /// The chain of certificates is beyond measure: more than 64 KiB.
    Oversize,
    /// The certificate is wrong in another way.
    Certificate,
    /// No certificate was shown.
    NoCertificate,
    /// The peer speaks no version or cipher that we do.
    Version,
    /// Somebody in between talks both sides into an older version.
    Downgrade,
    /// The peer does not speak TLS at all.
    NotTls,
    /// The peer refused us.
    Peer,
    /// The handshake took too long.
    Slow,
    /// The connection ended amid the handshake.
    Ended,
    /// The peer broke the protocol in another way.
    Protocol,
}

impl HandshakeFault {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::UnknownIssuer,
        Self::WrongPurpose,
        Self::Revoked,
        Self::Oversize,
        Self::Certificate,
        Self::NoCertificate,
        Self::Version,
        Self::Downgrade,
        Self::NotTls,
        Self::Peer,
        Self::Slow,
        Self::Ended,
        Self::Protocol,
    ];

    /// As logs and metrics know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongName => "wrong_name",
            Self::UnknownIssuer => "unknown_issuer",
            Self::WrongPurpose => "wrong_purpose",
            Self::Revoked => "revoked",
            Self::Oversize => "oversize",
            Self::Certificate => "certificate",
            Self::NoCertificate => "no_certificate",
            Self::Version => "version",
            Self::Downgrade => "downgrade",
            Self::NotTls => "not_tls",
            Self::Peer => "peer",
            Self::Slow => "slow",
            Self::Ended => "ended",
            Self::Protocol => "protocol",
        }
    }
}
