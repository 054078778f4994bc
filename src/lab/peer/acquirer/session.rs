//! Terminals' sessions: working keys under their master keys.

use super::brain::Acquirer;
use super::refusal::HostRefusal;
use super::reply::Reply;
use crate::engine::seam::{Dice, Now};
use crate::iso::codec::Message;
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::security::{Key, KeyError, WorkingKeys, seal, verify, wrap_block};
use crate::iso::spec::{KeyBlockForm, Kind};
use crate::lab::fault::SentMac;
use crate::lab::peer::names::batch_path;
use crate::lab::peer::spoil::spoil_mac;
use std::sync::Arc;

/// What a terminal was given at its last sign-in.
#[derive(Clone, Debug)]
pub(super) struct HostSession {
    pub keys: Option<WorkingKeys>,
    pub batch: Text<6>,
}

/// Whose session it is.
pub(super) type Owner = (MerchantId, TerminalId);

pub(super) fn owner(message: &Message) -> Option<Owner> {
    Some((message.merchant()?, message.terminal()?))
}

impl Acquirer {
    /// Opens a session. Without a terminal's name it is a gateway's own sign-on, which brings no
    /// keys. New keys replace the old ones at once.
    pub(super) fn sign_on(&mut self, now: Now, request: &Message) -> Reply {
        let spec = Arc::clone(&self.options.spec);
        let flow = spec.flow();
        let mut reply = Reply::plain(flow.answer.session, now.wall);
        reply.rrn = Some(self.next_rrn(now));
        let Some((merchant, terminal)) = owner(request) else {
            return reply;
        };
        let old = self
            .sessions
            .remove(&(merchant, terminal))
            .map(|session| session.batch);
        let batch = old.or_else(|| Text::new("000001")).unwrap_or_default();
        let mut keys = None;
        if let Some(rule) = &flow.keys {
            let asked = rule
                .forms
                .iter()
                .find(|(path, value, _)| request.text(*path).as_deref() == Some(value.as_str()));
            let master = self.options.keys.of(&merchant, &terminal);
            let made = asked.zip(master).and_then(|((_, _, form), master)| {
                let keys = working_keys(*form, &mut self.dice).ok()?;
                let block = wrap_block(&master, *form, &keys);
                Some((
                    keys,
                    block
                        .iter()
                        .map(|byte| format!("{byte:02X}"))
                        .collect::<String>(),
                ))
            });
            let Some((made, block)) = made else {
                return Reply::plain(HostRefusal::UnknownTerminal.code(flow), now.wall);
            };
            keys = Some(made);
            reply.extra.push((rule.field.into(), block));
        }
        if let Some(path) = batch_path(flow) {
            reply.extra.push((path, batch.to_string()));
        }
        self.sessions
            .or_insert_with((merchant, terminal), || HostSession { keys, batch });
        reply
    }

    /// Whether a message that must carry a MAC carries the right one.
    pub(super) fn is_authentic(&self, message: &Message, kind: &Kind) -> bool {
        let flow = self.options.spec.flow();
        if !kind.mac || flow.mac.is_none() || flow.keys.is_none() {
            return true;
        }
        self.session_key(message)
            .is_some_and(|key| verify(message, key) == Some(true))
    }

    fn session_key(&self, message: &Message) -> Option<&Key> {
        let session = self.sessions.get(&owner(message)?)?;
        session.keys.as_ref().map(|keys| &keys.mac)
    }

    /// Makes the MAC of an answer, or a wrong one.
    pub(super) fn authenticate(&self, answer: &mut Message, is_wrong: bool) {
        let Some(key) = self.session_key(answer) else {
            return;
        };
        // What cannot be sealed goes as it is; its receiver will refuse it.
        let _sealed = seal(answer, key);
        if is_wrong {
            spoil_mac(answer, SentMac::Wrong);
        }
    }
}

/// Fresh keys, as long as their slots take them; the MAC key single, as terminals expect.
fn working_keys(form: KeyBlockForm, dice: &mut Dice) -> Result<WorkingKeys, KeyError> {
    let mut key = |length: usize| {
        let mut bytes = zeroize::Zeroizing::new(vec![0; length]);
        dice.fill(&mut bytes);
        Key::new(&bytes)
    };
    let long = if form == KeyBlockForm::Single { 8 } else { 16 };
    Ok(WorkingKeys {
        pin: key(long)?,
        mac: key(8)?,
        track: match form {
            KeyBlockForm::DoubleWithTrack => Some(key(16)?),
            KeyBlockForm::Single | KeyBlockForm::Double => None,
        },
    })
}
