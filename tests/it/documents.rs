//! The documents say what the program does: keys of the configuration, metrics, filter, hex, and
//! the commands of the first hour.

use crate::rig::isogate;
use isogate::engine::record::State;
use isogate::engine::trace::FilterWord;
use isogate::io::telemetry::names;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// The keys that a page has, by section, each with its default.
fn documented() -> BTreeMap<String, BTreeMap<String, String>> {
    let page = document("configuration.md");
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut section = String::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## `") {
            section = title.trim_matches(|c| "[]`".contains(c)).to_owned();
        }
        let cells: Vec<&str> = line.split(" | ").collect();
        if let [key, default, _] = cells[..]
            && let Some(key) = key.strip_prefix("| `")
        {
            let own = sections.entry(section.clone()).or_default();
            own.insert(key.trim_matches('`').to_owned(), default.to_owned());
        }
    }
    sections
}

/// What `--check` says of a file in which each section has a key that there is not.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let home = tempfile::tempdir().unwrap();
    let odd = "zzzzzzzzzzzzzzzzzzzzzzzzzzzz = 1\n";
    let sub = odd.trim();
    let file = format!(
        "{odd}[gateway]\n{odd}[ladder]\n{odd}[limits]\n{odd}[journal]\n{odd}\
         [[fault]]\n{odd}[[listener]]\naddress = \"127.0.0.1:0\"\ntls = {{ {sub} }}\n{odd}\
         [[link]]\naddress = \"127.0.0.1:1\"\ntls = {{ {sub} }}\nreconnect = {{ {sub} }}\n\
         shadow = {{ {sub} }}\n{odd}[[route]]\nmatch = {{ {sub} }}\nreversal = {{ {sub} }}\n{odd}\
         [admin]\naddress = \"127.0.0.1:0\"\ntls = {{ {sub} }}\n{odd}"
    );
    fs::write(home.path().join("gateway.toml"), file).unwrap();
    let told = isogate(home.path(), &["serve", "--check"])
        .output()
        .unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    let mut sections = BTreeMap::new();
    for line in told.lines() {
        let Some((place, keys)) = line.split_once(": unknown key; known here: ") else {
            continue;
        };
        let place = place.rsplit(": ").next().unwrap_or_default();
        let section = place.rsplit_once('.').map_or("", |(section, _)| section);
        let keys = keys.split(", ").map(str::to_owned);
        sections.insert(section.to_owned(), keys.collect::<BTreeSet<_>>());
    }
    sections
}

#[test]
fn every_key_of_the_configuration_is_documented_and_no_other() {
    let documented = documented();
    let known = known();
    assert!(known.len() > 12, "{known:?}");
    for (section, keys) in &known {
        let own = match section.as_str() {
            "" => documented
                .keys()
                .filter(|name| !name.contains('.'))
                .cloned()
                .collect(),
            section => documented
                .get(section)
                .map(|own| own.keys().cloned().collect::<BTreeSet<_>>())
                .unwrap_or_default(),
        };
        assert_eq!(&own, keys, "docs/configuration.md: [{section}]");
    }
}

#[test]
fn every_default_of_the_configuration_is_the_one_that_is_documented() {
    let home = tempfile::tempdir().unwrap();
    let file = "[admin]\naddress = \"127.0.0.1:8583\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
                [[link]]\naddress = \"127.0.0.1:1\"\n";
    fs::write(home.path().join("gateway.toml"), file).unwrap();
    let shown = isogate(home.path(), &["serve", "--check", "--show"])
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let documented = documented();
    let mut section = String::new();
    let mut seen = 0;
    for line in shown.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(|c| "[]".contains(c)).to_owned();
        }
        let Some((key, value)) = line
            .strip_suffix("  # default")
            .and_then(|l| l.split_once(" = "))
        else {
            continue;
        };
        let default = documented.get(&section).and_then(|own| own.get(key));
        let default = default.unwrap_or_else(|| panic!("[{section}] {key} is not documented"));
        let names_all = key == "to";
        assert!(
            names_all || default.contains(&format!("`{value}`")),
            "docs/configuration.md: [{section}] {key}: {default}, and it is {value}"
        );
        seen += 1;
    }
    assert!(seen > 40, "{shown}");
}

