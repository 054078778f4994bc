//! What nobody saw: gaps, connections that end, silence, and the end of the capture.
//!
//! Silence is an event only where somebody looked: behind a gap, a missing answer may stand in the
//! gap. What may have been missed of a transaction is noted in its records ([`Why::Unseen`]), and
//! no verdict on it says that a new payment is safe.

use super::legs::LegRole;
use super::observer::{HOST, Observer, SeenCause, SeenFlow, host_conn};
use super::watched::CaseNo;
use crate::engine::gateway::Trigger;
use crate::engine::record::{Fact, LineFact, State, Why};
use crate::engine::seam::Wall;
use crate::iso::message::Text;
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, GapCause};

/// What ended this part of the waiting time before a gap may still have had a last word in it.
/// Whatever is not over is concerned by every gap of its connections, and what looks closed by
/// every one of its leg ([`Observer::hole`]).
const NEAR: u32 = 10;
/// So many connections whose end was not seen are taken to stand.
pub(super) const RESTED: usize = 16_384;

impl Observer {
    /// Bytes are missing, or are no frame.
    pub(super) fn gap(&mut self, flow: FlowId, from: FlowSide, bytes: Option<u64>, why: GapCause) {
        self.counts.gaps = self.counts.gaps.saturating_add(1);
        let many = bytes.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
        let what = match why {
            GapCause::Lost => format!("the capture lacks {many} bytes here"),
            GapCause::Unreadable => format!("{many} bytes here are no frame of the dialect"),
            GapCause::Contradicted => {
                format!("{many} bytes here came twice, with different contents")
            }
            GapCause::CutOff => format!("the capture shows {many} bytes of a frame in part"),
        };
        self.unreadable(flow, from, None, Text::clipped(&what));
        self.may_have_missed(flow, from);
    }

    /// Something on this connection was not seen: it may belong to what was under way there, or
    /// had just ended.
    pub(super) fn may_have_missed(&mut self, flow: FlowId, from: FlowSide) {
        let near = self.options.timeout / NEAR;
        let Some(known) = self.flows.get(&flow) else {
            return;
        };
        let since = match from {
            FlowSide::Client => known.heard.0,
            FlowSide::Server => known.heard.1,
        };
        let role = known.role;
        let mut cases: Vec<CaseNo> = known.touched.iter().map(|(_, case)| *case).collect();
        cases.sort_unstable();
        cases.dedup();
        for case in cases {
            let recent = self.table.get(case).is_some_and(|own| {
                let just_over = since.is_none_or(|since| since - own.changed <= near);
                own.state.is_live() || just_over
            });
            if recent {
                self.note_unseen(case);
            }
        }
        self.hole(role);
    }

    /// Notes that something of a transaction may have been missed.
    pub(super) fn note_unseen(&mut self, case: CaseNo) {
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        if std::mem::replace(&mut own.unseen, true) {
            return;
        }
        // Nothing happened that is known: a row that changes nothing.
        self.step(case, Trigger::NoLink, SeenCause::why(Why::Unseen));
    }

    /// A connection ended.
    pub(super) fn ended(&mut self, flow: FlowId, how: FlowEnd) {
        if how == FlowEnd::CaptureEnded {
            self.rests(flow);
            return;
        }
        let Some(known) = self.flows.remove(&flow) else {
            return;
        };
        let mut cases: Vec<CaseNo> = known.touched.iter().map(|(_, case)| *case).collect();
        cases.sort_unstable();
        cases.dedup();
        let reset = how == FlowEnd::Reset;
        for case in cases {
            self.line_ended(flow, &known, case, reset);
        }
        if known.role != LegRole::Terminals {
            let (link, conn) = (HOST, host_conn(flow));
            self.record(None, None, Fact::Line(LineFact::Down { link, conn }));
        }
    }

    /// Nothing more is seen of a connection, which is not to say that it ended: it is taken to
    /// stand, until so many others have come to rest after it that nothing of it is of the present.
    fn rests(&mut self, flow: FlowId) {
        self.rested.push_back(flow);
        if self.rested.len() > RESTED
            && let Some(oldest) = self.rested.pop_front()
        {
            self.flows.remove(&oldest);
        }
    }

    /// What a server sent from then on never arrived: whose answer that was, is not told it.
    pub(super) fn unheard(&mut self, flow: FlowId, from: FlowSide, since: Wall) {
        let Some(known) = self.flows.get(&flow) else {
            return;
        };
        if from != FlowSide::Server || known.role == LegRole::Hosts {
            return;
        }
        let mut cases: Vec<CaseNo> = known.touched.iter().map(|(_, case)| *case).collect();
        cases.sort_unstable();
        cases.dedup();
        for case in cases {
            let meant = self.table.get(case).is_some_and(|own| {
                let told = own.state == State::Delivered && own.changed >= since;
                told && own.terminal == Some(flow) && own.opened.reverses && !own.dealt_with
            });
            if meant {
                self.step(case, Trigger::Reset, SeenCause::why(Why::WriteFailed));
            }
        }
    }

