//! Any journal held against the model, from the messages in it.

use super::codes::{AnswerSays, CodeTable};
use super::known::{Broken, Effects, Happened, Known, OpenAs, Policy};
use super::read::Seen;
use crate::engine::record::{ConnId, Fact, Hop, Record, Seq, TxId};
use crate::engine::seam::Wall;
use crate::iso::message::{Class, Mti};
use std::collections::BTreeMap;

/// A rule that a journal shows broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelBreach {
    /// The rule: `R13`, `I3`.
    pub rule: &'static str,
    /// The transaction.
    pub tx: Option<TxId>,
    /// The record that shows it.
    pub seq: Seq,
    /// What is done there, in words.
    pub what: String,
}

/// A transaction that is open at the end, as far as its messages tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillOpen {
    /// The transaction.
    pub tx: TxId,
    /// Its class.
    pub class: OpenAs,
    /// Its last record.
    pub seq: Seq,
    /// When that was written.
    pub at: Wall,
    /// Whether a reversal is owed and has not been sent since.
    pub owes_reversal: bool,
}

/// What a journal shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelReport {
    /// Rules that are broken, in the order of the journal.
    pub breaches: Vec<ModelBreach>,
    /// What is open.
    pub open: Vec<StillOpen>,
    /// Transactions that were followed.
    pub transactions: u64,
}

/// A question that waits for its answer.
#[derive(Clone, Debug)]
struct Question {
    conn: ConnId,
    mti: Mti,
    stan: String,
}

/// One transaction and what names it.
#[derive(Clone, Debug)]
struct Tracked {
    known: Known,
    dialect: String,
    request: Option<Seen>,
    /// The trace number that the host knows.
    host_stan: String,
    rrn: String,
    auth: String,
    /// Who asked, and who asked for its reversal.
    asked: Vec<Question>,
    undo: Vec<Question>,
    /// What is to stand by the terminal's reversal.
    stands: Option<u64>,
    /// The codes that came from above, for the request and for its reversal.
    heard: Vec<String>,
    undo_heard: Vec<String>,
    /// Its reversal was closed here before any try: where.
    closed_early: Option<Seq>,
    seq: Seq,
    at: Wall,
}

/// Holds a journal against the model, record by record, in their order.
#[derive(Debug, Default)]
pub struct ModelCheck {
    policy: Policy,
    all: BTreeMap<TxId, Tracked>,
    /// Transactions by the trace number that the host knows.
    by_stan: BTreeMap<String, Vec<TxId>>,
    /// The approval that was written last to each connection of a terminal.
    told: BTreeMap<ConnId, TxId>,
    breaches: Vec<ModelBreach>,
}

