//! How a host writes its answers, and over which connection they go.

use super::{HostSaid, OddHost, OddHostAction, SaidTo};
use crate::engine::record::ConnId;
use crate::engine::seam::{Now, Zone};
use crate::iso::codec::Message;
use crate::lab::odd::ledger::GivenAnswer;
use crate::lab::odd::names::card;
use crate::lab::odd::wire::{Finish, approves, attempt, carry, code, number, piece, put, text};
use crate::lab::plan::{Form, Trade};
use bytes::Bytes;

/// The card of a stranger is that of this purchase.
pub(super) const STRANGER: u32 = 60_000;
/// The fields that say which money a message speaks of, beside its amount.
const MONEY: [u8; 4] = [2, 3, 49, 90];
/// The institution at the end of the wire.
const INSTITUTION: &str = "01020000";

/// What an answer holds, beside what it echoes.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// DE 39, if there is one.
    pub code: Option<String>,
    /// DE 37.
    pub rrn: Option<String>,
    /// DE 38.
    pub auth: Option<String>,
    /// Whatever else.
    pub extra: Vec<(u8, String)>,
    /// Whether it speaks of money.
    pub money: bool,
}

impl OddHost {
    /// Whether a code says yes to a request.
    pub(super) fn yes(&self, code: &str) -> bool {
        approves(self.speech.cup, code)
    }

    /// Answers a message, and says of which attempt it speaks.
    pub(super) fn answer(
        &mut self,
        now: Now,
        conn: ConnId,
        asked: &Message,
        form: &Form,
        content: &Content,
        about: Option<(u32, SaidTo)>,
    ) {
        let Some(mut answer) = self.speech.answer_to(asked, &form.mti) else {
            return;
        };
        self.fill(now, &mut answer, asked, content);
        if let Some(amount) = form.amount {
            put(&mut answer, 4, &format!("{amount:012}"));
        }
        let omits = [self.habits.omits.as_slice(), form.omits.as_slice()].concat();
        let seen = |field: u8| !omits.contains(&field);
        let own = MONEY.map(|field| text(&answer, field));
        bend(&mut answer, asked, form);
        let mut both = MONEY.into_iter().zip(own);
        let is_other = both.any(|(field, own)| seen(field) && text(&answer, field) != own);
        let finish = Finish {
            key: self.keys.get(&text(asked, 41)).filter(|_| content.money),
            broken_mac: form.broken_mac,
            broken_tail: form.broken_tail,
            omits: omits.clone(),
        };
        let Some(frame) = self.speech.frame(&answer, &finish) else {
            return;
        };
        let is_broken = form.broken_tail || form.broken_mac && finish.key.is_some();
        let said = about.map(|(n, to)| {
            let code = code(&answer).filter(|_| seen(39));
            let yes = code.as_ref().is_some_and(|code| match to {
                SaidTo::Request => self.yes(code),
                SaidTo::Reversal => code == "00",
            });
            HostSaid {
                n,
                to,
                mti: answer.mti().to_string(),
                code,
                yes,
                amount: number(&answer, 4).filter(|_| seen(4)),
                sound: form.amount.is_none() && form.mti.is_empty() && !is_other && !is_broken,
                misfit: is_other && !is_broken,
            }
        });
        // What is said of other money is no lie about this.
        if let Some(said) = said.as_ref().filter(|_| form.amount.is_none() && !is_other)
            && said.to == SaidTo::Reversal
            && said.yes
        {
            let stands = piece(asked, 95, 0, 12).parse().unwrap_or(0);
            let entry = self.ledger.entry(said.n);
            entry.said_undone.get_or_insert((now.mono, stands));
        }
        self.route(now, conn, frame, said, form.other_line);
    }

