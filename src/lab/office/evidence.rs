//! The files that the office writes: what it booked, what issuers did, what it paid, what is
//! agreed.

use super::booking::{Booking, KeptBooking};
use super::calendar::later;
use super::merchant::{Merchant, MerchantState};
use super::open::Office;
use super::payout::{Charge, HoldReason, LateNote, Payout, PayoutState};
use super::setback::Setback;
use crate::engine::evidence::{
    AccountSettings, AcquirerIs, AcquirerRow, Capture, Deduction, Evidence, InstantPayout,
    IssuerIs, IssuerRow, MerchantSettings, PayoutIs, PayoutMode, PayoutRow, PayoutRule,
};
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{Amount, Text};
use crate::iso::spec::Purpose;
use jiff::civil::{Date, Time};

impl Office {
    /// Everything that is on file now.
    #[must_use]
    pub fn evidence(&self, now: Wall) -> Evidence {
        let today = now.shown(&Zone::CHINA).date();
        let all = || self.bookings.iter();
        let refunds = all().filter_map(|kept| Self::refund_row(kept, today));
        Evidence {
            acquirer: Some(all().map(|kept| self.acquirer_row(kept)).collect()),
            issuer: Some(
                all()
                    .filter_map(|kept| self.issuer_row(kept, today))
                    .collect(),
            ),
            payout: Some(
                self.payouts
                    .iter()
                    .map(|one| self.payout_row(one))
                    .chain(refunds)
                    .collect(),
            ),
            settings: Some(AccountSettings {
                merchant: self
                    .accounts
                    .values()
                    .map(|one| self.settings(&one.file, today))
                    .collect(),
            }),
            ..Evidence::default()
        }
    }

    /// What is agreed with each merchant, as the file that is read as
    /// [`AccountSettings`].
    #[must_use]
    pub fn settings_text(&self, now: Wall) -> String {
        let today = now.shown(&Zone::CHINA).date();
        let files = self.accounts.values().map(|account| &account.file);
        let all = files.map(|file| settings_table(&self.settings(file, today)));
        let all: Vec<toml::Value> = all.map(toml::Value::Table).collect();
        toml::Table::from_iter([("merchant".to_owned(), toml::Value::Array(all))]).to_string()
    }

    /// A refund whose posting is still to come, as a row that waits for its day.
    fn refund_row(kept: &KeptBooking, today: Date) -> Option<PayoutRow> {
        let booking = &kept.booking;
        let stands = booking.purpose == Purpose::Refund && booking.approved && !kept.reversed;
        let posted = later(kept.settles_on, posting_days(booking));
        (stands && posted > today).then(|| PayoutRow {
            paid_on: None,
            due_on: Some(posted),
            merchant: kept.payee,
            account_name: String::new(),
            payer: String::new(),
            gross: amount(booking.amount),
            fee: Amount(0),
            deducted: Amount(0),
            reason_of_deduction: String::new(),
            net: amount(booking.amount),
            is: PayoutIs::Waiting,
            reason: "refund".to_owned(),
            covers: booking.rrn.into_iter().collect(),
            mode: None,
        })
    }

    fn acquirer_row(&self, kept: &KeptBooking) -> AcquirerRow {
        let booking = &kept.booking;
        AcquirerRow {
            at: Some(booking.at),
            terminal: booking.terminal,
            merchant: kept.payee,
            stan: Some(booking.stan),
            batch: booking.batch,
            rrn: booking.rrn.unwrap_or_default(),
            auth: booking.auth.unwrap_or_default(),
            card: masked(booking),
            amount: amount(booking.amount),
            currency: booking.currency,
            kind: booking.kind,
            code: booking.code,
            is: self.standing(kept),
            settles_on: Some(kept.settles_on),
        }
    }

    /// What became of a booking.
    fn standing(&self, kept: &KeptBooking) -> AcquirerIs {
        if !kept.booking.approved {
            AcquirerIs::Declined
        } else if kept.reversed || kept.returned.is_some() {
            AcquirerIs::Reversed
        } else if self.is_voided(kept) {
            AcquirerIs::Voided
        } else if kept.refunded > 0 && kept.refunded >= kept.booking.amount {
            AcquirerIs::Refunded
        } else {
            AcquirerIs::Booked
        }
    }

    fn is_voided(&self, kept: &KeptBooking) -> bool {
        let by = kept.undone_by.map(|by| self.kept(by).booking.purpose);
        by == Some(Purpose::Void)
    }

