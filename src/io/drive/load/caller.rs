//! One terminal of a load: its connection, its session, and what it waits for.

use super::measure::Tally;
use super::{LoadError, LoadOptions};
use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::io::drive::sleep_until;
use crate::io::net::{self, End, Inbound, Received, SocketFlushed, SocketOutbound};
use crate::io::serve::Clock;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldId, FieldPath, MerchantId, ResponseCode, Stan, TerminalId};
use crate::lab::peer::{Order, TerminalAction, TerminalEvent, TestTerminal};
use bytes::{Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How long connecting and signing on may take.
const SIGN_ON: Duration = Duration::from_secs(10);

/// A terminal of a load.
pub(super) struct Caller {
    brain: TestTerminal,
    /// What every request looks like, but for its trace number and MAC.
    pattern: Message,
    out: Option<SocketOutbound>,
    waiting: BTreeMap<Stan, Instant>,
    stan: Stan,
    most: usize,
    timeout: Duration,
    approved: Vec<ResponseCode>,
    tally: Rc<RefCell<Tally>>,
}

impl Caller {
    /// Connects and signs on as a terminal does, and keeps the first request that it would make.
    pub(super) async fn connect(
        options: &LoadOptions,
        (merchant, name): (MerchantId, TerminalId),
        tally: Rc<RefCell<Tally>>,
    ) -> Result<Option<(Self, Inbound)>, LoadError> {
        let clock = Clock::new();
        let mut brain = options.terminal(merchant, name);
        let order = Order {
            kind: options.kind,
            amount: Amount(100),
            card: 0,
            original: None,
        };
        let ordered = brain.order(clock.now(), order);
        ordered.map_err(|error| LoadError::Kind(error.to_string()))?;
        let signing_on = sign_on(options, &mut brain, clock);
        let Ok(Ok((pattern, inbound, out))) = tokio::time::timeout(SIGN_ON, signing_on).await
        else {
            return Ok(None);
        };
        let caller = Self {
            stan: pattern.stan().unwrap_or_default(),
            brain,
            pattern,
            out: Some(out),
            waiting: BTreeMap::new(),
            most: usize::from(options.in_flight),
            timeout: options.timeout,
            approved: options.wire.spec.flow().codes.approved.clone(),
            tally,
        };
        Ok(Some((caller, inbound)))
    }

    /// One more request, that was meant to be sent at `meant`. It goes out with the next flush.
    pub(super) fn offer(&mut self, meant: Instant) {
        let mut tally = self.tally.borrow_mut();
        tally.offered += 1;
        if self.waiting.len() >= self.most {
            tally.dropped += 1;
            return;
        }
        let (Some(out), Some(frame)) = (&mut self.out, next(&self.brain, &self.pattern, self.stan))
        else {
            tally.errors += 1;
            return;
        };
        out.push(SendId(0), Seq(0), frame);
        self.waiting.insert(self.stan, meant);
        self.stan = self.stan.next();
        tally.sent += 1;
    }

    /// Writes what is offered; true if the socket is full.
    pub(super) fn flush(&mut self, scratch: &mut BytesMut) -> bool {
        let Some(out) = &mut self.out else {
            return false;
        };
        match out.flush(Seq(0), scratch, &mut Vec::new()) {
            SocketFlushed::Clear => false,
            SocketFlushed::Full => true,
            SocketFlushed::Broken(_) => {
                self.lost();
                false
            }
        }
    }

    /// Waits until the socket takes more.
    pub(super) fn writable(&self) -> Option<impl Future<Output = io::Result<()>> + use<>> {
        self.out.as_ref().map(SocketOutbound::writable)
    }

    /// A message came in.
    fn take_in(&mut self, answer: &Message, now: Instant) {
        let Some(meant) = answer.stan().and_then(|stan| self.waiting.remove(&stan)) else {
            return;
        };
        let took = now.duration_since(meant);
        let mut tally = self.tally.borrow_mut();
        if took > self.timeout {
            tally.timeouts += 1;
        } else {
            let code = answer.response_code();
            let is_approval = code.is_some_and(|code| self.approved.contains(&code));
            tally.answered(is_approval, took);
        }
    }

    /// The connection is gone, with all that it waited for.
    fn lost(&mut self) {
        self.out = None;
        let lost = std::mem::take(&mut self.waiting).len();
        self.tally.borrow_mut().errors += u64::try_from(lost).unwrap_or(u64::MAX);
    }

    /// Whether it still waits for an answer that may come in time.
    pub(super) fn waits(&self, now: Instant) -> bool {
        let first = self.waiting.values().next_back();
        first.is_some_and(|meant| now.duration_since(*meant) < self.timeout)
    }

    /// Nothing is waited for any more.
    pub(super) fn give_up(&mut self) {
        let late = std::mem::take(&mut self.waiting).len();
        self.tally.borrow_mut().timeouts += u64::try_from(late).unwrap_or(u64::MAX);
    }
}

/// The next request; `None` if it cannot be built, which the first one showed it can.
fn next(brain: &TestTerminal, pattern: &Message, stan: Stan) -> Option<Bytes> {
    let mut request = pattern.clone();
    let path = FieldPath::whole(FieldId::of(11));
    request.set(path, &stan.to_string()).ok()?;
    brain.seal(&mut request);
    request.build().ok()
}

/// Reads answers until the connection ends.
pub(super) async fn read(caller: Rc<RefCell<Caller>>, mut inbound: Inbound) {
    while inbound.fill().await.is_ok() {
        let now = Instant::now();
        loop {
            match inbound.receive() {
                Ok(Some(Received::Message(answer))) => caller.borrow_mut().take_in(&answer, now),
                Ok(Some(Received::Unreadable(_))) => {}
                Ok(None) => break,
                Err(_end) => return caller.borrow_mut().lost(),
            }
        }
    }
    caller.borrow_mut().lost();
}

/// Plays the terminal until it sends the request that was ordered; that one is kept back.
async fn sign_on(
    options: &LoadOptions,
    brain: &mut TestTerminal,
    clock: Clock,
) -> io::Result<(Message, Inbound, SocketOutbound)> {
    let stream = TcpStream::connect(&options.to).await?;
    let (mut inbound, mut out) = net::split(stream, &options.wire)?;
    brain.handle(clock.now(), TerminalEvent::Wake);
    let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
    loop {
        while let Some(action) = brain.poll_action() {
            match action {
                TerminalAction::Connect => brain.handle(clock.now(), TerminalEvent::Connected),
                TerminalAction::Send(frame) => {
                    let message = Message::parse(&options.wire.spec, frame.clone())
                        .map_err(io::Error::other)?;
                    if message.kind().is_some_and(|kind| kind.name == options.kind) {
                        return Ok((message, inbound, out));
                    }
                    out.push(SendId(0), Seq(0), frame);
                    out.writable().await?;
                    out.flush(Seq(0), &mut scratch, &mut written);
                }
                TerminalAction::Close { .. } => return Err(io::ErrorKind::ConnectionAborted.into()),
                TerminalAction::Print(_) => {}
            }
        }
        let due = brain.next_deadline().map(|due| clock.instant(due));
        tokio::select! {
            frame = frame(&mut inbound) => {
                brain.handle(clock.now(), TerminalEvent::Frame(frame.map_err(io::Error::other)?));
            }
            // It was refused, and tries again after a pause.
            () = sleep_until(due) => brain.handle(clock.now(), TerminalEvent::Wake),
        }
    }
}

async fn frame(inbound: &mut Inbound) -> Result<Bytes, End> {
    loop {
        match inbound.frame()? {
            Some(frame) => return Ok(frame),
            None => inbound.fill().await?,
        }
    }
}
