//! Questions to the journal: asked on threads of their own, few at once, and not for ever.

use super::problem::ApiProblem;
use crate::io::admin::Views;
use crate::io::journal::{JournalReader, ReadError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Questions that are looked into at once.
pub(in crate::io::admin) const AT_ONCE: usize = 4;
/// How long a question waits for its turn.
const TURN: Duration = Duration::from_secs(3);
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns of questions.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct QueryTurns(Arc<Semaphore>);

impl Default for QueryTurns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Does blocking work on a thread beside, if there is a turn for it, and as long as it may take.
pub(super) async fn beside<T: Send + 'static>(
    views: &Views,
    work: impl FnOnce() -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let busy = || {
        ApiProblem::busy("too much is being looked for at once")
            .hint("ask again in a moment, or for less: a shorter period, a key, a state")
    };
    let turn = Arc::clone(&views.turns.0).acquire_owned();
    let turn = timeout(TURN, turn).await.map_err(|_late| busy())?;
    let turn = turn.map_err(ApiProblem::failed)?;
    let working = tokio::task::spawn_blocking(move || {
        // Held to the end of the work, whoever still waits for it.
        let _turn = turn;
        work()
    });
    let done = timeout(PATIENCE, working).await.map_err(|_late| {
        ApiProblem::busy("it takes too long to look for this")
            .hint("ask for less: a shorter period, a key, a state")
    })?;
    done.map_err(|_panicked| ApiProblem::failed("a bug; what happened is on standard error"))?
}

/// Looks into the journal.
pub(super) async fn ask<T: Send + 'static>(
    views: &Views,
    look: impl FnOnce(&JournalReader) -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let folder = views.setup.journal.clone();
    beside(views, move || look(&JournalReader::open(&folder, None)?)).await
}

impl From<ReadError> for ApiProblem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoJournal(_) => Self::busy("the journal has only begun"),
            error => Self::failed(error),
        }
    }
}
