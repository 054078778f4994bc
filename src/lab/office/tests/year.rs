//! A year of trading: each pay-out on the day that the calendar's text gives, worked out here
//! without the office; all books balanced at the end of each day.

use super::*;
use crate::engine::evidence::PayoutMode;
use crate::engine::seam::Dice;
use crate::lab::office::{Deducted, Fee, PayoutTerms, ReturnReason};
use jiff::ToSpan;
use jiff::civil::Weekday;
use std::collections::{BTreeMap, BTreeSet};

/// The calendar's text.
const CHINA: &str = include_str!("../../../../proto-specs/calendars/china.toml");
/// What each sale costs, in hundredths of a percent.
const RATE: i64 = 60;

/// The days off and the make-up working days, read again.
struct Almanac {
    off: BTreeSet<Date>,
    work: BTreeSet<Date>,
}

impl Almanac {
    fn read() -> Self {
        let table: toml::Table = CHINA.parse().unwrap();
        let days = |key: &str| {
            let years = table["year"].as_array().unwrap().iter();
            let texts = years.flat_map(|year| year[key].as_array().unwrap());
            let days = texts.flat_map(|text| {
                let text = text.as_str().unwrap();
                let (first, last) = (&text[..10], &text[text.len() - 10..]);
                let last: Date = last.parse().unwrap();
                let first: Date = first.parse().unwrap();
                first.series(1.day()).take_while(move |day| *day <= last)
            });
            days.collect()
        };
        Self {
            off: days("off"),
            work: days("work"),
        }
    }

    fn is_worked(&self, day: Date) -> bool {
        let weekend = [Weekday::Saturday, Weekday::Sunday].contains(&day.weekday());
        self.work.contains(&day) || !weekend && !self.off.contains(&day)
    }

    fn worked_after(&self, day: Date) -> Date {
        let mut days = day.series(1.day()).skip(1);
        days.find(|day| self.is_worked(*day)).unwrap()
    }

    fn worked_from(&self, day: Date) -> Date {
        if self.is_worked(day) {
            day
        } else {
            self.worked_after(day)
        }
    }
}

/// What the year knows of a sale.
struct Traded {
    id: BookingId,
    merchant: usize,
    /// Its settlement date, by the clock of the year.
    on: Date,
    amount: i64,
    setback: Option<Setback>,
    voided: bool,
}

/// How the merchants are paid, in turn.
const MODES: [(PayoutMode, Option<PayoutMode>); 4] = [
    (PayoutMode::T1, None),
    (PayoutMode::D1, None),
    (PayoutMode::T1, Some(PayoutMode::T1)),
    (PayoutMode::T0, None),
];

fn merchant(at: usize) -> Merchant {
    let id = MerchantId::new(&format!("8743503572{at:05}")).unwrap();
    let (mode, then) = MODES[at % MODES.len()];
    let fee = Fee {
        rate: u32::try_from(RATE).unwrap(),
        ..Fee::default()
    };
    Merchant {
        rules: vec![PayoutTerms {
            then,
            ..PayoutTerms::new(Date::MIN, mode)
        }],
        fee,
        ..Merchant::new(id)
    }
}

/// One in forty goes wrong behind the switch.
fn setback(dice: &mut Dice) -> Option<Setback> {
    let all = [
        Setback::Returned(ReturnReason::NameDiffers),
        Setback::Review {
            days: 4,
            risk: false,
        },
        Setback::Short(6),
        Setback::BankLate(3),
        Setback::BankSilent,
        Setback::IssuerReturns(2),
        Setback::Deducted(Deducted::Chargeback, 1_234),
    ];
    dice.chance(1, 40)
        .then(|| dice.pick(&all).cloned())
        .flatten()
}

struct Year {
    desk: Desk,
    dice: Dice,
    traded: Vec<Traded>,
    /// What was refunded, by merchant.
    refunded: BTreeMap<usize, i64>,
}

impl Year {
    fn trade(&mut self, merchants: usize, day: Date) {
        for at_merchant in 0..merchants {
            for _ in 0..self.dice.between(0, 2) {
                self.one(at_merchant, day);
            }
        }
        self.desk.run(at(day, 23, 59));
    }

    fn one(&mut self, merchant: usize, day: Date) {
        let amount = i64::try_from(self.dice.between(100, 500_000)).unwrap();
        // One in ten behind the cut-over; the day's calls need not be in order.
        let late = self.dice.chance(1, 10);
        let (hour, on) = if late {
            (23, day.tomorrow().unwrap())
        } else {
            (10, day)
        };
        let setback = setback(&mut self.dice);
        let befallen: Vec<Setback> = setback.iter().cloned().collect();
        self.desk.merchant = self::merchant(merchant).id;
        let id = self
            .desk
            .book_quietly(at(day, hour, 0), Purpose::Debit, amount, None, &befallen);
        let mut voided = false;
        if setback.is_none() && self.dice.chance(1, 20) {
            voided = true;
            let now = at(day, hour, 1);
            self.desk
                .book_quietly(now, Purpose::Void, amount, Some(id), &[]);
        } else if setback.is_none() && self.dice.chance(1, 20) {
            let now = at(day, hour, 1);
            self.desk
                .book_quietly(now, Purpose::Refund, amount / 2, Some(id), &[]);
            *self.refunded.entry(merchant).or_default() += amount / 2;
        }
        self.traded.push(Traded {
            id,
            merchant,
            on,
            amount,
            setback,
            voided,
        });
    }
}

