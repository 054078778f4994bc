//! What a host does about requests and reversals: as its reactions say, else by the book.

use super::book::Entry;
use super::lookup::OriginalName;
use super::reply::{Content, STRANGER, about};
use super::{Due, OddHost, SaidTo, USUAL_MS};
use crate::engine::record::ConnId;
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::lab::odd::names::card;
use crate::lab::odd::slip::Sort;
use crate::lab::odd::wire::{Finish, attempt, gmt, number, piece, put, stan, text};
use crate::lab::plan::{Form, IssuerUndo, Reaction, Say, Trade};

/// How often a host sends a reversal of its own.
const OWN_TRIES: u8 = 3;

impl OddHost {
    /// What a host does that is told nothing else.
    fn usual() -> Reaction {
        Reaction {
            after: USUAL_MS,
            ..Reaction::default()
        }
    }

    /// A request came in, or came again.
    pub(super) fn request(&mut self, now: Now, conn: ConnId, message: Message) {
        let n = attempt(&message);
        let name = OriginalName::of(&message, self.speech.cup);
        let told = n
            .and_then(|n| self.asks.get(&n))
            .map(|ask| ask.host.clone());
        let mut reactions = told.unwrap_or_default();
        let known = self.by_name.get(&name).copied();
        let known = known.and_then(|at| Some((at, self.book.get(at)?.clone())));
        if let Some((at, entry)) = known {
            let same = entry.card == text(&message, 2)
                && entry.code == text(&message, 3)
                && entry.currency == text(&message, 49)
                && entry.amount == number(&message, 4).unwrap_or(0);
            if same && (n == entry.n || n.is_none()) {
                self.arrived(now, conn, Some(&message), Sort::Repeat, entry.n);
                self.repeated(now, conn, at, message);
                return;
            }
            if reactions.is_empty() {
                self.arrived(now, conn, Some(&message), Sort::Request, entry.n);
                self.reply(now, conn, message, "94", Vec::new(), Some(SaidTo::Request));
                return;
            }
        }
        self.arrived(now, conn, Some(&message), Sort::Request, None);
        let at = self.enter(n, &message);
        if reactions.is_empty() {
            reactions.push(Self::usual());
        }
        for reaction in reactions {
            self.expect(now, conn, at, &message, reaction);
        }
    }

    /// A reaction to a request is to come.
    fn expect(&mut self, now: Now, conn: ConnId, at: usize, asked: &Message, reaction: Reaction) {
        if let Some(n) = self.book.get(at).and_then(|entry| entry.n) {
            let (pending, forced) = self.may_book(at, &reaction);
            let kept = self.ledger.entry(n);
            kept.pending += pending;
            kept.forced += forced;
        }
        let due = Due::Request {
            at,
            asked: asked.clone(),
            conn,
            reaction: reaction.clone(),
        };
        self.later(now, reaction.after, due);
    }

    /// Whether a reaction may book: unless a reversal comes first, or whatever comes.
    fn may_book(&self, at: usize, reaction: &Reaction) -> (u32, u32) {
        let inquiry = |at| {
            self.book
                .get(at)
                .is_some_and(|entry: &Entry| entry.trade == Trade::Balance)
        };
        if inquiry(at) {
            return (0, 0);
        }
        match (reaction.books, &reaction.say) {
            (Some(true), _) => (0, 1),
            (None, Say::Yes) => (1, 0),
            (None, Say::Part(_)) => (0, 1),
            (None, Say::Code(code)) if self.yes(code) => (0, 1),
            _ => (0, 0),
        }
    }

    /// A request that is in the book: answered as the first was, or as if it had not come.
    fn repeated(&mut self, now: Now, conn: ConnId, at: usize, message: Message) {
        let Some(entry) = self.book.get(at).cloned() else {
            return;
        };
        if let Some((code, amount)) = entry.first {
            let mut extra = vec![(37, entry.rrn)];
            if self.yes(&code) {
                extra.push((38, entry.auth));
            }
            extra.extend(amount.map(|amount| (4, format!("{amount:012}"))));
            self.reply(now, conn, message, &code, extra, Some(SaidTo::Request));
            return;
        }
        let awaited = self.due.values_mut().filter_map(|due| match due {
            Due::Request {
                at: other,
                conn,
                reaction,
                ..
            } if *other == at => (reaction.say != Say::Nothing).then_some(conn),
            _ => None,
        });
        let mut is_awaited = false;
        for waiting in awaited {
            // The answer goes to who asked last.
            *waiting = conn;
            is_awaited = true;
        }
        if !is_awaited {
            self.expect(now, conn, at, &message, Self::usual());
        }
    }

