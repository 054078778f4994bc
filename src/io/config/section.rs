//! Reading a table key by key, so that what was never asked for is known to be unknown.

use super::problem::{ConfigError, Problem, choice};
use super::setting::{Setting, Shown};
use super::settled::{Settled, quoted, written};
use crate::iso::spec::nearest;
use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file's text, and the problems found in it so far.
pub(super) struct ConfigText<'t> {
    file: &'t str,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
    settled: RefCell<Settled>,
}

impl<'t> ConfigText<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            problems: RefCell::default(),
            settled: RefCell::default(),
        }
    }

    /// Every key that was read, and its value, as a file.
    pub(super) fn settled(&self) -> String {
        self.settled.borrow().text()
    }

    /// The tables of the text.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'t>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| {
            // The message alone: the rest of the error quotes the file, which may hold keys.
            let what = format!("this is no TOML: {}", error.message());
            self.problem(error.span().unwrap_or_default(), String::new(), what);
            self.failed()
        })
    }

    /// Everything found so far, if anything.
    pub(super) fn checked(&self) -> Result<(), ConfigError> {
        let fine = self.problems.borrow().is_empty();
        if fine { Ok(()) } else { Err(self.failed()) }
    }

    fn failed(&self) -> ConfigError {
        let mut problems = self.problems.take();
        problems.sort_by_key(|problem| problem.line);
        let file = self.file.to_owned();
        ConfigError { file, problems }
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    fn problem(&self, at: Range<usize>, key: String, what: String) {
        let line = self.line(at.start);
        let problem = Problem { line, key, what };
        self.problems.borrow_mut().push(problem);
    }
}

/// One table, perhaps absent, and the keys that were asked for.
pub(super) struct Section<'t> {
    source: &'t ConfigText<'t>,
    path: String,
    at: Range<usize>,
    table: Option<&'t DeTable<'t>>,
    asked: Vec<&'static str>,
    /// Its number among what is settled.
    part: usize,
}

impl<'t> Section<'t> {
    /// The file's outermost table.
    pub(super) fn root(source: &'t ConfigText<'t>, table: &'t Spanned<DeTable<'t>>) -> Self {
        let (at, table) = (table.span(), Some(table.get_ref()));
        let path = String::new();
        let part = source.settled.borrow_mut().begin(String::new(), false);
        Self {
            source,
            path,
            at,
            table,
            asked: Vec::new(),
            part,
        }
    }

    fn inner(
        &self,
        key: &str,
        at: Range<usize>,
        table: Option<&'t DeTable<'t>>,
        many: bool,
    ) -> Self {
        let path = self.full(key);
        let header = match many {
            true => format!("[[{path}]]"),
            false => format!("[{path}]"),
        };
        let part = self
            .source
            .settled
            .borrow_mut()
            .begin(header, table.is_some());
        Self {
            source: self.source,
            path,
            at,
            table,
            asked: Vec::new(),
            part,
        }
    }

    fn find(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.knows(&[key]);
        let value = self.table?.get(key)?;
        self.settle_written(key, value.get_ref());
        Some(value)
    }

    /// Notes what a key is without a word in the file.
    pub(super) fn settle_default(&self, key: &str, value: String) {
        let mut settled = self.source.settled.borrow_mut();
        settled.say(self.part, key, value, true);
    }

    /// Notes what the file says of a key; a table notes its own keys.
    fn settle_written(&self, key: &str, value: &DeValue<'_>) {
        let is_table = |value: &DeValue<'_>| value.as_table().is_some();
        let items = value.as_array().into_iter().flatten();
        if is_table(value) || items.map(Spanned::get_ref).any(is_table) {
            return;
        }
        let mut settled = self.source.settled.borrow_mut();
        settled.say(self.part, key, written(value), false);
    }

    /// Counts keys as known here, whether or not they are read.
    pub(super) fn knows(&mut self, keys: &[&'static str]) {
        for key in keys {
            if !self.asked.contains(key) {
                self.asked.push(key);
            }
        }
    }

    fn full(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    /// Notes a problem with a key; with the whole section if the key is absent.
    pub(super) fn problem(&self, key: &str, what: impl Into<String>) {
        let value = self.table.and_then(|table| table.get(key));
        let at = value.map_or_else(|| self.at.clone(), Spanned::span);
        self.source.problem(at, self.full(key), what.into());
    }

    /// The value of a key, if it is there and sound.
    pub(super) fn optional<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let value = self.find(key)?;
        let read = T::read(value.get_ref());
        if read.is_none() {
            self.problem(key, format!("wants {}", T::WANTED));
        }
        read
    }

    /// Whatever stands at a key.
    pub(super) fn raw(&mut self, key: &'static str) -> Option<&'t DeValue<'t>> {
        self.find(key).map(Spanned::get_ref)
    }

    /// Whatever stands at a key, as it would be written: for what is read by somebody else.
    pub(super) fn verbatim(&mut self, key: &'static str) -> Option<String> {
        let value = written(self.find(key)?.get_ref());
        let mut settled = self.source.settled.borrow_mut();
        settled.say(self.part, key, value.clone(), false);
        Some(value)
    }

    /// The value of a key, or its default.
    pub(super) fn or<T: Setting + Shown>(&mut self, key: &'static str, default: T) -> T {
        if !self.has(key) {
            self.settle_default(key, default.shown());
        }
        self.optional(key).unwrap_or(default)
    }

    /// A time that cannot be zero: something would be tried without pause, or given up at once.
    pub(super) fn or_time(&mut self, key: &'static str, default: Duration) -> Duration {
        let time = self.or(key, default);
        if time.is_zero() {
            self.problem(key, "wants a time above zero");
        }
        time
    }

    /// The value of a key that has no sensible default.
    pub(super) fn required<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let value = self.optional(key);
        if self.table.is_some_and(|table| !table.contains_key(key)) {
            self.problem(key, format!("is missing; wants {}", T::WANTED));
        }
        value
    }

