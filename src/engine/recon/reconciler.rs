//! Takes the transactions of a journal one by one, and then what is left in the files.

use super::batches;
use super::class::ReconClass;
use super::sums::{ReconSum, ReconSums};
use crate::engine::evidence::{
    AcquirerIs, AcquirerRow, EvidenceIndex, FiledKeys, Matched, NamedRow, PayoutRow, TerminalIs,
    TerminalRow, TotalsRow,
};
use crate::engine::record::{State, TxId};
use crate::engine::seam::Wall;
use crate::engine::trace::{Phrase, Said, Story, Verdict, filed_amount};
use crate::iso::message::{Amount, TerminalId, Text};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;
use std::time::Duration;

/// A line of the report: a transaction, or a row of a file that belongs to none.
#[derive(Clone, Debug)]
pub struct ReconRow {
    /// What it is.
    pub class: ReconClass,
    /// Its transaction, if it has one here.
    pub tx: Option<TxId>,
    /// Its names.
    pub keys: FiledKeys,
    /// The amount in the messages, minor units.
    pub ours: Option<Amount>,
    /// The amount in the file.
    pub theirs: Option<Amount>,
    /// What it says, in both languages.
    pub said: Said,
}

/// Sums of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BatchSum {
    debits: u64,
    debit_sum: u64,
    credits: u64,
    credit_sum: u64,
}

/// What a pay-out covers of what was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Covered {
    count: usize,
    sum: u64,
}

/// The journal and the files side by side.
#[derive(Debug)]
pub struct Reconciler<'e> {
    index: &'e EvidenceIndex<'e>,
    sums: ReconSums,
    acquirer_used: Vec<bool>,
    terminal_used: Vec<bool>,
    payouts: Vec<Covered>,
    batches: BTreeMap<(TerminalId, Text<6>), BatchSum>,
    span: Option<(Wall, Wall)>,
    /// Whether there was a settlement.
    told: bool,
}

/// Around the cut-over two books may put one transaction into different days.
const CUT_OVER: Duration = Duration::from_secs(600);

impl<'e> Reconciler<'e> {
    /// With these files.
    #[must_use]
    pub fn new(index: &'e EvidenceIndex<'e>) -> Self {
        let evidence = index.evidence();
        let len = |rows: Option<usize>| vec![false; rows.unwrap_or(0)];
        Self {
            index,
            sums: ReconSums::default(),
            acquirer_used: len(evidence.acquirer.as_ref().map(Vec::len)),
            terminal_used: len(evidence.terminal.as_ref().map(Vec::len)),
            payouts: vec![Covered::default(); evidence.payout.as_ref().map_or(0, Vec::len)],
            batches: BTreeMap::new(),
            span: None,
            told: false,
        }
    }

    /// Takes the next older transaction with what was judged of it, and gives its row, if money is
    /// in it, or if it is a settlement.
    pub fn take(&mut self, story: &Story, verdict: &Verdict) -> Option<ReconRow> {
        let Some(row) = batches::row(story) else {
            return self.transaction(story, verdict);
        };
        self.told = true;
        let sum = |amount: Option<Amount>| amount.unwrap_or_default().0;
        self.sums.add(row.class, sum(row.ours), sum(row.theirs));
        Some(row)
    }

    fn transaction(&mut self, story: &Story, verdict: &Verdict) -> Option<ReconRow> {
        let purpose = story.purpose()?;
        if !self.index.evidence().has_rows() {
            return None;
        }
        if !matches!(purpose, Purpose::Debit | Purpose::Hold | Purpose::Refund) {
            self.mark(story, &story.filed_keys());
            return None;
        }
        let (first, last) = self.span.unwrap_or((story.began, story.began));
        self.span = Some((first.min(story.began), last.max(story.began)));
        let keys = story.filed_keys();
        let theirs = self.mark(story, &keys);
        let ours = verdict.amount;
        if stands(story.state) {
            self.count(story, purpose, ours);
        }
        let class = self.class(story, verdict, &keys, theirs);
        let (own, filed) = match class {
            ReconClass::Nothing => (Amount(0), Amount(0)),
            ReconClass::Short
            | ReconClass::InFlight
            | ReconClass::Outside
            | ReconClass::Doubtful => (ours, theirs.unwrap_or_default()),
            // One that the acquirer's file lacks is in another one, which says as much.
            _ => (ours, theirs.unwrap_or(ours)),
        };
        self.sums.add(class, own.0, filed.0);
        Some(ReconRow {
            class,
            tx: Some(story.tx),
            keys,
            ours: Some(ours),
            theirs,
            said: verdict.verdict.clone(),
        })
    }

