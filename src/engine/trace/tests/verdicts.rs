//! One history a class U1 to U9, one a state, and what must be said of each.

use super::history::{History, opened};
use crate::engine::record::{Hop, Note, State, Why};
use crate::engine::trace::{Basis, Cause, Is, Keep, Retry, Stories, Unconfirmed, Verdict};
use crate::iso::message::Text;
use crate::iso::spec::Purpose;

struct Case {
    history: History,
    state: State,
    class: Option<Unconfirmed>,
    cause: Cause,
    retry: Retry,
    en: &'static str,
    zh: &'static str,
}

fn case(
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

fn check(cases: Vec<Case>) {
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

use Cause as C;
use Retry::{No, Unproven, Yes};
use State as S;
use Unconfirmed as U;

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

#[test]
fn a_reversal_accepted_allows_a_new_sale() {
    check(vec![
        case(
            History::sale()
                .timed_out()
                .reverses(1)
                .reversal_answered("00", S::Reversed),
            (S::Reversed, None),
            C::AnswerLost,
            Yes,
            "no answer in 45s; reversal accepted (00); any debit is returned",
            "45秒未应答, 冲正成功(00); 如已扣款将原路退回",
        ),
        case(
            History::sale()
                .timed_out()
                .late_approval(2_000, S::LateApproval)
                .reverses(1)
                .reversal_answered("00", S::Reversed),
            (S::Reversed, None),
            C::AnswerLate,
            Yes,
            "late approval 2s after timeout; reversal accepted (00); any debit is returned",
            "超时2秒后收到批准, 冲正成功(00); 如已扣款将原路退回",
        ),
        case(
            History::sale()
                .delivered()
                .terminal_reverses("A0")
                .reverses(1)
                .reversal_answered("00", S::Reversed),
            (S::Reversed, None),
            C::TerminalReversed,
            Yes,
            "terminal reversed after an approval was sent; first cause A0; reversal accepted \
             (00); any debit is returned",
            "应答发出后终端发起冲正(首次原因码A0), 冲正成功(00); 如已扣款将原路退回",
        ),
        case(
            History::of(Purpose::Void)
                .timed_out()
                .reverses(1)
                .reversal_answered("00", S::Reversed),
            (S::Reversed, None),
            C::AnswerLost,
            Yes,
            "no answer in 45s; reversal accepted (00); the void is undone",
            "45秒未应答, 冲正成功(00); 撤销已冲回",
        ),
        case(
            History::sale()
                .answer("00", S::Approved, Why::Plain)
                .step(S::DeliveryUnproven, Why::Restarted)
                .step(S::ReversalPending, Why::Operator)
                .reverses(1)
                .reversal_answered("00", S::Reversed),
            (S::Reversed, Some(U::DeliveryUnproven)),
            C::DeliveryUnproven,
            Yes,
            "answer written, delivery not proven; reversal accepted (00); any debit is returned; \
             the terminal may show success",
            "应答已发出, 未证实送达, 冲正成功(00); 如已扣款将原路退回; 终端可能显示成功",
        ),
    ]);
}

#[test]
fn what_an_operator_closed_is_open_no_more_and_told_in_his_words() {
    let found = Note::Detail(Text::clipped("li: not in the acquirer's file"));
    check(vec![case(
        History::sale()
            .timed_out()
            .step(S::ClosedByOperator, Why::Operator)
            .note(found),
        (S::ClosedByOperator, None),
        C::OperatorClosed,
        No,
        "closed by an operator, li: not in the acquirer's file",
        "操作员已结案, li: not in the acquirer's file",
    )]);
}

#[test]
fn a_reversal_that_proves_nothing_allows_nothing() {
    check(vec![
        case(
            History::sale()
                .timed_out()
                .reverses(1)
                .reversal_answered("25", S::ClosedUnproven),
            (S::ClosedUnproven, Some(U::ReversalUnproven)),
            C::RequestLost,
            Unproven,
            "no answer in 45s; reversal answered 25 (original not found); issuer side not proven",
            "45秒未应答, 冲正应答25(未找到原交易), 发卡行是否扣款未证实",
        ),
        case(
            History::sale()
                .timed_out()
                .reverses(1)
                .reversal_answered("00", S::Reversed)
                .late_approval(3_000, S::Reversed),
            (S::Reversed, Some(U::ReversalUnproven)),
            C::ApprovalAfterReversal,
            Unproven,
            "late approval 3s after timeout; reversal accepted (00), but an approval 112233 \
             came after it was sent; not proven that it was made before",
            "超时3秒后收到批准, 冲正成功(00), 但冲正发出后收到批准(授权码112233), \
             是否先批准后冲正未证实",
        ),
    ]);
}

#[test]
fn what_came_to_its_end_is_not_to_be_repeated() {
    check(vec![
        case(
            History::sale().delivered().step(S::Returned, Why::Plain),
            (S::Returned, None),
            C::Voided,
            No,
            "approved 112233; a void or refund of it was approved; how much goes back is not known \
             here",
            "已批准(授权码112233); 其撤销或退货已批准, 退回金额未知",
        ),
        case(
            History::sale().delivered().step(S::Settled, Why::Plain),
            (S::Settled, None),
            C::OutsideLog,
            No,
            "approved 112233 and settled; the pay-out is outside the message log",
            "已清算(授权码112233); 到账情况在报文日志之外",
        ),
    ]);
}

#[test]
fn an_inquiry_holds_no_money() {
    check(vec![
        case(
            History::of(Purpose::Inquiry).delivered(),
            (S::Delivered, None),
            C::Answered,
            No,
            "answered 00 approved; no money in it",
            "应答00 交易成功, 不涉及资金",
        ),
        case(
            History::of(Purpose::Inquiry)
                .after(45_000)
                .step(S::Unanswered, Why::NoAnswer),
            (S::Unanswered, None),
            C::NoAnswer,
            Yes,
            "no answer in 45s; no money in it",
            "45秒未应答, 不涉及资金",
        ),
    ]);
}

/// D5: the acquirer is asked, since an answer of ours might close a reversal of money that is held.
#[test]
fn a_reversal_alone_tells_nothing_of_its_original() {
    let alone = |code: &str| {
        let mut history =
            History::new()
                .step(S::Forwarded, Why::Plain)
                .say(Hop::TerminalToGateway, "0400", "98");
        history.name(opened(Purpose::Reversal));
        history
            .after(80)
            .step(S::Delivered, Why::Plain)
            .say(Hop::AcquirerToGateway, "0410", code)
    };
    check(vec![case(
        alone("00"),
        (S::Delivered, None),
        C::NoOriginal,
        Unproven,
        "reversal of a transaction that this gateway has not seen; acquirer answered 00 (approved)",
        "冲正的原交易未到过本网关, 收单机构应答00(交易成功)",
    )]);
}

/// A refund that comes a second time under its name, later than anything of the first.
fn refund_again(goes_on: fn(History) -> History) -> History {
    let mut again = History::new();
    again.tx.0 += 1;
    let again = again.open(opened(Purpose::Refund), S::Forwarded, Why::Plain, Some(()));
    let mut again = goes_on(again);
    again
        .records
        .iter_mut()
        .for_each(|record| record.seq.0 += 1000);
    again
}

/// Advices and inquiries may be asked again under their old name, once they are given up.
#[test]
fn what_was_asked_again_is_told_under_the_repeat() {
    let first = History::of(Purpose::Refund)
        .after(45_000)
        .step(S::Unanswered, Why::NoAnswer);
    let again = refund_again(History::delivered);
    for keep in [Keep::Open, Keep::Everything] {
        let mut stories = Stories::new(keep);
        first.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 1);
        again.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 0, "{keep:?}");
        if let Some(story) = stories.story(first.tx) {
            let verdict = Verdict::of(story, &[]);
            let said = format!("no answer in 45s; asked again as {}", again.tx);
            assert_eq!((verdict.verdict.en, verdict.open), (said, false));
        }
    }
}

