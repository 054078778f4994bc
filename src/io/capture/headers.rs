//! The headers of a packet: from the network card to TCP.

use super::packets::CapturedPacket;
use crate::iso::stream::TcpSegment;
use etherparse::defrag::IpDefragBuf;
use etherparse::{
    EtherType, IpFragOffset, IpNumber, Ipv6ExtensionSlice, LaxNetSlice, LaxSlicedPacket, TcpSlice,
    TransportSlice,
};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// What a packet was.
#[derive(Debug)]
pub(super) enum PacketContent<'a> {
    /// A segment of TCP.
    Segment(TcpSegment<'a>),
    /// A segment of TCP, put together from so many pieces.
    Joined(TcpSegment<'a>, u64),
    /// Something else.
    Other,
    /// A piece of a packet that was cut in transit.
    Fragment,
    /// TCP whose header the capture cut off or that is damaged.
    Unreadable,
    /// It begins with a header of a kind that is not known here.
    UnknownLink,
}

/// So many packets that were cut in transit are put together at once; beyond, the oldest is given
/// up.
const MOST_PACKETS: usize = 256;

/// Reads packets' headers, and puts together what was cut in transit.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    pieces: BTreeMap<CutPacket, (IpDefragBuf, u64)>,
    /// In which order they were begun.
    order: VecDeque<CutPacket>,
}

/// What the pieces of a packet have in common: its ends, its number, its protocol.
type CutPacket = (IpAddr, IpAddr, u32, u8);

impl HeaderReader {
    /// Reads a packet's headers, and shows what it was; behind a last piece, the whole too.
    pub(super) fn read(
        &mut self,
        packet: &CapturedPacket<'_>,
        see: &mut dyn FnMut(PacketContent<'_>),
    ) {
        let Some(sliced) = sliced(packet) else {
            return see(PacketContent::UnknownLink);
        };
        let Some(sliced) = sliced else {
            return see(PacketContent::Unreadable);
        };
        let content = content(packet, &sliced);
        let is_piece = matches!(content, PacketContent::Fragment);
        see(content);
        if is_piece {
            self.join(packet, &sliced, see);
        }
    }

    /// Adds a piece to its packet, and shows that once it is whole.
    fn join(
        &mut self,
        packet: &CapturedPacket<'_>,
        sliced: &LaxSlicedPacket<'_>,
        see: &mut dyn FnMut(PacketContent<'_>),
    ) {
        let Some((key, offset, more, payload)) = piece(sliced) else {
            return;
        };
        if !self.pieces.contains_key(&key) {
            if self.pieces.len() >= MOST_PACKETS
                && let Some(oldest) = self.order.pop_front()
            {
                self.pieces.remove(&oldest);
            }
            let buffer = IpDefragBuf::new(IpNumber(key.3), Vec::new(), Vec::new());
            self.pieces.insert(key, (buffer, 0));
            self.order.push_back(key);
        }
        let Some((buffer, count)) = self.pieces.get_mut(&key) else {
            return;
        };
        *count = count.saturating_add(1);
        let is_sound = buffer.add(offset, more, payload).is_ok();
        if is_sound && !buffer.is_complete() {
            return;
        }
        self.order.retain(|other| *other != key);
        if let Some((buffer, count)) = self.pieces.remove(&key).filter(|_| is_sound)
            && let Ok(tcp) = TcpSlice::from_slice(buffer.data())
            && IpNumber(key.3) == IpNumber::TCP
        {
            let segment = segment(packet, [key.0, key.1], &tcp, 0);
            see(PacketContent::Joined(segment, count));
        }
    }
}

/// What a piece of a packet is: of which, where it lies, whether more follow, its bytes.
fn piece<'a>(sliced: &LaxSlicedPacket<'a>) -> Option<(CutPacket, IpFragOffset, bool, &'a [u8])> {
    match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let (header, payload) = (ip.header(), ip.payload());
            let ends = [header.source_addr(), header.destination_addr()].map(IpAddr::V4);
            let number = u32::from(header.identification());
            let key = (ends[0], ends[1], number, payload.ip_number.0);
            let place = header.fragments_offset();
            Some((key, place, header.more_fragments(), payload.payload))
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let (header, payload) = (ip.header(), ip.payload());
            let cut = ip
                .extensions()
                .clone()
                .into_iter()
                .find_map(|one| match one {
                    Ipv6ExtensionSlice::Fragment(cut) => Some(cut.to_header()),
                    _ => None,
                })?;
            let ends = [header.source_addr(), header.destination_addr()].map(IpAddr::V6);
            let key = (ends[0], ends[1], cut.identification, payload.ip_number.0);
            Some((
                key,
                cut.fragment_offset,
                cut.more_fragments,
                payload.payload,
            ))
        }
        Some(LaxNetSlice::Arp(_)) | None => None,
    }
}

