//! Every world of two transactions, searched: a gateway that does what the model owes, a host that
//! answers as hosts may, wires that lose and reorder, two crashes.
//!
//! `stateright` searches; it is a development dependency only, so its other parts reach nobody.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on should stop where it stands"
)]

use super::known::{Broken, Effects, Happened, Known, Policy};
use super::{AnswerSays, UndoSays};
use stateright::{Checker, Model, Property};

/// A rule that the gateway of the model is made to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    NoReversalOnTimeout,
    ForgetsOnNotFound,
    ReversesDelivered,
    DeliversLate,
}

/// What is under way on the wires of one transaction, each at most once: `u8` as a set.
const REQUEST: u8 = 1;
const APPROVAL: u8 = 2;
const DECLINE: u8 = 4;
const TRY: u8 = 8;
const UNDONE: u8 = 16;
const NOT_FOUND: u8 = 32;
const BUSY: u8 = 64;

/// One transaction in the world: what is known, and what is true.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct One {
    known: Known,
    wires: u8,
    /// The host holds its money.
    held: bool,
    undone: bool,
    /// The host has seen it.
    seen: bool,
    /// The terminal has a receipt; the terminal has ended its case.
    receipt: bool,
    closed: bool,
    wished: bool,
    /// An approval that was told and of which nobody knows whether it was written.
    telling: bool,
    tries: u8,
    broken: Option<Broken>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    ones: [One; 2],
    crashes: u8,
    losses: u8,
}

struct Search {
    wrong: Wrong,
    policy: Policy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Ask(usize),
    TellTerminal(usize, bool),
    Deadline(usize),
    Grace(usize),
    Wish(usize),
    Try(usize),
    GiveUp(usize),
    CloseWish(usize),
    Lose(usize, u8),
    HostBooks(usize),
    HostDeclines(usize),
    HostUndoes(usize, bool),
    Arrives(usize, u8),
    Crash,
}

const TRIES_MOST: u8 = 2;

impl One {
    fn new(policy: Policy) -> Self {
        Self {
            known: Known::new(Effects::Undoable, policy),
            wires: 0,
            held: false,
            undone: false,
            seen: false,
            receipt: false,
            closed: false,
            wished: false,
            telling: false,
            tries: 0,
            broken: None,
        }
    }

    fn take(&mut self, happened: Happened) {
        let broken = self.known.take(happened);
        self.broken = self.broken.or(broken);
    }

    /// Whether the first transaction is over for its terminal, so that the next may begin.
    fn is_over(&self) -> bool {
        self.receipt || self.closed
    }

    /// Held money has its receipt, or the transaction is owed something or stands on the list.
    fn is_accounted_for(&self) -> bool {
        let open = self.known.open_as().is_some() || self.known.owes_answer();
        !self.held || self.receipt || self.telling || open
    }
}

impl Search {
    fn deeds_of(&self, world: &World, at: usize, deeds: &mut Vec<Deed>) {
        let one = &world.ones[at];
        let begun = one.known != Known::new(Effects::Undoable, self.policy);
        if !begun {
            if at == 0 || world.ones[0].is_over() {
                deeds.push(Deed::Ask(at));
            }
            return;
        }
        if one.known.is_waiting() {
            deeds.push(Deed::Deadline(at));
        }
        let tells_late = self.wrong == Wrong::DeliversLate && one.known.is_approved();
        if one.known.owes_answer() || tells_late && !one.telling && !one.receipt {
            deeds.extend([Deed::TellTerminal(at, true), Deed::TellTerminal(at, false)]);
            deeds.push(Deed::Grace(at));
        }
        if !one.wished && !one.closed {
            deeds.push(Deed::Wish(at));
        }
        let unasked = self.wrong == Wrong::ReversesDelivered && one.receipt;
        if one.known.owes_reversal() || unasked {
            match one.tries < TRIES_MOST {
                true => deeds.push(Deed::Try(at)),
                false => deeds.push(Deed::GiveUp(at)),
            }
        }
        if one.wished && !one.closed && one.known.closed_as().is_some() {
            deeds.push(Deed::CloseWish(at));
        }
        if one.wires & REQUEST != 0 {
            deeds.extend([Deed::HostBooks(at), Deed::HostDeclines(at)]);
        }
        if one.wires & TRY != 0 {
            deeds.extend([Deed::HostUndoes(at, true), Deed::HostUndoes(at, false)]);
        }
        for way in [APPROVAL, DECLINE, UNDONE, NOT_FOUND, BUSY] {
            if one.wires & way != 0 {
                deeds.push(Deed::Arrives(at, way));
            }
        }
        for way in [REQUEST, APPROVAL, DECLINE, TRY, UNDONE, NOT_FOUND, BUSY] {
            if one.wires & way != 0 && world.losses > 0 {
                deeds.push(Deed::Lose(at, way));
            }
        }
    }