    /// What is due.
    pub(super) fn act(&mut self, now: Now, due: Due) {
        match due {
            Due::Request {
                at,
                asked,
                conn,
                reaction,
            } => {
                self.react(now, at, &asked, conn, &reaction);
            }
            Due::Reversal {
                original,
                n,
                asked,
                conn,
                reaction,
            } => {
                self.react_to_undo(now, original, n, &asked, conn, &reaction);
            }
            Due::Reply {
                asked,
                conn,
                code,
                extra,
                to,
            } => {
                let content = Content {
                    code: Some(code),
                    extra,
                    money: to.is_some() || asked.mti().digits()[1] == b'6',
                    ..Content::default()
                };
                let entry = to.and_then(|to| about(None, &asked, to));
                self.answer(now, conn, &asked, &Form::default(), &content, entry);
            }
            Due::Own { message, tries } => self.send_own(now, message, tries),
        }
    }

    fn react(&mut self, now: Now, at: usize, asked: &Message, conn: ConnId, reaction: &Reaction) {
        let honest = self.honest(at);
        let (pending, forced) = self.may_book(at, reaction);
        let auth = &reaction.form.auth;
        if let Some(entry) = self.book.get_mut(at)
            && entry.first.is_none()
            && !auth.is_empty()
        {
            entry.auth.clone_from(auth);
        }
        let Some(entry) = self.book.get(at).cloned() else {
            return;
        };
        if let Some(n) = entry.n {
            let kept = self.ledger.entry(n);
            kept.pending = kept.pending.saturating_sub(pending);
            kept.forced = kept.forced.saturating_sub(forced);
        }
        let (code, amount, promises) = match &reaction.say {
            Say::Yes => (Some(honest.to_owned()), None, honest == "00"),
            Say::Nothing | Say::NoCode => (None, None, false),
            Say::Code(code) => (Some(code.clone()), None, self.yes(code)),
            Say::Blanks => (Some("  ".to_owned()), None, false),
            Say::Part(amount) => (Some("10".to_owned()), Some(*amount), true),
        };
        if reaction.books.unwrap_or(promises) {
            self.book(now.mono, at, amount.unwrap_or(entry.amount));
            if let Some(n) = entry.n {
                let more = amount.is_some_and(|amount| amount > entry.amount);
                self.ledger.entry(n).overbooked |= more;
            }
        }
        if reaction.say == Say::Nothing {
            return;
        }
        if let (Some(code), Some(entry)) = (&code, self.book.get_mut(at)) {
            entry
                .first
                .get_or_insert_with(|| (code.trim().to_owned(), amount));
        }
        let yes = code.as_ref().is_some_and(|code| self.yes(code));
        let mut extra: Vec<(u8, String)> = Vec::new();
        extra.extend(amount.map(|amount| (4, format!("{amount:012}"))));
        if yes && entry.trade == Trade::Balance {
            extra.push((54, format!("1002156C{:012}", 1_000_000)));
        }
        let content = Content {
            code,
            rrn: Some(entry.rrn),
            auth: yes.then_some(entry.auth),
            extra,
            money: true,
        };
        let about = about(entry.n, asked, SaidTo::Request);
        self.answer(now, conn, asked, &reaction.form, &content, about);
    }

    /// A reversal came in.
    pub(super) fn reversal(&mut self, now: Now, conn: ConnId, message: Message) {
        let original = self.original_of(&message);
        let names = original.and_then(|at| self.book.get(at)?.n);
        self.arrived(now, conn, Some(&message), Sort::Reversal, names);
        let n = names.or_else(|| attempt(&message));
        let count = n.map(|n| self.undos.entry(n).or_default());
        let so_manieth = count.map_or(0, |count| {
            *count += 1;
            *count - 1
        });
        let told = n.and_then(|n| self.asks.get(&n)?.undo.get(so_manieth).cloned());
        let reaction = told.unwrap_or_else(Self::usual);
        let after = reaction.after;
        let due = Due::Reversal {
            original,
            n,
            asked: message,
            conn,
            reaction,
        };
        self.later(now, after, due);
    }

