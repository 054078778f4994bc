//! The key block in the answer to a `UnionPay` POS sign-on (DE 62): working keys wrapped under the
//! terminal's master key, each with its check value.

use super::{Key, KeyError};
use crate::iso::codec::Message;
use crate::iso::message::Secret;
use crate::iso::spec::KeyBlockForm;
use subtle::ConstantTimeEq;

/// The keys of one terminal's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingKeys {
    /// PIN key.
    pub pin: Key,
    /// MAC key.
    pub mac: Key,
    /// Track key.
    pub track: Option<Key>,
}

/// A slot is a cryptogram, filled with zero bytes if the key is shorter, and a check value.
const CHECK_VALUE: usize = 4;

impl KeyBlockForm {
    /// How many bytes the cryptogram of one key takes.
    const fn cryptogram(self) -> usize {
        match self {
            Self::Single => 8,
            Self::Double | Self::DoubleWithTrack => 16,
        }
    }

    const fn slot(self) -> usize {
        self.cryptogram() + CHECK_VALUE
    }

    /// How many bytes the block has.
    #[must_use]
    pub const fn length(self) -> usize {
        let slots = if matches!(self, Self::DoubleWithTrack) {
            3
        } else {
            2
        };
        self.slot() * slots
    }
}

/// Unwraps the key block of a sign-on's answer.
///
/// # Errors
/// Length or check values do not fit.
pub fn unwrap_block(tmk: &Key, form: KeyBlockForm, block: &[u8]) -> Result<WorkingKeys, KeyError> {
    if block.len() != form.length() {
        return Err(KeyError::BlockLength(form.length()));
    }
    let mut slots = block.chunks_exact(form.slot());
    let mut next = |name| {
        slots
            .next()
            .map(|slot| unwrap_slot(tmk, slot, name))
            .transpose()
    };
    let missing = KeyError::BlockLength(form.length());
    Ok(WorkingKeys {
        pin: next("PIN")?.ok_or(missing)?,
        mac: next("MAC")?.ok_or(missing)?,
        track: next("track")?,
    })
}

/// The working keys that the answer to a sign-on brings; `None` if it brings none that fit this
/// master key.
#[must_use]
pub fn brought_keys(answer: &Message, tmk: &Key) -> Option<WorkingKeys> {
    let rule = answer.spec().flow().keys.as_ref()?;
    let mut forms = rule.forms.iter();
    let (_, _, form) = forms.find(|(path, value, _)| answer.is(*path, value))?;
    let block = Secret::from_hex(&answer.text(rule.field)?)?;
    unwrap_block(tmk, *form, block.reveal()).ok()
}

/// A 16-byte slot whose second half is zero holds a single-length key, as the MAC key's usually
/// does; the check value is made with the key as long as it is.
fn unwrap_slot(tmk: &Key, slot: &[u8], name: &'static str) -> Result<Key, KeyError> {
    let (cryptogram, check_value) = slot.split_at(slot.len() - CHECK_VALUE);
    let cryptogram = match cryptogram.split_at(8) {
        (single, rest) if rest.iter().all(|byte| *byte == 0) => single,
        _ => cryptogram,
    };
    let key = tmk.unwrap_key(cryptogram)?;
    if key.check_value().ct_eq(check_value).into() {
        Ok(key)
    } else {
        Err(KeyError::CheckValue(name))
    }
}

/// Makes the key block of a sign-on's answer.
///
/// # Panics
/// If a key is longer than its slot in this form, or the form's track key is not there.
#[must_use]
pub fn wrap_block(tmk: &Key, form: KeyBlockForm, keys: &WorkingKeys) -> Vec<u8> {
    let mut block = Vec::with_capacity(form.length());
    let track = keys
        .track
        .as_ref()
        .filter(|_| form == KeyBlockForm::DoubleWithTrack);
    for key in [Some(&keys.pin), Some(&keys.mac), track]
        .into_iter()
        .flatten()
    {
        let mut cryptogram = tmk.wrap_key(key);
        assert!(
            cryptogram.len() <= form.cryptogram(),
            "a working key is longer than its slot"
        );
        cryptogram.resize(form.cryptogram(), 0);
        block.extend(cryptogram);
        block.extend(key.check_value());
    }
    assert!(
        block.len() == form.length(),
        "a key block of this form needs a track key"
    );
    block
}

#[cfg(test)]
mod tests {
    use super::super::key::tests::key;
    use super::*;

    const DOUBLE: [u8; 16] = [0x45; 16];

    fn tmk() -> Key {
        key("0123456789ABCDEFFEDCBA9876543210")
    }

    fn keys(pin: &str, mac: &str, track: Option<&str>) -> WorkingKeys {
        WorkingKeys {
            pin: key(pin),
            mac: key(mac),
            track: track.map(key),
        }
    }

    fn examples() -> [(KeyBlockForm, WorkingKeys); 4] {
        let double = "4567C298FB0B045DAB54BF499E10EFCD";
        [
            (
                KeyBlockForm::Single,
                keys("0123456789ABCDEF", "5DADED4666466E39", None),
            ),
            (KeyBlockForm::Double, keys(double, "5DADED4666466E39", None)),
            (
                KeyBlockForm::Double,
                keys(double, "1234567890ABCDEFFEDCBA0987654321", None),
            ),
            (
                KeyBlockForm::DoubleWithTrack,
                keys(double, "5DADED4666466E39", Some(double)),
            ),
        ]
    }

    #[test]
    fn every_form_comes_back_as_it_was_wrapped() {
        for (form, keys) in examples() {
            let block = wrap_block(&tmk(), form, &keys);
            assert_eq!(unwrap_block(&tmk(), form, &block), Ok(keys), "{form:?}");
        }
        let lengths = [
            KeyBlockForm::Single,
            KeyBlockForm::Double,
            KeyBlockForm::DoubleWithTrack,
        ];
        assert_eq!(lengths.map(KeyBlockForm::length), [24, 40, 60]);
    }

    #[test]
    fn a_single_length_mac_key_is_followed_by_eight_zero_bytes() {
        let [_, (form, keys), ..] = examples();
        let block = wrap_block(&tmk(), form, &keys);
        assert_eq!(block[20..28], tmk().wrap_key(&keys.mac));
        assert_eq!(block[28..36], [0; 8]);
        assert_eq!(block[36..], keys.mac.check_value());
    }

    #[test]
    fn another_master_key_is_refused_by_the_check_value() {
        for (form, keys) in examples() {
            let block = wrap_block(&tmk(), form, &keys);
            let answer = unwrap_block(&Key::new(&DOUBLE).unwrap(), form, &block);
            assert_eq!(answer, Err(KeyError::CheckValue("PIN")), "{form:?}");
        }
    }

    #[test]
    fn one_damaged_byte_names_the_key_it_hurts() {
        let [.., (form, keys)] = examples();
        let block = wrap_block(&tmk(), form, &keys);
        for (at, name) in [
            (0, "PIN"),
            (19, "PIN"),
            (20, "MAC"),
            (36, "MAC"),
            (59, "track"),
        ] {
            let mut damaged = block.clone();
            damaged[at] ^= 0x80;
            let answer = unwrap_block(&tmk(), form, &damaged);
            assert_eq!(answer, Err(KeyError::CheckValue(name)), "byte {at}");
        }
    }

    #[test]
    fn a_block_of_another_length_is_refused() {
        for length in [0, 24, 39, 41, 60] {
            let answer = unwrap_block(&tmk(), KeyBlockForm::Double, &vec![0; length]);
            assert_eq!(answer, Err(KeyError::BlockLength(40)));
        }
    }
}
