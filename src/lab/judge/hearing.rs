//! One probe as the rules see it: attempts beside what is printed of them, and purchases.

use super::facts::{AttemptFacts, Probe};
use crate::engine::seam::Mono;
use crate::lab::plan::{ReversedBy, Setup, Trade};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// DE 49 where an attempt names no other.
const USUAL: &str = "156";
/// So many reversals at once are many.
const WIDE: usize = 16;

/// What of a world's set-up the rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// How long the gateway waits for an answer.
    pub(super) timeout: Duration,
    /// Age at which a reversal is an exception.
    pub(super) expire: Duration,
    /// Tries after which it is one.
    pub(super) tries: usize,
    /// How long history is kept.
    pub(super) retain: Duration,
    /// How far apart two attempts of one purchase may be, for a gateway to link them (D0).
    pub(super) twin: Duration,
    /// How long a reversal may wait before it goes out: half of what a terminal waits, and syncs.
    pub(super) patience: Duration,
    /// Whether many reversals may be on their way at once.
    pub(super) is_wide: bool,
    /// Whether the gateway reverses by itself.
    pub(super) reverses: bool,
    /// Whether the route says to reverse what a restart left unproven.
    pub(super) reverses_unproven: bool,
    /// Whether an answer is known by its trace number alone, and terminals use the same ones.
    pub(super) number_alone: bool,
}

impl Terms {
    pub(super) fn of(setup: &Setup) -> Self {
        let scale = u64::from(setup.scale.max(1));
        Self {
            timeout: Duration::from_micros(45_000_000 / scale),
            expire: Duration::from_millis(setup.expire),
            tries: usize::from(setup.tries),
            retain: Duration::from_millis(setup.retain),
            twin: Duration::from_micros(300_000_000 / scale),
            patience: Duration::from_micros(30_000_000 / scale + 3 * setup.sync),
            is_wide: setup.bounds.window.is_none_or(|most| most >= WIDE),
            reverses_unproven: setup.unproven,
            number_alone: setup.match_fields == [11] && !setup.rewrite_stan,
            reverses: setup.by != ReversedBy::Terminal && setup.keys,
        }
    }
}

/// A printed transaction and the attempt it tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printed<'a> {
    /// As printed.
    pub(super) value: &'a Value,
    /// Whether it tells of the attempt's request, and not of a reversal that stands alone.
    pub(super) of_request: bool,
    /// Whether the first arrival of the request began it.
    pub(super) is_first: bool,
}

impl<'a> Printed<'a> {
    /// A text of it; empty if it is not there.
    pub(super) fn text(&self, key: &str) -> &'a str {
        text(self.value, key)
    }
}

/// A text of a printed transaction; empty if it is not there.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A probe with all that belongs together side by side.
#[derive(Debug)]
pub(super) struct Hearing<'a> {
    pub(super) probe: &'a Probe<'a>,
    pub(super) terms: &'a Terms,
    /// What is printed of each attempt, by its place.
    printed: Vec<Vec<Printed<'a>>>,
    /// Whether it is on the list of open ones, by its place: itself, or a reversal of it.
    listed: Vec<bool>,
    /// Whether it is there itself.
    listed_itself: Vec<bool>,
    /// Places by purchase.
    purchases: BTreeMap<u32, Vec<usize>>,
    /// Places by the attempt that they refer to.
    referring: BTreeMap<u32, Vec<usize>>,
    /// Places by number.
    places: BTreeMap<u32, usize>,
    /// Places by terminal and trace number.
    named: BTreeMap<(u8, u32), Vec<usize>>,
    /// Printed transactions that tell of no attempt.
    pub(super) strangers: Vec<&'a Value>,
}

impl<'a> Hearing<'a> {
    pub(super) fn new(probe: &'a Probe<'a>, terms: &'a Terms) -> Self {
        let count = probe.attempts.len();
        let mut hearing = Self {
            probe,
            terms,
            printed: vec![Vec::new(); count],
            listed: vec![false; count],
            listed_itself: vec![false; count],
            purchases: BTreeMap::new(),
            referring: BTreeMap::new(),
            places: BTreeMap::new(),
            named: BTreeMap::new(),
            strangers: Vec::new(),
        };
        for (place, attempt) in probe.attempts.iter().enumerate() {
            hearing.places.insert(attempt.n, place);
            let named = hearing.named.entry(names_of(attempt)).or_default();
            named.push(place);
            let purchase = hearing.purchases.entry(attempt.purchase).or_default();
            purchase.push(place);
            if attempt.of != 0 {
                let referring = hearing.referring.entry(attempt.of).or_default();
                referring.push(place);
            }
        }
        hearing.give_out();
        hearing
    }

