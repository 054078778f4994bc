//! Pages that are complete in themselves: nothing is loaded, nothing runs.

pub(super) use crate::io::look::{escaped, page, table};
