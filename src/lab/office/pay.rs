//! How a pay-out leaves: at once, on its day, when it is asked for; what stops it, and what the
//! receiving bank says.

use super::booking::{BookingId, KeptBooking};
use super::calendar::later;
use super::ledger::Account;
use super::merchant::{MerchantAccount, MerchantState};
use super::open::Office;
use super::payout::{Deducted, HoldReason, LateNote, Payout, PayoutId, PayoutState};
use super::setback::Setback;
use super::terms::PayoutTerms;
use crate::engine::evidence::PayoutMode;
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::MerchantId;
use jiff::civil::{Date, DateTime};

impl Office {
    /// The merchant asks for what waits for its asking. What it gets; nothing if that is less than
    /// the least.
    pub fn pay_by_hand(&mut self, merchant: MerchantId, at: Wall) -> i64 {
        self.run(at);
        let day = at.shown(&Zone::CHINA).date();
        let Some(account) = self.account(merchant) else {
            return 0;
        };
        let least = account.file.rule(day).least;
        let waiting: Vec<PayoutId> = self
            .pending
            .iter()
            .copied()
            .filter(|id| {
                let payout = &self.payouts[id.0];
                payout.merchant == merchant
                    && payout.due_on.is_none()
                    && payout.state == PayoutState::Waiting
            })
            .collect();
        let sum: i64 = waiting.iter().map(|id| self.payouts[id.0].net()).sum();
        for id in &waiting {
            if sum < least {
                self.payouts[id.0].note = Some(LateNote::BelowLeast);
            } else {
                self.payouts[id.0].due_on = Some(day);
                self.try_to_pay(*id, day);
            }
        }
        if sum < least { 0 } else { sum }
    }

    /// The merchant's account changes its state.
    pub fn set_state(&mut self, merchant: MerchantId, state: MerchantState, at: Wall) {
        self.run(at);
        if let Some(account) = self.account(merchant) {
            account.file.state = state;
        }
    }

    /// The merchant's account for pay-outs was put right: what came back goes out again with the
    /// next pay-outs. How many that are.
    pub fn pay_again(&mut self, merchant: MerchantId, at: Wall) -> usize {
        self.run(at);
        let day = at.shown(&Zone::CHINA).date();
        let mut renewed = Vec::new();
        for payout in self
            .payouts
            .iter_mut()
            .filter(|one| one.merchant == merchant)
        {
            if let PayoutState::Returned(on, reason) = payout.state {
                payout.state = PayoutState::Replaced(on, reason);
                renewed.push(Payout {
                    due_on: Some(day),
                    sent_on: None,
                    state: PayoutState::Waiting,
                    ..payout.clone()
                });
            }
        }
        let count = renewed.len();
        for payout in renewed {
            let id = PayoutId(self.payouts.len());
            for covered in payout.covers.clone() {
                let kept = self.kept_mut(covered);
                kept.paid_by = Some(id);
                kept.booking
                    .setbacks
                    .retain(|setback| !matches!(setback, Setback::Returned(_)));
            }
            self.payouts.push(payout);
            self.pending.insert(id);
        }
        count
    }

    /// A sale is paid at once, where that is agreed, in its hours and below its limit.
    pub(super) fn pay_at_once(&mut self, id: BookingId) {
        let kept = self.kept(id);
        let (payee, amount, settles_on) = (kept.payee, kept.booking.amount, kept.settles_on);
        let shown = kept.booking.at.shown(&Zone::CHINA);
        let Some(account) = self.account(payee) else {
            return;
        };
        let rule = account.file.rule(settles_on);
        if !is_paid_at_once(account, &rule, shown, amount) {
            return;
        }
        account.unsettled.retain(|open| *open != id);
        let before = account.paid_at_once_on(shown.date());
        account.at_once = (shown.date(), before + amount);
        let payout = self.form(payee, vec![id], settles_on, &rule, None);
        self.payouts[payout.0].due_on = Some(shown.date());
        self.try_to_pay(payout, shown.date());
    }

    /// Pays, holds, or hears from the receiving bank.
    pub(super) fn try_to_pay(&mut self, id: PayoutId, day: Date) {
        let payout = &self.payouts[id.0];
        match payout.state {
            PayoutState::Waiting | PayoutState::Held(..) => {
                let due = payout.due_on.is_some_and(|due| due <= day);
                let worked = payout.mode != PayoutMode::T1 || self.terms.calendar.is_worked(day);
                if !due || !worked {
                    return;
                }
                match self.hold(id, day) {
                    Some((hold, until)) => {
                        self.payouts[id.0].state = PayoutState::Held(hold, until);
                    }
                    None => self.send(id, day),
                }
            }
            PayoutState::Asked => self.hear(id, day),
            PayoutState::Paid(_) | PayoutState::Returned(..) | PayoutState::Replaced(..) => {}
        }
        if self.payouts[id.0].is_over() {
            self.pending.remove(&id);
        }
    }

    fn send(&mut self, id: PayoutId, day: Date) {
        let payout = &mut self.payouts[id.0];
        payout.sent_on = Some(day);
        payout.state = PayoutState::Asked;
        let (merchant, net) = (payout.merchant, payout.net());
        self.ledger
            .post(Account::Merchant(merchant), Account::Transit(merchant), net);
        self.hear(id, day);
    }

