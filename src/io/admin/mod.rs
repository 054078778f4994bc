//! The administrator's address: `/metrics` for Prometheus, `/health` for whoever asks, `/terminals`
//! for who has come in; `POST /transactions/ID/reverse`, `/park` and `/close` for operators, each
//! with `{"who":…,"why":…}`.
//!
//! Runs on a thread of its own, so that no request here costs a message anything. It looks at
//! counts, and hands on what operators want; it knows no message and decides nothing.
//!
//! Start with [`Admin::start`].

mod listener;

mod page;

mod pages;

#[cfg(test)]
mod tests;

use crate::engine::seam::Zone;
use crate::io::config::ServerTls;
use crate::io::serve::{OperatorDesk, Status};
use crate::io::telemetry::Exporter;
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
    /// The zone in which moments are shown.
    pub zone: Zone,
}

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    tls: watch::Sender<Option<ServerTls>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<io::Result<()>>>,
}

impl Admin {
    /// Listens on `host:port`; port 0 for any free one. Speaks TLS if it is told how.
    ///
    /// # Errors
    /// The address cannot be listened on, or the system refuses a thread.
    pub fn start(address: &str, tls: Option<ServerTls>, views: Views) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let socket = runtime.block_on(TcpListener::bind(address))?;
        let address = socket.local_addr()?;
        let (tls, current) = watch::channel(tls);
        let listener = Listener::new(socket, current);
        let thread = thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || runtime.block_on(serve(listener, views, stopped)))?;
        Ok(Self {
            address,
            tls,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Other certificates, for new connections. Whether TLS is spoken at all stays as it is.
    pub fn reload(&self, tls: Option<ServerTls>) {
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

impl Drop for Admin {
    fn drop(&mut self) {
        drop(self.stop.take());
        // How it ended is of no interest to whoever ends it.
        let _ended = self.thread.take().map(thread::JoinHandle::join);
    }
}

async fn serve(listener: Listener, views: Views, stopped: oneshot::Receiver<()>) -> io::Result<()> {
    let exporter = views.exporter.clone();
    let upkeep = tokio::spawn(async move {
        let mut every = tokio::time::interval(UPKEEP);
        loop {
            every.tick().await;
            exporter.upkeep();
        }
    });
    let serving = axum::serve(listener, pages::routes(views)).into_future();
    tokio::select! {
        result = serving => result?,
        _stop = stopped => {}
    }
    upkeep.abort();
    Ok(())
}
