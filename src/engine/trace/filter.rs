//! The language in which transactions are asked for, by `trace`, `open` and `tail`, and by the
//! HTTP API: `~kind sale & ~amount 10.00..20.00 & !(~mti 04xx | ~open)`.
//!
//! [`FilterWord::ALL`] is the list of its words, and the only one. A filter looks at a story and
//! its verdict; what of it an index can serve is told by [`Filter::alternatives`].

mod narrow;
mod parse;
mod pattern;
mod term;
#[cfg(test)]
mod tests;
mod token;
mod words;

use super::lang::{Lang, Said};
use super::query::Query;
use super::story::Story;
use super::verdict::Verdict;
use crate::engine::seam::{Wall, Zone};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use term::Term;

pub use words::FilterWord;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Arc<Expression>);

/// A filter as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Is(Term),
}

/// What times in a filter are relative to.
#[derive(Clone, Copy, Debug)]
pub struct FilterTime<'a> {
    /// The moment that `~since 10m` counts from.
    pub now: Wall,
    /// The zone of times that name none.
    pub zone: &'a Zone,
}

/// Why a filter cannot be understood: what, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The filter.
    pub text: String,
    /// The bytes of it that are wrong.
    pub at: Range<usize>,
    /// What is wrong with them, and what would be right.
    pub what: Said,
}

impl Filter {
    /// The longest text that is taken, in bytes.
    pub const LONGEST: usize = 2000;

    /// Understands a filter.
    ///
    /// # Errors
    /// If it is none; the error shows the place.
    pub fn parse(text: &str, time: FilterTime<'_>) -> Result<Self, FilterError> {
        parse::parse(text, time).map(|expression| Self(Arc::new(expression)))
    }

    /// Whether a transaction is asked for.
    #[must_use]
    pub fn matches(&self, story: &Story, verdict: &Verdict) -> bool {
        self.0.matches(story, verdict)
    }

    /// The queries that find what is asked for. What the first of the lists finds together is what
    /// is meant; only if it finds nothing, the next one is asked: a bare key may be one number or
    /// another.
    #[must_use]
    pub fn alternatives(&self) -> Vec<Vec<Query>> {
        if let Expression::Is(Term::Key(guesses)) = &*self.0 {
            return guesses.iter().map(|guess| vec![guess.clone()]).collect();
        }
        if let Expression::Is(Term::Stan(stan)) = *self.0 {
            let asked = Query {
                stan: Some(stan),
                ..Query::default()
            };
            return vec![asked.by_any_stan()];
        }
        let queries = narrow::cover(&self.0).into_iter().map(|mut query| {
            query.also = Some(self.clone());
            query
        });
        vec![queries.collect()]
    }
}

impl Expression {
    fn matches(&self, story: &Story, verdict: &Verdict) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(story, verdict)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(story, verdict)),
            Self::Not(part) => !part.matches(story, verdict),
            Self::Is(term) => term.matches(story, verdict),
        }
    }
}

impl FilterError {
    /// With the filter, and a line below it that points at the place.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> String {
        let Self { text, at, what } = self;
        let shown: String = text.chars().map(plain).collect();
        let before = text.get(..at.start).unwrap_or(text);
        let indent: String = before.chars().map(blank).collect();
        let wrong = text.get(at.clone()).unwrap_or_default().chars().count();
        let carets = "^".repeat(wrong.max(1));
        format!("{}\n  {shown}\n  {indent}{carets}", what.in_lang(lang))
    }
}

/// A character that a terminal shows and does not obey.
fn plain(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// As much empty room as a character takes.
const fn blank(c: char) -> char {
    // Chinese and its punctuation take two columns, as does the ideographic space.
    let wide = matches!(
        c,
        '\u{1100}'..='\u{115F}'
            | '\u{2E80}'..='\u{A4CF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FE30}'..='\u{FE6F}'
            | '\u{FF00}'..='\u{FF60}'
    );
    if wide { '\u{3000}' } else { ' ' }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_lang(Lang::En))
    }
}

impl std::error::Error for FilterError {}
