//! Originals told from the slip: a completion carries the approval code of its authorization, a
//! void or refund the reference number of its sale. A gateway that had forgotten the original, or
//! was not done with it, could not name it.

use super::story::Story;
use crate::engine::record::{Fact, Hop, Opened, Record, Step, TxId};
use crate::iso::message::{AuthCode, MerchantId, Rrn, TerminalId};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;

/// What was approved, by the numbers on its slip.
#[derive(Clone, Debug, Default)]
pub(super) struct Slips {
    holds: BTreeMap<(TerminalId, AuthCode), TxId>,
    /// By number the newest of each merchant.
    sales: BTreeMap<Rrn, BTreeMap<MerchantId, TxId>>,
}

impl Slips {
    /// Takes what an answer of the acquirer put on the slip.
    pub(super) fn take(&mut self, story: &Story, record: &Record) {
        let Some(opened) = &story.opened else { return };
        if says(record, Hop::AcquirerToGateway).is_none() {
            return;
        }
        match (opened.purpose, story.auth, story.rrn) {
            (Purpose::Hold, Some(auth), _) => {
                self.holds.insert((opened.terminal, auth), story.tx);
            }
            (Purpose::Debit, _, Some(rrn)) => {
                let of_number = self.sales.entry(rrn).or_default();
                of_number.insert(opened.merchant, story.tx);
            }
            _ => {}
        }
    }

    /// The original of a transaction that begins with this record.
    pub(super) fn original(&self, opened: &Opened, record: &Record) -> Option<TxId> {
        let step = says(record, Hop::TerminalToGateway)?;
        let message = step.message.as_ref()?;
        let by_auth = || self.holds.get(&(opened.terminal, message.auth?)).copied();
        let by_rrn = || self.sale(opened.merchant, message.rrn?);
        match opened.purpose {
            // An increment is one of the authorization that it raises.
            Purpose::Debit | Purpose::Advice | Purpose::Hold => by_auth(),
            Purpose::Void | Purpose::Reversal => by_rrn().or_else(by_auth),
            Purpose::Refund => by_rrn(),
            _ => None,
        }
    }

    /// The sale of this number: of the merchant, or where one of both names no merchant.
    fn sale(&self, merchant: MerchantId, rrn: Rrn) -> Option<TxId> {
        let of_number = self.sales.get(&rrn)?;
        let unnamed = |one: &MerchantId| one.trim().is_empty() || merchant.trim().is_empty();
        let own = of_number.get(&merchant).copied();
        own.or_else(|| {
            let mut others = of_number.iter().filter(|(one, _)| unnamed(one));
            others.next_back().map(|(_, tx)| *tx)
        })
    }
}

/// The code of an approval that a request names.
pub(super) fn named_approval(record: &Record) -> Option<AuthCode> {
    let message = says(record, Hop::TerminalToGateway)?.message.as_ref()?;
    let code = message.auth;
    code.filter(|code| !code.trim_matches([' ', '0']).is_empty())
}

/// A step with a message that goes this way.
fn says(record: &Record, hop: Hop) -> Option<&Step> {
    let Fact::Step(step) = &record.fact else {
        return None;
    };
    let goes = step
        .message
        .as_ref()
        .is_some_and(|message| message.hop == hop);
    goes.then_some(step)
}
