//! From a story to the sentence that says it: picks the row of the table, and fills its places.

use super::bonds::{self, Bonds, Unclear, gives_back};
use super::cause::Cause;
use super::codes::{Advice, Code};
use super::lang::{Phrase, Said};
use super::limit::Limit;
use super::moment::Leg;
use super::money::money;
use super::phrases::{again, deed, done, nothing, returned, status, swipe};
use super::reasons::{is_untranslatable, reason};
use super::retry::{self, Retry};
use super::reversal::By;
use super::settled;
use super::settled_otherwise::Otherwise;
use super::story::{Delivery, Seen, Story};
use super::texts::{self, Row};
use super::texts_bound as bound;
use crate::engine::record::State;
use crate::engine::seam::Zone;
use crate::iso::message::ResponseCode;
use crate::iso::spec::Purpose;

/// The verdict and the next step.
pub(super) fn say(
    story: &Story,
    bonds: &Bonds<'_>,
    causes: &[Cause],
    (alone, limited): (Retry, Option<Limit>),
) -> (Said, Said) {
    let mut row = pick(story, bonds, causes, alone);
    if let Some(limit) = limited {
        row.next = limit.next_step(gives_back(story));
    } else if bonds.is_denied_by_inquiry(story) {
        row.next = bound::ASK_LATER;
    }
    let values = values(story, bonds, causes);
    let mut verdict = row.verdict.fill(&values);
    if story.seen == Seen::Decline
        && matches!(story.state, State::ReversalPending | State::ReversalSent)
    {
        verdict = verdict.and(&texts::DECLINE_CAME.fill(&values));
    }
    if let Some(said) = bonds.inquiry_said(story) {
        verdict = verdict.and(&said);
    }
    let apart = story.purpose() == Some(Purpose::Reversal);
    for part in told_beside(bonds, apart) {
        verdict = verdict.and(&part);
    }
    let says_so = matches!(
        story.state,
        State::SettleMismatch | State::Returned | State::Reversed
    );
    if story.taken_back && !says_so {
        row.next = texts::DISAGREE.next;
        verdict = verdict.and(&texts::TAKEN_BACK_BESIDE.plain());
    }
    (verdict, row.next.fill(&values))
}

/// The voids and refunds that are to be told beside it, and settlements that contradict them; or
/// it, if it is a reversal of its own.
fn told_beside(bonds: &Bonds<'_>, apart: bool) -> Vec<Said> {
    let say = |phrase: Phrase, other: &Story| {
        let tx = ("tx", Said::same(other.tx.to_string()));
        phrase.fill(&[tx, ("state", Said::same(other.state.name()))])
    };
    let returns = bonds.returns.iter().map(|(back, _)| match back.purpose() {
        Some(Purpose::Reversal) => say(bound::OTHER_REVERSAL, back),
        _ => say(bound::RETURN, back),
    });
    let siblings = bonds.siblings.iter();
    let several = bonds
        .completions
        .iter()
        .filter(|_| bonds.completions.len() > 1);
    let completions = bonds.beside.iter().chain(several);
    let settled = bonds.settled.filter(|_| apart);
    let settled = bonds.returns_settled.iter().chain(&settled);
    let settled = settled.map(|by| say(bound::SETTLED_OTHERWISE, by.settlement));
    returns
        .chain(settled)
        .chain(siblings.map(|(back, _)| say(bound::SIBLING, back)))
        .chain(completions.map(|(one, _)| say(bound::OTHER_COMPLETION, one)))
        .chain(bonds.other_hold.map(|hold| say(texts::TWIN, hold)))
        .collect()
}

/// What could not be read of request and answer: one clause each.
pub(super) fn unread(story: &Story) -> Vec<Said> {
    let first = |answer: bool| {
        let of = |leg: Leg| leg.mti.is_answer() == answer;
        let mut unread = story.unread_parts();
        unread
            .find(|(leg, _)| leg.is_some_and(of))
            .map(|(_, what)| {
                let text = if answer {
                    texts::ANSWER_IN_PART
                } else {
                    texts::REQUEST_UNREAD
                };
                text.fill(&[("v", Said::same(what.to_owned()))])
            })
    };
    [first(false), first(true)].into_iter().flatten().collect()
}

