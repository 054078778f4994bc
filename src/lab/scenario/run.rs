//! A story happens, in virtual time, and is held against what must be seen of it.

use super::stage::{EVE, merchant_id, staging};
use super::story::{Happening, Scenario};
use super::tell::{Teller, files};
use super::{safe, wish};
use crate::engine::evidence::Tier;
use crate::engine::journal::JournalError;
use crate::engine::record::Hop;
use crate::engine::seam::{Mono, Wall};
use crate::iso::codec::Message;
use crate::iso::message::TerminalId;
use crate::lab::office::Account;
use crate::lab::peer::{Order, Receipt};
use crate::lab::sim::{Passage, World};
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

/// What came of a scenario.
#[derive(Clone, Debug, Default)]
pub struct ScenarioRun {
    /// Its name.
    pub id: String,
    /// What went wrong, by its number in the catalogue of faults.
    pub faults: Vec<&'static str>,
    /// What passed on both wires since the story began.
    pub ladder: Vec<LadderLine>,
    /// Every transaction, as `isogate explain --json` tells it.
    pub explain: Vec<Rc<Value>>,
    /// What is said with the files of others, as far as a scenario asks.
    pub filed: Vec<FiledVerdict>,
    /// What the terminals' receipts hold, in minor units.
    pub at_terminals: i64,
    /// What the acquirer's book holds.
    pub at_acquirer: i64,
    /// What the merchant's bank credited, when files are looked at last.
    pub paid: i64,
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

/// Lets it happen, and tells what came of it.
#[must_use]
pub fn play(scenario: &Scenario) -> ScenarioRun {
    let faults = scenario.faults.iter();
    let mut run = ScenarioRun {
        id: scenario.id.clone(),
        faults: faults.map(|(_, armed)| armed.fault.about().id).collect(),
        ..ScenarioRun::default()
    };
    if let Err(wrong) = Playing::through(scenario, &mut run) {
        run.misses.push(wrong);
    }
    run
}

/// A story while it happens.
pub(super) struct Playing<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: World,
    /// By happening: the terminal, and which one in its own book. None for what is no transaction.
    traded: Vec<Option<(usize, usize)>>,
}

impl<'a> Playing<'a> {
    fn through(scenario: &'a Scenario, run: &mut ScenarioRun) -> Result<(), String> {
        let broken = |error: JournalError| format!("the journal failed: {error}");
        let first = scenario
            .happenings
            .first()
            .map_or(Wall(0), |first| first.at);
        let begins = Wall(first.0.saturating_sub(micros(EVE)));
        let world = World::staged(staging(scenario, begins)).map_err(broken)?;
        let mut playing = Self {
            scenario,
            world,
            traded: Vec::new(),
        };
        playing.eve().map_err(broken)?;
        for happens in &scenario.happenings {
            let at = playing.moment(happens.at);
            playing.world.run_until(at).map_err(broken)?;
            playing.happen(&happens.what)?;
        }
        let last = scenario.happenings.last().map(|last| &last.what);
        if !matches!(last, Some(Happening::Look)) {
            let end = playing.world.now().mono + LONGEST;
            playing.world.run_to_rest(CALM, end).map_err(broken)?;
        }
        playing.tell(run).map_err(broken)
    }

    /// Terminals sign in; then what goes wrong may begin to.
    fn eve(&mut self) -> Result<(), JournalError> {
        self.world.begin();
        self.world.run_until(self.world.now().mono + EVE / 2)?;
        for at in 0.. {
            if self.world.terminal_at(at).is_none() {
                break;
            }
            self.world.sign_in(at);
        }
        self.world.run_until(self.world.now().mono + EVE / 4)?;
        drop(self.world.passages());
        for (_, armed) in &self.scenario.faults {
            self.world.arm(armed);
        }
        Ok(())
    }

    fn moment(&self, wall: Wall) -> Mono {
        let now = self.world.now();
        now.mono + (wall - now.wall)
    }

