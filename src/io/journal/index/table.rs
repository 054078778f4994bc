//! One file of the index: a row a transaction, and the places of some records.

use super::super::cursor::RecordPosition;
use super::rows::{IndexRow, Rows};
use crate::engine::journal::SegmentNo;
use crate::engine::record::{Opened, Seq, State, TxId};
use crate::engine::trace::{Query, Which};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Result, params, params_from_iter};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// Rows come first and their indexes later, which costs a third of the other way round.
const TABLES: &str = "
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS tx (
        id BLOB PRIMARY KEY, terminal TEXT, merchant TEXT, stan INTEGER, batch TEXT, rrn TEXT,
        auth TEXT, amount INTEGER, currency TEXT, card TEXT, card_hash BLOB, began INTEGER,
        state INTEGER, last INTEGER, twin BLOB, doubtful INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS place (seq INTEGER PRIMARY KEY, segment INTEGER, offset INTEGER);
    CREATE TABLE IF NOT EXISTS damage (segment INTEGER, offset INTEGER);
    CREATE TABLE IF NOT EXISTS covers (segment INTEGER, offset INTEGER);";

const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS by_rrn ON tx (rrn) WHERE rrn IS NOT NULL;
    CREATE INDEX IF NOT EXISTS by_terminal ON tx (terminal, stan);
    CREATE INDEX IF NOT EXISTS by_stan ON tx (stan);
    CREATE INDEX IF NOT EXISTS by_auth ON tx (auth) WHERE auth IS NOT NULL;
    CREATE INDEX IF NOT EXISTS by_amount ON tx (amount, began);
    CREATE INDEX IF NOT EXISTS by_twin ON tx (twin) WHERE twin IS NOT NULL;";

/// A later row of a transaction has the last word on where it stands; names stay as they were.
const ON_CONFLICT: &str = "
    ON CONFLICT (id) DO UPDATE SET
        terminal = coalesce(terminal, excluded.terminal),
        merchant = coalesce(merchant, excluded.merchant), stan = coalesce(stan, excluded.stan),
        batch = coalesce(batch, excluded.batch), rrn = coalesce(excluded.rrn, rrn),
        auth = coalesce(excluded.auth, auth), amount = coalesce(amount, excluded.amount),
        currency = coalesce(currency, excluded.currency), card = coalesce(card, excluded.card),
        card_hash = coalesce(card_hash, excluded.card_hash),
        began = coalesce(began, excluded.began), state = excluded.state, last = excluded.last,
        twin = coalesce(twin, excluded.twin), doubtful = max(doubtful, excluded.doubtful)";

/// A file of the index.
#[derive(Debug)]
pub(super) struct IndexTable(Connection);

impl IndexTable {
    /// To write to, made if missing.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(TABLES)?;
        Ok(Self(connection))
    }

    /// To read from.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(1))?;
        Ok(Self(connection))
    }

    /// Adds rows, and says up to where the journal is covered now: all of it or nothing.
    pub(super) fn add(&mut self, rows: &Rows, covers: RecordPosition) -> Result<()> {
        let change = self.0.transaction()?;
        {
            let insert = format!(
                "INSERT INTO tx VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
                 ?14, ?15, ?16) {ON_CONFLICT}"
            );
            let mut insert = change.prepare_cached(&insert)?;
            for (tx, row) in &rows.by_tx {
                insert.execute(params_from_iter(values(*tx, row)))?;
            }
            let mut place =
                change.prepare_cached("INSERT OR REPLACE INTO place VALUES (?, ?, ?)")?;
            for (seq, at) in &rows.places {
                place.execute(params![int(seq.0), int(at.segment.0), int(at.offset)])?;
            }
            let mut damage = change.prepare_cached("INSERT INTO damage VALUES (?, ?)")?;
            for at in &rows.damage {
                damage.execute(params![int(at.segment.0), int(at.offset)])?;
            }
        }
        change.execute("DELETE FROM covers", ())?;
        let told = params![int(covers.segment.0), int(covers.offset)];
        change.execute("INSERT INTO covers VALUES (?, ?)", told)?;
        change.execute_batch(&indexes())?;
        change.commit()
    }

    /// Takes over the files of the index at `parts`, which follow one another.
    pub(super) fn merge<'p>(&mut self, parts: impl Iterator<Item = &'p Path>) -> Result<()> {
        for part in parts {
            let name = part.to_string_lossy();
            self.0.execute("ATTACH ? AS part", [&*name])?;
            self.0.execute_batch(&format!(
                "BEGIN;
                 INSERT INTO tx SELECT * FROM part.tx WHERE true {ON_CONFLICT};
                 INSERT OR REPLACE INTO place SELECT * FROM part.place;
                 INSERT INTO damage SELECT * FROM part.damage;
                 DELETE FROM covers;
                 INSERT INTO covers SELECT * FROM part.covers;
                 COMMIT;
                 DETACH part;"
            ))?;
        }
        self.0.execute_batch(&indexes())
    }

    /// Up to where it covers the journal; `None` before anything was added.
    pub(super) fn covers(&self) -> Result<Option<RecordPosition>> {
        let covers = "SELECT segment, offset FROM covers";
        self.0.query_row(covers, (), position).optional()
    }

    /// What could not be read.
    pub(super) fn damage(&self) -> Result<Vec<RecordPosition>> {
        let mut damage = self.0.prepare("SELECT segment, offset FROM damage")?;
        damage.query_map((), position)?.collect()
    }

    /// The last known place at or before a record.
    pub(super) fn place(&self, seq: Seq) -> Result<Option<RecordPosition>> {
        let place = "SELECT segment, offset FROM place WHERE seq <= ? ORDER BY seq DESC LIMIT 1";
        let mut place = self.0.prepare_cached(place)?;
        place.query_row([int(seq.0)], position).optional()
    }

    /// A transaction's last record here.
    pub(super) fn last(&self, tx: TxId) -> Result<Option<Seq>> {
        let last = "SELECT last FROM tx WHERE id = ?";
        let mut last = self.0.prepare_cached(last)?;
        let last = last.query_row([blob(tx)], |row| row.get(0));
        Ok(last.optional()?.map(|seq: i64| Seq(seq.cast_unsigned())))
    }

    /// What names a transaction, if that is known here.
    pub(super) fn names(&self, tx: TxId) -> Result<Option<TransactionNames>> {
        let names = "SELECT merchant, terminal, batch, stan, twin, amount, card_hash, card FROM tx \
                     WHERE id = ? AND terminal IS NOT NULL";
        let mut names = self.0.prepare_cached(names)?;
        let names = names.query_row([blob(tx)], |row| {
            Ok(TransactionNames {
                tx,
                merchant: row.get(0)?,
                terminal: row.get(1)?,
                batch: row.get(2)?,
                stan: row.get(3)?,
                twin: row.get::<_, Option<[u8; 16]>>(4)?.map(id),
                amount: row.get(5)?,
                card_hash: row.get(6)?,
                card: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
            })
        });
        names.optional()
    }

    /// Transactions of the same names, and other attempts of the same purchase: of each the nearest
    /// before and behind, since a test card may have bought the same thing ten thousand times.
    pub(super) fn related(&self, names: &TransactionNames) -> Result<Vec<TxId>> {
        let mut same = self.0.prepare_cached(&RELATED)?;
        let began = names.began();
        let (from, until) = (began - PURCHASE, began + PURCHASE);
        let TransactionNames {
            terminal,
            stan,
            merchant,
            batch,
            tx,
            amount,
            card_hash,
            card,
            ..
        } = names;
        let (tx, card_hash) = (blob(*tx), card_hash.map(|hash| hash.to_vec()));
        let found = same.query_map(
            params![
                terminal, stan, merchant, batch, tx, amount, from, until, card_hash, began, card
            ],
            |row| row.get(0).map(id),
        )?;
        found.collect()
    }

    /// Transactions that may be what is asked for.
    pub(super) fn find(&self, query: &Query) -> Result<Vec<TxId>> {
        let (condition, values) = condition(query);
        let mut find = self
            .0
            .prepare(&format!("SELECT id FROM tx WHERE {condition}"))?;
        let found = find.query_map(params_from_iter(values), |row| row.get(0).map(id))?;
        found.collect()
    }
}