    /// Writes an answer as hosts of the dialect do: what they echo, and what they add.
    fn fill(&self, now: Now, answer: &mut Message, asked: &Message, content: &Content) {
        let echoes: &[u8] = if self.speech.cup {
            &[2, 3, 4, 11, 14, 23, 25, 41, 42, 48, 49, 53, 60]
        } else {
            &[
                2, 3, 4, 7, 11, 12, 13, 14, 25, 32, 33, 41, 42, 49, 70, 74, 76, 86, 88, 90,
            ]
        };
        carry(answer, asked, echoes);
        if self.speech.cup {
            put(answer, 12, &now.wall.hhmmss(&Zone::CHINA));
            put(answer, 13, &now.wall.mmdd(&Zone::CHINA));
        }
        put(answer, 32, INSTITUTION);
        if content.money {
            put(answer, 15, &now.wall.mmdd(&Zone::CHINA));
            if self.speech.cup {
                put(answer, 44, &format!("{INSTITUTION:<11}{INSTITUTION:<11}"));
            }
        }
        let fields = [(37, &content.rrn), (38, &content.auth), (39, &content.code)];
        for (field, text) in fields {
            if let Some(text) = text {
                put(answer, field, text);
            }
        }
        for (field, text) in &content.extra {
            put(answer, *field, text);
        }
    }

    /// Picks the connection: the one that asked, another one if that is wanted or the first is
    /// gone, else the next that comes up.
    pub(super) fn route(
        &mut self,
        now: Now,
        conn: ConnId,
        frame: Bytes,
        said: Option<HostSaid>,
        other_line: bool,
    ) {
        let other = self.conns.iter().find(|other| **other != conn).copied();
        let own = self.conns.get(&conn).copied();
        let chosen = if other_line {
            other.or(own)
        } else {
            own.or(other)
        };
        match chosen {
            Some(chosen) => self.out(now, chosen, frame, said),
            None => self.outbox.push_back((frame, said)),
        }
    }

    /// A frame goes out: what it says is said from now on.
    pub(super) fn out(&mut self, now: Now, conn: ConnId, frame: Bytes, about: Option<HostSaid>) {
        if let Some(said) = &about {
            self.note(now, said);
        }
        self.actions
            .push_back(OddHostAction::Send { conn, frame, about });
    }

    fn note(&mut self, now: Now, said: &HostSaid) {
        let inquiry = self
            .asks
            .get(&said.n)
            .is_some_and(|ask| ask.trade == Trade::Balance);
        let entry = self.ledger.entry(said.n);
        entry.given.push(GivenAnswer {
            at: now.mono,
            to: said.to,
            mti: said.mti.clone(),
            code: said.code.clone(),
            yes: said.yes,
            amount: said.amount,
        });
        let Some(code) = said.code.as_deref().filter(|_| said.to == SaidTo::Request) else {
            return;
        };
        if said.yes && !inquiry {
            entry.approved.get_or_insert(now.mono);
        } else if !said.yes && is_final(code, self.speech.cup) {
            entry.refused.get_or_insert(now.mono);
        }
    }
}

/// Makes an answer speak of other money than was asked for, as its form wants.
fn bend(answer: &mut Message, asked: &Message, form: &Form) {
    let given = [(3, &form.code), (49, &form.currency)];
    for (field, text) in given {
        if !text.is_empty() {
            put(answer, field, text);
        }
    }
    if !form.auth.is_empty() && !text(answer, 38).is_empty() {
        put(answer, 38, &form.auth);
    }
    let rrn = text(asked, 37);
    if form.echoes_rrn && !rrn.is_empty() {
        put(answer, 37, &rrn);
    }
    if form.other_card && !text(answer, 2).is_empty() {
        put(answer, 2, &card(STRANGER));
    }
    let original = text(answer, 90);
    if let (true, Some(behind)) = (form.other_original, original.get(10..)) {
        put(answer, 90, &format!("0200999999{behind}"));
    }
}

/// Whether a refusal says that it was not made (R20), and not that nobody knows, or something of
/// another message (94).
fn is_final(code: &str, cup: bool) -> bool {
    const OPEN: [&str; 9] = ["08", "09", "20", "32", "68", "82", "85", "94", "98"];
    let is_listed = code.len() == 2 && code.bytes().all(|digit| digit.is_ascii_digit());
    let lettered = cup && ["A0", "A1", "A3", "A7"].contains(&code);
    !OPEN.contains(&code) && (is_listed || lettered)
}

/// The attempt that an answer is about: the host's own entry, or as DE 14 tells it.
pub(super) fn about(entry: Option<u32>, asked: &Message, to: SaidTo) -> Option<(u32, SaidTo)> {
    Some((entry.or_else(|| attempt(asked))?, to))
}
