//! What a response code says about the money, by the tables of a dialect.

use super::flow::{Flow, Purpose};
use super::wanted::Wanted;
use crate::iso::message::ResponseCode;

/// What the answer to a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestOutcome {
    /// It was made, in full.
    Approved,
    /// It was made, for the amount in the answer, which is less.
    ApprovedInPart,
    /// It was not made, now or ever.
    Declined,
    /// Nobody behind the answer vouches for either: the dialect says so of the code, or lists no
    /// such code, or there is none where there must be one.
    Unknown,
}

/// What the answer to a reversal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReversalOutcome {
    /// It is booked.
    Accepted,
    /// The original is not there or was never approved: closed, but not proven.
    Unproven,
    /// It is refused for good.
    Refused,
    /// Not now: it stays due.
    Later,
    /// A code that the dialect does not list, or none: it stays due.
    Unknown,
}

/// Which response codes mean what. A code that stands in no list of requests is unknown.
#[derive(Clone, Debug)]
pub struct Codes {
    /// The request is approved (`UnionPay`: 00 10 11 16 A2 A4 A5 A6).
    pub approved: Vec<ResponseCode>,
    /// Those of `approved` that mean less than the amount asked for (10).
    pub in_part: Vec<ResponseCode>,
    /// The request was not made (51; 1993: 1xx).
    pub declined: CodeSet,
    /// Whoever gave the answer does not know the outcome behind it, and must reverse (98 68);
    /// stronger than `declined`.
    pub unknown: CodeSet,
    /// Purposes whose answers may come without a code: to come is to approve.
    pub without: Vec<Purpose>,
    /// The reversal is booked (00).
    pub reversal_accepted: Vec<ResponseCode>,
    /// The reversal is closed, but not proven (25 12).
    pub reversal_unproven: Vec<ResponseCode>,
    /// The reversal is refused for good (58 64 30). Any code on no list keeps it pending.
    pub reversal_refused: Vec<ResponseCode>,
    /// The reversal could not be taken now (91 96).
    pub reversal_later: Vec<ResponseCode>,
}

/// Codes, some of them as groups: `1xx`.
#[derive(Clone, Debug, Default)]
pub struct CodeSet {
    /// Ascending.
    exact: Vec<ResponseCode>,
    groups: Vec<Wanted>,
    first: Option<ResponseCode>,
}

impl RequestOutcome {
    /// Whether money may have moved by what the answer says.
    #[must_use]
    pub const fn is_approval(self) -> bool {
        matches!(self, Self::Approved | Self::ApprovedInPart)
    }
}

impl ReversalOutcome {
    /// Whether the reversal need not be sent again for this answer.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Accepted | Self::Unproven | Self::Refused)
    }
}

impl CodeSet {
    pub(super) fn new(mut exact: Vec<ResponseCode>, groups: Vec<Wanted>) -> Self {
        let first = exact.first().copied();
        exact.sort_unstable();
        Self {
            exact,
            groups,
            first,
        }
    }

    /// Whether the code stands here, by itself or in a group.
    #[must_use]
    pub fn contains(&self, code: ResponseCode) -> bool {
        let in_group = || self.groups.iter().any(|group| group.matches(&code));
        self.exact.binary_search(&code).is_ok() || in_group()
    }

    /// Each code and group, as a file names them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let exact = self.exact.iter().map(|code| &**code);
        exact.chain(self.groups.iter().map(Wanted::as_str))
    }

    /// The code that the file names first, to say this meaning with.
    #[must_use]
    pub const fn usual(&self) -> Option<ResponseCode> {
        self.first
    }
}

