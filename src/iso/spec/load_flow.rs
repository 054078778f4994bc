//! From what the files say to a checked [`Flow`]: kinds, codes, reversal, answer, MAC, scripts.

use super::error::SpecFault;
use super::field::{Composite, FieldSpec};
use super::file::{
    AnswerKeys, CauseKeys, KeyKeys, KindKeys, MacKeys, NamedValues, RefusalKeys, ReversalKeys,
    ScriptKeys, SettlementKeys, SpecFile,
};
use super::flow::{
    AnswerRule, Flow, KeyRule, Kind, MacRule, OriginalSource, Refusals, ReversalCause,
    ReversalRule, Script, SettlementRule, StampForm,
};
use super::format::{FieldContent, Size};
use super::kinds::{Kinds, TooManyConditions};
use super::load::{need, title};
use super::load_codes::codes;
use super::wanted::Wanted;
use crate::iso::message::{FieldId, FieldPath, Mti, ResponseCode, Text};

/// Tracks, PIN: never taken over into a reversal, whatever a file says.
const NEVER_COPIED: [u8; 4] = [35, 36, 45, 52];

pub(super) fn flow(file: &SpecFile, fields: &[Option<FieldSpec>]) -> Result<Flow, SpecFault> {
    let check = FieldLookup { fields };
    let flow = ["flow", "identity"];
    let identity = check.paths(flow, &file.flow.identity)?;
    if identity.is_empty() {
        return Err(SpecFault::at(
            flow,
            "is missing: which fields name one transaction?",
        ));
    }
    let stamps = check.stamps(&file.stamps)?;
    let script = |keys: Option<&ScriptKeys>, name| {
        keys.map(|keys| check.script(name, keys, &stamps))
            .transpose()
    };
    let (number, batch) = (&file.flow.original_stan, &file.flow.original_batch);
    let (number, batch) = (number.as_ref(), batch.as_ref());
    Ok(Flow {
        kinds: Kinds::new(check.kinds(&file.kinds)?).map_err(|TooManyConditions| {
            SpecFault::at(
                ["kinds"],
                "have more than 127 conditions in one type of message",
            )
        })?,
        identity,
        match_key: check.paths(["flow", "match_key"], &file.flow.match_key)?,
        original_stan: check.maybe("original_stan", number)?,
        // Whoever takes the number out of a dialect that he begins from takes its batch out.
        original_batch: check.maybe("original_batch", number.and(batch))?,
        codes: codes(&file.codes)?,
        reversal: file
            .reversal
            .as_ref()
            .map(|keys| check.reversal(keys))
            .transpose()?,
        amount: check.path(
            ["flow", "amount"],
            file.flow.amount.as_deref().unwrap_or("4"),
        )?,
        currency: match &file.flow.currency {
            Some(path) => check.path(["flow", "currency"], path)?,
            None => FieldPath::whole(FieldId::of(49)),
        },
        refusal: refusals(&file.refusal, &file.answer)?,
        answer: check.answer(&file.answer)?,
        settlement: file
            .settlement
            .as_ref()
            .map(|keys| check.settlement(keys))
            .transpose()?,
        mac: file.mac.as_ref().map(|keys| check.mac(keys)).transpose()?,
        keys: file
            .keys
            .as_ref()
            .map(|keys| check.keys(keys))
            .transpose()?,
        sign_on: script(file.sign_on.as_ref(), "sign_on")?,
        echo: script(file.echo.as_ref(), "echo")?,
        stamps,
    })
}

/// Looks up what the sections mention among the dialect's fields.
pub(super) struct FieldLookup<'a> {
    pub(super) fields: &'a [Option<FieldSpec>],
}

