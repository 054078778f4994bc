//! A transaction to take away: its evidence in one file, its ladder, its packets.

use super::body::Parameters;
use super::problem::ApiProblem;
use super::query::ask;
use super::transactions::{dialect, told, transaction};
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::ladder::LadderChart;
use crate::engine::trace::{Lang, Query, Story};
use crate::io::admin::Views;
use crate::io::journal::JournalReader;
use crate::io::look::{self, Bundle, StorySearch};
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use utoipa::IntoParams;

/// A picture brings its own style, and nothing else.
const SVG_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// In which language.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LangChosen {
    #[param(inline)]
    lang: ApiLang,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum ApiLang {
    #[default]
    En,
    Zh,
}

impl From<LangChosen> for Lang {
    fn from(chosen: LangChosen) -> Self {
        chosen.lang.into()
    }
}

impl From<ApiLang> for Lang {
    fn from(lang: ApiLang) -> Self {
        match lang {
            ApiLang::En => Self::En,
            ApiLang::Zh => Self::Zh,
        }
    }
}

/// How a ladder is drawn.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LadderChosen {
    #[param(inline)]
    lang: ApiLang,
    /// With what its terminal did meanwhile that moves no money: sign-ons, echoes.
    side: bool,
}

/// Transactions beside one that are looked through, at most.
const BESIDE: usize = 50;
/// How long they are looked for.
const LOOKED_FOR: Duration = Duration::from_secs(2);

/// What a terminal did in the time of one of its transactions that moves no money.
fn beside(reader: &JournalReader, story: &Story) -> Result<Vec<Story>, ApiProblem> {
    let Some(opened) = &story.opened else {
        return Ok(Vec::new());
    };
    let query = Query {
        terminal: Some(opened.terminal),
        from: Some(story.began),
        until: Some(story.changed),
        ..Query::default()
    };
    let wanted = StorySearch {
        limit: Some(BESIDE),
        deadline: Some(Instant::now() + LOOKED_FOR),
        ..StorySearch::default()
    };
    let nothing = Evidence::default();
    let found = look::search(reader, &query, wanted, &EvidenceIndex::of(&nothing))?;
    let others = found.all.into_iter().map(|(other, _)| other);
    Ok(others
        .filter(|other| other.tx != story.tx && !other.is_money())
        .collect())
}

/// A file to be kept under a name.
fn file(kind: &'static str, name: &str) -> [(HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ]
}

/// Its evidence in one file: verdict, page, masked messages, an excerpt of the journal
#[utoipa::path(
    get, path = "/api/transactions/{tx}/bundle.zip", tag = "evidence",
    params(("tx" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = String, content_type = "application/zip"),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn bundle(
    State(views): State<Views>,
    Path(tx): Path<String>,
) -> Result<impl IntoResponse, ApiProblem> {
    let tx = transaction(&tx)?;
    let zone = views.setup.zone.clone();
    let bytes = ask(&views, move |reader| {
        let told = told(reader, tx)?;
        let nothing = Evidence::default();
        let bundle = Bundle {
            story: &told.story,
            verdict: &told.verdict,
            records: &told.records,
            index: &EvidenceIndex::of(&nothing),
            zone: &zone,
        };
        bundle.bytes().map_err(ApiProblem::failed)
    });
    Ok((file("application/zip", &format!("{tx}.zip")), bytes.await?))
}

/// Its ladder, complete in itself
#[utoipa::path(
    get, path = "/api/transactions/{tx}/ladder.svg", tag = "evidence",
    params(("tx" = String, Path, description = "Its id"), LadderChosen),
    responses(
        (status = 200, body = String, content_type = "image/svg+xml"),
        (status = 400, description = "It cannot be drawn so", body = ApiProblem),
        (status = 404, description = "There is none", body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn ladder(
    State(views): State<Views>,
    Path(tx): Path<String>,
    Parameters(chosen): Parameters<LadderChosen>,
) -> Result<impl IntoResponse, ApiProblem> {
    let tx = transaction(&tx)?;
    let zone = views.setup.zone.clone();
    let svg = ask(&views, move |reader| {
        let told = told(reader, tx)?;
        let others = match chosen.side {
            true => beside(reader, &told.story)?,
            false => Vec::new(),
        };
        let chart = LadderChart::of(&told.story).beside(&others);
        Ok(chart.svg(chosen.lang.into(), &zone))
    });
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, SVG_POLICY),
    ];
    Ok((headers, svg.await?))
}

/// Its messages as packets, masked, each with the verdict as a comment
#[utoipa::path(
    get, path = "/api/transactions/{tx}/capture.pcapng", tag = "evidence",
    params(("tx" = String, Path, description = "Its id"), LangChosen),
    responses(
        (status = 200, body = String, content_type = "application/x-pcapng"),
        (status = 400, description = "There is no such language", body = ApiProblem),
        (status = 404, description = "There is none, or none of its messages is kept",
         body = ApiProblem),
        (status = 503, description = "Too much is asked at once", body = ApiProblem),
    ),
)]
pub(super) async fn capture(
    State(views): State<Views>,
    Path(tx): Path<String>,
    Parameters(lang): Parameters<LangChosen>,
) -> Result<impl IntoResponse, ApiProblem> {
    let tx = transaction(&tx)?;
    let setup = Arc::clone(&views.setup);
    let bytes = ask(&views, move |reader| {
        let told = told(reader, tx)?;
        let spoken = told.story.opened.as_ref();
        let spoken = spoken.and_then(|opened| dialect(&setup, &opened.spec));
        let told_of = (&told.story, &told.verdict);
        look::packets_of(told_of, &told.records, spoken, lang.into()).map_err(ApiProblem::missing)
    });
    Ok((
        file("application/x-pcapng", &format!("{tx}.pcapng")),
        bytes.await?,
    ))
}
