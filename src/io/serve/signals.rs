//! What the operating system tells a gateway.

use super::server::{Handle, ServeError};
use crate::io::system::{Signal, Signals};
use tracing::info;

/// Waits until the gateway has ended. SIGTERM and Ctrl-C drain it, the second one stops it at once;
/// SIGHUP calls `reload`, and so does an operator.
///
/// # Errors
/// It did not end in good order, or signals cannot be had.
pub fn run_until_told(
    mut gateway: Handle,
    reload: impl Fn(&Handle) -> Result<(), String>,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let mut told = false;
        loop {
            tokio::select! {
                request = gateway.next_reload() => match request {
                    None => return Ok::<(), ServeError>(()),
                    // Whoever asked may have gone.
                    Some(request) => drop(request.send(reload(&gateway))),
                },
                signal = signals.next() => match signal {
                    Signal::Stop => stop(&gateway, &mut told),
                    Signal::Reload => if let Err(error) = reload(&gateway) {
                        tracing::error!("nothing is reloaded, all stays as it was: {error}");
                    },
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