    /// What the receiving bank says on this day.
    fn hear(&mut self, id: PayoutId, day: Date) {
        let payout = &self.payouts[id.0];
        let (merchant, net) = (payout.merchant, payout.net());
        let sent_on = payout.sent_on.unwrap_or(day);
        let returned = self.setbacks(id).find_map(|setback| match setback {
            Setback::Returned(reason) => Some(*reason),
            _ => None,
        });
        let silent = self
            .setbacks(id)
            .any(|setback| *setback == Setback::BankSilent);
        let late = self.setbacks(id).filter_map(|setback| match setback {
            Setback::BankLate(days) => Some(*days),
            _ => None,
        });
        let usual = self
            .accounts
            .get(&merchant)
            .map_or(0, |account| account.file.bank_days);
        let days = late.max().unwrap_or(usual);
        let transit = Account::Transit(merchant);
        if let Some(reason) = returned.filter(|_| net > 0) {
            if day > sent_on {
                self.ledger.post(transit, Account::Merchant(merchant), net);
                self.payouts[id.0].state = PayoutState::Returned(day, reason);
            }
        } else if !silent && day >= later(sent_on, days) {
            let to = if self.diverts(payout) {
                Account::Diverted
            } else {
                Account::Credited(merchant)
            };
            self.ledger.post(transit, to, net);
            self.payouts[id.0].state = PayoutState::Paid(day);
        }
    }

    /// What goes wrong with the sales of a pay-out.
    fn setbacks(&self, id: PayoutId) -> impl Iterator<Item = &Setback> {
        let covered = self.payouts[id.0].covers.iter().map(|id| self.kept(*id));
        covered.flat_map(|kept| &kept.booking.setbacks)
    }

    /// What stops a pay-out on this day.
    fn hold(&self, id: PayoutId, day: Date) -> Option<(HoldReason, Option<Date>)> {
        let payout = &self.payouts[id.0];
        let account = self.accounts.get(&payout.merchant);
        let state = account.map_or(MerchantState::Unknown, |account| account.file.state);
        let covered = payout.covers.iter().map(|id| self.kept(*id));
        let mut own = covered.filter_map(hold_of);
        let own = own.find(|(_, until)| until.is_none_or(|until| day < until));
        own.or_else(|| (!state.is_paid()).then_some((HoldReason::State(state), None)))
    }

    /// Whether a sale is paid by itself, since something concerns it alone.
    pub(super) fn is_alone(&self, id: BookingId) -> bool {
        hold_of(self.kept(id)).is_some() || self.is_diverted(id)
    }

    /// Whether somebody else is paid for it.
    pub(super) fn is_diverted(&self, id: BookingId) -> bool {
        self.kept(id)
            .booking
            .setbacks
            .contains(&Setback::OtherPayee)
    }

    /// Whether a pay-out goes to somebody else.
    pub(super) fn diverts(&self, payout: &Payout) -> bool {
        payout.covers.iter().any(|id| self.is_diverted(*id))
    }

    /// Why a sale was not paid at once.
    pub(super) fn late_note_of(&self, id: BookingId, rule: &PayoutTerms) -> Option<LateNote> {
        if rule.mode != PayoutMode::T0 {
            return None;
        }
        let shown = self.kept(id).booking.at.shown(&Zone::CHINA);
        Some(if is_in_hours(rule, shown) {
            LateNote::OverLimit
        } else {
            LateNote::OutsideHours
        })
    }

    /// What is to come of a sale that goes wrong later.
    pub(super) fn expect(&mut self, id: BookingId) {
        let (settles_on, payee) = (self.kept(id).settles_on, self.kept(id).payee);
        for setback in self.kept(id).booking.setbacks.clone() {
            match setback {
                Setback::IssuerReturns(days) => {
                    let day = later(settles_on, days.max(1));
                    self.issuer_returns.entry(day).or_default().push(id);
                }
                Setback::Deducted(what, amount) => {
                    let to = match what {
                        Deducted::Deposit => Account::Deposits,
                        Deducted::DataFee => Account::Fees,
                        _ => Account::Issuers,
                    };
                    self.ledger.post(Account::Merchant(payee), to, amount);
                    self.deduct(payee, what, amount, settles_on, Some(id));
                }
                _ => {}
            }
        }
    }

    /// An issuer takes its approval back: what stands of the sale is deducted.
    pub(super) fn return_by_issuer(&mut self, id: BookingId, day: Date) {
        let kept = self.kept_mut(id);
        if kept.is_owed() {
            let left = kept.booking.amount - kept.refunded;
            kept.returned = Some(left);
            self.pay_back(id, Deducted::IssuerReturn, left, day);
        }
    }
}

/// What stops the pay-out of one sale, and until when.
fn hold_of(kept: &KeptBooking) -> Option<(HoldReason, Option<Date>)> {
    let until = |days| Some(later(kept.settles_on, days));
    let mut holds = kept
        .booking
        .setbacks
        .iter()
        .filter_map(|setback| match setback {
            Setback::Merchant(state) => Some((HoldReason::State(*state), None)),
            Setback::Review { days, risk: false } => Some((HoldReason::Review, until(*days))),
            Setback::Review { days, risk: true } => Some((HoldReason::Risk, until(*days))),
            Setback::Short(days) => Some((HoldReason::Short, until(*days))),
            _ => None,
        });
    holds.next()
}

fn is_in_hours(rule: &PayoutTerms, shown: DateTime) -> bool {
    (rule.hours.0..=rule.hours.1).contains(&shown.time())
}

/// What keeps a sale from being paid at once.
fn is_paid_at_once(
    account: &MerchantAccount,
    rule: &PayoutTerms,
    shown: DateTime,
    amount: i64,
) -> bool {
    let before = account.paid_at_once_on(shown.date());
    let within = rule.limit.is_none_or(|limit| before + amount <= limit);
    rule.mode == PayoutMode::T0 && within && is_in_hours(rule, shown)
}
