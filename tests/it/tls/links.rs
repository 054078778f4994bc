//! Acquirers with bad certificates, and worse.

use super::line::{Line, acquirer, terminal};
use super::pki::{self, Identity};
use crate::rig::{House, eventually};
use isogate::iso::message::FieldPath;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use tempfile::TempDir;

/// Answers every sale that comes under TLS.
pub(super) fn serve(own: &Identity, ca: &str) -> u16 {
    let config = acquirer(own, ca);
    listen(move |tcp| {
        let mut line = Line::from_gateway(tcp, &config);
        while let Ok(request) = line.receive() {
            let mut answer = request.answer().unwrap();
            answer
                .set("39".parse::<FieldPath>().unwrap(), "00")
                .unwrap();
            if line.send(&answer).is_err() {
                return;
            }
        }
    })
}

/// Says something to whoever connects, and listens on.
fn say(bytes: Vec<u8>) -> u16 {
    listen(move |mut tcp| {
        // Whoever hangs up has heard enough.
        let _gone = tcp.read(&mut [0; 4096]);
        let _gone = tcp.write_all(&bytes);
        let _gone = tcp.read(&mut [0; 4096]);
    })
}

fn listen(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    port
}

/// A server's hello of TLS 1.2, its random number marked as one who knows 1.3 must mark it
/// (RFC 8446 4.1.3): somebody in between has talked both into the older version.
fn downgraded_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([9; 24]);
    body.extend(b"DOWNGRD\x01");
    body.extend([0, 0xC0, 0x2F, 0, 0, 9, 0, 23, 0, 0, 0xFF, 1, 0, 1, 0]);
    server_hello(&body)
}

/// A server's hello of TLS 1.1.
fn old_hello() -> Vec<u8> {
    let mut body = vec![3, 2];
    body.extend([9; 32]);
    body.extend([0, 0, 0x2F, 0]);
    server_hello(&body)
}

fn server_hello(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    let record = [22, 3, 3, 0, length + 4, 2, 0, 0, length];
    [&record[..], body].concat()
}

fn link(name: &str, port: u16) -> String {
    format!(
        r#"
[[link]]
name = "{name}"
address = "127.0.0.1:{port}"
spec = "iso8583-1987-ascii"
connections = 1
sign_on = false
reconnect = {{ first = "60s", max = "60s" }}
[link.tls]
ca = "ca.pem"
name = "acquirer.test"
certificate = "gateway.pem"
key = "gateway.key"
revoked = "revoked.pem"
"#
    )
}

#[test]
fn an_acquirer_that_is_not_right_in_every_way_gets_no_message() {
    let root = pki::authority("root");
    let deputy = pki::deputy("deputy", &root);
    let stranger = pki::authority("root");
    let ca = root.pem();
    let folder = TempDir::new().unwrap();
    pki::issue(&root, "gateway.test", pki::as_it_is).write(folder.path(), "gateway");
    fs::write(folder.path().join("ca.pem"), &ca).unwrap();
    let revoked = pki::revocations(&root) + &pki::revocations(&deputy);
    fs::write(folder.path().join("revoked.pem"), revoked).unwrap();

    let name = "acquirer.test";
    let good = |by, change| serve(&pki::issue(by, name, change), &ca);
    let long = pki::authority("more").pem().repeat(250);
    let cases = [
        ("expired", good(&root, pki::expired)),
        ("not_yet_valid", good(&root, pki::not_yet_valid)),
        (
            "wrong_name",
            serve(&pki::issue(&root, "other.test", pki::as_it_is), &ca),
        ),
        ("wrong_name", good(&root, pki::in_subject_only)),
        ("unknown_issuer", good(&stranger, pki::as_it_is)),
        ("unknown_issuer", serve(&pki::self_signed(name), &ca)),
        ("wrong_purpose", good(&root, pki::for_clients)),
        ("revoked", good(&root, pki::to_be_revoked)),
        ("unknown_issuer", good(&deputy, pki::as_it_is)),
        (
            "oversize",
            serve(&pki::issue(&root, name, pki::as_it_is).with(&long), &ca),
        ),
        ("downgrade", say(downgraded_hello())),
        ("version", say(old_hello())),
        ("not_tls", say(b"00640210B23A8001".to_vec())),
        // One that does not want us.
        (
            "peer",
            serve(&pki::issue(&root, name, pki::as_it_is), &stranger.pem()),
        ),
    ];
    let mut text = "[[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"iso8583-1987-ascii\"\n\
                    tls = { certificate = \"gateway.pem\", key = \"gateway.key\" }\n"
        .to_owned();
    for (at, (reason, port)) in cases.iter().enumerate() {
        text += &link(&format!("{at}-{reason}"), *port);
    }
    text += &link("good", good(&root, pki::as_it_is));
    text += "[[route]]\nto = [\"good\"]\n";
    let house = House::start(folder, &text);

    let mut line = Line::to_gateway(house.listener(), &terminal(&ca, None));
    let sold = |stan: u32, line: &mut Line| (line.sell(stan).unwrap() == "00").then_some(());
    let mut stan = 0;
    eventually("a sale under TLS to its end", || {
        stan += 1;
        sold(stan, &mut line)
    });
    for (at, (reason, _)) in cases.iter().enumerate() {
        eventually(reason, || {
            let log = house.log();
            let of_link = format!("link={at} ");
            let mut lines = log.lines().filter(|line| line.contains(&of_link));
            let said = |line: &str| {
                let refused = line.contains("not connected") && line.contains("no TLS");
                let lost = *reason == "peer" && line.contains("link lost");
                (refused && line.contains(&format!("({reason})"))) || lost
            };
            lines.any(said).then_some(())
        });
    }
    // The log says it first, the figures a moment later.
    eventually("the count", || {
        let refused = house.figure("isogate_tls_refused_total{reason=\"unknown_issuer\"}");
        (refused == 3).then_some(())
    });
    assert_eq!(sold(99, &mut line), Some(()), "the honest link goes on");
}