/// How far apart attempts of one purchase may begin, in microseconds: some minutes each, of a few.
const PURCHASE: i64 = 900_000_000;

/// How many of the same names, and how many other attempts of a purchase, are looked at on either
/// side; at least as many as verdicts link.
const NEAREST: usize = 16;

/// What [`IndexTable::related`] asks.
static RELATED: LazyLock<String> = LazyLock::new(|| {
    let named = "terminal = ?1 AND stan = ?2 AND merchant = ?3 AND batch = ?4";
    // The hash of a card changes when the keys are lost; its mask stays.
    let card = "(card_hash = ?9 OR card <> '' AND card = ?11)";
    let merchant = "(merchant = ?3 OR merchant = '' OR ?3 = '')";
    let bought = format!("amount = ?6 AND {card} AND {merchant}");
    let nearest = [
        format!("{named} AND id < ?5 ORDER BY id DESC"),
        format!("{named} AND id > ?5 ORDER BY id"),
        format!("{bought} AND began BETWEEN ?7 AND ?10 ORDER BY began DESC"),
        format!("{bought} AND began BETWEEN ?10 AND ?8 ORDER BY began"),
    ];
    let nearest = nearest
        .map(|which| format!("SELECT * FROM (SELECT id FROM tx WHERE {which} LIMIT {NEAREST})"));
    format!(
        "{} UNION SELECT id FROM tx WHERE twin = ?5",
        nearest.join(" UNION ")
    )
});

