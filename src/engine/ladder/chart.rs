//! What stands on a ladder, from a story or from a wire.

use crate::engine::record::{Hop, Note, Seq, Why};
use crate::engine::seam::Wall;
use crate::engine::trace::{Moment, Said, Story, notes};
use crate::iso::message::{Class, Mti};

/// A ladder, ready to be drawn.
#[derive(Clone, Debug, Default)]
pub struct LadderChart {
    pub(super) steps: Vec<LadderStep>,
    /// Whether something came before that is not shown.
    pub(super) cut: bool,
}

/// One step of it.
#[derive(Clone, Debug)]
pub struct LadderStep {
    /// When.
    pub at: Wall,
    /// Its record, if it is in a journal.
    pub seq: Option<Seq>,
    /// Which message of its transaction it is, if it can be looked at.
    pub index: Option<usize>,
    /// What happened.
    pub kind: StepKind,
    /// What is worth a word.
    pub note: Said,
    /// Whether its own reason is that something failed.
    pub failure: bool,
    /// Whether it is no part of the transaction: a sign-on, an echo.
    pub side: bool,
}

/// What a step is.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// A message from one to another.
    Message {
        /// From whom to whom.
        hop: Hop,
        /// Its type; text, since it may be one that nobody knows.
        mti: String,
        /// DE 39; empty without one.
        code: String,
        /// How it passed.
        passing: Passing,
    },
    /// Something that happened to one of them.
    Event(Upright),
    /// An answer that was waited for and did not come.
    Missing,
}

/// A message as it was seen on a wire.
#[derive(Clone, Copy, Debug)]
pub struct LadderMessage<'a> {
    /// When.
    pub at: Wall,
    /// From whom to whom.
    pub hop: Hop,
    /// Its type.
    pub mti: &'a str,
    /// DE 39; empty without one.
    pub code: &'a str,
    /// How it passed.
    pub passing: Passing,
    /// What is worth a word; empty for nothing.
    pub note: &'a str,
}

/// How a message passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// It arrived, as far as is known.
    Arrived,
    /// It arrived when it was waited for no more.
    Late,
    /// It is said again.
    Repeat,
    /// It never arrived.
    Lost,
}

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upright {
    /// The terminal.
    Terminal,
    /// The gateway.
    Gateway,
    /// The acquirer.
    Acquirer,
}

impl LadderChart {
    /// The ladder of a transaction.
    #[must_use]
    pub fn of(story: &Story) -> Self {
        let mut chart = Self {
            steps: Vec::new(),
            cut: !story.whole,
        };
        let mut messages = 0;
        for moment in &story.moments {
            let index = moment.leg.is_some().then_some(messages);
            messages += usize::from(moment.leg.is_some());
            chart.tell(moment, index);
        }
        chart
    }

    /// Adds what happened beside it in the meantime: sign-ons and echoes of the same ends.
    #[must_use]
    pub fn beside<'a>(mut self, others: impl IntoIterator<Item = &'a Story>) -> Self {
        let Some((first, last)) = self.steps.first().zip(self.steps.last()) else {
            return self;
        };
        let (first, last) = (first.at, last.at);
        for other in others {
            let steps = Self::of(other).steps.into_iter();
            let seen = steps.filter(|step| first <= step.at && step.at <= last);
            self.steps.extend(seen.map(|step| LadderStep {
                index: None,
                failure: false,
                side: true,
                ..step
            }));
        }
        self.steps.sort_by_key(|step| (step.at, step.seq));
        self
    }

    /// Adds a message as it was seen on a wire.
    pub fn pass(&mut self, seen: &LadderMessage<'_>) {
        let kind = StepKind::Message {
            hop: seen.hop,
            mti: seen.mti.to_owned(),
            code: seen.code.to_owned(),
            passing: seen.passing,
        };
        self.steps.push(LadderStep {
            at: seen.at,
            seq: None,
            index: None,
            kind,
            note: Said::same(seen.note),
            failure: seen.passing == Passing::Lost,
            side: false,
        });
    }

    fn tell(&mut self, moment: &Moment, index: Option<usize>) {
        let note = notes::of(moment);
        let step = |kind| LadderStep {
            at: moment.at,
            seq: Some(moment.seq),
            index,
            kind,
            note: note.clone(),
            failure: fails(moment.why),
            side: false,
        };
        match &moment.leg {
            Some(leg) => self.steps.push(step(StepKind::Message {
                hop: leg.hop,
                mti: leg.mti.to_string(),
                code: leg.code.map(|code| code.to_string()).unwrap_or_default(),
                passing: passing(moment),
            })),
            None if note.en.is_empty() => {}
            None if moment.why == Why::NoAnswer => self.steps.push(step(StepKind::Missing)),
            None => self.event(step(StepKind::Event(place(moment.why)))),
        }
        if matches!(moment.why, Why::WriteFailed | Why::NeverWritten) {
            self.lose(moment.why);
        }
    }

    /// An event; one at the same moment and place is told with the one before.
    fn event(&mut self, step: LadderStep) {
        let same = |last: &&mut LadderStep| {
            last.at == step.at && matches!(last.kind, StepKind::Event(_) | StepKind::Missing)
        };
        match self.steps.last_mut().filter(same) {
            Some(last) => {
                last.note.en = format!("{}; {}", last.note.en, step.note.en);
                last.note.zh = format!("{}; {}", last.note.zh, step.note.zh);
                last.failure |= step.failure;
            }
            None => self.steps.push(step),
        }
    }

    /// The last message on a hop did not arrive, as is known only now.
    fn lose(&mut self, why: Why) {
        let to = match why {
            Why::WriteFailed => Hop::GatewayToTerminal,
            _ => Hop::GatewayToAcquirer,
        };
        let on = |step: &&mut LadderStep| step.kind.hop() == Some(to);
        if let Some(step) = self.steps.iter_mut().rev().find(on)
            && let StepKind::Message { passing, .. } = &mut step.kind
        {
            *passing = Passing::Lost;
        }
    }
}

