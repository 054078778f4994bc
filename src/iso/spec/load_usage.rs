//! From what the files say of fields per message type to checked [`Usage`]s.

use super::error::SpecFault;
use super::field::MtiMask;
use super::file::UsageKeys;
use super::load_flow::FieldLookup;
use super::usage::Usage;
use crate::iso::message::Bitmap;

pub(super) fn usages(all: &[UsageKeys], check: &FieldLookup<'_>) -> Result<Vec<Usage>, SpecFault> {
    all.iter().map(|keys| usage(keys, check)).collect()
}

fn usage(keys: &UsageKeys, check: &FieldLookup<'_>) -> Result<Usage, SpecFault> {
    let at = ["usage"];
    let wrong =
        |text: &String| SpecFault::at(at, format!("`{text}` is no type; such are 0200, 08xx"));
    let types = keys.mti.iter();
    let types = types.map(|text| MtiMask::read(text).ok_or_else(|| wrong(text)));
    let set = |numbers: &[u8]| -> Result<Bitmap, SpecFault> {
        Ok(check.list(at, numbers)?.into_iter().collect())
    };
    let mandatory = set(&keys.mandatory)?;
    let mut forbidden = set(&keys.forbidden)?;
    if let Some(conditional) = &keys.conditional {
        // Once it is said what else may be there, all the rest may not.
        let conditional = set(conditional)?;
        let allowed = |id| mandatory.contains(id) || conditional.contains(id);
        forbidden.extend(check.all().filter(|id| !allowed(*id)));
    }
    if let Some(both) = mandatory.iter().find(|id| forbidden.contains(*id)) {
        let what = format!("field {both} is mandatory and forbidden at once");
        return Err(SpecFault::at(at, what));
    }
    Ok(Usage {
        types: types.collect::<Result<_, _>>()?,
        when: check.wanted(at, &keys.when)?,
        mandatory,
        forbidden,
    })
}
