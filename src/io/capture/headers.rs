//! The headers of a packet: from the network card to TCP.

use super::packets::CapturedPacket;
use crate::iso::stream::TcpSegment;
use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};
use std::net::{IpAddr, SocketAddr};

/// What a packet was.
#[derive(Debug)]
pub(super) enum PacketContent<'a> {
    /// A segment of TCP.
    Segment(TcpSegment<'a>),
    /// Something else.
    Other,
    /// A piece of a packet that was cut in transit.
    Fragment,
    /// TCP whose header the capture cut off or that is damaged.
    Unreadable,
    /// It begins with a header of a kind that is not known here.
    UnknownLink,
}

/// Reads a packet's headers.
pub(super) fn read<'a>(packet: &CapturedPacket<'a>) -> PacketContent<'a> {
    let data = packet.data;
    let sliced = match packet.link {
        // Ethernet.
        1 => LaxSlicedPacket::from_ethernet(data).ok(),
        // BSD loopback in either byte order, OpenBSD's: four bytes of family.
        0 | 108 => ip(data.get(4..)),
        // Raw IP, by its numbers on various systems, or one version alone.
        12 | 14 | 101 | 228 | 229 => ip(Some(data)),
        113 => cooked(data, 16, 14),
        276 => cooked(data, 20, 0),
        _ => return PacketContent::UnknownLink,
    };
    sliced.map_or(PacketContent::Unreadable, |sliced| content(packet, &sliced))
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
        None if payload.ip_number == etherparse::IpNumber::TCP => PacketContent::Unreadable,
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
