//! Faults that are switched on and off while everything runs, and the screen that shows it.

use crate::rig::{House, Running, eventually, isogate, json_lines, ports};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

fn told(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = isogate(folder, arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// The faults that are on.
fn on(folder: &Path, admin: &str) -> Vec<Value> {
    let list = ["fault", "list", "--active", "--json", "--admin", admin];
    json_lines(&isogate(folder, &list).output().unwrap())
}

fn texts(on: &[Value]) -> Vec<&str> {
    on.iter()
        .map(|fault| fault["fault"].as_str().unwrap())
        .collect()
}

#[test]
fn a_lab_is_broken_live_and_mended_and_its_books_balance() {
    let home = TempDir::new().unwrap();
    let folder = home.path();
    let lab = [
        "lab",
        "--json",
        "--duration",
        "2m",
        "--seed",
        "7",
        "--terminals",
        "10",
        "--no-faults",
        "--folder",
        "lab-1",
        "--admin",
        "127.0.0.1:0",
        "--ports",
        "ports.json",
    ];
    let running = Running::start(folder, &lab);
    let port = ports(folder, "ports.json")["admin"]["port"]
        .as_u64()
        .unwrap();
    let admin = format!("127.0.0.1:{port}");
    let add = |fault| {
        told(
            folder,
            &["fault", "add", fault, "--who", "li", "--admin", &admin],
        )
    };
    // One at the acquirer, one on the wire before it, one at the terminals.
    for fault in ["F28:p=0.5", "F01:p=0.5,leg=host", "F15:p=0.5"] {
        assert_eq!(add(fault).0, Some(0));
    }
    let (code, said) = add("F18");
    assert_eq!(code, Some(2));
    assert!(said.contains("there is no back office here"), "{said}");
    let sides: Vec<Value> = on(folder, &admin)
        .iter()
        .map(|on| on["side"].clone())
        .collect();
    assert_eq!(sides, ["acquirer", "wire", "terminal"]);
    eventually("each of them strikes", || {
        let on = on(folder, &admin);
        let all = on.iter().all(|fault| fault["struck"].as_u64() > Some(0));
        (all && on.len() == 3).then_some(())
    });
    let (code, screen) = told(folder, &["top", "--once", "--admin", &admin]);
    assert_eq!(code, Some(0));
    for seen in [
        "/s  approved ",
        "acquirer ready 2/2",
        "faults on 3",
        "payments, the newest first",
    ] {
        assert!(screen.contains(seen), "{seen} is not in\n{screen}");
    }
    let (_, reset) = told(
        folder,
        &["fault", "reset", "--who", "li", "--admin", &admin],
    );
    assert_eq!(reset, "3 faults switched off\n");
    assert_eq!(on(folder, &admin), Vec::<Value>::new());
    eventually("nothing is left of it", || {
        let (code, _) = told(folder, &["open", "--journal", "lab-1"]);
        (code == Some(0)).then_some(())
    });
    let (code, printed) = running.end("-INT");
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!((code, &last["balanced"]), (0, &Value::Bool(true)), "{last}");
}

#[test]
fn the_faults_of_a_file_follow_it_and_those_of_people_stay() {
    let text = |faults: &[&str]| {
        let faults = faults
            .iter()
            .map(|fault| format!("[[fault]]\nwhat = \"{fault}\"\n"));
        format!(
            "[[listener]]\naddress = \"127.0.0.1:0\"\n\
             [[link]]\naddress = \"127.0.0.1:1\"\n{}",
            faults.collect::<String>()
        )
    };
    let house = House::start(TempDir::new().unwrap(), &text(&["F01:p=0.5", "F02:nth=3"]));
    let admin = format!("127.0.0.1:{}", house.admin());
    let (code, _) = told(house.folder(), &["fault", "add", "F03", "--admin", &admin]);
    assert_eq!(code, Some(0));
    house.reload(&text(&["F02:nth=3", "F15"]));
    eventually("the faults of the new file", || {
        let on = on(house.folder(), &admin);
        (texts(&on) == ["F02:nth=3", "F03", "F15"]).then_some(())
    });
    let (code, said) = told(house.folder(), &["fault", "add", "F16", "--admin", &admin]);
    assert_eq!(code, Some(2));
    assert!(said.contains("F16 happens at the acquirer"), "{said}");
}

#[test]
fn top_without_a_terminal_says_what_to_do() {
    let home = TempDir::new().unwrap();
    let (code, said) = told(home.path(), &["top"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--once prints one screen"), "{said}");
    let (code, said) = told(home.path(), &["top", "--once", "--admin", "127.0.0.1:1"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("127.0.0.1:1 (--admin)"), "{said}");
}
