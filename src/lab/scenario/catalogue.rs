//! The scenarios that come with the house.

use super::ScenarioSet;
use super::file::{Likes, ScenarioError, read_with};

macro_rules! sets {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each file.
        pub const SETS: &[(&str, &str)] = &[$((
            concat!("proto-specs/scenarios/", $name, ".toml"),
            include_str!(concat!("../../../proto-specs/scenarios/", $name, ".toml")),
        )),*];
    };
}

sets!("s1", "s2", "s3", "s4", "s5", "s6", "f");

/// All sets, in their order.
///
/// # Errors
/// A file is wrong; a test reads each.
pub fn builtin() -> Result<Vec<ScenarioSet>, ScenarioError> {
    let all = |known: &[ScenarioSet], likes| {
        let sets = SETS
            .iter()
            .map(|(name, text)| read_with(name, text, known, likes));
        sets.collect::<Result<Vec<_>, _>>()
    };
    // Those of one file may be like those of any other.
    let plain = all(&[], Likes::LeftOut)?;
    all(&plain, Likes::Told)
}
