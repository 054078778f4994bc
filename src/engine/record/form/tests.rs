//! A record comes back from its form as it went in, and nothing else comes back at all.

use super::samples::{plain, records, sale, vault};
use super::*;
use proptest::prelude::*;

fn written(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut vault(), &mut bytes);
    bytes
}

/// Shows everything but secrets, and of those their lengths.
fn shown(record: &Record) -> String {
    format!("{record:?}")
}

fn patches(record: &mut Record) -> Vec<Patch> {
    record
        .frames_mut()
        .map(|frame| frame.patch.clone())
        .collect()
}

fn in_clear(record: &mut Record) -> Vec<Option<Vec<u8>>> {
    let bytes = |patch: &Patch| match patch {
        Patch::Clear(clear) => Some(clear.reveal().to_vec()),
        Patch::None | Patch::Sealed(_) => None,
    };
    patches(record).iter().map(bytes).collect()
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_went_in(mut record in records()) {
        let mut read = decode(&written(&record)).unwrap();
        read.open_patches(&vault());
        prop_assert_eq!(in_clear(&mut read), in_clear(&mut record));
        prop_assert_eq!(shown(&read), shown(&record));
    }

    #[test]
    fn a_record_is_read_without_its_frames(record in records()) {
        let bytes = written(&record);
        let mut whole = decode(&bytes).unwrap();
        for frame in whole.frames_mut() {
            let zeros = vec![0; frame.frame.len()];
            *frame = StoredFrame::new(zeros.into(), Vec::new(), Patch::None);
        }
        prop_assert_eq!(shown(&decode_without_frames(&bytes).unwrap()), shown(&whole));
    }

    #[test]
    fn a_head_is_read_alone(record in records()) {
        let head = decode_head(&written(&record)).unwrap();
        prop_assert_eq!(
            (head.seq, head.at, head.tx, head.prev),
            (record.seq, record.at, record.tx, record.prev)
        );
    }

    #[test]
    fn a_record_cut_short_or_prolonged_is_none(record in records()) {
        let mut bytes = written(&record);
        for length in 0..bytes.len() {
            let (short, _) = bytes.split_at(length);
            prop_assert!(decode(short).is_err(), "{} of {} bytes", length, bytes.len());
        }
        bytes.push(0);
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(decode(&bytes));
    }

    /// Most random bytes fail in the head, so damage real records as well.
    #[test]
    fn damaged_records_are_read_or_refused(
        record in records(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = written(&record);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            *bytes.get_mut(place).unwrap() = byte;
        }
        if let Ok(read) = decode(&bytes) {
            prop_assert!(decode(&written(&read)).is_ok());
        }
    }
}

#[test]
fn a_patch_is_sealed_on_the_way_out_and_stays_so_without_its_key() {
    let record = sale(7, TxId(1), None);
    let bytes = written(&record);
    assert!(!bytes.windows(10).any(|window| window == [0x62; 10]));
    let mut read = decode(&bytes).unwrap();
    let other = super::super::VaultKeys::new(&[1; 32], 494_000, &[9; 32]);
    read.open_patches(&Vault::new(other, [0; 4]));
    assert!(matches!(patches(&mut read).as_slice(), [Patch::Sealed(_)]));
}

#[test]
fn what_stays_sealed_is_written_as_it_was_read() {
    let bytes = written(&sale(7, TxId(1), None));
    assert_eq!(written(&decode(&bytes).unwrap()), bytes);
}

#[test]
fn an_unknown_version_is_refused_by_name() {
    let mut bytes = written(&plain(1));
    *bytes.first_mut().unwrap() ^= 0xC0;
    assert_eq!(
        decode(&bytes).unwrap_err().to_string(),
        "not a record that this isogate knows: a version not known here, at byte 1"
    );
}

/// P11 leaves 30 % for all that is not payload; eight of these bytes are the journal's.
#[test]
fn a_record_costs_little_more_than_its_frame() {
    let tx = TxId(1_795_313_472_000 << 80 | 0x1234_5678_9ABC_DEF0_1111);
    let answer = written(&sale(1_000_001, tx, Some(999_990))).len();
    assert!(answer - 313 + 8 < 60, "{answer}");
    let request = written(&sale(1_000_000, tx, None)).len();
    let both = (request + answer + 16) * 100 / (2 * 313);
    assert!(both <= 131, "{both} % of the frames, {request} + {answer}");
}
