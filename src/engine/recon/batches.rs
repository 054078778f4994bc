//! Batches as the messages tell them: what a terminal counts when it settles, what its host says of
//! it, and what this journal saw it sell since a settlement of that batch was in balance before.

use super::class::ReconClass;
use super::reconciler::ReconRow;
use crate::engine::record::{HostBalance, SettlementTotals};
use crate::engine::trace::{
    BatchCount, Phrase, Said, Settlement, Story, balance_said, batch_number, in_words,
};
use crate::iso::message::Text;

/// The row of a settlement; `None` for what is none.
pub(super) fn row(story: &Story) -> Option<ReconRow> {
    let (told, opened) = story.settlement.as_ref().zip(story.opened.as_ref())?;
    let row = |class, ours, theirs, said| {
        Some(ReconRow {
            class,
            tx: Some(story.tx),
            keys: story.filed_keys(),
            ours,
            theirs,
            said,
        })
    };
    let own = told.own.as_deref().filter(|own| own.is_comparable);
    let Some((totals, own)) = told.totals.zip(own) else {
        let class = match told.host {
            HostBalance::Differs | HostBalance::Failed => ReconClass::Totals,
            HostBalance::Balanced | HostBalance::Unsaid => ReconClass::NotCompared,
        };
        let ours = told.totals.map(|totals| totals.debit_sum);
        return row(
            class,
            None,
            ours,
            uncompared(told, opened.batch, opened.currency),
        );
    };
    if told.host == HostBalance::Balanced && own.is_repeat {
        let again = Phrase::new(
            "batch{batch}: settled once more, nothing in between",
            "批次{batch}: 重复结算, 期间无交易",
        );
        let said = again.fill(&[("batch", batch_number(opened.batch))]);
        return row(ReconClass::Matched, None, None, said);
    }
    let agrees = own.agrees;
    let class = match (agrees, told.host) {
        (false, _) | (_, HostBalance::Differs | HostBalance::Failed) => ReconClass::Totals,
        _ if own.undone().next().is_some() => ReconClass::Totals,
        (true, HostBalance::Balanced) => ReconClass::Matched,
        (true, HostBalance::Unsaid) => ReconClass::NotCompared,
    };
    let shown = |of: &SettlementTotals| match agrees || totals.debit_sum != own.totals.debit_sum {
        true => of.debit_sum,
        false => of.credit_sum,
    };
    let ours = match agrees {
        true => &totals,
        false => &own.totals,
    };
    let said = compared(told, own, &totals, opened.batch);
    row(class, Some(shown(ours)), Some(shown(&totals)), said)
}

/// What is said of a batch that cannot be held against this journal.
fn uncompared(told: &Settlement, batch: Text<6>, currency: Text<3>) -> Said {
    let text = Phrase::new(
        "batch{batch}: the terminal counts {told}; acquirer: {host}; not held against this journal",
        "批次{batch}: 终端统计{told}; 收单机构: {host}; 未与本日志比对",
    );
    let untold = Phrase::new("totals not told", "未给出总计").plain();
    let currency = match &told.own {
        Some(own) => own.currency,
        None => currency,
    };
    let words = |totals| in_words(totals, currency);
    text.fill(&[
        ("batch", batch_number(batch)),
        ("told", told.totals.as_ref().map_or(untold, words)),
        ("host", balance_said(told.host).plain()),
    ])
}

/// What is said of a batch beside this journal.
fn compared(
    told: &Settlement,
    own: &BatchCount,
    totals: &SettlementTotals,
    batch: Text<6>,
) -> Said {
    let text = match (own.totals == *totals, own.agrees) {
        (true, _) => Phrase::new(
            "batch{batch}: terminal and journal count {told}; acquirer: {host}",
            "批次{batch}: 终端与日志均为{told}; 收单机构: {host}",
        ),
        (_, true) => Phrase::new(
            "batch{batch}: terminal and journal count {told}, with what was under way; acquirer: \
             {host}",
            "批次{batch}: 终端与日志均为{told}, 含结算时在途交易; 收单机构: {host}",
        ),
        _ => Phrase::new(
            "batch{batch}: the terminal counts {told}, this journal {own}; acquirer: {host}",
            "批次{batch}: 终端统计{told}, 本日志{own}; 收单机构: {host}",
        ),
    };
    let mut said = text.fill(&[
        ("batch", batch_number(batch)),
        ("told", in_words(totals, own.currency)),
        ("own", in_words(&own.totals, own.currency)),
        ("host", balance_said(told.host).plain()),
    ]);
    let differing = own.differing().filter(|_| !own.agrees);
    if let Some(tx) = differing {
        let alone = Phrase::new("{tx} alone makes the difference", "差异恰为{tx}一笔");
        said = said.and(&alone.fill(&[("tx", Said::same(tx.to_string()))]));
    }
    for tx in own.undone() {
        let after = Phrase::new("{tx} was reversed after it", "{tx}在结算之后被冲正");
        said = said.and(&after.fill(&[("tx", Said::same(tx.to_string()))]));
    }
    said
}
