//! Events in, actions out: what becomes of each message, decided in one place.
//!
//! Call [`Gateway::handle`] with what happened, then [`Gateway::poll_action`] until it gives
//! nothing, then sleep until [`Gateway::next_deadline`]. It never waits, reads no clock, owns no
//! socket and no file; it deliberately does not retry what the driver failed to do, but is told.
//!
//! Start with [`lifecycle`](decide): its table is the heart of the house.
#![deny(clippy::wildcard_enum_match_arm)]

mod wish;

mod event;

mod action;

mod route;

mod options;

mod lifecycle;

mod names;

mod message_facts;

mod kept_frames;

mod upstream_request;

mod live;

mod remembered;

mod used_numbers;

mod terminal_memory;

mod numbers;

mod core;

mod partly_read;

mod settlement;

mod translation;

mod elsewhere;

mod request;

mod repeats;

mod originals;

mod own_answers;

mod answer_fits;

mod answer_match;

mod answer;

mod recall;

mod terminal_keys;

mod delivery;

mod terminal_reversal;

mod early_reversal;

mod reversal;

mod reversal_frames;

mod reversal_tries;

mod reversal_queue;

mod links;

mod link_session;

mod acquirer_reversal;

mod operator;

mod unread_approvals;

mod parked_links;

mod recover;

mod checkpoint;

pub use self::core::{Counts, Gateway};
pub use action::{Action, CloseReason, SendId};
// What the gateway goes by to read a message: for whoever follows transactions that it never had.
pub(crate) use answer_fits::{AskedFor, is_of};
pub use event::{Event, UnreadableFrame};
pub use lifecycle::{Decision, Effect, Trigger, decide};
pub(crate) use message_facts::{
    HeardBefore, asked_for, is_same, key_of, may_refer, opened_of, outcome_of,
};
pub(crate) use names::{MatchKey, TerminalKey, identity, match_key, original_stan, originals};
pub use options::{
    Keys, Ladder, Limits, LinkOptions, ListenerOptions, Options, ReversalBy, ReversalOptions,
    RouteOptions, SignOn,
};
pub(crate) use originals::{OriginalNames, Referable, Referred, only, referred};
pub(crate) use partly_read::{hides_its_code, note as unread_note, note_or as unread_note_or};
pub use recall::{
    FoundInJournal, MOST_RECALLED, Recall, RecallId, Recalled, names_links, names_others,
};
pub use route::{Balance, CardRange, CodePattern, Match, MtiPattern, TerminalPattern};
pub(crate) use settlement::note_or as settlement_note_or;
pub(crate) use terminal_memory::Twins;
pub(crate) use terminal_reversal::{granted, is_about, is_partial, part_given_back};
pub use wish::{Act, Wish};

#[cfg(test)]
mod tests;
