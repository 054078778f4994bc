//! The end of a world: the disk is searched, the three books are counted.

use super::chances::Chances;
use super::check::{is_loose, leaks};
use super::machine::read_all;
use super::staging::deck;
use super::world::{Outcome, World};
use crate::engine::journal::{Memory, Storage};
use crate::engine::record::{Fact, State, TxId};
use crate::engine::trace::Book;
use crate::lab::fault::Faults;
use crate::lab::peer::{Deck, TerminalBelief};
use std::collections::BTreeMap;

impl World {
    pub(super) fn judge(mut self, chances: &Chances) -> Outcome {
        let Some(mut machine) = self.machine.take() else {
            self.watch
                .fails("rest", "the gateway did not come back".to_owned());
            return self.finish();
        };
        if let Err(error) = machine.stop(self.now) {
            self.watch.fails("I8", error.to_string());
            return self.finish();
        }
        let disk = machine.crash().disk;
        self.judge_leaks(&disk, &deck(chances));
        self.judge_books(&disk, chances.gateway_reverses);
        self.finish()
    }

    fn finish(mut self) -> Outcome {
        let receipts = self
            .terminals
            .iter()
            .map(|(own, _)| own.receipts().list().len());
        self.outcome.transactions = receipts.sum::<usize>() as u64;
        let struck = |faults: &Faults| {
            faults
                .list()
                .iter()
                .map(|armed| armed.struck())
                .sum::<u64>()
        };
        let at_terminals: u64 = self
            .terminals
            .iter_mut()
            .map(|(own, _)| struck(own.faults()))
            .sum();
        self.outcome.faults = at_terminals + struck(self.acquirer.faults());
        self.outcome.violations = self.watch.violations;
        self.outcome
    }

    fn judge_leaks(&mut self, disk: &Memory, deck: &Deck) {
        let pans: Vec<String> = deck
            .cards()
            .iter()
            .map(|card| card.pan.reveal().to_owned())
            .collect();
        for segment in disk.segments().unwrap_or_default() {
            let bytes = disk.read(segment, 0, usize::MAX).unwrap_or_default();
            for leak in leaks(&bytes, pans.iter().map(String::as_str)) {
                self.watch.fails(
                    "I12",
                    format!("segment {segment} holds the {leak} in clear"),
                );
            }
        }
    }

    /// I1 to I3, I6: the three books agree, and nothing hangs in the air.
    fn judge_books(&mut self, disk: &Memory, gateway_reverses: bool) {
        let mut book = Book::default();
        let mut states: BTreeMap<TxId, (State, u64, bool)> = BTreeMap::new();
        for record in read_all(disk) {
            book.take(&record);
            if let (Some(tx), Fact::Step(step)) = (record.tx, &record.fact) {
                let entry = states.entry(tx).or_insert((State::Received, 0, false));
                entry.0 = step.state;
                if let Some(opened) = &step.opened {
                    (entry.1, entry.2) = (opened.amount.0, opened.reverses);
                }
            }
        }
        let loose: Vec<(TxId, State, u64)> = states
            .iter()
            .filter(|(_, (state, _, reverses))| *reverses && is_loose(*state))
            .map(|(tx, (state, amount, _))| (*tx, *state, *amount))
            .collect();
        let given_up = self.unsettled_at_terminals();
        for (tx, state, _) in &loose {
            // Where only terminals reverse, one that gave up leaves its sale on the list.
            if gateway_reverses || given_up == 0 {
                self.watch.fails("I3", format!("{tx} is left {state}"));
            }
        }
        let terminals: i64 = self
            .terminals
            .iter()
            .map(|(own, _)| own.receipts().totals().net())
            .sum();
        let acquirer = self.acquirer.totals().net();
        let listed: i64 = loose
            .iter()
            .map(|(_, _, amount)| amount.cast_signed())
            .sum();
        if (acquirer - terminals).abs() > listed {
            self.watch.fails(
                "I2",
                format!("terminals hold {terminals}, the acquirer {acquirer}"),
            );
        }
        if loose.is_empty() && book.net() != acquirer {
            self.watch.fails(
                "I11",
                format!("gateway holds {}, the acquirer {acquirer}", book.net()),
            );
        }
        for at in 0..self.terminals.len() {
            self.judge_terminal(at, loose.is_empty());
        }
    }

    fn judge_terminal(&mut self, at: usize, settled: bool) {
        let own = &self.terminals[at].0;
        let (name, mine) = (own.options().terminal, own.receipts().totals().net());
        let theirs = self.acquirer.totals_of(name).net();
        if settled && mine != theirs {
            self.watch.fails(
                "I1",
                format!("{name} holds {mine}, the acquirer has {theirs} of it"),
            );
        }
    }

    /// Transactions that a terminal gave up on, or cannot know about.
    fn unsettled_at_terminals(&self) -> usize {
        let unsettled = |belief: TerminalBelief| {
            matches!(
                belief,
                TerminalBelief::GivenUp | TerminalBelief::Unknown | TerminalBelief::Open
            )
        };
        let receipts = self
            .terminals
            .iter()
            .flat_map(|(own, _)| own.receipts().list());
        receipts.filter(|receipt| unsettled(receipt.belief)).count()
    }
}
