//! Bugs planted on purpose, to see that the judges catch them.
//!
//! Each is a switch in the real code, and all are off. They can be turned on in builds with the
//! feature `planted` only, which tests have; any other build has nothing of them.

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// Sends leave before their record is on the disk.
    SkipSync,
    /// Nothing is reversed when an answer does not come.
    NoReversal,
    /// A reversal that was answered is sent again.
    ReverseTwice,
    /// A repeat of a request counts as a new one.
    DropDedupe,
    /// A reversal goes to another link than its original.
    WrongLink,
    /// The check sum of a record is not looked at.
    IgnoreCrc,
    /// Card numbers are stored in clear.
    StorePan,
    /// A wrong MAC is taken for a right one.
    NoMacCheck,
    /// The wait for an answer ends by the wall clock.
    WallClock,
    /// The limit of what may be in flight is not looked at.
    Unbounded,
    /// The loop is not woken.
    LostWakeUp,
    /// What the terminal was told is recorded before it was written.
    AckBeforeWrite,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::SkipSync,
        Self::NoReversal,
        Self::ReverseTwice,
        Self::DropDedupe,
        Self::WrongLink,
        Self::IgnoreCrc,
        Self::StorePan,
        Self::NoMacCheck,
        Self::WallClock,
        Self::Unbounded,
        Self::LostWakeUp,
        Self::AckBeforeWrite,
    ];

    /// Its name, as commands write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkipSync => "skip-sync",
            Self::NoReversal => "no-reversal",
            Self::ReverseTwice => "reverse-twice",
            Self::DropDedupe => "drop-dedupe",
            Self::WrongLink => "wrong-link",
            Self::IgnoreCrc => "ignore-crc",
            Self::StorePan => "store-pan",
            Self::NoMacCheck => "no-mac-check",
            Self::WallClock => "wall-clock",
            Self::Unbounded => "unbounded",
            Self::LostWakeUp => "lost-wake-up",
            Self::AckBeforeWrite => "ack-before-write",
        }
    }
}

/// Whether bugs can be planted in this build.
pub const CAN: bool = cfg!(feature = "planted");

#[cfg(feature = "planted")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Whether this bug is planted, on this thread.
#[cfg(feature = "planted")]
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether this bug is planted: never, in this build.
#[cfg(not(feature = "planted"))]
#[must_use]
#[inline(always)]
pub const fn is(_bug: Bug) -> bool {
    false
}

/// Plants a bug on this thread, or none, until what it gives is dropped; in builds that can.
#[must_use]
pub fn plant(bug: Option<Bug>) -> Plot {
    Plot {
        #[cfg(feature = "planted")]
        before: PLANTED.replace(bug),
        #[cfg(not(feature = "planted"))]
        before: bug.and(None),
    }
}

/// A bug is planted for as long as this lives.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "planted"),
    expect(dead_code, reason = "nothing is planted, and nothing put back")
)]
pub struct Plot {
    before: Option<Bug>,
}

#[cfg(feature = "planted")]
impl Drop for Plot {
    fn drop(&mut self) {
        PLANTED.set(self.before);
    }
}
