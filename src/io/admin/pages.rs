//! What is served.

use super::{Views, page};
use crate::engine::gateway::{Act, Wish};
use crate::engine::record::TxId;
use crate::io::serve::HeardTerminal;
use crate::iso::message::Text;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes(views: Views) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/terminals", get(terminals))
        .route("/transactions/{tx}/{act}", post(operate))
        .merge(page::routes())
        .with_state(views)
}

async fn metrics(State(views): State<Views>) -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4";
    ([(header::CONTENT_TYPE, kind)], views.exporter.render())
}

/// 200 when requests are taken and can be passed on, otherwise 503; the same document either way.
async fn health(State(views): State<Views>) -> impl IntoResponse {
    let health = views.status.health();
    let status = match () {
        () if health.failed => "failed",
        () if health.disk_low => "disk low",
        () if health.draining => "draining",
        () if health.links_up == 0 => "no link",
        () => "ready",
    };
    let code = if health.ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let document = json!({
        "status": status,
        "links": { "up": health.links_up, "wanted": health.links },
        "in_flight": health.in_flight,
        "durable": health.durable,
    });
    (code, Json(document))
}

/// The terminals that have come in since the start, in the order they came first.
async fn terminals(State(views): State<Views>) -> impl IntoResponse {
    let row = |heard: &HeardTerminal| {
        json!({
            "terminal": &*heard.terminal,
            "merchant": &*heard.merchant,
            "listener": heard.listener.0,
            "first": heard.first.rfc3339(&views.zone),
            "last": heard.last.rfc3339(&views.zone),
            "messages": heard.messages,
        })
    };
    let all = views.status.roster().all();
    let rows: Vec<_> = all.iter().map(row).collect();
    Json(json!({ "count": rows.len(), "terminals": rows }))
}

/// Who wants something, and why.
#[derive(Deserialize)]
struct OperatorNote {
    who: String,
    why: String,
}

/// 200 when it is done, 404 for a transaction that is not in memory, 409 when its state does not
/// allow it or its keys are not known; what is done is recorded with who and why.
async fn operate(
    State(views): State<Views>,
    Path((tx, act)): Path<(String, String)>,
    Json(said): Json<OperatorNote>,
) -> (StatusCode, Json<Value>) {
    let wrong = |code, what: &str| (code, Json(json!({ "error": what })));
    let act = Act::ALL.into_iter().find(|own| own.name() == act);
    let (Ok(tx), Some(act)) = (tx.parse::<TxId>(), act) else {
        let what = "wants /transactions/ID/reverse, /park or /close, ID being 26 characters";
        return wrong(StatusCode::NOT_FOUND, what);
    };
    let (who, why) = (said.who.trim(), said.why.trim());
    if who.is_empty() || why.is_empty() {
        return wrong(StatusCode::BAD_REQUEST, "wants who and why, both of them");
    }
    let said = Text::clipped(&format!("{who}: {why}"));
    match views.desk.operate(Wish { tx, act, said }).await {
        None => {
            let what = "the gateway does not hold this transaction in memory any more";
            wrong(StatusCode::NOT_FOUND, what)
        }
        Some((was, is)) if was == is => {
            let what = format!("{was} stays: it cannot be done in this state, or without its keys");
            wrong(StatusCode::CONFLICT, &what)
        }
        Some((was, is)) => {
            let document = json!({ "tx": tx.to_string(), "was": was.name(), "is": is.name() });
            (StatusCode::OK, Json(document))
        }
    }
}
