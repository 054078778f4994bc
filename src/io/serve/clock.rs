//! The clocks of the operating system, as the pure rooms want them.

use crate::engine::seam::{Mono, Now, Wall};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks, counted from its making.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    /// Of a story: what time it was then, and how many times as fast as here its time goes.
    story: Option<(Wall, u32)>,
}

impl Clock {
    /// Begins to count.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a clock begins at a moment; there is no usual one"
    )]
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            story: None,
        }
    }

    /// Begins to count in the time of a story, which goes so many times as fast.
    #[must_use]
    pub fn of_story(began: Wall, pace: u32) -> Self {
        Self {
            began: Instant::now(),
            story: Some((began, pace.max(1))),
        }
    }

    /// This moment.
    #[must_use]
    pub fn now(&self) -> Now {
        let elapsed = self.began.elapsed() * self.pace();
        let mono = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let wall = match self.story {
            Some((began, _)) => began + elapsed,
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                let micros = since.unwrap_or_default().as_micros();
                Wall(i64::try_from(micros).unwrap_or(i64::MAX))
            }
        };
        Now {
            mono: Mono(mono),
            wall,
        }
    }

    /// The moment of a deadline, to sleep until.
    #[must_use]
    pub fn instant(&self, mono: Mono) -> Instant {
        self.began + Duration::from_micros(mono.0) / self.pace()
    }

    fn pace(&self) -> u32 {
        self.story.map_or(1, |(_, pace)| pace)
    }
}
