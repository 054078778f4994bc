//! What came of a replay, summed up: bounded, however long the capture.

use crate::cli::Lang;
use crate::io::drive::ReplayTold;
use crate::io::drive::load::Latencies;
use crate::iso::compare::{CompareFile, Comparison, FieldDifference};
use crate::iso::message::{FieldId, FieldPath, Mti};
use crate::iso::spec::Spec;
use crate::lab::replay::{JudgedExchange, ReplaySide, ReplayVerdict, SkipCause, StrayFrame};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Examples kept of each difference.
const EXAMPLES: usize = 3;
/// Kinds of differences told apart; more count as the last.
const GROUPS: usize = 1000;

/// A sort of difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DifferenceSort {
    /// The answer's type.
    Type,
    /// A field or part.
    Field(FieldPath, Comparison),
    Missing,
    Late,
    Extra,
    Order,
    /// A frame that nothing had asked for.
    Stray,
}

/// One of the first that differ so.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub exchange: Option<JudgedExchange>,
    pub wanted: Option<String>,
    pub found: Option<String>,
}

/// All that differ so.
#[derive(Clone, Debug, Default)]
pub(super) struct DifferenceGroup {
    pub times: u64,
    pub examples: Vec<Example>,
}

/// The requests of a kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KindSum {
    pub requests: u64,
    pub same: u64,
    pub differ: u64,
    pub skipped: u64,
    pub micros: u64,
}

/// Before the kind of a request that the captured acquirer was asked.
pub(super) const AT_ACQUIRER: &str = "acquirer: ";

/// What came of a replay.
#[derive(Debug)]
pub(super) struct ReplaySum {
    pub spec: Arc<Spec>,
    pub to: String,
    pub file: String,
    pub requests: u64,
    pub same: u64,
    pub differ: u64,
    pub silent: u64,
    pub unknown: u64,
    pub skipped: BTreeMap<SkipCause, u64>,
    pub strays: u64,
    /// Answers that came before one that the capture has before them.
    pub out_of_order: u64,
    pub kinds: BTreeMap<String, KindSum>,
    /// By kind and sort.
    pub groups: BTreeMap<(String, DifferenceSort), DifferenceGroup>,
    /// Fields that differ, by the type of the answer; and whether one of two answers lacked it.
    fields: BTreeMap<(Mti, FieldPath), bool>,
    pub captured_times: Latencies,
    pub times: Latencies,
}

impl ReplaySum {
    pub(super) fn new(spec: &Arc<Spec>, to: &str, file: &str) -> Self {
        Self {
            spec: Arc::clone(spec),
            to: to.to_owned(),
            file: file.to_owned(),
            requests: 0,
            same: 0,
            differ: 0,
            silent: 0,
            unknown: 0,
            skipped: BTreeMap::new(),
            strays: 0,
            out_of_order: 0,
            kinds: BTreeMap::new(),
            groups: BTreeMap::new(),
            fields: BTreeMap::new(),
            captured_times: Latencies::default(),
            times: Latencies::default(),
        }
    }

    pub(super) fn take(&mut self, told: ReplayTold) {
        match told {
            ReplayTold::Exchange(one) => self.exchange(&one),
            ReplayTold::Stray(frame) => self.stray(&frame),
            ReplayTold::Passed(_) => {}
        }
    }

