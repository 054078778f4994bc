//! The bodies of requests, and what is said of those that cannot be understood.

use super::problem::ApiProblem;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// A body in JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiProblem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "wants a body in JSON",
            )
            .hint("send the header Content-Type: application/json, and at least {}")),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(ApiProblem::new(error.status(), "a body has 64 KiB at most"))
            }
            Err(error) => Err(ApiProblem::bad(error.body_text())),
        }
    }
}

/// The parameters behind the question mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(error) => Err(ApiProblem::bad(error.body_text())),
        }
    }
}
