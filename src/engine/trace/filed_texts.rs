//! What a verdict says of other people's files, English beside Chinese.
//!
//! None of these sentences allows a new transaction: a file can take that away, never give it.

use super::lang::{Phrase, Said};
use super::texts::{Row, p, row};

/// The half sentence whose place a file's word takes.
pub(super) const OUTSIDE: Phrase = p(
    "the pay-out is outside the message log",
    "到账情况在报文日志之外",
);
/// The same of a refund.
pub(super) const POSTING_OUTSIDE: Phrase = p(
    "its posting is outside the message log",
    "入账时间在报文日志之外",
);

const ASK: Phrase = p(
    "do not swipe again; ask the acquirer with the keys",
    "请勿重复刷卡; 凭交易要素联系收单机构",
);
const WAIT: Phrase = p("do not swipe again; wait", "请勿重复刷卡; 请等待到账");
pub(super) const DISPUTE: Phrase = p(
    "do not swipe again; raise a dispute with the keys",
    "请勿重刷, 凭交易要素提交差错处理",
);
const MEND_ACCOUNT: Phrase = p(
    "do not swipe again; have the merchant's account mended, the pay-out follows",
    "请勿重复刷卡; 请处理商户账户, 恢复后划付",
);

// ── The pay-out file ─────────────────────────────────────────────────────────────────────────────
pub(super) const DUE: Row = row(p("pay-out due {due}", "预计{due}到账"), WAIT);
pub(super) const NOT_DUE_YET: Row = row(
    p("pay-out waits, no day is given", "待划付, 未给出到账日"),
    WAIT,
);
pub(super) const LATE: Row = row(
    p("past its pay-out date {due}", "已过预计到账日{due}"),
    p(
        "do not swipe again; ask the acquirer or the bank with the keys, at once",
        "请勿重复刷卡; 凭交易要素立即联系收单机构或银行",
    ),
);
pub(super) const MOVED: Row = row(
    p("pay-out moved to {due}", "遇节假日, 到账顺延至{due}"),
    WAIT,
);
pub(super) const AFTER_HOURS: Row = row(
    p(
        "after {detail} instant pay-out is closed; due {due}",
        "{detail}后不支持实时到账, 转{due}到账",
    ),
    WAIT,
);
pub(super) const OVER_LIMIT: Row = row(
    p(
        "over the instant pay-out's limit; due {due}",
        "超出实时到账限额, 转{due}到账",
    ),
    WAIT,
);
pub(super) const RULE: Row = row(
    p(
        "pay-out rule changed {detail}; due {due}",
        "到账规则自{detail}调整; 预计{due}到账",
    ),
    p(
        "do not swipe again; read the notice, and wait",
        "请勿重复刷卡; 请查看到账规则通知并等待",
    ),
);
pub(super) const NOT_WITHDRAWN: Row = row(
    p("not withdrawn; balance {net}", "未发起提现(余额{net})"),
    p(
        "do not swipe again; withdraw it",
        "请勿重复刷卡; 请发起提现",
    ),
);
pub(super) const REVIEW: Row = row(
    p(
        "pay-out held for review (amount {amount})",
        "大额{amount}审核中, 款项暂缓结算",
    ),
    p(
        "do not swipe again; supply slip and order",
        "请勿重复刷卡; 请提供签购单和订单",
    ),
);
pub(super) const RISK: Row = row(
    p(
        "pay-out delayed by risk control until {detail}",
        "风控延迟结算至{detail}",
    ),
    REVIEW.next,
);
pub(super) const BLOCKED: Row = row(
    p(
        "pay-out held: merchant account {state}",
        "商户账户{state}, 款项暂缓结算",
    ),
    MEND_ACCOUNT,
);
pub(super) const PAPERS: Row = row(
    p(
        "pay-out stopped: papers expired",
        "商户证照已过期, 暂停结算",
    ),
    p(
        "do not swipe again; renew the papers",
        "请勿重复刷卡; 请更新商户证照",
    ),
);
pub(super) const ORDER: Row = row(
    p("pay-out stopped by order", "司法冻结/止付, 款项暂缓结算"),
    p(
        "do not swipe again; ask the bank",
        "请勿重复刷卡; 请咨询开户银行",
    ),
);
pub(super) const RESERVE: Row = row(
    p(
        "pay-out held: merchant balance short",
        "商户账户余额不足, 款项暂缓结算",
    ),
    p(
        "do not swipe again; top the account up, the pay-out follows",
        "请勿重复刷卡; 请补足余额, 补足后划付",
    ),
);
pub(super) const CHANNEL: Row = row(
    p(
        "channel {detail} not open for this merchant",
        "{detail}渠道商户未完成报备或实名",
    ),
    p(
        "do not swipe again; complete the registration",
        "请勿重复刷卡; 请完成报备或实名",
    ),
);
pub(super) const HELD: Row = row(p("pay-out held: {reason}", "款项暂缓结算: {reason}"), ASK);
pub(super) const RETURNED: Row = row(
    p("pay-out returned: {reason}", "结算款被退汇: {reason}"),
    p(
        "do not swipe again; correct the account, the pay-out follows",
        "请勿重复刷卡; 请更正收款账户, 更正后重新划付",
    ),
);
pub(super) const TO_ANOTHER: Row = row(
    p(
        "paid out by {payer} to {account}, which is not the contracted party",
        "结算款付款方{payer}/入账户名{account}与签约信息不符",
    ),
    ASK,
);
pub(super) const OF_ANOTHER: Row = row(
    p("paid out to merchant {merchant}", "已支付给商户{merchant}"),
    ASK,
);
pub(super) const CREDITED: Row = row(
    p(
        "paid out {paid}, credited by the receiving bank {credited} ({net})",
        "{paid}已划付, 收款行{credited}入账({net})",
    ),
    NOTHING,
);
pub(super) const UNCONFIRMED: Row = row(
    p(
        "paid out {paid}; the receiving bank's result has not come back",
        "{paid}已划付, 收款行入账结果未返回",
    ),
    p(
        "do not swipe again; ask the receiving bank",
        "请勿重复刷卡; 请咨询收款银行",
    ),
);
const NOTHING: Phrase = p(
    "do not swipe again; nothing to do",
    "请勿重复刷卡; 无需处理",
);
pub(super) const PAID: Row = row(p("paid {net} on {paid}", "{net}已于{paid}到账"), NOTHING);
pub(super) const LESS_FEE: Row = row(
    p(
        "paid {net} = {gross} - fee {fee} on {paid}",
        "{paid}到账{net} = 交易{gross} - 手续费{fee}",
    ),
    NOTHING,
);
pub(super) const LESS_CHARGEBACK: Row = row(
    p(
        "paid {net} on {paid}, less chargeback {deducted} of {detail}",
        "{paid}到账{net}, 结算款抵扣{detail}退单{deducted}",
    ),
    p(
        "do not swipe again; answer the chargeback",
        "请勿重复刷卡; 请处理退单",
    ),
);
pub(super) const LESS_OTHER: Row = row(
    p(
        "paid {net} on {paid}; deducted: {reason} {deducted}",
        "{paid}到账{net}; 已扣{reason}{deducted}",
    ),
    p(
        "do not swipe again; read the agreement",
        "请勿重复刷卡; 请查看协议",
    ),
);
pub(super) const TOGETHER: Row = row(
    p(
        "credited together with {others} others on {paid} ({net})",
        "与其他{others}笔合并于{paid}到账({net})",
    ),
    NOTHING,
);
pub(super) const DUE_TO_BE_PAID: Row = row(p("pay-out due {paid}", "预计{paid}到账"), WAIT);
pub(super) const PAYOUT_UNORDERED: Row = row(
    p(
        "the pay-out file says several things of it, and not which came last",
        "划付文件有多种状态, 先后不明",
    ),
    ASK,
);
pub(super) const NOT_ADDED_UP: Row = row(
    p(
        "the pay-out does not add up: {net} and what was taken off are not {gross}",
        "划付金额不平: 净额{net}与扣款之和不等于{gross}",
    ),
    DISPUTE,
);
pub(super) const OTHER_GROSS: Row = row(
    p(
        "the pay-out file has {gross}, the messages {amount}",
        "划付文件金额{gross}, 报文金额{amount}, 金额不符",
    ),
    DISPUTE,
);
pub(super) const PAID_AFTER_ALL: Row = row(
    p(
        "yet the pay-out file covers it ({gross})",
        "但划付文件包含该笔({gross}), 单边账",
    ),
    DISPUTE,
);
pub(super) const PAID_AND_TAKEN_OFF: Row = row(
    p(
        "paid out before it was given back; a later pay-out is less by what was given back",
        "退回前已划付, 后续划付已抵扣",
    ),
    ASK,
);
pub(super) const REFUND_DUE: Row = row(
    p("posting due {due}", "预计{due}入账"),
    p(
        "wait for the posting; do not refund again",
        "等待入账, 请勿重复退货",
    ),
);
pub(super) const REFUND_POSTED: Row = row(
    p("posted at the issuer", "发卡行已入账"),
    p(
        "nothing to do; do not refund again",
        "无需处理, 请勿重复退货",
    ),
);

