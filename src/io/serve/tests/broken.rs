//! Faults on the wire of a gateway whose terminal and acquirer know nothing of them.

use super::*;
use crate::io::faults::FaultDesk;

impl TestGateway {
    fn desk(&self) -> FaultDesk {
        FaultDesk::new(vec![self.gateway.fault_place()], &[], "test")
    }

    /// The acquirer takes the gateway's next connection.
    fn accept_again(&mut self) {
        let (acquirer, _) = self.socket.accept().unwrap();
        acquirer.set_read_timeout(Some(PATIENCE)).unwrap();
        self.acquirer = acquirer;
    }

    /// A sale from one end to the other and back.
    fn trade(&mut self, terminal: &mut TcpStream, stan: u64) {
        send(terminal, &sale(stan));
        let request = receive(&mut self.acquirer);
        assert_eq!(request.stan(), sale(stan).stan());
        send(&mut self.acquirer, &approval(&request));
        assert_eq!(receive(terminal).stan(), sale(stan).stan());
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "it never came to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_lost_request_was_sent_as_far_as_the_gateway_knows() {
    let mut test = TestGateway::start("");
    let desk = test.desk();
    let mut terminal = test.terminal();
    test.trade(&mut terminal, 1);
    let lost = desk.add("F02:p=1", "Li").unwrap();
    send(&mut terminal, &sale(2));
    wait_until(|| desk.list()[0].struck == 1);
    assert_eq!(test.gateway.status().health().in_flight, 1);
    desk.remove(lost.id).unwrap();
    // The next one is the first that the acquirer hears of.
    test.trade(&mut terminal, 3);
    // That its answer is written may be told after the terminal has it.
    wait_until(|| test.gateway.status().health().in_flight == 1);
}

#[test]
fn answers_are_lost_late_or_doubled_on_either_leg() {
    let mut test = TestGateway::start("");
    let desk = test.desk();
    let mut terminal = test.terminal();
    desk.add("F01:nth=1", "Li").unwrap();
    desk.add("F01:nth=1,leg=terminal", "Li").unwrap();
    desk.add("F03:nth=3,delay=200ms", "Li").unwrap();
    desk.add("F15:nth=2,of=answer,leg=terminal", "Li").unwrap();
    for stan in 1..=4 {
        send(&mut terminal, &sale(stan));
        let request = receive(&mut test.acquirer);
        send(&mut test.acquirer, &approval(&request));
    }
    // The first is lost behind the gateway and the second before it, the third is late, and the
    // fourth comes twice.
    let stans = [(); 3].map(|()| receive(&mut terminal).stan());
    assert_eq!(stans, [4, 4, 3].map(|stan| sale(stan).stan()));
    let struck: Vec<u64> = desk.list().iter().map(|on| on.struck).collect();
    assert_eq!(struck, [1, 1, 1, 1]);
}

#[test]
fn connections_are_reset_in_place_of_a_request_and_cut_behind_an_answer() {
    let mut test = TestGateway::start("");
    let desk = test.desk();
    let mut terminal = test.terminal();
    test.trade(&mut terminal, 1);
    desk.add("F07:nth=1,at=unbooked", "Li").unwrap();
    send(&mut terminal, &sale(2));
    assert!(is_closed(&mut test.acquirer));
    test.accept_again();
    desk.reset();
    desk.add("F09:nth=1", "Li").unwrap();
    let mut other = test.terminal();
    test.trade(&mut other, 3);
    assert!(is_closed(&mut other));
    test.trade(&mut terminal, 4);
}

#[test]
fn a_leg_is_down_until_it_is_healed() {
    let mut test = TestGateway::start("");
    let desk = test.desk();
    let mut terminal = test.terminal();
    test.trade(&mut terminal, 1);
    desk.add("F06:every=1s,for=1s", "Li").unwrap();
    assert!(is_closed(&mut test.acquirer));
    send(&mut terminal, &sale(2));
    let refused = receive(&mut terminal).response_code();
    assert_eq!(refused.as_deref(), Some("91"));
    desk.add("F06:every=1s,for=1s,leg=terminal", "Li").unwrap();
    assert!(is_closed(&mut terminal));
    assert!(is_closed(&mut test.terminal()));
    assert_eq!(desk.reset(), 2);
    test.accept_again();
    let mut terminal = test.terminal();
    wait_until(|| test.gateway.status().health().links_up == 1);
    test.trade(&mut terminal, 3);
}

#[test]
fn faults_of_the_file_are_on_from_the_start() {
    let mut test = TestGateway::start("[[fault]]\nwhat = \"F02:nth=1\"\n");
    let mut terminal = test.terminal();
    send(&mut terminal, &sale(1));
    test.trade(&mut terminal, 2);
    let tallies = test.gateway.fault_tallies();
    assert_eq!((tallies[0].id, tallies[0].struck), ("F02", 1));
    for (fault, why) in [
        ("F16", "F16 happens inside a terminal or an acquirer"),
        ("F02:kind=sales", "cup-pos has"),
        ("F99", "there is no fault `F99`"),
    ] {
        let text = format!(
            "[[listener]]\naddress = \"127.0.0.1:0\"\n[[link]]\naddress = \"127.0.0.1:1\"\n\
             [[fault]]\nwhat = \"{fault}\"\n"
        );
        let error = Config::parse("test.toml", &text, Path::new("")).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}
