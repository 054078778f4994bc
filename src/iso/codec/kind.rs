//! Which kind of transaction a message is, by its type and a few of its fields.

use super::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Kind;
use std::borrow::Cow;

/// The kinds of one type ask for few fields, again and again: those looked up are kept.
struct Seen<'a> {
    message: &'a Message,
    texts: [Option<(FieldPath, Option<Cow<'a, str>>)>; 4],
}

impl Seen<'_> {
    fn is(&mut self, path: FieldPath, wanted: &str) -> bool {
        for place in &mut self.texts {
            let (known, text) = place.get_or_insert_with(|| (path, self.message.text(path)));
            if *known == path {
                return text.as_deref() == Some(wanted);
            }
        }
        self.message.is(path, wanted)
    }
}

impl Message {
    /// Which kind of the spec this is; for an answer, the kind of its request.
    #[must_use]
    pub fn kind(&self) -> Option<&Kind> {
        let asked = self.mti().original();
        let mut seen = Seen {
            message: self,
            texts: [const { None }; 4],
        };
        self.spec().flow().kinds.iter().find(|kind| {
            (kind.mti == asked || kind.mti.answer() == Some(asked))
                && kind
                    .when
                    .iter()
                    .all(|(path, wanted)| seen.is(*path, wanted))
        })
    }
}