    fn gateway(&self, one: &mut One, deed: Deed) {
        match deed {
            Deed::Ask(_) => {
                one.take(Happened::Asked);
                one.take(Happened::Forwarded);
                one.wires |= REQUEST;
            }
            Deed::TellTerminal(_, written) => {
                let says = match one.known.is_approved() {
                    true => AnswerSays::Approval,
                    false => AnswerSays::Decline,
                };
                one.take(Happened::Told { says, own: false });
                let arrives = written && !one.wished;
                one.receipt |= arrives && says == AnswerSays::Approval;
                one.closed |= arrives && says == AnswerSays::Decline;
                let reached = if written {
                    Happened::Written
                } else {
                    Happened::NotWritten
                };
                one.take(reached);
            }
            Deed::Deadline(_) if self.wrong == Wrong::NoReversalOnTimeout => {
                one.known = Known::new(Effects::Harmless, self.policy);
                one.take(Happened::Asked);
            }
            Deed::Deadline(_) => one.take(Happened::Deadline),
            Deed::Grace(_) => one.take(Happened::GraceOver),
            Deed::Wish(_) => {
                one.wished = true;
                one.receipt = false;
                one.take(Happened::UndoAsked { part: false });
            }
            Deed::Try(_) => {
                one.take(Happened::Reversing);
                one.wires |= TRY;
                one.tries += 1;
            }
            Deed::GiveUp(_) => one.take(Happened::GivenUp),
            Deed::CloseWish(_) => {
                if let Some(says) = one.known.closed_as() {
                    one.take(Happened::UndoTold { says, own: false });
                    one.closed |= says.closes();
                }
            }
            Deed::Arrives(_, way) => self.arrives(one, way),
            Deed::Lose(..)
            | Deed::HostBooks(_)
            | Deed::HostDeclines(_)
            | Deed::HostUndoes(..)
            | Deed::Crash => {}
        }
    }

    fn arrives(&self, one: &mut One, way: u8) {
        one.wires &= !way;
        one.take(match way {
            APPROVAL => Happened::Heard(AnswerSays::Approval),
            DECLINE => Happened::Heard(AnswerSays::Decline),
            UNDONE => Happened::UndoHeard(UndoSays::Accepted),
            NOT_FOUND if self.wrong == Wrong::ForgetsOnNotFound => {
                // Closed is taken for proven.
                Happened::UndoHeard(UndoSays::Accepted)
            }
            NOT_FOUND => Happened::UndoHeard(UndoSays::Unproven),
            _ => Happened::UndoHeard(UndoSays::Retry),
        });
        if way & (UNDONE | NOT_FOUND | BUSY) != 0 {
            one.take(Happened::UndoSilent);
        }
    }

    /// The host: an honest one, that keeps no tombstone of a reversal it could not find.
    fn host(one: &mut One, deed: Deed) {
        match deed {
            Deed::HostBooks(_) => {
                one.wires = one.wires & !REQUEST | APPROVAL;
                (one.held, one.seen) = (true, true);
            }
            Deed::HostDeclines(_) => {
                one.wires = one.wires & !REQUEST | DECLINE;
                one.seen = true;
            }
            Deed::HostUndoes(_, well) => {
                let says = match (well, one.held || one.undone) {
                    (false, _) => BUSY,
                    (true, true) => UNDONE,
                    (true, false) => NOT_FOUND,
                };
                one.wires = one.wires & !TRY | says;
                if says == UNDONE {
                    (one.held, one.undone) = (false, true);
                }
            }
            Deed::Ask(_)
            | Deed::TellTerminal(..)
            | Deed::Deadline(_)
            | Deed::Grace(_)
            | Deed::Wish(_)
            | Deed::Try(_)
            | Deed::GiveUp(_)
            | Deed::CloseWish(_)
            | Deed::Lose(..)
            | Deed::Arrives(..)
            | Deed::Crash => {}
        }
    }
}

