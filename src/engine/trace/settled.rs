//! Settlements: what the terminal counts, what the host says of it, and whose batch is over by it.

use super::lang::{Phrase, Said};
use super::money::money;
use super::story::Story;
use super::texts::{self, Row};
use super::unconfirmed::Unconfirmed;
use crate::engine::record::{HostBalance, Note, Opened, SettlementTotals, State, TxId};
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;

const IN_BALANCE: Row = Row {
    verdict: Phrase::new(
        "batch {batch} in balance at the acquirer: {totals}",
        "批次{batch}对账相符: {totals}",
    ),
    next: Phrase::new("nothing to do", "无需处理"),
};
const OUT_OF_BALANCE: Row = Row {
    verdict: Phrase::new(
        "batch {batch} out of balance at the acquirer: the terminal counts {totals}",
        "批次{batch}与收单机构对账不平: 终端统计{totals}",
    ),
    next: Phrase::new(
        "upload the batch; compare both books (`isogate recon`) and raise what differs with the \
         acquirer",
        "请上送批次明细, 用 `isogate recon` 逐笔核对, 差异向收单机构提出",
    ),
};
const NOT_COMPARED: Row = Row {
    verdict: Phrase::new(
        "the acquirer could not compare batch {batch}: the terminal counts {totals}",
        "收单机构未能核对批次{batch}: 终端统计{totals}",
    ),
    next: Phrase::new(
        "settle again; if it fails again, ask the acquirer",
        "请重新结算; 仍失败请联系收单机构",
    ),
};
const TOTALS_UNTOLD: Phrase = Phrase::new("totals not told", "未给出总计");
const DEBITS: [Phrase; 3] = [
    Phrase::new("no debits", "无借记"),
    Phrase::new("1 debit {sum}", "借记1笔{sum}"),
    Phrase::new("{n} debits {sum}", "借记{n}笔{sum}"),
];
const CREDITS: [Phrase; 3] = [
    Phrase::new("no credits", "无贷记"),
    Phrase::new("1 credit {sum}", "贷记1笔{sum}"),
    Phrase::new("{n} credits {sum}", "贷记{n}笔{sum}"),
];
/// Beside a sale whose batch is settled.
pub(super) const SETTLED: Phrase = Phrase::new("batch {batch} settled", "批次{batch}已结算");

/// What a settlement says of its batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// What the terminal counts, as far as that was told.
    pub totals: Option<SettlementTotals>,
    /// What the host says of it.
    pub host: HostBalance,
}

impl Settlement {
    /// Takes what one more message says: the terminal knows its totals best, and asks first.
    pub(super) fn hear(&mut self, note: &Note) {
        if let Note::Settles { totals, host } = note {
            self.totals = self.totals.or(*totals);
            if *host != HostBalance::Unsaid {
                self.host = *host;
            }
        }
    }
}

impl Story {
    /// Whether it is a settlement whose host found that the totals differ, or did not compare them.
    #[must_use]
    pub fn is_out_of_balance(&self) -> bool {
        let differs = [HostBalance::Differs, HostBalance::Failed];
        self.settlement
            .is_some_and(|own| differs.contains(&own.host))
    }

    /// Where it stands in view of its class: as the gateway has it, or settled with its batch.
    #[must_use]
    pub fn standing(&self, class: Option<Unconfirmed>) -> State {
        let waits = matches!(class, None | Some(Unconfirmed::NotSettled));
        let told = matches!(self.state, State::Delivered | State::Confirmed);
        match waits && told && self.settled_by.is_some() {
            true => State::Settled,
            false => self.state,
        }
    }

    /// Whether it is a settlement whose host found that the totals agree.
    pub(super) fn is_in_balance(&self) -> bool {
        self.settlement
            .is_some_and(|own| own.host == HostBalance::Balanced)
    }
}

/// The row of a settlement that its host answered with a result.
pub(super) fn row(story: &Story) -> Option<Row> {
    let settlement = story.settlement?;
    if matches!(story.state, State::ClosedByOperator) {
        return Some(texts::CLOSED_BY_OPERATOR);
    }
    match settlement.host {
        HostBalance::Balanced => Some(IN_BALANCE),
        HostBalance::Differs => Some(OUT_OF_BALANCE),
        HostBalance::Failed => Some(NOT_COMPARED),
        HostBalance::Unsaid => None,
    }
}

/// The totals in words: counts and sums.
pub(super) fn totals(story: &Story) -> Said {
    let currency = story.opened.as_ref().map(|opened| opened.currency);
    let told = story.settlement.and_then(|settlement| settlement.totals);
    match told {
        Some(totals) => in_words(&totals, currency.unwrap_or_default()),
        None => TOTALS_UNTOLD.plain(),
    }
}

/// Counts and sums, such as `3 debits 60.50 CNY, no credits`.
#[must_use]
pub fn in_words(totals: &SettlementTotals, currency: Text<3>) -> Said {
    let part = |count: u64, sum: u64, [none, one, many]: [Phrase; 3]| {
        let phrase = match count {
            0 if sum == 0 => none,
            1 => one,
            _ => many,
        };
        let sum = Said::same(money(sum, &currency));
        phrase.fill(&[("n", Said::same(count.to_string())), ("sum", sum)])
    };
    let debits = part(totals.debits, totals.debit_sum.0, DEBITS);
    debits.beside(&part(totals.credits, totals.credit_sum.0, CREDITS))
}

/// The batch that a transaction belongs to.
type BatchKey = (MerchantId, TerminalId, Text<6>);

fn batch_key(opened: &Opened) -> BatchKey {
    (opened.merchant, opened.terminal, opened.batch)
}

/// Whether a transaction counts in the totals of a batch as taken money.
pub(super) fn counts(opened: &Opened) -> bool {
    opened.purpose == Purpose::Debit
}

/// Sales that wait for the settlement of their batch.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenBatches(BTreeMap<BatchKey, Vec<TxId>>);

impl OpenBatches {
    /// A sale begins.
    pub(super) fn begins(&mut self, tx: TxId, opened: &Opened) {
        if counts(opened) {
            self.0.entry(batch_key(opened)).or_default().push(tx);
        }
    }

    /// The sales of the batch of a settlement that its host found in balance.
    pub(super) fn settle(&mut self, story: &Story) -> Vec<TxId> {
        let opened = story.opened.as_ref().filter(|_| story.is_in_balance());
        let batch = opened.and_then(|opened| self.0.remove(&batch_key(opened)));
        batch.unwrap_or_default()
    }
}

/// Whether a sale was over when the terminal asked to settle: then its totals counted it.
pub(super) fn was_counted(sale: &Story, settlement: &Story) -> bool {
    let told = matches!(sale.state, State::Delivered | State::Confirmed);
    let before = sale.moments.last().zip(settlement.moments.first());
    told && before.is_some_and(|(last, first)| last.seq < first.seq)
}
