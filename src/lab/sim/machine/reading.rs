//! What is on the machine's disk, read by others than the journal's owner.

use super::Machine;
use crate::engine::gateway::{Event, Recall};
use crate::engine::journal::{Header, Memory, Segment};
use crate::engine::record::{self, Record, Vault};
use crate::engine::seam::Now;

impl Machine {
    /// Answers what the core asked the journal, as far as that is durable.
    pub(super) fn recall(&mut self, now: Now) {
        let bay = self.driver.rim_mut();
        let released = bay.progress.released;
        let durable = bay.asked.iter().take_while(|asked| asked.after <= released);
        let durable = durable.count();
        let asked: Vec<Recall> = bay.asked.drain(..durable).collect();
        if asked.is_empty() {
            return;
        }
        let vault = Vault::new(self.keys().clone(), self.run.to_be_bytes());
        let mut journal = read_all(self.disk());
        for record in &mut journal {
            record.open_patches(&vault);
        }
        for recall in asked {
            if self.step() {
                let recalled = Event::Recalled(Box::new(recall.answer(&journal)));
                self.driver.told(now, recalled);
            }
        }
        self.settle();
    }
}

/// Reads a whole disk: every record of every segment that was written, synced or not; sealed.
#[must_use]
pub fn read_all(disk: &Memory) -> Vec<Record> {
    let mut records = Vec::new();
    for (_, bytes) in disk.contents() {
        read_from(bytes, 0, &mut |record| records.push(record));
    }
    records
}

/// Reads a segment from the end of a record on, or from its beginning; gives where its last sound
/// record ends.
pub(in crate::lab::sim) fn read_from(
    bytes: &[u8],
    from: usize,
    take: &mut dyn FnMut(Record),
) -> usize {
    let Some(header) = Header::read(bytes) else {
        return 0;
    };
    let from = from.max(Header::LENGTH);
    let rest = bytes.get(from..).unwrap_or_default();
    let mut segment = Segment::new(rest, from as u64, header.salt);
    for framed in segment.by_ref() {
        if let Ok(record) = record::decode(framed.body) {
            take(record);
        }
    }
    from + rest.len() - segment.rest().len()
}
