//! Settlements: what the terminal counts, and what the host says of it.

use super::batch::BatchCount;
use super::lang::{Phrase, Said};
use super::money::money;
use super::story::Story;
use super::texts::{self, Row};
use crate::engine::record::{HostBalance, Note, SettlementTotals, State, Step};
use crate::iso::message::Text;
use std::sync::Arc;

const IN_BALANCE: Row = Row {
    verdict: Phrase::new(
        "batch{batch} in balance at the acquirer: {totals}",
        "批次{batch}对账相符: {totals}",
    ),
    next: Phrase::new("nothing to do", "无需处理"),
};
const OUT_OF_BALANCE: Row = Row {
    verdict: Phrase::new(
        "batch{batch} out of balance at the acquirer: the terminal counts {totals}",
        "批次{batch}与收单机构对账不平: 终端统计{totals}",
    ),
    next: Phrase::new(
        "upload the batch; compare both books (`isogate recon`) and raise what differs with the \
         acquirer; then close this one",
        "请上送批次明细, 用 `isogate recon` 逐笔核对, 差异向收单机构提出, 查清后结案",
    ),
};
const BALANCED_OTHERWISE: Row = Row {
    verdict: Phrase::new(
        "batch{batch} in balance at the acquirer: {totals}; this journal counts {own}{differing}",
        "批次{batch}对账相符: {totals}; 但本日志统计{own}{differing}",
    ),
    next: Phrase::new(
        "compare both books (`isogate recon`) and raise what differs with the acquirer",
        "用 `isogate recon` 逐笔核对, 差异向收单机构提出",
    ),
};
const NOT_COMPARED: Row = Row {
    verdict: Phrase::new(
        "the acquirer did not compare batch{batch}, or its answer contradicts itself: the terminal \
         counts {totals}",
        "收单机构未核对批次{batch}, 或应答前后矛盾: 终端统计{totals}",
    ),
    next: Phrase::new(
        "settle again; if it fails again, ask the acquirer; then close this one",
        "请重新结算; 仍失败请联系收单机构, 查清后结案",
    ),
};
const NO_RESULT: Row = Row {
    verdict: Phrase::new(
        "batch{batch} answered {rc} {meaning} without a result: the terminal counts {totals}",
        "批次{batch}应答{rc} {meaning}, 未给出对账结果: 终端统计{totals}",
    ),
    next: Phrase::new(
        "not settled as far as is known: settle again, or ask the acquirer",
        "是否结算未知: 请重新结算或联系收单机构",
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

/// What a settlement says of its batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// What the terminal counts, where it told all of it.
    pub totals: Option<SettlementTotals>,
    /// What the host says of it: of answers that contradict each other the worst.
    pub host: HostBalance,
    /// What this journal counts of its batch, where that was looked for.
    pub own: Option<Arc<BatchCount>>,
}

impl Settlement {
    /// Takes what one more message says. An answer that repeats other totals than were sent
    /// compares something else.
    pub(super) fn hear(&mut self, step: &Step) {
        let Note::Settles { totals, host } = &step.note else {
            return;
        };
        let message = step.message.as_ref();
        if message.is_none_or(|message| !message.mti.is_answer()) {
            self.totals = self.totals.or(*totals);
            return;
        }
        let other = totals.is_some() && *totals != self.totals;
        let host = match other {
            true => HostBalance::Failed.max(*host),
            false => *host,
        };
        self.host = match (self.host, host) {
            (known, HostBalance::Unsaid) => known,
            (HostBalance::Unsaid, host) => host,
            (known, host) => known.max(host),
        };
    }
}

impl Settlement {
    /// Whether this journal counts something else than the terminal, and the host agrees.
    pub(super) fn differs(&self) -> bool {
        let own = self.own.as_ref();
        own.is_some_and(|own| own.is_comparable && !own.agrees)
    }
}

impl Story {
    /// Whether it is a settlement whose host found that the totals differ, or did not compare them.
    #[must_use]
    pub fn is_out_of_balance(&self) -> bool {
        let differs = [HostBalance::Differs, HostBalance::Failed];
        let host = self.settlement.as_ref().map(|own| own.host);
        host.is_some_and(|host| differs.contains(&host))
    }
}

/// The row of a settlement that was answered.
pub(super) fn row(story: &Story) -> Option<Row> {
    let settlement = story.settlement.as_ref()?;
    if matches!(story.state, State::ClosedByOperator) {
        return Some(texts::CLOSED_BY_OPERATOR);
    }
    let told = matches!(story.state, State::Delivered | State::Confirmed);
    match settlement.host {
        HostBalance::Balanced if told && settlement.differs() => Some(BALANCED_OTHERWISE),
        HostBalance::Balanced => told.then_some(IN_BALANCE),
        HostBalance::Differs => Some(OUT_OF_BALANCE),
        HostBalance::Failed => Some(NOT_COMPARED),
        HostBalance::Unsaid => {
            let answered = matches!(
                story.state,
                State::Delivered | State::Confirmed | State::AnswerUnread
            );
            answered.then_some(NO_RESULT)
        }
    }
}

/// What a host says of a batch, in words.
#[must_use]
pub const fn balance_said(host: HostBalance) -> Phrase {
    match host {
        HostBalance::Balanced => Phrase::new("in balance", "对账相符"),
        HostBalance::Unsaid => Phrase::new("nothing said", "未说明"),
        HostBalance::Failed => Phrase::new("not compared", "未能核对"),
        HostBalance::Differs => Phrase::new("out of balance", "对账不平"),
    }
}

/// The totals in words: counts and sums.
pub(super) fn totals(story: &Story) -> Said {
    let currency = story.opened.as_ref().map(|opened| opened.currency);
    let told = story.settlement.as_ref().and_then(|own| own.totals);
    match told {
        Some(totals) => in_words(&totals, currency.unwrap_or_default()),
        None => TOTALS_UNTOLD.plain(),
    }
}

/// What this journal counts of its batch.
pub(super) fn own_totals(story: &Story) -> Said {
    let own = story.settlement.as_ref().and_then(|told| told.own.as_ref());
    own.map_or_else(Said::default, |own| in_words(&own.totals, own.currency))
}

/// The transaction that alone makes the difference, in a clause of its own.
pub(super) fn differing(story: &Story) -> Said {
    let own = story.settlement.as_ref().and_then(|told| told.own.as_ref());
    let alone = own.and_then(|own| own.differing());
    let alone = alone.map(|tx| {
        let phrase = Phrase::new("; {tx} alone makes the difference", "; 差异恰为{tx}一笔");
        phrase.fill(&[("tx", Said::same(tx.to_string()))])
    });
    alone.unwrap_or_default()
}

/// The number of a batch behind the word; empty where it has none.
#[must_use]
pub fn batch_number(batch: Text<6>) -> Said {
    match batch.is_empty() {
        true => Said::default(),
        false => Phrase::new(" {n}", "{n}").fill(&[("n", Said::same(batch.to_string()))]),
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
