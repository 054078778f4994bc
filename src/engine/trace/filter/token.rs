//! A filter cut into words, values and signs.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{consumed, map, recognize, value};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};
use std::ops::Range;

/// A piece of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterToken<'t> {
    And,
    Or,
    Not,
    Open,
    Close,
    /// `~name`, without its sign.
    Word(&'t str),
    /// A value, without its quotation marks.
    Value(&'t str),
}

/// A piece, and where it stands.
pub(super) type PlacedToken<'t> = (FilterToken<'t>, Range<usize>);

/// All pieces of a text, or the place of what is none.
pub(super) fn pieces(text: &str) -> Result<Vec<PlacedToken<'_>>, usize> {
    let mut all = Vec::new();
    let mut rest = skipped(text);
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        let Ok((after, (taken, piece))) = consumed(piece).parse(rest) else {
            return Err(start);
        };
        all.push((piece, start..start + taken.len()));
        rest = skipped(after);
    }
    Ok(all)
}

fn skipped(text: &str) -> &str {
    multispace0::<_, ()>(text).map_or(text, |(rest, _)| rest)
}

fn piece(text: &str) -> IResult<&str, FilterToken<'_>> {
    let quoted = |mark: char| delimited(char(mark), take_till(move |c| c == mark), char(mark));
    alt((
        value(FilterToken::And, alt((tag("&&"), tag("&")))),
        value(FilterToken::Or, alt((tag("||"), tag("|")))),
        value(FilterToken::Not, tag("!")),
        value(FilterToken::Open, tag("(")),
        value(FilterToken::Close, tag(")")),
        map(
            preceded(char('~'), recognize(take_till(ends))),
            FilterToken::Word,
        ),
        map(alt((quoted('"'), quoted('\''))), FilterToken::Value),
        map(take_while1(|c| !ends(c)), FilterToken::Value),
    ))
    .parse(text)
}

/// Whether a character ends a word.
const fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, '&' | '|' | '!' | '(' | ')' | '"' | '\'')
}