impl Model for Search {
    type State = World;
    type Action = Deed;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            ones: [One::new(self.policy), One::new(self.policy)],
            crashes: 2,
            losses: 1,
        }]
    }

    fn actions(&self, world: &World, deeds: &mut Vec<Deed>) {
        self.deeds_of(world, 0, deeds);
        self.deeds_of(world, 1, deeds);
        if world.crashes > 0 {
            deeds.push(Deed::Crash);
        }
    }

    fn next_state(&self, world: &World, deed: Deed) -> Option<World> {
        let mut next = world.clone();
        match deed {
            Deed::Crash => {
                next.crashes -= 1;
                for one in &mut next.ones {
                    one.take(Happened::Restarted);
                }
            }
            Deed::Lose(at, way) => {
                next.losses -= 1;
                let one = &mut next.ones[at];
                one.wires &= !way;
                if way & (TRY | UNDONE | NOT_FOUND | BUSY) != 0 {
                    one.take(Happened::UndoSilent);
                }
            }
            Deed::HostBooks(at) | Deed::HostDeclines(at) | Deed::HostUndoes(at, _) => {
                Self::host(&mut next.ones[at], deed);
            }
            Deed::Ask(at)
            | Deed::TellTerminal(at, _)
            | Deed::Deadline(at)
            | Deed::Grace(at)
            | Deed::Wish(at)
            | Deed::Try(at)
            | Deed::GiveUp(at)
            | Deed::CloseWish(at)
            | Deed::Arrives(at, _) => self.gateway(&mut next.ones[at], deed),
        }
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no rule is broken", |_, world: &World| {
                world.ones.iter().all(|one| one.broken.is_none())
            }),
            Property::always("held money is accounted for", |_, world: &World| {
                world.ones.iter().all(One::is_accounted_for)
            }),
            Property::sometimes("a sale is delivered", |_, world: &World| {
                world.ones[1].receipt && world.ones[1].held
            }),
            Property::sometimes("a reversal is booked", |_, world: &World| {
                world.ones[1].undone
            }),
        ]
    }
}

fn finds(wrong: Wrong, property: &'static str) {
    let policy = Policy::Gateway;
    let search = Search { wrong, policy }.checker().threads(2).spawn_bfs();
    let search = search.join();
    assert!(
        search.discovery(property).is_some(),
        "{wrong:?} is not seen"
    );
}

#[test]
fn no_small_world_breaks_the_rules_or_loses_money() {
    for policy in [Policy::Gateway, Policy::Terminal] {
        let wrong = Wrong::Nothing;
        let search = Search { wrong, policy }
            .checker()
            .threads(2)
            .target_max_depth(14);
        let search = search.spawn_bfs().join();
        for property in ["no rule is broken", "held money is accounted for"] {
            let path = search.discovery(property).map(|path| path.into_actions());
            assert_eq!(path, None, "{policy:?}: {property}");
        }
        let (states, depth) = (search.unique_state_count(), search.max_depth());
        assert!(states > 10_000, "{policy:?}: {states} states, {depth} deep");
        assert!(depth > 10, "{policy:?}: {states} states, {depth} deep");
    }
}

#[test]
fn a_gateway_that_reverses_no_timeout_is_seen() {
    finds(Wrong::NoReversalOnTimeout, "held money is accounted for");
}

#[test]
fn a_gateway_that_takes_closed_for_proven_is_seen() {
    finds(Wrong::ForgetsOnNotFound, "held money is accounted for");
}

#[test]
fn a_gateway_that_reverses_what_it_delivered_is_seen() {
    finds(Wrong::ReversesDelivered, "no rule is broken");
}

#[test]
fn a_gateway_that_delivers_a_late_approval_is_seen() {
    finds(Wrong::DeliversLate, "no rule is broken");
}
