//! What other people's files add to a verdict: a cause, a sentence, a higher tier of evidence.
//!
//! A file never makes a verdict safer. What it books may turn *yes* into *no*; what it lacks, or
//! has reversed, proves nothing of the other books, and so allows nothing.

use super::bonds::{self, Bonds};
use super::cause::Cause;
use super::filed_acquirer;
use super::filed_balance::{self as balance, Holding};
use super::filed_payout;
use super::filed_promises::without_promise;
use super::filed_silence;
use super::filed_texts::{self as texts, FILE_OF};
use super::holds::original_of;
use super::lang::{Phrase, Said};
use super::money::money;
use super::retry::Retry;
use super::story::Story;
use super::texts::{Row, p, row};
use super::unconfirmed::Unconfirmed;
use super::verdict::Verdict;
use super::{Basis, Belief, Is};
use crate::engine::evidence::{
    EvidenceIndex, FiledKeys, IssuerIs, IssuerRow, Matched, TerminalIs, TerminalRow, Tier,
};
use crate::engine::record::State;
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;
use std::cmp::Reverse;

const MORE_BACK_AT_ISSUER: Row = row(
    p(
        "the issuer gives back more than it debited ({given} of {taken})",
        "发卡行退回多于扣款(扣款{taken}, 退回{given})",
    ),
    texts::DISPUTE,
);

/// What a file says of a transaction.
#[derive(Clone, Debug)]
pub(super) struct FiledWord {
    pub(super) tier: Tier,
    pub(super) weight: Weight,
    pub(super) causes: Vec<Cause>,
    pub(super) said: Said,
    pub(super) next: Said,
    /// What it leaves of a yes.
    pub(super) limit: Retry,
}

/// How much a word of a file matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It agrees with the messages.
    Aside,
    /// It tells what the messages cannot.
    Answer,
    /// It contradicts the messages.
    Contradiction,
}

/// Where the messages leave a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MoneyLeft {
    /// Approved, and standing.
    Approved,
    /// Voided or refunded.
    Returned,
    /// Undone, or never made.
    Undone,
    /// In doubt.
    Unknown,
}

impl MoneyLeft {
    pub(super) const fn of(state: State) -> Self {
        match state {
            State::Delivered | State::Confirmed | State::Settled => Self::Approved,
            State::Returned => Self::Returned,
            State::Reversed
            | State::Refused
            | State::NotSent
            | State::Declined
            | State::DeclineDelivered => Self::Undone,
            _ => Self::Unknown,
        }
    }
}

impl FiledWord {
    /// A word with the values in its places.
    pub(super) fn of(tier: Tier, cause: Option<Cause>, row: Row, values: &[(&str, Said)]) -> Self {
        Self {
            tier,
            weight: match cause {
                Some(_) => Weight::Answer,
                None => Weight::Aside,
            },
            causes: cause.into_iter().collect(),
            said: row.verdict.fill(values),
            next: row.next.fill(values),
            limit: Retry::Yes,
        }
    }

    /// One that contradicts the messages, and what it leaves of a yes.
    pub(super) fn against(mut self, limit: Retry) -> Self {
        self.weight = Weight::Contradiction;
        self.limit = limit;
        self
    }
}

/// What the files say, and what of them could not be used.
#[derive(Debug, Default)]
struct FiledHeard {
    words: Vec<FiledWord>,
    unused: Vec<Said>,
    limit: Option<Retry>,
}

impl FiledHeard {
    /// The rows of a file, if it has any that can be used.
    fn rows<'e, R>(&mut self, found: Matched<'e, R>, file: Phrase) -> Vec<(usize, &'e R)> {
        let file = ("file", file.plain());
        match found {
            Matched::Rows(rows) => return rows,
            Matched::NoFile => {}
            Matched::Nothing => self.unused.push(texts::NO_ROW.fill(&[file])),
            Matched::Ambiguous(n) => {
                let n = ("n", Said::same(n.to_string()));
                self.unused.push(texts::AMBIGUOUS.fill(&[n, file]));
                self.limit = Some(Retry::Unproven);
            }
            Matched::Other(n) => self.strangers(n, file.1),
        }
        Vec::new()
    }

    /// Rows that have the number of the transaction, and something else of another one.
    fn strangers(&mut self, n: usize, file: Said) {
        if n > 0 {
            let n = ("n", Said::same(n.to_string()));
            self.unused
                .push(texts::OTHER_NAMES.fill(&[n, ("file", file)]));
            self.limit = Some(Retry::Unproven);
        }
    }
}