fn pick(story: &Story, bonds: &Bonds<'_>, causes: &[Cause], retry: Retry) -> Row {
    let cause = causes.first().copied().unwrap_or(Cause::InProgress);
    match story.state {
        _ if story.purpose() == Some(Purpose::Reversal) => alone(story),
        _ if bonds.is_proven(story) => texts::SETTLED,
        _ if retry == Retry::Yes && bonds.settled.is_some() => settled_all_the_same(story, bonds),
        State::Refused | State::NotSent if bonds.namesake.is_some() => bound::REPEAT_KEPT_BACK,
        State::Declined | State::DeclineDelivered if bonds.namesake.is_some() => {
            bound::REPEAT_DECLINED
        }
        State::Refused | State::NotSent => kept_back(story, cause, retry),
        _ if !story.is_money() => without_money(story),
        _ if bonds.is_confirmed_by_inquiry(story) => bound::CONFIRMED_BY_INQUIRY,
        State::Received => texts::RECEIVED,
        State::Forwarded => texts::FORWARDED,
        State::ForwardedGone => texts::FORWARDED_GONE,
        State::Approved => texts::APPROVED,
        State::Declined | State::DeclineDelivered => declined(story, cause, retry),
        State::Returned if story.taken_back => texts::TAKEN_BACK,
        State::Delivered | State::Confirmed | State::Returned => delivered(story, bonds),
        State::AnswerUnread if cause == Cause::OutcomeUnknown => texts::UNKNOWN_BEHIND,
        State::AnswerUnread => texts::ANSWER_UNREAD,
        State::DeliveryUnproven if story.conflict => texts::CONFLICT,
        State::DeliveryUnproven if story.second.is_some() => texts::TWO_CODES,
        State::DeliveryUnproven => texts::UNPROVEN_DELIVERY,
        State::TimedOut if cause == Cause::NoAnswer => texts::TIMED_OUT,
        State::TimedOut if cause == Cause::OutcomeUnknown => texts::UNKNOWN_UNREVERSED,
        State::TimedOut => texts::DOUBTFUL,
        State::Unanswered if story.seen == Seen::Decline => declined(story, cause, retry),
        State::Unanswered if story.seen != Seen::Nothing => texts::UNANSWERED_APPROVED,
        State::Unanswered if story.again.is_some() => texts::ASKED_AGAIN,
        State::Unanswered => texts::UNANSWERED,
        State::LateApproval => texts::LATE,
        State::TerminalGone => texts::GONE,
        State::ReversalPending | State::ReversalSent if story.reversal.tries == 0 => {
            texts::PENDING_UNSENT
        }
        State::ReversalPending | State::ReversalSent => texts::PENDING,
        State::Reversed => undone(story, bonds, retry),
        State::ClosedUnproven | State::ReversalRefused | State::ReversalUndeliverable
            if bonds.given_back(story) > 0 =>
        {
            bound::UNPROVEN_AND_RETURNED
        }
        State::ClosedUnproven => closed(story),
        State::ReversalRefused => texts::REVERSAL_REFUSED,
        State::ReversalUndeliverable => texts::UNDELIVERABLE,
        State::Settled => texts::SETTLED,
        State::ClosedByOperator => texts::CLOSED_BY_OPERATOR,
        State::SettleMismatch if story.reversal.accepted => undone(story, bonds, retry),
        State::SettleMismatch if story.taken_back => texts::TAKEN_BACK,
        State::SettleMismatch => texts::MISMATCH,
    }
}

/// What a reversal undid: it follows what became of its completions, voids and refunds.
fn undone(story: &Story, bonds: &Bonds<'_>, retry: Retry) -> Row {
    if bonds.doubtful_completion().is_some() {
        bound::REVERSED_COMPLETION
    } else if !bonds.completions.is_empty() {
        bound::REVERSED_COMPLETED
    } else if bonds.gave_back_reversed(story) {
        bound::REVERSED_AND_RETURNED
    } else if bonds.was_reversed_before(story) {
        bound::REVERSED_BEFORE
    } else if bonds.excess(story).next().is_some() {
        bound::EXCESS_IN_DOUBT
    } else if !bonds.increments.is_empty() {
        bound::REVERSED_RAISED
    } else if !story.reversal.accepted && story.taken_back && retry == Retry::Yes {
        texts::REVERSED_ABOVE
    } else {
        reversed(story, retry)
    }
}

