//! The values that name a transaction, read from a message.

use super::Message;
use super::value;
use crate::iso::message::{
    Amount, AuthCode, FieldId, MerchantId, Pan, ResponseCode, Rrn, Stan, TerminalId, Text,
};

impl Message {
    /// DE 11.
    #[must_use]
    pub fn stan(&self) -> Option<Stan> {
        self.number(FieldId::of(11).into()).map(Stan)
    }

    /// The amount in minor units: DE 4, or the part of it that the dialect names.
    #[must_use]
    pub fn amount(&self) -> Option<Amount> {
        self.number(self.spec().flow().amount).map(Amount)
    }

    /// The currency of the amount: DE 49, or the part of DE 4 that the dialect names.
    #[must_use]
    pub fn currency(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.text(self.spec().flow().currency)
    }

    /// DE 37, trimmed.
    #[must_use]
    pub fn rrn(&self) -> Option<Rrn> {
        self.trimmed(37)
    }

    /// DE 38, trimmed.
    #[must_use]
    pub fn auth_code(&self) -> Option<AuthCode> {
        self.trimmed(38)
    }

    /// DE 39.
    #[must_use]
    pub fn response_code(&self) -> Option<ResponseCode> {
        self.trimmed(39)
    }

    /// DE 41, trimmed.
    #[must_use]
    pub fn terminal(&self) -> Option<TerminalId> {
        self.trimmed(41)
    }

    /// DE 42, trimmed.
    #[must_use]
    pub fn merchant(&self) -> Option<MerchantId> {
        self.trimmed(42)
    }

    /// The card number: DE 2, or the head of track 2 (DE 35).
    #[must_use]
    pub fn pan(&self) -> Option<Pan> {
        let number = self
            .text(FieldId::of(2))
            .filter(|digits| !digits.is_empty());
        if let Some(digits) = number {
            return Some(Pan::new(digits.into_owned()));
        }
        let (layout, body, units) = self.value(FieldId::of(35))?;
        let track = value::text(layout, body, units, 0..units)?;
        let (digits, _) = track.split_once(['=', 'D'])?;
        Some(Pan::new(digits.to_owned()))
    }

    /// A text without the blanks around it; nothing if there are only blanks.
    fn trimmed<const N: usize>(&self, field: u8) -> Option<Text<N>> {
        if self.fault().is_some() && self.is_suspect(FieldId::of(field)) {
            // Read in part only, and not what it should be: something else was taken for it.
            return None;
        }
        let field = FieldId::of(field);
        let (layout, body, _) = self.value(field)?;
        let trimmed = match value::plain(layout, body) {
            Some(ascii) => Text::of_ascii(without_blanks(ascii)),
            None => Text::new(self.text(field)?.trim()),
        };
        trimmed.filter(|trimmed| !trimmed.is_empty())
    }
}

/// Characters without the blanks around them.
fn without_blanks(ascii: &[u8]) -> &[u8] {
    let is_more = |byte: &u8| !matches!(byte, b' ' | b'\t'..=b'\r');
    let from = ascii.iter().position(is_more).unwrap_or(ascii.len());
    let to = ascii.iter().rposition(is_more);
    let to = to.map_or(from, |last| last.saturating_add(1));
    ascii.get(from..to).unwrap_or_default()
}
