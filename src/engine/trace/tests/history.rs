//! Records by hand, as the gateway writes them.

use crate::engine::record::{
    ConnId, Fact, Hop, Logged, Note, Opened, Record, Row, Seq, State, Step, StoredFrame, TxId, Why,
};
use crate::engine::seam::Wall;
use crate::engine::trace::{Story, Verdict};
use crate::iso::message::{Amount, Mti, Stan, Text};
use crate::iso::spec::Purpose;
use std::sync::Arc;

pub(crate) fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

/// The sale of the contract's example.
pub(crate) fn opened(purpose: Purpose) -> Opened {
    Opened {
        spec: text("cup-pos"),
        kind: text("sale"),
        purpose,
        reverses: purpose.moves_money(),
        partly: false,
        identity: text("2|874350357222471|10421695|000001|100175"),
        terminal: text("10421695"),
        merchant: text("874350357222471"),
        stan: Stan(100_175),
        batch: text("000001"),
        amount: Amount(88_800),
        currency: text("156"),
        card: text("622609******0048"),
        card_hash: [7; 16],
        link: crate::engine::record::LinkId(0),
        original: None,
        twin: None,
    }
}

/// A transaction's records, growing.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) tx: TxId,
    pub(crate) records: Vec<Record>,
    at: Wall,
    state: State,
}

impl History {
    /// Nothing yet; the clock stands at the contract's example.
    pub(crate) fn new() -> Self {
        Self {
            tx: TxId(0x019A_F3A1_0000_1234_5678_9ABC_DEF0_1111),
            records: Vec::new(),
            at: Wall(1_795_313_472_345_678),
            state: State::Received,
        }
    }

    /// A sale that went to the acquirer, its bytes unchanged.
    pub(crate) fn sale() -> Self {
        Self::of(Purpose::Debit)
    }

    pub(crate) fn of(purpose: Purpose) -> Self {
        Self::new().open(opened(purpose), State::Forwarded, Why::Plain, Some(()))
    }

    /// A sale refused here.
    pub(crate) fn refused(why: Why, code: &str) -> Self {
        Self::new()
            .open(opened(Purpose::Debit), State::Received, Why::Plain, None)
            .step(State::Refused, why)
            .say(Hop::GatewayToTerminal, "0210", code)
    }

    pub(crate) fn open(self, opened: Opened, state: State, why: Why, relayed: Option<()>) -> Self {
        let mut history = self
            .step(state, why)
            .say(Hop::TerminalToGateway, "0200", "");
        let step = history.last();
        step.opened = Some(Arc::new(opened));
        step.message.as_mut().unwrap().relayed = relayed.map(|()| ConnId(9));
        history
    }

    /// Each record names the one before, as the gateway's do.
    pub(crate) fn chain(&mut self) {
        let mut prev = None;
        for record in &mut self.records {
            record.prev = prev;
            prev = Some(record.seq);
        }
    }

    /// Changes its names.
    pub(crate) fn name_first(&mut self, change: impl Fn(&mut Opened)) {
        for record in &mut self.records {
            if let Fact::Step(step) = &mut record.fact
                && let Some(opened) = &mut step.opened
            {
                change(Arc::make_mut(opened));
            }
        }
    }

    /// The last step names the transaction.
    pub(crate) fn name(&mut self, opened: Opened) {
        self.last().opened = Some(Arc::new(opened));
    }

    /// Time passes, in milliseconds.
    pub(crate) fn after(mut self, ms: i64) -> Self {
        self.at = Wall(self.at.0 + ms * 1000);
        self
    }

    pub(crate) fn step(mut self, state: State, why: Why) -> Self {
        let seq = Seq(self.records.len() as u64 + 1);
        self.state = state;
        self.records.push(Record {
            seq,
            at: self.at,
            tx: Some(self.tx),
            prev: None,
            fact: Fact::Step(Box::new(Step {
                row: Row('z'),
                state,
                why,
                note: Note::None,
                message: None,
                opened: None,
            })),
        });
        self
    }

    fn last(&mut self) -> &mut Step {
        match &mut self.records.last_mut().unwrap().fact {
            Fact::Step(step) => step,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn note(mut self, note: Note) -> Self {
        self.last().note = note;
        self
    }

    /// The last step carries this message.
    pub(crate) fn say(mut self, hop: Hop, mti: &str, code: &str) -> Self {
        let answers = mti.parse::<Mti>().unwrap().is_answer();
        self.last().message = Some(Logged {
            hop,
            conn: ConnId(1),
            relayed: None,
            mti: mti.parse().unwrap(),
            code: (!code.is_empty()).then(|| text(code)),
            stan: None,
            rrn: answers.then(|| text("203217491827")),
            auth: (answers && code == "00" && mti == "0210").then(|| text("112233")),
            amount: None,
            frame: StoredFrame::default(),
        });
        self
    }

    /// The acquirer answers the request.
    pub(crate) fn answer(self, code: &str, state: State, why: Why) -> Self {
        self.step(state, why)
            .say(Hop::AcquirerToGateway, "0210", code)
    }

    /// Approved in time and written to the terminal.
    pub(crate) fn delivered(self) -> Self {
        let mut history = self.after(350).answer("00", State::Approved, Why::Plain);
        history.last().message.as_mut().unwrap().relayed = Some(ConnId(1));
        history.after(1).step(State::Delivered, Why::Plain)
    }

    /// Declined in time and written to the terminal.
    pub(crate) fn declined(self, code: &str) -> Self {
        let mut history = self.after(350).answer(code, State::Declined, Why::Plain);
        history.last().message.as_mut().unwrap().relayed = Some(ConnId(1));
        history.after(1).step(State::DeclineDelivered, Why::Plain)
    }

    /// No answer in 45 s.
    pub(crate) fn timed_out(self) -> Self {
        self.after(45_000)
            .step(State::TimedOut, Why::NoAnswer)
            .note(Note::WaitedMs(45_000))
    }

    /// The terminal sends a 0400.
    pub(crate) fn terminal_reverses(self, cause: &str) -> Self {
        self.step(State::ReversalPending, Why::TerminalAsked).say(
            Hop::TerminalToGateway,
            "0400",
            cause,
        )
    }

    /// The gateway's reversal becomes due, and its n-th try goes out.
    pub(crate) fn reverses(self, n: u16) -> Self {
        let due = if n == 1 {
            self.step(State::ReversalPending, Why::Plain)
        } else {
            self
        };
        due.step(State::ReversalSent, Why::Plain)
            .say(Hop::GatewayToAcquirer, "0400", "98")
            .note(Note::Try(n))
    }

    /// The acquirer answers the reversal.
    pub(crate) fn reversal_answered(self, code: &str, state: State) -> Self {
        self.after(120)
            .step(state, Why::Plain)
            .say(Hop::AcquirerToGateway, "0410", code)
    }

    pub(crate) fn late_approval(self, late_ms: u64, state: State) -> Self {
        self.answer("00", state, Why::LateApproval)
            .note(Note::LateMs(late_ms))
    }

    pub(crate) fn story(&self) -> Story {
        let (first, rest) = self.records.split_first().unwrap();
        let mut story = Story::begin(first).unwrap();
        rest.iter().for_each(|record| story.fold(record));
        story
    }

    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of(&self.story(), &[])
    }
}
