//! File descriptors: enough for the acquirers, the administrator and the journal, whoever connects.

use crate::io::config::Config;
use crate::io::system;
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
    let Some(limit) = system::open_files() else {
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
