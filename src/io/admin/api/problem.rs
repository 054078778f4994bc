//! What is answered when a request cannot be done.

use crate::io::serve::OperatorDeskError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// After how many seconds what cannot be done now may be asked for again.
const AGAIN: HeaderValue = HeaderValue::from_static("1");

/// Why a request was not done, and what would be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::io::admin) struct ApiProblem {
    #[serde(skip)]
    status: StatusCode,
    /// What is wrong.
    error: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl ApiProblem {
    pub(in crate::io::admin) fn new(status: StatusCode, error: impl fmt::Display) -> Self {
        Self {
            status,
            error: error.to_string(),
            hint: None,
        }
    }

    /// The request cannot be understood.
    pub(super) fn bad(error: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// There is no such thing.
    pub(super) fn missing(error: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }

    /// The same where there is no journal to look into yet: nothing is there.
    pub(super) fn or_missing(self) -> Self {
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE if self.hint.is_none() => Self::missing(self.error),
            _ => self,
        }
    }

    /// Something here failed.
    pub(super) fn failed(error: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }

    /// Not now.
    pub(super) fn busy(error: impl fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }

    #[cfg(test)]
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What would help.
    pub(in crate::io::admin) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<OperatorDeskError> for ApiProblem {
    fn from(error: OperatorDeskError) -> Self {
        Self::busy(error)
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut answer = (status, Json(self)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, AGAIN);
        }
        answer
    }
}
