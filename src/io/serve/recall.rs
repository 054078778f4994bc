//! Asks the journal what the core has forgotten, on a thread of its own: a disk may be slow.

use crate::engine::gateway::{Event, Recall};
use crate::engine::record::{Seq, Vault};
use crate::io::journal::JournalRecaller;
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, mpsc as thread_mpsc};
use std::thread;
use tokio::sync::mpsc;
use tracing::warn;

/// Answers that the loop has not taken yet.
const ANSWERS: usize = 64;

/// Questions of the core, in order.
#[derive(Debug, Default)]
pub(super) struct RecallDesk {
    /// Those that wait until the journal is durable so far.
    asked: VecDeque<Recall>,
    /// To the thread; it ends when this is dropped.
    thread: Option<thread_mpsc::Sender<Recall>>,
}

impl RecallDesk {
    /// Starts the thread; what it finds comes as events.
    pub(super) fn start(
        journal: &Path,
        vault: Arc<Vault>,
    ) -> io::Result<(Self, mpsc::Receiver<Event>)> {
        let (to_thread, asked) = thread_mpsc::channel();
        let (tell, told) = mpsc::channel(ANSWERS);
        let recaller = JournalRecaller::new(journal, vault);
        let named = thread::Builder::new().name("recall".to_owned());
        let _ends_by_itself = named.spawn(move || run(recaller, &asked, &tell))?;
        let desk = Self {
            asked: VecDeque::new(),
            thread: Some(to_thread),
        };
        Ok((desk, told))
    }

    /// The core asks.
    pub(super) fn ask(&mut self, recall: Recall) {
        self.asked.push_back(recall);
    }

    /// The journal is durable up to here.
    pub(super) fn released(&mut self, released: Seq) {
        while let Some(recall) = self.asked.pop_front_if(|recall| recall.after <= released) {
            // Without the thread the core's patience ends.
            let _sent = self.thread.as_ref().map(|thread| thread.send(recall));
        }
    }
}

/// Answers all that was asked meanwhile by one look at the journal.
fn run(
    mut recaller: JournalRecaller,
    asked: &thread_mpsc::Receiver<Recall>,
    tell: &mpsc::Sender<Event>,
) {
    while let Ok(first) = asked.recv() {
        let all: Vec<Recall> = std::iter::once(first).chain(asked.try_iter()).collect();
        let (answers, trouble) = recaller.answer(&all);
        if let Some(error) = trouble {
            warn!(%error, "the journal cannot be asked: what memory does not know is refused");
        }
        for answer in answers {
            if tell
                .blocking_send(Event::Recalled(Box::new(answer)))
                .is_err()
            {
                return;
            }
        }
    }
}
