//! Amount and currency, which dialects keep in different places: DE 4 and DE 49, or both in DE 4
//! with the number of decimals between them (ISO 8583:2003 §4.4).

use super::Untranslatable;
use crate::iso::codec::Message;
use crate::iso::message::{Bitmap, FieldId, FieldPath};
use crate::iso::spec::Spec;
use iso_currency::Currency;

/// The fields of amount and currency in `from`, if the other dialect has other places for them.
pub(super) fn elsewhere(from: &Spec, to: &Spec) -> Bitmap {
    let mut fields = Bitmap::EMPTY;
    if from.flow().amount != to.flow().amount {
        fields.insert(from.flow().amount.field);
        fields.insert(from.flow().currency.field);
    }
    fields
}

/// Puts amount and currency where `to` has them. What does not fit is left out: whether the money
/// arrived as it was is looked at afterwards.
pub(super) fn put_money(from: &Message, to: &mut Message) {
    let Some(amount) = from.amount() else {
        return;
    };
    let (place, currency_place) = (to.spec().flow().amount, to.spec().flow().currency);
    let currency = from.currency().map(|text| text.trim().to_owned());
    if place.part.is_none() {
        let _set = to.set(place, &amount.to_string());
        if let Some(currency) = currency {
            let _set = to.set(currency_place, &currency);
        }
    } else if let Some(currency) = currency {
        let known = currency.parse().ok().and_then(Currency::from_numeric);
        let decimals = known.and_then(Currency::exponent).unwrap_or(2);
        let whole = FieldPath::whole(place.field);
        let _set = to.set(whole, &format!("{currency}{decimals}{amount}"));
    }
}

/// Amount, currency and card are the same on both sides.
pub(super) fn same_money(from: &Message, to: &Message) -> Result<(), Untranslatable> {
    const CARD: FieldId = FieldId::of(2);
    let currency = |message: &Message| message.currency().map(|text| text.trim().to_owned());
    if from.amount() != to.amount() {
        return Err(Untranslatable::Money(to.spec().flow().amount.field));
    }
    if currency(from) != currency(to) {
        return Err(Untranslatable::Money(to.spec().flow().currency.field));
    }
    if from.pan() != to.pan() {
        return Err(Untranslatable::Money(CARD));
    }
    Ok(())
}
