//! A whole lab in one process: terminals, the gateway and an acquirer, over loopback TCP, with a
//! real journal on a real disk.
//!
//! [`Lab::start`] sets it up with nothing configured, [`Lab::heal`] ends what goes wrong,
//! [`Lab::is_at_rest`] tells when nothing is under way any more, and [`Lab::finish`] counts the
//! three books: the terminals' receipts, the acquirer's bookings, and the gateway's journal.

use super::office_files::{self, OfficeReport};
use super::{Fleet, Host, TerminalSight};
use crate::engine::record::{Fact, Record, State, TxId};
use crate::engine::seam::Dice;
use crate::engine::trace::Book;
use crate::io::config::{Config, ConfigError};
use crate::io::faults::FaultDesk;
use crate::io::journal::{JournalReader, ReadError};
use crate::io::net::Wire;
use crate::io::serve::{Handle, ServeError, Server};
use crate::io::system;
use crate::iso::message::{MerchantId, Secret, TerminalId};
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide, FaultTally, Faults, Span};
use crate::lab::office::Profile;
use crate::lab::peer::{
    Acquirer, AcquirerOptions, Deck, MasterKeys, Patience, TEST_BIN, TerminalBelief,
    TerminalOptions, TestTerminal, Workload,
};
use crate::lab::sim::SCALE;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How a lab is set up.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// Where all chance comes from.
    pub seed: u64,
    /// The dialect of the terminals.
    pub spec: Arc<Spec>,
    /// The dialect of the acquirer.
    pub host_spec: Arc<Spec>,
    /// Whether the gateway gives trace numbers of its own.
    pub rewrite_stan: bool,
    /// How many terminals.
    pub terminals: usize,
    /// Between the transactions of a terminal.
    pub think: Span,
    /// What goes wrong.
    pub faults: Vec<Armed>,
    /// The trade that is played, with its back office.
    pub profile: Option<Profile>,
    /// The journal's folder, made new; its keys go into a folder beside it.
    pub folder: PathBuf,
}

/// What goes wrong in a lab unless it is told otherwise.
pub const USUAL_FAULTS: [&str; 12] = [
    "F01:p=0.01",
    "F02:p=0.005",
    "F03:p=0.01",
    "F07:p=0.002",
    "F08:p=0.005",
    "F09:p=0.005",
    "F10:p=0.001",
    "F11:p=0.003",
    "F14:p=0.001",
    "F15:p=0.01",
    "F16:p=0.03,code=51+61+62",
    "F28:p=0.1",
];

/// How long the gateway of a lab finishes what is in flight once the lab is told to end.
pub const LAB_DRAIN: Duration = Duration::from_secs(5);

/// How many test cards there are.
const CARDS: usize = 200;

/// Why a lab cannot be set up, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file or folder.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A thread or socket.
    #[error("the operating system refuses: {0}")]
    System(#[from] io::Error),
    /// The configuration it wrote for itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The gateway.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The journal.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A brain's thread ended by a bug.
    #[error("the {0} ended by a bug; what happened is on standard error")]
    Bug(&'static str),
}

/// A running lab.
#[derive(Debug)]
pub struct Lab {
    folder: PathBuf,
    host: Host,
    gateway: Handle,
    fleet: Fleet,
    desk: FaultDesk,
    bins: Vec<String>,
    /// Slips printed so far.
    slips: Arc<AtomicU64>,
}

/// A moment of a running lab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabProgress {
    /// Transactions that ended, as the terminals see it.
    pub transactions: u64,
    /// Requests that wait for an answer at the gateway.
    pub in_flight: usize,
    /// Reversals due or on the wire at the gateway.
    pub reversals: usize,
    /// Reversals that reached the acquirer, repeats included.
    pub reversals_seen: u64,
    /// How often faults struck.
    pub faults: u64,
}

/// How a lab ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabReport {
    /// Transactions that terminals began.
    pub transactions: u64,
    /// Transactions whose reversal left the gateway.
    pub reversed: u64,
    /// Of these, those whose reversal had a final answer.
    pub answered: u64,
    /// What the terminals' receipts add up to, in minor units.
    pub terminal: i64,
    /// What the gateway's journal adds up to.
    pub gateway: i64,
    /// What the acquirer's book adds up to.
    pub acquirer: i64,
    /// Transactions that a terminal is unsure of.
    pub unsure: u64,
    /// How often faults struck.
    pub faults: u64,
    /// The same for each fault by itself.
    pub struck: Vec<FaultTally>,
    /// What became of the money behind the switch.
    pub office: Option<OfficeReport>,
}

