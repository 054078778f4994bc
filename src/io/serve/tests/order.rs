//! Record, sync, then send: a driver by hand, with a disk that the test plays.

use super::{PATIENCE, approval, sale};
use crate::engine::driver::Trouble;
use crate::engine::gateway::Gateway;
use crate::engine::record::{ConnId, LinkId, ListenerId, OperatorAct, OperatorDid, Seq};
use crate::io::config::Config;
use crate::io::journal::{Disk, JournalWriter, Progress};
use crate::io::net::{self, Door, Inbound, Received, Wire};
use crate::io::serve::driver::{Parts, ServeDriver, SharedDriver};
use crate::io::serve::recall::RecallDesk;
use crate::io::serve::run::look_after;
use crate::io::serve::shadow::Shadows;
use crate::io::serve::status::Status;
use crate::io::serve::{Clock, GatewayDeed};
use crate::io::telemetry::{Exporter, Pulse};
use crate::iso::codec::Message;
use crate::iso::message::Text;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};

/// A driver, a terminal and an acquirer at it, and the disk.
struct Bench {
    driver: ServeDriver,
    terminal: (ConnId, Inbound),
    acquirer: (ConnId, Inbound),
    disk: watch::Sender<Progress>,
    /// The gateway's own ends, which nobody reads.
    _ends: [Inbound; 2],
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let text = format!("[journal]\npath = {journal:?}\n[[link]]\nsign_on = false\n{more}");
        let config = Config::parse("test.toml", &text, Path::new("")).unwrap();
        let opened = JournalWriter::open(&config.journal.clone().into()).unwrap();
        let clock = Clock::new();
        let (disk, progress) = watch::channel(opened.writer.progress().borrow().clone());
        let options = config.options.clone();
        let core = Gateway::recover(options, opened.vault, 7, clock.now(), opened.history);
        let mut driver = ServeDriver::new(Parts {
            shadows: Shadows::default(),
            recalls: RecallDesk::default(),
            pulse: Pulse::default(),
            core,
            clock,
            progress,
            journal: opened.writer,
            limits: config.limits,
            metrics: Exporter::new().1,
            status: Arc::new(Status::default()),
        });
        let wire = Wire {
            spec: Arc::clone(&config.options.links[0].spec),
            framing: None,
            frame: 8192,
            frame_time: PATIENCE,
            read: 4096,
        };
        let guest = Door::new(1, 1).enter([127, 0, 0, 1].into()).unwrap();
        let (ours, theirs) = pair(4096).await;
        let (end, out) = net::split(ours, &wire).unwrap();
        let conn = driver.terminal(ListenerId(0), guest, out);
        let terminal = net::split(theirs, &wire).unwrap().0;
        let (ours, theirs) = pair(1 << 20).await;
        let (other_end, out) = net::split(ours, &wire).unwrap();
        let link = driver.link_up(LinkId(0), out);
        let acquirer = net::split(theirs, &wire).unwrap().0;
        // The sockets are ready once the runtime has looked at them.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Self {
            driver,
            terminal: (conn, terminal),
            acquirer: (link, acquirer),
            disk,
            _ends: [end, other_end],
            _folder: folder,
        }
    }

    /// A sale comes in from the terminal.
    fn sale(&mut self, stan: u64) {
        self.driver.read_clock();
        let sale = Received::Message(sale(stan));
        assert!(self.driver.take_from_terminal(self.terminal.0, sale));
    }

    /// A turn with a disk that is durable up to `seq`.
    fn turn(&mut self, seq: u64) -> Vec<(ConnId, Trouble)> {
        self.disk.send_replace(Progress {
            released: Seq(seq),
            disk: Disk::Well,
        });
        self.driver.turn()
    }
}

/// Our end and theirs of a connection that holds so many bytes on their way to them.
async fn pair(holds: u32) -> (TcpStream, TcpStream) {
    let (ours, theirs) = (TcpSocket::new_v4().unwrap(), TcpSocket::new_v4().unwrap());
    ours.set_send_buffer_size(holds).unwrap();
    theirs.set_recv_buffer_size(holds).unwrap();
    theirs.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = theirs.listen(1).unwrap();
    let ours = ours.connect(listener.local_addr().unwrap()).await.unwrap();
    (ours, listener.accept().await.unwrap().0)
}

fn on_one_thread(future: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default());
    runtime.unwrap().block_on(future);
}

async fn next(inbound: &mut Inbound) -> Message {
    loop {
        match inbound.receive().unwrap() {
            Some(Received::Message(message)) => return message,
            Some(Received::Unreadable(frame)) => panic!("{frame:?}"),
            None => inbound.fill().await.unwrap(),
        }
    }
}

/// Whether nothing comes in for a while.
async fn is_silent(inbound: &mut Inbound) -> bool {
    let waited = tokio::time::timeout(Duration::from_millis(30), next(inbound));
    waited.await.is_err()
}

#[test]
fn nothing_is_sent_before_the_record_that_explains_it_is_on_disk() {
    on_one_thread(async {
        let mut bench = Bench::new("").await;
        bench.turn(0);
        bench.sale(1);
        let last = bench.driver.last_recorded();
        for durable in 0..last {
            bench.turn(durable);
            assert!(
                is_silent(&mut bench.acquirer.1).await,
                "{durable} of {last}"
            );
        }
        bench.turn(last);
        assert_eq!(next(&mut bench.acquirer.1).await.mti().to_string(), "0200");
    });
}

