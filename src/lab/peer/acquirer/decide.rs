//! What is booked, and what is said about it.

use super::brain::Acquirer;
use super::entry::{EntryId, HostEntry};
use super::issuer::CardUse;
use super::refusal::HostRefusal;
use super::reply::Reply;
use super::session::owner;
use crate::engine::seam::{Now, Zone};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, ResponseCode, Text};
use crate::iso::spec::{Kind, Purpose, ReversalOutcome};
use crate::lab::fault::Fate;
use crate::lab::peer::filling::{field, payment_code_path};
use crate::lab::peer::names::{
    as_original, batch_path, identity, is_about_another, original_identity, original_of,
};
use std::borrow::Cow;
use std::sync::Arc;

/// The largest amount that a field can hold.
const MOST: u64 = 999_999_999_999;

impl Acquirer {
    /// How often this very message came before, by the book.
    pub(super) fn tries(&self, message: &Message, kind: &Kind) -> u32 {
        let rule = self.options.spec.flow().reversal.as_ref();
        if kind.purpose == Purpose::Reversal {
            let id = rule.and_then(|rule| self.book.original(&original_of(message, rule)));
            return id.map_or(0, |id| self.book.entry(id).reversals);
        }
        self.book
            .named(&identity(message))
            .map_or(0, |id| self.book.entry(id).requests)
    }

    /// A request: booked once, answered the same however often it comes.
    pub(super) fn transaction(
        &mut self,
        now: Now,
        request: &Message,
        kind: &Kind,
        fate: &Fate,
    ) -> Reply {
        let spec = Arc::clone(&self.options.spec);
        let name = identity(request);
        if let Some(id) = self.book.named(&name) {
            return self.repeated(now, id, request);
        }
        let rule = spec.flow().reversal.as_ref();
        let original = rule.map(|rule| as_original(request, rule));
        let overtaken = original
            .as_deref()
            .and_then(|original| self.book.original(original));
        if let Some(id) = overtaken {
            // Its reversal came first: it must never take effect (D5).
            let reply = Reply::plain(spec.flow().answer.invalid, now.wall);
            self.book.rename(id, name, self.entry(request, kind));
            self.book.answer(id, reply.clone());
            return reply;
        }
        let mut entry = self.entry(request, kind);
        let permitted = self.ask_office(&entry, fate);
        let decision = permitted.and_then(|()| self.decide(now, request, kind, fate));
        let unclear = fate.unclear.filter(|_| decision.is_ok());
        let (code, extra) = match decision {
            Ok(Granted { about, extra }) => {
                entry.about = about;
                let approved = spec.flow().answer.approved;
                let said = unclear.map(|unclear| unclear.code).or(fate.code);
                (said.unwrap_or(approved), extra)
            }
            Err(code) => (code, Vec::new()),
        };
        let id = self.book.write(entry, Some(name), original);
        let approves = spec.flow().codes.approved.contains(&code);
        if approves {
            let change = self.book.approve(id);
            self.move_money(id, change);
        }
        let auth = (approves && kind.purpose.moves_money()).then(|| self.next_auth());
        let reply = Reply {
            code,
            rrn: Some(self.next_rrn(now)),
            auth,
            at: now.wall,
            extra,
        };
        self.book.answer(id, reply.clone());
        self.hide(now, id, &fate.setbacks);
        match unclear {
            Some(unclear) => self.leave_unclear(now, id, unclear),
            None => self.tell_office(now, id, &reply, &fate.setbacks),
        }
        reply
    }

    fn repeated(&mut self, now: Now, id: EntryId, request: &Message) -> Reply {
        self.counts.repeats += 1;
        let entry = self.book.entry_mut(id);
        entry.requests += 1;
        let code = request.text(FieldId::of(3)).unwrap_or_default();
        let same = entry.mti == request.mti().original()
            && entry.code == *code
            && entry.amount == request.amount().map_or(0, |amount| amount.0);
        let flow = self.options.spec.flow();
        match &entry.answer {
            Some(reply) if same => reply.clone(),
            _ => Reply::plain(flow.answer.duplicate, now.wall),
        }
    }

