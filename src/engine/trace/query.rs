//! How a transaction is named by those who ask for it: its own id, the RRN, terminal and STAN, the
//! authorization code, or amount, time window and last four digits.

use super::filter::Filter;
use super::relations::Relations;
use super::stories::subject;
use super::story::Story;
use super::unconfirmed::{Unconfirmed, casts_doubt};
use super::verdict::Verdict;
use super::written::{QueryError, end, stan, terminal_id, time};
use crate::engine::record::{Carried, Fact, Opened, Record, State, Step, TxId};
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{Amount, AuthCode, Rrn, Stan, TerminalId, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// What is asked for; what is not given fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Its id.
    pub tx: Option<TxId>,
    /// DE 41.
    pub terminal: Option<TerminalId>,
    /// DE 11.
    pub stan: Option<Stan>,
    /// DE 11 of a message of it that bears another: of its reversal, or at its host.
    pub other_stan: Option<Stan>,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// DE 38.
    pub auth: Option<AuthCode>,
    /// DE 4, minor units.
    pub amount: Option<Amount>,
    /// Began at this time or later.
    pub from: Option<Wall>,
    /// Began before this time.
    pub until: Option<Wall>,
    /// The card's last four digits.
    pub last4: Option<Text<4>>,
    /// Where it stands.
    pub which: Option<Which>,
    /// What has the last word, beyond what an index can serve.
    pub also: Option<Filter>,
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// In this state.
    State(State),
    /// In this class.
    Class(Unconfirmed),
    /// In any class that is open.
    Open,
}

impl Query {
    /// What a bare key may mean, the likeliest first.
    ///
    /// # Errors
    /// If it can mean nothing.
    pub fn guess(key: &str, zone: &Zone) -> Result<Vec<Self>, QueryError> {
        let wrong = || QueryError::Key(key.to_owned());
        if let Some((terminal, rest)) = key.split_once('/') {
            return Ok(vec![Self::terminal_and_stan(terminal, rest, zone)?]);
        }
        if !key.bytes().all(|c| c.is_ascii_alphanumeric()) {
            return Err(wrong());
        }
        let mut guesses = Vec::new();
        match key.len() {
            26 => guesses.push(Self {
                tx: Some(key.parse().map_err(|_wrong| wrong())?),
                ..Self::default()
            }),
            12 => guesses.push(Self {
                rrn: Text::new(key),
                ..Self::default()
            }),
            6 => {
                guesses.push(Self {
                    auth: Text::new(key),
                    ..Self::default()
                });
                guesses.extend(stan(key).ok().map(|stan| Self {
                    stan: Some(stan),
                    ..Self::default()
                }));
            }
            8 => guesses.push(Self {
                terminal: Text::new(key),
                ..Self::default()
            }),
            _ => return Err(wrong()),
        }
        Ok(guesses)
    }

    /// `STAN` or `STAN/DATE` behind a terminal.
    fn terminal_and_stan(terminal: &str, rest: &str, zone: &Zone) -> Result<Self, QueryError> {
        let (number, date) = rest
            .split_once('/')
            .map_or((rest, None), |(n, d)| (n, Some(d)));
        let (from, until) = match date {
            Some(date) => (Some(time(date, zone)?), Some(end(date, zone)?)),
            None => (None, None),
        };
        Ok(Self {
            terminal: Some(terminal_id(terminal)?),
            stan: Some(stan(number)?),
            from,
            until,
            ..Self::default()
        })
    }

    /// By a trace number, whichever message of a transaction bears it: its request, or another.
    #[must_use]
    pub fn by_any_stan(self) -> Vec<Self> {
        let other = self.stan.map(|stan| Self {
            stan: None,
            other_stan: Some(stan),
            ..self.clone()
        });
        std::iter::once(self).chain(other).collect()
    }

