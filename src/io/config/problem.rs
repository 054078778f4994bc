//! What can be wrong with a file: where, which key, and the mend.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The key with its sections, such as `link.reconnect.max`; empty for the file as such.
    pub key: String,
    /// What is wrong, and the mend.
    pub what: String,
}

/// Everything that is wrong with one file, in the order of its lines. Prints a line each, as
/// `FILE:LINE: KEY: what is wrong`. Never holds a value: a file of keys is read this way, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// What is wrong with it; at least one.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// The file as a whole cannot be had.
    pub(super) fn whole(file: &str, what: String) -> Self {
        let key = String::new();
        let problems = vec![Problem { line: 1, key, what }];
        let file = file.to_owned();
        Self { file, problems }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let newline = if at == 0 { "" } else { "\n" };
            let Problem { line, key, what } = problem;
            let colon = if key.is_empty() { "" } else { ": " };
            write!(f, "{newline}{}:{line}: {key}{colon}{what}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// `"a", "b" or "c"`.
pub(super) fn choice(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
