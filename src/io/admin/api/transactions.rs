//! Transactions: found, told, and their messages.

use super::body::Parameters;
use super::problem::ApiProblem;
use super::query::ask;
use super::sheet::MessageDetail;
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::record::{Fact, Hop, Record, Seq, State as TransactionState, TxId};
use crate::engine::seam::Zone;
use crate::engine::trace::{
    self, Filter, FilterError, FilterTime, Query, QueryError, Story, Unconfirmed, Verdict, View,
    Which,
};
use crate::io::admin::Views;
use crate::io::journal::JournalReader;
use crate::io::look::{self, FoundStories, MessageSheet, StorySearch, ToldStory};
use crate::io::serve::{Clock, GatewaySetup};
use crate::iso::message::Text;
use crate::iso::spec::Spec;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use utoipa::{IntoParams, ToSchema};

/// Transactions of a page, unless it is said how many, and at most.
const PAGE: (usize, usize) = (50, 500);

/// How long is looked for a page. What was found until then is told, and where to go on.
const LOOKED_FOR: Duration = Duration::from_millis(1500);

/// When a question is given up that is asked now.
pub(super) fn deadline() -> Instant {
    Instant::now() + LOOKED_FOR
}

/// Which transactions are wanted; what is not given fits all.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TransactionFilter {
    /// A filter, such as `~open & ~mti 02xx`; a word without `~` is an id, an RRN, TERMINAL/STAN,
    /// an authorization code, a STAN or a terminal, `open`, a class (U1 to U9) or a state.
    q: Option<String>,
    /// DE 41.
    terminal: Option<String>,
    /// DE 11.
    stan: Option<String>,
    /// DE 37.
    rrn: Option<String>,
    /// DE 38.
    auth: Option<String>,
    /// `888.00`, or minor units.
    amount: Option<String>,
    /// Began at this time or later.
    from: Option<String>,
    /// Began before this time.
    to: Option<String>,
    /// The card's last four digits.
    last4: Option<String>,
    /// `open`, a class or a state.
    state: Option<String>,
    /// So many at most.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Transactions, and where the next page begins.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TransactionPage {
    items: Vec<View>,
    /// The cursor of the next page, if there is one.
    next: Option<String>,
    /// Whether the journal is damaged, so that some may be missing.
    damaged: bool,
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

impl From<QueryError> for ApiProblem {
    fn from(error: QueryError) -> Self {
        Self::bad(error)
    }
}

impl From<FilterError> for ApiProblem {
    fn from(error: FilterError) -> Self {
        let (from, to) = (error.at.start, error.at.end);
        Self::bad(&error.what.en).hint(format!(
            "bytes {from} to {to} of `{}`; `isogate trace --words` prints the words of a filter",
            error.text
        ))
    }
}

impl TransactionFilter {
    /// What is asked for: by the filter, and by the parameters beside it.
    fn queries(&self, zone: &Zone) -> Result<Vec<Vec<Query>>, ApiProblem> {
        let told = self.told(zone)?;
        let Some(text) = filled(&self.q) else {
            return Ok(vec![vec![told]]);
        };
        let now = Clock::new().now().wall;
        let filter = Filter::parse(text, FilterTime { now, zone })?;
        let narrowed = |guess: Query| Query {
            tx: guess.tx,
            terminal: told.terminal.or(guess.terminal),
            stan: told.stan.or(guess.stan),
            other_stan: guess.other_stan,
            rrn: told.rrn.or(guess.rrn),
            auth: told.auth.or(guess.auth),
            amount: told.amount.or(guess.amount),
            from: told.from.or(guess.from),
            until: told.until.or(guess.until),
            last4: told.last4.or(guess.last4),
            which: told.which.or(guess.which),
            also: guess.also,
        };
        let all = filter.alternatives().into_iter();
        Ok(all
            .map(|together| together.into_iter().map(narrowed))
            .map(|together| match told.stan {
                Some(_) => together.flat_map(Query::by_any_stan).collect(),
                None => together.collect(),
            })
            .collect())
    }

    fn told(&self, zone: &Zone) -> Result<Query, ApiProblem> {
        fn text<const N: usize>(
            text: &Option<String>,
            what: &str,
        ) -> Result<Option<Text<N>>, ApiProblem> {
            let wrong = |text| ApiProblem::bad(format!("`{text}` is too long for {what}"));
            let read = |text| Text::new(text).ok_or_else(|| wrong(text));
            filled(text).map(read).transpose()
        }
        let read = |text| filled(text);
        Ok(Query {
            tx: None,
            terminal: read(&self.terminal).map(trace::terminal_id).transpose()?,
            stan: read(&self.stan).map(trace::stan).transpose()?,
            other_stan: None,
            rrn: text(&self.rrn, "an RRN")?,
            auth: text(&self.auth, "an authorization code")?,
            amount: read(&self.amount).map(trace::amount).transpose()?,
            from: read(&self.from)
                .map(|text| trace::time(text, zone))
                .transpose()?,
            until: read(&self.to)
                .map(|text| trace::end(text, zone))
                .transpose()?,
            last4: read(&self.last4).map(trace::last4).transpose()?,
            which: read(&self.state).map(str::parse).transpose()?,
            also: None,
        })
    }
}

