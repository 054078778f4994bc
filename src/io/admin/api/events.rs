//! `GET /api/events`: what happens, as it happens, as server-sent events.
//!
//! The journal is followed by a thread of its own, which is told of nothing by the gateway, and
//! reads only while somebody listens. Of many transactions at once some are left out, and counted.

use super::problem::ApiProblem;
use crate::engine::record::TxId;
use crate::engine::trace::{View, subject};
use crate::io::admin::Views;
use crate::io::journal::{JournalReader, ReadError, RecordReader};
use crate::io::look;
use crate::io::serve::{GatewaySetup, Status};
use crate::io::system;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::json;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, broadcast};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt};

/// How often it is looked what came.
const LOOK: Duration = Duration::from_millis(250);
/// It rests so many times as long as it looks, but no longer than this.
const SHARE: u32 = 20;
const LONGEST: Duration = Duration::from_secs(3);
/// Transactions that are told in one look; the others are counted.
const TOLD: usize = 25;
/// Who may listen at once; the other connections are for questions.
const LISTENERS: usize = 16;
/// Events that wait for a slow listener before it misses some.
const WAITING: usize = 512;

/// One event, ready to be sent.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct FeedEvent {
    name: &'static str,
    data: Arc<str>,
}

/// Where events are heard; the thread that finds them ends with the last of these.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct Feed {
    sender: broadcast::Sender<FeedEvent>,
    places: Arc<Semaphore>,
    _running: Arc<Running>,
}

/// Tells the thread to end when it is dropped.
#[derive(Debug)]
struct Running(Arc<AtomicBool>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Feed {
    /// Starts the thread that follows the journal.
    pub(in crate::io::admin) fn start(
        setup: Arc<GatewaySetup>,
        status: Arc<Status>,
    ) -> std::io::Result<Self> {
        let (sender, _) = broadcast::channel(WAITING);
        let ended = Arc::new(AtomicBool::new(false));
        let follower = Follower {
            setup,
            status,
            sender: sender.clone(),
            ended: Arc::clone(&ended),
            links: String::new(),
            alarms: String::new(),
        };
        thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || follower.run())?;
        Ok(Self {
            sender,
            places: Arc::new(Semaphore::new(LISTENERS)),
            _running: Arc::new(Running(ended)),
        })
    }

    /// Where others tell those who listen, without keeping the thread.
    pub(in crate::io::admin) fn sender(&self) -> FeedSender {
        FeedSender(self.sender.clone())
    }

    /// Tells all who listen.
    pub(super) fn tell(&self, name: &'static str, data: &impl serde::Serialize) {
        tell(&self.sender, name, data);
    }
}

/// Tells those who listen.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct FeedSender(broadcast::Sender<FeedEvent>);

impl FeedSender {
    /// Tells all who listen, if anybody does.
    pub(in crate::io::admin) fn tell(&self, name: &'static str, data: &impl serde::Serialize) {
        if self.0.receiver_count() > 0 {
            tell(&self.0, name, data);
        }
    }
}

fn tell(sender: &broadcast::Sender<FeedEvent>, name: &'static str, data: &impl serde::Serialize) {
    if let Ok(data) = serde_json::to_string(data) {
        let data = data.into();
        // Nobody may listen.
        let _unheard = sender.send(FeedEvent { name, data });
    }
}

/// Follows the journal while somebody listens.
struct Follower {
    setup: Arc<GatewaySetup>,
    status: Arc<Status>,
    sender: broadcast::Sender<FeedEvent>,
    ended: Arc<AtomicBool>,
    /// The links as they were told last.
    links: String,
    /// The alarms as they were told last.
    alarms: String,
}

impl Follower {
    fn run(mut self) {
        system::give_way();
        let mut records: Option<RecordReader> = None;
        let mut pause = LOOK;
        while !self.ended.load(Ordering::Relaxed) {
            thread::sleep(pause);
            let began = Instant::now();
            if self.sender.receiver_count() == 0 {
                records = None;
                self.links.clear();
                self.alarms.clear();
                continue;
            }
            self.tell_links();
            self.tell_alarms();
            // One that cannot be read now may be read later: it has only begun, or goes away.
            if self.look(&mut records).is_err() {
                records = None;
            }
            // A long journal takes longer to look into: then it is looked into less often.
            pause = LOOK.max(began.elapsed().saturating_mul(SHARE)).min(LONGEST);
        }
    }

    fn look(&self, records: &mut Option<RecordReader>) -> Result<(), ReadError> {
        let reader = JournalReader::open(&self.setup.journal, None)?;
        let Some(records) = records else {
            *records = Some(reader.records_from_now()?);
            return Ok(());
        };
        let mut moved: BTreeSet<TxId> = BTreeSet::new();
        let mut left_out: u64 = 0;
        for record in records {
            let Some(tx) = subject(&record?) else {
                continue;
            };
            if moved.len() < TOLD {
                moved.insert(tx);
            } else if !moved.contains(&tx) {
                left_out += 1;
            }
        }
        for (story, verdict) in look::told_of(&reader, &moved)?.into_values() {
            let view = View::of(&story, &verdict, &self.setup.zone).without_messages();
            tell(&self.sender, "transaction", &view);
        }
        if left_out > 0 {
            tell(&self.sender, "lagged", &json!({ "count": left_out }));
        }
        Ok(())
    }

    /// Tells the links if they are not as they were.
    fn tell_links(&mut self) {
        let links = super::state::links(&self.setup, self.status.board());
        let links = serde_json::to_string(&links).unwrap_or_default();
        if links != self.links {
            let data = format!(r#"{{"links":{links}}}"#).into();
            let _unheard = self.sender.send(FeedEvent { name: "link", data });
            self.links = links;
        }
    }

    /// Tells what is wrong with the gateway if it is not as it was.
    fn tell_alarms(&mut self) {
        let health = self.status.health();
        let alarms = json!({
            "failed": health.failed, "disk_low": health.disk_low, "draining": health.draining,
            "links_up": health.links_up, "links_wanted": health.links,
        });
        let alarms = alarms.to_string();
        if alarms != self.alarms {
            let data = alarms.as_str().into();
            let _unheard = self.sender.send(FeedEvent {
                name: "alarm",
                data,
            });
            self.alarms = alarms;
        }
    }
}

/// What happens, as it happens: `transaction`, `link`, `alarm`, `fault`, `figures`, `lagged`
#[utoipa::path(
    get, path = "/api/events", tag = "state",
    responses((status = 503, description = "Too many listen", body = ApiProblem), (
        status = 200, body = String, content_type = "text/event-stream",
        description = "Server-sent events: `transaction` (as an item of /api/transactions), `link` \
                       and `alarm` (whenever they change), `fault`, `figures` (once a second), \
                       `lagged` (how many were left out)",
    )),
)]
pub(super) async fn events(
    State(views): State<Views>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiProblem> {
    let place = Arc::clone(&views.feed.places).try_acquire_owned();
    let place = place.map_err(|_taken| {
        ApiProblem::busy("too many listen").hint("close a page that listens, or a tool that does")
    })?;
    let heard = BroadcastStream::new(views.feed.sender.subscribe());
    let events = heard.map(move |heard| {
        // Given back with the stream.
        let _place = &place;
        Ok(match heard {
            Ok(FeedEvent { name, data }) => Event::default().event(name).data(&*data),
            Err(BroadcastStreamRecvError::Lagged(count)) => Event::default()
                .event("lagged")
                .data(json!({ "count": count }).to_string()),
        })
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
