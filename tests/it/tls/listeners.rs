//! Terminals with bad certificates, or with none, at a listener that wants good ones.

use super::line::{Line, terminal};
use super::pki::{self, Authority, Identity};
use crate::hostile::{sized, told};
use crate::rig::{House, eventually};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_rustls::rustls::HandshakeKind;

/// Those who vouch, and a gateway that lets in whom they vouch for, of one group.
struct Gate {
    root: Authority,
    deputy: Authority,
    house: House,
}

const LISTENER: &str = r#"
[[listener]]
address = "127.0.0.1:0"
spec = "iso8583-1987-ascii"
[listener.tls]
certificate = "gateway.pem"
key = "gateway.key"
clients = "ca.pem"
revoked = "revoked.pem"
group = "shop-a.test"
[[link]]
address = "127.0.0.1:1"
spec = "iso8583-1987-ascii"
[limits]
handshake_time = "2s"
"#;

impl Gate {
    fn open() -> Self {
        Self::patient("2s")
    }

    /// One that lets a handshake take so long.
    fn patient(handshake: &str) -> Self {
        let root = pki::authority("root");
        let deputy = pki::deputy("deputy", &root);
        let folder = TempDir::new().unwrap();
        let own = pki::issue(&root, "gateway.test", pki::as_it_is);
        own.write(folder.path(), "gateway");
        fs::write(folder.path().join("ca.pem"), root.pem()).unwrap();
        let revoked = pki::revocations(&root) + &pki::revocations(&deputy);
        fs::write(folder.path().join("revoked.pem"), revoked).unwrap();
        let house = House::start(
            folder,
            &LISTENER.replace("\"2s\"", &format!("{handshake:?}")),
        );
        Self {
            root,
            deputy,
            house,
        }
    }

    fn sell(&self, own: Option<&Identity>) -> std::io::Result<String> {
        let terminal = terminal(&self.root.pem(), own);
        Line::to_gateway(self.house.listener(), &terminal).sell(1)
    }

    fn refused(&self, reason: &str) -> u64 {
        let name = format!("isogate_tls_refused_total{{reason=\"{reason}\"}}");
        self.house.figure(&name)
    }

    /// What comes gets no answer; it is counted and logged for this reason, and for no other.
    #[track_caller]
    fn refuses(&self, case: &str, reason: &str, come: impl FnOnce() -> Result<String, String>) {
        let before = self.refused(reason);
        let got = come();
        assert!(got.is_err(), "{case} was let in: {got:?}");
        eventually(case, || (self.refused(reason) == before + 1).then_some(()));
        let log = self.house.log();
        let last = log.lines().rfind(|line| line.contains("turned away"));
        let named = last.is_some_and(|line| line.contains(&format!("({reason})")));
        assert!(named, "{case}: {last:?}");
    }
}

#[test]
fn a_terminal_whose_certificate_is_not_right_in_every_way_is_refused() {
    let gate = Gate::open();
    let Gate { root, deputy, .. } = &gate;
    let group = "shop-a.test";
    let stranger = pki::authority("root");
    let fine = pki::issue(root, group, pki::as_it_is);
    assert_ne!(
        gate.sell(Some(&fine)).unwrap(),
        "00",
        "heard, and declined: no acquirer"
    );
    let whole = pki::issue(deputy, group, pki::as_it_is).with(&deputy.pem());
    assert!(gate.sell(Some(&whole)).is_ok(), "vouched for by a deputy");

    let long = pki::authority("more").pem().repeat(250);
    let cases = [
        ("expired", "expired", pki::issue(root, group, pki::expired)),
        (
            "not yet valid",
            "not_yet_valid",
            pki::issue(root, group, pki::not_yet_valid),
        ),
        (
            "another group",
            "wrong_name",
            pki::issue(root, "shop-b.test", pki::as_it_is),
        ),
        (
            "the name in its subject only",
            "wrong_name",
            pki::issue(root, group, pki::in_subject_only),
        ),
        (
            "of another CA by the same name",
            "unknown_issuer",
            pki::issue(&stranger, group, pki::as_it_is),
        ),
        ("self-signed", "unknown_issuer", pki::self_signed(group)),
        (
            "for servers",
            "wrong_purpose",
            pki::issue(root, group, pki::for_servers),
        ),
        (
            "revoked",
            "revoked",
            pki::issue(root, group, pki::to_be_revoked),
        ),
        (
            "its chain cut short",
            "unknown_issuer",
            pki::issue(deputy, group, pki::as_it_is),
        ),
        (
            "a chain beyond measure",
            "oversize",
            pki::issue(root, group, pki::as_it_is).with(&long),
        ),
    ];
    for (case, reason, identity) in cases {
        let come = || {
            gate.sell(Some(&identity))
                .map_err(|error| error.to_string())
        };
        gate.refuses(case, reason, come);
    }
    gate.refuses("no certificate", "no_certificate", || {
        gate.sell(None).map_err(|error| error.to_string())
    });
    assert!(
        gate.sell(Some(&fine)).is_ok(),
        "the honest are still let in"
    );
}

