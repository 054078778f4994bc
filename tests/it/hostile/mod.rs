//! Peers that break the rules, at sizes that a machine of two cores can play in seconds: what they
//! do is bounded, counted, and no concern of the honest ones beside them.

mod crowd;
mod frames;
mod liars;
mod links;
mod load;
mod ways_out;

use crate::rig::{House, Wire, text};
use isogate::iso::codec::Message;
use isogate::iso::message::FieldPath;
use isogate::iso::spec::Spec;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn dialect() -> Arc<Spec> {
    Spec::builtin("iso8583-1987-ascii").unwrap()
}

/// An acquirer on some port: to each message what the function says.
fn bank(answers: impl Fn(&Message) -> Vec<Message> + Send + Sync + 'static) -> u16 {
    bank_at(0, answers)
}

/// The same, on this port.
fn bank_at(port: u16, answers: impl Fn(&Message) -> Vec<Message> + Send + Sync + 'static) -> u16 {
    let bind = || TcpListener::bind(("127.0.0.1", port)).ok();
    let listener = crate::rig::eventually("a free port", bind);
    let port = listener.local_addr().unwrap().port();
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut wire, answers) = (Wire::new(stream, &dialect()), Arc::clone(&answers));
            std::thread::spawn(move || {
                while let Some(request) = wire.receive_within(Duration::from_secs(3600)) {
                    answers(&request)
                        .iter()
                        .for_each(|answer| wire.send(answer));
                }
            });
        }
    });
    port
}

/// The answer that an honest acquirer gives.
fn approval(request: &Message) -> Message {
    let mut answer = request.answer().unwrap();
    answer
        .set("39".parse::<FieldPath>().unwrap(), "00")
        .unwrap();
    answer
}

fn honest(request: &Message) -> Vec<Message> {
    vec![approval(request)]
}

/// A gateway before an acquirer, with more said in its configuration. All times of its ladder are
/// a fiftieth; an answer is waited for as long as a busy machine may take, unless that says more.
fn house(acquirer: u16, more: &str) -> House {
    House::start(TempDir::new().unwrap(), &config(acquirer, more))
}

fn config(acquirer: u16, more: &str) -> String {
    let patient = "[[route]]\ntimeout = \"20s\"";
    let route = if more.contains("[[route]]") {
        ""
    } else {
        patient
    };
    format!(
        r#"
[[listener]]
address = "127.0.0.1:0"
spec = "iso8583-1987-ascii"
[[link]]
address = "127.0.0.1:{acquirer}"
spec = "iso8583-1987-ascii"
connections = 1
sign_on = false
echo_interval = "0s"
reconnect = {{ first = "10ms", max = "50ms" }}
[ladder]
scale = 50
{more}
{route}
"#
    )
}

fn terminal(house: &House) -> Wire {
    Wire::connect(house.listener(), &dialect())
}

pub(crate) fn sale(terminal: u32, stan: u32) -> Message {
    let mut message = Message::new(&dialect(), "0200".parse().unwrap());
    for (path, value) in [
        ("2", "6216261839475162738"),
        ("3", "000000"),
        ("4", "000000000100"),
        ("7", "1122101112"),
        ("11", &format!("{stan:06}")),
        ("41", &format!("{terminal:08}")),
        ("42", "874350357222471"),
        ("49", "156"),
    ] {
        message
            .set(path.parse::<FieldPath>().unwrap(), value)
            .unwrap();
    }
    message
}

/// The code of the answer to a sale, if one comes.
fn sell(wire: &mut Wire, terminal: u32, stan: u32) -> Option<String> {
    wire.send(&sale(terminal, stan));
    let answer = wire.receive_within(crate::rig::PATIENCE)?;
    assert_eq!(text(&answer, "11"), Some(format!("{stan:06}")));
    text(&answer, "39")
}

/// Sells until it is approved: a gateway that has just started may have no link yet.
#[track_caller]
fn opens(house: &House) -> Wire {
    let mut wire = terminal(house);
    let mut stan = 900_000;
    crate::rig::eventually("a first approval", || {
        stan += 1;
        (sell(&mut wire, 1, stan).as_deref() == Some("00")).then_some(())
    });
    wire
}

/// A figure, for whoever runs the test with `--nocapture`.
#[expect(clippy::print_stdout, reason = "a measurement, not a judgement")]
pub(crate) fn told(what: &str, figure: &str) {
    println!("{what}: {figure}");
}

/// How many: as many as a gate can afford, or, with `ISOGATE_CAMPAIGN` set, as many as were
/// promised.
pub(crate) fn sized(gate: u32, campaign: u32) -> u32 {
    let is_campaign = std::env::var_os("ISOGATE_CAMPAIGN").is_some();
    if is_campaign { campaign } else { gate }
}
