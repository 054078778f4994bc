//! The first half of a sentence: what went wrong.

use super::cause::Cause;
use super::lang::Phrase;
use super::story::{Delivery, Story};
use crate::engine::record::Why;

/// What went wrong, by the first cause that no other half of the sentence states.
pub(super) fn reason(story: &Story, causes: &[Cause]) -> Phrase {
    let states_itself = |cause: &&Cause| {
        !matches!(
            cause,
            Cause::ReversalPending
                | Cause::ReversalRefused
                | Cause::ReversalUndeliverable
                | Cause::ApprovalAfterReversal
                | Cause::AcquirerReversed
        )
    };
    let cause = causes.iter().find(states_itself).copied();
    match cause.unwrap_or(Cause::InProgress) {
        Cause::NoAnswer | Cause::AnswerLost | Cause::RequestLost if story.waited_ms.is_some() => {
            Phrase::new("no answer {in}", "{in}未应答")
        }
        Cause::NoAnswer | Cause::AnswerLost | Cause::RequestLost => {
            Phrase::new("no answer in time", "未按时应答")
        }
        Cause::AnswerLate if story.late_ms == Some(0) => Phrase::new(
            "an approval came after it was given up",
            "放弃等待后收到批准",
        ),
        Cause::AnswerLate if story.late_ms.is_some() => {
            Phrase::new("late approval {dt}s after timeout", "超时{dt}秒后收到批准")
        }
        Cause::AnswerLate => Phrase::new("late approval after timeout", "超时后收到批准"),
        Cause::AnswerMacWrong => Phrase::new("answer MAC wrong", "应答MAC校验错"),
        Cause::AnswerUnreadable => Phrase::new("answer unreadable", "应答无法解析"),
        Cause::AnswerMismatch => Phrase::new("answer does not fit its request", "应答与请求不符"),
        Cause::OutcomeUnknown => Phrase::new("answered {rc} {meaning}", "应答{rc} {meaning}"),
        Cause::AnswersDisagree => Phrase::new("two answers disagree", "两次应答不一致"),
        Cause::LinkLost => Phrase::new("sent, connection lost", "已发出, 连接中断"),
        Cause::Restart => Phrase::new("gateway restarted before an answer", "网关在应答前重启"),
        Cause::NotCaptured => Phrase::new("no answer was captured", "抓包中未见应答"),
        Cause::TerminalGone => Phrase::new(
            "approved{auth} but not delivered to terminal",
            "已批准{auth}但未送达终端",
        ),
        Cause::DeliveryUnproven => Phrase::new(
            "answer written, delivery not proven",
            "应答已发出, 未证实送达",
        ),
        Cause::TerminalReversed => terminal_reversed(story),
        Cause::OperatorReversed => {
            Phrase::new("an operator asked for the reversal", "操作员要求冲正")
        }
        other => kept_back(story, other),
    }
}

/// Why it stayed here.
fn kept_back(story: &Story, cause: Cause) -> Phrase {
    match cause {
        Cause::RefusedMac => Phrase::new("request MAC wrong", "请求MAC校验错"),
        Cause::RefusedTerminal => Phrase::new("the terminal is not known here", "终端未登记"),
        Cause::RefusedDuplicate => Phrase::new(
            "it does not fit the transaction of this number",
            "与该凭证号的原交易不符",
        ),
        Cause::LinkDown => Phrase::new("no connection to the acquirer", "与收单机构无连接"),
        Cause::NeverWritten => Phrase::new("not written in time", "期限内未能写出"),
        Cause::RefusedUndoing => {
            Phrase::new("a reversal of its original is under way", "原交易正在冲正")
        }
        Cause::RefusedUnrecalled => Phrase::new(
            "the journal did not say in time whether it came before",
            "未能及时查明日志中有无前次交易",
        ),
        Cause::RefusedOverload => Phrase::new("a limit is reached", "已达处理上限"),
        Cause::RefusedDraining => Phrase::new("it is going down", "正在停机"),
        Cause::RefusedNoRoute => Phrase::new("no route takes it", "无可用路由"),
        Cause::RefusedFormat if is_untranslatable(story) => Phrase::new(
            "it cannot be put into the host's dialect",
            "无法转换为主机报文",
        ),
        Cause::RefusedFormat => Phrase::new("{meaning}", "{meaning}"),
        _ => Phrase::new("outcome was in doubt", "结果存疑"),
    }
}

const fn terminal_reversed(story: &Story) -> Phrase {
    match story.delivery {
        Delivery::Written | Delivery::Unproven | Delivery::Proven => Phrase::new(
            "terminal reversed after an approval was sent{first}",
            "应答发出后终端发起冲正{first}",
        ),
        Delivery::None | Delivery::Failed => Phrase::new(
            "terminal reversed before an answer reached it{first}",
            "终端未收到应答即发起冲正{first}",
        ),
    }
}

/// Whether it was refused since the host's dialect has no words for it, whatever the code says.
pub(super) fn is_untranslatable(story: &Story) -> bool {
    let mut whys = story.whys();
    whys.any(|(_, why)| why == Why::Untranslatable)
}
