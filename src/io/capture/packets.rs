//! The packets of a pcap or pcapng file, one at a time.

use super::CaptureError;
use crate::iso::stream::SeenAt;
use pcap_parser::traits::{PcapNGPacketBlock, PcapReaderIterator};
use pcap_parser::{
    Block, EnhancedPacketBlock, LegacyPcapBlock, LegacyPcapReader, PcapBlockOwned, PcapError,
    PcapHeader, PcapNGReader, SimplePacketBlock,
};
use std::io::Read;

/// Where reading begins with.
const BUFFER: usize = 256 << 10;
/// A block is not longer: no packet is.
const MAX_BLOCK: usize = 1 << 20;
/// So many interfaces may a file describe.
const MAX_INTERFACES: usize = 4096;

/// One packet as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct CapturedPacket<'a> {
    pub at: SeenAt,
    /// The kind of its first header, by the numbers of pcap.
    pub link: i32,
    pub data: &'a [u8],
    /// How many more bytes it had.
    pub missing: u32,
}

/// One interface of a file: how its packets begin, and how their times are counted.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: i32,
    snap: u32,
    clock: PacketClock,
}

/// How a file counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PacketClock {
    /// Ticks in a second.
    ticks: u64,
    /// Seconds to add.
    offset: i64,
}

/// Where packets come from.
pub(super) trait PacketSource: Send {
    /// Shows the next packet to `see`; `false` at the end.
    fn next(&mut self, see: &mut dyn FnMut(&CapturedPacket<'_>)) -> Result<bool, CaptureError>;

    /// Whether it ends within a packet.
    fn is_cut_short(&self) -> bool;
}

/// Reads a pcap or pcapng file, block by block.
pub(super) struct PacketFile {
    blocks: Box<dyn PcapReaderIterator + Send>,
    interfaces: Vec<Interface>,
    /// The form of a pcap file, which has one interface.
    header: Option<PcapHeader>,
    capacity: usize,
    /// Whether the file ends within a block.
    cut_short: bool,
}

impl std::fmt::Debug for PacketFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketFile")
            .field("interfaces", &self.interfaces)
            .finish_non_exhaustive()
    }
}

impl PacketFile {
    /// A pcap file.
    pub(super) fn pcap(input: impl Read + Send + 'static) -> Result<Self, CaptureError> {
        let reader = LegacyPcapReader::new(BUFFER, input).map_err(|e| fault(&e, 0))?;
        Ok(Self::of(Box::new(reader)))
    }

    /// A pcapng file.
    pub(super) fn pcapng(input: impl Read + Send + 'static) -> Result<Self, CaptureError> {
        let reader = PcapNGReader::new(BUFFER, input).map_err(|e| fault(&e, 0))?;
        Ok(Self::of(Box::new(reader)))
    }

    fn of(blocks: Box<dyn PcapReaderIterator + Send>) -> Self {
        Self {
            blocks,
            interfaces: Vec::new(),
            header: None,
            capacity: BUFFER,
            cut_short: false,
        }
    }

    fn refill(&mut self, at: u64) -> Result<(), CaptureError> {
        let before = self.blocks.data().len();
        self.blocks.refill().map_err(|e| fault(&e, at))?;
        let is_full = self.blocks.data().len() == before && !self.blocks.reader_exhausted();
        if is_full { self.grow(at) } else { Ok(()) }
    }

    fn grow(&mut self, at: u64) -> Result<(), CaptureError> {
        if self.capacity >= MAX_BLOCK {
            return Err(damaged(at, "a block is longer than 1 MiB"));
        }
        self.capacity = self.capacity.saturating_mul(2);
        self.blocks.grow(self.capacity);
        self.refill(at)
    }
}

