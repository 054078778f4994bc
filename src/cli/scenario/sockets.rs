//! Scenarios over real sockets: several at once, each a lab of its own.

use super::ToldScenario;
use crate::io::drive::SocketPlace;
use crate::lab::scenario::{Scenario, ScenarioRun, play, play_at};
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What lasts longer, in the time of the story, is played in virtual time only.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// Plays all of them, so many at once, and hands them over in their order. Their journals stay in
/// `keep`, each in a folder of its name.
pub(super) fn play_all(
    scenarios: Vec<Scenario>,
    (keep, at_once): (Option<&Path>, usize),
    take: &mut dyn FnMut(ToldScenario) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = match keep {
        Some(folder) => Folder::kept(folder)?,
        None => Folder::passing()?,
    };
    let next = AtomicUsize::new(0);
    let (done, all_done) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, scenarios.len().max(1)) {
            let done = done.clone();
            let (next, scenarios, folder) = (&next, &scenarios, &folder.path);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(at) else {
                        return;
                    };
                    let told = over_sockets(scenario, folder);
                    if done.send((at, told)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut early: BTreeMap<usize, ToldScenario> = BTreeMap::new();
        let mut wanted = 0;
        for (at, told) in all_done {
            early.insert(at, told);
            while let Some(told) = early.remove(&wanted) {
                wanted += 1;
                take(told)?;
            }
        }
        Ok(())
    })
}

/// One of them; in virtual time if it lasts too long.
fn over_sockets(scenario: &Scenario, folder: &Path) -> ToldScenario {
    let told = |run: ScenarioRun| ToldScenario {
        scenario: scenario.clone(),
        run,
    };
    let before = play(scenario);
    if before.lasted > LONGEST || !before.passed() {
        return told(before);
    }
    let name = scenario.id.replace(['/', '.'], "-");
    let place = SocketPlace::start(scenario, folder.join(name).join("journal"));
    let place = place.map_err(|error| error.to_string());
    told(play_at(scenario, place))
}

/// Where journals go.
struct Folder {
    path: PathBuf,
    passing: bool,
}

impl Folder {
    fn kept(path: &Path) -> anyhow::Result<Self> {
        let used = path
            .read_dir()
            .is_ok_and(|mut found| found.next().is_some());
        anyhow::ensure!(!used, "{} is not empty: name a new folder", path.display());
        std::fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        Ok(Self {
            path: path.to_owned(),
            passing: false,
        })
    }

    fn passing() -> anyhow::Result<Self> {
        let name = format!("isogate-scenario-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self {
            path,
            passing: true,
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.passing {
            // What is left is a folder among temporary ones.
            let _left = std::fs::remove_dir_all(&self.path);
        }
    }
}
