//! A merchant, as the acquirer's files have it.

use super::booking::BookingId;
use super::payout::Charge;
use super::terms::{Fee, PayoutTerms};
use crate::engine::evidence::{Capture, PayoutMode};
use crate::iso::message::{MerchantId, TerminalId, Text};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// The state of a merchant's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MerchantState {
    /// Trades and is paid.
    #[default]
    Active,
    /// Nobody knows it: refused.
    Unknown,
    /// Closed: refused.
    Closed,
    /// Trades; its pay-outs are stopped.
    Frozen,
    /// Trades; its account for pay-outs is not activated.
    NotActivated,
    /// Trades; its papers have expired.
    PapersExpired,
    /// Trades; a court has stopped its pay-outs.
    StoppedByCourt,
    /// Trades; a wallet does not know it yet as its sub-merchant.
    NotRegistered,
}

impl MerchantState {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Unknown,
        Self::Closed,
        Self::Frozen,
        Self::NotActivated,
        Self::PapersExpired,
        Self::StoppedByCourt,
        Self::NotRegistered,
    ];

    /// As files and knobs say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unknown => "unknown",
            Self::Closed => "closed",
            Self::Frozen => "frozen",
            Self::NotActivated => "not_activated",
            Self::PapersExpired => "papers_expired",
            Self::StoppedByCourt => "court_order",
            Self::NotRegistered => "not_registered",
        }
    }

    /// Why nothing is granted to it, if so.
    pub(super) fn refusal(self) -> Option<OfficeRefusal> {
        matches!(self, Self::Unknown | Self::Closed).then_some(OfficeRefusal::NoMerchant)
    }

    /// Whether it is paid out.
    pub(super) const fn is_paid(self) -> bool {
        matches!(self, Self::Active)
    }
}

/// Why the office does not let a merchant have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficeRefusal {
    /// No such merchant, or one that is closed.
    NoMerchant,
    /// Not this terminal's.
    NoTerminal,
    /// Not permitted to the merchant or its terminal.
    NotPermitted,
    /// More than is granted at once.
    OverLimit,
}

/// A merchant, as the acquirer's files have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// DE 42.
    pub id: MerchantId,
    /// The state of its account.
    pub state: MerchantState,
    /// Its terminals; empty: whichever says so.
    pub terminals: BTreeSet<TerminalId>,
    /// What it may ask for, such as `sale`; empty: everything.
    pub kinds: BTreeSet<Text<24>>,
    /// The most that is granted at once.
    pub most: Option<i64>,
    /// Whose name its account for pay-outs has.
    pub account_name: String,
    /// Rules of pay-out, by the settlement date from which they hold.
    pub rules: Vec<PayoutTerms>,
    /// What it pays.
    pub fee: Fee,
    /// What it leaves with the acquirer, once.
    pub deposit: i64,
    /// What it pays for the terminal's line, once.
    pub data_fee: i64,
    /// So many days after a pay-out its bank credits it.
    pub bank_days: u16,
    /// Whether sales are cleared by the host or when the terminal settles.
    pub capture: Capture,
    /// A clause of the agreement that moves the pay-out, in words.
    pub agreement: String,
}

impl Merchant {
    /// One that is paid on the next working day, with nothing deducted.
    #[must_use]
    pub fn new(id: MerchantId) -> Self {
        Self {
            id,
            state: MerchantState::Active,
            terminals: BTreeSet::new(),
            kinds: BTreeSet::new(),
            most: None,
            account_name: format!("商户{id}"),
            rules: vec![PayoutTerms::new(Date::MIN, PayoutMode::T1)],
            fee: Fee::default(),
            deposit: 0,
            data_fee: 0,
            bank_days: 0,
            capture: Capture::Host,
            agreement: String::new(),
        }
    }

    /// The rule for what settles on a day: of those that hold already the last.
    pub(super) fn rule(&self, settles_on: Date) -> PayoutTerms {
        let holding = self.rules.iter().filter(|rule| rule.from <= settles_on);
        let last = holding.max_by_key(|rule| rule.from);
        last.cloned()
            .unwrap_or_else(|| PayoutTerms::new(Date::MIN, PayoutMode::T1))
    }
}

/// A merchant's file, and what is under way with it.
#[derive(Clone, Debug)]
pub(super) struct MerchantAccount {
    pub file: Merchant,
    /// Sales that no pay-out covers yet.
    pub unsettled: Vec<BookingId>,
    /// What is still to be deducted, oldest first; a negative one is given back.
    pub charges: Vec<Charge>,
    /// What was paid at once, and on which day.
    pub at_once: (Date, i64),
}

impl MerchantAccount {
    pub(super) const fn new(file: Merchant) -> Self {
        Self {
            file,
            unsettled: Vec::new(),
            charges: Vec::new(),
            at_once: (Date::MIN, 0),
        }
    }

    /// What was paid at once on a day.
    pub(super) fn paid_at_once_on(&self, day: Date) -> i64 {
        if self.at_once.0 == day {
            self.at_once.1
        } else {
            0
        }
    }
}
