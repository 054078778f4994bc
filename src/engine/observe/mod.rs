//! Captured traffic told as records, for traffic that never went through isogate.
//!
//! [`Observer`] takes the [`Sighting`](crate::iso::stream::Sighting)s of one capture and gives the
//! records of an ordinary journal, from which `trace`, `open` and `explain` answer as they do for
//! the gateway's own. It authors nothing: no message, no answer, no reversal. Transactions move by
//! the one decision table, [`decide`](crate::engine::gateway::decide), with what was seen as its
//! events; what a row owes is owed by whoever was seen, and shows, or does not, in what is seen
//! next.
//!
//! **Which legs.** A capture shows the whole way, on which what a terminal sends is what its host
//! gets, or both legs around a gateway: [`LegFinder`] tells them apart.
//!
//! **Delivered** is what was seen whole on the terminal's leg with no reset behind it: an answer
//! that TCP gave up on shows as a reset, as an answer that is missing, or as one that was sent
//! again and never acknowledged. Seen is not read: as in the gateway's own journal, a terminal that
//! did not read it says so by its reversal. Where only the leg to a host was captured, delivery is
//! unproven.
//!
//! **Silence** counts where somebody looked: after [`ObserveOptions::timeout`] without an answer,
//! on a connection whose capture has no gap. On the whole way, how long a terminal waits is not
//! known: silence counts once it does something else, hangs up, or the capture ends. An approval
//! that comes meanwhile is unproven until its terminal trades on without a reversal. Behind a gap,
//! at the end of the capture, and where a request may have gone on unseen, nothing is concluded
//! from silence: such a step has the reason [`Why::Unseen`](crate::engine::record::Why::Unseen),
//! and no verdict that rests on it says that a new payment is safe.
//!
//! **Answers alone**, whose request was not captured, begin a transaction by what they repeat of
//! it, or undo one that is known, if they answer a reversal; all of that is marked as unseen.
//!
//! **MACs** are checked where somebody knows the keys ([`MacJudge`]): a host's answer with a wrong
//! one counts as none, as for the gateway. Without keys nothing is called wrong for its MAC.
#![deny(clippy::indexing_slicing)]

mod counts;

mod legs;

mod watched;

mod doubts;

mod observer;

mod asks;

mod undoing;

mod answers;

mod unasked;

mod holes;

mod checkpoint;

pub use counts::{MacFound, MacJudge, ObserveCounts};
pub use legs::{LegFinder, LegRole, Legs};
pub use observer::{ObserveOptions, Observer};

#[cfg(test)]
mod tests;
