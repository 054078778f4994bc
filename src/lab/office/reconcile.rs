//! The books held against each other: each balance of the ledger must be explained by what is
//! unsettled, under way or still to be deducted.

use super::ledger::Account;
use super::open::Office;
use super::payout::PayoutState;
use crate::iso::message::MerchantId;

/// An account that holds something else than its papers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{account:?} holds {holds}, and its papers say {told}")]
pub struct Unexplained {
    /// Which account.
    pub account: Account,
    /// What it holds, in minor units.
    pub holds: i64,
    /// What its papers say.
    pub told: i64,
}

impl Office {
    /// Holds the ledger against bookings, pay-outs and charges.
    ///
    /// # Errors
    /// The first account that they do not explain.
    pub fn reconcile(&self) -> Result<(), Unexplained> {
        for merchant in self.accounts.keys() {
            self.explain(Account::Merchant(*merchant), self.owed_to(*merchant))?;
            let sum = |wanted: fn(&PayoutState) -> bool| {
                let mine = self.payouts.iter().filter(|one| one.merchant == *merchant);
                let wanted = mine.filter(|one| wanted(&one.state) && !self.diverts(one));
                wanted.map(|one| one.net()).sum::<i64>()
            };
            let credited = sum(|state| matches!(state, PayoutState::Paid(_)));
            self.explain(Account::Credited(*merchant), credited)?;
        }
        Ok(())
    }

    fn owed_to(&self, merchant: MerchantId) -> i64 {
        let Some(account) = self.accounts.get(&merchant) else {
            return 0;
        };
        let unsettled = account
            .unsettled
            .iter()
            .map(|id| self.kept(*id).booking.amount);
        let not_gone = self.payouts.iter().filter(|one| {
            one.merchant == merchant
                && matches!(
                    one.state,
                    PayoutState::Waiting | PayoutState::Held(..) | PayoutState::Returned(..)
                )
        });
        let charges = account.charges.iter().map(|one| one.amount);
        unsettled.sum::<i64>() + not_gone.map(|one| one.net()).sum::<i64>() - charges.sum::<i64>()
    }

    fn explain(&self, account: Account, told: i64) -> Result<(), Unexplained> {
        let holds = self.ledger.balance(account);
        if holds == told {
            return Ok(());
        }
        Err(Unexplained {
            account,
            holds,
            told,
        })
    }
}
