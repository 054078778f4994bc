//! The form of a step, and of what names a transaction.

use super::FormError;
use super::wire::{Form, In, Out, coded, put_digits, take_digits, take_if};
use crate::engine::record::{
    HostBalance, Identity, Note, Opened, Row, SettlementTotals, State, Step, TxId, Why,
};
use crate::iso::message::{Stan, Text};
use crate::iso::spec::Purpose;
use std::sync::Arc;

coded! { Why, "not a reason":
    0 Plain,
    1 NoAnswer,
    2 AnswerUnreadable,
    3 AnswerMac,
    4 AnswerMismatch,
    5 LinkLost,
    6 NoLink,
    7 NeverWritten,
    8 TerminalClosed,
    9 WriteFailed,
    10 Restarted,
    11 TerminalAsked,
    12 LateApproval,
    13 AnswersDisagree,
    14 Operator,
    15 RequestMac,
    16 DuplicateMismatch,
    17 OvertakenByReversal,
    18 Overload,
    19 Draining,
    20 NoRoute,
    21 TriesUsedUp,
    22 Expired,
    23 RequestUnread,
    24 Untranslatable,
    25 OriginalUnknown,
    26 KeyUnknown,
    27 UnknownTerminal,
    28 Unseen,
    29 WrittenLate,
    30 OriginalUndoing,
    31 Unrecalled,
}

coded! { Purpose, "not a purpose":
    0 Debit,
    1 Hold,
    2 Void,
    3 Refund,
    4 Advice,
    5 Inquiry,
    6 Reversal,
    7 SignOn,
    8 SignOff,
    9 Echo,
    10 Settlement,
    11 BatchUpload,
    12 Notice,
    13 Administration,
}

coded! { HostBalance, "not a balance":
    0 Unsaid,
    1 Balanced,
    2 Differs,
    3 Failed,
}

impl Form for SettlementTotals {
    fn put(&self, out: &mut Out<'_>) {
        self.debits.put(out);
        self.debit_sum.put(out);
        self.credits.put(out);
        self.credit_sum.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        Ok(Self {
            debits: Form::take(from)?,
            debit_sum: Form::take(from)?,
            credits: Form::take(from)?,
            credit_sum: Form::take(from)?,
        })
    }
}

impl Form for State {
    fn put(&self, out: &mut Out<'_>) {
        let place = Self::ALL.iter().position(|state| state == self);
        out.byte(
            place
                .and_then(|at| u8::try_from(at).ok())
                .unwrap_or(u8::MAX),
        );
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let place = usize::from(from.byte()?);
        Self::ALL
            .get(place)
            .copied()
            .ok_or_else(|| from.wrong("not a state"))
    }
}

impl Form for Row {
    fn put(&self, out: &mut Out<'_>) {
        u32::from(self.0).put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        char::from_u32(u32::take(from)?)
            .map(Self)
            .ok_or_else(|| from.wrong("not a row"))
    }
}

/// The message and the names of the transaction are flags in one byte with the kind of note.
impl Form for Step {
    fn put(&self, out: &mut Out<'_>) {
        self.row.put(out);
        self.state.put(out);
        self.why.put(out);
        let there = [self.opened.is_some(), self.message.is_some()];
        put_note(&self.note, there, out);
        self.message.iter().for_each(|message| message.put(out));
        self.opened.iter().for_each(|opened| opened.put(out));
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let (row, state, why) = (Form::take(from)?, Form::take(from)?, Form::take(from)?);
        let (note, [opened, message]) = take_note(from)?;
        Ok(Self {
            row,
            state,
            why,
            note,
            message: take_if(message, from)?,
            opened: take_if::<Opened>(opened, from)?.map(Arc::new),
        })
    }
}

