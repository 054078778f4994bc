//! What is true of each attempt, put together by a world from the wires and from the ledgers at
//! both ends. Plain data: nothing here comes from what the gateway recorded.

use crate::engine::record::ConnId;
use crate::engine::seam::{Mono, Now, Wall};
use crate::lab::plan::Trade;

/// One attempt of a terminal: its request, all repeats of it, and all reversals of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptFacts {
    /// Its number in the plan.
    pub n: u32,
    /// The purchase that it belongs to.
    pub purchase: u32,
    /// What is asked for.
    pub trade: Trade,
    /// The attempt that it refers to; 0 for none.
    pub of: u32,
    /// The amount that was asked for, in minor units.
    pub amount: u64,
    /// DE 49; empty for the usual one.
    pub currency: String,
    /// Its terminal, by its place in the plan.
    pub t: u8,
    /// DE 41.
    pub terminal: String,
    /// DE 42.
    pub merchant: String,
    /// DE 11, as the terminal gave it.
    pub stan: u32,
    /// The batch, where the dialect has one; else empty.
    pub batch: String,
    /// Whether its type may be repeated upstream and is never reversed: a notice or an advice
    /// (0120, 0220).
    pub notice: bool,
    /// Its type, as it came last.
    pub asked: String,
    /// The attempt whose verdict allowed this one to a cashier; 0 for none.
    pub allowed_by: u32,
    /// When it did.
    pub allowed_at: Mono,
    /// When its request, and each repeat, reached the gateway.
    pub reached: Vec<Arrival>,
    /// When its request left the gateway for a host, each time.
    pub sent: Vec<Mono>,
    /// How many of those reached a host.
    pub arrived: u32,
    /// Whether one of those bore the card's number.
    pub card_sent: bool,
    /// The attempt that the host which booked it took for its original.
    pub went_to: Option<u32>,
    /// What the hosts hold of the customer's money through this attempt's own booking: charged or
    /// reserved above zero, given back below, 0 if nothing was booked or all of it was undone. A
    /// void has its own (below zero) and leaves that of its sale. An authorization that was
    /// completed holds nothing any more: the completion does.
    pub held: i64,
    /// Whether a host gave back more than was there, of its own accord.
    pub overgiven: bool,
    /// Whether a host booked more than was asked for, of its own accord.
    pub overbooked: bool,
    /// Whether a host has it and will still book it, or a frame of it is on the way to a host.
    pub may_still: bool,
    /// Whether anything about it is under way: a frame of it on a wire, an answer of a host due, a
    /// sync of the gateway, a timer of the terminal that will make it act.
    pub in_flight: bool,
    /// Whether the keys of the gateway's journal were lost since its request came.
    pub keys_lost: bool,
    /// Whether the gateway may have lost what it knew of it by no fault of its own: it died before
    /// the record of a frame about it had to be safe.
    pub blurred: bool,
    /// Whether its request could be read only in part.
    pub partly_read: bool,
    /// Whether its processing code is of no kind that its dialect names.
    pub no_kind: bool,
    /// Whether the gateway ended before it had sent the request, or answered it: of what it wrote
    /// down to send, nobody can say afterwards whether it left.
    pub interrupted: bool,
    /// Whether its connection was open, and the gateway alive with a link that could be heard,
    /// ever since its request came.
    pub asker_there: bool,
    /// Whether the disk of the gateway was well ever since.
    pub well: bool,
    /// Approvals that reached the gateway: readable, with a right MAC, by the dialect's tables.
    pub approvals: Vec<HostAnswer>,
    /// Declines, in the same way.
    pub declines: Vec<HostAnswer>,
    /// Answers whose outcome is unknown: 98, 68, 08, 09 by the dialect, codes outside its tables,
    /// blanks, no code.
    pub unknowns: Vec<HostAnswer>,
    /// Answers that nobody can rely on: not readable, a wrong MAC, another amount or number.
    pub doubtful: Vec<Mono>,
    /// Approvals that are whole, and speak of another card, currency or kind.
    pub misfits: Vec<Mono>,
    /// Reversals of it that left the gateway for a host, each try; whoever asked for them.
    pub reversals: Vec<ReversalFacts>,
    /// A reversal from above that reached the gateway (an issuer's own 0420).
    pub undone_above: Option<Mono>,
    /// Answers to its request that left the gateway for a terminal.
    pub told: Vec<ToldAnswer>,
    /// Reversals of it by the terminal that reached the gateway.
    pub undos: Vec<UndoAsked>,
    /// Whether a reversal by the terminal named it that is of another card or currency.
    pub strayed: bool,
    /// Answers to those that left the gateway.
    pub undo_told: Vec<ToldAnswer>,
    /// What its terminal believes.
    pub slip: SlipSays,
    /// Since when a host's word about it has been a lie: 00 to a reversal that undid nothing, a
    /// decline of what it booked or books, an approval of what it did not book.
    pub lied_since: Option<Mono>,
    /// When that was contradicted at the gateway, by a frame.
    pub contradicted: Option<Mono>,
    /// Whether its batch was settled, and did not balance.
    pub misbalanced: bool,
}