    fn react_to_undo(
        &mut self,
        now: Now,
        original: Option<usize>,
        n: Option<u32>,
        asked: &Message,
        conn: ConnId,
        reaction: &Reaction,
    ) {
        // Its original may have come in between.
        let original = original.or_else(|| self.original_of(asked));
        let honest = self.honest_undo(original, asked);
        let stands = piece(asked, 95, 0, 12).parse().unwrap_or(0);
        let left = original
            .and_then(|at| self.book.get(at))
            .map_or(0, |entry| entry.net);
        let left = left.unsigned_abs();
        let (code, keeps, promises) = match &reaction.say {
            Say::Yes => {
                let undoes = honest == "00" || (original.is_none() && honest == "25");
                (Some(honest.to_owned()), stands, undoes)
            }
            Say::Nothing | Say::NoCode => (None, stands, false),
            Say::Code(code) => (Some(code.clone()), stands, code == "00"),
            Say::Blanks => (Some("  ".to_owned()), stands, false),
            Say::Part(amount) => (Some("10".to_owned()), left.saturating_sub(*amount), true),
        };
        if reaction.books.unwrap_or(promises) {
            self.take_back(now.mono, original, Some(asked), keeps, "reversed");
        }
        let about = about(n, asked, SaidTo::Reversal);
        if reaction.say == Say::Nothing {
            return;
        }
        let rrn = original
            .and_then(|at| self.book.get(at))
            .map(|entry| entry.rrn.clone());
        let content = Content {
            code,
            rrn,
            money: true,
            ..Content::default()
        };
        self.answer(now, conn, asked, &reaction.form, &content, about);
    }

    /// The host reverses by itself, and says so until somebody hears it.
    pub(super) fn issuer_undo(&mut self, now: Now, undo: &IssuerUndo) {
        let at = self
            .book
            .iter()
            .rposition(|entry| entry.n == Some(undo.n) && entry.net != 0);
        let Some((at, entry)) = at.and_then(|at| Some((at, self.book.get(at)?.clone()))) else {
            return;
        };
        // The dialect of UnionPay terminals has no reversals in part.
        let stands = if self.speech.cup { 0 } else { undo.stands };
        if !undo.other_card {
            self.take_back(now.mono, Some(at), None, stands, "reversed by the issuer");
        }
        let Some(mut message) = self.speech.draft("0420") else {
            return;
        };
        self.stan = self.stan % 999_999 + 1;
        entry.write(&mut message, self.speech.cup);
        put(&mut message, 11, &format!("{:06}", self.stan));
        put(&mut message, 7, &gmt(now.wall));
        put(&mut message, 39, "06");
        if stands > 0 {
            let actual = format!("{stands:012}{:012}D00000000D00000000", 0);
            put(&mut message, 95, &actual);
        }
        if undo.other_card {
            put(&mut message, 2, &card(STRANGER));
        }
        self.send_own(now, message, OWN_TRIES);
    }

    fn send_own(&mut self, now: Now, mut message: Message, tries: u8) {
        let key = self.keys.get(&text(&message, 41));
        let finish = Finish {
            key,
            ..Default::default()
        };
        let Some(frame) = self.speech.frame(&message, &finish) else {
            return;
        };
        match self.conns.first().copied() {
            Some(conn) => self.out(now, conn, frame, None),
            None => self.outbox.push_back((frame, None)),
        }
        if tries > 1 {
            message.set_mti(message.mti().repeat());
            let after = u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX);
            self.later(
                now,
                after,
                Due::Own {
                    message,
                    tries: tries - 1,
                },
            );
        }
    }

    /// An answer came to a message of the host's own: it is not sent again.
    pub(super) fn own_answered(&mut self, answer: &Message) {
        let number = stan(answer);
        self.due.retain(|_, due| match due {
            Due::Own { message, .. } => stan(message) != number,
            Due::Request { .. } | Due::Reversal { .. } | Due::Reply { .. } => true,
        });
    }
}