impl LabReport {
    /// Whether all three books hold the same.
    #[must_use]
    pub const fn is_balanced(&self) -> bool {
        self.terminal == self.gateway && self.gateway == self.acquirer
    }

    /// Whether the back office, if there is one, can explain each of its accounts.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.office
            .as_ref()
            .is_none_or(|office| office.unexplained.is_none())
    }
}

impl Lab {
    /// Starts all three, and returns when the terminals begin to trade.
    ///
    /// # Errors
    /// What keeps one of them from starting.
    pub fn start(mut options: LabOptions) -> Result<Self, LabError> {
        FaultDesk::number(&mut options.faults);
        let mut dice = Dice::new(options.seed);
        let masters = MasterKeys::derived(dice.number());
        let deck = deck(&options, dice.number());
        let wire = Wire {
            spec: Arc::clone(&options.spec),
            framing: None,
            frame: 8 << 10,
            frame_time: Duration::from_secs(5),
            read: 16 << 10,
        };
        let names: Vec<_> = (0..options.terminals).map(name).collect();
        let keys = lay_out(&options.folder, &masters, &names)?;
        let acquirer = acquirer(&options, &masters, &deck, &mut dice);
        let host_wire = Wire {
            spec: Arc::clone(&options.host_spec),
            ..wire.clone()
        };
        let host = Host::start(([127, 0, 0, 1], 0).into(), host_wire, acquirer)?;
        let config = config(&options, &keys, &host.address().to_string())?;
        let gateway = Server::start(config, dice.number())?;
        let address = gateway.ports().first().map(|port| port.address.to_string());
        let terminals = names
            .iter()
            .map(|(merchant, id)| terminal(&options, *merchant, *id, &masters, &deck, &mut dice))
            .collect();
        let slips = Arc::new(AtomicU64::new(0));
        let printed = Arc::clone(&slips);
        let fleet = Fleet::start(
            address.unwrap_or_default(),
            wire,
            terminals,
            move |_, seen| {
                if matches!(seen, TerminalSight::Printed(_)) {
                    printed.fetch_add(1, Ordering::Relaxed);
                }
            },
        )?;
        let places = vec![
            host.fault_place(),
            fleet.fault_place(),
            gateway.fault_place(),
        ];
        Ok(Self {
            desk: FaultDesk::new(places, &options.faults, "start"),
            bins: bins(&options),
            folder: options.folder,
            host,
            gateway,
            fleet,
            slips,
        })
    }

    /// What the numbers of its cards begin with.
    #[must_use]
    pub fn bins(&self) -> &[String] {
        &self.bins
    }

    /// Where faults are switched on and off while it runs.
    #[must_use]
    pub fn desk(&self) -> FaultDesk {
        self.desk.clone()
    }

    /// The gateway.
    #[must_use]
    pub const fn gateway(&self) -> &Handle {
        &self.gateway
    }

    /// The acquirer's address.
    #[must_use]
    pub const fn host(&self) -> std::net::SocketAddr {
        self.host.address()
    }

    /// This moment.
    #[must_use]
    pub fn progress(&self) -> LabProgress {
        let health = self.gateway.status().health();
        let at_host = self
            .host
            .with(|acquirer, _| (acquirer.counts().reversals, acquirer.faults().struck()));
        let (reversals_seen, at_host) = at_host.unwrap_or_default();
        let at_terminals: u64 = self.fleet.each(|own, _| own.faults().struck()).iter().sum();
        LabProgress {
            transactions: self.slips.load(Ordering::Relaxed),
            in_flight: health.in_flight,
            reversals: health.reversals,
            reversals_seen,
            faults: at_host + at_terminals,
        }
    }

    /// Nothing goes wrong any more, and nobody begins anything new.
    pub fn heal(&self) {
        self.fleet.each(|terminal, _| {
            terminal.stop_trading();
            terminal.heal();
        });
        self.host.with(|acquirer, now| acquirer.heal(now));
        self.gateway.heal();
    }