    fn issuer_row(&self, kept: &KeptBooking, today: Date) -> Option<IssuerRow> {
        let booking = &kept.booking;
        let is_hold = booking.purpose == Purpose::Hold;
        let (took, gave_back) = match is_hold {
            true => (IssuerIs::Held, IssuerIs::Released),
            false => (IssuerIs::Debited, IssuerIs::Returned),
        };
        let (is, reason) = match booking.purpose {
            Purpose::Debit | Purpose::Hold if !booking.approved => (IssuerIs::Refused, ""),
            Purpose::Debit | Purpose::Hold if kept.reversed => (gave_back, "reversal"),
            Purpose::Debit | Purpose::Hold if self.is_voided(kept) => (gave_back, "void"),
            Purpose::Debit if kept.returned.is_some() => (gave_back, "issuer_return"),
            Purpose::Hold if kept.undone_by.is_some() => (gave_back, "completion"),
            Purpose::Debit | Purpose::Hold => (took, ""),
            Purpose::Refund if booking.approved && !kept.reversed => {
                let posted = later(kept.settles_on, posting_days(booking));
                (posted <= today).then_some((IssuerIs::Returned, "refund"))?
            }
            _ => return None,
        };
        Some(IssuerRow {
            at: Some(booking.at),
            card: masked(booking),
            rrn: booking.rrn.unwrap_or_default(),
            auth: booking.auth.unwrap_or_default(),
            amount: amount(booking.amount),
            is,
            reason: reason.to_owned(),
        })
    }

    fn payout_row(&self, payout: &Payout) -> PayoutRow {
        let given_back: i64 = payout.charges.iter().map(|one| one.amount.min(0)).sum();
        let deducted = payout.deducted() - given_back;
        let (is, reason) = self.told(payout);
        let rrns = payout
            .covers
            .iter()
            .filter_map(|id| self.kept(*id).booking.rrn);
        PayoutRow {
            paid_on: payout.sent_on,
            due_on: payout.due_on,
            merchant: payout.merchant,
            account_name: payout.account_name.clone(),
            payer: payout.payer.clone(),
            gross: amount(payout.gross - given_back),
            fee: amount(payout.fee),
            deducted: amount(deducted),
            reason_of_deduction: reason_of_deduction(payout),
            net: amount(payout.net()),
            is,
            reason,
            covers: rrns.collect(),
            mode: Some(payout.mode),
        }
    }

    /// What became of a pay-out, and why.
    fn told(&self, payout: &Payout) -> (PayoutIs, String) {
        match payout.state {
            PayoutState::Waiting if payout.due_on.is_none() => (PayoutIs::Asked, self.note(payout)),
            PayoutState::Waiting => (PayoutIs::Waiting, self.note(payout)),
            PayoutState::Held(hold, until) => (PayoutIs::Held, dated(hold_name(hold), until)),
            PayoutState::Asked => (PayoutIs::Paid, "result_not_returned".to_owned()),
            PayoutState::Paid(on) => {
                let late = payout.sent_on.is_some_and(|sent| sent < on);
                let reason = late.then(|| dated("credited", Some(on)));
                (PayoutIs::Paid, reason.unwrap_or_default())
            }
            PayoutState::Returned(_, reason) | PayoutState::Replaced(_, reason) => {
                (PayoutIs::Returned, reason.name().to_owned())
            }
        }
    }

    /// Why a pay-out is later than the merchant might think.
    fn note(&self, payout: &Payout) -> String {
        let account = self.accounts.get(&payout.merchant);
        let Some(file) = account.map(|account| &account.file) else {
            return String::new();
        };
        let rule = file.rule(payout.settles_on);
        match payout.note {
            Some(LateNote::OverLimit) => return "over_limit".to_owned(),
            Some(LateNote::OutsideHours) => {
                return format!("after_hours {}", clock(rule.hours.1));
            }
            Some(LateNote::BelowLeast) => return "below_least".to_owned(),
            None => {}
        }
        let since = later(rule.from, RULE_IS_NEWS);
        let changed = file.rules.iter().any(|earlier| earlier.from < rule.from);
        if changed && payout.settles_on <= since {
            return dated("rule", Some(rule.from));
        }
        let moved = payout
            .due_on
            .is_some_and(|due| self.terms.calendar.has_holiday(payout.settles_on, due));
        if moved {
            "holiday".to_owned()
        } else {
            String::new()
        }
    }

    fn settings(&self, file: &Merchant, today: Date) -> MerchantSettings {
        let rule = file.rule(today);
        let instant = (rule.mode == PayoutMode::T0).then(|| InstantPayout {
            // The whole day is no limit.
            from: Some(rule.hours.0).filter(|from| *from > Time::MIN),
            until: Some(rule.hours.1).filter(|until| until.minute() < 59 || until.hour() < 23),
            limit: rule.limit.map(amount),
            fee_bp: 0,
        });
        let once = [("deposit", file.deposit), ("data_fee", file.data_fee)];
        let deduction = once
            .into_iter()
            .filter(|(_, sum)| *sum != 0)
            .map(|(what, sum)| Deduction {
                what: what.to_owned(),
                amount: Some(amount(sum)),
            });
        // The first rule changed nothing.
        let first = file.rules.iter().map(|rule| rule.from).min();
        let changes = file.rules.iter().filter(|rule| Some(rule.from) > first);
        MerchantSettings {
            id: file.id.to_string(),
            name: file.account_name.clone(),
            payers: vec![self.terms.payer.clone()],
            state: file.state.name().to_owned(),
            terminals: file.terminals.iter().map(ToString::to_string).collect(),
            kinds: file.kinds.iter().map(ToString::to_string).collect(),
            channels: None,
            mode: Some(rule.mode),
            cut_over: Some(self.terms.cut_over),
            fee_bp: u64::from(file.fee.rate),
            instant,
            rule: changes
                .map(|rule| PayoutRule {
                    from: rule.from,
                    text: String::new(),
                    mode: Some(rule.mode),
                })
                .collect(),
            deduction: deduction.collect(),
            capture: file.capture,
            agreement: file.agreement.clone(),
        }
    }
}

