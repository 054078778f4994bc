//! What rows of the acquirer's file say against the transaction that they name: another currency,
//! response code or kind, or that it stands there twice.

use super::bonds;
use super::cause::Cause;
use super::codes::{Code, Outcome};
use super::filed::{FiledWord, MoneyLeft};
use super::filed_texts as texts;
use super::lang::{Phrase, Said};
use super::money::money;
use super::retry::Retry;
use super::story::Story;
use super::texts::Row;
use crate::engine::evidence::{AcquirerIs, AcquirerRow, Tier};
use crate::iso::spec::Purpose;

const OTHER_CODE: Row = Row {
    verdict: Phrase::new(
        "booked in the acquirer's file, with response code {code}",
        "收单机构文件已入账, 但应答码为{code}",
    ),
    next: texts::DISPUTE,
};
const OTHER_KIND: Row = Row {
    verdict: Phrase::new(
        "of another kind in the acquirer's file: {kind}",
        "收单机构文件交易类型不同: {kind}",
    ),
    next: texts::DISPUTE,
};

pub(super) type FiledRows<'r, 'e> = &'r [(usize, &'e AcquirerRow)];

/// What the rows of a transaction contradict beside its amount.
pub(super) fn at_odds(story: &Story, rows: FiledRows<'_, '_>) -> Option<FiledWord> {
    let say = |cause, row: Row, values: &[(&str, Said)]| {
        let word = FiledWord::of(Tier::E2, Some(cause), row, values);
        Some(word.against(Retry::Unproven))
    };
    let own = own_rows(story, rows);
    let all = || own.iter().copied();
    if all().any(|row| is_of_another_currency(story, row)) {
        return say(Cause::OtherAmount, texts::OTHER_CURRENCY, &[]);
    }
    // Of what was declined or undone, that it is booked says more than its code.
    let undone = MoneyLeft::of(story.state) == MoneyLeft::Undone;
    if let Some(row) = all().find(|row| is_booked_as_declined(row) && !undone) {
        let code = ("code", Said::same(row.code.to_string()));
        return say(Cause::AnswersDisagree, OTHER_CODE, &[code]);
    }
    let row = all().find(|row| is_of_another_kind(story, row))?;
    let kind = ("kind", Said::same(row.kind.to_string()));
    say(Cause::AnswersDisagree, OTHER_KIND, &[kind])
}

/// What is booked of a void or refund, where that is another amount than it gives back. `None` if
/// nothing is, or as much.
pub(super) fn given_back_otherwise(story: &Story, rows: FiledRows<'_, '_>) -> Option<FiledWord> {
    let gives = |row: &&AcquirerRow| !matches!(row.is, AcquirerIs::Declined | AcquirerIs::Reversed);
    let booked = own_rows(story, rows).into_iter().filter(gives);
    let theirs = booked.fold(0, |sum: u64, row| sum.saturating_add(row.amount.0));
    let ours = bonds::amount(story);
    if theirs == 0 || theirs == ours {
        return None;
    }
    let (cause, row) = match theirs == ours.saturating_mul(2) {
        true => (Cause::BookedTwice, texts::BOOKED_TWICE),
        false => (Cause::OtherAmount, texts::ANOTHER_AMOUNT),
    };
    let currency = story.opened.as_ref().map(|opened| opened.currency);
    let shown = |amount| Said::same(money(amount, &currency.unwrap_or_default()));
    let values = [("ours", shown(ours)), ("theirs", shown(theirs))];
    let word = FiledWord::of(Tier::E2, Some(cause), row, &values);
    Some(word.against(Retry::No))
}

/// The rows of a transaction; of a void or refund without those of its original, where they bear
/// the same number.
pub(super) fn own_rows<'e>(story: &Story, rows: FiledRows<'_, 'e>) -> Vec<&'e AcquirerRow> {
    let all = || rows.iter().map(|(_, row)| *row);
    let gives = |row: &&AcquirerRow| {
        let told = matches!(row.is, AcquirerIs::Voided | AcquirerIs::Refunded);
        told || matches!(purpose_of(&row.kind), Some(Purpose::Void | Purpose::Refund))
    };
    let returns: Vec<&AcquirerRow> = match story.purpose() {
        Some(Purpose::Void | Purpose::Refund) => all().filter(gives).collect(),
        _ => Vec::new(),
    };
    match returns.is_empty() {
        true => all().collect(),
        false => returns,
    }
}

fn is_of_another_currency(story: &Story, row: &AcquirerRow) -> bool {
    let own = story.opened.as_ref().map(|opened| opened.currency);
    let own = own.filter(|own| !own.is_empty());
    !row.currency.is_empty() && own.is_some_and(|own| own != row.currency)
}

fn is_booked_as_declined(row: &AcquirerRow) -> bool {
    let declined = || Code::of(&row.code).outcome() == Outcome::Declined;
    row.is == AcquirerIs::Booked && !row.code.is_empty() && declined()
}

/// Whether a row is of a kind that moves money the other way, or sets aside what was taken. One
/// that gives back what was taken stands beside it.
fn is_of_another_kind(story: &Story, row: &AcquirerRow) -> bool {
    let takes = matches!(purpose_of(&row.kind), Some(Purpose::Debit | Purpose::Hold));
    match story.purpose() {
        Some(Purpose::Void | Purpose::Refund) => takes,
        Some(Purpose::Debit) => purpose_of(&row.kind) == Some(Purpose::Hold),
        _ => false,
    }
}

/// What a kind is for, by the words in it, if that is known.
pub(super) fn purpose_of(kind: &str) -> Option<Purpose> {
    const WORDS: &[(&[&str], Purpose)] = &[
        (&["reversal", "冲正"], Purpose::Reversal),
        (&["void", "撤销"], Purpose::Void),
        (&["refund", "退货", "退款"], Purpose::Refund),
        (&["completion", "完成"], Purpose::Debit),
        (&["preauth", "authoriz", "预授权"], Purpose::Hold),
        (&["sale", "purchase", "消费"], Purpose::Debit),
    ];
    let kind = kind.to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let found = WORDS.iter().find(|(words, _)| named(words));
    found.map(|(_, purpose)| *purpose)
}
