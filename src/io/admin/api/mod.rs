//! The HTTP API, under `/api`: typed requests, typed answers, and the document that describes them.
//!
//! Each route stands once, with its handler and its documentation, in [`routes()`].
#![allow(
    unused_qualifications,
    reason = "what the macros of utoipa write is qualified"
)]

mod body;

mod catalogue;

mod common;

mod events;

mod evidence;

mod faults;

mod health;

mod operators;

mod figures;

mod problem;

mod query;

mod sheet;

mod state;

mod transactions;

pub(super) use body::BODY_MOST;
pub(super) use events::Feed;
pub(super) use figures::PointView;
pub(super) use problem::ApiProblem;
pub(super) use query::{QueryTurns, THREADS};

use super::Views;
use axum::http::{Method, StatusCode, Uri};
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
struct ApiHead;

/// All routes, and the document of them.
pub(super) fn routes() -> (Router<Views>, Document) {
    let (router, document) = OpenApiRouter::with_openapi(ApiHead::openapi())
        .routes(routes!(health::metrics))
        .routes(routes!(health::health))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(state::state))
        .routes(routes!(figures::figures))
        .routes(routes!(events::events))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::open))
        .routes(routes!(transactions::one))
        .routes(routes!(transactions::message))
        .routes(routes!(evidence::bundle))
        .routes(routes!(evidence::ladder))
        .routes(routes!(evidence::capture))
        .routes(routes!(catalogue::findings))
        .routes(routes!(catalogue::recon))
        .routes(routes!(operators::reverse))
        .routes(routes!(operators::park))
        .routes(routes!(operators::close))
        .routes(routes!(operators::decide_at_first_path))
        .routes(routes!(operators::reversals))
        .routes(routes!(operators::terminals))
        .routes(routes!(operators::terminals_at_first_path))
        .routes(routes!(operators::close_terminal))
        .routes(routes!(operators::close_link))
        .routes(routes!(operators::drain_link))
        .routes(routes!(operators::resume_link))
        .routes(routes!(operators::drain))
        .routes(routes!(operators::reload))
        .routes(routes!(operators::reload_at_first_path))
        .routes(routes!(faults::list, faults::add))
        .routes(routes!(faults::change, faults::remove))
        .routes(routes!(faults::reset))
        .routes(routes!(catalogue::specs))
        .routes(routes!(catalogue::spec))
        .routes(routes!(catalogue::decode))
        .routes(routes!(catalogue::causes))
        .routes(routes!(catalogue::scenarios))
        .routes(routes!(catalogue::scenario))
        .routes(routes!(catalogue::run))
        .split_for_parts();
    let document = common::with_common(document);
    let told = document.clone();
    let document_route = get(move || std::future::ready(Json(told.clone())));
    (router.route("/api/openapi.json", document_route), document)
}

/// The document of all routes.
pub(super) fn document() -> Document {
    routes().1
}

/// What is said where nothing is.
pub(super) async fn unknown(uri: Uri) -> ApiProblem {
    ApiProblem::missing(format!("there is nothing at {}", uri.path()))
        .hint("/api/openapi.json describes all there is")
}

/// What is said where something else can be done.
pub(super) async fn unknown_method(method: Method, uri: Uri) -> ApiProblem {
    let what = format!("{method} cannot be done with {}", uri.path());
    ApiProblem::new(StatusCode::METHOD_NOT_ALLOWED, what)
        .hint("/api/openapi.json describes what can")
}
