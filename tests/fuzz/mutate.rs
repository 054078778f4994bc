//! Bytes changed a little, by dice.

use isogate::engine::seam::Dice;

/// Numbers that often stand at an edge.
const EDGES: [u8; 10] = [0x00, 0x01, 0x09, 0x10, 0x30, 0x39, 0x7F, 0x80, 0x99, 0xFF];
/// The longest input that is made.
const LONGEST: usize = 16 << 10;

/// One of the inputs, with one to six changes; now and then spliced with another.
pub(crate) fn mutated(inputs: &[Vec<u8>], is_text: bool, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(inputs).cloned().unwrap_or_default();
    for _ in 0..dice.between(1, 6) {
        if is_text && dice.chance(2, 3) {
            change_lines(&mut bytes, inputs, dice);
        } else {
            change(&mut bytes, inputs, dice);
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn place(length: usize, dice: &mut Dice) -> usize {
    usize::try_from(dice.below(length as u64)).unwrap_or(0)
}

/// A stretch of the bytes, mostly short.
fn stretch(length: usize, dice: &mut Dice) -> std::ops::Range<usize> {
    let start = place(length + 1, dice);
    let most = if dice.chance(1, 8) { length } else { 8 };
    start..(start + place(most + 1, dice)).min(length)
}

fn change(bytes: &mut Vec<u8>, inputs: &[Vec<u8>], dice: &mut Dice) {
    let at = place(bytes.len(), dice);
    match dice.below(9) {
        0 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << dice.below(8)),
        1 => {
            let edge = dice.pick(&EDGES).copied().unwrap_or_default();
            bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte = edge);
        }
        2 => {
            let any = dice.number().to_le_bytes()[0];
            bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte = any);
        }
        // A digit or a letter up or down.
        3 => {
            let up = dice.chance(1, 2);
            let step = |byte: &mut u8| *byte = byte.wrapping_add(if up { 1 } else { 255 });
            bytes.iter_mut().skip(at).take(1).for_each(step);
        }
        4 => drop(bytes.drain(stretch(bytes.len(), dice))),
        5 => {
            let twice = bytes[stretch(bytes.len(), dice)].to_vec();
            drop(bytes.splice(at..at, twice));
        }
        6 => {
            let mut new = vec![0; place(9, dice)];
            dice.fill(&mut new);
            drop(bytes.splice(at..at, new));
        }
        7 => bytes.truncate(at),
        _ => {
            let other = dice.pick(inputs).cloned().unwrap_or_default();
            let part = other[stretch(other.len(), dice)].to_vec();
            drop(bytes.splice(stretch(bytes.len(), dice), part));
        }
    }
}

/// Whole lines go, come twice, change places, or come from another text; or a word changes.
fn change_lines(bytes: &mut Vec<u8>, inputs: &[Vec<u8>], dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let at = place(lines.len(), dice);
    match dice.below(5) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let to = place(lines.len(), dice);
            lines.swap(at, to);
        }
        3 => {
            let other = dice.pick(inputs).cloned().unwrap_or_default();
            let others: Vec<&[u8]> = other.split(|byte| *byte == b'\n').collect();
            lines.insert(at, others[place(others.len(), dice)].to_vec());
        }
        _ => {
            let words = [
                "0",
                "-1",
                "99999999999",
                "\"\"",
                "true",
                "[]",
                "{}",
                "\"xx\"",
                "1.5",
            ];
            let word = dice.pick(&words).copied().unwrap_or_default();
            if let Some(equals) = lines[at].iter().position(|byte| *byte == b'=') {
                lines[at].truncate(equals + 1);
                lines[at].extend(word.bytes());
            }
        }
    }
    *bytes = lines.join(&b'\n');
}
