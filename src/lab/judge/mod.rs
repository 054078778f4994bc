//! Judges that cannot be fooled: what is printed of each transaction, and what was done on the
//! wires, held against the true books.
//!
//! A world puts the [`AttemptFacts`] together from frames and from the ledgers at both ends; what
//! the gateway recorded is judged here and never believed. [`Judge::probe`] is called as often as
//! wanted, and [`Judge::findings`] says what did not hold. One file a rule or a family of rules:
//! words, safety, open, vague, traffic, limits, replies, ending. [`obedient`] is a cashier who does
//! what the words say.

mod cashier;

mod chinese;

mod ending;

mod english;

mod evidence;

mod facts;

mod hearing;

mod limits;

mod open;

mod pattern;

mod replies;

mod safety;

mod traffic;

mod vague;

mod words;

#[cfg(test)]
mod tests;

pub use cashier::{CashierMove, obedient};
pub use facts::{
    Arrival, AttemptFacts, HostAnswer, Meant, Probe, ReversalFacts, SlipSays, ToldAnswer,
    UndoAsked, UndoMeant,
};
pub use hearing::tells_of;
pub use words::{Promise, Understood, understand};

use crate::lab::plan::Setup;
use hearing::{Hearing, Printed, Terms, text};
use std::collections::{BTreeMap, BTreeSet};

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Its name.
    pub rule: &'static str,
    /// The attempt; `None` for what belongs to none.
    pub n: Option<u32>,
    /// What was seen.
    pub what: String,
}

/// How much was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JudgeCounts {
    /// Probes.
    pub probes: u64,
    /// Attempts, each as often as it was looked at.
    pub attempts: u64,
    /// Printed transactions that tell of an attempt, each as often as it was looked at.
    pub verdicts: u64,
    /// Printed transactions that tell of none.
    pub strangers: u64,
    /// What a host's lie excused.
    pub excused: u64,
    /// Findings by rule, each attempt counted once.
    pub found: BTreeMap<&'static str, u64>,
    /// Promises that were read, so that one that never came up is seen.
    pub promises: BTreeMap<Promise, u64>,
}

