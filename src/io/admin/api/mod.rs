//! The HTTP API, under `/api`: typed requests, typed answers, and the document that describes them.
//!
//! Each route stands once, with its handler and its documentation, in [`routes`].

#![allow(
    unused_qualifications,
    reason = "what the macros of utoipa write is qualified"
)]

mod events;

mod problem;

mod query;

mod sheet;

mod state;

mod transactions;

pub(super) use events::Feed;
pub(super) use problem::ApiProblem;
pub(super) use query::{AT_ONCE, Turns};

use super::Views;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What stands at the head of the document.
#[derive(OpenApi)]
#[openapi(info(
    title = "isogate",
    description = "The control of a running gateway or lab: what goes on, where the money is, what \
                   is safe to do next, and what goes wrong on purpose."
))]
struct Head;

/// All routes, and the document of them.
pub(super) fn routes() -> (Router<Views>, Document) {
    let (router, document) = OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(state::state))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::open))
        .routes(routes!(transactions::one))
        .routes(routes!(transactions::message))
        .routes(routes!(events::events))
        .split_for_parts();
    let told = document.clone();
    let document_route = get(move || std::future::ready(Json(told.clone())));
    (router.route("/api/openapi.json", document_route), document)
}
