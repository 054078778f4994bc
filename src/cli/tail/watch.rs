//! The transactions that a filter of `isogate tail` looks at, as far as they are told.

use crate::engine::record::{Fact, Record, TxId};
use crate::engine::trace::{Filter, Story, Verdict, subject};
use std::collections::BTreeMap;

/// How many transactions are remembered: of older ones that go on, no more is known than what
/// follows.
const REMEMBERED: usize = 10_000;

/// The stories of the latest transactions.
#[derive(Debug)]
pub(super) struct FilteredStories {
    filter: Filter,
    stories: BTreeMap<TxId, Story>,
}

impl FilteredStories {
    pub(super) const fn new(filter: Filter) -> Self {
        Self {
            filter,
            stories: BTreeMap::new(),
        }
    }

    /// Takes the next record; whether its transaction is asked for, as things stand with it. What
    /// concerns no transaction is not.
    pub(super) fn takes(&mut self, record: &Record, earlier: bool) -> bool {
        let Some(tx) = subject(record) else {
            return false;
        };
        match self.stories.get_mut(&tx) {
            Some(story) => story.fold(record),
            None => self
                .stories
                .extend(Story::begin(record).map(|story| (tx, story))),
        }
        while self.stories.len() > REMEMBERED {
            self.stories.pop_first();
        }
        // A checkpoint says again what was said.
        if earlier || matches!(record.fact, Fact::Carried(_)) {
            return false;
        }
        let story = self.stories.get(&tx);
        story.is_some_and(|story| self.filter.matches(story, &Verdict::of(story, &[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::seam::{Wall, Zone};
    use crate::engine::trace::FilterTime;
    use crate::engine::trace::tests::History;

    fn watched(text: &str) -> FilteredStories {
        let (now, zone) = (Wall(0), &Zone::CHINA);
        FilteredStories::new(Filter::parse(text, FilterTime { now, zone }).unwrap())
    }

    #[test]
    fn a_record_is_shown_if_its_transaction_is_asked_for_at_that_moment() {
        let history = History::sale().timed_out().reverses(1);
        let shown = |text: &str| {
            let mut watched = watched(text);
            let records = history.records.iter();
            records.map(|r| watched.takes(r, false)).collect::<Vec<_>>()
        };
        assert_eq!(shown("~kind sale"), [true; 4]);
        assert_eq!(shown("~mti 04xx"), [false, false, false, true]);
        assert_eq!(shown("~state timed-out"), [false, true, false, false]);
    }

    #[test]
    fn what_came_before_tells_of_what_comes() {
        let history = History::sale().timed_out();
        let mut watched = watched("~terminal 10421695");
        assert!(!watched.takes(&history.records[0], true));
        assert!(watched.takes(&history.records[1], false));
    }

    #[test]
    fn stories_are_forgotten_before_they_fill_the_memory() {
        let mut watched = watched("~open");
        let mut record = History::sale().records.remove(0);
        for n in 0..REMEMBERED as u128 + 5 {
            record.tx = Some(TxId(n));
            watched.takes(&record, false);
        }
        assert_eq!(watched.stories.len(), REMEMBERED);
    }
}
