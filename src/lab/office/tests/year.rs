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
    /// The day on which it was made.
    day: Date,
    /// Its settlement date.
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

/// Of every second four merchants, one sale in forty goes wrong behind the switch.
fn setback(merchant: usize, dice: &mut Dice) -> Option<Setback> {
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
    let strikes = merchant / MODES.len() % 2 == 1 && dice.chance(1, 40);
    strikes.then(|| dice.pick(&all).cloned()).flatten()
}

struct Year {
    desk: Desk,
    dice: Dice,
    traded: Vec<Traded>,
    /// What was refunded, by merchant.
    refunded: BTreeMap<usize, i64>,
}

impl Year {
    /// A day: before the cut-over, and behind it.
    fn trade(&mut self, merchants: usize, day: Date) {
        for (hour, on, most) in [(10, day, 2), (23, day.tomorrow().unwrap(), 1)] {
            for merchant in 0..merchants {
                for _ in 0..self.dice.between(0, most) {
                    self.one(merchant, (day, hour), on);
                }
            }
        }
        self.desk.run(at(day, 23, 59));
    }

    fn one(&mut self, merchant: usize, (day, hour): (Date, i8), on: Date) {
        let amount = i64::try_from(self.dice.between(100, 500_000)).unwrap();
        let setback = setback(merchant, &mut self.dice);
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
            day,
            on,
            amount,
            setback,
            voided,
        });
    }
}

fn play(merchants: usize, first: Date, days: i64) -> Year {
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

/// The calendar's text, and which sale belongs to which pay-out.
struct YearJudge<'a> {
    almanac: Almanac,
    sales: BTreeMap<BookingId, &'a Traded>,
    payouts: BTreeMap<BookingId, &'a Payout>,
}

impl<'a> YearJudge<'a> {
    fn of(year: &'a Year) -> Self {
        let mut payouts = BTreeMap::new();
        for payout in year.desk.office.payouts() {
            for id in &payout.covers {
                assert!(payouts.insert(*id, payout).is_none(), "a sale is paid once");
            }
        }
        Self {
            almanac: Almanac::read(),
            sales: year.traded.iter().map(|sale| (sale.id, sale)).collect(),
            payouts,
        }
    }

    /// When a sale is due by the text alone.
    fn due(&self, sale: &Traded) -> Date {
        let almanac = &self.almanac;
        match MODES[sale.merchant % MODES.len()] {
            (PayoutMode::T1, None) => almanac.worked_after(sale.on),
            (PayoutMode::T1, Some(_)) => almanac.worked_after(almanac.worked_after(sale.on)),
            (PayoutMode::D1, _) => sale.on.tomorrow().unwrap(),
            _ => sale.day,
        }
    }

    /// Holds one sale's pay-out against what the calendar and its setback let expect.
    fn hear(&self, sale: &Traded) {
        let at_once = MODES[sale.merchant % MODES.len()].0 == PayoutMode::T0;
        let payout = self.payouts.get(&sale.id);
        if sale.voided && !at_once {
            assert!(payout.is_none(), "voided before its cut-over, and paid");
            return;
        }
        let payout = payout.expect("a sale that stands has a pay-out");
        let due = self.due(sale);
        assert_eq!(payout.due_on, Some(due));
        self.explain(payout, due);
    }

    /// Every pay-out is credited on its day, or what befell one of its sales explains why not.
    fn explain(&self, payout: &Payout, due: Date) {
        let covered = payout.covers.iter().map(|id| self.sales[id]);
        let setbacks: Vec<&Setback> = covered.filter_map(|sale| sale.setback.as_ref()).collect();
        let held = setbacks.iter().find_map(|setback| match setback {
            Setback::Review { days, .. } | Setback::Short(days) => Some(i64::from(*days)),
            _ => None,
        });
        let until = held.map(|days| payout.settles_on.checked_add(days.days()).unwrap());
        let sent = match (until.filter(|until| *until > due), payout.mode) {
            (Some(until), PayoutMode::T1) => self.almanac.worked_from(until),
            (Some(until), _) => until,
            (None, _) => due,
        };
        assert_eq!(payout.sent_on, Some(sent), "{payout:?}");
        let returned = setbacks.contains(&&Setback::Returned(ReturnReason::NameDiffers));
        let returned = returned && payout.net() > 0;
        let silent = setbacks.contains(&&Setback::BankSilent);
        let late = setbacks.contains(&&Setback::BankLate(3));
        let expected = match payout.state {
            PayoutState::Returned(on, _) => returned && on == sent.tomorrow().unwrap(),
            PayoutState::Asked => silent && !returned,
            PayoutState::Paid(on) if late => on == sent.checked_add(3.days()).unwrap(),
            PayoutState::Paid(on) => on == sent && !silent && !returned,
            PayoutState::Waiting | PayoutState::Held(..) | PayoutState::Replaced(..) => false,
        };
        assert!(expected, "{payout:?}: {setbacks:?}");
    }
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
    let judge = YearJudge::of(year);
    for sale in &year.traded {
        judge.hear(sale);
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

#[test]
fn a_year_of_a_hundred_merchants_pays_everyone_on_the_day() {
    let year = play(100, date(2025, 10, 1), 365);
    judge(&year, 100);
}
