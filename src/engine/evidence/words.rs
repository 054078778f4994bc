//! What rows of a file say of a transaction, as words of the file.

/// Makes an enum whose values have one word in files of ours, and others in files of other people.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$about:meta])* $value:ident $own:literal $others:expr;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $value,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value,)*];

            /// The word in files of ours.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $own,)* }
            }

            /// Reads the word, or one that other systems write.
            #[must_use]
            pub fn read(text: &str) -> Option<Self> {
                let text = text.to_lowercase();
                Self::ALL.iter().copied().find(|value| {
                    let others: &[&str] = match value { $(Self::$value => $others,)* };
                    value.name() == text || others.contains(&text.as_str())
                })
            }
        }
    };
}

words! {
    /// What the acquirer's file says of a transaction.
    AcquirerIs {
        /// Booked: the merchant is owed the money.
        Booked "booked" &["success", "approved", "成功", "交易成功", "已入账"];
        /// Declined: no money was moved.
        Declined "declined" &["failed", "失败", "交易失败", "拒绝"];
        /// Reversed.
        Reversed "reversed" &["冲正", "已冲正", "冲正成功"];
        /// Voided.
        Voided "voided" &["撤销", "已撤销"];
        /// Refunded.
        Refunded "refunded" &["退货", "已退货", "退款", "已退款"];
    }
}

words! {
    /// What the terminal's batch says of a transaction.
    TerminalIs {
        /// Approved, and on a slip.
        Approved "approved" &["success", "成功", "交易成功"];
        /// Reversed.
        Reversed "reversed" &["冲正", "已冲正"];
        /// Voided.
        Voided "voided" &["撤销", "已撤销"];
        /// Approved, but no slip was printed.
        NotPrinted "not_printed" &["未打印"];
    }
}

words! {
    /// What the issuer's view says of a transaction.
    IssuerIs {
        /// Taken from the card.
        Debited "debited" &["扣款", "已扣款"];
        /// Set aside on the card: an authorization, or a review.
        Held "held" &["冻结", "预授权"];
        /// No longer set aside.
        Released "released" &["解冻", "已解冻"];
        /// Taken, and given back.
        Returned "returned" &["退回", "已退回", "冲正退回"];
        /// Refused.
        Refused "refused" &["declined", "拒绝"];
    }
}

words! {
    /// What became of a pay-out.
    PayoutIs {
        /// Paid to the merchant's bank.
        Paid "paid" &["已划付", "已到账", "成功"];
        /// Held back.
        Held "held" &["暂缓", "暂缓结算", "冻结"];
        /// Sent back by the merchant's bank.
        Returned "returned" &["退汇", "已退汇", "失败"];
        /// Waits for its day.
        Waiting "waiting" &["待划付", "处理中"];
        /// Waits until the merchant asks for it.
        Asked "asked" &["待提现"];
    }
}

words! {
    /// When a pay-out is made.
    PayoutMode {
        /// On the day itself, at once.
        T0 "t0" &["t+0", "d0", "实时"];
        /// On the next working day.
        T1 "t1" &["t+1", "次工作日"];
        /// On the next calendar day.
        D1 "d1" &["d+1", "次自然日"];
        /// When the merchant asks for it.
        Manual "manual" &["手工", "提现"];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_ours_and_of_others_are_read() {
        assert_eq!(AcquirerIs::read("booked"), Some(AcquirerIs::Booked));
        assert_eq!(AcquirerIs::read("已冲正"), Some(AcquirerIs::Reversed));
        assert_eq!(PayoutMode::read("T+1"), Some(PayoutMode::T1));
        assert_eq!(PayoutIs::read("maybe"), None);
        for is in PayoutIs::ALL {
            assert_eq!(PayoutIs::read(is.name()), Some(*is));
        }
    }
}
