//! What operators decide: of transactions, terminals, links, and of the gateway as a whole. Each
//! stands in the journal with who and why.

use super::body::Body;
use super::problem::ApiProblem;
use super::query::ask;
use super::transactions::{TransactionPage, page_in_states, told, transaction};
use crate::engine::gateway::{Act, Trigger, Wish, decide};
use crate::engine::record::{
    ConnId, LinkId, OperatorAct, OperatorDid, State as TransactionState, TxId,
};
use crate::io::admin::Views;
use crate::io::admin::access::ApiCaller;
use crate::io::look::ToldStory;
use crate::io::serve::{GatewayDeed, HeardTerminal};
use crate::iso::message::Text;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Who wants something, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::io::admin) struct OperatorNote {
    /// Who; with a token that has a name, that name if nothing is said.
    #[serde(default)]
    #[schema(max_length = 100)]
    who: String,
    /// Why, or what was found.
    #[schema(min_length = 1, max_length = 200)]
    why: String,
}

/// Who wants something, and why if that is worth a word.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ActNote {
    /// Who; with a token that has a name, that name if nothing is said.
    #[schema(max_length = 100)]
    who: String,
    /// Why.
    #[schema(max_length = 200)]
    why: String,
}

/// What became of a transaction.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::io::admin) struct WishAnswer {
    tx: String,
    /// The state before.
    was: &'static str,
    /// The state now.
    is: &'static str,
}

/// That it was done.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct Done {
    done: bool,
}

const DONE: Json<Done> = Json(Done { done: true });

/// An operator decides about a transaction: 200 when it is done, 404 for one that is not in memory,
/// 409 when its state does not allow it or its keys are not known.
async fn decide_about(
    views: &Views,
    caller: &ApiCaller,
    (tx, act): (&str, Act),
    note: &OperatorNote,
) -> Result<Json<WishAnswer>, ApiProblem> {
    let tx = transaction(tx)?;
    let (who, why) = (note.who.trim(), note.why.trim());
    if why.is_empty() || (who.is_empty() && caller.name.is_none()) {
        return Err(ApiProblem::bad("wants who and why, both of them"));
    }
    let said = Text::clipped(&format!("{}: {why}", caller.called(who)));
    let closed = TransactionState::ClosedByOperator;
    for _ in 0..LOOKS {
        let seen = Some(allowed(views, tx, act).await?);
        let wish = Wish {
            tx,
            act,
            said,
            seen,
        };
        match views.desk.operate(wish).await? {
            None => return Err(not_in_memory()),
            // It went on meanwhile, or the journal is not told of it yet.
            Some((was, _)) if Some(was) != seen => tokio::time::sleep(BETWEEN_LOOKS).await,
            Some((was, is)) if was == is || (act == Act::Close && is != closed) => {
                return Err(conflict(format!(
                    "{is} stays: it cannot be done in this state, or without its keys"
                )));
            }
            Some((was, is)) => {
                return Ok(Json(WishAnswer {
                    tx: tx.to_string(),
                    was: was.name(),
                    is: is.name(),
                }));
            }
        }
    }
    Err(
        conflict("the transaction goes on while it is decided about".to_owned())
            .hint("look at it again"),
    )
}

fn not_in_memory() -> ApiProblem {
    ApiProblem::missing("the gateway does not hold this transaction in memory any more")
}

fn conflict(error: String) -> ApiProblem {
    ApiProblem::new(StatusCode::CONFLICT, error)
}

