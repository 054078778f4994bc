//! What a response code means, by the published tables (ISO 8583:1987 annex A, Q/CUP 009).

use crate::lab::judge::{Meant, UndoMeant};

const APPROVED: &[&str] = &["00", "10", "11", "16"];
/// Approvals of `UnionPay` terminals alone.
const APPROVED_CUP: &[&str] = &["A2", "A4", "A5", "A6"];
/// "Honour with identification": an approval of the standard alone.
const APPROVED_ISO: &[&str] = &["08"];
/// Outcome unknown behind the answerer, in process, or said of another message (94).
const UNKNOWN: &[&str] = &["08", "09", "20", "32", "68", "82", "85", "94", "98"];
const LETTERED: &[&str] = &["A0", "A1", "A3", "A7"];

/// What an answer with this code says of its request; `cup`: between UnionPay terminals and their
/// acquirer.
pub(super) fn of(code: &str, cup: bool) -> Meant {
    let is_listed = code.len() == 2 && code.bytes().all(|digit| digit.is_ascii_digit());
    let more = if cup { APPROVED_CUP } else { APPROVED_ISO };
    if APPROVED.contains(&code) || more.contains(&code) {
        Meant::Approved
    } else if UNKNOWN.contains(&code) || !(is_listed || cup && LETTERED.contains(&code)) {
        Meant::Unknown
    } else {
        Meant::Declined
    }
}

/// What an answer with this code says of its reversal.
pub(super) fn of_undo(code: &str) -> UndoMeant {
    match code {
        "00" => UndoMeant::Undone,
        "25" | "12" => UndoMeant::Closed,
        "58" | "64" | "30" => UndoMeant::Refused,
        _ => UndoMeant::Again,
    }
}
