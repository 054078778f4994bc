//! What of a printed verdict is right, held against label and books.

use super::books::CaseBooks;
use super::case::{BlindCase, Family};
use super::truth::{filed_word, true_words};
use crate::engine::evidence::Tier;
use crate::lab::judge::{AttemptFacts, Promise, understand};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tiers at which a case is judged: the journal alone, and with the files of more and more
/// parties.
pub const TIERS: [Tier; 5] = [Tier::E0, Tier::E1, Tier::E2, Tier::E2p, Tier::E3];

/// Words that say that causes are not told apart, or that the outcome is open.
const ABSTAINS: [&str; 6] = [
    "no_answer",
    "request_lost_or_unknown",
    "outcome_unknown_upstream",
    "answer_unreadable",
    "delivery_unproven",
    "in_progress",
];

/// How a verdict did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseMark {
    /// The name of the case.
    pub name: String,
    /// Its family.
    pub family: &'static str,
    /// The causes told at E0, the first one first; none if nothing is printed of it.
    pub told: Vec<String>,
    /// Verdict and next step by tier, as printed in English.
    pub said: Vec<(&'static str, String)>,
    /// What is wrong with them, if anything.
    pub wrong: Option<String>,
    /// Whether the causes are told as not told apart.
    pub abstains: bool,
    /// Something is called wrong, though nothing is.
    pub false_alarm: bool,
    /// Where files tell more: the words of which one must be told then, the words that are true
    /// beside it, and what is told.
    pub filed: Option<FiledMark>,
    /// What is unsafe, by tier.
    pub unsafe_at: BTreeMap<&'static str, String>,
    /// The same, where a host's own frames had lied to the gateway and no file at hand shows it.
    pub lied_at: BTreeMap<&'static str, String>,
    /// What does not hold of the records that are cited as proof.
    pub proof: Option<String>,
}

/// What files tell of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FiledMark {
    /// What must be told.
    pub wanted: &'static str,
    /// What is told.
    pub told: Vec<String>,
    /// Whether that is told, and nothing that is not so.
    pub right: bool,
}

/// What silence is called while nobody knows whether the acquirer had the request.
const SILENCE: [&str; 3] = ["no_answer", "answer_lost", "request_lost_or_unknown"];

/// Whether a word may stand beside the one that files tell. Where money is booked that messages do
/// not prove, the acquirer had the request.
fn may_stand(word: &str, wanted: &str, true_words: &BTreeSet<&'static str>) -> bool {
    let booked = ["booked_at_acquirer", "booked_twice"].contains(&wanted);
    true_words.contains(word) || booked && word == "answer_lost"
}

fn text<'a>(view: &'a Value, key: &str) -> &'a str {
    view.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The causes of a verdict, the first one first.
fn causes(view: &Value) -> Vec<String> {
    let several = view.get("causes").and_then(Value::as_array);
    let several = several.into_iter().flatten().filter_map(Value::as_str);
    let mut all: Vec<String> = several.map(str::to_owned).collect();
    if all.is_empty() {
        all.push(text(view, "cause").to_owned());
    }
    all
}

