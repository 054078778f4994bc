//! The rows of the files, and all of them together.

use super::cells::{FileError, RowCells, amount_text};
use super::settings::AccountSettings;
use super::words::{AcquirerIs, IssuerIs, PayoutIs, PayoutMode, TerminalIs};
use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{
    Amount, AuthCode, MerchantId, ResponseCode, Rrn, Stan, TerminalId, Text,
};
use jiff::civil::Date;

/// What others say of transactions. `None` where a file was not given: that a row is missing tells
/// something only of a file that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The terminals' batches.
    pub terminal: Option<Vec<TerminalRow>>,
    /// The terminals' totals.
    pub totals: Option<Vec<TotalsRow>>,
    /// The acquirer's file.
    pub acquirer: Option<Vec<AcquirerRow>>,
    /// The issuers' view.
    pub issuer: Option<Vec<IssuerRow>>,
    /// The pay-outs to merchants.
    pub payout: Option<Vec<PayoutRow>>,
    /// The settings of the merchants' accounts.
    pub settings: Option<AccountSettings>,
}

impl Evidence {
    /// Whether it has rows of anybody.
    #[must_use]
    pub const fn has_rows(&self) -> bool {
        self.terminal.is_some()
            || self.totals.is_some()
            || self.acquirer.is_some()
            || self.issuer.is_some()
            || self.payout.is_some()
    }
}

/// A row of a file of one kind, with its form as text. Empty texts stand for what is not known.
pub trait FiledRow: Sized {
    /// The columns, in their order.
    const COLUMNS: &'static [&'static str];
    /// Those without which a row says nothing.
    const NEEDED: &'static [&'static str];
    /// Those that name a transaction: without any of them a row says nothing, either.
    const NAMES: &'static [&'static str] = &[];
    /// Those that are read where they stand, and never written.
    const OTHERS: &'static [&'static str] = &[];

    /// Reads one.
    ///
    /// # Errors
    /// If a cell cannot be read.
    fn read(cells: &RowCells<'_>) -> Result<Self, FileError>;

    /// Its cells, one a column.
    fn write(&self, zone: &Zone) -> Vec<String>;
}

/// A transaction in the acquirer's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquirerRow {
    /// When it was made.
    pub at: Option<Wall>,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 11.
    pub stan: Option<Stan>,
    /// The batch.
    pub batch: Text<6>,
    /// DE 37.
    pub rrn: Rrn,
    /// DE 38.
    pub auth: AuthCode,
    /// DE 2, masked.
    pub card: Text<19>,
    /// DE 4, minor units.
    pub amount: Amount,
    /// DE 49; empty is yuan.
    pub currency: Text<3>,
    /// The kind, such as `sale`.
    pub kind: Text<24>,
    /// DE 39.
    pub code: ResponseCode,
    /// What is said of it.
    pub is: AcquirerIs,
    /// DE 15: the day of settlement it belongs to.
    pub settles_on: Option<Date>,
}

/// A transaction in a terminal's batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalRow {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// The batch.
    pub batch: Text<6>,
    /// DE 11.
    pub stan: Option<Stan>,
    /// When it was made.
    pub at: Option<Wall>,
    /// DE 2, masked.
    pub card: Text<19>,
    /// DE 4, minor units.
    pub amount: Amount,
    /// The kind, such as `sale`.
    pub kind: Text<24>,
    /// DE 37.
    pub rrn: Rrn,
    /// DE 38.
    pub auth: AuthCode,
    /// What is said of it.
    pub is: TerminalIs,
}

/// What a terminal counts in one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotalsRow {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// The batch.
    pub batch: Text<6>,
    /// How many took money.
    pub debit_count: u64,
    /// How much they took.
    pub debit_sum: Amount,
    /// How many gave money back.
    pub credit_count: u64,
    /// How much they gave back.
    pub credit_sum: Amount,
}

/// A transaction as the card's issuer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRow {
    /// When it was done.
    pub at: Option<Wall>,
    /// DE 2, masked.
    pub card: Text<19>,
    /// DE 37.
    pub rrn: Rrn,
    /// DE 38.
    pub auth: AuthCode,
    /// DE 4, minor units.
    pub amount: Amount,
    /// What is said of it.
    pub is: IssuerIs,
    /// Why, in the issuer's words.
    pub reason: String,
}

