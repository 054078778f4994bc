//! `--from` and `--to`: when the transactions began that a command looks at.

use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{QueryError, end, time};
use clap::Args;

/// A time from which, and one until which; each may be left out.
#[derive(Args, Debug)]
pub(crate) struct PeriodArgs {
    /// Began at or after this day or time, such as 2026-11-22 or 2026-11-22T10:15
    #[arg(long, value_parser = moment, value_name = "TIME")]
    from: Option<String>,
    /// Began before this time, or on this day at the latest
    #[arg(long, value_parser = moment, value_name = "TIME")]
    to: Option<String>,
}

/// A moment, checked before anything is read.
fn moment(text: &str) -> Result<String, QueryError> {
    time(text, &Zone::default()).map(|_| text.to_owned())
}

impl PeriodArgs {
    /// Both, where those without a zone are in this one.
    pub(super) fn moments(&self, zone: &Zone) -> Result<(Option<Wall>, Option<Wall>), QueryError> {
        let from = self.from.as_deref().map(|from| time(from, zone));
        let to = self.to.as_deref().map(|to| end(to, zone));
        Ok((from.transpose()?, to.transpose()?))
    }
}