impl StepKind {
    /// From whom to whom, if it is a message.
    const fn hop(&self) -> Option<Hop> {
        match self {
            Self::Message { hop, .. } => Some(*hop),
            Self::Event(_) | Self::Missing => None,
        }
    }

    /// The type of a message, if it has one that can be read.
    pub(super) fn mti(&self) -> Option<Mti> {
        match self {
            Self::Message { mti, .. } => mti.parse().ok(),
            Self::Event(_) | Self::Missing => None,
        }
    }

    /// Whether it is a request to the acquirer, for an answer of this class.
    pub(super) fn asks(&self) -> Option<Class> {
        let Self::Message { hop, .. } = self else {
            return None;
        };
        let mti = self.mti()?;
        (*hop == Hop::GatewayToAcquirer && !mti.is_answer()).then(|| mti.class())
    }

    /// Whether it is the acquirer's answer, of this class.
    pub(super) fn answers(&self) -> Option<Class> {
        let Self::Message { hop, passing, .. } = self else {
            return None;
        };
        let mti = self.mti()?;
        let heard = *hop == Hop::AcquirerToGateway && *passing != Passing::Lost;
        (heard && mti.is_answer()).then(|| mti.class())
    }
}

fn passing(moment: &Moment) -> Passing {
    match (&moment.note, moment.why) {
        (Note::LateMs(_), _) | (_, Why::LateApproval) => Passing::Late,
        (Note::Duplicate(_), _) => Passing::Repeat,
        (Note::Try(n), _) if *n > 1 => Passing::Repeat,
        _ => Passing::Arrived,
    }
}

/// Where an event happened.
const fn place(why: Why) -> Upright {
    match why {
        Why::TerminalClosed | Why::WriteFailed => Upright::Terminal,
        Why::LinkLost | Why::NoLink => Upright::Acquirer,
        _ => Upright::Gateway,
    }
}

/// Whether a step's reason is that something went wrong.
const fn fails(why: Why) -> bool {
    match why {
        Why::Plain | Why::Operator | Why::Unseen | Why::OriginalUnknown => false,
        Why::NoAnswer
        | Why::AnswerUnreadable
        | Why::AnswerMac
        | Why::AnswerMismatch
        | Why::LinkLost
        | Why::NoLink
        | Why::NeverWritten
        | Why::TerminalClosed
        | Why::WriteFailed
        | Why::Restarted
        | Why::TerminalAsked
        | Why::LateApproval
        | Why::AnswersDisagree
        | Why::RequestMac
        | Why::DuplicateMismatch
        | Why::OvertakenByReversal
        | Why::Overload
        | Why::Draining
        | Why::NoRoute
        | Why::TriesUsedUp
        | Why::UnknownTerminal
        | Why::RequestUnread
        | Why::Expired
        | Why::Untranslatable
        | Why::WrittenLate
        | Why::OriginalUndoing
        | Why::Unrecalled
        | Why::KeyUnknown => true,
    }
}
