//! All that is served, and what holds for every request.

use super::access::{Access, guard};
use super::api;
use super::listener::PeerAddress;
use super::{Views, page};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::middleware::from_fn_with_state;

/// All that is served, each connection with whose it is.
pub(super) fn service(
    views: Views,
    access: Access,
) -> IntoMakeServiceWithConnectInfo<Router, PeerAddress> {
    let (api, _document) = api::routes();
    api.merge(page::routes())
        .fallback(api::unknown)
        .method_not_allowed_fallback(api::unknown_method)
        .layer(DefaultBodyLimit::max(api::BODY_MOST))
        .layer(from_fn_with_state(access, guard))
        .with_state(views)
        .into_make_service_with_connect_info()
}