    /// Whether there was anything to compare: a settlement among the messages.
    #[must_use]
    pub const fn has_batches(&self) -> bool {
        self.told
    }

    /// Marks the rows of a transaction as found; the amount that the acquirer's file has.
    fn mark(&mut self, story: &Story, keys: &FiledKeys) -> Option<Amount> {
        if let Matched::Rows(rows) = self.index.terminal(keys) {
            mark(&mut self.terminal_used, rows.iter().map(|(at, _)| *at));
        }
        if let Matched::Rows(rows) = self.index.payout(keys) {
            for (at, _) in rows {
                if let Some(covered) = self.payouts.get_mut(at) {
                    covered.count += 1;
                    covered.sum = covered.sum.saturating_add(keys.amount.0);
                }
            }
        }
        let Matched::Rows(rows) = self.index.acquirer(keys) else {
            return None;
        };
        mark(&mut self.acquirer_used, rows.iter().map(|(at, _)| *at));
        filed_amount(story, &rows)
    }

    /// Counts what stands into its batch.
    fn count(&mut self, story: &Story, purpose: Purpose, amount: Amount) {
        let Some(opened) = &story.opened else {
            return;
        };
        if self.index.evidence().totals.is_none() {
            return;
        }
        let batch = self.batches.entry((opened.terminal, opened.batch));
        let batch = batch.or_default();
        match purpose {
            Purpose::Debit => {
                batch.debits += 1;
                batch.debit_sum = batch.debit_sum.saturating_add(amount.0);
            }
            Purpose::Refund => {
                batch.credits += 1;
                batch.credit_sum = batch.credit_sum.saturating_add(amount.0);
            }
            _ => {}
        }
    }

    fn class(
        &self,
        story: &Story,
        verdict: &Verdict,
        keys: &FiledKeys,
        theirs: Option<Amount>,
    ) -> ReconClass {
        let told = verdict
            .causes
            .iter()
            .find_map(|cause| ReconClass::of(*cause));
        match told {
            // The file has later rows: only the time of the cut-over excuses it.
            Some(ReconClass::Short)
                if theirs.is_none() && self.index.is_at_cut_over(keys, CUT_OVER) =>
            {
                ReconClass::InFlight
            }
            Some(class) => class,
            None if verdict.open => ReconClass::Doubtful,
            None if !stands(story.state) => ReconClass::Nothing,
            None if theirs.is_some() => ReconClass::Matched,
            None if self.is_at_cut_over(keys) => ReconClass::InFlight,
            None => ReconClass::Outside,
        }
    }

    /// Whether it was made as the acquirer's day ended: soon after the last row of its file, or
    /// close to the time that the merchant's settings name.
    fn is_at_cut_over(&self, keys: &FiledKeys) -> bool {
        let Some(at) = keys.at else {
            return false;
        };
        let near_end = self.index.acquirer_ends();
        near_end.is_some_and(|end| at >= end && at - end <= CUT_OVER)
            || self.index.is_at_cut_over(keys, CUT_OVER)
    }

    /// What is left in the files, once all transactions of the journal were taken.
    pub fn finish(&mut self) -> Vec<ReconRow> {
        let mut rows = Vec::new();
        let evidence = self.index.evidence();
        let left = left(evidence.acquirer.as_deref(), &self.acquirer_used);
        let booked = left.filter(|row| row.is == AcquirerIs::Booked);
        let booked: Vec<&AcquirerRow> = booked.filter(|row| self.is_in_span(row.at)).collect();
        let text = Phrase::new(
            "in the acquirer's file, not in this journal",
            "收单机构文件有记录, 本日志无记录",
        );
        for row in booked {
            rows.push(self.stranger(ReconClass::Long, row.keys(), text));
        }
        let left = self::left(evidence.terminal.as_deref(), &self.terminal_used);
        let approved = left.filter(|row| row.is == TerminalIs::Approved);
        let approved: Vec<&TerminalRow> = approved.filter(|row| self.is_in_span(row.at)).collect();
        let text = Phrase::new(
            "in the terminal's batch, not in this journal",
            "终端批次有记录, 本日志无记录",
        );
        for row in approved {
            rows.push(self.stranger(ReconClass::Long, row.keys(), text));
        }
        for (at, row) in evidence.payout.iter().flatten().enumerate() {
            rows.extend(self.payout(at, row));
        }
        for row in evidence.totals.iter().flatten() {
            rows.extend(self.totals(row));
        }
        rows
    }

