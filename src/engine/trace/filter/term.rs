//! What a single word of a filter says of a transaction.

use super::super::cause::Cause;
use super::super::moment::Leg;
use super::super::query::Query;
use super::super::retry::Retry;
use super::super::story::Story;
use super::super::unconfirmed::Unconfirmed;
use super::super::verdict::Verdict;
use super::pattern::{TextPattern, TypePattern};
use crate::engine::record::{Opened, State, TxId};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, AuthCode, Rrn, Stan, TerminalId, Text};

/// One thing that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// What a bare key may mean, the likeliest first.
    Key(Vec<Query>),
    Tx(TxId),
    Terminal(Option<TerminalId>, TextPattern),
    Stan(Stan),
    Rrn(Option<Rrn>, TextPattern),
    Auth(Option<AuthCode>, TextPattern),
    Last4(Text<4>),
    Amount(Option<Amount>, Option<Amount>),
    /// A name with which it began.
    Name(NameField, TextPattern),
    /// Any of its messages is of this type.
    Type(TypePattern),
    /// The answer to its request.
    Answer(TextPattern),
    /// Any of its messages has this response code.
    Code(TextPattern),
    Open,
    Class(Unconfirmed),
    State(State),
    Cause(Cause),
    Safe(Retry),
    Unsafe,
    /// Slower than this, in milliseconds.
    Slower(u64),
    Since(Wall),
    Until(Wall),
}

/// A name that stands in a transaction's first record and that no index has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameField {
    Merchant,
    Batch,
    Card,
    Currency,
    Kind,
    Spec,
}

impl NameField {
    fn of(self, opened: &Opened) -> &str {
        match self {
            Self::Merchant => &opened.merchant,
            Self::Batch => &opened.batch,
            Self::Card => &opened.card,
            Self::Currency => &opened.currency,
            Self::Kind => &opened.kind,
            Self::Spec => &opened.spec,
        }
    }
}

impl Term {
    pub(super) fn matches(&self, story: &Story, verdict: &Verdict) -> bool {
        match self {
            Self::Key(guesses) => guesses.iter().any(|guess| guess.matches(story, verdict)),
            Self::Tx(tx) => story.tx == *tx,
            Self::Rrn(_, rrn) => story.rrn.is_some_and(|own| rrn.fits(&own)),
            Self::Auth(_, auth) => story.auth.is_some_and(|own| auth.fits(&own)),
            Self::Type(wanted) => legs(story).any(|leg| wanted.fits(leg.mti)),
            Self::Answer(code) => story.answer.is_some_and(|own| code.fits(&own.to_string())),
            Self::Code(code) => {
                let mut codes = legs(story).filter_map(|leg| leg.code);
                codes.any(|own| code.fits(&own.to_string()))
            }
            Self::Open => verdict.open,
            Self::Class(class) => verdict.class == Some(*class),
            Self::State(state) => verdict.state == *state,
            Self::Cause(cause) => verdict.cause == *cause || verdict.causes.contains(cause),
            Self::Safe(safe) => verdict.safe_to_retry == *safe,
            Self::Unsafe => verdict.safe_to_retry != Retry::Yes,
            Self::Slower(millis) => took(story).is_some_and(|took| took > *millis),
            Self::Since(from) => story.began >= *from,
            Self::Until(until) => story.began < *until,
            Self::Terminal(..)
            | Self::Stan(_)
            | Self::Last4(_)
            | Self::Amount(..)
            | Self::Name(..) => {
                let opened = story.opened.as_ref();
                opened.is_some_and(|opened| self.begins(opened))
            }
        }
    }

    /// Whether a transaction began with it.
    fn begins(&self, opened: &Opened) -> bool {
        match self {
            Self::Terminal(_, terminal) => terminal.fits(&opened.terminal),
            Self::Stan(stan) => opened.stan == *stan,
            Self::Last4(last4) => opened.card.ends_with(&**last4),
            Self::Amount(least, most) => {
                let (least, most) = (least.unwrap_or(Amount(0)), most.unwrap_or(Amount(u64::MAX)));
                (least..=most).contains(&opened.amount)
            }
            Self::Name(name, wanted) => wanted.fits(name.of(opened)),
            _ => false,
        }
    }
}

fn legs(story: &Story) -> impl Iterator<Item = Leg> {
    story.moments.iter().filter_map(|moment| moment.leg)
}

/// How long its answer took, or was waited for in vain.
fn took(story: &Story) -> Option<u64> {
    story.took_ms.or(story.waited_ms)
}
