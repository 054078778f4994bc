//! One history a class U1 to U9, one a state, and what must be said of each.

use super::history::{History, opened};
use crate::engine::record::{Hop, Note, State, Why};
use crate::engine::trace::{Cause, Retry, Unconfirmed};
use crate::iso::spec::Purpose;

pub(super) struct Case {
    history: History,
    state: State,
    class: Option<Unconfirmed>,
    cause: Cause,
    retry: Retry,
    en: &'static str,
    zh: &'static str,
}

pub(super) fn case(
    history: History,
    (state, class): (State, Option<Unconfirmed>),
    cause: Cause,
    retry: Retry,
    en: &'static str,
    zh: &'static str,
) -> Case {
    Case {
        history,
        state,
        class,
        cause,
        retry,
        en,
        zh,
    }
}

pub(super) fn check(cases: Vec<Case>) {
    for case in cases {
        let verdict = case.history.verdict();
        let said = (&*verdict.verdict.en, &*verdict.verdict.zh);
        assert_eq!(said, (case.en, case.zh));
        assert_eq!(verdict.state, case.state, "{}", case.en);
        assert_eq!(verdict.class, case.class, "{}", case.en);
        assert_eq!(verdict.cause, case.cause, "{}", case.en);
        assert_eq!(verdict.safe_to_retry, case.retry, "{}", case.en);
        let open = case
            .class
            .is_some_and(|class| class != Unconfirmed::NotSettled);
        assert_eq!(verdict.open, open, "{}", case.en);
    }
}

pub(super) use crate::engine::record::State as S;
pub(super) use crate::engine::trace::Cause as C;
pub(super) use crate::engine::trace::Retry::{No, Unproven, Yes};
pub(super) use crate::engine::trace::Unconfirmed as U;

#[test]
fn what_never_left_the_gateway_is_safe_to_try_again() {
    check(vec![
        case(
            History::new().open(opened(Purpose::Debit), S::Received, Why::Plain, None),
            (S::Received, None),
            C::InProgress,
            No,
            "received; nothing has left the gateway yet",
            "网关已收到, 尚未发往收单机构",
        ),
        case(
            History::refused(Why::RequestMac, "A0"),
            (S::Refused, None),
            C::RefusedMac,
            Yes,
            "refused by the gateway (A0): request MAC wrong; nothing left the gateway",
            "网关拒绝(A0): 请求MAC校验错, 交易未离开网关",
        ),
        case(
            History::refused(Why::Plain, "30"),
            (S::Refused, None),
            C::RefusedFormat,
            Yes,
            "refused by the gateway (30): format error; nothing left the gateway",
            "网关拒绝(30): 报文格式错, 交易未离开网关",
        ),
        case(
            History::refused(Why::OvertakenByReversal, "12"),
            (S::Refused, None),
            C::OvertakenByReversal,
            Yes,
            "reversal overtook request; request refused (12), nothing left the gateway",
            "冲正先到, 原请求已拒绝(12), 交易未离开网关",
        ),
        case(
            History::refused(Why::DuplicateMismatch, "94"),
            (S::Refused, None),
            C::RefusedDuplicate,
            Yes,
            "refused by the gateway (94): another transaction has this number; nothing left the \
             gateway",
            "网关拒绝(94): 凭证号已被另一笔交易使用, 交易未离开网关",
        ),
        case(
            History::new()
                .open(opened(Purpose::Debit), S::Received, Why::Plain, None)
                .step(S::NotSent, Why::NoLink)
                .say(Hop::GatewayToTerminal, "0210", "91"),
            (S::NotSent, None),
            C::LinkDown,
            Yes,
            "acquirer link down; not sent",
            "收单机构线路中断, 未发送",
        ),
        case(
            History::sale()
                .after(45_000)
                .step(S::NotSent, Why::NeverWritten),
            (S::NotSent, None),
            C::NeverWritten,
            Yes,
            "not written to the acquirer before its deadline; not sent",
            "期限内未能发往收单机构, 未发送",
        ),
    ]);
}

