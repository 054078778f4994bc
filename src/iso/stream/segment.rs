//! What a packet says of a TCP connection.

use super::SeenAt;
use core::net::SocketAddr;

/// One TCP segment as it was seen.
#[derive(Clone, Copy, Debug)]
pub struct TcpSegment<'a> {
    /// When.
    pub at: SeenAt,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The number of its first byte.
    pub sequence: u32,
    /// The number of the byte that its sender expects next.
    pub acknowledged: Option<u32>,
    /// It opens a direction.
    pub syn: bool,
    /// It ends a direction.
    pub fin: bool,
    /// It ends the connection at once.
    pub rst: bool,
    /// Its bytes, as far as the capture has them.
    pub payload: &'a [u8],
    /// How many more bytes it had, which the capture cut off.
    pub missing: u32,
}

impl TcpSegment<'_> {
    /// The number of its first byte of payload: an opening counts as one.
    pub(super) const fn start(&self) -> u32 {
        self.sequence.wrapping_add(self.syn as u32)
    }

    /// The number behind its last byte of payload.
    pub(super) fn end(&self) -> u32 {
        // A packet is shorter than 4 GiB.
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        self.start().wrapping_add(length).wrapping_add(self.missing)
    }
}