    fn exchange(&mut self, one: &JudgedExchange) {
        self.requests += 1;
        for (times, took) in [
            (&mut self.captured_times, one.captured_took),
            (&mut self.times, one.took),
        ] {
            if let Some(took) = took {
                times.record(
                    u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1),
                    1,
                );
            }
        }
        let name = kind_name(one);
        let result = result(one);
        let kind = self.kinds.entry(name.clone()).or_default();
        kind.requests += 1;
        let took = one.took.map_or(0, |took| took.as_micros());
        kind.micros = kind
            .micros
            .saturating_add(u64::try_from(took).unwrap_or(u64::MAX));
        match &one.verdict {
            ReplayVerdict::Skipped(cause) => {
                kind.skipped += 1;
                *self.skipped.entry(*cause).or_default() += 1;
            }
            ReplayVerdict::Unknown => self.unknown += 1,
            ReplayVerdict::Silent => self.silent += 1,
            _ if result == ReplayResult::Same => {
                kind.same += 1;
                self.same += 1;
            }
            _ => {
                kind.differ += 1;
                self.differ += 1;
            }
        }
        self.differences(&name, one);
    }

    fn differences(&mut self, kind: &str, one: &JudgedExchange) {
        let whole = match one.verdict {
            ReplayVerdict::Missing(_) => Some(DifferenceSort::Missing),
            ReplayVerdict::Late => Some(DifferenceSort::Late),
            ReplayVerdict::Extra => Some(DifferenceSort::Extra),
            _ => None,
        };
        if let Some(sort) = whole {
            self.group(kind, sort, one, None);
        }
        self.out_of_order += u64::from(one.out_of_order);
        if one.out_of_order && one.order_counts {
            self.group(kind, DifferenceSort::Order, one, None);
        }
        for difference in &one.differences {
            let sort = match difference.path {
                Some(path) => DifferenceSort::Field(path, difference.comparison),
                None => DifferenceSort::Type,
            };
            if let (Some(path), Some(answer)) = (difference.path, compared_type(one)) {
                let is_lacking = difference.wanted.is_none() || difference.found.is_none();
                *self.fields.entry((answer, path)).or_default() |= is_lacking;
            }
            self.group(kind, sort, one, Some(difference));
        }
    }

    fn group(
        &mut self,
        kind: &str,
        sort: DifferenceSort,
        one: &JudgedExchange,
        field: Option<&FieldDifference>,
    ) {
        let is_full = self.groups.len() >= GROUPS;
        let key = (kind.to_owned(), sort);
        if is_full && !self.groups.contains_key(&key) {
            return;
        }
        let group = self.groups.entry(key).or_default();
        group.times += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push(Example {
                exchange: Some(one.clone()),
                wanted: field.and_then(|field| field.wanted.clone()),
                found: field.and_then(|field| field.found.clone()),
            });
        }
    }

    /// A frame that answers nothing counts; a request of the system's own does not.
    fn stray(&mut self, frame: &StrayFrame) {
        if frame.is_request() {
            return;
        }
        self.strays += 1;
        let mti = frame
            .mti
            .map_or_else(|| "?".to_owned(), |mti| mti.to_string());
        let group = self.groups.entry((mti, DifferenceSort::Stray)).or_default();
        group.times += 1;
        if group.examples.len() < EXAMPLES {
            let terminal = frame.terminal.as_deref().unwrap_or("?");
            let stan = frame
                .stan
                .map_or_else(|| "?".to_owned(), |stan| stan.to_string());
            group.examples.push(Example {
                exchange: None,
                wanted: None,
                found: Some(format!("{terminal} {stan}")),
            });
        }
    }

    /// Whether anything differs.
    pub(super) fn differs(&self) -> bool {
        self.differ > 0 || self.strays > 0
    }

    /// How many requests were held against captured answers.
    pub(super) const fn judged(&self) -> u64 {
        self.same + self.differ + self.silent
    }

    pub(super) fn skipped_in_all(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// So far, in a few words.
    pub(super) fn brief(&self, lang: Lang) -> String {
        let skipped = self.skipped_in_all();
        match lang {
            Lang::En => format!(
                "{} same, {} differ, {skipped} skipped",
                self.same, self.differ
            ),
            Lang::Zh => format!("{} 相同, {} 不同, {skipped} 跳过", self.same, self.differ),
        }
    }

    /// Learns what differs between two runs against the same system: a field whose values differ
    /// may have any, one that was there once only is free. How many differences are left that are
    /// no noise.
    pub(super) fn learn(&self, file: &mut CompareFile) -> u64 {
        for ((answer, path), is_lacking) in &self.fields {
            let comparison = match is_lacking {
                true => Comparison::Free,
                false => Comparison::Any,
            };
            if is_noise(*path) {
                file.set(*answer, *path, comparison);
            }
        }
        let groups = self.groups.iter();
        let rest = groups.filter(|((_, sort), _)| match sort {
            DifferenceSort::Field(path, _) => !is_noise(*path),
            _ => true,
        });
        rest.map(|(_, group)| group.times).sum()
    }
}

/// The type of the messages that were compared.
fn compared_type(one: &JudgedExchange) -> Option<Mti> {
    match one.side {
        ReplaySide::Terminals => one.mti.and_then(Mti::answer),
        ReplaySide::Acquirer => one.mti,
    }
}

/// An answer's code is what it says: it is never noise.
fn is_noise(path: FieldPath) -> bool {
    path.field != FieldId::of(39)
}

/// What a request came to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplayResult {
    Same,
    Differs,
    Missing,
    Late,
    Extra,
    Silent,
    Unknown,
    Skipped,
}

impl ReplayResult {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Late => "late",
            Self::Extra => "extra",
            Self::Silent => "silent",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

pub(super) const fn result(one: &JudgedExchange) -> ReplayResult {
    match one.verdict {
        ReplayVerdict::Compared
            if one.differences.is_empty() && !(one.out_of_order && one.order_counts) =>
        {
            ReplayResult::Same
        }
        ReplayVerdict::Compared => ReplayResult::Differs,
        ReplayVerdict::Late => ReplayResult::Late,
        ReplayVerdict::Missing(_) => ReplayResult::Missing,
        ReplayVerdict::Extra => ReplayResult::Extra,
        ReplayVerdict::Silent => ReplayResult::Silent,
        ReplayVerdict::Unknown => ReplayResult::Unknown,
        ReplayVerdict::Skipped(_) => ReplayResult::Skipped,
    }
}

/// The kind of a request, else its type.
pub(super) fn kind_name(one: &JudgedExchange) -> String {
    let name = match (&one.kind, one.mti) {
        (Some(kind), _) => kind.to_string(),
        (None, Some(mti)) => mti.to_string(),
        (None, None) => "?".to_owned(),
    };
    match one.side {
        ReplaySide::Terminals => name,
        ReplaySide::Acquirer => format!("{AT_ACQUIRER}{name}"),
    }
}
