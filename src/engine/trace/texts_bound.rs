//! The sentences about transactions that belong together: a sale and its voids and refunds, an
//! authorization and its completions, a request and its repeats. Beside the places of `texts`:
//! `{back}` of `{amount}`, and by purpose `{deed}`, `{swipe}`, `{done}`.

use super::lang::Phrase;
use super::texts::{Row, p, row};

// ── A sale, and what gave it back ────────────────────────────────────────────────────────────────
pub(super) const RETURNED: Row = row(
    p(
        "approved{auth}, then voided or refunded{other}; the money goes back",
        "交易成功{auth}, 后已撤销或退货{other}, 款项退回",
    ),
    p(
        "nothing to do; its posting is outside the message log",
        "无需处理; 退回入账时间在报文日志之外",
    ),
);
pub(super) const RETURNED_UNSEEN: Row = row(
    p(
        "approved{auth}; a void or refund{other} of it was approved; how much goes back is not \
         known here",
        "已批准{auth}; 其撤销或退货{other}已批准, 退回金额未知",
    ),
    p(
        "look at the void or refund; do not swipe again",
        "请查看该撤销或退货, 请勿重刷",
    ),
);
pub(super) const RETURNED_PARTLY: Row = row(
    p(
        "approved{auth}, then refunded in part; {back} of {amount} goes back, the rest stands",
        "交易成功{auth}, 后部分退货; 退回{back}(原{amount}), 其余仍有效",
    ),
    p(
        "do not swipe again; refund no more than the rest",
        "请勿重复刷卡; 再退货不得超过余额",
    ),
);
pub(super) const PART_RETURNED: Row = row(
    p(
        "approved{auth} in part, then voided or refunded in part or whole; the slip tells the \
         amount that was approved; {back} was given back",
        "部分批准{auth}, 后撤销或退货; 批准金额以签购单为准; 共退回{back}",
    ),
    p(
        "look at the slip for the approved amount; do not swipe again for it",
        "请按签购单核对批准金额, 该金额请勿重刷",
    ),
);
pub(super) const RETURNED_TOO_MUCH: Row = row(
    p(
        "approved{auth}, then more given back than was paid; {back} of {amount} was given back",
        "交易成功{auth}, 后退回多于原交易; 共退回{back}(原{amount})",
    ),
    p(
        "raise a dispute with the keys; do not refund again",
        "凭交易要素提交差错处理, 请勿再次退货",
    ),
);
pub(super) const REVERSED_AND_RETURNED: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); a void or refund{other} of it was approved",
        "{why}, 冲正成功({rrc}); 其撤销或退货{other}已批准",
    ),
    RETURNED_TOO_MUCH.next,
);
/// Whether its reversal took effect is not known, and it was given back by another door.
pub(super) const UNPROVEN_AND_RETURNED: Row = row(
    p(
        "{why}; reversal not proven (last result {rrc}); a void or refund{other} of it was \
         approved; {back} of {amount} was given back",
        "{why}, 冲正未证实(最近结果{rrc}); 其撤销或退货{other}已批准; 共退回{back}(原{amount})",
    ),
    p(
        "look at both books before any more is given back; do not swipe again",
        "请核对双方账目, 查明前请勿再次退回, 请勿重刷",
    ),
);
pub(super) const REVERSED_BEFORE: Row = row(
    p(
        "{why}; reversal accepted ({rrc}), but another reversal{other} of it was accepted before; \
         how much goes back is not known here",
        "{why}, 冲正成功({rrc}), 但此前另一冲正{other}已被接受, 退回金额未知",
    ),
    p(
        "query the acquirer; do not {swipe} again until it says not {done}",
        "请先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);
pub(super) const REVERSED_SETTLED: Row = row(
    p(
        "reversal accepted ({rrc}), but settlement{other} counts it, in balance at the acquirer",
        "冲正成功({rrc}), 但结算{other}仍计入本笔且对账相符",
    ),
    SETTLED_NEXT,
);
pub(super) const REVERSED_PERHAPS_SETTLED: Row = row(
    p(
        "reversal accepted ({rrc}), but settlement{other}, in balance at the acquirer, may count \
         it",
        "冲正成功({rrc}), 但对账相符的结算{other}可能计入本笔",
    ),
    SETTLED_NEXT,
);
pub(super) const REVERSED_SETTLED_BEFORE: Row = row(
    p(
        "{why}; reversal accepted ({rrc}), but settlement{other} was in balance with it before; \
         whether the settled money goes back is not known here",
        "{why}, 冲正成功({rrc}), 但此前结算{other}已计入本笔且对账相符, 已结算款项是否退回未知",
    ),
    SETTLED_BEFORE_NEXT,
);
pub(super) const DECLINED_SETTLED: Row = row(
    p(
        "answered {rc} {meaning}, but settlement{other} counts it, in balance at the acquirer",
        "应答{rc} {meaning}, 但结算{other}仍计入本笔且对账相符",
    ),
    SETTLED_NEXT,
);
pub(super) const DECLINED_PERHAPS_SETTLED: Row = row(
    p(
        "answered {rc} {meaning}, but settlement{other}, in balance at the acquirer, may count it",
        "应答{rc} {meaning}, 但对账相符的结算{other}可能计入本笔",
    ),
    SETTLED_NEXT,
);
/// Both ends count what the messages say was not made.
pub(super) const SETTLED_NEXT: Phrase = p(
    "both ends settled it: do not {swipe} again; look at both books, then give back by refund what \
     was not bought",
    "两端均已结算, 请勿{swipe}; 请核对双方账目, 未成交的款项以退货退回",
);
pub(super) const SETTLED_RETURN_NEXT: Phrase = p(
    "both ends settled it: do not {swipe} again; look at both books with the acquirer",
    "两端均已结算, 请勿{swipe}; 请与收单机构核对双方账目",
);
pub(super) const SETTLED_WITHOUT: Row = row(
    p(
        "approved{auth}, but settlement{other}, in balance at the acquirer, does not count it",
        "已批准{auth}, 但对账相符的结算{other}未计入本笔",
    ),
    p(
        "compare both books (`isogate recon`) and raise what differs with the acquirer; do not \
         {swipe} again",
        "用 `isogate recon` 逐笔核对, 差异向收单机构提出; 请勿{swipe}",
    ),
);
pub(super) const PERHAPS_SETTLED_WITHOUT: Row = row(
    p(
        "approved{auth}, but settlement{other}, in balance at the acquirer, may not count it",
        "已批准{auth}, 但对账相符的结算{other}可能未计入本笔",
    ),
    SETTLED_WITHOUT.next,
);
/// One that contradicts what is told of a void, refund, or reversal of a part.
pub(super) const SETTLED_OTHERWISE: Phrase = p(
    "settlement {tx}, in balance at the acquirer, says otherwise",
    "对账相符的结算{tx}与此不符",
);
/// It was undone too late to be taken out of its batch.
pub(super) const SETTLED_BEFORE_NEXT: Phrase = p(
    "query the acquirer; if the money has not come back, refund it; do not {swipe} again until it \
     says not {done}",
    "请先向收单机构查询, 确认未{done}前请勿{swipe}; 如款项未退回, 请办理退货",
);
pub(super) const RETURN_IN_DOUBT: Row = row(
    p(
        "approved{auth}; a void or refund of it is not proven; whether it still stands is not \
         known",
        "已批准{auth}; 其撤销或退货未证实, 原交易是否仍有效未知",
    ),
    p(
        "look at the void or refund first; do not swipe again, and do not give back again, until \
         it is closed",
        "请先查看该撤销或退货, 结清前请勿重刷或再次退回",
    ),
);
/// It was undone; what may give it back once more.
pub(super) const EXCESS_IN_DOUBT: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); a void or refund{other} may have given it back once \
         more",
        "{why}, 冲正成功({rrc}); 撤销或退货{other}可能再次退回",
    ),
    p(
        "look at the void or refund first; do not {swipe} again, and do not give back again, \
         until it is closed",
        "请先查看该撤销或退货, 结清前请勿{swipe}或再次退回",
    ),
);
/// A reversal that is a message of its own.
pub(super) const OTHER_REVERSAL: Phrase =
    p("another reversal {tx}: {state}", "另一冲正{tx}: {state}");
