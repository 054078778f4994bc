//! What survives a loss of power: the receipts, the trace number, and what is unfinished.

use crate::engine::seam::{Dice, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{Amount, AuthCode, ResponseCode, Rrn, Stan, Text};
use crate::iso::spec::{Kind, Purpose, ReversalCause};
use crate::lab::peer::Totals;
use crate::lab::peer::names::next_batch;
use crate::lab::peer::totals::BatchTotals;
use std::time::Duration;

/// What the terminal believes of one of its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalBelief {
    /// Not finished: sent and not answered, or its reversal is on its way.
    Open,
    /// Approved, receipt printed.
    Approved,
    /// Refused; nothing moved.
    Declined,
    /// Reversed; not proven where the answer was that there is no original.
    Reversed {
        /// The reversal was booked (00).
        proven: bool,
    },
    /// Its reversal was given up: the slip says to call the acquirer.
    GivenUp,
    /// No answer, and nothing will be done about it here.
    Unknown,
}

/// One transaction in the terminal's own book.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// DE 11.
    pub stan: Stan,
    /// Its batch; empty where the dialect has none.
    pub batch: Text<6>,
    /// The kind, by its name in the dialect.
    pub kind: Text<24>,
    /// What it is for.
    pub purpose: Purpose,
    /// DE 4.
    pub amount: Amount,
    /// Which card of the deck.
    pub card: usize,
    /// When it was begun.
    pub at: Wall,
    /// The earlier one that it refers to.
    pub original: Option<usize>,
    /// What is believed.
    pub belief: TerminalBelief,
    /// DE 39 of the answer.
    pub code: Option<ResponseCode>,
    /// DE 37 of the answer.
    pub rrn: Option<Rrn>,
    /// DE 38 of the answer.
    pub auth: Option<AuthCode>,
    /// A later one refers to it, and is not known to have failed.
    pub touched: bool,
}

/// What the terminal prints at the end of a transaction.
#[derive(Clone, Debug)]
pub struct Slip {
    /// The transaction.
    pub receipt: Receipt,
    /// How long it took from its request to this slip.
    pub took: Duration,
}

/// What must be done before the next transaction.
#[derive(Clone, Debug)]
pub(super) struct Unfinished {
    pub receipt: usize,
    /// What is sent: the reversal, or the advice again.
    pub message: Message,
    /// Why it is reversed; none for an advice, which is only repeated.
    pub cause: Option<ReversalCause>,
    /// How often it was sent.
    pub tries: u32,
    /// It only asks what became of the payment; this is its reversal, should asking not help.
    pub asks: Option<Box<Message>>,
}

/// The terminal's durable journal. All in it survives a loss of power; nothing else does.
#[derive(Clone, Debug)]
pub struct Receipts {
    list: Vec<Receipt>,
    pub(super) last: Stan,
    pub(super) batch: Text<6>,
    pub(super) unfinished: Option<Unfinished>,
    /// The records of the batch are being uploaded.
    pub(super) upload: Option<BatchUpload>,
    /// One that a fault keeps out of the totals of the batch.
    left_out: Option<usize>,
}

/// How far the upload of a batch has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BatchUpload {
    /// So many records are taken.
    pub taken: usize,
    /// So many are under way.
    pub sent: usize,
    /// So many messages were sent for it.
    pub tries: u32,
    /// So many of them were refused.
    pub refused: u32,
}

impl Receipts {
    pub(super) fn new(batch: Text<6>) -> Self {
        Self {
            list: Vec::new(),
            last: Stan(0),
            batch,
            unfinished: None,
            upload: None,
            left_out: None,
        }
    }

    /// In the order they were begun.
    #[must_use]
    pub fn list(&self) -> &[Receipt] {
        &self.list
    }

    /// A trace number never used before in this batch.
    pub(super) fn next_stan(&mut self) -> Stan {
        self.last = self.last.next();
        self.last
    }

    /// The batch is settled: the next one begins, where the dialect has batches.
    pub(super) fn begin_batch(&mut self) {
        self.upload = None;
        self.left_out = None;
        if !self.batch.is_empty() {
            self.batch = next_batch(self.batch);
        }
    }

    pub(super) fn open(
        &mut self,
        kind: &Kind,
        stan: Stan,
        amount: Amount,
        card: usize,
        at: Wall,
    ) -> usize {
        self.list.push(Receipt {
            stan,
            batch: self.batch,
            kind: kind.name,
            purpose: kind.purpose,
            amount,
            card,
            at,
            original: None,
            belief: TerminalBelief::Open,
            code: None,
            rrn: None,
            auth: None,
            touched: false,
        });
        self.list.len() - 1
    }

    /// Notes that one refers to an earlier one, which is then left alone if money moves.
    pub(super) fn refer(&mut self, at: usize, original: usize, moves_money: bool) {
        if let Some(earlier) = self.list.get_mut(original) {
            earlier.touched |= moves_money;
            if let Some(receipt) = self.list.get_mut(at) {
                receipt.original = Some(original);
            }
        }
    }

