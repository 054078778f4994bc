//! What other transactions mean for one: what gave its money back, what completed it, what else
//! gives back the same, and the one that it repeats.

use super::holds::{self, HoldConflict, original_of};
use super::inquiries::InquiryTold;
use super::retry::{self, Retry};
use super::settled_otherwise::{self, SettledOtherwise};
use super::story::{Seen, Story};
use crate::engine::record::{Awaited, Hop, State, TxId};
use crate::iso::message::{Stan, TerminalId, Text};
use crate::iso::spec::Purpose;

/// What became of a transaction in the acquirer's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It took none: refused, declined, undone.
    Nothing,
    /// It was made, and stands.
    Made,
    /// Not over, or not proven.
    Doubtful,
}

impl Effect {
    /// What a story shows of it.
    pub(super) fn of(story: &Story) -> Self {
        match story.state {
            _ if Retry::of(story) == Retry::Yes => Self::Nothing,
            // What a reversal does not find stands as it was.
            State::Declined | State::DeclineDelivered
                if story.purpose() == Some(Purpose::Reversal) =>
            {
                Self::Nothing
            }
            State::Refused if !retry::was_sent(story) => Self::Nothing,
            State::NotSent if !retry::was_answered(story) => Self::Nothing,
            // Whatever became of it is told under the other name.
            State::Unanswered if story.again.is_some() => Self::Nothing,
            _ if story.conflict || story.uncoded || story.unread_answer => Self::Doubtful,
            State::Delivered | State::Confirmed | State::Settled => Self::Made,
            // Its own void or refund is told with it; the money of its original is no longer there.
            State::Returned if story.purpose() == Some(Purpose::Debit) => Self::Made,
            State::Unanswered if story.seen == Seen::Approval => Self::Made,
            _ => Self::Doubtful,
        }
    }
}

/// What is not known of a void or refund that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    /// Of which transaction it is: what names its original contradicts itself.
    Original,
    /// How much it gives back: it is in another currency than its original.
    Currency,
    /// How much it gives back: it is a void of another amount than its original.
    Amount,
}

impl Unclear {
    fn of(back: &Story, original: &Story) -> Option<Self> {
        let voids = back.purpose() == Some(Purpose::Void);
        match () {
            () if !back.either_of.is_empty() => Some(Self::Original),
            () if !is_same_currency(back, original) => Some(Self::Currency),
            () if voids && !is_whole(back, original) => Some(Self::Amount),
            () => None,
        }
    }
}