impl FiledHeard {
    /// What the acquirer's file says of a void or refund.
    fn of_return(
        &mut self,
        verdict: &mut Verdict,
        story: &Story,
        others: &[&Story],
        index: &EvidenceIndex<'_>,
    ) {
        let rows = self.rows(index.acquirer(&story.filed_keys()), FILE_OF[1]);
        let original = original_of(story, others);
        let original = others.iter().find(|other| Some(other.tx) == original);
        let original = original.map(|of| {
            let others = others.iter().copied().chain([story]);
            let others: Vec<&Story> = others.filter(|other| other.tx != of.tx).collect();
            (*of, Bonds::linked(of, &others))
        });
        let original = original.as_ref().map(|(of, bonds)| (*of, bonds));
        let word = filed_acquirer::of_return(verdict, story, (original, index), &rows);
        self.words.extend(word);
    }

    /// What the files say of what takes or reserves money.
    fn of_sale(
        &mut self,
        verdict: &mut Verdict,
        story: &Story,
        bonds: &Bonds<'_>,
        index: &EvidenceIndex<'_>,
    ) {
        let (keys, left) = (story.filed_keys(), MoneyLeft::of(story.state));
        let rows = self.rows(index.issuer(&keys), FILE_OF[2]);
        if !rows.is_empty() {
            self.strangers(index.strangers_at_issuer(&keys), FILE_OF[2].plain());
        }
        self.words.extend(issuer(story, bonds, &rows));
        let found = index.acquirer(&keys);
        let lacks = found == Matched::Nothing && index.acquirer_covers(&keys);
        let rows = self.rows(found, FILE_OF[1]);
        // The void of a sale may have the sale's number, and its own trace number.
        if !rows.is_empty() && left != MoneyLeft::Returned {
            self.strangers(index.strangers_at_acquirer(&keys), FILE_OF[1].plain());
        }
        if rows.is_empty() && left == MoneyLeft::Returned {
            let failed = filed_acquirer::return_failed(bonds, index);
            self.words.extend(failed);
        }
        let word = filed_acquirer::of_sale(verdict, story, (bonds, index), &rows);
        self.words.extend(word);
        if lacks {
            self.words.push(filed_acquirer::missing(verdict, story));
        }
        let found = index.terminal(&keys);
        let lacks = found == Matched::Nothing && index.terminal_covers(&keys);
        let rows = self.rows(found, FILE_OF[0]);
        self.words.extend(terminal(verdict, story, bonds, &rows));
        if lacks {
            self.words.extend(unbatched(left));
        }
    }
}

/// Raises a verdict to what the files tell. `others` are those that it turns on.
pub(super) fn raise(
    verdict: &mut Verdict,
    story: &Story,
    others: &[&Story],
    index: &EvidenceIndex<'_>,
) {
    if !story.purpose().is_some_and(Purpose::moves_money) {
        return;
    }
    let keys = story.filed_keys();
    let bonds = Bonds::of(story, others);
    let mut heard = FiledHeard::default();
    let left = MoneyLeft::of(story.state);
    let gives_back = bonds::gives_back(story);
    match gives_back {
        true => heard.of_return(verdict, story, others, index),
        false => heard.of_sale(verdict, story, &bonds, index),
    }
    let covers = heard.rows(index.payout(&keys), FILE_OF[3]);
    let keys = match left {
        MoneyLeft::Approved => FiledKeys {
            amount: Amount(bonds.sold(story).most),
            ..keys
        },
        _ => keys,
    };
    heard.words.extend(match left {
        MoneyLeft::Approved => filed_payout::told(story, &keys, index, &covers),
        MoneyLeft::Returned | MoneyLeft::Undone | MoneyLeft::Unknown => {
            let word = filed_payout::paid_all_the_same(left, &keys, index, &covers);
            word.into_iter().collect()
        }
    });
    apply(verdict, story, heard);
    if !gives_back {
        filed_silence::settle(verdict, story, index);
    }
}

/// The words take their places: the weightiest first.
fn apply(verdict: &mut Verdict, story: &Story, heard: FiledHeard) {
    let mut words = heard.words;
    words.sort_by_key(|word| Reverse(word.weight));
    if let Some(first) = words.first() {
        let mut said = first.said.clone();
        for word in words.iter().skip(1) {
            said = said.and(&word.said);
        }
        verdict.verdict = placed(&verdict.verdict, &said);
        let approved = MoneyLeft::of(story.state) == MoneyLeft::Approved;
        // An authorization is completed or voided, whatever is paid for it.
        let answers = first.weight == Weight::Answer && story.purpose() != Some(Purpose::Hold);
        let stood = approved || story.state == State::Returned;
        if first.weight == Weight::Contradiction || answers && stood {
            verdict.next_step = first.next.clone();
        }
        if first.weight == Weight::Contradiction {
            verdict.class = verdict.class.filter(|class| class.is_open());
            verdict.class.get_or_insert(Unconfirmed::SettleMismatch);
            verdict.open = true;
        }
        let against = first.weight == Weight::Contradiction;
        if against || first.weight > Weight::Aside && !approved {
            verdict.verdict = without_promise(&verdict.verdict);
        }
    }
    let told = words.iter().flat_map(|word| &word.causes).copied();
    let mut causes: Vec<Cause> = told.collect();
    let others = verdict.causes.iter().copied();
    let replaced = !causes.is_empty();
    causes.extend(others.filter(|cause| !replaced || *cause != Cause::OutsideLog));
    causes.dedup();
    verdict.cause = causes.first().copied().unwrap_or(verdict.cause);
    verdict.causes = causes;
    for word in &words {
        verdict.evidence = verdict.evidence.max(word.tier);
        verdict.safe_to_retry = verdict.safe_to_retry.min(word.limit);
    }
    if let Some(limit) = heard.limit.filter(|limit| *limit < verdict.safe_to_retry) {
        verdict.safe_to_retry = limit;
        verdict.next_step = texts::LOOK_INTO_FILE.plain();
        verdict.verdict = without_promise(&verdict.verdict);
    }
    for part in &heard.unused {
        verdict.verdict = verdict.verdict.clone().and(part);
    }
}