impl Flow {
    /// What an answer with this code, or without one, says of a request of this purpose.
    #[must_use]
    pub fn outcome(&self, purpose: Purpose, code: Option<ResponseCode>) -> RequestOutcome {
        let codes = &self.codes;
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            return if codes.without.contains(&purpose) {
                RequestOutcome::Approved
            } else {
                RequestOutcome::Unknown
            };
        };
        if purpose == Purpose::Reversal {
            return self.reversal_outcome(Some(code)).as_request();
        }
        let is_own = !purpose.moves_money() && code == self.answer.approval(purpose);
        if is_own || codes.approved.contains(&code) {
            if codes.in_part.contains(&code) && purpose.moves_money() {
                RequestOutcome::ApprovedInPart
            } else {
                RequestOutcome::Approved
            }
        } else if codes.unknown.contains(code) {
            RequestOutcome::Unknown
        } else if codes.declined.contains(code) || self.is_out_of_balance(purpose, code) {
            RequestOutcome::Declined
        } else {
            RequestOutcome::Unknown
        }
    }

    /// What an answer with this code, or without one, says of a reversal.
    #[must_use]
    pub fn reversal_outcome(&self, code: Option<ResponseCode>) -> ReversalOutcome {
        let codes = &self.codes;
        let Some(code) = code else {
            return ReversalOutcome::Unknown;
        };
        if codes.reversal_accepted.contains(&code) || code == self.answer.reversed {
            ReversalOutcome::Accepted
        } else if codes.reversal_unproven.contains(&code) {
            ReversalOutcome::Unproven
        } else if codes.reversal_refused.contains(&code) {
            ReversalOutcome::Refused
        } else if codes.reversal_later.contains(&code) {
            ReversalOutcome::Later
        } else {
            ReversalOutcome::Unknown
        }
    }

    /// Whether a code says yes to a message of this purpose.
    #[must_use]
    pub fn accepts(&self, purpose: Purpose, code: ResponseCode) -> bool {
        self.outcome(purpose, Some(code)).is_approval()
    }

    fn is_out_of_balance(&self, purpose: Purpose, code: ResponseCode) -> bool {
        let counts = matches!(purpose, Purpose::Settlement | Purpose::BatchUpload);
        counts && code == self.answer.unsettled
    }
}

