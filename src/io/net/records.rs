//! Where records begin and end in a stream of TLS: no more than a peer must keep to, in time.

/// A record's type, version, and length.
const HEADER: usize = 5;

/// How far a stream is into its current record.
#[derive(Clone, Debug, Default)]
pub(super) struct TlsRecords {
    header: [u8; HEADER],
    known: usize,
    left: usize,
}

impl TlsRecords {
    /// These bytes came next.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.known < HEADER {
                if let Some(slot) = self.header.get_mut(self.known) {
                    *slot = *first;
                }
                self.known += 1;
                bytes = rest;
                let [.., high, low] = self.header;
                self.left = usize::from(u16::from_be_bytes([high, low]));
            } else {
                let count = self.left.min(bytes.len());
                self.left -= count;
                bytes = bytes.get(count..).unwrap_or_default();
            }
            if self.known == HEADER && self.left == 0 {
                self.known = 0;
            }
        }
    }

    /// Whether a record has begun, and not ended.
    pub(super) const fn is_amid(&self) -> bool {
        self.known > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_over_with_its_last_byte_however_it_was_cut() {
        let stream = [
            &[23, 3, 3, 0, 2, 7, 7][..],
            &[22, 3, 3, 0, 0],
            &[23, 3, 3, 1, 0],
            &[9; 256],
        ];
        let stream = stream.concat();
        let ends = [7, 12, 273];
        for step in [1, 2, 3, 7, 300] {
            let (mut records, mut at) = (TlsRecords::default(), 0);
            assert!(!records.is_amid());
            for piece in stream.chunks(step) {
                records.pass(piece);
                at += piece.len();
                assert_eq!(records.is_amid(), !ends.contains(&at), "{at} by {step}");
            }
        }
    }
}