/// A sentence that says that something is outside the log says what the file says instead.
fn placed(verdict: &Said, filed: &Said) -> Said {
    for outside in [texts::OUTSIDE, texts::POSTING_OUTSIDE] {
        if verdict.en.contains(outside.en) && verdict.zh.contains(outside.zh) {
            return Said {
                en: verdict.en.replace(outside.en, &filed.en),
                zh: verdict.zh.replace(outside.zh, &filed.zh),
            };
        }
    }
    verdict.clone().and(filed)
}

pub(super) const fn filed(is: Is) -> Belief {
    Belief {
        is,
        basis: Basis::File,
    }
}

pub(super) fn shown(amount: u64, story: &Story) -> Said {
    let currency = story.opened.as_ref().map(|opened| opened.currency);
    Said::same(money(amount, &currency.unwrap_or_default()))
}

fn issuer(story: &Story, bonds: &Bonds<'_>, rows: &[(usize, &IssuerRow)]) -> Option<FiledWord> {
    let left = MoneyLeft::of(story.state);
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E3, cause, row, values);
    let source = ("source", FILE_OF[2].plain());
    Some(
        match (balance::of_issuer(rows, bonds::amount(story)), left) {
            (Holding::Nothing, _) => return None,
            (Holding::Holds(theirs), _) => issuer_holds(story, bonds, theirs, rows),
            (Holding::Unordered, _) => {
                let word = say(Some(Cause::DebitStands), texts::UNORDERED, &[source]);
                word.against(Retry::Unproven)
            }
            (Holding::MoreBack(taken, given), _) => {
                let values = [
                    ("taken", shown(taken, story)),
                    ("given", shown(given, story)),
                ];
                let word = say(Some(Cause::ReturnedLater), MORE_BACK_AT_ISSUER, &values);
                word.against(Retry::Unproven)
            }
            (Holding::GivenBack, MoneyLeft::Approved) => {
                let word = say(Some(Cause::ReturnedLater), texts::LATER_RETURNED, &[source]);
                word.against(Retry::Unproven)
            }
            (Holding::GivenBack, _) => {
                let later = ("later", returned_later(rows));
                let mut word = say(Some(Cause::DebitReturned), texts::DEBIT_RETURNED, &[later]);
                if left == MoneyLeft::Returned {
                    // As the messages say.
                    word.weight = Weight::Aside;
                }
                word
            }
            (Holding::Refused, MoneyLeft::Approved) => {
                let word = say(Some(Cause::AnswersDisagree), texts::ISSUER_REFUSED, &[]);
                word.against(Retry::Unproven)
            }
            (Holding::Refused, _) => say(None, texts::ISSUER_REFUSED, &[]),
        },
    )
}

/// The issuer holds this much.
fn issuer_holds(
    story: &Story,
    bonds: &Bonds<'_>,
    theirs: u64,
    rows: &[(usize, &IssuerRow)],
) -> FiledWord {
    let (sold, left, ours) = (bonds.sold(story), bonds.left(story), bonds::amount(story));
    let stands = sold.may_be(theirs) || left.may_be(theirs);
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E3, cause, row, values);
    let but = |word: FiledWord| FiledWord {
        limit: Retry::No,
        ..word
    };
    let reviewed = |(_, row): &(usize, &IssuerRow)| {
        row.is == IssuerIs::Held && row.reason.starts_with("review")
    };
    let amounts = [
        ("ours", shown(sold.most, story)),
        ("theirs", shown(theirs, story)),
    ];
    match MoneyLeft::of(story.state) {
        MoneyLeft::Approved if theirs == ours.saturating_mul(2) => {
            let cause = Some(Cause::BookedTwice);
            say(cause, texts::DEBITED_TWICE, &amounts).against(Retry::No)
        }
        // What was reversed or refunded in part may come back later.
        MoneyLeft::Approved if !stands && theirs != ours => {
            let cause = Some(Cause::OtherAmount);
            say(cause, texts::ANOTHER_DEBIT, &amounts).against(Retry::No)
        }
        _ if rows.last().is_some_and(reviewed) => {
            but(say(Some(Cause::IssuerReview), texts::ISSUER_REVIEW, &[]))
        }
        MoneyLeft::Approved if stands => say(None, texts::DEBITED, &[]),
        MoneyLeft::Approved | MoneyLeft::Returned => but(say(None, texts::NOT_RETURNED_YET, &[])),
        MoneyLeft::Undone | MoneyLeft::Unknown => {
            let word = say(Some(Cause::DebitStands), texts::DEBIT_STANDS, &[]);
            word.against(Retry::No)
        }
    }
}

