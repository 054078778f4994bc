//! One TLS connection: bytes in the clear on our side, records on the wire.

use super::records::TlsRecords;
use bytes::BytesMut;
use std::cell::RefCell;
use std::io::{self, BufRead, Read, Write};
use tokio::net::TcpStream;
use tokio_rustls::rustls::Connection;

/// A TCP connection, and the TLS session on it; shared by both directions.
#[derive(Debug)]
pub(super) struct Tls {
    pub(super) tcp: TcpStream,
    state: RefCell<TlsState>,
}

/// What reading and writing both change.
#[derive(Debug)]
struct TlsState {
    session: Connection,
    records: TlsRecords,
}

/// The socket as rustls wants it: takes and gives what it can at once.
pub(super) struct Raw<'s> {
    pub tcp: &'s TcpStream,
    pub records: &'s mut TlsRecords,
}

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.try_read(buffer)?;
        self.records.pass(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// Bytes of records; perhaps none of them in the clear yet.
    Bytes,
    /// The peer closed.
    End,
}

impl Tls {
    pub(super) fn new(tcp: TcpStream, mut session: Connection, records: TlsRecords) -> Self {
        // All of what is written at once, or nothing: that it is not much is seen to by who writes.
        session.set_buffer_limit(None);
        let state = RefCell::new(TlsState { session, records });
        Self { tcp, state }
    }

    /// Waits until bytes came in, and appends what they say.
    pub(super) async fn read(&self, clear: &mut BytesMut) -> io::Result<Brought> {
        loop {
            // Some may have come together with the end of the handshake.
            let before = clear.len();
            if self.take_clear(clear)? == Brought::End {
                return Ok(Brought::End);
            }
            if clear.len() > before {
                return Ok(Brought::Bytes);
            }
            self.tcp.readable().await?;
            match self.read_records() {
                Ok(0) => return Ok(Brought::End),
                Ok(_) if self.is_amid_record() => return Ok(Brought::Bytes),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a record has begun to come in, and not ended.
    pub(super) fn is_amid_record(&self) -> bool {
        self.state.borrow().records.is_amid()
    }

    fn read_records(&self) -> io::Result<usize> {
        let mut state = self.state.borrow_mut();
        let TlsState { session, records } = &mut *state;
        let tcp = &self.tcp;
        let count = session.read_tls(&mut Raw { tcp, records })?;
        let processed = session.process_new_packets();
        if session.wants_write() {
            // An alert, or an answer to an update of keys; what does not fit goes out later.
            let _full = session.write_tls(&mut Raw { tcp, records });
        }
        processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(count)
    }

    fn take_clear(&self, clear: &mut BytesMut) -> io::Result<Brought> {
        let mut state = self.state.borrow_mut();
        let mut reader = state.session.reader();
        loop {
            let count = match reader.fill_buf() {
                Ok(chunk) => {
                    clear.extend_from_slice(chunk);
                    chunk.len()
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Brought::Bytes);
                }
                // Cut off without a word. Frames have lengths, so nothing can be cut unseen.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
                Err(error) => return Err(error),
            };
            if count == 0 {
                return Ok(Brought::End);
            }
            reader.consume(count);
        }
    }

    /// Takes all of `bytes`, unless what was taken before has not gone out yet.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.borrow_mut();
        self.push(&mut state)?;
        state.session.writer().write_all(bytes)?;
        match self.push(&mut state) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(bytes.len()),
        }
    }

    /// Writes the records that are left, if any.
    pub(super) fn try_flush(&self) -> io::Result<()> {
        self.push(&mut self.state.borrow_mut())
    }

    /// Whether records are left to write.
    pub(super) fn has_unsent(&self) -> bool {
        self.state.borrow().session.wants_write()
    }

    fn push(&self, state: &mut TlsState) -> io::Result<()> {
        let TlsState { session, records } = state;
        let tcp = &self.tcp;
        while session.wants_write() {
            session.write_tls(&mut Raw { tcp, records })?;
        }
        Ok(())
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let Self { tcp, state } = self;
        let TlsState { session, records } = state.get_mut();
        session.send_close_notify();
        // A farewell, of use to a peer that still listens.
        let _gone = session.write_tls(&mut Raw { tcp, records });
    }
}