/// The others of a story, by what they are to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Bonds<'a> {
    /// Voids and refunds of it, but for those that took no effect.
    pub(super) returns: Vec<(&'a Story, Effect)>,
    /// Completions of an authorization, but for those that took no effect.
    pub(super) completions: Vec<(&'a Story, Effect)>,
    /// Other completions of the authorization that it completes, but for those that took no effect
    /// or were given back.
    pub(super) beside: Vec<(&'a Story, Effect)>,
    /// Whether its completions took more than it holds, or in another currency.
    pub(super) overdrawn: bool,
    /// Other voids and refunds of its original, but for those that took no effect.
    pub(super) siblings: Vec<(&'a Story, Effect)>,
    /// Increments of an authorization, but for those that took no effect.
    pub(super) increments: Vec<(&'a Story, Effect)>,
    /// Voids and refunds of it that a reversal may have undone: those are listed by themselves.
    pub(super) undone: Vec<TxId>,
    /// A reversal of it that the gateway kept back, since it does not fit.
    pub(super) kept_back: Option<&'a Story>,
    /// Whether the authorization that it raises was undone, or may have been.
    pub(super) root_undone: bool,
    /// Whether it is a reversal of a part that was not made, and its original stands.
    pub(super) undoes_nothing: bool,
    /// What the original of a void or refund holds, or held, if that is at hand.
    paid: Option<u64>,
    /// Whether the original of a void or refund was undone, or may have been, or a part of it.
    pub(super) original_undone: bool,
    /// What is not known of a void or refund.
    pub(super) unclear: Option<Unclear>,
    /// The authorization that a completion completes, unless that took no effect.
    pub(super) hold: Option<TxId>,
    /// An authorization of the same purchase, perhaps, that it does not complete.
    pub(super) other_hold: Option<&'a Story>,
    /// Of a request that was kept back or declined: the same under which money may be held.
    pub(super) namesake: Option<&'a Story>,
    /// A settlement that both ends agree on, and that contradicts what is told of it.
    pub(super) settled: Option<SettledOtherwise<'a>>,
    /// Settlements that contradict what is told of its voids, refunds, and reversals of a part.
    pub(super) returns_settled: Vec<SettledOtherwise<'a>>,
    /// Whether a settlement that both ends agree on is right only with it.
    pub(super) counted: bool,
    /// What the acquirer said when it was asked about it.
    pub(super) inquiry: Option<InquiryTold<'a>>,
    /// What does not go together of an authorization, its completions, and what undid either.
    pub(super) torn: HoldConflict<'a>,
}

/// Whether another is the same request: of its name where it was kept back, or of its card,
/// amount, terminal and number.
fn is_namesake(story: &Story, other: &Story) -> bool {
    let reverses = story.purpose() == Some(Purpose::Reversal);
    if is_kept_back(story) && story.namesakes.contains(&other.tx) && !reverses {
        return true;
    }
    let twins = story.twins.contains(&other.tx) && story.purpose() == other.purpose();
    twins && number(story) == number(other)
}

/// Whether a request stayed here.
pub(super) const fn is_kept_back(story: &Story) -> bool {
    matches!(story.state, State::Refused | State::NotSent)
}

/// Whether another is a reversal of it that stayed here, since it does not fit it.
fn is_reversal_kept_back(other: &Story, story: &Story) -> bool {
    let reverses = other.purpose() == Some(Purpose::Reversal);
    let names = [other.other, other.original()].contains(&Some(story.tx));
    let by_name = other.namesakes.contains(&story.tx);
    let may_mean = by_name || other.either_of.contains(&story.tx);
    reverses && is_kept_back(other) && (names || may_mean)
}

/// Whether a debit is of an authorization: by its kind, or by the code of an approval in it.
fn completes(story: &Story) -> bool {
    let kind = story.opened.as_ref().map(|opened| opened.kind);
    story.refers_to.is_some() || kind.is_some_and(|kind| kind.contains("completion"))
}

/// Whether a story gives money back.
pub(super) fn gives_back(story: &Story) -> bool {
    matches!(story.purpose(), Some(Purpose::Void | Purpose::Refund))
}

impl<'a> Bonds<'a> {
    pub(super) fn of(story: &Story, others: &[&'a Story]) -> Self {
        let mut bonds = Self::linked(story, others);
        let at_hand = |tx: &TxId| others.iter().find(|other| other.tx == *tx).copied();
        let original = original_of(story, others).as_ref().and_then(at_hand);
        if let State::Refused | State::NotSent | State::Declined | State::DeclineDelivered =
            story.state
        {
            let same = |other: &&&Story| is_namesake(story, other);
            let mut namesakes = others.iter().filter(same);
            bonds.namesake = namesakes
                .find(|other| Effect::of(other) != Effect::Nothing)
                .copied();
        }
        if gives_back(story) {
            let of = original.or_else(|| story.either_of.first().and_then(at_hand));
            bonds.unclear = of.and_then(|of| Unclear::of(story, of));
            let compared = original.filter(|of| is_same_currency(story, of));
            bonds.paid = compared.map(|original| match Effect::of(original) {
                // What a reversal gave back before is told of the original.
                Effect::Nothing if !original.is_reversed() => 0,
                Effect::Nothing | Effect::Made | Effect::Doubtful => amount(original),
            });
        }
        bonds.original_undone =
            gives_back(story) && gives_back_what_was_undone(story, original, others);
        let undone = |of: &Story| of.state == State::Returned || may_be_undone(of, others);
        let raises = original.filter(|_| story.purpose() == Some(Purpose::Hold));
        bonds.root_undone = raises.is_some_and(undone);
        let declined = matches!(story.state, State::Declined | State::DeclineDelivered);
        let vain = |original: &Story| {
            let over = [State::Returned, State::ClosedByOperator].contains(&original.state);
            let stands = !over && Effect::of(original) != Effect::Nothing;
            declined && stands && is_reversal_in_part(story, original)
        };
        bonds.undoes_nothing = original.is_some_and(vain);
        bonds.beside.retain(|(one, _)| left_of(one, others) > 0);
        bonds.overdrawn = bonds.takes_too_much(story, others);
        bonds.torn = HoldConflict::of(story, (original, &bonds), others);
        bonds.settled = SettledOtherwise::of(story, original, others);
        bonds.inquiry = InquiryTold::of(story, others);
        bonds.counted = settled_otherwise::is_counted(story, others);
        bonds
    }

    /// Those that belong to it, each with what became of it by itself, and of its own voids.
    pub(super) fn linked(story: &Story, others: &[&'a Story]) -> Self {
        let mut bonds = Self::default();
        let all: Vec<&Story> = others.iter().copied().chain([story]).collect();
        let own = original_of(story, &all);
        // An original that is not at hand may be an authorization.
        bonds.hold = own.filter(|_| story.purpose() == Some(Purpose::Debit));
        let original = others.iter().find(|other| Some(other.tx) == own).copied();
        for other in others.iter().copied() {
            let effect = Effect::of(other);
            if Some(other.tx) == own {
                let took = effect != Effect::Nothing || holds::is_undone(other);
                let holds = other.purpose() == Some(Purpose::Hold) && took;
                bonds.hold = bonds.hold.filter(|_| holds);
            } else if effect != Effect::Nothing {
                let names = original_of(other, &all);
                bonds.take(story, original, (other, names, effect));
            } else if is_reversal_kept_back(other, story) {
                bonds.kept_back = Some(other);
            }
        }
        bonds.doubt(story, others);
        bonds
    }

    /// Whether completions took more than is held, or in another currency. One by itself may, as
    /// far as the field allows: a tip, or what an acquirer grants beyond the authorization.
    fn takes_too_much(&self, story: &Story, others: &[&Story]) -> bool {
        let mut known = self.completions.iter().map(|(one, _)| *one);
        let own = |one: &Story| one.original() == Some(story.tx);
        if known.any(|one| own(one) && !is_same_currency(one, story)) {
            return true;
        }
        let held = self.held(story);
        // What completes the authorization that an increment raises is told there.
        let made = |(one, effect): &&(&Story, Effect)| {
            *effect == Effect::Made && one.original().is_none_or(|of| of == story.tx)
        };
        let made = self.completions.iter().filter(made);
        let left = made.map(|(one, _)| left_of(one, others));
        let left: Vec<u64> = left.filter(|left| *left > 0).collect();
        let taken = left.iter().copied().fold(0, u64::saturating_add);
        left.len() > 1 && taken > held || holds::is_too_much(taken, held)
    }

    /// What an authorization holds, with its increments.
    pub(super) fn held(&self, hold: &Story) -> u64 {
        let made = |(_, effect): &&(&Story, Effect)| *effect == Effect::Made;
        let raised = self.increments.iter().filter(made);
        let raised = raised.map(|(one, _)| amount(one));
        raised.fold(amount(hold), u64::saturating_add)
    }

    /// Doubts what was given back where the answers do not tell how much: a void of another amount
    /// than its sale, a reversal of a part beside refunds, a void that a reversal may have undone.
    fn doubt(&mut self, story: &Story, others: &[&'a Story]) {
        let undoes = |back: &Story, other: &Story| may_undo(back, other, others);
        let of_another = |back: &Story| others.iter().any(|other| undoes(back, other));
        self.returns.retain(|(back, _)| match gives_back(story) {
            true => undoes(back, story),
            false => !of_another(back),
        });
        let several = self.returns.len() > 1;
        for (back, effect) in &mut self.returns {
            let in_part = match back.purpose() {
                // How much of a void or refund it leaves, nobody can tell.
                Some(Purpose::Reversal) => {
                    let names = back.either_of.is_empty();
                    several || !names || amount(back) == 0 || gives_back(story)
                }
                _ => Unclear::of(back, story).is_some(),
            };
            let undone = others.iter().any(|other| undoes(other, back));
            self.undone.extend(undone.then_some(back.tx));
            let settled = SettledOtherwise::of(back, Some(story), others);
            self.returns_settled.extend(settled);
            if in_part || undone || settled.is_some() {
                *effect = Effect::Doubtful;
            }
        }
    }

    fn take(
        &mut self,
        story: &Story,
        original: Option<&Story>,
        (other, names, effect): (&'a Story, Option<TxId>, Effect),
    ) {
        let refers = names == Some(story.tx) || other.either_of.contains(&story.tx);
        // Of the same card and amount, and it names no original: perhaps of this one.
        // A refund may be of a sale of another day; a void is of the same batch.
        let refund = other.purpose() == Some(Purpose::Refund);
        let elsewhere = other.refers_to.is_some_and(|named| {
            let larger = amount(other) > amount(story);
            refund && (larger || story.auth.is_some_and(|own| own != named))
        });
        let nameless = other.original().is_none() && !elsewhere;
        let perhaps = nameless && story.kin.contains(&other.tx);
        let later = perhaps && other.follows(story);
        let unknown = story.original().is_none();
        let beside = original.is_some_and(|original| {
            names == Some(original.tx) || nameless && original.kin.contains(&other.tx)
        });
        let known = refers || beside && !nameless;
        let known = known && is_same_currency(story, other);
        let effect = if known { effect } else { Effect::Doubtful };
        match (story.purpose(), other.purpose()) {
            (Some(Purpose::Debit | Purpose::Hold), Some(Purpose::Void | Purpose::Refund))
                if refers || later =>
            {
                self.returns.push((other, effect));
            }
            // A reversal that is a message of its own is of a part, or names its original in part.
            (
                Some(Purpose::Debit | Purpose::Hold | Purpose::Void | Purpose::Refund),
                Some(Purpose::Reversal),
            ) if refers || later => {
                self.returns.push((other, effect));
            }
            (Some(Purpose::Hold), Some(Purpose::Hold))
                if refers && other.state != State::Returned =>
            {
                self.increments.push((other, effect));
            }
            // One of an increment names the authorization that both raise.
            (Some(Purpose::Hold), Some(Purpose::Debit | Purpose::Advice))
                if refers || later || beside =>
            {
                self.completions.push((other, effect));
            }
            (Some(Purpose::Debit), Some(Purpose::Debit | Purpose::Advice))
                if self.hold.is_some() && other.original() == story.original() =>
            {
                self.beside.push((other, effect));
            }
            (Some(Purpose::Debit), Some(Purpose::Hold)) if story.kin.contains(&other.tx) => {
                match completes(story) {
                    true => self.hold = Some(other.tx),
                    false => self.other_hold = Some(other),
                }
            }
            (Some(Purpose::Void | Purpose::Refund), Some(Purpose::Void | Purpose::Refund))
                if beside || perhaps || unknown && story.kin.contains(&other.tx) =>
            {
                self.siblings.push((other, effect));
            }
            _ => {}
        }
    }

    /// What was given back of a sale for sure. A void that names no amount takes back all.
    pub(super) fn given_back(&self, sale: &Story) -> u64 {
        let made = self
            .returns
            .iter()
            .filter(|(_, effect)| *effect == Effect::Made);
        let amounts = made.map(|(back, _)| given_by(back, sale));
        amounts.fold(0, u64::saturating_add)
    }

    /// Whether a sale was reversed, and all of it given back once more. Of one that was refunded in
    /// part, an acquirer reverses the rest.
    pub(super) fn gave_back_reversed(&self, story: &Story) -> bool {
        let sold = story.purpose() == Some(Purpose::Debit);
        let back = self.given_back(story);
        sold && story.is_reversed() && back > 0 && back >= amount(story)
    }

    /// Whether another reversal of it was accepted before its own: of a part, perhaps, and the
    /// acquirer took its own for a repeat of that.
    pub(super) fn was_reversed_before(&self, story: &Story) -> bool {
        let accepted = story.moments.iter().rfind(|moment| {
            let answer = moment.leg.filter(|leg| leg.is_reversal());
            answer.is_some_and(|leg| leg.hop == Hop::AcquirerToGateway)
        });
        let before = |back: &Story| {
            let began = back.moments.first().map(|moment| moment.seq);
            began < accepted.map(|accepted| accepted.seq)
        };
        let mut returns = self.returns.iter().map(|(back, _)| *back);
        let in_part = returns.any(|back| is_reversal_in_part(back, story) && before(back));
        story.is_reversed() && (in_part || story.taken_back_in_part)
    }

    /// Whether a reversal of a part of it was accepted.
    pub(super) fn was_reversed_in_part(&self, story: &Story) -> bool {
        let mut returns = self.returns.iter();
        returns.any(|(back, _)| is_reversal_in_part(back, story))
    }

    /// Whether what was given back, by a void or refund and its siblings, is more than was paid.
    pub(super) fn gave_too_much(&self, story: &Story) -> bool {
        let made = |effect: Effect| effect == Effect::Made;
        let siblings = self.siblings.iter().filter(|(_, effect)| made(*effect));
        let back: u64 = siblings.map(|(back, _)| amount(back)).sum();
        let own = made(Effect::of(story)).then(|| amount(story));
        let all = own.map(|own| own.saturating_add(back));
        all.zip(self.paid).is_some_and(|(all, paid)| all > paid)
    }

    /// Whether a void or refund was made of what took nothing.
    pub(super) fn gave_back_nothing(&self, story: &Story) -> bool {
        let took = story.is_reversed() || Effect::of(story) != Effect::Nothing;
        !took && !gives_back(story) && self.given_back(story) > 0
    }

    /// Whether a settlement that both ends agree on, and that is right only with it, proves that
    /// its terminal has the approval after all.
    pub(super) fn is_proven(&self, story: &Story) -> bool {
        let doubted = story.conflict || story.second.is_some() || story.uncoded;
        let written = story.state == State::DeliveryUnproven && !doubted;
        written && self.counted
    }

    /// The first void or refund of it that is not proven.
    pub(super) fn doubtful_return(&self) -> Option<&'a Story> {
        self.doubtful_returns().next()
    }

    /// All of its voids, refunds, and reversals of a part that are not proven.
    pub(super) fn doubtful_returns(&self) -> impl Iterator<Item = &'a Story> {
        let returns = self.returns.iter();
        let doubtful = returns.filter(|(_, effect)| *effect == Effect::Doubtful);
        doubtful.map(|(back, _)| *back)
    }

    /// The voids and refunds that are not proven, and may give back once more what was reversed.
    /// One that names nothing is of no less than it gives back.
    pub(super) fn excess(&self, story: &Story) -> impl Iterator<Item = &'a Story> {
        let of_it = move |back: &Story| {
            let names = back.original().is_some() || !back.either_of.is_empty();
            let fits = match back.purpose() {
                Some(Purpose::Void) => is_whole(back, story),
                _ => amount(back) <= amount(story),
            };
            names || fits
        };
        let undone = story.is_reversed();
        let doubtful = self.doubtful_returns();
        doubtful.filter(move |back| undone && gives_back(back) && of_it(back))
    }

    /// Another completion of its authorization, and whether that is proven.
    pub(super) fn other_completion(&self) -> Option<Effect> {
        let proven = self.beside.first().map(|(_, effect)| *effect);
        doubtful(&self.beside).map_or(proven, |_| Some(Effect::Doubtful))
    }

    /// The first completion of it that is not proven.
    pub(super) fn doubtful_completion(&self) -> Option<&'a Story> {
        doubtful(&self.completions)
    }

    /// The transaction that a sentence of it names.
    pub(super) fn named(&self) -> Option<TxId> {
        let first = |others: &[(&'a Story, Effect)]| others.first().map(|(other, _)| *other);
        let completion = || {
            self.doubtful_completion()
                .or_else(|| first(&self.completions))
        };
        let back = || self.doubtful_return().or_else(|| first(&self.returns));
        let increment = || first(&self.increments);
        let settled = self.settled.map(|settled| settled.settlement);
        let named = settled.or(self.namesake).or(self.torn.by);
        let named = named.or(self.kept_back).or_else(completion);
        let named = named.or_else(back);
        let named = named.or_else(increment);
        named.map(|other| other.tx)
    }
}

fn doubtful<'a>(others: &[(&'a Story, Effect)]) -> Option<&'a Story> {
    let found = others
        .iter()
        .find(|(_, effect)| *effect == Effect::Doubtful);
    found.map(|(other, _)| *other)
}

/// What a void, refund or reversal gives back of a sale.
pub(super) fn given_by(back: &Story, sale: &Story) -> u64 {
    match back.purpose() {
        Some(Purpose::Void) if is_whole(back, sale) => amount(sale),
        _ => amount(back),
    }
}

/// Whether a void is of all that its sale took. Of a sale that was approved in part, what a host
/// makes of one of all that was asked for is not known.
fn is_whole(void: &Story, sale: &Story) -> bool {
    [amount(sale), 0].contains(&amount(void)) || amount(sale) == 0
}

/// What is left of a completion: its amount, without what was given back of it.
pub(super) fn left_of(completion: &Story, others: &[&Story]) -> u64 {
    let others: Vec<&Story> = others
        .iter()
        .copied()
        .filter(|one| one.tx != completion.tx)
        .collect();
    let back = Bonds::linked(completion, &others).given_back(completion);
    amount(completion).saturating_sub(back)
}

/// Whether both are of one currency, as far as both name it.
fn is_same_currency(one: &Story, other: &Story) -> bool {
    let both = one.opened.as_ref().zip(other.opened.as_ref());
    both.is_none_or(|(one, other)| one.may_share_currency(other))
}

/// Whether a reversal that is a message of its own is of another amount than its original.
pub(super) fn is_reversal_in_part(reversal: &Story, original: &Story) -> bool {
    let whole = [amount(original), asked(original)];
    reversal.purpose() == Some(Purpose::Reversal) && !whole.contains(&amount(reversal))
}

/// Whether what a void or refund gives back was undone, or may have been: its original, each that
/// may be that, and the one for whose reversal it was refused.
fn gives_back_what_was_undone(story: &Story, original: Option<&Story>, others: &[&Story]) -> bool {
    let at_hand = |tx: TxId| others.iter().find(|other| other.tx == tx).copied();
    let refused_for = story.refused_for();
    let unknown = refused_for.is_some_and(|tx| at_hand(tx).is_none());
    let either = story.either_of.iter().copied().chain(refused_for);
    let mut meant = original.into_iter().chain(either.filter_map(at_hand));
    // Another void or refund that is undone leaves the original to be given back.
    unknown || meant.any(|of| !gives_back(of) && may_be_undone(of, others))
}

/// Whether a transaction, or a part of it, was undone by a reversal, or may have been.
fn may_be_undone(original: &Story, others: &[&Story]) -> bool {
    let due = original.state.meaning().awaited == Awaited::Reversal;
    let by_itself =
        original.taken_back || original.reversal.tries > 0 || original.reversal.accepted || due;
    let in_part = |other: &&Story| {
        let names = other.original() == Some(original.tx) && Effect::of(other) != Effect::Nothing;
        names && is_reversal_in_part(other, original)
    };
    by_itself || original.is_reversed() || others.iter().any(in_part)
}

/// Whether a reversal, that was not refused, may have undone a void or refund: it came after it,
/// and is of its number, or of a number that no other has.
fn may_undo(reversal: &Story, back: &Story, others: &[&Story]) -> bool {
    let elsewhere = |other: &&Story| {
        other.purpose() != Some(Purpose::Reversal) && number(other) == number(reversal)
    };
    let own = number(reversal) == number(back);
    reversal.purpose() == Some(Purpose::Reversal)
        && gives_back(back)
        && (reversal.original() == Some(back.tx) || back.kin.contains(&reversal.tx))
        && reversal.follows(back)
        && Effect::of(reversal) != Effect::Nothing
        && (own || !others.iter().any(elsewhere))
}

/// Terminal, trace number and batch.
fn number(story: &Story) -> Option<(TerminalId, Stan, Text<6>)> {
    let opened = story.opened.as_ref();
    opened.map(|opened| (opened.terminal, opened.stan, opened.batch))
}

/// The amount of a story, in minor units: that was approved, if it is less than was asked for.
pub(super) fn amount(story: &Story) -> u64 {
    story
        .granted
        .map_or_else(|| asked(story), |granted| granted.0)
}

/// The amount that a story asks for, in minor units.
pub(super) fn asked(story: &Story) -> u64 {
    story.opened.as_ref().map_or(0, |opened| opened.amount.0)
}
