//! What a cashier does who follows a next step to the letter.

use super::words::{Promise, understand};

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CashierMove {
    /// The same is tried again: the sale of a sale, the void of a void.
    TriesAgain,
    /// The customer pays in another way.
    PaysOtherwise,
    /// The money is collected again, whatever was tried before.
    CollectsAgain,
    /// An authorization is completed.
    Completes,
    /// The terminal sends its reversal again.
    RepeatsReversal,
    /// The terminal sends the same message again.
    RepeatsMessage,
    /// Another transaction is looked up first.
    LooksUpOther,
    /// The terminal's slip is looked at.
    LooksAtSlip,
    /// The acquirer is asked whether it was paid.
    AsksAcquirer,
    /// A dispute is raised.
    Disputes,
    /// The batch is compared and uploaded.
    Settles,
    /// It is asked again later.
    Waits,
    /// There is nothing to do.
    Done,
    /// Nobody could follow these words.
    Lost,
}

/// What an obedient cashier does. `next_step` may be in either language; `safe_to_retry` counts
/// only where the words leave it open.
#[must_use]
pub fn obedient(next_step: &str, safe_to_retry: &str) -> CashierMove {
    let words = understand(next_step);
    if !words.strange.is_empty() {
        return CashierMove::Lost;
    }
    let stop = words.has(Promise::Stop);
    let mut order = ORDER.iter();
    let told = order.find(|(promise, makes)| words.has(*promise) && !(stop && makes.pays()));
    match told {
        Some((_, makes)) => *makes,
        None if safe_to_retry == "yes" && !stop => CashierMove::TriesAgain,
        None => CashierMove::Done,
    }
}

/// What is done first where several things are said.
const ORDER: &[(Promise, CashierMove)] = &[
    (Promise::CollectAgain, CashierMove::CollectsAgain),
    (Promise::PayOtherwise, CashierMove::PaysOtherwise),
    (Promise::NewSale, CashierMove::TriesAgain),
    (Promise::Again, CashierMove::TriesAgain),
    (Promise::SendCompletion, CashierMove::Completes),
    (Promise::RepeatReversal, CashierMove::RepeatsReversal),
    (Promise::RepeatMessage, CashierMove::RepeatsMessage),
    (Promise::LookUpOther, CashierMove::LooksUpOther),
    (Promise::WaitReversal, CashierMove::Waits),
    (Promise::WillReturn, CashierMove::Waits),
    (Promise::Wait, CashierMove::Waits),
    (Promise::Query, CashierMove::AsksAcquirer),
    (Promise::Dispute, CashierMove::Disputes),
    (Promise::LookAtSlip, CashierMove::LooksAtSlip),
    (Promise::Settle, CashierMove::Settles),
    (Promise::AskAcquirer, CashierMove::AsksAcquirer),
    (Promise::Done, CashierMove::Done),
    (Promise::Else, CashierMove::Done),
];

impl CashierMove {
    /// Whether the customer pays by it.
    #[must_use]
    pub const fn pays(self) -> bool {
        matches!(
            self,
            Self::TriesAgain | Self::PaysOtherwise | Self::CollectsAgain
        )
    }
}
