//! What a verdict promises of the money, in the words that stand beside a file which shows it.

use super::lang::{Phrase, Said};
use super::texts::p;

/// What is not said beside a file that has a debit, and what is said instead.
const PROMISES: [(Phrase, Phrase); 9] = [
    (
        p("nothing debited", "未扣款"),
        p("this one not made", "本笔交易未成立"),
    ),
    (
        p("nothing reserved", "未冻结"),
        p("this one not made", "本笔交易未成立"),
    ),
    (
        p("any debit is returned", "如已扣款将原路退回"),
        p("any debit should be returned", "如已扣款应原路退回"),
    ),
    (
        p("any hold is released", "如已冻结将解除冻结"),
        p("any hold should be released", "如已冻结应解除冻结"),
    ),
    (
        p("the void is undone", "撤销已冲回"),
        p("the void should be undone", "撤销应已冲回"),
    ),
    (
        p("the refund is undone", "退货已冲回"),
        p("the refund should be undone", "退货应已冲回"),
    ),
    (
        p("the money goes back", "款项退回"),
        p("the money should go back", "款项应退回"),
    ),
    (
        p("its original is cancelled", "原交易已取消"),
        p("its original should be cancelled", "原交易应已取消"),
    ),
    (
        p("goes back, the rest stands", "其余仍有效"),
        p("should go back, the rest stands", "其余应仍有效"),
    ),
];

/// That nothing was debited is not said beside a file that has a debit.
pub(super) fn without_promise(verdict: &Said) -> Said {
    let mut said = verdict.clone();
    for (promise, instead) in PROMISES {
        said.en = said.en.replace(promise.en, instead.en);
        said.zh = said.zh.replace(promise.zh, instead.zh);
    }
    said
}
