//! Files of certificates, keys and revocations. No error quotes what it read.

use super::keys::others_can_read;
use std::path::Path;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
};
use zeroize::Zeroizing;

/// A list of certificates that are not to be trusted any more.
pub(super) type Revocations = CertificateRevocationListDer<'static>;

/// All certificates of a file, in their order.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    all(path, "certificate", "CERTIFICATE")
}

/// All revocation lists of a file.
pub(super) fn revocations(path: &Path) -> Result<Vec<Revocations>, String> {
    all(path, "revocation list", "X509 CRL")
}

/// The key of a file, and a warning if others can read it.
pub(super) fn key(path: &Path) -> Result<(PrivateKeyDer<'static>, Option<String>), String> {
    let text = text(path)?;
    let wants = "wants a PEM file with one key: -----BEGIN PRIVATE KEY-----";
    let key = PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_error| format!("{} holds no key; {wants}", path.display()))?;
    let warning = others_can_read(path).map_err(|error| unreadable(path, &error))?;
    Ok((key, warning))
}

fn all<T: PemObject>(path: &Path, what: &str, label: &str) -> Result<Vec<T>, String> {
    let text = text(path)?;
    let read: Result<Vec<T>, pem::Error> = T::pem_slice_iter(&text).collect();
    let shown = path.display();
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_none) => Err(format!(
            "{shown} holds no {what}; wants a PEM file: -----BEGIN {label}-----"
        )),
        Err(_broken) => Err(format!("{shown} is broken: a PEM block is not whole")),
    }
}

fn text(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let read = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(Zeroizing::new(read))
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}