/// A message that reached the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The moment that the gateway was told with it.
    pub now: Now,
    /// Over which connection.
    pub conn: Option<ConnId>,
}

/// An answer of a host that reached the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostAnswer {
    /// When.
    pub at: Mono,
    /// DE 39.
    pub code: String,
    /// The amount that it speaks of: that of DE 4, or the request's.
    pub amount: u64,
    /// DE 38; empty if it is not there.
    pub auth: String,
}

/// A reversal that left the gateway for a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReversalFacts {
    /// When it left.
    pub left: Mono,
    /// Not before this was it decided on: it waits for its record, on a sick disk for long.
    pub decided: Mono,
    /// When it reached a host.
    pub at_host: Option<Mono>,
    /// Its first answer that reached the gateway: when, and what its code means.
    pub answered: Option<(Mono, UndoMeant)>,
    /// Whether the host undid something at this one.
    pub undid: bool,
    /// DE 95: what the customer still owes; `None` for nothing.
    pub stands: Option<u64>,
    /// Whether the terminal had asked for a reversal before it left.
    pub wished: bool,
    /// Whether it lacks the card's number that its request bore, without a terminal's doing.
    pub cardless: bool,
}

/// An answer of the gateway to a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldAnswer {
    /// When it left.
    pub at: Mono,
    /// The type of what the terminal had sent.
    pub asked: String,
    /// Its own type.
    pub mti: String,
    /// DE 39; `None` if there is none.
    pub code: Option<String>,
    /// What the dialect's tables call the code.
    pub means: Meant,
    /// DE 11.
    pub stan: u32,
    /// Whether it went to a far end that was gone.
    pub unheard: bool,
    /// Whether it bears the trace number of what the terminal had sent.
    pub own_stan: bool,
    /// Whether it went to a connection on which this was asked.
    pub own_line: bool,
    /// Whether the terminal read it.
    pub delivered: bool,
    /// Whether the connection was reset, or the gateway died, before anything proved to the
    /// gateway that the terminal had read it.
    pub doubted: bool,
    /// Whether that was before the terminal traded on, and sooner than one that had not read it
    /// would have reversed it.
    pub doubted_soon: bool,
}

/// What a response code means, by the published tables of the dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meant {
    /// Approved, in whole or in part; of a reversal: accepted (00).
    Approved,
    /// Not made.
    Declined,
    /// Outcome unknown.
    #[default]
    Unknown,
}

/// What the answer to a reversal means, by the published tables of the dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UndoMeant {
    /// Undone: 00.
    Undone,
    /// Closed, and nothing proven: 25, 12.
    Closed,
    /// Refused for good: 58, 64, 30.
    Refused,
    /// To be sent again: anything else, no code, a wrong MAC.
    #[default]
    Again,
}

