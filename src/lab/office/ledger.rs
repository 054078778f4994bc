//! Where each fen is: every posting takes from one account what it gives to another.

use crate::iso::message::MerchantId;
use std::collections::BTreeMap;

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What issuers pay, and what goes back to them.
    Issuers,
    /// What the acquirer owes a merchant; less than nothing if the merchant owes it.
    Merchant(MerchantId),
    /// On its way to a merchant's bank.
    Transit(MerchantId),
    /// Credited by a merchant's bank.
    Credited(MerchantId),
    /// Paid to somebody else than the merchant.
    Diverted,
    /// What the acquirer earned.
    Fees,
    /// Deposits that merchants gave.
    Deposits,
}

/// The accounts, in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneralLedger(BTreeMap<Account, i64>);

impl GeneralLedger {
    /// Moves an amount; a negative one moves the other way.
    pub(super) fn post(&mut self, from: Account, to: Account, amount: i64) {
        *self.0.entry(from).or_default() -= amount;
        *self.0.entry(to).or_default() += amount;
    }

    /// What an account holds.
    #[must_use]
    pub fn balance(&self, account: Account) -> i64 {
        self.0.get(&account).copied().unwrap_or(0)
    }

    /// All accounts together: 0, always.
    #[must_use]
    pub fn sum(&self) -> i64 {
        self.0.values().sum()
    }
}
