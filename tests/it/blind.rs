//! Verdicts held against the truth of cases that were drawn by seed, by the real binary. The
//! figures of the README are those of many more.

use crate::rig::isogate;
use serde_json::Value;

/// Cases of the gate; 3,000 and more are played by hand.
const SEEDS: &str = "1..240";

#[test]
fn blind_cases_are_told_right_and_none_is_unsafe() {
    let home = tempfile::tempdir().unwrap();
    let output = isogate(home.path(), &["sim", "--blind", SEEDS, "--json"]);
    let output = { output }.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let score: Value = serde_json::from_str(&text).unwrap();
    let share = |key: &str| {
        let number = |part: &str| score[key][part].as_u64().unwrap();
        let of = number("of");
        assert!(of > 30, "{key}: only {of} cases");
        number("right") * 1000 / of
    };
    for tier in ["E0", "E1", "E2", "E2p", "E3"] {
        assert_eq!(score["unsafe"][tier], 0, "{score}");
    }
    assert_eq!(score["false_alarms"], 0, "{score}");
    assert_eq!(score["proofs_wrong"], 0, "{score}");
    assert!(share("class_right_e0") >= 980, "{score}");
    assert!(share("cause_right_e2") >= 950, "{score}");
    assert_eq!(output.status.code(), Some(0));
}
