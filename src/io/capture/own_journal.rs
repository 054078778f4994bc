//! Our own journal as a capture: the messages of its records, on both sides of the gateway.

use super::CaptureError;
use super::log::{LogSource, LoggedContent, LoggedEntry, LoggedWay};
use crate::engine::record::{ConnId, Fact, Hop, Logged, Record};
use crate::io::journal::{JournalReader, ReadError, RecordReader};
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowSide, SeenAt};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// Reads the messages of a journal.
pub(super) struct OwnJournal {
    records: RecordReader,
    /// How many gateways began to write: the numbers of connections begin anew with each.
    runs: u32,
    ready: VecDeque<LoggedEntry>,
}

impl OwnJournal {
    /// The journal in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, CaptureError> {
        let reader = JournalReader::open(folder, None).map_err(fault)?;
        Ok(Self {
            records: reader.records(),
            runs: 0,
            ready: VecDeque::new(),
        })
    }

    /// The built-in dialect of the first link that a journal names.
    pub(super) fn dialect(folder: &Path) -> Result<Option<Arc<Spec>>, CaptureError> {
        let reader = JournalReader::open(folder, None).map_err(fault)?;
        for record in reader.records() {
            if let Fact::Started { links, .. } = record.map_err(fault)?.fact {
                let named = links
                    .iter()
                    .find_map(|link| Spec::builtin(link.spec.as_str()));
                if named.is_some() {
                    return Ok(named);
                }
            }
        }
        Ok(None)
    }

    fn take(&mut self, record: &Record) {
        match &record.fact {
            Fact::Started { .. } => self.runs = self.runs.saturating_add(1),
            Fact::Step(step) => {
                if let Some(message) = &step.message {
                    self.put(record, message);
                }
            }
            Fact::Session(message) => self.put(record, message),
            Fact::Unmatched(unmatched) => self.put(record, &unmatched.message),
            _ => {}
        }
    }

    /// A message, and the same once more where its bytes went on unchanged.
    fn put(&mut self, record: &Record, message: &Logged) {
        self.put_hop(record, message, message.hop, message.conn);
        let onward = match message.hop {
            Hop::TerminalToGateway => Hop::GatewayToAcquirer,
            Hop::AcquirerToGateway => Hop::GatewayToTerminal,
            Hop::GatewayToAcquirer => Hop::TerminalToGateway,
            Hop::GatewayToTerminal => Hop::AcquirerToGateway,
        };
        if let Some(conn) = message.relayed {
            self.put_hop(record, message, onward, conn);
        }
    }

    fn put_hop(&mut self, record: &Record, message: &Logged, hop: Hop, conn: ConnId) {
        let (leg, from) = match hop {
            Hop::TerminalToGateway => ("terminal", FlowSide::Client),
            Hop::GatewayToTerminal => ("terminal", FlowSide::Server),
            Hop::GatewayToAcquirer => ("acquirer", FlowSide::Client),
            Hop::AcquirerToGateway => ("acquirer", FlowSide::Server),
        };
        let frame = &message.frame;
        if frame.frame.is_empty() {
            return;
        }
        let masked = !frame.hidden.is_empty();
        self.ready.push_back(LoggedEntry {
            at: Some(SeenAt(record.at.0)),
            channel: format!("{} {leg} {conn}", self.runs),
            way: LoggedWay::From(from),
            content: LoggedContent::Frame(frame.frame.clone(), masked),
        });
    }
}

impl LogSource for OwnJournal {
    fn next(&mut self) -> Result<Option<LoggedEntry>, CaptureError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            match self.records.next() {
                None => return Ok(None),
                Some(record) => self.take(&record.map_err(fault)?),
            }
        }
    }
}

fn fault(error: ReadError) -> CaptureError {
    CaptureError::Io(std::io::Error::other(error))
}
