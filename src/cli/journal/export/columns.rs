//! `--parquet`: the rows of the table as columns, for programs that read tables of any size.

use super::ExportedMessage;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::io::Write;
use std::sync::Arc;

/// Rows that stand together in a file, and in memory.
const ROWS: usize = 1 << 16;

/// What a column takes from a message.
#[derive(Clone, Copy)]
enum Column {
    Text(fn(&ExportedMessage) -> Option<&str>),
    Number(fn(&ExportedMessage) -> Option<u64>),
}

/// The columns, called as those of the table.
const COLUMNS: [(&str, Column); 19] = [
    ("at", Column::Text(|row| Some(&row.at))),
    ("seq", Column::Number(|row| Some(row.seq))),
    ("tx", Column::Text(|row| row.tx.as_deref())),
    ("dir", Column::Text(|row| Some(row.dir))),
    ("conn", Column::Text(|row| Some(&row.conn))),
    ("mti", Column::Text(|row| Some(&row.mti))),
    ("kind", Column::Text(|row| row.kind.as_deref())),
    ("terminal", Column::Text(|row| row.terminal.as_deref())),
    ("merchant", Column::Text(|row| row.merchant.as_deref())),
    ("stan", Column::Text(|row| row.stan.as_deref())),
    ("rrn", Column::Text(|row| row.rrn.as_deref())),
    ("auth", Column::Text(|row| row.auth.as_deref())),
    ("amount", Column::Number(|row| row.amount)),
    ("currency", Column::Text(|row| row.currency.as_deref())),
    ("card", Column::Text(|row| row.card.as_deref())),
    ("code", Column::Text(|row| row.code.as_deref())),
    ("state", Column::Text(|row| row.state)),
    ("frame", Column::Text(|row| Some(&row.frame))),
    ("operator", Column::Text(|row| row.operator.as_deref())),
];

fn schema() -> String {
    let columns = COLUMNS.map(|(name, column)| match column {
        Column::Text(_) => format!("optional binary {name} (STRING);"),
        Column::Number(_) => format!("optional int64 {name};"),
    });
    format!("message messages {{ {} }}", columns.join(" "))
}

/// A file of columns that grows by groups of rows.
pub(super) struct ColumnSheet<'a> {
    out: &'a mut dyn Write,
    writer: SerializedFileWriter<Vec<u8>>,
    rows: Vec<ExportedMessage>,
}

impl<'a> ColumnSheet<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Result<Self> {
        let schema = Arc::new(parse_message_type(&schema())?);
        let properties = Arc::new(WriterProperties::builder().build());
        Ok(Self {
            out,
            writer: SerializedFileWriter::new(Vec::new(), schema, properties)?,
            rows: Vec::new(),
        })
    }

    pub(super) fn write(&mut self, message: &ExportedMessage) -> Result<()> {
        self.rows.push(message.clone());
        if self.rows.len() >= ROWS {
            self.write_group()?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        for (_, column) in COLUMNS {
            match column {
                Column::Text(of) => {
                    let cells = rows.iter().map(|row| of(row).map(ByteArray::from));
                    write_column::<ByteArrayType>(&mut group, cells)?;
                }
                Column::Number(of) => {
                    let cells = rows.iter().map(|row| of(row).map(u64::cast_signed));
                    write_column::<Int64Type>(&mut group, cells)?;
                }
            }
        }
        group.close()?;
        self.writer.flush()?;
        // What was written is not needed again: the end of the file knows its places.
        self.out.write_all(self.writer.inner())?;
        self.writer.inner_mut().clear();
        Ok(())
    }

    /// Writes the file to its end.
    pub(super) fn finish(mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        let end = self.writer.into_inner()?;
        self.out.write_all(&end)?;
        Ok(self.out.flush()?)
    }
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    let Some(mut column) = group.next_column()? else {
        return Ok(());
    };
    column
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::super::tests::messages;
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn another_reader_finds_the_cells_of_the_table() {
        let some = messages();
        let mut table = csv::Writer::from_writer(Vec::new());
        table.serialize(&some[0]).unwrap();
        let table = String::from_utf8(table.into_inner().unwrap()).unwrap();
        let names = COLUMNS.map(|(name, _)| name).join(",");
        assert_eq!(table.lines().next(), Some(names.as_str()));

        // More than stand together.
        let all: Vec<_> = some.iter().cycle().take(ROWS + 5).collect();
        let mut file = Vec::new();
        let mut sheet = ColumnSheet::new(&mut file).unwrap();
        for message in &all {
            sheet.write(message).unwrap();
        }
        sheet.finish().unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let rows: Vec<_> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap())
            .collect();
        assert_eq!(rows.len(), all.len());
        for (row, message) in rows.iter().zip(&all) {
            assert_eq!(row.get_string(3).unwrap(), message.dir);
            assert_eq!(row.get_long(12).ok(), message.amount.map(u64::cast_signed));
            assert_eq!(row.get_string(15).ok(), message.code.as_ref());
        }
    }
}
