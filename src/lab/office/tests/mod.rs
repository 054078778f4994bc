//! The rules of the office, each on an office of its own.

mod days;
mod files;
mod setbacks;
mod year;

use super::{
    Account, Booking, BookingId, Merchant, Office, OfficeTerms, Payout, PayoutState, Setback,
};
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{MerchantId, ResponseCode, Rrn, Stan, TerminalId, Text};
use crate::iso::spec::Purpose;
use jiff::civil::{Date, date};

/// An office with one merchant, and its clock.
struct Desk {
    office: Office,
    stan: u64,
    /// Who trades.
    merchant: MerchantId,
}

fn shop() -> Merchant {
    Merchant::new(MerchantId::new("874350357222471").unwrap())
}

fn at(day: Date, hour: i8, minute: i8) -> Wall {
    Zone::CHINA.moment(day.at(hour, minute, 0, 0)).unwrap()
}

impl Desk {
    fn of(merchant: Merchant) -> Self {
        let terms = OfficeTerms {
            merchants: vec![merchant],
            ..OfficeTerms::default()
        };
        Self {
            office: Office::new(terms),
            stan: 0,
            merchant: shop().id,
        }
    }

    fn book(
        &mut self,
        at: Wall,
        purpose: Purpose,
        amount: i64,
        about: Option<BookingId>,
        setbacks: &[Setback],
    ) -> BookingId {
        let id = self.book_quietly(at, purpose, amount, about, setbacks);
        self.check();
        id
    }

    /// Without holding all books against each other at once.
    fn book_quietly(
        &mut self,
        at: Wall,
        purpose: Purpose,
        amount: i64,
        about: Option<BookingId>,
        setbacks: &[Setback],
    ) -> BookingId {
        self.stan += 1;
        self.office.book(Booking {
            at,
            merchant: self.merchant,
            terminal: TerminalId::new("10421695").unwrap(),
            stan: Stan(self.stan),
            batch: Text::new("000001").unwrap(),
            rrn: Rrn::new(&format!("{:012}", self.stan)),
            auth: None,
            card: None,
            amount,
            currency: Text::new("156").unwrap(),
            kind: Text::new("sale").unwrap(),
            purpose,
            code: ResponseCode::new("00").unwrap(),
            approved: true,
            about,
            setbacks: setbacks.to_vec(),
        })
    }

    fn sale(&mut self, at: Wall, amount: i64) -> BookingId {
        self.book(at, Purpose::Debit, amount, None, &[])
    }

    fn run(&mut self, at: Wall) {
        self.office.run(at);
        self.check();
    }

    /// Nothing is lost or invented, and each fen that a merchant is owed has its reason.
    fn check(&self) {
        assert_eq!(self.office.ledger().sum(), 0);
        self.office.reconcile().unwrap();
    }

    fn states(&self) -> Vec<PayoutState> {
        self.office.payouts().iter().map(|one| one.state).collect()
    }

    fn credited(&self) -> i64 {
        self.office.ledger().balance(Account::Credited(shop().id))
    }

    fn last(&self) -> &Payout {
        self.office.payouts().last().unwrap()
    }
}
