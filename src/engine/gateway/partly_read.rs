//! Messages that could only be read in part: whose they are, and what may be done with them.
//!
//! What was read before the fault decides. If that names the message, it is one: passed on byte for
//! byte, tracked, recorded by its names, and never the stuff of a message of ours. If not, its
//! answer would find nobody, and it is recorded only.

use super::core::Gateway;
use super::event::{UnreadableFrame, fault_text};
use super::live::Slot;
use super::message_facts::key_of;
use super::names;
use crate::engine::record::{ConnId, Hop, LinkId, Note, Opened};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::security::{self, Key};

/// What of a message could not be read, for its record.
pub(crate) fn note(message: &Message) -> Note {
    note_or(message, Note::None)
}

/// The same; `otherwise` if all of it could be read.
pub(crate) fn note_or(message: &Message, otherwise: Note) -> Note {
    match message.fault() {
        Some(fault) => Note::Unreadable(fault_text(fault)),
        None => otherwise,
    }
}

/// Whether these fields, as far as the bitmap names them, were read, and hold what they should.
fn are_read(message: &Message, fields: &[FieldPath]) -> bool {
    let fields = if fields.is_empty() {
        &message.spec().flow().match_key
    } else {
        fields
    };
    fields
        .iter()
        .all(|path| !message.is_unread(path.field) && !message.is_suspect(path.field))
}

/// Whether an answer was passed on without anybody here knowing what it says.
pub(crate) fn hides_its_code(answer: &Message) -> bool {
    answer.fault().is_some() && answer.response_code().is_none()
}

/// Whether a message that should carry a MAC under this key does not, or not where it was read.
/// Of one that was read in part, only a kind that is known to go without is excused.
pub(super) fn lacks_mac(message: &Message, key: &Key) -> bool {
    message.fault().is_some()
        && message.spec().flow().mac.is_some()
        && message.kind().is_none_or(|kind| kind.mac)
        && security::verify(message, key) != Some(true)
}

impl Gateway {
    /// Whether a terminal's message is named by what was read of it. One that is not is recorded.
    pub(super) fn is_named(&mut self, now: Now, conn: ConnId, message: &Message) -> bool {
        if message.fault().is_none() {
            return true;
        }
        let route = self.route_of(conn, message);
        let key = route.map_or(&[][..], |route| &self.options.routes[route].key);
        let terminal = message.terminal().is_some() && !message.is_unread(names::MERCHANT);
        let named = terminal && are_read(message, key);
        named || self.keep_back(now, conn, Hop::TerminalToGateway, message)
    }

    /// The same for a message of the acquirer, by any of the rules of its link.
    pub(super) fn is_named_answer(
        &mut self,
        now: Now,
        conn: ConnId,
        link: LinkId,
        message: &Message,
    ) -> bool {
        if message.fault().is_none() {
            return true;
        }
        let mut rules = self.links.key_rules(link).iter();
        let named = rules.any(|rule| are_read(message, rule));
        named || self.keep_back(now, conn, Hop::AcquirerToGateway, message)
    }

    /// The request in flight that one without a readable name repeats, by what its answer will
    /// carry.
    pub(super) fn first_in_flight(
        &self,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
    ) -> Option<Slot> {
        if !opened.partly {
            return None;
        }
        let route = self.options.routes.get(self.route_of(conn, message)?)?;
        let keys = route
            .to
            .iter()
            .filter_map(|link| names::match_key(message, *link, &route.key));
        let slot = keys.into_iter().find_map(|key| self.live.keyed(&key))?;
        let first = self.live.get(slot)?;
        let waits = first.state.awaits_answer();
        let same = first.opened.partly && key_of(&first.opened) == key_of(opened);
        (waits && same).then_some(slot)
    }

    /// Records a message that nobody could be told the answer of.
    fn keep_back(&mut self, now: Now, conn: ConnId, hop: Hop, message: &Message) -> bool {
        if let (Some(fault), Ok(frame)) = (message.fault(), message.build()) {
            self.unreadable(now, conn, hop, UnreadableFrame::of(&frame, fault));
        }
        false
    }
}
