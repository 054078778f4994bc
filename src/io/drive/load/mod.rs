//! Offering messages at a rate that does not wait for answers (an open model), and measuring how
//! long each answer takes from the moment its request was meant to be sent: a gateway that stalls
//! is charged for every request that it kept from being sent (no coordinated omission).
//!
//! Each connection is one terminal, with many requests on their way at once, found again by their
//! trace numbers. It signs on first where the dialect wants that, and its messages carry MACs.
//!
//! Start with [`Load::start`].

mod caller;

mod measure;

mod pace;

pub use measure::{Latency, LoadReport};

use super::asks::{Asks, asks};
use crate::engine::seam::Dice;
use crate::io::net::Wire;
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::lab::peer::{Deck, MasterKeys, Patience, TerminalOptions, TestTerminal, Workload};
use measure::Tally;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};

/// The largest number of requests with trace numbers of their own.
const STANS: u64 = 999_999;

/// What is offered, and to whom.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// `host:port`.
    pub to: String,
    /// How its frames are cut.
    pub wire: Wire,
    /// Requests a second.
    pub rate: u32,
    /// For how long.
    pub length: Duration,
    /// Terminals by DE 42 and DE 41, each with a connection. Names of another run would be taken
    /// for repeats of its transactions.
    pub terminals: Vec<(MerchantId, TerminalId)>,
    /// Requests that one terminal may have on their way; more are dropped.
    pub in_flight: u16,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// The kind of transaction, by its name in the dialect.
    pub kind: Text<24>,
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
    /// Names would be used twice while their first use is still waited for.
    #[error(
        "{rate} a second with a timeout of {timeout:?} needs {needed} names at a time, and \
         {terminals} terminals have {free}; use more terminals, or wait less"
    )]
    Names {
        /// Requests a second.
        rate: u32,
        /// How long each is waited for.
        timeout: Duration,
        /// How many names may be in use at once.
        needed: u64,
        /// How many there are.
        free: u64,
        /// With so many terminals.
        terminals: usize,
    },
    /// The kind is not known, or needs an earlier transaction.
    #[error("{0}")]
    Kind(String),
    /// Not one terminal could connect and sign on.
    #[error("no terminal could connect to {to} and sign on; is it there, with the same keys?")]
    Nobody {
        /// The address.
        to: String,
    },
}

impl LoadOptions {
    /// Whether there are names enough.
    ///
    /// # Errors
    /// [`LoadError::Names`].
    pub fn check(&self) -> Result<(), LoadError> {
        let seconds = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        let needed = (u64::from(self.rate).saturating_mul(seconds)).div_ceil(1000);
        let free = as_u64(self.terminals.len()).saturating_mul(STANS);
        if needed > free {
            return Err(LoadError::Names {
                rate: self.rate,
                timeout: self.timeout,
                needed,
                free,
                terminals: self.terminals.len(),
            });
        }
        Ok(())
    }

    /// What should be looked at, though it is allowed.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let room = as_u64(self.terminals.len()) * u64::from(self.in_flight);
        let seconds = room / u64::from(self.rate.max(1));
        (Duration::from_secs(seconds) < self.timeout).then(|| {
            format!(
                "{} terminals with {} on their way each hold {room} requests: an answer that takes \
                 longer than {seconds} s makes requests drop; use more --terminals",
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
    asks: Asks<Rc<RefCell<Tally>>>,
    thread: thread::JoinHandle<Result<LoadReport, LoadError>>,
}

impl Load {
    /// Connects, signs on, and begins, on a thread of its own.
    ///
    /// # Errors
    /// There are not names enough, or the system refuses a thread.
    pub fn start(options: LoadOptions) -> anyhow::Result<Self> {
        options.check()?;
        let (asks, asked) = asks();
        let mut runtime = Builder::new_current_thread();
        runtime.enable_all();
        let thread = thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || {
                let runtime = runtime.build_local(LocalOptions::default());
                let runtime =
                    runtime.map_err(|error: io::Error| LoadError::Kind(error.to_string()))?;
                runtime.block_on(pace::run(options, asked))
            })?;
        Ok(Self { asks, thread })
    }

    /// What was measured so far; `None` when it is over.
    #[must_use]
    pub fn so_far(&self) -> Option<LoadReport> {
        self.asks.ask(|tally| tally.borrow().report())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Why it did not begin.
    pub fn join(self) -> Result<LoadReport, LoadError> {
        let Self { asks, thread } = self;
        let ended = thread.join();
        drop(asks);
        ended.unwrap_or_else(|_panic| Err(LoadError::Kind("the load ended by a bug".to_owned())))
    }
}
