//! The messages of a journal as packets, each with a comment that tells of its transaction.

use super::past::told_of;
use crate::engine::record::{ConnId, Fact, Hop, LinkName, Logged, Record, TxId};
use crate::engine::trace::{Lang, Story, Verdict};
use crate::io::capture::PcapngWriter;
use crate::io::journal::{JournalReader, ReadError};
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// So many records are told of at once.
const AT_ONCE: usize = 8192;
/// So many connections are told apart; what goes over others stands on the last.
const CONNECTIONS: usize = 60_000;
/// Addresses for documentation stand for terminals, gateway and acquirer.
const TERMINALS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const ACQUIRER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 3);
/// Where a gateway listens in such a file, and where an acquirer does.
const PORTS: [u16; 2] = [8583, 8584];
/// The first port of whoever connects.
const FIRST_PORT: u16 = 1024;

/// Why messages cannot be written as packets.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// The journal.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file.
    #[error("the packets cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The dialect of a message.
    #[error("record {0}: the dialect of this journal is not built in; name it with --spec FILE")]
    Dialect(u64),
    /// There is nothing to write.
    #[error("there is no message in this journal")]
    Nothing,
}

/// Writes every message as packets, oldest first. Whether the journal is sound.
///
/// # Errors
/// The journal's, or those of `out`.
pub fn write_packets(
    reader: &JournalReader,
    spec: Option<Arc<Spec>>,
    lang: Lang,
    out: &mut dyn Write,
) -> Result<bool, PacketError> {
    let mut records = reader.records();
    let mut file = PacketExport::new(spec, out);
    loop {
        let some: Vec<Record> = records.by_ref().take(AT_ONCE).collect::<Result<_, _>>()?;
        if some.is_empty() {
            break;
        }
        let of: BTreeSet<TxId> = some.iter().filter_map(|record| record.tx).collect();
        let told = told_of(reader, &of)?;
        let comments = told
            .into_values()
            .map(|(story, verdict)| (story.tx, comment(&story, &verdict, lang)));
        let comments: BTreeMap<TxId, String> = comments.collect();
        for record in &some {
            file.add(record, &comments)?;
        }
    }
    file.finish()?;
    Ok(records.damage().is_empty())
}

/// The messages of one transaction as packets; `dialect` for frames of which no record says it.
///
/// # Errors
/// None of its messages is kept, or its dialect is not known.
pub fn packets_of(
    (story, verdict): (&Story, &Verdict),
    records: &[Record],
    dialect: Option<Arc<Spec>>,
    lang: Lang,
) -> Result<Vec<u8>, PacketError> {
    let mut bytes = Vec::new();
    let mut file = PacketExport::new(dialect, &mut bytes);
    let comments = BTreeMap::from([(story.tx, comment(story, verdict, lang))]);
    for record in records.iter().filter(|record| record.tx == Some(story.tx)) {
        file.add(record, &comments)?;
    }
    file.finish()?;
    Ok(bytes)
}

fn comment(story: &Story, verdict: &Verdict, lang: Lang) -> String {
    let class = verdict.class.map(|class| format!(" {}", class.name()));
    let class = class.unwrap_or_default();
    let text = verdict.verdict.in_lang(lang);
    format!("{}  {}{class}: {text}", story.tx, verdict.state.name())
}

/// A file of packets, begun with the first message.
struct PacketExport<'w> {
    packets: JournalPackets,
    out: Option<&'w mut dyn Write>,
    writer: Option<PcapngWriter<&'w mut dyn Write>>,
}

impl<'w> PacketExport<'w> {
    fn new(spec: Option<Arc<Spec>>, out: &'w mut dyn Write) -> Self {
        Self {
            packets: JournalPackets::new(spec),
            out: Some(out),
            writer: None,
        }
    }

