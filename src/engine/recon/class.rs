//! What a transaction is when all books lie side by side.

use crate::engine::trace::{Cause, Phrase};

/// Makes the enum, its list and its names out of one table.
macro_rules! classes {
    ($($class:ident $name:literal $differs:literal $en:literal $zh:literal;)*) => {
        /// A class, in the order of a report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ReconClass { $(#[doc = $en] $class,)* }

        impl ReconClass {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$class,)*];

            /// As in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$class => $name,)* }
            }

            /// Whether it is a difference.
            #[must_use]
            pub const fn differs(self) -> bool {
                match self { $(Self::$class => $differs,)* }
            }

            /// For people.
            #[must_use]
            pub const fn text(self) -> Phrase {
                match self { $(Self::$class => Phrase::new($en, $zh),)* }
            }
        }
    };
}

classes! {
    Matched "matched" false "all books agree" "相符";
    PaidNet "paid_net" false "paid, less fee or deductions" "净额到账";
    PaidTogether "paid_together" false "paid in one credit with others" "合并到账";
    Waiting "waiting" false "waits for its pay-out" "待划付";
    Held "held" false "pay-out held" "暂缓结算";
    InFlight "in_flight" false "in flight at the cut-over" "日切在途";
    Outside "outside" false "outside the time of the files" "不在文件时段";
    Nothing "nothing" false "no money in it" "无资金";
    Long "long" true "the other side has it, this one does not" "长款";
    Short "short" true "this side has it, the other one does not" "短款";
    OtherAmount "other_amount" true "another amount" "金额不符";
    PaidToAnother "paid_to_another" true "paid to another party" "付给他方";
    PayoutReturned "payout_returned" true "pay-out returned" "结算款退汇";
    PayoutLate "payout_late" true "past its pay-out date" "逾期未到账";
    NotCompared "not_compared" true "batch not compared" "批次未比对";
    Totals "totals" true "batch totals differ" "批总计不符";
    Doubtful "doubtful" true "its outcome is not proven" "结果存疑";
}

impl ReconClass {
    /// The class of a cause that only a file tells; `None` for those of the messages.
    pub(super) const fn of(cause: Cause) -> Option<Self> {
        Some(match cause {
            Cause::Paid => Self::Matched,
            Cause::PaidNet | Cause::PaidUnconfirmed => Self::PaidNet,
            Cause::PaidTogether => Self::PaidTogether,
            Cause::PayoutDue
            | Cause::PayoutMoved
            | Cause::PayoutRule
            | Cause::PayoutMode
            | Cause::Agreement
            | Cause::InstantClosed
            | Cause::NotWithdrawn
            | Cause::NotUploaded
            | Cause::RefundPosting => Self::Waiting,
            Cause::PayoutReviewed
            | Cause::MerchantBlocked
            | Cause::ChannelNotOpen
            | Cause::ReserveShort
            | Cause::PayoutHeld
            | Cause::IssuerReview => Self::Held,
            Cause::PayoutLate => Self::PayoutLate,
            Cause::PayoutReturned => Self::PayoutReturned,
            Cause::PaidToAnother | Cause::TerminalUnbound => Self::PaidToAnother,
            Cause::MissingAtAcquirer => Self::Short,
            Cause::OtherAmount => Self::OtherAmount,
            Cause::BookedAtAcquirer
            | Cause::BookedTwice
            | Cause::DebitStands
            | Cause::SlipStands => Self::Long,
            Cause::ReturnedLater | Cause::SettleMismatch => Self::Short,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_class_has_a_name_of_its_own() {
        let names: BTreeSet<_> = ReconClass::ALL.iter().map(|class| class.name()).collect();
        assert_eq!(names.len(), ReconClass::ALL.len());
    }
}