/// A reversal of a terminal that reached the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoAsked {
    /// When.
    pub now: Now,
    /// Its type.
    pub mti: String,
    /// DE 95.
    pub stands: Option<u64>,
    /// DE 11.
    pub stan: u32,
    /// Over which connection.
    pub conn: Option<ConnId>,
    /// Whether that was open, and the gateway alive, ever since.
    pub there: bool,
    /// Whether no link lost a connection, and the disk was well, ever since.
    pub well: bool,
}

/// What a terminal believes of its attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlipSays {
    /// It sent nothing.
    #[default]
    NotSent,
    /// It waits for an answer.
    Waiting,
    /// Approved for this amount; after a reversal in part, the amount that stands.
    Approved(u64),
    /// Declined.
    Declined,
    /// No answer, and it will do nothing more.
    Unanswered,
    /// Its reversal waits for an answer.
    Undoing,
    /// Its reversal was answered, and the case is closed for it.
    Undone,
    /// Its reversal was never answered, and it gave up.
    UndoGivenUp,
}

/// A moment at which everything is held against the books.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// Now.
    pub now: Now,
    /// Every attempt that was sent.
    pub attempts: &'a [AttemptFacts],
    /// Every transaction as `trace --json` prints it, explained.
    pub printed: &'a [&'a serde_json::Value],
    /// Every transaction that `open --json` lists.
    pub open: &'a [&'a serde_json::Value],
    /// Whether the gateway is up.
    pub gateway_up: bool,
    /// Whether all that it has recorded is on the disk.
    pub settled: bool,
    /// Whether all faults are over, all peers well, and all is drained: nothing will happen any
    /// more unless somebody acts.
    pub healed: bool,
}

impl AttemptFacts {
    /// Whether it gives money back: a void, a refund, the cancellation of an authorization.
    #[must_use]
    pub const fn gives_back(&self) -> bool {
        matches!(self.trade, Trade::Void | Trade::Refund | Trade::CancelHold)
    }

    /// Whether money is in it at all.
    #[must_use]
    pub const fn is_money(&self) -> bool {
        !matches!(self.trade, Trade::Balance)
    }

    /// Whether a host has booked it, or may still.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        self.held != 0 || self.may_still
    }

    /// A host's word about it is a lie since then. One told after an earlier lie was contradicted
    /// is a new one: two answers that disagree are reversed (D10), and what is answered to that
    /// reversal is again all that can be known.
    pub fn lied(&mut self, since: Mono) {
        if self.contradicted.is_some_and(|seen| seen < since) {
            (self.lied_since, self.contradicted) = (None, None);
        }
        self.lied_since.get_or_insert(since);
    }

    /// Whether a host lied about it, and nothing at the gateway has contradicted that yet.
    #[must_use]
    pub const fn is_excused(&self) -> bool {
        self.lied_since.is_some() && self.contradicted.is_none()
    }

    /// Whether that was so at a moment.
    #[must_use]
    pub fn was_excused(&self, at: Mono) -> bool {
        self.lied_since.is_some() && self.contradicted.is_none_or(|since| since > at)
    }

    /// Whether its request may have left the gateway.
    #[must_use]
    pub const fn was_sent(&self) -> bool {
        !self.sent.is_empty() || self.arrived > 0
    }

    /// When its request came first.
    #[must_use]
    pub fn began(&self) -> Option<Mono> {
        self.reached.first().map(|arrival| arrival.now.mono)
    }

    /// Whether this wall time, in milliseconds, is that of an arrival of its request.
    #[must_use]
    pub fn came_at(&self, millis: i64) -> bool {
        let of = |wall: Wall| wall.0.max(0) / 1000;
        let mut came = self.reached.iter().map(|arrival| of(arrival.now.wall));
        came.any(|came| came == millis)
    }

    /// The same for a reversal by the terminal.
    #[must_use]
    pub fn undo_came_at(&self, millis: i64) -> bool {
        let of = |wall: Wall| wall.0.max(0) / 1000;
        let mut came = self.undos.iter().map(|undo| of(undo.now.wall));
        came.any(|came| came == millis)
    }
}
