//! The office by day: what it is asked, and what it is told.

use super::booking::{Booking, BookingId, KeptBooking};
use super::calendar::{Calendar, next};
use super::ledger::{Account, GeneralLedger};
use super::merchant::{Merchant, MerchantAccount, OfficeRefusal};
use super::payout::{Charge, Deducted, Payout, PayoutId};
use super::setback::Setback;
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::spec::Purpose;
use jiff::civil::{Date, Time, time};
use std::collections::{BTreeMap, BTreeSet};

/// How an office is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeTerms {
    /// Which days are worked.
    pub calendar: Calendar,
    /// When the settlement date changes.
    pub cut_over: Time,
    /// When pay-outs leave.
    pub pays_at: Time,
    /// Whose account pays.
    pub payer: String,
    /// Who pays where it is not the acquirer (F42).
    pub other_payer: String,
    /// The merchants that it knows.
    pub merchants: Vec<Merchant>,
    /// What one is like whom it does not know; `None`: refused.
    pub stranger: Option<Merchant>,
    /// Terminals that are bound to another merchant than they name, who is paid instead.
    pub bound: BTreeMap<TerminalId, MerchantId>,
}

impl Default for OfficeTerms {
    /// Knows everybody, pays on the next working day, and closes at 23:00.
    fn default() -> Self {
        Self {
            calendar: Calendar::china(),
            cut_over: time(23, 0, 0, 0),
            pays_at: time(9, 0, 0, 0),
            payer: "收单机构客户备付金".to_owned(),
            other_payer: "某商贸有限公司".to_owned(),
            merchants: Vec::new(),
            stranger: Some(Merchant::new(MerchantId::EMPTY)),
            bound: BTreeMap::new(),
        }
    }
}

/// What the acquirer asks before it grants.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 41.
    pub terminal: TerminalId,
    /// What is asked for, such as `sale`.
    pub kind: Text<24>,
    /// DE 4, in minor units.
    pub amount: i64,
    /// What goes wrong with it.
    pub setbacks: &'a [Setback],
}

/// How far a day has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayCourse {
    pub day: Date,
    /// Its pay-outs have left.
    pub paid: bool,
    /// Its settlement date is closed.
    pub closed: bool,
}

impl DayCourse {
    pub(super) const fn begin(day: Date) -> Self {
        Self {
            day,
            paid: false,
            closed: false,
        }
    }
}

/// The back office of an acquirer. A copy lives on by itself: days may be tried out on it.
#[derive(Clone, Debug)]
pub struct Office {
    pub(super) terms: OfficeTerms,
    pub(super) accounts: BTreeMap<MerchantId, MerchantAccount>,
    pub(super) bookings: Vec<KeptBooking>,
    pub(super) payouts: Vec<Payout>,
    /// Pay-outs of which something is still to become.
    pub(super) pending: BTreeSet<PayoutId>,
    /// What issuers take back, by the day.
    pub(super) issuer_returns: BTreeMap<Date, Vec<BookingId>>,
    pub(super) ledger: GeneralLedger,
    /// The day that has begun; `None` before the first call.
    pub(super) today: Option<DayCourse>,
}

impl Office {
    /// An office that has seen nothing yet.
    #[must_use]
    pub fn new(terms: OfficeTerms) -> Self {
        let mut office = Self {
            accounts: BTreeMap::new(),
            bookings: Vec::new(),
            payouts: Vec::new(),
            pending: BTreeSet::new(),
            issuer_returns: BTreeMap::new(),
            ledger: GeneralLedger::default(),
            today: None,
            terms,
        };
        for merchant in office.terms.merchants.clone() {
            office.open_account(merchant);
        }
        office
    }

