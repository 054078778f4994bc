//! The machine that the gateway runs on: the core, its journal, its outbox; it crashes and starts
//! again.
//!
//! This is the driver of the real process in miniature: records are appended in order, one sync is
//! under way at a time, and a send leaves when the journal is durable up to its record.

use super::chances::{Chances, SCALE, Sabotage};
use crate::engine::gateway::{
    Action, Balance, Event, Gateway, Keys, Ladder, Limits, LinkOptions, ListenerOptions, Match,
    Options, ReversalBy, ReversalOptions, RouteOptions, SendId, SignOn,
};
use crate::engine::journal::{Journal, JournalError, JournalOptions, Memory, PowerCut};
use crate::engine::record::{
    ConnId, Fact, Hop, LinkId, Logged, Opened, Record, Row, Seq, TxId, Vault, VaultKeys,
};
use crate::engine::seam::{Dice, Now};
use crate::iso::message::{Class, Text};
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::iso::translate::Map;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A send that leaves, or a connection that closes.
#[derive(Debug)]
pub(super) enum Out {
    Frame {
        id: SendId,
        after: Seq,
        conn: ConnId,
        frame: Bytes,
    },
    Close(ConnId),
}

/// The machine.
pub(super) struct Host {
    pub(super) gateway: Gateway,
    journal: Journal<Memory>,
    vault: Vault,
    outbox: VecDeque<(SendId, Seq, ConnId, Bytes)>,
    /// A sync is under way.
    pub(super) syncing: bool,
    sabotage: Option<Sabotage>,
    /// Sends taken back, to be reported to the gateway.
    revoked: Vec<SendId>,
    /// The steps recorded since they were last taken.
    pub(super) steps: Vec<Seen>,
}

/// A recorded step, as far as the watch wants to know.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) tx: TxId,
    pub(super) row: Row,
    pub(super) opened: Option<Box<Opened>>,
    /// The request as it goes on, where that is not as it came.
    pub(super) crossed: Option<Bytes>,
}

fn step_of(record: &Record) -> Option<Seen> {
    let Fact::Step(step) = &record.fact else {
        return None;
    };
    let goes_on = |logged: &&Logged| {
        logged.hop == Hop::GatewayToAcquirer && logged.mti.class() != Class::Reversal
    };
    let crossed = step.message.as_ref().filter(goes_on);
    Some(Seen {
        tx: record.tx?,
        row: step.row,
        opened: step.opened.clone(),
        crossed: crossed.map(|logged| logged.frame.frame.clone()),
    })
}

fn vault_keys() -> VaultKeys {
    VaultKeys::new(&[0x5A; 32], 1, &[0xA5; 32])
}

fn vault(run: u32) -> Vault {
    Vault::new(vault_keys(), run.to_be_bytes())
}

/// The set-up of the gateway in a world.
pub(super) fn options(
    chances: &Chances,
    (spec, host): (&Arc<Spec>, &Arc<Spec>),
    keys: Vec<(String, String, Key)>,
) -> Options {
    let by = if chances.gateway_reverses {
        ReversalBy::Both
    } else {
        ReversalBy::Terminal
    };
    Options {
        name: Text::new("sim").unwrap_or_default(),
        listeners: vec![ListenerOptions::open(spec.clone())],
        links: vec![LinkOptions {
            name: Text::new("acquirer").unwrap_or_default(),
            spec: host.clone(),
            sign_on: SignOn::Nothing,
            echo_interval: Duration::from_secs(60) / SCALE,
        }],
        routes: vec![RouteOptions {
            to: vec![LinkId(0)],
            balance: Balance::default(),
            takes: Match::default(),
            rewrite_stan: chances.rewrite_stan,
            map: chances.host_spec.map(|_| Map::default()),
            key: Vec::new(),
            timeout: Duration::from_secs(45) / SCALE,
            reversal: ReversalOptions {
                by,
                tries: 6,
                expire: Duration::from_secs(24 * 3600) / SCALE,
                unproven: false,
            },
        }],
        keys: Keys {
            terminals: keys,
            default: None,
        },
        limits: Limits::default(),
        ladder: Ladder::scaled(SCALE),
    }
}

impl Host {
    /// Starts on a disk, new or used.
    pub(super) fn start(
        chances: &Chances,
        options: Options,
        disk: Memory,
        run: u32,
        now: Now,
    ) -> Result<Self, JournalError> {
        let seed = chances.seed ^ (u64::from(run) << 32);
        let journal_options = JournalOptions {
            segment_bytes: chances.segment,
            salvage: false,
            seed,
        };
        let (journal, history) = Journal::open(disk, journal_options)?;
        let reader = vault(run);
        let opened = history.map(|mut record: Record| {
            record.open_patches(&reader);
            record
        });
        let gateway = Gateway::recover(options, Arc::new(vault(run)), seed, now, opened);
        Ok(Self {
            gateway,
            journal,
            vault: vault(run),
            outbox: VecDeque::new(),
            syncing: false,
            sabotage: chances.sabotage,
            revoked: Vec::new(),
            steps: Vec::new(),
        })
    }

