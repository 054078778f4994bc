//! What a shadow answers, held against what the acquirer answered: pairs of answers to the same
//! request, each compared once.

use crate::engine::record::{LinkId, ShadowDifference, TxId};
use crate::engine::seam::Mono;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Mti, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Requests that may wait for their answers; of more, the oldest is told as it stands.
const WAITING: usize = 16_384;
/// The fields that are compared: response code and chip data.
const COMPARED: [u8; 2] = [39, 55];
/// The authorization code: each host gives its own, so that only its absence tells something.
const AUTH_CODE: FieldPath = FieldPath::whole(FieldId::of(38));

/// The requests that were copied to one shadow, until both answers have come or are overdue.
#[derive(Debug)]
pub struct ShadowPairs {
    link: LinkId,
    /// What names the request of an answer.
    key: Vec<FieldPath>,
    /// How long answers are waited for.
    patience: Duration,
    /// When the shadow answered last.
    heard: Option<Mono>,
    /// By transaction and the type of the answer: a sale and its reversal are two requests.
    waiting: BTreeMap<(TxId, Mti), CopiedRequest>,
    by_name: BTreeMap<AnswerName, (TxId, Mti)>,
    by_age: BTreeSet<(Mono, (TxId, Mti))>,
}

/// The type of an answer, and the values that name its request.
type AnswerName = (Mti, Vec<String>);

#[derive(Debug)]
struct CopiedRequest {
    at: Mono,
    mti: Mti,
    name: AnswerName,
    acquirer: Option<Message>,
    shadow: Option<Message>,
}

/// What came of a request that was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShadowOutcome {
    /// Both answered alike, or neither did.
    Same,
    /// They did not.
    Differs(Box<ShadowDifference>),
    /// The shadow has answered nothing at all since: that is said of it once, and not of each
    /// transaction.
    Silent,
}

impl ShadowPairs {
    /// Of a link whose answers name their requests by these values.
    #[must_use]
    pub const fn new(link: LinkId, key: Vec<FieldPath>, patience: Duration) -> Self {
        Self {
            link,
            key,
            patience,
            heard: None,
            waiting: BTreeMap::new(),
            by_name: BTreeMap::new(),
            by_age: BTreeSet::new(),
        }
    }

    fn name(&self, mti: Mti, message: &Message) -> AnswerName {
        let text = |path: &FieldPath| message.text(*path).unwrap_or_default().into_owned();
        (mti, self.key.iter().map(text).collect())
    }

    /// A request of a transaction was copied; the oldest that waits, if there are too many.
    pub fn copied(&mut self, now: Mono, tx: TxId, request: &Message) -> Option<ShadowOutcome> {
        let mti = request.mti();
        let answer = mti.answer()?;
        let name = self.name(answer, request);
        let id = (tx, answer);
        // A repeat is answered like its first.
        if self.waiting.contains_key(&id) {
            return None;
        }
        self.by_name.insert(name.clone(), id);
        self.by_age.insert((now, id));
        let copied = CopiedRequest {
            at: now,
            mti,
            name,
            acquirer: None,
            shadow: None,
        };
        self.waiting.insert(id, copied);
        let oldest = self.by_age.first().map(|(_, id)| *id);
        let crowded = oldest.filter(|_| self.waiting.len() > WAITING);
        crowded.and_then(|oldest| self.end(oldest))
    }

    /// The acquirer answered; its frame as the journal keeps it.
    pub fn acquirer_answered(&mut self, tx: TxId, answer: Message) -> Option<ShadowOutcome> {
        let id = (tx, answer.mti());
        self.waiting.get_mut(&id)?.acquirer.get_or_insert(answer);
        self.end_if_whole(id)
    }

    /// The shadow answered.
    pub fn shadow_answered(&mut self, now: Mono, answer: Message) -> Option<ShadowOutcome> {
        self.heard = Some(now);
        let name = self.name(answer.mti(), &answer);
        let id = *self.by_name.get(&name)?;
        self.waiting.get_mut(&id)?.shadow.get_or_insert(answer);
        self.end_if_whole(id)
    }

