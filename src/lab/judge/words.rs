//! What a text promises about the books: each clause that may be printed, in this judge's own
//! reading. The tables were written by reading the texts as a cashier does, and are not made from
//! the gateway's; a clause that stands in no table is a finding.

use super::pattern::{clauses, fits};
use std::collections::BTreeSet;

/// Something that a clause says about money, or tells its reader to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The same may be tried again.
    Again,
    /// A new sale may be made.
    NewSale,
    /// The customer may pay in another way: another card, a smaller amount.
    PayOtherwise,
    /// The goods are not paid: collect the money again.
    CollectAgain,
    /// Nothing left the gateway.
    NothingLeft,
    /// Nothing was debited, nothing reserved.
    NothingDebited,
    /// Not voided, not refunded.
    NotGivenBack,
    /// Not accepted, whatever it was.
    NotAccepted,
    /// What was debited or reserved is returned.
    DebitReturned,
    /// A void or refund is undone: its original stands.
    ReturnUndone,
    /// Voided or refunded: the money goes back.
    GoesBack,
    /// A reversal will return the money.
    WillReturn,
    /// Paid for good.
    Paid,
    /// Money is reserved only.
    Authorized,
    /// Send the completion.
    SendCompletion,
    /// The original of a void is cancelled.
    OriginalCancelled,
    /// A refund is made.
    RefundMade,
    /// There is nothing to do.
    Done,
    /// No money is in it.
    NoMoney,
    /// The outcome is not known, or not proven.
    Unknown,
    /// Not to be treated as paid.
    NotPaid,
    /// The terminal may show success.
    MayShow,
    /// Do not pay, void or refund again.
    Stop,
    /// Wait for an answer.
    Wait,
    /// Wait for a reversal.
    WaitReversal,
    /// Query the acquirer.
    Query,
    /// Ask the acquirer.
    AskAcquirer,
    /// Raise a dispute.
    Dispute,
    /// Look up another transaction first.
    LookUpOther,
    /// Look at the terminal's slip.
    LookAtSlip,
    /// The terminal repeats its reversal.
    RepeatReversal,
    /// The terminal repeats the same message.
    RepeatMessage,
    /// Compare and upload the batch.
    Settle,
    /// The cardholder, or the merchant's technician, has to do something first.
    Else,
}

impl Promise {
    /// Whether the books can show it to be wrong.
    #[must_use]
    pub const fn is_claim(self) -> bool {
        matches!(
            self,
            Self::Again
                | Self::NewSale
                | Self::PayOtherwise
                | Self::CollectAgain
                | Self::NothingLeft
                | Self::NothingDebited
                | Self::NotGivenBack
                | Self::NotAccepted
                | Self::DebitReturned
                | Self::ReturnUndone
                | Self::GoesBack
                | Self::WillReturn
                | Self::Paid
                | Self::SendCompletion
                | Self::OriginalCancelled
                | Self::RefundMade
                | Self::Done
                | Self::NoMoney
                | Self::NotPaid
                | Self::Stop
        )
    }

    /// Whether it lets somebody pay, or give back, once more.
    #[must_use]
    pub const fn allows_more(self) -> bool {
        matches!(
            self,
            Self::Again | Self::NewSale | Self::PayOtherwise | Self::CollectAgain
        )
    }
}

/// A text as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understood {
    /// All that it promises.
    pub promises: BTreeSet<Promise>,
    /// Clauses that stand in no table.
    pub strange: Vec<String>,
}

impl Understood {
    /// Whether it promises this.
    #[must_use]
    pub fn has(&self, promise: Promise) -> bool {
        self.promises.contains(&promise)
    }
}

/// Reads a verdict or a next step, in English or Chinese.
#[must_use]
pub fn understand(text: &str) -> Understood {
    let mut understood = Understood::default();
    for clause in clauses(text) {
        let table = if clause.is_ascii() || !clause.chars().any(is_chinese) {
            super::english::CLAUSES
        } else {
            super::chinese::CLAUSES
        };
        match table.iter().find(|(pattern, _)| fits(pattern, clause)) {
            Some((_, promises)) => understood.promises.extend(promises.iter()),
            None => understood.strange.push(clause.to_owned()),
        }
    }
    understood
}

fn is_chinese(c: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

/// A clause and all that it promises.
pub(super) type Clause = (&'static str, &'static [Promise]);