    /// Whether a story with this verdict is what is asked for.
    #[must_use]
    pub fn matches(&self, story: &Story, verdict: &Verdict) -> bool {
        let named = story.opened.as_ref().map_or_else(
            || !self.asks_names(),
            |opened| self.fits(opened, story.began),
        );
        named
            && self.tx.is_none_or(|tx| tx == story.tx)
            && self
                .other_stan
                .is_none_or(|stan| story.other_stans.contains(&stan))
            && self.rrn.is_none_or(|rrn| Some(rrn) == story.rrn)
            && self.auth.is_none_or(|auth| Some(auth) == story.auth)
            && self.which.is_none_or(|which| match which {
                Which::State(state) => state == verdict.state,
                Which::Class(wanted) => Some(wanted) == verdict.class,
                Which::Open => verdict.open,
            })
            && self
                .also
                .as_ref()
                .is_none_or(|filter| filter.matches(story, verdict))
    }

    fn fits(&self, opened: &Opened, began: Wall) -> bool {
        self.names(opened)
            && self.from.is_none_or(|from| began >= from)
            && self.until.is_none_or(|until| began < until)
    }

    fn names(&self, opened: &Opened) -> bool {
        self.terminal
            .is_none_or(|terminal| terminal == opened.terminal)
            && self.stan.is_none_or(|stan| stan == opened.stan)
            && self.amount.is_none_or(|amount| amount == opened.amount)
            && self
                .last4
                .is_none_or(|last4| opened.card.ends_with(&*last4))
    }

    /// Whether nothing but a state is asked for, as far as an index can serve it.
    #[must_use]
    pub fn asks_only_where(&self) -> bool {
        self.which.is_some() && !self.asks_key() && !self.asks_beginning()
    }

    /// Whether it asks for something by which single transactions are found quickly.
    #[must_use]
    pub const fn asks_key(&self) -> bool {
        self.tx.is_some()
            || self.terminal.is_some()
            || self.stan.is_some()
            || self.other_stan.is_some()
            || self.rrn.is_some()
            || self.auth.is_some()
            || self.amount.is_some()
    }

    /// Whether it asks for what stands in a transaction's first record.
    #[must_use]
    pub const fn asks_beginning(&self) -> bool {
        self.asks_names() || self.from.is_some() || self.until.is_some()
    }

    const fn asks_names(&self) -> bool {
        self.terminal.is_some()
            || self.stan.is_some()
            || self.amount.is_some()
            || self.last4.is_some()
    }

    /// Whether a transaction that begins with a record, or that goes on with it, may be meant.
    #[must_use]
    pub fn may_begin_with(&self, record: &Record) -> bool {
        let opened = news(record).and_then(|(_, _, opened)| opened);
        opened.is_none_or(|opened| {
            let began = match record.fact {
                Fact::Carried(_) => None,
                _ => Some(record.at),
            };
            began.map_or_else(|| self.names(opened), |began| self.fits(opened, began))
        })
    }

    /// Whether a record makes its transaction worth a closer look: the one with the RRN or the
    /// code asked for, otherwise the first.
    fn picks(&self, record: &Record, tx: TxId) -> bool {
        if self.tx.is_some() {
            return self.tx == Some(tx);
        }
        match &record.fact {
            Fact::Step(step) if self.is_named_later() => self.named_by(step),
            Fact::Step(step) => step
                .opened
                .as_ref()
                .is_some_and(|opened| self.fits(opened, record.at)),
            Fact::Carried(carried) => match &**carried {
                Carried::Transaction(carried) => self.fits(&carried.opened, carried.began),
                Carried::Answer(carried) => self.fits(&carried.opened, record.at),
                Carried::Keys(_)
                | Carried::Tombstone { .. }
                | Carried::Stan(_)
                | Carried::Links(_)
                | Carried::Clock(_)
                | Carried::Numbers { .. }
                | Carried::AllTerminals => false,
            },
            _ => false,
        }
    }

    /// Whether it asks for what a later message may bring.
    const fn is_named_later(&self) -> bool {
        self.rrn.is_some() || self.auth.is_some() || self.other_stan.is_some()
    }

    fn named_by(&self, step: &Step) -> bool {
        step.message.as_ref().is_some_and(|message| {
            self.other_stan
                .is_none_or(|stan| message.stan == Some(stan))
                && self.rrn.is_none_or(|rrn| message.rrn == Some(rrn))
                && self.auth.is_none_or(|auth| message.auth == Some(auth))
        })
    }
}

