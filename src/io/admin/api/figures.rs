//! What a gateway does, second by second, and what is open.

use super::problem::ApiProblem;
use crate::engine::seam::Zone;
use crate::engine::seam::duration;
use crate::io::admin::Views;
use crate::io::figures::{FigurePoint, OpenMoney};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How far back is told if nobody says.
const USUAL: Duration = Duration::from_secs(600);

/// How far back.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FiguresAsked {
    /// Such as 90s, 10m or 2h; 10m if it is not given. Up to 10m by the second, beyond that by ten
    /// seconds, and two hours at most.
    last: Option<String>,
}

/// Points, oldest first, and what is open.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FiguresView {
    /// How long a point is.
    step_seconds: u64,
    points: Vec<PointView>,
    open_money: Vec<OpenMoneyView>,
    /// The moment at which that was open; left out while nobody has looked yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_money_at: Option<String>,
}

/// What happened in one stretch of time.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::io::admin) struct PointView {
    /// When it ended.
    at: String,
    /// Requests that came from terminals.
    requests: u64,
    /// Approvals that came in time.
    approved: u64,
    /// Requests that were declined, by an acquirer or by the gateway.
    declined: u64,
    /// Requests that had no answer by their deadline.
    timeouts: u64,
    /// Reversals that became due.
    reversals: u64,
    /// Answers that came behind their deadline.
    late: u64,
    /// Half of the answers to terminals took no longer; left out where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_us: Option<u64>,
    /// 95 of a hundred took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_us: Option<u64>,
    /// 99 of a hundred took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_us: Option<u64>,
    /// The longest commit of the journal.
    sync_us: u64,
    /// Requests that waited for an answer at its end.
    in_flight: u64,
}

/// What is open in one class and one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenMoneyView {
    /// `U1` to `U9`, or `under_way`: waiting for its answer, or for that to be written.
    class: &'static str,
    /// How many transactions; of more than 5000, the newest.
    count: u64,
    /// How much, in minor units.
    amount: u64,
    /// DE 49; empty where the messages have none.
    currency: String,
    /// When the oldest of them began.
    oldest_at: String,
}

impl PointView {
    pub(in crate::io::admin) fn of(point: &FigurePoint, zone: &Zone) -> Self {
        Self {
            at: point.at.rfc3339(zone),
            requests: point.requests,
            approved: point.approved,
            declined: point.declined,
            timeouts: point.timeouts,
            reversals: point.reversals,
            late: point.late,
            p50_us: point.p50_us,
            p95_us: point.p95_us,
            p99_us: point.p99_us,
            sync_us: point.sync_us,
            in_flight: point.in_flight,
        }
    }
}

impl OpenMoneyView {
    fn of(open: &OpenMoney, zone: &Zone) -> Self {
        Self {
            class: open.class,
            count: open.count,
            amount: open.amount,
            currency: open.currency.clone(),
            oldest_at: open.oldest_at.rfc3339(zone),
        }
    }
}

/// What happens, second by second, and what is open
#[utoipa::path(
    get, path = "/api/figures", tag = "state", params(FiguresAsked),
    responses(
        (status = 200, body = FiguresView),
        (status = 400, description = "How far back cannot be understood", body = ApiProblem),
    ),
)]
pub(super) async fn figures(
    State(views): State<Views>,
    asked: Result<Query<FiguresAsked>, QueryRejection>,
) -> Result<Json<FiguresView>, ApiProblem> {
    let Query(asked) = asked.map_err(|error| ApiProblem::bad(error.body_text()))?;
    let last = match asked.last {
        None => USUAL,
        Some(text) => duration(&text).ok_or_else(|| {
            let what = format!("last: `{text}` is no time");
            ApiProblem::bad(what).hint("write it as 90s, 10m or 2h")
        })?,
    };
    let (series, zone) = (views.figures.last(last), &views.setup.zone);
    let (open, open_at) = views.figures.open_money();
    let points = series.points.iter();
    Ok(Json(FiguresView {
        step_seconds: series.step_seconds,
        points: points.map(|point| PointView::of(point, zone)).collect(),
        open_money: open
            .iter()
            .map(|open| OpenMoneyView::of(open, zone))
            .collect(),
        open_money_at: open_at.map(|at| at.rfc3339(zone)),
    }))
}
