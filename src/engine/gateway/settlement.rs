//! What a settlement says of its batch, read for its record: the totals that the terminal counts,
//! and whether the host's book agrees.

use crate::engine::record::{HostBalance, Note, Opened, SettlementTotals};
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldPath};
use crate::iso::spec::{Flow, Purpose, RequestOutcome, SettlementRule};

/// The note of a settlement, or of its answer; `otherwise` for what is none.
pub(crate) fn note_or(message: &Message, purpose: Purpose, otherwise: Note) -> Note {
    let flow = message.spec().flow();
    match &flow.settlement {
        Some(rule) if purpose == Purpose::Settlement => Note::Settles {
            totals: totals(message, rule),
            host: match message.mti().is_answer() {
                true => balance(message, rule, flow),
                false => HostBalance::Unsaid,
            },
        },
        _ => otherwise,
    }
}

/// The note of an answer: its host's result, and totals in the dialect of its terminal, as they are
/// told there: a host of another dialect counts in fields of its own.
pub(super) fn note_of_answer(
    (answer, told): (&Message, &Message),
    opened: &Opened,
    otherwise: Note,
) -> Note {
    let note = note_or(answer, opened.purpose, otherwise);
    let Note::Settles { host, .. } = note else {
        return note;
    };
    let rule = told.spec().flow().settlement.as_ref();
    let rule = rule.filter(|_| told.spec().name() == &*opened.spec);
    let totals = rule.and_then(|rule| totals(told, rule));
    Note::Settles { totals, host }
}

/// The totals, if the message has all four; less what was reversed of them, where that is told.
fn totals(message: &Message, rule: &SettlementRule) -> Option<SettlementTotals> {
    let sum = |paths: &[FieldPath]| {
        let numbers = paths.iter().map(|path| number(message, *path));
        let known: Vec<u64> = numbers.collect::<Option<_>>()?;
        let sum = known
            .iter()
            .fold(0, |sum: u64, one| sum.saturating_add(*one));
        (!known.is_empty()).then_some(sum)
    };
    let less = |paths: &[FieldPath], reversed: &[FieldPath]| {
        let reversed = sum(reversed).unwrap_or(0);
        Some(sum(paths)?.saturating_sub(reversed))
    };
    let ([debits_back, debit_count_back], [credits_back, credit_count_back]) =
        (&rule.debit_reversals, &rule.credit_reversals);
    Some(SettlementTotals {
        debits: less(&rule.debit_count, debit_count_back)?,
        debit_sum: Amount(less(&rule.debit_amount, debits_back)?),
        credits: less(&rule.credit_count, credit_count_back)?,
        credit_sum: Amount(less(&rule.credit_amount, credits_back)?),
    })
}

fn number(message: &Message, path: FieldPath) -> Option<u64> {
    message.text(path)?.trim().parse().ok()
}

/// What the host found: by the digits of ISO 8583:1987 DE 66, which `UnionPay` terminals have in
/// DE 48, else by the response code.
fn balance(message: &Message, rule: &SettlementRule, flow: &Flow) -> HostBalance {
    if rule.result.is_empty() {
        let (code, answer) = (message.response_code(), &flow.answer);
        return match code {
            Some(code) if code == answer.settled => HostBalance::Balanced,
            Some(code) if code == answer.unsettled => HostBalance::Differs,
            _ => HostBalance::Unsaid,
        };
    }
    let is_empty = |sort: usize| {
        let mut sums = [&rule.debit_amount, &rule.credit_amount].into_iter();
        sums.all(|paths| {
            let path = paths.get(sort);
            path.is_some_and(|path| number(message, *path) == Some(0))
        })
    };
    let said = rule.result.iter().enumerate().map(|(sort, path)| {
        Some(match number(message, *path) {
            Some(1) => HostBalance::Balanced,
            Some(2) => HostBalance::Differs,
            Some(3) => HostBalance::Failed,
            // Nothing to say of cards that were not used.
            _ if is_empty(sort) => return None,
            _ => HostBalance::Unsaid,
        })
    });
    // Of several sorts of cards the worst counts.
    let said = said.flatten().max().unwrap_or(HostBalance::Unsaid);
    let outcome = flow.outcome(Purpose::Settlement, message.response_code());
    match (said, outcome) {
        // A refusal that calls the totals right contradicts itself.
        (HostBalance::Balanced, RequestOutcome::Approved) => said,
        (HostBalance::Balanced, _) => HostBalance::Failed,
        _ => said,
    }
}
