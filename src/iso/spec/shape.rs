//! Stub.
use super::Flow;
use std::sync::Arc;

/// A dialect.
#[derive(Debug)]
pub struct Spec {
    flow: Flow,
}

/// Why a spec file is not sound: names file, line, field and the mend.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct SpecError {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, and the mend.
    pub what: String,
}

impl Spec {
    /// A built-in dialect by name.
    #[must_use]
    pub fn builtin(_name: &str) -> Option<Arc<Self>> {
        unimplemented!()
    }
    /// The names of the built-in dialects.
    #[must_use]
    pub fn builtin_names() -> &'static [&'static str] {
        unimplemented!()
    }
    /// Reads a dialect from TOML. `resolve` gives the text of a spec named by `extends`.
    ///
    /// # Errors
    /// [`SpecError`].
    pub fn load(
        _file: &str,
        _text: &str,
        _resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Arc<Self>, SpecError> {
        unimplemented!()
    }
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        unimplemented!()
    }
    /// The rules for carrying its messages.
    #[must_use]
    pub const fn flow(&self) -> &Flow {
        &self.flow
    }
    /// The header that an answer carries to whoever sent `header`: TPDU addresses swapped, the rest
    /// kept.
    #[must_use]
    pub fn answer_header(&self, _header: &[u8]) -> Vec<u8> {
        unimplemented!()
    }
}
