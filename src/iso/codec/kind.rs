//! Which kind of transaction a message is, by its type and a few of its fields.

use super::Message;
use crate::iso::spec::Kind;

impl Message {
    /// Which kind of the spec this is; for an answer, the kind of its request. `None` if it is of
    /// no kind, or if that stands in fields that could not be read.
    #[must_use]
    pub fn kind(&self) -> Option<&Kind> {
        let all = &self.spec().flow().kinds;
        let of_type = all.of_type(self.mti().original())?;
        let (mut met, mut unread) = (0, 0);
        for (path, values) in &of_type.conditions {
            if self.is_unread(path.field) {
                // It may hold anything.
                unread |= values.iter().fold(0, |bits, (_, bit)| bits | bit);
            } else if let Some(text) = self.short::<255>(*path) {
                let fits = values.iter().filter(|(wanted, _)| wanted.matches(&text));
                met |= fits.fold(0, |bits, (_, bit)| bits | bit);
            }
        }
        let mut kinds = of_type.kinds.iter();
        let (at, bits) = kinds.find(|(_, bits)| bits & !(met | unread) == 0)?;
        // The first that fits, unless that stands in what was not read.
        (bits & unread == 0).then(|| all.get(*at))?
    }
}
