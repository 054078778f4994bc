//! What is said of certificates and keys that are not what they should be.

use super::{Config, ConfigError};
use rcgen::{CertificateParams, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// A folder with `own.pem`, `own.key`, and the key of another certificate, `other.key`.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["gateway.test".to_owned()]).unwrap();
    write("own.pem", &params.self_signed(&key).unwrap().pem());
    write("own.key", &key.serialize_pem());
    write("other.key", &KeyPair::generate().unwrap().serialize_pem());
    folder
}

fn load(folder: &TempDir, text: &str) -> Result<Config, ConfigError> {
    Config::parse("gateway.toml", text, folder.path())
}

#[track_caller]
fn complains(folder: &TempDir, text: &str, wanted: &str) {
    let complaint = load(folder, text).unwrap_err().to_string();
    let folder = folder.path().display().to_string();
    assert_eq!(complaint.replace(&folder, "pki"), wanted);
}

#[test]
fn a_file_that_is_not_what_its_key_wants_is_named_with_its_place() {
    let folder = folder();
    let listener = |tls: &str| format!("[[listener]]\ntls = {{ {tls} }}");
    for (tls, wanted) in [
        (
            "certificate = \"none.pem\", key = \"own.key\"",
            "gateway.toml:2: listener.tls.certificate: pki/none.pem cannot be read: \
             No such file or directory (os error 2)",
        ),
        (
            "certificate = \"own.key\", key = \"own.key\"",
            "gateway.toml:2: listener.tls.certificate: pki/own.key holds no certificate; \
             wants a PEM file: -----BEGIN CERTIFICATE-----",
        ),
        (
            "certificate = \"own.pem\", key = \"own.pem\"",
            "gateway.toml:2: listener.tls.key: pki/own.pem holds no key; \
             wants a PEM file with one key: -----BEGIN PRIVATE KEY-----",
        ),
        (
            "certificate = \"own.pem\", key = \"other.key\"",
            "gateway.toml:2: listener.tls.key: does not fit: keys may not be consistent: \
             KeyMismatch",
        ),
        (
            "certificate = \"own.pem\", key = \"own.key\", group = \"shop.test\"",
            "gateway.toml:2: listener.tls.group: means nothing without clients: \
             name their CA there",
        ),
        (
            "certificate = \"own.pem\", key = \"own.key\", client = \"own.pem\"",
            "gateway.toml:2: listener.tls.client: unknown key; did you mean \"clients\"?",
        ),
    ] {
        complains(&folder, &listener(tls), wanted);
    }
}

#[test]
fn a_tls_table_that_is_empty_is_no_wish_for_none() {
    let wanted = "\
gateway.toml:2: listener.tls.certificate: is missing; wants a text in quotes
gateway.toml:2: listener.tls.key: is missing; wants a text in quotes";
    complains(&folder(), "[[listener]]\ntls = {}", wanted);
}

#[test]
fn a_key_that_others_can_read_and_a_link_that_shows_nothing_are_warned_of() {
    let folder = folder();
    let key = folder.path().join("own.key");
    fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let text = "[[listener]]\ntls = { certificate = \"own.pem\", key = \"own.key\" }\n\
                [[link]]\ntls = { ca = \"own.pem\" }";
    let warnings = load(&folder, text).unwrap().warnings;
    assert!(warnings[0].contains("own.key can be read by others (mode 644): chmod 600"));
    let wanted = "gateway.toml:4: link.tls: no certificate of our own: \
                  the acquirer cannot tell who connects";
    assert_eq!(warnings[1], wanted);
}

#[test]
fn an_admin_address_for_others_wants_to_know_them() {
    let folder = folder();
    let wanted = "gateway.toml:2: admin.address: is open to other machines: \
                  give it tokens (`isogate token` makes one), or tls with clients, or a loopback \
                  address";
    let open = "[admin]\naddress = \"0.0.0.0:8583\"\n";
    complains(&folder, open, wanted);
    let tls = "tls = { certificate = \"own.pem\", key = \"own.key\"";
    complains(&folder, &format!("{open}{tls} }}"), wanted);
    assert!(load(&folder, &format!("{open}{tls}, clients = \"own.pem\" }}")).is_ok());
    let tokens = format!("tokens = [\"viewer li sha256:{}\"]", "5f".repeat(32));
    assert!(load(&folder, &format!("{open}{tokens}")).is_ok());
    let wrong = "gateway.toml:3: admin.tokens: wants a list in brackets, each a line as `isogate \
                 token` prints it";
    complains(&folder, &format!("{open}tokens = [\"li\"]"), wrong);
    assert!(load(&folder, "[admin]\naddress = \"[::1]:8583\"").is_ok());
}
