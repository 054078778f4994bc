//! Whether the gateway is well: for people, for Prometheus, for whoever starts and stops it.

use crate::io::admin::Views;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// All that is counted, in the text format of Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(super) async fn metrics(State(views): State<Views>) -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4";
    ([(header::CONTENT_TYPE, kind)], views.exporter.render())
}

/// How the gateway is, in a word and in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthView {
    /// `ready`, `no link`, `draining`, `disk low` or `failed`.
    status: &'static str,
    links: LinkCount,
    in_flight: usize,
    durable: u64,
}

/// Connections of links.
#[derive(Debug, Serialize, ToSchema)]
struct LinkCount {
    up: usize,
    wanted: usize,
}

/// Whether requests are taken and can be passed on
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses(
        (status = 200, description = "They are", body = HealthView),
        (status = 503, description = "They are not; the document says why", body = HealthView),
    ),
)]
pub(super) async fn health(State(views): State<Views>) -> (StatusCode, Json<HealthView>) {
    let health = views.status.health();
    let status = match () {
        () if health.failed => "failed",
        () if health.disk_low => "disk low",
        () if health.draining => "draining",
        () if health.links_up == 0 => "no link",
        () => "ready",
    };
    let document = HealthView {
        status,
        links: LinkCount {
            up: health.links_up,
            wanted: health.links,
        },
        in_flight: health.in_flight,
        durable: health.durable,
    };
    (code(health.ready()), Json(document))
}

const fn code(well: bool) -> StatusCode {
    match well {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Whether the process is alive and its journal can be written: if not, start it anew
#[utoipa::path(
    get, path = "/healthz", tag = "health",
    responses(
        (status = 200, description = "It is", body = String, content_type = "text/plain"),
        (status = 503, description = "It is not", body = String, content_type = "text/plain"),
    ),
)]
pub(super) async fn alive(State(views): State<Views>) -> (StatusCode, &'static str) {
    match views.status.health().failed {
        false => (StatusCode::OK, "alive\n"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "the journal failed\n"),
    }
}

/// Whether requests are taken and can be passed on: if not, send none
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (status = 200, description = "They are", body = String, content_type = "text/plain"),
        (status = 503, description = "They are not", body = String, content_type = "text/plain"),
    ),
)]
pub(super) async fn ready(State(views): State<Views>) -> (StatusCode, &'static str) {
    match views.status.health().ready() {
        true => (StatusCode::OK, "ready\n"),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: /health says why\n",
        ),
    }
}
