//! Offering messages at a rate that does not wait for answers (an open model), and measuring how
//! long each answer takes from the moment its request was meant to be sent: a gateway that stalls
//! is charged for every request that it kept from being sent (no coordinated omission).
//!
//! Each connection is one terminal, with many requests on their way at once, found again by their
//! trace numbers. It signs on first where the dialect wants that; then its requests are changed in
//! place from one to the next, MACs included. One thread carries them all.
//!
//! Start with [`Load::start`].

mod course;

mod measure;

mod metronome;

mod caller;

mod pace;

pub use course::{Course, RateCriterion, RateSearch, Stretch};
pub use measure::{
    Figures, Latencies, Latency, LoadReport, MeasuredKind, MeasuredSecond, MeasuredStretch,
};

use super::asks::{Asks, asks};
use crate::engine::seam::Dice;
use crate::io::net::Wire;
use crate::io::system::open_files;
use crate::iso::message::{MerchantId, TerminalId};
use crate::lab::peer::{Deck, MasterKeys, Mix, Patience, TerminalOptions, TestTerminal, Workload};
use caller::{Common, NUMBERS};
use std::io;
use std::rc::Rc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};

/// Files that the process has open beside its connections.
const OTHER_FILES: usize = 32;

/// What is offered, and to whom.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// `host:port`.
    pub to: String,
    /// How its frames are cut.
    pub wire: Wire,
    /// At which rates, for how long.
    pub course: Course,
    /// Terminals by DE 42 and DE 41, each with a connection. Names of another run would be taken
    /// for repeats of its transactions.
    pub terminals: Vec<(MerchantId, TerminalId)>,
    /// Requests that one terminal may have on their way; more are dropped.
    pub in_flight: u16,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Which kinds of transactions.
    pub mix: Mix,
    /// Master keys of the terminals.
    pub keys: MasterKeys,
    /// The cards that pass.
    pub cards: Deck,
    /// Where chance comes from.
    pub seed: u64,
}

/// Why a load cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Trace numbers would be used twice.
    #[error(
        "{requests} requests need as many trace numbers, and {terminals} terminals have {free}: \
         a number used again would be taken for a repeat; use at least {wanted} terminals"
    )]
    Numbers {
        /// How many requests there will be.
        requests: u64,
        /// From so many terminals.
        terminals: usize,
        /// How many numbers these have.
        free: u64,
        /// So many terminals have enough.
        wanted: u64,
    },
    /// There are more connections than the system lets a process have.
    #[error(
        "{terminals} terminals need as many open files, and the system allows {most} (ulimit -n)"
    )]
    Files {
        /// The connections.
        terminals: usize,
        /// The limit.
        most: usize,
    },
    /// The kind is not known, or its numbers lie where they cannot be changed.
    #[error("requests of the kind {0} cannot be made in this dialect: no trace number in them")]
    Kind(String),
    /// Not one terminal could connect and sign on.
    #[error("no terminal could connect to {to} and sign on; is it there, with the same keys?")]
    Nobody {
        /// The address.
        to: String,
    },
    /// The operating system refused something.
    #[error("{0}")]
    System(String),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::System(error.to_string())
    }
}

impl LoadOptions {
    /// Whether there are numbers and connections enough.
    ///
    /// # Errors
    /// [`LoadError::Numbers`], [`LoadError::Files`].
    pub fn check(&self) -> Result<(), LoadError> {
        let terminals = self.terminals.len();
        let free = as_u64(terminals).saturating_mul(NUMBERS);
        if let Some(requests) = self.course.requests().filter(|requests| *requests > free) {
            let wanted = requests.div_ceil(NUMBERS);
            return Err(LoadError::Numbers {
                requests,
                terminals,
                free,
                wanted,
            });
        }
        match open_files() {
            Some(most) if most < terminals.saturating_add(OTHER_FILES) => {
                Err(LoadError::Files { terminals, most })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What should be looked at, though it is allowed.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let room = as_u64(self.terminals.len()) * u64::from(self.in_flight);
        let holds = Duration::from_millis(room * 1000 / u64::from(self.course.peak()?.max(1)));
        (holds < self.timeout).then(|| {
            format!(
                "{} terminals with {} on their way each hold {room} requests: an answer that takes \
                 longer than {holds:?} makes requests drop; use more --terminals",
                self.terminals.len(),
                self.in_flight
            )
        })
    }

    /// A terminal that does nothing by itself.
    fn terminal(&self, merchant: MerchantId, name: TerminalId) -> TestTerminal {
        let workload = Workload::on_order(self.cards.clone());
        let mut options = TerminalOptions::new(&self.wire.spec, merchant, name, workload);
        options.master = self.keys.of(&merchant, &name);
        options.patience = Patience::scaled(6);
        options.stays_connected = true;
        TestTerminal::new(options, Dice::new(self.seed))
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A load under way.
#[derive(Debug)]
pub struct Load {
    asks: Asks<Rc<Common>>,
    thread: thread::JoinHandle<Result<LoadReport, LoadError>>,
}

impl Load {
    /// Connects, signs on, and begins, on a thread of its own.
    ///
    /// # Errors
    /// There are not numbers or files enough, or the system refuses a thread.
    pub fn start(options: LoadOptions) -> anyhow::Result<Self> {
        options.check()?;
        let (asks, asked) = asks();
        let mut runtime = Builder::new_current_thread();
        runtime.enable_all();
        let thread = thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || {
                let runtime = runtime.build_local(LocalOptions::default())?;
                runtime.block_on(pace::run(options, asked))
            })?;
        Ok(Self { asks, thread })
    }

    /// What was measured so far; `None` when it is over.
    #[must_use]
    pub fn so_far(&self) -> Option<LoadReport> {
        self.asks.ask(|common| common.tally.borrow().report())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Why it did not begin.
    pub fn join(self) -> Result<LoadReport, LoadError> {
        let Self { asks, thread } = self;
        let ended = thread.join();
        drop(asks);
        ended.unwrap_or_else(|_panic| Err(LoadError::System("the load ended by a bug".to_owned())))
    }
}