// ── The settings ─────────────────────────────────────────────────────────────────────────────────
pub(super) const BOUND_ELSEWHERE: Row = row(
    p("terminal bound to merchant {other}", "终端绑定商户{other}"),
    p(
        "do not swipe again; have the terminal bound anew",
        "请勿重复刷卡; 请重新绑定终端",
    ),
);
pub(super) const UNBOUND: Row = row(
    p(
        "terminal {terminal} is not registered for this merchant",
        "终端{terminal}登记信息不符",
    ),
    BOUND_ELSEWHERE.next,
);
pub(super) const NOT_UPLOADED: Row = row(
    p(
        "cleared when the terminal settles; batch {batch} not uploaded",
        "由终端结算后清算, 批次{batch}未上送",
    ),
    p(
        "do not swipe again; run the settlement at the terminal",
        "请勿重复刷卡; 请在终端做结算",
    ),
);
pub(super) const INSTANT_LIMIT: Row = row(
    p(
        "over the instant pay-out's limit: paid the next day",
        "超出实时到账限额, 转次日到账",
    ),
    WAIT,
);
pub(super) const INSTANT_HOURS: Row = row(
    p(
        "outside the hours of instant pay-out ({detail}): paid the next day",
        "超出实时到账时段({detail}), 转次日到账",
    ),
    WAIT,
);
pub(super) const RULE_SET: Row = row(
    p("pay-out rule changed {detail}", "到账规则自{detail}调整"),
    RULE.next,
);
pub(super) const AGREEMENT: Row = row(
    p("settlement agreement: {reason}", "结算协议限制: {reason}"),
    p(
        "do not swipe again; read the agreement",
        "请勿重复刷卡; 请查看结算协议",
    ),
);
pub(super) const MODE: Row = row(
    p("pay-out mode: {mode}", "到账方式: {mode}"),
    p(
        "do not swipe again; wait for the day of this mode",
        "请勿重复刷卡; 请按该到账方式等待",
    ),
);

