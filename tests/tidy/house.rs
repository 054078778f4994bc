//! The house as it stands on disk: its files, its wings, their rooms.

use crate::source::Source;
use std::fs;
use std::path::{Path, PathBuf};

/// Wings in order, each with its rooms in order.
pub(crate) struct Plan(pub(crate) Vec<(String, Vec<String>)>);

impl Plan {
    /// The plan that `lib.rs` and the wings' doors write down.
    pub(crate) fn of_the_house() -> Self {
        let wings = modules(&read("src/lib.rs"));
        let rooms = |wing: &String| {
            let listed = modules(&read(&format!("src/{wing}/mod.rs")));
            let has_door = |room: &String| top().join(format!("src/{wing}/{room}/mod.rs")).exists();
            listed.into_iter().filter(has_door).collect()
        };
        Self(
            wings
                .into_iter()
                .map(|wing| (wing.clone(), rooms(&wing)))
                .collect(),
        )
    }

    /// Wings and rooms as named.
    pub(crate) fn new(wings: &[(&str, &[&str])]) -> Self {
        let rooms = |rooms: &[&str]| rooms.iter().map(|room| (*room).to_owned()).collect();
        Self(
            wings
                .iter()
                .map(|(wing, names)| ((*wing).to_owned(), rooms(names)))
                .collect(),
        )
    }

    /// Where a module stands: its wing and its room, counted in the order of the plan. The door of
    /// a wing stands below all its rooms; a wing that is not divided is one room.
    pub(crate) fn place(&self, module: &[&str]) -> Option<(usize, usize)> {
        let wing = self
            .0
            .iter()
            .position(|(name, _)| Some(&name.as_str()) == module.first())?;
        let rooms = &self.0[wing].1;
        let room = match module.get(1) {
            Some(wanted) if !rooms.is_empty() => rooms.iter().position(|name| name == wanted)?,
            _ => usize::MAX,
        };
        Some((wing, room))
    }
}

/// The modules that a file declares, in the order it declares them.
pub(crate) fn modules(source: &Source) -> Vec<String> {
    let declared = source.lines.iter().filter_map(|line| {
        let mut words = line.code.strip_suffix(';')?.split_whitespace();
        words.by_ref().find(|word| *word == "mod")?;
        words.next()
    });
    declared.map(str::to_owned).collect()
}

/// The top of the house.
pub(crate) fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One file.
pub(crate) fn read(path: &str) -> Source {
    Source::new(path, &text(path))
}

/// The text of one file.
pub(crate) fn text(path: &str) -> String {
    let text = fs::read_to_string(top().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust files of the crate itself.
pub(crate) fn crate_files() -> Vec<Source> {
    rust(files_under("src"))
}

/// All Rust files, tests and benches too.
pub(crate) fn rust_files() -> Vec<Source> {
    rust(text_files())
}

fn rust(paths: Vec<String>) -> Vec<Source> {
    paths
        .iter()
        .filter(|path| path.ends_with(".rs"))
        .map(|path| read(path))
        .collect()
}

/// All files that people read.
pub(crate) fn text_files() -> Vec<String> {
    let tops = names_at_the_top();
    let all = tops
        .iter()
        .flat_map(|name| match top().join(name).is_dir() {
            true => files_under(name),
            false => vec![name.clone()],
        });
    all.filter(|path| fs::read_to_string(top().join(path)).is_ok())
        .collect()
}

/// What stands at the top, but for what `.gitignore` names.
pub(crate) fn names_at_the_top() -> Vec<String> {
    let ignored = fs::read_to_string(top().join(".gitignore")).unwrap_or_default();
    let is_ignored = |name: &str| {
        ignored.lines().any(|pattern| {
            let pattern = pattern.trim_matches('/');
            match pattern.split_once('*') {
                Some((head, tail)) => name.starts_with(head) && name.ends_with(tail),
                None => name == pattern,
            }
        })
    };
    let mut names = names_in(&top());
    names.retain(|name| name != ".git" && !is_ignored(name));
    names
}

/// The files under a folder, in order, as paths from the top.
pub(crate) fn files_under(folder: &str) -> Vec<String> {
    let paths = names_in(&top().join(folder))
        .into_iter()
        .map(|name| format!("{folder}/{name}"));
    let all = paths.flat_map(|path| match top().join(&path).is_dir() {
        true => files_under(&path),
        false => vec![path],
    });
    all.collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_plan_is_read_from_the_doors() {
    let plan = Plan::of_the_house();
    let wings: Vec<&str> = plan.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(wings, ["iso", "engine", "lab", "io", "cli"]);
    assert_eq!(
        plan.0[0].1,
        [
            "message",
            "spec",
            "codec",
            "security",
            "translate",
            "stream",
            "compare",
            "foreign",
            "doctor"
        ]
    );
    assert!(plan.place(&["iso", "codec"]) < plan.place(&["engine", "record", "fact"]));
    assert!(plan.place(&["iso", "codec"]) > plan.place(&["iso", "spec"]));
    assert_eq!(plan.place(&["iso", "cellar"]), None);
}

#[test]
fn what_git_ignores_is_not_the_house() {
    let names = names_at_the_top();
    assert!(names.iter().any(|name| name == "Cargo.toml"));
    assert!(!names.iter().any(|name| name == "target" || name == ".git"));
}