    fn end_if_whole(&mut self, id: (TxId, Mti)) -> Option<ShadowOutcome> {
        let copied = self.waiting.get(&id)?;
        let whole = copied.acquirer.is_some() && copied.shadow.is_some();
        whole.then(|| self.end(id)).flatten()
    }

    /// The oldest request whose answers are overdue, told as it stands.
    pub fn overdue(&mut self, now: Mono) -> Option<ShadowOutcome> {
        let (at, id) = *self.by_age.first()?;
        (now - at >= self.patience).then(|| self.end(id)).flatten()
    }

    fn end(&mut self, id: (TxId, Mti)) -> Option<ShadowOutcome> {
        let copied = self.waiting.remove(&id)?;
        self.by_age.remove(&(copied.at, id));
        if self.by_name.get(&copied.name) == Some(&id) {
            self.by_name.remove(&copied.name);
        }
        let what = match (&copied.acquirer, &copied.shadow) {
            (None, None) => return Some(ShadowOutcome::Same),
            (Some(_), None) if self.heard < Some(copied.at) => return Some(ShadowOutcome::Silent),
            (Some(_), None) => Text::clipped("the shadow did not answer"),
            (None, Some(_)) => Text::clipped("the acquirer did not answer"),
            (Some(acquirer), Some(shadow)) => {
                let places = differing(acquirer, shadow);
                if places.is_empty() {
                    return Some(ShadowOutcome::Same);
                }
                Text::clipped(&format!("DE {}", places.join(", ")))
            }
        };
        let code = |answer: &Option<Message>| answer.as_ref().and_then(Message::response_code);
        Some(ShadowOutcome::Differs(Box::new(ShadowDifference {
            tx: id.0,
            link: self.link,
            mti: copied.mti,
            acquirer: code(&copied.acquirer),
            shadow: code(&copied.shadow),
            what,
        })))
    }
}

