//! Response codes (DE 39): what each means to the people at the counter, and what they may do.
//!
//! ISO 8583:1987 two characters with the codes of `UnionPay`; 1993 three digits, 2003 four, where a
//! code that is not listed is told by its group. What a *dialect* approves is the matter of its
//! spec at the gateway; here a code is only read with caution: one that might hide money is
//! [`Outcome::Unknown`].

use super::lang::{Phrase, Said};

/// One response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// DE 39; empty for the rows of whole groups.
    pub code: &'static str,
    /// Its meaning.
    pub meaning: Phrase,
    /// What to do.
    pub advice: Advice,
}

/// What to do on a response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It is approved.
    Accept,
    /// Another means of payment.
    Decline,
    /// Another card.
    OtherCard,
    /// A smaller amount, or another card.
    SmallerAmount,
    /// Enter it again, with the mistake mended.
    Reenter,
    /// Try again later.
    Later,
    /// The cardholder calls the issuer.
    CallIssuer,
    /// The merchant calls the acquirer.
    CallAcquirer,
    /// Keep the card if the house rules say so, and call.
    PickUp,
    /// Sign the terminal in, then try again.
    SignIn,
    /// Mend the message, or update the terminal.
    Format,
    /// Look up the first one before anything else.
    Duplicate,
    /// The outcome behind the answer is not known.
    Unknown,
}

/// What an answer says about the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may be held or debited.
    Approved,
    /// This request took none.
    Declined,
    /// Not known.
    Unknown,
}

impl Advice {
    /// What an answer with this advice says about the money. A duplicate is unknown: the request
    /// was refused because another of its name was seen, and that one may have been booked.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Accept => Outcome::Approved,
            Self::Unknown | Self::Duplicate => Outcome::Unknown,
            Self::Decline
            | Self::OtherCard
            | Self::SmallerAmount
            | Self::Reenter
            | Self::Later
            | Self::CallIssuer
            | Self::CallAcquirer
            | Self::PickUp
            | Self::SignIn
            | Self::Format => Outcome::Declined,
        }
    }

    /// The next step, as the cashier reads it.
    #[must_use]
    pub const fn next_step(self) -> Phrase {
        match self {
            Self::Accept => Phrase::new("do not swipe again", "请勿重复刷卡"),
            Self::Decline => Phrase::new("another means of payment", "请换其他支付方式"),
            Self::OtherCard => Phrase::new("another card", "请换卡"),
            Self::SmallerAmount => {
                Phrase::new("a smaller amount or another card", "请减小金额或换卡")
            }
            Self::Reenter => Phrase::new("enter it again, with care", "请核对后重新操作"),
            Self::Later => Phrase::new("try again later", "请稍后重试"),
            Self::CallIssuer => Phrase::new(
                "the cardholder calls the issuer; another card may be used",
                "请持卡人联系发卡行, 可换卡",
            ),
            Self::CallAcquirer => Phrase::new("call the acquirer", "请联系收单机构"),
            Self::PickUp => Phrase::new(
                "keep the card if the house rules say so and call; another card may be used",
                "按规定留卡并致电, 可换卡",
            ),
            Self::SignIn => {
                Phrase::new("sign the terminal in, then try again", "请重新签到后再交易")
            }
            Self::Format => Phrase::new(
                "update the terminal or its message profile; the same message fails again",
                "请更新终端程序或报文规范, 原样重发仍会失败",
            ),
            Self::Duplicate => Phrase::new(
                "look up the first transaction of this number; do not swipe again until it closes",
                "请先查询同凭证号的首笔交易, 结清前请勿重刷",
            ),
            Self::Unknown => Phrase::new(
                "query the acquirer before a new sale; do not swipe again until it says not paid",
                "请先向收单机构查询, 确认未支付前请勿重刷",
            ),
        }
    }
}

impl Code {
    /// The code's row; for one that is not listed, its group's.
    #[must_use]
    pub fn of(code: &str) -> &'static Self {
        CODES
            .iter()
            .chain(CODES_1993)
            .find(|row| row.code == code)
            .unwrap_or_else(|| group(code))
    }

    /// What an answer with this code says about the money.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.advice.outcome()
    }

    /// The meaning in both languages.
    #[must_use]
    pub fn said(&self) -> Said {
        self.meaning.plain()
    }
}

