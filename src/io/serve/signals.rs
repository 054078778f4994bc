//! What the operating system tells a gateway.

use super::server::{Handle, ServeError};
use crate::io::system::{Signal, Signals};
use tracing::info;

/// Waits until the gateway has ended. SIGTERM and Ctrl-C drain it, the second one stops it at once;
/// SIGHUP calls `reload`.
///
/// # Errors
/// It did not end in good order, or signals cannot be had.
pub fn run_until_told(mut gateway: Handle, reload: impl Fn(&Handle)) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let mut told = false;
        loop {
            tokio::select! {
                () = gateway.ended() => return Ok::<(), ServeError>(()),
                signal = signals.next() => match signal {
                    Signal::Stop => stop(&gateway, &mut told),
                    Signal::Reload => reload(&gateway),
                },
            }
        }
    })?;
    gateway.join()
}

/// First in good order, then at once.
fn stop(gateway: &Handle, told: &mut bool) {
    if std::mem::replace(told, true) {
        info!("told to stop again: stopping at once");
        gateway.stop();
    } else {
        gateway.drain();
    }
}