/// How long after the debit its return came.
fn returned_later(rows: &[(usize, &IssuerRow)]) -> Said {
    let at = |is| {
        rows.iter()
            .find(|(_, row)| row.is == is)
            .and_then(|(_, row)| row.at)
    };
    let times = at(IssuerIs::Debited).zip(at(IssuerIs::Returned));
    times.map_or_else(
        || Phrase::new("later", "后").plain(),
        |(from, to)| {
            let t = Said::same((to - from).as_secs().to_string());
            Phrase::new("{t}s later", "{t}秒后冲正").fill(&[("t", t)])
        },
    )
}

/// The row of a terminal that stands: the last by its time, else one that still counts it.
fn standing<'e>(rows: &[(usize, &'e TerminalRow)]) -> Option<&'e TerminalRow> {
    let rows = || rows.iter().map(|(_, row)| *row);
    match rows().all(|row| row.at.is_some()) {
        true => rows().max_by_key(|row| row.at),
        false => {
            let counts = |row: &&TerminalRow| {
                matches!(row.is, TerminalIs::Approved | TerminalIs::NotPrinted)
            };
            rows().find(counts).or_else(|| rows().next_back())
        }
    }
}

fn terminal(
    verdict: &mut Verdict,
    story: &Story,
    bonds: &Bonds<'_>,
    rows: &[(usize, &TerminalRow)],
) -> Option<FiledWord> {
    let left = MoneyLeft::of(story.state);
    let row = standing(rows)?;
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E1, cause, row, values);
    let (is, told) = match row.is {
        TerminalIs::Approved => (Is::Approved, Phrase::new("approved", "成功")),
        TerminalIs::NotPrinted => (
            Is::Approved,
            Phrase::new("approved, no slip", "成功, 未打印"),
        ),
        TerminalIs::Reversed => (Is::Reversed, Phrase::new("reversed", "已冲正")),
        TerminalIs::Voided => (Is::Returned, Phrase::new("voided", "已撤销")),
    };
    verdict.beliefs.terminal = filed(is);
    let ours = Amount(bonds::amount(story));
    let counted = |(_, row): &&(usize, &TerminalRow)| row.is == TerminalIs::Approved;
    Some(match (is, left) {
        (Is::Approved, _) if rows.iter().filter(counted).count() > 1 => {
            let word = say(Some(Cause::BookedTwice), texts::TWICE_IN_BATCH, &[]);
            word.against(Retry::Unproven)
        }
        (Is::Approved, _) if row.amount != ours && !bonds.sold(story).may_be(row.amount.0) => {
            let values = [
                ("theirs", shown(row.amount.0, story)),
                ("ours", shown(ours.0, story)),
            ];
            let word = say(Some(Cause::OtherAmount), texts::ANOTHER_IN_BATCH, &values);
            word.against(Retry::Unproven)
        }
        (Is::Approved, MoneyLeft::Approved | MoneyLeft::Unknown) => {
            let mut word = say(None, texts::IN_BATCH, &[]);
            word.limit = Retry::Unproven;
            word
        }
        (Is::Approved, MoneyLeft::Undone) => {
            say(Some(Cause::SlipStands), texts::SLIP_STANDS, &[]).against(Retry::Unproven)
        }
        (_, MoneyLeft::Approved) => {
            let values = [("is", told.plain())];
            say(Some(Cause::SettleMismatch), texts::BATCH_SAYS, &values).against(Retry::Unproven)
        }
        _ => return None,
    })
}

/// The terminal's batch tells of that time, and lacks it.
fn unbatched(left: MoneyLeft) -> Option<FiledWord> {
    let say = || {
        FiledWord::of(
            Tier::E1,
            Some(Cause::SettleMismatch),
            texts::NOT_IN_BATCH,
            &[],
        )
    };
    (left == MoneyLeft::Approved).then(|| say().against(Retry::Unproven))
}
