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

/// The known name that is meant most likely, if one is near enough.
pub(super) fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|name| (distance(wrong, name), *name));
    let (distance, name) = near.min()?;
    (distance <= wrong.len().max(name.len()) / 2).then_some(name)
}

/// How many letters to insert, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (to, slot) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *slot);
            diagonal = row[to + 1];
            row[to + 1] = change.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row[b.len()]
}

/// `"a", "b" or "c"`.
pub(super) fn choice(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["address", "name", "spec"];
        assert_eq!(nearest("adress", &known), Some("address"));
        assert_eq!(nearest("sepc", &known), Some("spec"));
        assert_eq!(nearest("zzzzzzzz", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn a_choice_reads_as_a_sentence() {
        assert_eq!(choice(&["a"]), r#""a""#);
        assert_eq!(choice(&["a", "b", "c"]), r#""a", "b" or "c""#);
    }
}