const fn row(code: &'static str, en: &'static str, zh: &'static str, advice: Advice) -> Code {
    Code {
        code,
        meaning: Phrase::new(en, zh),
        advice,
    }
}

/// 1993 and 2003 put the outcome into the first digit. A private code of two characters tells
/// nothing. Errors (9) of 2003 may come from a switch that had sent the request on, so they count
/// as unknown.
fn group(code: &str) -> &'static Code {
    let group = match (code.len(), code.as_bytes().first()) {
        (3 | 4, Some(b'0')) => 1,
        (3 | 4, Some(b'1')) => 2,
        (3 | 4, Some(b'2')) => 3,
        (3, Some(b'9')) => 4,
        (4, Some(b'9')) => 5,
        (2, _) => 6,
        _ => 0,
    };
    GROUPS.get(group).unwrap_or(&NO_CODE)
}

use Advice::{
    Accept, CallAcquirer, CallIssuer, Decline, Duplicate, Format, Later, OtherCard, PickUp,
    Reenter, SignIn, SmallerAmount, Unknown,
};

const NO_CODE: Code = row(
    "",
    "no code that is known here",
    "无可识别的应答码",
    Unknown,
);

static GROUPS: [Code; 7] = [
    NO_CODE,
    row("", "approved", "交易成功", Accept),
    row("", "declined", "拒绝", Decline),
    row("", "declined, pick up", "拒绝, 没收卡", PickUp),
    row("", "error", "出错", Later),
    row("", "error", "出错", Unknown),
    row("", "a code outside the table", "未列出的应答码", Unknown),
];

