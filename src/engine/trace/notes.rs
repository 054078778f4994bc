//! What is worth a word about one moment of a story.

use super::lang::{Phrase, Said};
use super::moment::Moment;
use super::settled::balance_said;
use super::wording::seconds;
use crate::engine::record::{HostBalance, Note, State, Why};

/// The note; empty if there is nothing to say.
#[must_use]
pub fn of(moment: &Moment) -> Said {
    let said = of_step(moment.why, &moment.note);
    match silent(moment).filter(|_| moment.leg.is_none()) {
        Some(silent) if said.en.is_empty() => silent,
        Some(silent) => said.and(&silent),
        None => said,
    }
}

/// What a step's reason and note say.
#[must_use]
pub fn of_step(reason: Why, more: &Note) -> Said {
    match (why(reason).map(Phrase::plain), note(more)) {
        (Some(why), Some(note)) => why.and(&note),
        (Some(said), None) | (None, Some(said)) => said,
        (None, None) => Said::default(),
    }
}

/// A step without message and reason still says where it led.
fn silent(moment: &Moment) -> Option<Said> {
    let phrase = match (moment.why, moment.state) {
        (Why::Plain, State::Delivered) => Phrase::new("answer written", "应答已写出"),
        (Why::Plain, State::DeclineDelivered) => Phrase::new("decline written", "拒绝应答已写出"),
        (Why::Plain, State::Confirmed) => Phrase::new("delivery proven", "已证实送达"),
        (Why::Plain, State::Returned) => Phrase::new("voided or refunded", "已撤销或退货"),
        (Why::Plain, State::Settled) => Phrase::new("settled", "已清算"),
        (Why::Plain, State::ReversalPending) => Phrase::new("reversal due", "待冲正"),
        (Why::Plain, State::AnswerUnread) => Phrase::new("answer written", "应答已写出"),
        (_, State::ReversalUndeliverable) => Phrase::new("reversal listed", "冲正列入差错"),
        _ => return None,
    };
    Some(phrase.plain())
}

const fn why(why: Why) -> Option<Phrase> {
    let phrase = match why {
        Why::Plain => return None,
        Why::NoAnswer => Phrase::new("no answer by the deadline", "到期无应答"),
        Why::AnswerUnreadable => Phrase::new("answer unreadable", "应答无法解析"),
        Why::AnswerMac => Phrase::new("answer MAC wrong", "应答MAC校验错"),
        Why::AnswerMismatch => Phrase::new("answer does not fit its request", "应答与请求不符"),
        Why::LinkLost => Phrase::new("connection to the acquirer lost", "与收单机构连接中断"),
        Why::NoLink => Phrase::new("no connection to the acquirer", "与收单机构无连接"),
        Why::NeverWritten => Phrase::new("never written, taken back", "未写出, 已收回"),
        Why::TerminalClosed => Phrase::new("terminal went away", "终端断开"),
        Why::WriteFailed => Phrase::new("writing to the terminal failed", "写终端失败"),
        Why::Restarted => Phrase::new("gateway restarted", "网关重启"),
        Why::TerminalAsked => Phrase::new("terminal asks for reversal", "终端发起冲正"),
        Why::LateApproval => Phrase::new("late approval, not delivered", "迟到的批准, 未送达"),
        Why::AnswersDisagree => Phrase::new("answers disagree", "应答不一致"),
        Why::Operator => Phrase::new("by an operator", "操作员处理"),
        Why::RequestMac => Phrase::new("request MAC wrong", "请求MAC校验错"),
        Why::DuplicateMismatch => Phrase::new(
            "name taken by another transaction",
            "凭证号已被另一笔交易使用",
        ),
        Why::OvertakenByReversal => Phrase::new("its reversal came first", "冲正先到"),
        Why::Overload => Phrase::new("a limit is reached", "已达处理上限"),
        Why::Draining => Phrase::new("gateway is going down", "网关正在停机"),
        Why::NoRoute => Phrase::new("no route takes it", "无可用路由"),
        Why::TriesUsedUp => Phrase::new("tries used up", "次数用尽"),
        Why::UnknownTerminal => Phrase::new("terminal not known here", "终端未登记"),
        Why::RequestUnread => Phrase::new("request MAC unreadable", "请求MAC无法读取"),
        Why::Expired => Phrase::new("its time is over", "时限已过"),
        Why::Untranslatable => Phrase::new(
            "cannot be put into the host's dialect",
            "无法转换为主机报文",
        ),
        Why::OriginalUnknown => Phrase::new("its original is not known here", "网关无此原交易"),
        Why::WrittenLate => Phrase::new(
            "written when its terminal may wait no more",
            "写出时终端可能已不再等待",
        ),
        Why::OriginalUndoing => {
            Phrase::new("a reversal of its original is under way", "原交易正在冲正")
        }
        Why::Unrecalled => Phrase::new(
            "the journal did not say whether it came before",
            "日志未能查明有无前次交易",
        ),
        Why::Unseen => Phrase::new("the capture does not show it", "抓包中未见"),
        Why::KeyUnknown => Phrase::new("no key to make its MAC anew", "无密钥, 不能重算MAC"),
    };
    Some(phrase)
}

fn note(note: &Note) -> Option<Said> {
    let value = |phrase: Phrase, value: String| Some(phrase.fill(&[("v", Said::same(value))]));
    match note {
        Note::None => None,
        Note::Duplicate(rule) => value(
            Phrase::new("duplicate (D{v})", "重复(D{v})"),
            rule.to_string(),
        ),
        Note::LateMs(ms) => value(Phrase::new("{v}s late", "迟到{v}秒"), seconds(*ms)),
        Note::WaitedMs(ms) => value(Phrase::new("waited {v}s", "已等待{v}秒"), seconds(*ms)),
        Note::Try(n) => value(Phrase::new("try {v}", "第{v}次"), n.to_string()),
        Note::Other(tx) => value(Phrase::new("see {v}", "参见{v}"), tx.to_string()),
        Note::OneOf(all) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            let said = Phrase::new("its names are not of {v} alone", "所指原交易不明: {v}");
            value(said, all.join(", "))
        }
        Note::GoesOn { stan, lost } => {
            let stan = Phrase::new("goes on as {v}", "以流水号{v}转出")
                .fill(&[("v", Said::same(stan.to_string()))]);
            let fields = [("v", Said::same(lost.to_string()))];
            let left = Phrase::new("without fields {v}", "不含域{v}").fill(&fields);
            Some(if lost.is_empty() {
                stan
            } else {
                stan.and(&left)
            })
        }
        Note::Settles { host, .. } => {
            (*host != HostBalance::Unsaid).then(|| balance_said(*host).plain())
        }
        Note::Unreadable(what) | Note::Detail(what) => Some(Said::same(what.to_string())),
    }
}