fn play(merchants: usize, first: Date, days: i32) -> Year {
    let mut year = Year {
        desk: Desk {
            office: Office::new(OfficeTerms {
                merchants: (0..merchants).map(merchant).collect(),
                stranger: None,
                ..OfficeTerms::default()
            }),
            stan: 0,
            merchant: MerchantId::EMPTY,
        },
        dice: Dice::new(2026),
        traded: Vec::new(),
        refunded: BTreeMap::new(),
    };
    for day in 0..days {
        year.trade(merchants, first.checked_add(day.days()).unwrap());
    }
    // What is under way comes to its end.
    year.desk
        .run(at(first.checked_add((days + 40).days()).unwrap(), 12, 0));
    year
}

/// When a sale is due by the text alone.
fn due(almanac: &Almanac, sale: &Traded, day: Date) -> Date {
    let next = |day: Date| day.tomorrow().unwrap();
    match MODES[sale.merchant % MODES.len()] {
        (PayoutMode::T1, None) => almanac.worked_after(sale.on),
        (PayoutMode::T1, Some(_)) => almanac.worked_after(almanac.worked_after(sale.on)),
        (PayoutMode::D1, _) => next(sale.on),
        _ => day,
    }
}

/// Holds one sale's pay-out against what the calendar and its setback let expect.
fn check(almanac: &Almanac, year: &Year, sale: &Traded) {
    let payouts = year.desk.office.payouts().iter();
    let mut covering = payouts.filter(|payout| payout.covers.contains(&sale.id));
    let at_once = MODES[sale.merchant % MODES.len()].0 == PayoutMode::T0;
    if sale.voided && !at_once {
        assert!(
            covering.next().is_none(),
            "voided before its cut-over, and paid"
        );
        return;
    }
    let payout = covering.next().expect("a sale that stands has a pay-out");
    assert!(covering.next().is_none(), "a sale is paid once");
    // At once is by the clock of the day: a sale behind the cut-over is paid before its date.
    let day = if at_once {
        payout.sent_on.unwrap_or(sale.on)
    } else {
        sale.on
    };
    let due = due(almanac, sale, day);
    if !at_once {
        assert_eq!(payout.due_on, Some(due));
    }
    explain(almanac, year, payout, due);
}

/// Every pay-out is credited on its day, or what befell one of its sales explains why not.
fn explain(almanac: &Almanac, year: &Year, payout: &Payout, due: Date) {
    let covered = year
        .traded
        .iter()
        .filter(|sale| payout.covers.contains(&sale.id));
    let setbacks: Vec<&Setback> = covered.filter_map(|sale| sale.setback.as_ref()).collect();
    let worked = |day: Date| match payout.mode {
        PayoutMode::T1 => almanac.worked_from(day),
        _ => day,
    };
    let held = setbacks.iter().find_map(|setback| match setback {
        Setback::Review { days, .. } | Setback::Short(days) => Some(i64::from(*days)),
        _ => None,
    });
    let until = held.map_or(due, |days| {
        payout.settles_on.checked_add(days.days()).unwrap()
    });
    let sent = if until > due { worked(until) } else { due };
    assert_eq!(payout.sent_on, Some(sent), "{payout:?}");
    let returned = setbacks
        .iter()
        .any(|setback| matches!(setback, Setback::Returned(_)));
    let silent = setbacks.contains(&&Setback::BankSilent);
    let late = setbacks.contains(&&Setback::BankLate(3));
    let expected = match payout.state {
        PayoutState::Returned(on, _) => returned && on == sent.tomorrow().unwrap(),
        PayoutState::Asked => silent,
        PayoutState::Paid(on) if late && payout.net() > 0 => {
            !silent && !returned && on == sent.checked_add(3.days()).unwrap()
        }
        PayoutState::Paid(on) => (on == sent || late) && (!returned || payout.net() == 0),
        PayoutState::Waiting | PayoutState::Held(..) | PayoutState::Replaced(..) => false,
    };
    assert!(expected, "{payout:?}: {setbacks:?}");
}

/// What a merchant to whom nothing happened gets in all: worked out sale by sale.
fn fair(year: &Year, merchant: usize) -> Option<i64> {
    let mine = || year.traded.iter().filter(|sale| sale.merchant == merchant);
    if mine().any(|sale| sale.setback.is_some()) {
        return None;
    }
    let fee = |amount: i64| (amount * RATE + 5_000) / 10_000;
    let stands = mine().filter(|sale| !sale.voided);
    let sales: i64 = stands.map(|sale| sale.amount - fee(sale.amount)).sum();
    Some(sales - year.refunded.get(&merchant).copied().unwrap_or(0))
}

fn judge(year: &Year, merchants: usize) {
    let almanac = Almanac::read();
    let mut by_sale: BTreeSet<BookingId> = BTreeSet::new();
    for payout in year.desk.office.payouts() {
        for id in &payout.covers {
            assert!(by_sale.insert(*id), "a sale is paid once");
        }
    }
    for sale in &year.traded {
        check(&almanac, year, sale);
    }
    let ledger = year.desk.office.ledger();
    let mut fairly = 0;
    for at_merchant in 0..merchants {
        let Some(fair) = fair(year, at_merchant) else {
            continue;
        };
        fairly += 1;
        let id = merchant(at_merchant).id;
        let got = ledger.balance(Account::Credited(id)) + ledger.balance(Account::Merchant(id));
        assert_eq!(got, fair, "merchant {at_merchant}");
    }
    assert!(fairly > 0, "somebody had nothing go wrong");
}

#[test]
fn a_quarter_with_the_spring_festival_pays_everyone_on_the_day() {
    let year = play(8, date(2026, 1, 1), 90);
    judge(&year, 8);
}

/// A whole year of 100 merchants takes longer than the gate has.
#[test]
#[ignore = "a year of 100 merchants: half a minute in a build for tests"]
fn a_year_of_a_hundred_merchants_pays_everyone_on_the_day() {
    let year = play(100, date(2025, 10, 1), 365);
    judge(&year, 100);
}
