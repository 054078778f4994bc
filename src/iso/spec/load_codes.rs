//! From the lists of response codes in a file to checked [`Codes`].

use super::codes::{CodeSet, Codes};
use super::error::SpecFault;
use super::file::CodeKeys;
use super::load_flow::code;
use super::wanted::Wanted;
use crate::iso::message::ResponseCode;

pub(super) fn codes(keys: &CodeKeys) -> Result<Codes, SpecFault> {
    let list = |key, all: &Vec<String>| {
        let all = all.iter().map(|text| code(["codes", key], text));
        all.collect::<Result<Vec<ResponseCode>, _>>()
    };
    let set = |key, all: &Vec<String>| -> Result<CodeSet, SpecFault> {
        let is_open = |text: &&String| text.contains('x');
        let (open, exact): (Vec<&String>, Vec<&String>) = all.iter().partition(is_open);
        let exact = exact.into_iter().map(|text| code(["codes", key], text));
        let groups = open.into_iter().map(|text| Wanted::new(text));
        Ok(CodeSet::new(
            exact.collect::<Result<_, _>>()?,
            groups.collect(),
        ))
    };
    let approved = list("approved", &keys.approved)?;
    if approved.is_empty() {
        return Err(SpecFault::at(
            ["codes", "approved"],
            "is missing: which codes approve?",
        ));
    }
    let unknown = set("unknown", &keys.unknown)?;
    if let Some(both) = approved.iter().find(|code| unknown.contains(**code)) {
        let what = format!("`{both}` is among those that approve, too");
        return Err(SpecFault::at(["codes", "unknown"], what));
    }
    Ok(Codes {
        approved,
        in_part: list("in_part", &keys.in_part)?,
        declined: set("declined", &keys.declined)?,
        unknown,
        without: keys.without.clone(),
        reversal_accepted: list("reversal_accepted", &keys.reversal_accepted)?,
        reversal_unproven: list("reversal_unproven", &keys.reversal_unproven)?,
        reversal_refused: list("reversal_refused", &keys.reversal_refused)?,
        reversal_later: list("reversal_later", &keys.reversal_later)?,
    })
}
