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
    let bench = SideBySide {
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
struct SideBySide<'a> {
    rules: &'a CompareRules,
    captured: ComparedPair<'a>,
    now: ComparedPair<'a>,
    masked: bool,
    mac: Option<bool>,
}

impl SideBySide<'_> {
    fn field(&self, field: FieldId, out: &mut Vec<FieldDifference>) {
        let whole = FieldPath::whole(field);
        if self.agrees(whole) {
            return;
        }
        let parts = self.parts(field);
        if parts.is_empty() {
            out.push(self.difference(whole));
        }
        for part in parts {
            if !self.agrees(part) {
                out.push(self.difference(part));
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

    /// How a field or part is compared, an echo as what it amounts to: as captured, or as new,
    /// where the captured answer did not repeat its request.
    fn comparison(&self, path: FieldPath) -> Comparison {
        match self.rules.of(self.now.answer, path) {
            Comparison::Echo if self.was_repeated(path) => Comparison::Echo,
            Comparison::Echo if self.rules.is_made(path.field) => Comparison::New,
            Comparison::Echo => Comparison::Equal,
            other => other,
        }
    }

    fn was_repeated(&self, path: FieldPath) -> bool {
        let pair = [self.captured.request, self.captured.answer];
        let [asked, told] = pair.map(|message| message.text(path));
        asked.is_some() && asked == told
    }

    fn agrees(&self, path: FieldPath) -> bool {
        let comparison = self.comparison(path);
        if comparison == Comparison::Free {
            return true;
        }
        let (old, new) = (self.captured.answer.text(path), self.now.answer.text(path));
        let (Some(old), Some(new)) = (&old, &new) else {
            return old.is_none() && new.is_none();
        };
        match comparison {
            Comparison::Any | Comparison::Free => true,
            Comparison::Echo => {
                let asked = self.now.request.text(path);
                asked.is_none_or(|asked| asked == *new)
            }
            Comparison::New => is_like(old, new),
            Comparison::Recomputed => !self.is_mac(path) || self.mac != Some(false),
            Comparison::Equal => self.is_overwritten(path) || old == new,
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

    fn difference(&self, path: FieldPath) -> FieldDifference {
        let comparison = self.comparison(path);
        let wanted = match comparison {
            Comparison::Echo => self.now.request.shown(path),
            _ => self.captured.answer.shown(path),
        };
        FieldDifference {
            path: Some(path),
            comparison,
            wanted,
            found: self.now.answer.shown(path),
        }
    }
}

/// Whether two values are of one form: as long, and blank or not.
fn is_like(old: &str, new: &str) -> bool {
    let is_blank = |text: &str| text.trim_matches([' ', '0']).is_empty();
    old.chars().count() == new.chars().count() && is_blank(old) == is_blank(new)
}