impl ModelCheck {
    /// A check that knows nothing yet. Who reverses stands in no journal: with
    /// [`Policy::Terminal`] a reversal is demanded only where a terminal asked for it.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Takes the next record in. Of a step its message is read, and nothing else is believed.
    pub fn take(&mut self, record: &Record) {
        match &record.fact {
            Fact::Started { .. } => {
                self.told.clear();
                for tracked in self.all.values_mut() {
                    tracked.known.take(Happened::Restarted);
                    tracked.asked.clear();
                    tracked.undo.clear();
                }
            }
            Fact::Step(step) => {
                let (Some(tx), Some(logged)) = (record.tx, &step.message) else {
                    return;
                };
                // The dialect says how bytes are read, and nothing of what became of them.
                let opened = step.opened.as_ref().map(|opened| opened.spec.as_str());
                let dialect = self.all.get(&tx).map(|tracked| tracked.dialect.clone());
                let dialect = opened.map(str::to_owned).or(dialect).unwrap_or_default();
                let seen = Seen::read(logged, &dialect);
                let tracked = self
                    .all
                    .entry(tx)
                    .or_insert_with(|| Tracked::new(&seen, dialect, self.policy));
                (tracked.seq, tracked.at) = (record.seq, record.at);
                self.message(tx, record.seq, &seen);
            }
            Fact::Unmatched(unmatched) => self.unmatched(record.seq, &unmatched.message),
            Fact::Stopped
            | Fact::Line(_)
            | Fact::Session(_)
            | Fact::Unreadable(_)
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

    /// What the journal shows.
    #[must_use]
    pub fn finish(mut self) -> ModelReport {
        let early = self.all.iter().filter_map(|(tx, tracked)| {
            let seq = tracked.closed_early.filter(|_| tracked.known.may_hold())?;
            let rule = "R6";
            let what = "a terminal's reversal is closed here while money may be held, and none \
                        goes up"
                .to_owned();
            let tx = Some(*tx);
            Some(ModelBreach {
                rule,
                tx,
                seq,
                what,
            })
        });
        let early: Vec<ModelBreach> = early.collect();
        self.breaches.extend(early);
        self.breaches.sort_by_key(|breach| breach.seq);
        let open = self.all.iter().filter_map(|(tx, tracked)| {
            Some(StillOpen {
                tx: *tx,
                class: tracked.known.open_as()?,
                seq: tracked.seq,
                at: tracked.at,
                owes_reversal: tracked.known.owes_reversal(),
            })
        });
        ModelReport {
            open: open.collect(),
            transactions: u64::try_from(self.all.len()).unwrap_or(u64::MAX),
            breaches: self.breaches,
        }
    }

    fn breach(&mut self, rule: &'static str, tx: TxId, seq: Seq, what: impl Into<String>) {
        let (tx, what) = (Some(tx), what.into());
        self.breaches.push(ModelBreach {
            rule,
            tx,
            seq,
            what,
        });
    }

    fn happened(&mut self, tx: TxId, seq: Seq, happened: Happened) {
        let tracked = self.all.get_mut(&tx);
        if let Some(Broken { rule, what }) = tracked.and_then(|own| own.known.take(happened)) {
            self.breach(rule, tx, seq, what);
        }
    }

    fn message(&mut self, tx: TxId, seq: Seq, seen: &Seen) {
        match (seen.hop, seen.mti.is_answer()) {
            (Hop::TerminalToGateway, false) => self.of_terminal(tx, seq, seen),
            (Hop::GatewayToAcquirer, false) => self.for_host(tx, seq, seen),
            (Hop::AcquirerToGateway, true) => self.of_host(tx, seq, seen),
            (Hop::GatewayToTerminal, true) => self.for_terminal(tx, seq, seen, seen.conn, true),
            (Hop::TerminalToGateway | Hop::GatewayToAcquirer, true)
            | (Hop::AcquirerToGateway | Hop::GatewayToTerminal, false) => {}
        }
    }

    fn of_terminal(&mut self, tx: TxId, seq: Seq, seen: &Seen) {
        if self.told.get(&seen.conn).is_some_and(|told| *told != tx) {
            // The connection lives on: what was given to it before has been written.
            if let Some(told) = self.told.remove(&seen.conn) {
                self.happened(told, seq, Happened::Written);
            }
        }
        let question = Question {
            conn: seen.conn,
            mti: seen.mti,
            stan: seen.stan.clone(),
        };
        if seen.mti.class() == Class::Reconciliation {
            let same = |own: &&mut Tracked| {
                let request = own.request.as_ref();
                request.is_some_and(|request| request.terminal == seen.terminal)
            };
            for own in self.all.values_mut().filter(same) {
                own.known.take(Happened::Settled);
            }
        }
        let Some(tracked) = self.all.get_mut(&tx) else {
            return;
        };
        if seen.is_reversal() {
            tracked.undo.push(question);
            tracked.stands = seen.stands;
            let part = seen.stands.is_some_and(|stands| stands > 0);
            self.happened(tx, seq, Happened::UndoAsked { part });
        } else {
            tracked.asked.push(question);
            tracked.request.get_or_insert_with(|| seen.clone());
            self.happened(tx, seq, Happened::Asked);
        }
        if seen.relayed.is_some() {
            self.for_host(tx, seq, seen);
        }
    }

    fn for_host(&mut self, tx: TxId, seq: Seq, seen: &Seen) {
        if !seen.is_reversal() {
            if let Some(tracked) = self.all.get_mut(&tx) {
                tracked.host_stan.clone_from(&seen.stan);
            }
            self.by_stan.entry(seen.stan.clone()).or_default().push(tx);
            return self.happened(tx, seq, Happened::Forwarded);
        }
        let Some(tracked) = self.all.get_mut(&tx) else {
            return;
        };
        tracked.closed_early = None;
        let asked = tracked.request.as_ref().and_then(|request| request.amount);
        let above = seen
            .amount
            .zip(asked)
            .is_some_and(|(undo, asked)| undo > asked);
        let part_lost = tracked.stands.is_some_and(|stands| stands > 0) && seen.stands.is_none();
        if above {
            self.breach("I5", tx, seq, "a reversal of more than was asked for");
        }
        if part_lost {
            let what = "a reversal of all of it goes up where a part was to stand (DE 95)";
            self.breach("R22", tx, seq, what);
        }
        self.happened(tx, seq, Happened::Reversing);
    }

    fn of_host(&mut self, tx: TxId, seq: Seq, seen: &Seen) {
        let table = CodeTable::of(&seen.dialect);
        let code = seen.code.clone().unwrap_or_default();
        let Some(tracked) = self.all.get_mut(&tx) else {
            return;
        };
        if seen.is_reversal() {
            tracked.undo_heard.push(code);
            let says = table.undo(seen.code.as_deref());
            self.happened(tx, seq, Happened::UndoHeard(says));
        } else {
            tracked.heard.push(code);
            let says = tracked.believed(seen, table);
            if says == AnswerSays::Approval {
                tracked.rrn.clone_from(&seen.rrn);
                tracked.auth.clone_from(&seen.auth);
            }
            self.happened(tx, seq, Happened::Heard(says));
            if says == AnswerSays::Approval {
                self.gives_back(tx, seq);
            }
        }
        if let Some(conn) = seen.relayed {
            self.for_terminal(tx, seq, seen, conn, false);
        }
    }

    /// An approved void or refund returns what its original took.
    fn gives_back(&mut self, tx: TxId, seq: Seq) {
        let own = self.all.get(&tx).and_then(|own| own.request.as_ref());
        let Some(own) = own.filter(|own| own.gives_back()) else {
            return;
        };
        let named = |(other, tracked): &(&TxId, &Tracked)| {
            let request = tracked.request.as_ref();
            let Some(request) = request.filter(|_| **other < tx) else {
                return false;
            };
            let by_rrn = !own.rrn.is_empty() && own.rrn == tracked.rrn;
            let by_auth = !own.auth.is_empty() && own.auth == tracked.auth;
            let by_number = own.original.as_ref().is_some_and(|original| {
                *original == request.batch.clone() + &request.stan || *original == request.stan
            });
            request.merchant == own.merchant && (by_rrn || by_number || by_auth)
        };
        // The latest of its name: trace numbers come again.
        let Some((original, whole)) = self.all.iter().rev().find(named).map(|(other, tracked)| {
            let amount = tracked.request.as_ref().and_then(|request| request.amount);
            (*other, own.amount.is_none() || own.amount >= amount)
        }) else {
            return;
        };
        if whole {
            self.happened(original, seq, Happened::Returned);
        }
    }

    fn for_terminal(&mut self, tx: TxId, seq: Seq, seen: &Seen, conn: ConnId, own: bool) {
        let table = CodeTable::of(&seen.dialect);
        let code = seen.code.clone().unwrap_or_default();
        let Some(tracked) = self.all.get_mut(&tx) else {
            return;
        };
        let questions = match seen.is_reversal() {
            true => &tracked.undo,
            false => &tracked.asked,
        };
        let fault = misdirected(questions, seen, conn);
        if seen.is_reversal() {
            let says = table.undo(seen.code.as_deref());
            let own = own && !tracked.undo_heard.contains(&code);
            let tried = !tracked.undo_heard.is_empty();
            self.happened(tx, seq, Happened::UndoTold { says, own });
            let closes = own && says.closes() && !tried;
            if let Some(tracked) = self.all.get_mut(&tx)
                && closes
                && tracked.known.owes_reversal()
            {
                tracked.closed_early.get_or_insert(seq);
            }
        } else {
            let own = own && !tracked.heard.contains(&code);
            let says = table.answer(seen.code.as_deref());
            let believed = tracked.believed(seen, table);
            if says == AnswerSays::Approval && believed == AnswerSays::Unusable {
                let what = "an approval is told that does not fit its request";
                self.breach("R22", tx, seq, what);
            } else {
                self.happened(tx, seq, Happened::Told { says, own });
            }
            if says == AnswerSays::Approval {
                self.told.insert(conn, tx);
            }
        }
        if let Some((rule, what)) = fault {
            self.breach(rule, tx, seq, what);
        }
    }

    /// An answer that the journal says nobody waited for: whether one did.
    fn unmatched(&mut self, seq: Seq, logged: &crate::engine::record::Logged) {
        if logged.hop != Hop::AcquirerToGateway || !logged.mti.is_answer() {
            return;
        }
        let mut fits: Vec<(TxId, Seen)> = Vec::new();
        for (tx, tracked) in &self.all {
            let Some(request) = tracked.request.as_ref() else {
                continue;
            };
            let seen = Seen::read(logged, &tracked.dialect);
            let named = !seen.stan.is_empty() && seen.stan == tracked.host_stan;
            let same = |own: &str, other: &str| own.is_empty() || other.is_empty() || own == other;
            let here =
                same(&seen.terminal, &request.terminal) && same(&seen.merchant, &request.merchant);
            let class = seen.is_reversal() || seen.mti.class() == request.mti.class();
            let amount = seen.amount.is_none() || seen.amount == request.amount;
            if named && here && class && amount && tracked.known.effects() != Effects::Harmless {
                fits.push((*tx, seen));
            }
        }
        let (Some((tx, seen)), None) = (fits.pop(), fits.pop()) else {
            return;
        };
        let approved = self.all.get(&tx).is_some_and(|own| own.known.is_approved());
        let table = CodeTable::of(&seen.dialect);
        let says = table.answer(seen.code.as_deref());
        let news = !seen.is_reversal() && says == AnswerSays::Approval && !approved;
        let seen = Seen {
            relayed: None,
            ..seen
        };
        self.of_host(tx, seq, &seen);
        if news {
            let what = "an approval is taken for nobody's, and its request stands in this journal";
            self.breach("R7", tx, seq, what);
        }
    }
}

impl Tracked {
    fn new(first: &Seen, dialect: String, policy: Policy) -> Self {
        let effects = match first.is_reversal() {
            true => Effects::Undoable,
            false => first.effects(),
        };
        Self {
            known: Known::new(effects, policy),
            dialect,
            request: None,
            host_stan: String::new(),
            rrn: String::new(),
            auth: String::new(),
            asked: Vec::new(),
            undo: Vec::new(),
            stands: None,
            heard: Vec::new(),
            undo_heard: Vec::new(),
            closed_early: None,
            seq: Seq(0),
            at: Wall(0),
        }
    }

    /// What an answer says, if it can be believed: an approval of another amount, except of a part,
    /// cannot.
    fn believed(&self, seen: &Seen, table: &CodeTable) -> AnswerSays {
        let says = table.answer(seen.code.as_deref());
        let asked = self.request.as_ref().and_then(|request| request.amount);
        let part = seen
            .code
            .as_deref()
            .is_some_and(|code| table.is_partial(code));
        let fits = match asked.zip(seen.amount) {
            Some((asked, given)) => given == asked || part && given < asked,
            None => true,
        };
        if says == AnswerSays::Approval && !fits {
            AnswerSays::Unusable
        } else {
            says
        }
    }
}

/// Whether an answer goes to somebody who asked, in the words of the question (R21).
fn misdirected(
    questions: &[Question],
    seen: &Seen,
    conn: ConnId,
) -> Option<(&'static str, String)> {
    let mine: Vec<&Question> = questions.iter().filter(|one| one.conn == conn).collect();
    let asked = match (mine.last(), questions.is_empty()) {
        (Some(last), _) => *last,
        (None, true) => return None,
        (None, false) => {
            let what = format!("an answer goes to {conn}, where nobody asked");
            return Some(("I9", what));
        }
    };
    if mine.iter().all(|one| one.mti.answer() != Some(seen.mti)) {
        let what = format!("{} is answered by {}", asked.mti, seen.mti);
        return Some(("R21", what));
    }
    let same = |one: &&Question| one.stan == seen.stan || one.stan.is_empty();
    if !seen.stan.is_empty() && !mine.iter().any(same) {
        let what = format!(
            "trace number {} is answered under {}",
            asked.stan, seen.stan
        );
        return Some(("R21", what));
    }
    None
}
