//! Several connections and several links: who carries what, and who may speak.

use super::*;
use crate::engine::gateway::{Match, Options};
use crate::iso::spec::Spec;

const B: ConnId = ConnId(101);
const C: ConnId = ConnId(102);
const OTHER: LinkId = LinkId(1);

pub(super) fn two_links(balance: Balance) -> Options {
    let mut options = options(ReversalBy::Both, true);
    let mut second = options.links[0].clone();
    second.name = Text::new("other").unwrap();
    options.links.push(second);
    options.routes[0].to = vec![LINK, OTHER];
    options.routes[0].balance = balance;
    options
}

fn up(stage: &mut Stage, link: LinkId, conn: ConnId) {
    stage.happen(Event::LinkUp { link, conn });
}

/// The connections that the next sales go out on, none of them answered.
fn carriers(stage: &mut Stage, stans: std::ops::Range<u32>) -> Vec<u64> {
    stans
        .map(|stan| {
            stage.terminal_says(stage.sale(stan));
            let (id, conn, _) = stage.sends.remove(0);
            stage.happen(Event::Written(id));
            conn.0
        })
        .collect()
}

#[test]
fn links_of_a_route_share_what_is_in_flight() {
    let mut stage = Stage::with(two_links(Balance::Share));
    up(&mut stage, OTHER, B);
    up(&mut stage, OTHER, C);
    let mut first = carriers(&mut stage, 2..5);
    first.sort_unstable();
    assert_eq!(first, [100, 101, 102], "each has one before one has two");
    stage.acquirer_says(stage.answer(&stage.sale(2), "00"));
    stage.deliver(T);
    let free = first_free(&mut stage);
    assert_eq!(carriers(&mut stage, 5..6), [free]);
}

/// The connection whose request was answered.
fn first_free(stage: &mut Stage) -> u64 {
    let answered = stage.records.iter().rev().find_map(|record| {
        let logged = step(record)?.message.as_ref()?;
        (logged.hop == Hop::AcquirerToGateway).then_some(record.tx)
    });
    let sent = stage.records.iter().find_map(|record| {
        let step = step(record).filter(|step| step.opened.is_some())?;
        (Some(record.tx) == answered).then_some(step.message.as_ref()?.relayed?.0)
    });
    sent.unwrap()
}

#[test]
fn links_in_order_are_used_only_while_those_before_are_down() {
    let mut stage = Stage::with(two_links(Balance::Order));
    up(&mut stage, OTHER, B);
    assert_eq!(carriers(&mut stage, 2..4), [100, 100]);
    stage.happen(Event::LinkDown {
        link: LINK,
        conn: A,
    });
    assert_eq!(carriers(&mut stage, 4..5), [101]);
}

#[test]
fn an_answer_over_another_link_of_the_route_finds_its_request() {
    let mut stage = Stage::with(two_links(Balance::Order));
    up(&mut stage, OTHER, B);
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let answer = stage.answer(&sent, "00");
    stage.happen(Event::AcquirerMessage {
        conn: B,
        message: answer,
    });
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "00");
    assert_eq!(stage.rows(), "CDP");
}

#[test]
fn a_late_answer_over_another_link_is_recorded_and_goes_to_nobody() {
    let mut stage = Stage::with(two_links(Balance::Order));
    up(&mut stage, OTHER, B);
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(46);
    stage.deliver(A);
    let answer = stage.answer(&sent, "00");
    stage.happen(Event::AcquirerMessage {
        conn: B,
        message: answer,
    });
    stage.silent();
    assert_eq!(stage.rows(), "CHXjd");
}

#[test]
fn an_answer_over_a_link_of_another_route_finds_nothing() {
    let mut options = two_links(Balance::Order);
    let mut second = options.routes[0].clone();
    options.routes[0].to = vec![LINK];
    second.to = vec![OTHER];
    second.takes = Match {
        terminal: vec!["999*".parse().unwrap()],
        ..Match::default()
    };
    options.routes.insert(0, second);
    let mut stage = Stage::with(options);
    up(&mut stage, OTHER, B);
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let answer = stage.answer(&sent, "00");
    stage.happen(Event::AcquirerMessage {
        conn: B,
        message: answer,
    });
    stage.silent();
    assert_eq!(stage.rows(), "C");
}

