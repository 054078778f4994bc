//! TLS as a file describes it: who we are, whom we trust, whom we do not trust any more.
//!
//! Everything named is read and checked here, so that `serve --check` tells what a peer would find
//! out, and reloading is reading the file again. TLS is 1.2 or 1.3; a peer's name is looked for in
//! its certificate's alternative names, never in its subject.

use super::group::InGroup;
use super::pem;
use super::section::Section;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// How an address that is connected to speaks TLS.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// Certificates and checks, as rustls wants them.
    pub config: Arc<ServerConfig>,
    /// Whether whoever connects must show a certificate.
    pub mutual: bool,
}

/// How a link speaks TLS.
#[derive(Clone, Debug)]
pub struct ClientTls {
    /// Certificates and checks, as rustls wants them.
    pub config: Arc<ClientConfig>,
    /// The name that the peer's certificate must be made out to.
    pub name: ServerName<'static>,
}

/// Reads `tls = { … }` tables; keeps what is to be warned of.
pub(super) struct TlsReader<'p> {
    folder: &'p Path,
    pub warnings: Vec<String>,
}

/// A certificate with its chain, and its key.
type TlsIdentity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl<'p> TlsReader<'p> {
    /// Files are looked for relative to `folder`.
    pub(super) const fn new(folder: &'p Path) -> Self {
        let warnings = Vec::new();
        Self { folder, warnings }
    }

    /// `tls` of a section that is connected to; `None` if it is absent, or wrong.
    pub(super) fn server(&mut self, outer: &mut Section<'_>) -> Option<ServerTls> {
        if !outer.has("tls") {
            outer.knows(&["tls"]);
            return None;
        }
        let mut section = outer.section("tls");
        let identity = self.identity(&mut section, true);
        let clients = self.clients(&mut section);
        let built = identity.zip(clients).and_then(|(identity, clients)| {
            let mutual = clients.is_some();
            let config = server_config(identity, clients);
            let config = config.map_err(|what| section.problem("key", what)).ok()?;
            let config = Arc::new(config);
            Some(ServerTls { config, mutual })
        });
        section.finish();
        built
    }

    /// `tls` of a link to `address`; `None` if it is absent, or wrong.
    pub(super) fn client(&mut self, outer: &mut Section<'_>, address: &str) -> Option<ClientTls> {
        if !outer.has("tls") {
            outer.knows(&["tls"]);
            return None;
        }
        let mut section = outer.section("tls");
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let name = section.or("name", host.trim_matches(['[', ']']).to_owned());
        let wanted = "wants the name in the peer's certificate, such as \"acquirer.test\"";
        let name = ServerName::try_from(name).map_err(|_name| section.problem("name", wanted));
        let identity = self.identity(&mut section, false);
        let trusted = self.trusted(&mut section, "ca");
        let own = section.has("certificate");
        if !own {
            let place = section.place();
            self.warnings.push(format!(
                "{place}: no certificate of our own: the acquirer cannot tell who connects"
            ));
        }
        let built = name.ok().zip(trusted).and_then(|(name, trusted)| {
            let config = client_config(trusted, identity);
            let config = config.map_err(|what| section.problem("key", what)).ok()?;
            let config = Arc::new(config);
            Some(ClientTls { config, name })
        });
        section.finish();
        built
    }

    /// Our own certificate and key.
    fn identity(&mut self, section: &mut Section<'_>, needed: bool) -> Option<TlsIdentity> {
        if !needed && !section.has("certificate") && !section.has("key") {
            section.knows(&["certificate", "key"]);
            return None;
        }
        let chain = self.file(section, "certificate", pem::certificates);
        let key = self.file(section, "key", pem::key);
        let (key, warning) = key?;
        self.warnings.extend(warning);
        Some((chain?, key))
    }

    /// What checks the certificates of those who connect; `Some(None)` if none is wanted.
    #[expect(
        clippy::option_option,
        reason = "outer: is the file right; inner: is it wanted"
    )]
    fn clients(
        &mut self,
        section: &mut Section<'_>,
    ) -> Option<Option<Arc<dyn ClientCertVerifier>>> {
        let group: Option<String> = section.optional("group");
        if !section.has("clients") {
            for key in ["revoked", "group"] {
                if section.has(key) {
                    section.problem(key, "means nothing without clients: name their CA there");
                }
            }
            section.knows(&["clients", "revoked"]);
            return Some(None);
        }
        let (roots, revoked) = self.trusted(section, "clients")?;
        let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
        let built = builder.with_crls(revoked).build();
        let verifier = built.map_err(|error| section.problem("clients", error.to_string()));
        let verifier = verifier.ok()?;
        let Some(group) = group else {
            return Some(Some(verifier));
        };
        let wanted = "wants a name in the certificates of the group, such as \"shop-a.test\"";
        let group = ServerName::try_from(group).map_err(|_name| section.problem("group", wanted));
        let verifier = InGroup::new(group.ok()?, verifier);
        Some(Some(Arc::new(verifier)))
    }

    /// The certificates that are trusted to vouch for others, and the lists of what they revoked.
    fn trusted(&self, section: &mut Section<'_>, key: &'static str) -> Option<Trusted> {
        let certificates = self.file(section, key, pem::certificates);
        let revoked = if section.has("revoked") {
            self.file(section, "revoked", pem::revocations)
        } else {
            section.knows(&["revoked"]);
            Some(Vec::new())
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates? {
            if let Err(error) = roots.add(certificate) {
                section.problem(
                    key,
                    format!("holds a certificate that cannot vouch: {error}"),
                );
            }
        }
        Some((Arc::new(roots), revoked?))
    }

    /// What a file named by a key holds.
    fn file<T>(
        &self,
        section: &mut Section<'_>,
        key: &'static str,
        read: fn(&Path) -> Result<T, String>,
    ) -> Option<T> {
        let path: PathBuf = self.folder.join(section.required::<String>(key)?);
        read(&path).map_err(|what| section.problem(key, what)).ok()
    }
}

/// Roots, and what they revoked.
type Trusted = (Arc<RootCertStore>, Vec<pem::Revocations>);

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn server_config(
    (chain, key): TlsIdentity,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, String> {
    let clients = clients.unwrap_or_else(WebPkiClientVerifier::no_client_auth);
    let wrong = |error: tokio_rustls::rustls::Error| format!("does not fit: {error}");
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    // A storm of terminals that come back is ten times cheaper resumed. The tickets' keys are made
    // anew with each reload, so nobody resumes who would not be let in any more.
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(wrong)?;
    config.send_tls13_tickets = 1;
    Ok(config)
}

fn client_config(
    (roots, revoked): Trusted,
    identity: Option<TlsIdentity>,
) -> Result<ClientConfig, String> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider())
        .with_crls(revoked)
        .build()
        .map_err(|error| error.to_string())?;
    let wrong = |error: tokio_rustls::rustls::Error| format!("does not fit: {error}");
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_webpki_verifier(verifier);
    match identity {
        Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(wrong),
        None => Ok(config.with_no_client_auth()),
    }
}
