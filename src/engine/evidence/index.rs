//! The rows of a transaction among those of a file: by RRN; by terminal, STAN and day; by
//! authorization code, amount and card.

use super::rows::{AcquirerRow, Evidence, IssuerRow, PayoutRow, TerminalRow};
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{Amount, AuthCode, MerchantId, Rrn, Stan, TerminalId, Text};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What names a transaction; empty or `None` where it is not known.
#[derive(Clone, Debug, Default)]
pub struct FiledKeys {
    /// DE 37.
    pub rrn: Rrn,
    /// DE 38.
    pub auth: AuthCode,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 11.
    pub stan: Option<Stan>,
    /// DE 11 as the acquirer was sent it, where that is another one.
    pub sent_stan: Option<Stan>,
    /// The batch.
    pub batch: Text<6>,
    /// The day of settlement.
    pub day: Option<Date>,
    /// Whether card, amount and time name it: no other attempt was made moments apart.
    pub alone: bool,
    /// DE 2, masked.
    pub card: Text<19>,
    /// DE 4, minor units.
    pub amount: Amount,
    /// When it was made.
    pub at: Option<Wall>,
}

/// What a file says of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched<'e, R> {
    /// The file was not given.
    NoFile,
    /// No row fits.
    Nothing,
    /// Its rows with their places, in the order of the file: what was said last stands.
    Rows(Vec<(usize, &'e R)>),
    /// Rows of so many transactions fit, and nobody can say which is meant.
    Ambiguous(usize),
    /// So many rows have its RRN, and another terminal, trace number, merchant or card.
    Other(usize),
}

/// The rows of all files, found by the names of a transaction.
#[derive(Debug)]
pub struct EvidenceIndex<'e> {
    evidence: &'e Evidence,
    terminal: Places,
    acquirer: Places,
    issuer: Places,
    payout: Places,
    today: Option<Date>,
}

/// How far apart the clocks of two books may be about one transaction.
const APART: Duration = Duration::from_secs(36 * 3600);

/// The same across midnight, where a number comes round again.
const NEAR: Duration = Duration::from_secs(2 * 3600);

/// Where rows stand, by each of their names.
#[derive(Debug, Default)]
struct Places {
    by_rrn: BTreeMap<Rrn, Vec<usize>>,
    by_name: BTreeMap<(TerminalId, Stan), Vec<usize>>,
    by_auth: BTreeMap<(AuthCode, Amount), Vec<usize>>,
    by_card: BTreeMap<(Text<19>, Amount), Vec<usize>>,
    /// The first and the last time of a row.
    span: Option<(Wall, Wall)>,
    terminals: BTreeSet<TerminalId>,
    merchants: BTreeSet<MerchantId>,
}

/// A row that names one transaction.
pub trait NamedRow {
    /// Its names.
    fn keys(&self) -> FiledKeys;
}

impl NamedRow for AcquirerRow {
    fn keys(&self) -> FiledKeys {
        FiledKeys {
            rrn: self.rrn,
            auth: self.auth,
            terminal: self.terminal,
            merchant: self.merchant,
            stan: self.stan,
            batch: self.batch,
            day: self.settles_on,
            card: self.card,
            amount: self.amount,
            at: self.at,
            ..FiledKeys::default()
        }
    }
}

impl NamedRow for TerminalRow {
    fn keys(&self) -> FiledKeys {
        FiledKeys {
            rrn: self.rrn,
            auth: self.auth,
            terminal: self.terminal,
            merchant: self.merchant,
            stan: self.stan,
            batch: self.batch,
            card: self.card,
            amount: self.amount,
            at: self.at,
            ..FiledKeys::default()
        }
    }
}

impl NamedRow for IssuerRow {
    fn keys(&self) -> FiledKeys {
        FiledKeys {
            rrn: self.rrn,
            auth: self.auth,
            card: self.card,
            amount: self.amount,
            at: self.at,
            ..FiledKeys::default()
        }
    }
}

