//! Which kind of transaction a message is, by its type and a few of its fields.

use super::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::{Kind, Wanted};
use std::borrow::Cow;

/// The kinds of one type ask for few fields, again and again: those looked up are kept.
struct LookedUpFields<'a> {
    message: &'a Message,
    paths: &'a [FieldPath],
    texts: [Option<Option<Cow<'a, str>>>; KEPT],
}

/// Fields that are kept; no dialect has as many in one type.
const KEPT: usize = 6;

impl LookedUpFields<'_> {
    /// Whether the field at a place of `paths` is as wanted; one that was not read may hold
    /// anything.
    fn is(&mut self, at: usize, wanted: &Wanted) -> Fit {
        let Some(path) = self.paths.get(at) else {
            return Fit::No;
        };
        let fits = match self.texts.get_mut(at) {
            Some(kept) => {
                let text = kept.get_or_insert_with(|| self.message.text(*path));
                text.as_deref().is_some_and(|text| wanted.matches(text))
            }
            None => {
                let text = self.message.text(*path);
                text.is_some_and(|text| wanted.matches(&text))
            }
        };
        match fits {
            true => Fit::Yes,
            false if self.message.is_unread(path.field) => Fit::Perhaps,
            false => Fit::No,
        }
    }

    /// Whether the message is of this kind, whose conditions ask for the fields at these places.
    fn fits(&mut self, kind: &Kind, fields: &[usize]) -> Fit {
        let mut fit = Fit::Yes;
        for ((_, wanted), at) in kind.when.iter().zip(fields) {
            match self.is(*at, wanted) {
                Fit::Yes => {}
                Fit::Perhaps => fit = Fit::Perhaps,
                Fit::No => return Fit::No,
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
        let all = &self.spec().flow().kinds;
        let of_type = all.of_type(self.mti().original())?;
        let mut fields = LookedUpFields {
            message: self,
            paths: &of_type.paths,
            texts: [const { None }; KEPT],
        };
        for (at, places) in &of_type.kinds {
            let kind = all.get(*at)?;
            match fields.fits(kind, places) {
                Fit::Yes => return Some(kind),
                Fit::Perhaps => return None,
                Fit::No => {}
            }
        }
        None
    }
}