/// How often it is looked at a transaction that goes on, and how long is waited between.
const LOOKS: u32 = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// The state in which a transaction is seen in the journal, if the act makes sense there: there is
/// something to close, and what was closed is reversed only if it could have been before.
async fn allowed(views: &Views, tx: TxId, act: Act) -> Result<TransactionState, ApiProblem> {
    let told = ask(views, move |reader| told(reader, tx)).await;
    let ToldStory { story, verdict, .. } = told.map_err(ApiProblem::or_missing)?;
    if act == Act::Close && verdict.class.is_none() {
        let what = format!("nothing is open about it: {}", verdict.verdict.en);
        return Err(conflict(what));
    }
    let closed = TransactionState::ClosedByOperator;
    if act == Act::Reverse && story.state == closed {
        let mut before = story.moments.iter().rev().map(|moment| moment.state);
        let before = before.find(|state| *state != closed);
        let reversible = |state| decide(state, Trigger::Operator).next != state;
        if !before.is_some_and(reversible) {
            let before = before.map_or("an unknown state", TransactionState::name);
            let what = format!("it was closed from {before}, where there is nothing to reverse");
            return Err(conflict(what));
        }
    }
    Ok(story.state)
}

macro_rules! decisions {
    ($($(#[doc = $doc:literal])* $name:ident: $act:expr, $path:literal;)*) => {$(
        $(#[doc = $doc])*
        #[utoipa::path(
            post, path = $path, tag = "operators",
            params(("tx" = String, Path, description = "Its id")),
            request_body = OperatorNote,
            responses(
                (status = 200, description = "It is done, and recorded", body = WishAnswer),
                (status = 400, description = "Who or why is missing", body = ApiProblem),
                (status = 404, description = "It is not in memory", body = ApiProblem),
                (status = 409, description = "Its state does not allow it", body = ApiProblem),
                (status = 503, description = "The gateway serves no more, or its journal is full",
                 body = ApiProblem),
            ),
        )]
        pub(super) async fn $name(
            State(views): State<Views>,
            Extension(caller): Extension<ApiCaller>,
            Path(tx): Path<String>,
            Body(note): Body<OperatorNote>,
        ) -> Result<Json<WishAnswer>, ApiProblem> {
            decide_about(&views, &caller, (&tx, $act), &note).await
        }
    )*};
}

decisions! {
    /// Reverse a transaction
    reverse: Act::Reverse, "/api/transactions/{tx}/reverse";
    /// Put a pending reversal on the list of exceptions
    park: Act::Park, "/api/transactions/{tx}/park";
    /// Close a transaction: it was found out elsewhere where the money is
    close: Act::Close, "/api/transactions/{tx}/close";
}

/// The same under its first path: `reverse`, `park` or `close`
#[utoipa::path(
    post, path = "/transactions/{tx}/{act}", tag = "operators",
    params(
        ("tx" = String, Path, description = "Its id"),
        ("act" = String, Path, description = "reverse, park or close"),
    ),
    request_body = OperatorNote,
    responses(
        (status = 200, description = "It is done, and recorded", body = WishAnswer),
        (status = 400, description = "Who or why is missing", body = ApiProblem),
        (status = 404, description = "It is not in memory, or there is no such act",
         body = ApiProblem),
        (status = 409, description = "Its state does not allow it", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn decide_at_first_path(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Path((tx, act)): Path<(String, String)>,
    Body(note): Body<OperatorNote>,
) -> Result<Json<WishAnswer>, ApiProblem> {
    let known = Act::ALL.into_iter().find(|own| own.name() == act);
    let act = known.ok_or_else(|| {
        ApiProblem::missing(
            "wants /transactions/ID/reverse, /park or /close, ID being 26 characters",
        )
    })?;
    decide_about(&views, &caller, (&tx, act), &note).await
}

/// Reversals due or on the wire, the newest transaction first
#[utoipa::path(
    get, path = "/api/reversals", tag = "operators",
    responses(
        (status = 200, body = TransactionPage),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn reversals(
    State(views): State<Views>,
) -> Result<Json<TransactionPage>, ApiProblem> {
    let zone = views.setup.zone.clone();
    let states = [
        TransactionState::ReversalPending,
        TransactionState::ReversalSent,
    ];
    let page = ask(&views, move |reader| page_in_states(reader, &states, &zone));
    page.await.map(Json)
}

/// Terminals, in the order they came first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TerminalPage {
    items: Vec<TerminalView>,
    next: Option<String>,
}

/// A terminal that has come in since the start.
#[derive(Debug, Serialize, ToSchema)]
struct TerminalView {
    terminal: String,
    merchant: String,
    /// The number of the listener where it came in last.
    listener: u16,
    first: String,
    last: String,
    messages: u64,
    /// Its connection, if it has one now.
    conn: Option<String>,
}

/// Terminals that have come in since the start, the first 1000 of them
#[utoipa::path(
    get, path = "/api/terminals", tag = "operators",
    responses((status = 200, body = TerminalPage)),
)]
pub(super) async fn terminals(State(views): State<Views>) -> Json<TerminalPage> {
    const MOST: usize = 1000;
    let all = views.status.roster().all();
    Json(TerminalPage {
        items: all
            .iter()
            .take(MOST)
            .map(|heard| terminal(&views, heard))
            .collect(),
        next: None,
    })
}

