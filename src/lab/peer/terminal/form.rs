//! How a terminal fills in its messages. What the dialect says about a kind comes from its spec;
//! what is left is what any terminal knows: its names, the card, the moment.

use super::TerminalOptions;
use super::receipts::Receipt;
use super::workload::PaymentScan;
use crate::engine::seam::{Wall, Zone};
use crate::iso::codec::{BuildError, Message};
use crate::iso::message::{Amount, FieldId, FieldPath, Mti, Pan, Stan, Text};
use crate::iso::security::{WorkingKeys, encrypt_pin_block, pin_block};
use crate::iso::spec::{Flow, Kind, OriginalSource, Purpose, ReversalCause, ReversalRule, Script};
use crate::lab::peer::filling::{field, offer, offer_absent, offer_whole, part, payment_code_path};
use crate::lab::peer::names::batch_path;
use crate::lab::peer::totals::BatchTotals;
use crate::lab::peer::{CardEntry, TestCard};
use std::borrow::Cow;
use std::fmt::Write;

/// The institution that brings a terminal's messages to a switch.
const INSTITUTION: &str = "00010000";

/// What names one message: counter, batch, clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub stan: Stan,
    pub batch: Text<6>,
    pub at: Wall,
}

/// The fields that never change in this terminal's messages.
fn begin<'a>(
    options: &TerminalOptions,
    mti: Mti,
    fixed: impl Iterator<Item = (FieldPath, Cow<'a, str>)>,
) -> Message {
    let mut message = Message::new(&options.spec, mti);
    for (path, value) in fixed {
        offer(&mut message, path, &value);
    }
    offer(&mut message, field(41), &options.terminal);
    offer(&mut message, field(42), &options.merchant);
    // On a switch a transaction is named by the institutions, too, that brought it there.
    for path in &options.spec.flow().identity {
        if *path == field(32) || *path == field(33) {
            offer_absent(&mut message, *path, INSTITUTION);
        }
    }
    message
}

/// A request of a kind, before card and original.
pub(super) fn request(
    options: &TerminalOptions,
    kind: &Kind,
    stamp: Stamp,
    amount: Amount,
) -> Message {
    let accounts = accounts(stamp.stan);
    let fixed = kind.when.iter();
    let fixed = fixed.map(|(path, wanted)| (*path, wanted.fill(Some(accounts))));
    let mut message = begin(options, kind.mti, fixed);
    put_stamp(&mut message, stamp);
    if !kind.purpose.moves_money() && kind.purpose != Purpose::Inquiry {
        return message;
    }
    for (path, value) in &kind.set {
        offer_absent(&mut message, *path, value);
    }
    let (code, condition) = processing(kind.purpose);
    offer_absent(&mut message, field(3), code);
    if !message.has(FieldId::of(25)) {
        offer_whole(&mut message, 25, condition);
    }
    if kind.purpose != Purpose::Inquiry {
        offer(
            &mut message,
            options.spec.flow().amount,
            &amount.to_string(),
        );
    }
    offer(&mut message, field(49), &options.currency);
    if let Some(batch) = batch_path(options.spec.flow()) {
        // Q/CUP 009: 60.3 is zero in all that moves money; 63.1 of a refund is 000.
        offer_absent(&mut message, part(batch.field.number(), "3"), "000");
    }
    if kind.purpose == Purpose::Refund {
        offer(&mut message, part(63, "1"), "000");
    }
    message
}

/// The accounts of DE 3, where the kind leaves them open: default, credit, checking, in turn.
const fn accounts(stan: Stan) -> &'static str {
    match stan.0 % 3 {
        0 => "000000",
        1 => "003000",
        _ => "002000",
    }
}

/// The totals of a batch: DE 48 of `UnionPay` terminals (`cup-pos.md` §6.2: domestic cards, a
/// result, foreign cards, a result), else DE 74, 76, 86, 88.
pub(super) fn put_totals(message: &mut Message, totals: BatchTotals, currency: &str) {
    let BatchTotals {
        debit,
        debits,
        credit,
        credits,
    } = totals;
    if offer(message, part(48, "10"), "0") {
        offer(message, field(49), currency);
        let domestic = format!("{debit:012}{debits:03}{credit:012}{credits:03}0");
        offer(message, field(48), &format!("{domestic}{:031}", 0));
        return;
    }
    for (number, value) in [(74, credits), (76, debits), (86, credit), (88, debit)] {
        offer(message, field(number), &value.to_string());
    }
}

