//! A shadow behind TLS: heard where its certificate is right, left out where it is not.

use super::line::{Line, terminal};
use super::links::serve;
use super::pki;
use crate::rig::{House, eventually};
use std::fs;
use tempfile::TempDir;

#[test]
fn a_shadow_is_compared_under_tls_and_left_out_under_a_strangers() {
    let root = pki::authority("root");
    let stranger = pki::authority("root");
    let ca = root.pem();
    let folder = TempDir::new().unwrap();
    pki::issue(&root, "gateway.test", pki::as_it_is).write(folder.path(), "gateway");
    fs::write(folder.path().join("ca.pem"), &ca).unwrap();
    let host = |by| serve(&pki::issue(by, "acquirer.test", pki::as_it_is), &ca);
    let tls = "{ ca = \"ca.pem\", name = \"acquirer.test\", certificate = \"gateway.pem\", \
               key = \"gateway.key\" }";
    let mut text = "[[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"iso8583-1987-ascii\"\n\
                    tls = { certificate = \"gateway.pem\", key = \"gateway.key\" }\n"
        .to_owned();
    for (name, shadow) in [("right", &root), ("wrong", &stranger)] {
        let (own, shadow) = (host(&root), host(shadow));
        text += &format!(
            "[[link]]\nname = \"{name}\"\naddress = \"127.0.0.1:{own}\"\n\
             spec = \"iso8583-1987-ascii\"\nconnections = 1\nsign_on = false\ntls = {tls}\n\
             shadow = {{ address = \"127.0.0.1:{shadow}\", tls = {tls} }}\n"
        );
    }
    text += "[[route]]\nto = [\"right\", \"wrong\"]\n";
    let house = House::start(folder, &text);
    let mut line = Line::to_gateway(house.listener(), &terminal(&ca, None));
    let mut stan = 0;
    let same = "isogate_shadow_answers_total{answer=\"same\"}";
    eventually("an answer that is compared", || {
        stan += 1;
        // At first no link may be up.
        let _code = line.sell(stan).unwrap();
        (house.figure(same) > 0).then_some(())
    });
    eventually("the refusal", || {
        let log = house.log();
        let refused =
            |line: &str| line.contains("shadow not connected") && line.contains("(unknown_issuer)");
        log.lines().any(refused).then_some(())
    });
    assert_eq!(line.sell(stan + 1).unwrap(), "00");
}
