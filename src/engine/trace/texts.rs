//! Every sentence of a verdict, English beside Chinese, with the next step it calls for.
//!
//! No sentence says that nothing was debited unless a decline proves it, or nothing left the
//! gateway. The places are filled by `wording`: `{rc}` and `{meaning}` of the answer, `{rrc}` and
//! `{rmeaning}` of the reversal's answer, `{dt}` seconds late, `{n}` tries, `{keys}`, `{why}`,
//! `{reversal}` status; by purpose `{returned}`, `{nothing}`, `{again}`; and, with the words around
//! them or not at all, `{auth}`, `{took}`, `{after}`, `{in}`, `{first}`, `{other}`.

use super::lang::Phrase;

/// A verdict and its next step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) verdict: Phrase,
    pub(super) next: Phrase,
}

pub(super) const fn p(en: &'static str, zh: &'static str) -> Phrase {
    Phrase::new(en, zh)
}

pub(super) const fn row(verdict: Phrase, next: Phrase) -> Row {
    Row { verdict, next }
}

const WAIT: Phrase = p(
    "wait for the reversal; do not {swipe} again until it closes",
    "等待冲正结果, 结清前请勿{swipe}",
);
const NOBODY: Phrase = p(
    "let the terminal reverse it: sign it in or restart it; do not {swipe} again until it closes",
    "让终端冲正: 签到或重新开机, 结清前请勿{swipe}",
);
const DISPUTE: Phrase = p(
    "raise a dispute with these keys; do not {swipe} again",
    "凭以上要素提交差错处理, 请勿{swipe}",
);
pub(super) const KEEP: Phrase = p(
    "do not swipe again; if the money has not arrived by the pay-out date, ask the acquirer with \
     the keys",
    "请勿重复刷卡; 过到账日未到账, 请凭交易要素联系收单机构",
);
const ALLOWED: Phrase = p("{again} allowed", "可重新交易");

// ── Nothing decided yet ──────────────────────────────────────────────────────────────────────────
pub(super) const RECEIVED: Row = row(
    p(
        "received; nothing has left the gateway yet",
        "网关已收到, 尚未发往收单机构",
    ),
    p("wait for the answer", "请等待应答"),
);
pub(super) const FORWARDED: Row = row(
    p(
        "sent to the acquirer, no answer yet; outcome unknown; reversal {reversal}",
        "已发往收单机构, 尚无应答, 结果未知, 冲正{reversal}",
    ),
    p(
        "wait for the answer; do not {swipe} again until closed",
        "请等待应答, 结清前请勿{swipe}",
    ),
);
pub(super) const FORWARDED_GONE: Row = row(
    p(
        "sent to the acquirer, the terminal went away before the answer; outcome unknown; \
         reversal {reversal}",
        "已发往收单机构, 终端在应答前断开, 结果未知, 冲正{reversal}",
    ),
    FORWARDED.next,
);
pub(super) const APPROVED: Row = row(
    p(
        "approved{auth} but not yet delivered to terminal; reversal {reversal}",
        "已批准{auth}但尚未送达终端, 冲正{reversal}",
    ),
    p(
        "wait for the delivery; do not {swipe} again",
        "等待送达终端, 请勿{swipe}",
    ),
);

