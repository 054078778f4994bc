//! The clocks of the operating system, as the pure rooms want them.

use crate::engine::seam::{Mono, Now, Wall};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks, counted from its making.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Begins to count.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a clock begins at a moment; there is no usual one"
    )]
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// This moment.
    #[must_use]
    pub fn now(&self) -> Now {
        let mono = u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let wall = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Now {
            mono: Mono(mono),
            wall: Wall(wall),
        }
    }

    /// The moment of a deadline, to sleep until.
    #[must_use]
    pub fn instant(&self, mono: Mono) -> Instant {
        self.0 + Duration::from_micros(mono.0)
    }
}
