//! Batches as the messages tell them: what a terminal counts when it settles, what its host says of
//! it, and what this journal saw it sell since it settled before.
//!
//! Transactions come newest first, so that a settlement comes before what it counts, and of each
//! terminal only one batch is held at a time.

use super::class::ReconClass;
use super::reconciler::ReconRow;
use crate::engine::evidence::FiledKeys;
use crate::engine::record::{HostBalance, SettlementTotals, State, TxId};
use crate::engine::trace::{Phrase, Said, Settlement, Story, in_words};
use crate::iso::message::{Amount, MerchantId, TerminalId, Text};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;

/// So many transactions of a batch are known one by one; of a larger one only the sums.
const KNOWN: usize = 2_000;

/// A settlement, and what is known so far of its batch.
#[derive(Debug)]
struct SettledBatch {
    tx: TxId,
    keys: FiledKeys,
    batch: Text<6>,
    currency: Text<3>,
    told: Settlement,
    own: SettlementTotals,
    /// What this journal counts.
    counted: Vec<(TxId, Amount)>,
    /// What it does not count, though money may be in it.
    uncounted: Vec<(TxId, Amount)>,
    /// Whether something is in it of which it is not known whether a terminal counts it.
    unsure: bool,
}

/// The batches that are not told yet, one a terminal.
#[derive(Debug, Default)]
pub(super) struct SettledBatches(BTreeMap<(MerchantId, TerminalId), SettledBatch>);

impl SettledBatches {
    /// Takes the next older transaction; a settlement ends the batch behind it, whose row it gives.
    pub(super) fn take(&mut self, story: &Story) -> Option<ReconRow> {
        let opened = story.opened.as_ref()?;
        let terminal = (opened.merchant, opened.terminal);
        if opened.purpose != Purpose::Settlement {
            if let Some(batch) = self.0.get_mut(&terminal) {
                batch.count(story);
            }
            return None;
        }
        let told = story.settlement?;
        let unsaid = told.host == HostBalance::Unsaid;
        let again = self.0.get(&terminal).is_some_and(|newer| {
            let over = told.host == HostBalance::Balanced && newer.told.totals != told.totals;
            newer.batch == opened.batch && !over
        });
        if again || unsaid {
            // It was asked once more: a batch is over once it is in balance.
            return None;
        }
        let batch = SettledBatch {
            tx: story.tx,
            keys: story.filed_keys(),
            batch: opened.batch,
            currency: opened.currency,
            told,
            own: SettlementTotals::default(),
            counted: Vec::new(),
            uncounted: Vec::new(),
            unsure: false,
        };
        let newer = self.0.insert(terminal, batch)?;
        Some(newer.row(true))
    }

    /// Those whose beginning lies before what was looked at; `whole` if that is all there is.
    pub(super) fn finish(&mut self, whole: bool) -> Vec<ReconRow> {
        let left = std::mem::take(&mut self.0).into_values();
        left.map(|batch| batch.row(whole)).collect()
    }
}

impl SettledBatch {
    fn count(&mut self, story: &Story) {
        let Some(opened) = &story.opened else { return };
        let amount = story.granted.unwrap_or(opened.amount);
        let of_another = !self.batch.is_empty() && opened.batch != self.batch;
        if amount.0 == 0 || of_another {
            return;
        }
        let stood = matches!(
            story.state,
            State::Delivered | State::Confirmed | State::Returned | State::DeliveryUnproven
        );
        let own = &mut self.own;
        let (count, sum) = match opened.purpose {
            Purpose::Debit => (&mut own.debits, &mut own.debit_sum),
            Purpose::Refund => (&mut own.credits, &mut own.credit_sum),
            // A released hold was counted nowhere.
            Purpose::Void if !opened.kind.contains("preauth") => {
                (&mut own.credits, &mut own.credit_sum)
            }
            Purpose::Advice => {
                self.unsure = true;
                return;
            }
            _ => return,
        };
        let known = match stood {
            true => {
                *count = count.saturating_add(1);
                sum.0 = sum.0.saturating_add(amount.0);
                &mut self.counted
            }
            false => &mut self.uncounted,
        };
        if known.len() < KNOWN {
            known.push((story.tx, amount));
        }
    }

    /// The transaction that alone makes the difference, if there is one and no other.
    fn differing(&self, told: &SettlementTotals) -> Option<TxId> {
        let sums = |totals: &SettlementTotals| {
            let signed = |sum: Amount| i128::from(sum.0);
            (signed(totals.debit_sum), signed(totals.credit_sum))
        };
        let ((debit, credit), (told_debit, told_credit)) = (sums(&self.own), sums(told));
        let ((by, 0) | (0, by)) = (debit - told_debit, credit - told_credit) else {
            return None;
        };
        let known = if by > 0 {
            &self.counted
        } else {
            &self.uncounted
        };
        let mut fit = known
            .iter()
            .filter(|(_, amount)| i128::from(amount.0) == by.abs());
        match (fit.next(), fit.next()) {
            (Some((tx, _)), None) => Some(*tx),
            _ => None,
        }
    }

    fn row(self, whole: bool) -> ReconRow {
        let told = self.told.totals.filter(|_| whole && !self.unsure);
        let same = told.is_none_or(|told| told == self.own);
        let host = self.told.host;
        let class = match same && host == HostBalance::Balanced {
            true => ReconClass::Matched,
            false => ReconClass::Totals,
        };
        let words = |totals: &SettlementTotals| in_words(totals, self.currency);
        let values = [
            ("batch", Said::same(self.batch.to_string())),
            (
                "told",
                self.told.totals.as_ref().map(words).unwrap_or_default(),
            ),
            ("own", words(&self.own)),
            ("host", says(host).plain()),
        ];
        let differing = told
            .filter(|_| !same)
            .and_then(|told| self.differing(&told));
        let text = match (told, same) {
            (None, _) => Phrase::new(
                "batch {batch}: the terminal counts {told}; acquirer: {host}",
                "批次{batch}: 终端统计{told}; 收单机构: {host}",
            ),
            (Some(_), true) => Phrase::new(
                "batch {batch}: terminal and journal count {told}; acquirer: {host}",
                "批次{batch}: 终端与日志均为{told}; 收单机构: {host}",
            ),
            (Some(_), false) => Phrase::new(
                "batch {batch}: the terminal counts {told}, this journal {own}; acquirer: {host}",
                "批次{batch}: 终端统计{told}, 本日志{own}; 收单机构: {host}",
            ),
        };
        let mut said = text.fill(&values);
        if let Some(tx) = differing {
            let alone = Phrase::new("; {tx} alone makes the difference", "; 差异恰为{tx}一笔");
            let alone = alone.fill(&[("tx", Said::same(tx.to_string()))]);
            said = Said {
                en: said.en + &alone.en,
                zh: said.zh + &alone.zh,
            };
        }
        ReconRow {
            class,
            tx: Some(self.tx),
            keys: self.keys,
            ours: Some(self.own.debit_sum).filter(|_| told.is_some()),
            theirs: self.told.totals.map(|told| told.debit_sum),
            said,
        }
    }
}

/// What a host says of a batch.
const fn says(host: HostBalance) -> Phrase {
    match host {
        HostBalance::Balanced => Phrase::new("in balance", "对账相符"),
        HostBalance::Unsaid => Phrase::new("nothing said", "未说明"),
        HostBalance::Failed => Phrase::new("not compared", "未能核对"),
        HostBalance::Differs => Phrase::new("out of balance", "对账不平"),
    }
}
