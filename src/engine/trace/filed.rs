//! What other people's files add to a verdict: a cause, a sentence, a higher tier of evidence.
//!
//! A file never makes a verdict safer. What it books may turn *yes* into *no*; what it lacks, or has
//! reversed, proves nothing of the other books, and so allows nothing.

use super::bonds;
use super::cause::Cause;
use super::filed_payout;
use super::filed_texts::{self as texts, FILE_OF};
use super::lang::{Phrase, Said};
use super::money::money;
use super::retry::Retry;
use super::story::Story;
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
    /// Undone, or never made.
    Undone,
    /// In doubt.
    Unknown,
}

impl MoneyLeft {
    const fn of(state: State) -> Self {
        match state {
            State::Delivered | State::Confirmed | State::Settled => Self::Approved,
            State::Reversed
            | State::Returned
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
    fn against(mut self, limit: Retry) -> Self {
        self.weight = Weight::Contradiction;
        self.limit = limit;
        self
    }
}

/// Raises a verdict to what the files tell.
pub(super) fn raise(verdict: &mut Verdict, story: &Story, index: &EvidenceIndex<'_>) {
    let purpose = story.purpose();
    if !matches!(
        purpose,
        Some(Purpose::Debit | Purpose::Hold | Purpose::Refund)
    ) {
        return;
    }
    let keys = story.filed_keys();
    let mut words = Vec::new();
    let mut unused = Vec::new();
    if purpose != Some(Purpose::Refund) {
        match index.issuer(&keys) {
            Matched::Rows(rows) => words.extend(issuer(story, &rows)),
            other => unused.extend(ambiguous(&other, FILE_OF[2])),
        }
        match index.acquirer(&keys) {
            Matched::Rows(rows) => words.extend(acquirer(verdict, story, &rows)),
            Matched::Nothing if index.acquirer_covers(&keys) => {
                words.push(missing(verdict, story));
            }
            other => unused.extend(ambiguous(&other, FILE_OF[1])),
        }
        match index.terminal(&keys) {
            Matched::Rows(rows) => words.extend(terminal(verdict, story, &rows)),
            Matched::Nothing if index.terminal_covers(&keys) => words.extend(unbatched(story)),
            other => unused.extend(ambiguous(&other, FILE_OF[0])),
        }
    }
    if MoneyLeft::of(story.state) == MoneyLeft::Approved {
        words.extend(filed_payout::told(story, &keys, index));
    }
    apply(verdict, words, &unused);
}

fn ambiguous<R>(matched: &Matched<'_, R>, file: Phrase) -> Option<Said> {
    let Matched::Ambiguous(n) = matched else {
        return None;
    };
    let n = ("n", Said::same(n.to_string()));
    Some(texts::AMBIGUOUS.fill(&[n, ("file", file.plain())]))
}

/// The words take their places: the weightiest first.
fn apply(verdict: &mut Verdict, mut words: Vec<FiledWord>, unused: &[Said]) {
    words.sort_by(|one, other| other.weight.cmp(&one.weight));
    if let Some(first) = words.first() {
        let mut said = first.said.clone();
        for word in words.iter().skip(1) {
            said = said.and(&word.said);
        }
        verdict.verdict = placed(&verdict.verdict, &said);
        if first.weight != Weight::Aside {
            verdict.next_step = first.next.clone();
        }
        if first.weight == Weight::Contradiction {
            verdict.class = verdict.class.filter(|class| class.is_open());
            verdict.class.get_or_insert(Unconfirmed::SettleMismatch);
            verdict.open = true;
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
    for part in unused {
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

fn acquirer(
    verdict: &mut Verdict,
    story: &Story,
    rows: &[(usize, &AcquirerRow)],
) -> Option<FiledWord> {
    let (_, row) = rows.last()?;
    verdict.beliefs.acquirer = filed(match row.is {
        AcquirerIs::Booked => Is::Approved,
        AcquirerIs::Declined => Is::Declined,
        AcquirerIs::Reversed => Is::Reversed,
        AcquirerIs::Voided | AcquirerIs::Refunded => Is::Returned,
    });
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E2, cause, row, values);
    let ours = bonds::amount(story);
    let left = MoneyLeft::of(story.state);
    Some(match (row.is, left) {
        (AcquirerIs::Booked, _) if row.amount.0 != ours => {
            let shown = |amount| ("ours", Said::same(money(amount, &row.currency)));
            let theirs = ("theirs", shown(row.amount.0).1);
            let values = [shown(ours), theirs];
            say(Some(Cause::OtherAmount), texts::ANOTHER_AMOUNT, &values).against(Retry::No)
        }
        (AcquirerIs::Booked, MoneyLeft::Approved) => booked(story, row),
        (AcquirerIs::Booked, _) => {
            let word = say(Some(Cause::BookedAtAcquirer), texts::BOOKED_AFTER_ALL, &[]);
            word.against(Retry::No)
        }
        (AcquirerIs::Declined, MoneyLeft::Approved) => {
            let word = say(Some(Cause::AnswersDisagree), texts::DECLINED_THERE, &[]);
            word.against(Retry::Unproven)
        }
        (_, MoneyLeft::Approved) => {
            let source = ("source", FILE_OF[1].plain());
            let word = say(Some(Cause::ReturnedLater), texts::LATER_RETURNED, &[source]);
            word.against(Retry::Unproven)
        }
        (is, _) => say(None, texts::THERE, &[("is", said_of_acquirer(is))]),
    })
}

fn said_of_acquirer(is: AcquirerIs) -> Said {
    let zh = match is {
        AcquirerIs::Booked => "已入账",
        AcquirerIs::Declined => "拒绝",
        AcquirerIs::Reversed => "已冲正",
        AcquirerIs::Voided => "已撤销",
        AcquirerIs::Refunded => "已退货",
    };
    Phrase::new(is.name(), zh).plain()
}

/// Booked as approved; told with its day where that is not the day of the sale.
fn booked(story: &Story, row: &AcquirerRow) -> FiledWord {
    let made = story.began.date(&Zone::CHINA);
    match row.settles_on.filter(|day| *day > made) {
        Some(day) => {
            let day = ("day", Said::same(day.to_string()));
            FiledWord::of(Tier::E2, None, texts::BOOKED_FOR, &[day])
        }
        None => FiledWord::of(Tier::E2, None, texts::BOOKED, &[]),
    }
}

/// The acquirer's file tells of that time, and lacks it.
fn missing(verdict: &mut Verdict, story: &Story) -> FiledWord {
    if MoneyLeft::of(story.state) == MoneyLeft::Approved {
        verdict.beliefs.acquirer = filed(Is::Nothing);
        let cause = Some(Cause::MissingAtAcquirer);
        let word = FiledWord::of(Tier::E2, cause, texts::MISSING_THERE, &[]);
        return word.against(Retry::No);
    }
    FiledWord::of(Tier::E2, None, texts::NOT_THERE, &[])
}

fn issuer(story: &Story, rows: &[(usize, &IssuerRow)]) -> Option<FiledWord> {
    let (_, row) = rows.last()?;
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E3, cause, row, values);
    let left = MoneyLeft::of(story.state);
    let taken = rows.iter().find(|(_, row)| row.is == IssuerIs::Debited);
    Some(match (row.is, left) {
        (IssuerIs::Returned | IssuerIs::Released, MoneyLeft::Approved) => {
            let source = ("source", FILE_OF[2].plain());
            let word = say(Some(Cause::ReturnedLater), texts::LATER_RETURNED, &[source]);
            word.against(Retry::Unproven)
        }
        (IssuerIs::Returned, _) => {
            let times = taken.and_then(|(_, taken)| taken.at.zip(row.at));
            let later = times.map_or_else(
                || Phrase::new("later", "后").plain(),
                |(from, to)| {
                    let t = Said::same((to - from).as_secs().to_string());
                    Phrase::new("{t}s later", "{t}秒后冲正").fill(&[("t", t)])
                },
            );
            let cause = Some(Cause::DebitReturned);
            say(cause, texts::DEBIT_RETURNED, &[("later", later)])
        }
        (IssuerIs::Held, _) if row.reason.starts_with("review") => {
            say(Some(Cause::IssuerReview), texts::ISSUER_REVIEW, &[])
        }
        (IssuerIs::Debited | IssuerIs::Held, MoneyLeft::Approved) => say(None, texts::DEBITED, &[]),
        (IssuerIs::Debited | IssuerIs::Held, _) => {
            let word = say(Some(Cause::DebitStands), texts::DEBIT_STANDS, &[]);
            word.against(Retry::No)
        }
        (IssuerIs::Refused, MoneyLeft::Approved) => {
            let word = say(
                Some(Cause::AnswersDisagree),
                texts::ISSUER_SAYS,
                &[refused()],
            );
            word.against(Retry::Unproven)
        }
        (IssuerIs::Refused, _) => say(None, texts::ISSUER_SAYS, &[refused()]),
        (IssuerIs::Released, _) => {
            let is = Phrase::new("released", "已解冻").plain();
            say(None, texts::ISSUER_SAYS, &[("is", is)])
        }
    })
}

fn refused() -> (&'static str, Said) {
    ("is", Phrase::new("refused", "拒绝").plain())
}

fn terminal(
    verdict: &mut Verdict,
    story: &Story,
    rows: &[(usize, &TerminalRow)],
) -> Option<FiledWord> {
    let (_, row) = rows.last()?;
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E1, cause, row, values);
    let (is, shown) = match row.is {
        TerminalIs::Approved => (Is::Approved, Phrase::new("approved", "成功")),
        TerminalIs::NotPrinted => (
            Is::Approved,
            Phrase::new("approved, no slip", "成功, 未打印"),
        ),
        TerminalIs::Reversed => (Is::Reversed, Phrase::new("reversed", "已冲正")),
        TerminalIs::Voided => (Is::Returned, Phrase::new("voided", "已撤销")),
    };
    verdict.beliefs.terminal = filed(is);
    let left = MoneyLeft::of(story.state);
    Some(match (is, left) {
        _ if row.amount != asked(story) => {
            let shown = |amount: Amount| Said::same(money(amount.0, ""));
            let values = [("theirs", shown(row.amount)), ("ours", shown(asked(story)))];
            let row = Row {
                verdict: Phrase::new(
                    "the terminal's batch has {theirs}, the messages {ours}",
                    "终端批次金额{theirs}, 报文金额{ours}, 金额不符",
                ),
                ..texts::ANOTHER_AMOUNT
            };
            say(Some(Cause::OtherAmount), row, &values).against(Retry::Unproven)
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
            let values = [("is", shown.plain())];
            say(Some(Cause::SettleMismatch), texts::BATCH_SAYS, &values).against(Retry::Unproven)
        }
        _ => return None,
    })
}

fn asked(story: &Story) -> Amount {
    let opened = story.opened.as_ref().map(|opened| opened.amount);
    story.granted.or(opened).unwrap_or_default()
}

/// The terminal's batch tells of that time, and lacks it.
fn unbatched(story: &Story) -> Option<FiledWord> {
    let approved = MoneyLeft::of(story.state) == MoneyLeft::Approved;
    let say = || {
        FiledWord::of(
            Tier::E1,
            Some(Cause::SettleMismatch),
            texts::NOT_IN_BATCH,
            &[],
        )
    };
    approved.then(|| say().against(Retry::Unproven))
}
