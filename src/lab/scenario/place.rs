//! Where a story happens: in virtual time, or anywhere else that can do the same.

use crate::engine::journal::JournalError;
use crate::engine::record::Record;
use crate::engine::seam::{Mono, Now};
use crate::lab::fault::Armed;
use crate::lab::peer::{Acquirer, Order, Receipt, TestTerminal};
use crate::lab::sim::{Passage, World, read_all};
use std::time::Duration;

/// A gateway between its far ends, as a story needs them. What goes wrong with the place itself is
/// told in words.
pub trait StoryPlace {
    /// As in JSON.
    const NAME: &'static str;

    /// What time it is there.
    fn now(&self) -> Now;

    /// Switches everything on.
    fn begin(&mut self);

    /// Lets time pass until a moment.
    ///
    /// # Errors
    /// The place itself failed.
    fn run_until(&mut self, moment: Mono) -> Result<(), String>;

    /// Lets time pass until nothing has been under way for so long, at the latest until a moment.
    ///
    /// # Errors
    /// The place itself failed.
    fn run_to_rest(&mut self, calm: Duration, moment: Mono) -> Result<(), String>;

    /// Has a terminal sign in.
    fn sign_in(&mut self, terminal: usize);

    /// From now on this may go wrong.
    fn arm(&mut self, armed: &Armed);

    /// Has a terminal make a transaction.
    ///
    /// # Errors
    /// The order names what the terminal does not have.
    fn order(&mut self, terminal: usize, order: Order) -> Result<(), String>;

    /// The gateway is killed, and starts again.
    ///
    /// # Errors
    /// It does not start again.
    fn restart(&mut self) -> Result<(), String>;

    /// The connection between gateway and acquirer breaks.
    fn cut_link(&mut self);

    /// How many terminals there are.
    fn terminals(&self) -> usize;

    /// What a terminal has in its book at this place, from 0.
    fn receipt(&self, terminal: usize, nth: usize) -> Option<Receipt>;

    /// What passed so far is of no interest.
    fn forget_passages(&mut self);

    /// Stops all three, and gives what they leave.
    ///
    /// # Errors
    /// One of them did not end in good order.
    fn end(self) -> Result<StoryEnd, String>;
}

/// What a story leaves.
#[derive(Debug)]
pub struct StoryEnd {
    /// When it ended.
    pub at: Now,
    /// What passed since the story began.
    pub passages: Vec<Passage>,
    /// The journal.
    pub records: Vec<Record>,
    /// The terminals.
    pub terminals: Vec<TestTerminal>,
    /// The acquirer.
    pub acquirer: Acquirer,
    /// The rules of the wire that did not hold.
    pub broken: Vec<String>,
}

fn told(error: JournalError) -> String {
    format!("the journal failed: {error}")
}

impl StoryPlace for World {
    const NAME: &'static str = "virtual";

    fn now(&self) -> Now {
        Self::now(self)
    }

    fn begin(&mut self) {
        Self::begin(self);
    }

    fn run_until(&mut self, moment: Mono) -> Result<(), String> {
        Self::run_until(self, moment).map_err(told)
    }

    fn run_to_rest(&mut self, calm: Duration, moment: Mono) -> Result<(), String> {
        Self::run_to_rest(self, calm, moment).map_err(told)
    }

    fn sign_in(&mut self, terminal: usize) {
        Self::sign_in(self, terminal);
    }

    fn arm(&mut self, armed: &Armed) {
        Self::arm(self, armed);
    }

    fn order(&mut self, terminal: usize, order: Order) -> Result<(), String> {
        Self::order(self, terminal, order).map_err(|wrong| wrong.to_string())
    }

    fn restart(&mut self) -> Result<(), String> {
        self.kill();
        Ok(())
    }

    fn cut_link(&mut self) {
        Self::cut_link(self);
    }

    fn terminals(&self) -> usize {
        (0..)
            .take_while(|at| self.terminal_at(*at).is_some())
            .count()
    }

    fn receipt(&self, terminal: usize, nth: usize) -> Option<Receipt> {
        let terminal = self.terminal_at(terminal)?;
        terminal.receipts().list().get(nth).cloned()
    }

    fn forget_passages(&mut self) {
        drop(self.passages());
    }

    fn end(mut self) -> Result<StoryEnd, String> {
        let at = Self::now(&self);
        let passages = self.passages();
        let left = self.stop().map_err(told)?;
        let records = left.map(|left| read_all(&left.disk)).unwrap_or_default();
        let broken = self.violations().iter().map(ToString::to_string).collect();
        let (terminals, acquirer) = self.into_ends();
        Ok(StoryEnd {
            at,
            passages,
            records,
            terminals,
            acquirer,
            broken,
        })
    }
}