    /// Whether a merchant may have it; a reversal is never asked about.
    ///
    /// # Errors
    /// Why not.
    pub fn ask(&mut self, sought: &Sought<'_>) -> Result<(), OfficeRefusal> {
        let account = self.account(sought.merchant);
        let file = account
            .map(|account| &account.file)
            .ok_or(OfficeRefusal::NoMerchant)?;
        let mut found = sought.setbacks.iter().filter_map(|setback| match setback {
            Setback::Merchant(state) => state.refusal(),
            Setback::Refused(refusal) => Some(*refusal),
            _ => None,
        });
        if let Some(refusal) = found.next().or_else(|| file.state.refusal()) {
            return Err(refusal);
        }
        if !file.terminals.is_empty() && !file.terminals.contains(&sought.terminal) {
            return Err(OfficeRefusal::NoTerminal);
        }
        if !file.kinds.is_empty() && !file.kinds.contains(&sought.kind) {
            return Err(OfficeRefusal::NotPermitted);
        }
        if file.most.is_some_and(|most| sought.amount > most) {
            return Err(OfficeRefusal::OverLimit);
        }
        Ok(())
    }

    /// Takes in what was booked or declined.
    pub fn book(&mut self, booking: Booking) -> BookingId {
        self.run(booking.at);
        let id = BookingId(self.bookings.len());
        let settles_on = self.settlement_date(booking.at);
        self.bookings.push(KeptBooking {
            settles_on,
            payee: *self
                .terms
                .bound
                .get(&booking.terminal)
                .unwrap_or(&booking.merchant),
            reversed: false,
            undone_by: None,
            refunded: 0,
            returned: None,
            captured: false,
            paid_by: None,
            booking,
        });
        if self.kept(id).booking.approved {
            self.take_effect(id);
        }
        id
    }

    /// Takes back what was booked: it was reversed.
    pub fn reverse(&mut self, id: BookingId, at: Wall) {
        self.run(at);
        let on = self.settlement_date(at);
        let kept = self.kept(id);
        if !kept.booking.approved || kept.reversed {
            return;
        }
        let (purpose, about) = (kept.booking.purpose, kept.booking.about);
        self.change(id, on, |booking| booking.reversed = true);
        match (purpose, about) {
            (Purpose::Void, Some(about)) => self.change(about, on, |sale| {
                sale.undone_by.take_if(|by| *by == id);
            }),
            (Purpose::Refund, Some(about)) => {
                let amount = self.kept(id).booking.amount;
                self.kept_mut(about).refunded -= amount;
                self.pay_back(id, Deducted::Refund, -amount, on);
            }
            _ => {}
        }
    }

    /// A terminal settled a batch: where sales are cleared only then, they may be paid now.
    pub fn capture(&mut self, terminal: TerminalId, batch: Text<6>, at: Wall) {
        self.run(at);
        let is_in = |booking: &Booking| booking.terminal == terminal && booking.batch == batch;
        for kept in self.bookings.iter_mut().filter(|kept| is_in(&kept.booking)) {
            kept.captured = true;
        }
    }

    /// The merchants that it knows by now.
    pub fn merchants(&self) -> impl Iterator<Item = MerchantId> {
        self.accounts.keys().copied()
    }

    /// The accounts.
    #[must_use]
    pub const fn ledger(&self) -> &GeneralLedger {
        &self.ledger
    }

    /// All pay-outs, in the order in which they were formed.
    #[must_use]
    pub fn payouts(&self) -> &[Payout] {
        &self.payouts
    }

    /// The settlement date of a moment (DE 15).
    #[must_use]
    pub fn settlement_date(&self, at: Wall) -> Date {
        let shown = at.shown(&Zone::CHINA);
        if shown.time() < self.terms.cut_over {
            shown.date()
        } else {
            next(shown.date())
        }
    }

    fn take_effect(&mut self, id: BookingId) {
        let (purpose, about) = (self.kept(id).booking.purpose, self.kept(id).booking.about);
        let settles_on = self.kept(id).settles_on;
        match (purpose, about) {
            (Purpose::Debit, _) => self.owe_sale(id),
            (Purpose::Void, Some(about)) => self.change(about, settles_on, |sale| {
                sale.undone_by = Some(id);
            }),
            (Purpose::Refund, Some(about)) => {
                let amount = self.kept(id).booking.amount;
                self.kept_mut(about).refunded += amount;
                self.pay_back(id, Deducted::Refund, amount, settles_on);
            }
            _ => {}
        }
    }