// ── The acquirer's file ──────────────────────────────────────────────────────────────────────────
pub(super) const BOOKED: Row = row(
    p("booked in the acquirer's file", "收单机构文件已入账"),
    ASK,
);
pub(super) const BOOKED_FOR: Row = row(
    p(
        "booked in the acquirer's file, belongs to {day}",
        "收单机构文件已入账, 归属{day}",
    ),
    ASK,
);
pub(super) const BOOKED_AFTER_ALL: Row = row(
    p(
        "yet the acquirer's file books it",
        "但收单机构文件已入账(单边账)",
    ),
    DISPUTE,
);
pub(super) const ANOTHER_AMOUNT: Row = row(
    p(
        "the acquirer's file has {theirs}, the messages {ours}",
        "收单机构文件金额{theirs}, 报文金额{ours}, 金额不符",
    ),
    DISPUTE,
);
pub(super) const LATER_RETURNED: Row = row(
    p(
        "later returned ({source})",
        "交易成功后被退回(来源: {source})",
    ),
    p(
        "if goods were given, keep the slip and ask the acquirer; a new sale only with the \
         customer, after the credit is confirmed",
        "如已交付商品, 请保留签购单并联系收单机构; 须经客户同意并确认退回入账后方可重新交易",
    ),
);
pub(super) const DECLINED_THERE: Row = row(
    p(
        "yet the acquirer's file has it declined",
        "但收单机构文件为拒绝",
    ),
    DISPUTE,
);
pub(super) const GIVEN_BACK_THERE: Row = row(
    p("given back in the acquirer's file", "收单机构文件已退回"),
    ASK,
);
pub(super) const REFUSED_THERE: Row = row(
    p("declined in the acquirer's file", "收单机构文件为拒绝"),
    ASK,
);
pub(super) const BOOKED_TWICE: Row = row(
    p(
        "the acquirer's file books it twice ({theirs}, the messages {ours})",
        "收单机构文件重复入账({theirs}, 报文金额{ours})",
    ),
    DISPUTE,
);
pub(super) const OTHER_CURRENCY: Row = row(
    p(
        "in another currency in the acquirer's file",
        "收单机构文件币种不同",
    ),
    DISPUTE,
);
pub(super) const TWICE_IN_BATCH: Row = row(
    p("the terminal's batch has it twice", "终端批次重复记录"),
    DISPUTE,
);
pub(super) const UNORDERED: Row = row(
    p(
        "{source} has it booked and given back, in no order that is known",
        "{source}有入账也有退回, 先后不明",
    ),
    DISPUTE,
);
pub(super) const RETURN_FAILED_THERE: Row = row(
    p(
        "yet its void or refund failed in the acquirer's file: it is booked",
        "但收单机构文件中撤销或退货未成功, 原交易仍入账",
    ),
    DISPUTE,
);
pub(super) const BOTH_THERE: Row = row(
    p(
        "booked and given back in the acquirer's file",
        "收单机构文件有入账和退回",
    ),
    ASK,
);
pub(super) const RETURN_NOT_THERE: Row = row(
    p(
        "booked in the acquirer's file; its void or refund was not found there",
        "收单机构文件已入账, 未见其撤销或退货",
    ),
    p(
        "do not swipe again; look for it in the acquirer's later files",
        "请勿重复刷卡; 请在收单机构后续文件中查找",
    ),
);
pub(super) const MISSING_THERE: Row = row(
    p(
        "in the messages, missing in the acquirer's file",
        "报文有记录, 收单机构文件无记录",
    ),
    p(
        "do not swipe again; compare the days of settlement, then ask the acquirer",
        "请勿重复刷卡; 请先核对清算日期, 再联系收单机构",
    ),
);
pub(super) const NOT_THERE: Row = row(
    p(
        "not in the acquirer's file of that time",
        "该时段收单机构文件无此交易",
    ),
    ASK,
);

