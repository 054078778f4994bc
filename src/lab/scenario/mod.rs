//! Scenarios: a complaint of a merchant as a story that happens, and what must be seen of it.
//!
//! A [`Scenario`] is data, read from TOML that a tester writes: who trades what and when, what goes
//! wrong, and what the wire, the books and the verdict must show. [`play`] lets it happen in
//! virtual time, with the gateway's own core, driver and journal between the lab's terminals and
//! acquirer, and with the waiting times of the field; what is said of it is read from the journal
//! as the commands do. Besides what a scenario wants, the runner judges by the books whether what
//! is said is safe.
//!
//! Nothing here opens a file: texts are handed in, or built into the binary.
//!
//! Start reading at [`Scenario`], then [`play`].

mod file;

mod story;

mod catalogue;

mod merchant;

mod place;

mod stage;

mod tell;

mod run;

mod wish;

mod matrix;

mod safe;

pub use catalogue::{SETS, builtin};
pub use file::{ScenarioError, read};
pub use matrix::{MatrixRow, matrix};
pub use place::{StoryEnd, StoryPlace};
pub use run::{FiledVerdict, LadderLine, ScenarioRun, eve, play, play_at};
pub use stage::{StoryCast, cast};
pub use story::{Happening, HappensAt, MoneyWanted, Scenario, ScenarioSet, VerdictWanted};

#[cfg(test)]
mod tests;