    fn entry(&self, request: &Message, kind: &Kind) -> HostEntry {
        let (merchant, terminal) = owner(request).unwrap_or_default();
        let batch = batch_path(self.options.spec.flow()).and_then(|path| request.text(path));
        HostEntry {
            kind: kind.name,
            purpose: kind.purpose,
            mti: request.mti().original(),
            code: request
                .text(FieldId::of(3))
                .unwrap_or_default()
                .into_owned(),
            amount: request.amount().map_or(0, |amount| amount.0),
            merchant,
            terminal,
            batch: batch
                .and_then(|batch| Text::new(&batch))
                .unwrap_or_default(),
            stan: request.stan().unwrap_or_default(),
            currency: Text::clipped(&request.currency().unwrap_or_default()),
            card: request.pan(),
            answer: None,
            reversal: None,
            requests: 1,
            reversals: 0,
            approved: false,
            reversed: false,
            unclear: false,
            seen_from: None,
            about: None,
            undone_by: None,
            booking: None,
            refunded: 0,
        }
    }

    /// Whether a new request is granted, and about which earlier one.
    fn decide(
        &mut self,
        now: Now,
        request: &Message,
        kind: &Kind,
        fate: &Fate,
    ) -> Result<Granted, ResponseCode> {
        let spec = Arc::clone(&self.options.spec);
        let flow = spec.flow();
        if let Some(code) = fate.code.filter(|code| !flow.codes.approved.contains(code)) {
            return Err(code);
        }
        if let Some((tries, card)) = fate.wrong_pin.zip(request.pan()) {
            return Err(self.issuer.wrong_pin(&card, tries, flow.refusal.wrong_pin));
        }
        let amount = request.amount().map_or(0, |amount| amount.0);
        match kind.purpose {
            Purpose::Debit | Purpose::Hold => {
                let about = self.completes(request, kind)?;
                if about.is_none() {
                    self.check(now, request, kind, amount)?;
                }
                Ok(Granted::about(about))
            }
            Purpose::Inquiry if request.pan().is_none() && is_about_another(request, flow) => self
                .outcome_of(now, request)
                .map(|extra| Granted { about: None, extra }),
            Purpose::Inquiry => {
                self.check(now, request, kind, 0)?;
                Ok(Granted {
                    about: None,
                    extra: self.balance(request),
                })
            }
            Purpose::Void => {
                let id = self.earlier(request).ok_or(flow.answer.not_found)?;
                self.conclude(now, id, true);
                let fits = self.book.may_be_undone(id) && self.book.entry(id).amount == amount;
                if fits {
                    Ok(Granted::about(Some(id)))
                } else {
                    Err(flow.answer.invalid)
                }
            }
            Purpose::Refund => {
                let id = self.earlier(request).ok_or(flow.answer.not_found)?;
                let fits = self.book.may_be_refunded(id, amount);
                if fits {
                    Ok(Granted::about(Some(id)))
                } else {
                    Err(flow.answer.invalid)
                }
            }
            _ => Ok(Granted::about(None)),
        }
    }

    fn check(
        &mut self,
        now: Now,
        request: &Message,
        kind: &Kind,
        amount: u64,
    ) -> Result<(), ResponseCode> {
        if request.pan().is_none() && request.text(payment_code_path()).is_some() {
            // A wallet pays, whose balance nobody here knows.
            return Ok(());
        }
        let session = owner(request).and_then(|owner| self.sessions.get(&owner));
        let keys = session.and_then(|session| session.keys.as_ref());
        let verdict = self.issuer.check(&CardUse {
            request,
            kind: kind.name,
            keys,
            amount,
            day: now.wall.shown(&Zone::CHINA).date(),
        });
        verdict.map_err(|refusal: HostRefusal| refusal.code(self.options.spec.flow()))
    }

    /// The earlier one that a request is about: by what its answer gave, else by its own numbers.
    pub(super) fn earlier(&self, request: &Message) -> Option<EntryId> {
        let (merchant, terminal) = owner(request)?;
        let given = self
            .book
            .about(request.rrn(), request.auth_code(), terminal);
        let own = || self.book.named(&original_identity(request)?);
        let id = given.or_else(own)?;
        Some(id).filter(|id| self.book.entry(*id).merchant == merchant)
    }

