//! The scenarios that come with the house.

use super::ScenarioSet;
use super::file::{ScenarioError, read};

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
    let mut sets = Vec::new();
    for (name, text) in SETS {
        sets.push(read(name, text, &sets)?);
    }
    Ok(sets)
}