    /// Whether nothing is under way any more on any side: an answer that the acquirer holds back
    /// may need a reversal. What crosses between two of them is seen by the next look.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let answered = self.host.with(|acquirer, _| acquirer.is_idle());
        let health = self.gateway.status().health();
        answered != Some(false)
            && health.in_flight == 0
            && health.reversals == 0
            && self
                .fleet
                .each(|terminal, _| terminal.is_idle())
                .iter()
                .all(|idle| *idle)
    }

    /// Stops all three and counts their books.
    ///
    /// # Errors
    /// One of them did not end in good order, or the journal cannot be read.
    pub fn finish(self) -> Result<LabReport, LabError> {
        let mut terminals = self.fleet.stop();
        let on_wire = self.gateway.fault_tallies();
        self.gateway.drain();
        self.gateway.join()?;
        let mut acquirer = self.host.stop().ok_or(LabError::Bug("acquirer"))?;
        if terminals.is_empty() {
            return Err(LabError::Bug("terminals"));
        }
        let mut report = LabReport {
            acquirer: acquirer.totals().net(),
            faults: acquirer.faults().struck(),
            struck: acquirer.faults().tallies().collect(),
            ..LabReport::default()
        };
        report.struck.extend(tallies_at(&mut terminals));
        report.faults += on_wire.iter().map(|tally| tally.struck).sum::<u64>();
        report.struck.extend(on_wire);
        for terminal in &mut terminals {
            let receipts = terminal.receipts();
            let unsure = receipts.list().iter().filter(|receipt| {
                matches!(
                    receipt.belief,
                    TerminalBelief::Open | TerminalBelief::Unknown | TerminalBelief::GivenUp
                )
            });
            report.unsure += unsure.count() as u64;
            report.transactions += receipts.list().len() as u64;
            report.terminal += receipts.totals().net();
            report.faults += terminal.faults().struck();
        }
        count_journal(&self.folder, &mut report)?;
        if let Some(office) = acquirer.office() {
            report.office = Some(office_files::write(office.clone(), &self.folder)?);
        }
        Ok(report)
    }
}

/// How often each fault struck at all terminals together: all have the same ones.
fn tallies_at(terminals: &mut [TestTerminal]) -> Vec<FaultTally> {
    let mut sums: Vec<FaultTally> = Vec::new();
    for terminal in terminals {
        for (at, tally) in terminal.faults().tallies().enumerate() {
            match sums.get_mut(at) {
                Some(sum) => {
                    sum.struck += tally.struck;
                    sum.concerned += tally.concerned;
                }
                None => sums.push(tally),
            }
        }
    }
    sums
}

