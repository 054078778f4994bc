//! What does not change while the gateway runs: dialects, scenarios, causes; and messages decoded.

use super::body::Body;
use super::problem::ApiProblem;
use super::query::{ask, beside, in_turn};
use super::sheet::MessageDetail;
use super::transactions::{deadline, dialect};
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::seam::Zone;
use crate::engine::trace::{Lang, Query};
use crate::io::admin::Views;
use crate::io::look::{self, MessageSheet};
use crate::iso::spec::Spec;
use crate::lab::scenario::{self, Scenario};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

/// Documents, as the commands print them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentPage {
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    next: Option<String>,
}

fn page(items: Vec<Value>) -> Json<DocumentPage> {
    Json(DocumentPage { items, next: None })
}

/// The dialects: those spoken here, and the built-in ones
#[utoipa::path(
    get, path = "/api/specs", tag = "catalogue",
    responses((status = 200, description = "As `spec list --json`", body = DocumentPage)),
)]
pub(super) async fn specs(State(views): State<Views>) -> Json<DocumentPage> {
    let listeners = views.setup.listeners.iter().map(|listener| &listener.spec);
    let spoken = listeners.chain(views.setup.links.iter().map(|link| &link.spec));
    let mut all: Vec<Arc<Spec>> = spoken.map(Arc::clone).collect();
    all.extend(
        Spec::builtin_names()
            .iter()
            .filter_map(|name| Spec::builtin(name)),
    );
    all.sort_by(|a, b| a.name().cmp(b.name()));
    all.dedup_by(|a, b| a.name() == b.name());
    page(all.iter().map(|spec| look::spec_entry(spec)).collect())
}

fn known(views: &Views, name: &str) -> Result<Arc<Spec>, ApiProblem> {
    dialect(&views.setup, name).ok_or_else(|| {
        let known = Spec::builtin_names().join(", ");
        ApiProblem::missing(format!("there is no dialect `{name}`"))
            .hint(format!("built in are {known}"))
    })
}

/// The fields and kinds of a dialect
#[utoipa::path(
    get, path = "/api/specs/{name}", tag = "catalogue",
    params(("name" = String, Path, description = "Its name", example = "cup-pos")),
    responses(
        (status = 200, description = "As `spec show --json`", body = Object),
        (status = 404, description = "There is none", body = ApiProblem),
    ),
)]
pub(super) async fn spec(
    State(views): State<Views>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiProblem> {
    Ok(Json(look::spec_document(&*known(&views, &name)?)))
}

/// A message in hex, and its dialect.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HexMessage {
    /// The dialect's name.
    #[schema(example = "cup-pos")]
    spec: String,
    /// The message, with its length prefix or without; white space is ignored.
    #[schema(example = "6000030000602200000000080000200000000000080001")]
    hex: String,
}

/// Show a message field by field, masked
#[utoipa::path(
    post, path = "/api/decode", tag = "catalogue", request_body = HexMessage,
    responses(
        (status = 200, description = "As far as it can be read", body = MessageDetail),
        (status = 400, description = "It is no hex", body = ApiProblem),
        (status = 404, description = "There is no such dialect", body = ApiProblem),
    ),
)]
pub(super) async fn decode(
    State(views): State<Views>,
    Body(message): Body<HexMessage>,
) -> Result<Json<MessageDetail>, ApiProblem> {
    let spec = known(&views, &message.spec)?;
    let bytes = look::hex(message.hex.as_bytes()).ok_or_else(|| {
        ApiProblem::bad("this is no hex").hint("two digits a byte; white space is ignored")
    })?;
    let sheet = MessageSheet::of(&spec, bytes, false, false);
    Ok(Json(MessageDetail::of(&sheet, &[])))
}

/// The closed list of causes
#[utoipa::path(
    get, path = "/api/causes", tag = "catalogue",
    responses((status = 200, description = "As `explain --causes --json`", body = DocumentPage)),
)]
pub(super) async fn causes() -> Json<DocumentPage> {
    page(look::cause_entries())
}

fn scenarios_there_are() -> Result<Vec<Scenario>, ApiProblem> {
    let sets = scenario::builtin().map_err(ApiProblem::failed)?;
    Ok(sets.into_iter().flat_map(|set| set.scenarios).collect())
}

