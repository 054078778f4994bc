//! Batches as the messages tell them: what a terminal counts when it settles, what its host says of
//! it, and what this journal saw it sell since a settlement of that batch was in balance before.
//!
//! Transactions come newest first, so that a settlement comes before what it counts. A settlement
//! that was not in balance ends nothing: the next one of its batch counts the same sales again.

use super::class::ReconClass;
use super::reconciler::ReconRow;
use crate::engine::evidence::FiledKeys;
use crate::engine::record::{HostBalance, Opened, Seq, SettlementTotals, State, TxId};
use crate::engine::trace::{Phrase, Said, Settlement, Story, balance_said, batch_number, in_words};
use crate::iso::message::{Amount, MerchantId, TerminalId, Text};
use crate::iso::spec::Purpose;
use std::collections::{BTreeMap, VecDeque};

/// So many transactions of a batch are known one by one; of a larger one only the sums.
const KNOWN: usize = 2_000;

/// So many settlements of a terminal are held; the newest is told first.
const HELD: usize = 8;

/// The settlements that are not told yet, newest first.
#[derive(Debug, Default)]
pub(super) struct SettledBatches(BTreeMap<(MerchantId, TerminalId), VecDeque<SettledBatch>>);

/// A settlement, and what is known so far of its batch.
#[derive(Debug)]
struct SettledBatch {
    tx: TxId,
    /// Its first record: what was approved later, it could not count.
    first: Seq,
    keys: FiledKeys,
    batch: Text<6>,
    currency: Text<3>,
    told: Settlement,
    /// Whether the batch is over by it: in balance, and its terminal was told so.
    ends: bool,
    own: SettlementTotals,
    /// What stood when it was asked for.
    counted: Vec<BatchPart>,
    /// What did not stand then, though money may be in it.
    uncounted: Vec<BatchPart>,
    /// What stood then, and was reversed afterwards.
    reversed: Vec<TxId>,
    /// Whether something is in it of which it is not known how a terminal counts it.
    unsure: bool,
}

/// A transaction of a batch.
#[derive(Clone, Copy, Debug)]
struct BatchPart {
    tx: TxId,
    amount: Amount,
    is_credit: bool,
}

impl SettledBatches {
    /// Takes the next older transaction; a settlement in balance ends those of its batch that came
    /// after it, whose rows it gives.
    pub(super) fn take(&mut self, story: &Story) -> Vec<ReconRow> {
        let Some(opened) = &story.opened else {
            return Vec::new();
        };
        let terminal = (opened.merchant, opened.terminal);
        if opened.purpose != Purpose::Settlement {
            for batch in self.0.get_mut(&terminal).into_iter().flatten() {
                batch.count(story, opened);
            }
            return Vec::new();
        }
        let Some(settled) = SettledBatch::of(story, opened) else {
            return Vec::new();
        };
        let held = self.0.entry(terminal).or_default();
        let mut told = Vec::new();
        if settled.ends {
            let older = std::mem::take(held).into_iter();
            let (ended, others): (VecDeque<_>, _) =
                older.partition(|newer| newer.batch == settled.batch);
            *held = others;
            told.extend(
                ended
                    .into_iter()
                    .map(|newer| match newer.repeats(&settled) {
                        true => newer.again(),
                        false => newer.row(true),
                    }),
            );
        }
        held.push_back(settled);
        if held.len() > HELD {
            // What it counts lies between it and the eight that came before it.
            told.extend(held.pop_front().map(|newest| newest.row(true)));
        }
        told
    }

    /// Those whose beginning lies before what was looked at; `whole` if that is all there is.
    pub(super) fn finish(&mut self, whole: bool) -> Vec<ReconRow> {
        let left = std::mem::take(&mut self.0).into_values().flatten();
        left.map(|batch| batch.row(whole)).collect()
    }
}

impl SettledBatch {
    fn of(story: &Story, opened: &Opened) -> Option<Self> {
        let told = story.settlement?;
        let delivered = matches!(story.state, State::Delivered | State::Confirmed);
        Some(Self {
            ends: delivered && told.host == HostBalance::Balanced,
            tx: story.tx,
            first: story.moments.first()?.seq,
            keys: story.filed_keys(),
            batch: opened.batch,
            currency: opened.currency,
            told,
            own: SettlementTotals::default(),
            counted: Vec::new(),
            uncounted: Vec::new(),
            reversed: Vec::new(),
            unsure: false,
        })
    }

    fn count(&mut self, story: &Story, opened: &Opened) {
        let amount = story.granted.unwrap_or(opened.amount);
        if amount.0 == 0 || opened.batch != self.batch {
            return;
        }
        let is_credit = match opened.purpose {
            Purpose::Debit => false,
            Purpose::Refund => true,
            // A released hold was counted nowhere.
            Purpose::Void if !opened.kind.contains("preauth") => true,
            Purpose::Advice => {
                self.unsure = true;
                return;
            }
            _ => return,
        };
        if self.currency.is_empty() {
            // Where a settlement names none, it is that of what it counts.
            self.currency = opened.currency;
        }
        self.unsure |= opened.currency != self.currency || story.taken_back_in_part;
        let then = story.moments.iter().rev();
        let then = then.filter(|moment| moment.seq < self.first);
        let stood = then.map(|moment| moment.state).next().is_some_and(stands);
        let part = BatchPart {
            tx: story.tx,
            amount,
            is_credit,
        };
        if !stood {
            return keep(&mut self.uncounted, part);
        }
        let own = &mut self.own;
        let (count, sum) = match is_credit {
            true => (&mut own.credits, &mut own.credit_sum),
            false => (&mut own.debits, &mut own.debit_sum),
        };
        *count = count.saturating_add(1);
        sum.0 = sum.0.saturating_add(amount.0);
        keep(&mut self.counted, part);
        if !stands(story.state) && self.reversed.len() < KNOWN {
            self.reversed.push(story.tx);
        }
    }