/// One of its voids and refunds.
pub(super) const RETURN: Phrase = p("void or refund {tx}: {state}", "撤销或退货{tx}: {state}");
pub(super) const SIBLING: Phrase = p(
    "another void or refund of the same original {tx}: {state}",
    "同一原交易另有撤销或退货{tx}: {state}",
);
pub(super) const SIBLING_NEXT: Phrase = p(
    "look at the other void or refund first; do not {swipe} again until it closes",
    "请先查看另一笔撤销或退货, 结清前请勿{swipe}",
);

pub(super) const ORIGINAL_UNDONE_NEXT: Phrase = p(
    "look at the original first; do not {swipe} again until it is known what is left of it",
    "请先查看原交易, 查明剩余金额前请勿{swipe}",
);

pub(super) const TURNED_AWAY: Row = row(
    p(
        "approved{auth}; its reversal was turned away for a void or refund that was undone since",
        "已批准{auth}; 其冲正因撤销或退货未受理, 该撤销或退货后又被冲回",
    ),
    p(
        "ask the merchant whether it stands, and reverse it if not; do not {swipe} again",
        "请向商户核实是否仍有效, 无效则发起冲正, 请勿{swipe}",
    ),
);

pub(super) const KEPT_BACK: Row = row(
    p(
        "approved{auth}; a reversal{other} of it was refused here; whether it is to stand is not \
         known",
        "已批准{auth}; 其冲正{other}未受理, 是否仍要有效未知",
    ),
    TURNED_AWAY.next,
);

