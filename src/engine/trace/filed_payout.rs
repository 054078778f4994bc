//! What the pay-out file, and else the settings of the merchant's account, say of an approved
//! transaction: when its money comes, or why it does not.

use super::cause::Cause;
use super::filed::{FiledWord, MoneyLeft, Weight};
use super::filed_texts::{self as texts, reason};
use super::lang::{Phrase, Said};
use super::money::money;
use super::retry::Retry;
use super::story::Story;
use super::texts::Row;
use crate::engine::evidence::{
    Capture, EvidenceIndex, FiledKeys, IssuerIs, Matched, MerchantSettings, PayoutIs, PayoutMode,
    PayoutRow, Tier,
};
use crate::engine::record::State;
use crate::engine::seam::Zone;
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;

type Filled<'a> = Vec<(&'a str, Said)>;

/// The words of the pay-out file for what stands; of the settings where it has none.
pub(super) fn told(
    story: &Story,
    keys: &FiledKeys,
    index: &EvidenceIndex<'_>,
    rows: &[(usize, &PayoutRow)],
) -> Vec<FiledWord> {
    match story.purpose() {
        Some(Purpose::Refund) => return refund(keys, index, rows).into_iter().collect(),
        Some(Purpose::Void) => return Vec::new(),
        _ => {}
    }
    let settings = index.evidence().settings.as_ref();
    let merchant = settings.and_then(|settings| settings.of(&keys.merchant));
    if !rows.is_empty() {
        return match last_of(rows) {
            Some(row) => payout(row, keys, merchant, index),
            None => {
                let mut word = FiledWord::of(Tier::E2p, None, texts::PAYOUT_UNORDERED, &[]);
                word.weight = Weight::Answer;
                vec![word]
            }
        };
    }
    match merchant {
        Some(merchant) => by_settings(story, merchant, index),
        None => Vec::new(),
    }
}

/// A pay-out of what the messages do not leave standing: the acquirer's books have it.
pub(super) fn paid_all_the_same(
    left: MoneyLeft,
    keys: &FiledKeys,
    index: &EvidenceIndex<'_>,
    rows: &[(usize, &PayoutRow)],
) -> Option<FiledWord> {
    let (_, row) = rows.first()?;
    // One that was voided after its pay-out is taken off a later one.
    let taken_off = |other: &PayoutRow| {
        let reasons = &other.reason_of_deduction;
        let undone = ["undone", "refund", "issuer_return"];
        other.merchant == row.merchant && undone.iter().any(|word| reasons.contains(word))
    };
    let payouts = index.evidence().payout.iter().flatten();
    if left == MoneyLeft::Returned && payouts.into_iter().any(taken_off) {
        let mut word = FiledWord::of(Tier::E2p, None, texts::PAID_AND_TAKEN_OFF, &[]);
        word.limit = Retry::Unproven;
        return Some(word);
    }
    let values = values(row, keys);
    let cause = Some(Cause::BookedAtAcquirer);
    let word = FiledWord::of(Tier::E2p, cause, texts::PAID_AFTER_ALL, &values);
    Some(word.against(Retry::No))
}

/// The row that stands: the last by its day; `None` if several say different things on no day.
fn last_of<'e>(rows: &[(usize, &'e PayoutRow)]) -> Option<&'e PayoutRow> {
    let day = |row: &PayoutRow| row.paid_on.or(row.due_on);
    let (_, first) = rows.first()?;
    let undated = rows.iter().any(|(_, row)| day(row).is_none());
    if undated && rows.iter().any(|(_, row)| row.is != first.is) {
        return None;
    }
    // Of one day, what came back says more than what was sent.
    let weight = |row: &PayoutRow| (day(row), row.is == PayoutIs::Returned);
    rows.iter()
        .map(|(_, row)| *row)
        .max_by_key(|row| weight(row))
}

