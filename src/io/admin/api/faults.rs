//! What goes wrong on purpose: listed, switched on and off, and each change recorded.

use super::body::{Body, Parameters};
use super::operators::act;
use super::problem::ApiProblem;
use super::query::beside;
use crate::engine::record::OperatorDid;
use crate::engine::seam::Zone;
use crate::io::admin::Views;
use crate::io::admin::access::ApiCaller;
use crate::io::faults::{ActiveFault, FaultDesk, FaultDeskError};
use crate::io::look::fault_document;
use crate::io::serve::GatewayDeed;
use crate::lab::fault::Fault;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// All faults there are, and those that are on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FaultList {
    /// As `fault list --json`.
    #[schema(value_type = Vec<Object>)]
    catalogue: Vec<Value>,
    active: Vec<FaultView>,
}

/// A fault that is on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FaultView {
    id: u32,
    /// As it was asked for: `F01:p=0.1`.
    fault: String,
    title: String,
    title_zh: String,
    /// Where it strikes.
    side: String,
    /// How often it struck.
    struck: u64,
    /// Of so many messages that it concerned.
    concerned: u64,
    since: String,
    by: String,
}

/// A fault that is wanted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedFault {
    /// `F01:p=0.1`; the catalogue of `GET /api/faults` tells all.
    #[schema(max_length = 200, example = "F01:p=0.01")]
    fault: String,
    /// Who wants it.
    #[serde(default)]
    #[schema(max_length = 100)]
    who: String,
}

/// Who wants something.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HealNote {
    /// Who.
    #[schema(max_length = 100)]
    who: String,
}

/// How many faults are on no more.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct Healed {
    removed: usize,
}

impl FaultView {
    pub(super) fn of(fault: &ActiveFault, zone: &Zone) -> Self {
        Self {
            id: fault.id,
            fault: fault.text.clone(),
            title: fault.about.title.to_owned(),
            title_zh: fault.about.title_zh.to_owned(),
            side: fault.side.name().to_owned(),
            struck: fault.struck,
            concerned: fault.concerned,
            since: fault.since.rfc3339(zone),
            by: fault.by.clone(),
        }
    }
}

impl From<FaultDeskError> for ApiProblem {
    fn from(error: FaultDeskError) -> Self {
        let status = match error {
            FaultDeskError::Unknown(_) => StatusCode::NOT_FOUND,
            FaultDeskError::Full => StatusCode::CONFLICT,
            FaultDeskError::Text(_)
            | FaultDeskError::Elsewhere { .. }
            | FaultDeskError::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error)
    }
}

/// All faults there are, and those that are on
#[utoipa::path(
    get, path = "/api/faults", tag = "faults",
    responses(
        (status = 200, body = FaultList),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn list(State(views): State<Views>) -> Result<Json<FaultList>, ApiProblem> {
    let active = at_desk(&views, |desk| Ok(desk.list())).await?;
    let zone = &views.setup.zone;
    Ok(Json(FaultList {
        catalogue: Fault::ALL.iter().map(fault_document).collect(),
        active: active
            .iter()
            .map(|fault| FaultView::of(fault, zone))
            .collect(),
    }))
}

/// The desk's calls wait for others, for moments.
async fn at_desk<T: Send + 'static>(
    views: &Views,
    call: impl FnOnce(&FaultDesk) -> Result<T, FaultDeskError> + Send + 'static,
) -> Result<T, ApiProblem> {
    let desk = views.faults.clone();
    beside(move || Ok(call(&desk)?)).await
}

/// Records what was done, and tells who listens.
async fn tell(
    views: &Views,
    caller: &ApiCaller,
    did: OperatorDid,
    (what, who): (&str, &str),
) -> Result<(), ApiProblem> {
    act(views, caller, did, (what, (who, "")), GatewayDeed::Record).await?;
    let active = at_desk(views, |desk| Ok(desk.list())).await?;
    let zone = &views.setup.zone;
    let active: Vec<_> = active
        .iter()
        .map(|fault| FaultView::of(fault, zone))
        .collect();
    views
        .feed
        .tell("fault", &serde_json::json!({ "active": active }));
    Ok(())
}