/// The same as it was told first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TerminalCount {
    count: usize,
    terminals: Vec<TerminalView>,
}

/// Terminals that have come in since the start, all of them, under their first path
#[utoipa::path(
    get, path = "/terminals", tag = "operators",
    responses((status = 200, body = TerminalCount)),
)]
pub(super) async fn terminals_at_first_path(State(views): State<Views>) -> Json<TerminalCount> {
    let all = views.status.roster().all();
    let terminals: Vec<_> = all.iter().map(|heard| terminal(&views, heard)).collect();
    let count = terminals.len();
    Json(TerminalCount { count, terminals })
}

fn terminal(views: &Views, heard: &HeardTerminal) -> TerminalView {
    let setup = &views.setup;
    TerminalView {
        terminal: heard.terminal.to_string(),
        merchant: heard.merchant.to_string(),
        listener: heard.listener.0,
        first: heard.first.rfc3339(&setup.zone),
        last: heard.last.rfc3339(&setup.zone),
        messages: heard.messages,
        conn: heard.conn.map(|conn| conn.to_string()),
    }
}

/// Has something done, or records it; told what it is done to.
pub(super) async fn act(
    views: &Views,
    caller: &ApiCaller,
    did: OperatorDid,
    (what, note): (&str, (&str, &str)),
    deed: GatewayDeed,
) -> Result<bool, ApiProblem> {
    let (who, why) = note;
    let what = match why.trim() {
        "" => what.to_owned(),
        why => format!("{what}: {why}"),
    };
    let act = OperatorAct {
        who: Text::clipped(&caller.called(who)),
        did,
        what: Text::clipped(&what),
    };
    Ok(views.desk.have_done(act, deed).await?)
}

