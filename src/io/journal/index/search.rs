//! Looks for what a query asks for, the newest first, and no further than it is asked to.

use super::key::{IndexKey, number_of};
use super::lookup::Lookup;
use super::run::{IndexRun, RunRow, Standing};
use crate::engine::record::State;
use crate::engine::seam::Wall;
use crate::engine::trace::{Query, Which};
use std::io;
use std::time::Duration;

/// Candidates for a query: none that matches is missing, but some may not match.
#[derive(Debug)]
pub(in crate::io::journal) struct TransactionSearch<'l> {
    lookup: &'l Lookup,
    plan: SearchPlan,
    began: (Option<Wall>, Option<Wall>),
    /// The run whose rows are left, and those that are left of it.
    run: Option<&'l IndexRun>,
    rows: Vec<u64>,
    /// How many older runs there are.
    older: usize,
}

/// Where it is looked.
#[derive(Debug)]
enum SearchPlan {
    /// These, the newest last.
    These(Vec<RunRow>),
    /// By the first entry of a key that a transaction has from its beginning.
    Begun(u64),
    /// By the first entries of keys that it may have come by later.
    Keys(Vec<u64>),
    /// In all rows.
    All,
}

impl<'l> TransactionSearch<'l> {
    pub(in crate::io::journal) fn new(lookup: &'l Lookup, query: &Query) -> io::Result<Self> {
        Ok(Self {
            lookup,
            plan: plan(lookup, query)?,
            began: (query.from, query.until),
            run: None,
            rows: Vec::new(),
            older: lookup.runs.len(),
        })
    }

    /// The next candidate: the newest as a rule. One may come several times.
    pub(in crate::io::journal) fn next(&mut self) -> io::Result<Option<RunRow>> {
        match &mut self.plan {
            SearchPlan::These(these) => Ok(these.pop()),
            SearchPlan::Begun(_) | SearchPlan::Keys(_) | SearchPlan::All => self.next_row(),
        }
    }

    fn next_row(&mut self) -> io::Result<Option<RunRow>> {
        loop {
            if let Some((run, row)) = self.run.zip(self.rows.pop()) {
                return run.row(row).map(Some);
            }
            let Some(older) = self.older.checked_sub(1) else {
                return Ok(None);
            };
            self.older = older;
            self.run = self.lookup.runs.get(older);
            if let Some(run) = self.run {
                self.rows = self.rows_of(run)?;
            }
        }
    }

    fn rows_of(&self, run: &IndexRun) -> io::Result<Vec<u64>> {
        let keys = match &self.plan {
            SearchPlan::Begun(key) => std::slice::from_ref(key),
            SearchPlan::Keys(keys) => keys,
            SearchPlan::These(_) | SearchPlan::All => {
                // What goes on here and began elsewhere is found there.
                let rows = if self.is_in_time(run) { run.rows() } else { 0 };
                return Ok((0..rows).collect());
            }
        };
        let mut rows = Vec::new();
        for key in keys {
            for entry in run.entries(*key)? {
                rows.push(run.row_at(entry)?);
            }
        }
        rows.sort_unstable();
        Ok(rows)
    }

    /// What began at this time or before is enough; where it is told by runs, some more is looked
    /// at, since an id is given shortly before its record.
    pub(in crate::io::journal) fn only_before(&mut self, began: Wall) {
        let until = began + Duration::from_secs(2);
        let (_, own) = &mut self.began;
        *own = Some(own.map_or(until, |own| own.min(until)));
    }

    /// Whether it looks into every row.
    pub(in crate::io::journal) const fn looks_at_all(&self) -> bool {
        matches!(self.plan, SearchPlan::All)
    }

    /// Whether what began later is found before what began earlier, so that whoever ends somewhere
    /// can go on there.
    pub(in crate::io::journal) const fn is_newest_first(&self) -> bool {
        !matches!(self.plan, SearchPlan::Keys(_))
    }

    /// Whether what began in a run may have begun at a time that is asked for.
    fn is_in_time(&self, run: &IndexRun) -> bool {
        let ((from, until), (earliest, latest)) = (self.began, run.head.began);
        from.is_none_or(|from| latest >= from) && until.is_none_or(|until| earliest < until)
    }
}

/// The likeliest way to few candidates.
fn plan(lookup: &Lookup, query: &Query) -> io::Result<SearchPlan> {
    let number = query.terminal.as_ref().zip(query.stan);
    let (terminal, amount) = (query.terminal.as_ref(), query.amount);
    let later = [
        query.tx.map(IndexKey::Transaction),
        query.rrn.as_ref().map(|rrn| IndexKey::Rrn(rrn)),
        query.auth.as_ref().map(|auth| IndexKey::Auth(auth)),
        query.other_stan.map(|stan| IndexKey::OtherStan(stan.0)),
    ];
    let begun = [
        number.map(|(terminal, stan)| IndexKey::Number(terminal, stan.0)),
        terminal.map(|terminal| IndexKey::Terminal(terminal)),
        query.stan.map(|stan| IndexKey::Stan(stan.0)),
        amount.map(|amount| IndexKey::Amount(amount.0)),
    ];
    let later = later.into_iter().flatten().map(|key| (key.entry(), false));
    let begun = begun.into_iter().flatten().map(|key| (key.entry(), true));
    let mut fewest: Option<(u64, u64, bool)> = None;
    for (key, has_begun) in later.chain(begun) {
        let mut count = 0;
        for run in &lookup.runs {
            let entries = run.entries(key)?;
            count += entries.end - entries.start;
        }
        if fewest.is_none_or(|(least, ..)| count < least) {
            fewest = Some((count, key, has_begun));
        }
    }
    Ok(match (fewest, query.which) {
        (Some((_, key, true)), _) => SearchPlan::Begun(key),
        (Some((_, key, false)), _) => SearchPlan::Keys(vec![key]),
        (None, Some(which)) if query.asks_only_where() => standing(lookup, which)?,
        (None, _) => SearchPlan::All,
    })
}

/// What is open stands on a list, or casts doubt; anything else is looked up by its state.
fn standing(lookup: &Lookup, which: Which) -> io::Result<SearchPlan> {
    let states = State::ALL.into_iter().filter(|state| which.admits(*state));
    if !which.may_be_in_doubt() {
        let keys = states.map(|state| IndexKey::State(state).entry());
        return Ok(SearchPlan::Keys(keys.collect()));
    }
    let states: Vec<u64> = states.map(number_of).collect();
    let mut meant = Vec::new();
    for (tx, Standing { last, state }) in lookup.list()? {
        if states.contains(&state) {
            meant.push(RunRow {
                tx,
                first: last,
                last,
            });
        }
    }
    for run in &lookup.runs {
        for entry in run.entries(IndexKey::Doubt.entry())? {
            meant.push(run.row(run.row_at(entry)?)?);
        }
    }
    meant.sort_by_key(|row| row.tx);
    Ok(SearchPlan::These(meant))
}
