//! `GET /api/events`: what happens, as it happens, as server-sent events.
//!
//! The journal is followed by a thread of its own, which is told of nothing by the gateway, and
//! reads only while somebody listens. Of many transactions at once some are left out, and said to be.

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
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt};

/// How often it is looked what came.
const LOOK: Duration = Duration::from_millis(250);
/// Transactions that are told in one look; the others are counted.
const TOLD: usize = 25;
/// Events that wait for a slow listener before it misses some.
const WAITING: usize = 512;

/// One event, ready to be sent.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct Happening {
    name: &'static str,
    data: Arc<str>,
}

/// Where events are heard; the thread that finds them ends with the last of these.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct Feed {
    sender: broadcast::Sender<Happening>,
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
pub(in crate::io::admin) struct FeedSender(broadcast::Sender<Happening>);

impl FeedSender {
    /// Tells all who listen, if anybody does.
    pub(in crate::io::admin) fn tell(&self, name: &'static str, data: &impl serde::Serialize) {
        if self.0.receiver_count() > 0 {
            tell(&self.0, name, data);
        }
    }
}

fn tell(sender: &broadcast::Sender<Happening>, name: &'static str, data: &impl serde::Serialize) {
    if let Ok(data) = serde_json::to_string(data) {
        let data = data.into();
        // Nobody may listen.
        let _unheard = sender.send(Happening { name, data });
    }
}

/// Follows the journal while somebody listens.
struct Follower {
    setup: Arc<GatewaySetup>,
    status: Arc<Status>,
    sender: broadcast::Sender<Happening>,
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
        while !self.ended.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
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
            let _unheard = self.sender.send(Happening { name: "link", data });
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
            let _unheard = self.sender.send(Happening {
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
    responses((
        status = 200, body = String, content_type = "text/event-stream",
        description = "Server-sent events: `transaction` (as an item of /api/transactions), `link` \
                       and `alarm` (whenever they change), `fault`, `figures` (once a second), \
                       `lagged` (how many were left out)",
    )),
)]
pub(super) async fn events(
    State(views): State<Views>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let heard = BroadcastStream::new(views.feed.sender.subscribe());
    let events = heard.map(|heard| {
        Ok(match heard {
            Ok(Happening { name, data }) => Event::default().event(name).data(&*data),
            Err(BroadcastStreamRecvError::Lagged(count)) => Event::default()
                .event("lagged")
                .data(json!({ "count": count }).to_string()),
        })
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