/// The payment code of a scan, where the kind carries one, and how it was read: `UnionPay` puts
/// it into DE 59, tag `A3` (`cup-pos.md` §6.3). A code is good for one payment.
pub(super) fn put_scan(message: &mut Message, scan: PaymentScan, stamp: Stamp) {
    let entry = message.text(field(22));
    if entry.is_none_or(|entry| entry.starts_with("03")) {
        offer_whole(message, 22, "032");
    }
    if scan == PaymentScan::OfPayer {
        let channel = match stamp.stan.0 % 3 {
            0 => "62",
            1 => "28",
            _ => "13",
        };
        let second = stamp.at.0.unsigned_abs() / 1_000_000 % 10_000_000_000;
        let code = format!("{channel}{second:010}{:06}", stamp.stan.0);
        offer(message, payment_code_path(), &code);
    }
}

/// The records of a batch upload: DE 48 of `UnionPay` terminals (`cup-pos.md` §6.2): their count,
/// then of each the sort of card, trace number, card number and amount.
pub(super) fn put_records<'a>(
    message: &mut Message,
    records: impl Iterator<Item = &'a Receipt>,
    cards: &[TestCard],
) {
    let mut count = 0;
    let mut text = String::new();
    for receipt in records {
        count += 1;
        let card = cards.get(receipt.card);
        let pan = card.map_or("0", |card| card.pan.reveal());
        // Writing to a string cannot fail.
        let _written = write!(text, "00{}{pan:0>20}{:012}", receipt.stan, receipt.amount.0);
    }
    offer(message, field(48), &format!("{count:02}{text}"));
}

/// The end of a batch upload: how many records there were.
pub(super) fn put_record_count(message: &mut Message, count: usize) {
    offer(message, field(48), &format!("{count:04}"));
}

/// Whether the answer to a settlement says that both sides count the same: by a digit of DE 48 or
/// by DE 66 (1987), or by its code (1993).
pub(super) fn is_balanced(answer: &Message) -> bool {
    let rule = &answer.spec().flow().answer;
    if rule.settled != rule.unsettled {
        return answer.response_code() == Some(rule.settled);
    }
    let result = match answer.text(part(48, "5")) {
        Some(digit) => Some(digit),
        None => answer.text(field(66)),
    };
    result.as_deref() == Some("1")
}

/// DE 3 and DE 25 where the spec leaves them to the terminal (ISO 8583:1987 annex A; Q/CUP 009).
fn processing(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::Void | Purpose::Refund => ("200000", "00"),
        Purpose::Hold => ("030000", "06"),
        Purpose::Inquiry => ("310000", "00"),
        _ => ("000000", "00"),
    }
}

/// The message that opens a session.
pub(super) fn sign_on(options: &TerminalOptions, script: &Script, stamp: Stamp) -> Message {
    let fixed = script.set.iter();
    let fixed = fixed.map(|(path, value)| (*path, Cow::Borrowed(value.as_str())));
    let mut message = begin(options, script.mti, fixed);
    put_stamp(&mut message, stamp);
    message
}

/// Trace number, batch, and date and time where the dialect names transactions by them.
fn put_stamp(message: &mut Message, stamp: Stamp) {
    let spec = message.spec().clone();
    let flow = spec.flow();
    offer(message, field(11), &stamp.stan.to_string());
    if let Some(batch) = batch_path(flow) {
        offer(message, batch, &stamp.batch);
    }
    let stamps = flow.stamps.iter().filter(|(id, _)| is_stamped(flow, *id));
    for (id, form) in stamps {
        offer(
            message,
            FieldPath::whole(*id),
            &stamp.at.stamp(form, &Zone::CHINA),
        );
    }
}

/// `UnionPay` terminals leave date and time to the host; others name transactions by them.
fn is_stamped(flow: &Flow, id: FieldId) -> bool {
    let named = flow
        .identity
        .iter()
        .chain(&flow.match_key)
        .any(|path| path.field == id);
    named
        || flow
            .reversal
            .as_ref()
            .is_some_and(|rule| rule.copy.contains(&id))
}