/// The metrics that a text names.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c| !is_part(c));
    let named = words.filter(|word| word.starts_with("isogate_"));
    let series = ["_bucket", "_sum", "_count"];
    let whole = |word: &str| {
        let cut = series.iter().find_map(|end| word.strip_suffix(end));
        cut.unwrap_or(word).to_owned()
    };
    named.map(whole).collect()
}

#[test]
fn every_metric_is_documented_and_graphed_and_no_other() {
    let known: BTreeSet<String> = names::ALL.iter().map(|one| one.name.to_owned()).collect();
    let page = document("metrics.md");
    assert_eq!(metrics_in(&page), known, "docs/metrics.md");
    for one in names::ALL {
        let row = format!("| `{}` |", one.name);
        let line = page.lines().find(|line| line.starts_with(&row));
        assert!(
            line.is_some_and(|line| line.contains(one.help)),
            "{}",
            one.name
        );
    }
    let dashboard = document("grafana.json");
    assert!(serde_json::from_str::<serde_json::Value>(&dashboard).is_ok());
    assert_eq!(metrics_in(&dashboard), known, "docs/grafana.json");
    let alerts = document("alerts.yml");
    let unknown: Vec<_> = metrics_in(&alerts).difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "docs/alerts.yml: {unknown:?}");
    // A state that is misspelt would never be counted.
    for text in [&dashboard, &alerts] {
        let text = text.replace('\\', "");
        for states in text.split("state=").skip(1) {
            let states = states.trim_start_matches('~').trim_start_matches('"');
            for state in states.split('"').next().unwrap_or_default().split('|') {
                let known = State::ALL.iter().any(|known| known.name() == state);
                assert!(known, "there is no state {state}");
            }
        }
    }
}

#[test]
fn every_word_of_a_filter_is_documented_and_no_other() {
    let page = document("filter.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `~"))
        .collect();
    let wanted: Vec<String> = FilterWord::ALL
        .iter()
        .map(|word| format!("| `{}` | {} |", word.example, word.about.en))
        .collect();
    assert_eq!(rows, wanted, "docs/filter.md");
}

/// The lines of the blocks that a page marks as commands to be typed as they stand.
fn typed(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    blocks.map(str::to_owned).collect()
}

/// Each page's commands, one block after the other, in a folder of its own.
#[test]
fn the_commands_of_the_book_work_as_they_stand() {
    let binary = Path::new(env!("CARGO_BIN_EXE_isogate")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let pages = [
        "first-hour.md",
        "first-hour.zh-CN.md",
        "break-things.md",
        "where-is-the-money.md",
        "where-is-the-money.zh-CN.md",
        "replay.md",
        "filter.md",
        "ci.md",
    ];
    std::thread::scope(|scope| {
        for page in pages {
            let path = &path;
            scope.spawn(move || {
                let home = tempfile::tempdir().unwrap();
                let lab = [
                    "lab",
                    "--duration",
                    "1s",
                    "--terminals",
                    "5",
                    "--folder",
                    "lab-0",
                ];
                isogate(home.path(), &lab).output().unwrap();
                let blocks = typed(&document(page));
                assert!(!blocks.is_empty(), "{page}");
                for block in blocks {
                    // As written, only shorter.
                    let block = block.replace("--duration 10s", "--duration 1s --terminals 5");
                    let block = block.replace("--seeds 1..20", "--seeds 1..2");
                    let run = std::process::Command::new("bash")
                        .args(["-c", &lines_that_may_find(&block)])
                        .current_dir(home.path())
                        .env("PATH", path)
                        .output()
                        .unwrap();
                    let said = String::from_utf8_lossy(&run.stderr);
                    assert!(run.status.success(), "{page}:\n{block}\n{said}");
                }
            });
        }
    });
}

/// A script that ends with 0 if each of its lines ends with 0, or with 1, which says that
/// something was found.
fn lines_that_may_find(block: &str) -> String {
    let wrapped =
        block.lines().map(
            |line| match line.starts_with("isogate") && !line.ends_with('&') {
                true => format!("{line} || [ $? -eq 1 ] || exit 9\n"),
                false => format!("{line}\n"),
            },
        );
    wrapped.collect()
}
