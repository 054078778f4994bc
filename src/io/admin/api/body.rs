//! The bodies of requests, and what is said of those that cannot be understood.

use super::problem::ApiProblem;
use axum::Json;
use axum::body::HttpBody;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a body, at most.
pub(in crate::io::admin) const BODY_MOST: usize = 64 << 10;

/// How long a body may be on its way.
const BODY_TIME: Duration = Duration::from_secs(10);

/// A body in JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        read(request, state, BODY_TIME).await.map(Self)
    }
}

/// Reads a body. One that is said to be too long is not waited for.
async fn read<T: DeserializeOwned, S: Send + Sync>(
    request: Request,
    state: &S,
    patience: Duration,
) -> Result<T, ApiProblem> {
    if request.body().size_hint().lower() > BODY_MOST as u64 {
        return Err(too_long());
    }
    let late = |_late| ApiProblem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come");
    match timeout(patience, Json::from_request(request, state))
        .await
        .map_err(late)?
    {
        Ok(Json(body)) => Ok(body),
        Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiProblem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wants a body in JSON",
        )
        .hint("send the header Content-Type: application/json, and at least {}")),
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_long()),
        Err(error) => Err(ApiProblem::bad(error.body_text())),
    }
}

fn too_long() -> ApiProblem {
    ApiProblem::new(StatusCode::PAYLOAD_TOO_LARGE, "a body has 64 KiB at most")
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body as Bytes;
    use axum::http::header;
    use std::io;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = tokio_stream::pending::<io::Result<Vec<u8>>>();
        let request = Request::builder().header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Bytes::from_stream(never)).unwrap();
        let read = read::<serde_json::Value, _>(request, &(), Duration::from_millis(1));
        let problem = read.await.unwrap_err();
        assert_eq!(problem.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
