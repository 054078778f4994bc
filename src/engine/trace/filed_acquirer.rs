//! What the acquirer's file says of a transaction: whether it books what the messages leave of it,
//! and gives back what they give back.

use super::Is;
use super::bonds::{self, Bonds};
use super::cause::Cause;
use super::filed::{FiledWord, MoneyLeft, filed, shown};
use super::filed_balance::{self as balance, Holding};
use super::filed_rows::{self, FiledRows};
use super::filed_texts::{self as texts, FILE_OF};
use super::lang::Said;
use super::retry::Retry;
use super::story::{Seen, Story};
use super::texts::{Row, p, row};
use super::verdict::Verdict;
use crate::engine::evidence::{AcquirerIs, EvidenceIndex, Matched, Tier};
use crate::engine::record::State;
use crate::engine::seam::Zone;
use crate::iso::spec::Purpose;

const RETURN_LACKING_THERE: Row = row(
    p(
        "booked in the acquirer's file; its void or refund is missing there",
        "收单机构文件已入账, 但缺其撤销或退货",
    ),
    texts::DISPUTE,
);
const RETURN_MISSING: Row = row(
    texts::MISSING_THERE.verdict,
    p(
        "compare the days of settlement, then ask the acquirer; do not give back again",
        "请先核对清算日期, 再联系收单机构; 请勿再次退回",
    ),
);
const MORE_BACK_THERE: Row = row(
    p(
        "the acquirer's file gives back more than it books ({given} of {taken})",
        "收单机构文件退回多于入账(入账{taken}, 退回{given})",
    ),
    texts::DISPUTE,
);

/// What the file has of a void or refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReturnFiled {
    /// It was declined there, or reversed.
    Failed,
    /// It gives back.
    There,
    /// Its original is booked, and nothing of it is there.
    Lacking,
    /// It may stand in another file.
    Untold,
}

/// Of a sale or an authorization.
pub(super) fn of_sale(
    verdict: &mut Verdict,
    story: &Story,
    (bonds, index): (&Bonds<'_>, &EvidenceIndex<'_>),
    rows: FiledRows<'_, '_>,
) -> Option<FiledWord> {
    let odd = filed_rows::at_odds(story, rows);
    if odd.is_some() {
        return odd;
    }
    let left = MoneyLeft::of(story.state);
    let holding = balance::of_acquirer(rows, bonds::amount(story));
    verdict.beliefs.acquirer = match holding {
        Holding::Nothing => return None,
        Holding::Holds(_) => filed(Is::Approved),
        Holding::GivenBack | Holding::MoreBack(..) => filed(Is::Reversed),
        Holding::Refused => filed(Is::Declined),
        Holding::Unordered => filed(Is::Unknown),
    };
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E2, cause, row, values);
    let source = ("source", FILE_OF[1].plain());
    Some(match (holding, left) {
        (Holding::Holds(theirs), _) => return holds(story, (bonds, index), theirs, rows),
        (Holding::Unordered, _) => {
            let word = say(Some(Cause::BookedAtAcquirer), texts::UNORDERED, &[source]);
            word.against(Retry::Unproven)
        }
        (Holding::MoreBack(taken, given), _) => {
            let values = [
                ("taken", shown(taken, story)),
                ("given", shown(given, story)),
            ];
            let word = say(Some(Cause::ReturnedLater), MORE_BACK_THERE, &values);
            word.against(Retry::Unproven)
        }
        (Holding::Refused, MoneyLeft::Approved) => {
            let word = say(Some(Cause::AnswersDisagree), texts::DECLINED_THERE, &[]);
            word.against(Retry::Unproven)
        }
        (Holding::GivenBack, MoneyLeft::Approved) => {
            let word = say(Some(Cause::ReturnedLater), texts::LATER_RETURNED, &[source]);
            word.against(Retry::Unproven)
        }
        (Holding::GivenBack, _) => say(None, texts::GIVEN_BACK_THERE, &[]),
        (Holding::Refused | Holding::Nothing, _) => say(None, texts::REFUSED_THERE, &[]),
    })
}

/// The file holds this much of a sale.
fn holds(
    story: &Story,
    (bonds, index): (&Bonds<'_>, &EvidenceIndex<'_>),
    theirs: u64,
    rows: FiledRows<'_, '_>,
) -> Option<FiledWord> {
    let say = |cause, row, values: &[(&str, Said)]| FiledWord::of(Tier::E2, cause, row, values);
    let (sold, left) = (bonds.sold(story), bonds.left(story));
    let amounts = [
        ("ours", shown(sold.most, story)),
        ("theirs", shown(theirs, story)),
    ];
    Some(match MoneyLeft::of(story.state) {
        _ if theirs == bonds::amount(story).saturating_mul(2) => {
            let cause = Some(Cause::BookedTwice);
            say(cause, texts::BOOKED_TWICE, &amounts).against(Retry::No)
        }
        _ if !sold.may_be(theirs) && !left.may_be(theirs) => {
            let cause = Some(Cause::OtherAmount);
            say(cause, texts::ANOTHER_AMOUNT, &amounts).against(Retry::No)
        }
        MoneyLeft::Approved | MoneyLeft::Returned => {
            let taken_off = theirs < sold.least && left.may_be(theirs);
            return beside_returns(story, (bonds, index), taken_off, rows);
        }
        // Approved, though the approval may have reached nobody: the books agree.
        MoneyLeft::Unknown if story.seen == Seen::Approval => {
            let mut word = booked(story, rows);
            word.limit = Retry::No;
            word
        }
        MoneyLeft::Unknown | MoneyLeft::Undone => {
            let word = say(Some(Cause::BookedAtAcquirer), texts::BOOKED_AFTER_ALL, &[]);
            word.against(Retry::No)
        }
    })
}