    /// A debit that names an authorization completes its hold; any other is about nothing earlier.
    fn completes(&self, request: &Message, kind: &Kind) -> Result<Option<EntryId>, ResponseCode> {
        if kind.purpose != Purpose::Debit || request.auth_code().is_none() {
            return Ok(None);
        }
        let answer = &self.options.spec.flow().answer;
        let id = self.earlier(request).ok_or(answer.not_found)?;
        let is_hold = self.book.entry(id).purpose == Purpose::Hold;
        if is_hold && self.book.may_be_undone(id) {
            Ok(Some(id))
        } else {
            Err(answer.invalid)
        }
    }

    /// DE 54: account type 10, available 02, currency, sign, amount (ISO 8583:1987), the amount at
    /// most what twelve digits can say.
    fn balance(&mut self, request: &Message) -> Vec<(FieldPath, String)> {
        let left = request.pan().map_or(0, |pan| self.issuer.available(&pan));
        let sign = if left < 0 { 'D' } else { 'C' };
        let currency = request.currency().unwrap_or(Cow::Borrowed("156"));
        vec![(
            field(54),
            format!("1002{currency}{sign}{:012}", left.unsigned_abs().min(MOST)),
        )]
    }

    pub(super) fn move_money(&mut self, id: EntryId, change: i64) {
        let entry = self.book.entry(id);
        let card = entry
            .about
            .map_or(&entry.card, |about| &self.book.entry(about).card);
        if let Some(card) = card.clone().or_else(|| entry.card.clone()) {
            self.issuer.hold(&card, change);
        }
    }

    /// A reversal: finds its original, takes its effect back once, answers repeats as the first
    /// (R9). What it does not find is remembered, so that the request is refused if it comes (R6).
    pub(super) fn reversal(
        &mut self,
        now: Now,
        message: &Message,
        kind: &Kind,
        fate: &Fate,
    ) -> Reply {
        let spec = Arc::clone(&self.options.spec);
        let flow = spec.flow();
        let Some(rule) = &flow.reversal else {
            return Reply::plain(flow.answer.invalid, now.wall);
        };
        self.counts.reversals += 1;
        let name = original_of(message, rule);
        let id = match self.book.original(&name) {
            Some(id) => id,
            None => self.book.write(self.entry(message, kind), None, Some(name)),
        };
        self.book.entry_mut(id).reversals += 1;
        let entry = self.book.entry(id);
        if let Some(reply) = &entry.reversal {
            self.counts.repeats += 1;
            return reply.clone();
        }
        let amount = message.amount().map_or(entry.amount, |amount| amount.0);
        if amount != entry.amount {
            // Not remembered: the right one may still come.
            return Reply::plain(flow.answer.invalid, now.wall);
        }
        if fate.code.is_none() {
            // An outcome that is still open is taken for a payment, and this undoes it.
            self.conclude(now, id, true);
        }
        let entry = self.book.entry(id);
        let code = if let Some(code) = fate.code {
            code
        } else if entry.answer.is_none() {
            flow.answer.not_found
        } else if !entry.approved || entry.refunded > 0 {
            flow.answer.invalid
        } else {
            let change = self.book.reverse(id);
            self.move_money(id, change);
            self.reverse_at_office(now, id);
            flow.answer.reversed
        };
        let reply = Reply {
            code,
            rrn: Some(self.next_rrn(now)),
            auth: None,
            at: now.wall,
            extra: Vec::new(),
        };
        let outcome = flow.reversal_outcome(Some(code));
        if !matches!(outcome, ReversalOutcome::Later | ReversalOutcome::Unknown) {
            self.book.entry_mut(id).reversal = Some(reply.clone());
        }
        reply
    }
}

/// What the issuer grants.
struct Granted {
    /// The earlier transaction that it is about.
    about: Option<EntryId>,
    /// What the answer carries besides.
    extra: Vec<(FieldPath, String)>,
}

impl Granted {
    const fn about(about: Option<EntryId>) -> Self {
        Self {
            about,
            extra: Vec::new(),
        }
    }
}
