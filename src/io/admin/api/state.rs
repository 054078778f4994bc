//! `GET /api/state`: the gateway at a glance.

use crate::engine::record::LinkId;
use crate::engine::seam::Zone;
use crate::io::admin::Views;
use crate::io::admin::access::{ApiCaller, Role};
use crate::io::serve::{GatewaySetup, LinkBoard, LinkConnection};
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

/// The gateway at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StateView {
    /// The gateway's name.
    name: String,
    version: &'static str,
    started_at: String,
    now: String,
    /// The zone of all moments.
    zone: String,
    /// What the caller may do.
    role: Role,
    /// Whether terminals and acquirer are simulated in the same process.
    lab: bool,
    /// No new requests are taken.
    draining: bool,
    /// The journal failed; the process is about to end.
    failed: bool,
    /// The journal's disk.
    disk: DiskState,
    /// Requests that wait for an answer.
    in_flight: usize,
    /// Reversals due or on the wire.
    reversals: usize,
    links: Vec<LinkView>,
    listeners: Vec<ListenerView>,
    /// The last record on disk.
    durable: u64,
}

/// How the journal's disk is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DiskState {
    /// There is room.
    Well,
    /// New requests are refused.
    Low,
}

/// A link to an acquirer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkView {
    name: String,
    address: String,
    spec: String,
    state: LinkCondition,
    /// How many connections are wanted.
    wanted: u16,
    connections: Vec<LinkConnectionView>,
}

/// Whether a link, or one of its connections, carries requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LinkCondition {
    /// It does.
    Ready,
    /// It is connected, and not signed on.
    Connected,
    /// There is no connection.
    Down,
    /// An operator lets nothing new go over it.
    Drained,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkConnectionView {
    conn: String,
    state: LinkCondition,
    since: String,
}

/// Where terminals come in.
#[derive(Debug, Serialize, ToSchema)]
struct ListenerView {
    name: String,
    address: Option<String>,
    spec: String,
}

/// The gateway at a glance
#[utoipa::path(
    get, path = "/api/state", tag = "state",
    responses((status = 200, body = StateView)),
)]
pub(super) async fn state(
    State(views): State<Views>,
    Extension(caller): Extension<ApiCaller>,
) -> Json<StateView> {
    let (health, setup) = (views.status.health(), &views.setup);
    let zone = &setup.zone;
    let listeners = setup.listeners.iter().map(|listener| ListenerView {
        name: listener.name.clone(),
        address: listener.address.map(|address| address.to_string()),
        spec: listener.spec.name().to_owned(),
    });
    Json(StateView {
        name: setup.name.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        started_at: views.started.rfc3339(zone),
        now: views.clock.now().wall.rfc3339(zone),
        zone: zone.to_string(),
        role: caller.role,
        lab: views.lab,
        draining: health.draining,
        failed: health.failed,
        disk: match health.disk_low {
            true => DiskState::Low,
            false => DiskState::Well,
        },
        in_flight: health.in_flight,
        reversals: health.reversals,
        links: links(setup, views.status.board()),
        listeners: listeners.collect(),
        durable: health.durable,
    })
}

/// Each link with its connections.
pub(super) fn links(setup: &GatewaySetup, board: &LinkBoard) -> Vec<LinkView> {
    let connections = board.all();
    let is_drained =
        |number: usize| u16::try_from(number).is_ok_and(|link| board.is_drained(LinkId(link)));
    let of = |number: usize| {
        let own = move |one: &&LinkConnection| usize::from(one.link.0) == number;
        connections.iter().filter(own)
    };
    let views = setup.links.iter().enumerate().map(|(number, link)| {
        let connections: Vec<_> = of(number).map(|one| connection(one, &setup.zone)).collect();
        let ready = connections
            .iter()
            .any(|one| one.state == LinkCondition::Ready);
        LinkView {
            name: link.name.to_string(),
            address: link.address.clone(),
            spec: link.spec.name().to_owned(),
            state: match connections.as_slice() {
                _ if is_drained(number) => LinkCondition::Drained,
                [] => LinkCondition::Down,
                _ if ready => LinkCondition::Ready,
                _ => LinkCondition::Connected,
            },
            wanted: link.connections,
            connections,
        }
    });
    views.collect()
}

fn connection(one: &LinkConnection, zone: &Zone) -> LinkConnectionView {
    LinkConnectionView {
        conn: one.conn.to_string(),
        state: match one.ready {
            true => LinkCondition::Ready,
            false => LinkCondition::Connected,
        },
        since: one.since.rfc3339(zone),
    }
}
