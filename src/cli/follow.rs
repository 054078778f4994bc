//! A journal's records as they come: where to begin, and how often to look for more.

use super::asked::now;
use crate::engine::record::Record;
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{QueryError, moment, time};
use crate::io::journal::{JournalReader, RecordReader};
use std::time::Duration;

/// How often it is looked for more: often enough to seem live, seldom enough to cost nothing.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum RecordStart {
    Beginning,
    Now,
    At(Wall),
}

impl RecordStart {
    pub(super) fn read(text: &str, zone: &Zone) -> Result<Self, QueryError> {
        match text {
            "beginning" => Ok(Self::Beginning),
            "now" => Ok(Self::Now),
            text => moment(text, (now(), zone), time).map(Self::At),
        }
    }

    /// The records; where a filter asks for it, with the earlier ones that tell what is under way.
    pub(super) fn records(
        self,
        reader: &JournalReader,
        filtered: bool,
    ) -> anyhow::Result<RecordReader> {
        Ok(match self {
            Self::Beginning => reader.records(),
            Self::Now if filtered => reader.records_since_checkpoint()?,
            Self::Now => reader.records_from_now()?,
            Self::At(moment) => reader.records_around(moment)?,
        })
    }

    /// Whether a record is earlier.
    pub(super) fn is_behind(self, record: &Record) -> bool {
        match self {
            Self::Beginning => false,
            Self::Now => true,
            Self::At(moment) => record.at < moment,
        }
    }
}