/// What is not agreed stays out.
fn settings_table(settings: &MerchantSettings) -> toml::Table {
    let texts = |all: &[String]| toml::Value::from(all.to_vec());
    let yuan = |sum: Amount| toml::Value::from(format!("{}.{:02}", sum.0 / 100, sum.0 % 100));
    let time = |time: Option<Time>| time.map(|time| toml::Value::from(clock(time)));
    let tables = |all: Vec<toml::Table>| {
        let all: Vec<toml::Value> = all.into_iter().map(toml::Value::Table).collect();
        (!all.is_empty()).then_some(toml::Value::Array(all))
    };
    let instant = settings.instant.as_ref().map(|instant| {
        let parts = [
            ("from", time(instant.from)),
            ("until", time(instant.until)),
            ("limit", instant.limit.map(yuan)),
        ];
        toml::Value::Table(table(parts))
    });
    let rules = settings.rule.iter().map(|rule| {
        let mode = rule.mode.map(|mode| mode.name().into());
        table([("from", Some(rule.from.to_string().into())), ("mode", mode)])
    });
    let once = settings.deduction.iter().map(|one| {
        let what = Some(one.what.clone().into());
        table([("what", what), ("amount", one.amount.map(yuan))])
    });
    let named = |all: &[String]| (!all.is_empty()).then(|| texts(all));
    let fee = i64::try_from(settings.fee_bp).unwrap_or(i64::MAX);
    table([
        ("id", Some(settings.id.clone().into())),
        ("name", Some(settings.name.clone().into())),
        ("state", Some(settings.state.clone().into())),
        ("payers", named(&settings.payers)),
        ("terminals", named(&settings.terminals)),
        ("kinds", named(&settings.kinds)),
        ("mode", settings.mode.map(|mode| mode.name().into())),
        ("cut_over", time(settings.cut_over)),
        (
            "capture",
            (settings.capture == Capture::Terminal).then(|| "terminal".into()),
        ),
        ("fee_bp", Some(fee.into())),
        ("agreement", Some(settings.agreement.clone().into())),
        ("instant", instant),
        ("rule", tables(rules.collect())),
        ("deduction", tables(once.collect())),
    ])
}

fn table<const N: usize>(entries: [(&str, Option<toml::Value>); N]) -> toml::Table {
    let known = entries.into_iter();
    let known = known.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    known.collect()
}

/// A rule that holds for so many days is no news any more.
const RULE_IS_NEWS: u16 = 30;

/// Unless it is late, a refund is posted on its settlement date.
fn posting_days(booking: &Booking) -> u16 {
    let mut days = booking.setbacks.iter().filter_map(|setback| match setback {
        Setback::RefundLate(days) => Some(*days),
        _ => None,
    });
    days.next().unwrap_or(0)
}

fn masked(booking: &Booking) -> Text<19> {
    let card = booking.card.as_ref();
    card.map(|card| Text::clipped(&card.masked()))
        .unwrap_or_default()
}

fn amount(minor: i64) -> Amount {
    Amount(u64::try_from(minor).unwrap_or(0))
}

fn clock(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn dated(word: &str, day: Option<Date>) -> String {
    day.map_or_else(|| word.to_owned(), |day| format!("{word} {day}"))
}

const fn hold_name(hold: HoldReason) -> &'static str {
    match hold {
        HoldReason::State(MerchantState::NotActivated) => "account_not_activated",
        HoldReason::State(MerchantState::Unknown) => "closed",
        HoldReason::State(state) => state.name(),
        HoldReason::Review => "review",
        HoldReason::Risk => "risk_control",
        HoldReason::Short => "reserve_short",
    }
}

/// Each reason once, in the order of the charges.
fn reason_of_deduction(payout: &Payout) -> String {
    let mut reasons: Vec<String> = Vec::new();
    if payout.at_once_fee > 0 {
        reasons.push("instant_fee".to_owned());
    }
    for charge in &payout.charges {
        let reason = charge_name(charge);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.join("+")
}

fn charge_name(charge: &Charge) -> String {
    let day = charge.what.has_day().then_some(charge.of);
    dated(charge.what.name(), day)
}
