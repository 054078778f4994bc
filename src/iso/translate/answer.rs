//! A host's answer in the dialect of the terminal that asked.

use super::money::{elsewhere, put_money};
use super::{Change, Map, Translated, Untranslatable, carry::carry};
use crate::iso::codec::Message;
use crate::iso::message::{Class, FieldId, FieldPath, ResponseCode};
use crate::iso::spec::{Flow, Purpose, RequestOutcome, ReversalOutcome};

const CODE: FieldId = FieldId::of(39);
const AMOUNT: FieldId = FieldId::of(4);
/// What a host gives anew: its reference (DE 37) and its authorization code (DE 38). In a request
/// they name another transaction, its original.
const GIVEN: [FieldId; 2] = [FieldId::of(37), FieldId::of(38)];
/// Tracks and PIN: no answer brings them back.
const NEVER: [FieldId; 4] = [
    FieldId::of(35),
    FieldId::of(36),
    FieldId::of(45),
    FieldId::of(52),
];

/// The answer to `asked` as its terminal expects it: what its dialect's answers echo comes from the
/// request itself, all else from the host, and the code says what the host's code means.
///
/// # Errors
/// `asked` is itself an answer, or the answer was read only in part.
pub fn answer(host: &Message, asked: &Message, map: &Map) -> Result<Translated, Untranslatable> {
    if let Some(fault) = host.fault() {
        let field = fault.field.unwrap_or(FieldPath::whole(FieldId::of(1)));
        return Err(Untranslatable::Partial(field));
    }
    let mut message = asked
        .answer()
        .ok_or_else(|| Untranslatable::Unknown(asked.mti()))?;
    for path in &asked.spec().flow().identity {
        if path.part.is_none() {
            message.copy(path.field, asked);
        }
    }
    for field in GIVEN.into_iter().filter(|field| host.has(*field)) {
        message.remove(field);
    }
    let mut keep = message.fields();
    for field in NEVER {
        message.remove(field);
        keep.insert(field);
    }
    if asked.amount() != host.amount() {
        // Less was approved than asked for.
        keep.remove(AMOUNT);
    }
    let elsewhere = elsewhere(host.spec(), asked.spec());
    if !elsewhere.is_empty() && asked.amount() != host.amount() {
        put_money(host, &mut message);
    }
    for field in elsewhere.iter() {
        keep.insert(field);
    }
    keep.insert(CODE);
    let lost = carry(host, &mut message, &map.answer, keep);
    if let Some(code) = host.response_code() {
        let code = answer_code(code, host, asked, map);
        let _set = message.set(CODE, code.as_str());
    }
    Ok(Translated { message, lost })
}

/// The code that tells the terminal what the host's code means: mapped, and then never across the
/// lines between an approval, a refusal and an unknown outcome.
#[must_use]
pub fn answer_code(code: ResponseCode, host: &Message, asked: &Message, map: &Map) -> ResponseCode {
    let (theirs, own) = (host.spec().flow(), asked.spec().flow());
    let mapped = map.answer.iter().find_map(|change| match change {
        Change::Values(path, values) if *path == FieldPath::whole(CODE) => {
            let found = values.iter().find(|(from, _)| from.trim() == code.as_str());
            found.and_then(|(_, to)| ResponseCode::new(to.trim()))
        }
        Change::Values(..) | Change::Move { .. } | Change::Drop(_) => None,
    });
    let said = mapped.unwrap_or(code);
    if asked.mti().class() == Class::Reversal {
        reversal_code(code, said, theirs, own)
    } else {
        let purpose = asked.kind().map_or(Purpose::Debit, |kind| kind.purpose);
        request_code(purpose, (code, said), theirs, own)
    }
}

/// What the host's code means, said in the terminal's dialect: as `said` if that means the same
/// there.
fn request_code(
    purpose: Purpose,
    (code, said): (ResponseCode, ResponseCode),
    theirs: &Flow,
    own: &Flow,
) -> ResponseCode {
    let means = theirs.outcome(purpose, Some(code));
    let fits = own.outcome(purpose, Some(said)) == means;
    let approval = own.answer.approval(purpose);
    match means {
        // An unlisted code is unknown everywhere, and not said on.
        RequestOutcome::Unknown if fits && own.codes.unknown.contains(said) => said,
        RequestOutcome::Unknown => own.codes.unknown.usual().unwrap_or(said),
        _ if fits => said,
        RequestOutcome::Approved => approval,
        RequestOutcome::ApprovedInPart => own.codes.in_part.first().copied().unwrap_or(approval),
        RequestOutcome::Declined => own.answer.malfunction,
    }
}

/// What ends a reversal for the host ends it for the terminal, and nothing else does.
fn reversal_code(
    code: ResponseCode,
    said: ResponseCode,
    theirs: &Flow,
    own: &Flow,
) -> ResponseCode {
    let means = theirs.reversal_outcome(Some(code));
    let there = own.reversal_outcome(Some(said));
    match means {
        _ if there == means && there != ReversalOutcome::Unknown => said,
        ReversalOutcome::Accepted => own.answer.reversed,
        ReversalOutcome::Unproven => own.answer.not_found,
        ReversalOutcome::Refused => own.codes.reversal_refused.first().copied().unwrap_or(said),
        ReversalOutcome::Later | ReversalOutcome::Unknown => own.answer.malfunction,
    }
}

impl Translated {
    /// What was left behind, as a list for people: `60 62`; empty if nothing was.
    #[must_use]
    pub fn lost_list(&self) -> String {
        let numbers: Vec<String> = self.lost.iter().map(|field| field.to_string()).collect();
        numbers.join(" ")
    }
}