/// What was undone or declined, and is in a settlement that both ends agree on.
fn settled_all_the_same(story: &Story, bonds: &Bonds<'_>) -> Row {
    let undone = matches!(story.state, State::Reversed | State::SettleMismatch);
    let settled = bonds.settled.map(|by| (by.surely, by.how));
    match settled {
        Some((_, Otherwise::CountedBefore)) => bound::REVERSED_SETTLED_BEFORE,
        Some((true, _)) if undone => bound::REVERSED_SETTLED,
        Some((true, _)) => bound::DECLINED_SETTLED,
        _ if undone => bound::REVERSED_PERHAPS_SETTLED,
        _ => bound::DECLINED_PERHAPS_SETTLED,
    }
}

/// A reversal that is a message of its own: of a part, or its original never came here.
fn alone(story: &Story) -> Row {
    match (story.state, story.reversal.last_code) {
        (State::Refused | State::NotSent, _) => texts::REVERSAL_KEPT_BACK,
        (_, Some(_)) if story.original().is_some() => texts::REVERSAL_OF,
        (_, None) if story.original().is_some() => texts::REVERSAL_OF_YET,
        (_, Some(_)) => texts::NO_ORIGINAL,
        (_, None) => texts::NO_ORIGINAL_YET,
    }
}

/// Nothing left the gateway; unless the records disagree, or the code names another one.
fn kept_back(story: &Story, cause: Cause, retry: Retry) -> Row {
    match cause {
        _ if story.unseen && retry != Retry::Yes => texts::BESIDE_A_GAP,
        Cause::RefusedUnrecalled => texts::UNRECALLED,
        Cause::RefusedDuplicate if retry == Retry::Yes => texts::DUPLICATE_ELSEWHERE,
        Cause::RefusedDuplicate => texts::DUPLICATE,
        _ if retry != Retry::Yes && retry::was_sent(story) => texts::NOT_SENT_AFTER_ALL,
        _ if retry != Retry::Yes => texts::DUPLICATE,
        Cause::OvertakenByReversal => texts::OVERTAKEN,
        Cause::NeverWritten => texts::NEVER_WRITTEN,
        Cause::LinkDown => texts::LINK_DOWN,
        _ if gives_back(story) => Row {
            next: of_return(code_of(story.answer).advice),
            ..texts::REFUSED
        },
        _ => texts::REFUSED,
    }
}

fn without_money(story: &Story) -> Row {
    if let Some(row) = settled::row(story) {
        return row;
    }
    match story.state {
        State::Received | State::Forwarded | State::ForwardedGone | State::Approved => {
            texts::ASKING
        }
        State::Declined | State::DeclineDelivered => texts::ANSWERED_NO,
        State::TimedOut | State::Unanswered | State::LateApproval | State::TerminalGone => {
            texts::UNHEARD
        }
        _ => texts::ANSWERED,
    }
}

fn declined(story: &Story, cause: Cause, retry: Retry) -> Row {
    let row = match (cause, retry) {
        (Cause::AnswersDisagree, _) => return texts::DISAGREE,
        (Cause::Declined, Retry::Yes) if story.late_ms > Some(0) => texts::DECLINED_LATE,
        (Cause::Declined, Retry::Yes) => texts::DECLINED,
        _ if story.unseen => return texts::BESIDE_A_GAP,
        _ if code_of(story.answer).advice == Advice::Duplicate => Row {
            next: texts::DUPLICATE.next,
            ..texts::UNKNOWN_BEHIND
        },
        _ => return texts::UNKNOWN_BEHIND,
    };
    match code_of(story.answer).advice {
        advice if gives_back(story) && retry == Retry::Yes => Row {
            next: of_return(advice),
            ..row
        },
        _ => row,
    }
}