    /// Gives each printed transaction to the attempt that it tells of.
    fn give_out(&mut self) {
        let finder = AttemptFinder::of(self.probe.attempts);
        for value in self.probe.printed.iter().copied() {
            match finder.find(value) {
                Some((place, printed)) => {
                    if let Some(own) = self.printed.get_mut(place) {
                        own.push(printed);
                    }
                }
                None => self.strangers.push(value),
            }
        }
        for value in self.probe.open.iter().copied() {
            let Some((place, printed)) = finder.find(value) else {
                continue;
            };
            if let Some(listed) = self.listed.get_mut(place) {
                *listed = true;
            }
            if let Some(itself) = self.listed_itself.get_mut(place) {
                *itself |= printed.of_request;
            }
        }
    }

    /// Every attempt with what is printed of it.
    pub(super) fn attempts(&self) -> impl Iterator<Item = (&'a AttemptFacts, &[Printed<'a>])> {
        let attempts: &'a [AttemptFacts] = self.probe.attempts;
        attempts.iter().zip(self.printed.iter().map(Vec::as_slice))
    }

    /// What is printed of an attempt.
    pub(super) fn printed_of(&self, attempt: &AttemptFacts) -> &[Printed<'a>] {
        let place = self.places.get(&attempt.n);
        let printed = place.and_then(|place| self.printed.get(*place));
        printed.map_or(&[], Vec::as_slice)
    }

    /// Whether it, or a reversal of it that stands alone, is on the list of open ones.
    pub(super) fn is_listed(&self, attempt: &AttemptFacts) -> bool {
        self.is_there(&self.listed, attempt)
    }

    /// Whether it is on that list itself.
    pub(super) fn is_listed_itself(&self, attempt: &AttemptFacts) -> bool {
        self.is_there(&self.listed_itself, attempt)
    }

    fn is_there(&self, listed: &[bool], attempt: &AttemptFacts) -> bool {
        let place = self.places.get(&attempt.n);
        place.is_some_and(|place| listed.get(*place).copied().unwrap_or(false))
    }

    /// The attempt of this number.
    pub(super) fn attempt(&self, n: u32) -> Option<&'a AttemptFacts> {
        self.probe.attempts.get(*self.places.get(&n)?)
    }

    /// All attempts of its purchase, itself among them.
    pub(super) fn purchase(&self, of: &AttemptFacts) -> impl Iterator<Item = &'a AttemptFacts> {
        let attempts: &'a [AttemptFacts] = self.probe.attempts;
        let places = self.purchases.get(&of.purchase).into_iter().flatten();
        places.filter_map(move |place| attempts.get(*place))
    }

    /// The attempts that refer to it.
    fn refer_to(&self, of: &AttemptFacts) -> impl Iterator<Item = &'a AttemptFacts> {
        let attempts: &'a [AttemptFacts] = self.probe.attempts;
        let places = self.referring.get(&of.n).into_iter().flatten();
        places.filter_map(move |place| attempts.get(*place))
    }

    /// Its voids, refunds and cancellations.
    pub(super) fn returns_of(&self, of: &AttemptFacts) -> impl Iterator<Item = &'a AttemptFacts> {
        self.refer_to(of).filter(|other| other.gives_back())
    }

    /// Its completions.
    pub(super) fn completions_of(
        &self,
        of: &AttemptFacts,
    ) -> impl Iterator<Item = &'a AttemptFacts> {
        self.refer_to(of)
            .filter(|other| other.trade == Trade::Completion)
    }

    /// What the hosts hold of the customer's money through a debit, less what was given back.
    pub(super) fn standing(&self, of: &AttemptFacts) -> i64 {
        of.held + self.returns_of(of).map(|back| back.held).sum::<i64>()
    }

    /// An attempt of the purchase for which the customer pays, or may still come to pay.
    pub(super) fn payer(&self, of: &AttemptFacts) -> Option<&'a AttemptFacts> {
        self.purchase(of)
            .find(|other| self.can_be_linked(of, other) && self.is_payer(other))
    }

    /// Whether a gateway can know that two attempts belong to one purchase: one refers to the
    /// other, or card, amount and merchant are the same within minutes (D0).
    pub(super) fn can_be_linked(&self, one: &AttemptFacts, other: &AttemptFacts) -> bool {
        let refers = one.n == other.n || one.of == other.n || other.of == one.n;
        let apart = |first: Mono, second: Mono| first.max(second) - first.min(second);
        // Under other keys a card has another hash.
        refers
            || (one.keys_lost == other.keys_lost
                && one.merchant == other.merchant
                && one.amount == other.amount
                && one.currency == other.currency
                && one
                    .began()
                    .zip(other.began())
                    .is_some_and(|(first, second)| apart(first, second) <= self.terms.twin))
    }

    /// Whether the customer pays, or may still come to pay, through this debit.
    pub(super) fn is_payer(&self, attempt: &AttemptFacts) -> bool {
        let takes = attempt.is_money() && !attempt.gives_back();
        takes && (self.standing(attempt) > 0 || attempt.may_still)
    }

    /// Whether a void, a refund or a completion of it is one about which a host lied, and nothing
    /// has contradicted that yet.
    pub(super) fn is_lied_about(&self, attempt: &AttemptFacts) -> bool {
        attempt.is_excused() || self.refer_to(attempt).any(AttemptFacts::is_excused)
    }

    /// Whether its terminal had another one under way by the same names: then it cannot tell the
    /// answers apart, and nobody knows what it made of them.
    pub(super) fn is_crossed(&self, attempt: &AttemptFacts) -> bool {
        let waits = |own: &AttemptFacts, at: Mono| {
            let came = own.reached.iter().any(|came| came.now.mono <= at);
            let mut told = own.told.iter();
            came && !told.any(|told| told.delivered && told.at <= at)
        };
        let overlap = |one: &AttemptFacts, other: &AttemptFacts| {
            let mut came = one.reached.iter().map(|came| came.now.mono);
            came.any(|at| waits(other, at))
        };
        let mut namesakes = self.namesakes(attempt);
        namesakes.any(|other| overlap(attempt, other) || overlap(other, attempt))
    }

    /// Other attempts that go by the same names.
    fn namesakes(&self, attempt: &AttemptFacts) -> impl Iterator<Item = &'a AttemptFacts> {
        let attempts: &'a [AttemptFacts] = self.probe.attempts;
        let places = self.named.get(&names_of(attempt)).cloned();
        let places = places.unwrap_or_default().into_iter();
        let named = places.filter_map(|place| attempts.get(place));
        let n = attempt.n;
        named.filter(move |other| other.n != n)
    }

    /// Whether another attempt goes by the same names.
    pub(super) fn has_namesake(&self, attempt: &AttemptFacts) -> bool {
        self.namesakes(attempt).next().is_some()
    }
}

