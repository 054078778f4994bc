//! The acquirer of a capture behind a listening socket. What it answers is said by
//! [`crate::lab::replay`].

use super::replay::ReplayTold;
use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::io::capture::{CaptureError, CaptureReader};
use crate::io::net::{self, Inbound, SocketFlushed, SocketOutbound, Wire};
use crate::io::system::{Signal, Signals};
use crate::lab::replay::{Answerer, AnswererAction, LineId};
use bytes::BytesMut;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, oneshot};

/// Things taken from the capture before sockets are looked at.
const AT_ONCE: usize = 64;
/// What was told and not fetched.
const TOLD: usize = 65_536;
/// How long the system under test may take to call, before anything is asked of it.
const CALLS: Duration = Duration::from_secs(10);
/// How long it may take to open the line, where it does.
const OPENS: Duration = Duration::from_secs(1);

/// A running acquirer of a capture.
#[derive(Debug)]
pub struct AnswerHost {
    address: SocketAddr,
    told: mpsc::Receiver<ReplayTold>,
    /// Hears of the first connection, and of the first frame.
    begun: mpsc::Receiver<()>,
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<Result<(), CaptureError>>,
}

impl AnswerHost {
    /// Starts it on a thread of its own, listening on `address`; `open` opens the capture there.
    ///
    /// # Errors
    /// The address cannot be listened on, or the system refuses a thread.
    pub fn start(
        address: SocketAddr,
        wire: Wire,
        answerer: Answerer,
        open: impl FnOnce() -> Result<Box<dyn CaptureReader>, CaptureError> + Send + 'static,
    ) -> io::Result<Self> {
        let (started, when_started) = mpsc::channel();
        let (tell, told) = mpsc::sync_channel(TOLD);
        let (begin, begun) = mpsc::sync_channel(2);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("captured acquirer".to_owned())
            .spawn(move || {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .build_local(LocalOptions::default())?;
                let shared = Rc::new(RefCell::new(AnswerCarrier {
                    brain: answerer,
                    lines: BTreeMap::new(),
                    next: 0,
                    wake: Rc::new(Notify::new()),
                    tell,
                    begin,
                }));
                runtime.block_on(async {
                    let listener = TcpListener::bind(address).await;
                    let listener = listener.and_then(|one| Ok((one.local_addr()?, one)));
                    match listener {
                        Ok((address, listener)) => {
                            // Whoever started this waits for it.
                            let _waits = started.send(Ok(address));
                            let mut capture = open()?;
                            run(&shared, listener, &wire, &mut *capture, stopped).await
                        }
                        Err(error) => {
                            drop(started.send(Err(error)));
                            Ok(())
                        }
                    }
                })
            })?;
        let address = when_started.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            told,
            begun,
            stop,
            thread,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the system under test has called, and has opened its line if it does; not for
    /// long.
    pub fn wait_for_call(&self) {
        if self.begun.recv_timeout(CALLS).is_ok() {
            let _opened = self.begun.recv_timeout(OPENS);
        }
    }

    /// What it has to tell by now.
    pub fn told(&self) -> impl Iterator<Item = ReplayTold> {
        self.told.try_iter()
    }

    /// Waits until all that was captured was asked, or a signal comes, telling what happens.
    ///
    /// # Errors
    /// The capture cannot be read any further, or what is told cannot be written.
    pub fn wait(
        self,
        tell: &mut dyn FnMut(ReplayTold) -> io::Result<()>,
    ) -> Result<(), CaptureError> {
        for told in &self.told {
            tell(told)?;
        }
        self.thread.join().unwrap_or(Ok(()))
    }

    /// Stops it, and tells the rest.
    ///
    /// # Errors
    /// As [`AnswerHost::wait`].
    pub fn stop(
        self,
        tell: &mut dyn FnMut(ReplayTold) -> io::Result<()>,
    ) -> Result<(), CaptureError> {
        let Self {
            told, stop, thread, ..
        } = self;
        // It may have ended by itself.
        let _ended = stop.send(());
        for told in &told {
            tell(told)?;
        }
        thread.join().unwrap_or(Ok(()))
    }
}

/// The brain and its connections.
struct AnswerCarrier {
    brain: Answerer,
    lines: BTreeMap<LineId, SocketOutbound>,
    next: u32,
    wake: Rc<Notify>,
    tell: mpsc::SyncSender<ReplayTold>,
    begin: mpsc::SyncSender<()>,
}

type SharedAnswers = Rc<RefCell<AnswerCarrier>>;

impl AnswerCarrier {
    /// Carries out what the brain wants done.
    fn carry_out(&mut self) {
        while let Some(action) = self.brain.poll_action() {
            match action {
                AnswererAction::Send(line, frame) => {
                    if let Some(out) = self.lines.get_mut(&line) {
                        out.push(SendId(0), Seq(0), frame);
                    }
                }
                AnswererAction::Tell(told) => {
                    // Nobody is left to hear it: the command is ending.
                    let _heard = self.tell.send(ReplayTold::Exchange(told));
                }
            }
        }
        let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
        self.lines.retain(|_, out| {
            let flushed = out.flush(Seq(0), &mut scratch, &mut written);
            !matches!(flushed, SocketFlushed::Broken(_))
        });
    }
}

async fn run(
    shared: &SharedAnswers,
    listener: TcpListener,
    wire: &Wire,
    capture: &mut dyn CaptureReader,
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), CaptureError> {
    let mut signals = Signals::new()?;
    let wake = Rc::clone(&shared.borrow().wake);
    loop {
        let wants_more = take_in(shared, capture)?;
        shared.borrow_mut().carry_out();
        if shared.borrow().brain.is_over() {
            break;
        }
        tokio::select! {
            biased;
            _told = &mut stopped => break,
            signal = signals.next() => if signal == Signal::Stop { break },
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                welcome(shared, stream, wire);
            },
            () = wake.notified() => {}
            () = tokio::task::yield_now(), if wants_more => {}
        }
    }
    let mut carrier = shared.borrow_mut();
    carrier.brain.stop();
    carrier.carry_out();
    Ok(())
}

/// Takes some of the capture, as far as it is wanted; whether more is.
fn take_in(shared: &SharedAnswers, capture: &mut dyn CaptureReader) -> Result<bool, CaptureError> {
    let mut carrier = shared.borrow_mut();
    for _ in 0..AT_ONCE {
        if !carrier.brain.wants_more() {
            return Ok(false);
        }
        match capture.next()? {
            Some(sighting) => carrier.brain.seen(sighting),
            None => carrier.brain.capture_ended(),
        }
    }
    Ok(carrier.brain.wants_more())
}

fn welcome(shared: &SharedAnswers, stream: tokio::net::TcpStream, wire: &Wire) {
    // One that is gone before it was let in is no event.
    let Ok((inbound, out)) = net::split(stream, wire) else {
        return;
    };
    let mut carrier = shared.borrow_mut();
    let line = LineId(carrier.next);
    carrier.next += 1;
    carrier.lines.insert(line, out.answering());
    // Only the first two are of interest.
    let _heard = carrier.begin.try_send(());
    let _reading = tokio::task::spawn_local(read(Rc::clone(shared), line, inbound));
}

async fn read(shared: SharedAnswers, line: LineId, mut inbound: Inbound) {
    while inbound.fill().await.is_ok() {
        let mut carrier = shared.borrow_mut();
        while let Ok(Some(frame)) = inbound.frame() {
            carrier.brain.frame(line, frame);
        }
        carrier.carry_out();
        let _heard = carrier.begin.try_send(());
        carrier.wake.notify_one();
    }
    shared.borrow_mut().lines.remove(&line);
}