    /// Whether something at this time would be in the journal.
    fn is_in_span(&self, at: Option<Wall>) -> bool {
        at.zip(self.span)
            .is_none_or(|(at, (first, last))| first <= at && at <= last)
    }

    fn stranger(&mut self, class: ReconClass, keys: FiledKeys, text: Phrase) -> ReconRow {
        self.sums.add(class, 0, keys.amount.0);
        ReconRow {
            class,
            tx: None,
            ours: None,
            theirs: Some(keys.amount),
            keys,
            said: text.plain(),
        }
    }

    /// A pay-out whose sums do not add up, by itself or with what it covers.
    fn payout(&mut self, at: usize, row: &PayoutRow) -> Option<ReconRow> {
        let covered = self.payouts.get(at).copied().unwrap_or_default();
        let less = row.fee.0.saturating_add(row.deducted.0);
        let sums = row.gross.0 == row.net.0.saturating_add(less);
        let whole = covered.count == row.covers.len() && covered.count > 0;
        if sums && (!whole || covered.sum == row.gross.0) {
            return None;
        }
        let text = match sums {
            false => Phrase::new(
                "the pay-out does not add up: net, fee and deductions are not its gross",
                "划付金额不平: 净额、手续费与扣款之和不等于交易金额",
            ),
            true => Phrase::new(
                "the pay-out's gross is not the sum of what it covers",
                "划付交易金额与所含交易之和不符",
            ),
        };
        let keys = FiledKeys {
            merchant: row.merchant,
            rrn: row.covers.first().copied().unwrap_or_default(),
            amount: row.gross,
            ..FiledKeys::default()
        };
        self.sums
            .add(ReconClass::OtherAmount, covered.sum, row.gross.0);
        Some(ReconRow {
            class: ReconClass::OtherAmount,
            tx: None,
            keys,
            ours: whole.then_some(Amount(covered.sum)),
            theirs: Some(row.gross),
            said: text.plain(),
        })
    }

    /// A batch whose totals differ.
    fn totals(&mut self, row: &TotalsRow) -> Option<ReconRow> {
        let own = self.batches.get(&(row.terminal, row.batch));
        let own = own.copied().unwrap_or_default();
        let theirs = BatchSum {
            debits: row.debit_count,
            debit_sum: row.debit_sum.0,
            credits: row.credit_count,
            credit_sum: row.credit_sum.0,
        };
        if own == theirs {
            return None;
        }
        let text = Phrase::new(
            "batch {batch}: the terminal counts {td} debits, {tc} credits; the journal {jd}, {jc}",
            "批次{batch}: 终端借记{td}笔、贷记{tc}笔, 日志借记{jd}笔、贷记{jc}笔",
        );
        let number = |number: u64| Said::same(number.to_string());
        let said = text.fill(&[
            ("batch", Said::same(row.batch.to_string())),
            ("td", number(theirs.debits)),
            ("tc", number(theirs.credits)),
            ("jd", number(own.debits)),
            ("jc", number(own.credits)),
        ]);
        self.sums
            .add(ReconClass::Totals, own.debit_sum, theirs.debit_sum);
        Some(ReconRow {
            class: ReconClass::Totals,
            tx: None,
            keys: FiledKeys {
                terminal: row.terminal,
                merchant: row.merchant,
                ..FiledKeys::default()
            },
            ours: Some(Amount(own.debit_sum)),
            theirs: Some(row.debit_sum),
            said,
        })
    }

    /// How many and how much, by class.
    pub fn sums(&self) -> impl Iterator<Item = (ReconClass, ReconSum)> {
        self.sums.iter()
    }
}

fn mark(used: &mut [bool], places: impl Iterator<Item = usize>) {
    for at in places {
        if let Some(used) = used.get_mut(at) {
            *used = true;
        }
    }
}

/// The rows of a file that belong to no transaction.
fn left<'e, R>(rows: Option<&'e [R]>, used: &[bool]) -> impl Iterator<Item = &'e R> {
    let rows = rows.unwrap_or_default().iter().zip(used.to_vec());
    rows.filter_map(|(row, used)| (!used).then_some(row))
}

/// Whether an approval stands, by the messages.
const fn stands(state: State) -> bool {
    matches!(
        state,
        State::Delivered | State::Confirmed | State::Settled | State::DeliveryUnproven
    )
}
