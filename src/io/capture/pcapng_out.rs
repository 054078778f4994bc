//! Writes sightings as a pcapng file: TCP/IP made anew around the frames, their times kept.

use crate::iso::codec::Framer;
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use bytes::BytesMut;
use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader};
use pcap_parser::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, Linktype, OptionCode, PcapNGOption,
    SectionHeaderBlock, ToVec,
};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Payload of a packet at most, as on Ethernet.
const SEGMENT: usize = 1460;
/// Both ends begin with this number.
const FIRST_SEQUENCE: u32 = 1_000_000;
/// Raw IP.
const LINK: Linktype = Linktype(101);
/// Stands for the ends of a connection whose addresses are not known (for documentation).
const UNKNOWN: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];
/// What unknown servers listen at, and the first port of unknown clients.
const UNKNOWN_PORTS: [u16; 2] = [8583, 40_000];

/// Writes sightings as a pcapng file.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    out: W,
    framer: Framer,
    flows: HashMap<FlowId, WrittenFlow>,
}

/// A connection as it is written.
#[derive(Clone, Copy, Debug)]
struct WrittenFlow {
    /// Client and server.
    ends: [SocketAddr; 2],
    /// The numbers that they send next.
    next: [u32; 2],
}

/// A segment to write.
#[derive(Clone, Copy, Debug, Default)]
struct WrittenSegment<'a> {
    from: usize,
    flags: SegmentFlags,
    payload: &'a [u8],
    comment: &'a str,
}