// ── The issuer's view ────────────────────────────────────────────────────────────────────────────
pub(super) const DEBITED: Row = row(p("debited at the issuer", "发卡行已扣款"), ASK);
pub(super) const DEBIT_STANDS: Row = row(
    p(
        "yet the issuer's view shows the debit, not returned",
        "但发卡行显示已扣款, 未退回",
    ),
    DISPUTE,
);
pub(super) const DEBIT_RETURNED: Row =
    row(p("debited, returned {later}", "已扣款, {later}退回"), ASK);
pub(super) const ISSUER_REVIEW: Row = row(
    p("held by issuer review", "发卡行审核中"),
    p(
        "do not swipe again; the cardholder asks the issuer",
        "请勿重复刷卡; 请持卡人联系发卡行",
    ),
);
pub(super) const ISSUER_REFUSED: Row =
    row(p("refused in the issuer's view", "发卡行显示拒绝"), DISPUTE);
pub(super) const DEBITED_TWICE: Row = row(
    p(
        "the issuer's view debits it twice ({theirs}, the messages {ours})",
        "发卡行重复扣款({theirs}, 报文金额{ours})",
    ),
    DISPUTE,
);
pub(super) const ANOTHER_DEBIT: Row = row(
    p(
        "the issuer's view has {theirs}, the messages {ours}",
        "发卡行金额{theirs}, 报文金额{ours}, 金额不符",
    ),
    DISPUTE,
);
pub(super) const NOT_RETURNED_YET: Row = row(
    p(
        "debited at the issuer, the return is not there yet",
        "发卡行已扣款, 尚未见退回",
    ),
    ASK,
);

