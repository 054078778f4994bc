//! What an acquirer says of a transaction when it is asked about it: a wallet that knows only
//! later whether the payer paid, a view that lags behind the switch.

use super::bonds::Bonds;
use super::codes::{Code, Outcome};
use super::lang::Said;
use super::story::{Seen, Story};
use super::texts_bound as bound;
use crate::engine::record::State;
use crate::iso::message::ResponseCode;
use crate::iso::spec::Purpose;

/// The last inquiry about a transaction that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct InquiryTold<'a> {
    inquiry: &'a Story,
    code: ResponseCode,
}

impl<'a> InquiryTold<'a> {
    pub(super) fn of(story: &Story, others: &[&'a Story]) -> Option<Self> {
        let asks = |one: &&&Story| {
            let about = one.original() == Some(story.tx);
            about && one.purpose() == Some(Purpose::Inquiry) && one.follows(story)
        };
        let told = |one: &&'a Story| {
            let certain = !one.conflict && !one.unread_answer && !one.uncoded;
            let code = one.answer.filter(|_| certain && one.seen != Seen::Nothing);
            code.map(|code| (*one, code))
        };
        let mut last: Option<Self> = None;
        for (inquiry, code) in others.iter().filter(asks).filter_map(told) {
            if last.is_none_or(|last| inquiry.follows(last.inquiry)) {
                last = Some(Self { inquiry, code });
            }
        }
        last
    }

    fn outcome(self) -> Outcome {
        Code::of(&self.code).outcome()
    }

    fn said(self) -> Option<Said> {
        let phrase = match self.outcome() {
            Outcome::Approved => bound::INQUIRY_APPROVED,
            Outcome::Declined => bound::INQUIRY_DENIED,
            Outcome::Unknown => return None,
        };
        Some(phrase.fill(&[
            ("tx", Said::same(self.inquiry.tx.to_string())),
            ("rc", Said::same(self.code.to_string())),
            ("meaning", Code::of(&self.code).said()),
        ]))
    }
}

impl Bonds<'_> {
    /// Whether nothing but an inquiry tells the outcome: it was approved, which its terminal was
    /// told, and nobody wants it undone.
    pub(super) fn is_confirmed_by_inquiry(&self, story: &Story) -> bool {
        let doubtful = matches!(
            story.state,
            State::TimedOut | State::Unanswered | State::AnswerUnread
        );
        let contradicted = story.conflict || story.taken_back || story.second.is_some();
        let undone = story.reversal.by.is_some() || story.reversal.tries > 0;
        let told = self.inquiry.is_some_and(|told| {
            let delivered = matches!(told.inquiry.state, State::Delivered | State::Confirmed);
            told.outcome() == Outcome::Approved && delivered
        });
        doubtful && told && !contradicted && !undone && story.whole
    }

    /// Whether it is approved, and the last inquiry about it denies it.
    pub(super) fn is_denied_by_inquiry(&self, story: &Story) -> bool {
        let stands = matches!(story.state, State::Delivered | State::Confirmed);
        let denied = |told: &InquiryTold<'_>| told.outcome() == Outcome::Declined;
        stands && self.inquiry.as_ref().is_some_and(denied)
    }

    /// What is to be said of the last inquiry about it.
    pub(super) fn inquiry_said(&self, story: &Story) -> Option<Said> {
        let matters = self.is_confirmed_by_inquiry(story) || self.is_denied_by_inquiry(story);
        self.inquiry.filter(|_| matters)?.said()
    }
}
