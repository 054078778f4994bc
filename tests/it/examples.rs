//! The examples in which the help of each command ends, run as they stand, and what is made from
//! the same definitions: completions and man pages.

use crate::ends::Ends;
use crate::rig::isogate;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Long enough for a command that ends by itself; one that runs on is told to end.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(1_500);

/// Commands that run until they are told to end, or for long.
const ENDLESS: [&str; 8] = [
    "host",
    "journal traces",
    "lab",
    "load --to",
    "scenario matrix",
    "serve -c gateway.toml",
    "sim",
    "tail --from 10m",
];

/// Commands that need a transaction of a running gateway, a shadow, a collector, or a terminal to
/// draw on: what can be tried of them is that they are understood.
const UNDERSTOOD: [&str; 9] = [
    "journal shadow",
    "journal traces",
    "reverse",
    "park",
    "close",
    "explain 1",
    "fault add",
    "fault remove",
    "top",
];

/// The commands by what is typed, as `--help` lists them.
fn commands(folder: &Path, path: &[&str], found: &mut Vec<(String, String)>) {
    let help = isogate(folder, &[path, &["--help"]].concat())
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let listed = listed.split("\n\n").next().unwrap_or_default();
    let names: Vec<String> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect();
    for name in &names {
        commands(folder, &[path, &[name.as_str()]].concat(), found);
    }
    if names.is_empty() || path == ["load"] {
        found.push((path.join(" "), help));
    }
}

fn examples(help: &str) -> Vec<String> {
    let after = help.split("Examples:\n").nth(1).unwrap_or_default();
    after.lines().map(|line| line.trim().to_owned()).collect()
}

/// The files that the examples name.
fn furnish(folder: &Path) {
    let run = |arguments: &str| {
        let words: Vec<&str> = arguments.split(' ').collect();
        let output = isogate(folder, &words).output().unwrap();
        assert!(!output.stdout.is_empty(), "{arguments}: {output:?}");
        output.stdout
    };
    let lab = "lab --folder lab-1 --seed 7 --terminals 3 --duration 1s --no-faults";
    run(lab);
    fs::write(
        folder.join("traffic.pcapng"),
        run("journal export --pcapng"),
    )
    .unwrap();
    let sale = |stan: &str| {
        format!(
            r#"{{"spec":"cup-pos","mti":"0200","fields":{{"3":"000000","4":"000000008880",
            "11":"{stan}","22":"021","25":"00","41":"10421695","42":"874350357222471",
            "49":"156"}},"subfields":{{"60.1":"22","60.2":"000001"}}}}"#
        )
    };
    fs::write(folder.join("message.json"), sale("100175")).unwrap();
    fs::write(folder.join("message.hex"), run("encode message.json")).unwrap();
    fs::write(folder.join("other.json"), sale("100176")).unwrap();
    fs::write(folder.join("other.hex"), run("encode other.json")).unwrap();
    fs::write(
        folder.join("packager.xml"),
        run("spec export iso8583-1987-ascii --to jpos"),
    )
    .unwrap();
    fs::write(
        folder.join("my-host.toml"),
        "name = \"my-host\"\ntitle = \"My host\"\nextends = \"cup-pos\"\n",
    )
    .unwrap();
    fs::write(folder.join("sales.txt"), "sale 88.80\nsale_void of last\n").unwrap();
    let rows = "at,terminal,merchant,stan,amount\n";
    fs::write(folder.join("acquirer.csv"), rows).unwrap();
}

/// Runs a line as a shell does; what is wrong with it, if anything is.
fn tried(folder: &Path, line: &str) -> Option<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_isogate")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let runs_on = ENDLESS
        .iter()
        .any(|word| line.contains(&format!("isogate {word}")));
    let most = if runs_on { SHORT } else { LONG };
    let mut child = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .env("LANG", "C")
        .env("USER", "tester")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("stderr")).unwrap())
        .process_group_of_its_own()
        .spawn()
        .unwrap();
    let end = Instant::now() + most;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > end {
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let Some(status) = status else {
        end_group(child.id());
        child.wait().unwrap();
        return (!runs_on).then(|| format!("`{line}` did not end"));
    };
    let understood = UNDERSTOOD
        .iter()
        .any(|word| line.contains(&format!("isogate {word}")));
    let fine = match status.code() {
        Some(0 | 1) => true,
        Some(2) => understood,
        _ => false,
    };
    let said = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
    (!fine).then(|| format!("`{line}` ended with {status}: {}", said()))
}

/// Kills what a shell started, too.
fn end_group(id: u32) {
    let group = format!("-{id}");
    let told = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(told.unwrap().success());
}

trait OwnGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        std::os::unix::process::CommandExt::process_group(self, 0)
    }
}

#[test]
fn every_example_of_every_help_works_as_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    furnish(folder);
    let ends_home = tempfile::tempdir().unwrap();
    let ends = Ends::start(ends_home.path());
    let config = "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
                  [[link]]\naddress = \"127.0.0.1:1\"\n";
    fs::write(folder.join("gateway.toml"), config).unwrap();
    let saved = format!(
        "load --to {} --rate 50 --duration 1s --save run.json",
        ends.acquirer
    );
    let saved: Vec<&str> = saved.split(' ').collect();
    assert!(isogate(folder, &saved).output().unwrap().status.success());

    let mut found = Vec::new();
    commands(folder, &[], &mut found);
    assert!(found.len() > 30, "{found:?}");
    let mut lines = Vec::new();
    for (name, help) in &found {
        let own = examples(help);
        assert_eq!(own.len(), 2, "{name}: {help}");
        lines.extend(own.into_iter().map(|line| {
            let line = line.replace("--listen 127.0.0.1:6583", "--listen 127.0.0.1:0");
            let line = line.replace("127.0.0.1:6583", &ends.acquirer);
            let line = line.replace("127.0.0.1:8583", &ends.admin);
            line.replace("127.0.0.1:5583", &ends.gateway)
        }));
    }
    let left = Mutex::new(lines);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(line) = { left.lock().unwrap().pop() } {
                    let own = tempfile::tempdir().unwrap();
                    copy(folder, own.path());
                    wrong.lock().unwrap().extend(tried(own.path(), &line));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A folder with all that is in another one.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&place).unwrap();
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[test]
fn completions_and_man_pages_are_made_in_both_languages() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    for shell in ["bash", "zsh", "fish"] {
        let made = isogate(folder, &["completions", shell]).output().unwrap();
        let script = String::from_utf8(made.stdout).unwrap();
        assert!(
            script.contains("scenario") && script.contains("unsettled"),
            "{shell}"
        );
    }
    for (lang, says) in [("en", "unconfirmed authorizations"), ("zh", "未确认的授权")] {
        let made = isogate(folder, &["man", lang, "--lang", lang])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let page = fs::read_to_string(folder.join(lang).join("isogate-open.1")).unwrap();
        assert!(
            page.contains(says) && page.contains("isogate open"),
            "{page}"
        );
        assert!(folder.join(lang).join("isogate-journal-export.1").is_file());
    }
}

#[test]
fn what_is_typed_wrongly_is_told_in_chinese_where_chinese_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let wrong = isogate(home.path(), &["open", "--jsn", "--lang", "zh"])
        .output()
        .unwrap();
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(64));
    assert!(said.contains("没有选项 --jsn; 是否指 --json"), "{said}");
}
