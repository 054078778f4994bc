//! The faults as a user meets them: listed, refused at the wrong place, struck in a lab, counted.

use crate::rig::{isogate, json_lines};
use serde_json::Value;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    isogate(home.path(), arguments).output().unwrap()
}

#[test]
fn the_list_names_every_fault_with_its_side_its_knobs_and_what_is_seen() {
    let listed = json_lines(&run(&["fault", "list", "--json"]));
    let ids: Vec<&str> = listed.iter().filter_map(|one| one["id"].as_str()).collect();
    for id in [
        "F01", "F04", "F05", "F13", "F22", "F27", "F35", "F38", "F41", "F44",
    ] {
        assert!(ids.contains(&id), "{id} is missing in {ids:?}");
    }
    for one in &listed {
        for key in ["title", "title_zh", "side", "p", "wire"] {
            let said = one[key].as_str();
            assert!(said.is_some_and(|text| !text.is_empty()), "{key} of {one}");
        }
    }
    let late = listed.iter().find(|one| one["id"] == "F03").unwrap();
    let knob = serde_json::json!({ "name": "delay", "default": "1s..3s", "others": [] });
    assert_eq!(late["knobs"], serde_json::json!([knob]));
    let shown = text(&run(&["--lang", "zh", "fault", "list"]).stdout);
    assert!(
        shown.contains("终端缓慢") && shown.contains("F41"),
        "{shown}"
    );
}

#[test]
fn a_fault_at_the_wrong_place_is_refused_and_told_the_right_one() {
    for (command, fault, place) in [
        (
            "host",
            "F08",
            "F08 happens at the terminal: give it to `isogate term`",
        ),
        ("host", "F15:of=request", "F15 happens at the terminal"),
        (
            "term",
            "F16",
            "F16 happens at the acquirer: give it to `isogate host`",
        ),
        ("term", "F13", "F13 happens at the acquirer"),
    ] {
        let output = run(&[command, "--fault", fault]);
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(said.contains(place), "{said}");
    }
}

/// A lab with faults: the money is where it belongs, and each fault tells how often it struck.
fn lab(spec: &str, faults: &[&str]) -> (Value, String) {
    let mut arguments = vec!["lab", "--json", "--duration", "4s", "--seed", "11"];
    arguments.extend(["--terminals", "20", "--spec", spec]);
    arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    let output = run(&arguments);
    let end = json_lines(&output).pop().expect("a lab says how it ended");
    (end, text(&output.stderr))
}

#[test]
fn whatever_people_software_and_queues_do_the_three_books_agree() {
    for spec in ["cup-pos", "iso8583-1987-ascii"] {
        let faults = [
            "F04:every=8",
            "F05:service=1ms,capacity=50",
            "F13:every=20",
            "F17:every=10",
            "F25:every=2s,for=100ms",
            "F27:nth=20",
            "F34:every=2",
            "F37:every=12",
            "F38:p=0.3",
            "F41:every=30",
            "F44:every=25",
        ];
        let (end, said) = lab(spec, &faults);
        assert_eq!(end["balanced"], true, "{spec}: {end} {said}");
        let struck = end["struck"].as_array().unwrap();
        assert_eq!(struck.len(), faults.len());
        let hits = struck.iter().filter(|one| one["struck"].as_u64() > Some(0));
        assert!(hits.count() >= 7, "{spec}: {struck:?}");
    }
}

#[test]
fn a_fault_that_never_struck_is_warned_of() {
    let (end, said) = lab("cup-pos", &["F01:terminal=NOBODY", "F16:nth=1000000"]);
    assert_eq!(end["balanced"], true, "{end}");
    for wanted in [
        "warning: F01 never struck: no message came that it concerns",
        "warning: F16 never struck: raise p, or name a message with nth",
    ] {
        assert!(said.contains(wanted), "{said}");
    }
}