/// The gateway's book, folded from the journal as any other process would.
fn count_journal(folder: &Path, report: &mut LabReport) -> Result<(), LabError> {
    let mut book = Book::default();
    let (mut sent, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for record in JournalReader::open(folder, None)?.records() {
        let record = record?;
        book.take(&record);
        count_reversal(&record, &mut sent, &mut answered);
    }
    report.gateway = book.net();
    report.reversed = sent.len() as u64;
    report.answered = answered.len() as u64;
    Ok(())
}

fn count_reversal(record: &Record, sent: &mut BTreeSet<TxId>, answered: &mut BTreeSet<TxId>) {
    let (Some(tx), Fact::Step(step)) = (record.tx, &record.fact) else {
        return;
    };
    match step.state {
        State::ReversalSent => {
            sent.insert(tx);
        }
        State::Reversed | State::ClosedUnproven | State::ReversalRefused if sent.contains(&tx) => {
            answered.insert(tx);
        }
        _ => {}
    }
}

/// What the numbers of the profile's issuers begin with, else those of a lab.
fn bins(options: &LabOptions) -> Vec<String> {
    let issuers = options.profile.iter().flat_map(|profile| &profile.issuers);
    let bins: Vec<String> = issuers.flat_map(|issuer| &issuer.bins).cloned().collect();
    match bins.is_empty() {
        true => vec![TEST_BIN.to_owned()],
        false => bins,
    }
}

fn deck(options: &LabOptions, seed: u64) -> Deck {
    let bins = bins(options);
    let bins: Vec<&str> = bins.iter().map(String::as_str).collect();
    Deck::of_bins(seed, CARDS, &bins)
}

/// The names of the n-th terminal: ten terminals a merchant.
fn name(at: usize) -> (MerchantId, TerminalId) {
    let merchant = MerchantId::new(&format!("8743503572{:05}", at / 10));
    let terminal = TerminalId::new(&format!("1042{:04}", at));
    (merchant.unwrap_or_default(), terminal.unwrap_or_default())
}

fn acquirer(options: &LabOptions, masters: &MasterKeys, deck: &Deck, dice: &mut Dice) -> Acquirer {
    let mut own = AcquirerOptions::new(&options.host_spec, masters.clone(), deck.clone());
    own.latency = Span::millis(1, 10);
    if let Some(profile) = &options.profile {
        own.office = Some(profile.office.clone());
        own.issuers.clone_from(&profile.issuers);
    }
    own.faults = Faults::at(FaultSide::Acquirer, &options.faults, dice.split());
    own.strict = options
        .faults
        .iter()
        .any(|armed| armed.fault.needs_strict_acquirer());
    Acquirer::new(own, dice.split())
}

fn terminal(
    options: &LabOptions,
    merchant: MerchantId,
    terminal: TerminalId,
    masters: &MasterKeys,
    deck: &Deck,
    dice: &mut Dice,
) -> TestTerminal {
    let mut workload = Workload::shop(&options.spec, deck.clone());
    workload.think = options.think;
    if let Some(profile) = &options.profile {
        workload.mix.clone_from(&profile.mix);
        workload.amounts = profile.amounts.clone();
    }
    let mut own = TerminalOptions::new(&options.spec, merchant, terminal, workload);
    own.master = masters.of(&merchant, &terminal);
    own.patience = Patience::scaled(SCALE);
    // Half of them connect for each transaction, as many terminals do.
    own.stays_connected = dice.chance(1, 2);
    own.faults = Faults::at(FaultSide::Terminal, &options.faults, dice.split());
    TestTerminal::new(own, dice.split())
}

/// The files of the lab's keys.
pub(super) struct KeyFiles {
    pub(super) terminals: PathBuf,
    pub(super) vault: PathBuf,
}

/// Makes the folder of the keys beside the journal's, and writes the terminals' master keys.
pub(super) fn lay_out(
    folder: &Path,
    masters: &MasterKeys,
    names: &[(MerchantId, TerminalId)],
) -> Result<KeyFiles, LabError> {
    let mut folder = folder.to_owned().into_os_string();
    folder.push(".keys");
    let folder = PathBuf::from(folder);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| LabError::File { path, error }
    };
    system::make_private_folder(&folder).map_err(at(&folder))?;
    let mut text =
        String::from("# Master keys of this lab's terminals: test keys, from its seed.\n");
    for (merchant, terminal) in names {
        if let Some(key) = masters.of(merchant, terminal) {
            // Writing to a string does not fail.
            let _written = write!(
                text,
                "\n[[terminal]]\n\
                 merchant = \"{merchant}\"\nterminal = \"{terminal}\"\ntmk = \"{}\"\n",
                Secret::new(key.reveal().to_vec()).reveal_hex().as_str()
            );
        }
    }
    let terminals = folder.join("terminals.toml");
    let mut options = std::fs::OpenOptions::new();
    system::with_mode(options.write(true).create(true).truncate(true), 0o600);
    let mut file = options.open(&terminals).map_err(at(&terminals))?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(at(&terminals))?;
    Ok(KeyFiles {
        terminals,
        vault: folder.join("vault.toml"),
    })
}

/// The gateway's configuration, as a user would write it.
fn config(options: &LabOptions, keys: &KeyFiles, host: &str) -> Result<Config, LabError> {
    let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (spec, host_spec) = (options.spec.name(), options.host_spec.name());
    let map = if spec == host_spec { "" } else { "map = {}" };
    let rewrite = options.rewrite_stan;
    let text = format!(
        r#"
[gateway]
name = "lab"
keys = {keys}
drain = "{drain}s"

[[listener]]
address = "127.0.0.1:0"
spec = "{spec}"

[[link]]
name = "acquirer"
address = "{host}"
spec = "{host_spec}"
connections = 2
echo_interval = "60s"
reconnect = {{ first = "5ms", max = "500ms" }}

[[route]]
to = ["acquirer"]
timeout = "900ms"
rewrite_stan = {rewrite}
{map}
reversal = {{ by = "both", tries = 6, expire = "1728s" }}

[ladder]
scale = {SCALE}

[journal]
path = {journal}
keys = {vault}
"#,
        keys = quoted(&absolute(&keys.terminals)),
        drain = LAB_DRAIN.as_secs(),
        vault = quoted(&absolute(&keys.vault)),
        journal = quoted(&options.folder),
    );
    let mut config = Config::parse("lab", &text, Path::new("."))?;
    let on_wire = options.faults.iter();
    let on_wire = on_wire.filter(|armed| armed.place() == FaultSide::Wire);
    config.faults = on_wire.cloned().collect();
    Ok(config)
}
