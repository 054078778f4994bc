//! What is served.

use super::Views;
use crate::io::serve::Guest;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

pub(super) fn routes(views: Views) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/terminals", get(terminals))
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
    let row = |guest: &Guest| {
        json!({
            "terminal": &*guest.terminal,
            "merchant": &*guest.merchant,
            "listener": guest.listener.0,
            "first": guest.first.rfc3339(),
            "last": guest.last.rfc3339(),
            "messages": guest.messages,
        })
    };
    let guests = views.status.roster().all();
    let rows: Vec<_> = guests.iter().map(row).collect();
    Json(json!({ "count": rows.len(), "terminals": rows }))
}
