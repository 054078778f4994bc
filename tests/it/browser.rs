//! The dashboard in a real browser (`tests/python/browser.py`): a lab runs, payments go wrong, and
//! whoever looks at the page sees which, and where their money is.
//!
//! Needs Chromium and the Python environment that `tests/run.sh` makes, which is why it runs only
//! there, or with `cargo test --test it -- --ignored browser`. What it saw is kept in
//! `target/screenshots`.

use crate::rig::{Running, isogate, ports};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A sale by nobody's terminal, whose texts hold what a browser or a screen would obey.
const STRANGE: &str = r#"{"mti":"0200","fields":{
    "3":"000000","4":"000000001234","7":"1129010101","11":"000777","12":"090101","13":"1129",
    "22":"021","25":"00","41":"EVIL0001","42":"874350357222471",
    "43":"<script>isogateWasFooled=1</script>\u001b[1m\u0001","49":"156"}}"#;

#[test]
#[ignore = "needs Chromium and Python: tests/run.sh installs them and runs it"]
fn browser_sees_payments_go_wrong_and_where_their_money_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    assert!(
        python.exists(),
        "no {}: run tests/run.sh, which makes it",
        python.display()
    );
    let home = tempfile::tempdir().unwrap();
    let lab = Running::start(
        home.path(),
        &[
            "lab",
            "--spec",
            "iso8583-1987-ascii",
            "--duration",
            "10m",
            "--terminals",
            "12",
            "--no-faults",
            "--seed",
            "8583",
            "--folder",
            "lab-1",
            "--admin",
            "127.0.0.1:0",
            "--ports",
            "ports.json",
        ],
    );
    let open = ports(home.path(), "ports.json");
    let admin = open["admin"]["address"].as_str().unwrap();
    let gateway = open["listeners"][0]["address"].as_str().unwrap();
    fs::write(home.path().join("strange.json"), STRANGE).unwrap();
    let sent = isogate(home.path(), &["send", "strange.json", "--to", gateway])
        .args(["--spec", "iso8583-1987-ascii"])
        .output()
        .unwrap();
    assert!(sent.status.success(), "{sent:?}");
    let seen = Command::new(python)
        .arg(root.join("tests/python/browser.py"))
        .arg(format!("http://{admin}"))
        .arg(root.join("target/screenshots"))
        .output()
        .unwrap();
    drop(lab);
    let (said, wrong) = (
        String::from_utf8_lossy(&seen.stdout),
        String::from_utf8_lossy(&seen.stderr),
    );
    assert!(seen.status.success(), "{said}{wrong}");
}
