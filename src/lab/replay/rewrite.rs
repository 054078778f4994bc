//! A captured request as it goes out: what is asked to be changed, what depends on earlier answers,
//! and what is made with keys.

use super::event::SkipCause;
use super::exchange::CapturedRequest;
use super::options::ReplayOptions;
use super::renamed::{GivenName, Renamed};
use super::session::{put_pin, terminal_of};
use super::stand_in::put_stand_in;
use crate::engine::seam::Wall;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldId, FieldPath, Secret, Stan};
use crate::iso::security::{WorkingKeys, seal};
use crate::iso::spec::{Flow, OriginalSource, Purpose};
use std::sync::Arc;

const TRACE: FieldId = FieldId::of(11);
const REFERENCE: FieldId = FieldId::of(37);
const CODE: FieldId = FieldId::of(38);
const TERMINAL: FieldId = FieldId::of(41);
const MERCHANT: FieldId = FieldId::of(42);
const PIN: FieldId = FieldId::of(52);

/// What a request is rewritten with.
pub(super) struct Rewrite<'a> {
    pub options: &'a ReplayOptions,
    pub renamed: &'a mut Renamed,
    /// The next trace number that nothing has.
    pub next_stan: &'a mut Stan,
    pub wall: Wall,
}

impl Rewrite<'_> {
    /// The request as it goes out, but for PIN block and MAC; and the PIN, if it is known.
    pub(super) fn names(
        &mut self,
        captured: &CapturedRequest,
    ) -> Result<(Message, Option<Secret>), SkipCause> {
        let mut message = captured.message.clone();
        let owner = terminal_of(&message);
        let spec = Arc::clone(message.spec());
        let flow = spec.flow();
        let mut pin = captured.pin.clone();
        if captured.masked {
            let card = put_stand_in(&mut message, &self.options.cards, self.options.seed)?;
            pin = card.and_then(|card| card.pin);
        } else if pin.is_none() && message.has(PIN) {
            let pan = message.pan();
            let mut cards = self.options.cards.cards().iter();
            let known = cards.find(|card| Some(&card.pan) == pan.as_ref());
            pin = known.and_then(|card| card.pin.clone());
        }
        self.amount(&mut message, flow)?;
        self.trace(&mut message, &owner, captured)?;
        self.moments(&mut message, &owner, flow)?;
        self.references(&mut message, &owner, flow, captured)?;
        self.ends(&mut message)?;
        for (path, value) in &self.options.set {
            if message.has(path.field) {
                put(&mut message, *path, value)?;
            }
        }
        Ok((message, pin.or_else(|| self.options.pin.clone())))
    }

    fn amount(&self, message: &mut Message, flow: &Flow) -> Result<(), SkipCause> {
        match message.amount() {
            Some(amount) if !self.options.amounts.is_whole() => {
                let scaled = Amount(self.options.amounts.of(amount.0));
                put(message, flow.amount, &scaled.to_string())
            }
            _ => Ok(()),
        }
    }

    /// Terminal and merchant, wherever the message names them.
    fn ends(&self, message: &mut Message) -> Result<(), SkipCause> {
        let renamed = [
            (TERMINAL, &self.options.terminals),
            (MERCHANT, &self.options.merchants),
        ];
        for (field, names) in renamed {
            let text = message.text(field).map(|text| text.trim().to_owned());
            let new = text.and_then(|old| names.iter().find(|(from, _)| *from == old));
            if let Some((_, new)) = new {
                put(message, field.into(), new)?;
            }
        }
        Ok(())
    }

    /// The trace number: a new one, or the one that a repeat's first has.
    fn trace(
        &mut self,
        message: &mut Message,
        owner: &str,
        captured: &CapturedRequest,
    ) -> Result<(), SkipCause> {
        let Some(old) = message.text(TRACE).map(std::borrow::Cow::into_owned) else {
            return Ok(());
        };
        if !self.options.fresh.stan {
            return Ok(());
        }
        let known = self.renamed.stan(owner, &old, captured.at);
        let new = known.map(str::to_owned).unwrap_or_else(|| {
            let new = *self.next_stan;
            *self.next_stan = new.next();
            new.to_string()
        });
        self.renamed.put_stan(owner, &old, &new, captured.at);
        put(message, TRACE.into(), &new)
    }

    /// Moments that are made new: but one that names an original is that of the original.
    fn moments(
        &mut self,
        message: &mut Message,
        owner: &str,
        flow: &Flow,
    ) -> Result<(), SkipCause> {
        if !self.options.fresh.time {
            return Ok(());
        }
        let undoes = message
            .kind()
            .is_some_and(|kind| kind.purpose == Purpose::Reversal)
            || message.mti().is_repeat();
        for (field, form) in &flow.stamps {
            let Some(old) = message.text(*field).map(std::borrow::Cow::into_owned) else {
                continue;
            };
            let known = self.renamed.moment(owner, *field, &old);
            let new = match known.filter(|_| undoes) {
                Some(new) => new.to_owned(),
                None => self.wall.stamp(form, &self.options.zone),
            };
            self.renamed.put_moment(owner, *field, &old, &new);
            put(message, FieldPath::whole(*field), &new)?;
        }
        Ok(())
    }

    /// What names an earlier transaction, as the system under test knows it.
    fn references(
        &mut self,
        message: &mut Message,
        owner: &str,
        flow: &Flow,
        captured: &CapturedRequest,
    ) -> Result<(), SkipCause> {
        let text = |message: &Message, path: FieldPath| {
            message.text(path).map(|text| text.trim().to_owned())
        };
        if let Some(old) = text(message, REFERENCE.into()).filter(|old| !old.is_empty()) {
            let fresh = || {
                let stan = *self.next_stan;
                let now = self.wall.hhmmss(&self.options.zone);
                self.options.fresh.rrn.then(|| format!("{now}{stan}"))
            };
            let known = self.renamed.rrn(&old).and_then(GivenName::known);
            if let Some(new) = known.map(str::to_owned).or_else(fresh) {
                put(message, REFERENCE.into(), &new)?;
                self.renamed.put_rrn(&old, GivenName::Is(new));
            }
        }
        if let Some(old) = text(message, CODE.into())
            && let Some(new) = self.renamed.code(owner, &old)
            && let Some(new) = new.known()
        {
            put(message, CODE.into(), new)?;
        }
        if let Some(batch) = flow.identity.iter().find(|path| path.part.is_some())
            && let Some(old) = text(message, *batch)
            && let Some(new) = self.renamed.batch(owner, &old)
        {
            put(message, *batch, new)?;
        }
        let undoes = message
            .kind()
            .is_some_and(|kind| kind.purpose == Purpose::Reversal);
        let original = flow.reversal.as_ref().filter(|_| undoes);
        let sources = original.into_iter().flat_map(|rule| &rule.original);
        let mut named: Vec<(FieldPath, FieldPath)> = sources
            .filter_map(|(path, source)| match source {
                OriginalSource::Field(from) if path != from => Some((*path, *from)),
                _ => None,
            })
            .collect();
        named.extend(flow.original_stan.map(|path| (path, TRACE.into())));
        for (path, from) in named {
            let Some(old) = text(message, path) else {
                continue;
            };
            let new = match from.field {
                TRACE => self.renamed.stan(owner, &old, captured.at),
                REFERENCE => self.renamed.rrn(&old).and_then(GivenName::known),
                CODE => self.renamed.code(owner, &old).and_then(GivenName::known),
                field => self.renamed.moment(owner, field, &old),
            };
            if let Some(new) = new.map(str::to_owned) {
                put(message, path, &new)?;
            }
        }
        Ok(())
    }

    /// Makes PIN block and MAC with the keys of the session; those without keys stay as they are.
    pub(super) fn seal(
        &self,
        message: &mut Message,
        masked: bool,
        pin: Option<&Secret>,
        keys: Option<&WorkingKeys>,
    ) -> Result<(), SkipCause> {
        let keys = keys.filter(|_| self.options.seals);
        if message.has(PIN) {
            match (pin, keys) {
                (Some(pin), Some(keys)) if put_pin(message, pin, keys) => {}
                (_, None) if !masked => {}
                _ => return Err(SkipCause::NoPin),
            }
        }
        let mac = message
            .spec()
            .flow()
            .mac
            .filter(|rule| message.has(rule.field));
        match (mac, keys) {
            (Some(_), Some(keys)) => seal(message, &keys.mac).map_err(|_wrong| SkipCause::NotBuilt),
            _ => Ok(()),
        }
    }
}

fn put(message: &mut Message, path: FieldPath, value: &str) -> Result<(), SkipCause> {
    let set = message.set(path, value);
    set.map_err(|_wrong| SkipCause::DoesNotFit(path.field))
}
