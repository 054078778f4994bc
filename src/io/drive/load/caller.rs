//! One terminal of a load: its connection, what it sends, and what it waits for.

use super::measure::{LoadEvent, Tally, WhichRequest};
use super::{LoadError, LoadOptions};
use crate::engine::seam::{Dice, Now};
use crate::io::drive::sleep_until;
use crate::io::net::Wire;
use crate::io::serve::Clock;
use crate::iso::codec::{Framer, Message};
use crate::iso::message::{MerchantId, Stan, TerminalId};
use crate::iso::spec::Spec;
use crate::lab::peer::{Earlier, Mix, Stencil, TerminalAction, TerminalEvent, TestTerminal};
use bytes::BytesMut;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long connecting and signing on may take, and the pause after it was refused.
const SIGN_ON: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);
/// The first trace number; those before are for signing on.
const FIRST: Stan = Stan(101);
/// Requests of one terminal with trace numbers of their own.
pub(super) const NUMBERS: u64 = Stan::MAX.0 - FIRST.0 + 1;
/// Earlier transactions that a terminal keeps of a kind, to refer to them.
const KEPT: usize = 16;
/// Bytes read at once.
const READ: usize = 16 << 10;

pub(super) type SharedCaller = Rc<RefCell<Caller>>;

/// What all terminals of a load have in common.
pub(super) struct Common {
    spec: Arc<Spec>,
    mix: Mix,
    /// WhichRequest kinds others of the mix refer to.
    referred: Vec<bool>,
    most: usize,
    timeout: Duration,
    pub tally: RefCell<Tally>,
    dice: RefCell<Dice>,
    /// The stretch that sends when answers come, as long as it lasts.
    pub closed_loop: Cell<Option<usize>>,
    /// Where bytes are read to; a terminal keeps some only between the halves of a frame.
    buffer: RefCell<BytesMut>,
}

impl Common {
    pub(super) fn new(options: &LoadOptions, tally: Tally) -> Self {
        let kinds = options.mix.kinds();
        let referred = |at| kinds.iter().any(|kind| kind.original == Some(at));
        Self {
            spec: Arc::clone(&options.wire.spec),
            referred: (0..kinds.len()).map(referred).collect(),
            mix: options.mix.clone(),
            most: usize::from(options.in_flight),
            timeout: options.timeout,
            tally: RefCell::new(tally),
            dice: RefCell::new(Dice::new(options.seed)),
            closed_loop: Cell::new(None),
            buffer: RefCell::new(BytesMut::new()),
        }
    }

    pub(super) fn came(&self, which: WhichRequest, came: LoadEvent) {
        self.tally.borrow_mut().came(which, came);
    }
}

/// A terminal of a load.
pub(super) struct Caller {
    common: Rc<Common>,
    stream: Option<Rc<TcpStream>>,
    framer: Framer,
    /// The beginning of a frame.
    rest: BytesMut,
    /// What is to be written.
    outbox: Vec<u8>,
    /// The socket takes no more for now; somebody waits for it.
    blocked: bool,
    /// What it sends, by kind.
    stencils: Vec<Stencil>,
    /// What later requests may refer to, by kind.
    earlier: Vec<VecDeque<Earlier>>,
    /// In the order of their moments.
    waiting: VecDeque<WaitingRequest>,
    /// The next number; none when they are used up.
    stan: Option<Stan>,
}

/// A request that waits for its answer.
struct WaitingRequest {
    stan: Stan,
    meant: Instant,
    which: WhichRequest,
}

impl Caller {
    /// Of a terminal that has signed on.
    fn new(
        common: Rc<Common>,
        (stream, wire): (TcpStream, &Wire),
        (brain, now, card): (&TestTerminal, Now, usize),
    ) -> Result<Self, LoadError> {
        let kinds = common.mix.kinds();
        let stencils = kinds.iter().map(|kind| {
            let stencil = brain.stencil(now, &kind.name, card);
            stencil.ok_or_else(|| LoadError::Kind(kind.name.to_string()))
        });
        Ok(Self {
            stream: Some(Rc::new(stream)),
            framer: wire.framer(),
            rest: BytesMut::new(),
            outbox: Vec::new(),
            blocked: false,
            stencils: stencils.collect::<Result<_, _>>()?,
            earlier: kinds.iter().map(|_| VecDeque::new()).collect(),
            waiting: VecDeque::new(),
            stan: Some(FIRST),
            common,
        })
    }

