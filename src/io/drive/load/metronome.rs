//! Waking at a moment, to some ten microseconds: the timers of the runtime count whole
//! milliseconds, which is more than many an answer takes.

use std::io;
use std::time::Instant;

/// Wakes whoever waits.
#[derive(Debug)]
pub(super) struct Metronome(#[cfg(target_os = "linux")] linux::Timer);

impl Metronome {
    #[cfg(target_os = "linux")]
    pub(super) fn new() -> io::Result<Self> {
        linux::Timer::new().map(Self)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self())
    }

    /// Waits until a moment; lets others in between if that is over.
    pub(super) async fn wait(&self, moment: Instant) -> io::Result<()> {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            tokio::task::yield_now().await;
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        return self.0.wait(left).await;
        #[cfg(not(target_os = "linux"))]
        return Ok(tokio::time::sleep(left).await);
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::io;
    use std::time::Duration;
    use tokio::net::unix::pipe::Receiver;

    /// A timer of the system, which counts nanoseconds. It is waited for and read as a pipe is.
    #[derive(Debug)]
    pub(super) struct Timer(Receiver);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Receiver::from_owned_fd_unchecked(timer).map(Self)
        }

        pub(super) async fn wait(&self, left: Duration) -> io::Result<()> {
            let once = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec::try_from(left).map_err(io::Error::other)?,
            };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
            loop {
                self.0.readable().await?;
                // How often it rang, in 8 bytes.
                match self.0.try_read(&mut [0; 16]) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    rang => return rang.map(drop),
                }
            }
        }
    }
}