/// Switch a fault on
#[utoipa::path(
    post, path = "/api/faults", tag = "faults", request_body = WantedFault,
    responses(
        (status = 201, description = "It is on, and that is recorded", body = FaultView),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 409, description = "Too many are on", body = ApiProblem),
        (status = 422, description = "There is no such fault, or not here", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn add(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Body(wanted): Body<WantedFault>,
) -> Result<(StatusCode, Json<FaultView>), ApiProblem> {
    let by = caller.called(&wanted.who);
    let text = wanted.fault.clone();
    let fault = at_desk(&views, move |desk| desk.add(&text, &by)).await?;
    let what = format!("{} {}", fault.id, fault.text);
    tell(&views, &caller, OperatorDid::AddFault, (&what, &wanted.who)).await?;
    let view = FaultView::of(&fault, &views.setup.zone);
    Ok((StatusCode::CREATED, Json(view)))
}

/// Have a fault that is on go otherwise
#[utoipa::path(
    put, path = "/api/faults/{id}", tag = "faults", request_body = WantedFault,
    params(("id" = u32, Path, description = "Its number")),
    responses(
        (status = 200, description = "It is changed, and that is recorded", body = FaultView),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 404, description = "It is not on", body = ApiProblem),
        (status = 422, description = "There is no such fault, or not here", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn change(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Path(id): Path<String>,
    Body(wanted): Body<WantedFault>,
) -> Result<Json<FaultView>, ApiProblem> {
    let id = number(&id)?;
    let by = caller.called(&wanted.who);
    let text = wanted.fault.clone();
    let fault = at_desk(&views, move |desk| desk.change(id, &text, &by)).await?;
    let what = format!("{} {}", fault.id, fault.text);
    tell(
        &views,
        &caller,
        OperatorDid::ChangeFault,
        (&what, &wanted.who),
    )
    .await?;
    Ok(Json(FaultView::of(&fault, &views.setup.zone)))
}

/// Switch a fault off; it is told as it was
#[utoipa::path(
    delete, path = "/api/faults/{id}", tag = "faults",
    params(("id" = u32, Path, description = "Its number"), HealNote),
    responses(
        (status = 400, description = "The parameters cannot be understood", body = ApiProblem),
        (status = 200, description = "It is off, and that is recorded", body = FaultView),
        (status = 404, description = "It is not on", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn remove(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Path(id): Path<String>,
    Parameters(note): Parameters<HealNote>,
) -> Result<Json<FaultView>, ApiProblem> {
    let id = number(&id)?;
    let fault = at_desk(&views, move |desk| desk.remove(id)).await?;
    let what = format!("{} {}", fault.id, fault.text);
    tell(
        &views,
        &caller,
        OperatorDid::RemoveFault,
        (&what, &note.who),
    )
    .await?;
    Ok(Json(FaultView::of(&fault, &views.setup.zone)))
}

/// Switch all faults off
#[utoipa::path(
    post, path = "/api/faults/reset", tag = "faults", request_body = HealNote,
    responses(
        (status = 200, description = "None is on, and that is recorded", body = Healed),
        (status = 400, description = "The body cannot be understood", body = ApiProblem),
        (status = 503, description = "The gateway serves no more, or its journal is full",
         body = ApiProblem),
    ),
)]
pub(super) async fn reset(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
    Body(note): Body<HealNote>,
) -> Result<Json<Healed>, ApiProblem> {
    let removed = at_desk(&views, |desk| Ok(desk.reset())).await?;
    let what = format!("{removed} faults");
    tell(
        &views,
        &caller,
        OperatorDid::ResetFaults,
        (&what, &note.who),
    )
    .await?;
    Ok(Json(Healed { removed }))
}

fn number(text: &str) -> Result<u32, ApiProblem> {
    let wrong = |_| ApiProblem::missing(format!("no fault `{text}` is on"));
    text.parse().map_err(wrong)
}