/// What to do about a void or refund that was declined: that may be tried again, never the sale.
const fn of_return(advice: Advice) -> Phrase {
    match advice {
        Advice::Later => bound::TRY_LATER,
        Advice::Reenter => bound::ENTER_AGAIN,
        Advice::SignIn => bound::SIGN_IN,
        Advice::Format => Advice::Format.next_step(),
        Advice::Accept
        | Advice::Decline
        | Advice::OtherCard
        | Advice::SmallerAmount
        | Advice::CallIssuer
        | Advice::CallAcquirer
        | Advice::PickUp
        | Advice::Duplicate
        | Advice::Unknown => bound::CALL,
    }
}

fn delivered(story: &Story, bonds: &Bonds<'_>) -> Row {
    match story.purpose() {
        _ if story.reversal.turned_away && story.state != State::Returned => bound::TURNED_AWAY,
        _ if bonds.kept_back.is_some() && story.state != State::Returned => bound::KEPT_BACK,
        _ if story.uncoded => texts::UNCODED,
        _ if story.second.is_some() => texts::TWO_CODES,
        _ if bonds.settled.is_some_and(|by| by.surely) => bound::SETTLED_WITHOUT,
        _ if bonds.settled.is_some() => bound::PERHAPS_SETTLED_WITHOUT,
        Some(Purpose::Hold) => authorized(story, bonds),
        Some(Purpose::Void | Purpose::Refund) if story.state != State::Returned => {
            given_back(story, bonds)
        }
        _ => sold(story, bonds),
    }
}

/// A void or refund that was approved.
fn given_back(story: &Story, bonds: &Bonds<'_>) -> Row {
    match story.purpose() {
        _ if bonds.doubtful_return().is_some() => bound::RETURN_MAY_BE_UNDONE,
        _ if bonds.torn.by.is_some() => bound::VOID_OF_COMPLETED,
        _ if bonds.unclear == Some(Unclear::Original) => bound::RETURN_OF_EITHER,
        _ if bonds.unclear == Some(Unclear::Currency) => bound::RETURN_IN_OTHER_CURRENCY,
        _ if bonds.unclear == Some(Unclear::Amount) => bound::VOID_IN_PART,
        _ if bonds.gave_too_much(story) => bound::GAVE_TOO_MUCH,
        Some(Purpose::Void) if story.original().is_none() => bound::VOID_OF_UNKNOWN,
        Some(Purpose::Void) if story.delivery == Delivery::Proven => texts::VOID_DONE,
        Some(Purpose::Void) => texts::VOID_WRITTEN,
        _ => texts::REFUND_DONE,
    }
}

/// An authorization that was approved: it follows what became of its completions and voids.
fn authorized(story: &Story, bonds: &Bonds<'_>) -> Row {
    if bonds.overdrawn {
        bound::OVERDRAWN
    } else if bonds.torn.hold {
        bound::COMPLETED_AND_UNDONE
    } else if bonds.doubtful_completion().is_some() {
        bound::COMPLETION_IN_DOUBT
    } else if !bonds.completions.is_empty() {
        bound::COMPLETED
    } else if bonds.doubtful_return().is_some() {
        bound::RETURN_IN_DOUBT
    } else if !bonds.returns.is_empty() && !bonds.increments.is_empty() {
        bound::VOIDED_RAISED
    } else if !bonds.returns.is_empty() {
        bound::HOLD_VOIDED
    } else if story.state == State::Returned {
        bound::RETURNED_UNSEEN
    } else if bonds.root_undone {
        Row {
            next: bound::ORIGINAL_UNDONE_NEXT,
            ..texts::AUTHORIZED_ONLY
        }
    } else {
        texts::AUTHORIZED_ONLY
    }
}

/// A sale that was approved: it follows what became of its voids and refunds.
fn sold(story: &Story, bonds: &Bonds<'_>) -> Row {
    let (back, amount) = (bonds.given_back(story), bonds::amount(story));
    let unknown = story.granted.is_none() && story.is_approved_in_part();
    if bonds.doubtful_return().is_some() {
        return bound::RETURN_IN_DOUBT;
    }
    if bonds.torn.by.is_some() {
        return bound::COMPLETION_OF_UNDONE;
    }
    if bonds.torn.overdraws {
        return bound::OVERDRAWS;
    }
    match story.state {
        _ if back > amount => bound::RETURNED_TOO_MUCH,
        _ if back == amount && back > 0 && !unknown => bound::RETURNED,
        _ if back > 0 && story.is_approved_in_part() => bound::PART_RETURNED,
        _ if back > 0 => bound::RETURNED_PARTLY,
        State::Returned => bound::RETURNED_UNSEEN,
        _ if unknown => texts::APPROVED_IN_PART,
        _ if story.granted.is_some() => texts::APPROVED_FOR,
        State::Confirmed => texts::CONFIRMED,
        _ => texts::DELIVERED,
    }
}

