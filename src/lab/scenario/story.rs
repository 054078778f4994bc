//! What a scenario is made of.

use crate::engine::evidence::Tier;
use crate::engine::gateway::ReversalBy;
use crate::engine::seam::Wall;
use crate::engine::trace::Said;
use crate::iso::message::{Amount, Text};
use crate::iso::spec::Spec;
use crate::lab::fault::Armed;
use crate::lab::office::Merchant;
use std::sync::Arc;

/// Scenarios that belong together: a file.
#[derive(Clone, Debug)]
pub struct ScenarioSet {
    /// What they are about.
    pub title: Said,
    /// In the order of the file.
    pub scenarios: Vec<Scenario>,
}

/// One story, and what must be seen of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `S1.2`, or `S1.5/91` for one of several ways in which a cause shows.
    pub id: String,
    /// The cause, as a merchant would state it.
    pub title: Said,
    /// What happens, for people.
    pub story: Said,
    /// Causes that are one cause in other words share this name.
    pub class: String,
    /// What terminals and acquirer speak.
    pub spec: Arc<Spec>,
    /// Who reverses what stays unknown.
    pub reverses: ReversalBy,
    /// What is agreed with the merchant, if it is not as usual.
    pub merchant: Option<Merchant>,
    /// What goes wrong, as it is written.
    pub faults: Vec<(String, Armed)>,
    /// Who does what when, in the order of time.
    pub happenings: Vec<HappensAt>,
    /// The whole wire, if that is fixed.
    pub wire: Option<Vec<String>>,
    /// What the books hold in the end, if that is fixed.
    pub money: Option<MoneyWanted>,
    /// What must be said of it.
    pub verdicts: Vec<VerdictWanted>,
}

/// Something that somebody does, and when.
#[derive(Clone, Debug)]
pub struct HappensAt {
    /// When.
    pub at: Wall,
    /// What.
    pub what: Happening,
}

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Happening {
    /// Nothing: time passes, and nobody asks for anything.
    Nothing,
    /// Somebody asks where the money is, and the story ends there.
    Look,
    /// A cashier has a terminal make a transaction.
    Trade {
        /// Which terminal, from 0.
        terminal: usize,
        /// The kind, by its name in the dialect.
        kind: Text<24>,
        /// How much.
        amount: Amount,
        /// Which card of the deck.
        card: usize,
        /// The happening that it voids, refunds or completes, from 0.
        of: Option<usize>,
    },
    /// A terminal signs in.
    SignIn(usize),
    /// The gateway is killed, and starts again.
    Restart,
    /// The connection between gateway and acquirer breaks.
    Cut,
}

/// What the books must hold in the end, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyWanted {
    /// By the terminals' receipts.
    pub terminal: i64,
    /// By the acquirer's book.
    pub acquirer: i64,
    /// Credited to the merchant by its bank, when files are looked at last; if that is fixed.
    pub paid: Option<i64>,
}

/// What must be said of one transaction. What is not named may be anything.
#[derive(Clone, Debug)]
pub struct VerdictWanted {
    /// Of which happening, from 0.
    pub of: usize,
    /// On which evidence.
    pub tier: Tier,
    /// When the files are looked at.
    pub on: Wall,
    /// The state.
    pub state: Option<String>,
    /// The class; empty for none.
    pub class: Option<String>,
    /// The likeliest cause.
    pub cause: Option<String>,
    /// All causes that fit, in any order.
    pub causes: Option<Vec<String>>,
    /// Whether a new transaction in its place is safe.
    pub safe: Option<String>,
    /// A part of the verdict, with `{…}` for what varies.
    pub verdict: Option<String>,
    /// The same in Chinese.
    pub verdict_zh: Option<String>,
    /// A part of the next step.
    pub next: Option<String>,
    /// The same in Chinese.
    pub next_zh: Option<String>,
}
