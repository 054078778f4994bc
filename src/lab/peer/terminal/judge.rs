//! What an answer is worth to the terminal that waits for it.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, ResponseCode};
use crate::iso::security::{Key, verify};

/// What came while an answer was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answers something else: an earlier request, another terminal's. Waiting goes on.
    NotOurs,
    /// It answers this request, but speaks of another amount or transaction.
    Mismatch,
    /// It approves, and its MAC is wrong or missing.
    BadMac,
    /// It can be believed.
    Answer(ResponseCode),
}

/// Judges `answer` to `request`: type, DE 3, 4, 11, 41, 42, and the MAC where it approves
/// (`cup-pos.md` §5.1 and §6.1). `key` is the MAC key if such an answer must carry a MAC.
pub(super) fn judge(request: &Message, answer: &Message, key: Option<&Key>) -> Verdict {
    let same = |number| {
        let id = FieldId::of(number);
        let (asked, told) = (request.text(id), answer.text(id));
        // A field that the answer leaves out contradicts nothing.
        asked.is_none() || told.is_none() || asked == told
    };
    if request.mti().answer() != Some(answer.mti()) || ![11, 41, 42].into_iter().all(same) {
        return Verdict::NotOurs;
    }
    let code = match answer.response_code() {
        Some(code) if [3, 4].into_iter().all(same) => code,
        _ => return Verdict::Mismatch,
    };
    let approves = request.spec().flow().codes.approved.contains(&code);
    match key {
        Some(key) if approves && verify(answer, key) != Some(true) => Verdict::BadMac,
        _ => Verdict::Answer(code),
    }
}