/// A pay-out to a merchant, or one that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutRow {
    /// When it was paid.
    pub paid_on: Option<Date>,
    /// When it is due.
    pub due_on: Option<Date>,
    /// DE 42.
    pub merchant: MerchantId,
    /// The name of the account that is paid.
    pub account_name: String,
    /// Who pays.
    pub payer: String,
    /// The transactions that it covers, summed up.
    pub gross: Amount,
    /// The fee.
    pub fee: Amount,
    /// What else was taken off.
    pub deducted: Amount,
    /// Why: a code, and perhaps a day.
    pub reason_of_deduction: String,
    /// What the merchant gets.
    pub net: Amount,
    /// What became of it.
    pub is: PayoutIs,
    /// Why: a code, and perhaps a day.
    pub reason: String,
    /// DE 37 of the transactions that it covers.
    pub covers: Vec<Rrn>,
    /// When such pay-outs are made.
    pub mode: Option<PayoutMode>,
}

/// The currency of files that name none.
const YUAN: &str = "156";

/// The words that a column may hold, for [`RowCells::word`].
macro_rules! words_of {
    ($kind:ident) => {
        (
            $kind::read,
            &$kind::ALL.iter().map(|is| is.name()).collect::<Vec<_>>(),
        )
    };
}

fn time_text(at: Option<Wall>, zone: &Zone) -> String {
    at.map(|at| at.rfc3339(zone)).unwrap_or_default()
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl FiledRow for AcquirerRow {
    const COLUMNS: &'static [&'static str] = &[
        "at",
        "terminal",
        "merchant",
        "stan",
        "batch",
        "rrn",
        "auth",
        "card",
        "amount",
        "currency",
        "kind",
        "code",
        "is",
        "settles_on",
    ];
    const NEEDED: &'static [&'static str] = &["amount"];
    const NAMES: &'static [&'static str] = &["rrn", "stan", "auth", "card"];

    fn read(cells: &RowCells<'_>) -> Result<Self, FileError> {
        let currency: Text<3> = cells.short("currency")?;
        Ok(Self {
            at: cells.time("at")?,
            terminal: cells.short("terminal")?,
            merchant: cells.short("merchant")?,
            stan: cells.stan("stan")?,
            batch: cells.short("batch")?,
            rrn: cells.rrn("rrn")?,
            auth: cells.short("auth")?,
            card: cells.card("card")?,
            amount: cells.amount("amount", &currency)?,
            currency,
            kind: cells.short("kind")?,
            code: cells.short("code")?,
            is: cells.word("is", Some(AcquirerIs::Booked), words_of!(AcquirerIs))?,
            settles_on: cells.date("settles_on")?,
        })
    }

    fn write(&self, zone: &Zone) -> Vec<String> {
        vec![
            time_text(self.at, zone),
            self.terminal.to_string(),
            self.merchant.to_string(),
            text(self.stan),
            self.batch.to_string(),
            self.rrn.to_string(),
            self.auth.to_string(),
            self.card.to_string(),
            amount_text(self.amount, &self.currency),
            self.currency.to_string(),
            self.kind.to_string(),
            self.code.to_string(),
            self.is.name().to_owned(),
            text(self.settles_on),
        ]
    }
}

impl FiledRow for TerminalRow {
    const COLUMNS: &'static [&'static str] = &[
        "terminal", "merchant", "batch", "stan", "at", "card", "amount", "kind", "rrn", "auth",
        "is",
    ];
    const NEEDED: &'static [&'static str] = &["amount"];
    const NAMES: &'static [&'static str] = &["rrn", "stan", "auth", "card"];

    fn read(cells: &RowCells<'_>) -> Result<Self, FileError> {
        Ok(Self {
            terminal: cells.short("terminal")?,
            merchant: cells.short("merchant")?,
            batch: cells.short("batch")?,
            stan: cells.stan("stan")?,
            at: cells.time("at")?,
            card: cells.card("card")?,
            amount: cells.amount("amount", YUAN)?,
            kind: cells.short("kind")?,
            rrn: cells.rrn("rrn")?,
            auth: cells.short("auth")?,
            is: cells.word("is", Some(TerminalIs::Approved), words_of!(TerminalIs))?,
        })
    }

    fn write(&self, zone: &Zone) -> Vec<String> {
        vec![
            self.terminal.to_string(),
            self.merchant.to_string(),
            self.batch.to_string(),
            text(self.stan),
            time_text(self.at, zone),
            self.card.to_string(),
            amount_text(self.amount, YUAN),
            self.kind.to_string(),
            self.rrn.to_string(),
            self.auth.to_string(),
            self.is.name().to_owned(),
        ]
    }
}

