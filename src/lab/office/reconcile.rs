//! The books held against each other: each balance of the ledger must be explained by what is
//! booked, unsettled, under way or still to be deducted.

use super::booking::KeptBooking;
use super::ledger::Account;
use super::open::Office;
use super::payout::{Deducted, PayoutState};
use super::setback::Setback;
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;

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
    /// Holds the ledger against bookings, pay-outs and what is still to be deducted.
    ///
    /// # Errors
    /// The first account that they do not explain.
    pub fn reconcile(&self) -> Result<(), Unexplained> {
        let mut papers: BTreeMap<Account, i64> = BTreeMap::new();
        let mut tell = |account, amount| *papers.entry(account).or_default() += amount;
        tell(
            Account::Issuers,
            self.bookings.iter().map(owed_by_issuers).sum(),
        );
        for (merchant, account) in &self.accounts {
            let unsettled = account.unsettled.iter();
            let unsettled: i64 = unsettled.map(|id| self.kept(*id).booking.amount).sum();
            let charges: i64 = account.charges.iter().map(|one| one.amount).sum();
            tell(Account::Merchant(*merchant), unsettled - charges);
            tell(Account::Transit(*merchant), 0);
            tell(Account::Credited(*merchant), 0);
        }
        for payout in &self.payouts {
            let place = match payout.state {
                PayoutState::Waiting | PayoutState::Held(..) | PayoutState::Returned(..) => {
                    Account::Merchant(payout.merchant)
                }
                PayoutState::Asked => Account::Transit(payout.merchant),
                PayoutState::Paid(_) if self.diverts(payout) => Account::Diverted,
                PayoutState::Paid(_) => Account::Credited(payout.merchant),
                PayoutState::Replaced(..) => continue,
            };
            tell(place, payout.net());
        }
        let unexplained = papers.into_iter().find_map(|(account, told)| {
            let holds = self.ledger.balance(account);
            (holds != told).then_some(Unexplained {
                account,
                holds,
                told,
            })
        });
        unexplained.map_or(Ok(()), Err)
    }
}

/// What one booking took from the issuers (less than nothing), or gave back to them.
fn owed_by_issuers(kept: &KeptBooking) -> i64 {
    let booking = &kept.booking;
    let stands = booking.approved && !kept.reversed && kept.undone_by.is_none();
    let amount = match (booking.purpose, kept.returned) {
        (Purpose::Debit, Some(returned)) => returned - booking.amount,
        (Purpose::Debit, None) if stands => -booking.amount,
        (Purpose::Refund, _) if stands => booking.amount,
        _ => 0,
    };
    let charged_back = booking.setbacks.iter().filter_map(|setback| match setback {
        // These stay with the acquirer.
        Setback::Deducted(Deducted::Deposit | Deducted::DataFee, _) => None,
        Setback::Deducted(_, amount) => Some(*amount),
        _ => None,
    });
    let is_sale = booking.approved && booking.purpose == Purpose::Debit;
    amount + charged_back.filter(|_| is_sale).sum::<i64>()
}
