//! The administrator's address: the HTTP API under `/api`, whose document is `/api/openapi.json`;
//! `/metrics` for Prometheus; `/health`, `/healthz` and `/readyz` for whoever asks.
//!
//! Runs on a thread of its own, so that no request here costs a message anything. It looks at
//! counts and into the journal, and hands on what operators want; it decides nothing. What takes
//! long is looked for on threads beside it, few at once, which give way to the gateway's.
//!
//! Start with [`Admin::start`].

mod access;

mod api;

mod listener;

mod page;

mod pages;

#[cfg(test)]
mod tests;

use crate::engine::seam::Wall;
use crate::io::config::{AdminConfig, ServerTls};
use crate::io::faults::FaultDesk;
use crate::io::figures::{FigureSources, LiveFigures};
use crate::io::serve::{Clock, GatewaySetup, Handle, OperatorDesk, Status};
use crate::io::system;
use crate::io::telemetry::Exporter;
use access::Access;
use api::{Feed, QueryTurns};
use listener::Listener;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

/// How often measurements are folded, whether or not anybody fetches them.
const UPKEEP: Duration = Duration::from_secs(5);

/// What the pages look at.
#[derive(Clone, Debug)]
pub struct Views {
    /// What is counted.
    pub exporter: Exporter,
    /// How the gateway is.
    pub status: Arc<Status>,
    /// Where operators are heard.
    pub desk: OperatorDesk,
    /// How it was set up.
    pub setup: Arc<GatewaySetup>,
    /// Whether terminals and acquirer are simulated in the same process.
    pub lab: bool,
    /// What goes wrong on purpose.
    pub faults: FaultDesk,
    figures: LiveFigures,
    started: Wall,
    clock: Clock,
    feed: Feed,
    turns: QueryTurns,
}

impl Views {
    /// Of a running gateway that stands alone, with the faults of its wire.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn of(gateway: &Handle, faults: FaultDesk) -> io::Result<Self> {
        Ok(Self {
            desk: gateway.desk_with_reload(),
            ..Self::with(gateway, faults, false)?
        })
    }

    /// Of a gateway whose terminals and acquirer are simulated in the same process.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn of_lab(gateway: &Handle, faults: FaultDesk) -> io::Result<Self> {
        Self::with(gateway, faults, true)
    }

    fn with(gateway: &Handle, faults: FaultDesk, lab: bool) -> io::Result<Self> {
        let (setup, status, clock) = (gateway.setup(), gateway.status(), Clock::new());
        let feed = Feed::start(Arc::clone(&setup), Arc::clone(&status))?;
        let (told, zone) = (feed.sender(), setup.zone.clone());
        let sources = FigureSources::of(gateway);
        let figures = LiveFigures::start(sources, move |point| {
            told.tell("figures", &api::PointView::of(point, &zone));
        })?;
        Ok(Self {
            exporter: gateway.exporter(),
            desk: gateway.desk(),
            lab,
            faults,
            started: clock.now().wall,
            clock,
            figures,
            feed,
            turns: QueryTurns::default(),
            setup,
            status,
        })
    }
}

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    tls: watch::Sender<Option<ServerTls>>,
    access: Access,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<io::Result<()>>>,
}

impl Admin {
    /// Listens where it is told; port 0 for any free one. Speaks TLS if it is told how.
    ///
    /// # Errors
    /// The address cannot be listened on, or the system refuses a thread.
    pub fn start(config: &AdminConfig, views: Views) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(api::THREADS)
            .on_thread_start(system::give_way)
            .build()?;
        let socket = runtime.block_on(TcpListener::bind(&config.address))?;
        let address = socket.local_addr()?;
        let (tls, current) = watch::channel(config.tls.clone());
        let access = Access::of(config.tokens.clone(), config.tls.is_some());
        let known = access.clone();
        let listener = Listener::new(socket, current);
        let thread = thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || {
                let served = runtime.block_on(serve(listener, (views, known), stopped));
                // Whatever is still looked for is of interest to nobody.
                runtime.shutdown_background();
                served
            })?;
        Ok(Self {
            address,
            tls,
            access,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Other tokens, where there were some and still are; other certificates, for new connections.
    /// Whether TLS is spoken at all stays as it is.
    pub fn reload(&self, config: &AdminConfig) {
        self.access.reload(config.tokens.clone());
        let tls = config.tls.clone();
        self.tls.send_if_modified(|current| {
            let both = current.is_some() && tls.is_some();
            if both {
                *current = tls;
            }
            both
        });
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The document that describes the HTTP API, in `OpenAPI` 3.1.
///
/// # Errors
/// Never, as far as is known: it is made of texts and numbers.
pub fn api_document() -> Result<String, serde_json::Error> {
    api::document().to_pretty_json()
}

impl Drop for Admin {
    fn drop(&mut self) {
        drop(self.stop.take());
        // How it ended is of no interest to whoever ends it.
        let _ended = self.thread.take().map(thread::JoinHandle::join);
    }
}

async fn serve(
    listener: Listener,
    (views, access): (Views, Access),
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let exporter = views.exporter.clone();
    let upkeep = tokio::spawn(async move {
        let mut every = tokio::time::interval(UPKEEP);
        loop {
            every.tick().await;
            exporter.upkeep();
        }
    });
    let serving = axum::serve(listener, pages::service(views, access)).into_future();
    tokio::select! {
        result = serving => result?,
        _stop = stopped => {}
    }
    upkeep.abort();
    Ok(())
}