/// Holds a world against the rules.
#[derive(Debug)]
pub struct Judge {
    terms: Terms,
    findings: Vec<Finding>,
    known: BTreeSet<(&'static str, Option<u32>, String)>,
    read: BTreeMap<String, Understood>,
    counts: JudgeCounts,
}

/// Texts that are remembered as read; more are read anew.
const TEXTS_MOST: usize = 4096;

impl Judge {
    /// For a world of this set-up.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        Self {
            terms: Terms::of(setup),
            findings: Vec::new(),
            known: BTreeSet::new(),
            read: BTreeMap::new(),
            counts: JudgeCounts::default(),
        }
    }

    /// What did not hold so far, each attempt once a rule.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How much was judged so far.
    #[must_use]
    pub const fn counts(&self) -> &JudgeCounts {
        &self.counts
    }

    /// Holds everything against the books at this moment.
    pub fn probe(&mut self, probe: &Probe<'_>) {
        let terms = self.terms.clone();
        let hearing = Hearing::new(probe, &terms);
        self.counts.probes += 1;
        for (attempt, printed) in hearing.attempts() {
            self.counts.attempts += 1;
            for printed in printed {
                self.verdict(&hearing, attempt, printed);
            }
            self.books(&hearing, attempt);
        }
        for value in &hearing.strangers {
            self.counts.strangers += 1;
            self.texts(value, None);
        }
    }

    /// One printed transaction of an attempt.
    fn verdict<'a>(
        &mut self,
        hearing: &Hearing<'a>,
        attempt: &'a AttemptFacts,
        printed: &Printed<'a>,
    ) {
        self.counts.verdicts += 1;
        let [english, chinese] = self.texts(printed.value, Some(attempt));
        let both = Understood {
            promises: english.promises.union(&chinese.promises).copied().collect(),
            strange: Vec::new(),
        };
        let verdict = safety::JudgedVerdict {
            printed,
            words: &both,
        };
        for wrong in safety::judge(hearing, attempt, &verdict) {
            if hearing.is_lied_about(attempt) || hearing.is_lied_about(wrong.holder) {
                self.counts.excused += 1;
            } else {
                let state = printed.text("state");
                self.find(wrong.rule, attempt, format!("{state}: {}", wrong.what));
            }
        }
        let breaches = [
            limits::waits_in_vain(hearing, attempt, &both),
            vague::amount(attempt, printed, &both),
            vague::too_sure(attempt, &both),
            vague::hidden_return(hearing, attempt, printed, &both),
        ];
        for (rule, what) in breaches.into_iter().flatten() {
            self.find(rule, attempt, what);
        }
        if let Some(what) = vague::judge(hearing, attempt, printed) {
            self.find("vague", attempt, what);
        }
    }

    /// What the books show, whatever is said.
    fn books<'a>(&mut self, hearing: &Hearing<'a>, attempt: &'a AttemptFacts) {
        if let Some(what) = open::missing(hearing, attempt) {
            self.find("open-missing", attempt, what);
        }
        if let Some(why) = open::needless(hearing, attempt) {
            self.find("open-proven", attempt, why.to_owned());
        }
        let mut breaches = traffic::judge(hearing, attempt);
        breaches.extend(limits::judge(hearing, attempt));
        for (rule, what) in breaches {
            self.find(rule, attempt, what);
        }
        for (rule, what) in replies::judge(hearing, attempt) {
            self.excusable(attempt.is_excused(), rule, attempt, what);
        }
        for ((rule, what), other) in ending::judge(hearing, attempt) {
            let other = hearing.attempt(other);
            let excused = attempt.is_excused() || other.is_some_and(AttemptFacts::is_excused);
            self.excusable(excused, rule, attempt, what);
        }
    }

    fn excusable(
        &mut self,
        excused: bool,
        rule: &'static str,
        attempt: &AttemptFacts,
        what: String,
    ) {
        if excused {
            self.counts.excused += 1;
        } else {
            self.find(rule, attempt, what);
        }
    }

    /// Verdict and next step, in English and in Chinese: understood, and of one mind.
    fn texts(
        &mut self,
        value: &serde_json::Value,
        attempt: Option<&AttemptFacts>,
    ) -> [Understood; 2] {
        let pairs = [["verdict", "next_step"], ["verdict_zh", "next_step_zh"]];
        let read = pairs.map(|keys| {
            let mut all = Understood::default();
            for key in keys {
                let understood = self.understand(text(value, key));
                all.promises.extend(understood.promises);
                all.strange.extend(understood.strange);
            }
            all
        });
        for strange in read.iter().flat_map(|understood| &understood.strange) {
            self.found(
                "words",
                None,
                format!("nobody can tell what this promises: {strange}"),
            );
        }
        for promise in &read[0].promises {
            *self.counts.promises.entry(*promise).or_default() += 1;
        }
        let [english, chinese] = &read;
        let whole = english.strange.is_empty() && chinese.strange.is_empty();
        let claims = [claims(english, attempt), claims(chinese, attempt)];
        if whole && claims[0] != claims[1] {
            let [english, chinese] = claims;
            let what = format!("English promises {english:?}, Chinese {chinese:?}");
            self.found("languages", None, what);
        }
        self.contradiction(value, english);
        read
    }

    /// `safe_to_retry` and the words say one thing.
    fn contradiction(&mut self, value: &serde_json::Value, words: &Understood) {
        let yes = text(value, "safe_to_retry") == "yes";
        let mut promises = words.promises.iter();
        let more = promises.find(|promise| promise.allows_more());
        let what = match more {
            _ if yes && words.has(Promise::Stop) => "yes, and the words say no".to_owned(),
            Some(more) if !yes => format!("not yes, and the words say {more:?}"),
            _ => return,
        };
        let state = text(value, "state");
        self.found(
            "contradiction",
            None,
            format!("{state}: safe_to_retry is {what}"),
        );
    }

    fn understand(&mut self, text: &str) -> Understood {
        if let Some(known) = self.read.get(text) {
            return known.clone();
        }
        let understood = understand(text);
        if self.read.len() < TEXTS_MOST {
            self.read.insert(text.to_owned(), understood.clone());
        }
        understood
    }

    fn find(&mut self, rule: &'static str, attempt: &AttemptFacts, what: String) {
        self.found(rule, Some(attempt.n), what);
    }

    fn found(&mut self, rule: &'static str, n: Option<u32>, what: String) {
        let key = if n.is_some() {
            String::new()
        } else {
            what.clone()
        };
        if self.known.insert((rule, n, key)) {
            *self.counts.found.entry(rule).or_default() += 1;
            self.findings.push(Finding { rule, n, what });
        }
    }
}

/// What a text claims, in words that mean the same for this kind of attempt: to a sale, "try
/// again" is a new sale.
fn claims(words: &Understood, attempt: Option<&AttemptFacts>) -> BTreeSet<Promise> {
    let gives_back = attempt.is_some_and(AttemptFacts::gives_back);
    let same = |promise: &Promise| match promise {
        Promise::NewSale if !gives_back => Promise::Again,
        promise => *promise,
    };
    let promises = words.promises.iter();
    promises.filter(|p| p.is_claim()).map(same).collect()
}
