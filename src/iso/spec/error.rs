//! Why a spec file is not sound: file, line, key and the mend.

use std::fmt::Write as _;

/// Why a spec file is not sound: names file, line, field and the mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct SpecError {
    /// The file.
    pub file: String,
    /// Its line, from 1; the first if the fault is something that is not there.
    pub line: usize,
    /// What is wrong, and the mend.
    pub what: String,
}

/// A fault of what the files say together, at a path of keys such as `fields.22.format`.
#[derive(Debug)]
pub(super) struct SpecFault {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// What is wrong, and the mend.
    pub what: String,
}

impl SpecFault {
    pub(super) fn at<const N: usize>(path: [&str; N], what: impl Into<String>) -> Self {
        Self {
            path: path.map(str::to_owned).to_vec(),
            what: what.into(),
        }
    }
}

/// The error of the TOML reader as ours: with its line, and the nearest known key.
pub(super) fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> SpecError {
    let mut what = error.message().to_owned();
    let mut words = what.split('`').skip(1).step_by(2);
    if what.starts_with("unknown ")
        && let Some(unknown) = words.next()
    {
        let nearest = words.min_by_key(|known| distance(unknown, known));
        let head = what.split(", expected").next().unwrap_or(&what).to_owned();
        let mend = nearest.map(|known| format!("; did you mean `{known}`?"));
        what = head;
        write!(what, "{}", mend.unwrap_or_default()).ok();
    }
    SpecError {
        file: file.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        what,
    }
}

/// The line, from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        .saturating_add(1)
}

/// The known name that is meant most likely, if one is near enough.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = known.into_iter();
    let near = known.map(|name| (distance(wrong, name), name));
    let (distance, name) = near.min()?;
    (distance <= wrong.len().max(name.len()) / 2).then_some(name)
}

/// How many letters must change to make one word the other (Levenshtein).
pub(super) fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut left = above.saturating_add(1);
        let mut next = vec![left];
        for (pair, other) in row.windows(2).zip(&to) {
            let &[diagonal, up] = pair else { continue };
            let swapped = diagonal.saturating_add(usize::from(letter != *other));
            left = swapped
                .min(up.saturating_add(1))
                .min(left.saturating_add(1));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distance_counts_letters_changed() {
        assert_eq!(distance("formt", "format"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["address", "name", "spec"];
        assert_eq!(nearest("adress", known), Some("address"));
        assert_eq!(nearest("sepc", known), Some("spec"));
        assert_eq!(nearest("zzzzzzzz", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