impl PacketSource for PacketFile {
    fn next(&mut self, see: &mut dyn FnMut(&CapturedPacket<'_>)) -> Result<bool, CaptureError> {
        loop {
            let at = self.blocks.consumed() as u64;
            let (length, seen) = match self.blocks.next() {
                Ok((length, block)) => {
                    let (interfaces, header) = (&mut self.interfaces, &mut self.header);
                    (length, show(&block, interfaces, header, see))
                }
                Err(PcapError::Eof) => return Ok(false),
                Err(PcapError::UnexpectedEof) => {
                    self.cut_short = true;
                    return Ok(false);
                }
                Err(PcapError::Incomplete(_)) => {
                    self.refill(at)?;
                    continue;
                }
                Err(PcapError::BufferTooSmall) => {
                    self.grow(at)?;
                    continue;
                }
                Err(error) => return Err(fault(&error, at)),
            };
            self.blocks.consume(length);
            match seen {
                SeenBlock::Packet => return Ok(true),
                SeenBlock::Other => {}
                SeenBlock::Damaged(what) => return Err(damaged(at, what)),
            }
        }
    }

    fn is_cut_short(&self) -> bool {
        self.cut_short
    }
}

/// What a block was.
enum SeenBlock {
    Packet,
    Other,
    Damaged(&'static str),
}

fn show(
    block: &PcapBlockOwned<'_>,
    interfaces: &mut Vec<Interface>,
    header: &mut Option<PcapHeader>,
    see: &mut dyn FnMut(&CapturedPacket<'_>),
) -> SeenBlock {
    let packet = match block {
        PcapBlockOwned::LegacyHeader(found) => {
            *header = Some(found.clone());
            return SeenBlock::Other;
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => {
            interfaces.clear();
            return SeenBlock::Other;
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(found)) => {
            if interfaces.len() >= MAX_INTERFACES {
                return SeenBlock::Damaged("it describes more interfaces than 4096");
            }
            interfaces.push(Interface {
                link: found.linktype.0 & 0xFFFF,
                snap: found.snaplen,
                clock: PacketClock::read(found.if_tsresol, found.if_tsoffset),
            });
            return SeenBlock::Other;
        }
        PcapBlockOwned::Legacy(packet) => header.as_ref().map(|header| legacy(packet, header)),
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let number = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
            interfaces
                .get(number)
                .map(|interface| enhanced(packet, interface))
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => interfaces
            .first()
            .map(|interface| simple(packet, interface)),
        PcapBlockOwned::NG(_) => return SeenBlock::Other,
    };
    let Some(packet) = packet else {
        return SeenBlock::Damaged("a packet of an interface that the file does not describe");
    };
    see(&packet);
    SeenBlock::Packet
}

fn legacy<'a>(packet: &LegacyPcapBlock<'a>, header: &PcapHeader) -> CapturedPacket<'a> {
    let ticks = match header.is_nanosecond_precision() {
        true => 1_000_000_000,
        false => 1_000_000,
    };
    let part = micros(u64::from(packet.ts_usec), ticks);
    let at = i64::from(packet.ts_sec).saturating_mul(1_000_000);
    CapturedPacket {
        at: SeenAt(at.saturating_add(part)),
        link: header.network.0 & 0xFFFF,
        data: packet.data,
        missing: missing(packet.origlen, packet.data),
    }
}

fn enhanced<'a>(packet: &'a EnhancedPacketBlock<'_>, from: &Interface) -> CapturedPacket<'a> {
    let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
    let data = packet.packet_data();
    CapturedPacket {
        at: from.clock.at(ticks),
        link: from.link,
        data,
        missing: missing(packet.origlen, data),
    }
}

/// It has no time: that of what stands before it is not known here either.
fn simple<'a>(packet: &'a SimplePacketBlock<'_>, from: &Interface) -> CapturedPacket<'a> {
    let snap = if from.snap == 0 { u32::MAX } else { from.snap };
    let length = usize::try_from(packet.origlen.min(snap)).unwrap_or(usize::MAX);
    let data = packet.data.get(..length).unwrap_or(packet.data);
    CapturedPacket {
        at: SeenAt(0),
        link: from.link,
        data,
        missing: missing(packet.origlen, data),
    }
}

fn missing(length: u32, data: &[u8]) -> u32 {
    length.saturating_sub(u32::try_from(data.len()).unwrap_or(u32::MAX))
}

fn micros(ticks: u64, in_a_second: u64) -> i64 {
    let micros = u128::from(ticks) * 1_000_000 / u128::from(in_a_second.max(1));
    i64::try_from(micros).unwrap_or(i64::MAX)
}

impl PacketClock {
    /// By the two options of an interface: a power of ten, or of two where the highest bit is set.
    fn read(resolution: u8, offset: i64) -> Self {
        let exponent = u32::from(resolution & 0x7F);
        let ticks = match resolution & 0x80 {
            0 => 10u64.checked_pow(exponent),
            _ => 2u64.checked_pow(exponent),
        };
        Self {
            ticks: ticks.unwrap_or(1_000_000),
            offset,
        }
    }

    fn at(self, ticks: u64) -> SeenAt {
        let offset = self.offset.saturating_mul(1_000_000);
        SeenAt(micros(ticks, self.ticks).saturating_add(offset))
    }
}

fn damaged(at: u64, what: &str) -> CaptureError {
    CaptureError::Format {
        at,
        fault: format!("{what}; what stands before it was read"),
    }
}

fn fault(error: &PcapError<&[u8]>, at: u64) -> CaptureError {
    match error {
        PcapError::ReadError => std::io::Error::other("reading the capture failed").into(),
        _ => damaged(at, "no whole block of a capture begins here"),
    }
}
