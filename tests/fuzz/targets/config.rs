//! A text as the configuration of a gateway: refused with reasons, or one that holds together.

use super::{Outcome, holds, without_digits};
use isogate::io::config::Config;
use std::sync::OnceLock;
use tempfile::TempDir;

/// What can be said, most of it.
const WHOLE: &str = include_str!("whole.toml");

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let blocks: Vec<&str> = WHOLE.split("\n\n").collect();
    let ends = |skip: usize| {
        let kept = blocks.iter().enumerate().filter(|(at, _)| *at != skip);
        kept.map(|(_, block)| *block)
            .collect::<Vec<_>>()
            .join("\n\n")
    };
    let all = (0..=blocks.len()).map(ends);
    all.map(String::into_bytes).collect()
}

pub(super) fn run(input: &[u8]) -> Outcome {
    // Files that a text names are looked for where there are none.
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path();
    let text = String::from_utf8_lossy(input);
    match Config::parse("fuzzed.toml", &text, folder) {
        Err(error) => {
            let told = error.to_string();
            holds(told.contains("fuzzed.toml"), "fault-without-place", || {
                told.clone()
            })?;
            Ok(without_digits(&told)
                .chars()
                .filter(char::is_ascii)
                .take(60)
                .collect())
        }
        Ok(config) => {
            let options = &config.options;
            let paired = (options.listeners.len(), options.links.len())
                == (config.listeners.len(), config.links.len());
            holds(paired, "ends-without-options", || {
                format!("{:?}", options.links.len())
            })?;
            let aims = options.routes.iter().flat_map(|route| &route.to);
            let known = aims
                .clone()
                .all(|link| usize::from(link.0) < options.links.len());
            holds(known, "route-to-nowhere", String::new)?;
            Ok(format!("taken, {} warnings", config.warnings.len()))
        }
    }
}
