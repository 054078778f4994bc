//! A story happens at some place, and is held against what must be seen of it.

use super::place::{StoryEnd, StoryPlace};
use super::stage::{EVE, merchant_id, staging};
use super::story::{Happening, Scenario};
use super::tell::{Teller, files};
use super::{safe, wish};
use crate::engine::evidence::Tier;
use crate::engine::record::Hop;
use crate::engine::seam::{Mono, Wall};
use crate::iso::codec::Message;
use crate::iso::message::TerminalId;
use crate::lab::fault::{Armed, Faults};
use crate::lab::office::Account;
use crate::lab::peer::{Order, Receipt};
use crate::lab::sim::{Passage, World};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What came of a scenario.
#[derive(Clone, Debug, Default)]
pub struct ScenarioRun {
    /// Its name.
    pub id: String,
    /// Where it happened: `virtual` time, or over `tcp`.
    pub place: &'static str,
    /// What went wrong, by its number in the catalogue of faults.
    pub faults: Vec<&'static str>,
    /// What passed on both wires since the story began.
    pub ladder: Vec<LadderLine>,
    /// Every transaction, as `isogate explain --json` tells it.
    pub explain: Vec<Arc<Value>>,
    /// What is said with the files of others, as far as a scenario asks.
    pub filed: Vec<FiledVerdict>,
    /// What the terminals' receipts hold, in minor units.
    pub at_terminals: i64,
    /// What the acquirer's book holds.
    pub at_acquirer: i64,
    /// What the merchant's bank credited, when files are looked at last.
    pub paid: i64,
    /// How long it lasted, in the time of the story.
    pub lasted: Duration,
    /// Faults that had nothing to strike.
    pub never_struck: Vec<String>,
    /// What is not as it must be; empty if it passed.
    pub misses: Vec<String>,
}

impl ScenarioRun {
    /// Whether all was as it must be.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.misses.is_empty()
    }

    /// The wire in short: `T>G 0200`, with DE 39 where there is one, and `x` for what was lost.
    #[must_use]
    pub fn wire(&self) -> Vec<String> {
        self.ladder.iter().map(LadderLine::short).collect()
    }
}

/// What is said of a transaction beside the files of others.
#[derive(Clone, Debug)]
pub struct FiledVerdict {
    /// Which of the wanted verdicts it answers, from 0.
    pub wanted: usize,
    /// As `isogate explain --json` tells it.
    pub told: Value,
}

/// One message of a story.
#[derive(Clone, Debug)]
pub struct LadderLine {
    /// When it passed the gateway.
    pub at: Wall,
    /// From whom to whom.
    pub hop: Hop,
    /// DE 41, as far as it is known.
    pub terminal: String,
    /// Its type.
    pub mti: String,
    /// DE 39; empty without one.
    pub code: String,
    /// It never arrived.
    pub lost: bool,
}

impl LadderLine {
    fn short(&self) -> String {
        let end = if self.lost { "x" } else { self.code.as_str() };
        let line = format!("{} {} {end}", self.hop.name(), self.mti);
        line.trim_end().to_owned()
    }
}

/// How long a story may go on behind what happens last.
const LONGEST: Duration = Duration::from_secs(3 * 24 * 3600);

/// A story is over when nothing was under way for so long: longer than any time of grace.
const CALM: Duration = Duration::from_secs(600);

/// Faults that strike no message: the acquirer refuses connections, or is told to by the clock.
const BY_THE_CLOCK: [&str; 1] = ["F06"];

/// When the far ends are switched on, in the time of the story: some time before it begins.
#[must_use]
pub fn eve(scenario: &Scenario) -> Wall {
    let first = scenario.happenings.first();
    let first = first.map_or(Wall(0), |first| first.at);
    Wall(first.0.saturating_sub(micros(EVE)))
}

/// Lets it happen in virtual time, and tells what came of it.
#[must_use]
pub fn play(scenario: &Scenario) -> ScenarioRun {
    let world = World::staged(staging(scenario, eve(scenario)));
    play_at(
        scenario,
        world.map_err(|error| format!("the journal failed: {error}")),
    )
}

