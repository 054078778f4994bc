//! Asking what lives on another thread.

use std::fmt;
use tokio::sync::{mpsc, oneshot};

type PostedCall<B> = Box<dyn FnOnce(&mut B) + Send>;

/// The side that asks. What is asked runs on the thread of the asked.
pub(super) struct Asks<B>(mpsc::Sender<PostedCall<B>>);

/// The side that asks for as long as another one could, and keeps nobody from ending.
pub(super) struct WeakAsks<B>(mpsc::WeakSender<PostedCall<B>>);

/// The side that is asked.
pub(super) struct Asked<B>(mpsc::Receiver<PostedCall<B>>);

pub(super) fn asks<B>() -> (Asks<B>, Asked<B>) {
    let (sender, receiver) = mpsc::channel(16);
    (Asks(sender), Asked(receiver))
}

impl<B: 'static> Asks<B> {
    /// Waits for the result; `None` if the other thread has ended.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut B) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let ask: PostedCall<B> = Box::new(move |asked| {
            // Whoever asked may have gone away.
            let _gone = answer.send(ask(asked));
        });
        self.0.blocking_send(ask).ok()?;
        answered.blocking_recv().ok()
    }
}

impl<B> Asks<B> {
    /// The same, which does not keep the asked alive.
    pub(super) fn weak(&self) -> WeakAsks<B> {
        WeakAsks(self.0.downgrade())
    }
}

impl<B: 'static> WeakAsks<B> {
    /// As [`Asks::ask`].
    pub(super) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut B) -> T + Send + 'static,
    ) -> Option<T> {
        Asks(self.0.upgrade()?).ask(ask)
    }
}

impl<B> Asked<B> {
    /// The next question; `None` when nobody can ask any more.
    pub(super) async fn next(&mut self) -> Option<PostedCall<B>> {
        self.0.recv().await
    }
}

impl<B> fmt::Debug for WeakAsks<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakAsks")
    }
}

impl<B> fmt::Debug for Asks<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asks")
    }
}
