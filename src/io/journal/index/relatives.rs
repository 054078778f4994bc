//! Whether a transaction is related to any of many: by its names, by the purchase, or because it
//! refers to one. Each question is answered at once, however many there are.

use super::table::TransactionNames;
use crate::engine::record::{Opened, TxId};
use std::collections::BTreeSet;

/// A card as it is known: by its hash, or as people see it where no hash is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CardName {
    Hash([u8; 16]),
    Masked(String),
}

/// A purchase: card and amount, and the merchant.
type Purchase = (CardName, i64, String);

/// The transactions of which relatives are looked for.
#[derive(Debug, Default)]
pub(in crate::io::journal) struct Relatives {
    txs: BTreeSet<TxId>,
    /// Merchant, terminal, trace number, batch.
    named: BTreeSet<(String, String, i64, String)>,
    bought: BTreeSet<Purchase>,
    /// The same without the merchant, for a message that names none.
    bought_anywhere: BTreeSet<(CardName, i64)>,
}

impl Relatives {
    /// Those of transactions with these names.
    pub(in crate::io::journal) fn of(all: &[TransactionNames]) -> Self {
        let mut relatives = Self::default();
        for names in all {
            relatives.txs.insert(names.tx);
            relatives.named.insert(names.numbered());
            for card in cards(names) {
                relatives
                    .bought_anywhere
                    .insert((card.clone(), names.amount));
                relatives
                    .bought
                    .insert((card, names.amount, names.merchant.clone()));
            }
        }
        relatives
    }

    /// Whether a transaction that began in this way is one.
    pub(in crate::io::journal) fn include(&self, opened: &Opened) -> bool {
        let refers = [opened.twin, opened.original].into_iter().flatten();
        if refers.into_iter().any(|tx| self.txs.contains(&tx)) {
            return true;
        }
        if self.txs.is_empty() {
            return false;
        }
        let names = TransactionNames::of(TxId(0), opened);
        self.named.contains(&names.numbered())
            || cards(&names).any(|card| self.is_bought(&names, card))
    }

    /// Where one of both names no merchant, it may be the same.
    fn is_bought(&self, names: &TransactionNames, card: CardName) -> bool {
        let purchase = (card, names.amount);
        if names.merchant.is_empty() {
            return self.bought_anywhere.contains(&purchase);
        }
        let (card, amount) = purchase;
        let of_merchant = (card.clone(), amount, names.merchant.clone());
        self.bought.contains(&of_merchant) || self.bought.contains(&(card, amount, String::new()))
    }
}

fn cards(names: &TransactionNames) -> impl Iterator<Item = CardName> {
    let hash = names.card_hash.map(CardName::Hash);
    let masked = Some(&names.card).filter(|card| !card.is_empty());
    hash.into_iter()
        .chain(masked.map(|card| CardName::Masked(card.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trace::tests::opened;
    use crate::iso::message::{Stan, Text};
    use crate::iso::spec::Purpose;

    fn text<const N: usize>(text: &str) -> Text<N> {
        Text::new(text).unwrap()
    }

    #[test]
    fn names_purchases_and_references_relate() {
        let first = opened(Purpose::Debit);
        let other = || Opened {
            stan: Stan(first.stan.0 + 1),
            card: text("400000******0000"),
            card_hash: [9; 16],
            ..opened(Purpose::Debit)
        };
        let relatives = Relatives::of(&[TransactionNames::of(TxId(7), &first)]);
        let is = |of: Opened| relatives.include(&of);
        assert!(!is(other()));
        assert!(!Relatives::of(&[]).include(&first));
        assert!(
            is(Opened {
                stan: first.stan,
                ..other()
            }),
            "its number"
        );
        assert!(
            is(Opened {
                card: first.card,
                ..other()
            }),
            "its purchase"
        );
        assert!(
            is(Opened {
                card_hash: first.card_hash,
                ..other()
            }),
            "its purchase"
        );
        assert!(
            is(Opened {
                original: Some(TxId(7)),
                ..other()
            }),
            "it as the original"
        );
        assert!(
            is(Opened {
                twin: Some(TxId(7)),
                ..other()
            }),
            "it as an attempt"
        );
        let elsewhere = |merchant| Opened {
            merchant: text(merchant),
            ..opened(Purpose::Debit)
        };
        assert!(!is(elsewhere("111111111111111")));
        assert!(
            is(elsewhere("")),
            "a merchant that is not named may be the same"
        );
    }
}