/// A sale that is booked, beside what the messages give back of it: that has other rows, unless it
/// is `taken_off` there.
fn beside_returns(
    story: &Story,
    (bonds, index): (&Bonds<'_>, &EvidenceIndex<'_>),
    taken_off: bool,
    rows: FiledRows<'_, '_>,
) -> Option<FiledWord> {
    let say = |cause, row| FiledWord::of(Tier::E2, cause, row, &[]);
    let cause = Some(Cause::BookedAtAcquirer);
    let told = returns_filed(bonds, index, !taken_off);
    let any = |is| told.contains(&is);
    Some(match MoneyLeft::of(story.state) {
        _ if any(ReturnFiled::Failed) => say(cause, texts::RETURN_FAILED_THERE).against(Retry::No),
        _ if any(ReturnFiled::Lacking) => say(cause, RETURN_LACKING_THERE).against(Retry::No),
        _ if any(ReturnFiled::Untold) => say(Some(Cause::RefundPosting), texts::RETURN_NOT_THERE),
        _ if any(ReturnFiled::There) => say(None, texts::BOTH_THERE),
        MoneyLeft::Returned => say(None, texts::RETURN_NOT_THERE),
        _ => booked(story, rows),
    })
}

/// A sale that the file does not have, and whose void or refund failed there.
pub(super) fn return_failed(bonds: &Bonds<'_>, index: &EvidenceIndex<'_>) -> Option<FiledWord> {
    let failed = returns_filed(bonds, index, false).contains(&ReturnFiled::Failed);
    let word = || {
        let cause = Some(Cause::BookedAtAcquirer);
        FiledWord::of(Tier::E2, cause, texts::RETURN_FAILED_THERE, &[]).against(Retry::No)
    };
    failed.then(word)
}

/// What the file has of each void and refund of a sale; `booked` if it has the sale as a whole.
fn returns_filed(bonds: &Bonds<'_>, index: &EvidenceIndex<'_>, booked: bool) -> Vec<ReturnFiled> {
    let backs = bonds.returns.iter().map(|(back, _)| *back);
    let backs = backs.filter(|back| bonds::gives_back(back));
    backs
        .map(|back| return_filed(back, index, booked))
        .collect()
}

/// Whether a file tells of a void or refund that it failed.
fn fails(rows: FiledRows<'_, '_>) -> bool {
    let mut rows = rows.iter();
    rows.any(|(_, row)| matches!(row.is, AcquirerIs::Declined | AcquirerIs::Reversed))
}

fn return_filed(back: &Story, index: &EvidenceIndex<'_>, booked: bool) -> ReturnFiled {
    let keys = back.filed_keys();
    match index.acquirer(&keys) {
        Matched::Rows(rows) if fails(&rows) => ReturnFiled::Failed,
        Matched::Rows(_) => ReturnFiled::There,
        Matched::NoFile | Matched::Ambiguous(_) => ReturnFiled::Untold,
        Matched::Nothing | Matched::Other(_) if !booked => ReturnFiled::There,
        // A void leaves nothing to be booked; a refund may be posted another day.
        _ if back.purpose() == Some(Purpose::Void) || index.acquirer_covers(&keys) => {
            ReturnFiled::Lacking
        }
        _ => ReturnFiled::Untold,
    }
}

/// Of a void or a refund by itself. `original` is what it gives back, with what belongs to that.
pub(super) fn of_return(
    verdict: &mut Verdict,
    story: &Story,
    (original, index): (Option<(&Story, &Bonds<'_>)>, &EvidenceIndex<'_>),
    rows: FiledRows<'_, '_>,
) -> Option<FiledWord> {
    let left = MoneyLeft::of(story.state);
    let Some((_, last)) = rows.last() else {
        let made = matches!(left, MoneyLeft::Approved | MoneyLeft::Returned);
        let booked = original.map_or_else(
            || story.purpose() == Some(Purpose::Refund),
            |(original, bonds)| is_booked(original, bonds, story, index),
        );
        let lacks = made && return_filed(story, index, booked) == ReturnFiled::Lacking;
        let word = || {
            let cause = Some(Cause::MissingAtAcquirer);
            FiledWord::of(Tier::E2, cause, RETURN_MISSING, &[]).against(Retry::No)
        };
        return lacks.then(word);
    };
    let fails = fails(rows);
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

/// Whether the file books an original as if this had given nothing back. Of a refund that may be
/// of another day's file.
fn is_booked(original: &Story, bonds: &Bonds<'_>, back: &Story, index: &EvidenceIndex<'_>) -> bool {
    let Matched::Rows(rows) = index.acquirer(&original.filed_keys()) else {
        return back.purpose() == Some(Purpose::Refund);
    };
    match balance::of_acquirer(&rows, bonds::amount(original)) {
        Holding::Holds(theirs) => theirs >= bonds.sold(original).least,
        _ => false,
    }
}

/// Booked as approved; told with its day where that is not the day of the sale.
fn booked(story: &Story, rows: FiledRows<'_, '_>) -> FiledWord {
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

/// The file tells of that time, and lacks it.
pub(super) fn missing(verdict: &mut Verdict, story: &Story) -> FiledWord {
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