impl Hearing<'_> {
    /// Whether the gateway may have taken the answer to another request for one to this: where only
    /// the trace number names an answer, and another terminal used the same one at that time.
    pub(super) fn may_be_mistaken(&self, attempt: &AttemptFacts) -> bool {
        let Some(began) = attempt.began().filter(|_| self.terms.number_alone) else {
            return false;
        };
        let came_since = |other: &AttemptFacts| {
            let answers = [&other.approvals, &other.declines, &other.unknowns];
            let mut answers = answers.into_iter().flatten().map(|answer| answer.at);
            let mut doubtful = other.doubtful.iter().copied();
            answers.any(|at| at >= began) || doubtful.any(|at| at >= began)
        };
        let same = |other: &&AttemptFacts| other.n != attempt.n && other.stan == attempt.stan;
        let mut others = self.probe.attempts.iter().filter(same);
        others.any(came_since)
    }
}

/// Finds the attempt that a printed transaction tells of: by the moment at which its request came,
/// which is in its id, and by its names.
struct AttemptFinder<'a> {
    attempts: &'a [AttemptFacts],
    by_moment: BTreeMap<i64, Vec<usize>>,
    by_name: BTreeMap<(&'a str, u32), Vec<usize>>,
}

impl<'a> AttemptFinder<'a> {
    fn of(attempts: &'a [AttemptFacts]) -> Self {
        let mut finder = Self {
            attempts,
            by_moment: BTreeMap::new(),
            by_name: BTreeMap::new(),
        };
        for (place, attempt) in attempts.iter().enumerate() {
            let requests = attempt.reached.iter().map(|arrival| arrival.now.wall);
            let undos = attempt.undos.iter().map(|undo| undo.now.wall);
            for wall in requests.chain(undos) {
                let millis = wall.0.max(0) / 1000;
                let places = finder.by_moment.entry(millis).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
            let name = (attempt.terminal.as_str(), attempt.stan);
            finder.by_name.entry(name).or_default().push(place);
        }
        finder
    }

    fn find(&self, value: &'a Value) -> Option<(usize, Printed<'a>)> {
        let millis = millis_of(text(value, "tx"))?;
        let at_moment = self.by_moment.get(&millis).into_iter().flatten();
        let by_moment = at_moment.filter(|place| self.fits(**place, value));
        let by_moment: Vec<usize> = by_moment.copied().collect();
        let place = match by_moment.as_slice() {
            [place] => *place,
            [] => self.by_names(value)?,
            // Two came in one millisecond: only names that say all of it tell them apart.
            several => {
                let named = |place: &&usize| self.is_named(**place, value);
                let mut named = several.iter().filter(named);
                // A void may go by number and amount of its sale.
                let same_kind = named.clone().find(|place| self.is_called(**place, value));
                *same_kind.or_else(|| named.next())?
            }
        };
        let attempt = self.attempts.get(place)?;
        let first = attempt.reached.first().map(|a| a.now.wall.0.max(0) / 1000);
        let is_undo = !attempt.came_at(millis)
            && (attempt.undo_came_at(millis) || text(value, "kind") == "reversal");
        let printed = Printed {
            value,
            of_request: !is_undo,
            is_first: first == Some(millis),
        };
        Some((place, printed))
    }

    /// Whether what is printed of names and amount contradicts the attempt in nothing.
    fn fits(&self, place: usize, value: &Value) -> bool {
        self.attempts.get(place).is_some_and(|attempt| {
            let terminal = text(value, "terminal").trim();
            let stan = text(value, "stan");
            (terminal.is_empty() || terminal == attempt.terminal)
                && (stan.is_empty() || stan.parse() == Ok(attempt.stan))
                && is_of_currency(attempt, value)
        })
    }

    fn is_named(&self, place: usize, value: &Value) -> bool {
        let attempt = self.attempts.get(place);
        attempt.is_some_and(|attempt| {
            // An inquiry has no amount.
            let amount = if attempt.is_money() {
                attempt.amount
            } else {
                0
            };
            text(value, "terminal").trim() == attempt.terminal
                && text(value, "stan").parse() == Ok(attempt.stan)
                && value.get("amount").and_then(Value::as_u64) == Some(amount)
                && is_of_currency(attempt, value)
        })
    }

    /// Whether it is called one that gives money back if the attempt does.
    fn is_called(&self, place: usize, value: &Value) -> bool {
        let kind = text(value, "kind");
        let mut words = ["void", "refund", "cancel"].iter();
        let gives_back = words.any(|word| kind.contains(word));
        let attempt = self.attempts.get(place);
        attempt.is_some_and(|attempt| attempt.gives_back() == gives_back)
    }

    /// The one attempt that goes by these names.
    fn by_names(&self, value: &Value) -> Option<usize> {
        let stan = text(value, "stan").parse().ok()?;
        let places = self.by_name.get(&(text(value, "terminal").trim(), stan))?;
        let batch = text(value, "batch");
        let mut fitting = places.iter().filter(|place| {
            let attempt = self.attempts.get(**place);
            self.is_named(**place, value) && attempt.is_some_and(|a| a.batch == batch)
        });
        let place = fitting.next()?;
        fitting.next().is_none().then_some(*place)
    }
}

/// By what a terminal tells its requests apart.
const fn names_of(attempt: &AttemptFacts) -> (u8, u32) {
    (attempt.t, attempt.stan)
}

/// Whether what is printed speaks of the attempt's currency, or of none.
fn is_of_currency(attempt: &AttemptFacts, value: &Value) -> bool {
    let printed = text(value, "currency");
    let own = attempt.currency.as_str();
    printed.is_empty() || printed == if own.is_empty() { USUAL } else { own }
}

/// Whether a printed transaction tells of the request of an attempt.
#[must_use]
pub fn tells_of(attempt: &AttemptFacts, value: &Value) -> bool {
    let millis = millis_of(text(value, "tx"));
    let is_named = text(value, "terminal").trim() == attempt.terminal
        && text(value, "stan").parse() == Ok(attempt.stan);
    is_named && millis.is_some_and(|millis| attempt.came_at(millis))
}

/// The milliseconds of wall time in a transaction's id: 48 bits, in the first ten letters.
fn millis_of(tx: &str) -> Option<i64> {
    let head = tx.get(..10).filter(|_| tx.len() == 26)?;
    let mut millis = 0_i64;
    for letter in head.bytes() {
        let place = LETTERS.iter().position(|known| *known == letter)?;
        millis = millis << 5 | i64::try_from(place).ok()?;
    }
    Some(millis)
}

/// The letters of an id, by value.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::TxId;

    #[test]
    fn an_id_tells_its_moment() {
        let millis = 1_795_000_123_456_i64;
        let tx = TxId(u128::from(millis.cast_unsigned()) << 80 | 77);
        assert_eq!(millis_of(&tx.to_string()), Some(millis));
        assert_eq!(millis_of("none"), None);
    }
}
