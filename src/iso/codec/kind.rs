//! Which kind of transaction a message is, by its type and a few of its fields.

use super::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::{Kind, Wanted};
use std::borrow::Cow;

/// The kinds of one type ask for few fields, again and again: those looked up are kept.
struct LookedUpFields<'a> {
    message: &'a Message,
    texts: [Option<(FieldPath, Option<Cow<'a, str>>)>; 4],
}

impl LookedUpFields<'_> {
    fn is(&mut self, path: FieldPath, wanted: &Wanted) -> bool {
        for place in &mut self.texts {
            let (known, text) = place.get_or_insert_with(|| (path, self.message.text(path)));
            if *known == path {
                return text.as_deref().is_some_and(|text| wanted.matches(text));
            }
        }
        let text = self.message.text(path);
        text.is_some_and(|text| wanted.matches(&text))
    }

    /// Whether it is of this kind; a field that was not read may hold anything.
    fn fits(&mut self, kind: &Kind) -> Fit {
        let mut fit = Fit::Yes;
        for (path, wanted) in &kind.when {
            if self.message.is_unread(path.field) {
                fit = Fit::Perhaps;
            } else if !self.is(*path, wanted) {
                return Fit::No;
            }
        }
        fit
    }
}

#[derive(PartialEq, Eq)]
enum Fit {
    Yes,
    Perhaps,
    No,
}

impl Message {
    /// Which kind of the spec this is; for an answer, the kind of its request. `None` if it is of
    /// no kind, or if that stands in fields that could not be read.
    #[must_use]
    pub fn kind(&self) -> Option<&Kind> {
        let asked = self.mti().original();
        let mut seen = LookedUpFields {
            message: self,
            texts: [const { None }; 4],
        };
        let of_type = |kind: &&Kind| kind.mti == asked || kind.mti.answer() == Some(asked);
        let kinds = self.spec().flow().kinds.iter().filter(of_type);
        for kind in kinds {
            match seen.fits(kind) {
                Fit::Yes => return Some(kind),
                Fit::Perhaps => return None,
                Fit::No => {}
            }
        }
        None
    }
}