/// Close a connection of a terminal; it may come again
#[utoipa::path(
    post, path = "/api/terminals/{conn}/close", tag = "operators",
    params(("conn" = String, Path, description = "Its connection, as /api/terminals names it")),
    request_body = ActNote,
    responses(
        (status = 200, description = "It is closed, and that is recorded", body = Done),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn close_terminal(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Path(conn): Path<String>,
    Body(note): Body<ActNote>,
) -> Result<Json<Done>, ApiProblem> {
    let missing = || ApiProblem::missing(format!("no terminal is connected as `{conn}`"));
    let number = conn
        .strip_prefix('c')
        .and_then(|number| number.parse().ok());
    let deed = GatewayDeed::CloseTerminal(ConnId(number.ok_or_else(missing)?));
    let what = (conn.as_str(), (note.who.as_str(), note.why.as_str()));
    match act(&views, &caller, OperatorDid::CloseTerminal, what, deed).await? {
        true => Ok(DONE),
        false => Err(missing()),
    }
}

macro_rules! of_links {
    ($($(#[doc = $doc:literal])* $name:ident: $did:expr, $deed:path, $path:literal;)*) => {$(
        $(#[doc = $doc])*
        #[utoipa::path(
            post, path = $path, tag = "operators",
            params(("name" = String, Path, description = "The link's name")),
            request_body = ActNote,
            responses(
                (status = 200, description = "It is done, and recorded", body = Done),
                (status = 400, description = "The body cannot be understood", body = ApiProblem),
                (status = 404, description = "There is no such link", body = ApiProblem),
                (status = 409, description = "It is as it was: no connection is up",
                 body = ApiProblem),
                (status = 503, description = "The gateway serves no more, or its journal is full",
                 body = ApiProblem),
            ),
        )]
        pub(super) async fn $name(
            State(views): State<Views>,
            Extension(caller): Extension<ApiCaller>,
            Path(name): Path<String>,
            Body(note): Body<ActNote>,
        ) -> Result<Json<Done>, ApiProblem> {
            let deed = $deed(link(&views, &name)?);
            let what = (name.as_str(), (note.who.as_str(), note.why.as_str()));
            match act(&views, &caller, $did, what, deed).await? {
                true => Ok(DONE),
                false => Err(ApiProblem::new(
                    StatusCode::CONFLICT,
                    "no connection of this link is up",
                )),
            }
        }
    )*};
}

of_links! {
    /// Close the connections of a link; they are made again
    close_link: OperatorDid::CloseLink, GatewayDeed::CloseLink, "/api/links/{name}/close";
    /// Let no new request go over a link; what is under way is finished
    drain_link: OperatorDid::DrainLink, GatewayDeed::DrainLink, "/api/links/{name}/drain";
    /// Let requests go over a link again
    resume_link: OperatorDid::ResumeLink, GatewayDeed::ResumeLink, "/api/links/{name}/resume";
}

fn link(views: &Views, name: &str) -> Result<LinkId, ApiProblem> {
    let names = views.setup.links.iter().map(|link| link.name);
    let at = names.clone().position(|own| &*own == name);
    let id = at.and_then(|at| u16::try_from(at).ok()).map(LinkId);
    id.ok_or_else(|| {
        let known: Vec<String> = names.map(|name| name.to_string()).collect();
        ApiProblem::missing(format!("there is no link `{name}`"))
            .hint(format!("there are {}", known.join(", ")))
    })
}

/// Take no new requests, finish what is under way, and end
#[utoipa::path(
    post, path = "/api/drain", tag = "operators", request_body = ActNote,
    responses(
        (status = 200, description = "It drains, and that is recorded", body = Done),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn drain(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Body(note): Body<ActNote>,
) -> Result<Json<Done>, ApiProblem> {
    let what = ("the gateway", (note.who.as_str(), note.why.as_str()));
    act(
        &views,
        &caller,
        OperatorDid::Drain,
        what,
        GatewayDeed::Drain,
    )
    .await?;
    Ok(DONE)
}

/// Read the configuration anew; what may change of it changes, and no connection ends by it
#[utoipa::path(
    post, path = "/api/reload", tag = "operators", request_body = ActNote,
    responses(
        (status = 200, description = "It is in effect, and that is recorded", body = Done),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 409, description = "It is wrong, or there is none; nothing changed",
         body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn reload(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Body(note): Body<ActNote>,
) -> Result<Json<Done>, ApiProblem> {
    read_anew(&views, &caller, &note).await
}

/// The same under a path that is shorter
#[utoipa::path(
    post, path = "/reload", tag = "operators", request_body = ActNote,
    responses(
        (status = 200, description = "It is in effect, and that is recorded", body = Done),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 409, description = "It is wrong, or there is none; nothing changed",
         body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn reload_at_first_path(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Body(note): Body<ActNote>,
) -> Result<Json<Done>, ApiProblem> {
    read_anew(&views, &caller, &note).await
}

async fn read_anew(
    views: &Views,
    caller: &ApiCaller,
    note: &ActNote,
) -> Result<Json<Done>, ApiProblem> {
    let read = views.desk.reload().await;
    let read = read.ok_or_else(|| conflict("a lab has no configuration to read".to_owned()))?;
    read.map_err(conflict)?;
    let what = ("the configuration", (note.who.as_str(), note.why.as_str()));
    act(
        views,
        caller,
        OperatorDid::Reload,
        what,
        GatewayDeed::Record,
    )
    .await?;
    Ok(DONE)
}