/// So many, if so many may be wanted, behind a page, and found in a bounded time.
fn within(limit: usize, cursor: Option<&str>) -> Result<StorySearch, ApiProblem> {
    if !(1..=PAGE.1).contains(&limit) {
        let wrong = ApiProblem::bad(format!("limit is 1 to {}", PAGE.1));
        return Err(wrong.hint("`next` of a page is the cursor of the next one"));
    }
    let cursor = cursor.map(str::trim).filter(|cursor| !cursor.is_empty());
    Ok(StorySearch {
        limit: Some(limit),
        before: cursor.map(transaction).transpose()?,
        deadline: Some(deadline()),
        ..StorySearch::default()
    })
}

/// The id of a transaction.
pub(super) fn transaction(text: &str) -> Result<TxId, ApiProblem> {
    text.parse().map_err(|_wrong| {
        ApiProblem::missing(format!("`{text}` is no transaction"))
            .hint("give its id, 26 characters; /api/transactions?q=KEY finds it by another key")
    })
}

/// Transactions, the newest first
#[utoipa::path(
    get, path = "/api/transactions", tag = "transactions", params(TransactionFilter),
    responses(
        (status = 200, body = TransactionPage),
        (status = 400, description = "The filter cannot be understood", body = ApiProblem),
        (status = 404, description = "The cursor is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn list(
    State(views): State<Views>,
    Parameters(filter): Parameters<TransactionFilter>,
) -> Result<Json<TransactionPage>, ApiProblem> {
    let zone = views.setup.zone.clone();
    let queries = filter.queries(&zone)?;
    let search = within(filter.limit.unwrap_or(PAGE.0), filter.cursor.as_deref())?;
    let page = ask(&views, move |reader| {
        let nothing = Evidence::default();
        let index = EvidenceIndex::of(&nothing);
        let page = look::search_asked(reader, &queries, search, &index)?;
        Ok(TransactionPage::of(&page, (true, &zone)))
    });
    page.await.map(Json)
}

impl TransactionPage {
    /// A page of what was found, and where the next one begins.
    fn of(found: &FoundStories, (newest_first, zone): (bool, &Zone)) -> Self {
        let item =
            |(story, verdict): &(Story, Verdict)| View::of(story, verdict, zone).without_messages();
        let mut items: Vec<View> = found.all.iter().map(item).collect();
        if newest_first {
            items.reverse();
        }
        let oldest = found.all.first().map(|(story, _)| story.tx);
        let next = found.gave_up_at.or_else(|| oldest.filter(|_| found.more));
        Self {
            items,
            next: next.map(|tx| tx.to_string()),
            damaged: found.damaged,
        }
    }
}

/// What some queries find together.
fn found(
    reader: &JournalReader,
    queries: &[Query],
    search: StorySearch,
) -> Result<FoundStories, ApiProblem> {
    let nothing = Evidence::default();
    let index = EvidenceIndex::of(&nothing);
    Ok(look::search_together(reader, queries, search, &index)?)
}

/// Whatever stands so.
fn standing(which: Which) -> Query {
    Query {
        which: Some(which),
        ..Query::default()
    }
}

/// Transactions that stand in one of some states, the newest first.
pub(super) fn page_in_states(
    reader: &JournalReader,
    states: &[TransactionState],
    zone: &Zone,
) -> Result<TransactionPage, ApiProblem> {
    let queries = states.iter().map(|state| standing(Which::State(*state)));
    let queries: Vec<Query> = queries.collect();
    let found = found(reader, &queries, within(PAGE.1, None)?)?;
    Ok(TransactionPage::of(&found, (true, zone)))
}

/// Whether those that only wait for settlement and pay-out (U4) are wanted, too.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OpenFilter {
    /// Those that only wait for settlement and pay-out (U4), too.
    unsettled: bool,
    /// So many at most, the newest; 500 unless it is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// The unconfirmed authorizations, oldest first; of many the newest page, the next one is older
#[utoipa::path(
    get, path = "/api/open", tag = "transactions", params(OpenFilter),
    responses(
        (status = 200, body = TransactionPage),
        (status = 404, description = "The cursor is none", body = ApiProblem),
        (status = 400, description = "The filter cannot be understood", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn open(
    State(views): State<Views>,
    Parameters(filter): Parameters<OpenFilter>,
) -> Result<Json<TransactionPage>, ApiProblem> {
    let zone = views.setup.zone.clone();
    let search = within(filter.limit.unwrap_or(PAGE.1), filter.cursor.as_deref())?;
    let mut queries = vec![standing(Which::Open)];
    if filter.unsettled {
        queries.push(standing(Which::Class(Unconfirmed::NotSettled)));
    }
    let page = ask(&views, move |reader| {
        let found = found(reader, &queries, search)?;
        Ok(TransactionPage::of(&found, (false, &zone)))
    });
    page.await.map(Json)
}

/// A transaction with its verdict and its records, or that there is none.
pub(super) fn told(reader: &JournalReader, tx: TxId) -> Result<ToldStory, ApiProblem> {
    look::one(reader, tx)?.ok_or_else(|| {
        ApiProblem::missing(format!("no transaction {tx} is in this journal"))
            .hint("it may be older than what is kept; /api/transactions?q=KEY finds by other keys")
    })
}

/// One transaction: what happened, where the money is, what is safe to do next
#[utoipa::path(
    get, path = "/api/transactions/{tx}", tag = "transactions",
    params(("tx" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = View),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn one(
    State(views): State<Views>,
    Path(tx): Path<String>,
) -> Result<Json<View>, ApiProblem> {
    let tx = transaction(&tx)?;
    let zone = views.setup.zone.clone();
    let view = ask(&views, move |reader| {
        let told = told(reader, tx)?;
        Ok(View::of(&told.story, &told.verdict, &zone))
    });
    view.await.map(Json)
}

/// One message of a transaction, field by field; the first one has number 0
#[utoipa::path(
    get, path = "/api/transactions/{tx}/messages/{index}", tag = "transactions",
    params(
        ("tx" = String, Path, description = "Its id"),
        ("index" = usize, Path, description = "The message's place in `messages`, from 0"),
    ),
    responses(
        (status = 200, body = MessageDetail),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn message(
    State(views): State<Views>,
    Path((tx, index)): Path<(String, String)>,
) -> Result<Json<MessageDetail>, ApiProblem> {
    let tx = transaction(&tx)?;
    let named = index.clone();
    let missing = move || ApiProblem::missing(format!("{tx} has no message {named}"));
    let setup = Arc::clone(&views.setup);
    let detail = ask(&views, move |reader| {
        let ToldStory { story, records, .. } = told(reader, tx)?;
        let mut legs = story.moments.iter().filter(|moment| moment.leg.is_some());
        let moment = index_of(&missing, &index).and_then(|at| legs.nth(at).ok_or_else(&missing))?;
        let leg = moment.leg.ok_or_else(&missing)?;
        detail(&records, moment.seq, leg.hop, (&story, &setup)).ok_or_else(|| {
            ApiProblem::missing("the bytes of this message were not kept")
                .hint("what could not be read at all is kept as a length and a hash")
        })
    });
    detail.await.map(Json)
}

fn index_of(missing: &dyn Fn() -> ApiProblem, text: &str) -> Result<usize, ApiProblem> {
    text.parse().map_err(|_wrong| missing())
}

/// The message of a record, in the dialect of the side on which it was seen.
fn detail(
    records: &[Record],
    seq: Seq,
    hop: Hop,
    (story, setup): (&Story, &GatewaySetup),
) -> Option<MessageDetail> {
    let record = records.iter().find(|record| record.seq == seq)?;
    let Fact::Step(step) = &record.fact else {
        return None;
    };
    let message = step.message.as_ref()?;
    let frame = &message.frame;
    if frame.frame.is_empty() {
        return None;
    }
    let opened = story.opened.as_ref()?;
    let upstream = matches!(hop, Hop::GatewayToAcquirer | Hop::AcquirerToGateway);
    // What goes on unchanged is in the terminal's dialect on both sides.
    let translated = upstream && message.relayed.is_none();
    let link = setup.links.get(usize::from(opened.link.0));
    let link = link
        .filter(|_| translated)
        .map(|link| Arc::clone(&link.spec));
    let spec = link.or_else(|| dialect(setup, &opened.spec))?;
    let sheet = MessageSheet::of_frame(&spec, frame.frame.clone(), false);
    Some(MessageDetail::of(&sheet, &frame.hidden))
}

/// A dialect by its name: one that is spoken here, else a built-in one.
pub(super) fn dialect(setup: &GatewaySetup, name: &str) -> Option<Arc<Spec>> {
    let listeners = setup.listeners.iter().map(|listener| &listener.spec);
    let mut spoken = listeners.chain(setup.links.iter().map(|link| &link.spec));
    let spoken = spoken.find(|spec| spec.name() == name).map(Arc::clone);
    spoken.or_else(|| Spec::builtin(name))
}
