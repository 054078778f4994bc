//! The dialects that come with the house, embedded so that the binary runs anywhere.

use super::{Spec, error};
use std::sync::{Arc, LazyLock};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../proto-specs/", $name, ".toml")))),*]
    };
}

/// Name and text of every file; those of a whole version of the standard are bases that only others
/// extend.
const FILES: &[(&str, &str)] = files![
    "iso8583-1987",
    "iso8583-1993",
    "iso8583-2003",
    "cup-pos",
    "lakala-pos",
    "icbc-pos",
    "zhifutong-pos",
    "cups",
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-ebcdic",
    "iso8583-1993-ascii",
    "iso8583-2003-binary",
];

/// The dialects that can be spoken.
pub(super) const NAMES: &[&str] = &[
    "cup-pos",
    "lakala-pos",
    "icbc-pos",
    "zhifutong-pos",
    "cups",
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-ebcdic",
    "iso8583-1993-ascii",
    "iso8583-2003-binary",
];

static SPECS: LazyLock<Vec<Arc<Spec>>> = LazyLock::new(|| {
    let specs = NAMES.iter().filter_map(|name| {
        let file = format!("proto-specs/{name}.toml");
        // The tests load every file; one that fails could never have been built into a release.
        Spec::load(&file, text(name)?, &|_| None).ok()
    });
    specs.collect()
});

/// A dialect, checked once for the whole process.
pub(super) fn spec(name: &str) -> Option<Arc<Spec>> {
    SPECS.iter().find(|spec| spec.name() == name).cloned()
}

/// A file's text.
pub(super) fn text(name: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// The name most like the given one.
pub(super) fn nearest(name: &str) -> &'static str {
    let names = FILES.iter().map(|(known, _)| *known);
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
