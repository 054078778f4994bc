//! Where two answers differ.

use super::rules::{CompareRules, Comparison};
use crate::iso::codec::Message;
use crate::iso::message::{Bitmap, FieldId, FieldPath};
use crate::iso::spec::Store;

/// A request and its answer.
#[derive(Clone, Copy, Debug)]
pub struct ComparedPair<'a> {
    /// What was asked.
    pub request: &'a Message,
    /// What was answered.
    pub answer: &'a Message,
}

/// A field or part in which an answer is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// Where; the type if none.
    pub path: Option<FieldPath>,
    /// How it was compared.
    pub comparison: Comparison,
    /// What was wanted, as it may be shown to anybody; `None` if the field should not be there.
    pub wanted: Option<String>,
    /// What came, as it may be shown to anybody; `None` if it did not.
    pub found: Option<String>,
}

/// Where the answer of `now` differs from the captured one. `masked` says that sensitive fields of
/// the captured messages were overwritten: of those only whether they are there is compared. `mac`
/// says whether the MAC of the new answer is right, where that is known.
#[must_use]
pub fn compare(
    rules: &CompareRules,
    captured: ComparedPair<'_>,
    now: ComparedPair<'_>,
    masked: bool,
    mac: Option<bool>,
) -> Vec<FieldDifference> {
    let mut differences = Vec::new();
    let mtis = [captured, now].map(|pair| pair.answer.mti());
    if mtis.first() != mtis.last() {
        differences.push(FieldDifference {
            path: None,
            comparison: Comparison::Equal,
            wanted: Some(captured.answer.mti().to_string()),
            found: Some(now.answer.mti().to_string()),
        });
    }
    let bench = Bench {
        rules,
        captured,
        now,
        masked,
        mac,
    };
    for field in union(captured.answer.fields(), now.answer.fields()).iter() {
        bench.field(field, &mut differences);
    }
    differences
}

fn union(one: Bitmap, other: Bitmap) -> Bitmap {
    one.with(other)
}

/// What lies side by side.
struct Bench<'a> {
    rules: &'a CompareRules,
    captured: ComparedPair<'a>,
    now: ComparedPair<'a>,
    masked: bool,
    mac: Option<bool>,
}

impl Bench<'_> {
    fn field(&self, field: FieldId, out: &mut Vec<FieldDifference>) {
        let whole = FieldPath::whole(field);
        if self.agrees(whole) {
            return;
        }
        let parts = self.parts(field);
        if parts.is_empty() {
            out.extend(self.difference(whole));
        }
        for part in parts {
            if !self.agrees(part) {
                out.extend(self.difference(part));
            }
        }
    }

    /// The parts of a field, if both answers have some.
    fn parts(&self, field: FieldId) -> Vec<FieldPath> {
        let [old, new] = [self.captured, self.now].map(|pair| pair.answer.parts(field));
        if old.is_empty() || new.is_empty() {
            return Vec::new();
        }
        let added: Vec<_> = new.into_iter().filter(|part| !old.contains(part)).collect();
        let all = old.into_iter().chain(added);
        all.map(|part| FieldPath {
            field,
            part: Some(part),
        })
        .collect()
    }

    fn agrees(&self, path: FieldPath) -> bool {
        let comparison = self.rules.of(self.now.answer, path);
        if comparison == Comparison::Free {
            return true;
        }
        let (old, new) = (self.captured.answer.text(path), self.now.answer.text(path));
        let (Some(old), Some(new)) = (old, new) else {
            // A part may be absent on both sides, of which the whole knows nothing.
            let both = [self.captured, self.now].map(|pair| pair.answer.text(path).is_none());
            return both == [true, true];
        };
        let asked = self.captured.request.text(path);
        let was_repeated = asked.as_deref() == Some(&*old);
        match comparison {
            Comparison::Free => true,
            Comparison::Echo if was_repeated => {
                let asked = self.now.request.text(path);
                asked.is_none_or(|asked| asked == new)
            }
            Comparison::Echo if self.rules.is_made(path.field) => is_like(&old, &new),
            Comparison::New => is_like(&old, &new),
            Comparison::Recomputed => !self.is_mac(path) || self.mac != Some(false),
            Comparison::Equal | Comparison::Echo => self.is_overwritten(path) || old == new,
        }
    }

    fn is_mac(&self, path: FieldPath) -> bool {
        let rule = self.now.answer.spec().flow().mac;
        rule.is_some_and(|rule| rule.field == path.field)
    }

    /// Whether the captured value is not the one that was sent.
    fn is_overwritten(&self, path: FieldPath) -> bool {
        let spec = self.captured.answer.spec();
        let meaning = spec
            .field(path.field)
            .map(|field| field.meaning(self.captured.answer.mti()));
        let store = meaning.map(|meaning| {
            let part = path.part.as_ref().and_then(|part| meaning.part(part));
            part.map_or(meaning.store, |part| part.store)
        });
        self.masked && store != Some(Store::Clear)
    }

    fn difference(&self, path: FieldPath) -> Option<FieldDifference> {
        let comparison = self.rules.of(self.now.answer, path);
        let was_repeated = {
            let [asked, told] = [self.captured.request, self.captured.answer].map(|m| m.text(path));
            asked.is_some() && asked == told
        };
        let wanted = match comparison {
            Comparison::Echo if was_repeated => self.now.request.shown(path),
            _ => self.captured.answer.shown(path),
        };
        let found = self.now.answer.shown(path);
        Some(FieldDifference {
            path: Some(path),
            comparison,
            wanted,
            found,
        })
    }
}

/// Whether two values are of one form: as long, and blank or not.
fn is_like(old: &str, new: &str) -> bool {
    let is_blank = |text: &str| text.trim_matches([' ', '0']).is_empty();
    old.chars().count() == new.chars().count() && is_blank(old) == is_blank(new)
}