impl Places {
    fn of(rows: Option<&[impl NamedRow]>) -> Self {
        let mut places = Self::default();
        for (at, row) in rows.unwrap_or_default().iter().enumerate() {
            let keys = row.keys();
            if !keys.rrn.is_empty() {
                places.by_rrn.entry(keys.rrn).or_default().push(at);
            }
            if let Some(stan) = keys.stan.filter(|_| !keys.terminal.is_empty()) {
                let name = (keys.terminal, stan);
                places.by_name.entry(name).or_default().push(at);
            }
            if !keys.auth.is_empty() {
                let name = (keys.auth, keys.amount);
                places.by_auth.entry(name).or_default().push(at);
            }
            if !keys.card.is_empty() && keys.rrn.is_empty() && keys.at.is_some() {
                let name = (keys.card, keys.amount);
                places.by_card.entry(name).or_default().push(at);
            }
            if let Some(at) = keys.at {
                let (first, last) = places.span.unwrap_or((at, at));
                places.span = Some((first.min(at), last.max(at)));
            }
            places.terminals.insert(keys.terminal);
            places.merchants.insert(keys.merchant);
        }
        places
    }

    fn of_payouts(rows: Option<&[PayoutRow]>) -> Self {
        let mut places = Self::default();
        for (at, row) in rows.unwrap_or_default().iter().enumerate() {
            for rrn in &row.covers {
                places.by_rrn.entry(*rrn).or_default().push(at);
            }
        }
        places
    }

    /// Whether the file tells of the time of a transaction and of its merchant or terminal, and has
    /// a name by which it would be found.
    fn covers(&self, wanted: &FiledKeys) -> bool {
        let number = wanted.sent_stan.or(wanted.stan);
        let found = !wanted.rrn.is_empty() && !self.by_rrn.is_empty()
            || number.is_some() && !self.by_name.is_empty()
            || wanted.alone && !self.by_card.is_empty();
        if !found {
            return false;
        }
        let terminal = !wanted.terminal.is_empty() && self.terminals.contains(&wanted.terminal);
        let merchant = !wanted.merchant.is_empty() && self.merchants.contains(&wanted.merchant);
        let spanned = self.span.zip(wanted.at);
        let spanned = spanned.is_some_and(|((first, last), at)| first <= at && at <= last);
        spanned && (terminal || merchant)
    }

    /// How many rows have the RRN of a transaction, and something else of another one.
    fn strangers(&self, rows: Option<&[impl NamedRow]>, wanted: &FiledKeys) -> usize {
        let places = self.by_rrn.get(&wanted.rrn).into_iter().flatten();
        let rows = places.filter_map(|at| rows.unwrap_or_default().get(*at));
        let near = |keys: &FiledKeys| {
            let times = keys.at.zip(wanted.at);
            times.is_none_or(|(row, own)| apart(row, own) <= APART)
        };
        let keys = rows.map(NamedRow::keys);
        keys.filter(|keys| near(keys) && !agree(keys, wanted))
            .count()
    }

    /// The rows that each of its names finds: RRN; terminal and trace number; code and amount; card
    /// and amount.
    fn ways(&self, wanted: &FiledKeys) -> [Vec<usize>; 4] {
        // What the acquirer was sent under another number, it has under that one.
        let number = wanted.sent_stan.or(wanted.stan);
        let named = number.and_then(|stan| self.by_name.get(&(wanted.terminal, stan)));
        let by_auth = !wanted.auth.is_empty() && !wanted.card.is_empty();
        let auth = by_auth.then_some((wanted.auth, wanted.amount));
        let card = wanted.alone.then_some((wanted.card, wanted.amount));
        let rrn = Some(wanted.rrn).filter(|rrn| !rrn.is_empty());
        [
            rrn.and_then(|rrn| self.by_rrn.get(&rrn)).cloned(),
            named.cloned(),
            auth.and_then(|auth| self.by_auth.get(&auth)).cloned(),
            card.and_then(|card| self.by_card.get(&card)).cloned(),
        ]
        .map(Option::unwrap_or_default)
    }

