//! One line in the log for each message that could not be read to its end: which way, what was
//! wrong and where; for each that belongs to nothing here; and for each terminal that is new.
//! Bounded, so that a peer that sends nothing else does not fill a disk.

use super::roster::HeardTerminal;
use crate::engine::record::{Fact, Note, Record, Unmatched};
use crate::engine::seam::Mono;
use std::time::Duration;
use tracing::{info, warn};

/// Lines within one [`PERIOD`]; the rest is counted.
const AT_MOST: u32 = 20;
const PERIOD: Duration = Duration::from_secs(1);

/// The lines of a while.
#[derive(Debug, Default)]
pub(super) struct Notices {
    until: Mono,
    said: u32,
    unsaid: u64,
}

impl Notices {
    /// Says what a record tells of a message that could not be read or belongs to nothing.
    pub(super) fn of(&mut self, now: Mono, record: &Record) {
        match &record.fact {
            Fact::Step(step) => {
                let Note::Unreadable(what) = &step.note else {
                    return;
                };
                let hop = step
                    .message
                    .as_ref()
                    .map_or("", |message| message.hop.name());
                let tx = record.tx.map(|tx| tx.to_string()).unwrap_or_default();
                if self.may_say(now) {
                    let state = step.state;
                    warn!(hop, %tx, %what, %state, "not all of a message could be read");
                }
            }
            Fact::Unreadable(frame) => {
                if self.may_say(now) {
                    let (hop, conn, length) = (frame.hop.name(), frame.conn, frame.length);
                    let what = &frame.what;
                    let why = "a frame is dropped: terminal, merchant or number cannot be read";
                    warn!(hop, %conn, length, %what, "{why}");
                }
            }
            Fact::Unmatched(unmatched) => {
                if self.may_say(now) {
                    let Unmatched {
                        message,
                        wanted,
                        ambiguous,
                    } = &**unmatched;
                    let (hop, mti) = (message.hop.name(), message.mti);
                    let what = match (message.mti.is_answer(), ambiguous) {
                        (false, _) => "a message that nobody here takes",
                        (true, false) => "an answer that fits no request: see key in its [[route]]",
                        (true, true) => "an answer that fits several requests, and counts for none",
                    };
                    warn!(hop, %mti, %wanted, "{what}");
                }
            }
            Fact::Started { .. }
            | Fact::Stopped
            | Fact::Line(_)
            | Fact::Session(_)
            | Fact::Shadow(_)
            | Fact::ShadowTally(_)
            | Fact::Operated(_)
            | Fact::Keys(_)
            | Fact::Tombstone(_)
            | Fact::CheckpointBegin
            | Fact::Carried(_)
            | Fact::CheckpointEnd => {}
        }
    }

    /// Says that a terminal came in that was not listed.
    pub(super) fn newcomer(&mut self, now: Mono, heard: &HeardTerminal) {
        if self.may_say(now) {
            let (merchant, terminal) = (&heard.merchant, &heard.terminal);
            info!(%merchant, %terminal, "a terminal that did not come before");
        }
    }

    /// Whether there is room for another line; what found none is told with the next one.
    fn may_say(&mut self, now: Mono) -> bool {
        if now >= self.until {
            self.until = now + PERIOD;
            self.said = 0;
            let unsaid = std::mem::take(&mut self.unsaid);
            if unsaid > 0 {
                warn!(
                    unsaid,
                    "more lines about messages or new terminals are left out"
                );
            }
        }
        self.said += 1;
        let may = self.said <= AT_MOST;
        self.unsaid += u64::from(!may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_the_rest_is_counted() {
        let mut notices = Notices::default();
        let said = (0..100).filter(|_| notices.may_say(Mono(1))).count();
        assert_eq!((said, notices.unsaid), (20, 80));
        assert!(notices.may_say(Mono(1) + PERIOD));
        assert_eq!(notices.unsaid, 0);
    }
}
