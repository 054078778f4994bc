//! What a terminal trades by itself, and what it is told to trade.

use super::receipts::Receipts;
use crate::engine::seam::Dice;
use crate::iso::message::{Amount, Stan, Text};
use crate::iso::spec::{Flow, Kind, Purpose, Spec};
use crate::lab::fault::Span;
use crate::lab::peer::Deck;
use std::ops::RangeInclusive;

/// One transaction to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The kind, by its name in the dialect.
    pub kind: Text<24>,
    /// In minor units; zero for inquiries. A void takes the amount of its original.
    pub amount: Amount,
    /// Which card of the deck.
    pub card: usize,
    /// The terminal's own earlier transaction that it refers to, by its trace number.
    pub original: Option<Stan>,
}

/// Why an order cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The dialect has no such kind, or nobody orders it.
    #[error("`{0}` is nothing to order in {1}; there is: {2}")]
    Kind(String, String, String),
    /// The deck has no such card.
    #[error("there is no card {0}: the deck has {1}, counted from 0")]
    Card(usize, usize),
    /// A void, refund or completion needs an earlier transaction.
    #[error("`{0}` needs the trace number of an approved transaction of this terminal")]
    Original(String),
    /// What moves money moves some.
    #[error("`{0}` needs an amount: {0} 50.00")]
    Amount(String),
    /// Nothing was approved that is reversed by its own reversal.
    #[error("there is no approved transaction to reverse: only the last one can be, and once")]
    Undo,
}

impl OrderError {
    /// The dialect has no such kind, or nobody orders it.
    pub(super) fn unknown(name: &str, spec: &Spec) -> Self {
        let ordered = spec.flow().kinds.iter().filter(|kind| is_ordered(kind));
        let names: Vec<&str> = ordered.map(|kind| kind.name.as_str()).collect();
        Self::Kind(name.to_owned(), spec.name().to_owned(), names.join(", "))
    }
}

/// What a terminal trades by itself.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Kinds by their names in the dialect, each with its weight.
    pub mix: Vec<(Text<24>, u64)>,
    /// Amounts, in minor units.
    pub amounts: RangeInclusive<u64>,
    /// Time between transactions.
    pub think: Span,
    /// How many in all; without it, until told to stop.
    pub count: Option<u64>,
    /// The cards that pass.
    pub cards: Deck,
}

/// The everyday mix of a shop, in whatever words the dialect has for it.
pub(super) const SHOP: [(&str, u64); 9] = [
    ("sale", 70),
    ("sale_void", 6),
    ("void", 6),
    ("refund", 4),
    ("preauth", 6),
    ("preauth_void", 2),
    ("completion", 4),
    ("completion_void", 1),
    ("balance", 5),
];

impl Workload {
    /// A shop's everyday mix, as far as the dialect has it: 1 to 5,000 yuan, a few seconds apart.
    #[must_use]
    pub fn shop(spec: &Spec, cards: Deck) -> Self {
        let known = |name: &str| spec.flow().kinds.iter().any(|kind| &*kind.name == name);
        let mix = SHOP.iter().filter(|(name, _)| known(name));
        Self {
            mix: mix
                .filter_map(|(name, weight)| Some((Text::new(name)?, *weight)))
                .collect(),
            amounts: 100..=500_000,
            think: Span::millis(1000, 5000),
            count: None,
            cards,
        }
    }

    /// Nothing by itself: only what it is told.
    #[must_use]
    pub const fn on_order(cards: Deck) -> Self {
        Self {
            mix: Vec::new(),
            amounts: 100..=500_000,
            think: Span::millis(0, 0),
            count: Some(0),
            cards,
        }
    }

    /// The next transaction. What needs an earlier one becomes a fresh one if there is none.
    pub(super) fn pick(&self, flow: &Flow, receipts: &Receipts, dice: &mut Dice) -> Option<Order> {
        let kind = self.weigh(flow, dice)?;
        let card = usize::try_from(dice.below(self.cards.cards().len() as u64)).unwrap_or(0);
        let fresh = |kind: &Kind, dice: &mut Dice| Order {
            kind: kind.name,
            amount: match kind.purpose {
                Purpose::Inquiry => Amount(0),
                _ => Amount(dice.between(*self.amounts.start(), *self.amounts.end())),
            },
            card,
            original: None,
        };
        if !is_follow_up(kind, flow) {
            return Some(fresh(kind, dice));
        }
        let earlier =
            refers_to(kind, flow).and_then(|target| receipts.returnable(&target.name, dice));
        match earlier {
            Some(receipt) => Some(Order {
                kind: kind.name,
                amount: match kind.purpose {
                    // Part of it, every other time.
                    Purpose::Refund if dice.chance(1, 2) => {
                        Amount(dice.between(1, receipt.amount.0))
                    }
                    _ => receipt.amount,
                },
                card: receipt.card,
                original: Some(receipt.stan),
            }),
            None => {
                let mut plain = self
                    .kinds(flow)
                    .filter(|(kind, _)| !is_follow_up(kind, flow));
                plain.next().map(|(kind, _)| fresh(kind, dice))
            }
        }
    }

