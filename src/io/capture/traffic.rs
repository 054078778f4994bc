//! Packets of a file, put together to what was seen on its connections.

use super::headers::{HeaderReader, PacketContent};
use super::packets::PacketSource;
use super::{CaptureError, CaptureReader, CaptureTally};
use crate::iso::spec::Spec;
use crate::iso::stream::{Reassembler, Sighting};
use std::sync::Arc;

/// Reads the traffic of a file of packets.
pub(super) struct TrafficReader {
    packets: Box<dyn PacketSource>,
    headers: HeaderReader,
    flows: Reassembler,
    tally: CaptureTally,
    is_done: bool,
    /// What ended the reading, told after everything that stands before it.
    fault: Option<CaptureError>,
}

impl TrafficReader {
    pub(super) fn new(
        packets: Box<dyn PacketSource>,
        spec: &Arc<Spec>,
        server_port: Option<u16>,
    ) -> Self {
        Self {
            packets,
            headers: HeaderReader::default(),
            flows: Reassembler::new(spec, server_port),
            tally: CaptureTally::default(),
            is_done: false,
            fault: None,
        }
    }

    fn read(&mut self) {
        let (flows, tally, headers) = (&mut self.flows, &mut self.tally, &mut self.headers);
        let read = self.packets.next(&mut |packet| {
            tally.packets = tally.packets.saturating_add(1);
            tally.cut = tally.cut.saturating_add(u64::from(packet.missing > 0));
            headers.read(packet, &mut |content| {
                let count = match content {
                    PacketContent::Segment(segment) => return flows.take(&segment),
                    PacketContent::Joined(segment, pieces) => {
                        tally.fragments = tally.fragments.saturating_sub(pieces);
                        return flows.take(&segment);
                    }
                    PacketContent::Other => &mut tally.other,
                    PacketContent::Fragment => &mut tally.fragments,
                    PacketContent::Unreadable => &mut tally.unreadable,
                    PacketContent::UnknownLink => &mut tally.unknown_link,
                };
                *count = count.saturating_add(1);
            });
        });
        let goes_on = read.unwrap_or_else(|fault| {
            self.fault = Some(fault);
            false
        });
        if !goes_on {
            self.tally.cut_short = self.packets.is_cut_short();
            self.flows.finish();
            self.is_done = true;
        }
    }
}

impl CaptureReader for TrafficReader {
    fn next(&mut self) -> Result<Option<Sighting>, CaptureError> {
        loop {
            if let Some(sighting) = self.flows.next_sighting() {
                return Ok(Some(sighting));
            }
            if self.is_done {
                return self.fault.take().map_or(Ok(None), Err);
            }
            self.read();
        }
    }

    fn tally(&self) -> CaptureTally {
        self.tally
    }
}
