//! Certificates by the dozen.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Somebody who vouches for others.
pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate with its chain, and its key.
pub(super) struct Identity {
    pub(super) chain: String,
    pub(super) key: String,
}

pub(super) fn authority(name: &str) -> Authority {
    Authority::self_signed(vouching(name), KeyPair::generate().unwrap()).unwrap()
}

/// One whom another vouches for.
pub(super) fn deputy(name: &str, of: &Authority) -> Authority {
    Authority::signed_by(vouching(name), KeyPair::generate().unwrap(), of).unwrap()
}

fn vouching(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A certificate made out to `name`, for both uses, changed by `change`.
pub(super) fn issue(by: &Authority, name: &str, change: fn(&mut CertificateParams)) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, change).signed_by(&key, by).unwrap();
    Identity {
        chain: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// The same, vouched for by itself.
pub(super) fn self_signed(name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, as_it_is).self_signed(&key).unwrap();
    Identity {
        chain: certificate.pem(),
        key: key.serialize_pem(),
    }
}

fn params(name: &str, change: fn(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    change(&mut params);
    params
}

pub(super) fn as_it_is(_: &mut CertificateParams) {}

pub(super) fn expired(params: &mut CertificateParams) {
    params.not_after = date_time_ymd(2024, 1, 1);
}

pub(super) fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(4000, 1, 1);
}

pub(super) fn for_servers(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
}

pub(super) fn for_clients(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

pub(super) fn in_subject_only(params: &mut CertificateParams) {
    params.subject_alt_names.clear();
}

/// The serial number that [`revocations`] revokes.
pub(super) fn to_be_revoked(params: &mut CertificateParams) {
    params.serial_number = Some(SerialNumber::from(666));
}

/// What an authority has revoked.
pub(super) fn revocations(by: &Authority) -> String {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from(666),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(4000, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(by).unwrap().pem().unwrap()
}

impl Identity {
    /// The same, with more certificates after its own.
    pub(super) fn with(mut self, more: &str) -> Self {
        self.chain.push_str(more);
        self
    }

    /// Writes `NAME.pem` and `NAME.key`.
    pub(super) fn write(&self, folder: &Path, name: &str) {
        fs::write(folder.join(format!("{name}.pem")), &self.chain).unwrap();
        let key = folder.join(format!("{name}.key"));
        fs::write(&key, &self.key).unwrap();
        fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// As rustls wants it.
    pub(super) fn der(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (
            certificates(&self.chain),
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap(),
        )
    }
}

pub(super) fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .map(Result::unwrap)
        .collect()
}