/// The two-character codes, ascending.
pub static CODES: &[Code] = &[
    row("00", "approved", "交易成功", Accept),
    row("01", "refer to issuer", "请持卡人联系发卡行", CallIssuer),
    row(
        "02",
        "refer to issuer, special condition",
        "查发卡方特殊条件",
        CallIssuer,
    ),
    row("03", "invalid merchant", "无效商户", CallAcquirer),
    row("04", "pick up card", "没收卡", PickUp),
    row("05", "issuer refuses", "发卡行拒绝", CallIssuer),
    row("06", "error", "出错", Later),
    row(
        "07",
        "pick up card, special condition",
        "特殊条件下没收卡",
        PickUp,
    ),
    row(
        "08",
        "honor with identification, or result unknown",
        "需核对身份, 或结果未知",
        Unknown,
    ),
    row("09", "request in progress", "请求正在处理中", Unknown),
    row(
        "10",
        "approved for a partial amount",
        "部分金额批准",
        Accept,
    ),
    row("11", "approved, VIP", "VIP批准", Accept),
    row("12", "invalid transaction", "无效交易", Decline),
    row("13", "invalid amount", "无效金额", Reenter),
    row("14", "invalid card number", "无效卡号", OtherCard),
    row("15", "no such issuer", "无此发卡方", OtherCard),
    row("16", "approved, update track 3", "批准更新第三磁道", Accept),
    row("17", "customer cancellation", "客户取消", Decline),
    row("18", "customer dispute", "客户争议", Decline),
    row("19", "re-enter transaction", "重新送入交易", Reenter),
    row("20", "invalid response", "无效应答", Unknown),
    row("21", "no action taken", "不做任何处理", Decline),
    row(
        "22",
        "suspected malfunction",
        "操作有误或超出交易允许天数",
        SignIn,
    ),
    row("23", "unacceptable fee", "不可接受的交易费", Decline),
    row(
        "24",
        "file action not supported",
        "不支持的文件操作",
        Decline,
    ),
    row("25", "original not found", "未找到原交易", Decline),
    row("26", "duplicate file record", "文件记录重复", Decline),
    row("27", "file field error", "文件域错误", Decline),
    row("28", "file locked", "文件锁定", Decline),
    row("29", "file action failed", "文件操作失败", Decline),
    row("30", "format error", "报文格式错", Format),
    row(
        "31",
        "bank not supported",
        "交换中心不支持的银行",
        OtherCard,
    ),
    row("32", "completed partially", "部分完成", Unknown),
    row("33", "expired card, pick up", "过期卡没收", PickUp),
    row("34", "suspected fraud, pick up", "作弊卡, 没收", PickUp),
    row(
        "35",
        "contact acquirer, pick up",
        "受卡方联系受理方, 没收",
        PickUp,
    ),
    row("36", "restricted card, pick up", "受限卡, 没收", PickUp),
    row(
        "37",
        "call security, pick up",
        "呼受理方安全部门, 没收",
        PickUp,
    ),
    row(
        "38",
        "PIN tries exceeded, pick up",
        "密码错误次数超限",
        CallIssuer,
    ),
    row("39", "no credit account", "无此信用卡账户", OtherCard),
    row("40", "function not supported", "请求的功能不支持", Decline),
    row("41", "lost card", "挂失卡", PickUp),
    row("42", "no universal account", "无此账户", OtherCard),
    row("43", "stolen card", "被窃卡", PickUp),
    row("44", "no investment account", "无此投资账户", OtherCard),
    row(
        "45",
        "chip card must not fall back",
        "不允许降级交易, 请插卡",
        Reenter,
    ),
    row("51", "insufficient funds", "余额不足", OtherCard),
    row("52", "no checking account", "无此支票账户", OtherCard),
    row("53", "no savings account", "无此储蓄账户", OtherCard),
    row("54", "expired card", "过期的卡", OtherCard),
    row("55", "wrong PIN", "密码错", Reenter),
    row("56", "no card record", "无此卡记录", OtherCard),
    row(
        "57",
        "not permitted to cardholder",
        "不允许此卡交易",
        OtherCard,
    ),
    row(
        "58",
        "not permitted at this terminal",
        "终端无此交易权限",
        CallAcquirer,
    ),
    row("59", "suspected fraud", "有作弊嫌疑", CallIssuer),
    row("60", "contact acquirer", "受卡方与受理方联系", CallAcquirer),
    row("61", "amount limit", "超出金额限制", SmallerAmount),
    row("62", "restricted card", "受限制的卡", CallIssuer),
    row("63", "security violation", "侵犯安全", Decline),
    row("64", "original amount incorrect", "原始金额不正确", Reenter),
    row("65", "frequency limit", "超出次数限制", OtherCard),
    row(
        "66",
        "call acquirer security",
        "呼受理方安全部门",
        CallAcquirer,
    ),
    row("67", "capture card", "强制捕捉卡", PickUp),
    row(
        "68",
        "response received too late",
        "收到的回答太迟",
        Unknown,
    ),
    row("70", "PIN data required", "需要密码数据", Reenter),
    row("75", "PIN tries exceeded", "密码次数超限", CallIssuer),
    row("76", "reversal without original", "无原交易的冲正", Decline),
    row(
        "77",
        "batch mismatch, sign in again",
        "批次号不一致, 请重新签到",
        SignIn,
    ),
    row(
        "78",
        "blocked or no account",
        "无账户或首次使用受限",
        CallIssuer,
    ),
    row("79", "offline data bad", "脱机数据错", Decline),
    row("81", "cryptographic error", "密码运算错", SignIn),
    row(
        "82",
        "card code wrong, or timeout at issuer",
        "卡校验错, 或发卡方超时",
        Unknown,
    ),
    row("85", "no reason to decline", "无拒绝理由", Unknown),
    row("86", "cannot verify PIN", "无法校验密码", Later),
    row("90", "cut-off in progress", "正在日终处理", Later),
    row(
        "91",
        "issuer or switch inoperative",
        "发卡方不能操作",
        Later,
    ),
    row("92", "route to issuer down", "到发卡行线路不通", Later),
    row("93", "violation of law", "交易违法", Decline),
    row("94", "duplicate transmission", "重复交易", Duplicate),
    row("95", "reconcile error", "对账不平", Decline),
    row("96", "system malfunction", "系统异常", Later),
    row(
        "97",
        "terminal not registered",
        "终端号找不到",
        CallAcquirer,
    ),
    row(
        "98",
        "no reply from issuer",
        "发卡方超时, 收不到应答",
        Unknown,
    ),
    row("99", "PIN format error", "密码格式错", SignIn),
    row("A0", "MAC failure", "MAC校验错", SignIn),
    row(
        "A1",
        "transfer currency mismatch",
        "转账货币不一致",
        Decline,
    ),
    row(
        "A2",
        "approved, confirm with issuer",
        "交易成功, 请向发卡行确认",
        Accept,
    ),
    row("A3", "account wrong", "账户不正确", OtherCard),
    row(
        "A4",
        "approved, confirm with issuer",
        "交易成功, 请向发卡行确认",
        Accept,
    ),
    row(
        "A5",
        "approved, confirm with issuer",
        "交易成功, 请向发卡行确认",
        Accept,
    ),
    row(
        "A6",
        "approved, confirm with issuer",
        "交易成功, 请向发卡行确认",
        Accept,
    ),
    row("A7", "security processing failure", "安全处理失败", Later),
];