/// A gateway whose link speaks a dialect with a sign-on that names itself.
fn signing(sign_on: SignOn) -> Stage {
    let mut options = options(ReversalBy::Both, false);
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    options.listeners[0].spec = spec.clone();
    options.links[0].spec = spec;
    options.links[0].sign_on = sign_on;
    let mut stage = Stage::recovered(options, vec![]);
    stage.connect(T);
    stage
}

fn ascii_sale(stage: &Stage, stan: &str) -> Message {
    let mut message = stage.message("0200");
    for (field, value) in [
        ("2", "6226091234560048"),
        ("3", "000000"),
        ("4", "100"),
        ("7", "1122101112"),
        ("11", stan),
    ] {
        message.set(path(field), value).unwrap();
    }
    stage.reparsed(&message)
}

fn answer_session(stage: &mut Stage, conn: ConnId) {
    let asked = stage.deliver(conn);
    assert_eq!(asked.mti(), mti("0800"));
    let mut answer = asked.answer().unwrap();
    answer.set(path("39"), "00").unwrap();
    let message = stage.reparsed(&answer);
    stage.happen(Event::AcquirerMessage { conn, message });
}

#[test]
fn no_request_goes_out_before_the_sign_on_is_answered() {
    let mut stage = signing(SignOn::Connection);
    up(&mut stage, LINK, A);
    stage.terminal_says(ascii_sale(&stage, "000002"));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "91");
    answer_session(&mut stage, A);
    stage.terminal_says(ascii_sale(&stage, "000003"));
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
}

#[test]
fn a_sign_on_carries_the_moment_in_utc_whatever_the_zone_of_the_gateway() {
    for zone in ["+08:00", "-05:00", "Europe/Berlin"] {
        let mut options = options(ReversalBy::Both, false);
        let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
        options.listeners[0].spec = spec.clone();
        options.links[0].spec = spec;
        options.links[0].sign_on = SignOn::Connection;
        options.zone = Zone::read(zone).unwrap();
        let mut stage = Stage::recovered(options, vec![]);
        // 2026-11-22 02:11:12 UTC.
        stage.now.wall = Wall(1_795_313_472_000_000);
        up(&mut stage, LINK, A);
        let asked = stage.deliver(A);
        assert_eq!(asked.text(path("7")).unwrap(), "1122021112", "{zone}");
    }
}

#[test]
fn one_connection_signs_on_for_the_link_and_another_takes_over_if_it_is_lost() {
    let mut stage = signing(SignOn::Link);
    up(&mut stage, LINK, A);
    up(&mut stage, LINK, B);
    assert_eq!(stage.sends.len(), 1, "one of them asks");
    stage.sends.clear();
    stage.happen(Event::LinkDown {
        link: LINK,
        conn: A,
    });
    answer_session(&mut stage, B);
    up(&mut stage, LINK, C);
    stage.silent();
    assert_eq!(stage.gateway.counts().links_up, 2);
    for conn in [B, C] {
        stage.happen(Event::LinkDown { link: LINK, conn });
    }
    up(&mut stage, LINK, ConnId(103));
    assert_eq!(
        stage.gateway.counts().links_up,
        0,
        "and once more when all were lost"
    );
    answer_session(&mut stage, ConnId(103));
    assert_eq!(stage.gateway.counts().links_up, 1);
}

#[test]
fn the_host_may_begin_and_its_sign_off_holds_the_traffic() {
    let mut stage = signing(SignOn::Nothing);
    up(&mut stage, LINK, A);
    let host_says = |stage: &mut Stage, code: &str| {
        let mut message = Message::new(&stage.spec, mti("0800"));
        for (field, value) in [("7", "1122101112"), ("11", "000009"), ("70", code)] {
            message.set(path(field), value).unwrap();
        }
        let message = stage.reparsed(&message);
        stage.happen(Event::AcquirerMessage { conn: A, message });
        let answer = stage.deliver(A);
        assert_eq!(answer.text(path("11")).unwrap(), "000009");
        answer.text(path("39")).unwrap().into_owned()
    };
    for (code, expected, ready) in [
        ("301", "00", 1),
        ("201", "00", 1),
        ("101", "12", 1),
        ("002", "00", 0),
        ("301", "00", 0),
        ("001", "00", 1),
    ] {
        assert_eq!(host_says(&mut stage, code), expected, "{code}");
        assert_eq!(stage.gateway.counts().links_up, ready, "{code}");
    }
}