/// What a segment does beside carrying bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SegmentFlags {
    #[default]
    Data,
    Open,
    Accept,
    Close,
    Reset,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a file of frames of this dialect.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(out: W, spec: &Arc<Spec>) -> io::Result<Self> {
        Self::with_note(out, spec, "")
    }

    /// As [`new`](Self::new), with a word on the whole file that readers show.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn with_note(mut out: W, spec: &Arc<Spec>, note: &str) -> io::Result<Self> {
        let mut section = SectionHeaderBlock {
            block_type: 0,
            block_len1: 0,
            bom: 0x1A2B_3C4D,
            major_version: 1,
            minor_version: 0,
            section_len: -1,
            options: {
                [
                    option(OptionCode::Comment, note),
                    option(OptionCode(4), "isogate"),
                ]
            }
            .into_iter()
            .filter(|option| option.len > 0)
            .collect(),
            block_len2: 0,
        };
        let mut interface = InterfaceDescriptionBlock {
            block_type: 0,
            block_len1: 0,
            linktype: LINK,
            reserved: 0,
            snaplen: 0,
            options: Vec::new(),
            block_len2: 0,
            if_tsresol: 6,
            if_tsoffset: 0,
        };
        out.write_all(&block(&mut section)?)?;
        out.write_all(&block(&mut interface)?)?;
        Ok(Self {
            out,
            framer: Framer::new(spec, usize::from(u16::MAX)),
            flows: HashMap::new(),
        })
    }

    /// Writes a sighting whose frame is of this dialect, whatever others are.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_as(
        &mut self,
        sighting: &Sighting,
        spec: &Arc<Spec>,
        comment: &str,
    ) -> io::Result<()> {
        self.framer = Framer::new(spec, usize::from(u16::MAX));
        self.write(sighting, comment)
    }

    /// Writes a sighting; `comment` is kept beside a frame.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, sighting: &Sighting, comment: &str) -> io::Result<()> {
        match sighting {
            Sighting::Opened {
                flow,
                at,
                client,
                server,
                midway,
            } => self.open(*flow, *at, [*client, *server], *midway),
            Sighting::Frame(frame) => self.frame(frame, comment),
            Sighting::Gap {
                flow, from, bytes, ..
            } => {
                // A reader sees by the numbers that something is missing.
                if let Some(written) = self.flows.get_mut(flow) {
                    let missing = bytes
                        .and_then(|bytes| u32::try_from(bytes).ok())
                        .unwrap_or(1);
                    let next = &mut written.next[side(*from)];
                    *next = next.wrapping_add(missing);
                }
                Ok(())
            }
            // What is written is taken to have arrived.
            Sighting::Unheard { .. } => Ok(()),
            Sighting::Ended { flow, at, how } => self.end(*flow, *at, *how),
        }
    }

    /// Hands the file back, written to its end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn open(
        &mut self,
        id: FlowId,
        at: SeenAt,
        known: [Option<SocketAddr>; 2],
        midway: bool,
    ) -> io::Result<()> {
        let [listen, client] = UNKNOWN_PORTS;
        let own = u16::try_from(id.0 % 20_000).unwrap_or(0);
        let ports = [client.saturating_add(own), listen];
        let unknown = |end: usize| SocketAddr::new(IpAddr::V4(UNKNOWN[end]), ports[end]);
        let ends = [0, 1].map(|end| known[end].unwrap_or_else(|| unknown(end)));
        let mut flow = WrittenFlow {
            ends,
            next: [FIRST_SEQUENCE; 2],
        };
        if !midway {
            for (from, flags) in [
                (0, SegmentFlags::Open),
                (1, SegmentFlags::Accept),
                (0, SegmentFlags::Data),
            ] {
                let segment = WrittenSegment {
                    from,
                    flags,
                    ..WrittenSegment::default()
                };
                self.segment(&mut flow, at, segment)?;
            }
        }
        self.flows.insert(id, flow);
        Ok(())
    }

    fn frame(&mut self, frame: &SeenFrame, comment: &str) -> io::Result<()> {
        let Some(mut flow) = self.flows.get(&frame.flow).copied() else {
            return Ok(());
        };
        let from = side(frame.from);
        let framer = match frame.from {
            FlowSide::Client => self.framer,
            FlowSide::Server => self.framer.answering(),
        };
        let mut wire = BytesMut::with_capacity(framer.wrapped_len(frame.bytes.len()));
        framer
            .wrap(&frame.bytes, &mut wire)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        for (at, payload) in wire.chunks(SEGMENT).enumerate() {
            let segment = WrittenSegment {
                from,
                flags: SegmentFlags::Data,
                payload,
                comment: if at == 0 { comment } else { "" },
            };
            self.segment(&mut flow, frame.at, segment)?;
        }
        self.flows.insert(frame.flow, flow);
        Ok(())
    }

    fn end(&mut self, id: FlowId, at: SeenAt, how: FlowEnd) -> io::Result<()> {
        let Some(mut flow) = self.flows.remove(&id) else {
            return Ok(());
        };
        let flags: &[(usize, SegmentFlags)] = match how {
            FlowEnd::CaptureEnded => &[],
            FlowEnd::Reset => &[(0, SegmentFlags::Reset)],
            FlowEnd::Closed => &[
                (0, SegmentFlags::Close),
                (1, SegmentFlags::Close),
                (0, SegmentFlags::Data),
            ],
        };
        for (from, flags) in flags.iter().copied() {
            let segment = WrittenSegment {
                from,
                flags,
                ..WrittenSegment::default()
            };
            self.segment(&mut flow, at, segment)?;
        }
        Ok(())
    }

    fn segment(
        &mut self,
        flow: &mut WrittenFlow,
        at: SeenAt,
        segment: WrittenSegment<'_>,
    ) -> io::Result<()> {
        let other = 1 - segment.from;
        let ends = [flow.ends[segment.from], flow.ends[other]];
        let mut header = TcpHeader::new(
            ends[0].port(),
            ends[1].port(),
            flow.next[segment.from],
            u16::MAX,
        );
        header.acknowledgment_number = flow.next[other];
        header.ack = segment.flags != SegmentFlags::Open;
        header.syn = matches!(segment.flags, SegmentFlags::Open | SegmentFlags::Accept);
        header.fin = segment.flags == SegmentFlags::Close;
        header.rst = segment.flags == SegmentFlags::Reset;
        header.psh = !segment.payload.is_empty();
        if segment.flags == SegmentFlags::Open {
            header.acknowledgment_number = 0;
        }
        // An opening and an end count as one byte each.
        let counted = u32::from(header.syn) + u32::from(header.fin);
        let length = u32::try_from(segment.payload.len()).unwrap_or(0);
        let next = flow.next[segment.from].wrapping_add(length);
        flow.next[segment.from] = next.wrapping_add(counted);
        let packet = packet(ends, header, segment.payload)?;
        self.packet(at, &packet, segment.comment)
    }

    fn packet(&mut self, at: SeenAt, packet: &[u8], comment: &str) -> io::Result<()> {
        let micros = u64::try_from(at.0).unwrap_or(0);
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let mut written = EnhancedPacketBlock {
            block_type: 0,
            block_len1: 0,
            if_id: 0,
            ts_high: u32::try_from(micros >> 32).unwrap_or(u32::MAX),
            ts_low: u32::try_from(micros & 0xFFFF_FFFF).unwrap_or(0),
            caplen: length,
            origlen: length,
            data: packet,
            options: match comment {
                "" => Vec::new(),
                comment => vec![option(OptionCode::Comment, comment)],
            },
            block_len2: 0,
        };
        self.out.write_all(&block(&mut written)?)
    }
}

const fn side(side: FlowSide) -> usize {
    match side {
        FlowSide::Client => 0,
        FlowSide::Server => 1,
    }
}

fn packet(ends: [SocketAddr; 2], header: TcpHeader, payload: &[u8]) -> io::Result<Vec<u8>> {
    let builder: PacketBuilderStep<TcpHeader> = match (ends[0].ip(), ends[1].ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            PacketBuilder::ipv4(from.octets(), to.octets(), 64).tcp_header(header)
        }
        (from, to) => {
            let six = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            PacketBuilder::ipv6(six(from), six(to), 64).tcp_header(header)
        }
    };
    let mut bytes = Vec::with_capacity(builder.size(payload.len()));
    builder
        .write(&mut bytes, payload)
        .map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn option(code: OptionCode, text: &str) -> PcapNGOption<'_> {
    PcapNGOption {
        code,
        len: u16::try_from(text.len()).unwrap_or(u16::MAX),
        value: Cow::Borrowed(text.as_bytes()),
    }
}

fn block(block: &mut dyn ToVec) -> io::Result<Vec<u8>> {
    block
        .to_vec()
        .map_err(|error| io::Error::other(format!("{error:?}")))
}
