//! The desk, with places that only note what they are told.

use super::*;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide};
use std::sync::{Arc, Mutex};

/// A place that notes what is on.
#[derive(Clone, Debug)]
struct Noting {
    side: FaultSide,
    on: Arc<Mutex<Vec<u32>>>,
    strict: Arc<Mutex<bool>>,
}

impl Noting {
    fn at(side: FaultSide) -> Self {
        Self {
            side,
            on: Arc::default(),
            strict: Arc::default(),
        }
    }

    fn on(&self) -> Vec<u32> {
        self.on.lock().unwrap().clone()
    }
}

impl FaultPlace for Noting {
    fn side(&self) -> FaultSide {
        self.side
    }

    fn specs(&self) -> Vec<Arc<Spec>> {
        ["cup-pos", "iso8583-1987-ascii"]
            .map(|name| Spec::builtin(name).unwrap())
            .into()
    }

    fn refuses(&self, armed: &Armed) -> Option<&'static str> {
        (armed.place() == FaultSide::Office).then_some("there is no back office here")
    }

    fn switch_on(&self, armed: &Armed) {
        self.on.lock().unwrap().push(armed.id);
    }

    fn switch_off(&self, id: u32) {
        self.on.lock().unwrap().retain(|on| *on != id);
    }

    fn clear(&self) {
        self.on.lock().unwrap().clear();
    }

    fn look_closely(&self) {
        *self.strict.lock().unwrap() = true;
    }

    fn counts(&self) -> Vec<FaultCount> {
        let count = |id| FaultCount {
            id,
            struck: 2,
            concerned: 3,
        };
        self.on().into_iter().map(count).collect()
    }
}

fn desk(places: &[&Noting]) -> FaultDesk {
    let boxed = |place: &&Noting| -> Box<dyn FaultPlace> { Box::new((*place).clone()) };
    FaultDesk::new(places.iter().map(boxed).collect(), &[], "start")
}

#[test]
fn a_fault_goes_to_the_place_where_it_happens() {
    let places = [FaultSide::Acquirer, FaultSide::Terminal, FaultSide::Wire].map(Noting::at);
    let [acquirer, terminal, wire] = &places;
    let desk = desk(&[acquirer, terminal, wire]);
    for (text, side) in [
        ("F01:p=0.5", FaultSide::Acquirer),
        ("F08", FaultSide::Terminal),
        ("F01:leg=host", FaultSide::Wire),
    ] {
        let added = desk.add(text, " Li Ming ").unwrap();
        assert_eq!(
            (added.side, &*added.text, &*added.by),
            (side, text, "Li Ming")
        );
    }
    assert_eq!(places.each_ref().map(Noting::on), [[1], [2], [3]]);
    let struck: Vec<_> = desk.list().iter().map(|on| (on.id, on.struck)).collect();
    assert_eq!(struck, [(1, 2), (2, 2), (3, 2)]);
    assert_eq!(desk.remove(2).unwrap().struck, 2);
    assert_eq!(desk.remove(2), Err(FaultDeskError::Unknown(2)));
    assert_eq!((desk.reset(), desk.list()), (2, Vec::new()));
    assert_eq!(places.each_ref().map(Noting::on), [[0; 0]; 3]);
}

#[test]
fn a_gateway_alone_lives_out_what_a_wire_can_and_tells_where_the_rest_happens() {
    let wire = Noting::at(FaultSide::Wire);
    let desk = desk(&[&wire]);
    assert_eq!(desk.add("F02", "Li").unwrap().side, FaultSide::Wire);
    for (text, why) in [
        (
            "F16",
            "F16 happens at the acquirer: switch it on in `isogate host`",
        ),
        (
            "F10",
            "F10 happens at the terminal: switch it on in `isogate term`",
        ),
        ("F44", "F44 with mac=wrong can be here"),
        ("F99", "there is no fault `F99`"),
        ("F01:kind=sales", "`kind=sales` cannot be: cup-pos has"),
    ] {
        let error = desk.add(text, "Li").unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(wire.on(), [1]);
}

#[test]
fn what_cannot_be_switched_on_live_is_refused_and_a_change_that_is_wrong_changes_nothing() {
    let (acquirer, terminal) = (
        Noting::at(FaultSide::Acquirer),
        Noting::at(FaultSide::Terminal),
    );
    let desk = desk(&[&acquirer, &terminal]);
    let error = desk.add("F18", "Li").unwrap_err().to_string();
    assert_eq!(error, "F18: there is no back office here");
    let first = desk.add("F01", "Li").unwrap();
    let before = desk.list();
    assert!(desk.change(first.id, "F01:p=7", "Wang").is_err());
    assert_eq!(desk.list(), before);
    let changed = desk.change(first.id, "F40", "Wang").unwrap();
    assert_eq!(
        (changed.id, changed.side, &*changed.by),
        (1, FaultSide::Terminal, "Wang")
    );
    assert_eq!((acquirer.on(), terminal.on()), (Vec::new(), vec![1]));
    // Old software at a terminal is seen only by an acquirer that looks closely.
    assert!(*acquirer.strict.lock().unwrap());
    assert_eq!(desk.change(9, "F01", "Li"), Err(FaultDeskError::Unknown(9)));
}

#[test]
fn a_file_that_is_read_again_moves_its_own_faults_only() {
    let wire = Noting::at(FaultSide::Wire);
    let mut begun: Vec<Armed> = ["F01", "F02"].map(|text| text.parse().unwrap()).into();
    FaultDesk::number(&mut begun);
    let places: Vec<Box<dyn FaultPlace>> = vec![Box::new(wire)];
    let desk = FaultDesk::new(places, &begun, "file");
    desk.add("F03", "Li").unwrap();
    let wanted: Vec<Armed> = ["F02", "F04:nth=3"]
        .map(|text| text.parse().unwrap())
        .into();
    desk.follow(&wanted, "file").unwrap();
    let on: Vec<_> = desk
        .list()
        .iter()
        .map(|on| (on.id, on.text.clone()))
        .collect();
    let named = |id, text: &str| (id, text.to_owned());
    assert_eq!(
        on,
        [named(2, "F02"), named(3, "F03"), named(4, "F04:nth=3")]
    );
}

#[test]
fn a_desk_is_full_some_time() {
    let desk = desk(&[&Noting::at(FaultSide::Wire)]);
    for _ in 0..64 {
        desk.add("F01", "Li").unwrap();
    }
    assert_eq!(desk.add("F01", "Li"), Err(FaultDeskError::Full));
}
