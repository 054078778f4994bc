//! File descriptors: enough for the acquirers, the administrator and the journal, whoever connects.

use crate::io::config::Config;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// What the process holds for itself: journal, index, threads, and administrators.
const OWN: usize = 96;

/// How many terminals may be connected at once: as many as configured, but not so many that the
/// process could not open what it needs itself.
pub(super) fn room_for_terminals(config: &Config) -> usize {
    let wanted = config.limits.connections;
    let links = config.links.iter();
    // One that is being made, and one that is being given up.
    let links: usize = links.map(|link| usize::from(link.connections) * 2).sum();
    let Some(limit) = raised() else {
        return wanted;
    };
    let room = limit.saturating_sub(OWN + links).max(1);
    if room < wanted {
        warn!(
            "at most {room} terminals: the system allows {limit} open files (ulimit -n), \
             fewer than [limits] connections = {wanted} needs"
        );
    }
    room.min(wanted)
}

/// The limit of open files, as high as we may have it; `None` if there is none.
fn raised() -> Option<usize> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let higher = Rlimit {
        current: maximum,
        maximum,
    };
    let limit = match setrlimit(Resource::Nofile, higher) {
        Ok(()) => maximum,
        Err(_refused) => current,
    };
    limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}
