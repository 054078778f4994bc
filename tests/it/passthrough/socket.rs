//! A line: two bytes of length, then as many bytes. Nothing of length is a sign of life.

use crate::rig::{PATIENCE, eventually};
use std::io::{Read, Write};
use std::net::TcpStream;

pub(super) struct Socket(TcpStream);

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    pub(super) fn connect(port: u16) -> Self {
        let connect = || TcpStream::connect(("127.0.0.1", port)).ok();
        Self::new(eventually("a listener", connect))
    }

    pub(super) fn say(&mut self, frame: &[u8]) {
        let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
        // A peer that is gone is found out by the answer that does not come.
        let _gone = self.0.write_all(&[&length, frame].concat());
    }

    /// The next frame that is more than a sign of life; `None` once there is none to come.
    pub(super) fn hear(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut length = [0; 2];
            self.0.read_exact(&mut length).ok()?;
            let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
            self.0.read_exact(&mut frame).ok()?;
            if !frame.is_empty() {
                return Some(frame);
            }
        }
    }
}