impl Which {
    /// Whether a transaction in any state can be meant, if a step of it casts doubt on it.
    #[must_use]
    pub const fn may_be_in_doubt(self) -> bool {
        match self {
            Self::Open => true,
            Self::Class(class) => class.is_open(),
            Self::State(_) => false,
        }
    }

    /// Whether a transaction in this state can be meant.
    #[must_use]
    pub fn admits(self, state: State) -> bool {
        match self {
            Self::State(wanted) => wanted == state,
            Self::Class(Unconfirmed::Late) if state == State::Unanswered => true,
            // An approval may have come after it, its terminal may show success, or more may have
            // been given back than was paid.
            Self::Class(
                Unconfirmed::ReversalUnproven
                | Unconfirmed::DeliveryUnproven
                | Unconfirmed::SettleMismatch,
            )
            | Self::Open
                if state == State::Reversed =>
            {
                true
            }
            Self::Class(Unconfirmed::SettleMismatch | Unconfirmed::DeliveryUnproven)
            | Self::Open
                if state == State::Returned =>
            {
                true
            }
            Self::Class(class) => Unconfirmed::at(state) == Some(class),
            Self::Open => Unconfirmed::at(state).is_some_and(Unconfirmed::is_open),
        }
    }
}

impl FromStr for Which {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let wanted = text.to_ascii_uppercase();
        if wanted == "OPEN" {
            return Ok(Self::Open);
        }
        let class = Unconfirmed::ALL.iter().find(|class| class.name() == wanted);
        let state = State::ALL.iter().find(|state| state.name() == wanted);
        class
            .map(|class| Self::Class(*class))
            .or_else(|| state.map(|state| Self::State(*state)))
            .ok_or_else(|| QueryError::Which(text.to_owned()))
    }
}

/// Looks for candidates in a stream of records, holding no more of each than its name and state.
#[derive(Clone, Debug)]
pub struct Finder {
    query: Query,
    found: BTreeMap<TxId, State>,
    /// Those with a step that may leave them open, whatever their state.
    doubtful: BTreeSet<TxId>,
    relations: Relations,
}

impl Finder {
    /// For this query.
    #[must_use]
    pub fn new(query: Query) -> Self {
        Self {
            query,
            found: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            relations: Relations::default(),
        }
    }

    /// Looks at the next record.
    pub fn look(&mut self, record: &Record) {
        self.relations.hear(record);
        let Some((tx, state, opened)) = news(record) else {
            return;
        };
        if let Some(opened) = opened {
            self.relations.take(tx, opened, record);
        }
        if self.query.asks_only_where() {
            if self.query.which.is_some_and(Which::may_be_in_doubt) && is_doubtful(record) {
                self.doubtful.insert(tx);
            }
            // The state may yet change; what is asked for is where it stands at the end.
            if self.admits(state) || self.doubtful.contains(&tx) {
                self.found.insert(tx, state);
            } else {
                self.found.remove(&tx);
            }
        } else if self.found.contains_key(&tx) || self.query.picks(record, tx) {
            self.found.insert(tx, state);
        }
    }

    fn admits(&self, state: State) -> bool {
        self.query.which.is_none_or(|which| which.admits(state))
    }

    /// The candidates, oldest first; [`Query::matches`] has the last word on each.
    pub fn candidates(&self) -> impl DoubleEndedIterator<Item = TxId> + '_ {
        let found = self.found.iter();
        let found = found.filter(|(tx, state)| self.admits(**state) || self.doubtful.contains(tx));
        found.map(|(tx, _)| *tx)
    }

    /// Others that a candidate's verdict may turn on: attempts of the same purchase, repeats,
    /// originals, and what refers to them.
    #[must_use]
    pub fn related(&self) -> BTreeSet<TxId> {
        self.relations.of(&self.candidates().collect())
    }
}

fn is_doubtful(record: &Record) -> bool {
    matches!(&record.fact, Fact::Step(step) if casts_doubt(step))
}

