//! Published and independently computed vectors of every MAC.

use super::super::key::tests::key;
use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| u8::try_from(char::from(c).to_digit(16).unwrap()).unwrap();
    text.as_bytes()
        .as_chunks()
        .0
        .iter()
        .map(|[a, b]| digit(*a) << 4 | digit(*b))
        .collect()
}

/// Inputs of Ubamboo/UnionPay8583 `UnionPayMacUtil`; outcome computed independently.
#[test]
fn x9_9_signs_a_key_reset_message_with_the_new_key() {
    let member = key("1234567890ABCDEF1234567890ABCDEF");
    let mak = member.unwrap_key(&[0x11; 8]).unwrap();
    assert_eq!(mak, key("5DADED4666466E39"));
    let data = hex(concat!(
        "303830308220000080000800040000010000000131313233313530333531313536383432",
        "30383130303030303031323030303030303030303030303030303130311111111111111111"
    ));
    assert_eq!(
        mac(MacAlgorithm::X99, &mak, &data)[..],
        hex("AB9558C9E4A20FFB")
    );
}

/// knovichikhin/psec, `tests/test_mac.py`.
#[test]
fn cbc_with_a_double_length_key_in_every_padding() {
    let key = key("AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB");
    for (padding, outcome) in [
        (Padding::Zeros, "68D9038F23360DF3"),
        (Padding::Bit, "32DC341271ACCD00"),
        (Padding::Length, "CDACA53E2DAA5412"),
    ] {
        assert_eq!(
            cbc_mac(&key, padding, b"hello world")[..],
            hex(outcome),
            "{padding:?}"
        );
    }
}

#[test]
fn padding_with_a_bit_always_adds_and_with_zeros_only_fills() {
    let key = key("0123456789ABCDEF");
    let whole = b"12345678";
    let zeros = |data: &[u8]| cbc_mac(&key, Padding::Zeros, data);
    assert_eq!(zeros(whole), key.encrypt(*whole));
    assert_eq!(zeros(b"1234"), zeros(b"1234\0\0\0\0"));
    assert_eq!(zeros(b""), zeros(&[0; 8]));
    assert_eq!(cbc_mac(&key, Padding::Bit, whole), zeros(b"12345678\x80"));
    assert_eq!(
        cbc_mac(&key, Padding::Length, b"1"),
        zeros(b"\0\0\0\0\0\0\0\x081")
    );
    assert_eq!(cbc_mac(&key, Padding::Length, b""), zeros(&[0; 16]));
}

/// ISO/IEC 9797-1:2011 annex B, algorithm 3, padding methods 1 to 3.
#[test]
fn x9_19_as_in_the_annex_of_its_standard() {
    let key = key("0123456789ABCDEFFEDCBA9876543210");
    for (data, padding, outcome) in [
        (
            "Now is the time for all ",
            Padding::Zeros,
            "A1C72E74EA3FA9B6",
        ),
        ("Now is the time for all ", Padding::Bit, "E9086230CA3BE796"),
        (
            "Now is the time for all ",
            Padding::Length,
            "AB059463D7A7D170",
        ),
        ("Now is the time for it", Padding::Zeros, "2E2B1428CC78254F"),
        ("Now is the time for it", Padding::Bit, "5A692CE64F404145"),
        (
            "Now is the time for it",
            Padding::Length,
            "C59F7EED328DDD69",
        ),
    ] {
        assert_eq!(
            retail_mac(&key, padding, data.as_bytes())[..],
            hex(outcome),
            "{padding:?}"
        );
    }
}

#[test]
fn x9_19_by_a_double_length_key() {
    let key = key("7CA110454A1A6E570131D9619DC1376E");
    assert_eq!(
        mac(MacAlgorithm::X919, &key, b"Hello World !!!!")[..],
        hex("F09B856213BAB83B")
    );
}

#[test]
fn x9_19_by_a_single_length_key_is_x9_9() {
    let single = key("0123456789ABCDEF");
    let data = b"Now is the time for all ";
    assert_eq!(
        mac(MacAlgorithm::X919, &single, data),
        mac(MacAlgorithm::X99, &single, data)
    );
}

/// The example of the `UnionPay` POS specification.
#[test]
fn union_pay_writes_the_last_block_as_hex_text() {
    let [first, second] = hex_halves(0x8456_B1CD_5A3F_8484);
    assert_eq!(first.to_be_bytes(), *b"8456B1CD");
    assert_eq!(second.to_be_bytes(), *b"5A3F8484");
}

/// Step by step as the specification tells it, and not as [`union_pay_ecb_mac`] computes it.
fn union_pay_by_the_book(key: &Key, data: &[u8]) -> String {
    let mut result = [0; 8];
    for (at, byte) in data.iter().enumerate() {
        result[at % 8] ^= byte;
    }
    let upper = |block: [u8; 8]| block.map(|byte| format!("{byte:02X}")).concat();
    let result = upper(result);
    let (first, last) = result.as_bytes().split_at(8);
    let mut block = key.encrypt(first.try_into().unwrap());
    for (byte, letter) in block.iter_mut().zip(last) {
        *byte ^= letter;
    }
    upper(key.encrypt(block))[..8].to_owned()
}

#[test]
fn union_pay_follows_the_book_with_single_and_double_length_keys() {
    let mut seen = Vec::new();
    for key in [
        key("5DADED4666466E39"),
        key("4567C298FB0B045DAB54BF499E10EFCD"),
    ] {
        for length in [0, 1, 7, 8, 9, 83] {
            let data: Vec<u8> = (1..=length).map(|n: u8| n.wrapping_mul(37)).collect();
            let outcome = mac(MacAlgorithm::UnionPayEcb, &key, &data);
            assert_eq!(
                outcome[..],
                *union_pay_by_the_book(&key, &data).as_bytes(),
                "{length}"
            );
            seen.push(outcome);
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 12, "each key and each text has its own MAC");
}

/// The known weakness of the algorithm; the CBC MACs do not share it.
#[test]
fn union_pay_does_not_see_swapped_blocks() {
    let key = key("5DADED4666466E39");
    let (right, swapped) = (b"AAAAAAAABBBBBBBBC", b"BBBBBBBBAAAAAAAAC");
    let both = |algorithm| [right, swapped].map(|data| mac(algorithm, &key, data));
    let [one, other] = both(MacAlgorithm::UnionPayEcb);
    assert_eq!(one, other);
    for algorithm in [MacAlgorithm::X99, MacAlgorithm::X919] {
        let [one, other] = both(algorithm);
        assert_ne!(one, other, "{algorithm:?}");
    }
}