fn scenario_of(id: &str) -> Result<Scenario, ApiProblem> {
    let mut all = scenarios_there_are()?.into_iter();
    all.find(|own| own.id.eq_ignore_ascii_case(id))
        .ok_or_else(|| {
            ApiProblem::missing(format!("there is no scenario `{id}`"))
                .hint("/api/scenarios lists those there are")
        })
}

/// The scenarios: complaints of merchants and faults, as stories that happen
#[utoipa::path(
    get, path = "/api/scenarios", tag = "scenarios",
    responses(
        (status = 200, description = "As `scenario list --json`", body = DocumentPage),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn scenarios() -> Result<Json<DocumentPage>, ApiProblem> {
    let all = beside(scenarios_there_are).await?;
    Ok(page(all.iter().map(look::scenario_entry).collect()))
}

/// One scenario
#[utoipa::path(
    get, path = "/api/scenarios/{id}", tag = "scenarios",
    params(("id" = String, Path, description = "Its name", example = "S1.2")),
    responses(
        (status = 200, description = "As in the list", body = Object),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn scenario(Path(id): Path<String>) -> Result<Json<Value>, ApiProblem> {
    let found = beside(move || scenario_of(&id)).await?;
    Ok(Json(look::scenario_entry(&found)))
}

/// Let a scenario happen in virtual time, beside the running gateway, which it does not touch
#[utoipa::path(
    post, path = "/api/scenarios/{id}/run", tag = "scenarios",
    params(("id" = String, Path, description = "Its name", example = "S1.2")),
    responses(
        (status = 200, description = "As `scenario run --json`, and its ladder", body = Object),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn run(
    State(views): State<Views>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiProblem> {
    let told = in_turn(&views.turns.runs, move || {
        let run = scenario::play(&scenario_of(&id)?);
        let mut told = look::scenario_document(&run);
        let chart = look::scenario_ladder(&run);
        told["ladder"] = json!({
            "en": chart.svg(Lang::En, &Zone::CHINA), "zh": chart.svg(Lang::Zh, &Zone::CHINA),
        });
        Ok(told)
    });
    told.await.map(Json)
}

/// The batches of terminals, compared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReconView {
    /// The newest batches, as the rows of `recon --all --json`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    /// How many there are of each class, and their money, as `recon --json` ends.
    #[schema(value_type = Object)]
    sums: Value,
    /// The files that the journal was held against.
    files: Vec<String>,
    /// Whether time ran out before the oldest: `isogate recon` looks at all.
    cut_short: bool,
    next: Option<String>,
}

/// Rows that are told at most.
const BATCHES: usize = 1_000;

/// The batches that terminals settled, each with what its host says of it and what the journal saw;
/// files of other people are for `isogate recon`
#[utoipa::path(
    get, path = "/api/recon", tag = "transactions",
    responses(
        (status = 200, body = ReconView),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn recon(State(views): State<Views>) -> Result<Json<ReconView>, ApiProblem> {
    let zone = views.setup.zone.clone();
    let told = ask(&views, move |reader| {
        let compared = look::compared_batches(reader, (BATCHES, deadline()))?;
        let rows = compared.rows.iter();
        Ok(ReconView {
            items: rows.map(|row| look::recon_row(row, &zone)).collect(),
            sums: Value::Object(look::recon_sums(&compared.sums)),
            files: Vec::new(),
            cut_short: compared.cut_short,
            next: None,
        })
    });
    told.await.map(Json)
}

/// What failures have in common
#[utoipa::path(
    get, path = "/api/findings", tag = "transactions",
    responses(
        (
            status = 200, body = Object,
            description = "As `findings --json`, of the newest that could be looked at in time; \
                           `cut_short` if they are not all",
        ),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn findings(State(views): State<Views>) -> Result<Json<Value>, ApiProblem> {
    let zone = views.setup.zone.clone();
    let told = ask(&views, move |reader| {
        let nothing = Evidence::default();
        let within = (&EvidenceIndex::of(&nothing), Some(deadline()));
        let (looks, looked) = look::failures(reader, &Query::default(), within)?;
        let mut told = look::findings_document(&looks, &looks.findings(), &zone);
        told["cut_short"] = looked.cut_short.into();
        Ok(told)
    });
    told.await.map(Json)
}