/// A client's hello of an old version, that offers no newer one.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0x00, 0x2F, 0x00, 0x35, 1, 0]);
    let length = u8::try_from(body.len()).unwrap();
    let handshake = [&[1, 0, 0, length][..], &body].concat();
    [&[22, 3, 1, 0, length + 4][..], &handshake].concat()
}

/// Sends bytes, and waits for the connection to end; a message in answer would be no refusal.
fn poke(port: u16, bytes: &[u8]) -> Result<String, String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    socket.write_all(bytes).unwrap();
    let mut got = Vec::new();
    // It may end with a reset, since it was not read to its end.
    let _reset = socket.read_to_end(&mut got);
    let alert_or_nothing = got.is_empty() || got.starts_with(&[21]);
    if alert_or_nothing {
        Err("refused".to_owned())
    } else {
        Ok(format!("{got:?}"))
    }
}

#[test]
fn what_is_no_tls_of_today_is_refused() {
    let gate = Gate::open();
    let port = gate.house.listener();
    for minor in [1, 2] {
        gate.refuses("TLS 1.0 and 1.1", "version", || {
            poke(port, &old_hello(minor))
        });
    }
    gate.refuses("a message in the clear", "not_tls", || {
        poke(port, b"00640200B23A8001")
    });
    gate.refuses("a hello that never ends", "slow", || {
        poke(port, &[22, 3, 1])
    });
    gate.refuses("nobody says anything", "slow", || poke(port, &[]));
}

#[test]
fn a_hello_to_a_port_in_the_clear_is_known_for_what_it_is() {
    let text = "[[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"iso8583-1987-binary\"\n\
                [[link]]\naddress = \"127.0.0.1:1\"\nspec = \"iso8583-1987-binary\"";
    let house = House::start(TempDir::new().unwrap(), text);
    let root = pki::authority("root");
    let terminal = terminal(&root.pem(), None);
    assert!(
        Line::to_gateway(house.listener(), &terminal)
            .sell(1)
            .is_err()
    );
    eventually("the count", || {
        (house.figure("isogate_disconnected_total{fault=\"tls\"}") == 1).then_some(())
    });
    assert!(
        house
            .log()
            .contains("the peer speaks TLS, and this port does not")
    );
}

/// What an idle connection under TLS costs: asserted against its cap, 24 KiB, with as much again.
#[test]
fn an_idle_connection_under_tls_costs_little() {
    const IDLE: u64 = 500;
    let gate = Gate::open();
    let own = pki::issue(&gate.root, "shop-a.test", pki::as_it_is);
    let terminal = terminal(&gate.root.pem(), Some(&own));
    let connect = || {
        let mut line = Line::to_gateway(gate.house.listener(), &terminal);
        line.shake().unwrap();
        line
    };
    let first: Vec<Line> = (0..50).map(|_| connect()).collect();
    let open = |count: u64| {
        let open = gate.house.figure("isogate_connections{side=\"terminal\"}");
        (open == count).then_some(())
    };
    eventually("the first of them in", || open(50));
    let before = gate.house.memory();
    let idle: Vec<Line> = (0..IDLE).map(|_| connect()).collect();
    eventually("all of them in", || open(50 + IDLE));
    let each = (gate.house.memory() - before) * 1024 / IDLE;
    told(
        "memory of an idle connection under TLS",
        &format!("{each} bytes"),
    );
    assert!(each < 48 << 10, "{each} bytes each");
    drop((first, idle));
}

/// Terminals that come back all at once are not asked for everything again.
#[test]
fn a_storm_of_terminals_that_come_back_resumes_its_sessions() {
    let gate = Gate::patient("60s");
    let own = pki::issue(&gate.root, "shop-a.test", pki::as_it_is);
    let root = gate.root.pem();
    let terminals: Vec<_> = (0..sized(200, 2000))
        .map(|_| terminal(&root, Some(&own)))
        .collect();
    for (terminal, stan) in terminals.iter().zip(1..) {
        let mut line = Line::to_gateway(gate.house.listener(), terminal);
        line.sell(stan).unwrap();
        assert_eq!(line.tls.handshake_kind(), Some(HandshakeKind::Full));
    }
    let began = Instant::now();
    let connect = |terminal| Line::to_gateway(gate.house.listener(), terminal);
    let mut lines: Vec<Line> = terminals.iter().map(connect).collect();
    for (line, stan) in lines.iter_mut().zip(5001..) {
        line.sell(stan).unwrap();
        assert_eq!(line.tls.handshake_kind(), Some(HandshakeKind::Resumed));
    }
    let figure = format!("{} served in {:?}", terminals.len(), began.elapsed());
    told("a storm under TLS, resumed", &figure);
}
