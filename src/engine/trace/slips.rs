//! Originals told from the slip: a completion carries the approval code of its authorization, a
//! void or refund the reference number of its sale. A gateway that had forgotten the original, or
//! was not done with it, could not name it.

use super::story::Story;
use crate::engine::gateway::{OriginalNames, Referable, Referred, referred};
use crate::engine::record::{Fact, Hop, Opened, Record, State, Step, TxId};
use crate::iso::message::{AuthCode, MerchantId, Rrn, TerminalId};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Transactions of one number that are known; hosts give it to one, test hosts at times to many.
const OF_A_NUMBER: usize = 8;

/// What was approved, by the numbers on its slip.
#[derive(Clone, Debug, Default)]
pub(super) struct Slips {
    /// By code, the newest last.
    holds: BTreeMap<(TerminalId, AuthCode), Vec<KnownSlip>>,
    /// By number, the newest last.
    sales: BTreeMap<Rrn, Vec<KnownSlip>>,
}

#[derive(Clone, Debug)]
struct KnownSlip {
    tx: TxId,
    opened: Arc<Opened>,
    state: State,
    rrn: Option<Rrn>,
    auth: Option<AuthCode>,
    numbers_itself: bool,
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
            state: story.state,
            rrn: story.rrn,
            auth: story.auth,
            numbers_itself: story.numbers_itself,
        };
        match (opened.purpose, story.auth, story.rrn) {
            (Purpose::Hold, Some(auth), _) => {
                keep(self.holds.entry((opened.terminal, auth)).or_default(), slip);
            }
            (Purpose::Debit, _, Some(rrn)) => keep(self.sales.entry(rrn).or_default(), slip),
            _ => {}
        }
    }

    /// The original of a transaction that begins with this record.
    pub(super) fn original(&self, opened: &Opened, record: &Record) -> Referred {
        let message = says(record, Hop::TerminalToGateway);
        let Some(message) = message.and_then(|step| step.message.as_ref()) else {
            return Referred::ToNone;
        };
        let purpose = opened.purpose;
        // An increment is one of the authorization that it raises.
        let completes = matches!(purpose, Purpose::Debit | Purpose::Advice | Purpose::Hold);
        let told = OriginalNames {
            rrn: message.rrn.filter(|_| !completes),
            auth: message.auth,
            ..OriginalNames::default()
        };
        let gives_back = matches!(purpose, Purpose::Void | Purpose::Refund | Purpose::Reversal);
        let of_number = told.rrn.filter(|_| gives_back);
        let sales = of_number.map(|rrn| self.sale(opened, rrn));
        let of_code = told
            .auth
            .filter(|_| completes || purpose != Purpose::Refund);
        let of_code = of_code.and_then(|auth| self.holds.get(&(opened.terminal, auth)));
        let all = sales.into_iter().flatten();
        let all = all.chain(of_code.into_iter().flatten().rev());
        let all: Vec<Referable<'_>> = all.map(KnownSlip::referable).collect();
        match completes || gives_back {
            true => referred((opened, &told), &all),
            false => Referred::ToNone,
        }
    }

    /// The sales of this number: of the merchant, or where one of both names no merchant.
    fn sale(&self, of: &Opened, rrn: Rrn) -> Vec<&KnownSlip> {
        let blank = |merchant: &MerchantId| merchant.trim().is_empty();
        let all = self.sales.get(&rrn).into_iter().flatten().rev();
        let own: Vec<&KnownSlip> = all
            .clone()
            .filter(|slip| slip.opened.merchant == of.merchant)
            .collect();
        let unnamed = |slip: &&KnownSlip| blank(&slip.opened.merchant) || blank(&of.merchant);
        match own.is_empty() {
            true => all.filter(unnamed).collect(),
            false => own,
        }
    }
}

impl KnownSlip {
    fn referable(&self) -> Referable<'_> {
        Referable {
            tx: self.tx,
            opened: &self.opened,
            state: self.state,
            rrn: self.rrn,
            auth: self.auth,
            numbers_itself: self.numbers_itself,
        }
    }
}

/// Keeps the newest slips of a number.
fn keep(of_number: &mut Vec<KnownSlip>, slip: KnownSlip) {
    of_number.retain(|own| own.tx != slip.tx);
    of_number.push(slip);
    let most = of_number.len().saturating_sub(OF_A_NUMBER);
    of_number.drain(..most);
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
