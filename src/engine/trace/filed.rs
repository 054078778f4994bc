//! What other people's files add to a verdict: a cause, a sentence, a higher tier of evidence.
//!
//! A file never makes a verdict safer. What it books may turn *yes* into *no*; what it lacks, or
//! has reversed, proves nothing of the other books, and so allows nothing.

use super::bonds;
use super::cause::Cause;
use super::filed_balance::{self as balance, Holding};
use super::filed_payout;
use super::filed_promises::without_promise;
use super::filed_rows;
use super::filed_silence;
use super::filed_texts::{self as texts, FILE_OF};
use super::lang::{Phrase, Said};
use super::money::money;
use super::retry::Retry;
use super::story::{Seen, Story};
use super::texts::Row;
use super::unconfirmed::Unconfirmed;
use super::verdict::Verdict;
use super::{Basis, Belief, Is};
use crate::engine::evidence::{
    AcquirerIs, AcquirerRow, EvidenceIndex, IssuerIs, IssuerRow, Matched, TerminalIs, TerminalRow,
    Tier,
};
use crate::engine::record::State;
use crate::engine::seam::Zone;
use crate::iso::message::Amount;
use crate::iso::spec::Purpose;
use std::cmp::Reverse;

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
    const fn of(state: State) -> Self {
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

/// Raises a verdict to what the files tell. `others` are those that it turns on.
pub(super) fn raise(
    verdict: &mut Verdict,
    story: &Story,
    others: &[&Story],
    index: &EvidenceIndex<'_>,
) {
    let Some(purpose) = story.purpose().filter(|purpose| purpose.moves_money()) else {
        return;
    };
    let keys = story.filed_keys();
    let mut heard = FiledHeard::default();
    let left = MoneyLeft::of(story.state);
    if matches!(purpose, Purpose::Void | Purpose::Refund) {
        let rows = heard.rows(index.acquirer(&keys), FILE_OF[1]);
        let word = return_at_acquirer(verdict, story, left, &rows);
        heard.words.extend(word);
    } else {
        let rows = heard.rows(index.issuer(&keys), FILE_OF[2]);
        if !rows.is_empty() {
            heard.strangers(index.strangers_at_issuer(&keys), FILE_OF[2].plain());
        }
        heard.words.extend(issuer(story, left, &rows));
        let found = index.acquirer(&keys);
        let lacks = found == Matched::Nothing && index.acquirer_covers(&keys);
        let rows = heard.rows(found, FILE_OF[1]);
        // The void of a sale may have the sale's number, and its own trace number.
        if !rows.is_empty() && left != MoneyLeft::Returned {
            heard.strangers(index.strangers_at_acquirer(&keys), FILE_OF[1].plain());
        }
        if rows.is_empty() && left == MoneyLeft::Returned {
            let failed = return_failed(story, others, index);
            heard.words.extend(failed.into_iter().flatten());
        }
        heard
            .words
            .extend(acquirer(verdict, story, (others, index), &rows));
        if lacks {
            heard.words.push(missing(verdict, story));
        }
        let found = index.terminal(&keys);
        let lacks = found == Matched::Nothing && index.terminal_covers(&keys);
        let rows = heard.rows(found, FILE_OF[0]);
        heard.words.extend(terminal(verdict, story, left, &rows));
        if lacks {
            heard.words.extend(unbatched(left));
        }
    }
    let covers = heard.rows(index.payout(&keys), FILE_OF[3]);
    heard.words.extend(match left {
        MoneyLeft::Approved => filed_payout::told(story, &keys, index, &covers),
        MoneyLeft::Returned | MoneyLeft::Undone | MoneyLeft::Unknown => {
            let word = filed_payout::paid_all_the_same(left, &keys, index, &covers);
            word.into_iter().collect()
        }
    });
    apply(verdict, story, heard);
    if !matches!(purpose, Purpose::Void | Purpose::Refund) {
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
        if first.weight == Weight::Contradiction || answers && approved {
            verdict.next_step = first.next.clone();
        }
        if first.weight == Weight::Contradiction {
            verdict.class = verdict.class.filter(|class| class.is_open());
            verdict.class.get_or_insert(Unconfirmed::SettleMismatch);
            verdict.open = true;
        }
        if first.weight > Weight::Aside && !approved {
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

const fn filed(is: Is) -> Belief {
    Belief {
        is,
        basis: Basis::File,
    }
}

fn shown(amount: u64, story: &Story) -> Said {
    let currency = story.opened.as_ref().map(|opened| opened.currency);
    Said::same(money(amount, &currency.unwrap_or_default()))
}

fn acquirer(
    verdict: &mut Verdict,
    story: &Story,
    (others, index): (&[&Story], &EvidenceIndex<'_>),
    rows: &[(usize, &AcquirerRow)],
) -> Option<FiledWord> {
    let odd = filed_rows::at_odds(story, rows);
    if odd.is_some() {
        return odd;
    }
    let ours = bonds::amount(story);
    let left = MoneyLeft::of(story.state);
    let holding = balance::of_acquirer(rows, ours);
    verdict.beliefs.acquirer = match holding {
        Holding::Nothing => return None,
        Holding::Holds(_) => filed(Is::Approved),
        Holding::GivenBack => filed(Is::Reversed),
        Holding::Refused => filed(Is::Declined),
        Holding::Unordered => filed(Is::Unknown),
    };
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E2, cause, row, values);
    let amounts = |theirs| {
        [
            ("ours", shown(ours, story)),
            ("theirs", shown(theirs, story)),
        ]
    };
    Some(match (holding, left) {
        (Holding::Holds(theirs), _) if theirs == ours.saturating_mul(2) => {
            let cause = Some(Cause::BookedTwice);
            say(cause, texts::BOOKED_TWICE, &amounts(theirs)).against(Retry::No)
        }
        (Holding::Holds(theirs), _) if theirs != ours => {
            let cause = Some(Cause::OtherAmount);
            say(cause, texts::ANOTHER_AMOUNT, &amounts(theirs)).against(Retry::No)
        }
        (Holding::Holds(_), MoneyLeft::Approved) => booked(story, rows),
        // Approved, though the approval may have reached nobody: the books agree.
        (Holding::Holds(_), MoneyLeft::Unknown) if story.seen == Seen::Approval => {
            let mut word = booked(story, rows);
            word.limit = Retry::No;
            word
        }
        (Holding::Holds(_), MoneyLeft::Returned) => return returned(story, others, index),
        (Holding::Holds(_), _) => {
            let word = say(Some(Cause::BookedAtAcquirer), texts::BOOKED_AFTER_ALL, &[]);
            word.against(Retry::No)
        }
        (Holding::Unordered, _) => {
            let source = ("source", FILE_OF[1].plain());
            let word = say(Some(Cause::BookedAtAcquirer), texts::UNORDERED, &[source]);
            word.against(Retry::Unproven)
        }
        (Holding::Refused, MoneyLeft::Approved) => {
            let word = say(Some(Cause::AnswersDisagree), texts::DECLINED_THERE, &[]);
            word.against(Retry::Unproven)
        }
        (Holding::GivenBack, MoneyLeft::Approved) => {
            let source = ("source", FILE_OF[1].plain());
            let word = say(Some(Cause::ReturnedLater), texts::LATER_RETURNED, &[source]);
            word.against(Retry::Unproven)
        }
        (Holding::GivenBack, _) => say(None, texts::GIVEN_BACK_THERE, &[]),
        (Holding::Refused | Holding::Nothing, _) => say(None, texts::REFUSED_THERE, &[]),
    })
}

/// A sale that the messages give back: its own row stays booked, its void or refund has another.
fn returned(story: &Story, others: &[&Story], index: &EvidenceIndex<'_>) -> Option<FiledWord> {
    match return_failed(story, others, index) {
        Some(Some(failed)) => Some(failed),
        Some(None) => Some(FiledWord::of(Tier::E2, None, texts::BOTH_THERE, &[])),
        None => Some(FiledWord::of(Tier::E2, None, texts::RETURN_NOT_THERE, &[])),
    }
}

/// What the acquirer's file says of the voids and refunds of a sale: `None` if nothing, else
/// whether one of them failed there.
fn return_failed(
    story: &Story,
    others: &[&Story],
    index: &EvidenceIndex<'_>,
) -> Option<Option<FiledWord>> {
    let gives = |other: &&&Story| {
        other.original() == Some(story.tx)
            && matches!(other.purpose(), Some(Purpose::Void | Purpose::Refund))
    };
    let failed = |is| matches!(is, AcquirerIs::Declined | AcquirerIs::Reversed);
    let mut told = None;
    for back in others.iter().filter(gives) {
        if let Matched::Rows(rows) = index.acquirer(&back.filed_keys()) {
            let fails = rows.iter().any(|(_, row)| failed(row.is));
            let cause = Some(Cause::BookedAtAcquirer);
            let word = || FiledWord::of(Tier::E2, cause, texts::RETURN_FAILED_THERE, &[]);
            told = Some(fails.then(|| word().against(Retry::No)));
            if fails {
                break;
            }
        }
    }
    told
}

/// A void or a refund by itself.
fn return_at_acquirer(
    verdict: &mut Verdict,
    story: &Story,
    left: MoneyLeft,
    rows: &[(usize, &AcquirerRow)],
) -> Option<FiledWord> {
    let (_, last) = rows.last()?;
    let failed = |is| matches!(is, AcquirerIs::Declined | AcquirerIs::Reversed);
    let fails = rows.iter().any(|(_, row)| failed(row.is));
    verdict.beliefs.acquirer = filed(match (fails, last.is) {
        (true, AcquirerIs::Reversed) => Is::Reversed,
        (true, _) => Is::Declined,
        (false, _) => Is::Approved,
    });
    let odd = filed_rows::at_odds(story, rows);
    let odd = odd.or_else(|| filed_rows::given_back_otherwise(story, rows));
    if odd.is_some() {
        return odd;
    }
    let say = |cause, row| FiledWord::of(Tier::E2, cause, row, &[]);
    Some(match (fails, left) {
        (true, MoneyLeft::Approved) => {
            let word = say(Some(Cause::AnswersDisagree), texts::DECLINED_THERE);
            word.against(Retry::Unproven)
        }
        (true, _) => say(None, texts::REFUSED_THERE),
        (false, MoneyLeft::Approved | MoneyLeft::Returned) => say(None, texts::BOOKED),
        (false, _) => {
            let word = say(Some(Cause::BookedAtAcquirer), texts::BOOKED_AFTER_ALL);
            word.against(Retry::No)
        }
    })
}

/// Booked as approved; told with its day where that is not the day of the sale.
fn booked(story: &Story, rows: &[(usize, &AcquirerRow)]) -> FiledWord {
    let made = story.began.date(&Zone::CHINA);
    let settles = rows.iter().filter_map(|(_, row)| row.settles_on).max();
    match settles.filter(|day| *day > made) {
        Some(day) => {
            let day = ("day", Said::same(day.to_string()));
            FiledWord::of(Tier::E2, None, texts::BOOKED_FOR, &[day])
        }
        None => FiledWord::of(Tier::E2, None, texts::BOOKED, &[]),
    }
}

/// The acquirer's file tells of that time, and lacks it.
fn missing(verdict: &mut Verdict, story: &Story) -> FiledWord {
    // Whether its terminal has the approval is another question.
    let unproven = story.state == State::DeliveryUnproven && story.seen == Seen::Approval;
    if unproven || MoneyLeft::of(story.state) == MoneyLeft::Approved {
        verdict.beliefs.acquirer = filed(Is::Nothing);
        let cause = Some(Cause::MissingAtAcquirer);
        let word = FiledWord::of(Tier::E2, cause, texts::MISSING_THERE, &[]);
        return word.against(Retry::No);
    }
    FiledWord::of(Tier::E2, None, texts::NOT_THERE, &[])
}

fn issuer(story: &Story, left: MoneyLeft, rows: &[(usize, &IssuerRow)]) -> Option<FiledWord> {
    let ours = bonds::amount(story);
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E3, cause, row, values);
    let holding = balance::of_issuer(rows, ours);
    let reviewed = |(_, row): &(usize, &IssuerRow)| {
        row.is == IssuerIs::Held && row.reason.starts_with("review")
    };
    let amounts = |theirs| {
        [
            ("ours", shown(ours, story)),
            ("theirs", shown(theirs, story)),
        ]
    };
    let source = ("source", FILE_OF[2].plain());
    Some(match (holding, left) {
        (Holding::Nothing, _) => return None,
        (Holding::Holds(theirs), MoneyLeft::Approved) if theirs == ours.saturating_mul(2) => {
            let cause = Some(Cause::BookedTwice);
            say(cause, texts::DEBITED_TWICE, &amounts(theirs)).against(Retry::No)
        }
        (Holding::Holds(theirs), MoneyLeft::Approved) if theirs != ours => {
            let cause = Some(Cause::OtherAmount);
            say(cause, texts::ANOTHER_DEBIT, &amounts(theirs)).against(Retry::No)
        }
        (Holding::Holds(_), _) if rows.last().is_some_and(reviewed) => {
            let mut word = say(Some(Cause::IssuerReview), texts::ISSUER_REVIEW, &[]);
            word.limit = Retry::No;
            word
        }
        (Holding::Holds(_), MoneyLeft::Approved) => say(None, texts::DEBITED, &[]),
        (Holding::Holds(_), MoneyLeft::Returned) => {
            let mut word = say(None, texts::NOT_RETURNED_YET, &[]);
            word.limit = Retry::No;
            word
        }
        (Holding::Holds(_), _) => {
            let word = say(Some(Cause::DebitStands), texts::DEBIT_STANDS, &[]);
            word.against(Retry::No)
        }
        (Holding::Unordered, _) => {
            let word = say(Some(Cause::DebitStands), texts::UNORDERED, &[source]);
            word.against(Retry::Unproven)
        }
        (Holding::GivenBack, MoneyLeft::Approved) => {
            let word = say(Some(Cause::ReturnedLater), texts::LATER_RETURNED, &[source]);
            word.against(Retry::Unproven)
        }
        (Holding::GivenBack, _) => {
            let later = ("later", returned_later(rows));
            say(Some(Cause::DebitReturned), texts::DEBIT_RETURNED, &[later])
        }
        (Holding::Refused, MoneyLeft::Approved) => {
            let word = say(Some(Cause::AnswersDisagree), texts::ISSUER_REFUSED, &[]);
            word.against(Retry::Unproven)
        }
        (Holding::Refused, _) => say(None, texts::ISSUER_REFUSED, &[]),
    })
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
    left: MoneyLeft,
    rows: &[(usize, &TerminalRow)],
) -> Option<FiledWord> {
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
        (Is::Approved, _) if row.amount != ours => {
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