impl ReversalOutcome {
    const fn as_request(self) -> RequestOutcome {
        match self {
            Self::Accepted => RequestOutcome::Approved,
            Self::Refused => RequestOutcome::Declined,
            Self::Unproven | Self::Later | Self::Unknown => RequestOutcome::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Spec;
    use RequestOutcome::{Approved, ApprovedInPart, Declined, Unknown};

    /// Every code of each list, as `outcome` says of an answer to a debit.
    fn check(name: &str, table: &[(&str, RequestOutcome)]) {
        let spec = Spec::builtin(name).unwrap();
        for (codes, outcome) in table {
            for code in codes.split(' ') {
                let said = spec.flow().outcome(Purpose::Debit, ResponseCode::new(code));
                assert_eq!(said, *outcome, "{name}: {code}");
            }
        }
    }

    /// Codes of two characters in use by UnionPay, between terminal and acquirer and at the switch.
    const UNION_PAY: [(&str, RequestOutcome); 4] = [
        ("00 11 16 A2 A4 A5 A6", Approved),
        ("10", ApprovedInPart),
        (
            "01 02 03 04 05 06 07 12 13 14 15 21 22 25 30 31 33 34 35 36 37 38 40 41 43 45 51 54 \
             55 57 58 59 61 62 64 65 67 75 77 90 91 92 93 95 96 97 99 A0 A1 A3 A7",
            Declined,
        ),
        ("98 68 08 09 20 32 94 ZZ 0A 7X 80 83 87 Y1 N7 B0 0", Unknown),
    ];

    #[test]
    fn unionpay_says_what_its_codes_mean() {
        for name in ["cup-pos", "cups", "lakala-pos", "icbc-pos", "zhifutong-pos"] {
            check(name, &UNION_PAY);
        }
    }

    #[test]
    fn the_1987_dialects_honour_with_identification() {
        let table = [
            ("00 08 11 16", Approved),
            ("10", ApprovedInPart),
            (
                "01 03 05 06 12 13 14 25 30 39 51 54 55 57 58 61 64 75 90 91 92 96 N7 Q1 R0",
                Declined,
            ),
            ("68 09 20 32 94 98 82 83 85 87 ZZ A2 Y1 7X", Unknown),
        ];
        for edition in ["ascii", "binary", "ebcdic"] {
            check(&format!("iso8583-1987-{edition}"), &table);
        }
    }

    #[test]
    fn action_codes_are_read_by_their_group() {
        check(
            "iso8583-1993-ascii",
            &[
                ("000 001 003 004 005", Approved),
                ("002 006", ApprovedInPart),
                ("100 116 199 200 902 904 906 907 909 914 916", Declined),
                ("911 913 923 990 300 007 400 500 800 00 1000", Unknown),
            ],
        );
        check(
            "iso8583-2003-binary",
            &[
                ("0000 0001 0003", Approved),
                ("0002 0006", ApprovedInPart),
                ("1000 1116 2000 9102 9104 9107 9109", Declined),
                ("9111 9113 9999 4000 5000 00 000", Unknown),
            ],
        );
    }

    #[test]
    fn no_code_is_an_approval_only_where_the_dialect_has_none() {
        for (name, settles) in [
            ("cup-pos", Approved),
            ("iso8583-1987-ascii", Approved),
            ("iso8583-1993-ascii", Unknown),
            ("cups", Unknown),
        ] {
            let spec = Spec::builtin(name).unwrap();
            for blank in [None, Some(""), Some("  ")] {
                let code = blank.and_then(ResponseCode::new);
                let says = |purpose| spec.flow().outcome(purpose, code);
                for purpose in [
                    Purpose::Debit,
                    Purpose::Hold,
                    Purpose::Void,
                    Purpose::Refund,
                    Purpose::Inquiry,
                    Purpose::SignOn,
                    Purpose::Reversal,
                ] {
                    assert_eq!(says(purpose), Unknown, "{name} {purpose:?} {blank:?}");
                }
                assert_eq!(says(Purpose::Settlement), settles, "{name} {blank:?}");
                let undone = spec.flow().reversal_outcome(code);
                assert_eq!(undone, ReversalOutcome::Unknown, "{name} {blank:?}");
            }
        }
    }

    #[test]
    fn sessions_and_totals_have_a_yes_of_their_own() {
        let spec = Spec::builtin("iso8583-1993-ascii").unwrap();
        for (purpose, code, outcome) in [
            (Purpose::SignOn, "800", Approved),
            (Purpose::SignOn, "000", Approved),
            (Purpose::SignOn, "907", Declined),
            (Purpose::Settlement, "500", Approved),
            (Purpose::Settlement, "501", Declined),
            (Purpose::Reversal, "400", Approved),
            (Purpose::Reversal, "120", Declined),
            (Purpose::Reversal, "914", Unknown),
            (Purpose::Debit, "800", Unknown),
        ] {
            let said = spec.flow().outcome(purpose, ResponseCode::new(code));
            assert_eq!(said, outcome, "{purpose:?} {code}");
        }
    }

    #[test]
    fn reversals_are_closed_by_few_codes() {
        use ReversalOutcome::{Accepted, Later, Refused, Unknown, Unproven};
        for (name, table) in [
            (
                "cup-pos",
                [
                    ("00", Accepted),
                    ("25 12", Unproven),
                    ("58 64 30", Refused),
                    ("98 68 91 96 94 A0 06", Later),
                    ("51 05 10 ZZ 76 88", Unknown),
                ],
            ),
            (
                "iso8583-1987-binary",
                [
                    ("00", Accepted),
                    ("25 12", Unproven),
                    ("58 64 30", Refused),
                    ("68 91 96 94 06", Later),
                    ("98 08 51 ZZ", Unknown),
                ],
            ),
            (
                "iso8583-1993-ascii",
                [
                    ("400", Accepted),
                    ("914 902", Unproven),
                    ("120 110 904", Refused),
                    ("907 909 911 913", Later),
                    ("000 116 401", Unknown),
                ],
            ),
            (
                "iso8583-2003-binary",
                [
                    ("4000", Accepted),
                    ("9114 9102", Unproven),
                    ("1120 1110 9104", Refused),
                    ("9107 9109 9111 9113", Later),
                    ("0000 1116", Unknown),
                ],
            ),
        ] {
            let spec = Spec::builtin(name).unwrap();
            for (codes, outcome) in table {
                for code in codes.split(' ') {
                    let said = spec.flow().reversal_outcome(ResponseCode::new(code));
                    assert_eq!(said, outcome, "{name}: {code}");
                }
            }
        }
    }

    #[test]
    fn every_code_with_a_meaning_has_a_name_and_the_other_way_round() {
        for name in Spec::builtin_names() {
            let spec = Spec::builtin(name).unwrap();
            let (flow, codes) = (spec.flow(), &spec.flow().codes);
            let sets = [&codes.declined, &codes.unknown];
            let exact = sets.iter().flat_map(|set| &set.exact);
            for code in exact.chain(&codes.approved) {
                assert!(spec.response_title(code).is_some(), "{name}: {code}");
            }
            let answer = &flow.answer;
            let own = [
                answer.reversed,
                answer.session,
                answer.settled,
                answer.unsettled,
            ];
            for code in spec
                .response_titles
                .keys()
                .filter(|code| !own.contains(code))
            {
                let listed =
                    codes.approved.contains(code) || sets.iter().any(|set| set.contains(*code));
                assert!(listed, "{name}: {code} has a name and no meaning");
            }
        }
    }

    #[test]
    fn what_an_overlay_calls_unknown_is_no_decline() {
        let text = "name = \"mine\"\nextends = \"cup-pos\"\n[codes]\nunknown = [\"91\"]\n";
        let spec = Spec::load("mine.toml", text, &|_| None).unwrap();
        let says = |code| spec.flow().outcome(Purpose::Debit, ResponseCode::new(code));
        assert_eq!(says("91"), Unknown);
        assert_eq!(says("92"), Declined);
        assert_eq!(says("98"), Unknown, "in no list any more");
        assert_eq!(spec.flow().codes.unknown.usual(), ResponseCode::new("91"));
    }
}
