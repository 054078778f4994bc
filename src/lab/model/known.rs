//! What is known of one transaction, and what is owed: a state machine over evidence.
//!
//! Evidence is what was said on a wire, that a line was lost, that a process began anew. Time does
//! not stand here: a deadline that passes is an event.

mod told;

use super::codes::{AnswerSays, UndoSays};

/// Something that happened to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happened {
    /// The terminal's request came in, for the first time or again.
    Asked,
    /// The request goes up.
    Forwarded,
    /// An answer to it came from above.
    Heard(AnswerSays),
    /// An answer to it goes to the terminal; `own` if nobody above gave it.
    Told {
        /// What it says.
        says: AnswerSays,
        /// Whether the gateway made it.
        own: bool,
    },
    /// The answer that was told was written to a connection that lives.
    Written,
    /// The answer that was told could not be written.
    NotWritten,
    /// The terminal's connection was reset after the answer was written.
    Reset,
    /// A later message proves that the terminal has the approval.
    Proven,
    /// The terminal had its time to come back for its answer.
    GraceOver,
    /// The terminal asks for a reversal; `part` if of a part only (R12).
    UndoAsked {
        /// Whether a part of the amount is to stand.
        part: bool,
    },
    /// A try of the reversal goes up.
    Reversing,
    /// An answer to the reversal came from above.
    UndoHeard(UndoSays),
    /// An answer to its reversal goes to the terminal; `own` if nobody above gave it.
    UndoTold {
        /// What it says.
        says: UndoSays,
        /// Whether the gateway made it.
        own: bool,
    },
    /// A try brought nothing in its time.
    UndoSilent,
    /// Tries or time of the reversal are used up.
    GivenUp,
    /// The line that carries the request, or the reversal, was lost.
    LinkLost,
    /// The request's answer did not come in time.
    Deadline,
    /// The gateway began anew: what was under way is not known any more.
    Restarted,
    /// A void or refund returned all of it.
    Returned,
    /// That void or refund was itself undone.
    ReturnUndone,
    /// A batch that contains it was closed.
    Settled,
}

/// What a kind of message does to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effects {
    /// Its request moves or holds money, and can be undone.
    Undoable,
    /// It tells of what happened already; it is repeated, never reversed (R4).
    Advice,
    /// It moves none: an inquiry, a notice, a session (R11).
    Harmless,
}

/// Who reverses an unknown outcome (R15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// The terminal only; the gateway lists.
    #[default]
    Terminal,
    /// The gateway, or both.
    Gateway,
}

/// What is known of the money at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MoneyAt {
    /// None was taken.
    None,
    /// It is held.
    Held,
    /// It was given back.
    Returned,
    /// Nobody here knows.
    Unknown,
}

/// The class under which a transaction stands on the list of open ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenAs {
    /// No answer.
    U1,
    /// An answer that was not delivered.
    U2,
    /// A late approval.
    U3,
    /// A reversal is due or under way.
    U5,
    /// A reversal that was refused or given up.
    U6,
    /// An approval whose delivery is not proven, or that a decline contradicts.
    U8,
    /// A reversal that is closed, and proves nothing.
    U9,
}

impl OpenAs {
    /// `U1` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U1 => "U1",
            Self::U2 => "U2",
            Self::U3 => "U3",
            Self::U5 => "U5",
            Self::U6 => "U6",
            Self::U8 => "U8",
            Self::U9 => "U9",
        }
    }
}

/// A rule that was broken by what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Broken {
    /// The rule: `R13`, `I3`.
    pub rule: &'static str,
    /// What was done against it.
    pub what: &'static str,
}

const fn broken(rule: &'static str, what: &'static str) -> Option<Broken> {
    Some(Broken { rule, what })
}

/// What the terminal was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Given {
    Nothing,
    Approval,
    No,
}

/// How far the approval came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Reach {
    Nowhere,
    Handed,
    Written,
    Failed,
    Unproven,
    Proven,
}

/// Where its reversal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum UndoStage {
    None,
    Due,
    Out,
    Accepted,
    Unproven,
    Refused,
    GivenUp,
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known {
    effects: Effects,
    policy: Policy,
    asked: bool,
    out: bool,
    /// An answer that comes now is in time.
    waiting: bool,
    approved: bool,
    /// The approval came when it was not waited for any more.
    late: bool,
    declined: bool,
    given: Given,
    /// The gateway said no by itself, claiming that nothing had left.
    claims_unsent: bool,
    reach: Reach,
    /// The terminal asked for a reversal.
    wish: bool,
    /// Of a part only.
    part: bool,
    stage: UndoStage,
    /// A try of the reversal has left.
    tried: bool,
    /// Tries whose answer has not come.
    unheard: u8,
    /// Of those, the ones that left before the approval that contradicts them: their answers prove
    /// nothing (R19).
    stale: u8,
    returned: bool,
    settled: bool,
}