#[test]
fn a_decline_is_safe_to_try_again_unless_its_code_hides_the_outcome() {
    check(vec![
        case(
            History::sale().answer("51", S::Declined, Why::Plain),
            (S::Declined, None),
            C::Declined,
            Yes,
            "declined 51 insufficient funds; nothing debited",
            "51 余额不足, 未扣款",
        ),
        case(
            History::sale().declined("55"),
            (S::DeclineDelivered, None),
            C::Declined,
            Yes,
            "declined 55 wrong PIN; nothing debited",
            "55 密码错, 未扣款",
        ),
        case(
            History::of(Purpose::Void).declined("25"),
            (S::DeclineDelivered, None),
            C::Declined,
            Yes,
            "declined 25 original not found; not voided by this one",
            "25 未找到原交易, 本次未撤销",
        ),
        case(
            History::sale()
                .timed_out()
                .after(2_400)
                .answer("61", S::DeclineDelivered, Why::Plain)
                .note(Note::LateMs(2_400)),
            (S::DeclineDelivered, None),
            C::Declined,
            Yes,
            "declined 61 amount limit, 2.4s after timeout; nothing debited",
            "61 超出金额限制(超时2.4秒后应答), 未扣款",
        ),
        case(
            History::sale().declined("98"),
            (S::DeclineDelivered, Some(U::NoAnswer)),
            C::OutcomeUnknown,
            Unproven,
            "answered 98 no reply from issuer; outcome behind the acquirer unknown",
            "应答98 发卡方超时, 收不到应答, 收单机构后方结果未知",
        ),
        case(
            History::sale().declined("94"),
            (S::DeclineDelivered, Some(U::NoAnswer)),
            C::OutcomeUnknown,
            Unproven,
            "answered 94 duplicate transmission; outcome behind the acquirer unknown",
            "应答94 重复交易, 收单机构后方结果未知",
        ),
    ]);
}

#[test]
fn u1_no_answer() {
    check(vec![
        case(
            History::sale(),
            (S::Forwarded, Some(U::NoAnswer)),
            C::InProgress,
            No,
            "sent to the acquirer, no answer yet; outcome unknown; reversal not due yet",
            "已发往收单机构, 尚无应答, 结果未知, 冲正未到期",
        ),
        case(
            History::sale().step(S::ForwardedGone, Why::TerminalClosed),
            (S::ForwardedGone, Some(U::NoAnswer)),
            C::InProgress,
            No,
            "sent to the acquirer, the terminal went away before the answer; outcome unknown; \
             reversal not due yet",
            "已发往收单机构, 终端在应答前断开, 结果未知, 冲正未到期",
        ),
        case(
            History::sale().timed_out(),
            (S::TimedOut, Some(U::NoAnswer)),
            C::NoAnswer,
            No,
            "no answer from acquirer after 45s; outcome unknown; reversal due, not begun yet",
            "收单机构45秒无应答, 结果未知, 冲正待发起",
        ),
        case(
            History::sale().step(S::TimedOut, Why::LinkLost),
            (S::TimedOut, Some(U::NoAnswer)),
            C::LinkLost,
            No,
            "sent, connection lost; outcome unknown; reversal due, not begun yet",
            "已发出, 连接中断, 结果未知, 冲正待发起",
        ),
        case(
            History::sale().step(S::TimedOut, Why::Restarted),
            (S::TimedOut, Some(U::NoAnswer)),
            C::Restart,
            No,
            "gateway restarted before an answer; outcome unknown; reversal due, not begun yet",
            "网关在应答前重启, 结果未知, 冲正待发起",
        ),
        case(
            History::sale().answer("00", S::TimedOut, Why::AnswerMac),
            (S::TimedOut, Some(U::NoAnswer)),
            C::AnswerMacWrong,
            No,
            "answer MAC wrong; outcome unknown; reversal due, not begun yet",
            "应答MAC校验错, 结果未知, 冲正待发起",
        ),
        case(
            History::of(Purpose::Refund).step(S::Unanswered, Why::NoAnswer),
            (S::Unanswered, Some(U::NoAnswer)),
            C::NoAnswer,
            No,
            "no answer in 0s; outcome unknown; this kind is never reversed",
            "0秒未应答, 结果未知, 此类交易不冲正",
        ),
    ]);
}

#[test]
fn u2_answer_not_delivered() {
    check(vec![
        case(
            History::sale().answer("00", S::Approved, Why::Plain),
            (S::Approved, Some(U::NotDelivered)),
            C::InProgress,
            No,
            "approved 112233 but not yet delivered to terminal; reversal not due yet",
            "已批准(授权码112233)但尚未送达终端, 冲正未到期",
        ),
        case(
            History::sale()
                .answer("00", S::Approved, Why::Plain)
                .step(S::TerminalGone, Why::WriteFailed),
            (S::TerminalGone, Some(U::NotDelivered)),
            C::TerminalGone,
            No,
            "approved 112233 but not delivered to terminal; reversal due, not begun yet",
            "已批准(授权码112233)但未送达终端, 冲正待发起",
        ),
    ]);
}

#[test]
fn u3_late_approval() {
    check(vec![case(
        History::sale()
            .timed_out()
            .after(1_500)
            .late_approval(1_500, S::LateApproval),
        (S::LateApproval, Some(U::Late)),
        C::AnswerLate,
        No,
        "late approval 1.5s after timeout; not delivered; reversal due, not begun yet",
        "超时1.5秒后收到批准, 未送达, 冲正待发起",
    )]);
}

