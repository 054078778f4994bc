//! The machine of a world, step by step.

use super::super::chances::Chances;
use super::super::house::options;
use super::*;
use crate::engine::driver::Disk;
use crate::engine::journal::{PowerCut, StorageError};
use crate::engine::seam::Wall;
use crate::iso::message::FieldPath;

const TERMINAL: ConnId = ConnId(1);
const LINK: ConnId = ConnId(2);

fn at(millis: u64) -> Now {
    let micros = millis * 1000;
    Now {
        mono: Mono(micros),
        wall: Wall(1_795_313_472_000_000 + i64::try_from(micros).unwrap()),
    }
}

fn start(left: Left, run: u32, now: Now) -> Machine {
    let spec = Spec::builtin("cup-pos").unwrap();
    let set_up = options(&Chances::of_seed(1), (&spec, &spec), Vec::new());
    let own = MachineOptions {
        sync: Duration::from_millis(4),
        ..MachineOptions::default()
    };
    let mut machine = Machine::start(set_up, &own, left, run, 7, now).unwrap();
    machine.open_terminal(now, TERMINAL, ListenerId(0));
    machine.open_link(now, LINK, LinkId(0));
    machine
}

fn sale(stan: u32) -> Bytes {
    let spec = Spec::builtin("cup-pos").unwrap();
    let mut sale = Message::new(&spec, "0200".parse().unwrap());
    for (path, value) in [
        ("2", "6226090000000048"),
        ("3", "000000"),
        ("4", "000000000001"),
        ("11", &format!("{stan:06}")),
        ("22", "012"),
        ("25", "00"),
        ("41", "10421695"),
        ("42", "874350357222471"),
        ("49", "156"),
        ("60", "22000001"),
    ] {
        sale.set(path.parse::<FieldPath>().unwrap(), value).unwrap();
    }
    sale.build().unwrap()
}

/// Lets time pass to a moment, in steps of its own; what left.
fn pass(machine: &mut Machine, millis: u64) -> Vec<Out> {
    let end = at(millis);
    while let Some(wake) = machine.next_wake().filter(|wake| *wake <= end.mono) {
        let moment = at(wake.0.div_ceil(1000))
            .mono
            .max(machine.driver.now().mono);
        machine.turn(at(moment.0 / 1000));
    }
    std::iter::from_fn(|| machine.poll()).collect()
}

fn frames(out: &[Out], to: ConnId) -> Vec<Bytes> {
    let frames = out.iter().filter_map(|out| match out {
        Out::Frame { conn, frame, .. } if *conn == to => Some(frame.clone()),
        Out::Frame { .. } | Out::Closed(_) => None,
    });
    frames.collect()
}

#[test]
fn a_frame_leaves_when_its_record_is_on_the_disk_and_not_before() {
    let mut machine = start(Left::default(), 0, at(0));
    pass(&mut machine, 100);
    machine.frame(at(100), TERMINAL, sale(1));
    assert_eq!(pass(&mut machine, 103), []);
    let out = pass(&mut machine, 105);
    assert_eq!(frames(&out, LINK), [sale(1)]);
    let [Out::Frame { after, .. }] = out[..] else {
        panic!("{out:?}");
    };
    assert!(after > Seq(0) && after <= machine.durable());
}

#[test]
fn a_line_that_takes_little_gets_the_rest_later_and_one_that_takes_nothing_is_cut() {
    let mut machine = start(Left::default(), 0, at(0));
    pass(&mut machine, 100);
    machine.line(at(100), LINK, Takes::Bytes(10));
    machine.frame(at(100), TERMINAL, sale(1));
    assert_eq!(pass(&mut machine, 200), []);
    machine.line(at(200), LINK, Takes::All);
    assert_eq!(frames(&pass(&mut machine, 201), LINK), [sale(1)]);
    machine.line(at(201), LINK, Takes::Bytes(0));
    machine.frame(at(201), TERMINAL, sale(2));
    assert!(!pass(&mut machine, 10_000).contains(&Out::Closed(LINK)));
    assert!(pass(&mut machine, 10_300).contains(&Out::Closed(LINK)));
}

#[test]
fn a_machine_that_dies_at_any_step_leaves_a_disk_on_which_the_next_one_starts() {
    let steps = |machine: &mut Machine| {
        pass(machine, 20);
        for stan in 1..=5 {
            machine.frame(at(20 + u64::from(stan)), TERMINAL, sale(stan));
            pass(machine, 20 + u64::from(stan));
        }
        pass(machine, 100)
    };
    let mut whole = start(Left::default(), 0, at(0));
    steps(&mut whole);
    let all = whole.steps();
    assert!(all > 20);
    for step in 1..=all {
        let mut machine = start(Left::default(), 0, at(0));
        machine.crash_at(step);
        let out = steps(&mut machine);
        assert_eq!(machine.ended(), Some(Ended::Crashed));
        let relied = out.iter().map(|out| match out {
            Out::Frame { after, .. } => *after,
            Out::Closed(_) => Seq(0),
        });
        let relied = relied.max().unwrap_or(Seq(0));
        let mut left = machine.crash();
        left.disk.power_cut(PowerCut::Nothing);
        let next = start(left, 1, at(200));
        assert!(next.durable() >= relied, "step {step}");
    }
}

#[test]
fn a_disk_that_is_full_holds_all_back_and_one_that_fails_ends_the_machine() {
    let mut machine = start(Left::default(), 0, at(0));
    pass(&mut machine, 100);
    let reserved = machine.disk().used();
    machine.disk_mut().set_reserve(0);
    let used = machine.disk().used();
    assert!(used < reserved);
    machine.disk_mut().set_capacity(used);
    machine.frame(at(100), TERMINAL, sale(1));
    assert_eq!(pass(&mut machine, 300), []);
    assert_eq!(machine.progress().disk, Disk::Full);
    machine.disk_mut().set_capacity(u64::MAX);
    assert_eq!(frames(&pass(&mut machine, 600), LINK), [sale(1)]);
    let broken = StorageError::Failed("broken".to_owned());
    machine.disk_mut().fail_call(1, broken.clone());
    machine.frame(at(600), TERMINAL, sale(2));
    assert_eq!(frames(&pass(&mut machine, 700), LINK), [] as [Bytes; 0]);
    let failed = Ended::Failed(JournalError::Storage(broken));
    assert_eq!(machine.ended(), Some(failed));
    assert_eq!(machine.next_wake(), None);
}

#[test]
fn a_machine_that_stops_in_good_order_has_all_on_the_disk() {
    let mut machine = start(Left::default(), 0, at(0));
    pass(&mut machine, 100);
    machine.frame(at(100), TERMINAL, sale(1));
    machine.stop(at(100)).unwrap();
    let mut left = machine.crash();
    let records = read_all(&left.disk).len();
    left.disk.power_cut(PowerCut::Nothing);
    assert_eq!(read_all(&left.disk).len(), records);
    assert!(records > 2);
}