fn put_note(note: &Note, [low, high]: [bool; 2], out: &mut Out<'_>) {
    let mut kind = |kind: u8| out.byte((kind << 2) | (u8::from(high) << 1) | u8::from(low));
    match note {
        Note::None => kind(0),
        Note::Duplicate(rule) => {
            kind(1);
            out.byte(*rule);
        }
        Note::LateMs(late) => {
            kind(2);
            late.put(out);
        }
        Note::WaitedMs(waited) => {
            kind(3);
            waited.put(out);
        }
        Note::Try(n) => {
            kind(4);
            n.put(out);
        }
        Note::Other(tx) => {
            kind(5);
            tx.put(out);
        }
        Note::Unreadable(place) => {
            kind(6);
            place.put(out);
        }
        Note::GoesOn { stan, lost } => {
            kind(7);
            stan.put(out);
            lost.put(out);
        }
        Note::Detail(what) => {
            kind(8);
            what.put(out);
        }
        Note::Settles { totals, host } => {
            kind(9);
            host.put(out);
            out.flags(&[totals.is_some()]);
            totals.iter().for_each(|totals| totals.put(out));
        }
        Note::OneOf(all) => {
            kind(11);
            out.number(all.len() as u64);
            all.iter().for_each(|one| one.put(out));
        }
    }
}

fn take_note(from: &mut In<'_>) -> Result<(Note, [bool; 2]), FormError> {
    let byte = from.byte()?;
    let note = match byte >> 2 {
        0 => Note::None,
        1 => Note::Duplicate(from.byte()?),
        2 => Note::LateMs(Form::take(from)?),
        3 => Note::WaitedMs(Form::take(from)?),
        4 => Note::Try(Form::take(from)?),
        5 => Note::Other(Form::take(from)?),
        6 => Note::Unreadable(Form::take(from)?),
        7 => Note::GoesOn {
            stan: Form::take(from)?,
            lost: Form::take(from)?,
        },
        8 => Note::Detail(Form::take(from)?),
        9 => Note::Settles {
            host: Form::take(from)?,
            totals: {
                let [told] = from.flags()?;
                take_if(told, from)?
            },
        },
        10 => {
            let [told] = from.flags()?;
            let (first, other): (TxId, Option<TxId>) = (Form::take(from)?, take_if(told, from)?);
            Note::OneOf(std::iter::once(first).chain(other).collect())
        }
        11 => {
            let count = from.number()?;
            let all: Result<Vec<TxId>, FormError> = (0..count).map(|_| Form::take(from)).collect();
            Note::OneOf(all?)
        }
        _ => return Err(from.wrong("a note not known here")),
    };
    Ok((note, [byte & 1 == 1, byte & 2 == 2]))
}

impl Form for Opened {
    fn put(&self, out: &mut Out<'_>) {
        let hashed = self.card_hash != [0; 16];
        let (original, twin) = (self.original.is_some(), self.twin.is_some());
        out.flags(&[self.reverses, hashed, original, twin, self.partly]);
        self.spec.put(out);
        self.kind.put(out);
        self.purpose.put(out);
        self.terminal.put(out);
        self.merchant.put(out);
        self.stan.put(out);
        self.batch.put(out);
        self.amount.put(out);
        self.currency.put(out);
        put_card(&self.card, out);
        if hashed {
            out.raw(&self.card_hash);
        }
        self.link.put(out);
        self.original.iter().for_each(|tx| tx.put(out));
        self.twin.iter().for_each(|tx| tx.put(out));
        put_identity(&self.identity, &names(self), out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let [reverses, hashed, original, twin, partly] = from.flags()?;
        let mut opened = Self {
            reverses,
            partly,
            spec: Form::take(from)?,
            kind: Form::take(from)?,
            purpose: Form::take(from)?,
            terminal: Form::take(from)?,
            merchant: Form::take(from)?,
            stan: Form::take(from)?,
            batch: Form::take(from)?,
            amount: Form::take(from)?,
            currency: Form::take(from)?,
            card: take_card(from)?,
            card_hash: if hashed { from.array()? } else { [0; 16] },
            link: Form::take(from)?,
            original: take_if(original, from)?,
            twin: take_if(twin, from)?,
            identity: Identity::EMPTY,
        };
        opened.identity = take_identity(&names(&opened), from)?;
        Ok(opened)
    }
}

/// A card as first six, stars, last four is its length and ten digits; anything else is length 0
/// and the text.
fn put_card(card: &Text<19>, out: &mut Out<'_>) {
    match six_and_four(card) {
        Some((first, last)) => {
            out.byte(u8::try_from(card.len()).unwrap_or(0));
            put_digits(first, out);
            put_digits(last, out);
        }
        None => {
            out.byte(0);
            card.put(out);
        }
    }
}

fn six_and_four(card: &str) -> Option<(&[u8; 6], &[u8; 4])> {
    let (first, rest) = card.as_bytes().split_first_chunk::<6>()?;
    let (stars, last) = rest.split_last_chunk::<4>()?;
    let masked = first.iter().chain(last).all(u8::is_ascii_digit);
    (masked && !stars.is_empty() && stars.iter().all(|c| *c == b'*')).then_some((first, last))
}

fn take_card(from: &mut In<'_>) -> Result<Text<19>, FormError> {
    let length = usize::from(from.byte()?);
    if length == 0 {
        return Form::take(from);
    }
    let mut room = [0; 10];
    let digits = take_digits(10, &mut room, from)?;
    let (first, last) = digits.split_at_checked(6).unwrap_or_default();
    let mut card = [b'*'; 19];
    let card = card.get_mut(..length.max(10));
    let card = card.ok_or_else(|| from.wrong("not a masked card number"))?;
    card.iter_mut()
        .zip(first)
        .for_each(|(place, digit)| *place = *digit);
    let behind = card.iter_mut().rev().zip(last.iter().rev());
    behind.for_each(|(place, digit)| *place = *digit);
    Ok(Text::of_ascii(card).unwrap_or_default())
}

/// The names that an identity may be made of, in the order of their numbers on disk, from 1.
struct Names<'a>([&'a [u8]; 3], Text<20>);

