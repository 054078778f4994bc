//! What a code in DE 39 means, by dialect: a table of the model's own, from the facts of the field
//! and not from the dialect's file, so that a fault in one is seen by the other.

/// What the answer to a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerSays {
    /// Money is held, or moved.
    Approval,
    /// It was not made.
    Decline,
    /// The outcome is unknown behind the answerer; or the code is in no table, blank or missing.
    Unknown,
    /// The answer cannot be believed: wrong MAC, wrong amount, another trace number.
    Unusable,
}

/// What the answer to a reversal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UndoSays {
    /// It is undone.
    Accepted,
    /// There is nothing to undo: closes the case, and proves nothing.
    Unproven,
    /// It will not be undone.
    Refused,
    /// Not now, or a code in no table, or none: the reversal stays open.
    Retry,
}

impl UndoSays {
    /// Whether a terminal closes its case on it.
    #[must_use]
    pub const fn closes(self) -> bool {
        matches!(self, Self::Accepted | Self::Unproven)
    }
}

/// The codes of one family of dialects.
#[derive(Debug)]
pub struct CodeTable {
    approved: &'static [&'static str],
    declined: fn(&str) -> bool,
    unknown: &'static [&'static str],
    accepted: &'static [&'static str],
    unproven: &'static [&'static str],
    refused: &'static [&'static str],
    partial: &'static str,
}

const UNION_PAY: CodeTable = CodeTable {
    approved: &["00", "10", "11", "16", "A2", "A4", "A5", "A6"],
    declined: declined_1987,
    unknown: &["98", "68"],
    accepted: &["00"],
    unproven: &["25", "12"],
    refused: &["58", "64", "30"],
    partial: "10",
};

const WALLET: CodeTable = CodeTable {
    unknown: &["98", "68", "08", "09"],
    ..UNION_PAY
};

const ISO_1987: CodeTable = CodeTable {
    approved: &["00", "08", "10", "11", "16"],
    unknown: &["68", "09"],
    ..UNION_PAY
};

const ISO_1993: CodeTable = CodeTable {
    approved: &["000", "001", "002", "003", "004", "005", "006"],
    declined: |code| code.len() == 3 && code.starts_with(['1', '2', '9']),
    unknown: &["911"],
    accepted: &["400"],
    unproven: &["914", "902"],
    refused: &["120", "110", "904"],
    partial: "002",
};

const ISO_2003: CodeTable = CodeTable {
    approved: &["0000", "0001", "0002", "0003", "0006"],
    declined: |code| code.len() == 4 && code.starts_with(['1', '2', '9']),
    unknown: &["9111"],
    accepted: &["4000"],
    unproven: &["9114", "9102"],
    refused: &["1120", "1110", "9104"],
    partial: "0002",
};

/// The declines of the two-digit tables, those of `UnionPay` among them.
fn declined_1987(code: &str) -> bool {
    match code.parse::<u8>() {
        Ok(number) if code.len() == 2 => matches!(
            number,
            1..=7 | 12..=15 | 17..=19 | 21..=31 | 33..=67 | 75..=79 | 81..=83 | 90..=97 | 99
        ),
        Ok(_) => false,
        Err(_) => matches!(code, "A0" | "A1" | "A3" | "A7") || code.starts_with(['N', 'Q', 'R']),
    }
}

impl CodeTable {
    /// The table for a dialect by name; one that is not known here is read as the 1987 edition.
    #[must_use]
    pub fn of(dialect: &str) -> &'static Self {
        match dialect {
            "lakala-pos" => &WALLET,
            name if name.starts_with("iso8583-1993") => &ISO_1993,
            name if name.starts_with("iso8583-2003") => &ISO_2003,
            name if name.starts_with("iso8583-1987") => &ISO_1987,
            _ => &UNION_PAY,
        }
    }

    /// What a code says as the answer to a request.
    #[must_use]
    pub fn answer(&self, code: Option<&str>) -> AnswerSays {
        match code {
            Some(code) if self.approved.contains(&code) => AnswerSays::Approval,
            Some(code) if self.unknown.contains(&code) => AnswerSays::Unknown,
            Some(code) if (self.declined)(code) => AnswerSays::Decline,
            Some(_) | None => AnswerSays::Unknown,
        }
    }

    /// What a code says as the answer to a reversal.
    #[must_use]
    pub fn undo(&self, code: Option<&str>) -> UndoSays {
        match code {
            Some(code) if self.accepted.contains(&code) => UndoSays::Accepted,
            Some(code) if self.unproven.contains(&code) => UndoSays::Unproven,
            Some(code) if self.refused.contains(&code) => UndoSays::Refused,
            Some(_) | None => UndoSays::Retry,
        }
    }

    /// Whether a code approves a part of the amount.
    #[must_use]
    pub fn is_partial(&self, code: &str) -> bool {
        self.partial == code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_outside_every_table_is_unknown_and_closes_nothing() {
        for dialect in [
            "cup-pos",
            "lakala-pos",
            "iso8583-1987-ascii",
            "iso8583-1993-ascii",
        ] {
            let table = CodeTable::of(dialect);
            for code in [None, Some(""), Some("  "), Some("ZZ"), Some("88")] {
                assert_eq!(
                    table.answer(code),
                    AnswerSays::Unknown,
                    "{dialect} {code:?}"
                );
                assert_eq!(table.undo(code), UndoSays::Retry, "{dialect} {code:?}");
            }
        }
    }

    #[test]
    fn codes_belong_to_their_dialect() {
        let says = |dialect: &str, code: &str| CodeTable::of(dialect).answer(Some(code));
        assert_eq!(says("lakala-pos", "09"), AnswerSays::Unknown);
        assert_eq!(says("iso8583-1987-ascii", "08"), AnswerSays::Approval);
        assert_eq!(says("cup-pos", "98"), AnswerSays::Unknown);
        assert_eq!(says("cup-pos", "91"), AnswerSays::Decline);
        assert_eq!(says("iso8583-1993-ascii", "911"), AnswerSays::Unknown);
        assert_eq!(says("iso8583-1993-ascii", "116"), AnswerSays::Decline);
        let undo = |dialect: &str, code: &str| CodeTable::of(dialect).undo(Some(code));
        assert_eq!(undo("cup-pos", "94"), UndoSays::Retry);
        assert_eq!(undo("iso8583-2003-binary", "4000"), UndoSays::Accepted);
    }
}
