//! An acquirer that says what is not so: counted, refused, never passed on as a yes.

use super::{approval, bank, house, opens, sale, sell, terminal};
use crate::rig::{House, eventually, json_lines, text};
use isogate::iso::codec::Message;
use isogate::iso::message::FieldPath;
use std::time::{Duration, Instant};

/// How long the gateway waits for an answer.
const DEADLINE: Duration = Duration::from_secs(4);

/// What is said to a sale, by its trace number; to reversals, and to all else, the truth.
fn liar(request: &Message) -> Vec<Message> {
    let truth = approval(request);
    let stan = text(request, "11").unwrap();
    if request.mti().to_string().starts_with("04") {
        return vec![truth];
    }
    let with = |path: &str, value: &str| {
        let mut lie = truth.clone();
        lie.set(path.parse::<FieldPath>().unwrap(), value).unwrap();
        vec![lie]
    };
    match stan.as_str() {
        "000001" => vec![truth.clone(), truth.clone(), truth],
        "000002" => with("11", "000777"),
        "000003" => with("4", "000000999900"),
        "000004" => with("41", "99999999"),
        // An answer to what will be asked next, and none to this.
        "000005" => {
            let mut lie = truth;
            for (path, value) in [("11", "000006"), ("41", "00000006")] {
                lie.set(path.parse::<FieldPath>().unwrap(), value).unwrap();
            }
            vec![lie]
        }
        "000006" => Vec::new(),
        "000007" => {
            // This lie is to be late; a machine that is slow makes it later.
            std::thread::sleep(DEADLINE + Duration::from_secs(1));
            vec![truth]
        }
        _ => vec![truth],
    }
}

fn state(house: &House, stan: u32) -> Option<String> {
    let key = format!("{stan:08}/{stan:06}");
    let output = house.ask(&["trace", "--json", &key]);
    let stories = json_lines(&output);
    stories.first()?["state"].as_str().map(str::to_owned)
}

#[test]
fn no_lie_of_an_acquirer_reaches_a_terminal_as_an_approval() {
    let seconds = DEADLINE.as_secs();
    let route = format!("[[route]]\ntimeout = \"{seconds}s\"\nreversal = {{ by = \"gateway\" }}");
    let house = house(bank(liar), &route);
    let mut wire = opens(&house);
    assert_eq!(sell(&mut wire, 1, 1).as_deref(), Some("00"));
    let again = wire.receive_within(Duration::from_millis(300));
    assert!(again.is_none(), "an answer is passed on once");
    let lies = [
        (2, "a wrong trace number"),
        (3, "a wrong amount"),
        (4, "a wrong terminal"),
        (5, "an answer to another"),
        (6, "an answer before its request"),
        (7, "a late answer"),
    ];
    let told = || house.figure("isogate_messages_total{hop=\"A>G\"}");
    let asked = lies.map(|(stan, lie)| {
        let before = told();
        let mut wire = terminal(&house);
        wire.send(&sale(stan, stan));
        if stan < 6 {
            // The next one asks after this lie was heard.
            eventually(lie, || (told() > before).then_some(()));
        }
        (stan, lie, wire)
    });
    let until = Instant::now() + DEADLINE + Duration::from_secs(1);
    for (stan, lie, mut wire) in asked {
        let left = until.saturating_duration_since(Instant::now());
        let answer = wire.receive_within(left);
        let code = answer.as_ref().and_then(|answer| text(answer, "39"));
        assert_ne!(code.as_deref(), Some("00"), "{lie}");
        eventually(lie, || {
            let state = state(&house, stan)?;
            matches!(state.as_str(), "REVERSED" | "CLOSED" | "DECLINED").then_some(())
        });
    }
    assert_eq!(
        sell(&mut wire, 1, 8).as_deref(),
        Some("00"),
        "the truth still passes"
    );
    eventually("an empty list", || {
        house
            .ask(&["open", "--json"])
            .stdout
            .is_empty()
            .then_some(())
    });
}

#[test]
fn garbage_from_an_acquirer_is_counted_and_its_connection_lives() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let house = house(port, "");
    let mut acquirer = crate::rig::hear(&listener, &super::dialect());
    let mut framed = bytes::BytesMut::new();
    let framer = isogate::iso::codec::Framer::new(&super::dialect(), 8 << 10);
    framer.wrap(b"no message at all", &mut framed).unwrap();
    acquirer.send_bytes(&framed.repeat(10));
    eventually("the count", || {
        let count = house.figure("isogate_unreadable_total{hop=\"A>G\"}");
        (count == 10).then_some(())
    });
    let mut wire = terminal(&house);
    wire.send(&sale(1, 1));
    let request = acquirer.receive();
    acquirer.send(&approval(&request));
    assert_eq!(text(&wire.receive(), "39").as_deref(), Some("00"));
}
