//! Finding a dialect by its name, or by the path of its file.

use super::settled::quoted;
use crate::iso::spec::Spec;
use std::path::Path;
use std::sync::Arc;

/// The dialects named so far: one name gives one [`Spec`], shared by all who speak it.
pub(super) struct Specs<'p> {
    folder: &'p Path,
    found: Vec<(String, Arc<Spec>)>,
}

impl<'p> Specs<'p> {
    /// Files are looked for relative to `folder`.
    pub(super) const fn new(folder: &'p Path) -> Self {
        let found = Vec::new();
        Self { folder, found }
    }

    /// The dialect that `name` means, or what is wrong with it.
    pub(super) fn named(&mut self, name: &str) -> Result<Arc<Spec>, String> {
        if let Some((_, spec)) = self.found.iter().find(|(known, _)| known == name) {
            return Ok(spec.clone());
        }
        let spec = if name.ends_with(".toml") || name.contains('/') {
            self.read(Path::new(name))
        } else {
            Spec::builtin(name).ok_or_else(|| {
                let known = Spec::builtin_names().join(", ");
                let how = "known: {known}; or give a path such as \"./my-host.toml\"";
                format!("no such dialect; {}", how.replace("{known}", &known))
            })
        }?;
        self.found.push((name.to_owned(), spec.clone()));
        Ok(spec)
    }

    /// The dialect that `name` means, with a line of a dialect file laid over it. Those who say the
    /// same share one.
    pub(super) fn changed(&mut self, name: &str, line: &str) -> Result<Arc<Spec>, String> {
        let known = format!("{name}\n{line}");
        if let Some((_, spec)) = self.found.iter().find(|(other, _)| *other == known) {
            return Ok(spec.clone());
        }
        let own = self.named(name)?.name().to_owned();
        let path = self.folder.join(name);
        let base = |wanted: &str| match wanted == name {
            true => std::fs::read_to_string(&path).ok(),
            false => self.base(&path, wanted),
        };
        let [own, base_name] = [own.as_str(), name].map(quoted);
        let text = format!("name = {own}\nextends = {base_name}\n{line}\n");
        let spec = Spec::load(name, &text, &base).map_err(|error| error.what)?;
        self.found.push((known, spec.clone()));
        Ok(spec)
    }

    fn read(&self, path: &Path) -> Result<Arc<Spec>, String> {
        let path = self.folder.join(path);
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read the dialect {file}: {error}"))?;
        let base = |name: &str| self.base(&path, name);
        Spec::load(&file, &text, &base).map_err(|error| error.to_string())
    }

    /// The text of a base that stands beside a file.
    fn base(&self, path: &Path, name: &str) -> Option<String> {
        let beside = path.parent().unwrap_or(self.folder);
        std::fs::read_to_string(beside.join(format!("{name}.toml"))).ok()
    }
}
