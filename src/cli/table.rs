//! Plain columns, as wide as they must be; Chinese characters count as two.

use comfy_table::{ContentArrangement, Table, presets};
use std::io::{self, Write};

/// Prints rows as columns.
pub(super) fn print<const N: usize>(
    rows: impl Iterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.add_rows(rows);
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