    fn add(
        &mut self,
        record: &Record,
        comments: &BTreeMap<TxId, String>,
    ) -> Result<(), PacketError> {
        for (sighting, spec, tx) in self.packets.of(record) {
            let spec = spec.ok_or(PacketError::Dialect(record.seq.0))?;
            if let Some(out) = self.out.take() {
                self.writer = Some(PcapngWriter::new(out, &spec)?);
            }
            let comment = tx.and_then(|tx| comments.get(&tx));
            if let Some(writer) = &mut self.writer {
                writer.write_as(&sighting, &spec, comment.map_or("", String::as_str))?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), PacketError> {
        let writer = self.writer.ok_or(PacketError::Nothing)?;
        Ok(writer.finish()?.flush()?)
    }
}

/// Where what comes in this way goes.
#[must_use]
pub const fn onward(hop: Hop) -> Hop {
    match hop {
        Hop::TerminalToGateway | Hop::GatewayToAcquirer => Hop::GatewayToAcquirer,
        Hop::AcquirerToGateway | Hop::GatewayToTerminal => Hop::GatewayToTerminal,
    }
}

/// A sighting, the dialect of its frame, and its transaction.
type ShownMessage = (Sighting, Option<Arc<Spec>>, Option<TxId>);

/// What a journal's records show on its connections.
#[derive(Debug)]
struct JournalPackets {
    /// The dialect, if it is told by hand.
    told: Option<Arc<Spec>>,
    links: Vec<LinkName>,
    /// Dialects of terminals, by transaction; the newest.
    specs: BTreeMap<TxId, Arc<str>>,
    /// How many gateways began to write: the numbers of connections begin anew with each.
    runs: u32,
    flows: BTreeMap<(u32, bool, ConnId), FlowId>,
}

/// Transactions whose dialect is remembered.
const REMEMBERED: usize = 1 << 16;

impl JournalPackets {
    const fn new(told: Option<Arc<Spec>>) -> Self {
        Self {
            told,
            links: Vec::new(),
            specs: BTreeMap::new(),
            runs: 0,
            flows: BTreeMap::new(),
        }
    }

    fn of(&mut self, record: &Record) -> Vec<ShownMessage> {
        let message = match &record.fact {
            Fact::Started { links, .. } => {
                self.links.clone_from(links);
                self.runs = self.runs.saturating_add(1);
                None
            }
            Fact::Step(step) => {
                if let Some((tx, opened)) = record.tx.zip(step.opened.as_ref()) {
                    self.specs.insert(tx, opened.spec.as_str().into());
                    if self.specs.len() > REMEMBERED {
                        self.specs.pop_first();
                    }
                }
                step.message.as_ref()
            }
            Fact::Session(message) => Some(&**message),
            Fact::Unmatched(unmatched) => Some(&unmatched.message),
            _ => None,
        };
        let Some(message) = message.filter(|message| !message.frame.frame.is_empty()) else {
            return Vec::new();
        };
        let mut shown = Vec::new();
        self.show(record, message, (message.hop, message.conn), &mut shown);
        if let Some(conn) = message.relayed {
            self.show(record, message, (onward(message.hop), conn), &mut shown);
        }
        shown
    }

    fn show(
        &mut self,
        record: &Record,
        message: &Logged,
        (hop, conn): (Hop, ConnId),
        shown: &mut Vec<ShownMessage>,
    ) {
        let (up, from) = match hop {
            Hop::TerminalToGateway => (false, FlowSide::Client),
            Hop::GatewayToTerminal => (false, FlowSide::Server),
            Hop::GatewayToAcquirer => (true, FlowSide::Client),
            Hop::AcquirerToGateway => (true, FlowSide::Server),
        };
        let spec = self.spec_of(record.tx);
        let at = SeenAt(record.at.0);
        let flow = self.flow((self.runs, up, conn), at, &spec, shown);
        let frame = Sighting::Frame(SeenFrame {
            flow,
            from,
            at,
            bytes: message.frame.frame.clone(),
            masked: !message.frame.hidden.is_empty(),
        });
        shown.push((frame, spec, record.tx));
    }

    /// The connection, opened if it is new.
    fn flow(
        &mut self,
        key: (u32, bool, ConnId),
        at: SeenAt,
        spec: &Option<Arc<Spec>>,
        shown: &mut Vec<ShownMessage>,
    ) -> FlowId {
        if let Some(flow) = self.flows.get(&key) {
            return *flow;
        }
        let number = u32::try_from(self.flows.len().min(CONNECTIONS)).unwrap_or(0);
        let flow = FlowId(number);
        if self.flows.len() <= CONNECTIONS {
            self.flows.insert(key, flow);
            let port = u16::try_from(number)
                .unwrap_or(0)
                .saturating_add(FIRST_PORT);
            let (_, up, _) = key;
            let (client, server, listens) = match up {
                false => (TERMINALS, GATEWAY, PORTS[0]),
                true => (GATEWAY, ACQUIRER, PORTS[1]),
            };
            let opened = Sighting::Opened {
                flow,
                at,
                client: Some(SocketAddr::new(IpAddr::V4(client), port)),
                server: Some(SocketAddr::new(IpAddr::V4(server), listens)),
                midway: false,
            };
            shown.push((opened, spec.clone(), None));
        }
        flow
    }

    /// The dialect of a transaction's frames, else that of the first link.
    fn spec_of(&self, tx: Option<TxId>) -> Option<Arc<Spec>> {
        let own = tx.and_then(|tx| self.specs.get(&tx)).map(|name| &**name);
        let link = self.links.first().map(|link| link.spec.as_str());
        let named = own.and_then(Spec::builtin);
        let named = named.or_else(|| link.and_then(Spec::builtin));
        self.told.clone().or(named)
    }
}