impl Known {
    /// A transaction of which nothing has happened.
    #[must_use]
    pub const fn new(effects: Effects, policy: Policy) -> Self {
        Self {
            effects,
            policy,
            asked: false,
            out: false,
            waiting: false,
            approved: false,
            late: false,
            declined: false,
            given: Given::Nothing,
            claims_unsent: false,
            reach: Reach::Nowhere,
            wish: false,
            part: false,
            stage: UndoStage::None,
            tried: false,
            unheard: 0,
            stale: 0,
            returned: false,
            settled: false,
        }
    }

    /// Takes what happened in; the rule that it breaks, if it breaks one.
    pub fn take(&mut self, happened: Happened) -> Option<Broken> {
        match happened {
            Happened::Asked => self.asked = true,
            Happened::Forwarded => return self.forwarded(),
            Happened::Heard(says) => return self.heard(says),
            Happened::Told { says, own } => return self.told(says, own),
            Happened::Written => self.reaches(Reach::Handed, Reach::Written),
            Happened::NotWritten => self.reaches(Reach::Handed, Reach::Failed),
            Happened::Reset => {
                self.reaches(Reach::Handed, Reach::Unproven);
                self.reaches(Reach::Written, Reach::Unproven);
            }
            Happened::Proven => {
                if self.given == Given::Approval {
                    self.reach = Reach::Proven;
                }
            }
            Happened::GraceOver => {
                let nowhere = matches!(self.reach, Reach::Nowhere | Reach::Failed);
                if self.approved && nowhere && self.stage == UndoStage::None {
                    self.due();
                }
            }
            Happened::UndoAsked { part } => self.undo_asked(part),
            Happened::Reversing => return self.reversing(),
            Happened::UndoHeard(says) => self.undo_heard(says),
            Happened::UndoTold { says, own } => return self.undo_told(says, own),
            Happened::UndoSilent => self.still_due(),
            Happened::GivenUp => {
                if matches!(self.stage, UndoStage::Due | UndoStage::Out) {
                    self.stage = UndoStage::GivenUp;
                }
            }
            Happened::LinkLost => {
                self.no_answer();
                self.still_due();
            }
            Happened::Deadline => self.no_answer(),
            Happened::Restarted => self.restarted(),
            Happened::Returned => self.returned = true,
            Happened::ReturnUndone => self.returned = false,
            Happened::Settled => self.settled = true,
        }
        None
    }

    fn reaches(&mut self, from: Reach, to: Reach) {
        if self.reach == from {
            self.reach = to;
        }
    }

    fn forwarded(&mut self) -> Option<Broken> {
        let again = std::mem::replace(&mut self.out, true);
        if again && self.effects != Effects::Undoable {
            return None;
        }
        if again {
            return broken("R13", "a request goes up a second time");
        }
        self.waiting = true;
        if self.given == Given::No {
            return broken(
                "I7",
                "a request goes up that its terminal was told is refused",
            );
        }
        if self.wish {
            return broken("D5", "a request goes up after its reversal");
        }
        None
    }

    fn heard(&mut self, says: AnswerSays) -> Option<Broken> {
        let in_time = self.waiting && self.stage == UndoStage::None;
        match says {
            AnswerSays::Approval if self.approved => {}
            AnswerSays::Approval => {
                self.approved = true;
                self.waiting = false;
                self.late = !in_time;
                if self.late {
                    return self.late_approval();
                }
            }
            AnswerSays::Decline => {
                self.declined = true;
                self.waiting = false;
                if self.approved {
                    // Two answers disagree: listed, and not acted on.
                    self.reaches(Reach::Handed, Reach::Unproven);
                    self.reaches(Reach::Written, Reach::Unproven);
                } else if self.stage == UndoStage::Due && !self.tried {
                    self.stage = UndoStage::None;
                }
            }
            AnswerSays::Unknown | AnswerSays::Unusable => {
                if in_time {
                    self.no_answer();
                }
            }
        }
        None
    }

    /// An approval that nobody waits for any more: it is owed a reversal if none is under way, and
    /// one that was closed before begins anew (R7, R19).
    fn late_approval(&mut self) -> Option<Broken> {
        match self.stage {
            UndoStage::None => self.due(),
            UndoStage::Accepted | UndoStage::Unproven => {
                self.stage = UndoStage::Due;
                self.stale = self.unheard;
            }
            UndoStage::Due | UndoStage::Out | UndoStage::Refused | UndoStage::GivenUp => {}
        }
        if std::mem::take(&mut self.claims_unsent) {
            return broken(
                "I7",
                "a terminal was told that nothing was sent, and an approval of it comes",
            );
        }
        None
    }

