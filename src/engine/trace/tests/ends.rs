//! What came to its end, and what its end proves.

use super::history::{History, opened};
use super::verdicts::{C, No, S, U, Unproven, Yes, case, check};
use crate::engine::record::{Hop, Note, Why};
use crate::iso::message::Text;
use crate::iso::spec::Purpose;

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
