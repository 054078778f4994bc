//! Originals told from the slip: a completion carries the approval code of its authorization, a
//! void or refund the reference number of its sale. A gateway that had forgotten the original, or
//! was not done with it, could not name it.

use super::story::Story;
use crate::engine::record::{Fact, Hop, Opened, Record, Step, TxId};
use crate::iso::message::{AuthCode, MerchantId, Rrn, TerminalId};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sales of one number that are known; hosts give it to one, test hosts at times to many.
const OF_A_NUMBER: usize = 8;

/// What was approved, by the numbers on its slip.
#[derive(Clone, Debug, Default)]
pub(super) struct Slips {
    holds: BTreeMap<(TerminalId, AuthCode), KnownSlip>,
    /// By number, the newest last.
    sales: BTreeMap<Rrn, Vec<KnownSlip>>,
}

#[derive(Clone, Debug)]
struct KnownSlip {
    tx: TxId,
    opened: Arc<Opened>,
}

/// What the slip says of an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BySlip {
    /// It is this one.
    Is(TxId),
    /// The number is that of this one alone, which is of another card.
    OfAnotherCard(TxId),
}

impl Slips {
    /// Takes what an answer of the acquirer put on the slip.
    pub(super) fn take(&mut self, story: &Story, record: &Record) {
        let Some(opened) = &story.opened else { return };
        if says(record, Hop::AcquirerToGateway).is_none() {
            return;
        }
        let slip = KnownSlip {
            tx: story.tx,
            opened: Arc::clone(opened),
        };
        match (opened.purpose, story.auth, story.rrn) {
            (Purpose::Hold, Some(auth), _) => {
                self.holds.insert((opened.terminal, auth), slip);
            }
            (Purpose::Debit, _, Some(rrn)) => {
                let of_number = self.sales.entry(rrn).or_default();
                of_number.retain(|own| own.tx != story.tx);
                of_number.push(slip);
                let most = of_number.len().saturating_sub(OF_A_NUMBER);
                of_number.drain(..most);
            }
            _ => {}
        }
    }

    /// The original of a transaction that begins with this record.
    pub(super) fn original(&self, opened: &Opened, record: &Record) -> Option<BySlip> {
        let step = says(record, Hop::TerminalToGateway)?;
        let message = step.message.as_ref()?;
        let by_auth = || {
            let hold = self.holds.get(&(opened.terminal, message.auth?))?;
            let same = hold.opened.may_share_card(opened);
            same.then_some(BySlip::Is(hold.tx))
        };
        let by_rrn = || self.sale(opened, message.rrn?);
        match opened.purpose {
            // An increment is one of the authorization that it raises.
            Purpose::Debit | Purpose::Advice | Purpose::Hold => by_auth(),
            Purpose::Void => by_rrn().or_else(by_auth),
            Purpose::Refund => by_rrn(),
            Purpose::Reversal => by_rrn()
                .filter(|found| matches!(found, BySlip::Is(_)))
                .or_else(by_auth),
            _ => None,
        }
    }

    /// The sale of this number: of the merchant, or where one of both names no merchant; the newest
    /// of the card, or the only one.
    fn sale(&self, of: &Opened, rrn: Rrn) -> Option<BySlip> {
        let blank = |merchant: &MerchantId| merchant.trim().is_empty();
        let all = self.sales.get(&rrn)?.iter().rev();
        let own: Vec<&KnownSlip> = all
            .clone()
            .filter(|slip| slip.opened.merchant == of.merchant)
            .collect();
        let unnamed = |slip: &&KnownSlip| blank(&slip.opened.merchant) || blank(&of.merchant);
        let meant = match own.is_empty() {
            true => all.filter(unnamed).collect(),
            false => own,
        };
        let of_card = meant.iter().find(|slip| slip.opened.may_share_card(of));
        match (of_card, meant.as_slice()) {
            (Some(slip), _) => Some(BySlip::Is(slip.tx)),
            (None, [only]) => Some(BySlip::OfAnotherCard(only.tx)),
            _ => None,
        }
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