// ── A void or refund by itself ───────────────────────────────────────────────────────────────────
pub(super) const RETURN_MAY_BE_UNDONE: Row = row(
    p(
        "approved{auth}; a reversal{other} may have undone it; whether it still stands is not \
         known",
        "已批准{auth}; 冲正{other}可能已将其冲回, 是否仍有效未知",
    ),
    p(
        "query the acquirer; do not {swipe} again until it says not {done}",
        "请先向收单机构查询, 确认未{done}前请勿{swipe}",
    ),
);
pub(super) const VOID_IN_PART: Row = row(
    p(
        "void approved{auth}, of another amount than its original; how much goes back is not \
         known here",
        "撤销成功{auth}, 金额与原交易不符, 退回金额未知",
    ),
    RETURN_MAY_BE_UNDONE.next,
);
pub(super) const RETURN_IN_OTHER_CURRENCY: Row = row(
    p(
        "approved{auth}; in another currency than its original; how much goes back is not known \
         here",
        "已批准{auth}; 币种与原交易不符, 退回金额未知",
    ),
    RETURN_MAY_BE_UNDONE.next,
);
pub(super) const RETURN_OF_EITHER: Row = row(
    p(
        "approved{auth}; card or numbers that name its original contradict each other; of which \
         transaction it is, is not known here",
        "已批准{auth}; 指明原交易的卡号或号码互相矛盾, 所退交易未知",
    ),
    RETURN_MAY_BE_UNDONE.next,
);
pub(super) const VOID_OF_UNKNOWN: Row = row(
    p(
        "void approved{auth}, answer delivered; its original is not known here",
        "撤销成功{auth}, 网关无此原交易",
    ),
    p(
        "look for its original at the acquirer",
        "请向收单机构查找其原交易",
    ),
);
pub(super) const GAVE_TOO_MUCH: Row = row(
    p(
        "approved{auth}; with it more was given back than was paid",
        "已批准{auth}; 连同本笔退回多于原交易",
    ),
    RETURNED_TOO_MUCH.next,
);
pub(super) const TRY_AGAIN: Phrase = p("the {deed} may be tried again", "可再次{deed}");
pub(super) const TRY_LATER: Phrase = p("try the {deed} again later", "请稍后再次{deed}");
pub(super) const ENTER_AGAIN: Phrase = p("enter the {deed} again, with care", "请核对后再次{deed}");
pub(super) const SIGN_IN: Phrase = p(
    "sign the terminal in, then try the {deed} again",
    "请重新签到后再次{deed}",
);
pub(super) const CALL: Phrase = p(
    "look at the original, then call the acquirer",
    "请查看原交易, 并联系收单机构",
);
pub(super) const CLOSED_RETURN: Phrase = p(
    "query the acquirer; do not {swipe} again until it says not {done}; if the books differ, \
     raise a dispute with the keys",
    "请先向收单机构查询, 确认未{done}前请勿{swipe}; 如账目不符, 凭交易要素提交差错处理",
);

