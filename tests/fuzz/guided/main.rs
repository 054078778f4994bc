//! The targets under libFuzzer: `FUZZ_TARGET` names one. What is known to be wrong is passed over;
//! any other broken promise is a crash, and its input is kept by libFuzzer.
#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

#[path = "../known.rs"]
mod known;

use std::sync::OnceLock;
use targets::{TARGETS, Target};

fn target() -> &'static Target {
    static CHOSEN: OnceLock<&Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
        let target = TARGETS.iter().find(|target| target.name == name);
        target.expect("FUZZ_TARGET is none of the targets")
    })
}

/// Writes a target's seeds to the folder that `FUZZ_SEEDS` names, once.
fn write_seeds() {
    static WRITTEN: OnceLock<()> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let Some(folder) = std::env::var_os("FUZZ_SEEDS") else {
            return;
        };
        for (at, seed) in (target().seeds)().iter().enumerate() {
            let path = std::path::Path::new(&folder).join(format!("seed-{at:03}"));
            std::fs::write(path, seed).expect("a folder for the seeds");
        }
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    write_seeds();
    if let Err(find) = (target().run)(input) {
        let is_known = known::KNOWN.contains(&(target().name, find.class));
        assert!(is_known, "{}: {}", find.class, find.detail);
    }
});
