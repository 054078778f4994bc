//! How an acquirer is set up.

use super::Rules;
use crate::engine::seam::Dice;
use crate::iso::spec::Spec;
use crate::lab::fault::{Faults, Span};
use crate::lab::office::{IssuerTerms, OfficeTerms};
use crate::lab::peer::{Deck, MasterKeys};
use std::sync::Arc;

/// How an acquirer is set up.
#[derive(Clone, Debug)]
pub struct AcquirerOptions {
    /// Its dialect.
    pub spec: Arc<Spec>,
    /// Master keys of the terminals.
    pub keys: MasterKeys,
    /// Cards that the issuer knows, with their PINs.
    pub cards: Deck,
    /// The issuers of the cards; a card of none of them may do whatever it can pay.
    pub issuers: Vec<IssuerTerms>,
    /// What each card can spend, in minor units.
    pub balance: u64,
    /// Whether cards that the issuer does not know are good for the same balance; otherwise they
    /// are declined (14).
    pub strangers: bool,
    /// Whether a request about money is refused that lacks what the dialect says it must have
    /// (30), or whose card number has a wrong check digit (14).
    pub strict: bool,
    /// DE 32: the acquirer's own number.
    pub institution: String,
    /// How long an answer takes.
    pub latency: Span,
    /// Particular answers to particular requests.
    pub rules: Rules,
    /// What goes wrong at the acquirer and on the wire to it.
    pub faults: Faults,
    /// The back office; `None`: there is none, and every merchant is welcome.
    pub office: Option<OfficeTerms>,
}

impl AcquirerOptions {
    /// An acquirer that knows these cards, good for ten billion yuan each, and nothing goes wrong.
    #[must_use]
    pub fn new(spec: &Arc<Spec>, keys: MasterKeys, cards: Deck) -> Self {
        Self {
            spec: Arc::clone(spec),
            keys,
            cards,
            issuers: Vec::new(),
            balance: 1_000_000_000_000,
            strangers: true,
            strict: false,
            institution: "00010000".to_owned(),
            latency: Span::millis(0, 0),
            rules: Rules::default(),
            faults: Faults::new(Dice::new(0)),
            office: None,
        }
    }
}