/// An answer that is not believed leaves as much open as none, and the repeat tells what became
/// of both.
#[test]
fn a_repeat_tells_of_what_was_not_answered_or_not_believed() {
    let lost = History::of(Purpose::Refund)
        .after(45_000)
        .step(S::Unanswered, Why::NoAnswer);
    let doubtful = History::of(Purpose::Refund).answer("00", S::Unanswered, Why::AnswerMac);
    for first in [lost, doubtful] {
        let again = refund_again(History::delivered);
        let mut stories = Stories::new(Keep::Open);
        first.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 1);
        again.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 0);
    }
}

/// The first may have been booked, and a host may decline what comes twice: one of both is listed.
#[test]
fn a_repeat_that_is_declined_tells_nothing_of_a_first_that_was_perhaps_approved() {
    let lost = History::of(Purpose::Refund)
        .after(45_000)
        .step(S::Unanswered, Why::NoAnswer);
    let doubtful = History::of(Purpose::Refund).answer("00", S::Unanswered, Why::AnswerMac);
    for (first, listed) in [(lost, 0), (doubtful, 1)] {
        let again = refund_again(|again| again.answer("12", S::Declined, Why::Plain));
        let mut stories = Stories::new(Keep::Open);
        let records = first.records.iter().chain(&again.records);
        records.for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), listed);
    }
}