fn payout(
    row: &PayoutRow,
    keys: &FiledKeys,
    merchant: Option<&MerchantSettings>,
    index: &EvidenceIndex<'_>,
) -> Vec<FiledWord> {
    let values = values(row, keys);
    let say = |cause, row: Row| FiledWord::of(Tier::E2p, Some(cause), row, &values);
    let known = !row.merchant.is_empty() && !keys.merchant.is_empty();
    if known && row.merchant != keys.merchant {
        return vec![say(Cause::PaidToAnother, texts::OF_ANOTHER)];
    }
    if let Some(text) = unsound(row, keys) {
        return vec![say(Cause::OtherAmount, text).against(Retry::No)];
    }
    let today = index.today();
    let word = match row.is {
        PayoutIs::Returned => say(Cause::PayoutReturned, texts::RETURNED),
        PayoutIs::Held => {
            let (cause, row) = held(&row.reason);
            say(cause, row)
        }
        PayoutIs::Asked => say(Cause::NotWithdrawn, texts::NOT_WITHDRAWN),
        PayoutIs::Waiting => {
            let late = today.zip(row.due_on);
            let (cause, row) = match late.is_some_and(|(today, due)| today > due) {
                true => (Cause::PayoutLate, texts::LATE),
                false => waiting(row),
            };
            say(cause, row)
        }
        PayoutIs::Paid
            if today
                .zip(row.paid_on)
                .is_some_and(|(today, paid)| paid > today) =>
        {
            say(Cause::PayoutDue, texts::DUE_TO_BE_PAID)
        }
        PayoutIs::Paid => return paid(row, merchant, &values),
    };
    vec![word]
}

/// Sums that are not right: within the row, or beside the one transaction that it covers.
fn unsound(row: &PayoutRow, keys: &FiledKeys) -> Option<Row> {
    let less = row.fee.0.saturating_add(row.deducted.0);
    let adds_up = row.net.0.saturating_add(less) == row.gross.0;
    match row.covers.len() {
        _ if !adds_up => Some(texts::NOT_ADDED_UP),
        0 | 1 if row.gross != keys.amount => Some(texts::OTHER_GROSS),
        _ if row.gross < keys.amount => Some(texts::OTHER_GROSS),
        _ => None,
    }
}

fn code(reason: &str) -> &str {
    reason.split(' ').next().unwrap_or_default()
}

fn held(reason: &str) -> (Cause, Row) {
    match code(reason) {
        "review" => (Cause::PayoutReviewed, texts::REVIEW),
        "risk_control" => (Cause::PayoutReviewed, texts::RISK),
        "papers_expired" => (Cause::MerchantBlocked, texts::PAPERS),
        "court_order" => (Cause::MerchantBlocked, texts::ORDER),
        "frozen" | "closed" | "stopped" | "not_activated" | "account_not_activated" => {
            (Cause::MerchantBlocked, texts::BLOCKED)
        }
        "reserve_short" => (Cause::ReserveShort, texts::RESERVE),
        "not_registered" => (Cause::ChannelNotOpen, texts::CHANNEL),
        _ => (Cause::PayoutHeld, texts::HELD),
    }
}

fn waiting(row: &PayoutRow) -> (Cause, Row) {
    match code(&row.reason) {
        "below_least" => (Cause::NotWithdrawn, texts::NOT_WITHDRAWN),
        _ if row.due_on.is_none() => (Cause::PayoutDue, texts::NOT_DUE_YET),
        "holiday" => (Cause::PayoutMoved, texts::MOVED),
        "after_hours" => (Cause::InstantClosed, texts::AFTER_HOURS),
        "over_limit" => (Cause::InstantClosed, texts::OVER_LIMIT),
        "rule" => (Cause::PayoutRule, texts::RULE),
        _ => (Cause::PayoutDue, texts::DUE),
    }
}

/// Paid: to whom, and how much of it.
fn paid(
    row: &PayoutRow,
    merchant: Option<&MerchantSettings>,
    values: &[(&str, Said)],
) -> Vec<FiledWord> {
    let say = |cause, row: Row| FiledWord::of(Tier::E2p, Some(cause), row, values);
    if merchant.is_some_and(|merchant| is_of_another(row, merchant)) {
        return vec![say(Cause::PaidToAnother, texts::TO_ANOTHER)];
    }
    if code(&row.reason) == "result_not_returned" {
        return vec![say(Cause::PaidUnconfirmed, texts::UNCONFIRMED)];
    }
    let mut words = Vec::new();
    if row.deducted.0 > 0 {
        let text = match code(&row.reason_of_deduction) {
            "chargeback" => texts::LESS_CHARGEBACK,
            _ => texts::LESS_OTHER,
        };
        words.push(say(Cause::PaidNet, text));
    }
    if row.covers.len() > 1 {
        words.push(say(Cause::PaidTogether, texts::TOGETHER));
    }
    if words.is_empty() {
        words.push(match row.fee.0 {
            _ if code(&row.reason) == "credited" => say(Cause::PaidUnconfirmed, texts::CREDITED),
            0 => say(Cause::Paid, texts::PAID),
            _ => say(Cause::PaidNet, texts::LESS_FEE),
        });
    }
    words
}