    /// Connects and signs on as a terminal does.
    pub(super) async fn connect(
        options: &LoadOptions,
        number: usize,
        (merchant, name): (MerchantId, TerminalId),
        common: Rc<Common>,
    ) -> Result<Option<SharedCaller>, LoadError> {
        let clock = Clock::new();
        let mut brain = options.terminal(merchant, name);
        let signing_on = sign_on(options, &mut brain, clock);
        let Ok(Ok(stream)) = tokio::time::timeout(SIGN_ON, signing_on).await else {
            return Ok(None);
        };
        let card = number % options.cards.cards().len().max(1);
        let whose = (&brain, clock.now(), card);
        let caller = Self::new(common, (stream, &options.wire), whose)?;
        Ok(Some(Rc::new(RefCell::new(caller))))
    }

    /// One more request of a stretch, that was meant to be sent at `meant`. It goes out with the
    /// next flush.
    pub(super) fn offer(&mut self, stretch: usize, meant: Instant) {
        let mut which = WhichRequest { stretch, kind: 0 };
        self.common.tally.borrow_mut().offered(stretch);
        if self.waiting.len() >= self.common.most {
            self.expire(Instant::now());
        }
        if self.stream.is_none() {
            return self.common.came(which, LoadEvent::Error);
        }
        let Some(stan) = self.stan.filter(|_| self.waiting.len() < self.common.most) else {
            return self.common.came(which, LoadEvent::Dropped);
        };
        let earlier = &mut self.earlier;
        let has = |at: usize| earlier.get(at).is_some_and(|kept| !kept.is_empty());
        which.kind = self
            .common
            .mix
            .pick(&mut self.common.dice.borrow_mut(), has);
        let kind = self.common.mix.kinds().get(which.kind);
        let original = kind.and_then(|kind| kind.original);
        let original = original.and_then(|at| earlier.get_mut(at)?.pop_front());
        if let Some(stencil) = self.stencils.get_mut(which.kind) {
            self.outbox
                .extend_from_slice(stencil.next(stan, original.as_ref()));
        }
        self.waiting
            .push_back(WaitingRequest { stan, meant, which });
        self.stan = Some(stan.next()).filter(|next| *next > stan);
        self.common.came(which, LoadEvent::Sent);
    }

    /// Sends all that may be on its way at once, in a closed loop.
    pub(super) fn fill(&mut self, stretch: usize, now: Instant) {
        self.expire(now);
        while self.waiting.len() < self.common.most && self.stan.is_some() && self.stream.is_some()
        {
            self.offer(stretch, now);
        }
    }

