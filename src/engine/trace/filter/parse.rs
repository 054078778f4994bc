//! Pieces to an expression: `!` binds closer than `&`, and that closer than `|`; words that follow
//! each other mean both.

use super::super::lang::{Phrase, Said};
use super::super::query::{Query, Which};
use super::term::Term;
use super::token::{FilterToken, PlacedToken, pieces};
use super::words::{FilterWord, WordProblem};
use super::{Expression, Filter, FilterError, FilterTime};
use crate::iso::spec::nearest;
use std::ops::Range;

/// How deep parentheses may stand in each other.
const DEEPEST: usize = 32;

const TOO_LONG: Phrase = Phrase::new(
    "a filter of more than 2000 bytes is not taken",
    "过滤式超过2000字节",
);
const TOO_DEEP: Phrase = Phrase::new(
    "parentheses stand in each other more than 32 deep",
    "括号嵌套超过32层",
);
const NO_MARK: Phrase = Phrase::new("a quotation mark that is not closed", "引号没有配对");
const NOT_CLOSED: Phrase = Phrase::new("`(` is not closed: `)` is missing", "缺少右括号 `)`");
const NOT_OPENED: Phrase = Phrase::new("`)` without `(` before it", "右括号 `)` 前没有 `(`");
const MISSING: Phrase = Phrase::new(
    "a word such as `~open`, or a key such as an RRN, is missing here",
    "此处缺少条件, 例如 `~open` 或一个检索参考号",
);
const UNKNOWN: Phrase = Phrase::new(
    "`~{word}` is no word of a filter (`isogate trace --words` prints all){mean}",
    "没有 `~{word}` 这个条件(`isogate trace --words` 列出全部){mean}",
);
const MEAN: Phrase = Phrase::new("; did you mean `~{known}`?", "; 是否指 `~{known}`?");
const WANTS: Phrase = Phrase::new(
    "`~{word}` wants {takes} after it",
    "`~{word}` 后面需要 {takes}",
);
const PLAIN: Phrase = Phrase::new(
    "`{text}` names no transaction: give its id (26 characters), an RRN (12), TERMINAL/STAN, an \
     authorization code or STAN (6), a terminal (8), or a word such as `~stan {text}`",
    "`{text}` 不是交易的任何编号: 可用交易号(26位)、检索参考号(12位)、终端号/流水号、授权码或\
     流水号(6位)、终端号(8位), 或写明是什么, 例如 `~stan {text}`",
);

/// Reads a whole filter.
pub(super) fn parse(text: &str, time: FilterTime<'_>) -> Result<Expression, FilterError> {
    let fault = |at: Range<usize>, what: Said| FilterError {
        text: text.to_owned(),
        at,
        what,
    };
    if text.len() > Filter::LONGEST {
        let start: String = text.chars().take(40).collect();
        return Err(FilterError {
            at: 0..start.len(),
            text: start,
            what: TOO_LONG.plain(),
        });
    }
    let pieces = pieces(text).map_err(|at| fault(at..text.len(), NO_MARK.plain()))?;
    let mut parser = Parser {
        pieces: &pieces,
        next: 0,
        end: text.len(),
        time,
    };
    let whole = parser.any(0);
    let whole = whole.and_then(|whole| match parser.peek() {
        None => Ok(whole),
        Some((_, at)) => Err((at.clone(), NOT_OPENED.plain())),
    });
    whole.map_err(|(at, what)| fault(at, what))
}

/// What is wrong, and where.
type FilterFault = (Range<usize>, Said);

struct Parser<'p, 't> {
    pieces: &'p [PlacedToken<'t>],
    next: usize,
    end: usize,
    time: FilterTime<'p>,
}

impl<'p, 't> Parser<'p, 't> {
    fn peek(&self) -> Option<&'p PlacedToken<'t>> {
        self.pieces.get(self.next)
    }

    fn takes(&mut self, wanted: FilterToken<'_>) -> bool {
        let is_it = self.peek().is_some_and(|(piece, _)| *piece == wanted);
        self.next += usize::from(is_it);
        is_it
    }

    fn any(&mut self, depth: usize) -> Result<Expression, FilterFault> {
        let mut parts = vec![self.all(depth)?];
        while self.takes(FilterToken::Or) {
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, FilterFault> {
        let mut parts = vec![self.one(depth)?];
        loop {
            let goes_on = self.takes(FilterToken::And)
                || self.peek().is_some_and(|(piece, _)| {
                    !matches!(piece, FilterToken::Or | FilterToken::Close)
                });
            if !goes_on {
                return Ok(joined(parts, Expression::All));
            }
            parts.push(self.one(depth)?);
        }
    }

    fn one(&mut self, depth: usize) -> Result<Expression, FilterFault> {
        let Some((piece, at)) = self.peek() else {
            return Err((self.end..self.end, MISSING.plain()));
        };
        if depth > DEEPEST {
            return Err((at.clone(), TOO_DEEP.plain()));
        }
        match *piece {
            FilterToken::Not => {
                self.next += 1;
                let inner = self.one(depth + 1)?;
                Ok(Expression::Not(Box::new(inner)))
            }
            FilterToken::Open => {
                self.next += 1;
                let inner = self.any(depth + 1)?;
                if self.takes(FilterToken::Close) {
                    return Ok(inner);
                }
                Err((at.clone(), NOT_CLOSED.plain()))
            }
            FilterToken::Word(name) => {
                self.next += 1;
                self.word(name, at.clone()).map(Expression::Is)
            }
            FilterToken::Value(text) => {
                self.next += 1;
                self.key(text, at.clone()).map(Expression::Is)
            }
            FilterToken::And | FilterToken::Or | FilterToken::Close => {
                Err((at.clone(), MISSING.plain()))
            }
        }
    }

    /// A word without `~`: where it stands, or a key.
    fn key(&self, text: &str, at: Range<usize>) -> Result<Term, FilterFault> {
        match text.parse() {
            Ok(Which::Open) => return Ok(Term::Open),
            Ok(Which::Class(class)) => return Ok(Term::Class(class)),
            Ok(Which::State(state)) => return Ok(Term::State(state)),
            Err(_other) => {}
        }
        let guesses = Query::guess(text, self.time.zone);
        let what = || PLAIN.fill(&[("text", Said::same(text))]);
        guesses.map(Term::Key).map_err(|_unknown| (at, what()))
    }

    fn word(&mut self, name: &str, at: Range<usize>) -> Result<Term, FilterFault> {
        let known = FilterWord::ALL.iter().find(|word| word.name == name);
        let Some(word) = known else {
            return Err((at, unknown(name)));
        };
        let mut values = Vec::new();
        let mut places = Vec::new();
        for _ in 0..word.values() {
            let Some((FilterToken::Value(value), place)) = self.peek() else {
                let takes = ("takes", Said::same(word.takes));
                return Err((at, WANTS.fill(&[("word", Said::same(name)), takes])));
            };
            self.next += 1;
            values.push(*value);
            places.push(place.clone());
        }
        let read = word.read(&values, self.time);
        read.map_err(|WordProblem { value, what }| {
            let place = places.get(value).cloned();
            (place.unwrap_or(at), what)
        })
    }
}

fn unknown(name: &str) -> Said {
    let known = nearest(name, FilterWord::ALL.iter().map(|word| word.name));
    let mean = known.map(|known| MEAN.fill(&[("known", Said::same(known))]));
    UNKNOWN.fill(&[
        ("word", Said::same(name)),
        ("mean", mean.unwrap_or_default()),
    ])
}

fn joined(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}