/// The card, and its PIN where there is a key for it.
pub(super) fn put_card(message: &mut Message, card: &TestCard, keys: Option<&WorkingKeys>) {
    let pin = card.pin.as_ref().zip(keys).and_then(|(pin, keys)| {
        let pin = std::str::from_utf8(pin.reveal()).ok()?;
        let clear = pin_block(pin, Some(card.pan.reveal()))?;
        Some((encrypt_pin_block(&keys.pin, clear), keys.pin.reveal().len()))
    });
    let track = format!("{}={}1010000", card.pan.reveal(), card.expiry);
    let is_read = card.entry == CardEntry::Stripe && offer(message, field(35), &track);
    if !is_read {
        offer(message, field(2), card.pan.reveal());
        offer(message, field(14), &card.expiry);
    }
    let entry = if is_read { "02" } else { "01" };
    let capability = if pin.is_some() { "1" } else { "2" };
    if !message.has(FieldId::of(22)) {
        offer_whole(message, 22, &format!("{entry}{capability}"));
    }
    if let Some((block, key_length)) = pin {
        offer_whole(message, 26, "12");
        offer(
            message,
            field(52),
            &format!("{:016X}", u64::from_be_bytes(block)),
        );
        let method = if key_length == 8 { "20" } else { "26" };
        offer_whole(message, 53, &format!("{method}00000000000000"));
    }
}

/// The card with one digit of its number mistyped, and so a wrong check digit.
pub(super) fn mistyped(card: TestCard) -> TestCard {
    let mut number: Vec<char> = card.pan.reveal().chars().collect();
    if let Some(digit) = number.iter_mut().rev().nth(1) {
        *digit = match *digit {
            '9' => '0',
            digit => char::from_u32(u32::from(digit) + 1).unwrap_or('0'),
        };
    }
    TestCard {
        pan: Pan::new(number.into_iter().collect::<String>()),
        pin: None,
        entry: CardEntry::Keyed,
        ..card
    }
}

/// What links a void, refund or completion to its original (Q/CUP 009; `cup-pos.md` §3.2): DE 37,
/// but for pre-authorizations DE 38 and the date.
pub(super) fn put_original(message: &mut Message, purpose: Purpose, original: &Receipt) {
    let batch = offer(message, part(61, "1"), &original.batch);
    let linked = batch && offer(message, part(61, "2"), &original.stan.to_string());
    if linked && (original.purpose == Purpose::Hold || purpose == Purpose::Refund) {
        offer(message, part(61, "3"), &original.at.mmdd(&Zone::CHINA));
    }
    if let Some(rrn) = original
        .rrn
        .filter(|_| !(linked && original.purpose == Purpose::Hold))
    {
        offer(message, field(37), &rrn);
    }
    if let Some(auth) = original.auth {
        offer(message, field(38), &auth);
    }
    if original.purpose == Purpose::Hold {
        // The spec may have said otherwise for the kind; then it stands.
        let condition = message.text(field(25));
        if condition.as_deref() == Some("00") {
            offer(message, field(25), "06");
        }
    }
}

/// The reversal of a request, made before the outcome is known. Never holds track or PIN: the spec
/// refuses to copy them.
pub(super) fn reversal(request: &Message, rule: &ReversalRule) -> Result<Message, BuildError> {
    let mut message = Message::new(request.spec(), rule.mti);
    for id in &rule.copy {
        message.copy(*id, request);
    }
    for tag in &rule.copy_tags {
        let path = FieldPath {
            field: FieldId::of(55),
            part: Some(*tag),
        };
        if let Some(value) = request.text(path) {
            message.set(path, &value)?;
        }
    }
    for (path, source) in &rule.original {
        let value = match source {
            OriginalSource::Mti => Some(request.mti().original().to_string().into()),
            OriginalSource::Field(from) => request.text(*from),
            OriginalSource::Fixed(text) => Some(text.as_str().into()),
        };
        if let Some(value) = value {
            message.set(*path, &value)?;
        }
    }
    Ok(message)
}

/// Says why, in the dialect's field.
pub(super) fn put_cause(message: &mut Message, cause: ReversalCause) {
    let spec = message.spec().clone();
    let rule = spec
        .flow()
        .reversal
        .as_ref()
        .and_then(|rule| rule.cause.as_ref());
    if let Some((id, codes)) = rule
        && let Some((_, code)) = codes.iter().find(|(known, _)| *known == cause)
    {
        offer(message, FieldPath::whole(*id), code);
    }
}
