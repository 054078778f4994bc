//! What transactions may have in common.

use crate::engine::trace::{Phrase, Said};

/// Something that divides transactions into groups; in the order in which it explains best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// The first six digits of the card.
    Bin,
    /// DE 41.
    Terminal,
    /// The link to the acquirer.
    Link,
    /// The kind: the channel.
    Kind,
    /// DE 42.
    Merchant,
    /// The dialect of the terminal.
    Spec,
    /// Since a time.
    Since,
}

impl Feature {
    /// Those with values of their own.
    pub const VALUED: [Self; 6] = [
        Self::Bin,
        Self::Terminal,
        Self::Link,
        Self::Kind,
        Self::Merchant,
        Self::Spec,
    ];

    /// As in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bin => "bin",
            Self::Terminal => "terminal",
            Self::Link => "link",
            Self::Kind => "channel",
            Self::Merchant => "merchant",
            Self::Spec => "dialect",
            Self::Since => "since",
        }
    }

    /// A group of this feature, for people.
    #[must_use]
    pub fn said(self, value: &str) -> Said {
        let phrase = match self {
            Self::Bin => Phrase::new("BIN {v}", "{v}卡"),
            Self::Terminal => Phrase::new("terminal {v}", "终端{v}"),
            Self::Link => Phrase::new("link {v}", "线路{v}"),
            Self::Kind => Phrase::new("channel {v}", "{v}渠道"),
            Self::Merchant => Phrase::new("merchant {v}", "商户{v}"),
            Self::Spec => Phrase::new("dialect {v}", "规范{v}"),
            Self::Since => Phrase::new("since {v}", "自{v}起"),
        };
        phrase.fill(&[("v", Said::same(value))])
    }
}