    /// Whether it asks once more what was in balance before, with nothing between.
    fn repeats(&self, older: &Self) -> bool {
        let balanced = self.told.host == HostBalance::Balanced;
        balanced && self.counted.is_empty() && self.told.totals == older.told.totals
    }

    /// The transaction that alone makes the difference, if there is one and no other.
    fn differing(&self, told: &SettlementTotals) -> Option<TxId> {
        let signed = |sum: Amount| i128::from(sum.0);
        let debits = signed(self.own.debit_sum) - signed(told.debit_sum);
        let credits = signed(self.own.credit_sum) - signed(told.credit_sum);
        let (by, is_credit) = match (debits, credits) {
            (by, 0) => (by, false),
            (0, by) => (by, true),
            _ => return None,
        };
        let known = match by > 0 {
            true => &self.counted,
            false => &self.uncounted,
        };
        let fits =
            |part: &&BatchPart| part.is_credit == is_credit && signed(part.amount) == by.abs();
        let mut fit = known.iter().filter(fits);
        match (fit.next(), fit.next()) {
            (Some(part), None) => Some(part.tx),
            _ => None,
        }
    }

    /// The row of one that was asked once more.
    fn again(self) -> ReconRow {
        let text = Phrase::new(
            "batch{batch}: settled once more, nothing in between",
            "批次{batch}: 重复结算, 期间无交易",
        );
        let said = text.fill(&[("batch", batch_number(self.batch))]);
        ReconRow {
            class: ReconClass::Matched,
            tx: Some(self.tx),
            keys: self.keys,
            ours: None,
            theirs: None,
            said,
        }
    }

    fn row(self, whole: bool) -> ReconRow {
        let told = self.told.totals.filter(|_| whole && !self.unsure);
        let same = told.map(|told| told == self.own);
        let host = self.told.host;
        let class = match (same, host) {
            (Some(false), _) => ReconClass::Totals,
            (_, HostBalance::Differs | HostBalance::Failed) => ReconClass::Totals,
            _ if !self.reversed.is_empty() => ReconClass::Totals,
            (Some(true), HostBalance::Balanced) => ReconClass::Matched,
            (None, _) | (_, HostBalance::Unsaid) => ReconClass::NotCompared,
        };
        let words = |totals: &SettlementTotals| in_words(totals, self.currency);
        let untold = Phrase::new("totals not told", "未给出总计").plain();
        let values = [
            ("batch", batch_number(self.batch)),
            ("told", self.told.totals.as_ref().map_or(untold, words)),
            ("own", words(&self.own)),
            ("host", balance_said(host).plain()),
        ];
        let text = match same {
            None => Phrase::new(
                "batch{batch}: the terminal counts {told}; acquirer: {host}; not held against this \
                 journal",
                "批次{batch}: 终端统计{told}; 收单机构: {host}; 未与本日志比对",
            ),
            Some(true) => Phrase::new(
                "batch{batch}: terminal and journal count {told}; acquirer: {host}",
                "批次{batch}: 终端与日志均为{told}; 收单机构: {host}",
            ),
            Some(false) => Phrase::new(
                "batch{batch}: the terminal counts {told}, this journal {own}; acquirer: {host}",
                "批次{batch}: 终端统计{told}, 本日志{own}; 收单机构: {host}",
            ),
        };
        let mut said = text.fill(&values);
        let differing = told.filter(|_| same == Some(false));
        if let Some(tx) = differing.and_then(|told| self.differing(&told)) {
            let alone = Phrase::new("{tx} alone makes the difference", "差异恰为{tx}一笔");
            said = said.and(&alone.fill(&[("tx", Said::same(tx.to_string()))]));
        }
        for tx in &self.reversed {
            let after = Phrase::new("{tx} was reversed after it", "{tx}在结算之后被冲正");
            said = said.and(&after.fill(&[("tx", Said::same(tx.to_string()))]));
        }
        let shown = |totals: &SettlementTotals| match told {
            Some(told) if told.debit_sum == self.own.debit_sum => totals.credit_sum,
            _ => totals.debit_sum,
        };
        ReconRow {
            class,
            tx: Some(self.tx),
            keys: self.keys,
            ours: told.map(|_| match same {
                Some(true) => self.own.debit_sum,
                _ => shown(&self.own),
            }),
            theirs: self.told.totals.map(|told| match same {
                Some(false) => shown(&told),
                _ => told.debit_sum,
            }),
            said,
        }
    }
}

fn keep(known: &mut Vec<BatchPart>, part: BatchPart) {
    if known.len() < KNOWN {
        known.push(part);
    }
}

/// Whether an approval stands: what was voided or refunded counts beside what gave it back.
const fn stands(state: State) -> bool {
    matches!(
        state,
        State::Delivered | State::Confirmed | State::Returned | State::DeliveryUnproven
    )
}