    /// The merchant is owed a sale.
    fn owe_sale(&mut self, id: BookingId) {
        let kept = self.kept(id);
        let (payee, amount) = (kept.payee, kept.booking.amount);
        self.ledger
            .post(Account::Issuers, Account::Merchant(payee), amount);
        if let Some(account) = self.account(payee) {
            account.unsettled.push(id);
        }
        self.expect(id);
        self.pay_at_once(id);
    }

    /// Changes a booking. If that takes a sale from the merchant, or gives it back, the sale is
    /// struck off, or put back; where a pay-out covers it already, a later one differs by it, and
    /// by the fee that was taken for it.
    fn change(&mut self, id: BookingId, on: Date, make: impl FnOnce(&mut KeptBooking)) {
        let kept = self.kept_mut(id);
        let before = kept.is_owed();
        make(kept);
        let (payee, sale) = (kept.payee, kept.booking.amount);
        let (is_paid, sign) = match (before, kept.is_owed()) {
            (true, false) => (kept.paid_by.is_some(), 1),
            (false, true) => (kept.paid_by.is_some(), -1),
            _ => return,
        };
        self.ledger
            .post(Account::Merchant(payee), Account::Issuers, sign * sale);
        if is_paid {
            let fee = self.fee_of(id);
            self.ledger
                .post(Account::Fees, Account::Merchant(payee), sign * fee);
            self.deduct(payee, Deducted::Undone, sign * (sale - fee), on, Some(id));
        } else if let Some(account) = self.account(payee) {
            account.unsettled.retain(|open| *open != id);
            if sign < 0 {
                account.unsettled.push(id);
            }
        }
    }

    /// An amount goes back to the cardholder; a negative one is the merchant's again.
    pub(super) fn pay_back(&mut self, id: BookingId, what: Deducted, amount: i64, on: Date) {
        let payee = self.kept(id).payee;
        self.ledger
            .post(Account::Merchant(payee), Account::Issuers, amount);
        self.deduct(payee, what, amount, on, Some(id));
    }

    pub(super) fn deduct(
        &mut self,
        merchant: MerchantId,
        what: Deducted,
        amount: i64,
        of: Date,
        booking: Option<BookingId>,
    ) {
        if let Some(account) = self.account(merchant).filter(|_| amount != 0) {
            account.charges.push(Charge {
                what,
                amount,
                of,
                booking,
            });
        }
    }

    pub(super) fn fee_of(&mut self, id: BookingId) -> i64 {
        let (payee, amount) = (self.kept(id).payee, self.kept(id).booking.amount);
        self.account(payee)
            .map_or(0, |account| account.file.fee.of(amount))
    }

    /// The account of a merchant; that of a stranger is opened, if strangers are welcome.
    pub(super) fn account(&mut self, id: MerchantId) -> Option<&mut MerchantAccount> {
        if !self.accounts.contains_key(&id) {
            let stranger = self.terms.stranger.as_ref()?;
            let account_name = Merchant::new(id).account_name;
            let file = Merchant {
                id,
                account_name,
                ..stranger.clone()
            };
            self.open_account(file);
        }
        self.accounts.get_mut(&id)
    }

    fn open_account(&mut self, file: Merchant) {
        let (id, deposit, data_fee) = (file.id, file.deposit, file.data_fee);
        let from = file
            .rules
            .iter()
            .map(|rule| rule.from)
            .min()
            .unwrap_or(Date::MIN);
        self.accounts.insert(id, MerchantAccount::new(file));
        self.ledger
            .post(Account::Merchant(id), Account::Deposits, deposit);
        self.ledger
            .post(Account::Merchant(id), Account::Fees, data_fee);
        self.deduct(id, Deducted::Deposit, deposit, from, None);
        self.deduct(id, Deducted::DataFee, data_fee, from, None);
    }

    /// An id is given out by this office only, and bookings stay.
    pub(super) fn kept(&self, id: BookingId) -> &KeptBooking {
        &self.bookings[id.0]
    }

    pub(super) fn kept_mut(&mut self, id: BookingId) -> &mut KeptBooking {
        &mut self.bookings[id.0]
    }
}