/// Marks what is printed of a case, by tier.
#[must_use]
pub fn mark(case: &BlindCase, books: &CaseBooks, printed: &[(Tier, Value)]) -> CaseMark {
    let label = &case.label;
    let mut mark = CaseMark {
        name: label.name.clone(),
        family: label.family.name(),
        ..CaseMark::default()
    };
    let view = |tier: Tier| printed.iter().find(|(own, _)| *own == tier);
    let Some((_, messages)) = view(Tier::E0) else {
        mark.wrong = Some("nothing is printed of it".to_owned());
        return mark;
    };
    mark.told = causes(messages);
    mark.wrong = wrong(case, books, &mark.told);
    mark.abstains = mark
        .told
        .iter()
        .any(|word| ABSTAINS.contains(&word.as_str()));
    mark.false_alarm = label.family == Family::Healthy
        && (mark.wrong.is_some() || messages.get("open") == Some(&Value::Bool(true)));
    if let Some(wanted) = filed_word(case, books)
        && let Some((_, filed)) = view(Tier::E2p)
    {
        let told = causes(filed);
        let mut true_words = true_words(case, books);
        true_words.retain(|word| !SILENCE.contains(word));
        true_words.insert(wanted);
        let all_true = told.iter().all(|word| may_stand(word, wanted, &true_words));
        mark.filed = Some(FiledMark {
            wanted,
            right: all_true && told.iter().any(|word| word == wanted),
            told,
        });
    }
    let gives_back = books.attempt(label.n).is_some_and(AttemptFacts::gives_back);
    for (tier, view) in printed {
        let words = ["verdict", "next_step"].map(|key| text(view, key));
        let (state, retry) = (text(view, "state"), text(view, "safe_to_retry"));
        let said = format!("{state}, retry {retry}: {} / {}", words[0], words[1]);
        mark.said.push((tier.name(), said));
        let Some(what) = unsafe_words(case, books, view) else {
            continue;
        };
        let lied = books.attempts.iter().any(AttemptFacts::is_excused);
        let shows = match tier {
            Tier::E0 | Tier::E1 => false,
            Tier::E2s | Tier::E2w | Tier::E2 | Tier::E2p => label.file.shows_bookings(),
            // The issuer's view has the sale, and no void.
            Tier::E3 => label.file.shows_bookings() || !gives_back,
        };
        let kept = if lied && !shows {
            &mut mark.lied_at
        } else {
            &mut mark.unsafe_at
        };
        kept.insert(tier.name(), what);
    }
    mark
}

/// What is wrong with the causes that are told: a word that is not true, or a fault that is left
/// out.
fn wrong(case: &BlindCase, books: &CaseBooks, told: &[String]) -> Option<String> {
    let true_words = true_words(case, books);
    if let Some(word) = told.iter().find(|word| !true_words.contains(word.as_str())) {
        return Some(format!("{word} is not so; true are {true_words:?}"));
    }
    let told: BTreeSet<&str> = told.iter().map(String::as_str).collect();
    // What did not come about, since something else came first, need not be told.
    let visible = |group: &&&[&str]| group.iter().any(|word| true_words.contains(word));
    let mut groups = case.label.troubles.iter().filter(visible);
    let silent = groups.find(|group| !group.iter().any(|word| told.contains(word)))?;
    Some(format!(
        "none of {silent:?} is told; true are {true_words:?}"
    ))
}

/// What a verdict allows while a book holds the money, if it does.
fn unsafe_words(case: &BlindCase, books: &CaseBooks, view: &Value) -> Option<String> {
    let own = books.attempt(case.label.n).filter(|own| own.is_money())?;
    let stands = |other: &AttemptFacts| {
        let back = books.attempts.iter();
        let back = back.filter(|back| back.gives_back() && back.of == other.n);
        other.held + back.map(|back| back.held).sum::<i64>()
    };
    let pays = |other: &&AttemptFacts| {
        let takes = other.is_money() && !other.gives_back();
        other.purchase == own.purchase && takes && (stands(other) > 0 || other.may_still)
    };
    let payer = books.attempts.iter().find(pays);
    // Of a void or a refund itself: whether it was made.
    let made = Some(own).filter(|own| own.gives_back() && own.is_taken());
    let itself = match own.gives_back() {
        true => made,
        false => payer.filter(|payer| payer.n == own.n),
    };
    let again = if own.gives_back() { made } else { payer };
    let holder = |promise: Promise| match promise {
        Promise::Again => again,
        Promise::NothingLeft
        | Promise::NothingDebited
        | Promise::NotGivenBack
        | Promise::ReturnUndone
        | Promise::NotAccepted => itself,
        Promise::DebitReturned => itself.filter(|_| !own.gives_back()),
        other if other.allows_more() => payer,
        _ => None,
    };
    let keys = ["verdict", "next_step", "verdict_zh", "next_step_zh"];
    let promises = keys
        .into_iter()
        .flat_map(|key| understand(text(view, key)).promises);
    let word = promises
        .filter_map(|promise| Some((format!("{promise:?}"), holder(promise)?)))
        .next();
    let yes = text(view, "safe_to_retry") == "yes";
    let yes = again
        .filter(|_| yes)
        .map(|holder| ("yes".to_owned(), holder));
    let (says, holder) = word.or(yes)?;
    let (n, held) = (holder.n, holder.held);
    Some(format!("{says}, while {held} is held through attempt {n}"))
}