    /// The answer is in: the belief changes and nothing is left to do for it.
    pub(super) fn close(&mut self, at: usize, belief: TerminalBelief) -> Option<&Receipt> {
        self.unfinished
            .take_if(|unfinished| unfinished.receipt == at);
        let receipt = self.list.get_mut(at)?;
        receipt.belief = belief;
        let failed = matches!(
            belief,
            TerminalBelief::Declined | TerminalBelief::Reversed { .. }
        );
        if let Some(original) = receipt
            .original
            .filter(|_| failed && receipt.purpose.moves_money())
        {
            self.list.get_mut(original)?.touched = false;
        }
        self.list.get(at)
    }

    /// An approved one that nothing refers to is open again, since it is going to be reversed.
    pub(super) fn reopen(&mut self, at: usize) -> bool {
        let batch = self.batch;
        let receipt = self.list.get_mut(at);
        let Some(receipt) = receipt.filter(|receipt| receipt.is_returnable(batch)) else {
            return false;
        };
        receipt.belief = TerminalBelief::Open;
        true
    }

    pub(super) fn get(&self, at: usize) -> Option<&Receipt> {
        self.list.get(at)
    }

    pub(super) fn answered(&mut self, at: usize, answer: &Message) {
        if let Some(receipt) = self.list.get_mut(at) {
            receipt.code = answer.response_code();
            receipt.rrn = answer.rrn();
            receipt.auth = answer.auth_code();
        }
    }

    /// Where the approved transaction of a trace number stands, if nothing refers to it yet.
    pub(super) fn by_stan(&self, stan: Stan) -> Option<usize> {
        let fits = |receipt: &Receipt| receipt.stan == stan && receipt.is_returnable(self.batch);
        self.list.iter().rposition(fits)
    }

    /// One of the last approved transactions of a kind that nothing refers to yet.
    pub(super) fn returnable(&self, kind: &str, dice: &mut Dice) -> Option<&Receipt> {
        let recent = self.list.iter().rev().take(64);
        let fits = |receipt: &&Receipt| &*receipt.kind == kind && receipt.is_returnable(self.batch);
        let found: Vec<&Receipt> = recent.filter(fits).collect();
        dice.pick(&found).copied()
    }

    /// What is unknown and nobody works on, as after a loss of power.
    pub(super) fn abandon(&mut self) {
        let kept = self
            .unfinished
            .as_ref()
            .map(|unfinished| unfinished.receipt);
        for (at, receipt) in self.list.iter_mut().enumerate() {
            if receipt.belief == TerminalBelief::Open && Some(at) != kept {
                receipt.belief = TerminalBelief::Unknown;
            }
        }
    }

    /// What the terminal believes it took, and gave back.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for receipt in self
            .list
            .iter()
            .filter(|receipt| receipt.belief == TerminalBelief::Approved)
        {
            match receipt.purpose {
                Purpose::Debit | Purpose::Hold => totals.taken += receipt.amount.0,
                Purpose::Void | Purpose::Refund => totals.returned += receipt.amount.0,
                _ => {}
            }
            // A completion releases the hold that it completes.
            let released = receipt
                .original
                .filter(|_| receipt.purpose == Purpose::Debit);
            let hold = released.and_then(|original| self.list.get(original));
            totals.returned += hold.map_or(0, |hold| hold.amount.0);
        }
        totals
    }

    /// What a settlement of the batch tells.
    pub(super) fn batch_totals(&self) -> BatchTotals {
        let mut totals = BatchTotals::default();
        for receipt in self.of_batch() {
            let about = receipt.original.and_then(|at| self.list.get(at));
            totals.add(
                receipt.purpose,
                about.map(|about| about.purpose),
                receipt.amount.0,
            );
        }
        totals
    }

    /// What the terminal counts in its batch.
    fn of_batch(&self) -> impl Iterator<Item = &Receipt> {
        let counted = self.list.iter().enumerate().filter(|(at, receipt)| {
            receipt.belief == TerminalBelief::Approved
                && receipt.batch == self.batch
                && self.left_out != Some(*at)
        });
        counted.map(|(_, receipt)| receipt)
    }

    /// The records of a batch upload: what moved money for good, in the order it was made.
    pub(super) fn records(&self) -> impl Iterator<Item = &Receipt> {
        let stands = |receipt: &&Receipt| {
            matches!(
                receipt.purpose,
                Purpose::Debit | Purpose::Void | Purpose::Refund
            )
        };
        self.of_batch().filter(stands)
    }

    /// From now on the last sale of the batch is in no total and no record.
    pub(super) fn leave_one_out(&mut self) {
        let counts = |receipt: &Receipt| {
            receipt.belief == TerminalBelief::Approved
                && receipt.purpose == Purpose::Debit
                && receipt.batch == self.batch
        };
        self.left_out = self.list.iter().rposition(counts);
    }

    /// Where the last transaction of a trace number stands, whatever became of it.
    pub(super) fn last_of(&self, stan: Stan) -> Option<usize> {
        self.list.iter().rposition(|receipt| receipt.stan == stan)
    }

    /// Those whose money the terminal cannot know: open, given up, unknown.
    pub fn unsure(&self) -> impl Iterator<Item = &Receipt> {
        self.list.iter().filter(|receipt| {
            receipt.purpose.moves_money()
                && matches!(
                    receipt.belief,
                    TerminalBelief::Open | TerminalBelief::GivenUp | TerminalBelief::Unknown
                )
        })
    }
}

impl Receipt {
    fn is_returnable(&self, batch: Text<6>) -> bool {
        self.belief == TerminalBelief::Approved && !self.touched && self.batch == batch
    }
}
