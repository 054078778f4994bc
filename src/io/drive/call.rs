//! One connection held by a person: a message goes out, what comes back is waited for, on the
//! thread of whoever calls.

use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::io::net::{self, End, Inbound, SocketFlushed, SocketOutbound, Wire};
use crate::io::serve::Clock;
use crate::iso::codec::Message;
use crate::iso::message::ResponseCode;
use crate::lab::peer::{TerminalAction, TerminalEvent, TestTerminal};
use bytes::{Bytes, BytesMut};
use std::io;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// A connection for one message at a time.
#[derive(Debug)]
pub struct Call {
    runtime: Runtime,
    inbound: Inbound,
    out: SocketOutbound,
    wire: Wire,
    to: String,
    patience: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody is there; nothing was sent.
    #[error("cannot connect to {to}: {error}; is it listening there?")]
    Connect {
        /// The address.
        to: String,
        /// What the system says.
        error: io::Error,
    },
    /// The message did not go out whole.
    #[error("the message could not be sent to {to}: {error}")]
    Send {
        /// The address.
        to: String,
        /// What the system says.
        error: io::Error,
    },
    /// It went out, and nothing came in time.
    #[error(
        "no answer from {to} within {patience:?}; the message was sent, and may have been acted on"
    )]
    Silent {
        /// The address.
        to: String,
        /// How long it was waited.
        patience: Duration,
    },
    /// It went out, and the connection ended.
    #[error(
        "no answer from {to}: {end}; the message was sent. Does {to} speak {spec}, with this \
         length prefix?"
    )]
    Ended {
        /// The address.
        to: String,
        /// How it ended.
        end: End,
        /// The dialect that was spoken.
        spec: String,
    },
    /// The sign-in before the message brought no keys.
    #[error(
        "the sign-in was answered {}: no keys came that fit; are master keys (--keys, --seed), \
         merchant (DE 42) and terminal (DE 41) those that {to} knows?",
        .code.as_ref().map_or("without a code", |code| code.as_str())
    )]
    SignIn {
        /// The address.
        to: String,
        /// DE 39 of the answer.
        code: Option<ResponseCode>,
    },
}

impl Call {
    /// Connects to `host:port`. Each step, this one included, may take as long as `patience`.
    ///
    /// # Errors
    /// [`CallError::Connect`].
    pub fn connect(to: &str, wire: &Wire, patience: Duration) -> Result<Self, CallError> {
        let connect = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (inbound, out) = runtime.block_on(async {
                let stream = tokio::time::timeout(patience, TcpStream::connect(to)).await??;
                net::split(stream, wire)
            })?;
            Ok((runtime, inbound, out))
        };
        let to = to.to_owned();
        let (runtime, inbound, out) = match connect() {
            Ok(connected) => connected,
            Err(error) => return Err(CallError::Connect { to, error }),
        };
        Ok(Self {
            runtime,
            inbound,
            out,
            wire: wire.clone(),
            to,
            patience,
        })
    }

    /// Writes a frame, given without its length prefix.
    ///
    /// # Errors
    /// [`CallError::Send`].
    pub fn send(&mut self, frame: Bytes) -> Result<(), CallError> {
        let (out, patience) = (&mut self.out, self.patience);
        out.push(SendId(0), Seq(0), frame);
        let sent = self.runtime.block_on(async {
            let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
            loop {
                match out.flush(Seq(0), &mut scratch, &mut written) {
                    SocketFlushed::Clear => return Ok(()),
                    SocketFlushed::Full => tokio::time::timeout(patience, out.writable()).await??,
                    SocketFlushed::Broken(error) => return Err(error),
                }
            }
        });
        let to = &self.to;
        sent.map_err(|error| CallError::Send {
            to: to.clone(),
            error,
        })
    }

    /// The next frame that comes before `deadline`.
    ///
    /// # Errors
    /// [`CallError::Silent`], [`CallError::Ended`].
    pub fn receive(&mut self, deadline: Instant) -> Result<Bytes, CallError> {
        let inbound = &mut self.inbound;
        let frame = async {
            loop {
                match inbound.frame()? {
                    Some(frame) => return Ok(frame),
                    None => inbound.fill().await?,
                }
            }
        };
        let frame = self
            .runtime
            .block_on(async { tokio::time::timeout_at(deadline.into(), frame).await });
        match frame {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(end)) => Err(CallError::Ended {
                to: self.to.clone(),
                end,
                spec: self.wire.spec.name().to_owned(),
            }),
            Err(_elapsed) => Err(CallError::Silent {
                to: self.to.clone(),
                patience: self.patience,
            }),
        }
    }

    /// Has a terminal sign in over this connection, so that it can make MACs.
    ///
    /// # Errors
    /// No answer came, or it brought no keys.
    pub fn sign_in(&mut self, terminal: &mut TestTerminal) -> Result<(), CallError> {
        let clock = Clock::new();
        terminal.sign_in(clock.now());
        terminal.handle(clock.now(), TerminalEvent::Wake);
        let mut code = None;
        loop {
            match terminal.poll_action() {
                Some(TerminalAction::Connect) => {
                    terminal.handle(clock.now(), TerminalEvent::Connected);
                }
                Some(TerminalAction::Send(frame)) => {
                    self.send(frame)?;
                    let frame = self.receive(Instant::now() + self.patience)?;
                    code = Message::parse(&self.wire.spec, frame.clone())
                        .ok()
                        .and_then(|answer| answer.response_code());
                    terminal.handle(clock.now(), TerminalEvent::Frame(frame));
                }
                Some(TerminalAction::Close { .. } | TerminalAction::Print(_)) => {}
                None if terminal.is_signed_in() => return Ok(()),
                None => {
                    let to = self.to.clone();
                    return Err(CallError::SignIn { to, code });
                }
            }
        }
    }
}