    fn told(&mut self, says: AnswerSays, own: bool) -> Option<Broken> {
        if self.effects == Effects::Harmless {
            return None;
        }
        let before = self.given;
        if says == AnswerSays::Approval {
            self.given = Given::Approval;
            self.reaches(Reach::Nowhere, Reach::Handed);
            self.reaches(Reach::Failed, Reach::Handed);
            return match before {
                _ if !self.approved => broken("I13", "an approval is told that nobody gave"),
                Given::No => broken("I9", "an approval is told after a refusal"),
                Given::Approval => None,
                Given::Nothing if self.late => broken("I10", "a late approval is told"),
                Given::Nothing if self.stage != UndoStage::None => {
                    broken("I3", "an approval is told that is being reversed")
                }
                Given::Nothing => None,
            };
        }
        if before == Given::Approval {
            return broken("I9", "a refusal is told after an approval");
        }
        self.given = Given::No;
        if self.approved && !self.late && self.stage == UndoStage::None {
            return broken(
                "I3",
                "a refusal is told of what is approved and not reversed",
            );
        }
        if own && self.out && self.waiting {
            self.waiting = false;
            self.claims_unsent = self.stage == UndoStage::None;
        }
        None
    }

    fn undo_asked(&mut self, part: bool) {
        self.wish = true;
        self.part = part;
        self.waiting = false;
        // One that is not known here goes up as well: unknown here is not unknown there (D5).
        let orphan = !self.asked;
        let begins = matches!(self.stage, UndoStage::None | UndoStage::GivenUp);
        if begins && (orphan || self.may_hold()) {
            self.stage = UndoStage::Due;
        }
    }

    fn reversing(&mut self) -> Option<Broken> {
        let accepted = self.stage == UndoStage::Accepted;
        self.stage = UndoStage::Out;
        self.tried = true;
        self.waiting = false;
        self.unheard = self.unheard.saturating_add(1);
        let unasked = !self.wish;
        let has_receipt = self.given == Given::Approval;
        let delivered = matches!(self.reach, Reach::Written | Reach::Proven);
        if unasked && !self.out {
            return broken("I5", "a reversal goes up of what never went up");
        }
        if unasked && self.effects != Effects::Undoable {
            return broken(
                "R11",
                "a reversal goes up of a message that is never reversed",
            );
        }
        if unasked && has_receipt && delivered {
            return broken(
                "I3",
                "a delivered approval is reversed, and its terminal did not ask",
            );
        }
        if accepted {
            self.stage = UndoStage::Accepted;
        }
        None
    }

    fn undo_heard(&mut self, says: UndoSays) {
        let is_stale = self.stale > 0;
        self.unheard = self.unheard.saturating_sub(1);
        self.stale = self.stale.saturating_sub(1);
        let open = matches!(
            self.stage,
            UndoStage::Due | UndoStage::Out | UndoStage::GivenUp
        );
        match says {
            UndoSays::Accepted if is_stale => {}
            UndoSays::Accepted if self.part => {
                self.part = false;
                self.wish = false;
                self.stage = UndoStage::None;
            }
            UndoSays::Accepted => self.stage = UndoStage::Accepted,
            UndoSays::Unproven if open && self.approved => self.stage = UndoStage::Due,
            UndoSays::Unproven if open => self.stage = UndoStage::Unproven,
            UndoSays::Refused if open => self.stage = UndoStage::Refused,
            UndoSays::Retry if self.stage == UndoStage::Out => self.stage = UndoStage::Due,
            UndoSays::Unproven | UndoSays::Refused | UndoSays::Retry => {}
        }
    }

    fn undo_told(&mut self, says: UndoSays, own: bool) -> Option<Broken> {
        let owed_above = matches!(self.stage, UndoStage::Due | UndoStage::Out);
        let is_open = self.may_hold() && self.stage != UndoStage::Unproven;
        if own && says.closes() && is_open && !owed_above && !self.settled {
            return broken(
                "R6",
                "a terminal's reversal is closed here while money may be held, and none goes up",
            );
        }
        None
    }

    /// Its answer is not waited for any more; whoever reverses on this route begins.
    fn no_answer(&mut self) {
        if std::mem::take(&mut self.waiting) && self.stage == UndoStage::None {
            self.due();
        }
    }

    fn due(&mut self) {
        let acts = self.policy == Policy::Gateway && self.effects == Effects::Undoable;
        if acts && self.given != Given::Approval || self.wish {
            self.stage = UndoStage::Due;
        }
    }

    fn still_due(&mut self) {
        if self.stage == UndoStage::Out {
            self.stage = UndoStage::Due;
        }
    }

    fn restarted(&mut self) {
        self.no_answer();
        self.still_due();
        let in_time = self.approved && !self.late && self.stage == UndoStage::None;
        if in_time && self.given == Given::Nothing {
            // The write may have happened before its record.
            self.given = Given::Approval;
            self.reach = Reach::Unproven;
        }
        self.reaches(Reach::Handed, Reach::Unproven);
    }
}