/// What names a transaction.
#[derive(Clone, Debug)]
pub(in crate::io::journal) struct TransactionNames {
    pub(super) tx: TxId,
    pub(super) merchant: String,
    terminal: String,
    batch: String,
    stan: i64,
    pub(super) amount: i64,
    pub(super) card_hash: Option<[u8; 16]>,
    /// As people see it.
    pub(super) card: String,
    /// An earlier attempt of the same purchase.
    pub(super) twin: Option<TxId>,
}

impl TransactionNames {
    /// Those with which a transaction began.
    pub(in crate::io::journal) fn of(tx: TxId, opened: &Opened) -> Self {
        Self {
            tx,
            merchant: opened.merchant.as_str().to_owned(),
            terminal: opened.terminal.as_str().to_owned(),
            batch: opened.batch.as_str().to_owned(),
            stan: int(opened.stan.0),
            amount: int(opened.amount.0),
            card_hash: Some(opened.card_hash).filter(|hash| *hash != [0; 16]),
            card: opened.card.as_str().to_owned(),
            twin: opened.twin,
        }
    }

    /// When it began, in microseconds; its id begins with milliseconds.
    fn began(&self) -> i64 {
        i64::try_from((self.tx.0 >> 80) * 1000).unwrap_or(0)
    }

    /// The names by which its terminal knows it.
    pub(super) fn numbered(&self) -> (String, String, i64, String) {
        let (merchant, terminal) = (self.merchant.clone(), self.terminal.clone());
        (merchant, terminal, self.stan, self.batch.clone())
    }
}

fn id(bytes: [u8; 16]) -> TxId {
    TxId(u128::from_be_bytes(bytes))
}

fn position(row: &rusqlite::Row<'_>) -> Result<RecordPosition> {
    let (segment, offset): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok(RecordPosition {
        segment: SegmentNo(segment.cast_unsigned()),
        offset: offset.cast_unsigned(),
    })
}

const fn int(number: u64) -> i64 {
    number.cast_signed()
}

fn blob(tx: TxId) -> Value {
    Value::Blob(tx.0.to_be_bytes().to_vec())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn state(state: State) -> i64 {
    let place = State::ALL.iter().position(|known| *known == state);
    place.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)
}

