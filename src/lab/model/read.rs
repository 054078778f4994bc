//! A logged message as evidence: its way, its type, and the fields that rules speak of.

use super::known::Effects;
use crate::engine::record::{ConnId, Hop, Logged};
use crate::iso::codec::Message;
use crate::iso::message::{Class, FieldId, FieldPath, Function, Mti, Part};
use crate::iso::spec::Spec;

/// What a message says, as far as it can be read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) hop: Hop,
    pub(super) conn: ConnId,
    pub(super) relayed: Option<ConnId>,
    pub(super) mti: Mti,
    /// The dialect it was read by; empty if by none.
    pub(super) dialect: String,
    pub(super) code: Option<String>,
    pub(super) proc: String,
    pub(super) amount: Option<u64>,
    /// DE 95: what is to stand.
    pub(super) stands: Option<u64>,
    pub(super) stan: String,
    pub(super) terminal: String,
    pub(super) merchant: String,
    pub(super) rrn: String,
    pub(super) auth: String,
    pub(super) batch: String,
    /// Batch and trace number of an original, where DE 61 or DE 90 names one.
    pub(super) original: Option<String>,
}

impl Seen {
    /// Reads a logged message: by its transaction's dialect, else by the first that reads it.
    pub(super) fn read(logged: &Logged, dialect: &str) -> Self {
        let own = Spec::builtin(dialect);
        let others = Spec::builtin_names()
            .iter()
            .filter(|name| **name != dialect);
        let others = others.filter_map(|name| Spec::builtin(name));
        let frame = &logged.frame.frame;
        let fits = |message: &Message| message.mti() == logged.mti;
        let whole = own.iter().cloned().chain(others);
        let mut whole = whole.filter_map(|spec| Message::parse(&spec, frame.clone()).ok());
        let message = whole.find(fits).or_else(|| {
            let part = Message::read(own.as_ref()?, frame.clone()).ok();
            part.filter(fits)
        });
        let text = |field: u8| {
            let text = message.as_ref()?.text(FieldId::of(field))?;
            Some(text.trim().to_owned())
        };
        let has = |field: u8| text(field).filter(|text| !text.is_empty());
        let part = |field: u8, part: &str| {
            let part = Part::new(part);
            let path = FieldPath {
                field: FieldId::of(field),
                part,
            };
            let text = message.as_ref()?.text(path)?;
            Some(text.into_owned())
        };
        let code = match &message {
            Some(_) => text(39),
            None => logged.code.map(|code| code.as_str().trim().to_owned()),
        };
        let rrn = logged.rrn.map(|rrn| rrn.as_str().to_owned());
        let auth = logged.auth.map(|auth| auth.as_str().to_owned());
        Self {
            hop: logged.hop,
            conn: logged.conn,
            relayed: logged.relayed,
            mti: logged.mti,
            dialect: message
                .as_ref()
                .map_or_else(String::new, |message| message.spec().name().to_owned()),
            code,
            proc: has(3).unwrap_or_default(),
            amount: has(4).and_then(|digits| amount_of(&digits)),
            stands: has(95).and_then(|digits| amount_of(digits.get(..12).unwrap_or(&digits))),
            stan: has(11).unwrap_or_default(),
            terminal: has(41).unwrap_or_default(),
            merchant: has(42).unwrap_or_default(),
            rrn: has(37).or(rrn).unwrap_or_default(),
            auth: has(38).or(auth).unwrap_or_default(),
            batch: part(60, "2").unwrap_or_default(),
            original: original_of(part(61, "1"), part(61, "2"), has(90)),
        }
    }

    /// Whether it speaks of a reversal.
    pub(super) fn is_reversal(&self) -> bool {
        self.mti.class() == Class::Reversal
    }

    /// What its kind does to money, by type and processing code.
    pub(super) fn effects(&self) -> Effects {
        let moves = matches!(self.mti.class(), Class::Authorization | Class::Financial);
        let asks_only = self.proc.starts_with('3');
        match self.mti.function() {
            _ if !moves || asks_only => Effects::Harmless,
            Function::Request => Effects::Undoable,
            Function::Advice
            | Function::Notification
            | Function::Instruction
            | Function::RequestResponse
            | Function::AdviceResponse
            | Function::Acknowledgement
            | Function::Reserved => Effects::Advice,
        }
    }

    /// Whether it is a void, a refund or a cancellation: it gives back what another took.
    pub(super) fn gives_back(&self) -> bool {
        self.effects() != Effects::Harmless && self.proc.starts_with('2')
    }
}

/// Minor units; in DE 4 of the edition of 2003 they stand behind currency and exponent.
fn amount_of(digits: &str) -> Option<u64> {
    let at = digits.len().saturating_sub(12);
    digits.get(at..)?.parse().ok()
}

fn original_of(
    batch: Option<String>,
    stan: Option<String>,
    original: Option<String>,
) -> Option<String> {
    let by_batch = batch.zip(stan).map(|(batch, stan)| batch + &stan);
    let by_data = original.and_then(|data| data.get(4..10).map(str::to_owned));
    let named = by_batch.or(by_data)?;
    named.bytes().any(|digit| digit != b'0').then_some(named)
}
