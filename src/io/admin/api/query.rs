//! What would hold up other answers is done on threads beside: few questions to the journal at
//! once, few scenarios, and none of it for ever.

use super::problem::ApiProblem;
use crate::io::admin::Views;
use crate::io::journal::{JournalReader, ReadError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Questions to the journal that are looked into at once.
const SEARCHES: usize = 4;
/// Scenarios that happen at once.
const RUNS: usize = 2;
/// Threads that neither of them may take: for what is over in moments.
const SPARE: usize = 2;
/// Threads for all of it.
pub(in crate::io::admin) const THREADS: usize = SEARCHES + RUNS + SPARE;
/// How long a question waits for its turn.
const TURN: Duration = Duration::from_secs(3);
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns of what takes a while.
#[derive(Clone, Debug)]
pub(in crate::io::admin) struct QueryTurns {
    pub searches: Arc<Semaphore>,
    pub runs: Arc<Semaphore>,
}

impl Default for QueryTurns {
    fn default() -> Self {
        Self {
            searches: Arc::new(Semaphore::new(SEARCHES)),
            runs: Arc::new(Semaphore::new(RUNS)),
        }
    }
}

/// Does blocking work on a thread beside, as long as it may take: work that is over in moments,
/// and looks into no journal.
pub(super) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let working = tokio::task::spawn_blocking(work);
    let done = timeout(PATIENCE, working).await.map_err(|_late| {
        ApiProblem::busy("it takes too long to look for this")
            .hint("ask for less: a shorter period, a key, a state")
    })?;
    done.map_err(|_panicked| ApiProblem::failed("a bug; what happened is on standard error"))?
}

/// The same for work that takes a while, if there is a turn for it.
pub(super) async fn in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let turn = timeout(TURN, Arc::clone(turns).acquire_owned()).await;
    let turn = turn.map_err(|_late| {
        ApiProblem::busy("too much is being looked for at once")
            .hint("ask again in a moment, or for less: a shorter period, a key, a state")
    })?;
    let turn = turn.map_err(ApiProblem::failed)?;
    beside(move || {
        // Held to the end of the work, whoever still waits for it.
        let _turn = turn;
        work()
    })
    .await
}

/// Looks into the journal.
pub(super) async fn ask<T: Send + 'static>(
    views: &Views,
    look: impl FnOnce(&JournalReader) -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, ApiProblem> {
    let folder = views.setup.journal.clone();
    let searches = &views.turns.searches;
    in_turn(searches, move || look(&JournalReader::open(&folder, None)?)).await
}

impl From<ReadError> for ApiProblem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoJournal(_) => Self::busy("the journal has only begun"),
            error => Self::failed(error),
        }
    }
}