fn values(tx: TxId, row: &IndexRow) -> [Value; 16] {
    let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
    let names = row.names.as_ref();
    let hash = names
        .map(|names| names.card_hash)
        .filter(|hash| *hash != [0; 16]);
    [
        blob(tx),
        or_null(names.map(|names| text(&names.terminal))),
        or_null(names.map(|names| text(&names.merchant))),
        or_null(names.map(|names| Value::Integer(int(names.stan.0)))),
        or_null(names.map(|names| text(&names.batch))),
        or_null(row.rrn.map(|rrn| text(&rrn))),
        or_null(row.auth.map(|auth| text(&auth))),
        or_null(names.map(|names| Value::Integer(int(names.amount.0)))),
        or_null(names.map(|names| text(&names.currency))),
        or_null(names.map(|names| text(&names.card))),
        or_null(hash.map(|hash| Value::Blob(hash.to_vec()))),
        or_null(row.began.map(|began| Value::Integer(began.0))),
        Value::Integer(state(row.state)),
        Value::Integer(int(row.last.0)),
        or_null(names.and_then(|names| names.twin).map(blob)),
        Value::Integer(row.doubtful.into()),
    ]
}

/// Conditions on one row. A transaction that goes on in the next file has its names here and its
/// RRN there, so that names are only joined with one another.
fn condition(query: &Query) -> (String, Vec<Value>) {
    if let Some(tx) = query.tx {
        return ("id = ?".to_owned(), vec![blob(tx)]);
    }
    if let Some(rrn) = query.rrn {
        return ("rrn = ?".to_owned(), vec![text(&rrn)]);
    }
    if let Some(auth) = query.auth {
        return ("auth = ?".to_owned(), vec![text(&auth)]);
    }
    let ends_with = |last4: &str| text(&format!("%{last4}"));
    let names = [
        (
            "terminal = ?",
            query.terminal.map(|terminal| text(&terminal)),
        ),
        (
            "stan = ?",
            query.stan.map(|stan| Value::Integer(int(stan.0))),
        ),
        (
            "amount = ?",
            query.amount.map(|amount| Value::Integer(int(amount.0))),
        ),
        ("card LIKE ?", query.last4.map(|last4| ends_with(&last4))),
        ("began >= ?", query.from.map(|from| Value::Integer(from.0))),
        (
            "began < ?",
            query.until.map(|until| Value::Integer(until.0)),
        ),
    ];
    let asked = names
        .into_iter()
        .filter_map(|(condition, value)| Some((condition, value?)));
    let (conditions, values): (Vec<_>, Vec<_>) = asked.unzip();
    match query.which {
        _ if !conditions.is_empty() => (conditions.join(" AND "), values),
        Some(which) => (standing(which), values),
        None => ("true".to_owned(), values),
    }
}

/// In a state that is asked for. One that is live is carried by the newest checkpoint, too, but
/// only while the gateway still watches it; where it stands here is where this file saw it last.
fn standing(which: Which) -> String {
    let wanted: Vec<State> = State::ALL
        .into_iter()
        .filter(|state| which.admits(*state))
        .collect();
    let doubtful = if which.may_be_in_doubt() {
        " OR doubtful"
    } else {
        ""
    };
    let asked = format!("(state IN ({}){doubtful})", numbers(&wanted));
    // Only with its own words is the small index used.
    let exceptional = wanted.iter().all(|state| Which::Open.admits(*state));
    if exceptional {
        format!("{} AND {asked}", exceptional_states())
    } else {
        asked
    }
}

/// Where money may be in doubt: few rows of many.
fn exceptional_states() -> String {
    let usual: Vec<State> = State::ALL
        .into_iter()
        .filter(|state| !Which::Open.admits(*state))
        .collect();
    format!("(state NOT IN ({}) OR doubtful)", numbers(&usual))
}

fn indexes() -> String {
    let exceptional = exceptional_states();
    format!("{INDEXES} CREATE INDEX IF NOT EXISTS by_exception ON tx (state) WHERE {exceptional};")
}

fn numbers(states: &[State]) -> String {
    let numbers: Vec<String> = states
        .iter()
        .map(|known| state(*known).to_string())
        .collect();
    numbers.join(", ")
}