impl FiledRow for TotalsRow {
    const COLUMNS: &'static [&'static str] = &[
        "terminal",
        "merchant",
        "batch",
        "debit_count",
        "debit_sum",
        "credit_count",
        "credit_sum",
    ];
    const NEEDED: &'static [&'static str] = &[
        "terminal",
        "debit_count",
        "debit_sum",
        "credit_count",
        "credit_sum",
    ];

    fn read(cells: &RowCells<'_>) -> Result<Self, FileError> {
        Ok(Self {
            terminal: cells.short("terminal")?,
            merchant: cells.short("merchant")?,
            batch: cells.short("batch")?,
            debit_count: cells.count("debit_count")?,
            debit_sum: cells.amount("debit_sum", YUAN)?,
            credit_count: cells.count("credit_count")?,
            credit_sum: cells.amount("credit_sum", YUAN)?,
        })
    }

    fn write(&self, _zone: &Zone) -> Vec<String> {
        vec![
            self.terminal.to_string(),
            self.merchant.to_string(),
            self.batch.to_string(),
            self.debit_count.to_string(),
            amount_text(self.debit_sum, YUAN),
            self.credit_count.to_string(),
            amount_text(self.credit_sum, YUAN),
        ]
    }
}

impl FiledRow for IssuerRow {
    const COLUMNS: &'static [&'static str] =
        &["at", "card", "rrn", "auth", "amount", "is", "reason"];
    const NEEDED: &'static [&'static str] = &["amount"];
    const NAMES: &'static [&'static str] = &["rrn", "auth", "card"];

    fn read(cells: &RowCells<'_>) -> Result<Self, FileError> {
        Ok(Self {
            at: cells.time("at")?,
            card: cells.card("card")?,
            rrn: cells.rrn("rrn")?,
            auth: cells.short("auth")?,
            amount: cells.amount("amount", YUAN)?,
            is: cells.word("is", Some(IssuerIs::Debited), words_of!(IssuerIs))?,
            reason: cells.text("reason").to_owned(),
        })
    }

    fn write(&self, zone: &Zone) -> Vec<String> {
        vec![
            time_text(self.at, zone),
            self.card.to_string(),
            self.rrn.to_string(),
            self.auth.to_string(),
            amount_text(self.amount, YUAN),
            self.is.name().to_owned(),
            self.reason.clone(),
        ]
    }
}

impl FiledRow for PayoutRow {
    const COLUMNS: &'static [&'static str] = &[
        "paid_on",
        "due_on",
        "merchant",
        "account_name",
        "payer",
        "gross",
        "fee",
        "deducted",
        "reason_of_deduction",
        "net",
        "is",
        "reason",
        "covers",
        "mode",
    ];
    const NEEDED: &'static [&'static str] = &["net", "is"];
    const OTHERS: &'static [&'static str] = &["rrn"];

    fn read(cells: &RowCells<'_>) -> Result<Self, FileError> {
        let amount = |column| cells.amount_if_any(column, YUAN);
        let (fee, deducted) = (amount("fee")?, amount("deducted")?);
        let (fee, deducted) = (fee.unwrap_or_default(), deducted.unwrap_or_default());
        let net = cells.amount("net", YUAN)?;
        let whole = net.0.saturating_add(fee.0).saturating_add(deducted.0);
        Ok(Self {
            paid_on: cells.date("paid_on")?,
            due_on: cells.date("due_on")?,
            merchant: cells.short("merchant")?,
            account_name: cells.text("account_name").to_owned(),
            payer: cells.text("payer").to_owned(),
            gross: amount("gross")?.unwrap_or(Amount(whole)),
            fee,
            deducted,
            reason_of_deduction: cells.text("reason_of_deduction").to_owned(),
            net,
            is: cells.word("is", None, words_of!(PayoutIs))?,
            reason: cells.text("reason").to_owned(),
            covers: match cells.text("covers") {
                "" => cells.rrns("rrn")?,
                _ => cells.rrns("covers")?,
            },
            mode: match cells.text("mode") {
                "" => None,
                _ => Some(cells.word("mode", None, words_of!(PayoutMode))?),
            },
        })
    }

    fn write(&self, _zone: &Zone) -> Vec<String> {
        let covers = self.covers.iter().map(ToString::to_string);
        vec![
            text(self.paid_on),
            text(self.due_on),
            self.merchant.to_string(),
            self.account_name.clone(),
            self.payer.clone(),
            amount_text(self.gross, YUAN),
            amount_text(self.fee, YUAN),
            amount_text(self.deducted, YUAN),
            self.reason_of_deduction.clone(),
            amount_text(self.net, YUAN),
            self.is.name().to_owned(),
            self.reason.clone(),
            covers.collect::<Vec<_>>().join("+"),
            text(self.mode.map(PayoutMode::name)),
        ]
    }
}

#[cfg(test)]
mod tests;
