//! Words of a sentence that depend on what a transaction is for, or on its state.

use super::codes::{Advice, Code};
use super::lang::Phrase;
use crate::engine::record::State;
use crate::iso::spec::Purpose;

/// How its reversal stands.
pub(super) const fn status(state: State) -> Phrase {
    match state {
        State::Forwarded | State::ForwardedGone | State::Approved => {
            Phrase::new("not due yet", "未到期")
        }
        State::ReversalPending | State::ReversalSent => Phrase::new("pending", "处理中"),
        _ => Phrase::new("due, not begun yet", "待发起"),
    }
}

/// The deed that is allowed once more.
pub(super) const fn again(purpose: Option<Purpose>) -> Phrase {
    match purpose {
        Some(Purpose::Debit) | None => Phrase::new("new sale", "重新交易"),
        Some(_) => Phrase::new("new attempt", "重新交易"),
    }
}

/// The deed that must not be done once more.
pub(super) const fn swipe(purpose: Option<Purpose>) -> Phrase {
    match purpose {
        Some(Purpose::Void) => Phrase::new("void", "再次撤销"),
        Some(Purpose::Refund) => Phrase::new("refund", "再次退货"),
        _ => Phrase::new("swipe", "重刷"),
    }
}

/// The deed that may be tried again.
pub(super) const fn deed(purpose: Option<Purpose>) -> Phrase {
    match purpose {
        Some(Purpose::Void) => Phrase::new("void", "撤销"),
        _ => Phrase::new("refund", "退货"),
    }
}

/// That deed once it is done.
pub(super) const fn done(purpose: Option<Purpose>) -> Phrase {
    match purpose {
        Some(Purpose::Void) => Phrase::new("voided", "撤销"),
        Some(Purpose::Refund) => Phrase::new("refunded", "退货"),
        _ => Phrase::new("paid", "支付"),
    }
}

/// What an accepted reversal does.
pub(super) const fn returned(purpose: Option<Purpose>) -> Phrase {
    match purpose {
        Some(Purpose::Hold) => Phrase::new("any hold is released", "如已冻结将解除冻结"),
        Some(Purpose::Void) => Phrase::new("the void is undone", "撤销已冲回"),
        Some(Purpose::Refund) => Phrase::new("the refund is undone", "退货已冲回"),
        _ => Phrase::new("any debit is returned", "如已扣款将原路退回"),
    }
}

/// What a decline leaves. A host that was not well may have debited behind its back.
pub(super) fn nothing(purpose: Option<Purpose>, code: &Code) -> Phrase {
    let unwell = code.advice == Advice::Later || matches!(code.code, "22" | "26");
    match purpose {
        Some(Purpose::Void) => Phrase::new("not voided by this one", "本次未撤销"),
        Some(Purpose::Refund) => Phrase::new("not refunded by this one", "本次未退货"),
        Some(Purpose::Debit | Purpose::Hold) if unwell => Phrase::new("not made", "交易未成功"),
        Some(Purpose::Hold) => Phrase::new("nothing reserved", "未冻结"),
        Some(Purpose::Debit) => Phrase::new("nothing debited", "未扣款"),
        _ => Phrase::new("not accepted", "未受理"),
    }
}