// ── An authorization and its completions ─────────────────────────────────────────────────────────
pub(super) const COMPLETED: Row = row(
    p(
        "authorized{auth}, then completed{other}; what is paid is told there",
        "预授权成功{auth}, 后已完成{other}; 扣款以预授权完成为准",
    ),
    p(
        "look at the completion; do not send it again",
        "请查看预授权完成, 请勿重复发送",
    ),
);
pub(super) const OVERDRAWN: Row = row(
    p(
        "authorized{auth}; its completions took more than that, or in another currency",
        "预授权成功{auth}; 预授权完成超出授权金额或币种不符",
    ),
    p(
        "look at the completions; void what was taken twice, or raise a dispute with the keys",
        "请查看各笔预授权完成; 多扣的请撤销, 或凭交易要素提交差错处理",
    ),
);
pub(super) const OVERDRAWS: Row = row(
    p(
        "approved{auth}; it takes more than its authorization holds",
        "已批准{auth}; 预授权完成金额超出授权金额",
    ),
    p(
        "raise a dispute with the keys; do not swipe again",
        "凭交易要素提交差错处理, 请勿重刷",
    ),
);
pub(super) const COMPLETED_AND_UNDONE: Row = row(
    p(
        "authorized{auth}; its completion{other} was approved, and its void or refund, too; which \
         of them stands is not known here",
        "预授权成功{auth}; 其预授权完成{other}已批准, 其撤销或退货也已批准, 何者有效未知",
    ),
    RETURN_MAY_BE_UNDONE.next,
);
pub(super) const COMPLETION_OF_UNDONE: Row = row(
    p(
        "approved{auth}; its authorization was undone by{other}; whether it still stands is not \
         known",
        "已批准{auth}; 其预授权已被{other}撤销或冲正, 是否仍有效未知",
    ),
    RETURN_MAY_BE_UNDONE.next,
);
pub(super) const VOID_OF_COMPLETED: Row = row(
    p(
        "void approved{auth}; its original was completed{other}, or may have been; which of them \
         stands is not known here",
        "撤销成功{auth}; 其预授权已完成或可能已完成{other}, 何者有效未知",
    ),
    RETURN_MAY_BE_UNDONE.next,
);
pub(super) const HOLD_UNDONE_NEXT: Phrase = p(
    "look at the authorization: it may have been undone; do not send the completion again",
    "请查看预授权, 其可能已被撤销或冲正, 请勿重新发送预授权完成",
);
pub(super) const HOLD_COMPLETED_NEXT: Phrase = p(
    "look at the completion; do not {swipe} again",
    "请查看预授权完成; 请勿{swipe}",
);
/// One of several completions.
pub(super) const OTHER_COMPLETION: Phrase = p(
    "another completion of it {tx}: {state}",
    "另有预授权完成{tx}: {state}",
);
pub(super) const COMPLETION_IN_DOUBT: Row = row(
    p(
        "authorized{auth}; its completion{other} is not proven",
        "预授权成功{auth}; 其预授权完成{other}未证实",
    ),
    p(
        "look at the completion first; do not send it again until it closes",
        "请先查看预授权完成, 结清前请勿重复发送",
    ),
);
pub(super) const REVERSED_COMPLETION: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); its completion{other} is not proven",
        "{why}, 冲正成功({rrc}); 其预授权完成{other}未证实",
    ),
    COMPLETION_IN_DOUBT.next,
);
pub(super) const REVERSED_COMPLETED: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); its completion{other} was approved; which of them \
         stands is not known here",
        "{why}, 冲正成功({rrc}); 其预授权完成{other}已批准, 何者有效未知",
    ),
    COMPLETED.next,
);
pub(super) const REVERSED_RAISED: Row = row(
    p(
        "{why}; reversal accepted ({rrc}); its increment{other} may stand",
        "{why}, 冲正成功({rrc}); 其追加预授权{other}可能仍有效",
    ),
    p(
        "look at the increment first; do not swipe again until it is voided",
        "请先查看追加预授权, 撤销前请勿重刷",
    ),
);
pub(super) const VOIDED_RAISED: Row = row(
    p(
        "authorized{auth}, then voided{other}; its increment may stand",
        "预授权成功{auth}, 后已撤销{other}; 其追加预授权可能仍有效",
    ),
    REVERSED_RAISED.next,
);
pub(super) const HOLD_VOIDED: Row = row(
    p(
        "authorized{auth}, then voided{other}; any hold is released",
        "预授权成功{auth}, 后已撤销{other}; 如已冻结将解除冻结",
    ),
    p("nothing to do", "无需处理"),
);
pub(super) const COMPLETE_AGAIN: Phrase = p(
    "the authorization may stand: send the completion again, or void the authorization",
    "预授权可能仍有效: 请重新发送预授权完成, 或撤销预授权",
);

// ── A transaction, and what the acquirer says of it when asked ───────────────────────────────────
pub(super) const CONFIRMED_BY_INQUIRY: Row = row(
    p("{why}; not reversed", "{why}, 未发冲正"),
    super::texts::KEEP,
);
pub(super) const INQUIRY_APPROVED: Phrase = p(
    "inquiry {tx} was answered {rc}: it stands at the acquirer",
    "查询{tx}应答{rc}: 收单机构处交易成立",
);
pub(super) const INQUIRY_DENIED: Phrase = p(
    "inquiry {tx} was answered {rc} {meaning}: the acquirer's view lags, or it does not stand \
     there",
    "查询{tx}应答{rc} {meaning}: 收单机构查询结果滞后, 或该处交易未成立",
);
/// Of one that is approved, while the acquirer's view denies it.
pub(super) const ASK_LATER: Phrase = p(
    "do not {swipe} again; query the acquirer later",
    "请勿{swipe}; 请稍后再向收单机构查询",
);

// ── A request and its repeats ────────────────────────────────────────────────────────────────────
pub(super) const REPEAT_KEPT_BACK: Row = row(
    p(
        "this one stayed here ({rc}); the same request{other} may have been booked",
        "本次未受理({rc}); 相同请求{other}可能已入账",
    ),
    super::texts::DUPLICATE.next,
);
pub(super) const REPEAT_DECLINED: Row = row(
    p(
        "declined {rc} {meaning}; the same request{other} may have been booked",
        "应答{rc} {meaning}; 相同请求{other}可能已入账",
    ),
    super::texts::DUPLICATE.next,
);
