//! A transaction as spans of time, as tracing systems draw them: the whole of it, and within that
//! each request with its answer, on either side.

use super::moment::{Leg, Moment};
use super::notes;
use super::story::Story;
use crate::engine::record::{Seq, State};
use crate::engine::seam::Wall;
use crate::iso::message::{Mti, ResponseCode};

/// A span of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorySpan {
    /// The record that it began with, which no other span of this kind began with.
    pub began_with: Seq,
    /// What of the transaction.
    pub kind: StorySpanKind,
    /// Its request; `None` for the whole.
    pub request: Option<Mti>,
    /// When it began.
    pub from: Wall,
    /// When it ended: with the answer, else where the transaction ended.
    pub until: Wall,
    /// The answer and its DE 39, if there was one.
    pub answer: Option<(Mti, Option<ResponseCode>)>,
    /// What happened within it that is no message of another span.
    pub events: Vec<(Wall, String)>,
}

/// What of a transaction a span shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorySpanKind {
    /// The whole, as far as it went when it was told first.
    Whole,
    /// What came after that.
    Afterwards,
    /// A request of its terminal, until the gateway answered.
    Terminal,
    /// A request to or of the acquirer, until it was answered.
    Acquirer,
    /// A reversal, or a repeat of one, on the acquirer's side.
    Reversal,
}

impl StorySpan {
    const fn new(moment: &Moment, kind: StorySpanKind, until: Wall) -> Self {
        Self {
            began_with: moment.seq,
            kind,
            request: None,
            from: moment.at,
            until,
            answer: None,
            events: Vec::new(),
        }
    }

    /// Whether a leg is the answer that this one waits for.
    fn waits_for(&self, leg: Leg) -> bool {
        let open = self.answer.is_none();
        let asked = self.request.map(Mti::class);
        open && asked == Some(leg.mti.class()) && self.kind == kind(leg)
    }
}

const TOLD: &str = "a story has a moment";

impl Story {
    /// Its spans that begin behind a record, the one that holds the others first; none if nothing
    /// happened since.
    #[must_use]
    pub fn spans(&self, after: Option<Seq>) -> Vec<StorySpan> {
        let behind = |moment: &&Moment| after.is_none_or(|after| moment.seq > after);
        let mut moments = self.moments.iter().filter(behind).peekable();
        let Some(first) = moments.peek() else {
            return Vec::new();
        };
        let whole = match after {
            None => StorySpanKind::Whole,
            Some(_) => StorySpanKind::Afterwards,
        };
        let mut spans = vec![StorySpan::new(first, whole, self.changed)];
        for moment in moments {
            let said = notes::of(moment).en;
            match moment.leg {
                Some(leg) if !leg.mti.is_answer() => spans.push(StorySpan {
                    request: Some(leg.mti),
                    events: event(moment, said).into_iter().collect(),
                    ..StorySpan::new(moment, kind(leg), self.changed)
                }),
                Some(leg) => {
                    let mut open = spans.iter_mut().rev();
                    if let Some(span) = open.find(|span| span.waits_for(leg)) {
                        span.answer = Some((leg.mti, leg.code));
                        span.until = moment.at;
                        span.events.extend(event(moment, said));
                    } else {
                        let code = leg.code.map(|code| code.to_string());
                        let code = code.unwrap_or_default();
                        let said = format!("{} {} {code} {said}", leg.hop.name(), leg.mti);
                        first_of(&mut spans).events.extend(event(moment, said));
                    }
                }
                None => first_of(&mut spans).events.extend(event(moment, said)),
            }
        }
        spans
    }

    /// Whether the transaction rests: no message is awaited, and nothing is due.
    #[must_use]
    pub const fn rests(&self) -> bool {
        let awaits = matches!(
            self.state,
            State::Received
                | State::Forwarded
                | State::ForwardedGone
                | State::Approved
                | State::Declined
                | State::TimedOut
                | State::LateApproval
                | State::TerminalGone
                | State::ReversalPending
                | State::ReversalSent
        );
        !awaits
    }
}

fn first_of(spans: &mut [StorySpan]) -> &mut StorySpan {
    spans.first_mut().expect(TOLD)
}

fn event(moment: &Moment, said: String) -> Option<(Wall, String)> {
    let said = said.trim();
    (!said.is_empty()).then(|| (moment.at, said.to_owned()))
}

fn kind(leg: Leg) -> StorySpanKind {
    match (leg.is_upstream(), leg.is_reversal()) {
        (false, _) => StorySpanKind::Terminal,
        (true, false) => StorySpanKind::Acquirer,
        (true, true) => StorySpanKind::Reversal,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::History;
    use super::*;

    fn told(history: &History, after: Option<Seq>) -> Vec<(StorySpanKind, String, bool)> {
        let spans = history.story().spans(after).into_iter();
        let request = |span: &StorySpan| span.request.map(|mti| mti.to_string());
        let told = spans.map(|span| {
            let request = request(&span).unwrap_or_default();
            (span.kind, request, span.answer.is_some())
        });
        told.collect()
    }

    #[test]
    fn a_sale_is_a_request_on_each_side_within_the_whole() {
        let history = History::sale().delivered();
        let expected = [
            (StorySpanKind::Whole, String::new(), false),
            (StorySpanKind::Terminal, "0200".to_owned(), true),
            (StorySpanKind::Acquirer, "0200".to_owned(), true),
        ];
        assert_eq!(told(&history, None), expected);
        let story = history.story();
        let spans = story.spans(None);
        assert!(spans.iter().all(|span| span.from >= spans[0].from));
        assert!(spans.iter().all(|span| span.until <= spans[0].until));
        assert!(story.rests());
    }

    #[test]
    fn what_was_not_answered_stays_without_answer_and_its_reversal_is_told_afterwards() {
        let mut history = History::sale().timed_out();
        assert!(!history.story().rests());
        let before = history.story().last;
        history = history.reverses(1);
        let asked = (StorySpanKind::Acquirer, "0200".to_owned(), false);
        assert!(told(&history, None).contains(&asked));
        let afterwards = told(&history, Some(before));
        assert_eq!(afterwards[0].0, StorySpanKind::Afterwards);
        let reversal = (StorySpanKind::Reversal, "0400".to_owned(), false);
        assert!(afterwards.contains(&reversal), "{afterwards:?}");
        assert_eq!(history.story().spans(Some(history.story().last)), []);
    }

    #[test]
    fn what_happened_without_a_message_is_an_event() {
        let spans = History::sale().timed_out().story().spans(None);
        let said: Vec<&str> = spans[0].events.iter().map(|(_, said)| &**said).collect();
        assert_eq!(said, ["no answer by the deadline; waited 45s"]);
    }
}