/// What a record tells of a transaction: where it stands, and, once, its names.
fn news(record: &Record) -> Option<(TxId, State, Option<&Opened>)> {
    let tx = subject(record)?;
    match &record.fact {
        Fact::Step(step) => Some((tx, step.state, step.opened.as_deref())),
        Fact::Carried(carried) => match &**carried {
            Carried::Transaction(carried) => Some((tx, carried.state, Some(&carried.opened))),
            Carried::Answer(carried) => Some((tx, carried.state, Some(&carried.opened))),
            Carried::Keys(_)
            | Carried::Tombstone { .. }
            | Carried::Stan(_)
            | Carried::Links(_)
            | Carried::Clock(_)
            | Carried::Numbers { .. }
            | Carried::AllTerminals => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::History;
    use super::super::written::{amount, last4};
    use super::*;
    use crate::engine::record::Why;

    fn guess(key: &str) -> Query {
        Query::guess(key, &Zone::CHINA).unwrap().remove(0)
    }

    #[test]
    fn a_key_is_known_by_its_form() {
        let history = History::sale().delivered();
        let (story, verdict) = (history.story(), history.verdict());
        for key in [
            &*story.tx.to_string(),
            "203217491827",
            "10421695/100175",
            "10421695/100175/2026-11-22",
            "112233",
            "10421695",
        ] {
            assert!(guess(key).matches(&story, &verdict), "{key}");
        }
        for key in [
            "10421695/100176",
            "10421695/100175/2026-11-21",
            "203217491828",
            "100175",
        ] {
            assert!(!guess(key).matches(&story, &verdict), "{key}");
        }
        assert!(
            Query::guess("100175", &Zone::CHINA).unwrap()[1].matches(&story, &verdict),
            "a STAN, then"
        );
        assert!(Query::guess("what?", &Zone::CHINA).is_err());
        assert!(Query::guess("", &Zone::CHINA).is_err());
    }

    #[test]
    fn amount_time_and_last_four_name_one_together() {
        let history = History::sale().delivered();
        let (story, verdict) = (history.story(), history.verdict());
        let mut query = Query {
            amount: Some(amount("888.00").unwrap()),
            from: Some(time("2026-11-22T10:00", &Zone::CHINA).unwrap()),
            until: Some(end("2026-11-22", &Zone::CHINA).unwrap()),
            last4: Some(last4("0048").unwrap()),
            ..Query::default()
        };
        assert!(query.matches(&story, &verdict));
        query.until = Some(time("2026-11-22 10:11", &Zone::CHINA).unwrap());
        assert!(!query.matches(&story, &verdict));
    }

    #[test]
    fn where_it_stands_is_a_state_a_class_or_open() {
        assert_eq!("open".parse(), Ok(Which::Open));
        assert_eq!("u5".parse(), Ok(Which::Class(Unconfirmed::ReversalPending)));
        assert_eq!("reversed".parse(), Ok(Which::State(State::Reversed)));
        assert!("U10".parse::<Which>().is_err());
    }

    /// What the finder does not pick, no closer look can bring back.
    #[test]
    fn the_finder_passes_whatever_matches() {
        let mut all = Vec::new();
        let shapes = [
            History::sale().delivered(),
            History::sale().timed_out(),
            History::sale().declined("51"),
            History::refused(Why::RequestMac, "A0"),
        ];
        for (at, mut history) in shapes.into_iter().enumerate() {
            history.tx.0 += at as u128;
            let tx = history.tx;
            history
                .records
                .iter_mut()
                .for_each(|record| record.tx = Some(tx));
            all.push(history);
        }
        let which = |text: &str| Query {
            which: Some(text.parse().unwrap()),
            ..Query::default()
        };
        let first = guess(&all[0].tx.to_string());
        for query in [
            guess("112233"),
            guess("10421695"),
            which("open"),
            which("U4"),
            first,
        ] {
            let mut finder = Finder::new(query.clone());
            all.iter()
                .flat_map(|h| &h.records)
                .for_each(|record| finder.look(record));
            let found: Vec<_> = finder.candidates().collect();
            let matching = all
                .iter()
                .filter(|h| query.matches(&h.story(), &h.verdict()))
                .map(|h| h.tx);
            let matching: Vec<_> = matching.collect();
            let missing = matching.iter().find(|tx| !found.contains(tx));
            assert_eq!(missing, None, "{query:?}");
            assert!(!matching.is_empty());
        }
    }
}
