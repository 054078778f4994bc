//! A story over real sockets: terminals, the gateway with its journal on disk, and an acquirer, all
//! by one clock whose time goes faster than here.

use super::host::HostSight;
use super::lab::lay_out;
use super::{Fleet, Host, LabError, TerminalSight};
use crate::engine::record::Hop;
use crate::engine::seam::{Mono, Now};
use crate::io::config::{Config, ConfigError};
use crate::io::journal::JournalReader;
use crate::io::net::Wire;
use crate::io::serve::{Clock, Handle, ServeError, Server};
use crate::lab::fault::{Armed, FaultSide};
use crate::lab::peer::{Order, Receipt};
use crate::lab::scenario::{Scenario, StoryEnd, StoryPlace, cast, eve};
use crate::lab::sim::Passage;
use bytes::Bytes;
use core::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many times as fast as here the time of a story goes.
const STORY_PACE: u32 = 50;

/// How long nothing must have been under way, in the time of the story: longer than any time of
/// grace.
const QUIET: Duration = Duration::from_secs(100);

/// How often it is looked whether anything is under way.
const LOOK: Duration = Duration::from_millis(20);

/// A running story.
#[derive(Debug)]
pub struct SocketPlace {
    clock: Clock,
    folder: PathBuf,
    seed: u64,
    /// The configuration; its listener has a port once the gateway listens.
    text: String,
    host: Host,
    /// None while it starts again.
    gateway: Option<Handle>,
    fleet: Fleet,
    terminals: usize,
    passages: Arc<Mutex<Vec<Passage>>>,
}

impl SocketPlace {
    /// Starts all three for a story. The journal goes into `folder`, made new, its keys beside it.
    ///
    /// # Errors
    /// What keeps one of them from starting.
    pub fn start(scenario: &Scenario, folder: PathBuf) -> Result<Self, LabError> {
        let mut cast = cast(scenario);
        let clock = Clock::of_story(eve(scenario), STORY_PACE);
        let keys = lay_out(&folder, &cast.masters, &cast.names)?;
        let wire = Wire {
            spec: Arc::clone(&scenario.spec),
            framing: None,
            frame: 8 << 10,
            frame_time: Duration::from_secs(5),
            read: 16 << 10,
        };
        let passages = Arc::default();
        let tape = StoryTape {
            clock,
            passages: Arc::clone(&passages),
        };
        let at_host = tape.clone();
        let host = Host::start_by(
            clock,
            ([127, 0, 0, 1], 0).into(),
            wire.clone(),
            cast.acquirer,
            move |seen| at_host.host(seen),
        )?;
        let text = configuration(
            scenario,
            [&keys.terminals, &keys.vault, &folder],
            host.address(),
        );
        let seed = cast.dice.number();
        let gateway = Server::start_by(parsed(&text.replace("PORT", "0"))?, seed, clock)?;
        let address = gateway.ports().first().map(|port| port.address);
        let port = address.map_or(0, |address| address.port());
        let terminals = cast.terminals.len();
        let fleet = Fleet::start_by(
            clock,
            format!("127.0.0.1:{port}"),
            wire,
            cast.terminals,
            move |at, seen| tape.terminal(at, seen),
        )?;
        Ok(Self {
            clock,
            folder,
            seed,
            text: text.replace("PORT", &port.to_string()),
            host,
            gateway: Some(gateway),
            fleet,
            terminals,
            passages,
        })
    }

    /// Whether anything is under way on any side.
    fn is_busy(&self) -> bool {
        let answered = self.host.with(|acquirer, _| acquirer.is_idle());
        let health = self
            .gateway
            .as_ref()
            .map(|gateway| gateway.status().health());
        let idle = self.fleet.each(|terminal, _| terminal.is_idle());
        answered == Some(false)
            || health.is_none_or(|health| health.in_flight > 0 || health.reversals > 0)
            || idle.iter().any(|idle| !idle)
    }
}

impl StoryPlace for SocketPlace {
    const NAME: &'static str = "tcp";

    fn now(&self) -> Now {
        self.clock.now()
    }

    /// All three run since they were started.
    fn begin(&mut self) {}

    fn run_until(&mut self, moment: Mono) -> Result<(), String> {
        let due = self.clock.instant(moment);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        Ok(())
    }

    fn run_to_rest(&mut self, calm: Duration, moment: Mono) -> Result<(), String> {
        let mut busy = self.now().mono;
        while self.now().mono - busy < calm.min(QUIET) && self.now().mono < moment {
            thread::sleep(LOOK);
            if self.is_busy() {
                busy = self.now().mono;
            }
        }
        Ok(())
    }

    fn sign_in(&mut self, terminal: usize) {
        let mut at = 0;
        self.fleet.each(move |own, now| {
            if at == terminal {
                own.sign_in(now);
            }
            at += 1;
        });
    }

    fn arm(&mut self, armed: &Armed) {
        let own = armed.clone();
        if armed.fault.needs_strict_acquirer() {
            self.host.with(|acquirer, _| acquirer.be_strict());
        }
        match armed.fault.place() {
            FaultSide::Terminal => {
                self.fleet
                    .each(move |terminal, _| terminal.faults().add(own.clone()));
            }
            FaultSide::Acquirer | FaultSide::Office => {
                self.host
                    .with(move |acquirer, now| acquirer.switch_on(now, own));
            }
            // A story is about its far ends.
            FaultSide::Wire => {}
        }
    }

