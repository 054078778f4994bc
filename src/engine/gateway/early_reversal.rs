//! A reversal whose original is not known here: it may have overtaken its request.

use super::core::Gateway;
use super::request::ago;
use crate::engine::record::{ConnId, Fact, Identity, Opened, Why};
use crate::engine::seam::Now;
use crate::iso::codec::Message;

impl Gateway {
    /// A reversal whose original is not known here. It goes to the acquirer, since an answer of
    /// ours might close the reversal of money that is held; and the request, should it come yet,
    /// will be refused (D5).
    pub(super) fn orphan_reversal(
        &mut self,
        now: Now,
        conn: ConnId,
        message: Message,
        opened: Opened,
        names: &[Identity],
    ) {
        if self.is_repeat(now, conn, &message, &opened) {
            return;
        }
        if !self.has_room_to_bury(now, &message, names) {
            // By the name, the request that may come yet is told of it.
            let identity = names.first().copied().unwrap_or(opened.identity);
            let opened = Opened { identity, ..opened };
            return self.refuse(now, conn, &message, opened, Why::Overload);
        }
        self.bury(now, &message, names);
        self.forward(now, conn, message, opened);
    }

    /// Refuses the requests of these names, should they come behind their reversal.
    pub(super) fn bury(&mut self, now: Now, reversal: &Message, names: &[Identity]) {
        let key = self.terminal_of(reversal);
        let Some(key) = key.filter(|key| self.has_room_for(now, key)) else {
            return;
        };
        let buried = self.steady.at(now.mono);
        for name in names {
            let terminal = self.terminals.entry(key);
            terminal.bury(*name, buried, &self.options.limits);
            self.record(now, None, None, Fact::Tombstone(*name));
        }
    }

    /// Whether these names can be kept in mind for their time, beside those that are.
    fn has_room_to_bury(&self, now: Now, reversal: &Message, names: &[Identity]) -> bool {
        let key = self.terminal_of(reversal);
        let Some(terminal) = key.and_then(|key| self.terminals.get(&key)) else {
            return true;
        };
        let since = ago(self.steady.at(now.mono), self.options.ladder.tombstone);
        let kept = terminal.tombstones().filter(|(_, at)| *at >= since);
        let others = kept.filter(|(name, _)| !names.contains(name)).count();
        others + names.len() <= self.options.limits.tombstones.max(names.len())
    }
}
