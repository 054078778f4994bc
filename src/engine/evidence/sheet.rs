//! Rows as a table of text: a header line, and a line a row; also under other people's headers.

use super::cells::{FileError, RowCells};
use super::rows::{AcquirerRow, FiledRow, IssuerRow, PayoutRow, TerminalRow, TotalsRow};
use crate::engine::seam::Zone;
use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim, WriterBuilder};
use std::str::FromStr;

/// Other people's names of our columns: `rrn=参考号,at=交易日期+交易时间`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(String, Vec<String>)>);

impl FromStr for ColumnMap {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self, FileError> {
        let pairs = text.split(',').map(|pair| {
            let wrong = || FileError::Map(pair.to_owned());
            let (ours, theirs) = pair.split_once('=').ok_or_else(wrong)?;
            let theirs: Vec<String> = theirs
                .split('+')
                .map(|name| name.trim().to_owned())
                .collect();
            let ours = ours.trim();
            if !known().any(|name| name == ours) {
                let mut all: Vec<&str> = known().collect();
                all.sort_unstable();
                all.dedup();
                return Err(FileError::NoSuchColumn(ours.to_owned(), all.join(", ")));
            }
            match theirs.iter().any(String::is_empty) {
                true => Err(wrong()),
                false => Ok((ours.to_owned(), theirs)),
            }
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }
}

/// Every column of ours, whatever the file.
fn known() -> impl Iterator<Item = &'static str> {
    let all = [
        AcquirerRow::COLUMNS,
        TerminalRow::COLUMNS,
        TotalsRow::COLUMNS,
        IssuerRow::COLUMNS,
        PayoutRow::COLUMNS,
    ];
    all.into_iter().flatten().copied()
}

/// The columns of a file that are not read.
#[must_use]
pub fn unread<R: FiledRow>(text: &str, map: &ColumnMap) -> Vec<String> {
    let mut reader = reader(text);
    let Ok(header) = reader.headers() else {
        return Vec::new();
    };
    let columns = R::COLUMNS.iter().chain(R::OTHERS);
    let read: Vec<usize> = columns
        .filter_map(|name| map.places(name, header))
        .flatten()
        .collect();
    let places = header.iter().enumerate();
    let others = places.filter(|(at, _)| !read.contains(at));
    others.map(|(_, name)| name.to_owned()).collect()
}

impl ColumnMap {
    /// Those of its names that stand in none of some files, ours and theirs.
    #[must_use]
    pub fn missing_in(&self, texts: &[String]) -> Vec<String> {
        let headers: Vec<StringRecord> = texts
            .iter()
            .filter_map(|text| reader(text).headers().ok().cloned())
            .collect();
        let stands = |theirs: &[String]| {
            headers.iter().any(|header| {
                theirs
                    .iter()
                    .all(|name| header.iter().any(|column| column == name))
            })
        };
        let missing = self.0.iter().filter(|(_, theirs)| !stands(theirs));
        missing
            .map(|(ours, theirs)| format!("{ours}={}", theirs.join("+")))
            .collect()
    }

    /// Takes the names of another map as well.
    pub fn extend(&mut self, more: &Self) {
        self.0.extend(more.0.iter().cloned());
    }

    /// Where a column of ours stands in a header: under its own name, or under theirs.
    fn places(&self, column: &str, header: &StringRecord) -> Option<Vec<usize>> {
        let place = |wanted: &str| header.iter().position(|name| name == wanted);
        let named = self.0.iter().filter(|(ours, _)| ours == column);
        let mut mapped = named.filter_map(|(_, theirs)| {
            theirs
                .iter()
                .map(|name| place(name))
                .collect::<Option<Vec<_>>>()
        });
        mapped.next().or_else(|| Some(vec![place(column)?]))
    }
}

/// Whether the header of a table names all that rows of a kind need.
#[must_use]
pub fn has_columns_of<R: FiledRow>(text: &str, map: &ColumnMap) -> bool {
    let mut reader = reader(text);
    let header = reader.headers();
    header.is_ok_and(|header| {
        R::NEEDED
            .iter()
            .all(|name| map.places(name, header).is_some())
    })
}

/// Reads the rows of a table; times without a zone are in this one.
///
/// # Errors
/// At the first cell that cannot be read, with its line and column.
pub fn read<R: FiledRow>(text: &str, map: &ColumnMap, zone: &Zone) -> Result<Vec<R>, FileError> {
    let mut reader = reader(text);
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    let is_there = |name: &&&str| map.places(name, &header).is_some();
    let listed = |names: &[&str]| {
        let names = names.iter().map(|name| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    let found = listed(&header.iter().collect::<Vec<_>>());
    if let Some(wanted) = R::NEEDED.iter().find(|name| !is_there(name)) {
        return Err(FileError::NoColumn { wanted, found });
    }
    if !R::NAMES.is_empty() && !R::NAMES.iter().any(|name| is_there(&name)) {
        let wanted = listed(R::NAMES);
        return Err(FileError::NoName { wanted, found });
    }
    let columns = R::COLUMNS.iter().chain(R::OTHERS);
    let places: Vec<(&'static str, Vec<usize>)> = columns
        .filter_map(|name| Some((*name, map.places(name, &header)?)))
        .collect();
    let used = || {
        places
            .iter()
            .flat_map(|(_, at)| at)
            .filter_map(|at| header.get(*at))
    };
    let twice = used().find(|name| header.iter().filter(|other| other == name).count() > 1);
    if let Some(name) = twice {
        return Err(FileError::Twice(name.to_owned()));
    }
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|error| broken(&error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: &usize| harmless(record.get(*at).unwrap_or_default());
        let joined = |at: &[usize]| at.iter().map(cell).collect::<Vec<_>>().join(" ");
        let named = places
            .iter()
            .map(|(name, at)| (*name, joined(at)))
            .collect();
        rows.push(R::read(&RowCells { line, zone, named })?);
    }
    Ok(rows)
}

/// Writes rows as a table, times in this zone.
#[must_use]
pub fn write<R: FiledRow>(rows: &[R], zone: &Zone) -> String {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let lines = rows.iter().map(|row| row.write(zone));
    // Into memory, and all of one length: neither can fail.
    let written = writer.write_record(R::COLUMNS).and_then(|()| {
        lines
            .into_iter()
            .try_for_each(|line| writer.write_record(line))
    });
    let bytes = written.ok().and_then(|()| writer.into_inner().ok());
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}

/// A cell without characters that steer a screen or begin a line of a log.
fn harmless(cell: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    match cell.contains(char::is_control) {
        true => cell.chars().map(shown).collect(),
        false => cell.to_owned(),
    }
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    ReaderBuilder::new()
        .trim(Trim::All)
        .from_reader(text.as_bytes())
}

fn broken(error: &csv::Error) -> FileError {
    match error.kind() {
        ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => FileError::Length {
            line: pos.as_ref().map_or(0, csv::Position::line),
            found: *len,
            wanted: *expected_len,
        },
        _ => FileError::NoTable(error.to_string()),
    }
}
