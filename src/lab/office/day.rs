//! The office by night: a settlement date is closed at each cut-over, and pay-outs leave once a
//! day.

use super::booking::BookingId;
use super::calendar::next;
use super::ledger::Account;
use super::open::{DayCourse, Office};
use super::payout::{Charge, LateNote, Payout, PayoutId, PayoutState};
use super::terms::PayoutTerms;
use crate::engine::evidence::{Capture, PayoutMode};
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::MerchantId;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Longer without a call than this, and the days between are not lived through one by one.
const MOST_DAYS: u32 = 4_000;

impl Office {
    /// Does what was due until now.
    pub fn run(&mut self, now: Wall) {
        let shown = now.shown(&Zone::CHINA);
        let mut course = self.today.unwrap_or_else(|| DayCourse::begin(shown.date()));
        for _ in 0..MOST_DAYS {
            let over = course.day < shown.date();
            if !course.paid && (over || shown.time() >= self.terms.pays_at) {
                course.paid = true;
                self.today = Some(course);
                self.pay_run(course.day);
            }
            if !course.closed && (over || shown.time() >= self.terms.cut_over) {
                course.closed = true;
                self.today = Some(course);
                self.close(course.day);
            }
            if !over {
                break;
            }
            course = DayCourse::begin(next(course.day));
        }
        self.today = Some(course);
    }

    /// Closes a settlement date: what is unsettled becomes pay-outs.
    fn close(&mut self, settles_on: Date) {
        let merchants: Vec<MerchantId> = self.accounts.keys().copied().collect();
        for merchant in merchants {
            let Some(account) = self.accounts.get_mut(&merchant) else {
                continue;
            };
            let rule = account.file.rule(settles_on);
            let capture = account.file.capture;
            let unsettled = std::mem::take(&mut account.unsettled);
            let (due, open): (Vec<BookingId>, Vec<BookingId>) = unsettled
                .into_iter()
                .partition(|id| self.may_be_paid(*id, capture, settles_on));
            if let Some(account) = self.accounts.get_mut(&merchant) {
                account.unsettled = open;
            }
            self.close_for(merchant, due, settles_on, &rule);
        }
    }

    fn may_be_paid(&self, id: BookingId, capture: Capture, settles_on: Date) -> bool {
        let kept = self.kept(id);
        kept.settles_on <= settles_on && (capture == Capture::Host || kept.captured)
    }

    /// What is held for a reason of its own is paid by itself; the rest in one credit.
    fn close_for(
        &mut self,
        merchant: MerchantId,
        due: Vec<BookingId>,
        settles_on: Date,
        rule: &PayoutTerms,
    ) {
        let (alone, together): (Vec<BookingId>, Vec<BookingId>) =
            due.into_iter().partition(|id| self.is_alone(*id));
        let mut by_note: BTreeMap<u8, (Option<LateNote>, Vec<BookingId>)> = BTreeMap::new();
        for id in together {
            let note = self.late_note_of(id, rule);
            let group = by_note.entry(note.map_or(0, |note| note as u8 + 1));
            group.or_insert((note, Vec::new())).1.push(id);
        }
        let has_sales = !alone.is_empty() || !by_note.is_empty();
        for id in alone {
            self.form(merchant, vec![id], settles_on, rule, None);
        }
        for (note, ids) in by_note.into_values() {
            self.form(merchant, ids, settles_on, rule, note);
        }
        if !has_sales && self.is_owed_back(merchant) {
            self.form(merchant, Vec::new(), settles_on, rule, None);
        }
    }

    /// Whether more is to be given back to a merchant than to be deducted.
    fn is_owed_back(&self, merchant: MerchantId) -> bool {
        let charges = self.accounts.get(&merchant).map(|account| &account.charges);
        charges.is_some_and(|all| all.iter().map(|one| one.amount).sum::<i64>() < 0)
    }

    /// A pay-out, with its fees taken and what is owed deducted as far as it goes.
    pub(super) fn form(
        &mut self,
        merchant: MerchantId,
        covers: Vec<BookingId>,
        settles_on: Date,
        rule: &PayoutTerms,
        note: Option<LateNote>,
    ) -> PayoutId {
        let id = PayoutId(self.payouts.len());
        let gross = covers.iter().map(|id| self.kept(*id).booking.amount).sum();
        let mut fee = covers.iter().map(|id| self.fee_of(*id)).sum::<i64>();
        let at_once = rule.mode == PayoutMode::T0 && note.is_none();
        let (account_name, at_once_fee) = self.account(merchant).map_or_else(
            || (String::new(), 0),
            |account| (account.file.account_name.clone(), account.file.fee.instant),
        );
        let at_once_fee = if at_once {
            at_once_fee.min(gross - fee).max(0)
        } else {
            0
        };
        fee += at_once_fee;
        self.ledger
            .post(Account::Merchant(merchant), Account::Fees, fee);
        let charges = self.take_charges(merchant, gross - fee);
        for covered in &covers {
            self.kept_mut(*covered).paid_by = Some(id);
        }
        let due_on = rule.due(settles_on, &self.terms.calendar);
        let payer = if covers.iter().any(|id| self.is_diverted(*id)) {
            self.terms.other_payer.clone()
        } else {
            self.terms.payer.clone()
        };
        self.payouts.push(Payout {
            merchant,
            settles_on,
            due_on,
            mode: rule.mode,
            covers,
            gross,
            fee,
            at_once_fee,
            charges,
            payer,
            account_name,
            sent_on: None,
            state: PayoutState::Waiting,
            note,
        });
        self.pending.insert(id);
        id
    }

    /// What is still to be deducted, oldest first, as far as an amount goes; what is given back
    /// adds to it.
    fn take_charges(&mut self, merchant: MerchantId, amount: i64) -> Vec<Charge> {
        let Some(account) = self.accounts.get_mut(&merchant) else {
            return Vec::new();
        };
        let mut taken: Vec<Charge> = account
            .charges
            .extract_if(.., |charge| charge.amount < 0)
            .collect();
        let mut left = amount - taken.iter().map(|one| one.amount).sum::<i64>();
        for charge in &mut account.charges {
            let part = charge.amount.min(left.max(0));
            if part > 0 {
                taken.push(Charge {
                    amount: part,
                    ..*charge
                });
            }
            charge.amount -= part;
            left -= part;
        }
        account.charges.retain(|charge| charge.amount != 0);
        taken
    }

    fn pay_run(&mut self, day: Date) {
        for id in self.issuer_returns.remove(&day).unwrap_or_default() {
            self.return_by_issuer(id, day);
        }
        for id in self.pending.clone() {
            self.try_to_pay(id, day);
        }
    }
}
