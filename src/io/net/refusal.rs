//! Why a TLS handshake came to nothing.

use crate::io::telemetry::HandshakeFault;
use std::fmt;
use std::io;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerMisbehaved,
};

/// A handshake that came to nothing.
#[derive(Debug)]
pub struct FailedHandshake {
    /// Why.
    pub reason: HandshakeFault,
    /// The same in full.
    what: String,
}

impl fmt::Display for FailedHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no TLS with this peer ({}): {}",
            self.reason.name(),
            self.what
        )
    }
}

impl std::error::Error for FailedHandshake {}

impl FailedHandshake {
    pub(super) fn new(reason: HandshakeFault, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { reason, what }
    }
}

impl From<io::Error> for FailedHandshake {
    fn from(error: io::Error) -> Self {
        Self::new(HandshakeFault::Ended, error.to_string())
    }
}

impl From<Error> for FailedHandshake {
    fn from(error: Error) -> Self {
        Self::new(reason(&error), error.to_string())
    }
}

fn reason(error: &Error) -> HandshakeFault {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::NoCertificatesPresented => HandshakeFault::NoCertificate,
        Error::PeerIncompatible(_) => HandshakeFault::Version,
        Error::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported) => {
            HandshakeFault::Downgrade
        }
        Error::InvalidMessage(
            InvalidMessage::CertificatePayloadTooLarge | InvalidMessage::HandshakePayloadTooLarge,
        ) => HandshakeFault::Oversize,
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::UnknownProtocolVersion,
        ) => HandshakeFault::NotTls,
        Error::AlertReceived(AlertDescription::ProtocolVersion) => HandshakeFault::Version,
        Error::AlertReceived(_) => HandshakeFault::Peer,
        _ => HandshakeFault::Protocol,
    }
}

fn of_certificate(error: &CertificateError) -> HandshakeFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            HandshakeFault::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            HandshakeFault::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            HandshakeFault::WrongName
        }
        // A false issuer may bear the name of a true one: then the signature gives it away.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            HandshakeFault::UnknownIssuer
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            HandshakeFault::WrongPurpose
        }
        CertificateError::Revoked => HandshakeFault::Revoked,
        _ => HandshakeFault::Certificate,
    }
}
