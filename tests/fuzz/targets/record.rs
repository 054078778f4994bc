//! Bytes as a record: refused, or read as one that comes back the same from its own form.

use super::{Outcome, holds, past, without_digits};
use isogate::engine::record::{Record, decode, decode_head, encode};

pub(super) fn seeds() -> Vec<Vec<u8>> {
    past::records().iter().map(written).collect()
}

fn written(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut past::vault(), &mut bytes);
    bytes
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let head = decode_head(input);
    let mut record = match decode(input) {
        Ok(record) => record,
        Err(error) => return Ok(format!("refused: {} {}", error.what, head.is_ok())),
    };
    let told = format!("{record:?}");
    let same = head.is_ok_and(|head| {
        (head.seq, head.at, head.tx, head.prev) == (record.seq, record.at, record.tx, record.prev)
    });
    holds(same, "head-differs", || told.clone())?;
    let own = written(&record);
    match decode(&own) {
        Ok(again) => holds(format!("{again:?}") == told, "record-differs", || {
            format!("{again:?} of {told}")
        })?,
        Err(error) => holds(false, "own-form-refused", || format!("{error}: {told}"))?,
    }
    let again = decode(&own).map(|again| written(&again));
    holds(again == Ok(own), "form-not-stable", || told.clone())?;
    record.open_patches(&past::vault());
    let kind: String = told
        .split("fact: ")
        .nth(1)
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    Ok(without_digits(&kind))
}