    fn kinds<'a>(&'a self, flow: &'a Flow) -> impl Iterator<Item = (&'a Kind, u64)> {
        self.mix
            .iter()
            .filter_map(|(name, weight)| Some((kind_of(flow, name)?, *weight)))
    }

    fn weigh<'a>(&'a self, flow: &'a Flow, dice: &mut Dice) -> Option<&'a Kind> {
        let all = self.kinds(flow).map(|(_, weight)| weight).sum();
        let mut thrown = dice.below(all);
        let mut kinds = self.kinds(flow);
        kinds.find_map(|(kind, weight)| match thrown.checked_sub(weight) {
            None => Some(kind),
            Some(rest) => {
                thrown = rest;
                None
            }
        })
    }
}

/// A kind by its name.
pub(super) fn kind_of<'a>(flow: &'a Flow, name: &str) -> Option<&'a Kind> {
    flow.kinds.iter().find(|kind| &*kind.name == name)
}

/// What a cashier can ask for. All else a terminal does by itself, or not at all here.
pub(super) fn is_ordered(kind: &Kind) -> bool {
    kind.purpose.moves_money()
        || matches!(
            kind.purpose,
            Purpose::Inquiry | Purpose::Settlement | Purpose::Echo | Purpose::SignOff
        )
}

/// Whose code is scanned for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaymentScan {
    /// The payer's, by the cashier.
    OfPayer,
    /// The shop's, by the payer; or the payment is over, and this is about it.
    NotOfPayer,
}

/// Whether a kind pays by a code rather than a card. The names of the dialects say it: `qr_sale`,
/// `wallet`, `wallet_inquiry`, and `wallet_shown` for a code that is shown to the payer.
pub(super) fn scan_of(kind: &Kind) -> Option<PaymentScan> {
    let name = kind.name.as_str();
    if !name.starts_with("qr_") && !name.starts_with("wallet") {
        return None;
    }
    Some(match kind.purpose {
        Purpose::Debit if !name.ends_with("_shown") => PaymentScan::OfPayer,
        _ => PaymentScan::NotOfPayer,
    })
}

/// The kind that asks what became of a payment of this kind, which pays by a code.
pub(super) fn inquiry_of<'a>(kind: &Kind, flow: &'a Flow) -> Option<&'a Kind> {
    scan_of(kind)?;
    let (stem, _) = kind.name.split_once('_').unwrap_or((&kind.name, ""));
    kind_of(flow, &format!("{stem}_inquiry")).filter(|asks| asks.purpose == Purpose::Inquiry)
}

/// Whether a kind needs an earlier transaction: it gives back or completes one.
pub(super) fn is_follow_up(kind: &Kind, flow: &Flow) -> bool {
    match kind.purpose {
        Purpose::Void | Purpose::Refund => true,
        Purpose::Inquiry => refers_to(kind, flow).is_some(),
        Purpose::Debit => kind.name.contains("completion"),
        _ => false,
    }
}

/// The kind that such a kind refers to. The names of the dialects say it: `preauth_void` voids
/// `preauth`, `moto_refund` refunds `moto_sale`, a bare `void` or `refund` a `sale`.
pub(super) fn refers_to<'a>(kind: &Kind, flow: &'a Flow) -> Option<&'a Kind> {
    let name = kind.name.as_str();
    let (end, noun) = match kind.purpose {
        Purpose::Void => ("void", "sale"),
        Purpose::Refund => ("refund", "sale"),
        Purpose::Inquiry => ("_inquiry", " "),
        _ => ("completion", "preauth"),
    };
    let (stem, _) = name.rsplit_once(end)?;
    let whole = format!("{stem}{noun}");
    kind_of(flow, stem.trim_end_matches('_'))
        .or_else(|| kind_of(flow, &whole))
        .filter(|target| matches!(target.purpose, Purpose::Debit | Purpose::Hold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_back_knows_what_it_refers_to() {
        let target = |spec: &str, name: &str| {
            let spec = Spec::builtin(spec).unwrap();
            let kind = kind_of(spec.flow(), name).unwrap();
            assert!(is_follow_up(kind, spec.flow()), "{name}");
            refers_to(kind, spec.flow()).map(|target| target.name.to_string())
        };
        for (spec, name, original) in [
            ("cup-pos", "sale_void", "sale"),
            ("cup-pos", "refund", "sale"),
            ("cup-pos", "preauth_void", "preauth"),
            ("cup-pos", "completion", "preauth"),
            ("cup-pos", "completion_void", "completion"),
            ("cup-pos", "moto_void", "moto_sale"),
            ("cup-pos", "moto_completion", "moto_preauth"),
            ("cup-pos", "qr_void", "qr_sale"),
            ("cup-pos", "qr_refund", "qr_sale"),
            ("lakala-pos", "wallet_void", "wallet"),
            ("lakala-pos", "wallet_inquiry", "wallet"),
            ("iso8583-1987-ascii", "void", "sale"),
        ] {
            assert_eq!(target(spec, name).as_deref(), Some(original), "{name}");
        }
    }

    #[test]
    fn a_shop_without_a_past_trades_only_fresh_kinds() {
        let spec = Spec::builtin("cup-pos").unwrap();
        let shop = Workload::shop(&spec, Deck::new(1, 3));
        let receipts = Receipts::new(Text::EMPTY);
        let mut dice = Dice::new(1);
        for _ in 0..200 {
            let order = shop.pick(spec.flow(), &receipts, &mut dice).unwrap();
            assert!(order.original.is_none() && order.card < 3);
            let kind = kind_of(spec.flow(), &order.kind).unwrap();
            assert!(!is_follow_up(kind, spec.flow()));
        }
    }
}
