//! The log: lines for people on a terminal, JSON for machines; always on standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// What a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
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

/// Starts the log of this process. Without a `level`, `RUST_LOG` says it; otherwise it is `info`.
///
/// # Errors
/// [`LogError`].
pub fn start(format: Format, level: Option<&str>) -> Result<(), LogError> {
    let from_environment = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    let level = level.or(from_environment.as_deref()).unwrap_or("info");
    let filter = EnvFilter::try_new(level).map_err(|_shape| LogError::Level(level.to_owned()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        Format::Human => log
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        Format::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|_taken| LogError::Twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_makes_no_sense_is_refused_with_the_mend() {
        let error = start(Format::Human, Some("isogate=loud")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("\"isogate=loud\" is no log level: use error")
        );
    }
}
