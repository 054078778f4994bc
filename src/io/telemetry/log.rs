//! The log: lines for people on a terminal, JSON for machines; always on standard error.

use crate::engine::seam::{Wall, Zone};
use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::reload::Handle;

/// What a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineFormat {
    /// For people; in colours on a terminal.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level makes no sense.
    #[error("\"{0}\" is no log level: use error, warn, info, debug, trace, or isogate::io=debug")]
    Level(String),
    /// Another log is in place.
    #[error("the log was set up already")]
    Twice,
}

/// The moment at the head of each line.
struct ZonedTime(Zone);

impl FormatTime for ZonedTime {
    fn format_time(&self, line: &mut Writer<'_>) -> fmt::Result {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since.map_or(0, |since| since.as_micros());
        let wall = Wall(i64::try_from(micros).unwrap_or(i64::MAX));
        line.write_str(&wall.rfc3339(&self.0))
    }
}

/// Starts the log of this process, its moments shown in `zone`. Without a `level`, `RUST_LOG` says
/// it; otherwise it is `info`.
///
/// # Errors
/// [`LogError`].
pub fn start(format: LineFormat, level: Option<&str>, zone: Zone) -> Result<(), LogError> {
    let from_environment = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    let level = level.or(from_environment.as_deref()).unwrap_or("info");
    let filter = EnvFilter::try_new(level).map_err(|_shape| LogError::Level(level.to_owned()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(ZonedTime(zone))
        .with_writer(std::io::stderr)
        .with_ansi(format == LineFormat::Human && std::io::stderr().is_terminal());
    let started = match format {
        LineFormat::Human => {
            let log = log.with_target(false).with_filter_reloading();
            keep(log.reload_handle());
            log.try_init()
        }
        LineFormat::Json => {
            let log = log.json().flatten_event(true).with_filter_reloading();
            keep(log.reload_handle());
            log.try_init()
        }
    };
    started.map_err(|_taken| LogError::Twice)
}

/// Changes the level of the log that was started in this process, if one was.
///
/// # Errors
/// [`LogError::Level`].
pub fn change(level: &str) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(level).map_err(|_shape| LogError::Level(level.to_owned()))?;
    if let Some(change) = CHANGE.get() {
        change(filter);
    }
    Ok(())
}

/// How the filter of the process's log is changed: there is one log a process, as there is one
/// standard error.
static CHANGE: OnceLock<Box<dyn Fn(EnvFilter) + Send + Sync>> = OnceLock::new();

fn keep<S: 'static>(handle: Handle<EnvFilter, S>) {
    let change = move |filter| {
        // It is gone only with the process.
        let _gone = handle.reload(filter);
    };
    // Taken only if another log was started before, which the caller is told.
    let _taken = CHANGE.set(Box::new(change));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_makes_no_sense_is_refused_with_the_mend() {
        let error = start(LineFormat::Human, Some("isogate=loud"), Zone::UTC).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("\"isogate=loud\" is no log level: use error")
        );
    }
}