/// Whether a pay-out went to, or came from, somebody who was not contracted. Who pays is only known
/// to be wrong where the contract names who may.
fn is_of_another(row: &PayoutRow, merchant: &MerchantSettings) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<String>();
    let (own, paid) = (plain(&merchant.name), plain(&row.account_name));
    let elsewhere = !own.is_empty() && !paid.is_empty() && own != paid;
    // The account in which institutions hold merchants' money pays as it should.
    let payer = plain(&row.payer);
    let usual = payer.is_empty() || payer.contains("备付金");
    let contracted = merchant.payers.iter().any(|known| plain(known) == payer);
    elsewhere || !usual && !merchant.payers.is_empty() && !contracted
}

fn yuan(amount: Amount) -> Said {
    let number = money(amount.0, "");
    Said {
        en: format!("{number} CNY"),
        zh: format!("{number}元"),
    }
}

fn values<'a>(row: &PayoutRow, keys: &FiledKeys) -> Filled<'a> {
    let day = |day: Option<jiff::civil::Date>| {
        let unknown = Phrase::new("an unknown day", "日期未知").plain();
        day.map_or(unknown, |day| Said::same(day.to_string()))
    };
    let why = match row.is {
        PayoutIs::Paid => &row.reason_of_deduction,
        _ => &row.reason,
    };
    let unknown = || Phrase::new("not told", "未说明").plain();
    let or_unknown = |said: Said| match said.en.is_empty() {
        true => unknown(),
        false => said,
    };
    let detail = why.split_once(' ').map_or("", |(_, detail)| detail);
    let others = row.covers.len().saturating_sub(1);
    let credited = row.reason.split_once(' ').map_or("", |(_, day)| day);
    vec![
        ("due", day(row.due_on)),
        ("paid", day(row.paid_on)),
        ("net", yuan(row.net)),
        ("gross", yuan(row.gross)),
        ("fee", yuan(row.fee)),
        ("deducted", yuan(row.deducted)),
        ("amount", yuan(keys.amount)),
        ("state", reason(code(why))),
        ("reason", or_unknown(reason(why))),
        ("detail", or_unknown(Said::same(detail))),
        ("payer", or_unknown(texts::quoted(&row.payer))),
        ("account", or_unknown(texts::quoted(&row.account_name))),
        ("credited", Said::same(credited)),
        ("merchant", Said::same(row.merchant.to_string())),
        ("others", Said::same(others.to_string())),
    ]
}

/// A refund: when the cardholder has it.
fn refund(
    keys: &FiledKeys,
    index: &EvidenceIndex<'_>,
    rows: &[(usize, &PayoutRow)],
) -> Option<FiledWord> {
    if let Matched::Rows(rows) = index.issuer(keys)
        && rows
            .last()
            .is_some_and(|(_, row)| row.is == IssuerIs::Returned)
    {
        let mut word = FiledWord::of(Tier::E3, None, texts::REFUND_POSTED, &[]);
        word.weight = Weight::Answer;
        return Some(word);
    }
    let row = last_of(rows)?;
    let values = values(row, keys);
    Some(match row.is {
        PayoutIs::Held => {
            let (cause, row) = held(&row.reason);
            FiledWord::of(Tier::E2p, Some(cause), row, &values)
        }
        _ => FiledWord::of(
            Tier::E2p,
            Some(Cause::RefundPosting),
            texts::REFUND_DUE,
            &values,
        ),
    })
}