#[test]
fn an_operator_is_told_of_a_deed_when_the_record_of_it_is_on_disk() {
    on_one_thread(async {
        let mut bench = Bench::new("").await;
        bench.turn(bench.driver.last_recorded());
        let act = OperatorAct {
            who: Text::clipped("tester"),
            did: OperatorDid::DrainLink,
            what: Text::clipped("acquirer"),
        };
        let (reply, mut told) = oneshot::channel();
        let before = bench.driver.last_recorded();
        let deed = GatewayDeed::DrainLink(LinkId(0));
        bench.driver.operated(act, deed, reply);
        let last = bench.driver.last_recorded();
        assert!(last > before);
        for durable in before..last {
            bench.turn(durable);
            assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
        }
        bench.turn(last);
        assert_eq!(told.try_recv(), Ok(true));
    });
}

#[test]
fn a_record_that_no_send_waits_for_is_synced_with_the_next_that_one_waits_for() {
    on_one_thread(async {
        let mut bench = Bench::new("").await;
        bench.sale(1);
        bench.turn(0);
        bench.turn(bench.driver.last_recorded());
        let request = next(&mut bench.acquirer.1).await;
        bench.driver.read_clock();
        let answer = Received::Message(approval(&request));
        assert!(bench.driver.take_from_acquirer(bench.acquirer.0, answer));
        bench.turn(0);
        let answered = bench.driver.last_recorded();
        assert_eq!(bench.driver.last_handed(), answered);
        bench.turn(answered);
        // The answer is written, and that is recorded.
        let delivered = bench.driver.last_recorded();
        assert_eq!(
            (delivered, bench.driver.last_handed()),
            (answered + 1, answered)
        );
        bench.sale(2);
        bench.turn(answered);
        assert_eq!(bench.driver.last_handed(), delivered + 1);
    });
}

#[test]
fn a_record_that_no_send_waits_for_is_not_kept_back_for_long() {
    on_one_thread(async {
        let mut bench = Bench::new("").await;
        bench.sale(1);
        bench.turn(0);
        let handed = bench.driver.last_handed();
        let terminal = bench.terminal.0;
        bench.driver.lost(terminal, false);
        bench.turn(0);
        let last = bench.driver.last_recorded();
        assert!(last > handed && bench.driver.last_handed() == handed);
        let wake_at = bench.driver.wake_at().unwrap();
        tokio::time::sleep_until(wake_at.into()).await;
        bench.turn(0);
        assert_eq!(bench.driver.last_handed(), last);
    });
}

#[test]
fn a_request_that_the_disk_held_up_beyond_its_deadline_never_leaves() {
    on_one_thread(async {
        let mut bench = Bench::new("[[route]]\ntimeout = \"20ms\"").await;
        bench.sale(1);
        bench.turn(0);
        tokio::time::sleep(Duration::from_millis(25)).await;
        bench.turn(0);
        bench.turn(bench.driver.last_recorded());
        let answer = next(&mut bench.terminal.1).await;
        assert_eq!(answer.mti().to_string(), "0210");
        assert_ne!(&*answer.response_code().unwrap(), "00");
        assert!(is_silent(&mut bench.acquirer.1).await);
    });
}

#[test]
fn a_broken_journal_is_told() {
    on_one_thread(async {
        let bench = Bench::new("").await;
        assert_eq!(bench.driver.failure(), None);
        let error = crate::engine::journal::JournalError::Fenced;
        bench.disk.send_replace(Progress {
            released: Seq(0),
            disk: Disk::Failed(error.clone()),
        });
        assert_eq!(bench.driver.failure(), Some(error));
    });
}

/// A turn as the loop takes it.
fn turn(shared: &SharedDriver, stuck: Duration) {
    let troubles = shared.0.borrow_mut().turn();
    for (conn, trouble) in troubles {
        look_after(shared, conn, trouble, stuck);
    }
}

#[test]
fn a_terminal_that_never_reads_is_read_no_more_and_then_disconnected() {
    on_one_thread(async {
        let mut bench = Bench::new("[limits]\nunwritten = \"1KiB\"").await;
        bench.turn(u64::MAX);
        let (conn, stuck) = (bench.terminal.0, Duration::from_millis(20));
        let shared = SharedDriver(Rc::new(RefCell::new(bench.driver)));
        let mut stans = 1..;
        let mut unread = 0;
        while shared.0.borrow().listens(conn) {
            // Beyond those in flight they are refused at once, and answers pile up.
            while shared.0.borrow_mut().crowded(conn).is_none() {
                let sale = Received::Message(sale(stans.next().unwrap()));
                shared.0.borrow_mut().take_from_terminal(conn, sale);
                turn(&shared, stuck);
            }
            unread += 1;
            tokio::time::sleep(stuck).await;
            turn(&shared, stuck);
        }
        assert!(unread < 100, "it is given a few chances");
        assert!(shared.0.borrow_mut().crowded(conn).is_none());
    });
}