    fn happen(&mut self, what: &Happening) -> Result<(), String> {
        let mut traded = None;
        match what {
            Happening::Nothing | Happening::Look => {}
            Happening::SignIn(terminal) => self.world.sign_in(*terminal),
            Happening::Restart => self.world.kill(),
            Happening::Cut => self.world.cut_link(),
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
                    let receipt = self.receipt(of);
                    let missing = || format!("nothing was printed of {}, which is named", of + 1);
                    receipt.map(|receipt| receipt.stan).ok_or_else(missing)
                });
                let order = Order {
                    kind: *kind,
                    amount: *amount,
                    card: *card,
                    original: original.transpose()?,
                };
                let ordered = self.world.order(*terminal, order);
                ordered.map_err(|wrong| wrong.to_string())?;
                traded = Some((*terminal, nth));
            }
        }
        self.traded.push(traded);
        Ok(())
    }

    /// What a terminal has in its book of a happening, if it came to that.
    pub(super) fn receipt(&self, happening: usize) -> Option<&Receipt> {
        let (terminal, nth) = (*self.traded.get(happening)?)?;
        self.world.terminal_at(terminal)?.receipts().list().get(nth)
    }

    /// Which terminal a happening was at.
    pub(super) fn terminal(&self, happening: usize) -> Option<TerminalId> {
        let (terminal, _) = (*self.traded.get(happening)?)?;
        Some(self.world.terminal_at(terminal)?.options().terminal)
    }

    /// What is printed of a happening.
    pub(super) fn printed<'p>(
        &self,
        happening: usize,
        printed: &'p [Rc<Value>],
    ) -> Option<&'p Value> {
        let stan = self.receipt(happening)?.stan.to_string();
        let terminal = self.terminal(happening)?;
        let is_it = |value: &&Rc<Value>| value["terminal"] == *terminal && value["stan"] == stan;
        printed.iter().find(is_it).map(|value| &**value)
    }

    /// Reads the journal as the commands do, counts the books, and judges.
    fn tell(&mut self, run: &mut ScenarioRun) -> Result<(), JournalError> {
        run.ladder = self
            .world
            .passages()
            .iter()
            .map(|passage| self.line(passage))
            .collect();
        if let Some(left) = self.world.stop()? {
            let teller = Teller::of(&left.disk);
            let began = self.scenario.happenings.first().map(|first| first.at);
            run.explain = teller.all(began.unwrap_or_default());
            run.filed = self.filed(&teller, &run.explain);
        }
        run.paid = self.paid();
        let mut at_terminals = 0;
        for at in 0.. {
            let Some(terminal) = self.world.terminal_at(at) else {
                break;
            };
            at_terminals += terminal.receipts().totals().net();
        }
        run.at_terminals = at_terminals;
        run.at_acquirer = self.world.host().totals().net();
        for broken in self.world.violations() {
            run.misses
                .push(format!("a rule of the wire is broken: {broken}"));
        }
        for (text, armed) in &self.scenario.faults {
            let id = armed.fault.about().id;
            if !BY_THE_CLOCK.contains(&id) && self.world.struck(id) == 0 {
                run.never_struck.push(text.clone());
            }
        }
        let idle = run.never_struck.iter();
        run.misses
            .extend(idle.map(|text| format!("{text} never struck")));
        run.misses.extend(safe::judge(self, run));
        run.misses.extend(wish::judge(self, run));
        Ok(())
    }

    /// What is said beside the files, where a scenario wants that.
    fn filed(&self, teller: &Teller, printed: &[Rc<Value>]) -> Vec<FiledVerdict> {
        let wanted = self.scenario.verdicts.iter().enumerate();
        let wanted = wanted.filter(|(_, wanted)| wanted.tier != Tier::E0);
        let told = wanted.filter_map(|(at, wanted)| {
            let tx = self.printed(wanted.of, printed)?["tx"].as_str()?;
            let mut office = self.world.host().office()?.clone();
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
        let office = self.world.host().office().cloned();
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
