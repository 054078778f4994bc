//! What is known of a transaction, asked from outside: where the money may be, what is owed, and
//! under which class it stands open.

use super::{Effects, Given, Known, MoneyAt, OpenAs, Reach, UndoStage};
use crate::lab::model::UndoSays;

impl Known {
    /// What is known of the money at the host.
    #[must_use]
    pub fn money(&self) -> MoneyAt {
        let harmless = self.effects == Effects::Harmless;
        match self.stage {
            _ if harmless || !self.out && !self.tried => MoneyAt::None,
            UndoStage::Accepted => MoneyAt::Returned,
            _ if self.returned => MoneyAt::Returned,
            _ if self.approved && self.declined => MoneyAt::Unknown,
            UndoStage::Due | UndoStage::Out if self.approved && self.tried => MoneyAt::Unknown,
            _ if self.approved => MoneyAt::Held,
            _ if self.declined => MoneyAt::None,
            _ if self.claims_unsent => MoneyAt::None,
            UndoStage::None
            | UndoStage::Due
            | UndoStage::Out
            | UndoStage::Unproven
            | UndoStage::Refused
            | UndoStage::GivenUp => MoneyAt::Unknown,
        }
    }

    /// Whether money may be held, as far as is known.
    #[must_use]
    pub fn may_hold(&self) -> bool {
        matches!(self.money(), MoneyAt::Held | MoneyAt::Unknown)
    }

    /// What its kind does to money.
    #[must_use]
    pub const fn effects(&self) -> Effects {
        self.effects
    }

    /// Whether an answer that comes now is in time.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Whether an approval was heard.
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        self.approved
    }

    /// Whether a reversal is owed to the host now.
    #[must_use]
    pub fn owes_reversal(&self) -> bool {
        self.stage == UndoStage::Due
    }

    /// Whether the gateway may still give the terminal its approval.
    #[must_use]
    pub fn may_tell_approval(&self) -> bool {
        let fresh = self.given == Given::Nothing || self.reach == Reach::Failed;
        self.approved && !self.late && fresh && self.stage == UndoStage::None
    }

    /// Whether the terminal waits for an answer that the gateway has to give.
    #[must_use]
    pub fn owes_answer(&self) -> bool {
        self.may_tell_approval() || self.declined && self.given == Given::Nothing
    }

    /// Whether a reversal of this is closed: what a terminal that asks again is told.
    #[must_use]
    pub fn closed_as(&self) -> Option<UndoSays> {
        match self.stage {
            UndoStage::Accepted => Some(UndoSays::Accepted),
            UndoStage::Unproven => Some(UndoSays::Unproven),
            UndoStage::Refused => Some(UndoSays::Refused),
            UndoStage::None if !self.may_hold() => Some(UndoSays::Unproven),
            UndoStage::None | UndoStage::Due | UndoStage::Out | UndoStage::GivenUp => None,
        }
    }

    /// The class under which it stands on the list of open ones.
    #[must_use]
    pub fn open_as(&self) -> Option<OpenAs> {
        if !self.may_hold() {
            return None;
        }
        match self.stage {
            UndoStage::Due | UndoStage::Out => Some(OpenAs::U5),
            UndoStage::Refused | UndoStage::GivenUp => Some(OpenAs::U6),
            UndoStage::Unproven => Some(OpenAs::U9),
            UndoStage::Accepted => None,
            UndoStage::None if !self.approved => Some(OpenAs::U1),
            UndoStage::None if self.declined => Some(OpenAs::U8),
            UndoStage::None if self.given == Given::Approval => match self.reach {
                Reach::Unproven => Some(OpenAs::U8),
                Reach::Failed | Reach::Nowhere => Some(OpenAs::U2),
                Reach::Handed | Reach::Written | Reach::Proven => None,
            },
            UndoStage::None if self.late => Some(OpenAs::U3),
            UndoStage::None => Some(OpenAs::U2),
        }
    }
}
