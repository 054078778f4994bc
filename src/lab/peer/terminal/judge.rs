//! What an answer is worth to the terminal that waits for it.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, ResponseCode};
use crate::iso::security::{Key, verify};

/// What came while an answer was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerCheck {
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
pub(super) fn judge(request: &Message, answer: &Message, key: Option<&Key>) -> AnswerCheck {
    let same = |number| {
        let id = FieldId::of(number);
        let (asked, told) = (request.text(id), answer.text(id));
        // A field that the answer leaves out contradicts nothing.
        asked.is_none() || told.is_none() || asked == told
    };
    if request.mti().answer() != Some(answer.mti()) || ![11, 41, 42].into_iter().all(same) {
        return AnswerCheck::NotOurs;
    }
    let code = match answer.response_code() {
        Some(code) if [3, 4].into_iter().all(same) => code,
        _ => return AnswerCheck::Mismatch,
    };
    let approves = request.spec().flow().codes.approved.contains(&code);
    match key {
        Some(key) if approves && verify(answer, key) != Some(true) => AnswerCheck::BadMac,
        _ => AnswerCheck::Answer(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::message::FieldPath;
    use crate::iso::security::seal;
    use crate::iso::spec::Spec;

    fn message(mti: &str, fields: &[(&str, &str)]) -> Message {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mut message = Message::new(&spec, mti.parse().unwrap());
        let named = [
            ("3", "000000"),
            ("4", "500"),
            ("11", "7"),
            ("41", "T0000001"),
        ];
        for (path, value) in named.iter().chain(fields) {
            message
                .set(path.parse::<FieldPath>().unwrap(), value)
                .unwrap();
        }
        message
    }

    fn verdict(mti: &str, fields: &[(&str, &str)], key: Option<&Key>) -> AnswerCheck {
        judge(&message("0200", &[]), &message(mti, fields), key)
    }

    #[test]
    fn only_the_answer_to_this_request_is_ours() {
        for (mti, fields) in [
            ("0410", [("39", "00")].as_slice()),
            ("0210", &[("39", "00"), ("11", "8")]),
            ("0210", &[("39", "00"), ("41", "T0000002")]),
        ] {
            assert_eq!(
                verdict(mti, fields, None),
                AnswerCheck::NotOurs,
                "{mti} {fields:?}"
            );
        }
    }

    #[test]
    fn another_amount_or_kind_or_no_code_is_no_answer() {
        for fields in [
            [("39", "00"), ("4", "501")].as_slice(),
            &[("39", "00"), ("3", "200000")],
            &[],
        ] {
            assert_eq!(
                verdict("0210", fields, None),
                AnswerCheck::Mismatch,
                "{fields:?}"
            );
        }
    }

    #[test]
    fn an_approval_needs_its_mac_and_a_decline_does_not() {
        let key = Key::new(&[7; 8]).unwrap();
        let code = |code| AnswerCheck::Answer(ResponseCode::new(code).unwrap());
        assert_eq!(
            verdict("0210", &[("39", "00")], Some(&key)),
            AnswerCheck::BadMac
        );
        assert_eq!(verdict("0210", &[("39", "51")], Some(&key)), code("51"));
        let mut answer = message("0210", &[("39", "00")]);
        seal(&mut answer, &key).unwrap();
        assert_eq!(
            judge(&message("0200", &[]), &answer, Some(&key)),
            code("00")
        );
    }
}