    /// The rows of a transaction: by the first of its names that finds any.
    fn find<'e, R: NamedRow>(&self, rows: Option<&'e [R]>, wanted: &FiledKeys) -> Matched<'e, R> {
        let Some(rows) = rows else {
            return Matched::NoFile;
        };
        // Numbers come twice where a host counts round: rows of another one hide none of its own.
        let mut others = 0;
        for (way, places) in self.ways(wanted).into_iter().enumerate() {
            let found = places.iter().filter_map(|at| Some((*at, rows.get(*at)?)));
            let found: Vec<(usize, &R)> = found.collect();
            let fits = |(_, row): &&(usize, &R)| {
                let keys = row.keys();
                agree(&keys, wanted) && is_dated(way, &keys, wanted)
            };
            let fitting: Vec<(usize, &R)> = found.iter().filter(fits).copied().collect();
            if let Some((_, first)) = fitting.first() {
                let apart = fitting
                    .iter()
                    .filter(|(_, row)| !agree(&row.keys(), &first.keys()));
                return match apart.count() {
                    0 => Matched::Rows(fitting),
                    apart => Matched::Ambiguous(apart + 1),
                };
            }
            if way == 0 {
                others = self.strangers(Some(rows), wanted);
            }
        }
        match others {
            0 => Matched::Nothing,
            others => Matched::Other(others),
        }
    }
}

/// Whether two sets of names may be of one transaction: what both know is the same. Amounts may
/// differ: that is a finding, not another transaction.
fn agree(one: &FiledKeys, other: &FiledKeys) -> bool {
    fn same<const N: usize>(one: Text<N>, other: Text<N>) -> bool {
        one.is_empty() || other.is_empty() || one == other
    }
    let near = |(one, other): (Wall, Wall)| apart(one, other) <= APART;
    let numbers = |keys: &FiledKeys| [keys.stan, keys.sent_stan];
    let stans = numbers(one).into_iter().flatten();
    let shared = stans
        .into_iter()
        .any(|stan| numbers(other).contains(&Some(stan)));
    same(one.rrn, other.rrn)
        && same(one.auth, other.auth)
        && same(one.terminal, other.terminal)
        && same(one.merchant, other.merchant)
        && same(one.card, other.card)
        && (shared || one.stan.is_none() || other.stan.is_none())
        && one.at.zip(other.at).is_none_or(near)
}

fn apart(one: Wall, other: Wall) -> Duration {
    (one - other).max(other - one)
}

/// Whether a row that was found by a name is of its transaction's day, where the name comes round
/// again: all but the RRN do.
fn is_dated(way: usize, row: &FiledKeys, wanted: &FiledKeys) -> bool {
    let day = |at: Wall| at.date(&Zone::CHINA);
    let same_day = |row: Wall, own: Wall| day(row) == day(own) || apart(row, own) <= NEAR;
    let times = row.at.zip(wanted.at);
    match way {
        0 => true,
        1 => {
            let batch = !row.batch.is_empty() && row.batch == wanted.batch;
            let settles = row.day.zip(wanted.at).is_some_and(|(settles, at)| {
                let made = day(at);
                settles == made || made.tomorrow().is_ok_and(|next| settles == next)
            });
            times.map_or(batch || settles, |(row, own)| same_day(row, own))
        }
        2 => row.card == wanted.card && times.is_some_and(|(row, own)| same_day(row, own)),
        _ => times.is_some_and(|(row, own)| {
            // Books of issuers have the second, and a reversal follows within minutes.
            let (early, late) = (Duration::from_secs(120), Duration::from_secs(600));
            (own - row) <= early && (row - own) <= late
        }),
    }
}

impl<'e> EvidenceIndex<'e> {
    /// Of these files.
    #[must_use]
    pub fn of(evidence: &'e Evidence) -> Self {
        Self {
            evidence,
            terminal: Places::of(evidence.terminal.as_deref()),
            acquirer: Places::of(evidence.acquirer.as_deref()),
            issuer: Places::of(evidence.issuer.as_deref()),
            payout: Places::of_payouts(evidence.payout.as_deref()),
            today: None,
        }
    }

    /// The same, asked on this day: what was due before it is late.
    #[must_use]
    pub const fn on(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// The day on which it is asked, if that is known.
    #[must_use]
    pub const fn today(&self) -> Option<Date> {
        self.today
    }

    /// The files.
    #[must_use]
    pub const fn evidence(&self) -> &'e Evidence {
        self.evidence
    }

