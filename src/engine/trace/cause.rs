//! The closed list of causes: why a transaction stands where it stands, as far as the messages
//! prove it. `isogate explain --causes` prints it.

use super::lang::Phrase;

/// What is to be said of a cause.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it means.
    pub text: Phrase,
    /// The complaints of the catalogue that look like this on the wire.
    pub complaints: &'static str,
}

/// Makes the enum, its list and its texts out of one table.
macro_rules! causes {
    ($($cause:ident $name:literal $en:literal $zh:literal $complaints:literal;)*) => {
        /// A cause, in the order of a transaction's life.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $(#[doc = $en] $cause,)* }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$cause,)*];

            /// What is to be said of it.
            #[must_use]
            pub const fn about(self) -> About {
                match self {
                    $(Self::$cause => About {
                        name: $name,
                        text: Phrase::new($en, $zh),
                        complaints: $complaints,
                    },)*
                }
            }
        }
    };
}

causes! {
    InProgress "in_progress"
        "not over yet"
        "交易进行中"
        "S2.1";
    NoAnswer "no_answer"
        "the acquirer did not answer in time; request lost, answer lost or answer late: not \
         told apart yet"
        "收单机构未按时应答; 请求丢失、应答丢失或应答迟到, 尚无法区分"
        "S1.2 S1.11 S2.10 S3.8 S3.17 S3.21 S4.2";
    AnswerLost "answer_lost"
        "no answer came in time, and the reversal was accepted: the answer was lost or slower \
         than the deadline; that the request was lost is not ruled out"
        "未按时收到应答, 冲正已接受: 应答丢失或超时, 不排除请求未到"
        "S1.2 S2.10 S3.17 S3.19 S5.4";
    RequestLost "request_lost_or_unknown"
        "the acquirer does not know it: the request was lost or forgotten, or is known only to \
         the issuer"
        "收单机构无此交易; 请求丢失、被遗忘, 或仅发卡行有记录"
        "S3.7 S4.11";
    AnswerLate "answer_late"
        "the approval came after the deadline and was not delivered"
        "批准在超时后到达, 未送达终端"
        "S2.11 S4.1 S5.4";
    AnswerMacWrong "answer_mac_wrong"
        "the MAC of the answer was wrong, so it was not believed"
        "应答MAC校验错, 不予采信"
        "S2.2 S4.3 S5.5";
    AnswerUnreadable "answer_unreadable"
        "the answer could not be read"
        "应答报文无法解析"
        "S2.2 S3.2";
    AnswerMismatch "answer_mismatch"
        "the answer names another amount, terminal or number than its request"
        "应答的金额、终端或凭证号与请求不符"
        "S2.2 S3.2";
    AnswersDisagree "answers_disagree"
        "the acquirer answered twice, and the answers disagree"
        "收单机构两次应答不一致"
        "S4.12";
    OutcomeUnknown "outcome_unknown_upstream"
        "the acquirer answered that it does not know the outcome behind it, or names an \
         earlier transaction of this number"
        "收单机构应答表示后方结果未知, 或已有同凭证号交易"
        "S2.3 S2.4";
    LinkDown "link_down"
        "no connection to the acquirer; nothing left the gateway"
        "与收单机构无连接, 交易未离开网关"
        "S1.13 S2.5 S3.12 S4.14";
    NeverWritten "never_written"
        "the request waited to be written until its deadline; nothing left the gateway"
        "请求在期限内未能写出, 交易未离开网关"
        "S1.11 S3.12";
    LinkLost "link_lost"
        "the connection to the acquirer broke after the request was handed to it"
        "请求发出后与收单机构的连接中断"
        "S1.2 S3.1 S3.17 S4.11";
    Restart "restart"
        "the gateway restarted while the transaction was under way"
        "交易进行中网关重启"
        "S1.1";
    NotCaptured "not_captured"
        "the captured traffic does not show it: it has a gap there, or ends"
        "抓包缺失: 此处有缺口或已结束"
        "";
    TerminalGone "terminal_gone"
        "approved, but the terminal was no longer there to take the answer"
        "已批准, 但终端已断开, 应答未送达"
        "S1.2 S2.10 S3.17";
    DeliveryUnproven "delivery_unproven"
        "the approval was written, and nothing proves that the terminal read it"
        "应答已发出, 未证实终端收到"
        "S1.2 S2.10";
    TerminalReversed "terminal_reversed"
        "the terminal reversed the transaction itself"
        "终端自行发起冲正"
        "S1.1 S2.15 S3.1 S5.5";
    OperatorClosed "operator_closed"
        "an operator found out where the money is, and closed it"
        "操作员查明资金去向后结案"
        "";
    AcquirerReversed "acquirer_reversed"
        "the acquirer took back what it had approved, and said so"
        "收单机构撤回了已批准的交易"
        "S5.1";
    OperatorReversed "operator_reversed"
        "an operator asked for the reversal"
        "操作员要求冲正"
        "S5.10";
    Declined "declined"
        "refused by the issuer or acquirer"
        "发卡行或收单机构拒绝"
        "S1.5 S1.7 S1.8 S1.9 S1.13 S2.5 S2.9 S3.10 S3.14 S3.16 S3.18 S3.20 S4.4 S4.6 S4.7 \
         S4.8 S4.9 S5.7 S5.9";
    RefusedFormat "refused_format"
        "refused by the gateway: the message cannot be taken as it is"
        "网关拒绝: 报文不可受理"
        "S3.2 S4.3 S4.10";
    RefusedMac "refused_mac"
        "refused by the gateway: the MAC of the request was wrong"
        "网关拒绝: 请求MAC校验错"
        "S4.3";
    RefusedTerminal "refused_terminal"
        "refused by the gateway: the terminal is not among those that may come in here"
        "网关拒绝: 终端未登记"
        "S3.2";
    RefusedDuplicate "refused_duplicate"
        "refused by the gateway: another transaction has this number"
        "网关拒绝: 凭证号已被另一笔交易使用"
        "S2.17";
    OvertakenByReversal "overtaken_by_reversal"
        "refused by the gateway: the reversal came before its request"
        "网关拒绝: 冲正先于请求到达"
        "S4.12";
    RefusedUndoing "refused_undoing"
        "refused by the gateway: a reversal of its original is under way"
        "网关拒绝: 原交易正在冲正"
        "";
    RefusedUnrecalled "refused_unrecalled"
        "refused by the gateway: the journal did not say in time whether it came before"
        "网关拒绝: 未能及时查明日志中有无前次交易"
        "";
    RefusedOverload "refused_overload"
        "refused by the gateway: a limit is reached"
        "网关拒绝: 已达处理上限"
        "S1.11 S3.8";
    RefusedDraining "refused_draining"
        "refused by the gateway: it is going down"
        "网关拒绝: 正在停机"
        "S1.5";
    RefusedNoRoute "refused_no_route"
        "refused by the gateway: no route takes it"
        "网关拒绝: 无可用路由"
        "S4.6";
    NoOriginal "no_original"
        "a reversal whose original this gateway has not seen"
        "冲正的原交易未到过本网关"
        "S4.12";
    ReversalPending "reversal_pending"
        "the reversal has no final answer yet; it is being repeated"
        "冲正尚无最终应答, 正在重发"
        "S5.4";
    ReversalRefused "reversal_refused"
        "the acquirer refused the reversal for good"
        "收单机构最终拒绝冲正"
        "S5.10";
    ReversalUndeliverable "reversal_undeliverable"
        "the reversal got no final answer within its tries and time"
        "冲正在次数和时限内未得到最终应答"
        "S5.10";
    ApprovalAfterReversal "approval_after_reversal"
        "an approval came after the reversal was accepted"
        "冲正成功后又收到批准"
        "S2.11 S4.1";
    AnotherAttempt "another_attempt"
        "another attempt with the same card, amount and merchant, moments apart"
        "短时间内同卡同金额同商户另有一次尝试"
        "S2.17 S2.19";
    Voided "voided"
        "approved, then voided or refunded"
        "成功后已撤销或退货"
        "S5.6 S5.8";
    CompletionMissing "completion_missing"
        "authorized only; no completion was seen"
        "仅预授权, 未见预授权完成"
        "S1.10 S5.2";
    SettleMismatch "settle_mismatch"
        "one side counts it in the batch, the other does not"
        "批结算时仅一方有记录"
        "S3.6";
    Answered "answered"
        "answered; no money in it"
        "已应答, 不涉及资金"
        "";
    OutsideLog "outside_log"
        "nothing wrong in the messages; if the money has not arrived, the cause lies outside \
         the message log: pay-out, calendar, merchant account, issuer review"
        "报文无异常; 如未到账, 原因在报文日志之外: 划付、日历、商户账户或发卡行审核"
        "S1.3 S1.4 S1.6 S1.12 S1.14 S1.15 S1.16 S2.6 S2.7 S2.12 S2.14 S2.16 S3.3 S3.4 S3.5 \
         S3.9 S3.11 S3.13 S4.5 S5.1 S5.3";
    PayoutDue "payout_due"
        "the pay-out file: it waits for its day"
        "划付文件: 待到账日划付"
        "S1.4 S1.5 S3.3 S3.9 S3.11 S3.13";
    PayoutLate "payout_late"
        "the pay-out file: its day has passed, and it was not paid"
        "划付文件: 已过预计到账日, 尚未划付"
        "S3.3";
    PayoutMoved "payout_moved"
        "the pay-out file: its day was moved by a holiday"
        "划付文件: 遇节假日顺延"
        "S1.5 S3.9";
    PayoutRule "payout_rule"
        "the pay-out file or the settings: a rule changed"
        "划付文件或商户设置: 到账规则调整"
        "S1.16";
    PayoutMode "payout_mode"
        "the settings: the mode of pay-out"
        "商户设置: 到账方式"
        "S1.15 S2.14";
    Agreement "agreement"
        "the settings: a clause of the agreement"
        "商户设置: 结算协议条款"
        "S1.14";
    InstantClosed "instant_closed"
        "over the limit or the hours of instant pay-out"
        "超出实时到账限额或时段"
        "S3.4 S6.5";
    NotWithdrawn "not_withdrawn"
        "the pay-out file: the merchant has not asked for it, or it is below the least amount"
        "划付文件: 未发起提现或未达起付额"
        "S6.12";
    PayoutReviewed "payout_reviewed"
        "the pay-out file: held for review or by risk control"
        "划付文件: 审核或风控暂缓"
        "S1.6 S6.4";
    MerchantBlocked "merchant_blocked"
        "the merchant's account may not be paid: its state, its papers or an order"
        "商户账户不可划付: 状态、证照或司法指令"
        "S1.8 S2.6 S3.18 S6.8 S6.10";
    ChannelNotOpen "channel_not_open"
        "the merchant is not registered for the channel"
        "商户未在该渠道完成报备或实名"
        "S6.9";
    ReserveShort "reserve_short"
        "the pay-out file: the merchant's balance or reserve is short"
        "划付文件: 商户余额或备用金不足"
        "S2.3 S2.12 S5.3";
    PayoutHeld "payout_held"
        "the pay-out file: held, for another reason"
        "划付文件: 其他原因暂缓结算"
        "S5.3";
    PayoutReturned "payout_returned"
        "the pay-out file: sent back by the merchant's bank"
        "划付文件: 收款行退汇"
        "S2.6 S3.18 S5.3 S6.7";
    PaidToAnother "paid_to_another"
        "the pay-out file: paid to an account, or by a payer, that was not contracted"
        "划付文件: 入账户名或付款方与签约信息不符"
        "S2.8 S2.16 S3.5";
    PaidUnconfirmed "paid_unconfirmed"
        "the pay-out file: paid, and the receiving bank's result has not come back"
        "划付文件: 已划付, 收款行入账结果未返回"
        "S1.12";
    PaidNet "paid_net"
        "the pay-out file: paid, less fee or deductions"
        "划付文件: 已扣费划付"
        "S6.1 S6.2 S6.6";
    PaidTogether "paid_together"
        "the pay-out file: paid in one credit with others"
        "划付文件: 与其他交易合并到账"
        "S6.3";
    Paid "paid"
        "the pay-out file: paid in full"
        "划付文件: 已全额划付"
        "";
    TerminalUnbound "terminal_unbound"
        "the settings: the terminal is bound to another merchant, or to none"
        "商户设置: 终端绑定其他商户或未绑定"
        "S2.16 S6.14";
    NotUploaded "not_uploaded"
        "the settings: cleared when the terminal settles, and its batch was not uploaded"
        "商户设置: 由终端结算, 批次未上送"
        "S1.10 S3.11 S5.2";
    MissingAtAcquirer "missing_at_acquirer"
        "the acquirer's file lacks it"
        "收单机构文件无此交易"
        "S3.6";
    OtherAmount "other_amount"
        "a file has it with another amount"
        "文件中金额不同"
        "S2.7 S4.5";
    BookedTwice "booked_twice"
        "a file books or debits it twice"
        "文件中重复入账或扣款"
        "";
    BookedAtAcquirer "booked_at_acquirer"
        "the acquirer's file books what the messages do not prove"
        "收单机构文件已入账, 报文未证实"
        "";
    ReturnedLater "returned_later"
        "approved, and later returned by acquirer or issuer"
        "交易成功后被退回"
        "S5.1";
    DebitStands "debit_stands"
        "the issuer's view: debited, and not returned"
        "发卡行: 已扣款, 未退回"
        "";
    DebitReturned "debit_returned"
        "the issuer's view: debited, then returned"
        "发卡行: 已扣款, 后退回"
        "S5.4";
    IssuerReview "issuer_review"
        "the issuer's view: held by its review"
        "发卡行: 审核中"
        "S3.14";
    RefundPosting "refund_posting"
        "a refund that waits for its posting"
        "退货待入账"
        "S5.6 S5.8";
    SlipStands "slip_stands"
        "the terminal's batch counts what was undone"
        "终端批次仍计入已撤回的交易"
        "S3.6";
}

impl Cause {
    /// The name in JSON: `answer_lost`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    /// Whether only another party's file tells it: those stand behind the causes that messages
    /// prove.
    #[must_use]
    pub fn is_filed(self) -> bool {
        self >= Self::PayoutDue
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_cause_has_a_name_of_its_own_and_two_languages() {
        let names: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.name()).collect();
        assert_eq!(names.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            let text = cause.about().text;
            assert!(!text.en.is_empty() && text.en.is_ascii(), "{cause:?}");
            assert!(!text.zh.is_ascii(), "{cause:?}");
        }
    }
}