/// A reversal that was closed without proof.
fn closed(story: &Story) -> Row {
    let row = texts::CLOSED;
    if gives_back(story) {
        Row {
            next: bound::CLOSED_RETURN,
            ..row
        }
    } else {
        row
    }
}

fn reversed(story: &Story, retry: Retry) -> Row {
    let shown = story.was_shown();
    let row = match (story.seen, retry, story.reversal.by) {
        (Seen::ApprovalAfterReversal, ..) => return texts::REVERSED_THEN_APPROVED,
        (_, Retry::No | Retry::Unproven, _) => return closed(story),
        (_, Retry::Yes, Some(By::Terminal)) if shown => texts::REVERSED_AFTER_SLIP,
        (_, Retry::Yes, _) if shown => texts::REVERSED_MAY_SHOW,
        (_, Retry::Yes, _) => texts::REVERSED,
    };
    if gives_back(story) {
        Row {
            next: bound::TRY_AGAIN,
            ..row
        }
    } else {
        row
    }
}

type Values = Vec<(&'static str, Said)>;

fn values(story: &Story, bonds: &Bonds<'_>, causes: &[Cause]) -> Values {
    let (answer, reversal) = (code_of(story.answer), code_of(story.reversal.last_code));
    let batch = story.opened.as_ref().map(|opened| opened.batch);
    let batch = batch.unwrap_or_default();
    let mut values: Values = vec![
        ("rc", shown(story.answer)),
        ("meaning", answer.said()),
        ("advice", advice(causes, advised(story, answer)).plain()),
        ("rrc", shown(story.reversal.last_code)),
        ("rmeaning", reversal.said()),
        ("n", Said::same(story.reversal.tries.to_string())),
        ("keys", keys(story)),
        ("dt", Said::same(seconds(story.late_ms.unwrap_or(0)))),
        ("reversal", status(story.state).plain()),
        ("again", again(story.purpose()).plain()),
        ("returned", returned(story.purpose()).plain()),
        ("nothing", nothing(story.purpose(), answer).plain()),
        ("swipe", swipe(story.purpose()).plain()),
        ("deed", deed(story.purpose()).plain()),
        ("done", done(story.purpose()).plain()),
        ("back", shown_money(story, bonds.given_back(story))),
        ("amount", shown_money(story, bonds::amount(story))),
        ("asked", shown_money(story, bonds::asked(story))),
        ("closing", Said::same(story.closing.to_string())),
        ("batch", settled::batch_number(batch)),
        ("totals", settled::totals(story)),
        ("own", settled::own_totals(story)),
        ("differing", settled::differing(story)),
    ];
    values.extend(asides(story, bonds));
    let why = reason(story, causes).fill(&values);
    values.push(("why", why));
    values
}

/// What is said only if it is known, with the words around it.
fn asides(story: &Story, bonds: &Bonds<'_>) -> Values {
    let aside = |value: Option<String>, phrase: Phrase| {
        value.map_or_else(Said::default, |v| phrase.fill(&[("v", Said::same(v))]))
    };
    let auth = story.auth.map(|auth| auth.to_string());
    let waited = story.waited_ms.map(seconds);
    let first = story.reversal.cause.map(|code| code.to_string());
    let other = story.again.or_else(|| bonds.named()).or(story.other);
    let other = other.map(|tx| tx.to_string());
    let took = story
        .answered_after_ms()
        .filter(|took| *took > 0)
        .map(seconds);
    let original = story.original().map(|tx| tx.to_string());
    let second = story.second.map(|(auth, _)| auth.to_string());
    vec![
        ("auth", aside(auth, Phrase::new(" {v}", "(授权码{v})"))),
        ("original", aside(original, Phrase::new(" {v}", " {v} "))),
        ("second", aside(second, Phrase::new(" {v}", "(授权码{v})"))),
        (
            "after",
            aside(waited.clone(), Phrase::new(" after {v}s", "{v}秒")),
        ),
        ("in", aside(waited, Phrase::new("in {v}s", "{v}秒"))),
        (
            "first",
            aside(first, Phrase::new("; first cause {v}", "(首次原因码{v})")),
        ),
        ("other", aside(other, Phrase::new(" {v}", " {v} "))),
        (
            "took",
            aside(took, Phrase::new(" after {v}s", "(耗时{v}秒)")),
        ),
    ]
}

/// What the code calls for; what takes no money cannot be paid in another way.
fn advised(story: &Story, answer: &Code) -> Advice {
    if is_untranslatable(story) {
        return Advice::Format;
    }
    let takes = matches!(
        story.purpose(),
        Some(Purpose::Debit | Purpose::Hold | Purpose::Inquiry) | None
    );
    match answer.advice {
        Advice::Decline | Advice::OtherCard | Advice::SmallerAmount | Advice::PickUp if !takes => {
            Advice::CallAcquirer
        }
        advice => advice,
    }
}

fn advice(causes: &[Cause], by_code: Advice) -> Phrase {
    match causes.first() {
        Some(Cause::RefusedMac) => Advice::SignIn.next_step(),
        Some(Cause::RefusedOverload | Cause::RefusedDraining) => Advice::Later.next_step(),
        Some(Cause::RefusedNoRoute) => Advice::CallAcquirer.next_step(),
        Some(Cause::RefusedFormat) => match by_code {
            Advice::Unknown | Advice::Accept => Advice::Format.next_step(),
            other => other.next_step(),
        },
        _ => by_code.next_step(),
    }
}

fn code_of(code: Option<ResponseCode>) -> &'static Code {
    Code::of(&code.unwrap_or_default())
}