/// A try of the reversal that goes unanswered is no reason why the sale was reversed.
#[test]
fn the_reversal_s_own_troubles_are_not_the_cause() {
    let verdict = History::sale()
        .answer("00", S::Approved, Why::Plain)
        .step(S::TerminalGone, Why::WriteFailed)
        .reverses(1)
        .after(10_000)
        .step(S::ReversalPending, Why::NoAnswer)
        .reverses(2)
        .reversal_answered("00", S::Reversed)
        .verdict();
    assert_eq!(verdict.causes, [C::TerminalGone]);
}

/// D6: the answer was in time for the gateway; the terminal had not the patience.
#[test]
fn an_answer_to_an_impatient_terminal_is_not_late() {
    let history = History::sale()
        .terminal_reverses("98")
        .after(200)
        .late_approval(0, S::ReversalPending)
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    check(vec![case(
        history,
        (S::Reversed, None),
        C::TerminalReversed,
        Yes,
        "terminal reversed before an answer reached it; first cause 98; reversal accepted (00); \
         any debit is returned",
        "终端未收到应答即发起冲正(首次原因码98), 冲正成功(00); 如已扣款将原路退回",
    )]);
}

#[test]
fn an_approval_that_cannot_be_trusted_still_forbids_a_new_sale() {
    let doubtful = History::sale().answer("00", S::TimedOut, Why::AnswerMac);
    let declined = doubtful
        .clone()
        .answer("05", S::DeclineDelivered, Why::Plain);
    assert_eq!(declined.verdict().safe_to_retry, Unproven);
    assert_eq!(declined.verdict().cause, C::AnswersDisagree);
    let reversed = doubtful.reverses(1).reversal_answered("00", S::Reversed);
    assert_eq!(reversed.verdict().safe_to_retry, Yes);
    assert_eq!(reversed.verdict().cause, C::AnswerMacWrong);
}

/// What a damaged record said could have been a late approval.
#[test]
fn a_missing_record_allows_nothing() {
    let mut history = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    history.chain();
    assert_eq!(history.verdict().safe_to_retry, Yes);
    history.records.remove(3);
    let verdict = history.verdict();
    assert_eq!(verdict.safe_to_retry, Unproven);
    assert!(
        !verdict.next_step.en.contains("allowed"),
        "{}",
        verdict.next_step.en
    );
}

/// S2.19: the cashier switches tills.
#[test]
fn another_attempt_forbids_what_one_alone_would_allow() {
    let first = History::sale().timed_out();
    let mut second = History::new();
    second.tx.0 += 1;
    let names = crate::engine::record::Opened {
        twin: Some(first.tx),
        ..opened(Purpose::Debit)
    };
    let second = second
        .open(names, S::Forwarded, Why::Plain, Some(()))
        .declined("51");

    let alone = second.verdict();
    assert_eq!(
        alone.safe_to_retry, Unproven,
        "the other one is not at hand"
    );
    let story = second.story();
    let beside = |first: &History| Verdict::of(&story, &[&first.story()]);
    assert_eq!(beside(&first).safe_to_retry, No);
    assert!(
        beside(&first)
            .verdict
            .en
            .ends_with(&format!("another attempt {}: TIMED-OUT", first.tx))
    );
    assert_eq!(beside(&History::sale().delivered()).safe_to_retry, Unproven);
    let reversed = first
        .clone()
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    assert_eq!(beside(&reversed).safe_to_retry, Yes);

    let void = History::of(Purpose::Void).delivered();
    assert_eq!(
        beside(&void).safe_to_retry,
        Yes,
        "a void is no attempt of a sale"
    );

    let mut stories = Stories::new(Keep::Everything);
    first
        .records
        .iter()
        .chain(&second.records)
        .for_each(|record| stories.fold(record));
    let first = stories.story(first.tx).unwrap();
    assert_eq!(
        first.twins,
        [story.tx],
        "the earlier one learns of the later one"
    );
    let verdict = Verdict::of(first, &stories.others(first));
    assert!(verdict.causes.contains(&C::AnotherAttempt));
}

#[test]
fn beliefs_say_how_they_are_known() {
    let reversed = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    let beliefs = reversed.verdict().beliefs;
    assert_eq!(
        (beliefs.terminal.is, beliefs.terminal.basis),
        (Is::Failed, Basis::Inferred)
    );
    assert_eq!(
        (beliefs.gateway.is, beliefs.gateway.basis),
        (Is::Reversed, Basis::Observed)
    );
    assert_eq!(
        (beliefs.acquirer.is, beliefs.acquirer.basis),
        (Is::Reversed, Basis::Observed)
    );
    let delivered = History::sale().delivered().verdict().beliefs;
    assert_eq!(
        (delivered.terminal.is, delivered.terminal.basis),
        (Is::Approved, Basis::Inferred)
    );
    let refused = History::refused(Why::RequestMac, "A0").verdict().beliefs;
    assert_eq!(
        (refused.acquirer.is, refused.acquirer.basis),
        (Is::Nothing, Basis::Observed)
    );
}
