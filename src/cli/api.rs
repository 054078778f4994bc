//! `isogate api`: the document that describes the HTTP API.

use super::Exit;
use crate::io::admin::api_document;
use std::io::Write;

/// Prints it.
pub(super) fn run(out: &mut dyn Write) -> anyhow::Result<Exit> {
    writeln!(out, "{}", api_document()?)?;
    Ok(Exit::Done)
}