impl FieldLookup<'_> {
    fn field<const N: usize>(&self, at: [&str; N], number: u8) -> Result<FieldId, SpecFault> {
        let id =
            FieldId::new(number).ok_or_else(|| SpecFault::at(at, "fields run from 1 to 192"))?;
        match self.spec(id) {
            Some(_) => Ok(id),
            None => Err(SpecFault::at(at, format!("the dialect has no field {id}"))),
        }
    }

    /// The fields that the dialect has.
    pub(super) fn all(&self) -> impl Iterator<Item = FieldId> {
        self.fields.iter().flatten().map(|field| field.id)
    }

    fn spec(&self, id: FieldId) -> Option<&FieldSpec> {
        self.fields.get(usize::from(id.number()))?.as_ref()
    }

    pub(super) fn list<const N: usize>(
        &self,
        at: [&str; N],
        all: &[u8],
    ) -> Result<Vec<FieldId>, SpecFault> {
        all.iter().map(|number| self.field(at, *number)).collect()
    }

    fn path<const N: usize>(&self, at: [&str; N], text: &str) -> Result<FieldPath, SpecFault> {
        let path: FieldPath = text
            .parse()
            .map_err(|why| SpecFault::at(at, format!("`{text}`: {why}")))?;
        let id = self.field(at, path.field.number())?;
        let uses = |spec| FieldSpec::uses(spec).iter().map(|(_, meaning)| meaning);
        let meanings = self.spec(id).into_iter();
        let meanings = meanings.flat_map(|spec| std::iter::once(&spec.meaning).chain(uses(spec)));
        let mut composites = meanings.map(|meaning| meaning.composite.as_ref());
        let known = composites.any(|composite| match (&path.part, composite) {
            (None, _) | (Some(_), Some(Composite::BerTlv(_) | Composite::TextTlv { .. })) => true,
            (Some(part), Some(Composite::Positions(all))) => all.iter().any(|p| p.id == *part),
            (Some(part), Some(Composite::Bitmap(nested))) => nested.part(part).is_some(),
            (Some(_), None) => false,
        });
        known
            .then_some(path)
            .ok_or_else(|| SpecFault::at(at, format!("field {id} has no part `{text}`")))
    }

    /// Where something stands that a dialect need not tell.
    fn maybe(&self, name: &str, told: Option<&String>) -> Result<Option<FieldPath>, SpecFault> {
        told.map(|text| self.path(["flow", name], text)).transpose()
    }

    fn paths<const N: usize>(
        &self,
        at: [&str; N],
        all: &[String],
    ) -> Result<Vec<FieldPath>, SpecFault> {
        all.iter().map(|text| self.path(at, text)).collect()
    }

    fn values<const N: usize>(
        &self,
        at: [&str; N],
        all: &NamedValues<String>,
    ) -> Result<Vec<(FieldPath, String)>, SpecFault> {
        let mut values = all
            .iter()
            .map(|(path, value)| Ok((self.path(at, path)?, value.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        values.sort();
        Ok(values)
    }

    /// As `values`, each checked against its field, in which it will be padded.
    fn fitting<const N: usize>(
        &self,
        at: [&str; N],
        all: &NamedValues<String>,
    ) -> Result<Vec<(FieldPath, String)>, SpecFault> {
        let values = self.values(at, all)?;
        match values
            .iter()
            .find(|(path, text)| !self.fits(*path, text, true))
        {
            None => Ok(values),
            Some((path, text)) => Err(SpecFault::at(
                at,
                format!("`{text}` does not fit field {path}"),
            )),
        }
    }

    /// Values to be found, `x` in them for any one digit: they must have the whole length.
    pub(super) fn wanted<const N: usize>(
        &self,
        at: [&str; N],
        all: &NamedValues<String>,
    ) -> Result<Vec<(FieldPath, Wanted)>, SpecFault> {
        let values = self.values(at, all)?.into_iter();
        let wanted = values.map(|(path, text)| {
            let wanted = Wanted::new(&text);
            let fits = self.fits(path, &wanted.fill(None), false);
            let what = || SpecFault::at(at, format!("`{text}` does not fit field {path}"));
            fits.then_some((path, wanted)).ok_or_else(what)
        });
        wanted.collect()
    }

    fn fits(&self, path: FieldPath, text: &str, padded: bool) -> bool {
        let Some(spec) = self.spec(path.field) else {
            return false;
        };
        let (digits, open, units) = match (&path.part, &spec.meaning.composite) {
            (None, _) => {
                let open = matches!(spec.layout.size, Size::Variable { .. });
                let per_unit = if spec.layout.content == FieldContent::Binary {
                    2
                } else {
                    1
                };
                let units = usize::from(spec.layout.size.max()).saturating_mul(per_unit);
                (spec.layout.content == FieldContent::Digits, open, units)
            }
            (Some(part), Some(Composite::Positions(all))) => {
                let position = all.iter().find(|position| position.id == *part);
                position.map_or((false, true, 0), |one| (one.digits, one.open, one.units))
            }
            (Some(_), _) => return true,
        };
        let length = text.chars().count();
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        (is_number || !digits) && (length == units || (open || padded) && length < units)
    }

    /// The kinds, the most specific first: what has more conditions is asked before, and of as many
    /// conditions what leaves fewer digits open.
    fn kinds(&self, all: &NamedValues<KindKeys>) -> Result<Vec<Kind>, SpecFault> {
        let mut kinds = all
            .iter()
            .map(|(name, keys)| self.kind(name, keys))
            .collect::<Result<Vec<_>, _>>()?;
        let fixed = |kind: &Kind| kind.when.iter().map(|(_, wanted)| wanted.fixed()).sum();
        let weight = |kind: &Kind| -> (usize, usize) { (kind.when.len(), fixed(kind)) };
        kinds.sort_by_key(|kind| std::cmp::Reverse(weight(kind)));
        for (at, kind) in kinds.iter().enumerate() {
            let twin = kinds
                .iter()
                .skip(at.saturating_add(1))
                .find(|other| weight(other) == weight(kind) && is_twin(kind, other));
            if let Some(twin) = twin {
                let what = format!("is recognised by the same fields as `{}`", twin.name);
                return Err(SpecFault::at(["kinds", &kind.name, "when"], what));
            }
        }
        Ok(kinds)
    }

    fn kind(&self, name: &str, keys: &KindKeys) -> Result<Kind, SpecFault> {
        let long = || SpecFault::at(["kinds", name], "a kind's name has 24 characters at most");
        let titles = title(keys.title.as_ref(), keys.zh.as_ref(), name);
        Ok(Kind {
            name: Text::new(name).ok_or_else(long)?,
            title: titles.en,
            title_zh: titles.zh,
            mti: mti(["kinds", name, "mti"], keys.mti.as_ref())?,
            when: self.wanted(["kinds", name, "when"], &keys.when)?,
            purpose: need(keys.purpose, ["kinds", name, "purpose"])?,
            reverses: keys.reverses,
            mac: keys.mac,
            set: self.fitting(["kinds", name, "set"], &keys.set)?,
        })
    }

    fn reversal(&self, keys: &ReversalKeys) -> Result<ReversalRule, SpecFault> {
        let copy = self.list(["reversal", "copy"], &keys.copy)?;
        let is_secret = |id: &FieldId| {
            let track = self
                .spec(*id)
                .is_some_and(|spec| spec.layout.content == FieldContent::Track);
            track || NEVER_COPIED.contains(&id.number())
        };
        if let Some(secret) = copy.iter().find(|id| is_secret(id)) {
            let what = format!("field {secret} holds a track or PIN, which no reversal may carry");
            return Err(SpecFault::at(["reversal", "copy"], what));
        }
        let at = ["reversal", "copy_tags"];
        let tag = |tag: &String| Text::new(tag).ok_or_else(|| SpecFault::at(at, "is no tag"));
        Ok(ReversalRule {
            mti: mti(["reversal", "mti"], keys.mti.as_ref())?,
            repeat_mti: keys.repeat_mti,
            copy,
            copy_tags: keys.copy_tags.iter().map(tag).collect::<Result<_, _>>()?,
            original: self.original(&keys.original)?,
            cause: keys
                .cause
                .as_ref()
                .map(|keys| self.cause(keys))
                .transpose()?,
        })
    }

    fn original(
        &self,
        all: &NamedValues<String>,
    ) -> Result<Vec<(FieldPath, OriginalSource)>, SpecFault> {
        let at = ["reversal", "original"];
        let source = |(path, from): (FieldPath, String)| {
            let source = match from.strip_prefix('@') {
                Some("mti") => OriginalSource::Mti,
                Some(field) => OriginalSource::Field(self.path(at, field)?),
                None => OriginalSource::Fixed(from),
            };
            Ok((path, source))
        };
        self.values(at, all)?.into_iter().map(source).collect()
    }

    fn cause(
        &self,
        keys: &CauseKeys,
    ) -> Result<(FieldId, Vec<(ReversalCause, ResponseCode)>), SpecFault> {
        let at = |key| ["reversal", "cause", key];
        let id = self.field(at("field"), need(keys.field, at("field"))?)?;
        let all = [
            (ReversalCause::NoAnswer, "no_answer", &keys.no_answer),
            (ReversalCause::Mac, "mac", &keys.mac),
            (
                ReversalCause::NotDelivered,
                "not_delivered",
                &keys.not_delivered,
            ),
            (ReversalCause::Other, "other", &keys.other),
        ];
        let code = |(cause, key, text): (_, _, &Option<String>)| {
            Ok((cause, code(at(key), need(text.as_ref(), at(key))?)?))
        };
        Ok((id, all.into_iter().map(code).collect::<Result<_, _>>()?))
    }

    fn answer(&self, keys: &AnswerKeys) -> Result<AnswerRule, SpecFault> {
        let code = |key, text: &Option<String>| {
            let at = ["answer", key];
            code(at, need(text.as_ref(), at)?)
        };
        let or = |key, text: &Option<String>, usual: &Option<String>| {
            code(key, if text.is_some() { text } else { usual })
        };
        let settled = if keys.settled.is_some() {
            &keys.settled
        } else {
            &keys.approved
        };
        Ok(AnswerRule {
            reversed: or("reversed", &keys.reversed, &keys.approved)?,
            session: or("session", &keys.session, &keys.approved)?,
            settled: or("settled", &keys.settled, &keys.approved)?,
            unsettled: or("unsettled", &keys.unsettled, settled)?,
            copy: self.list(["answer", "copy"], &keys.copy)?,
            unavailable: code("unavailable", &keys.unavailable)?,
            malfunction: code("malfunction", &keys.malfunction)?,
            format: code("format", &keys.format)?,
            mac: code("mac", &keys.mac)?,
            duplicate: code("duplicate", &keys.duplicate)?,
            invalid: code("invalid", &keys.invalid)?,
            not_found: code("not_found", &keys.not_found)?,
            approved: code("approved", &keys.approved)?,
        })
    }

    fn settlement(&self, keys: &SettlementKeys) -> Result<SettlementRule, SpecFault> {
        // A dialect made from another one may lack some of these fields: then they tell nothing.
        let there = |text: &&String| {
            let path: Result<FieldPath, _> = text.parse();
            path.is_ok_and(|path| self.spec(path.field).is_some())
        };
        let paths = |key, all: &[String]| {
            let all: Vec<String> = all.iter().filter(there).cloned().collect();
            self.paths(["settlement", key], &all)
        };
        Ok(SettlementRule {
            debit_amount: paths("debit_amount", &keys.debit_amount)?,
            debit_count: paths("debit_count", &keys.debit_count)?,
            credit_amount: paths("credit_amount", &keys.credit_amount)?,
            credit_count: paths("credit_count", &keys.credit_count)?,
            debit_reversals: [
                paths("debit_reversal_amount", &keys.debit_reversal_amount)?,
                paths("debit_reversal_count", &keys.debit_reversal_count)?,
            ],
            credit_reversals: [
                paths("credit_reversal_amount", &keys.credit_reversal_amount)?,
                paths("credit_reversal_count", &keys.credit_reversal_count)?,
            ],
            result: paths("result", &keys.result)?,
        })
    }

    fn mac(&self, keys: &MacKeys) -> Result<MacRule, SpecFault> {
        let at = ["mac", "field"];
        Ok(MacRule {
            field: self.field(at, need(keys.field, at)?)?,
            algorithm: need(keys.algorithm, ["mac", "algorithm"])?,
        })
    }

    fn keys(&self, keys: &KeyKeys) -> Result<KeyRule, SpecFault> {
        let (field, by) = (["keys", "field"], ["keys", "by"]);
        let by = self.path(by, need(keys.by.as_deref(), by)?)?;
        Ok(KeyRule {
            field: self.field(field, need(keys.field, field)?)?,
            forms: keys
                .forms
                .iter()
                .map(|(value, form)| (by, value.clone(), *form))
                .collect(),
        })
    }

    fn stamps(&self, all: &NamedValues<String>) -> Result<Vec<(FieldId, StampForm)>, SpecFault> {
        let stamp = |(number, text): (&String, &String)| {
            let at = ["stamps", number];
            let wrong = |what: &str| SpecFault::at(at, what);
            let number = number.parse().map_err(|_not| wrong("is no field"))?;
            let id = self.field(at, number)?;
            let size = self.spec(id).map(|spec| spec.layout.size);
            let width = |form: &StampForm| u16::try_from(form.width()).map(Size::Fixed).ok();
            let form = StampForm::read(text).filter(|form| size.is_some() && width(form) == size);
            let what = "pairs of CC YY MM DD hh mm ss, as long as the field, and Z after them if \
                        the field holds UTC";
            Ok((id, form.ok_or_else(|| wrong(what))?))
        };
        all.iter().map(stamp).collect()
    }

    fn script(
        &self,
        name: &str,
        keys: &ScriptKeys,
        stamps: &[(FieldId, StampForm)],
    ) -> Result<Script, SpecFault> {
        let stamp = self.list([name, "stamp"], &keys.stamp)?;
        let known = |id: &&FieldId| id.number() == 11 || stamps.iter().any(|(own, _)| own == *id);
        if let Some(other) = stamp.iter().find(|id| !known(id)) {
            let what = format!("field {other} is neither 11 nor one of [stamps]");
            return Err(SpecFault::at([name, "stamp"], what));
        }
        Ok(Script {
            mti: mti([name, "mti"], keys.mti.as_ref())?,
            set: self.fitting([name, "set"], &keys.set)?,
            stamp,
        })
    }
}

/// Whether one message can be of both kinds by the same fields.
fn is_twin(kind: &Kind, other: &Kind) -> bool {
    let mut pairs = kind.when.iter().zip(&other.when);
    kind.mti == other.mti && pairs.all(|((path, one), (at, two))| path == at && one.overlaps(two))
}

fn refusals(keys: &RefusalKeys, answer: &AnswerKeys) -> Result<Refusals, SpecFault> {
    let or_invalid = |key, text: &Option<String>| {
        let text = text.as_ref().or(answer.invalid.as_ref());
        code(["refusal", key], text.map_or("", String::as_str))
    };
    Ok(Refusals {
        invalid_card: or_invalid("invalid_card", &keys.invalid_card)?,
        insufficient_funds: or_invalid("insufficient_funds", &keys.insufficient_funds)?,
        wrong_pin: or_invalid("wrong_pin", &keys.wrong_pin)?,
        unknown_terminal: or_invalid("unknown_terminal", &keys.unknown_terminal)?,
    })
}

pub(super) fn code<const N: usize>(at: [&str; N], text: &str) -> Result<ResponseCode, SpecFault> {
    ResponseCode::new(text).ok_or_else(|| SpecFault::at(at, "a code has 4 characters at most"))
}

fn mti<const N: usize>(at: [&str; N], text: Option<&String>) -> Result<Mti, SpecFault> {
    need(text, at)?
        .parse()
        .map_err(|why: &str| SpecFault::at(at, why))
}