/// The three-digit codes of 1993 that say more than their group.
static CODES_1993: &[Code] = &[
    row("100", "do not honor", "不予承兑", CallIssuer),
    row("101", "expired card", "过期的卡", OtherCard),
    row("102", "suspected fraud", "有作弊嫌疑", CallIssuer),
    row("104", "restricted card", "受限制的卡", CallIssuer),
    row("106", "PIN tries exceeded", "密码次数超限", CallIssuer),
    row("107", "refer to issuer", "请持卡人联系发卡行", CallIssuer),
    row("109", "invalid merchant", "无效商户", CallAcquirer),
    row("110", "invalid amount", "无效金额", Reenter),
    row("111", "invalid card number", "无效卡号", OtherCard),
    row("114", "no account of that type", "无此账户", OtherCard),
    row("116", "insufficient funds", "余额不足", OtherCard),
    row("117", "wrong PIN", "密码错", Reenter),
    row("118", "no card record", "无此卡记录", OtherCard),
    row(
        "119",
        "not permitted to cardholder",
        "不允许此卡交易",
        OtherCard,
    ),
    row(
        "120",
        "not permitted at this terminal",
        "终端无此交易权限",
        CallAcquirer,
    ),
    row("121", "amount limit", "超出金额限制", SmallerAmount),
    row("123", "frequency limit", "超出次数限制", OtherCard),
    row("902", "invalid transaction", "无效交易", Decline),
    row("904", "format error", "报文格式错", Format),
    row("906", "cut-over in progress", "正在日终处理", Later),
    row(
        "907",
        "issuer or switch inoperative",
        "发卡方不能操作",
        Later,
    ),
    row("909", "system malfunction", "系统异常", Later),
    row("911", "issuer timed out", "发卡方超时", Unknown),
    row("913", "duplicate transmission", "重复交易", Duplicate),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_ascend_so_no_code_stands_twice() {
        for table in [CODES, CODES_1993] {
            assert!(table.windows(2).all(|pair| pair[0].code < pair[1].code));
        }
    }

    #[test]
    fn the_approvals_are_those_of_unionpay() {
        let approved: Vec<_> = CODES
            .iter()
            .filter(|row| row.outcome() == Outcome::Approved)
            .map(|row| row.code)
            .collect();
        assert_eq!(approved, ["00", "10", "11", "16", "A2", "A4", "A5", "A6"]);
    }

    #[test]
    fn codes_that_may_hide_money_are_no_declines() {
        for code in [
            "98", "68", "09", "08", "94", "32", "20", "82", "911", "9113", "913", "", "  ", "Q1",
        ] {
            assert_eq!(Code::of(code).outcome(), Outcome::Unknown, "{code}");
        }
        for code in ["51", "55", "91", "96", "A0", "116", "199", "907", "1203"] {
            assert_eq!(Code::of(code).outcome(), Outcome::Declined, "{code}");
        }
    }
}