    fn write(&mut self) {
        while let Some(stream) = &self.stream
            && !self.outbox.is_empty()
        {
            match stream.try_write(&self.outbox) {
                Ok(written) => drop(self.outbox.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.lost(),
            }
        }
    }

    /// Reads what has come, and takes in what answers there are.
    fn read(&mut self, stream: &TcpStream) -> io::Result<()> {
        let common = Rc::clone(&self.common);
        let (mut own, mut shared) = (std::mem::take(&mut self.rest), common.buffer.borrow_mut());
        let buffer = if own.is_empty() {
            &mut *shared
        } else {
            &mut own
        };
        buffer.reserve(READ);
        match stream.try_read_buf(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let now = Instant::now();
        while let Some(frame) = self.framer.next(buffer).map_err(io::Error::other)? {
            match Message::parse(&common.spec, frame) {
                Ok(answer) => self.take_in(&answer, now),
                Err(_) => self.common.came(WhichRequest::default(), LoadEvent::Stray),
            }
        }
        if !buffer.is_empty() {
            self.rest = buffer.split();
        }
        if let Some(stretch) = common.closed_loop.get() {
            self.fill(stretch, now);
        }
        Ok(())
    }

    /// An answer came.
    fn take_in(&mut self, answer: &Message, now: Instant) {
        let stan = answer.stan();
        let mut waiting = self.waiting.iter();
        let at = waiting.position(|request| Some(request.stan) == stan);
        let Some(WaitingRequest { stan, meant, which }) = at.and_then(|at| self.waiting.remove(at))
        else {
            return self.common.came(WhichRequest::default(), LoadEvent::Stray);
        };
        let took = now.saturating_duration_since(meant);
        let codes = &self.common.spec.flow().codes;
        let is_approval = answer
            .response_code()
            .is_some_and(|code| codes.approved.contains(&code));
        self.common.came(
            which,
            match is_approval {
                _ if took > self.common.timeout => LoadEvent::Timeout(took),
                true => LoadEvent::Approved(took),
                false => LoadEvent::Declined(took),
            },
        );
        let is_referred = self.common.referred.get(which.kind).is_some_and(|is| *is);
        if is_approval
            && is_referred
            && let Some(kept) = self.earlier.get_mut(which.kind)
            && kept.len() < KEPT
        {
            kept.extend(Earlier::told(stan, answer));
        }
    }

    /// What has waited too long is waited for no more.
    fn expire(&mut self, now: Instant) {
        let timeout = self.common.timeout;
        while let Some(first) = self.waiting.front()
            && now.saturating_duration_since(first.meant) > timeout
        {
            self.common.came(first.which, LoadEvent::Timeout(timeout));
            self.waiting.pop_front();
        }
    }

    /// The connection is gone, with all that it waited for.
    fn lost(&mut self) {
        self.stream = None;
        for request in self.waiting.drain(..) {
            self.common.came(request.which, LoadEvent::Error);
        }
    }

    /// Whether it still waits for an answer that may come in time.
    pub(super) fn waits(&mut self, now: Instant) -> bool {
        self.expire(now);
        !self.waiting.is_empty()
    }
}

/// Writes what is offered; where the socket takes no more, as soon as it does.
pub(super) fn flush(caller: &SharedCaller) {
    let mut own = caller.borrow_mut();
    own.write();
    if own.outbox.is_empty() || own.blocked {
        return;
    }
    let Some(stream) = own.stream.clone() else {
        return;
    };
    own.blocked = true;
    let caller = Rc::clone(caller);
    let _waiting = tokio::task::spawn_local(async move {
        // A socket that broke is found so by the write.
        let _broken = stream.writable().await;
        caller.borrow_mut().blocked = false;
        flush(&caller);
    });
}

/// Reads answers until the connection ends.
pub(super) async fn listen(caller: SharedCaller) {
    let stream = caller.borrow().stream.clone();
    let Some(stream) = stream else { return };
    while stream.readable().await.is_ok() {
        let read = caller.borrow_mut().read(&stream);
        if read.is_err() {
            break;
        }
        flush(&caller);
    }
    caller.borrow_mut().lost();
}

/// Plays the terminal until it has signed on, where its dialect wants that.
async fn sign_on(
    options: &LoadOptions,
    brain: &mut TestTerminal,
    clock: Clock,
) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(&options.to).await?;
    stream.set_nodelay(true)?;
    let mut framer = options.wire.framer();
    let (mut inbox, mut outbox) = (BytesMut::new(), BytesMut::new());
    let signs_on = options.wire.spec.flow().sign_on.is_some();
    while signs_on && !brain.is_signed_in() {
        if brain.is_idle() {
            brain.sign_in(clock.now());
            brain.handle(clock.now(), TerminalEvent::Wake);
        }
        while let Some(action) = brain.poll_action() {
            match action {
                TerminalAction::Connect => brain.handle(clock.now(), TerminalEvent::Connected),
                TerminalAction::Send(frame) => {
                    framer.wrap(&frame, &mut outbox).map_err(io::Error::other)?;
                }
                TerminalAction::Close { .. } => return Err(io::ErrorKind::ConnectionAborted.into()),
                TerminalAction::Print(_) => {}
            }
        }
        stream.write_all(&outbox).await?;
        outbox.clear();
        let due = brain.next_deadline().map(|due| clock.instant(due));
        tokio::select! {
            read = stream.read_buf(&mut inbox) => if read? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            },
            () = sleep_until(due) => brain.handle(clock.now(), TerminalEvent::Wake),
        }
        while let Some(frame) = framer.next(&mut inbox).map_err(io::Error::other)? {
            brain.handle(clock.now(), TerminalEvent::Frame(frame));
        }
        if brain.is_idle() && !brain.is_signed_in() {
            // It was refused.
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(stream)
}