/// Lets it happen at a place, which was set up for it, and tells what came of it.
#[must_use]
pub fn play_at<P: StoryPlace>(scenario: &Scenario, place: Result<P, String>) -> ScenarioRun {
    let faults = scenario.faults.iter();
    let mut run = ScenarioRun {
        id: scenario.id.clone(),
        place: P::NAME,
        faults: faults.map(|(_, armed)| armed.fault.about().id).collect(),
        ..ScenarioRun::default()
    };
    let ended = place.and_then(|place| Playing::through(scenario, place));
    match ended {
        Ok(mut ended) => ended.tell(&mut run),
        Err(wrong) => run.misses.push(wrong),
    }
    run
}

/// A story while it happens.
struct Playing<'a, P> {
    scenario: &'a Scenario,
    place: P,
    /// By happening: the terminal, and which one in its own book. None for what is no transaction.
    traded: Vec<Option<(usize, usize)>>,
}

impl<'a, P: StoryPlace> Playing<'a, P> {
    fn through(scenario: &'a Scenario, place: P) -> Result<EndedStory<'a>, String> {
        let mut playing = Self {
            scenario,
            place,
            traded: Vec::new(),
        };
        playing.eve()?;
        let began = playing.place.now();
        for happens in &scenario.happenings {
            let at = playing.moment(happens.at);
            playing.place.run_until(at)?;
            playing.happen(&happens.what)?;
        }
        let last = scenario.happenings.last().map(|last| &last.what);
        if !matches!(last, Some(Happening::Look)) {
            let end = playing.place.now().mono + LONGEST;
            playing.place.run_to_rest(CALM, end)?;
        }
        let end = playing.place.end()?;
        Ok(EndedStory {
            scenario,
            lasted: end.at.mono - began.mono,
            end,
            traded: playing.traded,
        })
    }

    /// Terminals sign in; then what goes wrong may begin to.
    fn eve(&mut self) -> Result<(), String> {
        self.place.begin();
        self.place.run_until(self.place.now().mono + EVE / 2)?;
        for at in 0..self.place.terminals() {
            self.place.sign_in(at);
        }
        self.place.run_until(self.place.now().mono + EVE / 4)?;
        self.place.forget_passages();
        for (_, armed) in &self.scenario.faults {
            self.place.arm(armed);
        }
        Ok(())
    }

    fn moment(&self, wall: Wall) -> Mono {
        let now = self.place.now();
        now.mono + (wall - now.wall)
    }

    fn happen(&mut self, what: &Happening) -> Result<(), String> {
        let mut traded = None;
        match what {
            Happening::Nothing | Happening::Look => {}
            Happening::SignIn(terminal) => self.place.sign_in(*terminal),
            Happening::Restart => self.place.restart()?,
            Happening::Cut => self.place.cut_link(),
            Happening::Trade {
                terminal,
                kind,
                amount,
                card,
                of,
            } => {
                let before = self.traded.iter().flatten();
                let nth = before.filter(|(other, _)| other == terminal).count();
                let original = of.map(|of| {
                    let traded = self.traded.get(of).copied().flatten();
                    let receipt = traded.and_then(|(at, nth)| self.place.receipt(at, nth));
                    let missing = || format!("nothing was printed of {}, which is named", of + 1);
                    receipt.map(|receipt| receipt.stan).ok_or_else(missing)
                });
                let order = Order {
                    kind: *kind,
                    amount: *amount,
                    card: *card,
                    original: original.transpose()?,
                };
                self.place.order(*terminal, order)?;
                traded = Some((*terminal, nth));
            }
        }
        self.traded.push(traded);
        Ok(())
    }
}

/// A story that happened.
pub(super) struct EndedStory<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) end: StoryEnd,
    lasted: Duration,
    /// By happening: the terminal, and which one in its own book. None for what is no transaction.
    traded: Vec<Option<(usize, usize)>>,
}