    /// Hands an event to the gateway and takes its orders. `true` if a sync should begin.
    pub(super) fn handle(
        &mut self,
        now: Now,
        event: Event,
    ) -> Result<(bool, Vec<Out>), JournalError> {
        self.gateway.handle(now, event);
        self.take_orders(now)
    }

    /// Takes the gateway's orders.
    pub(super) fn take_orders(&mut self, now: Now) -> Result<(bool, Vec<Out>), JournalError> {
        let mut out = Vec::new();
        loop {
            while let Some(action) = self.gateway.poll_action() {
                match action {
                    Action::Append(record) => {
                        self.steps.extend(step_of(&record));
                        self.journal.append(&record, &mut self.vault)?;
                    }
                    Action::Send {
                        id,
                        after,
                        conn,
                        frame,
                    } => {
                        self.outbox.push_back((id, after, conn, frame));
                    }
                    Action::Revoke(id) => self.revoke(id),
                    Action::Close(conn) => out.push(Out::Close(conn)),
                }
            }
            if self.revoked.is_empty() {
                break;
            }
            for id in std::mem::take(&mut self.revoked) {
                self.gateway.handle(now, Event::NotWritten(id));
            }
        }
        if self.journal.needs_checkpoint() {
            for record in self.gateway.checkpoint(now) {
                self.journal.append(&record, &mut self.vault)?;
            }
        }
        self.journal.write()?;
        self.release(&mut out);
        Ok((
            self.journal.durable() < self.journal.last() && !self.syncing,
            out,
        ))
    }

    /// Takes a send back, if it is still here; otherwise it was reported as written already.
    fn revoke(&mut self, id: SendId) {
        if let Some(at) = self.outbox.iter().position(|(own, ..)| *own == id) {
            self.outbox.remove(at);
            self.revoked.push(id);
        }
    }

    /// The disk did what it was told.
    pub(super) fn synced(&mut self) -> Result<Vec<Out>, JournalError> {
        self.syncing = false;
        self.journal.sync()?;
        let mut out = Vec::new();
        self.release(&mut out);
        Ok(out)
    }

    /// Lets go what is explained by durable records.
    fn release(&mut self, out: &mut Vec<Out>) {
        let hasty = self.sabotage == Some(Sabotage::SendBeforeSync);
        let durable = self.journal.durable();
        while let Some((_, after, ..)) = self.outbox.front()
            && (*after <= durable || hasty)
        {
            let Some((id, after, conn, frame)) = self.outbox.pop_front() else {
                return;
            };
            out.push(Out::Frame {
                id,
                after,
                conn,
                frame,
            });
        }
    }

    /// The process is gone. What the disk keeps: everything written, or, if the power went too,
    /// what was synced and whatever else happened to reach the platter.
    pub(super) fn crash(self, power: bool, dice: &mut Dice) -> Memory {
        let mut disk = self.journal.into_storage();
        if power {
            let cut = match dice.below(3) {
                0 => PowerCut::Nothing,
                1 => PowerCut::First(usize::try_from(dice.below(4096)).unwrap_or(0)),
                _ => PowerCut::Torn(dice),
            };
            disk.power_cut(cut);
        }
        disk
    }

    pub(super) const fn journal(&self) -> &Journal<Memory> {
        &self.journal
    }

    /// Stops in good order, and gives the disk back.
    pub(super) fn stop(mut self) -> Result<Memory, JournalError> {
        self.journal.sync()?;
        Ok(self.journal.into_storage())
    }
}

/// Reads a whole disk: every record of every segment, sealed.
pub(super) fn read_all(disk: &Memory) -> Vec<Record> {
    use crate::engine::journal::{Header, Segment, Storage};
    let mut records = Vec::new();
    for number in disk.segments().unwrap_or_default() {
        let bytes = disk.read(number, 0, usize::MAX).unwrap_or_default();
        let Some(header) = Header::read(&bytes) else {
            continue;
        };
        let body = bytes.get(Header::LENGTH..).unwrap_or_default();
        let base = Header::LENGTH as u64;
        for framed in Segment::new(body, base, header.salt) {
            records.extend(crate::engine::record::decode(framed.body));
        }
    }
    records
}