    /// What the terminals' batches say.
    #[must_use]
    pub fn terminal(&self, keys: &FiledKeys) -> Matched<'e, TerminalRow> {
        // A terminal knows its own numbers only.
        let own = FiledKeys {
            sent_stan: None,
            ..keys.clone()
        };
        self.terminal.find(self.evidence.terminal.as_deref(), &own)
    }

    /// What the acquirer's file says.
    #[must_use]
    pub fn acquirer(&self, keys: &FiledKeys) -> Matched<'e, AcquirerRow> {
        self.acquirer.find(self.evidence.acquirer.as_deref(), keys)
    }

    /// What the issuer's view says.
    #[must_use]
    pub fn issuer(&self, keys: &FiledKeys) -> Matched<'e, IssuerRow> {
        self.issuer.find(self.evidence.issuer.as_deref(), keys)
    }

    /// How many rows of the acquirer's file have its RRN, and something else of another one.
    #[must_use]
    pub fn strangers_at_acquirer(&self, keys: &FiledKeys) -> usize {
        self.acquirer
            .strangers(self.evidence.acquirer.as_deref(), keys)
    }

    /// The same of the issuer's view.
    #[must_use]
    pub fn strangers_at_issuer(&self, keys: &FiledKeys) -> usize {
        self.issuer.strangers(self.evidence.issuer.as_deref(), keys)
    }

    /// The pay-outs that cover it.
    #[must_use]
    pub fn payout(&self, keys: &FiledKeys) -> Matched<'e, PayoutRow> {
        let Some(rows) = self.evidence.payout.as_deref() else {
            return Matched::NoFile;
        };
        let places = self.payout.by_rrn.get(&keys.rrn).into_iter().flatten();
        let found = places.filter_map(|at| Some((*at, rows.get(*at)?)));
        // The numbers come round again, and nothing is paid out before it was sold.
        let made = keys.at.map(|at| at.date(&Zone::CHINA));
        let day = |row: &PayoutRow| row.paid_on.or(row.due_on);
        let later = |row: &PayoutRow| day(row).zip(made).is_none_or(|(day, made)| day >= made);
        let found = found.filter(|(_, row)| later(row));
        match found.collect::<Vec<_>>() {
            none if none.is_empty() => Matched::Nothing,
            rows => Matched::Rows(rows),
        }
    }

    /// The last time in the acquirer's file.
    #[must_use]
    pub fn acquirer_ends(&self) -> Option<Wall> {
        self.acquirer.span.map(|(_, last)| last)
    }

    /// Whether a transaction was made close to the end of the acquirer's day, by the settings of
    /// its merchant.
    #[must_use]
    pub fn is_at_cut_over(&self, keys: &FiledKeys, within: Duration) -> bool {
        let settings = self.evidence.settings.as_ref();
        let merchant = settings.and_then(|settings| settings.of(&keys.merchant));
        let ends = merchant.and_then(|merchant| merchant.cut_over);
        let made = keys.at.map(|at| at.time(&Zone::CHINA));
        ends.zip(made)
            .is_some_and(|(ends, made)| ends.duration_since(made).unsigned_abs() <= within)
    }

    /// Whether the acquirer's file tells of the time of a transaction and of its merchant or
    /// terminal: only then does it say something that a row is missing.
    #[must_use]
    pub fn acquirer_covers(&self, keys: &FiledKeys) -> bool {
        self.acquirer.covers(keys)
    }

    /// The same of the terminals' batches.
    #[must_use]
    pub fn terminal_covers(&self, keys: &FiledKeys) -> bool {
        self.terminal.covers(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::{ColumnMap, read};
    use super::*;

    fn keys() -> FiledKeys {
        FiledKeys {
            rrn: Text::clipped("203217491827"),
            auth: Text::clipped("112233"),
            terminal: Text::clipped("10421695"),
            merchant: Text::clipped("874350357222471"),
            stan: Some(Stan(100_175)),
            card: Text::clipped("622609******0048"),
            amount: Amount(88_800),
            at: Some(Wall(1_795_313_472_345_678)),
            ..FiledKeys::default()
        }
    }

    /// How many rows are its, or how many transactions fit.
    fn found(lines: &str) -> Result<usize, usize> {
        found_for(&keys(), lines)
    }

    fn found_for(keys: &FiledKeys, lines: &str) -> Result<usize, usize> {
        let text = format!("at,terminal,stan,rrn,auth,card,amount\n{lines}");
        let rows = read(&text, &ColumnMap::default(), &Zone::CHINA).unwrap();
        let evidence = Evidence {
            acquirer: Some(rows),
            ..Evidence::default()
        };
        match EvidenceIndex::of(&evidence).acquirer(keys) {
            Matched::NoFile | Matched::Nothing => Ok(0),
            Matched::Rows(rows) => Ok(rows.len()),
            Matched::Ambiguous(several) | Matched::Other(several) => Err(several),
        }
    }

    #[test]
    fn a_row_is_found_by_each_of_the_names() {
        assert_eq!(found(",,,203217491827,,,888.00"), Ok(1));
        assert_eq!(
            found("2026-11-22 10:11:13,10421695,100175,,,,888.00"),
            Ok(1)
        );
        let by_card = "2026-11-22 10:11:13,,,,112233,622609******0048,888.00";
        assert_eq!(found(by_card), Ok(1));
        assert_eq!(
            found(",,,203217491827,,,8.00"),
            Ok(1),
            "another amount is a finding"
        );
    }

    #[test]
    fn a_row_is_missing_only_from_a_file_that_would_name_it() {
        let covered = |keys: &FiledKeys, lines: &str| {
            let text = format!("at,merchant,terminal,stan,rrn,amount\n{lines}");
            let rows = read(&text, &ColumnMap::default(), &Zone::CHINA).unwrap();
            let evidence = Evidence {
                acquirer: Some(rows),
                ..Evidence::default()
            };
            EvidenceIndex::of(&evidence).acquirer_covers(keys)
        };
        let times = ["2026-11-22 10:11:00", "2026-11-22 10:12:00"];
        let file = |names: &str| times.map(|at| format!("{at},{names},1.00\n")).concat();
        let by_number = file("874350357222471,,,203217491828");
        assert!(covered(&keys(), &by_number));
        let unanswered = FiledKeys {
            rrn: Rrn::default(),
            ..keys()
        };
        assert!(!covered(&unanswered, &by_number), "it has no such number");
        assert!(covered(
            &unanswered,
            &file("874350357222471,10421695,000001,")
        ));
    }

    #[test]
    fn a_row_of_another_transaction_is_not_found() {
        for other in [
            ",,,203217491828,,,888.00",
            ",10421695,100175,,,,888.00",
            "2026-10-22 10:11:13,10421695,100175,,,,888.00",
            "2026-11-22 10:11:13,10421695,100175,203217491828,,,888.00",
            "2026-11-22 10:11:13,,,,112233,622609******0049,888.00",
            "2026-11-22 10:11:13,,,,112233,622609******0048,887.00",
        ] {
            assert_eq!(found(other), Ok(0), "{other}");
        }
    }

    #[test]
    fn rows_of_one_transaction_are_its_history_and_rows_of_two_are_no_evidence() {
        let twice = ",,,203217491827,,,888.00\n,,,203217491827,112233,,888.00\n";
        assert_eq!(found(twice), Ok(2));
        for elsewhere in [
            ",,000001,203217491827,,,888.00\n",
            ",10421696,,203217491827,,,888.00\n",
        ] {
            assert_eq!(found(elsewhere), Err(1), "its number, and not its names");
        }
        let day = "2026-11-22 10:11:13,10421695,100175,";
        let two = format!("{day},112233,,888.00\n{day},,622609******0048,8.00\n");
        assert_eq!(
            found(&two),
            Ok(2),
            "they contradict each other in nothing but the amount"
        );
        let two = format!("{day}203217491827,,,888.00\n{day},,,888.00\n");
        assert_eq!(found(&two), Ok(1), "the better name decides");
        let own = format!("{day},,,888.00\n");
        let foreign = "2026-11-22 10:11:13,10421696,000077,203217491827,,,888.00\n";
        assert_eq!(found(&format!("{foreign}{own}")), Ok(1), "it hides none");
        let two = ",A,,203217491827,,,1.00\n,,,203217491827,,,1.00\n";
        assert_eq!(found(two), Ok(1));
    }
}