fn shown(code: Option<ResponseCode>) -> Said {
    code.map_or_else(
        || Phrase::new("none", "无").plain(),
        |code| Said::same(code.to_string()),
    )
}

fn shown_money(story: &Story, amount: u64) -> Said {
    let currency = story.opened.as_ref().map(|opened| opened.currency);
    Said::same(money(amount, &currency.unwrap_or_default()))
}

/// What a dispute desk asks for.
fn keys(story: &Story) -> Said {
    let mut keys = Said::default();
    let mut add = |en: &str, zh: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            let space = if keys.en.is_empty() { "" } else { " " };
            keys.en += &format!("{space}{en} {value}");
            keys.zh += &format!("{space}{zh}{value}");
        }
    };
    if let Some(opened) = &story.opened {
        add("merchant", "商户号", Some(opened.merchant.to_string()));
        add("terminal", "终端号", Some(opened.terminal.to_string()));
        add("STAN", "凭证号", Some(opened.stan.to_string()));
        add("batch", "批次号", Some(opened.batch.to_string()));
        let amount = shown_money(story, opened.amount.0).en;
        add("amount", "金额", Some(amount));
        add("card", "卡号", Some(opened.card.to_string()));
        let began = story.began.rfc3339(&Zone::CHINA);
        add("date", "日期", began.get(..10).map(str::to_owned));
    }
    add("RRN", "参考号", story.rrn.map(|rrn| rrn.to_string()));
    add("auth", "授权码", story.auth.map(|auth| auth.to_string()));
    if let Some((auth, rrn)) = story.second {
        add("second auth", "另一授权码", Some(auth.to_string()));
        add("second RRN", "另一参考号", rrn.map(|rrn| rrn.to_string()));
    }
    if keys.en.is_empty() {
        return Said::same(story.tx.to_string());
    }
    keys
}

/// Seconds for people: whole from ten on, one decimal from one on, else to the millisecond.
pub(super) fn seconds(millis: u64) -> String {
    match millis {
        10_000.. => format!("{}", millis.saturating_add(500) / 1000),
        1_000.. => trimmed(format!("{}.{}", millis / 1000, millis % 1000 / 100)),
        _ => trimmed(format!("0.{millis:03}")),
    }
}

fn trimmed(decimal: String) -> String {
    decimal
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}