    /// One of a few words, or the first of them.
    pub(super) fn one_of<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let Some(value) = self.find(key) else {
            let (word, meaning) = words.first()?;
            self.settle_default(key, quoted(word));
            return Some(*meaning);
        };
        let word = value.get_ref().as_str();
        let found = words.iter().find(|(name, _)| Some(*name) == word);
        if found.is_none() {
            self.problem(key, format!("wants {}", choice(&names)));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A list of values; empty if the key is absent.
    pub(super) fn list<T: Setting>(&mut self, key: &'static str) -> Vec<T> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let items = value.get_ref().as_array();
        let read = items.and_then(|items| items.iter().map(|i| T::read(i.get_ref())).collect());
        read.unwrap_or_else(|| {
            self.problem(key, format!("wants a list in brackets, each {}", T::WANTED));
            Vec::new()
        })
    }

    /// One value, or a list of them; empty if the key is absent.
    pub(super) fn one_or_list<T: Setting>(&mut self, key: &'static str) -> Vec<T> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let one = |value: &Spanned<DeValue<'_>>| T::read(value.get_ref());
        let read = match value.get_ref().as_array() {
            Some(items) => items.iter().map(one).collect(),
            None => one(value).map(|one| vec![one]),
        };
        read.unwrap_or_else(|| {
            self.problem(key, format!("wants {}, or a list of such", T::WANTED));
            Vec::new()
        })
    }

    /// As [`Section::one_or_list`], of texts that are read further; what is wrong with one of them
    /// is a problem of the key.
    pub(super) fn parsed<T>(&mut self, key: &'static str) -> Vec<T>
    where
        T: std::str::FromStr<Err = &'static str>,
    {
        let texts: Vec<String> = self.one_or_list(key);
        let read = |text: &String| {
            text.parse()
                .map_err(|wanted| self.problem(key, wanted))
                .ok()
        };
        texts.iter().filter_map(read).collect()
    }

    /// A table within; if absent, an empty one that gives every default.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        self.source.settled.borrow_mut().unsay(self.part, key);
        let Some(value) = self.find(key) else {
            return self.inner(key, self.at.clone(), None, false);
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            let what = format!("wants a table: [{key}], or {key} = {{ … }}");
            self.problem(key, what);
        }
        self.inner(key, value.span(), table, false)
    }

    /// The tables of a list such as `[[link]]`; one that gives every default if there is none.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.find(key) else {
            return vec![self.inner(key, self.at.clone(), None, true)];
        };
        let items = value.get_ref().as_array().into_iter().flatten();
        let tables: Option<Vec<Self>> = items
            .map(|item| {
                let table = item.get_ref().as_table()?;
                Some(self.inner(key, item.span(), Some(table), true))
            })
            .collect();
        tables
            .filter(|tables| !tables.is_empty())
            .unwrap_or_else(|| {
                self.problem(key, format!("wants tables: [[{key}]], once for each"));
                Vec::new()
            })
    }

    /// Whether a key is there, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Where this is, for what is said about the whole of it.
    pub(super) fn place(&self) -> String {
        let line = self.source.line(self.at.start);
        format!("{}:{line}: {}", self.source.file, self.path)
    }

    /// Every key of a table whose keys are the user's own, and what stands there.
    pub(super) fn entries(&self) -> Vec<(&'t str, &'t DeValue<'t>)> {
        let all = self.table.into_iter().flatten();
        let all = all.map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()));
        all.inspect(|(key, value)| self.settle_entry(key, value))
            .collect()
    }

    /// Notes an entry of the user's own: a value, or values that change.
    fn settle_entry(&self, key: &str, value: &DeValue<'_>) {
        let mut settled = self.source.settled.borrow_mut();
        settled.say(self.part, key, written(value), false);
    }

    /// Done: every key that was never asked for is unknown.
    pub(super) fn finish(self) {
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let what = match nearest(name, self.asked.iter().copied()) {
                Some(known) => format!("unknown key; did you mean \"{known}\"?"),
                None => format!("unknown key; known here: {}", self.asked.join(", ")),
            };
            self.source.problem(key.span(), self.full(name), what);
        }
    }
}