#[test]
fn u4_delivered_and_not_settled() {
    check(vec![
        case(
            History::sale().delivered(),
            (S::Delivered, Some(U::NotSettled)),
            C::OutsideLog,
            No,
            "approved 112233 after 0.35s, answer delivered; the pay-out is outside the message log",
            "交易成功(授权码112233)(耗时0.35秒), 请勿重复刷卡; 到账情况在报文日志之外",
        ),
        case(
            History::sale().delivered().step(S::Confirmed, Why::Plain),
            (S::Confirmed, Some(U::NotSettled)),
            C::OutsideLog,
            No,
            "approved 112233 after 0.35s, delivery proven; the pay-out is outside the message log",
            "交易成功(授权码112233)(耗时0.35秒), 已证实送达, 请勿重复刷卡; 到账情况在报文日志之外",
        ),
        case(
            History::of(Purpose::Hold).delivered(),
            (S::Delivered, Some(U::NotSettled)),
            C::CompletionMissing,
            No,
            "authorized only 112233; completion missing",
            "仅预授权(授权码112233), 尚未做预授权完成",
        ),
    ]);
}

#[test]
fn u5_reversal_pending() {
    check(vec![
        case(
            History::sale()
                .timed_out()
                .step(S::ReversalPending, Why::Plain),
            (S::ReversalPending, Some(U::ReversalPending)),
            C::ReversalPending,
            No,
            "no answer in 45s; reversal pending, not sent yet",
            "45秒未应答, 冲正处理中(尚未发出)",
        ),
        case(
            History::sale()
                .timed_out()
                .reverses(1)
                .reversal_answered("96", S::ReversalPending)
                .reverses(2),
            (S::ReversalSent, Some(U::ReversalPending)),
            C::ReversalPending,
            No,
            "no answer in 45s; reversal pending, try 2, last result 96",
            "45秒未应答, 冲正处理中(已发2次), 最近结果96",
        ),
        case(
            History::sale().delivered().terminal_reverses("98"),
            (S::ReversalPending, Some(U::ReversalPending)),
            C::ReversalPending,
            No,
            "terminal reversed after an approval was sent; first cause 98; reversal pending, not \
             sent yet",
            "应答发出后终端发起冲正(首次原因码98), 冲正处理中(尚未发出)",
        ),
    ]);
}

#[test]
fn u6_reversal_not_accepted() {
    check(vec![
        case(
            History::sale()
                .timed_out()
                .reverses(1)
                .reversal_answered("58", S::ReversalRefused),
            (S::ReversalRefused, Some(U::ReversalFailed)),
            C::ReversalRefused,
            No,
            "no answer in 45s; reversal not accepted (58 not permitted at this terminal); raise \
             dispute with keys merchant 874350357222471 terminal 10421695 STAN 100175 batch \
             000001 amount 888.00 CNY card 622609******0048 date 2026-11-22 RRN 203217491827",
            "45秒未应答, 冲正未成功(58 终端无此交易权限), 请凭商户号874350357222471 \
             终端号10421695 凭证号100175 批次号000001 金额888.00 CNY 卡号622609******0048 \
             日期2026-11-22 参考号203217491827提交差错处理",
        ),
        case(
            History::sale()
                .timed_out()
                .reverses(1)
                .reverses(2)
                .step(S::ReversalUndeliverable, Why::TriesUsedUp),
            (S::ReversalUndeliverable, Some(U::ReversalFailed)),
            C::ReversalUndeliverable,
            No,
            "no answer in 45s; reversal not accepted after 2 tries (last result none); raise \
             dispute with keys merchant 874350357222471 terminal 10421695 STAN 100175 batch \
             000001 amount 888.00 CNY card 622609******0048 date 2026-11-22",
            "45秒未应答, 冲正2次未成功(最近结果无), 请凭商户号874350357222471 终端号10421695 \
             凭证号100175 批次号000001 金额888.00 CNY 卡号622609******0048 日期2026-11-22提交差错处理",
        ),
    ]);
}

#[test]
fn u7_settlement_differs() {
    check(vec![case(
        History::sale()
            .delivered()
            .step(S::SettleMismatch, Why::Plain),
        (S::SettleMismatch, Some(U::SettleMismatch)),
        C::SettleMismatch,
        No,
        "batch totals differ; may span the cut-over",
        "批总计不符, 可能跨日切",
    )]);
}

#[test]
fn u8_delivery_not_proven() {
    check(vec![
        case(
            History::sale()
                .answer("00", S::Approved, Why::Plain)
                .step(S::DeliveryUnproven, Why::Restarted),
            (S::DeliveryUnproven, Some(U::DeliveryUnproven)),
            C::DeliveryUnproven,
            Unproven,
            "approved 112233; answer written, delivery not proven",
            "已批准(授权码112233); 应答已发出, 未证实送达",
        ),
        case(
            History::sale()
                .delivered()
                .answer("05", S::DeliveryUnproven, Why::Plain),
            (S::DeliveryUnproven, Some(U::DeliveryUnproven)),
            C::AnswersDisagree,
            Unproven,
            "approved 112233, answer delivered, then a second answer declined; outcome unknown",
            "已批准(授权码112233), 应答已送达, 后又收到拒绝应答, 结果未知",
        ),
    ]);
}