// ── Nothing left the gateway ─────────────────────────────────────────────────────────────────────
pub(super) const LINK_DOWN: Row = row(
    p("acquirer link down; not sent", "收单机构线路中断, 未发送"),
    p(
        "try again later; nothing left the gateway",
        "请稍后重试, 交易未离开网关",
    ),
);
pub(super) const NEVER_WRITTEN: Row = row(
    p(
        "not written to the acquirer before its deadline; not sent",
        "期限内未能发往收单机构, 未发送",
    ),
    LINK_DOWN.next,
);
pub(super) const REFUSED: Row = row(
    p(
        "refused by the gateway ({rc}): {why}; nothing left the gateway",
        "网关拒绝({rc}): {why}, 交易未离开网关",
    ),
    p("{advice}", "{advice}"),
);
pub(super) const OVERTAKEN: Row = row(
    p(
        "reversal overtook request; request refused ({rc}), nothing left the gateway",
        "冲正先到, 原请求已拒绝({rc}), 交易未离开网关",
    ),
    p("{again} allowed, with a new number", "可用新凭证号重新交易"),
);
pub(super) const DUPLICATE: Row = row(
    p(
        "refused by the gateway ({rc}): another transaction{other} has this number",
        "网关拒绝({rc}): 凭证号已被另一笔交易{other}使用",
    ),
    p(
        "look up the first transaction of this number; do not {swipe} again until it closes",
        "请先查询同凭证号的首笔交易, 结清前请勿{swipe}",
    ),
);
pub(super) const UNRECALLED: Row = row(
    p(
        "refused by the gateway ({rc}): the journal did not say in time whether it came before",
        "网关拒绝({rc}): 未能及时查明日志中有无前次交易",
    ),
    p(
        "look up the first transaction of this number; do not {swipe} again until it closes",
        "请先查询同凭证号的首笔交易, 结清前请勿{swipe}",
    ),
);
/// The other has neither its terminal nor its card.
pub(super) const DUPLICATE_ELSEWHERE: Row = row(
    p(
        "refused by the gateway ({rc}): another transaction{other} has this number; nothing left \
         the gateway",
        "网关拒绝({rc}): 凭证号已被另一笔交易{other}使用, 交易未离开网关",
    ),
    OVERTAKEN.next,
);
pub(super) const NOT_SENT_AFTER_ALL: Row = row(
    p(
        "recorded as kept back by the gateway, yet the acquirer was reached; outcome unknown",
        "记录为网关未发送, 但收单机构已收到, 结果未知",
    ),
    p(
        "query the acquirer; do not {swipe} again until it says not {done}",
        "请先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);
pub(super) const REVERSAL_KEPT_BACK: Row = row(
    p(
        "reversal refused by the gateway ({rc}): {why}; its original stands as it was",
        "网关拒绝冲正({rc}): {why}, 原交易状态不变",
    ),
    p(
        "look at the original; the terminal should send its reversal again",
        "请查看原交易, 终端应重发冲正",
    ),
);
pub(super) const NO_ORIGINAL: Row = row(
    p(
        "reversal of a transaction that this gateway has not seen; acquirer answered {rrc} \
         ({rmeaning})",
        "冲正的原交易未到过本网关, 收单机构应答{rrc}({rmeaning})",
    ),
    p(
        "if the customer was charged all the same, raise a dispute with the keys",
        "如客户已被扣款, 凭交易要素提交差错处理",
    ),
);
pub(super) const NO_ORIGINAL_YET: Row = row(
    p(
        "reversal of a transaction that this gateway has not seen; no answer to it{other}",
        "冲正的原交易未到过本网关, 冲正尚无应答{other}",
    ),
    p(
        "let the terminal repeat the reversal; do not swipe again until it is answered",
        "由终端重发冲正, 应答前请勿重刷",
    ),
);

/// Of a part of a transaction, as a message of its own.
pub(super) const REVERSAL_OF: Row = row(
    p(
        "reversal of{original}, asking for {amount} back; acquirer answered {rrc} ({rmeaning})",
        "对{original}的冲正, 申请退回{amount}; 收单机构应答{rrc}({rmeaning})",
    ),
    p("look at its original", "请查看其原交易"),
);
pub(super) const REVERSAL_OF_YET: Row = row(
    p(
        "reversal of{original}, asking for {amount} back; no answer to it{other}",
        "对{original}的冲正, 申请退回{amount}; 冲正尚无应答{other}",
    ),
    NO_ORIGINAL_YET.next,
);

// ── Declined ─────────────────────────────────────────────────────────────────────────────────────
pub(super) const DECLINED: Row = row(
    p(
        "declined {rc} {meaning}; {nothing}",
        "{rc} {meaning}, {nothing}",
    ),
    p("{advice}", "{advice}"),
);
pub(super) const DECLINED_LATE: Row = row(
    p(
        "declined {rc} {meaning}, {dt}s after timeout; {nothing}",
        "{rc} {meaning}(超时{dt}秒后应答), {nothing}",
    ),
    DECLINED.next,
);
pub(super) const UNKNOWN_BEHIND: Row = row(
    p(
        "answered {rc} {meaning}; outcome behind the acquirer unknown",
        "应答{rc} {meaning}, 收单机构后方结果未知",
    ),
    p(
        "query the acquirer; do not {swipe} again until it says not {done}",
        "请先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);
pub(super) const BESIDE_A_GAP: Row = row(
    p(
        "answered {rc} {meaning}; outcome not known, since the captured traffic has a gap",
        "应答{rc} {meaning}, 抓包有缺口, 结果未知",
    ),
    UNKNOWN_BEHIND.next,
);
pub(super) const UNKNOWN_UNREVERSED: Row = row(
    p(
        "answered {rc} {meaning}; outcome behind the acquirer unknown; reversal {reversal}",
        "应答{rc} {meaning}, 收单机构后方结果未知, 冲正{reversal}",
    ),
    UNKNOWN_BEHIND.next,
);
pub(super) const DISAGREE: Row = row(
    p(
        "two answers disagree: an approval{auth} and a decline; outcome unknown",
        "两次应答不一致: 有批准{auth}也有拒绝, 结果未知",
    ),
    p(
        "query the acquirer; do not {swipe} again until it says not {done}",
        "请先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);

// ── Approved ─────────────────────────────────────────────────────────────────────────────────────
pub(super) const DELIVERED: Row = row(
    p(
        "approved{auth}{took}, answer delivered; the pay-out is outside the message log",
        "交易成功{auth}{took}, 请勿重复刷卡; 到账情况在报文日志之外",
    ),
    KEEP,
);
pub(super) const CONFIRMED: Row = row(
    p(
        "approved{auth}{took}, delivery proven; the pay-out is outside the message log",
        "交易成功{auth}{took}, 已证实送达, 请勿重复刷卡; 到账情况在报文日志之外",
    ),
    KEEP,
);
pub(super) const AUTHORIZED_ONLY: Row = row(
    p(
        "authorized only{auth}; completion missing",
        "仅预授权{auth}, 尚未做预授权完成",
    ),
    p(
        "send the completion or void it; do not swipe again",
        "请做预授权完成或撤销, 请勿重刷",
    ),
);
pub(super) const VOID_DONE: Row = row(
    p(
        "void approved{auth}, answer delivered; its original is cancelled",
        "撤销成功{auth}, 原交易已取消",
    ),
    p("nothing to do", "无需处理"),
);
/// One that was written to the terminal; whether it was read, nothing proves yet.
pub(super) const VOID_WRITTEN: Row = row(
    VOID_DONE.verdict,
    p(
        "if the slip shows the void, nothing is left to do; else query the acquirer",
        "签购单已显示撤销则无需处理; 否则请查询收单机构",
    ),
);
pub(super) const REFUND_DONE: Row = row(
    p(
        "refund accepted{auth}; its posting is outside the message log",
        "退货已受理{auth}; 入账时间在报文日志之外",
    ),
    p(
        "wait for the posting; do not refund again",
        "等待入账, 请勿重复退货",
    ),
);
pub(super) const UNPROVEN_DELIVERY: Row = row(
    p(
        "approved{auth}; answer written, delivery not proven",
        "已批准{auth}; 应答已发出, 未证实送达",
    ),
    p(
        "look at the terminal's slip and query the acquirer; do not {swipe} again until it says \
         not {done}; until settlement watch for its reversal or for proof",
        "请核对终端签购单并先向收单机构查询, 确认未{done}前请勿{swipe}; 结算前留意其冲正或送达证明",
    ),
);
pub(super) const ANSWER_UNREAD: Row = row(
    p(
        "answered, but its response code could not be read here; passed on as it came; approved \
         or not is not known",
        "收单机构已应答, 但网关无法解析应答码; 应答已原样转发终端, 是否成功未知",
    ),
    p(
        "look at the terminal's slip and query the acquirer; do not {swipe} again until it says \
         not {done}",
        "请核对终端签购单并先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);
pub(super) const UNCODED: Row = row(
    p(
        "answered without a response code; passed on as it came; approved or not is not known",
        "收单机构已应答, 但无应答码; 应答已原样转发终端, 是否成功未知",
    ),
    ANSWER_UNREAD.next,
);
pub(super) const APPROVED_IN_PART: Row = row(
    p(
        "approved{auth}{took} in part, answer delivered; the slip tells the amount that was \
         approved",
        "部分批准{auth}{took}, 应答已送达; 批准金额以签购单为准",
    ),
    p(
        "look at the slip for the approved amount; do not swipe again for it",
        "请按签购单核对批准金额, 该金额请勿重刷",
    ),
);
pub(super) const APPROVED_FOR: Row = row(
    p(
        "approved{auth}{took} in part, {amount} of {asked}, answer delivered",
        "部分批准{auth}{took}, 批准{amount}(原{asked}), 应答已送达",
    ),
    APPROVED_IN_PART.next,
);
pub(super) const SETTLED: Row = row(
    p(
        "approved{auth} and settled; the pay-out is outside the message log",
        "已清算{auth}; 到账情况在报文日志之外",
    ),
    KEEP,
);
pub(super) const MISMATCH: Row = row(
    p(
        "batch totals differ; may span the cut-over",
        "批总计不符, 可能跨日切",
    ),
    p(
        "compare the settlement dates (DE 15), then the acquirer file; then upload the batch; do \
         not swipe again",
        "先核对清算日期(域15), 再核对收单机构文件, 然后批上送; 请勿重刷",
    ),
);

pub(super) const TWO_CODES: Row = row(
    p(
        "approved{auth}; a second approval came under another code{second}; outcome unknown",
        "已批准{auth}; 又收到授权码不同的批准{second}, 结果未知",
    ),
    DISAGREE.next,
);
pub(super) const TAKEN_BACK: Row = row(
    p(
        "approved{auth}; the acquirer sent a reversal of its own; receipt and book disagree",
        "已批准{auth}; 收单机构自行发起冲正; 签购单与账目不符",
    ),
    DISAGREE.next,
);

pub(super) const TAKEN_BACK_BESIDE: Phrase = p(
    "the acquirer sent a reversal of its own",
    "收单机构自行发起冲正",
);

pub(super) const CLOSED_BY_OPERATOR: Row = row(
    p(
        "closed by an operator, {closing}",
        "操作员已结案, {closing}",
    ),
    p(
        "go by what the operator found; do not {swipe} again for it",
        "以操作员查明的结果为准, 请勿为此{swipe}",
    ),
);

// ── Unknown, to be reversed ──────────────────────────────────────────────────────────────────────
pub(super) const TIMED_OUT: Row = row(
    p(
        "no answer from acquirer{after}; outcome unknown; reversal {reversal}",
        "收单机构{after}无应答, 结果未知, 冲正{reversal}",
    ),
    NOBODY,
);
pub(super) const DOUBTFUL: Row = row(
    p(
        "{why}; outcome unknown; reversal {reversal}",
        "{why}, 结果未知, 冲正{reversal}",
    ),
    NOBODY,
);
pub(super) const UNANSWERED: Row = row(
    p(
        "{why}; outcome unknown; this kind is never reversed",
        "{why}, 结果未知, 此类交易不冲正",
    ),
    p(
        "let the terminal repeat the same message, or query the acquirer; do not key it in anew",
        "由终端原样重发或向收单机构查询, 请勿重新发起",
    ),
);
pub(super) const LATE: Row = row(
    p(
        "{why}; not delivered; reversal {reversal}",
        "{why}, 未送达, 冲正{reversal}",
    ),
    NOBODY,
);
pub(super) const GONE: Row = row(
    p("{why}; reversal {reversal}", "{why}, 冲正{reversal}"),
    NOBODY,
);

pub(super) const ASKED_AGAIN: Row = row(
    p("{why}; asked again as{other}", "{why}, 已重发为{other}"),
    p("look at the repeat", "请查看重发的交易"),
);
pub(super) const UNANSWERED_APPROVED: Row = row(
    p(
        "{why}; not delivered; this kind is never reversed",
        "{why}, 未送达, 此类交易不冲正",
    ),
    p(
        "the acquirer has it: do not key it in anew; tell the terminal's side",
        "收单机构已受理, 请勿重新发起, 并告知终端侧",
    ),
);
pub(super) const CONFLICT: Row = row(
    p(
        "approved{auth}, answer delivered, then a second answer declined; outcome unknown",
        "已批准{auth}, 应答已送达, 后又收到拒绝应答, 结果未知",
    ),
    p(
        "query the acquirer; do not {swipe} again until it says not {done}",
        "请先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);

// ── The reversal ─────────────────────────────────────────────────────────────────────────────────
pub(super) const PENDING_UNSENT: Row = row(
    p(
        "{why}; reversal pending, not sent yet",
        "{why}, 冲正处理中(尚未发出)",
    ),
    WAIT,
);
pub(super) const PENDING: Row = row(
    p(
        "{why}; reversal pending, try {n}, last result {rrc}",
        "{why}, 冲正处理中(已发{n}次), 最近结果{rrc}",
    ),
    WAIT,
);
pub(super) const REVERSED: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); {returned}",
        "{why}, 冲正成功({rrc}); {returned}",
    ),
    ALLOWED,
);
pub(super) const REVERSED_AFTER_SLIP: Row = row(
    REVERSED.verdict,
    p(
        "the sale does not stand: do not hand over goods, or collect again; {again} allowed",
        "交易未成立: 请勿交付商品, 已交付须重新收款; 可重新交易",
    ),
);
pub(super) const REVERSED_MAY_SHOW: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); {returned}; the terminal may show success",
        "{why}, 冲正成功({rrc}); {returned}; 终端可能显示成功",
    ),
    REVERSED_AFTER_SLIP.next,
);
pub(super) const REVERSED_ABOVE: Row = row(
    p(
        "{why}; the acquirer reversed it by itself; {returned}",
        "{why}, 收单机构已自行冲正; {returned}",
    ),
    ALLOWED,
);
pub(super) const REVERSED_THEN_APPROVED: Row = row(
    p(
        "{why}; reversal accepted ({rrc}), but an approval{auth} came after it was sent; not \
         proven that it was made before",
        "{why}, 冲正成功({rrc}), 但冲正发出后收到批准{auth}, 是否先批准后冲正未证实",
    ),
    DISAGREE.next,
);
pub(super) const CLOSED: Row = row(
    p(
        "{why}; reversal answered {rrc} ({rmeaning}); issuer side not proven",
        "{why}, 冲正应答{rrc}({rmeaning}), 发卡行是否扣款未证实",
    ),
    p(
        "query the acquirer; do not swipe again until it says not paid; do not treat as paid; if \
         the customer was charged, raise a dispute with the keys",
        "请先向收单机构查询, 确认未支付前请勿重刷; 不作为已付款处理; 如客户已被扣款, \
         凭交易要素提交差错处理",
    ),
);
pub(super) const REVERSAL_REFUSED: Row = row(
    p(
        "{why}; reversal not accepted ({rrc} {rmeaning}); raise dispute with keys {keys}",
        "{why}, 冲正未成功({rrc} {rmeaning}), 请凭{keys}提交差错处理",
    ),
    DISPUTE,
);
pub(super) const UNDELIVERABLE: Row = row(
    p(
        "{why}; reversal not accepted after {n} tries (last result {rrc}); raise dispute with \
         keys {keys}",
        "{why}, 冲正{n}次未成功(最近结果{rrc}), 请凭{keys}提交差错处理",
    ),
    DISPUTE,
);

// ── No money in it ───────────────────────────────────────────────────────────────────────────────
pub(super) const ASKING: Row = row(
    p(
        "waiting for the answer; no money in it",
        "等待应答, 不涉及资金",
    ),
    p("wait for the answer", "请等待应答"),
);
pub(super) const ANSWERED: Row = row(
    p(
        "answered {rc} {meaning}; no money in it",
        "应答{rc} {meaning}, 不涉及资金",
    ),
    p("nothing to do", "无需处理"),
);
pub(super) const ANSWERED_NO: Row = row(ANSWERED.verdict, p("{advice}", "{advice}"));
pub(super) const UNHEARD: Row = row(
    p("{why}; no money in it", "{why}, 不涉及资金"),
    p("ask again", "可重新发起"),
);

// ── Damage ───────────────────────────────────────────────────────────────────────────────────────
pub(super) const GAP: Phrase = p(
    "the journal is damaged, a record may be missing",
    "日志损坏, 可能缺少记录",
);

// ── Captured traffic ─────────────────────────────────────────────────────────────────────────────
pub(super) const UNSEEN: Phrase = p(
    "told from captured traffic, of which a part is missing",
    "依据抓包判断, 抓包不完整",
);

// ── Read in part ─────────────────────────────────────────────────────────────────────────────────
pub(super) const REQUEST_UNREAD: Phrase = p(
    "not all of the request could be read ({v})",
    "请求报文未能全部解析({v})",
);
pub(super) const ANSWER_IN_PART: Phrase = p(
    "not all of the answer could be read ({v})",
    "应答报文未能全部解析({v})",
);

// ── Another attempt ──────────────────────────────────────────────────────────────────────────────
pub(super) const TWIN: Phrase = p("another attempt {tx}: {state}", "另一次尝试{tx}: {state}");
pub(super) const TWIN_UNKNOWN: Phrase = p(
    "another attempt {tx}: not in this journal",
    "另一次尝试{tx}: 本日志中未找到",
);
pub(super) const TWIN_NEXT: Phrase = p(
    "look at the other attempt first: keep one; do not swipe again until both are closed",
    "请先查看另一次尝试, 只保留一笔; 两笔均结清前请勿重刷",
);

// ── A late answer ────────────────────────────────────────────────────────────────────────────────
pub(super) const DECLINE_CAME: Phrase = p(
    "a late answer came: {rc} {meaning}",
    "其后收到应答{rc} {meaning}",
);
