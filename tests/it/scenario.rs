//! Scenarios as a tester runs them.

use crate::rig::{isogate, json_lines};
use std::path::Path;
use std::process::Output;

fn scenario(home: &Path, arguments: &[&str]) -> Output {
    let words: Vec<&str> = ["scenario"].iter().chain(arguments).copied().collect();
    isogate(home, &words).output().unwrap()
}

#[test]
fn a_lost_answer_is_told_with_its_wire_its_books_and_its_verdict() {
    let home = tempfile::tempdir().unwrap();
    let output = scenario(home.path(), &["run", "S1.2", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let told = json_lines(&output).remove(0);
    assert_eq!(told["id"], "S1.2");
    assert_eq!(told["faults"], serde_json::json!(["F01"]));
    assert_eq!(told["passed"], true);
    let wire = [
        "T>G 0200",
        "G>A 0200",
        "A>G 0210 x",
        "G>A 0400 98",
        "A>G 0410 00",
    ];
    assert_eq!(told["wire"], serde_json::json!(wire));
    assert_eq!(
        told["money"],
        serde_json::json!({ "terminal": 0, "acquirer": 0 })
    );
    assert_eq!(told["explain"][0]["cause"], "answer_lost");
    assert_eq!(told["explain"][0]["safe_to_retry"], "yes");
}

#[test]
fn stories_happen_over_real_sockets_and_leave_their_journals() {
    let home = tempfile::tempdir().unwrap();
    // A lost answer, a terminal without power, one that takes a day.
    let asked = [
        "run", "S1.2", "F10", "F34", "--tcp", "--keep", "kept", "--json",
    ];
    let output = scenario(home.path(), &asked);
    let told = json_lines(&output);
    let missed: Vec<_> = told.iter().filter(|told| told["passed"] != true).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    let place = |id: &str| {
        told.iter()
            .find(|told| told["id"] == id)
            .map(|told| &told["place"])
    };
    assert_eq!(place("S1.2").unwrap(), "tcp");
    assert_eq!(place("F34").unwrap(), "virtual");
    let journal = home.path().join("kept/S1-2/journal");
    let words = ["trace", "--json", "--journal", journal.to_str().unwrap()];
    let traced = isogate(home.path(), &words).output().unwrap();
    let sale = json_lines(&traced)
        .into_iter()
        .find(|told| told["kind"] == "sale");
    assert_eq!(sale.unwrap()["state"], "REVERSED");
}

const OWN: &str = r#"title = "own"
title_zh = "自编"
[[scenario]]
id = "X1"
title = "t"
title_zh = "题"
story = "s"
story_zh = "事"
class = "c"
happens = [{ at = "10:00", do = "sale", amount = "1.00" }]
verdict = [{ state = "REVERSED" }]
"#;

#[test]
fn a_scenario_of_ones_own_that_is_not_as_it_wants_ends_with_1() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("own.toml"), OWN).unwrap();
    let output = scenario(home.path(), &["run", "own.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("wanted `REVERSED`"), "{told}");
}

#[test]
fn a_wrong_file_is_refused_with_line_key_and_mend() {
    let home = tempfile::tempdir().unwrap();
    for (good, bad, says) in [
        ("class =", "clas =", "line 9: unknown field `clas`"),
        (
            "do = \"sale\"",
            "do = \"sell\"",
            "line 10: `do`: nobody can do `sell`; there are",
        ),
        (
            "\"1.00\"",
            "\"1\"",
            "line 10: `amount`: write yuan with two decimals",
        ),
        (
            "{ state",
            "{ safe = \"maybe\", state",
            "line 11: `safe`: write yes, no or unproven",
        ),
    ] {
        std::fs::write(home.path().join("own.toml"), OWN.replace(good, bad)).unwrap();
        let output = scenario(home.path(), &["run", "own.toml"]);
        assert_eq!(output.status.code(), Some(2), "{bad}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(says), "{told}");
    }
}