// ── The terminal's batch ─────────────────────────────────────────────────────────────────────────
pub(super) const SLIP_STANDS: Row = row(
    p("yet the terminal's batch counts it", "但终端批次仍计入该笔"),
    p(
        "do not swipe again until terminal and acquirer agree; have the batch corrected",
        "终端与收单机构核对一致前请勿重刷; 请更正终端批次",
    ),
);
pub(super) const ANOTHER_IN_BATCH: Row = row(
    p(
        "the terminal's batch has {theirs}, the messages {ours}",
        "终端批次金额{theirs}, 报文金额{ours}, 金额不符",
    ),
    DISPUTE,
);
pub(super) const IN_BATCH: Row = row(p("in the terminal's batch", "终端批次已计入"), ASK);
pub(super) const NOT_IN_BATCH: Row = row(
    p("not in the terminal's batch", "终端批次无此交易"),
    p(
        "do not swipe again; look at the slip, and upload the batch again",
        "请勿重复刷卡; 请核对签购单并重新批上送",
    ),
);
pub(super) const BATCH_SAYS: Row = row(
    p("yet the terminal's batch has it {is}", "但终端批次为{is}"),
    DISPUTE,
);

// ── Not used ─────────────────────────────────────────────────────────────────────────────────────
pub(super) const NO_ROW: Phrase = p("no row of {file} fits", "{file}中无相符记录");
pub(super) const OTHER_NAMES: Phrase = p(
    "{n} rows of {file} have its reference number, but another terminal, trace number, merchant or \
     card: not used",
    "{file}有{n}笔参考号相同但终端号、凭证号、商户号或卡号不同, 未采用",
);
pub(super) const LOOK_INTO_FILE: Phrase = p(
    "do not swipe again; look into the file, and ask the acquirer with the keys",
    "请勿重刷; 请核对文件, 并凭交易要素联系收单机构",
);
pub(super) const AMBIGUOUS: Phrase = p(
    "{n} rows of {file} fit, none is used",
    "{file}有{n}笔相符, 均未采用",
);
pub(super) const FILE_OF: [Phrase; 4] = [
    p("the terminal's file", "终端文件"),
    p("the acquirer's file", "收单机构文件"),
    p("the issuer's view", "发卡行视图"),
    p("the pay-out file", "划付文件"),
];

/// What the codes of reasons mean; other reasons stand as they are written.
const REASONS: &[(&str, Phrase)] = &[
    ("name_differs", p("name differs", "户名不符")),
    ("wrong_account", p("wrong account", "账号有误")),
    ("account_closed", p("account closed", "账户已销户")),
    (
        "class_2_limit",
        p("limit of a class II account", "II类户限额"),
    ),
    ("deposit", p("deposit", "押金")),
    ("data_fee", p("data fee", "流量费")),
    ("instant_fee", p("instant pay-out fee", "实时到账手续费")),
    ("refund", p("refund", "退货")),
    ("undone", p("voided or reversed later", "事后撤销或冲正")),
    ("issuer_return", p("returned by the issuer", "发卡行退单")),
    ("chargeback", p("chargeback", "退单")),
    ("frozen", p("frozen", "已冻结")),
    ("closed", p("closed", "已注销")),
    ("stopped", p("stopped", "已停用")),
    ("not_activated", p("not activated", "未激活")),
    ("account_not_activated", p("not activated", "未激活")),
    ("papers_expired", p("papers expired", "证照已过期")),
    ("court_order", p("stopped by order", "司法冻结")),
];

/// Reasons in both languages, joined by `+` in the file.
pub(super) fn reason(text: &str) -> Said {
    let said: Vec<Said> = text.split('+').map(|one| one_reason(one.trim())).collect();
    let join = |of: fn(&Said) -> &str| said.iter().map(of).collect::<Vec<_>>().join(", ");
    Said {
        en: join(|one| &one.en),
        zh: join(|one| &one.zh),
    }
}

/// Words of other people, as theirs.
pub(super) fn quoted(text: &str) -> Said {
    match text.is_empty() {
        true => Said::default(),
        false => Said::same(format!("\"{}\"", text.escape_debug())),
    }
}

/// One: its code translated, what stands behind it as it is.
fn one_reason(text: &str) -> Said {
    let (code, detail) = text.split_once(' ').unwrap_or((text, ""));
    let known = REASONS.iter().find(|(name, _)| *name == code);
    let Some((_, phrase)) = known else {
        return quoted(text);
    };
    let with = |said: &str| format!("{said} {detail}").trim_end().to_owned();
    Said {
        en: with(phrase.en),
        zh: with(phrase.zh),
    }
}