    fn line_ended(&mut self, flow: FlowId, known: &SeenFlow, case: CaseNo, reset: bool) {
        self.is_no_longer_waited_for(case);
        if known.role != LegRole::Hosts {
            self.terminal_ended(flow, known.role, case, reset);
        }
        if known.role != LegRole::Terminals {
            self.host_ended(flow, case);
        }
    }

    /// The connection of its terminal ended.
    fn terminal_ended(&mut self, flow: FlowId, role: LegRole, case: CaseNo, reset: bool) {
        let soon = self.options.timeout.saturating_mul(4) / 3;
        let now = self.now();
        let Some(own) = self.table.get(case) else {
            return;
        };
        if own.terminal != Some(flow) || !own.opened.reverses {
            return;
        }
        let fresh = !own.dealt_with && now - own.changed <= soon;
        let gone = SeenCause::why(Why::TerminalClosed);
        match own.state {
            State::Delivered if reset && fresh => {
                self.step(case, Trigger::Reset, gone);
            }
            State::Forwarded | State::Approved | State::Declined if role == LegRole::Terminals => {
                self.step(case, Trigger::TerminalClosed, gone);
            }
            _ => {}
        }
    }

    /// The connection to its host ended.
    fn host_ended(&mut self, flow: FlowId, case: CaseNo) {
        let Some(own) = self.table.get(case) else {
            return;
        };
        let carried = own.host == Some(flow) && own.state.awaits_answer();
        let tried = own.undoing.as_ref().and_then(|undoing| undoing.host) == Some(flow);
        let trigger = match own.opened.reverses {
            true => Trigger::LinkLost,
            false => Trigger::GaveUp,
        };
        let lost = SeenCause::why(Why::LinkLost);
        if carried {
            self.step(case, trigger, lost);
        } else if tried && own.state == State::ReversalSent {
            self.step(case, Trigger::ReversalRetry, lost);
        }
    }

    /// What was waited for did not come in its time. On the whole way, how long a terminal waits is
    /// known only to itself: as long as its connection stands, what it does next tells.
    pub(super) fn silence(&mut self, case: CaseNo) {
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        let stands = own.host.is_some_and(|flow| self.flows.contains_key(&flow));
        if own.state == State::Forwarded && own.goes_straight() && stands {
            own.overdue = true;
            return;
        }
        self.conclude(case);
    }

    /// Its terminal does something else: an answer that has not come by now is none.
    pub(super) fn is_no_longer_waited_for(&mut self, case: CaseNo) {
        let overdue = self.table.get(case).is_some_and(|own| own.overdue);
        if overdue {
            self.conclude(case);
        }
    }

    /// What did not come will not be waited for any longer.
    fn conclude(&mut self, case: CaseNo) {
        let Some(own) = self.table.get(case) else {
            return;
        };
        let missed = self.host_unseen.is_some_and(|at| at >= own.began);
        // A request that was not seen to go on may have gone on unseen.
        let unseen = own.unseen || (own.host.is_none() && missed);
        let (reverses, two) = (own.opened.reverses, own.terminal.is_some());
        let state = own.state;
        match state {
            State::Forwarded | State::ForwardedGone => {
                let (trigger, why) = match (reverses, unseen) {
                    (true, true) => (Trigger::Restart, Why::Unseen),
                    (true, false) => (Trigger::Deadline, Why::NoAnswer),
                    (false, true) => (Trigger::GaveUp, Why::Unseen),
                    (false, false) => (Trigger::GaveUp, Why::NoAnswer),
                };
                self.step(case, trigger, SeenCause::why(why));
            }
            State::Approved if two && !unseen => {
                let trigger = match reverses {
                    true => Trigger::NotWritten,
                    false => Trigger::GaveUp,
                };
                self.step(case, trigger, SeenCause::why(Why::WriteFailed));
            }
            State::Approved => {
                self.step(case, Trigger::Restart, SeenCause::why(Why::Unseen));
            }
            State::Declined => {
                self.step(case, Trigger::NotWritten, SeenCause::why(Why::WriteFailed));
            }
            State::ReversalSent => {
                let why = if unseen { Why::Unseen } else { Why::NoAnswer };
                self.step(case, Trigger::ReversalRetry, SeenCause::why(why));
            }
            _ => {}
        }
    }

    /// It is not followed any more: what comes later is not known.
    pub(super) fn give_up(&mut self, case: CaseNo) {
        self.is_no_longer_waited_for(case);
        let Some(own) = self.table.get(case) else {
            return;
        };
        let trigger = match own.state {
            State::Forwarded | State::ForwardedGone if !own.opened.reverses => Trigger::GaveUp,
            State::Forwarded
            | State::ForwardedGone
            | State::Approved
            | State::Declined
            | State::ReversalSent => Trigger::Restart,
            _ => return,
        };
        self.step(case, trigger, SeenCause::why(Why::Unseen));
    }

    /// The capture ends: of what is under way, nobody saw the end.
    pub fn finish(&mut self) {
        while !self.held.is_empty() {
            self.let_go_first();
        }
        for case in self.table.unfinished() {
            self.give_up(case);
        }
        self.record(None, None, Fact::Stopped);
    }
}
