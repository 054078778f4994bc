//! The dialects that come with the house, embedded so that the binary runs anywhere.

use super::{Spec, error};
use std::sync::{Arc, OnceLock};

/// Name and text of a file.
type BuiltinFile = (&'static str, &'static str);

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../proto-specs/", $name, ".toml")))),*]
    };
}

macro_rules! dialects {
    ($($name:literal),* $(,)?) => {
        const DIALECTS: &[BuiltinFile] = files![$($name),*];
        /// The dialects that can be spoken.
        pub(super) const NAMES: &[&str] = &[$($name),*];
    };
}

/// Whole versions of the standard, which only others extend.
const BASES: &[BuiltinFile] = files!["iso8583-1987", "iso8583-1993", "iso8583-2003"];

dialects!(
    "cup-pos",
    "lakala-pos",
    "icbc-pos",
    "zhifutong-pos",
    "cups",
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-binary-left",
    "iso8583-1987-ebcdic",
    "iso8583-1993-ascii",
    "iso8583-2003-binary",
);

/// Each is read when it is first asked for, and then kept.
static SPECS: [OnceLock<Option<Arc<Spec>>>; NAMES.len()] = [const { OnceLock::new() }; NAMES.len()];

/// A dialect, checked once for the whole process.
pub(super) fn spec(name: &str) -> Option<Arc<Spec>> {
    let at = NAMES.iter().position(|known| *known == name)?;
    let spec = SPECS.get(at)?.get_or_init(|| {
        let file = format!("proto-specs/{name}.toml");
        // The tests load every file; one that fails could never have been built into a release.
        Spec::load(&file, text(name)?, &|_| None).ok()
    });
    spec.clone()
}

fn files() -> impl Iterator<Item = &'static BuiltinFile> {
    BASES.iter().chain(DIALECTS)
}

/// A file's text.
pub(super) fn text(name: &str) -> Option<&'static str> {
    files()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// The name most like the given one.
pub(super) fn nearest(name: &str) -> &'static str {
    let names = files().map(|(known, _)| *known);
    names
        .min_by_key(|known| error::distance(name, known))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_dialect_is_sound() {
        for name in NAMES {
            let file = format!("proto-specs/{name}.toml");
            let spec = Spec::load(&file, text(name).unwrap(), &|_| None);
            assert_eq!(
                spec.map(|spec| spec.name().to_owned()).as_deref(),
                Ok(*name)
            );
        }
    }

    #[test]
    fn the_nearest_name_is_offered() {
        assert_eq!(nearest("cup_pos"), "cup-pos");
    }
}