/// The places that differ: a field, or the parts of a field that both have. What is sensitive is
/// overwritten in the acquirer's answer, and so is not compared.
fn differing(acquirer: &Message, shadow: &Message) -> Vec<String> {
    let shadow = match shadow.redact().map(|redacted| redacted.frame) {
        Ok(frame) => Message::parse_partial(shadow.spec(), frame).0,
        Err(_) => None,
    };
    let Some(shadow) = shadow else {
        return vec!["unreadable".to_owned()];
    };
    let mut places = Vec::new();
    for field in COMPARED.into_iter().filter_map(FieldId::new) {
        let whole = FieldPath::whole(field);
        if acquirer.text(whole) == shadow.text(whole) {
            continue;
        }
        let parts = acquirer.parts(field).into_iter().chain(shadow.parts(field));
        let paths: BTreeSet<FieldPath> = parts
            .map(|part| FieldPath {
                field,
                part: Some(part),
            })
            .filter(|path| acquirer.text(*path) != shadow.text(*path))
            .collect();
        if paths.is_empty() {
            places.push(whole.to_string());
        }
        places.extend(paths.iter().map(FieldPath::to_string));
    }
    let has_code = |answer: &Message| answer.text(AUTH_CODE).is_some();
    if has_code(acquirer) != has_code(&shadow) {
        places.push(AUTH_CODE.to_string());
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Spec;
    use std::sync::Arc;

    fn message(mti: &str, stan: &str, fields: &[(&str, &str)]) -> Message {
        let spec: Arc<Spec> = Spec::builtin("cup-pos").unwrap();
        let mut message = Message::new(&spec, mti.parse().unwrap());
        let named = [("11", stan), ("41", "10421695")];
        for (path, text) in named.iter().chain(fields) {
            let path: FieldPath = path.parse().unwrap();
            message.set(path, text).unwrap();
        }
        let frame = message.build().unwrap();
        Message::parse_partial(&spec, frame).0.unwrap()
    }

    fn pairs() -> ShadowPairs {
        let key = ["11", "41"].map(|path| path.parse().unwrap());
        ShadowPairs::new(LinkId(0), key.to_vec(), Duration::from_secs(60))
    }

    fn told(outcome: Option<ShadowOutcome>) -> String {
        match outcome {
            None => "waits".to_owned(),
            Some(ShadowOutcome::Same) => "same".to_owned(),
            Some(ShadowOutcome::Silent) => "silent".to_owned(),
            Some(ShadowOutcome::Differs(difference)) => difference.what.to_string(),
        }
    }

    fn answer(stan: &str, code: &str, auth: &str) -> Message {
        message("0210", stan, &[("39", code), ("38", auth)])
    }

    #[test]
    fn both_answers_are_compared_whichever_comes_first() {
        let mut pairs = pairs();
        for (stan, tx) in [("000001", TxId(1)), ("000002", TxId(2))] {
            assert_eq!(pairs.copied(Mono(0), tx, &message("0200", stan, &[])), None);
        }
        let first = pairs.acquirer_answered(TxId(1), answer("000001", "00", "A00001"));
        assert_eq!(told(first), "waits");
        let both = pairs.shadow_answered(Mono(1), answer("000001", "51", "A00001"));
        assert_eq!(told(both), "DE 39");
        // Each host gives its own authorization codes.
        let shadow = pairs.shadow_answered(Mono(1), answer("000002", "00", "B00002"));
        assert_eq!(told(shadow), "waits");
        let both = pairs.acquirer_answered(TxId(2), answer("000002", "00", "A00002"));
        assert_eq!(told(both), "same");
        assert!(pairs.waiting.is_empty() && pairs.by_name.is_empty() && pairs.by_age.is_empty());
    }

    #[test]
    fn chip_data_is_compared_tag_by_tag() {
        let chip = |value: &str| {
            let fields = [("39", "00"), ("55.91", value), ("55.9F36", "0001")];
            message("0210", "000001", &fields)
        };
        let mut pairs = pairs();
        pairs.copied(Mono(0), TxId(1), &message("0200", "000001", &[]));
        pairs.acquirer_answered(TxId(1), chip("11223344556677880000"));
        let both = pairs.shadow_answered(Mono(1), chip("11223344556677889999"));
        assert_eq!(told(both), "DE 55.91");
    }

    #[test]
    fn an_answer_that_only_one_gave_is_told_when_it_is_overdue() {
        let mut pairs = pairs();
        let late = Mono(60_000_000);
        for (stan, tx) in [
            ("000001", TxId(1)),
            ("000002", TxId(2)),
            ("000003", TxId(3)),
        ] {
            pairs.copied(Mono(0), tx, &message("0200", stan, &[]));
        }
        pairs.acquirer_answered(TxId(1), answer("000001", "00", "A00001"));
        pairs.shadow_answered(Mono(1), answer("000002", "00", "A00001"));
        assert_eq!(pairs.overdue(Mono(59_999_999)), None);
        assert_eq!(told(pairs.overdue(late)), "the shadow did not answer");
        assert_eq!(told(pairs.overdue(late)), "the acquirer did not answer");
        assert_eq!(told(pairs.overdue(late)), "same");
        assert_eq!(told(pairs.overdue(late)), "waits");
    }

    #[test]
    fn a_shadow_that_answers_nothing_is_silent_and_no_difference_each_time() {
        let mut pairs = pairs();
        pairs.copied(Mono(5), TxId(1), &message("0200", "000001", &[]));
        pairs.acquirer_answered(TxId(1), answer("000001", "00", "A00001"));
        assert_eq!(told(pairs.overdue(Mono(60_000_005))), "silent");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut pairs = pairs();
        let request = message("0200", "000001", &[]);
        let most = u128::try_from(WAITING).unwrap();
        for tx in 0..most {
            assert_eq!(pairs.copied(Mono(0), TxId(tx), &request), None);
        }
        let crowded = pairs.copied(Mono(0), TxId(most), &request);
        assert_eq!(crowded, Some(ShadowOutcome::Same));
        assert_eq!(pairs.waiting.len(), WAITING);
    }
}