/// The headers of a packet: `None` if it begins with one of an unknown kind, and within that `None`
/// if they cannot be read.
fn sliced<'a>(packet: &CapturedPacket<'a>) -> Option<Option<LaxSlicedPacket<'a>>> {
    let data = packet.data;
    Some(match packet.link {
        // Ethernet.
        1 => LaxSlicedPacket::from_ethernet(data).ok(),
        // BSD loopback in either byte order, OpenBSD's: four bytes of family.
        0 | 108 => ip(data.get(4..)),
        // Raw IP, by its numbers on various systems, or one version alone.
        12 | 14 | 101 | 228 | 229 => ip(Some(data)),
        113 => cooked(data, 16, 14),
        276 => cooked(data, 20, 0),
        _ => return None,
    })
}

fn ip(data: Option<&[u8]>) -> Option<LaxSlicedPacket<'_>> {
    LaxSlicedPacket::from_ip(data?).ok()
}

/// Linux cooked, of either version: a header of so many bytes, with the kind of the next one at a
/// place.
fn cooked(data: &[u8], length: usize, place: usize) -> Option<LaxSlicedPacket<'_>> {
    let (header, rest) = data.split_at_checked(length)?;
    let kind = header.get(place..)?.first_chunk()?;
    let kind = EtherType(u16::from_be_bytes(*kind));
    Some(LaxSlicedPacket::from_ether_type(kind, rest))
}

fn content<'a>(packet: &CapturedPacket<'_>, sliced: &LaxSlicedPacket<'a>) -> PacketContent<'a> {
    let (from, to, payload) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            let ends = (header.source_addr(), header.destination_addr());
            (IpAddr::V4(ends.0), IpAddr::V4(ends.1), ip.payload())
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            let ends = (header.source_addr(), header.destination_addr());
            (IpAddr::V6(ends.0), IpAddr::V6(ends.1), ip.payload())
        }
        Some(LaxNetSlice::Arp(_)) | None => return PacketContent::Other,
    };
    if payload.fragmented {
        return PacketContent::Fragment;
    }
    match &sliced.transport {
        Some(TransportSlice::Tcp(tcp)) => {
            let missing = if payload.incomplete {
                packet.missing
            } else {
                0
            };
            PacketContent::Segment(segment(packet, [from, to], tcp, missing))
        }
        Some(_) => PacketContent::Other,
        None if payload.ip_number == IpNumber::TCP => PacketContent::Unreadable,
        None => PacketContent::Other,
    }
}

fn segment<'a>(
    packet: &CapturedPacket<'_>,
    [from, to]: [IpAddr; 2],
    tcp: &TcpSlice<'a>,
    missing: u32,
) -> TcpSegment<'a> {
    TcpSegment {
        at: packet.at,
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload(),
        missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::stream::SeenAt;
    use etherparse::PacketBuilder;

    /// Bytes of payload that are read from packets of raw IP, and how many pieces came.
    fn read(packets: &[Vec<u8>]) -> (Vec<u8>, usize) {
        let (mut reader, mut bytes, mut pieces) = (HeaderReader::default(), Vec::new(), 0);
        for data in packets {
            let packet = CapturedPacket {
                at: SeenAt(0),
                link: 101,
                data,
                missing: 0,
            };
            reader.read(&packet, &mut |content| match content {
                PacketContent::Segment(segment) | PacketContent::Joined(segment, 2) => {
                    bytes.extend_from_slice(segment.payload);
                }
                PacketContent::Fragment => pieces += 1,
                other => panic!("{other:?}"),
            });
        }
        (bytes, pieces)
    }

    #[test]
    fn a_packet_that_was_cut_in_transit_is_put_together() {
        let payload: Vec<u8> = (0..40).collect();
        let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let mut whole = Vec::new();
        let builder = builder.tcp(40_000, 8583, 7, 1024);
        builder.write(&mut whole, &payload).unwrap();
        assert_eq!(read(&[whole.clone()]), (payload.clone(), 0));
        let piece = |from: usize, to: usize, flags: u8| {
            let mut packet = [&whole[..20], &whole[from..to]].concat();
            let length = u16::try_from(packet.len()).unwrap();
            packet[2..4].copy_from_slice(&length.to_be_bytes());
            packet[6..8].copy_from_slice(&[flags, u8::try_from((from - 20) / 8).unwrap()]);
            packet
        };
        let (first, last) = (piece(20, 44, 0x20), piece(44, 80, 0));
        for pieces in [[first.clone(), last.clone()], [last, first.clone()]] {
            assert_eq!(read(&pieces), (payload.clone(), 2));
        }
        assert_eq!(read(&[first]), (vec![], 1));
    }
}
