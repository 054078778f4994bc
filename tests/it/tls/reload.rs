//! Certificates change while connections live.

use super::line::{Line, terminal};
use super::pki;
use crate::rig::{House, eventually};
use std::fs;
use tempfile::TempDir;

const TLS: &str = r#"
[[listener]]
address = "127.0.0.1:0"
spec = "iso8583-1987-ascii"
[listener.tls]
certificate = "gateway.pem"
key = "gateway.key"
clients = "ca.pem"
revoked = "revoked.pem"
[[link]]
address = "127.0.0.1:1"
spec = "iso8583-1987-ascii"
"#;

#[test]
fn certificates_are_reloaded_without_ending_a_connection_and_bad_ones_are_not() {
    let root = pki::authority("root");
    let folder = TempDir::new().unwrap();
    let first = pki::issue(&root, "gateway.test", pki::as_it_is);
    let second = pki::issue(&root, "gateway.test", pki::as_it_is);
    first.write(folder.path(), "gateway");
    fs::write(folder.path().join("ca.pem"), root.pem()).unwrap();
    let other = pki::authority("other");
    fs::write(folder.path().join("revoked.pem"), pki::revocations(&other)).unwrap();
    // Lists of others say nothing about whom this CA vouches for: so all are in doubt.
    let text = TLS.replace("revoked = \"revoked.pem\"\n", "");
    let house = House::start(folder, &text);

    let own = pki::issue(&root, "shop.test", pki::to_be_revoked);
    let config = terminal(&root.pem(), Some(&own));
    let mut old = Line::to_gateway(house.listener(), &config);
    assert!(old.sell(1).is_ok());
    let shown = |line: &Line| line.tls.peer_certificates().unwrap()[0].to_vec();
    assert_eq!(shown(&old), first.der().0[0].to_vec());

    second.write(house.folder(), "gateway");
    house.signal("-HUP");
    eventually("the reload", || {
        house.log().contains("reloaded").then_some(())
    });
    assert!(old.sell(2).is_ok(), "the old connection goes on");
    let mut new = Line::to_gateway(house.listener(), &config);
    assert!(new.sell(3).is_ok());
    assert_eq!(shown(&new), second.der().0[0].to_vec());

    fs::write(house.folder().join("gateway.pem"), "no certificate").unwrap();
    house.signal("-HUP");
    eventually("the complaint", || {
        let log = house.log();
        let what = "listener.tls.certificate: ";
        (log.contains("nothing is reloaded") && log.contains(what)).then_some(())
    });
    let mut same = Line::to_gateway(house.listener(), &config);
    assert!(same.sell(4).is_ok());
    assert_eq!(shown(&same), second.der().0[0].to_vec());

    // Who is revoked is not let in again, though it holds a ticket of an earlier session.
    second.write(house.folder(), "gateway");
    fs::write(house.folder().join("revoked.pem"), pki::revocations(&root)).unwrap();
    let before = house.log().matches("reloaded: ").count();
    house.reload(TLS);
    eventually("the reload", || {
        (house.log().matches("reloaded: ").count() > before).then_some(())
    });
    assert!(Line::to_gateway(house.listener(), &config).sell(5).is_err());
    eventually("the count", || {
        (house.figure("isogate_tls_refused_total{reason=\"revoked\"}") == 1).then_some(())
    });
    assert!(old.sell(6).is_ok(), "what is let in stays in");
}

#[test]
fn limits_are_reloaded_and_what_is_not_is_said() {
    let text = "[[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"iso8583-1987-ascii\"\n\
                [[link]]\naddress = \"127.0.0.1:1\"\nspec = \"iso8583-1987-ascii\"\n";
    let house = House::start(TempDir::new().unwrap(), text);
    let connect = || crate::rig::Wire::connect(house.listener(), &super::line::spec());
    let mut first = connect();
    first.send(&crate::hostile::sale(70_000_001, 1));
    first.receive();
    assert!(!house.log().contains("DEBUG"));
    let more = "[gateway]\nlog = \"debug\"\n[limits]\nconnections = 1\n[[route]]\ntimeout = \"7s\"";
    house.reload(&format!("{text}{more}"));
    let said = "Changed too, but only by a restart: routes";
    eventually("the reload", || house.log().contains(said).then_some(()));
    assert!(
        connect().closes_within(crate::rig::PATIENCE),
        "one is in, and only one may be"
    );
    first.send(&crate::hostile::sale(70_000_001, 2));
    first.receive();
    eventually("the other level", || {
        connect();
        house.log().contains("DEBUG").then_some(())
    });
}