    fn order(&mut self, terminal: usize, order: Order) -> Result<(), String> {
        let mut at = 0;
        let ordered = self.fleet.each(move |own, now| {
            let mine = at == terminal;
            at += 1;
            mine.then(|| own.order(now, order.clone()))
        });
        let wrong = ordered.into_iter().flatten().find_map(Result::err);
        wrong.map_or(Ok(()), |wrong| Err(wrong.to_string()))
    }

    fn restart(&mut self) -> Result<(), String> {
        let config = parsed(&self.text).map_err(|error| error.to_string())?;
        let told = |error: ServeError| error.to_string();
        if let Some(gateway) = self.gateway.take() {
            gateway.stop();
            gateway.join().map_err(told)?;
        }
        self.gateway = Some(Server::start_by(config, self.seed, self.clock).map_err(told)?);
        Ok(())
    }

    fn cut_link(&mut self) {
        self.host.cut();
    }

    fn terminals(&self) -> usize {
        self.terminals
    }

    fn receipt(&self, terminal: usize, nth: usize) -> Option<Receipt> {
        let mut at = 0;
        let found = self.fleet.each(move |own, _| {
            let mine = at == terminal;
            at += 1;
            let receipts = own.receipts();
            mine.then(|| receipts.list().get(nth).cloned()).flatten()
        });
        found.into_iter().flatten().next()
    }

    fn forget_passages(&mut self) {
        held(&self.passages).clear();
    }

    fn end(self) -> Result<StoryEnd, String> {
        let at = self.clock.now();
        let terminals = self.fleet.stop();
        if let Some(gateway) = self.gateway {
            gateway.drain();
            gateway.join().map_err(|error| error.to_string())?;
        }
        let acquirer = self.host.stop().ok_or("the acquirer ended by a bug")?;
        let journal = JournalReader::open(&self.folder, None).map_err(|error| error.to_string())?;
        let records: Result<_, _> = journal.records().collect();
        let passages = std::mem::take(&mut *held(&self.passages));
        Ok(StoryEnd {
            at,
            passages,
            records: records.map_err(|error| error.to_string())?,
            terminals,
            acquirer,
            broken: Vec::new(),
        })
    }
}

fn held(passages: &Mutex<Vec<Passage>>) -> std::sync::MutexGuard<'_, Vec<Passage>> {
    passages.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes what passes, as the far ends see it.
#[derive(Clone)]
struct StoryTape {
    clock: Clock,
    passages: Arc<Mutex<Vec<Passage>>>,
}

impl StoryTape {
    fn note(&self, hop: Hop, terminal: Option<usize>, frame: &Bytes, lost: bool) {
        held(&self.passages).push(Passage {
            at: self.clock.now(),
            hop,
            terminal,
            frame: frame.clone(),
            lost,
        });
    }

    fn terminal(&self, at: usize, seen: TerminalSight<'_>) {
        match seen {
            TerminalSight::Sent(frame) => {
                self.note(Hop::TerminalToGateway, Some(at), frame, false);
            }
            TerminalSight::Received(frame) => {
                self.note(Hop::GatewayToTerminal, Some(at), frame, false);
            }
            TerminalSight::Printed(_) | TerminalSight::Unconnected(_) => {}
        }
    }

    fn host(&self, seen: HostSight<'_>) {
        match seen {
            HostSight::Received(frame) => self.note(Hop::GatewayToAcquirer, None, frame, false),
            HostSight::Sent(frame) => self.note(Hop::AcquirerToGateway, None, frame, false),
            HostSight::Lost(frame) => {
                let came = |passage: &&mut Passage| {
                    passage.hop == Hop::GatewayToAcquirer && passage.frame == *frame
                };
                if let Some(passage) = held(&self.passages).iter_mut().rev().find(came) {
                    passage.lost = true;
                    return;
                }
                self.note(Hop::AcquirerToGateway, None, frame, true);
            }
        }
    }
}

fn parsed(text: &str) -> Result<Config, ConfigError> {
    Config::parse("scenario", text, Path::new("."))
}

/// The gateway's configuration, with `PORT` for the port of its listener.
fn configuration(scenario: &Scenario, files: [&Path; 3], host: SocketAddr) -> String {
    let [keys, vault, journal] = files.map(|path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        toml::Value::String(path.display().to_string()).to_string()
    });
    let (spec, by) = (scenario.spec.name(), scenario.reverses.name());
    format!(
        r#"
[gateway]
name = "scenario"
keys = {keys}

[[listener]]
address = "127.0.0.1:PORT"
spec = "{spec}"

[[link]]
name = "acquirer"
address = "{host}"
spec = "{spec}"
connections = 1
sign_on = false
echo_interval = "0s"
reconnect = {{ first = "20ms", max = "100ms" }}

[[route]]
to = ["acquirer"]
reversal = {{ by = "{by}", tries = 6, expire = "24h" }}

[journal]
path = {journal}
keys = {vault}
"#
    )
}
