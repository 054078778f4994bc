//! What a test holds in its hands: a gateway in a process of its own, both ends of its wires, and
//! the commands that look into its journal. The test plays terminal and acquirer by itself, so that
//! it, and not the code under test, says when what happens.

mod acquirer;
mod cup;
mod gateway;
mod house;
mod running;
mod wire;

pub(crate) use acquirer::Trade;
pub(crate) use cup::{Cup, text};
pub(crate) use gateway::{Gateway, Home, files_under, isogate, json, json_lines};
pub(crate) use house::House;
pub(crate) use running::{Running, ports};
pub(crate) use wire::{Wire, hear};

use std::time::{Duration, Instant};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until there is an answer; fails with `what` if none comes.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        // A pause between two looks: what is waited for is the answer.
        std::thread::sleep(Duration::from_millis(10));
    }
}
