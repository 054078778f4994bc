//! Why a TLS handshake came to nothing.

use crate::io::telemetry::Reason;
use std::fmt;
use std::io;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerMisbehaved,
};

/// A handshake that came to nothing.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The same in full.
    what: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no TLS with this peer ({}): {}",
            self.reason.name(),
            self.what
        )
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    pub(super) fn new(reason: Reason, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { reason, what }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::new(Reason::Ended, error.to_string())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::new(reason(&error), error.to_string())
    }
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::NoCertificatesPresented => Reason::NoCertificate,
        Error::PeerIncompatible(_) => Reason::Version,
        Error::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported) => {
            Reason::Downgrade
        }
        Error::InvalidMessage(
            InvalidMessage::CertificatePayloadTooLarge | InvalidMessage::HandshakePayloadTooLarge,
        ) => Reason::Oversize,
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::UnknownProtocolVersion,
        ) => Reason::NotTls,
        Error::AlertReceived(AlertDescription::ProtocolVersion) => Reason::Version,
        Error::AlertReceived(_) => Reason::Peer,
        _ => Reason::Protocol,
    }
}

fn of_certificate(error: &CertificateError) -> Reason {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Reason::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Reason::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Reason::WrongName
        }
        // A false issuer may bear the name of a true one: then the signature gives it away.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Reason::UnknownIssuer,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Reason::WrongPurpose
        }
        CertificateError::Revoked => Reason::Revoked,
        _ => Reason::Certificate,
    }
}