impl EndedStory<'_> {
    /// What a terminal has in its book of a happening, if it came to that.
    pub(super) fn receipt(&self, happening: usize) -> Option<&Receipt> {
        let (terminal, nth) = (*self.traded.get(happening)?)?;
        self.end.terminals.get(terminal)?.receipts().list().get(nth)
    }

    /// Which terminal a happening was at.
    pub(super) fn terminal(&self, happening: usize) -> Option<TerminalId> {
        let (terminal, _) = (*self.traded.get(happening)?)?;
        Some(self.end.terminals.get(terminal)?.options().terminal)
    }

    /// What is printed of a happening.
    pub(super) fn printed<'p>(
        &self,
        happening: usize,
        printed: &'p [Arc<Value>],
    ) -> Option<&'p Value> {
        let stan = self.receipt(happening)?.stan.to_string();
        let terminal = self.terminal(happening)?;
        let is_it = |value: &&Arc<Value>| value["terminal"] == *terminal && value["stan"] == stan;
        printed.iter().find(is_it).map(|value| &**value)
    }

    /// Reads the journal as the commands do, counts the books, and judges.
    fn tell(&mut self, run: &mut ScenarioRun) {
        run.lasted = self.lasted;
        let passages = self.end.passages.iter();
        run.ladder = passages.map(|passage| self.line(passage)).collect();
        let teller = Teller::of(&self.end.records);
        let began = self.scenario.happenings.first().map(|first| first.at);
        run.explain = teller.all(began.unwrap_or_default());
        run.filed = self.filed(&teller, &run.explain);
        run.paid = self.paid();
        let books = self.end.terminals.iter();
        run.at_terminals = books.map(|own| own.receipts().totals().net()).sum();
        run.at_acquirer = self.end.acquirer.totals().net();
        for broken in &self.end.broken {
            run.misses
                .push(format!("a rule of the wire is broken: {broken}"));
        }
        for (text, armed) in &self.scenario.faults {
            let id = armed.fault.about().id;
            if !BY_THE_CLOCK.contains(&id) && self.struck(id) == 0 {
                run.never_struck.push(text.clone());
            }
        }
        let idle = run.never_struck.iter();
        run.misses
            .extend(idle.map(|text| format!("{text} never struck")));
        run.misses.extend(safe::judge(self, run));
        run.misses.extend(wish::judge(self, run));
    }

    /// How often faults of this number struck.
    fn struck(&mut self, id: &str) -> u64 {
        let of = |faults: &Faults| {
            let all = faults.list().iter();
            let mine = all.filter(|armed| armed.fault.about().id == id);
            mine.map(Armed::struck).sum::<u64>()
        };
        let terminals = self.end.terminals.iter_mut();
        let at_terminals: u64 = terminals.map(|own| of(own.faults())).sum();
        at_terminals + of(self.end.acquirer.faults())
    }

    /// What is said beside the files, where a scenario wants that.
    fn filed(&self, teller: &Teller, printed: &[Arc<Value>]) -> Vec<FiledVerdict> {
        let wanted = self.scenario.verdicts.iter().enumerate();
        let wanted = wanted.filter(|(_, wanted)| wanted.tier != Tier::E0);
        let told = wanted.filter_map(|(at, wanted)| {
            let tx = self.printed(wanted.of, printed)?["tx"].as_str()?;
            let mut office = self.end.acquirer.office()?.clone();
            office.run(wanted.on);
            let files = files(office.evidence(wanted.on), wanted.tier);
            Some(FiledVerdict {
                wanted: at,
                told: teller.with(tx, &files, wanted.on)?,
            })
        });
        told.collect()
    }

    /// What the merchant's bank credited, when files are looked at last.
    fn paid(&self) -> i64 {
        let last = self.scenario.verdicts.iter().map(|wanted| wanted.on).max();
        let office = self.end.acquirer.office().cloned();
        office.zip(last).map_or(0, |(mut office, last)| {
            office.run(last);
            office.ledger().balance(Account::Credited(merchant_id()))
        })
    }

    fn line(&self, passage: &Passage) -> LadderLine {
        let message = Message::read(&self.scenario.spec, passage.frame.clone()).ok();
        let text = |of: &dyn Fn(&Message) -> Option<String>| {
            message.as_ref().and_then(of).unwrap_or_default()
        };
        LadderLine {
            at: passage.at.wall,
            hop: passage.hop,
            terminal: text(&|message| Some(message.terminal()?.to_string())),
            mti: text(&|message| Some(message.mti().to_string())),
            code: text(&|message| Some(message.response_code()?.to_string())),
            lost: passage.lost,
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
