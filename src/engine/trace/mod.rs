//! A transaction's story, told from its records, and what may be said of it: where is the money,
//! why, and what is safe to do next, in English and Chinese.
//!
//! Everything here is a fold over [`Record`](super::record::Record)s: a copied journal is enough.
//! It decides nothing about a transaction (the gateway did that), reads no disk, and never guesses
//! within what the messages leave open: pay-out, calendar and merchant account lie outside the log,
//! and a verdict says so.
//!
//! Start with [`Story`], then [`Verdict`]; `retry` holds the one question that must never be
//! answered wrongly.

mod lang;

mod money;

mod codes;

mod story;

mod moment;

mod reversal;

mod batch;

mod settled;

mod settled_otherwise;

mod unconfirmed;

mod purchases;

mod slips;

mod relations;

mod stories;

mod retry;

mod bonds;

mod holds;

mod inquiries;

mod left;

mod cause;

mod diagnosis;

mod belief;

mod texts;

mod texts_bound;

mod limit;

mod phrases;

mod reasons;

mod wording;

mod filed_keys;

mod filed_texts;

mod filed_balance;

mod filed_payout;

mod filed_promises;

mod filed_silence;

mod filed_rows;

mod filed_acquirer;

mod filed;

mod verdict;

mod proof;

mod unmatched;

pub mod notes;

mod spans;

mod view;

mod written;

mod query;

mod filter;

mod book;

#[cfg(test)]
pub(crate) mod tests;

pub use batch::{BatchCount, BatchCounts};
pub use belief::{Basis, Belief, Beliefs, Is};
pub use book::Book;
pub use cause::{About, Cause};
pub use codes::{Advice, CODES, Code, Outcome};
pub use filed_balance::filed_amount;
pub use filter::{Filter, FilterError, FilterTime, FilterWord};
pub use lang::{Lang, Phrase, Said};
pub use moment::{Leg, Moment};
pub use money::money;
pub use proof::proof;
pub use query::{Finder, Query, Which};
pub use retry::Retry;
pub use reversal::{By, Reversal};
pub use settled::{Settlement, balance_said, batch_number, in_words};
pub use spans::{StorySpan, StorySpanKind};
pub use stories::{Keep, Stories, subject};
pub use story::{Delivery, Seen, Story};
pub use unconfirmed::{Unconfirmed, casts_doubt};
pub use unmatched::{DifferingField, NearRequest, UnmatchedAnswer, UnmatchedFinder};
pub use verdict::Verdict;
pub use view::{Names, View};
pub use written::{QueryError, amount, end, last4, moment, stan, terminal_id, time};
