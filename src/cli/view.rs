//! One message as commands show it to people: bytes and fields side by side.

mod dump;

pub(super) use crate::io::look::MessageSheet;
pub(super) use dump::printable;

use super::Lang;
use crate::iso::spec::Spec;

/// What a kind is called: in Chinese by its title, where the dialect is built in.
pub(super) fn kind_title(spec: &str, kind: &str, lang: Lang) -> String {
    let spec = Spec::builtin(spec).filter(|_| lang == Lang::Zh);
    let title = spec.and_then(|spec| {
        let mut kinds = spec.flow().kinds.iter();
        let known = kinds.find(|known| &*known.name == kind)?;
        Some(known.title_zh.to_string())
    });
    title
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| kind.to_owned())
}

#[cfg(test)]
mod tests;