fn names(opened: &Opened) -> Names<'_> {
    let (merchant, terminal) = (opened.merchant.as_bytes(), opened.terminal.as_bytes());
    Names(
        [merchant, terminal, opened.batch.as_bytes()],
        digits(opened.stan),
    )
}

/// As a trace number is written: six digits, or more where it has more.
fn digits(stan: Stan) -> Text<20> {
    let mut digits = [b'0'; 20];
    let (mut rest, mut length) = (stan.0, 0usize);
    for place in digits.iter_mut().rev() {
        *place |= u8::try_from(rest % 10).unwrap_or_default();
        length = length.saturating_add(usize::from(rest > 0));
        rest /= 10;
    }
    let from = digits.len().saturating_sub(length.max(6));
    Text::of_ascii(digits.get(from..).unwrap_or_default()).unwrap_or_default()
}

impl Names<'_> {
    fn all(&self) -> [&[u8]; 4] {
        let [merchant, terminal, batch] = self.0;
        [merchant, terminal, batch, self.1.as_bytes()]
    }
}

/// The parts between `|`: how many, and each as the number of the name it equals, or 0 and a text.
fn put_identity(identity: &Identity, names: &Names<'_>, out: &mut Out<'_>) {
    let parts = || identity.as_bytes().split(|byte| *byte == b'|');
    out.number(parts().count() as u64);
    let all = names.all();
    for part in parts() {
        let name = all.iter().position(|name| *name == part);
        let number = name.and_then(|at| u8::try_from(at.saturating_add(1)).ok());
        out.byte(number.unwrap_or(0));
        if number.is_none() {
            // A part is no longer than the whole.
            let text = std::str::from_utf8(part).unwrap_or_default();
            Identity::new(text).unwrap_or_default().put(out);
        }
    }
}

fn take_identity(names: &Names<'_>, from: &mut In<'_>) -> Result<Identity, FormError> {
    let too_long = |from: &In<'_>| from.wrong("an identity too long");
    let mut whole = Vec::with_capacity(LONGEST_IDENTITY);
    for part in 0..from.number()? {
        if part > 0 {
            whole.push(b'|');
        }
        match usize::from(from.byte()?).checked_sub(1) {
            None => whole.extend_from_slice(Identity::take(from)?.as_bytes()),
            Some(name) => {
                let name = names.all().get(name).copied();
                whole.extend_from_slice(name.ok_or_else(|| from.wrong("not a name"))?);
            }
        }
        if whole.len() > LONGEST_IDENTITY {
            return Err(too_long(from));
        }
    }
    let text = std::str::from_utf8(&whole).ok().and_then(Identity::new);
    text.ok_or_else(|| too_long(from))
}

const LONGEST_IDENTITY: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_trace_number_is_written_as_it_is_shown(number in any::<u64>(), shift in 0..64u32) {
            let stan = Stan(number >> shift);
            prop_assert_eq!(digits(stan).to_string(), stan.to_string());
        }
    }
}
