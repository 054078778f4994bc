//! One end of a connection, blocking.

use super::PATIENCE;
use bytes::BytesMut;
use isogate::iso::codec::{Framer, Message};
use isogate::iso::spec::Spec;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One end of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    spec: Arc<Spec>,
    framer: Framer,
    unread: BytesMut,
}

/// The next connection that comes in.
pub(crate) fn hear(listener: &TcpListener, spec: &Arc<Spec>) -> Wire {
    listener.set_nonblocking(true).unwrap();
    let (stream, _) = super::eventually("a connection", || listener.accept().ok());
    stream.set_nonblocking(false).unwrap();
    Wire::new(stream, spec)
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, spec: &Arc<Spec>) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            spec: Arc::clone(spec),
            framer: Framer::new(spec, 8 << 10),
            unread: BytesMut::new(),
        }
    }

    /// Connects to a port of this machine, as often as it takes.
    pub(crate) fn connect(port: u16, spec: &Arc<Spec>) -> Self {
        let connect = || TcpStream::connect(("127.0.0.1", port)).ok();
        Self::new(super::eventually("a listener", connect), spec)
    }

    /// Sends a message; what happens to it shows later.
    pub(crate) fn send(&mut self, message: &Message) {
        let mut framed = BytesMut::new();
        let frame = message.build().unwrap();
        self.framer.wrap(&frame, &mut framed).unwrap();
        self.send_bytes(&framed);
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        // A peer that is gone is found out by the answer that does not come.
        let _gone = self.stream.write_all(bytes);
    }

    /// The next message.
    #[track_caller]
    pub(crate) fn receive(&mut self) -> Message {
        let message = self.receive_within(PATIENCE);
        message.expect("a message should have come on this connection")
    }

    /// The next message, if one comes in this time on a connection that lives.
    pub(crate) fn receive_within(&mut self, time: Duration) -> Option<Message> {
        let end = Instant::now() + time;
        loop {
            if let Some(frame) = self.framer.next(&mut self.unread).unwrap() {
                return Some(Message::read(&self.spec, frame).unwrap());
            }
            let left = end.checked_duration_since(Instant::now())?;
            let left = left.max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).unwrap();
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.unread.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    }

    /// Whether the other side has closed, or does within this time.
    pub(crate) fn closes_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        match self.stream.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}