/// What the settings tell where there is no pay-out: what surely stops it, or else all that may
/// move it.
fn by_settings(
    story: &Story,
    merchant: &MerchantSettings,
    index: &EvidenceIndex<'_>,
) -> Vec<FiledWord> {
    let say = |cause, row: Row, values: &[(&str, Said)]| {
        FiledWord::of(Tier::E2s, Some(cause), row, values)
    };
    if !matches!(&*merchant.state, "" | "active") {
        let (cause, row) = match held(&merchant.state) {
            (Cause::PayoutHeld, _) => (Cause::MerchantBlocked, texts::BLOCKED),
            known => known,
        };
        return vec![say(cause, row, &[("state", reason(&merchant.state))])];
    }
    if let Some(word) = binding(story, merchant, index) {
        return vec![word];
    }
    if merchant.capture == Capture::Terminal && story.state != State::Settled {
        let batch = story.opened.as_ref().map(|opened| opened.batch);
        let batch = Said::same(batch.unwrap_or_default().to_string());
        return vec![say(
            Cause::NotUploaded,
            texts::NOT_UPLOADED,
            &[("batch", batch)],
        )];
    }
    let made = story.began.date(&Zone::CHINA);
    let mode = merchant.mode_on(made);
    if let Some(word) = instant(story, merchant, mode) {
        return vec![word];
    }
    let mut words = Vec::new();
    let rules = merchant.rule.iter().filter(|rule| rule.from <= made);
    if let Some(rule) = rules.max_by_key(|rule| rule.from) {
        let from = ("detail", Said::same(rule.from.to_string()));
        words.push(say(Cause::PayoutRule, texts::RULE_SET, &[from]));
    }
    if !merchant.agreement.is_empty() {
        let clause = ("reason", texts::quoted(&merchant.agreement));
        words.push(say(Cause::Agreement, texts::AGREEMENT, &[clause]));
    }
    if let Some(mode) = mode {
        words.push(say(
            Cause::PayoutMode,
            texts::MODE,
            &[("mode", said_of_mode(mode))],
        ));
    }
    words
}

fn said_of_mode(mode: PayoutMode) -> Said {
    match mode {
        PayoutMode::T0 => Phrase::new("instant", "实时"),
        PayoutMode::T1 => Phrase::new("next working day (T+1)", "次工作日(T+1)"),
        PayoutMode::D1 => Phrase::new("next calendar day (D+1)", "次自然日(D+1)"),
        PayoutMode::Manual => Phrase::new("when the merchant asks for it", "商户自行提现"),
    }
    .plain()
}

/// A terminal that is not one of its merchant's.
fn binding(
    story: &Story,
    merchant: &MerchantSettings,
    index: &EvidenceIndex<'_>,
) -> Option<FiledWord> {
    let terminal = story.opened.as_ref()?.terminal;
    let is_bound = |of: &MerchantSettings| of.terminals.iter().any(|bound| **bound == *terminal);
    if merchant.terminals.is_empty() || is_bound(merchant) {
        return None;
    }
    let all = index.evidence().settings.as_ref().map(|all| &all.merchant);
    let other = all.into_iter().flatten().find(|other| is_bound(other));
    let values = [
        ("terminal", Said::same(terminal.to_string())),
        ("other", Said::same(other.map_or("", |other| &other.id))),
    ];
    let row = match other {
        Some(_) => texts::BOUND_ELSEWHERE,
        None => texts::UNBOUND,
    };
    let cause = Some(Cause::TerminalUnbound);
    Some(FiledWord::of(Tier::E2s, cause, row, &values))
}

/// Instant pay-out that is over its limit or outside its hours.
fn instant(
    story: &Story,
    merchant: &MerchantSettings,
    mode: Option<PayoutMode>,
) -> Option<FiledWord> {
    let instant = merchant
        .instant
        .as_ref()
        .filter(|_| mode == Some(PayoutMode::T0))?;
    let amount = story.opened.as_ref()?.amount;
    let clock = story.began.time(&Zone::CHINA);
    let early = instant.from.is_some_and(|from| clock < from);
    let late = instant.until.is_some_and(|until| clock >= until);
    let row = match (instant.limit, early || late) {
        (Some(limit), _) if amount > limit => texts::INSTANT_LIMIT,
        (_, true) => texts::INSTANT_HOURS,
        _ => return None,
    };
    let shown = |time: Option<jiff::civil::Time>| {
        time.map(|time| time.strftime("%H:%M").to_string())
            .unwrap_or_default()
    };
    let hours = format!("{}-{}", shown(instant.from), shown(instant.until));
    let detail = ("detail", Said::same(hours));
    Some(FiledWord::of(
        Tier::E2s,
        Some(Cause::InstantClosed),
        row,
        &[detail],
    ))
}
